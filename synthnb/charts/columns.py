"""The records of a batch as columns: what charts, filters and sorting compute on.

A million records are read once a column; after that everything is arrays.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from synthnb.recipe.parts import label
from synthnb.store import StoredRecords
from synthnb.visible import as_text

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.types import Record

__all__ = [
    "MISSING",
    "READ",
    "Bools",
    "Codes",
    "Columns",
    "Floats",
    "columns_of",
    "is_number",
    "label_of",
]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
T = TypeVar("T")

MISSING = object()
"""In place of a value that a record does not have, such as one whose answer failed."""
READ = 100_000
"""Rows of a stored run that charts and filters read."""
_LOCK = threading.RLock()
_MANY = 20_000
"""From so many values on, pandas finds the distinct ones faster than a dict."""


def is_number(value: Any) -> bool:
    """A finite int or float; booleans are none."""
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    )


def label_of(value: Any) -> str:
    """A value as the plan and the bars name it."""
    return label(value) if isinstance(value, str | int | float) else as_text(value)


class Codes:
    """A column of labels: the number of each row's label (−1 without one), and the labels."""

    __slots__ = ("codes", "labels")

    def __init__(self, codes: NDArray[np.intp], labels: list[str]) -> None:
        self.codes = codes
        self.labels = labels

    def counts(self, where: Bools) -> list[int]:
        """Rows of each label among those chosen."""
        chosen = self.codes[where & (self.codes >= 0)]
        return [int(n) for n in np.bincount(chosen, minlength=len(self.labels))]


class Columns:
    """Columns of records, each read on first use."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.size = len(records)
        self._values = list(map(attrgetter("values"), self.records))
        self._known: dict[tuple[str, str], Any] = {}
        self.accepted: Bools = np.fromiter(
            map(attrgetter("accepted"), self.records), np.bool_, self.size
        )

    def once(self, kind: str, name: str, make: Callable[[], T]) -> T:
        """What ``make`` returned the first time it was asked for under this name."""
        key = (kind, name)
        if key not in self._known:
            self._known[key] = make()
        found: T = self._known[key]
        return found

    def put(self, kind: str, name: str, value: Any) -> None:
        """Give ``once`` this value from now on."""
        self._known[kind, name] = value

    def values(self, name: str) -> list[Any]:
        """Each record's value, ``MISSING`` where it has none; ``a.b`` reaches into objects."""
        return self.once("values", name, lambda: self._read(name))

    def _read(self, name: str) -> list[Any]:
        try:
            return list(map(itemgetter(name), self._values))
        except KeyError:
            found = [values.get(name, MISSING) for values in self._values]
        head, dot, rest = name.partition(".")
        if dot and all(value is MISSING for value in found):
            return [_inside(values.get(head), rest) for values in self._values]
        return found

    def types(self, name: str) -> set[type]:
        """The types of a column's values; ``MISSING`` is an ``object``."""
        return self.once("types", name, lambda: set(map(type, self.values(name))))

    def labels(self, name: str) -> Codes:
        """A column's values as labels; ``None`` is the label ``–``."""
        return self.once("labels", name, lambda: self._factorize(name, label_of))

    def cut(self, name: str, length: int) -> Codes:
        """A column's values as labels of at most ``length`` characters: months, years."""
        return self.once(
            f"cut {length}", name, lambda: self._factorize(name, lambda v: as_text(v)[:length])
        )

    def _factorize(self, name: str, spell: Callable[[Any], str]) -> Codes:
        codes, distinct = _distinct(self.values(name), self.types(name))
        names: dict[str, int] = {}
        place = np.array(
            [
                -1 if value is MISSING else names.setdefault(spell(value), len(names))
                for value in distinct
            ]
            or [-1],
            dtype=np.intp,
        )
        return Codes(place[codes], list(names))

    def numbers(self, name: str) -> Floats:
        """A column's values as numbers, NaN for anything else."""
        return self.once("numbers", name, lambda: self._as_numbers(name))

    def _as_numbers(self, name: str) -> Floats:
        values = self.values(name)
        if self.types(name) <= {int, float}:
            found: Floats = np.fromiter(values, np.float64, self.size)
        else:
            found = np.fromiter(
                (v if is_number(v) else math.nan for v in values), np.float64, self.size
            )
        found[~np.isfinite(found)] = math.nan
        return found

    def lengths(self, name: str) -> Floats:
        """Characters of a column's texts, NaN where there is none."""
        return self.once("lengths", name, lambda: self._as_lengths(name))

    def _as_lengths(self, name: str) -> Floats:
        values = self.values(name)
        if self.types(name) == {str}:
            found: Floats = np.fromiter(map(len, values), np.float64, self.size)
        else:
            found = np.fromiter(
                (len(v) if isinstance(v, str) else math.nan for v in values),
                np.float64,
                self.size,
            )
        found[found == 0] = math.nan
        return found

    def repeats(self, name: str) -> Bools:
        """Accepted rows whose text another accepted row has too."""
        return self.once("repeats", name, lambda: self._find_repeats(name))

    def _find_repeats(self, name: str) -> Bools:
        values = self.values(name)
        spelled = values if self.types(name) == {str} else map(str, values)
        hashes = np.fromiter(map(hash, spelled), np.int64, self.size)
        chosen = np.flatnonzero(self.accepted)
        order = chosen[np.argsort(hashes[chosen])]
        same = hashes[order[1:]] == hashes[order[:-1]]
        found = np.zeros(self.size, np.bool_)
        found[order[1:][same]] = True
        found[order[:-1][same]] = True
        return found

    def scores(self, rule: str) -> Floats:
        """What a check measured of each record, NaN where it did not."""
        return self.once("scores", rule, lambda: self._measured(rule))

    def _measured(self, rule: str) -> Floats:
        found = np.full(self.size, math.nan)
        for i, record in enumerate(self.records):
            for check in (*record.checks, *record.reasons):
                if check.rule == rule and is_number(check.value):
                    found[i] = check.value
        return found

    @property
    def rules(self) -> Codes:
        """The rule that rejected each record; accepted ones have none."""
        return self.once("rules", "", self._first_rules)

    def _first_rules(self) -> Codes:
        names: dict[str, int] = {}
        codes = np.full(self.size, -1, np.intp)
        for i in np.flatnonzero(~self.accepted).tolist():
            reasons = self.records[i].reasons
            rule = reasons[0].rule if reasons else "rejected"
            codes[i] = names.setdefault(rule, len(names))
        return Codes(codes, list(names))


def columns_of(batch: Batch) -> Columns:
    """The columns of a batch as people decided by now; made once for each decision.

    A long run is read from the store at most once, its first ``READ`` rows, without the
    calls behind them.
    """
    changes = batch.decisions.changes
    with _LOCK:
        found: tuple[int, Columns] | None = batch.__dict__.get("_columns")
        if found is None or found[0] != changes:
            found = changes, Columns(_held(batch.records))
            batch.__dict__["_columns"] = found
    return found[1]


def _held(records: Sequence[Record]) -> Sequence[Record]:
    if isinstance(getattr(records, "raw", None), StoredRecords):
        return [
            replace(record, calls=(), hidden={}, source=None)
            for record in islice(records, READ)
        ]
    return list(records)


def _inside(value: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            return MISSING
        value = value[key]
    return value


def _distinct(values: list[Any], types: set[type]) -> tuple[NDArray[np.intp], list[Any]]:
    """The place of each value among the distinct ones, in order of appearance."""
    if types <= {str, object} and len(values) >= _MANY:
        import pandas as pd

        held = np.empty(len(values), dtype=object)
        held[:] = values
        codes, distinct = pd.factorize(held)
        return np.asarray(codes, np.intp), list(distinct)
    # True and 1 are equal, and objects have no hash: such values go by their spelling.
    plain = bool not in types and types <= {str, int, float, type(None), object}
    keys = values if plain else [v if v is MISSING else _spelled(v) for v in values]
    known: dict[Any, int] = {}
    found: list[Any] = []
    codes = np.empty(len(values), np.intp)
    for i, key in enumerate(keys):
        place = known.get(key)
        if place is None:
            place = known[key] = len(found)
            found.append(values[i])
        codes[i] = place
    return codes, found


def _spelled(value: Any) -> str:
    return f"{type(value).__name__}:{as_text(value)}"
