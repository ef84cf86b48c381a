"""Did you mean …? One wording for all errors about unknown names."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["did_you_mean", "distance", "nearest", "unfilled"]


def distance(left: str, right: str) -> int:
    """Edit distance: insertions, deletions, changes and swaps of neighbours.

    >>> distance("bugdet", "budget")
    1
    """
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                best = min(best, older[j - 2] + 1)
            row.append(best)
    return row[-1]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to ``name``, if it is close enough to be a slip."""
    limit = 1 if len(name) <= 3 else 2 if len(name) <= 7 else 3
    best: tuple[int, str] | None = None
    for candidate in known:
        if abs(len(candidate) - len(name)) > limit:
            continue
        steps = distance(name[:64].lower(), candidate[:64].lower())
        if steps <= limit and (best is None or steps < best[0]):
            best = (steps, candidate)
    return best[1] if best else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'budget'?"``, or nothing.

    >>> did_you_mean("bugdet", ["budget", "seed"])
    "; did you mean 'budget'?"
    """
    found = nearest(name, known)
    return f"; did you mean '{found}'?" if found else ""


def unfilled(prompt: str, known: Iterable[str]) -> str | None:
    """A column that a prompt names as other languages would, which fills nothing in.

    >>> unfilled("A {mood} review of a {{ product }}.", ["mood", "product"])
    '{mood}'
    """
    names = "|".join(sorted(map(re.escape, known)))
    forms = rf"(?<![{{$])\$?\{{\s*(?:{names})\s*\}}(?!\}})|\$(?:{names})\b"
    found = re.search(forms, prompt) if names else None
    return found[0] if found else None
