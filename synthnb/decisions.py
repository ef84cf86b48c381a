"""What people decide about rows: keep, drop, edit, tag, rank. Applied wherever rows are read.

A run's own rows are never changed: decisions are kept beside them in the store, under the
run that first made the rows, and can be taken back.
"""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, cast, overload

import orjson

from synthnb.edits import edited
from synthnb.errors import StoreError
from synthnb.store.rows import StoredRecords, row_id
from synthnb.types import JSON, Reason, Record, Row
from synthnb.unwritten import DecisionError, lacking, refusal, written

if TYPE_CHECKING:
    from synthnb.recipe import CheckSpec, Recipe
    from synthnb.store import Store

__all__ = ["DROPPED", "DecidedRecords", "Decisions", "Outcome", "decisions_of", "row_id"]

Outcome = Literal["keep", "drop"]
DROPPED = "dropped"
"""The rule of a row that a person dropped."""
KEPT = "kept"
"""The check of a rejected row that a person kept all the same."""
REST = 1.0
"""Seconds in which the store is not asked again what others decided."""
RANKED = "rank"
"""The check that holds how people ranked a row's candidates."""


class Decisions:
    """Decisions on the rows of one run, shared by all its batches in this process.

    ``store`` opens the store on first use; without one, decisions live as long as this
    object. Safe to use from any thread.

    >>> decisions = Decisions("")
    >>> decisions.decide("r1", "drop")
    >>> decisions.apply(Record(0, {"text": "Hi."}, id="r1")).accepted
    False
    """

    def __init__(self, scope: str, store: Callable[[], Store] | None = None) -> None:
        self.scope = scope
        self.changes = 0
        """Grows with every decision: what was computed before is stale."""
        self.notice = ""
        """Why decisions are not kept on disk; empty if they are."""
        self._open = store
        self._lock = threading.RLock()
        self._loaded = False
        self._outcomes: dict[str, Outcome] = {}
        self._edits: dict[str, Row] = {}
        self._tags: dict[str, list[JSON]] = {}
        self._ranks: dict[str, Row] = {}
        self._order: dict[tuple[str, str], None] = {}
        self._looked = 0.0
        self._readers: list[weakref.ref[DecidedRecords]] = []

    def __bool__(self) -> bool:
        self._load()
        return bool(self._outcomes or self._edits or self._ranks)

    def outcome(self, row: str) -> Outcome | None:
        """What was decided about a row, ``None`` if nothing was."""
        self._load()
        return self._outcomes.get(row)

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """All rows kept or dropped by a person."""
        self._load()
        with self._lock:
            return dict(self._outcomes)

    @property
    def rows(self) -> set[str]:
        """All rows that were kept, dropped, edited or ranked."""
        self._load()
        with self._lock:
            return {*self._outcomes, *self._edits, *self._ranks}

    def decide(self, row: str, outcome: Outcome | None) -> None:
        """Keep or drop a row; ``None`` takes the decision back.

        Raises ``DecisionError`` where a row to keep lacks a value that the recipe writes: its
        answer was cut off, say. ``edit`` can give it one.
        """
        if outcome not in ("keep", "drop", None):
            raise ValueError(f"outcome must be keep, drop or None, got {outcome!r}")
        if outcome == "keep":
            reader = next(filter(None, (ref() for ref in reversed(self._readers))), None)
            if reader is not None:
                reader.refuse_unwritten(row)
        self._put(row, "outcome", outcome)

    def edit(self, row: str, values: Row | None) -> None:
        """Give some columns of a row other values; ``None`` takes the edit back."""
        self._put(row, "edit", values)

    def edited(self, row: str) -> Row | None:
        """The columns that a person gave other values, ``None`` if none."""
        self._load()
        return self._edits.get(row)

    def tag(self, row: str, tags: Sequence[str]) -> None:
        """Give a row tags of one's own, in place of those it had; none takes them away."""
        each = (str(tag).strip() for tag in ([tags] if isinstance(tags, str) else tags))
        told = list(dict.fromkeys(tag for tag in each if tag))
        self._put(row, "tags", cast(JSON, told) or None)

    def tags(self, row: str) -> list[str]:
        """The row's tags."""
        self._load()
        return [str(tag) for tag in self._tags.get(row, ())]

    def rank(self, row: str, value: Row | None) -> None:
        """How people ranked a row's candidates, as the check ``rank`` would say it."""
        if self._ranks.get(row) != value:
            self._put(row, "rank", value)

    @property
    def history(self) -> list[tuple[str, str]]:
        """Row and kind (``outcome``, ``edit``, ``tags``) of every decision, newest last."""
        self._load()
        with self._lock:
            return [(row, kind) for row, kind in self._order if kind != "rank"]

    def refresh(self) -> None:
        """Take in what others, in another process, decided on the same rows since."""
        if not self._loaded or time.monotonic() - self._looked < REST:
            return
        with self._lock:
            store = self._store()
            if store is None:
                return
            before = self._outcomes, self._edits, self._tags, self._ranks
            with contextlib.suppress(StoreError):  # what is known stays
                self._read(store.decisions(self.scope))
            self._looked = time.monotonic()
            if before != (self._outcomes, self._edits, self._tags, self._ranks):
                self.changes += 1

    @property
    def tagged(self) -> dict[str, list[str]]:
        """All rows with tags."""
        self._load()
        with self._lock:
            return {row: self.tags(row) for row in self._tags}

    def read_by(self, records: DecidedRecords) -> None:
        """These records are read through the decisions, and say which rows may be kept."""
        alive = [ref for ref in self._readers if ref() is not None]
        self._readers = [*alive, weakref.ref(records)]

    def apply(
        self, record: Record, written: tuple[str, ...] = (), specs: Sequence[CheckSpec] = ()
    ) -> Record:
        """The record as decided; itself where nothing was.

        ``written`` are the columns without which no row is accepted; an edit may add them.
        ``specs`` are the recipe's checks: some are measured again on an edited row.
        """
        self._load()
        row = row_id(record)
        outcome, edit = self._outcomes.get(row), self._edits.get(row)
        rank = self._ranks.get(row)
        if edit:
            known = {*record.values, *written}
            record = edited(record, {n: v for n, v in edit.items() if n in known}, specs)
        if rank is not None:
            said = Reason(RANKED, rank, "ranked by people", passed=True)
            record = replace(record, checks=(*record.checks, said))
        if outcome == "keep" and not record.accepted:
            if lacking(record, written):
                return record
            why = record.reasons[0].rule if record.reasons else "rejected"
            note = Reason(KEPT, None, f"restored by hand, was rejected by {why}", passed=True)
            return replace(record, accepted=True, checks=(*record.checks, note))
        if outcome == "drop" and record.accepted:
            dropped = Reason(DROPPED, None, "dropped by hand")
            return replace(record, accepted=False, reasons=(dropped,))
        return record

    def _put(self, row: str, kind: str, value: JSON) -> None:
        if kind == "edit" and value is not None and not isinstance(value, dict):
            raise ValueError("an edit is a map such as {'text': 'new words'}")
        try:
            orjson.dumps(value)
        except TypeError as error:  # before anything is changed: what is told must be kept
            raise ValueError(f"a decision holds JSON values only: {error}") from None
        self._load()
        with self._lock:
            known = {
                "outcome": cast("dict[str, JSON]", self._outcomes),
                "edit": cast("dict[str, JSON]", self._edits),
                "tags": cast("dict[str, JSON]", self._tags),
                "rank": cast("dict[str, JSON]", self._ranks),
            }[kind]
            known.pop(row, None)
            self._order.pop((row, kind), None)
            if value is not None:
                known[row] = value
                self._order[row, kind] = None
            self.changes += 1
            store = self._store()
            if store is not None:
                try:
                    store.decide(self.scope, row, kind, value)
                except StoreError as error:
                    self.notice = f"{error} Decisions are kept until this process ends."

    def _store(self) -> Store | None:
        if self._open is None or self.notice:
            return None
        try:
            return self._open()
        except StoreError as error:
            self.notice = f"{error} Decisions are kept until this process ends."
            return None

    def _load(self) -> None:
        with self._lock:
            if self._loaded:
                return
            store = self._store()
            try:
                self._read(store.decisions(self.scope) if store is not None else ())
            except StoreError as error:
                self.notice = f"{error} Decisions are kept until this process ends."
            self._loaded = True
            self._looked = time.monotonic()

    def _read(self, told: Iterable[Mapping[str, JSON]]) -> None:
        """Decisions as the store has them, the oldest first, in place of those known."""
        outcomes: dict[str, Outcome] = {}
        edits: dict[str, Row] = {}
        ranks: dict[str, Row] = {}
        tags: dict[str, list[JSON]] = {}
        order: dict[tuple[str, str], None] = {}
        for found in told:
            row, kind, value = str(found["row"]), str(found["kind"]), found["value"]
            if kind == "outcome" and value in ("keep", "drop"):
                outcomes[row] = cast("Outcome", value)
            elif kind in ("edit", "rank") and isinstance(value, dict):
                (edits if kind == "edit" else ranks)[row] = value
            elif kind == "tags" and isinstance(value, list):
                tags[row] = value
            else:
                continue
            order[row, kind] = None
        self._outcomes, self._edits, self._ranks, self._tags = outcomes, edits, ranks, tags
        self._order = order


class DecidedRecords(Sequence[Record]):
    """The records of a run with people's decisions applied as they are read."""

    def __init__(
        self, raw: Sequence[Record], decisions: Decisions, recipe: Recipe | None = None
    ) -> None:
        self.raw = raw
        """The records as the run made them."""
        self.decisions = decisions
        self._recipe = recipe
        self._written = written(recipe) if recipe is not None else ()
        self._specs = recipe.checks if recipe is not None else ()
        self._accepted: tuple[int, Sequence[Record]] | None = None
        decisions.read_by(self)

    def __len__(self) -> int:
        return len(self.raw)

    def __iter__(self) -> Iterator[Record]:
        return map(self.decided, self.raw) if self.decisions else iter(self.raw)

    @overload
    def __getitem__(self, item: int) -> Record: ...
    @overload
    def __getitem__(self, item: slice) -> Sequence[Record]: ...
    def __getitem__(self, item: int | slice) -> Record | Sequence[Record]:
        if isinstance(item, slice):
            part = self.raw[item]
            return [self.decided(r) for r in part] if self.decisions else part
        return self.decided(self.raw[item])

    def decided(self, record: Record) -> Record:
        """One of the raw records as decided by now."""
        return self.decisions.apply(record, self._written, self._specs)

    def unwritten(self, record: Record) -> list[str]:
        """Columns that the run failed to write for one of the raw records."""
        return [] if record.accepted else lacking(record, self._written)

    def refuse_unwritten(self, row: str) -> None:
        """Raise ``DecisionError`` where a rejected row has no value in a written column."""
        for record in self._of(row):
            missing = lacking(self.decided(record), self._written)
            if self._recipe is not None and missing and not record.accepted:
                raise DecisionError(refusal(self._recipe, record, missing[0], row))

    def _of(self, row: str) -> Iterable[Record]:
        """The raw records of that id: copies of a real row share one."""
        if isinstance(self.raw, StoredRecords):
            return self.raw.at(self.raw.places([row]))
        return (record for record in self.raw if row_id(record) == row)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(other) != len(self):
            return NotImplemented if not isinstance(other, Sequence) else False
        return all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def at(self, places: Iterable[int]) -> list[Record]:
        """The records at some places, as decided by now."""
        if isinstance(self.raw, StoredRecords):
            return [self.decided(r) for r in self.raw.at(places)]
        return [self[place] for place in places]

    @property
    def accepted(self) -> Sequence[Record]:
        """The accepted ones, as decided by now."""
        changes = self.decisions.changes
        if self._accepted is None or self._accepted[0] != changes:
            self._accepted = changes, self._chosen()
        return self._accepted[1]

    @property
    def changed(self) -> dict[int, Record]:
        """The places of a stored run that people decided on, and the records as decided."""
        if not isinstance(self.raw, StoredRecords) or not self.decisions:
            return {}
        places = self.raw.places(self.decisions.rows)
        return dict(zip(places, self.at(places), strict=True))

    def _chosen(self) -> Sequence[Record]:
        if isinstance(self.raw, StoredRecords):
            return _Accepted(self, self.raw) if self.decisions else self.raw.only(True)
        records = tuple(self) if self.decisions else self.raw
        return tuple(compress(records, map(attrgetter("accepted"), records)))


class _Accepted(Sequence[Record]):
    """The accepted records of a run in the store that people decided on."""

    def __init__(self, records: DecidedRecords, raw: StoredRecords) -> None:
        self._records = records
        self._flags = bytearray(raw.marks[1])
        for place, record in records.changed.items():
            self._flags[place] = record.accepted
        self._places = array("q", compress(range(len(raw)), self._flags))

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Record]:
        return compress(self._records, self._flags)

    @overload
    def __getitem__(self, item: int) -> Record: ...
    @overload
    def __getitem__(self, item: slice) -> Sequence[Record]: ...
    def __getitem__(self, item: int | slice) -> Record | Sequence[Record]:
        if isinstance(item, slice):
            return self._records.at(self._places[item])
        return self._records[self._places[item]]


_SHARED: weakref.WeakValueDictionary[tuple[str, str], Decisions] = weakref.WeakValueDictionary()
_LOCK = threading.Lock()


def decisions_of(run: str) -> Decisions:
    """The decisions on the rows of a run; on rows of none, a fresh set of their own."""
    if not run:
        return Decisions("")
    from synthnb.api.stores import shared_store
    from synthnb.settings import data_dir

    key = (str(data_dir()), run)
    with _LOCK:
        found = _SHARED.get(key)
        if found is None:
            found = _SHARED[key] = Decisions(run, shared_store)
        return found
