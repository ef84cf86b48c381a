"""``grounded``: does an answer say what its source says?

Citations must stand in the source word for word (small slips allowed), numbers and names in
the answer must be in the source, and its words must follow the source's. Shape is all that is
looked at: a claim that turns the source's words round is not found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from synthnb.checks.protocol import (
    Candidate,
    Check,
    CheckContext,
    pick,
    register,
    share,
    unknown,
)
from synthnb.checks.spelled import spelled
from synthnb.checks.values import as_plain, normal_words, reach, texts_of
from synthnb.errors import CheckError
from synthnb.types import JSON, Reason

VERBATIM = 90
"""Least partial ratio (0 to 100) of a citation with its source."""
LEAST = 0.3
FEW = 3
"""Words below which an answer's own words say too little to be compared."""
LONGEST = 50_000
PIECE, MOST_QUOTE = 200, 4_000
"""Characters of a quotation that are matched at a time; longer ones must be there exactly."""
MOST_QUOTES = 50

_NUMBER = re.compile(r"(?<![A-Za-z0-9_.])[-−]?\d[\d.,'’\u00a0\u202f]*")
_CAPITAL = r"[^\W\d_a-z][\w'’-]{0,60}"
_NAME = re.compile(
    rf"{_CAPITAL}(?:\s{{1,3}}(?:(?:of|de|la|van|von|der|the)\s{{1,3}})?{_CAPITAL}){{0,8}}"
)
_SENTENCE = re.compile(r"(?:^|[.!?:\n\"“(]\s*)$")
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
_SCALE = re.compile(r"\s{0,2}(thousand|million|billion)s?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked of an answer."""

    citations: str | None
    least: float
    verbatim: float
    numbers: bool
    names: bool


class Grounded:
    """An answer that keeps to its source."""

    name = "grounded"
    cost = 2
    ordered = False

    def __init__(self, column: str, source: str, rules: Rules) -> None:
        self.column: str | None = column
        self.source, self.rules = source, rules

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed if nothing is unsupported; the value is the share of the answer's words that
        follow the source, or the worst citation's ratio where a citation fails."""
        source = as_plain(_value(row, self.source))[:LONGEST]
        answer = as_plain(reach(row.values, self.column or ""))[:LONGEST]
        if not source.strip():
            return (unknown(self.name, f"{self.source} is empty", self.column),)
        if not answer.strip():
            return (Reason(self.name, 0.0, "there is no answer", self.column),)
        failed = self._citations(row, source)
        if failed is not None:
            return (failed,)
        part, compared = _follows(answer, source)
        value = round(part, 3)
        message = self._strange(answer, source)
        if not message and compared and part < self.rules.least:
            message = f"{part:.0%} of its words follow the source, at least " + (
                f"{self.rules.least:.0%} wanted"
            )
        return (Reason(self.name, value, message, self.column, not message),)

    def _citations(self, row: Candidate, source: str) -> Reason | None:
        if self.rules.citations is None:
            return None
        given = reach(row.values, self.rules.citations)
        quotes = [text for text in texts_of(given) if text.strip()]
        if not quotes:
            return Reason(self.name, 0.0, "it cites nothing", self.column)
        for quote in quotes[:MOST_QUOTES]:
            ratio = _verbatim(quote, source)
            if ratio < self.rules.verbatim:
                shown = quote if len(quote) <= 60 else quote[:57] + "…"
                message = f"the source does not say “{shown}”"
                return Reason(self.name, round(ratio / 100, 3), message, self.column)
        return None

    def _strange(self, answer: str, source: str) -> str:
        """What the answer brings along that the source does not hold."""
        if self.rules.numbers:
            known = _numbers(source) | {f"{value:.12g}" for value in spelled(source)}
            # "Two ways" may count what the source lists; "sixty days" must be said there.
            said = {f"{value:.12g}" for value in spelled(answer, sure=True) if value > 10}
            missing = sorted((_numbers(answer) | said) - known)
            if missing:
                return f"not in the source: {', '.join(missing[:5])}"
        if self.rules.names:
            folded = _folded(source)
            words = frozenset(folded.split())
            missing = [name for name in _names(answer) if not _known(name, folded, words)]
            if missing:
                return f"not in the source: {', '.join(missing[:5])}"
        return ""


def _value(row: Candidate, path: str) -> JSON:
    found = reach(row.values, path)
    return reach(row.source, path) if found is None and row.source is not None else found


def _folded(text: str) -> str:
    plain = text.casefold().replace("’", "'").replace("“", '"').replace("”", '"')
    return " ".join(plain.split())


def _verbatim(quote: str, source: str) -> float:
    """How nearly the source says it, 0 to 100; a short quote must be there to the letter."""
    from rapidfuzz import fuzz

    quote, source = _folded(quote).strip(" .…\"'"), _folded(source)
    if not quote:
        return 100.0
    if quote in source:
        return 100.0
    parts = [part.strip() for part in re.split(r"…|\.\.\.|\[…\]", quote) if part.strip()]
    if len(parts) > 1:  # a quotation with something left out
        return min(_verbatim(part, source) for part in parts)
    # The other way round a long quotation would be matched with a short source.
    if len(quote) > len(source) or len(quote) < 12:
        return 0.0
    if _numbers(quote) - _numbers(source):
        return 0.0
    if len(quote) > MOST_QUOTE:
        return 0.0
    pieces = -(-len(quote) // PIECE)
    size = -(-len(quote) // pieces)
    # The work grows with the square of a quotation's length: long ones go by pieces.
    return min(
        float(fuzz.partial_ratio(quote[at : at + size], source))
        for at in range(0, len(quote), size)
    )


def _numbers(text: str) -> set[str]:
    """Numbers in one spelling: no thousands marks, no trailing zeros, millions written out."""
    found = set()
    for match in _NUMBER.finditer(text):
        plain = match[0].rstrip("%.,'’").replace("−", "-").lstrip("-")
        plain = re.sub(r"[,.'’\u00a0\u202f](?=\d{3}(?!\d))", "", plain).replace(",", ".")
        scale = _SCALE.match(text, match.end())
        try:
            value = float(plain) * (_SCALES[scale[1].lower()] if scale else 1)
            found.add(f"{value:.12g}")
        except ValueError:
            found.add(plain)
    return found


def _names(text: str) -> list[str]:
    """Runs of capitalised words that do not merely begin a sentence."""
    found = []
    for match in _NAME.finditer(text):
        name = match[0].strip()
        if _SENTENCE.search(text, max(0, match.start() - 3), match.start()):
            name = name.partition(" ")[2].strip()  # the first word may owe its capital to that
        mixed = len(name) > 1 and any(mark.islower() or mark.isdigit() for mark in name)
        if name[:1].isupper() and (mixed or (len(name) > 2 and name.isupper())):
            found.append(name)
    return found


def _known(name: str, source: str, words: frozenset[str]) -> bool:
    folded = _folded(name)
    if folded in source:
        return True
    parts = [part.strip(".,;:!?'\"()").removesuffix("'s") for part in folded.split()]
    return all(part in words or part in source for part in parts if len(part) > 2)


def _stems(text: str) -> list[str]:
    """Words that carry meaning, cut to five letters: "returned" and "return" are one."""
    return [
        word[:5]
        for word in normal_words(text)
        if len(word) > 3 or word[0].isdigit() or ord(word[0]) > 0x2E7F
    ]


def _follows(answer: str, source: str) -> tuple[float, bool]:
    """Longest common subsequence of words over the answer's words; whether that says much."""
    from rapidfuzz.distance import LCSseq

    own = _stems(answer)
    if not own:
        return 1.0, False
    return float(LCSseq.similarity(own, _stems(source))) / len(own), len(own) >= FEW


@register("grounded")
def _grounded(options: dict[str, JSON], context: CheckContext) -> Check:
    """``{column, in: chunk, citations: answer.citations, min: 0.3}``."""
    known = {"in": ..., "citations": None, "min": LEAST, "verbatim": VERBATIM / 100}
    found = pick(
        options, context, ("in", "citations"), column=..., numbers=True, names=True, **known
    )
    if not isinstance(found["numbers"], bool) or not isinstance(found["names"], bool):
        raise CheckError("'numbers' and 'names' are true or false")
    rules = Rules(
        found["citations"],
        share(found, "min"),
        share(found, "verbatim") * 100,
        found["numbers"],
        found["names"],
    )
    return Grounded(found["column"], found["in"], rules)
