"""``language``: is a text written in the language that it should be?

py3langid (BSD, its model inside, offline) tells 140 languages apart. Some of them are so
rare in data and so like a common one that they only count where the recipe names them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any

from synthnb.checks.protocol import (
    Candidate,
    Check,
    CheckContext,
    number,
    pick,
    register,
    unknown,
)
from synthnb.checks.values import as_plain, reach
from synthnb.errors import CheckError
from synthnb.types import JSON, Reason

__all__ = ["detect"]

LOOKED_AT = 300
"""Characters that tell enough."""
FEW_LETTERS = 20
SURE = 0.8
CLOSE = 0.25
_SAME = {"no": ("nn",), "zh": ("yue", "wuu")}
_MAIN = {other: code for code, others in _SAME.items() for other in others}
_CODES = """
af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it
ja ka kk km kn ko lo lt lv mk ml mn mr ms my nb ne nl nn no pa pl pt ro ru si sk sl sq sr sv sw
ta te th tl tr uk ur uz vi zh
"""
_COMMON = frozenset(_CODES.split())
_SCRIPTS = {
    **{"HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "THAI": "th", "GREEK": "el"},
    **{"HEBREW": "he", "ARMENIAN": "hy", "GEORGIAN": "ka", "BENGALI": "bn", "TAMIL": "ta"},
    **{"TELUGU": "te", "GUJARATI": "gu", "GURMUKHI": "pa", "KANNADA": "kn", "KHMER": "km"},
    **{"LAO": "lo", "MALAYALAM": "ml", "MYANMAR": "my", "SINHALA": "si", "ETHIOPIC": "am"},
}
"""Scripts that one common language is written in."""


@cache
def _identifier() -> Any:
    from py3langid import langid

    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)


@cache
def languages() -> tuple[str, ...]:
    """Codes that can be told apart."""
    return tuple(map(str, _identifier().nb_classes))


def detect(text: str, wanted: frozenset[str] = frozenset()) -> tuple[str | None, float]:
    """The language (ISO 639-1) and its probability; ``None`` for a text without letters.

    >>> detect("Der Kessel kocht das Wasser sehr schnell.")[0]
    'de'
    >>> detect("😀😀 123")
    (None, 0.0)
    """
    shares = _shares(text, wanted)
    if not shares:
        return None, 0.0
    best = max(shares, key=shares.__getitem__)
    return best, shares[best]


def _shares(text: str, wanted: frozenset[str]) -> dict[str, float]:
    letters = "".join(mark if mark.isalpha() or mark.isspace() else " " for mark in text)
    shown = " ".join(letters.split())[:LOOKED_AT]
    if not shown:
        return {}
    script = _only_script(shown)
    if script is not None and not wanted & _rare():
        return {script: 1.0}
    allowed = _COMMON | wanted
    ranked = [(str(code), float(p)) for code, p in _identifier().rank(shown)]
    merged: dict[str, float] = {}
    for code, share in ranked:
        common = code if code in wanted else _MAIN.get(code, code)
        if common in allowed:
            merged[common] = merged.get(common, 0.0) + share
    total = sum(merged.values())
    return {code: share / total for code, share in merged.items()} if total > 0 else {}


@cache
def _rare() -> frozenset[str]:
    return frozenset(languages()) - _COMMON


def _only_script(text: str) -> str | None:
    """The language, where the script of the letters leaves no other."""
    counts: dict[str, int] = {}
    for mark in text[:200]:
        if ord(mark) < 0x370:
            name = "LATIN" if mark != " " else ""
        else:
            name = unicodedata.name(mark, "").partition(" ")[0]
        if name:
            counts[name] = counts.get(name, 0) + 1
    if not counts:
        return None
    total = sum(counts.values())
    if counts.get("HIRAGANA", 0) + counts.get("KATAKANA", 0) > total * 0.15:
        return "ja"
    best = max(counts, key=counts.__getitem__)
    return _SCRIPTS.get(best) if counts[best] > total * 0.6 else None


class Language:
    """A column that must be in one of some languages."""

    name = "language"
    cost = 2
    ordered = False

    def __init__(self, column: str, wanted: Sequence[str], least: float) -> None:
        self.column: str | None = column
        self.wanted = frozenset(wanted)
        self.least = least

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed in a wanted language; a text too short to tell stays, as unknown."""
        text = as_plain(reach(row.values, self.column or ""))
        shares = _shares(text, self.wanted)
        if not shares:
            return (unknown(self.name, "no letters to tell by", self.column),)
        found = max(shares, key=shares.__getitem__)
        sure = shares[found]
        ours = sum(shares.get(code, 0.0) for code in self.wanted)
        # Danish and Norwegian, say, are hard to tell apart: a close second is no misfit.
        if (found in self.wanted or ours >= CLOSE) and ours >= self.least:
            return (Reason(self.name, found, "", self.column, True),)
        if len(text.strip()) < FEW_LETTERS and sure < SURE:
            return (unknown(self.name, f"too short to tell, perhaps {found}", self.column),)
        if found in self.wanted:
            message = f"{found} with probability {ours:.2f}, at least {self.least:g} wanted"
        else:
            message = f"looks like {found}, not {' or '.join(sorted(self.wanted))}"
        return (Reason(self.name, found, message, self.column),)


@register("language")
def _language(options: dict[str, JSON], context: CheckContext) -> Check:
    """``{column, is: en}`` or ``{column, is: [en, de], min: 0.5}``: ISO 639-1 codes."""
    known: dict[str, Any] = {"column": ..., "is": None, "lang": None, "min": 0.0}
    found = pick(options, context, **known)
    given = found["is"] if found["is"] is not None else found["lang"]
    codes = [given] if isinstance(given, str) else given
    if not isinstance(codes, list) or not codes:
        raise CheckError("needs 'is': a language such as en, or a list of them")
    wanted = []
    for code in codes:
        short = str(code).lower().partition("-")[0].partition("_")[0]
        if code is False:  # YAML 1.1 would read `no` so; ours does not, JSON may
            short = "no"
        if short not in languages() and short not in _SAME:
            from synthnb.suggest import did_you_mean

            hint = did_you_mean(short, languages())
            raise CheckError(f"{code!r} is no language code that can be told{hint}")
        wanted.append(short)
    least = number(found, "min", 0, 1)
    return Language(found["column"], wanted, least or 0.0)
