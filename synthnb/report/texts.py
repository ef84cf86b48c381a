"""Diversity of a column of texts, beside real rows at equal size and equal length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthnb import metrics
from synthnb.metrics.tokens import Encoded, tokens
from synthnb.report.value import CLEAR, Measure, Word

__all__ = ["FIGURES", "Cut", "compare_texts", "cut_texts", "figures_of", "lengths"]

ROWS, TOKENS = 1000, 32_000
"""Rows and tokens a side that the figures of diversity are taken on, at most."""
DRAWS = 40
"""Half samples behind an interval."""
WIDER = 1.25
"""Half samples vary less than whole ones where pairs of rows make a figure (a run of words
that two of them share), by up to 0.87; and 40 of them tell the spread to a sixth."""
FEWEST = 8
_SHORTEST = 5
_COMPRESSED = 48_000
_MTLD = 2500

Figures: TypeAlias = dict[str, float]
_Vectors: TypeAlias = NDArray[np.float64] | None

FIGURES: dict[str, tuple[str, str]] = {
    "distinct_1": ("distinct-1", "higher"),
    "distinct_2": ("distinct-2", "higher"),
    "distinct_3": ("distinct-3", "higher"),
    "ngram_diversity": ("n-gram diversity (1–4)", "higher"),
    "self_repetition": ("self-repetition (4-grams)", "lower"),
    "compression_ratio": ("compression ratio", "lower"),
    "mtld": ("MTLD", "higher"),
    "vendi": ("Vendi score (TF-IDF)", "higher"),
}
"""Name to title and the better direction."""

_MOST = {"distinct_1": 1.0, "distinct_2": 1.0, "distinct_3": 1.0, "ngram_diversity": 4.0}
"""What a figure cannot exceed; none of them falls below 0."""


class Cut:
    """Texts cut to one length, as token numbers and vectors, to draw rows of at no cost."""

    def __init__(self, corpus: Encoded, vectors: _Vectors) -> None:
        self.corpus, self.vectors = corpus, vectors
        self.size = len(corpus)

    def figures(self, rows: Sequence[int] | NDArray[np.int64] | None = None) -> Figures:
        """Every figure of the rows at these positions, of all by default."""
        part = self.corpus if rows is None else self.corpus.take(rows)
        vectors = self.vectors
        if vectors is not None and rows is not None:
            vectors = vectors[np.asarray(rows)]
        return figures_of(part, vectors)


def cut_texts(
    sides: Sequence[Sequence[str]], rows: int | None = None, seed: int = 0
) -> tuple[list[Cut], int, int]:
    """Cut all sides to equally many rows of equally many tokens; also says how many.

    Rows are drawn with ``seed``; a text keeps its first tokens, up to the smallest median
    length of the sides, and the longer side loses rows until the tokens are as many.
    """
    rng = np.random.default_rng(seed)
    held = [[text for text in side if text.strip()] for side in sides]
    size = min([rows or ROWS, *(len(side) for side in held)])
    if size < FEWEST:
        raise ValueError(f"fewer than {FEWEST} texts")
    drawn = [[side[i] for i in np.sort(rng.permutation(len(side))[:size])] for side in held]
    words = [[tokens(text) for text in side] for side in drawn]
    middle = [int(np.median([len(line) for line in side])) for side in words]
    length = max(min(middle), _SHORTEST)
    size = min(size, max(TOKENS // length, 100))
    words = [[line[:length] for line in side[:size]] for side in words]
    least = min(sum(map(len, side)) for side in words)
    for side in words:
        while len(side) > FEWEST and sum(map(len, side)) - len(side[-1]) >= least:
            side.pop()
    lines = [line for side in words for line in side]
    # Tokens were split above; rows that are lists of tokens pass through as they are.
    corpus = metrics.encode(
        ["\x1f".join(line) for line in lines], lambda text: text.split("\x1f")
    )
    vectors = _vectors(lines)
    cuts, start = [], 0
    for side in words:
        picks = range(start, start + len(side))
        part = vectors[start : start + len(side)] if vectors is not None else None
        cuts.append(Cut(corpus.take(picks), part))
        start += len(side)
    return cuts, size, length


def _vectors(lines: list[list[str]]) -> _Vectors:
    try:
        return np.asarray(
            metrics.embed(
                ["\x1f".join(line) for line in lines],
                64,
                tokenize=lambda text: text.split("\x1f"),
            )
        )
    except ValueError:
        return None


def figures_of(corpus: Encoded, vectors: _Vectors = None) -> Figures:
    """The figures of these texts; those that cannot be taken are left out."""
    words = np.array(corpus.vocabulary, dtype=object)[corpus.ids]
    takes: dict[str, Callable[[], float]] = {
        "distinct_1": lambda: metrics.distinct(corpus, 1),
        "distinct_2": lambda: metrics.distinct(corpus, 2),
        "distinct_3": lambda: metrics.distinct(corpus, 3),
        "ngram_diversity": lambda: metrics.ngram_diversity(corpus),
        "self_repetition": lambda: metrics.self_repetition(corpus),
        "compression_ratio": lambda: metrics.compression_ratio(
            [" ".join(words)], limit=_COMPRESSED
        ),
        "mtld": lambda: metrics.mtld(
            "\x1f".join(words[:_MTLD]), tokenize=lambda text: text.split("\x1f")
        ),
        "vendi": lambda: metrics.vendi_embeddings(_whole(vectors)),
    }
    found: Figures = {}
    for name, take in takes.items():
        try:
            found[name] = float(take())
        except ValueError:
            continue
    return found


def _whole(vectors: _Vectors) -> NDArray[np.float64]:
    if vectors is None:
        raise ValueError("no vectors")
    kept = vectors[np.linalg.norm(vectors, axis=1) > 0]
    if not len(kept):
        raise ValueError("no vectors")
    return np.asarray(kept, dtype=np.float64)


def compare_texts(
    texts: Sequence[str], real: Sequence[str] | None = None, *, seed: int = 0
) -> tuple[list[Measure], str]:
    """Every figure with its interval, the real rows' and the word; and how it was taken."""
    try:
        cuts, _, length = cut_texts([texts, *([real] if real is not None else [])], seed=seed)
    except ValueError as error:
        if real is not None:  # too few real rows: the synthetic ones can still be measured
            measures, how = compare_texts(texts, seed=seed)
            return measures, f"{how}; real rows: {error}"
        empty = [Measure(n, title, None, note=str(error)) for n, (title, _) in FIGURES.items()]
        return empty, str(error)
    rng = np.random.default_rng(seed)
    own, spread, _ = _drawn(cuts[0], rng)
    how = f"{cuts[0].size:,} rows cut to {length} tokens"
    if len(cuts) == 1:
        return [_alone(name, own, spread) for name in FIGURES], how
    theirs, real_spread, between = _drawn(cuts[1], rng)
    return [
        _beside(name, own, spread, theirs, real_spread, between) for name in FIGURES
    ], f"{how} on both sides"


_Spread: TypeAlias = dict[str, NDArray[np.float64]]


def _drawn(cut: Cut, rng: np.random.Generator) -> tuple[Figures, _Spread, _Spread]:
    """Figures, how half samples spread around their mean, and how two halves differ."""
    halves: dict[str, list[float]] = {name: [] for name in FIGURES}
    apart: dict[str, list[float]] = {name: [] for name in FIGURES}
    for _ in range(DRAWS // 2):
        order = rng.permutation(cut.size)
        half = cut.size // 2
        one, two = cut.figures(np.sort(order[:half])), cut.figures(np.sort(order[half:][:half]))
        for name in FIGURES:
            if name in one and name in two:
                halves[name] += [one[name], two[name]]
                apart[name].append(one[name] - two[name])
    spread = {name: np.array(v) - np.mean(v) for name, v in halves.items() if v}
    return cut.figures(), spread, {name: np.array(v) for name, v in apart.items() if v}


def _alone(name: str, own: Figures, spread: _Spread) -> Measure:
    title, better = FIGURES[name]
    if name not in own or name not in spread:
        return Measure(name, title, None, note="the texts are too short")
    reach = 1.96 * WIDER * float(spread[name].std())
    value = own[name]
    low, high = _within(name, value, reach)
    return Measure(name, title, value, low, high, better=better)  # type: ignore[arg-type]


def _within(name: str, value: float, reach: float) -> tuple[float, float]:
    """The interval, cut where the figure's own range ends."""
    return max(value - reach, 0.0), min(value + reach, _MOST.get(name, np.inf))


def _beside(
    name: str,
    own: Figures,
    spread: _Spread,
    theirs: Figures,
    real_spread: _Spread,
    between: _Spread,
) -> Measure:
    alone = _alone(name, own, spread)
    if alone.value is None or name not in theirs or name not in real_spread:
        return alone
    title, better = FIGURES[name]
    value, real = own[name], theirs[name]
    # Half samples without replacement spread as whole samples do, and two halves of one
    # sample twice as much in variance as two samples of its size.
    reach = 1.96 * WIDER * float(np.hypot(spread[name].std(), real_spread[name].std()))
    real_reach = 1.96 * WIDER * float(between[name].std() / np.sqrt(2))
    gap = value - real
    word: Word = "no evidence"
    if abs(gap) > reach:
        word = "better" if (gap > 0) == (better == "higher") else "worse"
    return Measure(
        name, title, value, alone.low, alone.high, real,
        _within(name, real, real_reach), word, abs(gap) > CLEAR * reach,
        better,  # type: ignore[arg-type]
    )  # fmt: skip


def lengths(texts: Sequence[str], real: Sequence[str] | None = None) -> list[Measure]:
    """Words a text: the median and its middle 80%, and how far real rows are."""
    own = np.array([len(tokens(text)) for text in texts], dtype=float)
    low, middle, high = np.quantile(own, [0.1, 0.5, 0.9])
    note = f"middle 80%: {low:.0f} to {high:.0f}"
    if real is None or len(real) < FEWEST or len(own) < FEWEST:
        return [Measure("length", "tokens a row, median", float(middle), note=note)]
    other = np.array([len(tokens(text)) for text in real], dtype=float)
    apart = metrics.ks(own, other)
    chance = 1.36 * float(np.sqrt(1 / len(own) + 1 / len(other)))
    word: Word = "changed" if apart > chance else "no evidence"
    clear = apart > CLEAR * chance
    moved = metrics.wasserstein(own, other)
    note += f"; real rows {moved:.1f} tokens away on average (Wasserstein), KS {apart:.2f}"
    middle_real = float(np.median(other))
    return [
        Measure("length", "tokens a row, median", float(middle), real=middle_real, word=word,
                clear=clear, better="real", note=note)
    ]  # fmt: skip
