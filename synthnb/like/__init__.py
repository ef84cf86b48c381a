"""Columns that follow real ones: labels by a tree, the rest by a Gaussian copula over them.

Marginals are the real ones: shares of labels, empirical quantiles of numbers and dates.
Labels are drawn first, each beside the one that says most about it. Every number, date and
gap is a hidden normal variable whose mean moves with each label; correlations are chosen so
that rank correlations come out as observed, ties included. What is not held: dependences
between numbers that are not monotone, and what only several labels together say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from synthnb.errors import SourceError
from synthnb.like.compare import ColumnFigure, Comparison, compare
from synthnb.like.labels import LabelTree, fit_tree, label_effects
from synthnb.like.marginals import Floats, Labels, Marginal, kind_of, make_marginal
from synthnb.samplers.draws import permuted, spread, uniform
from synthnb.types import JSON, Row

if TYPE_CHECKING:
    from synthnb.source import SourceRows

__all__ = ["ColumnFigure", "Comparison", "JointModel", "compare", "fit_joint"]

_MOST_ROWS = 20_000
_MOST_MEANS = 2_000
"""Rows whose means stand for all, where a hidden variable's distribution is needed."""
_MOST_EXPLAINED = 0.98
"""Share of a hidden variable's variance that labels may take."""
_GRID = np.linspace(-9, 9, 1801)


class JointModel:
    """A fitted source: rows of its like, each a function of (seed, index)."""

    def __init__(
        self,
        names: Mapping[str, str],
        tree: LabelTree,
        parts: Sequence[tuple[str, bool, Marginal]],
        ranks: Sequence[Floats],
    ) -> None:
        self._names = dict(names)
        self._tree = tree
        self._parts = list(parts)
        total = _correlations(parts, ranks)
        self._base, self._shifts, means = _means(tree, parts, ranks)
        own = 1 - means.var(axis=0)
        around = means - means.mean(axis=0)
        rest = _repaired(total - around.T @ around / len(means), own)
        self._root = np.linalg.cholesky(rest)
        some = means[:: max(1, len(means) // _MOST_MEANS)]
        self._shares = [
            ndtr((_GRID[:, None] - some[:, i]) / np.sqrt(own[i])).mean(axis=1)
            for i in range(len(self._parts))
        ]
        """Share of rows below each place of the grid, for each hidden variable."""

    def sample(self, seed: int, index: int, attempt: int = 0) -> Row:
        """One row: the recipe's column names to values. Attempts are independent."""
        told = [self._draw(seed, index, attempt, name) for name in self._tree.names]
        places = self._tree.draw(told)
        values: Row = self._tree.values(places)
        gaps: set[str] = set()
        for (name, gap, marginal), u in zip(
            self._parts, self._quantiles(seed, index, attempt, places), strict=True
        ):
            value = marginal.value(u)
            if not gap:
                values[name] = value
            elif value:
                gaps.add(name)
        found = {name: None if name in gaps else value for name, value in values.items()}
        return {name: found[column] for name, column in self._names.items()}

    def _quantiles(
        self, seed: int, index: int, attempt: int, places: Sequence[int]
    ) -> list[float]:
        if not self._parts:
            return []
        labels = [f"{name} is missing" if gap else name for name, gap, _ in self._parts]
        draws = [self._draw(seed, index, attempt, label) for label in labels]
        means = self._base.copy()
        for shifts, place in zip(self._shifts, places, strict=True):
            means += shifts[place]
        # Rounded, so that the last bits of a machine's linear algebra decide nothing.
        hidden = np.round(means + self._root @ ndtri(np.array(draws)), 9)
        pairs = zip(hidden, self._shares, strict=True)
        return [round(float(np.interp(h, _GRID, shares)), 9) for h, shares in pairs]

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
    data = _data(source, names)
    nominal: dict[str, Sequence[JSON]] = {}
    parts: list[tuple[str, bool, Marginal]] = []
    ranks: list[Floats] = []
    for column, values in data.items():
        marginal = make_marginal(column, values)
        if kind_of(values) == "labels":
            nominal[column] = values
            continue
        parts.append((column, False, marginal))
        ranks.append(marginal.ranks(values))
        missing = sum(value is None for value in values)
        if 0 < missing < len(values):
            gap = Labels([False, True], [len(values) - missing, missing])
            parts.append((column, True, gap))
            ranks.append(gap.ranks([value is None for value in values]))
    return JointModel(names, fit_tree(nominal), parts, ranks)


def _data(source: SourceRows, names: Mapping[str, str]) -> dict[str, list[JSON]]:
    """Source column to its values, of some rows where there are very many."""
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
    return {column: [row[column] for row in rows] for column in wanted}


def _means(
    tree: LabelTree, parts: Sequence[tuple[str, bool, Marginal]], ranks: Sequence[Floats]
) -> tuple[Floats, list[Floats], Floats]:
    """What labels do to the hidden variables: base, shifts by label, the mean of each row."""
    x, _ = _grid()
    base = np.zeros(len(parts))
    shifts = [np.zeros((size, len(parts))) for size in tree.sizes]
    for i, ((_, _, marginal), ranked) in enumerate(zip(parts, ranks, strict=True)):
        # Ties hide part of a shift: a mean moves the scores by this much of it only.
        seen = float(np.mean(_normal(marginal.scores(ndtr(x))) * x))
        if seen < 0.05:
            continue
        start, moved = label_effects(tree, _normal(ranked))
        base[i] = start / seen
        for shift, by_label in zip(shifts, moved, strict=True):
            shift[:, i] = by_label / seen
    means = np.tile(base, (len(ranks[0] if ranks else tree.codes), 1))
    for shift, codes in zip(shifts, tree.codes.T, strict=True):
        means = means + shift[codes]
    scale = np.sqrt(_MOST_EXPLAINED / np.maximum(means.var(axis=0), _MOST_EXPLAINED))
    return base * scale, [shift * scale for shift in shifts], means * scale


def _normal(ranks: Floats) -> Floats:
    """Normal scores of ranks between 0 and 1."""
    return np.asarray(ndtri(np.clip(ranks, 1e-6, 1 - 1e-6)), dtype=np.float64)


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
    return found


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


def _repaired(matrix: Floats, wanted: Floats) -> Floats:
    """The nearest sensible covariance: no negative directions, ``wanted`` variances."""
    if not len(matrix):
        return matrix
    values, vectors = np.linalg.eigh(matrix)
    fixed: Floats = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    scale = np.sqrt(np.diag(fixed) / wanted)
    return np.asarray(fixed / np.outer(scale, scale), dtype=np.float64)
