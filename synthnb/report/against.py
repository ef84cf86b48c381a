"""Synthetic rows beside real ones: told apart, useful for training, covering."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from synthnb import metrics
from synthnb.metrics.tokens import IntArray
from synthnb.report.subject import Table
from synthnb.report.texts import FEWEST, ROWS, WIDER
from synthnb.report.value import CLEAR, Measure, Word
from synthnb.visible import one_line

__all__ = ["coverage", "told_apart", "trained"]

_FOLDS = 1.4
"""Parts of a cross-fit share their training rows, so that accuracy spreads more than a coin's:
measured where nothing differs, by 1.2 to 1.4 times."""
_RESAMPLES, _FEW = 4, 2.45
"""Resamples behind the spread of a trained model, and Student's 1.96 for as few a side."""
_RESAMPLED = 600
"""Rows of a resample, at most."""
_Labelled: TypeAlias = tuple[Any, list[Any]]
"""Rows as a classifier takes them, and their labels."""

SAMPLE = 1000
"""Rows a side for the classifier and the clouds of points."""


def told_apart(
    table: Table, real: Table, *, seed: int = 0
) -> tuple[Measure, list[tuple[str, float]]]:
    """C2ST over the columns both have, its top features, and real against real."""
    title = "told from real rows (C2ST accuracy)"
    shared = [name for name in table.columns if name in real.columns]
    if not shared:
        return _not(title, "c2st", "no column has the same name in the real rows"), []
    size = min(len(table), len(real), SAMPLE)
    if size < 20:
        return _not(title, "c2st", "needs 20 rows on each side"), []
    rng = np.random.default_rng(seed)
    own, other = _drawn(table, size, rng), _drawn(real, size, rng)
    groups = (own.parents, other.ids) if own.parents and other.ids else None
    try:
        score = metrics.c2st(_rows(other, shared), _rows(own, shared), groups=_swap(groups))
    except ValueError as error:
        return _not(title, "c2st", one_line(str(error))), []
    half = len(other) // 2
    baseline, real_score = None, 0.5
    if half >= 20:
        order = rng.permutation(len(other))
        sides = (other.take(order[:half].tolist()), other.take(order[half:].tolist()))
        try:
            real_score = float(metrics.c2st(*(_rows(side, shared) for side in sides)))
            reach = 0.98 * _FOLDS / np.sqrt(score.n)
            baseline = (float(real_score - reach), float(real_score + reach))
        except ValueError:
            pass
    value = float(score)
    reach = 1.96 * _FOLDS * float(np.sqrt(value * (1 - value) / score.n))
    word: Word = "worse" if score.z > 1.645 * _FOLDS else "no evidence"
    clear = score.z > 3 * _FOLDS
    measure = Measure(
        "c2st", title, value, value - reach, min(value + reach, 1.0), real_score, baseline,
        word, clear, "lower", f"{size:,} rows a side; 0.5 is a guess",
    )  # fmt: skip
    return measure, _tells(score.top)


def _tells(top: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """The strongest features, without words that only repeat a longer one beside them."""
    kept: list[tuple[str, float]] = []
    for name, weight in sorted(top, key=lambda item: (-abs(item[1]), -len(item[0]))):
        words = set(name.split(": ", 1)[-1].split())
        rival = any(
            words < set(other.split(": ", 1)[-1].split()) and (weight > 0) == (also > 0)
            for other, also in top
        )
        if weight and not rival:
            kept.append((name, weight))
    return kept


def _swap(groups: Any) -> Any:
    return None if groups is None else (groups[1], groups[0])


def _rows(table: Table, names: Sequence[str]) -> Any:
    import pandas as pd

    if len(names) == 1 and not _mixed_free(table.columns[names[0]]):
        return table.texts(names[0])
    from synthnb.report.subject import flat

    columns = {
        name: [
            v if isinstance(v, int | float) and not isinstance(v, bool) else flat(v)
            for v in table.columns[name]
        ]
        if _mixed_free(table.columns[name])
        else table.texts(name)
        for name in names
    }
    return pd.DataFrame(columns)


def _mixed_free(values: Sequence[Any]) -> bool:
    return all(
        isinstance(v, int | float) and not isinstance(v, bool) and (v != v or abs(v) < 1e300)
        for v in values
    )


def _drawn(table: Table, size: int, rng: np.random.Generator) -> Table:
    if len(table) <= size:
        return table
    return table.take(np.sort(rng.permutation(len(table))[:size]).tolist())


def _not(title: str, name: str, note: str) -> Measure:
    return Measure(name, title, None, note=note)


def trained(
    table: Table, real: Table, text: str | None, label: str | None, *, seed: int = 0
) -> Measure:
    """TSTR: a model trained on the synthetic rows, on real ones, tested on other real ones."""
    title = "trained on these, tested on real (TSTR)"
    if label is None:
        return _not(title, "tstr", "no label column that both sides have")
    names = [n for n in table.columns if n in real.columns and n != label]
    if text in names:
        names = [str(text)]
    if not names:
        return _not(title, "tstr", f"no column beside {label} that both sides have")
    if min(len(table), len(real) // 2) < 20:
        return _not(title, "tstr", "needs 20 rows, and 40 real ones")
    rng = np.random.default_rng(seed)
    own, other = _drawn(table, 2 * SAMPLE, rng), _drawn(real, 4 * SAMPLE, rng)
    order = rng.permutation(len(other))
    half = len(other) // 2
    train, test = other.take(order[:half].tolist()), other.take(order[half:].tolist())
    sides = [(_rows(side, names), _labels(side, label)) for side in (own, test, train)]
    (rows, labels), (test_rows, test_labels), (real_rows, real_labels) = sides
    try:
        score = metrics.tstr(
            rows, labels, test_rows, test_labels, real=real_rows, real_labels=real_labels
        )
    except ValueError as error:
        return _not(title, "tstr", one_line(str(error)))
    reach = _reach(float(score), score.trtr, score.n, classes=not score.numeric)
    luck = _trained_apart(*sides, numeric=score.numeric, seed=seed)
    reach = float(np.hypot(reach, _FEW * luck))
    word: Word = "no evidence"
    if abs(score.gap) > reach:
        word = "worse" if score.gap > 0 else "better"
    note = f"{label}; a constant answer scores {score.baseline:.2f}"
    clear = abs(score.gap) > CLEAR * reach
    return Measure(
        "tstr", title, float(score), real=score.trtr,
        baseline=(max(score.trtr - reach, 0.0), min(score.trtr + reach, 1.0)),
        word=word, clear=clear, better="higher", note=note,
    )  # fmt: skip


def _trained_apart(
    own: _Labelled, test: _Labelled, real: _Labelled, *, numeric: bool, seed: int
) -> float:
    """Standard deviation of the gap by the luck of the training rows alone, by bootstrap."""
    rng = np.random.default_rng(seed)
    judged = _taken(test, rng.permutation(len(test[1]))[:_RESAMPLED])
    scores = []
    for _ in range(_RESAMPLES):
        (rows, labels), (real_rows, real_labels) = (
            _taken(side, rng.integers(0, len(side[1]), min(len(side[1]), _RESAMPLED)))
            for side in (own, real)
        )
        try:
            found = metrics.tstr(rows, labels, *judged, real=real_rows, real_labels=real_labels)
        except ValueError:
            continue
        if found.numeric == numeric:  # a resample may have too few numbers to regress on
            scores.append((float(found), float(found.trtr)))
    if len(scores) < 2:
        return 0.0
    return float(np.sqrt(np.var(scores, axis=0, ddof=1).sum()))


def _taken(side: _Labelled, rows: IntArray) -> _Labelled:
    told, labels = side
    picked = told.iloc[rows] if hasattr(told, "iloc") else [told[i] for i in rows]
    return picked, [labels[i] for i in rows]


def _reach(score: float, other: float, size: int, *, classes: bool) -> float:
    """95% of gaps between two equally good models are smaller: binomial, or that of R squared.

    Taken as if the two were judged on different rows, for the training rows differ as well.
    """
    if classes:
        variance = sum(max(s * (1 - s), 1 / size) for s in (score, other))
    else:
        r2 = min(max(other, 0.05), 0.95)
        variance = 2 * 4 * r2 * (1 - r2) ** 2
    return 1.96 * float(np.sqrt(variance / size))


def _labels(table: Table, label: str) -> list[Any]:
    return [v if isinstance(v, int | float) else str(v) for v in table.columns[label]]


def coverage(texts: Sequence[str], real: Sequence[str], *, seed: int = 0) -> list[Measure]:
    """Coverage, density, precision of the texts among real ones; real against real beside."""
    titles = {
        "coverage": "real rows covered (k = 5)",
        "precision": "rows among the real ones",
        "density": "density among the real ones",
    }
    rng = np.random.default_rng(seed)
    size = min(len(texts), len(real) // 2, ROWS // 2)
    if size < FEWEST:
        return [
            _not(title, name, "needs 8 rows, and 16 real ones")
            for name, title in titles.items()
        ]
    own = [texts[i] for i in rng.permutation(len(texts))[:size]]
    order = rng.permutation(len(real))
    one, two = ([real[i] for i in part] for part in (order[:size], order[size : 2 * size]))
    try:
        points = metrics.embed([*own, *one, *two], 64)
        found = metrics.prdc(points[size : 2 * size], points[:size])
        baseline = metrics.prdc(points[size : 2 * size], points[2 * size :])
    except ValueError as error:
        return [_not(title, name, one_line(str(error))) for name, title in titles.items()]
    return [
        _point(name, title, found[name], baseline[name], size) for name, title in titles.items()
    ]


def _point(name: str, title: str, value: float, real: float, size: int) -> Measure:
    spread = max(real, 0.1) if name == "density" else max(real * (1 - real), 0.01)
    reach = 1.96 * WIDER * float(np.sqrt(2 * spread / size))
    word: Word = (
        "no evidence" if abs(value - real) <= reach else "worse" if value < real else "changed"
    )
    most = np.inf if name == "density" else 1.0
    near = (max(real - reach, 0.0), min(real + reach, most))
    clear = abs(value - real) > CLEAR * reach
    note = f"{size:,} rows; beside it what {size:,} other real rows reach"
    return Measure(
        name, title, value, real=real, baseline=near, word=word, clear=clear, better="real",
        note=note,
    )  # fmt: skip
