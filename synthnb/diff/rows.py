"""Rows side by side as they are shown: attributes, marked texts, what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from synthnb.charts.distributions import main_column
from synthnb.diff.measures import text_of
from synthnb.diff.pairing import attributes_of, outcome
from synthnb.diff.words import Mode, Parts, clipped, compare
from synthnb.types import Record
from synthnb.visible import as_text, number, one_line, visible

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.diff import Diff

__all__ = ["ATTRIBUTES", "Shown", "Side", "differing", "shown_rows"]

ATTRIBUTES = 6
"""Attributes shown beside a pair."""
COMPARED = 6000
"""Characters of one text that are compared; fewer are shown."""


@dataclass(frozen=True, slots=True)
class Side:
    """One answer: its text in pieces, marked where it differs (or is shared)."""

    parts: Parts
    outcome: str
    tag: str
    """``rejected: length 71``; empty if it was accepted."""
    attributes: tuple[str, ...]
    """Only where rows are not paired."""
    record: Record


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of the table."""

    number: int
    """Place in the plan, from 1."""
    place: int
    """Place among the records of the diff."""
    attributes: tuple[str, ...]
    old: Side | None
    new: Side | None
    mode: Mode
    differs: bool
    """The outcomes differ."""


def differing(diff: Diff) -> int:
    """Pairs whose outcome differs."""
    return sum(old != new for old, new in (p.outcomes for p in diff.pairs))


def shown_rows(diff: Diff, most: int, chars: int) -> list[Shown]:
    """At most ``most`` lines, those whose outcome differs first in line, in plan order."""
    both = list(zip_longest(*diff.records))
    apart = [i for i, (a, b) in enumerate(both) if a and b and outcome(a) != outcome(b)]
    same = [i for i in range(len(both)) if i not in set(apart)]
    keep = max(most - len(apart), most // 4) if diff.paired else most
    places = sorted([*apart[: most - min(keep, len(same))], *same[:keep]]) or same[:keep]
    names = attributes_of(diff.new)
    shared = [n for n in names if n in diff.pairing.shared][:ATTRIBUTES]
    return [_shown(diff, i, *both[i], shared, chars) for i in places]


def _shown(
    diff: Diff, place: int, old: Record | None, new: Record | None, names: list[str], chars: int
) -> Shown:
    known = new or old
    assert known is not None
    if place not in diff.marked:
        diff.marked[place] = _marked(diff, old, new)
    a, b, mode = diff.marked[place]
    if diff.paired:
        attributes = _attributes(known, names)
        own: list[tuple[str, ...]] = [(), ()]
    else:
        attributes = ()
        own = [_attributes(r, names) if r else () for r in (old, new)]
    a, b = clipped(a, chars), clipped(b, chars)  # a cut is no difference
    sides = _side(old, a, own[0]), _side(new, b, own[1])
    differs = diff.paired and old is not None and new is not None
    differs = differs and outcome(old) != outcome(new)  # type: ignore[arg-type]
    number_ = (known.index if diff.paired else place) + 1
    return Shown(number_, place, attributes, *sides, mode, differs)


def _marked(diff: Diff, old: Record | None, new: Record | None) -> tuple[Parts, Parts, Mode]:
    """Both texts in pieces; without marks where they answer other questions."""
    a, b = (
        visible(_text(batch, record)[:COMPARED]) if record is not None else ""
        for batch, record in ((diff.old, old), (diff.new, new))
    )
    if diff.paired:
        return compare(a, b)
    return ((False, a),) if a else (), ((False, b),) if b else (), "differences"


def _text(batch: Batch, record: Record) -> str:
    """The main column's value; where its answer gave none (cut off, say), what was written."""
    text = text_of(batch, record)
    if text is None:
        main = main_column(batch)
        text = next((c.answer for c in reversed(record.calls) if c.column == main), "")
    return text


def _attributes(record: Record, names: list[str]) -> tuple[str, ...]:
    return tuple(one_line(as_text(record.values.get(name)), 60) for name in names)


def _side(record: Record | None, parts: Parts, attributes: tuple[str, ...]) -> Side | None:
    if record is None:
        return None
    return Side(parts, outcome(record), _tag(record), attributes, record)


def _tag(record: Record) -> str:
    if record.accepted:
        return ""
    if not record.reasons:
        return "rejected"
    reason = record.reasons[0]
    value = reason.value
    shown = one_line(reason.rule, 40)
    if isinstance(value, int | float) and not isinstance(value, bool):
        shown += f" {number(round(value, 2))}"
    more = len(record.reasons) - 1
    return f"rejected: {shown}" + (f", {more} more" if more else "")
