"""One value for each kind of sampled column, from the seed and the row's position alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from math import gcd, lcm
from uuid import UUID

from synthnb.recipe.parts import (
    Category,
    Datetime,
    Integer,
    Number,
    Person,
    Subcategory,
    Uuid,
    label,
)
from synthnb.samplers.draws import bits, deck, digest, permutation, spread
from synthnb.samplers.person import make_person
from synthnb.types import JSON

__all__ = ["Drawn", "draw_category", "draw_plain", "draw_subcategory", "find_value", "options"]

_LONGEST_ROUND = 24


@dataclass(frozen=True, slots=True)
class Drawn:
    """A label, and what its subcategories are balanced by."""

    value: JSON
    rank: int
    """How many rows before this one have the same value (about, for odd weights)."""
    path: str
    """The values that led here, so that equal labels of two parents stay apart."""


def draw_category(column: Category, name: str, seed: int, index: int) -> Drawn:
    """A label whose counts follow the weights closely over any stretch of rows.

    Weights in a simple ratio (2:2:1) are dealt like cards: each round of five rows has
    exactly two, two and one. Others fill the range evenly (see ``spread``).
    """
    slots = _slots(tuple(column.weights))
    if slots is not None:
        card, round_ = deck(len(slots), index, seed, name)
        place = slots[card]
        rank = round_ * slots.count(place) + slots[:card].count(place)
        return Drawn(column.values[place], rank, label(column.values[place]))
    place = _place(tuple(column.weights), spread(index, seed, name))
    return Drawn(column.values[place], index, label(column.values[place]))


def category_by_index(column: Category, name: str, seed: int) -> Callable[[int], JSON]:
    """``draw_category(…).value`` as a function of the index, all else worked out before."""
    weights, values = tuple(column.weights), column.values
    slots = _slots(weights)
    if slots is None:
        return lambda index: values[_place(weights, spread(index, seed, name))]
    size, dealt = len(slots), [values[place] for place in slots]
    return lambda index: dealt[permutation(size, seed, name, index // size)[index % size]]


def draw_subcategory(column: Subcategory, name: str, seed: int, parent: Drawn) -> Drawn:
    """A label from the parent value's list, each dealt once before one comes again.

    A parent value without a list (it can come from real rows) gives ``None``.
    """
    choices = options(column, parent.value)
    if not choices:
        return Drawn(None, parent.rank, parent.path)
    card, round_ = deck(len(choices), parent.rank, seed, name, parent.path)
    return Drawn(choices[card], round_, f"{parent.path}\x1e{label(choices[card])}")


def options(column: Subcategory, parent: JSON) -> Sequence[JSON]:
    """The labels that ``column`` offers under one parent value."""
    key = find_value(list(column.of), parent)
    return column.of[key] if key is not None else []


def find_value(values: Sequence[JSON], wanted: JSON) -> JSON:
    """The item of ``values`` that ``wanted`` means: itself, or the one written the same.

    Keys of quotas and subcategories are text even where the labels are 1 or true.
    """
    for value in values:
        if value == wanted and isinstance(value, bool) == isinstance(wanted, bool):
            return value
    texts = {label(value): value for value in reversed(values)}
    return texts.get(label(wanted))


@lru_cache(maxsize=1024)
def _slots(weights: tuple[float, ...]) -> tuple[int, ...] | None:
    """Positions repeated by weight, if a short round holds them all exactly."""
    parts = [Fraction(weight).limit_denominator(1000) for weight in weights]
    scale = lcm(*(part.denominator for part in parts))
    counts = [int(part * scale) for part in parts]
    exact = all(abs(float(part) - w) < 1e-9 for part, w in zip(parts, weights, strict=True))
    shared = gcd(*counts)
    if not exact or not shared or sum(counts) // shared > _LONGEST_ROUND:
        return None
    return tuple(i for i, count in enumerate(counts) for _ in range(count // shared))


def _place(weights: tuple[float, ...], u: float) -> int:
    total = sum(weights)
    for place, edge in enumerate(accumulate(weights)):
        if u * total < edge:
            return place
    return max(place for place, weight in enumerate(weights) if weight > 0)


def draw_plain(
    column: Integer | Number | Datetime | Person | Uuid, name: str, seed: int, index: int
) -> JSON:
    """A value that depends on no other column; ranges are filled evenly."""
    if isinstance(column, Uuid):
        raw = bytearray(digest(seed, name, "uuid", index, size=16))
        return str(UUID(bytes=bytes(raw), version=4))
    if isinstance(column, Person):
        return make_person(column.locale, seed, name, index)
    if isinstance(column, Integer):
        return _whole(column.low, column.high, name, seed, index)
    if isinstance(column, Number):
        u = spread(index, seed, name)
        number = min(column.low + u * (column.high - column.low), column.high)
        return number if column.decimals is None else round(number, column.decimals)
    return _moment(column, name, seed, index)


def _whole(low: int, high: int, name: str, seed: int, index: int) -> int:
    span = high - low + 1
    if span > 1 << 50:  # beyond what a float tells apart
        return low + (bits(seed, name, index) * span >> 64)
    if span <= _LONGEST_ROUND:
        return low + deck(span, index, seed, name)[0]
    return low + int(spread(index, seed, name) * span)


def _moment(column: Datetime, name: str, seed: int, index: int) -> str:
    start, end = datetime.fromisoformat(column.start), datetime.fromisoformat(column.end)
    if _is_date(column.start) and _is_date(column.end):
        day = _whole(0, (end - start).days, name, seed, index)
        return (start + timedelta(days=day)).date().isoformat()
    seconds = int((end - start).total_seconds())
    return (start + timedelta(seconds=_whole(0, seconds, name, seed, index))).isoformat()


def _is_date(text: str) -> bool:
    return ":" not in text and "T" not in text
