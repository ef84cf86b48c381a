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
_TOKENS = re.compile(r"\d+\.\d+|\w+|\s+|[^\w\s]")
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
        if op == "equal":
            lines += [[("", line)] for line in after[j:j_end]]
        elif i_end - i == j_end - j:
            both = zip(before[i:i_end], after[j:j_end], strict=True)
            lines += [list(_within(a, b)) for a, b in both]
        else:
            lines += [[("del", line)] for line in before[i:i_end]]
            lines += [[("ins", line)] for line in after[j:j_end]]
    return lines


def _within(old: str, new: str) -> Iterator[Piece]:
    """One line in pieces."""
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
