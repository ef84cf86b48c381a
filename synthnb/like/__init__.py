"""Columns that follow real ones: marginals by empirical quantiles, joined by a Gaussian copula.

Each column becomes a hidden normal variable; their correlations are chosen so that the
columns' rank correlations come out as observed, ties and labels included. Labels without
an order are put in the one that explains most of the other columns (first axis of a
correspondence analysis). What a copula can't hold: dependences that are not monotone, and
those of labels beyond that one axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from synthnb.errors import SourceError
from synthnb.like.compare import ColumnFigure, Comparison, compare
from synthnb.like.marginals import (
    Floats,
    Labels,
    Marginal,
    key_of,
    kind_of,
    looks_unique,
    make_marginal,
)
from synthnb.samplers.draws import permuted, spread, uniform
from synthnb.types import JSON, Row

if TYPE_CHECKING:
    from synthnb.source import SourceRows

__all__ = ["ColumnFigure", "Comparison", "JointModel", "compare", "fit_joint"]

_MOST_ROWS = 20_000


class JointModel:
    """A fitted source: rows of its like, each a function of (seed, index)."""

    def __init__(
        self,
        names: Mapping[str, str],
        parts: Sequence[tuple[str, bool, Marginal]],
        correlations: Floats,
    ) -> None:
        self._names = dict(names)
        self._parts = list(parts)
        self.correlations = correlations
        """Between hidden normals, in the order of ``labels``."""
        self._root = np.linalg.cholesky(correlations)

    @property
    def labels(self) -> list[str]:
        """Source columns behind the hidden variables; ``NAME is missing`` for gaps."""
        return [f"{name} is missing" if gap else name for name, gap, _ in self._parts]

    def sample(self, seed: int, index: int, attempt: int = 0) -> Row:
        """One row: the recipe's column names to values. Attempts are independent."""
        draws = [self._draw(seed, index, attempt, name) for name in self.labels]
        # Rounded, so that the last bits of a machine's linear algebra decide nothing.
        hidden = np.round(self._root @ ndtri(np.array(draws)), 9)
        values: Row = {}
        gaps: set[str] = set()
        for (name, gap, marginal), u in zip(self._parts, ndtr(hidden), strict=True):
            value = marginal.value(float(u))
            if not gap:
                values[name] = value
            elif value:
                gaps.add(name)
        found = {name: None if name in gaps else value for name, value in values.items()}
        return {name: found[column] for name, column in self._names.items()}

    def _draw(self, seed: int, index: int, attempt: int, name: str) -> float:
        if attempt:
            u = uniform(seed, "like", name, index, attempt)
        else:
            u = spread(index, seed, "like", name)
        return min(max(u, 1e-9), 1 - 1e-9)


def fit_joint(source: SourceRows, names: Mapping[str, str]) -> JointModel:
    """Fit the source columns that ``names`` (recipe column to source column) mentions.

    At most 20,000 rows are used. Raises a SourceError for unknown columns, fewer than two
    rows, nested values, and columns that look like free text or identifiers: repeating
    those would copy real rows.
    """
    wanted = list(dict.fromkeys(names.values()))
    for column in wanted:
        if column not in source.columns:
            there = ", ".join(source.columns)
            raise SourceError(f"{source.name} has no column {column!r}. It has: {there}.")
    count = len(source)
    if count < 2:
        raise SourceError(f"{source.name} has {count} row; columns like it need two or more.")
    places = range(count)
    if count > _MOST_ROWS:
        places = [permuted(i, count, 0, "like rows") for i in range(_MOST_ROWS)]  # type: ignore[assignment]
    rows = [source.row(place) for place in places]
    data = {column: [row[column] for row in rows] for column in wanted}
    orders = _label_orders(data)
    parts: list[tuple[str, bool, Marginal]] = []
    ranks: list[Floats] = []
    for column, values in data.items():
        marginal = make_marginal(column, values, orders.get(column))
        parts.append((column, False, marginal))
        ranks.append(marginal.ranks(values))
        missing = sum(value is None for value in values)
        if 0 < missing < count:
            gap = Labels([False, True], [len(values) - missing, missing])
            parts.append((column, True, gap))
            ranks.append(gap.ranks([value is None for value in values]))
    return JointModel(names, parts, _correlations(parts, ranks))


def _label_orders(data: Mapping[str, Sequence[JSON]]) -> dict[str, list[JSON]]:
    """An order for the labels of each nominal column: first axis over all columns."""
    nominal = {name for name, values in data.items() if kind_of(values) == "labels"}
    coded = {name: _codes(values, name in nominal) for name, values in data.items()}
    blocks = [(name, codes, levels) for name, (codes, levels) in coded.items() if levels]
    if not nominal or len(blocks) < 2:
        return {}
    ones = np.concatenate(
        [codes[:, None] == np.arange(len(levels)) for _, codes, levels in blocks], axis=1
    ).astype(np.float64)
    mass = np.maximum(ones.sum(axis=0), 1e-12)
    burt = (ones.T @ ones) / np.sqrt(np.outer(mass, mass)) / len(blocks)
    root = np.sqrt(mass / mass.sum())
    axes = np.linalg.eigh(burt - np.outer(root, root))[1]
    axis = np.round(axes[:, -1] / np.sqrt(mass), 9)
    axis = axis * np.sign(axis[np.argmax(np.abs(axis))])
    orders: dict[str, list[JSON]] = {}
    start = 0
    for name, _, levels in blocks:
        part = axis[start : start + len(levels)]
        start += len(levels)
        if name in nominal:
            by_axis = sorted(range(len(levels)), key=lambda i: (part[i], str(levels[i])))
            orders[name] = [levels[i] for i in by_axis]
    return orders


def _codes(values: Sequence[JSON], nominal: bool) -> tuple[npt.NDArray[np.intp], list[Any]]:
    """Level of each row (-1 for missing) and the levels; numbers in five equal parts."""
    kind = kind_of(values)
    if kind in ("nested", "empty"):
        return np.full(len(values), -1, dtype=np.intp), []
    if nominal or kind == "steps":
        levels = {key_of(v): v for v in values if v is not None}
        places = {key: place for place, key in enumerate(levels)}
        codes = [-1 if v is None else places[key_of(v)] for v in values]
        if looks_unique(len(levels), len(values)):
            return np.full(len(values), -1, dtype=np.intp), []
        return np.array(codes, dtype=np.intp), list(levels.values())
    ranks = make_marginal("", values, None).ranks(values)
    parts = np.where(np.isnan(ranks), -1, np.minimum(ranks * 5, 4)).astype(np.intp)
    return parts, list(range(5))


def _correlations(
    parts: Sequence[tuple[str, bool, Marginal]], ranks: Sequence[Floats]
) -> Floats:
    found = np.eye(len(parts))
    first, second = _grid()
    for one, other in combinations(range(len(parts)), 2):
        if parts[one][0] == parts[other][0]:  # a value and its own gap never meet
            continue
        both = ~np.isnan(ranks[one]) & ~np.isnan(ranks[other])
        observed = _pearson(ranks[one][both], ranks[other][both])
        latent = _hidden(parts[one][2], parts[other][2], observed, first, second)
        found[one, other] = found[other, one] = latent
    return _repaired(found)


def _pearson(x: Floats, y: Floats) -> float:
    if len(x) < 8 or float(np.ptp(x)) < 1e-12 or float(np.ptp(y)) < 1e-12:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])


def _grid(size: int = 4096) -> tuple[Floats, Floats]:
    """Two independent normal samples that fill the plane evenly and never change."""
    steps = np.arange(1, size + 1)
    golden, silver = 0.7548776662466927, 0.5698402909980532  # the plastic number's powers
    return ndtri((0.5 + steps * golden) % 1), ndtri((0.5 + steps * silver) % 1)


def _hidden(one: Marginal, other: Marginal, observed: float, x: Floats, y: Floats) -> float:
    """The normal correlation under which the two columns show the ``observed`` one."""
    if one.smooth and other.smooth:
        return 2 * float(np.sin(np.pi * observed / 6))
    if observed == 0.0:
        return 0.0
    scores = one.scores(ndtr(x))
    low, high = -0.995, 0.995
    for _ in range(12):
        middle = (low + high) / 2
        mixed = middle * x + (1 - middle**2) ** 0.5 * y
        if _pearson(scores, other.scores(ndtr(mixed))) < observed:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _repaired(matrix: Floats) -> Floats:
    """The nearest sensible correlation matrix: no negative directions, ones in the middle."""
    values, vectors = np.linalg.eigh(matrix)
    fixed: Floats = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    scale = np.sqrt(np.diag(fixed))
    return np.asarray(fixed / np.outer(scale, scale), dtype=np.float64)
