"""Intervals: how far a figure would move if the rows had been drawn again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from synthnb.metrics.figure import Interval
from synthnb.metrics.tokens import IntArray

__all__ = ["bootstrap"]


def bootstrap(
    fn: Callable[..., float],
    *data: Any,
    repeats: int = 1000,
    level: float = 0.95,
    method: Literal["auto", "percentile", "halves"] = "auto",
    paired: bool = False,
    seed: int = 0,
) -> Interval:
    """Return the interval (low, high) of ``fn(*data)`` at ``level``.

    Each of ``data`` is a list or an array of at least two rows; each is drawn again by itself,
    or all by the same rows when ``paired``. ``percentile`` draws with replacement; ``halves``
    draws half the rows without replacement and centres their spread on the figure, because
    drawing a text twice would count as repetition: ``auto`` takes it for texts. ``fn`` must
    return one finite number. Efron 1979; Shao & Wu 1989.

    >>> low, high = bootstrap(np.mean, np.arange(100))
    >>> 43 < low < 45 < 54 < high < 56
    True
    """
    if not data:
        raise ValueError("nothing to draw from: pass the data after the function")
    if any(not hasattr(rows, "__len__") or getattr(rows, "ndim", 1) < 1 for rows in data):
        raise ValueError("each of the data must be a list or an array of rows")
    sizes = [len(rows) for rows in data]
    if min(sizes) < 2:
        raise ValueError("an interval needs at least two rows")
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1, got {repeats}")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}")
    if paired and len(set(sizes)) > 1:
        raise ValueError("paired data must have the same number of rows")
    if method not in ("auto", "percentile", "halves"):
        raise ValueError(f"method must be auto, percentile or halves, got {method!r}")
    texts = all(isinstance(rows, Sequence) and isinstance(rows[0], str) for rows in data)
    halves = method == "halves" or (method == "auto" and texts)
    rng = np.random.default_rng(seed)
    figures = np.empty(repeats)
    for repeat in range(repeats):
        drawn = [_draw(rng, size, halves) for size in (sizes[:1] if paired else sizes)]
        picks = drawn * len(data) if paired else drawn
        figures[repeat] = fn(*(_take(rows, at) for rows, at in zip(data, picks, strict=True)))
    if not np.isfinite(figures).all():
        raise ValueError("the figure is not a finite number on some draws")
    tail = (1 - level) / 2
    low, high = (float(edge) for edge in np.quantile(figures, [tail, 1 - tail]))
    if not halves:
        return Interval(low, high)
    value, middle = float(fn(*data)), float(figures.mean())
    # Half of n without replacement varies as n with: size * n/(n - size) = n.
    return Interval(value + low - middle, value + high - middle)


def _draw(rng: np.random.Generator, size: int, halves: bool) -> IntArray:
    if halves:
        return np.sort(rng.permutation(size)[: max(size // 2, 1)])
    return rng.integers(0, size, size)


def _take(rows: Any, pick: IntArray) -> Any:
    if hasattr(rows, "iloc"):
        return rows.iloc[pick]
    return rows[pick] if hasattr(rows, "shape") else [rows[at] for at in pick]
