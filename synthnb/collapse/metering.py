"""One stage beside the reference: figures at equal size and length, and their chances."""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthnb import metrics
from synthnb.collapse.meter_value import FIGURES, Point, Stage
from synthnb.metrics.tokens import Encoded, IntArray, encode, tokens

__all__ = ["FEWEST", "ROWS", "Side", "holm", "measure"]

ROWS, PERMUTATIONS, FEWEST = 300, 120, 12
_LONGEST = 200

_Matrix: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Side:
    """Texts, and their labels where a column of labels is watched."""

    name: str
    texts: list[str]
    labels: list[str] | None


class _Pool:
    """Reference and stage rows cut alike, so that any split of them is measured at once."""

    def __init__(
        self, words: list[list[str]], labels: list[str] | None, tail: set[str]
    ) -> None:
        self.corpus: Encoded = encode(
            ["\x1f".join(line) for line in words], lambda text: text.split("\x1f")
        )
        self.labels = labels
        rare = np.array([word.casefold() in tail for word in self.corpus.vocabulary])
        self._rare, self._tail = rare, len(tail)
        try:
            vectors = metrics.embed(
                ["\x1f".join(line) for line in words], 32,
                tokenize=lambda text: text.split("\x1f"),
            )  # fmt: skip
            self._vectors: _Matrix | None = np.asarray(vectors)
        except ValueError:
            self._vectors = None

    def figures(self, rows: IntArray) -> dict[str, float]:
        part = self.corpus.take(rows)
        found: dict[str, float] = {}
        with contextlib.suppress(ValueError):  # no row has two tokens
            found["distinct_2"] = metrics.distinct(part, 2)
        if self._vectors is not None:
            vectors = self._vectors[rows]
            vectors = vectors[np.linalg.norm(vectors, axis=1) > 0]
            if len(vectors) >= 2:
                found["vendi"] = metrics.vendi_embeddings(vectors)
                found["self_similarity"] = 1 - metrics.mean_pairwise_distance(vectors)
        if self.labels is not None:
            counts = np.array(list(Counter(self.labels[row] for row in rows).values()))
            share = counts / counts.sum()
            found["label_entropy"] = float(-(share * np.log2(share)).sum()) + 0.0
        if self._tail:
            used = np.unique(part.ids)
            found["tail_coverage"] = float(self._rare[used].sum()) / self._tail
        return found


def measure(rows: Side, reference: Side, seed: int) -> Stage:
    """The stage's figures beside the reference's, with the chance of so large a loss."""
    size = min(len(rows.texts), len(reference.texts) // 2, ROWS)
    if size < FEWEST:
        note = f"needs {FEWEST} rows, and {2 * FEWEST} in {reference.name}"
        return Stage(rows.name, len(rows.texts), {}, note)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(reference.texts))
    known = order[size : 3 * size]  # names the rare words; its rows are in no comparison
    ours = rng.permutation(len(rows.texts))[:size]
    theirs = order[:size]
    lines = [tokens(rows.texts[i]) for i in ours] + [tokens(reference.texts[i]) for i in theirs]
    length = min(
        int(np.median([len(line) for line in side])) for side in (lines[:size], lines[size:])
    )
    lines = [line[: min(max(length, 3), _LONGEST)] for line in lines]
    labels = None
    if rows.labels is not None and reference.labels is not None:
        labels = [rows.labels[i] for i in ours] + [reference.labels[i] for i in theirs]
    pool = _Pool(lines, labels, _tail([reference.texts[i] for i in known]))
    return Stage(rows.name, len(rows.texts), _tested(pool, size, rng))


def _tail(texts: list[str]) -> set[str]:
    """Words that few of the reference's rows hold: at most one in fifty."""
    held = Counter(word for text in texts for word in {w.casefold() for w in tokens(text)})
    most = max(len(texts) // 50, 1)
    return {word for word, count in held.items() if count <= most}


def _tested(pool: _Pool, size: int, rng: np.random.Generator) -> dict[str, Point]:
    ours, theirs = np.arange(size), np.arange(size, 2 * size)
    value, reference = pool.figures(ours), pool.figures(theirs)
    gaps: dict[str, list[float]] = {name: [] for name in FIGURES}
    for _ in range(PERMUTATIONS):
        mixed = rng.permutation(2 * size)
        one, two = pool.figures(np.sort(mixed[:size])), pool.figures(np.sort(mixed[size:]))
        for name in one:
            gaps[name].append(one[name] - two[name])
    points = {}
    for name, (_, bad) in FIGURES.items():
        if name not in value or name not in reference:
            continue
        loss = (
            reference[name] - value[name] if bad == "lower" else value[name] - reference[name]
        )
        points[name] = Point(value[name], reference[name], _chance(loss, np.array(gaps[name])))
    return points


def _chance(loss: float, gaps: _Matrix) -> float:
    """One-sided p from the permutations: counted where they reach, normal beyond them."""
    spread = float(gaps.std())
    if not spread:
        return 1.0 if loss <= 0 else 1 / (len(gaps) + 1)
    normal = math.erfc(loss / spread / math.sqrt(2)) / 2
    if loss <= 0 or normal < 0.01:  # so few permutations cannot count what is that rare
        return max(normal, 1e-12)
    reached = int((np.abs(gaps) >= loss).sum()) / 2  # the gaps are symmetric around 0
    return max(normal, (1 + reached) / (len(gaps) + 1))


def holm(stages: list[Stage], rate: float) -> Iterator[Stage]:
    """Mark the points that stay below their Holm threshold."""
    ranked = sorted(
        (point.p, place, name)
        for place, stage in enumerate(stages)
        for name, point in stage.points.items()
    )
    called: set[tuple[int, str]] = set()
    for passed, (p, place, name) in enumerate(ranked):
        if p > rate / (len(ranked) - passed):
            break
        called.add((place, name))
    for place, stage in enumerate(stages):
        points = {
            name: Point(p.value, p.reference, p.p, (place, name) in called)
            for name, p in stage.points.items()
        }
        yield Stage(stage.name, stage.rows, points, stage.note)
