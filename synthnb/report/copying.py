"""The copy alarm: rows that repeat the source, the longest run they share, nearer to what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthnb import metrics
from synthnb.metrics.tokens import IntArray, encode, ngram_codes
from synthnb.nearduplicates import NearDuplicateIndex
from synthnb.report.texts import FEWEST
from synthnb.report.value import Copying

__all__ = ["copies"]

COPY_ROWS = 200_000
"""Rows a side that are compared word by word; of more, a sample."""
LETTERS = 30_000_000
"""Letters a side, likewise: rows that are long documents."""
NEAR = 0.8
_RUN = 8
"""Tokens that two rows must share in a row before the run is looked at."""
_SAMPLE = 1000
_CANDIDATES = 12


class _Pair(NamedTuple):
    """A row and the source row it is nearest to, with what both say."""

    row: str = ""
    source: str = ""
    span: str = ""
    size: int = 0


def copies(
    texts: Sequence[str], real: Sequence[str], holdout: Sequence[str] = (), *, seed: int = 0
) -> Copying:
    """Equal and nearly equal rows, the longest shared run, and the worst pair of them.

    The pair is that of the longest run where it is 8 tokens or more, else the nearest copy.
    """
    rng = np.random.default_rng(seed)
    known = _sample(dict.fromkeys(text for text in real if text.strip()), COPY_ROWS, rng)
    own = _sample([text for text in texts if text.strip()], COPY_ROWS, rng)
    plain = {_normal(text) for text in known}
    same = [place for place, text in enumerate(own) if _normal(text) in plain]
    index = NearDuplicateIndex(NEAR)
    for _ in index.extend(known):
        pass
    near = dict(index.matches(own))
    worst = _longest(own, known)
    if not worst.size and near:
        place = max(near, key=lambda row: near[row].similarity)
        worst = _pair(own[place], known[near[place].row])
    elif not worst.size and same:  # too short to have runs of words
        worst = _pair(own[same[0]], own[same[0]])
    return Copying(
        len(own), len(same), len(near.keys() | set(same)), _nearer(own, known, holdout, rng),
        worst.size, worst.span, worst.row, worst.source,
        f"{len(own):,} rows against {len(known):,} real ones",
    )  # fmt: skip


def _sample(texts: Iterable[str], most: int, rng: np.random.Generator) -> list[str]:
    rows = list(texts)
    letters = sum(map(len, rows))
    if letters > LETTERS:
        most = min(most, max(1, len(rows) * LETTERS // letters))
    if len(rows) <= most:
        return rows
    return [rows[i] for i in np.sort(rng.permutation(len(rows))[:most])]


def _normal(text: str) -> str:
    return " ".join(text.casefold().split())


def _longest(own: Sequence[str], known: Sequence[str]) -> _Pair:
    """The row that shares the longest run of tokens with one source row, and that run."""
    try:
        corpus = encode(text.casefold() for text in [*known, *own])
    except ValueError:  # not one token
        return _Pair()
    codes, rows = ngram_codes(corpus, _RUN)
    border = int(np.searchsorted(rows, len(known)))
    hits = np.isin(codes[border:], codes[:border])
    best = _Pair()
    for size, start in _runs(hits, rows[border:]):
        if size + _RUN - 1 <= best.size:
            break
        shared = codes[border + start : border + start + size]
        holders = rows[:border][np.isin(codes[:border], shared)]
        held, times = np.unique(holders, return_counts=True)
        row = rows[border + start]
        first = border + start - int(np.searchsorted(rows, row))
        run = slice(first, first + size + _RUN - 1)
        for place in held[np.argsort(-times, kind="stable")[:3]]:
            pair = _pair(own[int(row) - len(known)], known[int(place)], run)
            best = pair if pair.size > best.size else best
    return best


def _runs(hits: NDArray[np.bool_], rows: IntArray) -> list[tuple[int, int]]:
    """(length, start) of the longest runs of hits within one row, the longest first."""
    inside = np.concatenate(([False], hits, [False]))
    breaks = np.concatenate(([True], rows[1:] != rows[:-1], [True])) if len(rows) else inside
    starts = np.flatnonzero(inside[1:] & (~inside[:-1] | breaks)[: len(inside) - 1])
    if not len(starts):
        return []
    ends = np.flatnonzero(inside[:-1] & (~inside[1:] | breaks))
    sizes = ends - starts
    order = np.argsort(-sizes, kind="stable")[:_CANDIDATES]
    return [(int(sizes[i]), int(starts[i])) for i in order]


def _pair(row: str, source: str, run: slice = slice(None)) -> _Pair:
    """What the row says in ``run``, its tokens from where to where, that the source says."""
    both = encode([row.casefold(), source.casefold()])
    border = both.lengths[0]
    one = both.ids[:border][run]
    start, size = _shared(one, both.ids[border:])
    joint = " " if len(row.split()) > 1 else ""
    span = joint.join(both.vocabulary[token] for token in one[start : start + size])
    return _Pair(row, source, span, size)


def _shared(one: IntArray, two: IntArray) -> tuple[int, int]:
    """(start in ``one``, length) of the longest run of numbers that both have.

    Runs of 1, 2, 4 ... numbers are named until none is in both; then what is between is tried.
    Time grows with n log(n)², whatever the runs repeat.
    """
    border = len(one) + 1
    names = np.concatenate((one, [-1], two, [-2]))  # no run over an end is in both
    doubled, best, start, size = [names], names, 0, 0
    while (common := np.isin(names[:border], names[border:])).any():
        best, start, size = names, int(common.argmax()), 2 ** (len(doubled) - 1)
        names = _joined(names, names, size)
        doubled.append(names)
    for level in range(len(doubled) - 3, -1, -1):
        names = _joined(best, doubled[level], size)
        common = np.isin(names[:border], names[border:])
        if common.any():
            best, start, size = names, int(common.argmax()), size + 2**level
    return start, size


def _joined(names: IntArray, more: IntArray, size: int) -> IntArray:
    """Names of the runs of ``size`` numbers each lengthened by the run behind it."""
    count = max(0, min(len(names), len(more) - size))
    _, second = np.unique(more, return_inverse=True)
    _, first = np.unique(names, return_inverse=True)
    pairs = first[:count] * (len(more) + 1) + second[size : size + count]
    return np.asarray(pairs, dtype=np.int64)


def _nearer(
    own: Sequence[str], known: Sequence[str], holdout: Sequence[str], rng: np.random.Generator
) -> float | None:
    """dcr_share, where real rows were held out before the rows were made."""
    if min(len(holdout), len(known), len(own)) < FEWEST:
        return None
    sides = [_sample(side, _SAMPLE, rng) for side in (known, holdout, own)]
    try:
        points = metrics.embed([text for side in sides for text in side], 64)
    except ValueError:
        return None
    ends = np.cumsum([len(side) for side in sides])
    return metrics.dcr_share(points[: ends[0]], points[ends[0] : ends[1]], points[ends[1] :])
