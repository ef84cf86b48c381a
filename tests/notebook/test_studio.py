"""The studio without a front end: controls are moved, a loopback server answers."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import ipywidgets as w
import pandas as pd
import pytest

from synthnb.api import Run
from synthnb.batch import Batch
from synthnb.engine.estimate import Estimate
from synthnb.engine.outlook import NOTHING, Range
from synthnb.notebook.studio import Studio
from synthnb.notebook.studio.outlook import words
from synthnb.notebook.studio.result import STUDIO
from synthnb.recipe import Recipe
from tests.loopback import Loopback, Reply

RECIPE = """
synthnb: 1
name: reviews
model: lab/tiny
columns:
  mood: {angry: 2, happy: 1}
  text: {prompt: "A review by someone {{ mood }}."}
target: {rows: 4}
"""


@pytest.fixture
def space() -> dict[str, object]:
    return {}


@pytest.fixture
def studio(
    home: Path,
    loopback: Loopback,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    space: dict[str, object],
) -> Studio:
    monkeypatch.chdir(tmp_path)
    (home / "config").mkdir(parents=True)
    (home / "config" / "synthnb.toml").write_text(
        f'[profiles.lab]\nbase_url = "{loopback.base_url}"\n'
    )
    return Studio(Recipe.loads(RECIPE), namespace=space)


def finish(studio: Studio) -> Batch:
    for _ in range(200):
        if studio.batch is not None and studio.run_button.description != "Stop":
            return studio.batch
        time.sleep(0.05)
    raise AssertionError(studio.status.text)


def test_controls_edit_the_recipe_and_show_its_yaml(studio: Studio) -> None:
    studio.form.sliders["mood", "angry"].value = 4
    assert "mood: {angry: 4, happy: 1}" in studio.draft.recipe.dumps()
    (line,) = [line for line in studio.yaml.lines if ["ins", "4"] in line]
    assert ["del", "2"] in line
    studio.form.editors["text"].value = "One {{ mood }} word."
    assert "One {{ mood }} word." in studio.yaml.text
    shown = studio.form.previews["text"]
    assert shown.text in ("One angry word.", "One happy word.")
    assert ["b", "angry" if "angry" in shown.text else "happy"] in shown.lines[0]
    studio.discard_button.click()
    assert studio.draft.recipe.dumps() == RECIPE
    assert studio.form.sliders["mood", "angry"].value == 2


@pytest.mark.parametrize(
    ("key", "field", "text", "said"),
    [
        ("columns.text", "text", "One {{ moood }} word.", "did you mean 'mood'?"),
        ("max_tokens", "max_tokens", "-5", "params.max_tokens: must be from 1"),
        ("max_tokens", "max_tokens", "many", "must be a whole number, not many"),
        ("budget.usd", "budget.usd", "-1", "budget.usd"),
        ("model", "model", "nowhere", "a model is PROFILE/MODEL"),
        ("model", "model", "nolab/tiny", "nolab"),
    ],
)
def test_what_is_wrong_stands_under_its_field(
    studio: Studio, loopback: Loopback, key: str, field: str, text: str, said: str
) -> None:
    control = {**studio.form.fields, **studio.form.editors}[field]
    before = control.value
    control.value = text
    assert said in studio.form.errors[key]
    assert said in studio.form._notes[key].text
    studio.run()
    studio.save()
    assert studio._handle is None
    assert not loopback.requests
    control.value = before
    assert not studio.form.errors
    assert studio.form._notes[key].text == ""


def test_the_preview_ends_with_the_source(studio: Studio) -> None:
    Path("said.csv").write_text("said\none\ntwo\nthree\n")
    text = RECIPE.replace("{{ mood }}", "who said {{ said }}")
    short = Studio(Recipe.loads(text + "source: {path: said.csv}\n"))
    short.rows.value = 24
    following = next(w for w in _inside(short.form) if w.description == "next ›")
    for _ in range(5):
        following.click()
    assert short.form._captions["text"].text.startswith("Preview, row 3 of 3")
    assert "who said " in short.form.previews["text"].text
    short.form.sliders["mood", "angry"].value = 4
    short.discard_button.click()
    assert short.form._captions["text"].text.startswith("Preview, row 3 of 3")


def _inside(box: w.Widget) -> list[w.Button]:
    if isinstance(box, w.Button):
        return [box]
    return [found for child in getattr(box, "children", ()) for found in _inside(child)]


def test_a_run_shows_binds_and_settles(studio: Studio, space: dict[str, object]) -> None:
    assert studio.run_button.description == "Run 4 rows"
    studio.run_button.click()
    batch = finish(studio)
    assert len(batch) == 4
    assert space["reviews"] is batch
    assert "application/vnd.synthnb.batch.v1+json" in studio.result.rows.outputs[0]["data"]
    assert studio.result.versions.lines[1][3] == ["n", "4 of 4"]
    assert studio.notice.text == ""
    studio.form.sliders["mood", "angry"].value = 5
    assert studio.notice.text == (
        "Shown: version 1. The recipe has 1 change since; run to see it."
    )
    assert studio.form._moved["mood"].text == "angry 2 → 5"
    studio.discard_button.click()
    assert studio.notice.text == ""


def test_ctrl_enter_runs_what_was_typed_last(studio: Studio, loopback: Loopback) -> None:
    studio._heard(None, {"key": "run", "prompt": 0, "text": "Last, {{ mood }}."}, [])
    finish(studio)
    assert studio.form.editors["text"].value == "Last, {{ mood }}."
    asked = [seen.body["messages"][-1]["content"] for seen in loopback.requests]
    assert all(text.startswith("Last, ") for text in asked) and len(asked) == 4
    for strange in ({"key": "save"}, {"key": "run", "prompt": 7, "text": "x"}, "run", None):
        studio._heard(None, strange, [])
    finish(studio)


def test_a_run_can_be_stopped(studio: Studio, loopback: Loopback) -> None:
    loopback.script(lambda number, body: Reply(delay=0.05 if number < 2 else 30))
    studio.rows.value = 40
    studio.run_button.click()
    assert studio.run_button.description == "Stop"
    for _ in range(200):
        if studio.progress.value:
            break
        time.sleep(0.05)
    studio.run_button.click()
    batch = finish(studio)
    assert 0 < len(batch) < 40
    assert studio.run_button.description == "Run 40 rows"


def test_nothing_is_sent_before_run(studio: Studio, loopback: Loopback) -> None:
    studio.rows.value = 50
    assert studio.run_button.description == "Run 50 rows"
    assert studio.status.text.startswith("about 50 requests")
    assert not loopback.requests


def test_the_outlook_tells_time_as_the_estimate_does() -> None:
    ten_hours = Range(36_000, 36_000, 36_000)
    told = Estimate(1, NOTHING, NOTHING, NOTHING, None, "USD", ten_hours, "a guess")
    assert "about 10.0 h" in str(told)
    assert ", 10.0 h · " in words(told)


def test_a_budget_is_held_against_the_estimate(studio: Studio) -> None:
    assert "synthnb-studio-hidden" in studio.outlook._dom_classes
    studio.form.fields["budget.tokens"].value = "10"
    assert "budget: {tokens: 10}" in studio.yaml.text
    assert studio.outlook._said.text.startswith("budget 10 tokens, ")
    assert studio.outlook._said.text.endswith("for this run; ends early")
    studio.form.fields["budget.tokens"].value = ""
    assert studio.draft.recipe.budget is None


def test_a_project_that_chose_a_model_elsewhere_is_asked_about(
    studio: Studio, home: Path, tmp_path: Path
) -> None:
    far = '[profiles.far]\nbase_url = "https://models.example/v1"\n'
    with (home / "config" / "synthnb.toml").open("a") as file:
        file.write(far)
    (tmp_path / "synthnb.toml").write_text('model = "far/big"\n')
    studio.form.fields["model"].value = ""
    assert "models.example" in studio.status.text
    assert not studio.form.errors
    studio.run()
    assert studio.status.text.endswith("Run again to agree.")
    assert studio._handle is None


def test_a_yes_is_to_the_question_that_was_shown(studio: Studio, home: Path) -> None:
    with (home / "config" / "synthnb.toml").open("a") as file:
        file.write('[profiles.far]\nbase_url = "https://models.example/v1"\n')
    studio.form.fields["model"].value = "far/big"
    for rows in (2_000, 500_000, 2_000):
        studio.rows.value = rows
        studio.run()
        assert f": {rows:,} rows, " in studio.status.text
        assert studio.status.text.endswith("Run again to agree.")
        assert studio._handle is None
    left = [run for run in gc.get_objects() if type(run) is Run]
    mine = [run for run in left if run.recipe == studio.draft.recipe]
    assert not any(run._bare for run in mine)  # connections of what was not agreed to


def test_save_writes_what_a_cell_would(studio: Studio, tmp_path: Path) -> None:
    file = tmp_path / "reviews.synth.yaml"
    studio.save_button.click()
    assert file.read_text() == RECIPE
    studio.form.sliders["mood", "angry"].value = 7
    studio.save_button.click()
    assert file.read_text() == RECIPE.replace("angry: 2", "angry: 7")
    assert Recipe.load(file) == studio.draft.recipe


def test_a_file_that_somebody_changed_is_left_until_asked_twice(
    studio: Studio, tmp_path: Path
) -> None:
    file = tmp_path / "reviews.synth.yaml"
    file.write_text(RECIPE + "# mine\n")
    studio.save_button.click()
    said = "reviews.synth.yaml is there already; nothing was written."
    assert studio.status.text == said  # the button is what forces it
    assert "# mine" in file.read_text()
    assert [["del", "-# mine"]] in studio.yaml.lines
    assert studio.save_button.description == "Overwrite"
    studio.save_button.click()
    assert file.read_text() == RECIPE
    assert studio.save_button.description == "Save"


def test_rows_that_somebody_changed_are_left_until_asked_twice(
    studio: Studio, tmp_path: Path
) -> None:
    beside = tmp_path / "reviews.source.parquet"
    pd.DataFrame({"text": ["mine"]}).to_parquet(beside)
    frame = pd.DataFrame({"text": ["new"]})
    studio = Studio(Recipe.loads(RECIPE + "source: {}\n"), source=frame)
    studio.save_button.click()
    assert studio.status.text == (
        "reviews.source.parquet is there with other rows; nothing was written."
    )
    assert pd.read_parquet(beside)["text"].tolist() == ["mine"]
    assert studio.save_button.description == "Overwrite"
    studio.form.sliders["mood", "angry"].value = 4
    assert studio.save_button.description == "Save"
    studio.save_button.click()
    studio.save_button.click()
    assert pd.read_parquet(beside)["text"].tolist() == ["new"]


def test_what_a_name_holds_is_never_overwritten(
    studio: Studio, space: dict[str, object]
) -> None:
    space["reviews"] = "my text"
    studio.run()
    finish(studio)
    assert space["reviews"] == "my text"


def test_replaced_controls_are_given_back(studio: Studio) -> None:
    editor = studio.form.editors["text"]
    studio.form.fill(studio.draft)
    assert editor.comm is None
    assert studio.form.editors["text"].comm is not None


def test_without_a_front_end_the_recipe_and_rows_are_there(studio: Studio) -> None:
    studio.run()
    finish(studio)
    data = studio._repr_mimebundle_()
    kept = data[STUDIO]
    assert kept["yaml"] == RECIPE and kept["command"] == "%synth studio reviews"
    assert kept["batch"]["verdict"]["accepted"] == 4
    assert studio._root.saved == {STUDIO: kept, "text/html": data["text/html"]}
    assert "A review by someone {{ mood }}." in data["text/html"]
    assert "4 accepted" in data["text/html"]
    assert data["text/plain"].startswith("<Studio reviews")
