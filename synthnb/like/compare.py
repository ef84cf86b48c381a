"""A synthetic table beside the real one: columns, dependences, and can it be told apart?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.errors import SourceError
from synthnb.like.marginals import Floats, kind_of, moments_of
from synthnb.samplers.draws import permuted
from synthnb.suggest import did_you_mean
from synthnb.types import JSON

if TYPE_CHECKING:
    import pandas as pd

    from synthnb.source import SourceRows

__all__ = ["ColumnFigure", "Comparison", "compare"]

MOST = 5_000
FEWEST = 20
"""Rows a side below which nothing is told apart."""
SMALL = 5
"""A group of fewer equal rows is worth a look."""


@dataclass(frozen=True, slots=True)
class ColumnFigure:
    """How far one column is from the real one."""

    column: str
    kind: str
    """``numbers``, ``dates`` or ``labels``."""
    distance: float
    """Kolmogorov-Smirnov for numbers and dates, total variation for labels; 0..1."""
    expected: float
    """What two halves of the real rows differ by, cut to the smaller side's size."""
    missing: tuple[float, float]
    """Share of gaps: real, synthetic."""


@dataclass(frozen=True)
class Comparison:
    """Figures of a synthetic table against the real one."""

    columns: tuple[ColumnFigure, ...]
    correlation: float | None
    """Largest difference between the rank correlations of any two columns; 0..2."""
    pair: tuple[str, str] | None
    """The columns whose dependence differs most."""
    mean_correlation: float | None
    """The mean of all such differences."""
    auc: float | None
    """Classifier two-sample test: 0.5 cannot be told apart, 1 always. ``None`` if too few."""
    copies: int
    """Synthetic rows that equal a real one in all columns compared."""
    k: int | None
    """Smallest group of equal labels among the synthetic rows (k-anonymity)."""
    quasi: tuple[str, ...]
    """The label columns that were taken for k."""
    sizes: tuple[int, int]

    @property
    def df(self) -> pd.DataFrame:
        """One row a column."""
        import pandas as pd

        rows = [
            (f.column, f.kind, round(f.distance, 4), round(f.expected, 4), *f.missing)
            for f in self.columns
        ]
        names = ["column", "kind", "distance", "real_vs_real", "gaps_real", "gaps_synthetic"]
        return pd.DataFrame(rows, columns=pd.Index(names))

    @property
    def finding(self) -> str:
        """What to know, in one line."""
        parts = [f"{self.sizes[1]:,} synthetic rows beside {self.sizes[0]:,} real ones"]
        if self.auc is not None:
            parts.append(f"told apart with AUC {self.auc:.2f} (0.5 is chance)")
        if self.pair is not None and self.correlation is not None:
            one, other = self.pair
            parts.append(
                f"dependences differ by {self.correlation:.2f} at most ({one}, {other})"
            )
        far = max(self.columns, key=lambda f: f.distance - f.expected, default=None)
        if far is not None:
            parts.append(f"farthest column {far.column} ({far.distance:.2f})")
        parts.append(f"{self.copies} equal to a real row")
        return " · ".join(parts)

    @property
    def privacy(self) -> str:
        """A note on small groups; no proof of anonymity either way."""
        if self.k is None:
            return "No label columns to group by. Nothing here proves that rows are anonymous."
        what = f"{', '.join(self.quasi)}: the smallest group of equal rows has {self.k}"
        look = "; look at groups below 5" if self.k < SMALL else ""
        return f"{what} (k-anonymity{look}). Nothing here proves that rows are anonymous."

    def __str__(self) -> str:
        return f"{self.finding}\n{self.df.to_string(index=False)}\n{self.privacy}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        table = str(self.df.to_html(index=False, escape=True, border=0))
        return f"<p>{escape(self.finding)}</p>{table}<p>{escape(self.privacy)}</p>"


def compare(
    real: Any,
    synthetic: Any,
    *,
    columns: Mapping[str, str] | Sequence[str] | None = None,
    seed: int = 0,
) -> Comparison:
    """Hold a synthetic table against the real one it follows.

    Both are frames, lists of dicts, files or batches. ``columns`` names those to compare
    (synthetic name to real name where they differ); without it all that both have and that
    are no free text. Numbers and dates by Kolmogorov-Smirnov, labels by total variation,
    dependences by rank correlation (labels by the mean rank of the other column), the whole
    by a random forest's cross-fitted AUC on equal numbers of rows. Everything is seeded.
    """
    ours, theirs = _opened(synthetic), _opened(real)
    pairs = _pairs(ours, theirs, columns)
    data = {
        name: (_values(theirs, other), _values(ours, name)) for name, other in pairs.items()
    }
    kinds = {name: _kind(*sides) for name, sides in data.items()}
    if columns is None:
        kinds = {name: kind for name, kind in kinds.items() if kind is not None}
        data = {name: data[name] for name in kinds}
    for name, kind in kinds.items():
        if kind is None:
            raise SourceError(f"column {name} holds free text: that is no matter of a table")
    if not data:
        raise SourceError("the two tables have no column of numbers, dates or labels in common")
    coded = {name: _coded(kinds[name] or "", *sides) for name, sides in data.items()}
    figures = tuple(_figure(name, kinds[name] or "", coded[name], seed) for name in data)
    largest, pair, mean = _dependences(coded, kinds)
    quasi = tuple(name for name, kind in kinds.items() if kind == "labels")
    return Comparison(
        figures, largest, pair, mean, _auc(coded, seed), _copies(data),
        _smallest([data[name][1] for name in quasi]), quasi, (len(theirs), len(ours)),
    )  # fmt: skip


def _opened(rows: Any) -> SourceRows:
    from synthnb.recipe.parts import Source
    from synthnb.source import open_source

    given = rows.df if hasattr(rows, "funnel") and hasattr(rows, "df") else rows
    found = open_source(Source(order="file"), base=Path.cwd(), frame=given)
    if not len(found):
        raise SourceError(f"{found.name} has no rows.")
    return found


def _pairs(
    ours: SourceRows, theirs: SourceRows, columns: Mapping[str, str] | Sequence[str] | None
) -> dict[str, str]:
    if columns is None:
        return {name: name for name in ours.columns if name in theirs.columns}
    named = dict(columns) if isinstance(columns, Mapping) else {n: n for n in columns}
    for name, other in named.items():
        for source, wanted in ((ours, name), (theirs, other)):
            if wanted not in source.columns:
                hint = did_you_mean(wanted, source.columns)
                raise SourceError(f"{source.name} has no column {wanted!r}{hint}")
    return named


def _values(source: SourceRows, column: str) -> list[JSON]:
    places = range(min(len(source), MOST))
    if len(source) > MOST:
        return [source.row(permuted(i, len(source), 0, "compare"))[column] for i in places]
    return [source.row(place)[column] for place in places]


def _kind(real: Sequence[JSON], synthetic: Sequence[JSON]) -> str | None:
    """What to compare a column as; ``None`` for free text and nested values."""
    found = kind_of(list(real))
    if found in ("nested", "empty") or kind_of(list(synthetic)) == "nested":
        return None
    words = [value for value in (*real, *synthetic) if isinstance(value, str)]
    if not words:
        return "numbers" if found != "labels" else "labels"
    if moments_of(words) is not None:
        return "dates"
    different = len(set(words))
    return "labels" if different <= max(20, len(words) // 4) else None


def _coded(kind: str, real: list[JSON], synthetic: list[JSON]) -> tuple[Floats, Floats]:
    """Both sides as numbers on one scale; labels as the place in their sorted list."""
    if kind == "dates":
        return _dates(real), _dates(synthetic)
    if kind == "numbers":
        return _numbers(real), _numbers(synthetic)
    known = sorted({str(v) for v in (*real, *synthetic) if v is not None})
    place = {value: float(i) for i, value in enumerate(known)}
    return tuple(  # type: ignore[return-value]
        np.array([np.nan if v is None else place[str(v)] for v in side])
        for side in (real, synthetic)
    )


def _numbers(values: Sequence[JSON]) -> Floats:
    good = (v if isinstance(v, int | float) else np.nan for v in values)
    return np.array([float(v) for v in good], dtype=np.float64)


def _dates(values: Sequence[JSON]) -> Floats:
    found = []
    for value in values:
        moments = moments_of([value]) if isinstance(value, str) else None
        found.append(moments[0].timestamp() if moments else np.nan)
    return np.array(found, dtype=np.float64)


def _figure(name: str, kind: str, sides: tuple[Floats, Floats], seed: int) -> ColumnFigure:
    real, synthetic = (side[~np.isnan(side)] for side in sides)
    gaps = [round(float(np.isnan(side).mean()), 4) for side in sides]
    rng = np.random.default_rng(seed)
    size = max(1, min(len(real) // 2, len(synthetic)))
    halves = []
    for _ in range(20 if len(real) > 1 else 0):
        mixed = rng.permutation(real)
        halves.append(_distance(kind, mixed[:size], mixed[size : 2 * size]))
    expected = float(np.mean(halves)) if halves else 0.0
    return ColumnFigure(
        name, kind, _distance(kind, real, synthetic), expected, (gaps[0], gaps[1])
    )


def _distance(kind: str, one: Floats, other: Floats) -> float:
    from synthnb.metrics import ks, total_variation

    if not len(one) or not len(other):
        return float(len(one) != len(other))
    if kind != "labels":
        return float(ks(one, other))
    size = int(max(one.max(), other.max())) + 1
    counts = [
        np.bincount(side.astype(int), minlength=size) / len(side) for side in (one, other)
    ]
    return float(total_variation(counts[0], counts[1]))


def _dependences(
    coded: Mapping[str, tuple[Floats, Floats]], kinds: Mapping[str, str | None]
) -> tuple[float | None, tuple[str, str] | None, float | None]:
    """Differences between rank correlations: the largest, its columns, the mean."""
    gaps: dict[tuple[str, str], float] = {}
    for one, other in combinations(coded, 2):
        real = (coded[one][0], coded[other][0])
        found = [
            _rank(coded[one][side], coded[other][side], kinds[one], kinds[other], *real)
            for side in (0, 1)
        ]
        gaps[one, other] = abs(found[0] - found[1])
    if not gaps:
        return None, None, None
    pair = max(gaps, key=lambda key: gaps[key])
    return gaps[pair], pair, sum(gaps.values()) / len(gaps)


def _rank(
    x: Floats, y: Floats, kind_x: str | None, kind_y: str | None, real_x: Floats, real_y: Floats
) -> float:
    """Spearman's correlation; labels stand in the order of the *real* other column."""
    if kind_x == "labels":
        x = _ordered(x, real_x, real_y)
    if kind_y == "labels":
        y = _ordered(y, real_y, real_x)
    both = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[both], y[both]
    if len(x) < 3 or np.ptp(x) < 1e-12 or np.ptp(y) < 1e-12:
        return 0.0
    from scipy.stats import rankdata

    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])


def _ordered(labels: Floats, real: Floats, other: Floats) -> Floats:
    """Labels as the mean of the other real column under them."""
    known = ~np.isnan(real) & ~np.isnan(other)
    means = {
        value: float(other[known & (real == value)].mean())
        for value in set(real[known].tolist())
    }
    return np.array([means.get(value, np.nan) for value in labels.tolist()])


def _auc(coded: Mapping[str, tuple[Floats, Floats]], seed: int) -> float | None:
    """Cross-fitted AUC of a random forest on equally many rows of each side."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    tables = [np.column_stack([sides[i] for sides in coded.values()]) for i in (0, 1)]
    size = min(map(len, tables))
    if size < FEWEST:
        return None
    rng = np.random.default_rng(seed)
    kept = [table[np.sort(rng.permutation(len(table))[:size])] for table in tables]
    x = np.concatenate(kept)
    gaps = np.isnan(x)
    x = np.column_stack([np.where(gaps, -1e9, x), gaps])
    y = np.repeat([0, 1], size)
    forest = RandomForestClassifier(60, min_samples_leaf=3, random_state=seed)
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    told = cross_val_predict(forest, x, y, cv=folds, method="predict_proba")[:, 1]
    return float(roc_auc_score(y, told))


def _copies(data: Mapping[str, tuple[list[JSON], list[JSON]]]) -> int:
    real = set(zip(*(map(str, sides[0]) for sides in data.values()), strict=True))
    return sum(
        row in real
        for row in zip(*(map(str, sides[1]) for sides in data.values()), strict=True)
    )


def _smallest(columns: Sequence[list[JSON]]) -> int | None:
    from collections import Counter

    if not columns:
        return None
    return min(Counter(zip(*(map(str, c) for c in columns), strict=True)).values())
