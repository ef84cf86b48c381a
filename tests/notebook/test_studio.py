"""The studio without a front end: controls are moved, a loopback server answers."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from synthnb.batch import Batch
from synthnb.notebook.studio import Studio
from synthnb.recipe import Recipe
from tests.loopback import Loopback

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
        if studio._handle is None and studio.batch is not None:
            return studio.batch
        time.sleep(0.05)
    raise AssertionError(studio.status.value)


def texts(studio: Studio) -> str:
    return "".join(str(part["data"].get("text/plain", "")) for part in studio._yaml.outputs)


def test_controls_edit_the_recipe_and_show_its_yaml(studio: Studio) -> None:
    slider = studio.form.children[0].children[1].children[0]
    assert slider.description == "angry"
    slider.value = 4
    assert "mood: {angry: 4, happy: 1}" in texts(studio)
    editor = studio.form.children[1].children[1]
    editor.value = "One {{ moood }} word."
    assert "moood" in studio.status.value
    editor.value = "One {{ mood }} word."
    assert "One {{ mood }} word." in texts(studio)
    assert studio.form._previews["text"].value in ("One angry word.", "One happy word.")


def test_a_run_shows_binds_and_settles(studio: Studio, space: dict[str, object]) -> None:
    assert studio.run_button.description == "Run 4 rows"
    studio.run_button.click()
    batch = finish(studio)
    assert len(batch) == 4
    assert space["reviews"] is batch
    assert "application/vnd.synthnb.batch.v1+json" in studio._result.outputs[0]["data"]
    assert studio._notice.value == ""
    studio.form.children[0].children[1].children[0].value = 5
    assert "1 change" in studio._notice.value
    studio.discard_button.click()
    assert studio._notice.value == ""


def test_nothing_is_sent_before_run(studio: Studio, loopback: Loopback) -> None:
    studio.rows.value = 50
    assert studio.run_button.description == "Run 50 rows"
    assert "50 rows" in studio.status.value
    assert not loopback.requests


def test_save_writes_what_a_cell_would(studio: Studio, tmp_path: Path) -> None:
    studio.save_button.click()
    assert Recipe.load(tmp_path / "reviews.synth.yaml") == studio.draft.recipe
    (tmp_path / "reviews.synth.yaml").write_text(RECIPE + "# mine\n")
    studio.form.children[0].children[1].children[0].value = 7
    studio.save_button.click()
    assert "Saved" not in studio.status.value
    assert "# mine" in (tmp_path / "reviews.synth.yaml").read_text()


def test_what_a_name_holds_is_never_overwritten(
    studio: Studio, space: dict[str, object]
) -> None:
    space["reviews"] = "my text"
    studio.run()
    finish(studio)
    assert space["reviews"] == "my text"
