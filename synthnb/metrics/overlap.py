"""What two texts, or a text and a corpus, have in common."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from synthnb.metrics.tokens import Tokenizer, each_text, order, tokens

__all__ = ["ContaminationIndex", "contamination", "minhash_jaccard", "rouge_l"]


def rouge_l(a: str, b: str, *, tokenize: Tokenizer | None = None) -> float:
    """Return ROUGE-L F1: the longest common subsequence of tokens, as 2 LCS / (len a + len b).

    In 0..1, symmetric, 1 if the same; 0 where a side is empty. Tokens are taken as they are: no
    lower case, no stemmer, any script; a text without spaces by the character. Lin 2004.

    >>> round(rouge_l("Write a poem about the sea", "Write a short poem about the sea"), 4)
    0.9231
    >>> rouge_l("我喜欢猫", "我喜欢狗")
    0.75
    """
    first, second = tokens(a, tokenize), tokens(b, tokenize)
    if not first or not second:
        return 0.0
    return 2 * _common_subsequence(first, second) / (len(first) + len(second))


def _common_subsequence(a: list[str], b: list[str]) -> int:
    """Return the length of the longest common subsequence, a word of bits a step (Hyyro)."""
    places: dict[str, int] = {}
    for position, token in enumerate(a):
        places[token] = places.get(token, 0) | (1 << position)
    everywhere = (1 << len(a)) - 1
    row = everywhere
    for token in b:
        match = row & places.get(token, 0)
        row = ((row + match) | (row - match)) & everywhere
    return len(a) - row.bit_count()


def minhash_jaccard(
    a: str | Iterable[str],
    b: str | Iterable[str],
    *,
    n: int = 1,
    k: int = 1024,
    tokenize: Tokenizer | None = None,
) -> float:
    """Return the Jaccard similarity of two token sets, estimated from their k smallest hashes.

    ``a`` and ``b`` are texts, taken as sets of token n-grams, or iterables of strings, taken as
    the sets themselves. In 0..1, 1 for equal sets (two empty ones too). Exact as long as the
    union has at most ``k`` members, then with standard error sqrt(J(1-J)/k). Broder 1997.

    >>> round(minhash_jaccard("the cat sat on the mat", "the cat sat on the rug"), 4)
    0.6667
    """
    if n < 1 or k < 1:
        raise ValueError("n and k must be at least 1")
    first, second = _hashes(a, n, tokenize), _hashes(b, n, tokenize)
    if not len(first) and not len(second):
        return 1.0
    union = np.union1d(first[:k], second[:k])[:k]
    common = np.intersect1d(first[:k], second[:k], assume_unique=True)
    return float(np.isin(union, common).sum()) / len(union)


def _hashes(
    text: str | Iterable[str], n: int, tokenize: Tokenizer | None
) -> NDArray[np.uint64]:
    if isinstance(text, str):
        text = _grams(tokens(text, tokenize), n)
    members = set(each_text(text))
    digests = [hashlib.blake2b(_bytes(member), digest_size=8).digest() for member in members]
    return np.sort(np.frombuffer(b"".join(digests), dtype="<u8"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _grams(words: Sequence[str], n: int) -> list[str]:
    """Return n-grams joined by a separator that no token holds; a shorter text is one."""
    if 0 < len(words) < n:
        return ["\x1f".join(words)]
    return ["\x1f".join(words[at : at + n]) for at in range(len(words) - n + 1)]


_CONTINUOUS = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Tibetan, Burmese, Khmer
    "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_ASCII_WORD = re.compile(r"\w+", re.ASCII)
_WORD = re.compile(rf"[{_CONTINUOUS}]|[^\W{_CONTINUOUS}]+")


def _normal_tokens(text: str) -> list[str]:
    """Split as contamination checks do: NFKD, lower case, marks off, words of ``\\w``.

    Scripts without spaces give one token a character. What holds no word at all (emoji) gives
    its visible characters.
    """
    if not isinstance(text, str):
        raise ValueError(f"expected a text, got {type(text).__name__}")
    if text.isascii():
        return _ASCII_WORD.findall(text.lower()) or list("".join(text.split()))
    text = unicodedata.normalize("NFKD", text)
    text = "".join(mark for mark in text if unicodedata.category(mark) != "Mn")
    return _WORD.findall(text.lower()) or list("".join(text.split()))


class ContaminationIndex:
    """N-grams of a corpus, hashed once and asked many times.

    >>> index = ContaminationIndex(["One two three four five six seven eight nine."], n=4)
    >>> index.check("two THREE four five, then some")["hits"]
    1
    """

    def __init__(self, corpus: Iterable[str], n: int = 13) -> None:
        self.n = order(n)
        self._documents = [_normal_tokens(text) for text in each_text(corpus)]
        self._grams: dict[int, NDArray[np.int64]] = {}

    def check(self, item: str) -> dict[str, float]:
        """Return hits, ratio, coverage and longest of one item: see ``contamination``."""
        words = _normal_tokens(item)
        if not words:
            return {"hits": 0, "ratio": 0.0, "coverage": 0.0, "longest": 0}
        n = min(self.n, len(words))
        grams = self._hashed(n)
        found = np.array([hash(gram) for gram in _tuples(words, n)], dtype=np.int64)
        places = np.searchsorted(grams, found)
        places[places == len(grams)] = 0
        hit = grams[places] == found if len(grams) else np.zeros(len(found), dtype=bool)
        return _contaminated(hit, len(words), n)

    def _hashed(self, n: int) -> NDArray[np.int64]:
        # Items shorter than n are looked for whole, which needs the n-grams of their length.
        if n not in self._grams:
            hashes = (hash(gram) for words in self._documents for gram in _tuples(words, n))
            self._grams[n] = np.unique(np.fromiter(hashes, np.int64))
        return self._grams[n]


def _tuples(words: list[str], n: int) -> Iterable[tuple[str, ...]]:
    return zip(*(words[offset:] for offset in range(n)), strict=False)


def _contaminated(hit: NDArray[np.bool_], size: int, n: int) -> dict[str, float]:
    covered = np.zeros(size + 1, dtype=np.int64)
    np.add.at(covered, np.flatnonzero(hit), 1)
    np.add.at(covered, np.minimum(np.flatnonzero(hit) + n, size), -1)
    longest = run = 0
    for is_hit in hit.tolist():
        run = run + 1 if is_hit else 0
        longest = max(longest, run)
    hits = int(hit.sum())
    return {
        "hits": hits,
        "ratio": hits / len(hit),
        "coverage": float((np.cumsum(covered)[:size] > 0).mean()),
        "longest": longest + n - 1 if longest else 0,
    }


def contamination(
    item: str, corpus: Sequence[str] | ContaminationIndex, n: int = 13
) -> dict[str, float]:
    """Return how much of ``item`` stands word for word in ``corpus``, by n-grams of tokens.

    - hits: how many of the item's n-grams stand in the corpus (within one text)
    - ratio: hits over the item's n-grams (0..1)
    - coverage: share of the item's tokens inside a hit (0..1)
    - longest: tokens of the longest unbroken run of hits, 0 without one; the best signal
      (ConTAM, 2411.03923)

    Texts are normalised (NFKD, lower case, accents and punctuation off); scripts without spaces
    go by character; an item shorter than n is looked for whole. Paraphrase and translation are
    not seen. 13 as in GPT-3, 8 as in PaLM and Llama 3. For many items, build a
    ``ContaminationIndex`` once and pass it as the corpus (its own n counts then).

    >>> contamination("a b c d x", ["so: A, b, c, d!"], n=3)
    {'hits': 2, 'ratio': 0.6666666666666666, 'coverage': 0.8, 'longest': 4}
    """
    if isinstance(corpus, ContaminationIndex):
        return corpus.check(item)
    return ContaminationIndex(corpus, n).check(item)
