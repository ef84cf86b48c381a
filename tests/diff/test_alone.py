"""Each of several changes alone, as cells."""

from __future__ import annotations

from typing import Any

from synthnb import cell
from synthnb.batch import Batch
from synthnb.diff import diff
from synthnb.diff.alone import each_alone
from synthnb.recipe import Recipe
from synthnb.types import Record
from tests.diff.versions import two_versions

OLD: dict[str, Any] = {
    "synthnb": 1,
    "name": "r",
    "seed": 7,
    "params": {"temperature": 0.9},
    "columns": {
        "mood": ["angry", "happy"],
        "text": {"prompt": "A review by someone who is {{ mood }}."},
    },
    "checks": [{"length": {"column": "text", "min": 20}}],
}


def batch(**changes: Any) -> Batch:
    """Eight rows of the recipe with other keys; ``None`` takes one away."""
    data = {key: value for key, value in (OLD | changes).items() if value is not None}
    records = [
        Record(i, {"mood": ("angry", "happy")[i % 2], "text": f"a {i}"}) for i in range(8)
    ]
    return Batch(records, Recipe.from_dict(data), name="r", version=1)


def changed(old: Batch, new: Batch) -> list[tuple[str, ...]]:
    """What each of the cells changes of the old recipe."""
    made = [
        old.replace(recipe=cell.loads(body, name="r")) for body in each_alone(diff(old, new))
    ]
    return [diff(old, one).recipe.changed for one in made]


def test_every_cell_has_one_change_and_together_they_have_all() -> None:
    old, new = two_versions(temperature=0.7)
    bodies = each_alone(diff(old, new))
    recipes = [cell.loads(body, name="reviews") for body in bodies]
    assert [diff(old, old.replace(recipe=r)).recipe.changed for r in recipes] == [
        ("columns.text.prompt",),
        ("params.temperature",),
    ]


def test_what_was_added_or_taken_away_is_a_change() -> None:
    new = batch(params={"temperature": 0.9, "top_p": 0.5}, checks=None)
    assert changed(batch(), new) == [
        ("checks.length.column", "checks.length.min"),
        ("params.top_p",),
    ]


def test_one_change_needs_no_cell() -> None:
    assert each_alone(diff(batch(), batch(params={"temperature": 0.1}))) == ()


def test_changes_that_need_each_other_are_left_together() -> None:
    columns = {"tone": ["dry"], **OLD["columns"]}
    columns["text"] = {"prompt": "A {{ tone }} review by someone who is {{ mood }}."}
    assert each_alone(diff(batch(), batch(columns=columns))) == ()


def test_nothing_is_offered_where_rows_are_not_paired() -> None:
    assert each_alone(diff(batch(), batch(seed=8, params={"temperature": 0.1}))) == ()
