"""Lines in pieces: what is new in them, what is gone, what was filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal, TypeAlias

__all__ = ["Mark", "Piece", "filled", "marked"]

Mark: TypeAlias = Literal["", "ins", "del", "b", "n", "a"]
Piece: TypeAlias = tuple[Mark, str]
"""A piece of a line: as it was, new, gone, a value that was filled in, a number, a link."""
ALIKE = 0.5
"""Share of common words from which lines are marked by words, not as a whole."""
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
    for op, i, i_end, j, j_end in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if op == "equal":
            yield "", "".join(b[j:j_end])
            continue
        if i_end > i:
            yield "del", "".join(a[i:i_end])
        if j_end > j:
            yield "ins", "".join(b[j:j_end])


def filled(template: str, text: str) -> list[list[Piece]]:
    """The lines of a rendered text, in bold what the template does not say itself."""
    own, shown = _TOKENS.findall(_HOLES.sub("\0", template)), _TOKENS.findall(text)
    lines: list[list[Piece]] = [[]]
    for op, _, _, j, j_end in SequenceMatcher(None, own, shown, autojunk=False).get_opcodes():
        for place, part in enumerate("".join(shown[j:j_end]).split("\n")):
            if place:
                lines.append([])
            if part:
                lines[-1].append(("" if op == "equal" else "b", part))
    return lines
