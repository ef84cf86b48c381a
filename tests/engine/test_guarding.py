"""What people are told as a run starts: columns no model hears of, profiles nobody named."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthnb import cell
from synthnb.api import start
from synthnb.api.guarding import unread
from synthnb.api.preparing import prepare
from synthnb.errors import SettingsError
from synthnb.events import Notice
from synthnb.recipe import Recipe
from synthnb.recipes import list_kinds, read_kind
from synthnb.settings import Settings
from tests.engine.conftest import Make


@pytest.mark.parametrize(
    ("head", "prompt", "silent"),
    [
        ("mood: [angry, happy]\n", "A review in a bad mood.", ["mood"]),
        ("mood: [angry, happy]\n", "A {{ mood }} review.", []),
        ("mood: [angry, happy]\nage: {integer: [1, 9]}\n", "A review.", ["mood", "age"]),
        ("mood: [angry, happy]\ntext: {system: 'Be {{ mood }}.'}\n", "A review.", []),
        ("mood: [angry, happy]\nhow: {expression: '{{ mood }}'}\n", "A review.", []),
        ("mood: [angry, happy]\ntarget: {quotas: {mood: {angry: 3}}}\n", "A review.", []),
        (
            "room: [a, b]\ncorner: {subcategory: room, of: {a: [x], b: [y]}}\n",
            "In {{ corner }}.",
            [],
        ),
        ("id: {uuid: }\n", "A review.", []),
    ],
)
def test_a_column_that_nothing_names_is_told(head: str, prompt: str, silent: list[str]) -> None:
    assert unread(cell.loads(f"{head}---\n{prompt}")) == silent


@pytest.mark.parametrize("kind", list_kinds())
def test_shipped_recipes_name_all_their_columns(kind: str) -> None:
    assert unread(Recipe.loads(read_kind(kind))) == []


def test_it_is_said_once_as_the_run_starts() -> None:
    recipe = cell.loads("mood: [a, b]\nplace: [x]\n---\nA review.", model="rules/noise")
    heard: list[object] = []
    start(prepare(recipe, 2), heard.append).result()
    said = [event.message for event in heard if isinstance(event, Notice)]
    assert said == ["mood, place are in no prompt: the model does not know them."]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "mood: [a, b]\n---\nA { mood } review.",
            ["mood is in no prompt: the model does not know it. {mood} is plain text; "
             "{{ mood }} stands for the column."],
        ),
        (
            "kind: prefernce\n---\nA review.",
            ["kind: prefernce is a label of your own; did you mean 'preference'?"],
        ),
        ("kind: poem\n---\nA review.", []),
        ("kind: qa\n---\nA review.", []),
    ],
)  # fmt: skip
def test_what_looks_like_a_slip_is_told_and_runs(body: str, said: list[str]) -> None:
    run = prepare(cell.loads(body, model="rules/noise"), 2)
    assert [notice.message for notice in run.notices] == said


def test_a_tape_needs_no_profile_and_a_run_does(
    settings: Settings, reviews: Make, tmp_path: Path
) -> None:
    tape = tmp_path / "reviews.jsonl"
    asked = reviews(model="lab/tiny")
    made = start(prepare(asked, 3, settings=settings, record=tape)).result(30)

    elsewhere = Settings()  # another machine, where nobody named a lab
    again = start(prepare(asked, 3, settings=elsewhere, replay=tape)).result(30)
    assert [row["text"] for row in again] == [row["text"] for row in made]
    with pytest.raises(SettingsError, match="lab"):
        prepare(asked, 3, settings=elsewhere)
