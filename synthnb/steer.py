"""More rows like these, fewer like those: examples and weights written into the recipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synthnb import cell
from synthnb.decisions import row_id
from synthnb.diff.recipe import RecipeDiff, compare_recipes
from synthnb.errors import SynthError
from synthnb.recipe.parts import Category, Prompt
from synthnb.template import compile_template
from synthnb.visible import count, one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.recipe import Recipe
    from synthnb.types import JSON, Record, Row

__all__ = ["SteerError", "Steered", "rows_of", "steer"]

MOST = 50
"""Examples that one call adds."""


class SteerError(SynthError):
    """Rows that are not there, or that leave nothing to change."""


@dataclass(frozen=True)
class Steered:
    """The new recipe and what changed in it; prints as a diff of YAML."""

    recipe: Recipe
    changes: RecipeDiff
    said: str

    @property
    def cell(self) -> str:
        """The new recipe as a cell, its prompt below ``---`` and without the space around
        it, which a cell cannot hold there."""
        recipe = self.recipe
        prompt = recipe.columns.get(recipe.main)
        if isinstance(prompt, Prompt):
            bare = prompt.model_copy(update={"prompt": prompt.prompt.strip()})
            recipe = recipe.replace(columns={**recipe.columns, recipe.main: bare})
        return f"%%synth {recipe.name or 'batch'}\n{cell.dumps(recipe)}"

    def __str__(self) -> str:
        return f"{self.said}\n{self.changes}"

    def __repr__(self) -> str:
        return str(self)


def steer(batch: Batch, like: Iterable[Record] = (), unlike: Iterable[Record] = ()) -> Steered:
    """A recipe that asks for more rows like some and for fewer like others.

    Rows of ``like``, as people edited them, join the main column's examples. Rows of
    ``unlike`` leave the examples, and attribute values that they hold more often than
    planned get less weight: half of it where all of them have the value. A value that a row
    of ``like`` has too keeps its weight. The batch and its recipe stay as they are.
    """
    good, bad = list(like), list(unlike)
    if not good and not bad:
        raise SteerError("Name rows: --like 3,7 or --unlike 12-15.")
    if len(good) > MOST:
        raise SteerError(f"{len(good):,} rows are too many examples: name at most {MOST}.")
    recipe = batch.recipe
    both = {row_id(r) for r in good} & {row_id(r) for r in bad}
    if both:
        raise SteerError("A row cannot be liked and disliked at once.")
    columns = dict(recipe.columns)
    main = recipe.main
    said: list[str] = []
    removed = 0
    prompt = columns.get(main)
    if isinstance(prompt, Prompt):
        made, added, removed = _examples(recipe, prompt, good, bad)
        columns[main] = made
        said += [f"{count(added, 'example')} added"] if added else []
        left = len(good) - added
        said += [f"{count(left, 'row')} left out, empty or there already"] if left else []
        said += [f"{count(removed, 'example')} removed"] if removed else []
    elif good:
        raise SteerError(f"{one_line(main, 40)} is no prompt column: it has no examples.")
    lowered, told = _lowered(recipe, good, bad)
    columns |= lowered
    said += told
    if all("left out" in what for what in said):
        what = "are examples already" if good else "share no attribute value and no example"
        raise SteerError(f"Nothing to change: these rows {what}.")
    if bad and not removed and not lowered:
        said.append(
            "the unliked rows change nothing, they are no examples and share no value of "
            "their own"
        )
    new = recipe.replace(columns=columns)
    text = "; ".join(said)
    text = f"{text[0].upper()}{text[1:]}.{_whose(batch, good)}"
    return Steered(new, compare_recipes(recipe, new), text)


def _lowered(
    recipe: Recipe, good: Sequence[Record], bad: Sequence[Record]
) -> tuple[dict[str, Category], list[str]]:
    """The columns in which values of the unliked rows get less weight, and what to say."""
    found: dict[str, Category] = {}
    said = []
    for name, column in recipe.columns.items():
        if bad and isinstance(column, Category):
            held, spared = ([r.values.get(name) for r in rows] for rows in (bad, good))
            lowered, values = _weights(column, held, {str(value) for value in spared})
            if values:
                found[name] = lowered
                said.append(f"less weight for {one_line(name, 40)} {', '.join(values)}")
    return found, said


def _whose(batch: Batch, good: Sequence[Record]) -> str:
    """Which version's rows these are, and which of the liked ones are not accepted."""
    said = f" Rows are those of version {batch.version}." if batch.version else ""
    lost = [record for record in good if not record.accepted]
    if lost:
        rules = (record.reasons[0].rule if record.reasons else "rejected" for record in lost)
        each = [
            f"row {record.index + 1:,} ({one_line(rule, 40)})"
            for record, rule in zip(lost[:5], rules, strict=False)
        ]
        more = f" and {len(lost) - 5:,} more" if len(lost) > 5 else ""
        said += f" Liked although not accepted: {', '.join(each)}{more}."
    return said


def _examples(
    recipe: Recipe, prompt: Prompt, good: Sequence[Record], bad: Sequence[Record]
) -> tuple[Prompt, int, int]:
    """The column with other examples; how many were added and removed."""
    name = recipe.main
    if prompt.examples_from is not None and good:
        raise SteerError(f"The examples of {one_line(name, 40)} are the source's rows.")
    if (prompt.candidates is not None or prompt.turns is not None) and good:
        raise SteerError(f"{one_line(name, 40)} holds several answers a row: rank them.")
    unwanted = [record.values.get(name) for record in bad]
    kept = [e for e in prompt.examples if e.get(name) not in unwanted]
    read = {*compile_template(prompt.prompt).names, *(n for e in prompt.examples for n in e)}
    known = [e.get(name) for e in kept]
    added: list[Row] = []
    for record in good:
        value = record.values.get(name)
        if value in (None, "") or value in known:
            continue
        known.append(value)
        shown = {
            n: record.values[n] for n in recipe.columns if n in read and n in record.values
        }
        added.append({**shown, name: value})
    changes = {"examples": [*kept, *added]}
    if not changes["examples"] and prompt.few_shot:
        raise SteerError("That would leave no example to show: add others with --like.")
    made = prompt.model_copy(update=changes)
    return made, len(added), len(prompt.examples) - len(kept)


def _weights(
    column: Category, held: Sequence[JSON], spared: Set[str]
) -> tuple[Category, list[str]]:
    """The column with less weight for values that ``held`` has more often than planned."""
    if len(column.values) < 2:
        return column, []
    times = Counter(str(value) for value in held)
    total = sum(column.weights)
    weights, lowered = list(column.weights), []
    for place, value in enumerate(column.values):
        share = times[str(value)] / len(held)
        if share > column.weights[place] / total and str(value) not in spared:
            weights[place] = round(column.weights[place] * (1 - share / 2), 3)
            lowered.append(one_line(str(value), 40))
    return column.model_copy(update={"weights": weights}), lowered


def rows_of(batch: Batch, text: str) -> list[Record]:
    """The rows that ``3,7,12-15`` names: numbers as the table shows them, from 1.

    Of several candidates of a planned row, the accepted one. ``selection`` means the rows
    chosen in the batch's view. Raises ``SteerError`` for numbers that are not there.
    """
    if text.strip() == "selection":
        chosen = batch.selection
        if not chosen.chosen and not chosen.search:
            raise SteerError("Nothing is selected: click a bar in the batch's view first.")
        return list(chosen.records)
    by_number: dict[int, Record] = {}
    for record in batch.records:
        before = by_number.get(record.index + 1)
        if before is None or (record.accepted and not before.accepted):
            by_number[record.index + 1] = record
    found = []
    for number in _numbers(text):
        if number not in by_number:
            raise SteerError(f"There is no row {number}; rows go from 1 to {max(by_number)}.")
        found.append(by_number[number])
    return found


def _numbers(text: str) -> list[int]:
    numbers: dict[int, None] = {}
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        try:
            low = int(first)
            high = int(last) if dash else low
        except ValueError:
            said = one_line(text, 40)
            raise SteerError(f"Rows are numbers such as 3,7,12-15, not {said}.") from None
        if not 0 < low <= high < low + 1000:
            raise SteerError(f"Rows are numbers such as 3,7,12-15, not {one_line(text, 40)}.")
        numbers |= dict.fromkeys(range(low, high + 1))
    return list(numbers)
