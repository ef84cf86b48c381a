"""Texts as token numbers: one pass in Python, everything after it in arrays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Encoded",
    "IntArray",
    "Texts",
    "Tokenizer",
    "count_distinct",
    "each_text",
    "encode",
    "ngram_codes",
    "order",
    "tokens",
]

IntArray: TypeAlias = NDArray[np.int64]
Tokenizer: TypeAlias = Callable[[str], Sequence[str]]

_ROOM = 2**62
"""Codes stay below this, so that one more multiplication never wraps unseen."""


def each_text(texts: object) -> Iterator[str]:
    """Yield every text of a list, a column or another iterable; refuse all that is none."""
    kind = type(texts).__name__
    if isinstance(texts, (str, bytes)):
        raise ValueError("expected a list of texts, got one text")
    if isinstance(texts, Mapping) or hasattr(texts, "columns"):
        raise ValueError(f"expected a list of texts, got a {kind}: pass one column of it")
    if not hasattr(texts, "__iter__"):
        raise ValueError(f"expected a list of texts, got {kind}")
    for text in cast(Iterable[object], texts):
        if not isinstance(text, str):
            raise ValueError(f"expected a text, got {type(text).__name__}")
        yield text


def tokens(text: str, tokenize: Tokenizer | None = None) -> list[str]:
    """Split one text: at whitespace, or into characters where it has none.

    Text without whitespace falls to characters, so that Chinese, Japanese, Thai and emoji
    are measured like the rest; pass ``tokenize=str.split`` to keep single words whole.

    >>> tokens("the cat sat")
    ['the', 'cat', 'sat']
    >>> tokens("猫が好き")
    ['猫', 'が', '好', 'き']
    """
    if not isinstance(text, str):
        raise ValueError(f"expected a text, got {type(text).__name__}")
    if tokenize is not None:
        return list(tokenize(text))
    words = text.split()
    return list(words[0]) if len(words) == 1 else words


def order(n: int) -> int:
    """Return how many tokens an n-gram has: a whole number from 1."""
    if not isinstance(n, (int, np.integer)) or isinstance(n, bool) or n < 1:
        raise ValueError(f"n must be a whole number, at least 1, got {n!r}")
    return int(n)


@dataclass(frozen=True)
class Encoded:
    """Texts as numbers. The metrics that count n-grams take it in place of the list.

    Encode once and measure often: ``encode(texts)`` is most of the work of a metric.
    """

    ids: IntArray
    """Token numbers of all texts, one after the other."""
    lengths: IntArray
    """Tokens of each text."""
    vocabulary: tuple[str, ...]
    """Token number to token, in order of first appearance."""

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def documents(self) -> IntArray:
        """For each token, the number of the text it is in."""
        return np.repeat(np.arange(len(self.lengths), dtype=np.int64), self.lengths)

    def take(self, rows: Sequence[int] | IntArray) -> Encoded:
        """Return the texts at these positions, in this order."""
        starts = np.concatenate(([0], np.cumsum(self.lengths)))
        parts = [self.ids[starts[row] : starts[row + 1]] for row in rows]
        ids = np.concatenate(parts) if parts else np.empty(0, np.int64)
        return Encoded(ids, self.lengths[np.asarray(rows, dtype=np.int64)], self.vocabulary)


Texts: TypeAlias = Sequence[str] | Encoded


def encode(texts: Texts | Iterable[str], tokenize: Tokenizer | None = None) -> Encoded:
    """Turn texts into token numbers.

    ``texts`` is any iterable of strings, read once; no texts, or texts without a token, are
    refused with ``ValueError``.

    >>> encode(["a b a", "b c"]).ids.tolist()
    [0, 1, 0, 1, 2]
    """
    if isinstance(texts, Encoded):
        return texts
    vocabulary: defaultdict[str, int] = defaultdict()
    vocabulary.default_factory = vocabulary.__len__
    number = vocabulary.__getitem__
    ids: list[int] = []
    lengths: list[int] = []
    for text in each_text(texts):
        words = tokens(text, tokenize)
        lengths.append(len(words))
        ids.extend(map(number, words))
    if not lengths:
        raise ValueError("no texts to measure")
    if not ids:
        raise ValueError("no tokens to measure: every text is empty")
    return Encoded(np.array(ids, np.int64), np.array(lengths, np.int64), tuple(vocabulary))


def ngram_codes(corpus: Encoded, n: int, *, cross: bool = False) -> tuple[IntArray, IntArray]:
    """Return one exact code per n-gram, and the number of the text it begins in.

    Two codes are equal if and only if the n-grams are. N-grams end at the end of their text
    unless ``cross``. Shapes: (m,), (m,), where m may be 0.
    """
    order(n)
    count = len(corpus.ids) - n + 1
    if count < 1:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    base = len(corpus.vocabulary)
    codes, size = corpus.ids[:count], base
    for offset in range(1, n):
        if size > _ROOM // base:
            distinct, codes = np.unique(codes, return_inverse=True)
            size = len(distinct)
        codes = codes * base + corpus.ids[offset : offset + count]
        size *= base
    documents = corpus.documents
    starts, ends = documents[:count], documents[n - 1 :]
    if cross:
        return codes, starts
    inside = starts == ends
    return codes[inside], starts[inside]


def count_distinct(codes: IntArray) -> int:
    """Return how many different codes there are: sorting beats a hash table of millions."""
    if not len(codes):
        return 0
    ordered = np.sort(codes)
    return 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1]))
