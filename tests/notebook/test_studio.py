"""The studio without a front end: controls are moved, a loopback server answers."""

from __future__ import annotations

import gc
import time
from pathlib import Path

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
from tests.notebook.conftest import STUDIO_RECIPE as RECIPE
from tests.notebook.conftest import buttons


def finish(studio: Studio) -> Batch:
    for _ in range(200):
        if studio.batch is not None and studio.bar.run_button.description != "Stop":
            return studio.batch
        time.sleep(0.05)
    raise AssertionError(studio.bar.status.text)


def test_controls_edit_the_recipe_and_show_its_yaml(studio: Studio) -> None:
    studio.form.cards["mood"].labels.sliders["angry"].value = 4
    assert "mood: {angry: 4, happy: 1}" in studio.draft.recipe.dumps()
    (line,) = [line for line in studio.yaml.lines if ["ins", "4"] in line]
    assert ["del", "2"] in line
    studio.form.cards["text"].editor.value = "One {{ mood }} word."
    assert "One {{ mood }} word." in studio.yaml.text
    shown = studio.form.cards["text"].preview
    assert shown.text in ("One angry word.", "One happy word.")
    assert ["b", "angry" if "angry" in shown.text else "happy"] in shown.lines[0]
    assert studio.form.cards["text"].size.text == "about 12 tokens"
    with_more = "{prompt: '{{ mood }}', system: Be brief., examples: [{mood: angry, text: No}]}"
    studio._edit("columns.text", lambda draft: draft.rewrite("text", with_more), "press")
    assert studio.form.cards["text"].size.text == (
        "about 13 tokens with the system message and 1 example"
    )
    studio.bar.discard_button.click()
    assert studio.draft.recipe.dumps() == RECIPE
    assert studio.form.cards["mood"].labels.sliders["angry"].value == 2


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
    control = {**studio.form.fields, "text": studio.form.cards["text"].editor}[field]
    before = control.value
    control.value = text
    assert said in studio.form.notes.all[key]
    assert said in studio.form.notes.text(key)
    studio.run()
    studio.save()
    assert studio._handle is None
    assert not loopback.requests
    control.value = before
    assert not studio.form.notes.all
    assert studio.form.notes.text(key) == ""


def test_the_model_that_writes_where_none_is_named(studio: Studio) -> None:
    assert studio.form.fields["model"].value == "lab/tiny"
    nameless = Recipe.loads(RECIPE.replace("model: lab/tiny\n", ""))
    for own, default in (("", "local/smollm2-135m"), ("lab/other", "lab/other")):
        field = Studio(nameless, model=own).form.fields["model"]
        assert field.value == "" and field.placeholder == f"{default}, the default"


def test_the_preview_ends_with_the_source(studio: Studio) -> None:
    Path("said.csv").write_text("said\none\ntwo\nthree\n")
    text = RECIPE.replace("{{ mood }}", "who said {{ said }}")
    short = Studio(Recipe.loads(text + "source: {path: said.csv}\n"))
    short.bar.rows.value = 24
    following = next(w for w in buttons(short.form) if w.description == "next ›")
    for _ in range(5):
        following.click()
    assert short.form.cards["text"].caption.text.startswith("Preview, row 3 of 3")
    assert "who said " in short.form.cards["text"].preview.text
    short.form.cards["mood"].labels.sliders["angry"].value = 4
    short.bar.discard_button.click()
    assert short.form.cards["text"].caption.text.startswith("Preview, row 3 of 3")


def test_a_run_shows_binds_and_settles(studio: Studio, space: dict[str, object]) -> None:
    assert studio.bar.run_button.description == "Run 4 rows"
    studio.bar.run_button.click()
    batch = finish(studio)
    assert len(batch) == 4
    assert space["reviews"] is batch
    assert "application/vnd.synthnb.batch.v1+json" in studio.result.rows.outputs[0]["data"]
    assert studio.result.versions.lines[1][3] == ["n", "4 of 4"]
    assert studio.notice.text == ""
    studio.form.cards["mood"].labels.sliders["angry"].value = 5
    assert studio.notice.text == (
        "Shown: version 1. The recipe has 1 change since; run to see it."
    )
    assert studio.notice.lines[0][0] == ["b", "Shown: version 1. "]
    assert studio.form.cards["mood"].moved.text == "angry 2 → 5"
    (line,) = studio.edits.lines  # beside the rows, of all the YAML what changed
    assert line[1:3] == [["del", "2"], ["ins", "5"]]
    studio.bar.discard_button.click()
    assert studio.notice.text == studio.edits.text == ""


def test_ctrl_enter_runs_what_was_typed_last(studio: Studio, loopback: Loopback) -> None:
    studio._heard(None, {"key": "run", "prompt": "text", "text": "Last, {{ mood }}."}, [])
    finish(studio)
    assert studio.form.cards["text"].editor.value == "Last, {{ mood }}."
    asked = [seen.body["messages"][-1]["content"] for seen in loopback.requests]
    assert all(text.startswith("Last, ") for text in asked) and len(asked) == 4
    for strange in (
        {"key": "save"},
        {"key": "run", "prompt": "nowhere", "text": "x"},
        "run",
        None,
    ):
        studio._heard(None, strange, [])
    finish(studio)


def test_a_run_can_be_stopped(studio: Studio, loopback: Loopback) -> None:
    loopback.script(lambda number, body: Reply(delay=0.05 if number < 2 else 30))
    studio.bar.rows.value = 40
    studio.bar.run_button.click()
    assert studio.bar.run_button.description == "Stop"
    going = studio._handle
    studio.run()
    assert studio._handle is going  # one at a time
    for _ in range(200):
        if studio.bar.progress.value:
            break
        time.sleep(0.05)
    studio.bar.run_button.click()
    batch = finish(studio)
    assert 0 < len(batch) < 40
    assert studio.bar.run_button.description == "Run 40 rows"


def test_rows_appear_while_a_run_goes_on(studio: Studio, loopback: Loopback) -> None:
    loopback.script(lambda n, body: Reply(text=f"row {n}", delay=0.01 if n < 3 else 30))
    studio.run()
    for _ in range(200):
        if "row 2" in studio.result.live.text:
            break
        time.sleep(0.05)
    head, *rows = studio.result.live.text.splitlines()
    assert head.startswith("3 accepted of 3 candidates, 4 wanted")
    assert studio.notice.text == ""  # there are no older rows
    assert sorted(rows[:3]) == ["row 0", "row 1", "row 2"] and len(rows) == 8
    assert studio.batch is None
    studio.bar.run_button.click()
    finish(studio)
    assert studio.result.live.text == ""
    loopback.script(lambda n, body: Reply(delay=30))
    studio.form.cards["text"].editor.value = "Another {{ mood }} review."
    studio.run()
    assert studio.notice.text == "Below: version 1, until this run ends."
    studio.bar.run_button.click()
    finish(studio)


def press(studio: Studio, **told: object) -> None:
    """What the front end tells of a link in the table of versions."""
    studio.result.versions._handle_custom_msg(told, [])


def test_a_version_can_be_opened(studio: Studio) -> None:
    for weight in (2, 6):
        studio.form.cards["mood"].labels.sliders["angry"].value = weight
        studio.run()
        finish(studio)
    press(studio, row=1, link="1")
    assert studio.batch.version == 1 and studio.result.versions.chosen == 1
    assert "version 1" in studio.result.rows.outputs[0]["data"]["text/plain"]
    assert "angry: 6" in studio.draft.recipe.dumps()  # nothing that was edited is lost
    assert studio.notice.text.startswith("Shown: version 1. The recipe has 1 change since")
    studio.bar.discard_button.click()
    assert studio.draft.recipe.dumps() == RECIPE and studio.notice.text == ""
    for strange in (
        {"row": 9, "link": "2"}, {"row": -1, "link": "1"}, {"row": False, "link": "2"},
        {"row": 1, "link": "diff"}, {"row": 0}, {"row": 0, "link": "save"},
    ):  # fmt: skip
        press(studio, **strange)
    assert studio.batch.version == 1 and studio.result.diff.outputs == ()


def test_a_version_shows_what_it_changed(studio: Studio) -> None:
    for weight in (2, 6):
        studio.form.cards["mood"].labels.sliders["angry"].value = weight
        studio.run()
        finish(studio)
    lines = studio.result.versions.lines
    assert [line[-1] for line in lines] == [["", ""], ["a", "diff"], ["", ""]]
    assert studio.result.versions.chosen == 0
    press(studio, row=0, link="diff")
    data = studio.result.diff.outputs[0]["data"]
    assert "angry: 6" in data["text/plain"]
    assert studio.result._title.text == "From version 1 to 2"
    shown = len(studio.result.children)
    studio.result.shut.click()
    assert len(studio.result.children) == shown - 1


def test_prompts_show_where_there_is_no_model_yet(studio: Studio) -> None:
    fresh = Studio(Recipe.loads(RECIPE.replace("lab/tiny", "nowhere/tiny")))
    assert fresh.bar.status.text == "Nothing can be sent yet: see the model."
    assert "nowhere" in fresh.form.notes.text("model")
    card = fresh.form.cards["text"]
    assert card.preview.text.startswith("A review by someone ")
    assert card.caption.text.startswith("Preview, row 1 of 4: mood = ")


def test_nothing_is_sent_before_run(studio: Studio, loopback: Loopback) -> None:
    studio.bar.rows.value = 50
    assert studio.bar.run_button.description == "Run 50 rows"
    assert studio.bar.status.text.startswith("about 50 requests")
    assert not loopback.requests


def test_the_outlook_tells_time_as_the_estimate_does() -> None:
    ten_hours = Range(36_000, 36_000, 36_000)
    told = Estimate(1, NOTHING, NOTHING, NOTHING, None, "USD", ten_hours, "a guess")
    assert "about 10.0 h" in str(told)
    assert ", 10.0 h · " in words(told)


def test_the_outlook_of_a_changed_recipe_says_which_version_it_goes_by(studio: Studio) -> None:
    studio.run()
    finish(studio)
    studio.form.cards["mood"].labels.sliders["angry"].value = 5
    said = studio.bar.status.text
    assert said.startswith("about 4 requests, ") and ", as version 1 went · " in said


def test_a_preview_counts_tokens_as_the_model_did(studio: Studio, loopback: Loopback) -> None:
    usage = {"prompt_tokens": 240, "completion_tokens": 5}
    loopback.script(lambda n, body: Reply(text=f"text {n}", usage=usage))
    assert studio.form.cards["text"].size.text != "about 240 tokens"
    studio.run()
    finish(studio)
    studio.form.cards["mood"].labels.sliders["angry"].value = 5
    assert studio.form.cards["text"].size.text == "about 240 tokens"


def test_a_budget_is_held_against_the_estimate(studio: Studio) -> None:
    assert "synthnb-studio-hidden" in studio.bar.outlook._dom_classes
    studio.form.fields["budget.tokens"].value = "10"
    assert "budget: {tokens: 10}" in studio.yaml.text
    assert studio.bar.outlook._said.text.startswith("budget 10 tokens, ")
    assert studio.bar.outlook._said.text.endswith("for this run; ends early")
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
    assert "models.example" in studio.bar.status.text
    assert not studio.form.notes.all
    studio.run()
    assert studio.bar.status.text.endswith("Run again to agree.")
    assert studio._handle is None


def test_a_yes_is_to_the_question_that_was_shown(studio: Studio, home: Path) -> None:
    with (home / "config" / "synthnb.toml").open("a") as file:
        file.write('[profiles.far]\nbase_url = "https://models.example/v1"\n')
    studio.form.fields["model"].value = "far/big"
    for rows in (2_000, 500_000, 2_000):
        studio.bar.rows.value = rows
        studio.run()
        assert f": {rows:,} rows, " in studio.bar.status.text
        assert studio.bar.status.text.endswith("Run again to agree.")
        assert studio._handle is None
    left = [run for run in gc.get_objects() if type(run) is Run]
    mine = [run for run in left if run.recipe == studio.draft.recipe]
    assert not any(run._bare for run in mine)  # connections of what was not agreed to


def test_save_writes_what_a_cell_would(studio: Studio, tmp_path: Path) -> None:
    file = tmp_path / "reviews.synth.yaml"
    studio.bar.save_button.click()
    assert file.read_text() == RECIPE
    studio.form.cards["mood"].labels.sliders["angry"].value = 7
    studio.bar.save_button.click()
    assert file.read_text() == RECIPE.replace("angry: 2", "angry: 7")
    assert Recipe.load(file) == studio.draft.recipe


def test_a_file_that_somebody_changed_is_left_until_asked_twice(
    studio: Studio, tmp_path: Path
) -> None:
    file = tmp_path / "reviews.synth.yaml"
    file.write_text(RECIPE + "# mine\n")
    studio.bar.save_button.click()
    said = "reviews.synth.yaml is there already; nothing was written. Overwrite replaces it."
    assert studio.bar.status.text == said  # the button is what forces it
    assert "# mine" in file.read_text()
    assert [["del", "-# mine"]] in studio.yaml.lines
    assert studio.bar.save_button.description == "Overwrite"
    file.write_text(RECIPE + "# mine again\n")
    studio.bar.save_button.click()
    assert "# mine again" in file.read_text()  # nobody agreed to lose this
    assert [["del", "-# mine again"]] in studio.yaml.lines
    studio.bar.save_button.click()
    assert file.read_text() == RECIPE
    assert studio.bar.save_button.description == "Save"


def test_rows_that_somebody_changed_are_left_until_asked_twice(
    studio: Studio, tmp_path: Path
) -> None:
    beside = tmp_path / "reviews.source.parquet"
    pd.DataFrame({"text": ["mine"]}).to_parquet(beside)
    frame = pd.DataFrame({"text": ["new"]})
    studio = Studio(Recipe.loads(RECIPE + "source: {}\n"), source=frame)
    studio.bar.save_button.click()
    assert studio.bar.status.text == (
        "reviews.source.parquet is there with other rows; nothing was written. "
        "Overwrite replaces it."
    )
    assert pd.read_parquet(beside)["text"].tolist() == ["mine"]
    assert studio.bar.save_button.description == "Overwrite"
    studio.form.cards["mood"].labels.sliders["angry"].value = 4
    assert studio.bar.save_button.description == "Save"
    studio.bar.save_button.click()
    studio.bar.save_button.click()
    assert pd.read_parquet(beside)["text"].tolist() == ["new"]


def test_what_a_name_holds_is_never_overwritten(
    studio: Studio, space: dict[str, object]
) -> None:
    space["reviews"] = "my text"
    studio.run()
    finish(studio)
    assert space["reviews"] == "my text"


def test_replaced_controls_are_given_back(studio: Studio) -> None:
    card = studio.form.cards["text"]
    editor = card.editor
    card.toggle.click()
    assert editor.comm is None
    assert card.editor.comm is not None
    studio.form.name.value = "title"
    studio.form.add.click()
    shares = studio.form.cards["title"]
    studio.undo()
    assert shares.comm is None and "title" not in studio.form.cards


def test_without_a_front_end_the_recipe_and_rows_are_there(studio: Studio) -> None:
    studio.run()
    finish(studio)
    data = studio._repr_mimebundle_()
    kept = data[STUDIO]
    assert kept["yaml"] == studio._root.draft == RECIPE
    assert kept["command"] == "%synth studio reviews"
    assert kept["batch"]["verdict"]["accepted"] == 4
    assert studio._root.saved == {STUDIO: kept, "text/html": data["text/html"]}
    assert "A review by someone {{ mood }}." in data["text/html"]
    assert "4 accepted" in data["text/html"]
    assert data["text/plain"].startswith("<Studio reviews")
    studio.form.cards["mood"].labels.sliders["angry"].value = 5
    assert studio._root.draft == RECIPE.replace("angry: 2", "angry: 5")
