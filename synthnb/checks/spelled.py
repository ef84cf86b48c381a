"""Numbers written in English words: "one hundred and twenty" is 120, "twenty-first" 21."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

__all__ = ["spelled"]

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_SMALL_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_CARDINALS = {
    "a": 1,
    **{word: value for value, word in enumerate(_SMALL.split())},
    **{word: 10 * value for value, word in enumerate(_TENS.split(), 2)},
    **_SCALES,
}
_ORDINALS = {
    **{word: value for value, word in enumerate(_SMALL_ORDINALS.split(), 1)},
    **{word[:-1] + "ieth": 10 * value for value, word in enumerate(_TENS.split(), 2)},
    **{word + "th": value for word, value in _SCALES.items()},
}
_VALUES = _CARDINALS | _ORDINALS
_WORD = "|".join(sorted((word for word in _VALUES if word != "a"), key=len, reverse=True))
_BEHIND = "|".join(f"(?<={word})" for word in _SCALES)
_GAP = r"(?:\s{1,2}|[-\u2010\u2011])"
_RUN = re.compile(
    rf"\b(?:a\s(?={'|'.join(_SCALES)}))?(?:{_WORD})\b"
    rf"(?:(?:(?:{_BEHIND}),?(?:{_GAP}and)?)?{_GAP}(?:{_WORD})\b){{0,15}}"
)
_TAKEN = re.compile(r"[a-z]+")
_SURE = re.compile(r"(?!a\s)(?!.*(?:,|\ssecond$))", re.DOTALL)
"""Not "a hundred", "two thousand, one hundred" or "sixty second": these may mean otherwise."""


def spelled(text: str, *, sure: bool = False) -> set[int]:
    """The numbers that a text has in words, each run of number words read as one.

    A run that makes no number ("one two three"), or may make several, gives all that can be
    read in it, or nothing where only ``sure`` ones are asked for.
    """
    found: set[int] = set()
    for match in _RUN.finditer(text.casefold()):
        words = [word for word in _TAKEN.findall(match[0]) if word != "and"]
        whole = _composed(words)
        if whole is not None and _SURE.match(match[0]):
            found.add(whole)
        elif not sure:
            parts = combinations(range(len(words) + 1), 2)
            values = (_composed(words[start:end]) for start, end in parts)
            found.update(value for value in values if value is not None)
    return found


def _composed(words: Sequence[str]) -> int | None:
    """The one number that the words make, if they do."""
    if any(word in _ORDINALS for word in words[:-1]):
        return None
    total, least = 0, 10**12
    group: int | None = None
    for word in words:
        value = _VALUES[word]
        if value >= 1000:
            if not group or value >= least:
                return None
            total, group, least = total + group * value, None, value
        elif value == 100:
            if not group or group >= 100:
                return None
            group *= 100
        elif group is None or (group and _fits(value, group % 100)):
            group = (group or 0) + value
        else:
            return None
    return total + (group or 0)


def _fits(value: int, before: int) -> bool:
    """Whether a number below 100 goes on from what stands before it: 20 and 5, 100 and 25."""
    return before == 0 or (before >= 20 and before % 10 == 0 and 0 < value < 10)
