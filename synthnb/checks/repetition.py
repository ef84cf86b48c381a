"""``repetition``: loops inside one text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from synthnb.checks.protocol import Candidate, Check, CheckContext, pick, register, share, whole
from synthnb.checks.values import as_plain, normal_words, reach
from synthnb.types import JSON, Reason

__all__ = ["repeated_share"]

_RUN = re.compile(r"(\S)\1{9,}")
MOST = 20_000
"""Words that are looked at."""


def repeated_share(text: str, n: int = 4) -> float:
    """Share of a text (0..1) that says again what it said before.

    The larger of: words inside an n-gram that stood earlier in the text; characters in runs
    of ten or more of one character. Works on characters in scripts without spaces.

    >>> repeated_share("good good good good good good good good")
    0.875
    >>> repeated_share("a quiet kettle for a small kitchen")
    0.0
    """
    words = normal_words(text)[:MOST]
    again = 0
    reached = 0
    seen: set[tuple[str, ...]] = set()
    for start in range(len(words) - n + 1):
        gram = tuple(words[start : start + n])
        if gram in seen:
            again += start + n - max(start, reached)
            reached = start + n
        else:
            seen.add(gram)
    words_again = again / len(words) if words else 0.0
    shown = text[: 20 * MOST]
    runs = sum(len(run[0]) for run in _RUN.finditer(shown))
    return max(words_again, runs / len(shown) if shown else 0.0)


class Repetition:
    """A column that must not loop."""

    name = "repetition"
    cost = 1
    ordered = False

    def __init__(self, column: str, n: int, most: float) -> None:
        self.column: str | None = column
        self.n, self.most = n, most

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed at or below the limit; the value is the repeated share."""
        value = round(repeated_share(as_plain(reach(row.values, self.column or "")), self.n), 3)
        if value <= self.most:
            return (Reason(self.name, value, "", self.column, True),)
        message = f"{value:.0%} of it repeats itself, at most {self.most:.0%} wanted"
        return (Reason(self.name, value, message, self.column),)


@register("repetition")
def _repetition(options: dict[str, JSON], context: CheckContext) -> Check:
    """Share of the text that repeats itself: ``{column, max: 0.3, n: 4}``."""
    found = pick(options, context, column=..., max=0.3, n=4)
    return Repetition(found["column"], whole(found, "n", 1, 50), share(found, "max"))
