"""The cheap checks: length, words, choices, exact and near duplicates."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from synthnb.checks.protocol import Candidate, Check, CheckContext, pick, register
from synthnb.errors import CheckError
from synthnb.types import JSON, Reason, Row

__all__ = ["as_plain", "reach", "shingles"]

WORD = re.compile(r"\w+", re.UNICODE)


def reach(values: Row, path: str) -> JSON:
    """The value at a column or a dotted path below one; ``None`` where there is none."""
    found: JSON = values
    for step in path.split("."):
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found


def as_plain(value: JSON) -> str:
    """A value as the text that checks measure: a conversation's turns, an object's JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(
        isinstance(item, dict) and "content" in item for item in value
    ):
        return "\n".join(str(item["content"]) for item in value)
    if value is None:
        return ""
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else str(value)


def shingles(text: str) -> frozenset[int]:
    """Hashes of its three-word runs, case and punctuation left out."""
    words = WORD.findall(text.casefold())
    if len(words) < 3:
        return frozenset((hash(tuple(words)),)) if words else frozenset()
    return frozenset(map(hash, zip(words, words[1:], words[2:], strict=False)))


class Measure:
    """A number of one column that must lie between two bounds."""

    cost = 0
    ordered = False

    def __init__(
        self, name: str, unit: str, measure: Callable[[str], int], options: dict[str, Any]
    ) -> None:
        self.name, self.unit, self.measure = name, unit, measure
        self.column: str | None = options["column"]
        self.low, self.high = options["min"], options["max"]
        if self.low is None and self.high is None:
            raise CheckError("needs 'min' or 'max'")

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed between the bounds, both included."""
        value = self.measure(as_plain(reach(row.values, self.column or "")))
        if self.low is not None and value < self.low:
            message = f"{value} {self.unit}, at least {self.low} wanted"
        elif self.high is not None and value > self.high:
            message = f"{value} {self.unit}, at most {self.high} wanted"
        else:
            return (Reason(self.name, value, "", self.column, True),)
        return (Reason(self.name, value, message, self.column),)


@register("length")
def _length(options: dict[str, JSON], context: CheckContext) -> Check:
    """Characters of a column: ``{column, min, max}``."""
    found = pick(options, context, column=..., min=None, max=None)
    return Measure("length", "characters", len, found)


@register("words")
def _words(options: dict[str, JSON], context: CheckContext) -> Check:
    """Words of a column: ``{column, min, max}``."""
    found = pick(options, context, column=..., min=None, max=None)
    return Measure("words", "words", lambda text: len(WORD.findall(text)), found)


class Choices:
    """A column whose value must be one of a list."""

    name = "choices"
    cost = 0
    ordered = False

    def __init__(self, column: str, values: list[JSON]) -> None:
        self.column: str | None = column
        self.values = values

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed if the value is in the list."""
        value = reach(row.values, self.column or "")
        if value in self.values:
            return (Reason(self.name, value, "", self.column, True),)
        wanted = ", ".join(map(str, self.values[:8]))
        return (Reason(self.name, value, f"not one of {wanted}", self.column),)


@register("choices")
def _choices(options: dict[str, JSON], context: CheckContext) -> Check:
    """Value of a column among ``values``: ``{column, values}``."""
    found = pick(options, context, column=..., values=...)
    if not isinstance(found["values"], list) or not found["values"]:
        raise CheckError("'values' is a list of allowed values")
    return Choices(found["column"], found["values"])


class Duplicate:
    """The exact same value as an accepted row's, or a source row's."""

    name = "duplicate"
    cost = 5
    ordered = True

    def __init__(self, column: str | None, known: set[bytes]) -> None:
        self.column = column
        self._known = known

    def _key(self, values: Row) -> bytes:
        value = reach(values, self.column) if self.column else values
        text = " ".join(as_plain(value).split())
        return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).digest()

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed if no accepted row has this value (runs of white space count as one)."""
        if self._key(row.values) not in self._known:
            return (Reason(self.name, False, "", self.column, True),)
        return (Reason(self.name, True, "the same as an earlier row", self.column),)

    def admit(self, row: Candidate) -> None:
        """Remember an accepted value."""
        self._known.add(self._key(row.values))


@register("duplicate")
def _duplicate(options: dict[str, JSON], context: CheckContext) -> Check:
    """No accepted row (``against: [accepted, source]``) has this exact value."""
    found = pick(options, context, column=None, against=["accepted"])
    check = Duplicate(found["column"], set())
    for values in _source(found, context):
        check.admit(Candidate(-1, values))
    return check


class NearDuplicate:
    """Jaccard similarity of three-word shingles with every row before.

    Only rows that share a shingle are compared: exact, and fast while rows differ.
    """

    name = "near_duplicate"
    cost = 6
    ordered = True

    def __init__(self, column: str, threshold: float) -> None:
        if not 0 < threshold <= 1:
            raise CheckError("'threshold' lies between 0 and 1")
        self.column: str | None = column
        self.threshold = threshold
        self._rows: list[tuple[int, frozenset[int]]] = []
        self._holders: dict[int, list[int]] = {}

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed below the threshold; the value is the greatest similarity found."""
        own = shingles(as_plain(reach(row.values, self.column or "")))
        shared: dict[int, int] = {}
        for shingle in own:
            for position in self._holders.get(shingle, ()):
                shared[position] = shared.get(position, 0) + 1
        best, nearest = 0.0, -1
        for position, count in shared.items():
            index, other = self._rows[position]
            similarity = count / (len(own) + len(other) - count)
            if similarity > best:
                best, nearest = similarity, index
        value = round(best, 3)
        if best < self.threshold:
            return (Reason(self.name, value, "", self.column, True),)
        whom = f"row {nearest}" if nearest >= 0 else "a source row"
        return (Reason(self.name, value, f"{value} like {whom}", self.column),)

    def admit(self, row: Candidate) -> None:
        """Compare later rows with this one."""
        own = shingles(as_plain(reach(row.values, self.column or "")))
        self._rows.append((row.index, own))
        for shingle in own:
            # A shingle that hundreds of rows share says nothing and would cost the most.
            holders = self._holders.setdefault(shingle, [])
            if len(holders) < 256:
                holders.append(len(self._rows) - 1)


@register("near_duplicate")
def _near_duplicate(options: dict[str, JSON], context: CheckContext) -> Check:
    """``{column, threshold: 0.8, against: [accepted, source]}``."""
    found = pick(options, context, column=..., threshold=0.8, against=["accepted"])
    check = NearDuplicate(found["column"], float(found["threshold"]))
    for values in _source(found, context):
        check.admit(Candidate(-1, values))
    return check


def _source(options: dict[str, Any], context: CheckContext) -> list[Row]:
    against = options["against"]
    allowed = {"accepted", "source"}
    if not isinstance(against, list) or not set(map(str, against)) <= allowed:
        raise CheckError("'against' is a list of accepted and source")
    if "source" not in against:
        return []
    if context.source_rows is None:
        raise CheckError("'against: source' needs a source")
    return list(context.source_rows())
