"""How varied are these texts? Figures are comparable only at equal size and length."""

from __future__ import annotations

import lzma
import math
import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synthnb.metrics.arrays import FloatArray, matrix
from synthnb.metrics.tokens import (
    IntArray,
    Texts,
    Tokenizer,
    count_distinct,
    each_text,
    encode,
    ngram_codes,
    order,
    tokens,
)

__all__ = [
    "compression_ratio",
    "distinct",
    "mean_pairwise_distance",
    "mtld",
    "ngram_diversity",
    "ngram_entropy",
    "self_bleu",
    "self_repetition",
    "vendi",
    "vendi_embeddings",
]


def distinct(texts: Texts, n: int = 2, *, tokenize: Tokenizer | None = None) -> float:
    """Return distinct-n: unique n-grams over all n-grams, pooled over the texts.

    In 0..1, higher is more varied; falls with corpus size, so compare equal sizes. N-grams do
    not cross texts. Texts that hold no n-gram at all are refused. Li et al. 2016 (1510.03055).

    >>> corpus = ["the cat sat on the mat", "the cat sat on the rug", "a dog ran in the park"]
    >>> round(distinct(corpus, 1), 4), round(distinct(corpus, 2), 4)
    (0.6111, 0.7333)
    """
    codes, _ = ngram_codes(encode(texts, tokenize), n)
    if not len(codes):
        raise ValueError(f"no {n}-grams: every text is shorter than {n} tokens")
    return count_distinct(codes) / len(codes)


def ngram_diversity(texts: Texts, n: int = 4, *, tokenize: Tokenizer | None = None) -> float:
    """Return the n-gram diversity score: the sum over 1..n of unique over all n-grams.

    In 0..n, higher is more varied. The texts are joined first, so n-grams cross their borders,
    as in the paper's own code; orders longer than the joined text add nothing.
    Shaib et al. 2024 (2403.00553).

    >>> corpus = ["the cat sat on the mat", "the cat sat on the rug", "a dog ran in the park"]
    >>> round(ngram_diversity(corpus), 3)
    3.055
    """
    corpus = encode(texts, tokenize)
    score = 0.0
    for size in range(1, order(n) + 1):
        codes, _ = ngram_codes(corpus, size, cross=True)
        if len(codes):
            score += count_distinct(codes) / len(codes)
    return score


def self_repetition(texts: Texts, n: int = 4, *, tokenize: Tokenizer | None = None) -> float:
    """Return the mean over texts of ln(1 + how often its n-grams recur in other texts).

    For each text the sum runs over its unique n-grams, each counting the other texts that hold
    it. From 0 (no n-gram shared) up without bound, in nats; higher is more repetitive. A text
    shorter than n adds 0. Shaib et al. 2024 (2403.00553), after Salkar et al. 2022.

    >>> round(self_repetition(["a b c d e", "a b c d f", "g h i j k"]), 4)
    0.4621
    """
    corpus = encode(texts, tokenize)
    codes, documents = ngram_codes(corpus, n)
    if not len(codes):
        return 0.0
    # Sorted by n-gram, then text: what differs from its forerunner is new.
    by_gram = np.lexsort((documents, codes))
    codes, documents = codes[by_gram], documents[by_gram]
    new_gram = np.concatenate(([True], codes[1:] != codes[:-1]))
    first_use = new_gram | np.concatenate(([True], documents[1:] != documents[:-1]))
    gram = np.cumsum(new_gram)[first_use] - 1
    holder = documents[first_use]
    frequency = np.bincount(gram)
    shared = np.bincount(holder, weights=frequency[gram] - 1, minlength=len(corpus))
    return float(np.log1p(shared).mean())


def ngram_entropy(
    texts: Texts,
    n: int = 1,
    *,
    corrected: bool = False,
    tokenize: Tokenizer | None = None,
) -> float:
    """Return the Shannon entropy of the n-gram distribution, in bits.

    From 0 (one n-gram only) to log2 of the number of n-grams; higher is more varied. Small
    samples read too low: ``corrected`` adds the Miller-Madow term (m-1)/(2N ln 2). Shannon
    1948; Miller 1955.

    >>> corpus = ["the cat sat on the mat", "the cat sat on the rug", "a dog ran in the park"]
    >>> round(ngram_entropy(corpus, 1), 4)
    3.1916
    """
    codes, _ = ngram_codes(encode(texts, tokenize), n)
    if not len(codes):
        raise ValueError(f"no {n}-grams: every text is shorter than {n} tokens")
    _, counts = np.unique(codes, return_counts=True)
    total = len(codes)
    # ln N - sum c ln c / N loses nothing where c/N would round.
    nats = math.log(total) - float((counts * np.log(counts)).sum()) / total
    bits = max(nats, 0.0) / math.log(2)
    if corrected:
        bits += (len(counts) - 1) / (2 * total * math.log(2))
    return bits


def compression_ratio(
    texts: Sequence[str],
    algorithm: Literal["gzip", "xz"] = "gzip",
    *,
    limit: int | None = None,
) -> float:
    """Return bytes of the texts joined by spaces over their compressed bytes.

    Near 1 for noise (below 1 for a few words), higher is more repetitive. Grows with corpus
    size and text length, so compare equal sizes: ``limit`` stops after that many bytes. Gzip
    (level 9) sees 32 kB back; take ``xz`` for big corpora. The zlib at hand decides the last
    few bytes: compare on one machine. UTF-8. Shaib et al. 2024 (2403.00553).

    >>> 30 < compression_ratio(["the cat sat on the mat"] * 100) < 50
    True
    """
    if algorithm not in ("gzip", "xz"):
        raise ValueError(f"algorithm must be gzip or xz, got {algorithm!r}")
    if limit is not None and limit < 1:
        raise ValueError(f"limit must be at least 1 byte, got {limit}")
    packer = lzma.LZMACompressor() if algorithm == "xz" else zlib.compressobj(9, wbits=31)
    plain = packed = 0
    space = b""
    for text in each_text(texts):
        raw = space + text.encode("utf-8", "surrogatepass")
        space = b" "
        raw = raw if limit is None else raw[: limit - plain]
        plain += len(raw)
        packed += len(packer.compress(raw))
        if limit is not None and plain >= limit:
            break
    if not plain:
        raise ValueError("no text to compress")
    return plain / (packed + len(packer.flush()))


def self_bleu(
    texts: Sequence[str],
    n: int = 4,
    sample: int | None = 200,
    *,
    smoothing: float = 0.0,
    seed: int = 0,
    tokenize: Tokenizer | None = None,
) -> float:
    """Return the mean BLEU of each text against all others as its references.

    In 0..1, higher is more repetitive. ``sample`` texts are drawn with ``seed`` and compared
    among themselves (``None`` takes all), because the figure grows with the number of
    references. Unsmoothed: a text that shares no n-gram of the highest order, or is shorter
    than that, scores 0; ``smoothing`` replaces a count of zero by that number. Needs two
    texts. Zhu et al. 2018 (1802.01886).

    >>> corpus = ["the cat sat on the mat", "the cat sat on the rug", "a dog ran in the park"]
    >>> round(self_bleu(corpus, n=2), 4)
    0.5443
    """
    rows = list(each_text(texts))
    if len(rows) < 2:
        raise ValueError("self-BLEU compares texts: at least two are needed")
    if smoothing < 0 or (sample is not None and sample < 2):
        raise ValueError("sample must be at least 2, and smoothing not negative")
    if sample is not None and len(rows) > sample:
        drawn = np.random.default_rng(seed).choice(len(rows), sample, replace=False)
        rows = [rows[row] for row in sorted(drawn)]
    documents = [tokens(text, tokenize) for text in rows]
    lengths = np.array([len(words) for words in documents])
    logs = np.zeros(len(documents))
    for size in range(1, order(n) + 1):
        hits, totals = _clipped(documents, size)
        precision = np.where(hits > 0, hits, smoothing) / np.maximum(totals, 1)
        with np.errstate(divide="ignore"):
            logs += np.log(precision) / n
    penalty = _brevity(lengths)
    return float((penalty * np.exp(logs)).mean())


def _clipped(documents: list[list[str]], n: int) -> tuple[IntArray, IntArray]:
    """Count, per document, n-grams clipped at their most frequent use in another one."""
    counts = [
        Counter(zip(*(words[offset:] for offset in range(n)), strict=False))
        for words in documents
    ]
    # The best count and the second best say what "all others" hold at most.
    best: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for row, counter in enumerate(counts):
        for gram, count in counter.items():
            first, holder, second = best.get(gram, (0, -1, 0))
            if count > first:
                best[gram] = (count, row, first)
            elif count > second:
                best[gram] = (first, holder, count)
    hits, totals = [], []
    for row, counter in enumerate(counts):
        clipped = 0
        for gram, count in counter.items():
            first, holder, second = best[gram]
            clipped += min(count, second if holder == row else first)
        hits.append(clipped)
        totals.append(counter.total())
    return np.array(hits, np.int64), np.array(totals, np.int64)


def _brevity(lengths: IntArray) -> FloatArray:
    """Return BLEU's brevity penalty against the closest other length (shorter on a tie)."""
    ordered = np.sort(lengths)
    penalties = []
    for length in lengths:
        left = int(np.searchsorted(ordered, length, "left"))
        right = int(np.searchsorted(ordered, length, "right"))
        if right - left > 1:
            penalties.append(1.0 if length else 0.0)
            continue
        near = [int(ordered[at]) for at in (left - 1, right) if 0 <= at < len(ordered)]
        closest = min(near, key=lambda other: (abs(other - length), other))
        short = length and length < closest
        penalty = math.exp(1 - closest / length) if short else float(length > 0)
        penalties.append(penalty)
    return np.array(penalties)


def mtld(text: str, threshold: float = 0.72, *, tokenize: Tokenizer | None = None) -> float:
    """Return the measure of textual lexical diversity: tokens per type-token-ratio factor.

    A factor ends when the running type-token ratio is at or below ``threshold``; the rest
    counts as a part of one; the mean of reading forwards and backwards. From about 1 up,
    higher is more varied; needs 50-100 tokens to mean much. A text that never repeats has no
    factor and returns its number of tokens. McCarthy & Jarvis 2010.

    >>> round(mtld("the cat sat on the mat and the dog sat on the rug"), 4)
    13.0
    """
    if not 0 < threshold < 1:
        raise ValueError(f"threshold must be between 0 and 1, got {threshold}")
    words = tokens(text, tokenize)
    if not words:
        raise ValueError("no tokens to measure: the text is empty")
    return (_mtld_one_way(words, threshold) + _mtld_one_way(words[::-1], threshold)) / 2


def _mtld_one_way(words: list[str], threshold: float) -> float:
    factors, seen, length = 0.0, set[str](), 0
    for word in words:
        seen.add(word)
        length += 1
        if len(seen) / length <= threshold:
            factors += 1
            seen, length = set(), 0
    if length:
        factors += (1 - len(seen) / length) / (1 - threshold)
    return len(words) / factors if factors else float(len(words))


_MOST_KERNEL = 5000
"""Rows whose eigenvalues take about ten seconds."""


def vendi(kernel: ArrayLike, q: float = 1.0) -> float:
    """Return the Vendi score: the effective number of different items.

    ``kernel`` is an (n, n) similarity matrix, symmetric, positive semidefinite, ones on the
    diagonal. In 1..n, higher is more varied: 1 if all are the same, n if none has anything in
    common. ``q`` is the order (``math.inf`` looks at the largest group alone). O(n^3), so at
    most 5,000 rows; for more use ``vendi_embeddings``. Friedman & Dieng 2022 (2210.02410).

    >>> round(vendi([[1, 1, 0], [1, 1, 0], [0, 0, 1]]), 4)
    1.8899
    """
    shape = np.shape(kernel) if hasattr(kernel, "shape") else (0,)
    if max(shape, default=0) > _MOST_KERNEL and len(set(shape)) == 1:
        raise ValueError(
            f"a kernel of {shape[0]:,} rows takes too long: draw {_MOST_KERNEL:,} of them, or "
            "use vendi_embeddings"
        )
    square = matrix(kernel, "kernel")
    if square.shape[0] != square.shape[1]:
        raise ValueError(f"kernel must be square, got {square.shape[0]} x {square.shape[1]}")
    if not np.allclose(square, square.T, atol=1e-8):
        raise ValueError("kernel must be symmetric")
    if not np.allclose(np.diag(square), 1.0, atol=1e-6):
        raise ValueError("kernel must have ones on its diagonal")
    return _vendi(np.linalg.eigvalsh(square / len(square)), q)


def vendi_embeddings(embeddings: ArrayLike, q: float = 1.0) -> float:
    """Return the Vendi score of (n, d) embeddings under cosine similarity, in O(n d^2).

    In 1..n, higher is more varied; ``q`` and source as in ``vendi``. No zero rows.

    >>> round(vendi_embeddings([[1, 0], [1, 0], [0, 1]]), 4)
    1.8899
    """
    unit = _unit(embeddings)
    # X X^T and X^T X share their non-zero eigenvalues: the smaller one is enough.
    gram = unit @ unit.T if len(unit) < unit.shape[1] else unit.T @ unit
    return _vendi(np.linalg.eigvalsh(gram / len(unit)), q)


def _vendi(eigenvalues: NDArray[np.floating[Any]], q: float) -> float:
    if q < 0 or math.isnan(q):
        raise ValueError(f"q must be 0 or more, got {q}")
    if eigenvalues.min(initial=0.0) < -1e-6:
        raise ValueError("kernel must be positive semidefinite")
    weights = eigenvalues[eigenvalues > 1e-12]
    if q == 1:
        return float(np.exp(-(weights * np.log(weights)).sum()))
    if math.isinf(q):
        return float(1 / weights.max())
    return float((weights**q).sum() ** (1 / (1 - q)))


def mean_pairwise_distance(embeddings: ArrayLike) -> float:
    """Return the mean cosine distance (1 - cosine) over all pairs of rows.

    ``embeddings`` has shape (n, d), n at least 2, no zero rows. In 0..2, higher is more varied;
    compare it with real rows in the same space, its scale means nothing alone. O(n d). Tevet &
    Berant 2021 (2004.02990).

    >>> round(mean_pairwise_distance([[1, 0], [1, 0], [0, 1]]), 4)
    0.6667
    """
    unit = _unit(embeddings)
    count = len(unit)
    if count < 2:
        raise ValueError("a pairwise distance needs at least two rows")
    # |sum u|^2 = n + 2 sum over pairs of their cosine: no n x n matrix.
    total = unit.sum(axis=0)
    cosines = (float(total @ total) - count) / (count * (count - 1))
    return max(1.0 - cosines, 0.0)


def _unit(embeddings: ArrayLike) -> FloatArray:
    rows = matrix(embeddings, "embeddings")
    lengths = np.linalg.norm(rows, axis=1)
    if not lengths.all():
        raise ValueError("embeddings hold a zero row: it has no direction")
    return np.asarray(rows / lengths[:, None], dtype=np.float64)
