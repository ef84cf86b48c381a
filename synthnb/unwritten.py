"""Columns that a run failed to write: what a row lacks, what its model said all the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from synthnb.errors import SynthError
from synthnb.recipe.parts import Expression, Prompt
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.recipe import Recipe
    from synthnb.types import JSON, Record

__all__ = [
    "DecisionError",
    "is_plain",
    "lacking",
    "raw_answer",
    "refusal",
    "refuse_empty",
    "written",
]


class DecisionError(SynthError):
    """A decision that would put a row without its values among the accepted ones."""


def written(recipe: Recipe) -> tuple[str, ...]:
    """Columns that a row has once its answers were read, in recipe order."""
    columns = recipe.columns.items()
    return tuple(n for n, c in columns if isinstance(c, Prompt | Expression) and not c.hidden)


def lacking(record: Record, columns: tuple[str, ...]) -> list[str]:
    """Those of the columns that a record has no value in."""
    return [name for name in columns if name not in record.values]


def refusal(recipe: Recipe, record: Record, name: str, row: str) -> str:
    """Why a record that lacks a column can't be kept, and what gives it one."""
    rules = [reason.rule for reason in record.reasons]
    why = "its answer was cut off" if "truncated" in rules else ", ".join(rules[:3])
    said = f"Row {record.index + 1:,} has no {one_line(name, 40)}"
    said += f": {one_line(why, 60)}. " if why else ". "
    if is_plain(recipe, name):
        return said + "Edit it in a review to give it one."
    return said + f"Only batch.decisions.edit({row!r}, {{{name!r}: …}}) can give it one."


def refuse_empty(recipe: Recipe, edit: Mapping[str, JSON]) -> None:
    """Raise ``DecisionError`` for an edit that takes the main column's text away."""
    text = edit.get(recipe.main, "…")
    if text is None or (isinstance(text, str) and not text.strip()):
        name = one_line(recipe.main, 40)
        raise DecisionError(f"An empty {name} can't be kept: drop the row instead.")


def is_plain(recipe: Recipe, name: str) -> bool:
    """Whether any text is a value of a column."""
    column = recipe.columns.get(name)
    if isinstance(column, Expression):
        return True
    shaped = ("schema_", "json_schema", "choices", "turns", "candidates")
    return isinstance(column, Prompt) and all(getattr(column, s) is None for s in shaped)


def raw_answer(recipe: Recipe, record: Record, name: str) -> str:
    """What the model wrote for a column that the record lacks, as it wrote it."""
    column = recipe.columns.get(name)
    if not isinstance(column, Prompt) or column.per_call > 1:  # one answer for several rows
        return ""
    return next((c.answer for c in reversed(record.calls) if c.column == name), "").strip()
