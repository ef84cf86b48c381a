"""Drafts: edits of a recipe, what they change, and the prompts they make."""

from __future__ import annotations

import doctest

import pytest

from synthnb import studio
from synthnb.errors import RecipeError
from synthnb.recipe import Recipe
from synthnb.samplers import make_plan
from synthnb.studio import Draft

RECIPE = """
synthnb: 1
name: reviews
columns:
  mood: {angry: 2, happy: 1}   # two to one
  text: {prompt: "A review by someone {{ mood }}.", few_shot: 1,
         examples: [{mood: angry, text: No.}]}
  reply: {prompt: "Answer: {{ text }}"}
"""


@pytest.fixture
def draft() -> Draft:
    return Draft.of(Recipe.loads(RECIPE))


def test_examples_run() -> None:
    assert doctest.testmod(studio).failed == 0


def test_an_edit_is_a_new_draft_and_keeps_comments(draft: Draft) -> None:
    heavier = draft.weigh("mood", "happy", 3)
    assert "mood: {angry: 2, happy: 3}   # two to one" in heavier.recipe.dumps()
    assert draft.recipe.dumps() == RECIPE
    assert heavier.discard().recipe == draft.recipe


def test_one_change_can_be_told_apart_two_cannot(draft: Draft) -> None:
    assert draft.warning == ""
    one = draft.weigh("mood", "happy", 3)
    assert one.warning == "The recipe has 1 change since; run to see it."
    assert one.param("temperature", 0.5).warning == (
        "The recipe has 2 changes since; run to see them. "
        "Two changes at once: their effects can't be told apart."
    )
    assert one.settle().warning == ""


def test_the_preview_is_the_prompt_of_a_planned_row(draft: Draft) -> None:
    planned = make_plan(draft.recipe, None, 3).row(0)
    shown = draft.preview("text", planned)
    assert shown.prompt == f"A review by someone {planned.values['mood']}."
    assert shown.examples == 1
    assert shown.lines == [[("", "A review by someone "), ("b", shown.drawn[7:]), ("", ".")]]
    assert draft.preview("reply", planned).prompt == "Answer: ‹text›"


def test_the_preview_works_out_what_no_model_writes() -> None:
    recipe = """
synthnb: 1
columns:
  n: {integer: [3, 3]}
  twice: {expression: "{{ 2 * n }}"}
  text: {prompt: "{{ twice }} words"}
  chars: {expression: "{{ text | length }}"}
  end: {prompt: "{{ chars }} characters"}
"""
    draft = Draft.of(Recipe.loads(recipe))
    planned = make_plan(draft.recipe, None, 3).row(0)
    assert draft.preview("text", planned).prompt == "6 words"
    assert draft.preview("end", planned).prompt == "‹chars› characters"


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [("text", "by {{ mod }}", "mod"), ("mood", "x", "mood is no prompt column")],
)
def test_what_cannot_be_is_said(draft: Draft, column: str, text: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        draft.prompt(column, text)


def test_a_category_needs_some_weight(draft: Draft) -> None:
    with pytest.raises(RecipeError, match="above 0"):
        draft.weigh("mood", "angry", 0).weigh("mood", "happy", 0)


def test_what_its_file_could_not_hold_is_refused(draft: Draft) -> None:
    with pytest.raises(RecipeError, match=r"^params.max_tokens: must be from 1"):
        draft.param("max_tokens", -5)
    with pytest.raises(RecipeError, match=r"^budget.usd: "):
        draft.budget("usd", -1.0)


def test_changes_are_marked_in_their_lines(draft: Draft) -> None:
    made = draft.weigh("mood", "happy", 2.5).prompt("text", "Two lines\nof {{ mood }}.")
    lines = made.yaml
    assert next(line[:3] for line in lines if "mood: {" in line[0][1]) == [
        ("", "  mood: {angry: 2, happy: "),
        ("del", "1"),
        ("ins", "2.5"),
    ]
    kept = "".join(text for line in lines for mark, text in line if mark != "del")
    assert kept == made.recipe.dumps().replace("\n", "")
    assert made.moved("mood") == "happy 1 → 2.5"
    assert draft.moved("mood") == draft.moved("text") == ""


def test_a_budget_comes_and_goes(draft: Draft) -> None:
    capped = draft.budget("usd", 0.5).budget("tokens", 1000)
    assert "budget: {usd: 0.5, tokens: 1000}" in capped.recipe.dumps()
    assert capped.budget("usd", None).budget("tokens", None).recipe.budget is None
    assert capped.changes.effective == ()
