"""Decided rows as bytes, and a sequence of records that reads them lazily."""

from __future__ import annotations

import gc
import zlib
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import compress, count, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, overload

import orjson

from synthnb.errors import StoreError
from synthnb.store.summaries import LONG, Summary
from synthnb.types import Call, Message, Reason, Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from synthnb.store.database import Store
    from synthnb.store.summaries import Arrays

__all__ = ["StoredRecords", "decode_record", "encode_record", "id_marks", "row_id"]

TOGETHER = 1000
"""Rows that are decoded in one step."""
ASKED = 250
"""Rows of one query by place, below every SQLite's limit of parameters."""
IDS, ACCEPTED, KEYS = ("ids", ""), ("accepted", ""), ("keys", "")
"""Arrays of a summary that say which rows it is about."""


def row_id(record: Record) -> str:
    """The record's stable id, or its place in the plan where it has none."""
    return record.id or f"{record.index}.{record.attempt}.{record.candidate}"


def encode_record(record: Record, *, messages: bool = True) -> bytes:
    """A record as compact JSON.

    Without ``messages`` prompts are left out, and the replies behind accepted rows, whose
    text is in the values: for runs of many rows.
    """
    data: dict[str, Any] = {"i": record.index, "v": record.values, "d": record.id}
    if not record.accepted:
        data["r"] = [_reason(reason) for reason in record.reasons]
    if record.checks:
        data["k"] = [_reason(reason) for reason in record.checks]
    if record.calls:
        answers = messages or not record.accepted
        data["c"] = [_call(call, messages, answers) for call in record.calls]
    for key, value in (
        ("h", record.hidden),
        ("a", record.attempt),
        ("n", record.candidate),
        ("p", record.parents),
        ("s", record.source),
    ):
        if value:
            data[key] = value
    if record.origin != "synthetic":
        data["o"] = record.origin
    if record.generation != 1:
        data["g"] = record.generation
    if record.held_out:
        data["t"] = True
    return orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY)


def decode_record(value: bytes) -> Record:
    """The record that ``encode_record`` wrote."""
    data = orjson.loads(value)
    return Record(
        index=data["i"],
        values=data["v"],
        accepted="r" not in data,
        reasons=tuple(Reason(*reason) for reason in data.get("r", ())),
        checks=tuple(Reason(*reason) for reason in data.get("k", ())),
        calls=tuple(_recall(call) for call in data.get("c", ())),
        hidden=data.get("h", {}),
        attempt=data.get("a", 0),
        candidate=data.get("n", 0),
        origin=data.get("o", "synthetic"),
        parents=tuple(data.get("p", ())),
        generation=data.get("g", 1),
        source=data.get("s"),
        id=data["d"],
        held_out=data.get("t", False),
    )


def _loaded(values: Sequence[bytes]) -> list[dict[str, Any]]:
    """Many rows at once. The cycle collector rests meanwhile: JSON has no cycles, and it
    would look through what is there already again and again, for as long as the reading.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        rows: list[dict[str, Any]] = orjson.loads(b"[%b]" % b",".join(values))
        return rows
    finally:
        if collects:
            gc.enable()


def id_marks(rows: Sequence[Mapping[str, Any]]) -> NDArray[np.uint32]:
    """A number for each row's id, by which rows that may have an id are found quickly."""
    import numpy as np

    ids = (row["d"] or f"{row['i']}.{row.get('a', 0)}.{row.get('n', 0)}" for row in rows)
    return np.fromiter(map(_mark, ids), np.uint32, len(rows))


def _mark(row: str) -> int:
    return zlib.crc32(row.encode("utf-8", "surrogatepass"))


def _as_counted(record: Record) -> Record:
    """A row that a resume has decided otherwise, as those counted it who saw it before."""
    if not record.accepted:
        return replace(record, accepted=True, reasons=())
    message = "accepted since, when the run was resumed: open its version again"
    return replace(record, accepted=False, reasons=(Reason("resumed", None, message),))


def _reason(reason: Reason) -> list[Any]:
    return [reason.rule, reason.value, reason.message, reason.column, reason.passed]


def _call(call: Call, messages: bool, answers: bool) -> list[Any]:
    return [
        call.column, call.model, call.messages if messages else (),
        call.answer if answers else "",
        call.prompt_tokens, call.completion_tokens, call.cost, call.elapsed, call.cached,
        call.attempt, call.candidate, call.seed, call.finish_reason, call.few_shot,
    ]  # fmt: skip


def _recall(data: list[Any]) -> Call:
    data[2] = tuple(Message(role=m["role"], content=m["content"]) for m in data[2])
    data[13] = tuple(data[13])
    return Call(*data)


class StoredRecords(Sequence[Record]):
    """The rows of one run, read as they are asked for: a million rows cost no memory.

    The first look settles which rows these are: what the run gets later, when it is resumed
    for instance, belongs to whoever looks then. Once it is known which were accepted, that
    stays too: a row that a resume decides otherwise says so. ``keys`` are the places in the
    run of those that are meant, in order; without them all.
    """

    def __init__(self, store: Store, run: str, keys: Sequence[int] | None = None) -> None:
        self._store = store
        self._run = run
        self._keys = keys
        self._marks: tuple[NDArray[np.uint32], NDArray[np.bool_]] | None = None
        self._outcome: bool | None = None
        """Where all are accepted, or all rejected: which."""
        self.columns_read: object = None
        """What charts read of all rows, kept with them."""

    @cached_property
    def summary(self) -> Summary | None:
        """What was counted of these rows and kept, where it was."""
        found = self._store.summary(self._run) if self._keys is None else None
        if found is None or not {IDS, ACCEPTED} <= found.arrays.keys():
            return None
        self.mark(found.arrays[IDS], found.arrays[ACCEPTED])
        return found

    def seen(self) -> float | None:
        """When the run was last written; what is counted from now on is of rows of then."""
        try:
            return self._store.run(self._run).heartbeat
        except StoreError:
            return None  # a run that nobody wrote down

    def keep_summary(self, seen: float | None, head: Mapping[str, Any], arrays: Arrays) -> None:
        """Keep what was counted of many rows, for whoever opens the run after this process."""
        if seen is None or len(self) <= LONG:
            return
        import numpy as np

        keys, own = self.keys, dict(zip((IDS, ACCEPTED), self.marks, strict=True))
        if not isinstance(keys, range):
            own[KEYS] = np.array(keys, np.int64)
        counted = Summary(len(keys), {**head, "first": keys[0]}, {**arrays, **own})
        self._store.keep_summary(self._run, seen, (keys[0], keys[-1], len(keys)), counted)

    @property
    def keys(self) -> Sequence[int]:
        """The places in the run of these rows, in order."""
        if self._keys is None and self.summary is not None:
            places, first = self.summary.arrays.get(KEYS), self.summary.head.get("first", 0)
            if places is None:
                self._keys = range(first, first + self.summary.rows)
            else:
                self._keys = array("q", places.tolist())
        if self._keys is None:
            first, last, count = self._store.row_span(self._run)
            whole = last - first + 1 == count
            found = array("q") if whole else array("q", self._store.row_keys(self._run))
            self._keys = range(first, last + 1) if whole else found
        return self._keys

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[Record]:
        return map(self._record, count(), self._values(self.keys))

    def only(self, accepted: bool) -> StoredRecords:
        """The accepted or the rejected ones among these."""
        if self._marks is not None:
            kept = array("q", compress(self.keys, (self._marks[1] == accepted).tolist()))
        else:
            own = self.keys if isinstance(self.keys, range) else set(self.keys)
            found = self._store.row_keys(self._run, accepted)
            kept = array("q", filter(own.__contains__, found))
        part = StoredRecords(self._store, self._run, kept)
        part._outcome = accepted
        if self._marks is not None:
            ids, flags = self._marks
            part.mark(ids[flags == accepted], flags[flags == accepted])
        return part

    @overload
    def __getitem__(self, item: int) -> Record: ...

    @overload
    def __getitem__(self, item: slice) -> list[Record]: ...

    def __getitem__(self, item: int | slice) -> Record | list[Record]:
        if isinstance(item, slice):
            start, stop, step = item.indices(len(self))
            if step != 1:
                return self.at(range(start, stop, step))
            return list(map(self._record, count(start), self._values(self.keys[start:stop])))
        if not -len(self) <= item < len(self):
            raise IndexError(f"the run has {len(self)} rows, not {item}")
        return self.at([item])[0]

    def at(self, places: Iterable[int]) -> list[Record]:
        """The records at some places, each found by its key."""
        wanted = list(map(int, places))
        keys = [self.keys[place] for place in wanted]
        found: dict[int, bytes] = {}
        for start in range(0, len(keys), ASKED):
            found.update(self._store.rows_at(self._run, keys[start : start + ASKED]))
        if len(found) < len(set(keys)):
            raise self._gone()
        return [
            self._record(place, found[key]) for place, key in zip(wanted, keys, strict=True)
        ]

    def peek(self) -> Iterator[list[dict[str, Any]]]:
        """All rows, some thousand at a time, as the JSON that ``encode_record`` wrote.

        Who reads a few values of a million rows needs no records. ``v`` are the values,
        ``r`` the reasons of a rejected row, ``k`` the checks, ``d`` the id.
        """
        values = self._values(self.keys)
        while part := list(islice(values, TOGETHER)):
            try:
                rows = _loaded(part)
                list(map(itemgetter("i", "d", "v"), rows))  # each is a row
            except (orjson.JSONDecodeError, TypeError, LookupError) as error:
                raise self._damaged() from error
            yield rows

    def columns(self, most: int) -> list[str]:
        """The columns of the first rows, about ``most`` of them, in order of appearance."""
        parts = islice(self.peek(), max(1, most // TOGETHER))
        return list(dict.fromkeys(name for rows in parts for row in rows for name in row["v"]))

    @property
    def marks(self) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
        """The mark of each row's id and whether it was accepted, from one look at all rows."""
        if self._marks is None:
            import numpy as np

            ids, accepted = np.zeros(len(self), np.uint32), np.zeros(len(self), np.bool_)
            end = 0
            for rows in self.peek():
                start, end = end, end + len(rows)
                ids[start:end] = id_marks(rows)
                accepted[start:end] = ["r" not in row for row in rows]
            self._marks = ids, accepted
        return self._marks

    def mark(self, ids: NDArray[np.uint32], accepted: NDArray[np.bool_]) -> None:
        """Tell the marks of all rows, where they are known already."""
        self._marks = ids, accepted

    def places(self, ids: Collection[str]) -> list[int]:
        """Where the rows of these ids are, in order: copies of a real row share an id."""
        import numpy as np

        wanted = np.fromiter(map(_mark, ids), np.uint32, len(ids))
        near = np.flatnonzero(np.isin(self.marks[0], wanted)).tolist() if len(ids) else []
        found = map(frozenset(ids).__contains__, map(row_id, self.at(near)))
        return list(compress(near, found))

    def _values(self, keys: Sequence[int]) -> Iterator[bytes]:
        """Some rows in order, still encoded; those that the run got since are passed over."""
        if not keys:
            return
        rows = self._store.row_values(self._run, keys[0], keys[-1])
        end = keys[-1] + 1, b""
        for key in keys:
            place, value = next(rows, end)
            while place < key:
                place, value = next(rows, end)
            if place > key:
                raise self._gone()
            yield value

    def _record(self, place: int, value: bytes) -> Record:
        try:
            record, counted = decode_record(value), self._outcome
            if counted is None and self._marks is not None:
                counted = bool(self._marks[1][place])
            same = counted is None or record.accepted == counted
            return record if same else _as_counted(record)
        except (ValueError, TypeError, LookupError) as error:
            raise self._damaged() from error

    def _damaged(self) -> StoreError:
        return StoreError(
            f"A row of run {self._run} is damaged in {self._store.path}: resume the run, "
            "which writes it again from its answers."
        )

    def _gone(self) -> StoreError:
        return StoreError(
            f"Rows of run {self._run} are gone from {self._store.path}: they were pruned, or "
            "the run was resumed and did without them. Open its version again."
        )
