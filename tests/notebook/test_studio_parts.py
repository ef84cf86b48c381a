"""Columns and checks in the studio's form: added, edited as YAML, removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthnb.notebook.studio import Studio
from synthnb.notebook.studio.checks import asked
from synthnb.notebook.studio.labels import Chips
from synthnb.recipe import Recipe
from synthnb.recipe.parts import CheckSpec
from synthnb.recipes import list_kinds, read_kind
from synthnb.types import JSON
from tests.loopback import Loopback
from tests.notebook.conftest import STUDIO_RECIPE as RECIPE
from tests.notebook.conftest import buttons


def test_a_column_is_added_edited_and_removed(studio: Studio) -> None:
    form = studio.form
    form.add.click()
    assert form.notes.text("columns") == "Name the new column first."
    assert not form.notes.refused  # there is nothing to mend
    form.name.value, form.kind.value = "title", "prompt"
    form.add.click()
    card = form.cards["title"]
    assert form.notes.text("columns") == "" and form.name.value == ""
    assert 'title: {prompt: "Write a short text: {{ text }}"}' in studio.yaml.text
    card.editor.value = "{prompt: 'A title for {{ txt }}'}"
    assert "unknown column 'txt'; did you mean 'text'?" in form.notes.text("columns.title")
    card.toggle.click()
    assert card.editor.value == "{prompt: 'A title for {{ txt }}'}"  # nothing typed is lost
    card.editor.value = "{prompt: 'A title for {{ text }}', choices: [a, b]}"
    assert form.notes.text("columns.title") == ""
    card.toggle.click()
    assert card.editor.value == "A title for {{ text }}" and card.preview is not None
    remove(studio, "text")
    assert form.notes.text("columns.text") == "text stays: it is read by title."
    assert not form.notes.refused
    remove(studio, "title")
    assert form.notes.text("columns.text") == ""
    assert list(form.cards) == ["mood", "text"] and studio.draft.recipe.dumps() == RECIPE


def remove(studio: Studio, name: str) -> None:
    next(b for b in buttons(studio.form.cards[name]) if b.description == "remove").click()


def press(chips: Chips, **told: object) -> None:
    """What the front end tells of a chip."""
    chips._handle_custom_msg(told, [])


def test_labels_come_and_go_with_their_sliders(studio: Studio) -> None:
    card = studio.form.cards["mood"]
    card.toggle.click()
    card.editor.value = "{angry: 2, bored: 3}"
    card.toggle.click()
    sliders = card.labels.sliders
    assert {label: made.value for label, made in sliders.items()} == {"angry": 2, "bored": 3}
    sliders["bored"].value = 4
    assert "mood: {angry: 2, bored: 4}" in studio.draft.recipe.dumps()
    press(card.labels.chips, add="sad")
    assert card.labels.sliders["sad"].value == 2 and sliders["bored"].comm is None
    press(card.labels.rows[0], rename=0, text="furious")
    press(card.labels.rows[1], remove=0)
    assert "mood: {furious: 2, sad: 2}" in studio.draft.recipe.dumps()
    assert list(card.labels.sliders) == ["furious", "sad"]
    press(card.labels.rows[1], rename=0, text="furious")
    assert studio.form.notes.text("columns.mood") == "There is a label furious already."
    assert not studio.form.notes.refused  # there is nothing to mend
    for strange in ({"remove": 9}, {"remove": -1}, {"rename": 0, "text": 5}, {"rename": "0"}):
        press(card.labels.rows[0], **strange)
    assert "mood: {furious: 2, sad: 2}" in studio.draft.recipe.dumps()


def test_labels_of_equal_weight_are_chips(studio: Studio) -> None:
    card = studio.form.cards["mood"]
    assert card.weigher.description == "equal"
    card.weigher.click()
    assert "mood: [angry, happy]" in studio.draft.recipe.dumps()
    chips = card.labels.chips
    assert not card.labels.sliders and chips.labels == [["angry"] * 2, ["happy"] * 2]
    press(chips, add="<b>\u202esad</b>")
    assert chips.labels[2] == ["<b>⟨U+202E⟩sad</b>", "<b>\u202esad</b>"]
    press(chips, rename=2, text="sad")
    press(chips, remove=0)
    assert card.labels.chips is chips  # made anew it would lose what is being typed
    assert "mood: [happy, sad]" in studio.draft.recipe.dumps()
    card.weigher.click()
    assert card.labels.sliders["sad"].value == 1
    for _ in range(3):
        studio.undo()
    assert studio.draft.recipe.dumps() == RECIPE.replace(
        "{angry: 2, happy: 1}", "[angry, happy]"
    )
    studio.undo()
    assert studio.draft.recipe.dumps() == RECIPE
    assert studio.form.cards["mood"].labels.sliders["angry"].value == 2


def test_a_condition_that_asks_for_a_renamed_label_is_told_at_its_column(
    studio: Studio,
) -> None:
    card = studio.form.cards["mood"]
    studio.form.cards["text"].editor.value = "{% if mood == 'angry' %}Shout.{% endif %}"
    studio._later.now()
    assert card.strangers.text == ""
    press(card.labels.rows[0], rename=0, text="<b>furious</b>")
    assert card.strangers.text == (
        "angry is no label here, but text asks for it: change it there too."
    )
    studio.form.cards["text"].editor.value = "{% if mood == 'happy' %}Sing.{% endif %}"
    studio._later.now()
    assert card.strangers.text == ""


def test_a_check_is_added_edited_and_removed(studio: Studio, loopback: Loopback) -> None:
    checks = studio.form.checks
    checks.rule.value = "length"
    checks.add.click()
    assert "checks:\n  - {length: {column: text, min: 20}}\n" in studio.yaml.text
    checks.editor.value = "length: {column: txt}"
    said = "length.column: unknown column 'txt'; did you mean 'text'?"
    assert studio.form.notes.text("checks.0") == said
    studio.save()
    assert studio.bar.status.text == "Nothing was written: mend what is marked first."
    checks.editor.value = "length: {column: text, min: few}"  # known when a run is prepared
    assert "'min' is a number, not 'few'" in studio.form.notes.text("checks.0")
    studio.run()
    assert not loopback.requests
    checks.editor.value = "length: {column: text, max: 90}"
    assert studio.form.notes.text("checks.0") == ""
    checks.toggles[0].click()
    assert checks.editor is None
    checks.add.click()
    assert len(studio.draft.recipe.checks) == 2
    for _ in range(2):
        checks.removes[0].click()
    assert studio.draft.recipe.dumps() == RECIPE


@pytest.mark.parametrize(
    ("rule", "options", "said"),
    [
        ("length", {"column": "text", "min": 75, "max": 300}, "75 to 300 characters"),
        ("words", {"column": "mood", "max": 9}, "column mood, at most 9 words"),
        ("near_duplicate", {"column": "text", "threshold": 0.8}, "threshold 0.8"),
        ("judge", {"rubric": {"good": "1-5"}, "min": 4}, "rubric good 1-5, at least 4"),
        ("duplicate", {"column": "text"}, ""),
    ],
)
def test_a_check_is_said_in_words(rule: str, options: dict[str, JSON], said: str) -> None:
    assert asked(CheckSpec(rule=rule, options=options), "text") == said


def test_checks_of_the_user_can_be_added(studio: Studio) -> None:
    code = "from synthnb.checks import check\n\n@check\ndef polite(value):\n    return True\n"
    Path("mine.py").write_text(code)
    own = Studio(Recipe.loads(RECIPE), checks="mine.py")
    own.form.checks.rule.value = "polite"
    own.form.checks.add.click()
    assert own.draft.recipe.checks[0].rule == "polite"
    assert own.bar.status.text.startswith("about 4 requests")
    gone = Studio(Recipe.loads(RECIPE), checks="nowhere.py")
    assert gone.bar.status.text == "there is no file nowhere.py with checks"


@pytest.mark.parametrize("kind", list_kinds())
def test_a_shipped_recipe_is_saved_as_it_is(studio: Studio, kind: str, tmp_path: Path) -> None:
    shown = Studio(Recipe.loads(read_kind(kind)))
    for card in shown.form.cards.values():
        card.toggle.click()
        card.toggle.click()
    shown.save(tmp_path / kind)
    assert (tmp_path / f"{kind}.synth.yaml").read_text("utf-8") == read_kind(kind)
