"""Alarms for copying and for small groups. None of them proves that data are anonymous."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from synthnb.metrics.arrays import FloatArray, Matrix, matrix

__all__ = ["dcr_share", "k_anonymity", "l_diversity"]

_LINK_ROWS = 2048
"""Rows whose distances are held at a time."""


def dcr_share(
    train: ArrayLike,
    holdout: ArrayLike,
    synthetic: ArrayLike,
    *,
    sample: int = 5000,
    seed: int = 0,
) -> float:
    """Return the share of synthetic rows closer to a training row than to a held-out one.

    All three are arrays (rows, d) on one scale, or (rows,) for a single column; the larger of
    ``train`` and ``holdout`` is cut to the size of the smaller, ties count half, and beyond
    ``sample`` synthetic rows that many are drawn with ``seed``. In 0..1: 0.5 is expected,
    towards 1 rows were copied. Hold rows out before generating. A copy alarm only: sets that
    pass it can still be attacked (Yao et al. 2025, 2505.01524).

    >>> dcr_share([0.0, 1.0], [10.0, 11.0], [0.1, 0.9, 10.2, 5.5])
    0.625
    """
    rng = np.random.default_rng(seed)
    known, unseen, made = (
        _rows(values, name)
        for values, name in ((train, "train"), (holdout, "holdout"), (synthetic, "synthetic"))
    )
    if not known.shape[1] == unseen.shape[1] == made.shape[1]:
        raise ValueError("train, holdout and synthetic must have the same columns")
    size = min(len(known), len(unseen))
    known, unseen = _cut(known, size, rng), _cut(unseen, size, rng)
    made = _cut(made, sample, rng)
    to_train, to_holdout = _nearest(made, known), _nearest(made, unseen)
    tied = np.isclose(to_train, to_holdout, rtol=1e-9, atol=1e-12)
    return float(np.where(tied, 0.5, to_train < to_holdout).mean())


def _rows(values: ArrayLike, name: str) -> Matrix:
    array = np.asarray(values, dtype=object)
    return matrix(array[:, None].tolist() if array.ndim == 1 else values, name)


def _cut(rows: Matrix, size: int, rng: np.random.Generator) -> Matrix:
    if len(rows) <= size:
        return rows
    return matrix(rows[np.sort(rng.choice(len(rows), size, replace=False))], "rows")


def _nearest(rows: Matrix, others: Matrix) -> FloatArray:
    """Return the distance of each row to the nearest of the others."""
    if rows.shape[1] <= 16:
        from scipy.spatial import cKDTree

        distances: FloatArray = cKDTree(others).query(rows)[0]
        return distances
    squares = (rows**2).sum(axis=1)
    wide = np.column_stack((rows, np.ones(len(rows))))
    best = np.full(len(rows), np.inf)
    for start in range(0, len(others), _LINK_ROWS):
        block = others[start : start + _LINK_ROWS]
        # One product gives |b|^2 - 2 a b; |a|^2 is the same for every b.
        partial = wide @ np.column_stack((-2 * block, (block**2).sum(axis=1))).T
        best = np.minimum(best, partial.min(axis=1))
    best += squares
    # What rounding leaves of a copy's distance counts as none.
    best[best < 1e-12 * np.maximum(squares, 1.0)] = 0.0
    return np.asarray(np.sqrt(best), dtype=np.float64)


def _groups(frame: Any, columns: Sequence[str]) -> Iterable[tuple[str, ...]]:
    names = [columns] if isinstance(columns, str) else list(columns or ())
    if not names:
        raise ValueError("name at least one column")
    if isinstance(frame, (list, tuple)):
        table = {name: [_field(row, name) for row in frame] for name in names}
    else:
        held = frame.keys() if isinstance(frame, Mapping) else getattr(frame, "columns", None)
        if held is None:
            raise ValueError(f"expected a DataFrame or rows, got {type(frame).__name__}")
        missing = [name for name in names if name not in held]
        if missing:
            raise ValueError(f"no column {missing[0]!r}")
        if any(isinstance(frame[name], (str, int, float)) for name in names):
            raise ValueError("every column must be a list of values")
        table = {name: list(frame[name]) for name in names}
    if len({len(values) for values in table.values()}) > 1:
        raise ValueError("all columns must have the same number of rows")
    if not table[names[0]]:
        raise ValueError("no rows to group")
    # As text, so that missing values (NaN is not equal to itself) form one group.
    return zip(*(map(str, table[name]) for name in names), strict=True)


def _field(row: Any, name: str) -> Any:
    if not isinstance(row, Mapping) or name not in row:
        raise ValueError(f"no column {name!r} in every row")
    return row[name]


def k_anonymity(frame: Any, columns: Sequence[str]) -> int:
    """Return k: the size of the smallest group of rows that agree on all of ``columns``.

    ``frame`` is a DataFrame, a list of dicts or a dict of lists; ``columns`` are the
    quasi-identifiers. From 1 (somebody stands alone) to the number of rows; below 5 look at the
    groups. Missing values agree with each other. Says nothing about free text. Sweeney 2002.

    >>> k_anonymity({"age": [30, 30, 41], "town": ["A", "A", "B"]}, ["age", "town"])
    1
    >>> k_anonymity({"age": [30, 30, 41], "town": ["A", "A", "B"]}, [])
    Traceback (most recent call last):
    ValueError: name at least one column
    """
    return min(Counter(_groups(frame, columns)).values())


def l_diversity(frame: Any, columns: Sequence[str], sensitive: str) -> int:
    """Return l: the fewest different values of ``sensitive`` in a group of equal ``columns``.

    Frames as in ``k_anonymity``. From 1 (a group whose secret is known) up. Machanavajjhala et
    al. 2007.

    >>> l_diversity({"age": [30, 30, 41, 41], "ill": ["x", "y", "z", "z"]}, ["age"], "ill")
    1
    """
    names = [columns] if isinstance(columns, str) else list(columns)
    groups: dict[tuple[str, ...], set[str]] = {}
    for *group, secret in _groups(frame, [*names, sensitive]):
        groups.setdefault(tuple(group), set()).add(secret)
    return min(map(len, groups.values()))
