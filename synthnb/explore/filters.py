"""One filter of a selection: what it lets through, as JSON for views, as Python for people.

Filters of different charts must all hold; choices inside one are alternatives.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from synthnb.charts.bins import OPEN
from synthnb.charts.columns import Bools, Columns, Floats, columns_of, is_number, label_of
from synthnb.charts.distributions import (
    main_column,
    measured_name,
    measured_rules,
    nearest_scores,
)
from synthnb.charts.findings import shown_rule
from synthnb.errors import SynthError
from synthnb.suggest import did_you_mean
from synthnb.types import check_of
from synthnb.visible import one_line, visible

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.charts.distributions import Distribution
    from synthnb.types import JSON

__all__ = [
    "Among",
    "Between",
    "Filter",
    "OneOf",
    "Outcome",
    "Region",
    "RejectedBy",
    "SelectionError",
    "from_json",
    "from_python",
    "names_of",
    "sendable",
]

MOST = 10_000
"""Labels, rules or ids that one filter of a view may name."""


_HALF = re.compile("[\ud800-\udfff]")


def sendable(text: str) -> str:
    """Text that every transport takes: half a surrogate pair is named as views show it.

    >>> sendable("half \\ud83d a pair")
    'half ⟨U+D83D⟩ a pair'
    """
    return _HALF.sub(lambda half: visible(half[0]), text)


class SelectionError(SynthError):
    """A selection that names a column that is not there, or asks it for the impossible."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """A column whose label is one of some."""

    name: str
    labels: tuple[str, ...]

    def mask(self, batch: Batch, table: Columns) -> Bools:
        """Which records have one of the labels; a date has its month and its year too."""
        found = table.labels(self.name)
        wanted = set(map(sendable, self.labels))
        dated = getattr(batch.recipe.columns.get(self.name), "kind", "") == "datetime"
        hit = [
            one_line(label, 60) in wanted
            or sendable(label) in wanted
            or (dated and (label[:7] in wanted or label[:4] in wanted))
            for label in found.labels
        ]
        mask: Bools = np.array([*hit, False], np.bool_)[found.codes]
        return mask

    def python(self) -> tuple[str, Any]:
        """Name and value for ``select``."""
        return self.name, self.labels[0] if len(self.labels) == 1 else list(self.labels)

    def json(self) -> JSON:
        """As a view sends and takes it."""
        return {
            "kind": "values",
            "chart": self.name,
            "values": list(map(sendable, self.labels)),
        }


@dataclass(frozen=True, slots=True)
class Between:
    """A number from ``lo`` up to, not including, ``hi``; the largest of all is included."""

    name: str
    lo: float
    hi: float

    def mask(self, batch: Batch, table: Columns) -> Bools:
        """Which records measure that much."""
        values = measure(batch, table, self.name)
        known = values[~np.isnan(values)]
        top = float(known.max()) if len(known) else self.hi
        below = values <= self.hi if self.hi >= top else values < self.hi
        found: Bools = (values >= self.lo) & below
        return found

    def python(self) -> tuple[str, Any]:
        """Name and value for ``select``; a range around one number is that number."""
        if self.hi == np.nextafter(self.lo, np.inf):
            return self.name, _short(self.lo)
        return self.name, (_bound(self.lo), _bound(self.hi))

    def json(self) -> JSON:
        """As a view sends and takes it."""
        lo, hi = _bound(self.lo), _bound(self.hi)
        return {"kind": "range", "chart": self.name, "lo": lo, "hi": hi}


@dataclass(frozen=True, slots=True)
class RejectedBy:
    """Rejected, first of all by one of these rules."""

    rules: tuple[str, ...]

    def mask(self, batch: Batch, table: Columns) -> Bools:
        """Which records were rejected so."""
        found = table.rules
        asked = set(map(sendable, self.rules))
        hit = np.array(
            [
                *(
                    bool({label, shown_rule(label), check_of(label)} & asked)
                    for label in map(sendable, found.labels)
                ),
                False,
            ],
            np.bool_,
        )
        mask: Bools = hit[found.codes]
        return mask

    def python(self) -> tuple[str, Any]:
        """Name and value for ``select``."""
        return "rule", self.rules[0] if len(self.rules) == 1 else list(self.rules)

    def json(self) -> JSON:
        """As a view sends and takes it."""
        return {"kind": "rule", "rules": list(map(sendable, self.rules))}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Accepted rows only, or rejected ones only."""

    accepted: bool

    def mask(self, batch: Batch, table: Columns) -> Bools:
        """Which records ended so."""
        return table.accepted if self.accepted else ~table.accepted

    def python(self) -> tuple[str, Any]:
        """Name and value for ``select``."""
        return "rejected", not self.accepted

    def json(self) -> JSON:
        """As a view sends and takes it."""
        return {"kind": "outcome", "accepted": self.accepted}


@dataclass(frozen=True, slots=True)
class Among:
    """Rows named by their ids."""

    ids: tuple[str, ...]
    label: str = ""

    def mask(self, batch: Batch, table: Columns) -> Bools:
        """Which records have one of the ids."""
        found = np.zeros(table.size, np.bool_)
        found[table.places(self.ids)] = True
        return found

    def python(self) -> tuple[str, Any]:
        """Name and value for ``select``."""
        return "ids", list(self.ids)

    def json(self) -> JSON:
        """As a view sends and takes it."""
        label = self.label or f"{len(self.ids)} rows"
        return {"kind": "rows", "ids": list(map(sendable, self.ids)), "label": label}


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the map, each side 0 to 1000."""

    x: tuple[float, float]
    y: tuple[float, float]

    def mask(self, batch: Batch, table: Columns) -> Bools:
        """Which records lie in it."""
        from synthnb.explore.textmap import text_map

        drawn = text_map(batch)
        inside = (drawn.x >= self.x[0]) & (drawn.x <= self.x[1])
        found: Bools = inside & (drawn.y >= self.y[0]) & (drawn.y <= self.y[1])
        return found

    def python(self) -> tuple[str, Any]:
        """Name and value for ``select``."""
        x, y = ((round(lo), round(hi)) for lo, hi in (self.x, self.y))
        return "region", (x, y)

    def json(self) -> JSON:
        """As a view sends and takes it."""
        return {"kind": "region", "x": list(self.x), "y": list(self.y)}


Filter: TypeAlias = OneOf | Between | RejectedBy | Outcome | Among | Region


def _bound(value: float) -> int | float | None:
    """An end of a range; an open one is none, as ``select`` takes it and JSON can say it."""
    return None if np.isinf(value) else _short(value)


def _short(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


def measure(batch: Batch, table: Columns, name: str) -> Floats:
    """What a histogram of this name measures: a column, a length, a likeness, a score."""
    main = main_column(batch) or ""
    if name in batch.columns or _reaches(batch, name):
        return table.lengths(name) if str in table.types(name) else table.numbers(name)
    if name == measured_name(batch, "length"):
        return table.lengths(main)
    if name == measured_name(batch, "nearest"):
        return nearest_scores(batch, main)
    return table.scores(name)


def names_of(batch: Batch) -> list[str]:
    """Every name that a selection of this batch may use."""
    texts = measured_name(batch, "length"), measured_name(batch, "nearest")
    own = [*batch.columns, *texts, *measured_rules(batch)]
    return list(dict.fromkeys(own))


def from_python(batch: Batch, name: str, value: Any) -> Filter:
    """The filter behind ``name=value`` of ``select``."""
    if name not in names_of(batch) and not _reaches(batch, name):
        hint = did_you_mean(name, names_of(batch))
        known = f" There are: {', '.join(names_of(batch))}." if not hint else ""
        raise SelectionError(
            f"No column or score is called {one_line(name, 60)}{hint or '.'}{known}"
        )
    if isinstance(value, tuple):
        return _between(name, value)
    if isinstance(value, range):
        return _between(name, (value.start, value.stop))
    if isinstance(value, list | set | frozenset):
        return _one_of(batch, name, [*value])
    if is_number(value) and name not in batch.columns:
        return _between(name, (value, np.nextafter(value, np.inf)))
    return _one_of(batch, name, [value])


def _one_of(batch: Batch, name: str, values: Sequence[Any]) -> OneOf:
    """Labels of a column; a text that is none of its few labels is a slip."""
    table = columns_of(batch)
    made = OneOf(name, tuple(label_of(v) for v in values))
    few = table.few(name) if name in batch.columns and str in table.types(name) else None
    if few is None or not any(few.counts(np.ones(table.size, np.bool_))):
        return made
    spec = batch.recipe.columns.get(name)
    planned = getattr(spec, "values", None) or getattr(spec, "choices", None) or ()
    known = list(dict.fromkeys([*map(label_of, planned), *few.labels]))
    for value in values:
        one = OneOf(name, (label_of(value),))
        if isinstance(value, str) and value not in known and not one.mask(batch, table).any():
            there = [one_line(label, 40) for label in known]
            hint = did_you_mean(value, there) or "."
            some = ", ".join(there[:8]) + (", …" if len(there) > 8 else "")
            rest = f" There are: {some}." if hint == "." else ""
            raise SelectionError(
                f"{one_line(name, 60)} is never {one_line(value, 60)}{hint}{rest}"
            )
    return made


def _between(name: str, value: tuple[Any, ...]) -> Between:
    if len(value) != 2 or not all(v is None or is_number(v) for v in value):
        raise SelectionError(
            f"{one_line(name, 60)} takes (from, to) with two numbers; use a list for labels."
        )
    lo = -np.inf if value[0] is None else float(value[0])
    hi = np.inf if value[1] is None else float(value[1])
    if lo > hi:
        raise SelectionError(
            f"{one_line(name, 60)} takes (from, to): the lower bound comes first, as in "
            f"({_short(hi)}, {_short(lo)})."
        )
    return Between(name, lo, hi)


def _reaches(batch: Batch, name: str) -> bool:
    return "." in name and name.partition(".")[0] in batch.columns


def from_json(batch: Batch, data: Iterable[Any]) -> tuple[Filter, ...]:
    """The filters that a view sends; what is no filter of this batch is left out."""
    found = (_read(batch, item) for item in data if isinstance(item, Mapping))
    return tuple(item for item in found if item is not None)


def _read(batch: Batch, item: Mapping[str, Any]) -> Filter | None:
    kind = item.get("kind")
    if kind == "values":
        return _values(batch, str(item.get("chart")), _texts(item.get("values")))
    if kind == "range":
        drawn = next((c for c in batch.distributions if c.id == item.get("chart")), None)
        ends = item.get("lo"), item.get("hi")
        if drawn is not None and any(map(is_number, ends)):
            return _range(drawn, *ends)
    if kind == "rule":
        return RejectedBy(_texts(item.get("rules")))
    if kind == "outcome":
        return Outcome(item.get("accepted") is True)
    if kind == "rows":
        return Among(_texts(item.get("ids")), one_line(str(item.get("label", "")), 60))
    if kind == "region":
        x, y = (_pair(item.get(axis)) for axis in ("x", "y"))
        return Region(x, y) if x is not None and y is not None else None
    return None


def _range(chart: Distribution, lo: Any, hi: Any) -> Between:
    """What is no number has no end; the last bar of an open axis has none either."""
    low = float(lo) if is_number(lo) else -np.inf
    high = float(hi) if is_number(hi) else np.inf
    last = chart.bars[-1] if chart.bars else None
    if last and last.label.endswith(OPEN) and high >= (last.hi or 0.0):
        high = np.inf
    return Between(chart.id, low, high)


def _values(batch: Batch, chart: str, labels: tuple[str, ...]) -> Filter | None:
    """Labels of bars; the bar of the rare ones stands for all that have no bar."""
    drawn = next((c for c in batch.distributions if c.id == chart and c.column), None)
    if drawn is None or drawn.column is None:
        return None
    table = columns_of(batch)
    found = table.labels(drawn.column).labels
    shown = [bar.label for bar in drawn.bars]
    last = shown[-1] if shown else ""
    if last in labels and last not in found and last.endswith(("other", "others")):
        rare = [name for name in found if one_line(name, 60) not in shown]
        labels = (*(name for name in labels if name != last), *rare)
    return OneOf(drawn.column, labels)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in value[:MOST]) if isinstance(value, list) else ()


def _pair(value: Any) -> tuple[float, float] | None:
    if not isinstance(value, list) or len(value) != 2 or not all(map(is_number, value)):
        return None
    return float(min(value)), float(max(value))
