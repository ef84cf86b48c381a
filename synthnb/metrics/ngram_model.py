"""How surprising is a text to a model of the reference rows?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synthnb.metrics.arrays import FloatArray, vector
from synthnb.metrics.tokens import IntArray, Texts, Tokenizer, each_text, encode, tokens

__all__ = ["NgramModel", "perplexity", "perplexity_from_logprobs"]

_START, _END, _UNKNOWN, _FIRST = 0, 1, 2, 3


def perplexity_from_logprobs(logprobs: ArrayLike) -> float:
    """Return exp(-mean) of natural log-probabilities of tokens, as an endpoint gives them.

    ``logprobs`` has shape (tokens,), none above 0. From 1 up, lower is less surprising. Jelinek
    et al. 1977.

    >>> round(perplexity_from_logprobs(np.log([.25, .5, .125])), 4)
    4.0
    """
    logs = vector(logprobs, "logprobs")
    if logs.max() > 1e-9:
        raise ValueError("log-probabilities must not be above 0")
    return float(np.exp(-logs.mean()))


def perplexity(
    texts: Sequence[str],
    reference: Sequence[str] | NgramModel | Callable[[str], ArrayLike],
    *,
    order: int = 3,
    tokenize: Tokenizer | None = None,
) -> float:
    """Return the perplexity per token of ``texts`` under an n-gram model of ``reference``.

    ``reference`` is a list of texts, or an ``NgramModel`` fitted before (``order`` is its own
    then), or a language model: a function that returns the natural log-probabilities of a
    text's tokens, as an endpoint gives them. exp(-mean ln p), from 1 up. Look at both tails:
    low is boilerplate or a loop, high is noise or another language. Only values under the same
    reference compare. ``NgramModel.perplexities`` gives one figure a text;
    ``perplexity_from_logprobs`` takes log-probabilities at hand.

    >>> rows = ["the cat sat on the mat", "the dog sat on the rug"]
    >>> perplexity(["the cat sat on the rug"], rows) < perplexity(["rug on mat dog"], rows)
    True
    >>> round(perplexity(["a b c"], lambda text: np.log([.25, .5, .125])), 4)
    4.0
    """
    if callable(reference):
        logprobs = [vector(reference(text), "logprobs") for text in each_text(texts)]
        if not logprobs:
            raise ValueError("no texts to measure")
        return perplexity_from_logprobs(np.concatenate(logprobs))
    if not isinstance(reference, NgramModel):
        reference = NgramModel(reference, order=order, tokenize=tokenize)
    logs, lengths = reference.logprobs(texts)
    return math.exp(-float(logs.sum()) / float(lengths.sum()))


@dataclass(frozen=True)
class _Order:
    """Counts of the n-grams of one order; a code is (number of its context) x V + word."""

    codes: IntArray
    counts: FloatArray
    discount: float
    context_total: FloatArray
    context_kinds: FloatArray


class NgramModel:
    """Interpolated Kneser-Ney n-gram model of a list of texts, in arrays.

    Every text ends in an end mark, unknown words share one place, and each order discounts by
    n1/(n1 + 2 n2) of its counts of counts; so any text has a finite perplexity. Chen & Goodman
    1999.

    >>> model = NgramModel(["a b", "a c"], order=2)
    >>> model.perplexities(["a b", "z z"]).round(2).tolist()
    [2.03, 9.53]
    """

    def __init__(
        self, reference: Texts, order: int = 3, *, tokenize: Tokenizer | None = None
    ) -> None:
        if order < 1:
            raise ValueError(f"order must be at least 1, got {order}")
        corpus = encode(reference, tokenize)
        self.order = order
        self._tokenize = tokenize
        self._words = {word: at + _FIRST for at, word in enumerate(corpus.vocabulary)}
        self._width = len(corpus.vocabulary) + _FIRST
        stream = _padded(corpus.ids + _FIRST, corpus.lengths, order)
        self._orders = self._count(stream)

    def _count(self, stream: IntArray) -> list[_Order]:
        predicted = stream != _START
        grams = [np.zeros(len(stream), np.int64)]  # order 0: one empty context
        kept: list[tuple[IntArray, IntArray]] = []
        for order in range(1, self.order + 1):
            codes = _shifted(grams[order - 1], order) * self._width + stream
            distinct, ids = np.unique(codes, return_inverse=True)
            kept.append((distinct, ids))
            grams.append(ids)
        orders: list[_Order] = []
        for order in range(1, self.order + 1):
            distinct, ids = kept[order - 1]
            if order == self.order:
                counted = ids[predicted]
            else:  # how many different words stand before it, not how often it stands
                _, places = np.unique(kept[order][1][predicted], return_index=True)
                counted = ids[predicted][places]
            counts = np.bincount(counted, minlength=len(distinct)).astype(np.float64)
            contexts = distinct // self._width
            size = int(grams[order - 1].max()) + 1
            orders.append(
                _Order(
                    distinct,
                    counts,
                    _discount(counts),
                    _sums(contexts, counts, size),
                    _sums(contexts, (counts > 0).astype(np.float64), size),
                )
            )
        return orders

    def logprobs(self, texts: Iterable[str]) -> tuple[FloatArray, IntArray]:
        """Return each text's log-probability (nats) and its predicted tokens, both (n,).

        The end mark is one of the predicted tokens.
        """
        words = [tokens(text, self._tokenize) for text in each_text(texts)]
        if not words:
            raise ValueError("no texts to measure")
        known = self._words.get
        flat = [known(word, _UNKNOWN) for line in words for word in line]
        lengths = np.array([len(line) for line in words], np.int64)
        stream = _padded(np.array(flat, np.int64), lengths, self.order)
        chances = self._chances(stream)[stream != _START]
        rows = np.repeat(np.arange(len(lengths)), lengths + 1)
        return _sums(rows, np.log(chances), len(lengths)), lengths + 1

    def _chances(self, stream: IntArray) -> FloatArray:
        # Below every count: one of the words, the end, or the unknown one.
        chance = np.full(len(stream), 1.0 / (self._width - 1))
        grams = np.zeros(len(stream), np.int64)
        for order, level in enumerate(self._orders, start=1):
            contexts = _shifted(grams, order)
            grams = _find(level.codes, contexts * self._width + stream, contexts >= 0)
            count = np.where(grams >= 0, level.counts[grams], 0.0)
            total = np.where(contexts >= 0, level.context_total[contexts], 0.0)
            kinds = np.where(contexts >= 0, level.context_kinds[contexts], 0.0)
            held = np.maximum(total, 1.0)
            seen = np.maximum(count - level.discount, 0.0) / held
            chance = np.where(total > 0, seen + level.discount * kinds / held * chance, chance)
        return chance

    def perplexities(self, texts: Iterable[str]) -> FloatArray:
        """Return the perplexity per token of each text, shape (n,)."""
        logs, lengths = self.logprobs(texts)
        return np.exp(-logs / lengths)


def _sums(groups: IntArray, values: FloatArray, size: int) -> FloatArray:
    """Return the sum of the values of each group, shape (size,)."""
    return np.bincount(groups, weights=values, minlength=size).astype(np.float64, copy=False)


def _padded(ids: IntArray, lengths: IntArray, order: int) -> IntArray:
    """Put order - 1 start marks (at least one) before, and an end mark after every text."""
    marks = max(order - 1, 1)
    widths = lengths + marks + 1
    stream = np.full(int(widths.sum()), _START, np.int64)
    ends = np.cumsum(widths)
    stream[ends - 1] = _END
    first = ends - widths + marks
    offset = np.arange(len(ids)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    stream[np.repeat(first, lengths) + offset] = ids
    return stream


def _shifted(grams: IntArray, order: int) -> IntArray:
    """Return the n-gram that ends one token earlier: the context of each position."""
    if order == 1:
        return grams
    return np.concatenate((grams[:1], grams[:-1]))


def _find(codes: IntArray, wanted: IntArray, valid: NDArray[np.bool_]) -> IntArray:
    places = np.searchsorted(codes, wanted)
    places[places == len(codes)] = 0
    return np.where(valid & (codes[places] == wanted), places, -1)


def _discount(counts: FloatArray) -> float:
    once, twice = float((counts == 1).sum()), float((counts == 2).sum())
    # Too few counts to tell: the usual three quarters.
    return once / (once + 2 * twice) if once and twice else 0.75
