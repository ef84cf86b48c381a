"""Arrays from outside: one shape, no NaN, or one clear line why not."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["FloatArray", "Matrix", "floats", "histograms", "matrix", "table", "vector"]

FloatArray: TypeAlias = NDArray[np.float64]
Matrix: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.float64]]


_LARGEST = 1e150
"""The square of anything below is a number."""


def floats(values: ArrayLike, name: str, *, gaps: bool = False) -> FloatArray:
    """Return an array of finite numbers, any shape; NaN stays where ``gaps`` are allowed."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biufO":
            raise ValueError("no numbers")
        array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} must be numbers in a regular shape") from error
    if not (np.isfinite(array) | (gaps & np.isnan(array))).all():
        raise ValueError(f"{name} hold NaN or infinity")
    if float(np.abs(array[np.isfinite(array)]).max(initial=0.0)) > _LARGEST:
        raise ValueError(f"{name} hold numbers above {_LARGEST:g}: scale them down")
    return array


def vector(values: ArrayLike, name: str) -> FloatArray:
    """Return a non-empty (n,) array of finite numbers."""
    array = floats(values, name)
    if array.ndim != 1:
        raise ValueError(f"{name} must have one dimension, got {array.ndim}")
    if not len(array):
        raise ValueError(f"{name} are empty")
    return array


def matrix(values: ArrayLike, name: str) -> Matrix:
    """Return a non-empty (n, d) array of finite numbers."""
    array = floats(values, name)
    if array.ndim != 2:
        raise ValueError(f"{name} must have two dimensions (rows, columns), got {array.ndim}")
    if not array.size:
        raise ValueError(f"{name} are empty")
    return array.reshape(array.shape[0], array.shape[1])


def table(values: ArrayLike, name: str) -> Matrix:
    """Return a matrix of counts: finite and not negative, not all zero."""
    array = matrix(values, name)
    if array.min() < 0:
        raise ValueError(f"{name} must not be negative")
    if not array.any():
        raise ValueError(f"{name} are all zero")
    return array


def histograms(p: ArrayLike, q: ArrayLike, smoothing: float) -> tuple[FloatArray, FloatArray]:
    """Return two histograms over the same bins, each summing to 1, smoothed if asked."""
    first, second = vector(p, "p"), vector(q, "q")
    if len(first) != len(second):
        raise ValueError(f"p and q must have the same bins, got {len(first)} and {len(second)}")
    if smoothing < 0:
        raise ValueError(f"smoothing must not be negative, got {smoothing}")
    for name, values in (("p", first), ("q", second)):
        if values.min() < 0:
            raise ValueError(f"{name} must not be negative")
        if abs(float(values.sum()) - 1.0) > 1e-6:
            raise ValueError(f"{name} must sum to 1, got {float(values.sum()):.6g}")
    first, second = first + smoothing, second + smoothing
    return first / first.sum(), second / second.sum()
