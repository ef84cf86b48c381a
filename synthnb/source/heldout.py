"""Real rows that no model sees: whole groups are held out before anything is generated."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from synthnb.errors import SourceError
from synthnb.recipe.parts import Split
from synthnb.source import SourceRows, row_id
from synthnb.types import JSON, Row

__all__ = ["PartRows", "hold_out"]


class PartRows(SourceRows):
    """Some rows of a source; ``held`` are those that were held out, if any were."""

    def __init__(
        self, rows: SourceRows, places: Sequence[int], held: PartRows | None = None
    ) -> None:
        self.name, self.license, self.group = rows.name, rows.license, rows.group
        self.local_only, self.columns = rows.local_only, list(rows.columns)
        self.canaries = getattr(rows, "canaries", None)
        self.held = held
        self._whole, self._places = rows, places

    def __len__(self) -> int:
        """Number of rows of this part."""
        return len(self._places)

    def row(self, index: int) -> Row:
        """The chosen columns of one row."""
        return self._whole.row(self._places[index])

    def id(self, index: int) -> str:
        """Content hash, the same as in the whole source."""
        return self._whole.id(self._places[index])

    def depth(self, index: int) -> int:
        """Generation of the row, 0 for a real one."""
        return self._whole.depth(self._places[index])

    @property
    def noted(self) -> bool:
        """Whether rows carry synthnb's own history."""
        return self._whole.noted

    def note(self, index: int) -> JSON:
        """The history that synthnb kept with a row."""
        return self._whole.note(self._places[index])

    def group_of(self, index: int) -> JSON:
        """Value of the ``group`` column."""
        return self._whole.group_of(self._places[index])

    def values(self, column: str) -> list[JSON]:
        """One column of this part."""
        known = self._whole.values(column)
        return [known[place] for place in self._places]

    @property
    def sha256(self) -> str:
        """Hash of the whole source: the part follows from it, the recipe and its seed."""
        return self._whole.sha256


def hold_out(rows: SourceRows, split: Split, seed: int) -> PartRows:
    """The rows to generate from; its ``held`` part holds whole groups, ``split.eval`` of all.

    Groups are equal values of ``split.by`` where the source has that column, else of the
    source's ``group``, else equal rows. Raises a SourceError if there is one group only.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for place in range(len(rows)):
        groups[_group(rows, place, split.by)].append(place)
    wanted = split.eval * len(rows)
    held: list[int] = []
    order = sorted(groups, key=lambda name: _mark(seed, name))
    for name in order:
        if len(held) + len(groups[name]) / 2 <= wanted:
            held += groups[name]
    if not held:
        held = list(groups[min(order, key=lambda name: len(groups[name]))])
    if len(held) == len(rows):
        raise SourceError(
            f"{rows.name} is one group by {split.by or rows.group or 'its words'}: none can be "
            "held out. Name another column under split: by"
        )
    out = set(held)
    kept = [place for place in range(len(rows)) if place not in out]
    return PartRows(rows, kept, PartRows(rows, sorted(held)))


def _group(rows: SourceRows, place: int, by: str | None) -> str:
    value: Any = None
    if by is not None and by in rows.columns:
        value = rows.row(place)[by]
    elif rows.group is not None:
        value = rows.group_of(place)
    if value is None:
        return f"row {row_id(rows.row(place))}"
    return f"value {json.dumps(value, sort_keys=True, ensure_ascii=False)}"


def _mark(seed: int, name: str) -> bytes:
    text = f"{seed}\0split\0{name}".encode("utf-8", "surrogatepass")
    return blake2b(text, digest_size=8).digest()
