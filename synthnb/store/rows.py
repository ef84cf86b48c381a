"""Decided rows as bytes, and a sequence of records that reads them lazily."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

import orjson

from synthnb.errors import StoreError
from synthnb.types import Call, Message, Reason, Record

if TYPE_CHECKING:
    from synthnb.store.database import Store

__all__ = ["StoredRecords", "decode_record", "encode_record"]


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

    ``accepted`` narrows it to the accepted or the rejected ones.
    """

    def __init__(self, store: Store, run: str, accepted: bool | None = None) -> None:
        self._store = store
        self._run = run
        self._accepted = accepted
        self._length: int | None = None

    def __len__(self) -> int:
        if self._length is None:
            self._length = self._store.count_rows(self._run, self._accepted)
        return self._length

    def __iter__(self) -> Iterator[Record]:
        for value in self._store.row_values(self._run, self._accepted):
            yield self._decode(value)

    def only(self, accepted: bool) -> StoredRecords:
        """The accepted or the rejected ones."""
        return StoredRecords(self._store, self._run, accepted)

    @overload
    def __getitem__(self, item: int) -> Record: ...

    @overload
    def __getitem__(self, item: slice) -> list[Record]: ...

    def __getitem__(self, item: int | slice) -> Record | list[Record]:
        if isinstance(item, slice):
            start, stop, step = item.indices(len(self))
            if step != 1:
                return [self[position] for position in range(start, stop, step)]
            values = self._store.row_values(
                self._run, self._accepted, offset=start, limit=max(0, stop - start)
            )
            return [self._decode(value) for value in values]
        position = item + len(self) if item < 0 else item
        for value in self._store.row_values(
            self._run, self._accepted, offset=position, limit=1
        ):
            return self._decode(value)
        raise IndexError(f"the run has {len(self)} rows, not {item}")

    def _decode(self, value: bytes) -> Record:
        try:
            return decode_record(value)
        except (ValueError, TypeError, LookupError) as error:
            raise StoreError(
                f"A row of run {self._run} is damaged in {self._store.path}: resume the run, "
                "which writes it again from its answers."
            ) from error
