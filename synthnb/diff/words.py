"""Word-level highlights: what differs between two texts, or what little they share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal, TypeAlias

from rapidfuzz.distance import LCSseq

__all__ = ["ENOUGH", "Mode", "Parts", "clipped", "compare", "differences"]

ENOUGH = 0.3
"""Share of words in common from which differences tell more than what is shared."""
RUN = 3
"""Words of the shortest shared run."""
MOST = 2000
"""Words of one text that are compared; the rest is shown without marks."""

Parts: TypeAlias = tuple[tuple[bool, str], ...]
"""Pieces of one text in order; ``True`` for those that are marked."""
Mode: TypeAlias = Literal["differences", "shared"]

_ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
"""Scripts without spaces between words: each character is compared."""
_SOLO = re.compile(f"[{_ALONE}]")
_TOKEN = re.compile(rf"[{_ALONE}]|[^\W{_ALONE}]+(?:['’][^\W{_ALONE}]+)*|[^\w\s]")


class _Words:
    """A text as words and punctuation marks, with their places."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans = list(islice(_spans(text), MOST))
        self.keys = [_key(text[start:end]) for start, end in self.spans]

    def parts(self, marked: Iterable[tuple[int, int]]) -> Parts:
        """The text in pieces, these ranges of words marked."""
        pieces: list[tuple[bool, str]] = []
        place = 0
        for first, end in marked:
            start, stop = self.spans[first][0], self.spans[end - 1][1]
            pieces += [(False, self.text[place:start]), (True, self.text[start:stop])]
            place = stop
        pieces.append((False, self.text[place:]))
        return tuple(piece for piece in pieces if piece[1])


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Places of the words and signs; accents and vowel signs stay with their letters."""
    start = end = 0
    open_ = False
    for match in _TOKEN.finditer(text):
        first, stop = match.span()
        mark = unicodedata.category(text[first])[0] == "M"
        goes_on = open_ and text[first].isalnum() and not _SOLO.match(text[first])
        if first == end and (mark or goes_on):
            end = stop
        else:
            if end > start:
                yield start, end
            start, end = first, stop
        open_ = mark
    if end > start:
        yield start, end


def _key(word: str) -> str:
    return unicodedata.normalize("NFC", word).casefold().replace("’", "'")


def compare(old: str, new: str) -> tuple[Parts, Parts, Mode]:
    """Both texts in pieces: differences marked where they share enough, else shared runs.

    >>> compare("The lid is loose.", "The lid is loud.")
    (((False, 'The lid is '), (True, 'loose'), (False, '.')), \
((False, 'The lid is '), (True, 'loud'), (False, '.')), 'differences')
    """
    a, b = _Words(old), _Words(new)
    if not a.keys or not b.keys:
        return a.parts(()), b.parts(()), "differences"
    blocks = _blocks(a.keys, b.keys)
    shared = sum(
        _is_word(key) for start, _, size in blocks for key in a.keys[start : start + size]
    )
    most = max(sum(map(_is_word, a.keys)), sum(map(_is_word, b.keys)), 1)
    signs_alone = not any(map(_is_word, a.keys + b.keys))
    if signs_alone or shared / most >= ENOUGH:
        return *_gaps(a, b, blocks), "differences"
    return a.parts(_runs(a.keys, b.keys)), b.parts(_runs(b.keys, a.keys)), "shared"


def clipped(parts: Parts, limit: int) -> Parts:
    """The pieces of the first ``limit`` characters, with a sign where more was there.

    >>> clipped(((False, "The lid is "), (True, "loose")), 14)
    ((False, 'The lid is '), (True, 'lo'), (False, '…'))
    """
    left, kept = limit, []
    for marked, piece in parts:
        if len(piece) > left:
            kept += [(marked, piece[: left - 1])] if left > 1 else []
            return (*kept, (False, "…"))
        kept.append((marked, piece))
        left -= len(piece)
    return tuple(kept)


def differences(old: str, new: str) -> tuple[Parts, Parts]:
    """Both texts in pieces, what only one of them has marked."""
    a, b = _Words(old), _Words(new)
    return _gaps(a, b, _blocks(a.keys, b.keys))


def _blocks(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int, int]]:
    # Models loop: what takes the square of a repeated word's count would take minutes.
    found = [
        (step.src_start, step.dest_start, step.src_end - step.src_start)
        for step in LCSseq.opcodes(a, b)
        if step.tag == "equal"
    ]
    # A comma that happens to stand in both tears a change apart and tells nothing.
    return [
        (i, j, size)
        for i, j, size in found
        if any(map(_is_word, a[i : i + size]))
        or (i == 0 and j == 0)
        or (i + size == len(a) and j + size == len(b))
    ]


def _gaps(a: _Words, b: _Words, blocks: Sequence[tuple[int, int, int]]) -> tuple[Parts, Parts]:
    """Marks between the matching blocks, for both sides."""
    left: list[tuple[int, int]] = []
    right: list[tuple[int, int]] = []
    i = j = 0
    for start, other, size in (*blocks, (len(a.keys), len(b.keys), 0)):
        if start > i:
            left.append((i, start))
        if other > j:
            right.append((j, other))
        i, j = start + size, other + size
    return a.parts(left), b.parts(right)


def _runs(own: Sequence[str], other: Sequence[str]) -> list[tuple[int, int]]:
    """Ranges of ``own`` that lie in runs of three words which ``other`` has too."""
    words = [(place, key) for place, key in enumerate(own) if _is_word(key)]
    theirs = [key for key in other if _is_word(key)]
    known = {tuple(theirs[i : i + RUN]) for i in range(len(theirs) - RUN + 1)}
    ranges: list[tuple[int, int]] = []
    for i in range(len(words) - RUN + 1):
        if tuple(key for _, key in words[i : i + RUN]) not in known:
            continue
        first, end = words[i][0], words[i + RUN - 1][0] + 1
        if ranges and first < ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], end)
        else:
            ranges.append((first, end))
    return ranges


def _is_word(key: str) -> bool:
    return key[0].isalnum()
