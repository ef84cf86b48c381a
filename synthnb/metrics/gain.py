"""Does augmentation help a rare class on real held-out rows? Measured, over fixed seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from synthnb.metrics.arrays import FloatArray

__all__ = ["Arm", "rare_class_gain"]

BoolArray: TypeAlias = npt.NDArray[np.bool_]

_BASELINES = ("class weights", "random oversampling")
RESAMPLES = 2000
"""Bootstrap draws behind an interval."""


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
    """95% interval of that difference: held-out rows and seeds are both drawn again."""
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
    rare rows until the class is as large as the median one. The interval is
    the percentile bootstrap over held-out rows and seeds together: it covers other test
    rows of the same kind and other draws of training rows, not other data.

    Labels and ids are compared as text. F1 is 0 where nothing is called rare. Raises
    ``ValueError`` for fewer than ``few`` rare rows, none held out, fewer than 3 seeds, a row
    without a column, an arm named like a baseline or with no row made from a training row.

    >>> words = ["stolen", "robbed", "taken", "lifted"]
    >>> train = [{"id": i, "text": f"card was {w}", "y": "loss"} for i, w in enumerate(words)]
    >>> train += [{"id": 9 + i, "text": f"pay bill {i}", "y": "pay"} for i in range(8)]
    >>> names = {"text": "text", "label": "y", "rare": "loss", "id": "id"}
    >>> [a.name for a in rare_class_gain(train, train, {"eda": train}, few=2, **names)]
    ['class weights', 'random oversampling', 'eda']
    """
    rare = str(rare)
    known = _rows(train, "train", text, label, id)
    unseen = _rows(held_out, "held_out", text, label)
    places = [i for i, row in enumerate(known) if row[label] == rare]
    _enough(len(places), few, any(row[label] == rare for row in unseen), len(seeds), rare)
    others = [row for row in known if row[label] != rare]
    ids = {row[id] for row in known}
    made = {name: _by_parent(name, rows, ids, text, label, id) for name, rows in arms.items()}
    names = [*_BASELINES, *made]
    said: dict[str, list[BoolArray]] = {name: [] for name in names}
    added: dict[str, list[int]] = {name: [] for name in names}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        drawn = [known[places[i]] for i in sorted(rng.permutation(len(places))[:few])]
        copies = _copies(drawn, others, label, rng)
        extra = {name: _made_from(drawn, rows, id) for name, rows in made.items()}
        for name, more in {names[0]: [], names[1]: copies, **extra}.items():
            rows = [*others, *drawn, *more]
            said[name].append(_called_rare(rows, unseen, text, label, rare))
            added[name].append(len(more))
    truth = np.array([row[label] == rare for row in unseen])
    called = {name: np.array(rows) for name, rows in said.items()}
    return [
        _arm(name, rows, called[names[0]], truth, float(np.mean(added[name])))
        for name, rows in called.items()
    ]


def _enough(there: int, few: int, unseen: bool, seeds: int, rare: str) -> None:
    """Refuse what no gain can be told from: too few rare rows, none held out, few seeds."""
    if there < few or few < 1:
        raise ValueError(f"few is from 1 to the {there} rows of {rare!r}, not {few}")
    if not unseen:
        raise ValueError(f"no held-out row is {rare!r}")
    if seeds < 3:
        raise ValueError("an interval needs at least 3 seeds")


def _rows(table: Any, shown: str, text: str, *keys: str) -> list[dict[str, Any]]:
    """The rows with their ``keys`` as text, whatever a file made of 1 and "1"."""
    if hasattr(table, "funnel") and hasattr(table, "df"):
        table = table.df
    if hasattr(table, "to_dict"):
        table = table.to_dict("records")
    rows = [dict(row) for row in table]
    for row in rows:
        if missing := [name for name in (text, *keys) if name not in row]:
            raise ValueError(f"{shown}: a row has no column {missing[0]!r}")
    return [{**row, **{name: str(row[name]) for name in keys}} for row in rows]


def _by_parent(
    name: str, arm: Any, ids: set[str], text: str, label: str, id: str
) -> dict[str, list[dict[str, Any]]]:
    """The rows of an arm by the training row that they were made from."""
    if name in _BASELINES:
        raise ValueError(f"{name!r} is a baseline: give that arm another name")
    found: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(arm, f"arm {name!r}", text, label, id):
        found.setdefault(row[id], []).append(row)
    if found and not ids & found.keys():
        raise ValueError(f"arm {name!r}: no {id} of its rows is one of a training row")
    return found


def _made_from(
    drawn: list[dict[str, Any]], rows: Mapping[str, list[dict[str, Any]]], id: str
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


def _called_rare(
    rows: list[dict[str, Any]], unseen: list[dict[str, Any]], text: str, label: str, rare: str
) -> BoolArray:
    """Which held-out rows a learner of ``rows`` calls rare."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    weights = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    x = weights.fit_transform([row[text] for row in rows])
    learner = LogisticRegression(C=10.0, class_weight="balanced", max_iter=300)
    with threadpool_limits(1):  # so small a fit only waits for further threads
        learner.fit(x, [row[label] for row in rows])
    said = learner.predict(weights.transform([row[text] for row in unseen]))
    return np.asarray(said == rare, dtype=np.bool_)


def _f1(called: BoolArray, truth: BoolArray, counts: FloatArray) -> FloatArray:
    """F1 of each seed's calls (seeds, rows) under each count of the rows (times, rows)."""
    hits = (called & truth).astype(np.float64) @ counts.T
    either = called.astype(np.float64) @ counts.T + truth.astype(np.float64) @ counts.T
    return np.asarray(2 * hits / np.maximum(either, 1), dtype=np.float64)


def _arm(name: str, called: BoolArray, base: BoolArray, truth: BoolArray, added: float) -> Arm:
    once = np.ones((1, len(truth)))
    scores, before = (_f1(one, truth, once)[:, 0] for one in (called, base))
    rng = np.random.default_rng(0)
    rows = _drawn_again(rng, len(truth))
    seeds = _drawn_again(rng, len(called))
    gains = (_f1(called, truth, rows) - _f1(base, truth, rows)) * seeds.T
    low, high = np.percentile(gains.sum(axis=0) / len(called), (2.5, 97.5))
    gain = float((scores - before).mean())
    return Arm(name, float(scores.mean()), gain, float(low), float(high), added)


def _drawn_again(rng: np.random.Generator, size: int) -> FloatArray:
    """How often each of ``size`` things is drawn, with replacement, in each resample."""
    shares = np.full(size, 1 / size)
    return rng.multinomial(size, shares, RESAMPLES).astype(np.float64)
