"""The records of a batch as columns: what charts, filters and sorting compute on.

A million records are read once a column; after that everything is arrays. Those of a run
that lies in the store are read by ``stored``.
"""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import compress
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from synthnb.decisions import DecidedRecords, row_id
from synthnb.recipe.parts import label
from synthnb.store import StoredRecords
from synthnb.visible import as_text

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.types import Record, Row

__all__ = [
    "MISSING",
    "SOME",
    "UNSAID",
    "Bools",
    "Codes",
    "Columns",
    "Floats",
    "columns_of",
    "is_number",
    "label_of",
    "read",
    "said",
]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
T = TypeVar("T")

MISSING = object()
"""In place of a value that a record does not have, such as one whose answer failed."""
UNSAID = "rejected"
"""The rule of a rejected record that gives no reason."""
SOME = 200
"""Labels of a column that may have a bar each; one of more is not charted by label."""
_LOOKED = 5000
"""Values looked at first, to see that there are more."""
_STEP = 8192
"""Rows whose values are read at a time."""
_MOST = sys.float_info.max


def is_number(value: Any) -> bool:
    """A finite int or float, no larger than a float can be; booleans are none."""
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MOST
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

    def __init__(
        self,
        records: Sequence[Record],
        values: Sequence[Row] | None = None,
        accepted: Bools | None = None,
    ) -> None:
        """Columns of records; whose values and outcomes are known gives these as well."""
        self.records = records
        self._known: dict[tuple[str, str], Any] = {}
        self.size = len(records) if accepted is None else len(accepted)
        self._values = list(map(attrgetter("values"), records)) if values is None else values
        if accepted is None:
            accepted = np.fromiter(map(attrgetter("accepted"), records), np.bool_, self.size)
        self.accepted: Bools = accepted

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

    def at(self, places: Sequence[int] | NDArray[np.intp]) -> list[Record]:
        """The records at some places."""
        return [self.records[place] for place in places]

    def places(self, ids: Collection[str]) -> list[int]:
        """Where the rows of these ids are, in order: copies of a real row share an id."""
        known: list[str] = self.once("ids", "", lambda: list(map(row_id, self.records)))
        return list(compress(range(self.size), map(frozenset(ids).__contains__, known)))

    def pick(self, name: str, places: Sequence[int] | NDArray[np.intp]) -> list[Any]:
        """A column's values at some places."""
        values = self.values(name)
        return [values[place] for place in places]

    def texts(self) -> Iterator[str]:
        """What a search looks at in each record."""
        return (said(r.values, ((w.rule, w.message) for w in r.reasons)) for r in self.records)

    def values(self, name: str) -> list[Any]:
        """Each record's value, ``MISSING`` where it has none; ``a.b`` reaches into objects."""
        return self.once("values", name, lambda: self._read(name))

    def _read(self, name: str) -> list[Any]:
        """Values, and along with them their types and lengths: a step's values are still
        near the processor then."""
        found: list[Any] = []
        types: set[type] = set()
        lengths = np.full(self.size, math.nan)
        for start in range(0, self.size, _STEP):
            part = read(self._values[start : start + _STEP], name)
            kinds = set(map(type, part))
            if str in kinds:
                lengths[start : start + len(part)] = _lengths(part, kinds)
            types |= kinds
            found += part
        self.put("types", name, types)
        self.put("lengths", name, lengths)
        return found

    def types(self, name: str) -> set[type]:
        """The types of a column's values; ``MISSING`` is an ``object``."""
        return self.once("types", name, lambda: self._as_types(name))

    def _as_types(self, name: str) -> set[type]:
        values = self.values(name)
        known: set[type] | None = self._known.get(("types", name))
        return set(map(type, values)) if known is None else known

    def labels(self, name: str) -> Codes:
        """A column's values as labels; ``None`` is the label ``–``."""
        return self.once("labels", name, lambda: self._factorize(name, None))

    def few(self, name: str) -> Codes | None:
        """The labels of a column that has at most ``SOME``."""
        head = self.values(name)[:_LOOKED]
        if len(set(map(label_of, head))) > SOME:
            return None
        found = self.labels(name)
        return found if len(found.labels) <= SOME else None

    def cut(self, name: str, length: int) -> Codes:
        """A column's values as labels of at most ``length`` characters: months, years."""
        return self.once(f"cut {length}", name, lambda: self._factorize(name, length))

    def _factorize(self, name: str, cut: int | None) -> Codes:
        spell = label_of if cut is None else (lambda value: as_text(value)[:cut])
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
        if self.types(name) == {float}:
            found: Floats = np.fromiter(values, np.float64, self.size)
            found[~np.isfinite(found)] = math.nan
            return found
        known = (v if is_number(v) else math.nan for v in values)
        return np.fromiter(known, np.float64, self.size)

    def lengths(self, name: str) -> Floats:
        """Characters of a column's texts, NaN where there is none."""
        return self.once("lengths", name, lambda: self._as_lengths(name))

    def _as_lengths(self, name: str) -> Floats:
        values = self.values(name)
        known: Floats | None = self._known.get(("lengths", name))
        return _lengths(values, self.types(name)) if known is None else known

    def hashes(self, name: str) -> NDArray[np.int64]:
        """A number for each value's text: the same in this process for the same text."""
        return self.once("hashes", name, lambda: self._hashed(name))

    def _hashed(self, name: str) -> NDArray[np.int64]:
        values = self.values(name)
        spelled = values if self.types(name) == {str} else map(str, values)
        return np.fromiter(map(hash, spelled), np.int64, self.size)

    def repeats(self, name: str) -> Bools:
        """Accepted rows whose text another accepted row has too."""
        return self.once("repeats", name, lambda: self._find_repeats(name))

    def _find_repeats(self, name: str) -> Bools:
        hashes = self.hashes(name)
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
    def lost(self) -> Floats:
        """What the rule that rejected each record measured, NaN where it measured nothing."""
        return self.once("lost", "", self._lost)

    def _lost(self) -> Floats:
        found = np.full(self.size, math.nan)
        for i in np.flatnonzero(~self.accepted).tolist():
            reasons = self.records[i].reasons
            if reasons and is_number(reasons[0].value):
                found[i] = reasons[0].value
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
            rule = reasons[0].rule if reasons else UNSAID
            codes[i] = names.setdefault(rule, len(names))
        return Codes(codes, list(names))


def columns_of(batch: Batch) -> Columns:
    """The columns of a batch as people decided by now; made once for each decision.

    A run that lies in the store is read once, and not again for a decision.
    """
    from synthnb.charts.stored import decided, read_columns

    records = batch.records
    assert isinstance(records, DecidedRecords)
    changes = batch.decisions.changes
    # One lock a batch: reading a long run must not hold up the view of another batch.
    with batch.__dict__.setdefault("_reading", threading.RLock()):
        found: tuple[int, Columns] | None = batch.__dict__.get("_columns")
        if found is not None and found[0] == changes:
            return found[1]
        if isinstance(records.raw, StoredRecords):
            made = decided(read_columns(records.raw, batch.recipe), records)
        else:
            made = Columns(list(records) if records.decisions else records.raw)
        batch.__dict__["_columns"] = changes, made
    return made


def said(values: Mapping[str, Any], reasons: Iterable[tuple[str, str]]) -> str:
    """All that a search looks at in one record, in lower case."""
    parts = [as_text(value) for value in values.values()]
    parts += [f"{rule} {message}" for rule, message in reasons]
    return "\n".join(parts).lower()


def read(rows: Sequence[Row], name: str) -> list[Any]:
    """A column's value of each row, ``MISSING`` without one; ``a.b`` reaches into objects."""
    try:
        return list(map(itemgetter(name), rows))
    except KeyError:
        found = [values.get(name, MISSING) for values in rows]
    head, dot, rest = name.partition(".")
    if dot and all(value is MISSING for value in found):
        return [_inside(values.get(head), rest) for values in rows]
    return found


def _lengths(values: Sequence[Any], types: set[type]) -> Floats:
    if types == {str}:
        found: Floats = np.fromiter(map(len, values), np.float64, len(values))
    else:
        known = (len(v) if isinstance(v, str) else math.nan for v in values)
        found = np.fromiter(known, np.float64, len(values))
    found[found == 0] = math.nan
    return found


def _inside(value: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            return MISSING
        value = value[key]
    return value


def _distinct(values: list[Any], types: set[type]) -> tuple[NDArray[np.intp], list[Any]]:
    """The place of each value among the distinct ones, in order of appearance."""
    # True and 1 are equal, and objects have no hash: such values go by their spelling.
    plain = bool not in types and types <= {str, int, float, type(None), object}
    keys = values if plain else [v if v is MISSING else _spelled(v) for v in values]
    known = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    codes = np.fromiter(map(known.__getitem__, keys), np.intp, len(keys))
    if plain:
        return codes, list(known)
    first = dict(zip(keys[::-1], values[::-1], strict=True))
    return codes, [first[key] for key in known]


def _spelled(value: Any) -> str:
    return f"{type(value).__name__}:{as_text(value)}"
