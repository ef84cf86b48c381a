"""Items of a benchmark as solvers met them: solve rate, discrimination, what to look at."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from synthnb.errors import RecipeError
from synthnb.export.benchmarks import place_of
from synthnb.export.columns import Columns, reach, text
from synthnb.suggest import did_you_mean
from synthnb.types import JSON, Record
from synthnb.visible import count, one_line

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.batch import Batch

__all__ = ["FLAGS", "Item", "ItemReport", "item_analysis"]

FLAGS = {
    "ambiguous": "most solvers agree on one wrong answer, or the better ones fail it",
    "closed_book": "solved every time without what it asks about",
    "unsolved": "no solver got it right: too hard, or the key is wrong",
    "solved_by_all": "every solver got it right: it tells nobody apart",
    "no_key": "the key is none of the options",
}
"""What an item can be flagged for."""

SHOWN = 12
ENOUGH = 3
"""Closed-book answers from which on an item can be told to leak."""
MANY = 5
"""Solvers from which on a negative discrimination is worth a flag."""
TELLS = 0.3
"""Discrimination from which on an item tells good solvers from bad ones (a usual bound)."""
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Item:
    """One item and what became of it."""

    id: str
    question: str
    key: str
    solve_rate: float | None
    discrimination: float | None
    """Corrected point-biserial; ``None`` where it cannot be told."""
    wrong: str | None
    """The wrong answer that most solvers gave."""
    wrong_share: float
    closed_book: float | None
    """Solve rate without what it asks about."""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class ItemReport:
    """All items, the solvers' scores, and one line on what to look at first."""

    items: tuple[Item, ...]
    solvers: dict[str, float]
    """Share of items that each solver got right."""
    chance: float | None
    """What guessing among the options would reach."""
    closed_book: float | None
    keys: dict[str, int] = field(default_factory=dict)
    """How often each place among the options is the right one."""

    @property
    def df(self) -> pd.DataFrame:
        """One row an item."""
        import pandas as pd

        rows = [{**_fields(item), "flags": ", ".join(item.flags)} for item in self.items]
        return pd.DataFrame(rows, columns=pd.Index([*_fields(None), "flags"]))

    @property
    def finding(self) -> str:
        """What happened, in one line."""
        rates = [item.solve_rate for item in self.items if item.solve_rate is not None]
        mean = sum(rates) / len(rates) if rates else float("nan")
        parts = [f"{count(len(self.items), 'item')}, {count(len(self.solvers), 'solver')}"]
        guess = f" (chance {self.chance:.0%})" if self.chance is not None else ""
        parts.append(f"solved {mean:.0%} of the time{guess}" if rates else "not solved yet")
        if self.closed_book is not None:
            parts.append(f"closed book {self.closed_book:.0%}")
        flagged = Counter(flag for item in self.items for flag in item.flags)
        parts += [f"{flag.replace('_', ' ')} {n}" for flag, n in flagged.most_common()]
        return " · ".join(parts)

    def flagged(self, *flags: str) -> list[Item]:
        """Items with one of these flags; with any, where none is named."""
        return [i for i in self.items if set(i.flags) & set(flags or FLAGS)]

    def keep(
        self, batch: Batch, drop: Sequence[str] = ("ambiguous", "closed_book", "no_key")
    ) -> Batch:
        """The batch without items of these flags, and a note for its card."""
        for flag in drop:
            if flag not in FLAGS:
                raise RecipeError(f"there is no flag {flag!r}{did_you_mean(flag, FLAGS)}")
        gone = {item.id for item in self.flagged(*drop)} if drop else set()
        kept = [record for record in batch.records if _id(record) not in gone]
        told = f"{count(len(gone), 'item')} left out by item analysis ({', '.join(drop)})."
        return batch.replace(records=kept, notes=(*batch.notes, told))

    def __str__(self) -> str:
        lines = [self.finding]
        lines += [f"  {name}: {rate:.0%}" for name, rate in self.solvers.items()]
        for item in self.flagged()[:SHOWN]:
            lines.append(f"  {', '.join(item.flags)}: {one_line(item.question, 70)}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in (*_fields(None), "flags"))
        rows = []
        for item in sorted(self.items, key=lambda i: -len(i.flags))[:SHOWN]:
            cells = [*_fields(item).values(), ", ".join(item.flags)]
            shown = "".join(f"<td>{escape(_shown(cell))}</td>" for cell in cells)
            rows.append(f"<tr>{shown}</tr>")
        return (
            f"<p>{escape(self.finding)}</p><table><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>"
        )


def _fields(item: Item | None) -> dict[str, Any]:
    names = ("question", "key", "solve_rate", "discrimination", "wrong", "wrong_share")
    return {name: getattr(item, name, None) for name in (*names, "closed_book")}


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    return "–" if value is None else one_line(str(value), 90)


def item_analysis(
    batch: Batch,
    *,
    solved: str | Sequence[str] | None = None,
    closed: str | Sequence[str] | None = None,
    columns: dict[str, str] | None = None,
) -> ItemReport:
    """How solvers did on each item of a batch.

    ``solved`` names the columns that hold solvers' answers (those that begin with
    ``solved`` where unset); a column with ``candidates`` holds one answer for each of its
    models or temperatures. ``closed`` names answers that were given without the text, the
    story or the document (``closed…``): who solves an item so did not need it. ``columns``
    says which column is ``prompt``, ``choices`` and ``key``, as for export.

    Needs no model: the answers are in the rows. Raises ``RecipeError`` if there are none.
    """
    roles = Columns(batch, "item analysis", columns, roles=("prompt", "choices", "key"))
    prompt, key = roles.need("prompt", "key")
    choices = roles.find("choices")
    answered = _columns(batch, solved, "solved")
    blind = _columns(batch, closed, "closed")
    if not answered:
        raise RecipeError("no column holds solvers' answers: say solved='COLUMN'")
    records = list(batch.accepted)
    places = [_Read(record, prompt, key, choices) for record in records]
    names, given = _answers(records, answered)
    marks = [
        [read.mark(answer) for read, answer in zip(places, row, strict=True)] for row in given
    ]
    _, unseen = _answers(records, blind)
    without = [[r.mark(a) for r, a in zip(places, row, strict=True)] for row in unseen]
    rates, apart = _statistics(marks, len(records))
    items = tuple(
        _item(read, [row[i] for row in given], rates[i], apart[i], [row[i] for row in without])
        for i, read in enumerate(places)
    )
    sizes = [len(read.options) for read in places if read.options]
    chance = sum(1 / size for size in sizes) / len(sizes) if sizes else None
    return ItemReport(
        items,
        {name: _mean(row) or 0.0 for name, row in zip(names, marks, strict=True)},
        chance,
        _mean([mark for row in without for mark in row]),
        dict(sorted(Counter(read.right for read in places if read.place is not None).items())),
    )


class _Read:
    """One record as an item: its question, its options and the right one."""

    def __init__(self, record: Record, prompt: str, key: str, choices: str | None) -> None:
        row = record.values
        self.id = _id(record)
        self.question = text(reach(row, prompt))
        given = reach(row, choices) if choices is not None else None
        self.options: list[JSON] = given if isinstance(given, list) else []
        self.key = reach(row, key)
        self.place = place_of(self.key, self.options) if self.options else None
        self.right = self.said(self.key)

    def said(self, answer: JSON) -> str:
        """An answer as people read it: the letter of its option, or its words."""
        place = place_of(answer, self.options) if self.options else None
        if place is not None and place < 26:
            return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[place]
        return " ".join(text(answer).casefold().split()).rstrip(".")

    def mark(self, answer: JSON) -> float:
        """1 right, 0 wrong, NaN where there is no answer or no key."""
        keyless = bool(self.options) and self.place is None
        if answer is None or keyless or not self.right:
            return math.nan
        return float(self.said(answer) == self.right)


def _id(record: Record) -> str:
    return record.id or f"{record.index}.{record.attempt}.{record.candidate}"


def _columns(batch: Batch, given: str | Sequence[str] | None, prefix: str) -> list[str]:
    if given is None:
        return [name for name in batch.columns if name.startswith(prefix)]
    names = [given] if isinstance(given, str) else list(given)
    for name in names:
        if name not in batch.columns:
            hint = did_you_mean(name, batch.columns)
            raise RecipeError(f"the batch has no column {name!r}{hint}")
    return names


def _answers(
    records: Sequence[Record], columns: Sequence[str]
) -> tuple[list[str], list[list[JSON]]]:
    """Solvers by name, and each one's answer to every item."""
    names: list[str] = []
    found: list[list[JSON]] = []
    for column in columns:
        values = [record.values.get(column) for record in records]
        lists = [value for value in values if isinstance(value, list)]
        if not lists:
            names.append(column)
            found.append(values)
            continue
        for place in range(max(map(len, lists))):
            turns = [
                value[place] if isinstance(value, list) and place < len(value) else None
                for value in values
            ]
            names.append(_solver(column, place, turns))
            found.append([t.get("answer") if isinstance(t, dict) else t for t in turns])
    return names, found


def _solver(column: str, place: int, turns: Sequence[JSON]) -> str:
    first = next((turn for turn in turns if isinstance(turn, dict)), {})
    assert isinstance(first, dict)
    heat = first.get("temperature")
    told = [str(first["model"])] if first.get("model") else []
    told += [f"at {heat:g}"] if isinstance(heat, int | float) else []
    return f"{column} {place + 1}" + (f" ({' '.join(told)})" if told else "")


def _statistics(
    marks: list[list[float]], size: int
) -> tuple[list[float | None], list[float | None]]:
    from synthnb.metrics.items import discrimination, solve_rates

    if not size:
        return [], []
    told = [solve_rates(marks), discrimination(marks)]
    rates, apart = ([None if math.isnan(v) else round(float(v), 4) for v in t] for t in told)
    return rates, apart


def _mean(marks: Sequence[float]) -> float | None:
    known = [mark for mark in marks if not math.isnan(mark)]
    return sum(known) / len(known) if known else None


def _item(
    read: _Read,
    answers: list[JSON],
    rate: float | None,
    apart: float | None,
    closed: list[float],
) -> Item:
    said = [read.said(answer) for answer in answers if answer is not None]
    wrong = Counter(answer for answer in said if answer != read.right)
    worst, times = wrong.most_common(1)[0] if wrong else (None, 0)
    share = times / len(said) if said else 0.0
    known = [mark for mark in closed if not math.isnan(mark)]
    without = sum(known) / len(known) if known else None
    flags = []
    if read.options and read.place is None:
        flags.append("no_key")
    # A hard item that the better solvers get has its key right, however many miss it.
    told = apart is not None and apart >= TELLS and len(said) >= ENOUGH
    agreed = times >= 2 and share > HALF and not told
    backwards = apart is not None and apart < 0 and len(said) >= MANY
    if rate is not None and (agreed or backwards):
        flags.append("ambiguous")
    if without == 1.0 and len(known) >= ENOUGH:
        flags.append("closed_book")
    if rate == 0.0:
        flags.append("unsolved")
    if rate == 1.0 and len(said) >= ENOUGH:
        flags.append("solved_by_all")
    return Item(
        read.id, read.question, read.right, rate, apart, worst, round(share, 4), without,
        tuple(flags),
    )  # fmt: skip
