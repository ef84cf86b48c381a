"""Seeded draws: every number is a hash of (seed, labels, position), so no state is kept.

Plain generators would tie a value to the order in which values are asked for; a hash gives
the same number on every machine, Python version and at any concurrency.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

__all__ = ["bits", "deck", "digest", "permutation", "permuted", "spread", "uniform"]

_BRANCH = 4
_LEVELS = 5
"""Depth of the nested strata: aligned blocks up to 4**5 = 1024 rows are evenly filled."""


def digest(seed: int, *labels: str | int, size: int = 8) -> bytes:
    """``size`` bytes that depend on the seed and each label, and on nothing else."""
    # ascii(), not repr(): what repr escapes changes with Python's Unicode tables.
    return blake2b(ascii((seed, *labels)).encode("ascii"), digest_size=size).digest()


def bits(seed: int, *labels: str | int) -> int:
    """A whole number from 0 to 2**64 - 1.

    >>> bits(7, "mood", 0) == bits(7, "mood", 0)
    True
    """
    return int.from_bytes(digest(seed, *labels), "big")


def uniform(seed: int, *labels: str | int) -> float:
    """A float in [0, 1), all 53 bits of it random."""
    return (bits(seed, *labels) >> 11) / (1 << 53)


@lru_cache(maxsize=4096)
def permutation(size: int, seed: int, *labels: str | int) -> tuple[int, ...]:
    """The numbers below ``size`` in a seeded order (Fisher-Yates)."""
    items = list(range(size))
    pool = int.from_bytes(digest(seed, *labels, size=64), "big") if size <= 64 else 0
    for last in range(size - 1, 0, -1):
        if size <= 64:  # 512 bits hold a choice among 64! orders, with bits to spare
            pool, other = divmod(pool, last + 1)
        else:
            other = bits(seed, *labels, last) % (last + 1)
        items[last], items[other] = items[other], items[last]
    return tuple(items)


def deck(size: int, position: int, seed: int, *labels: str | int) -> tuple[int, int]:
    """Deal from a deck of ``size`` cards that is shuffled anew each time it is used up.

    Returns (card, round): after any number of deals, each card came up ``round`` or
    ``round + 1`` times.
    """
    round_, place = divmod(position, size)
    return permutation(size, seed, *labels, round_)[place], round_


def spread(position: int, seed: int, *labels: str | int) -> float:
    """A float in [0, 1) whose runs fill the range evenly, as 64 dealt cards would.

    Every aligned block of 4, 16, 64 … positions has exactly one value in each quarter,
    sixteenth … of the range. The order inside a block is drawn for each block and label
    alone, so two columns stay independent.
    """
    value, scale, path = 0.0, 1.0, 0
    for level in range(_LEVELS):
        step = _BRANCH**level
        block, place = position // (step * _BRANCH), position // step % _BRANCH
        digit = permutation(_BRANCH, seed, *labels, level, block, path)[place]
        scale /= _BRANCH
        value += digit * scale
        path = path * _BRANCH + digit
    return min(value + scale * uniform(seed, *labels, "rest", position), 1 - 2**-53)


def permuted(position: int, size: int, seed: int, *labels: str | int) -> int:
    """Where ``position`` lands in a seeded shuffle of ``size`` places, without a list.

    A Feistel network over the next power of four, walked until it lands inside: a
    bijection that costs the same for ten rows and for ten million.
    """
    if not 0 <= position < size:
        raise IndexError(f"position {position} of {size}")
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    spot = position
    while True:
        left, right = spot >> half, spot & mask
        for turn in range(6):
            left, right = right, left ^ (bits(seed, *labels, turn, right) & mask)
        spot = left << half | right
        if spot < size:
            return spot
