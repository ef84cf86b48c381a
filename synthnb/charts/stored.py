"""The columns of a run that lies in the store: all its rows are counted, none is held.

One look at the rows fills arrays; texts are read again when somebody asks for them. What
people decide is laid over the arrays, so a decision costs no second look.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthnb.charts.columns import (
    MISSING,
    SOME,
    UNSAID,
    Codes,
    Columns,
    Floats,
    is_number,
    read,
    said,
)
from synthnb.charts.summary import keep_gathered, take_kept
from synthnb.store import id_marks, row_id

if TYPE_CHECKING:
    from synthnb.decisions import DecidedRecords
    from synthnb.recipe import Recipe
    from synthnb.store import StoredRecords
    from synthnb.types import Record

__all__ = ["Gathered", "decided", "read_columns", "take_columns"]

Places = Iterable[int] | NDArray[np.intp]
TOGETHER = 1000
"""Rows that are taken in one step."""
MONTH = 7
"""Characters of a date that tell its month."""


def read_columns(records: StoredRecords, recipe: Recipe) -> Columns:
    """The columns of all rows of a stored run, as the run made them."""
    known = records.columns_read
    if isinstance(known, Columns):
        return known
    gathered, seen = Gathered(recipe), records.seen()
    if take_kept(records, gathered):
        made = records.columns_read = _Stored(records, gathered)
        return made
    for rows in records.peek():
        gathered.add(rows)
    made = records.columns_read = _Stored(records, gathered)
    keep_gathered(records, seen, gathered)
    return made


def take_columns(records: StoredRecords, gathered: Gathered) -> None:
    """Use what was gathered during the run, unless the store has other rows."""
    gathered.put_in_order()
    seen = records.seen()
    if gathered.filled == len(records):
        records.columns_read = _Stored(records, gathered)
        keep_gathered(records, seen, gathered)


def _picked(table: Columns, name: str, places: Places) -> list[Any]:
    """A column's values at some places; few records are held at a time."""
    found: list[Any] = []
    wanted = iter(places)
    while part := list(islice(wanted, TOGETHER)):
        found += read([record.values for record in table.at(part)], name)
    return found


def decided(raw: Columns, records: DecidedRecords) -> Columns:
    """The columns with what people decided by now; themselves where nothing was."""
    changed = records.changed
    return _Decided(raw, records, changed) if changed else raw


def _lasting(values: Sequence[Any]) -> NDArray[np.int64]:
    """A number for each value's text, the same in every process: Python's own is not."""
    none = "\ud800"  # half a character, which no stored text has
    texts = (none if value is MISSING else str(value) for value in values)
    codes = (blake2b(t.encode("utf-8", "surrogatepass"), digest_size=8).digest() for t in texts)
    return np.frombuffer(b"".join(codes), "<i8").astype(np.int64)


NOTHING = _lasting([MISSING])[0]


class _Part(Columns):
    """Some thousand rows as the store has them."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.rows = rows
        accepted = np.fromiter(("r" not in row for row in rows), np.bool_, len(rows))
        super().__init__((), [row["v"] for row in rows], accepted)

    @property
    def names(self) -> set[str]:
        """The columns of these rows."""
        return set().union(*self._values)

    def _hashed(self, name: str) -> NDArray[np.int64]:
        return _lasting(self.values(name))

    def measured(self) -> dict[str, tuple[list[int], list[float]]]:
        """What each rule measured, and of which rows."""
        found: dict[str, tuple[list[int], list[float]]] = {}
        for kind in ("k", "r"):  # a reason counts after the check that gave it
            for place, row in enumerate(self.rows):
                for rule, value, *_ in row.get(kind, ()):
                    if value is not None and is_number(value):
                        places, values = found.setdefault(rule, ([], []))
                        places.append(place)
                        values.append(value)
        return found

    def first_reasons(self) -> Iterator[tuple[int, str, Any]]:
        """Place, rule and value of the first reason of each rejected row."""
        for place in np.flatnonzero(~self.accepted).tolist():
            reasons = self.rows[place]["r"]
            rule, value = reasons[0][:2] if reasons else (UNSAID, None)
            yield place, rule, value


class Gathered:
    """Arrays that fill up, one part of the rows after another."""

    def __init__(self, recipe: Recipe) -> None:
        self.types: dict[str, set[type]] = {}
        self.arrays: dict[tuple[str, str], NDArray[Any]] = {}
        self.labels: dict[tuple[str, str], dict[str, int]] = {}
        self.filled = 0
        self._room = 0
        self._empty: dict[tuple[str, str], Any] = {}
        self._many: set[tuple[str, str]] = set()
        self._waiting: list[tuple[int, Record]] = []
        self._places = array("q")
        self._main = recipe.main
        self._dated = {n for n, c in recipe.columns.items() if c.kind == "datetime"}
        self.about = [self._main, *sorted(self._dated)]
        """What of the recipe decides what is gathered."""

    def hear(self, place: int, record: Record) -> None:
        """Take a row as the run decides it; its place in the run is where it belongs."""
        self._waiting.append((place, record))
        if len(self._waiting) >= TOGETHER:
            self._take_waiting()

    def _take_waiting(self) -> None:
        self._places.extend(place for place, _ in self._waiting)
        self.add([_as_stored(record) for _, record in self._waiting])
        self._waiting = []

    def put_in_order(self) -> None:
        """Bring rows that came as they were done into the order of the run."""
        if self._waiting:
            self._take_waiting()
        order = np.argsort(np.array(self._places, np.int64), kind="stable")
        self._places = array("q", sorted(self._places))
        for key, found in self.arrays.items():
            self.arrays[key] = found[: self.filled][order]
        for key, labels in self.labels.items():
            self.arrays[key], self.labels[key] = _by_appearance(self.arrays[key], labels)

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take the next rows."""
        part = _Part(rows)
        self._make_room(part.size)
        for name in part.names - self.types.keys():
            self.types[name] = {object} if self.filled else set()
        for name in self.types:
            self._add_column(part, name)
        self._put("accepted", "", part.accepted, False)
        self._put("ids", "", id_marks(rows), 0)
        for rule, (places, values) in part.measured().items():
            scores = self._array("scores", rule, np.float64, math.nan)
            scores[np.add(places, self.filled)] = values
        self._add_reasons(part)
        self.filled += part.size

    def _add_column(self, part: _Part, name: str) -> None:
        types = part.types(name)
        self.types[name] |= types
        if types & {int, float}:
            self._put("numbers", name, part.numbers(name), math.nan)
        if str in types:
            self._put("lengths", name, part.lengths(name), math.nan)
        if name == self._main:
            self._put("hashes", name, part.hashes(name), NOTHING)
        if ("labels", name) not in self._many:
            self._add_labels("labels", name, part.labels(name))
        if name in self._dated:
            self._add_labels(f"cut {MONTH}", name, part.cut(name, MONTH))

    def _add_labels(self, kind: str, name: str, found: Codes) -> None:
        """Labels by number; those of a text are too many to be kept apart."""
        known = self.labels.setdefault((kind, name), {})
        place = [known.setdefault(label, len(known)) for label in found.labels]
        if kind == "labels" and len(known) > SOME:
            self._many.add((kind, name))
            del self.labels[kind, name]
            self.arrays.pop((kind, name), None)
        else:
            codes = np.array([*place, -1], np.int32)[found.codes]
            self._put(kind, name, codes, -1)

    def _add_reasons(self, part: _Part) -> None:
        known = self.labels.setdefault(("rules", ""), {})
        rules = self._array("rules", "", np.int32, -1)
        lost = self._array("lost", "", np.float64, math.nan)
        for place, rule, value in part.first_reasons():
            rules[place + self.filled] = known.setdefault(rule, len(known))
            if is_number(value):
                lost[place + self.filled] = value

    def _put(self, kind: str, name: str, values: NDArray[Any], empty: Any) -> None:
        target = self._array(kind, name, values.dtype, empty)
        target[self.filled : self.filled + len(values)] = values

    def _array(self, kind: str, name: str, held: Any, empty: Any) -> NDArray[Any]:
        found = self.arrays.get((kind, name))
        if found is None:
            self._empty[kind, name] = empty
            found = self.arrays[kind, name] = np.full(self._room, empty, held)
        return found

    def _make_room(self, more: int) -> None:
        if self.filled + more <= self._room:
            return
        grown = max(more, self._room // 2)
        self._room += grown
        for key, found in self.arrays.items():
            rest = np.full(grown, self._empty[key], found.dtype)
            self.arrays[key] = np.concatenate((found, rest))


def _as_stored(record: Record) -> dict[str, Any]:
    """What charts read of a record, as the store has it."""
    row: dict[str, Any] = {
        "i": record.index,
        "d": row_id(record),
        "v": record.values,
        "k": [(check.rule, check.value) for check in record.checks],
    }
    if not record.accepted:
        row["r"] = [(reason.rule, reason.value) for reason in record.reasons]
    return row


def _by_appearance(
    codes: NDArray[Any], labels: dict[str, int]
) -> tuple[NDArray[Any], dict[str, int]]:
    """Labels numbered in the order in which rows have them."""
    first = np.full(len(labels) + 1, len(codes))
    first[codes[::-1]] = np.arange(len(codes))[::-1]  # the last one written is the first row
    order = np.argsort(first[:-1], kind="stable")
    names = list(labels)
    place = np.append(np.argsort(order), -1).astype(codes.dtype)
    return place[codes], {names[code]: i for i, code in enumerate(order.tolist())}


class _Stored(Columns):
    """The columns of all rows of a stored run; texts are read as they are asked for."""

    def __init__(self, records: StoredRecords, gathered: Gathered) -> None:
        arrays = {key: found[: gathered.filled] for key, found in gathered.arrays.items()}
        accepted = arrays.pop(("accepted", ""), np.zeros(0, np.bool_))
        records.mark(arrays.pop(("ids", ""), np.zeros(0, np.uint32)), accepted)
        super().__init__(records, (), accepted)
        self._raw = records
        self._types = gathered.types
        for name, types in gathered.types.items():
            self.put("types", name, types)
        for (kind, name), found in arrays.items():
            labels = gathered.labels.get((kind, name))
            self.put(kind, name, found if labels is None else Codes(found, list(labels)))

    def at(self, places: Places) -> list[Record]:
        return self._raw.at(places)

    def places(self, ids: Collection[str]) -> list[int]:
        return self._raw.places(ids)

    def pick(self, name: str, places: Places) -> list[Any]:
        return _picked(self, name, places)

    def texts(self) -> Iterator[str]:
        for rows in self._raw.peek():
            for row in rows:
                yield said(row["v"], ((why[0], why[2]) for why in row.get("r", ())))

    def values(self, name: str) -> list[Any]:
        """Each row's value, read from the store; nothing is kept."""
        found: list[Any] = []
        for rows in self._raw.peek():
            found += read([row["v"] for row in rows], name)
        return found

    def _hashed(self, name: str) -> NDArray[np.int64]:
        return _lasting(self.values(name))

    def few(self, name: str) -> Codes | None:
        if ("labels", name) in self._known or name not in self._types:
            return super().few(name)
        return None

    # What a look at all rows found no number of has none.

    def _as_numbers(self, name: str) -> Floats:
        return self._none() if name in self._types else super()._as_numbers(name)

    def _as_lengths(self, name: str) -> Floats:
        return self._none() if name in self._types else super()._as_lengths(name)

    def _measured(self, rule: str) -> Floats:
        return self._none()

    def _none(self) -> Floats:
        return np.full(self.size, math.nan)


class _Decided(Columns):
    """Columns with what people decided on some rows laid over them."""

    def __init__(
        self, raw: Columns, records: DecidedRecords, changed: Mapping[int, Record]
    ) -> None:
        self._under = raw
        self._over = Columns(list(changed.values()))
        self._where = np.fromiter(changed, np.intp, len(changed))
        self._decided = records
        super().__init__(records, (), self._laid(raw.accepted, self._over.accepted))

    def _laid(self, under: NDArray[Any], over: NDArray[Any]) -> NDArray[Any]:
        found = under.copy()
        found[self._where] = over
        return found

    def _codes(self, under: Codes, over: Codes) -> Codes:
        known = {label: place for place, label in enumerate(under.labels)}
        place = [known.setdefault(label, len(known)) for label in over.labels]
        return Codes(self._laid(under.codes, np.array([*place, -1])[over.codes]), list(known))

    def at(self, places: Places) -> list[Record]:
        return self._decided.at(places)

    def places(self, ids: Collection[str]) -> list[int]:
        return self._under.places(ids)

    def pick(self, name: str, places: Places) -> list[Any]:
        return _picked(self, name, places)

    def texts(self) -> Iterator[str]:
        over = dict(zip(self._where.tolist(), self._over.texts(), strict=True))
        return (over.get(place, text) for place, text in enumerate(self._under.texts()))

    def values(self, name: str) -> list[Any]:
        found = self._under.values(name)
        for place, value in zip(self._where.tolist(), self._over.values(name), strict=True):
            found[place] = value
        return found

    def types(self, name: str) -> set[type]:
        return self._under.types(name) | self._over.types(name)

    def few(self, name: str) -> Codes | None:
        return None if self._under.few(name) is None else self.labels(name)

    def _factorize(self, name: str, cut: int | None) -> Codes:
        under = self._under.labels(name) if cut is None else self._under.cut(name, cut)
        over = self._over.labels(name) if cut is None else self._over.cut(name, cut)
        return self._codes(under, over)

    def _as_numbers(self, name: str) -> Floats:
        return self._laid(self._under.numbers(name), self._over.numbers(name))

    def _as_lengths(self, name: str) -> Floats:
        return self._laid(self._under.lengths(name), self._over.lengths(name))

    def _hashed(self, name: str) -> NDArray[np.int64]:
        return self._laid(self._under.hashes(name), _lasting(self._over.values(name)))

    def _measured(self, rule: str) -> Floats:
        return self._laid(self._under.scores(rule), self._over.scores(rule))

    def _lost(self) -> Floats:
        return self._laid(self._under.lost, self._over.lost)

    def _first_rules(self) -> Codes:
        return self._codes(self._under.rules, self._over.rules)
