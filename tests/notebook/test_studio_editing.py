"""Edits of the studio's form: refused, tried again, undone."""

from __future__ import annotations

from pathlib import Path

from synthnb.notebook.studio import Studio
from tests.notebook.conftest import STUDIO_RECIPE as RECIPE


def test_what_an_error_leaves_behind_is_called_the_last_valid(studio: Studio) -> None:
    card = studio.form.cards["text"]
    card.editor.value = "One {{ mood }} word."
    studio.form.fields["max_tokens"].value = "50"
    card.editor.value = "Two {{ moood }} words."
    assert studio.yaml_state.text == "last valid, without what is marked"
    assert card.caption.text.startswith("Last valid, row 1 of 4")
    assert card.preview.text.startswith("One ") and "moood" not in studio.yaml.text
    card.editor.value = "Two {{ mood }} words."
    assert studio.yaml_state.text == "what Save writes"
    assert card.caption.text.startswith("Preview, row 1 of 4")


def test_what_was_refused_is_tried_again_when_another_field_makes_it_right(
    studio: Studio,
) -> None:
    card, form = studio.form.cards["text"], studio.form
    card.editor.value = "A {{ mood }} {{ colour }} review of a {{ thing }}."
    for name in ("colour", "thing"):
        assert f"unknown column '{name}'" in form.notes.text("columns.text")
        form.name.value, form.kind.value = name, "category"
        form.add.click()
    assert not form.notes.all and form.notes.text("columns.text") == ""
    assert "{{ colour }} review of a {{ thing }}." in studio.draft.recipe.dumps()
    assert studio.yaml_state.text == "what Save writes"
    assert card.caption.text.startswith("Preview, ")
    assert card.editor.value == "A {{ mood }} {{ colour }} review of a {{ thing }}."
    studio.bar.undo_button.click()  # the prompt is a step of its own
    assert list(form.cards) == ["mood", "text", "colour", "thing"]
    assert card.editor.value == "A review by someone {{ mood }}."


def test_a_word_half_typed_is_no_state(studio: Studio, tmp_path: Path) -> None:
    card = studio.form.cards["text"]
    for text in ("Men", "Mention {{", "Mention {{ mo"):
        card.editor.value = f"A review by someone {{{{ mood }}}}. {text}"
    assert studio.form.notes.refused
    assert studio.draft.recipe.dumps() == RECIPE  # not with "Men", nor is its preview
    assert card.preview.text in ("A review by someone angry.", "A review by someone happy.")
    studio.bar.undo_button.click()
    assert card.editor.value == "A review by someone {{ mood }}."
    assert studio.bar.undo_button.disabled
    studio.bar.save_button.click()
    assert (tmp_path / "reviews.synth.yaml").read_text() == RECIPE


def test_what_is_typed_in_one_go_is_undone_at_once(studio: Studio) -> None:
    card = studio.form.cards["text"]
    for text in ("On", "One {{ mo", "One {{ mood }}", "One {{ mood }} word"):
        card.editor.value = text
    assert "One {{ mood }} word" in studio.draft.recipe.dumps()
    studio.bar.undo_button.click()
    assert studio.draft.recipe.dumps() == RECIPE and studio.bar.undo_button.disabled
    before = card.editor.value
    card.editor.value = before + " x"
    card.editor.value = before
    assert studio.bar.undo_button.disabled  # there is nothing to undo


def test_what_was_saved_stays_when_more_is_typed(studio: Studio, tmp_path: Path) -> None:
    card = studio.form.cards["text"]
    card.editor.value = "One {{ mood }} word."
    studio.bar.save_button.click()
    card.editor.value = "One {{ mood }} word. {{ mo"
    studio.bar.undo_button.click()
    assert card.editor.value == "One {{ mood }} word."


def test_edits_can_be_undone(studio: Studio) -> None:
    card = studio.form.cards["mood"]
    assert studio.bar.undo_button.disabled
    card.labels.sliders["angry"].value = 4
    studio.form.fields["budget.tokens"].value = "1000"
    card.toggle.click()
    card.editor.value = "[a"
    studio.bar.undo_button.click()  # what was refused first
    assert not studio.form.notes.refused and studio.draft.recipe.budget is not None
    studio.bar.undo_button.click()
    assert studio.form.fields["budget.tokens"].value == ""
    studio.bar.undo_button.click()
    assert studio.draft.recipe.dumps() == RECIPE and card.labels.sliders["angry"].value == 2
    assert studio.bar.undo_button.disabled
    card.labels.sliders["angry"].value = 9
    studio.bar.discard_button.click()
    studio.bar.undo_button.click()
    assert card.labels.sliders["angry"].value == 9
