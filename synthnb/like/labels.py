"""Labels: which hang on which, and how far each one moves the numbers beside it.

Labels have no order, so they are drawn first, one column after the other: each from its
table beside the one other column that says most about it (Chow & Liu 1968, a tree of
greatest mutual information). Numbers then get a mean for each label.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from synthnb.like.marginals import Floats, key_of
from synthnb.types import JSON

__all__ = ["LabelTree", "fit_tree", "label_effects"]

Codes = npt.NDArray[np.intp]

_PRIOR = 2.0
"""Rows by which a label's table leans on the shares of all rows: rare pairs stay rare."""
_RIDGE = 2.0
"""Rows without effect that each label is given: a label of few rows moves little."""
_MOST_LEVELS = 100
"""Labels of one column that have an effect of their own; the rarer ones share one."""


@dataclass(frozen=True, slots=True)
class _Branch:
    name: str
    levels: tuple[JSON, ...]
    parent: int | None
    shares: list[float]
    """Cumulated shares of the levels among all rows."""
    beside: tuple[tuple[list[int], list[int]], ...]
    """For each label of the parent, the levels seen beside it and their cumulated counts."""

    def level(self, u: float, above: int | None) -> int:
        """The level at quantile ``u``, where the parent has its label ``above``."""
        seen, counts = self.beside[above] if above is not None else ([], [])
        total = counts[-1] if counts else 0

        def edge(level: int) -> float:
            at = bisect_right(seen, level)
            count = counts[at - 1] if at else 0
            # Rounded, so that the last bits of a machine's sums decide nothing.
            return round((count + _PRIOR * self.shares[level]) / (total + _PRIOR), 12)

        last = len(self.levels) - 1
        return min(bisect_right(range(last + 1), u, key=edge), last)


class LabelTree:
    """Columns of labels in the order in which they are drawn."""

    def __init__(self, branches: Sequence[_Branch], codes: Codes) -> None:
        self._branches = tuple(branches)
        self.codes = codes
        """Level of each fitted row, a column for each of ``names``."""

    @property
    def names(self) -> list[str]:
        """The columns, each after the one that it hangs on."""
        return [branch.name for branch in self._branches]

    @property
    def sizes(self) -> list[int]:
        """How many labels each column has; a gap is one of them."""
        return [len(branch.levels) for branch in self._branches]

    def draw(self, quantiles: Sequence[float]) -> list[int]:
        """A level for each column, from one number between 0 and 1 for each."""
        places: list[int] = []
        for branch, u in zip(self._branches, quantiles, strict=True):
            above = places[branch.parent] if branch.parent is not None else None
            places.append(branch.level(u, above))
        return places

    def values(self, places: Sequence[int]) -> dict[str, JSON]:
        """Column to label."""
        pairs = zip(self._branches, places, strict=True)
        return {branch.name: branch.levels[place] for branch, place in pairs}


def fit_tree(data: Mapping[str, Sequence[JSON]]) -> LabelTree:
    """The tree over columns of labels; a gap counts as one more label."""
    names = list(data)
    coded = {name: _coded(values) for name, values in data.items()}
    order = _order(names, coded)
    branches: list[_Branch] = []
    place = {name: i for i, (name, _) in enumerate(order)}
    for name, parent in order:
        codes, levels = coded[name]
        shares = np.cumsum(np.bincount(codes, minlength=len(levels)) / len(codes)).tolist()
        up = place[parent] if parent is not None else None
        beside = _beside(*coded[parent], codes) if parent is not None else ()
        branches.append(_Branch(name, tuple(levels), up, shares, beside))
    size = len(next(iter(data.values()), ()))
    stacked = [coded[name][0] for name, _ in order]
    matrix = np.stack(stacked, axis=1) if stacked else np.zeros((size, 0), dtype=np.intp)
    return LabelTree(branches, matrix)


def _coded(values: Sequence[JSON]) -> tuple[Codes, list[JSON]]:
    """Level of each row, and the levels, the commonest first."""
    counts = Counter(key_of(value) for value in values)
    ranked = sorted(counts, key=lambda key: (-counts[key], str(key)))
    places = {key: place for place, key in enumerate(ranked)}
    codes = np.array([places[key_of(value)] for value in values], dtype=np.intp)
    return codes, [value for _, value in ranked]


def _pairs(a: Codes, b: Codes) -> tuple[Codes, Codes, Codes]:
    """Pairs of labels that meet, in order, and how often: of many labels few ever do."""
    width = int(b.max()) + 1
    pairs, counts = np.unique(a * width + b, return_counts=True)
    return pairs // width, pairs % width, counts


def _beside(
    a: Codes, levels: Sequence[JSON], b: Codes
) -> tuple[tuple[list[int], list[int]], ...]:
    """For each label of ``a``, those of ``b`` beside it and their cumulated counts."""
    one, other, counts = _pairs(a, b)
    ends = np.searchsorted(one, np.arange(len(levels) + 1))
    return tuple(
        (other[start:end].tolist(), np.cumsum(counts[start:end]).tolist())
        for start, end in pairwise(ends)
    )


def _order(
    names: Sequence[str], coded: Mapping[str, tuple[Codes, list[JSON]]]
) -> list[tuple[str, str | None]]:
    """(column, the one it hangs on), by greatest mutual information, each after its own."""
    left, found = list(names), []
    best: dict[str, tuple[float, str | None]] = dict.fromkeys(left, (0.0, None))
    while left:
        # Where nothing says anything of the rest, the next in the frame's order begins anew.
        name = max(left, key=lambda n: best[n][0])
        found.append((name, best[name][1]))
        left.remove(name)
        for other in left:
            gain = _information(*coded[name], *coded[other])
            if gain > best[other][0]:
                best[other] = (gain, name)
    return found


def _information(a: Codes, levels: list[JSON], b: Codes, others: list[JSON]) -> float:
    """Mutual information in nats, less what chance alone would show (Miller-Madow)."""
    one, other, counts = _pairs(a, b)
    shares = counts / len(a)
    alone = (np.bincount(a) / len(a))[one] * (np.bincount(b) / len(b))[other]
    found = float((shares * np.log(shares / alone)).sum())
    chance = (len(levels) - 1) * (len(others) - 1) / (2 * len(a))
    return round(found - chance, 9)


def label_effects(tree: LabelTree, target: Floats) -> tuple[float, list[Floats]]:
    """How far each label moves ``target`` (NaN is left out): a base, and a shift a label.

    Ridge regression on all labels at once; base and shifts have mean 0 over the rows.
    """
    if not tree.sizes:
        return 0.0, []
    known = ~np.isnan(target)
    codes, y = tree.codes[known], target[known]
    sizes = [min(size, _MOST_LEVELS) for size in tree.sizes]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
    places = np.minimum(codes, np.array(sizes) - 1) + starts[:-1]
    total = int(starts[-1])
    sums = np.zeros(total)
    centred = y - y.mean()
    for column in places.T:
        sums += np.bincount(column, weights=centred, minlength=total)
    rows = np.repeat(np.arange(len(y)), len(sizes))
    labels = csr_array((np.ones(len(rows)), (rows, places.ravel())), shape=(len(y), total))
    grams = (labels.T @ labels).toarray()
    shifts = np.linalg.solve(grams + _RIDGE * np.eye(total), sums)
    base = -float(shifts[places].sum(axis=1).mean())
    wide = [
        shifts[start + np.minimum(np.arange(size), most - 1)]
        for start, size, most in zip(starts, tree.sizes, sizes, strict=False)
    ]
    return base, wide
