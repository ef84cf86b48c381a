"""Train and test without a leak: rows that belong together stay on one side.

Rows belong together when they share the value of the recipe's ``split: by``, a parent, or
their words. A row of the training side that nearly repeats a held-out one is left out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from synthnb.checks.values import texts_of
from synthnb.errors import ExportError
from synthnb.export.columns import reach
from synthnb.types import Record, Row

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["Sides", "folded", "row_words", "sides", "words"]

NEAR = 0.8
"""Jaccard similarity from which on two rows are near duplicates."""


_SENTENCE = 20
"""Letters from which on a text is more than a label; half as many of other scripts."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Positions among the accepted rows; ``dropped`` are on neither side."""

    train: tuple[int, ...]
    test: tuple[int, ...]
    dropped: tuple[int, ...] = ()

    @property
    def of(self) -> dict[int, str]:
        """Position to split name."""
        return {i: "train" for i in self.train} | {i: "test" for i in self.test}


class _Groups:
    """Union-find over row positions and whatever ties them together."""

    def __init__(self) -> None:
        self._up: dict[object, object] = {}

    def top(self, item: object) -> object:
        while (up := self._up.setdefault(item, item)) != item:
            self._up[item] = item = self._up[up]
        return item

    def tie(self, one: object, other: object) -> None:
        self._up[self.top(one)] = self.top(other)


def sides(batch: Batch) -> Sides:
    """Which accepted rows are held out, by the recipe's ``split``; all train without one."""
    records = batch.accepted
    split = batch.recipe.split
    if any(record.held_out for record in records):
        return _declared(batch, records)
    if split is None:
        return Sides(tuple(range(len(records))), ())
    groups = _grouped(batch, records)
    wanted = split.eval * len(records)
    test: list[int] = []
    for rows in _ordered(groups, batch.recipe.seed):
        if len(groups) > 1 and len(test) + len(rows) / 2 <= wanted:
            test += rows
    if not test and len(groups) > 1:  # every group is larger than the share asked for
        test = list(sorted(groups, key=len)[0])
    if not test or len(test) == len(records):
        by = f"share {split.by} or a parent" if split.by else "share a parent or their words"
        raise ExportError(
            f"All {len(records)} rows {by}: there is no split without a leak. Name another "
            "column under split: by, or drop split from the recipe"
        )
    train = sorted(set(range(len(records))) - set(test))
    return _parted(batch, records, train, sorted(test))


def _declared(batch: Batch, records: Sequence[Record]) -> Sides:
    """Rows held out before the run are the test side."""
    test = [place for place, record in enumerate(records) if record.held_out]
    train = [place for place, record in enumerate(records) if not record.held_out]
    return _parted(batch, records, train, test)


def _grouped(batch: Batch, records: Iterable[Record]) -> list[tuple[int, ...]]:
    groups = _Groups()
    split = batch.recipe.split
    by = split.by if split is not None else None
    group = batch.recipe.source.group if batch.recipe.source is not None else None
    size = 0
    for place, record in enumerate(records):
        size += 1
        groups.tie(place, ("words", _key(words(batch, record))))
        for name in (by, group):
            value = _value(record, name)
            if value is not None:
                groups.tie(place, (name, _key(value)))
        # A real row's own id is what its descendants name as their parent.
        for parent in (*record.parents, *((record.id,) if record.origin == "real" else ())):
            groups.tie(place, ("row", parent))
    found: dict[object, list[int]] = defaultdict(list)
    for place in range(size):
        found[groups.top(place)].append(place)
    return [tuple(rows) for rows in found.values()]


def _value(record: Record, name: str | None) -> object:
    if name is None:
        return None
    found = reach(record.values, name)
    if found is None and record.hidden:
        found = reach(record.hidden, name)
    return reach(record.source, name) if found is None and record.source else found


def _ordered(groups: list[tuple[int, ...]], seed: int) -> list[tuple[int, ...]]:
    """A seeded order, the same for the same rows."""
    return sorted(groups, key=lambda rows: _key([seed, len(rows), rows[0]]))


def words(batch: Batch, record: Record) -> str:
    """What a row says: the columns that a model writes, or the whole row where none does."""
    written = [name for name, c in batch.recipe.prompts.items() if not c.choices]
    known = [record.values[name] for name in written if name in record.values]
    told = folded(texts_of(known)) if known else row_words(record.values)
    return told or f"row {record.index} {record.attempt} {record.candidate} {record.id}"


def folded(texts: Iterable[str]) -> str:
    """Texts as one, case and white space aside."""
    return " ".join(" ".join(texts).casefold().split())


def row_words(values: Row) -> str:
    """What a row says that no model wrote: its sentences, else a mark of the whole row.

    Rows of a table share their labels without being copies of each other: such rows are the
    same only where every value is.

    >>> row_words({"ward": "a", "age": 3}) == row_words({"ward": "a", "age": 4})
    False
    >>> row_words({"ward": "a", "note": "Came in with a  Cough, left well."})
    'came in with a cough, left well.'
    """
    sentences = [
        text
        for text in texts_of(list(values.values()))
        if len(text) >= (_SENTENCE if text.isascii() else _SENTENCE // 2)
    ]
    if sentences:
        return folded(sentences)
    return f"row {_key(values)}" if any(v is not None for v in values.values()) else ""


def _key(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _parted(
    batch: Batch, records: Sequence[Record], train: list[int], test: list[int]
) -> Sides:
    """Leave out training rows that nearly repeat a held-out one."""
    from synthnb.nearduplicates import NearDuplicateIndex

    held = NearDuplicateIndex(NEAR)
    for _ in held.extend(words(batch, records[place]) for place in test):
        pass
    said = (words(batch, records[place]) for place in train)
    near = {train[number] for number, _ in held.matches(said)}
    kept = tuple(place for place in train if place not in near)
    return Sides(kept, tuple(test), tuple(sorted(near)))
