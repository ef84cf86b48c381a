"""Clouds of points: do synthetic rows cover the real ones, and stay among them?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from synthnb.metrics.arrays import FloatArray, Matrix, histograms, matrix
from synthnb.metrics.tokens import Tokenizer, each_text, tokens

__all__ = ["embed", "mauve", "mauve_embeddings", "prdc"]


def mauve(p: ArrayLike, q: ArrayLike, *, c: float = 5.0, points: int = 25) -> float:
    """Return MAUVE of two histograms: the area under their divergence frontier.

    ``p`` and ``q`` are histograms over the same bins, each summing to 1, real and synthetic in
    either order. In 0..1, 1 if equal; 0.0041, the floor, without a common bin.
    ``points`` mixtures R are scored as exp(-c KL(P|R)) against exp(-c KL(Q|R)), without
    smoothing. Only differences at equal sample size mean anything. Pillutla et al. 2021
    (2102.01454).

    >>> round(mauve([.5, .3, .2], [.7, .2, .1]), 4)
    0.9729
    >>> round(mauve([1, 0], [0, 1]), 4)
    0.0041
    """
    if points < 2 or c <= 0:
        raise ValueError("points must be at least 2 and c above 0")
    first, second = histograms(p, q, 0.0)
    share = np.linspace(1e-6, 1 - 1e-6, points)[:, None]
    mixed = share * first + (1 - share) * second
    x = np.exp(-c * _kl_rows(second, mixed))
    y = np.exp(-c * _kl_rows(first, mixed))
    # The two ends of the frontier: all of one, nothing of the other.
    x, y = np.concatenate(([1.0], x, [0.0])), np.concatenate(([0.0], y, [1.0]))
    return min((_area(x, y) + _area(y, x)) / 2, 1.0)


def _kl_rows(p: FloatArray, mixed: FloatArray) -> FloatArray:
    held = p > 0
    divergence: FloatArray = (p[held] * np.log(p[held] / mixed[:, held])).sum(axis=1)
    return divergence


def _area(x: FloatArray, y: FloatArray) -> float:
    # The frontier falls: where x stays, as it does between equal histograms, y comes down.
    order = np.lexsort((-y, x))
    x, y = x[order], y[order]
    return float((np.diff(x) * (y[1:] + y[:-1])).sum()) / 2


def mauve_embeddings(
    real: ArrayLike,
    synthetic: ArrayLike,
    *,
    clusters: int | None = None,
    repeats: int = 5,
    sample: int = 2500,
    seed: int = 0,
) -> float:
    """Return MAUVE of two sets of embeddings, averaged over ``repeats`` quantisations.

    ``real`` is (n, d), ``synthetic`` (m, d). Rows are scaled to length 1, projected on the
    components that hold 90% of the variance and quantised by k-means into ``clusters`` bins (a
    tenth of the smaller set, 2 to 500); both sets are cut to the size of the smaller one, at
    most ``sample``, drawn with ``seed``. In 0.0041..1, higher is closer. Fewer than about 1,000
    rows a side read too low; compare with a real-against-real split of the same size.

    >>> rng = np.random.default_rng(0)
    >>> near = mauve_embeddings(rng.normal(size=(300, 4)), rng.normal(size=(300, 4)))
    >>> far = mauve_embeddings(rng.normal(size=(300, 4)), rng.normal(3, 1, size=(300, 4)))
    >>> near > 0.8 > 0.2 > far
    True
    """
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.decomposition import PCA

    if repeats < 1 or sample < 1 or (clusters is not None and clusters < 1):
        raise ValueError("clusters, repeats and sample must be at least 1")
    first, second = _pair(real, synthetic)
    smaller = min(len(first), len(second), sample)
    rng = np.random.default_rng(seed)
    first, second = _drawn(first, smaller, rng), _drawn(second, smaller, rng)
    bins = clusters or min(max(round(smaller / 10), 2), 500)
    if bins > len(first) + len(second):
        raise ValueError(f"{bins} clusters need at least as many rows")
    rows = np.vstack((first, second))
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = rows / np.where(lengths == 0, 1.0, lengths)
    if not np.ptp(rows, axis=0).any():
        return 1.0  # one and the same point on both sides
    rows = PCA(0.9, svd_solver="full", random_state=seed).fit_transform(rows)
    bins = min(bins, len(np.unique(rows, axis=0)))
    kind = KMeans if len(rows) <= 5000 else MiniBatchKMeans
    scores = []
    for repeat in range(repeats):
        labels = kind(bins, n_init=1, random_state=seed + repeat).fit_predict(rows)
        p = np.bincount(labels[: len(first)], minlength=bins) / len(first)
        q = np.bincount(labels[len(first) :], minlength=bins) / len(second)
        scores.append(mauve(p, q))
    return float(np.mean(scores))


def prdc(
    real: ArrayLike,
    synthetic: ArrayLike,
    k: int = 5,
    *,
    sample: int | None = 5000,
    seed: int = 0,
) -> dict[str, float]:
    """Return precision, recall, density and coverage of synthetic points among real ones.

    ``real`` is (n, d), ``synthetic`` (m, d), both with more than ``k`` rows; a ball reaches
    from each point to its k-th nearest neighbour in its own set.

    - precision: share of synthetic points in any real ball (0..1, are they believable)
    - recall: share of real points in any synthetic ball (0..1; outliers inflate it)
    - density: real balls around a synthetic point, over k (0 up, about 1 for equal sets)
    - coverage: share of real balls that hold a synthetic point (0..1, prefer it to recall;
      1 - 2^-k expected of equal distributions)

    Beyond ``sample`` rows a side, that many are drawn with ``seed`` (``None`` takes all, n x m
    memory). Kynkaanniemi et al. 2019 (1904.06991), Naeem et al. 2020 (2002.09797).

    >>> real = [[0.0], [1.0], [2.0], [3.0]]
    >>> prdc(real, [[0.1], [1.1], [2.1], [9.0]], k=1)
    {'precision': 0.75, 'recall': 1.0, 'density': 1.5, 'coverage': 1.0}
    """
    first, second = _pair(real, synthetic)
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    if min(len(first), len(second)) <= k:
        raise ValueError(f"prdc with k={k} needs more than {k} rows on each side")
    rng = np.random.default_rng(seed)
    first, second = _drawn(first, sample, rng), _drawn(second, sample, rng)
    real_radius = np.partition(_distances(first, first), k, axis=1)[:, k]
    synthetic_radius = np.partition(_distances(second, second), k, axis=1)[:, k]
    if not real_radius.any():
        raise ValueError("the real rows are too alike: every neighbour is at distance 0")
    between = _distances(first, second)
    # A copy is in the ball of its original even where that ball has radius 0.
    in_real = (between < real_radius[:, None]) | (between == 0)
    in_synthetic = (between < synthetic_radius[None, :]) | (between == 0)
    return {
        "precision": float(in_real.any(axis=0).mean()),
        "recall": float(in_synthetic.any(axis=1).mean()),
        "density": float(in_real.sum(axis=0).mean()) / k,
        "coverage": float(in_real.any(axis=1).mean()),
    }


def _pair(real: ArrayLike, synthetic: ArrayLike) -> tuple[Matrix, Matrix]:
    first, second = matrix(real, "real"), matrix(synthetic, "synthetic")
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"real and synthetic must have the same columns, got {first.shape[1]} and "
            f"{second.shape[1]}"
        )
    return first, second


def _drawn(rows: Matrix, sample: int | None, rng: np.random.Generator) -> Matrix:
    if sample is None or len(rows) <= sample:
        return rows
    return matrix(rows[np.sort(rng.choice(len(rows), sample, replace=False))], "rows")


def _distances(a: Matrix, b: Matrix) -> FloatArray:
    """Return (n, m) Euclidean distances; exact for few columns, by matrix product for many."""
    from scipy.spatial.distance import cdist

    if a.shape[1] <= 32 or len(a) * len(b) * a.shape[1] <= 10**8:
        exact: FloatArray = cdist(a, b)
        return exact
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :]
    square: FloatArray = squares - 2 * (a @ b.T)
    square[square < 1e-12 * squares] = 0.0
    return np.sqrt(square)


def embed(
    texts: Sequence[str],
    dimensions: int = 128,
    *,
    seed: int = 0,
    tokenize: Tokenizer | None = None,
) -> Matrix:
    """Return (n, d) unit embeddings that need no model: TF-IDF of tokens, then SVD.

    All texts that are to be compared go in one call, so that they share a space. ``d`` is at
    most ``dimensions`` and at most what the texts hold; a text without tokens is a zero row.
    It sees words, not meaning: paraphrases look far apart.

    >>> rows = embed(["a red cat", "a red cat", "blue skies ahead"])
    >>> bool(np.allclose(rows[0], rows[1])), abs(round(float(rows[0] @ rows[2]), 6))
    (True, 0.0)
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.utils.extmath import randomized_svd

    rows = list(each_text(texts))
    if not rows:
        raise ValueError("no texts to embed")
    split = TfidfVectorizer(
        analyzer=lambda text: tokens(text.lower(), tokenize),
        sublinear_tf=True,
        max_features=20_000,
        min_df=2 if len(rows) > 2000 else 1,
    )
    try:
        weights = split.fit_transform(rows)
    except ValueError as error:
        raise ValueError("no tokens to embed: every text is empty") from error
    limit = min(dimensions, *weights.shape)
    if min(weights.shape) <= 512:
        left, values, _ = np.linalg.svd(weights.toarray(), full_matrices=False)
    else:
        left, values, _ = randomized_svd(weights, limit, n_iter=2, random_state=seed)
    points = left[:, :limit] * values[:limit]
    points = points[:, values[:limit] > 1e-9 * max(float(values[0]), math.ulp(1.0))]
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    return matrix(points / np.where(lengths < 1e-9, 1.0, lengths), "embeddings")
