"""Does augmentation help a rare class on real held-out rows? Measured, over fixed seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synthnb.metrics.arrays import FloatArray

__all__ = ["Arm", "rare_class_gain"]


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to train, against the class-weighted baseline on the same rows."""

    name: str
    f1: float
    """Mean F1 of the rare class on the held-out rows."""
    gain: float
    """Mean difference to the baseline, paired by seed."""
    low: float
    high: float
    """95% interval of that difference over seeds (Student's t)."""
    added: float
    """Mean number of rows added to the training set."""

    @property
    def verdict(self) -> str:
        """What the interval says."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "no difference shown"


def rare_class_gain(
    train: Any,
    held_out: Any,
    arms: Mapping[str, Any],
    *,
    text: str,
    label: str,
    rare: str,
    id: str,
    few: int = 8,
    seeds: Sequence[int] = tuple(range(20)),
) -> list[Arm]:
    """Return how each arm does on the rare class, against a class-weighted baseline.

    ``train`` and ``held_out`` are real rows (frames or lists of dicts), ``arms`` augmented
    ones by name, whose ``id`` is that of the training row they were made from. For every
    seed ``few`` rare rows are drawn, with all rows of the other classes; an arm adds the
    rows that were made from those, and nothing else. The learner is a logistic regression
    on TF-IDF of words and word pairs, class weights balanced. A second baseline repeats
    rare rows until the class is as large as the median one. The held-out rows are the same
    for every seed: the interval says how much the draw of training rows matters.
    """
    known, unseen = _rows(train), _rows(held_out)
    places = [i for i, row in enumerate(known) if row[label] == rare]
    if len(places) < few or few < 1:
        raise ValueError(f"few is from 1 to the {len(places)} rows of {rare!r}, not {few}")
    if not any(row[label] == rare for row in unseen):
        raise ValueError(f"no held-out row is {rare!r}")
    if len(seeds) < 3:
        raise ValueError("an interval needs at least 3 seeds")
    others = [row for row in known if row[label] != rare]
    made = {name: _by_parent(_rows(rows), id) for name, rows in arms.items()}
    names = ["class weights", "random oversampling", *made]
    scores: dict[str, list[float]] = {name: [] for name in names}
    added: dict[str, list[int]] = {name: [] for name in names}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        drawn = [known[places[i]] for i in sorted(rng.permutation(len(places))[:few])]
        copies = _copies(drawn, others, label, rng)
        extra = {name: _made_from(drawn, rows, id) for name, rows in made.items()}
        for name, more in {names[0]: [], names[1]: copies, **extra}.items():
            rows = [*others, *drawn, *more]
            scores[name].append(_f1(rows, unseen, text, label, rare))
            added[name].append(len(more))
    base = np.array(scores[names[0]])
    return [
        _arm(name, np.array(values), base, float(np.mean(added[name])))
        for name, values in scores.items()
    ]


def _rows(table: Any) -> list[dict[str, Any]]:
    if hasattr(table, "funnel") and hasattr(table, "df"):
        table = table.df
    if hasattr(table, "to_dict"):
        table = table.to_dict("records")
    return [dict(row) for row in table]


def _by_parent(rows: list[dict[str, Any]], id: str) -> dict[Any, list[dict[str, Any]]]:
    found: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row[id], []).append(row)
    return found


def _made_from(
    drawn: list[dict[str, Any]], rows: Mapping[Any, list[dict[str, Any]]], id: str
) -> list[dict[str, Any]]:
    return [made for row in drawn for made in rows.get(row[id], [])]


def _copies(
    drawn: list[dict[str, Any]], others: list[dict[str, Any]], label: str, rng: Any
) -> list[dict[str, Any]]:
    sizes: dict[Any, int] = {}
    for row in others:
        sizes[row[label]] = sizes.get(row[label], 0) + 1
    wanted = int(np.median(list(sizes.values()))) - len(drawn) if sizes else 0
    return [drawn[i] for i in rng.integers(0, len(drawn), max(0, wanted))]


def _f1(
    rows: list[dict[str, Any]], unseen: list[dict[str, Any]], text: str, label: str, rare: str
) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score
    from threadpoolctl import threadpool_limits

    weights = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    x = weights.fit_transform([row[text] for row in rows])
    learner = LogisticRegression(C=10.0, class_weight="balanced", max_iter=300)
    with threadpool_limits(1):  # so small a fit only waits for further threads
        learner.fit(x, [str(row[label]) for row in rows])
    said = learner.predict(weights.transform([row[text] for row in unseen]))
    truth = [str(row[label]) for row in unseen]
    return float(f1_score(truth, said, labels=[str(rare)], average="macro", zero_division=0))


def _arm(name: str, scores: FloatArray, base: FloatArray, added: float) -> Arm:
    from scipy.stats import t

    gains = scores - base
    error = float(gains.std(ddof=1)) / math.sqrt(len(gains))
    reach = float(t.ppf(0.975, len(gains) - 1)) * error
    mean = float(gains.mean())
    return Arm(name, float(scores.mean()), mean, mean - reach, mean + reach, added)
