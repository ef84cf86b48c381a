"""One column alone: where each value stands between 0 and 1, and the way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from synthnb.errors import SourceError
from synthnb.types import JSON

__all__ = [
    "Codec",
    "Floats",
    "Labels",
    "Marginal",
    "Moments",
    "Numbers",
    "Plain",
    "key_of",
    "kind_of",
    "looks_unique",
    "make_marginal",
    "moments_of",
]

Floats: TypeAlias = npt.NDArray[np.float64]

_FEW = 20
"""Numbers with at most this many values are kept to those values."""
_EPOCH = datetime(1970, 1, 1)


class Marginal(Protocol):
    """One column alone: where a value stands between 0 and 1, and back."""

    smooth: bool
    """No ties worth speaking of: ranks are as good as uniform."""

    def value(self, u: float) -> JSON:
        """The value at quantile ``u``."""

    def scores(self, u: Floats) -> Floats:
        """Middle rank, 0 to 1, of the values at quantiles ``u``."""

    def ranks(self, values: Sequence[JSON]) -> Floats:
        """Middle rank of observed values; NaN for those that are missing."""


class Labels:
    """A few values in a fixed order, each with its share."""

    smooth = False

    def __init__(self, values: Sequence[JSON], counts: Sequence[int]) -> None:
        total = sum(counts)
        self._values = list(values)
        self._edges = np.array(list(accumulate(counts)), dtype=np.float64) / total
        self._middles = self._edges - np.array(counts, dtype=np.float64) / total / 2
        self._place = {key_of(value): place for place, value in enumerate(values)}

    def value(self, u: float) -> JSON:
        """The value at quantile ``u``."""
        return self._values[self._index(np.array([u]))[0]]

    def _index(self, u: Floats) -> npt.NDArray[np.intp]:
        found = np.searchsorted(self._edges, u, side="right")
        return np.minimum(found, len(self._values) - 1)

    def scores(self, u: Floats) -> Floats:
        """Middle ranks at quantiles ``u``."""
        return self._middles[self._index(u)]

    def ranks(self, values: Sequence[JSON]) -> Floats:
        """Middle ranks of observed values."""
        places = [self._place.get(key_of(value)) for value in values]
        middles = (np.nan if place is None else self._middles[place] for place in places)
        return np.array(list(middles), dtype=np.float64)


class Numbers:
    """Many numbers or moments; values between two neighbours are drawn as well."""

    def __init__(self, codec: Codec, values: Sequence[JSON]) -> None:
        self._codec = codec
        self._sorted = np.sort(np.array([codec.number(value) for value in values]))
        left = np.searchsorted(self._sorted, self._sorted, side="left")
        right = np.searchsorted(self._sorted, self._sorted, side="right")
        self._middles = (left + right) / 2 / len(self._sorted)
        self.smooth = len(np.unique(self._sorted)) > 0.9 * len(self._sorted)

    def value(self, u: float) -> JSON:
        """The value at quantile ``u``."""
        place = u * (len(self._sorted) - 1)
        low = min(int(place), len(self._sorted) - 2)
        start, end = self._sorted[low], self._sorted[low + 1]
        return self._codec.json(float(start + (place - low) * (end - start)))

    def scores(self, u: Floats) -> Floats:
        """Middle ranks at quantiles ``u``."""
        places = np.minimum((u * len(self._sorted)).astype(np.intp), len(self._sorted) - 1)
        return self._middles[places]

    def ranks(self, values: Sequence[JSON]) -> Floats:
        """Middle ranks of observed values."""
        there = [np.nan if v is None else self._codec.number(v) for v in values]
        numbers = np.array(there, dtype=np.float64)
        left = np.searchsorted(self._sorted, numbers, side="left")
        right = np.searchsorted(self._sorted, numbers, side="right")
        ranks = (left + right) / 2 / len(self._sorted)
        return np.where(np.isnan(numbers), np.nan, ranks)


class Codec(Protocol):
    """JSON value to number and back."""

    def number(self, value: JSON) -> float:
        """The value on the number line."""

    def json(self, number: float) -> JSON:
        """The value at that place, as the column writes it."""


class Plain:
    """Numbers with the column's own decimals; whole where all are whole."""

    def __init__(self, values: Sequence[JSON]) -> None:
        self._whole = all(isinstance(value, int) for value in values)
        decimals = [_decimals(value) for value in values[:1000]]
        self._decimals = max(decimals) if max(decimals) <= 6 else None

    def number(self, value: JSON) -> float:
        """The value on the number line."""
        return float(value)

    def json(self, number: float) -> JSON:
        """The value at that place."""
        if self._whole:
            return round(number)
        return number if self._decimals is None else round(number, self._decimals)


def _decimals(value: JSON) -> int:
    text = repr(float(value))
    return 99 if "e" in text else len(text.partition(".")[2].rstrip("0"))


class Moments:
    """ISO dates and times, written back as the column writes them."""

    def __init__(self, moments: Sequence[datetime], texts: Sequence[str]) -> None:
        self._date_only = all(len(text) == 10 for text in texts)
        zones = {moment.utcoffset() for moment in moments}
        self._zone = moments[0].tzinfo if len(zones) == 1 else UTC
        seconds = [self._seconds(moment) for moment in moments]
        self._step = next(step for step in (86400, 60, 1) if not any(s % step for s in seconds))

    def _seconds(self, moment: datetime) -> int:
        if moment.tzinfo is not None:
            moment = moment.astimezone(self._zone).replace(tzinfo=None)
        return round((moment - _EPOCH).total_seconds())

    def number(self, value: JSON) -> float:
        """The value on the number line."""
        return float(self._seconds(datetime.fromisoformat(value)))

    def json(self, number: float) -> JSON:
        """The value at that place."""
        seconds = round(number / self._step) * self._step
        moment = _EPOCH + timedelta(seconds=seconds)
        if self._date_only:
            return moment.date().isoformat()
        return moment.replace(tzinfo=self._zone).isoformat()


def key_of(value: JSON) -> tuple[str, JSON]:
    """A hashable name of a value that tells 1 from true."""
    return (type(value).__name__ if isinstance(value, bool) else "", value)


def kind_of(values: Sequence[JSON]) -> str:
    """What a column holds: nested, empty, numbers, steps (few numbers), moments or labels."""
    there = [value for value in values if value is not None]
    if any(isinstance(value, (dict, list)) for value in there):
        return "nested"
    if not there:
        return "empty"
    if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in there):
        return "numbers" if len(set(there)) > _FEW else "steps"
    if all(isinstance(value, str) for value in there) and moments_of(there) is not None:
        return "moments" if len(set(there)) > 2 else "labels"
    return "labels"


def moments_of(texts: Sequence[str]) -> list[datetime] | None:
    """The texts as moments; ``None`` if one of them is none, or zones are mixed."""
    try:
        found = [datetime.fromisoformat(text) for text in texts]
    except ValueError:
        return None
    if any(len(text) < 10 for text in texts):  # 2024 and 20240101 are numbers to most people
        return None
    return found if len({moment.tzinfo is None for moment in found}) == 1 else None


def make_marginal(name: str, values: Sequence[JSON]) -> Marginal:
    """The marginal that fits the values; labels stand in the order of their counts."""
    there = [value for value in values if value is not None]
    kind = kind_of(values)
    if kind == "nested":
        raise SourceError(f"Column {name} holds lists or objects; like takes plain values.")
    if kind == "empty":
        return Labels([None], [1])
    if kind == "numbers":
        return Numbers(Plain(there), there)
    if kind == "moments":
        return Numbers(Moments(moments_of(there) or [], there), there)
    counts = Counter(key_of(value) for value in there)
    if kind == "labels" and looks_unique(len(counts), len(there)):
        raise SourceError(
            f"Column {name} looks like free text or names ({len(counts)} different values in "
            f"{len(there)} rows): write it with a prompt, or use uuid or person."
        )
    ranked = sorted(counts, key=lambda key: (-counts[key], str(key)))
    chosen = sorted(set(there)) if kind == "steps" else [value for _, value in ranked]
    return Labels(chosen, [counts[key_of(value)] for value in chosen])


def looks_unique(different: int, rows: int) -> bool:
    """Whether so many different values are names or free text rather than labels."""
    return (different > _FEW and different > rows / 2) or (different == rows and rows >= 10)
