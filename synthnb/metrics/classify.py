"""Small classifiers as measures: can one tell the sets apart, can one learn from them?"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from synthnb.metrics.arrays import FloatArray, floats
from synthnb.metrics.features import Rows, featurize, length_of
from synthnb.metrics.figure import Figure
from synthnb.metrics.tokens import IntArray

__all__ = ["c2st", "tstr"]

_LEAST = 10
"""Rows a side below which an accuracy says nothing."""
_MOST_CLASSES = 20
"""More different numbers than this are no classes."""


def c2st(
    real: Rows,
    synthetic: Rows,
    *,
    folds: int = 5,
    sample: int = 5000,
    groups: tuple[Sequence[Any], Sequence[Any]] | None = None,
    seed: int = 0,
) -> Figure:
    """Return the accuracy at which a classifier tells real from synthetic rows.

    ``real`` and ``synthetic`` are lists of texts, arrays (n, d) or frames of the same columns,
    at least 10 rows each. Both are cut to the same size (at most ``sample``), a logistic
    regression is cross-fitted on ``folds`` parts, and accuracy is over the parts held out. From
    about 0.5 (no difference seen) to 1 (told apart every time); well below 0.5 rows of one side
    stand in the other as well. ``groups`` (the parent of each row, one list a side) keeps rows
    of one parent in one part.

    The number carries ``.z`` and ``.p`` (one-sided, against accuracy 0.5), ``.n`` (rows judged)
    and ``.top``: the strongest columns as (name, weight), above 0 where they say synthetic.
    Look there first: a stock phrase may be all it saw. Lopez-Paz & Oquab 2017 (1610.06545).

    >>> rng = np.random.default_rng(0)
    >>> result = c2st(rng.normal(0, 1, (500, 1)), rng.normal(1, 1, (500, 1)))
    >>> 0.64 < result < 0.74, result.p < 1e-6
    (True, True)
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict

    rng = np.random.default_rng(seed)
    size = min(length_of(real), length_of(synthetic), sample)
    if size < _LEAST:
        raise ValueError(f"c2st needs at least {_LEAST} rows on each side, got {size}")
    if not 2 <= folds <= size:
        raise ValueError(f"folds must be from 2 to the rows a side, {size}, got {folds}")
    for side, rows in zip(groups or (), (real, synthetic), strict=bool(groups)):
        if length_of(side) != length_of(rows):
            raise ValueError("groups name one parent a row, in one list a side")
    picks = [np.sort(rng.permutation(length_of(side))[:size]) for side in (real, synthetic)]
    kept = [_take(side, pick) for side, pick in zip((real, synthetic), picks, strict=True)]
    from scipy.sparse import vstack

    parts, names = featurize(kept)
    x = vstack(parts).tocsr()
    y = np.repeat([0, 1], size)
    splitter, members = _splitter(groups, picks, folds, seed)
    model = LogisticRegression(max_iter=300)
    guesses = cross_val_predict(model, x, y, cv=splitter, groups=members)
    accuracy = float((guesses == y).mean())
    z = (accuracy - 0.5) * 2 * math.sqrt(len(y))
    model.fit(x, y)
    strength = model.coef_[0] * np.sqrt(np.asarray(x.multiply(x).mean(axis=0)).ravel())
    order = np.argsort(-np.abs(strength))[:10]
    top = [(names[column], float(strength[column])) for column in order]
    p = math.erfc(z / math.sqrt(2)) / 2
    return Figure(accuracy, z=z, p=p, n=len(y), top=top)


def _splitter(
    groups: tuple[Sequence[Any], Sequence[Any]] | None,
    picks: list[IntArray],
    folds: int,
    seed: int,
) -> tuple[Any, IntArray | None]:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    if groups is None:
        return StratifiedKFold(folds, shuffle=True, random_state=seed), None
    labels = [str(side[row]) for side, pick in zip(groups, picks, strict=True) for row in pick]
    numbers = np.unique(np.array(labels), return_inverse=True)[1]
    if numbers.max() + 1 < folds:
        raise ValueError(f"{folds} folds need at least {folds} groups")
    return StratifiedGroupKFold(folds, shuffle=True, random_state=seed), numbers


def _take(rows: Rows, pick: IntArray) -> Rows:
    if hasattr(rows, "iloc"):
        return rows.iloc[pick]
    if hasattr(rows, "columns"):
        return rows[pick]
    return np.asarray(rows)[pick] if hasattr(rows, "shape") else [rows[at] for at in pick]


def tstr(
    synthetic: Rows,
    synthetic_labels: Sequence[Any] | ArrayLike,
    test: Rows,
    test_labels: Sequence[Any] | ArrayLike,
    *,
    real: Rows | None = None,
    real_labels: Sequence[Any] | ArrayLike | None = None,
    sample: int = 20_000,
    seed: int = 0,
) -> Figure:
    """Return the score of a model trained on synthetic rows and tested on real ones.

    Rows are texts, arrays (n, d) or frames with the same columns, labels one a row. For classes
    the model is a logistic regression and the score its accuracy (0..1); for more than 20
    different numbers it is a ridge regression and the score is R squared (up to 1). Higher
    is better: train on synthetic, test on real (Esteban et al. 2017, 1706.02633).

    The number carries ``.numeric`` (whether it is R squared), ``.baseline`` (always the
    commonest training label, 0 for numbers) and, where ``real`` training rows are given,
    ``.trtr`` (trained on them instead, both cut to one size) and ``.gap`` (that minus this);
    both are None without.

    >>> texts, labels = ["good fun", "great fun", "bad mess", "awful mess"], [1, 1, 0, 0]
    >>> result = tstr(texts, labels, ["what fun", "what a mess"], [1, 0])
    >>> result + 0, result.baseline, result.trtr
    (1.0, 0.5, None)
    """
    trained: list[tuple[Rows, Any]] = [(synthetic, synthetic_labels)]
    if (real is None) != (real_labels is None):
        raise ValueError("real and real_labels go together")
    if real is not None:
        trained.append((real, real_labels))
    for rows, labels in [*trained, (test, test_labels)]:
        if length_of(rows) != length_of(labels) or not length_of(rows):
            raise ValueError("each side needs rows, and one label for each of them")
    rng = np.random.default_rng(seed)
    size = min([sample, *(length_of(rows) for rows, _ in trained)])
    sides, answers = [], []
    for rows, labels in trained:
        pick = np.sort(rng.permutation(length_of(rows))[:size])
        sides.append(_take(rows, pick))
        answers.append(_take(labels, pick))
    *answers, truth = _labels([*answers, test_labels])
    features, _ = featurize([*sides, test])
    numeric = truth.dtype.kind == "f"
    scores = [
        _score(x, y, features[-1], truth, numeric)
        for x, y in zip(features[:-1], answers, strict=True)
    ]
    baseline = 0.0 if numeric else _commonest(answers[0], truth)
    other = scores[1] if len(scores) > 1 else None
    gap = other - scores[0] if other is not None else None
    found = {"numeric": numeric, "baseline": baseline, "trtr": other, "gap": gap}
    return Figure(scores[0], **found, n=len(truth))


def _labels(sides: Sequence[Any]) -> list[np.ndarray[Any, Any]]:
    """Return the labels of every side alike: as numbers to regress on, else as names."""
    arrays = [np.asarray(list(values)) for values in sides]
    if any(array.ndim != 1 for array in arrays):
        raise ValueError("labels must have one dimension")
    if all(array.dtype.kind in "biuf" for array in arrays):
        numbers = [floats(array, "labels") for array in arrays]
        if len(np.unique(np.concatenate(numbers))) > _MOST_CLASSES:
            return numbers
        # 1, 1.0 and True are one class, whatever a file made of them.
        return [np.array([f"{value:.12g}" for value in side]) for side in numbers]
    return [np.array([_name(value) for value in array.tolist()]) for array in arrays]


def _name(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value)


def _commonest(train: np.ndarray[Any, Any], test: np.ndarray[Any, Any]) -> float:
    values, counts = np.unique(train, return_counts=True)
    return float((test == values[counts.argmax()]).mean())


def _score(x: Any, y: np.ndarray[Any, Any], test: Any, truth: Any, numeric: bool) -> float:
    from sklearn.linear_model import LogisticRegression, Ridge

    if numeric:
        guess: FloatArray = Ridge(1.0).fit(x, y).predict(test)
        spread = float(((truth - truth.mean()) ** 2).sum())
        return 1.0 - float(((truth - guess) ** 2).sum()) / spread if spread else 0.0
    if len(np.unique(y)) == 1:
        return _commonest(y, truth)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # many classes for few rows: their choice
        guesses = LogisticRegression(max_iter=300).fit(x, y).predict(test)
    return float((guesses == truth).mean())
