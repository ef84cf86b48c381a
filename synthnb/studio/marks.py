"""Lines in pieces: what is new in them, what is gone, what was filled in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, TypeAlias

__all__ = ["Mark", "Piece", "filled", "marked"]

Mark: TypeAlias = Literal["", "ins", "del", "b", "n", "a"]
Piece: TypeAlias = tuple[Mark, str]
"""A piece of a line: as it was, new, gone, a value that was filled in, a number, a link."""
ALIKE = 0.5
"""Share of common words from which lines are marked by words, not as a whole."""
WORK = 50_000
"""Pairs of equal words that are weighed; a text of more, long or repetitive, takes minutes."""
_TOKENS = re.compile(r"\d+\.\d+|\w+|\s+|[^\w\s]")
_BREAK = re.compile(r"\s*\n\s*")
_HOLES = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


def marked(old: str, new: str) -> list[list[Piece]]:
    """The lines of ``new``, with what is new in them and what is gone from ``old``.

    >>> marked("mood: {angry: 1}", "mood: {angry: 2}")
    [[('', 'mood: {angry: '), ('del', '1'), ('ins', '2'), ('', '}')]]
    """
    before, after = old.splitlines(), new.splitlines()
    lines: list[list[Piece]] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for op, i, i_end, j, j_end in matcher.get_opcodes():
        gone, come = before[i:i_end], after[j:j_end]
        if op == "equal":
            lines += [[("", line)] for line in come]
        elif len(gone) == len(come):
            lines += [list(_within(a, b)) for a, b in zip(gone, come, strict=True)]
        elif _alike(gone, come):
            lines += _folded("\n".join(gone), "\n".join(come))
        else:
            lines += [[("del", line)] for line in gone]
            lines += [[("ins", line)] for line in come]
    return lines


def _alike(old: list[str], new: list[str]) -> bool:
    """Whether a text that has another number of lines now is mostly the same words."""
    before, after = (re.findall(r"\w+", " ".join(lines)) for lines in (old, new))
    if _pairs(before, after) > WORK:
        return False
    ratio = SequenceMatcher(None, before, after, autojunk=False).ratio()
    return bool(before and after) and ratio >= ALIKE


def _folded(old: str, new: str) -> Iterator[list[Piece]]:
    """Lines of a text that is folded in other places now: where it breaks is no change."""
    line: list[Piece] = []
    for mark, text in _within(old, new):
        if mark == "del":
            if text.strip():
                line.append((mark, _BREAK.sub(" ", text)))
            continue
        for place, part in enumerate(text.split("\n")):
            if place:
                yield line
                line = []
            if part:
                line.append((mark if part.strip() else "", part))
    yield line


def _within(old: str, new: str) -> Iterator[Piece]:
    """A text in pieces."""
    a, b = _TOKENS.findall(old), _TOKENS.findall(new)
    for op, i, i_end, j, j_end in _steps(a, b, "replace"):
        if op == "equal":
            yield "", "".join(b[j:j_end])
            continue
        if i_end > i:
            yield "del", "".join(a[i:i_end])
        if j_end > j:
            yield "ins", "".join(b[j:j_end])


def filled(template: str, text: str) -> list[list[Piece]]:
    """The lines of a rendered text, in bold what the template does not say itself.

    A text that would take long to compare has nothing in bold.
    """
    own, shown = _TOKENS.findall(_HOLES.sub("\0", template)), _TOKENS.findall(text)
    lines: list[list[Piece]] = [[]]
    for op, _, _, j, j_end in _steps(own, shown, "equal"):
        for place, part in enumerate("".join(shown[j:j_end]).split("\n")):
            if place:
                lines.append([])
            if part:
                lines[-1].append(("" if op == "equal" else "b", part))
    return lines


_Step: TypeAlias = tuple[str, int, int, int, int]


def _steps(old: list[str], new: list[str], else_: str) -> Iterator[_Step]:
    """How one text becomes the other, as ``SequenceMatcher`` tells it.

    What begins and ends alike is not weighed, nor is white space between words; ``else_`` is
    said of the rest where that is much.
    """
    most = min(len(old), len(new))
    start = next((k for k in range(most) if old[k] != new[k]), most)
    left = range(1, most - start + 1)
    end = next((k for k in left if old[-k] != new[-k]), len(left) + 1) - 1
    i, j = len(old) - end, len(new) - end
    a, b = old[start:i], new[start:j]
    if start:
        yield "equal", 0, start, 0, start
    if _pairs(a, b) > WORK:
        yield else_, start, i, start, j
    else:
        for op, *places in SequenceMatcher(str.isspace, a, b, autojunk=False).get_opcodes():
            p, q, r, s = (place + start for place in places)
            yield op, p, q, r, s
    if end:
        yield "equal", i, len(old), j, len(new)


def _pairs(old: Sequence[str], new: Sequence[str]) -> int:
    """Pairs of equal words, the work that one look for the longest match takes."""
    counts, others = Counter(old), Counter(new)
    return sum(n * others[token] for token, n in counts.items() if not token.isspace())
