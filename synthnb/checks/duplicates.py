"""Rows that say the same as another: exactly, nearly, or too much by ROUGE-L."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from itertools import islice

from synthnb.checks.corpus import Against, against
from synthnb.checks.protocol import Candidate, Check, CheckContext, pick, register, share
from synthnb.checks.values import as_plain, normal_words, reach
from synthnb.errors import CheckError
from synthnb.types import JSON, Reason, Row

__all__ = ["text_of"]

TOLD, SURE = 0.5, 0.7
"""Similarity of near duplicates from which on it is told, and from which on it is never
missed: what lies between them is found in 9 rows out of 10 and more."""
NONE = f"no earlier row found that is {TOLD:g} alike"
TOGETHER = 100_000
"""Characters looked up together: more would not stay in the processor's cache."""
LONGEST = 4_000
"""Words of a text that ROUGE-L looks at."""


def text_of(row: Candidate, column: str | None) -> str:
    """The text of a checked column."""
    return as_plain(reach(row.values, column)) if column is not None else ""


class Duplicate:
    """The exact same value as an accepted row's, or a known text."""

    name = "duplicate"
    cost = 5
    ordered = True

    def __init__(self, column: str | None, known: Against) -> None:
        self.column = column
        self._joins = known.accepted
        self._known = {_key(text): where for text, where in known.texts}

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed if the value is new (runs of white space count as one)."""
        where = self._known.get(self._own(row.values))
        if where is None:
            return (Reason(self.name, False, "", self.column, True),)
        return (Reason(self.name, True, f"the same as {where}", self.column),)

    def admit(self, row: Candidate) -> None:
        """Remember an accepted value."""
        if self._joins:
            self._known.setdefault(self._own(row.values), f"row {row.index}")

    def _own(self, values: Row) -> bytes:
        return _key(as_plain(reach(values, self.column) if self.column else values))


def _key(text: str) -> bytes:
    plain = " ".join(text.split()).encode("utf-8", "replace")
    return hashlib.blake2b(plain, digest_size=12).digest()


@register("duplicate")
def _duplicate(options: dict[str, JSON], context: CheckContext) -> Check:
    """No known row has this exact value: ``{column, against: [accepted, source, FILE]}``."""
    found = pick(options, context, column=None, against=["accepted"])
    return Duplicate(found["column"], against(found, context, column=found["column"]))


class NearDuplicate:
    """Jaccard similarity of runs of words with every row before, by an index of hashes."""

    name = "near_duplicate"
    cost = 6
    ordered = True

    def __init__(self, column: str, threshold: float, known: Against) -> None:
        from synthnb.nearduplicates import NearDuplicateIndex

        if not 0 < threshold <= 1:
            raise CheckError("'threshold' lies between 0 and 1")
        self.column: str | None = column
        self.threshold = threshold
        self._joins = known.accepted
        self._where = dict(enumerate(where for _, where in known.texts))
        self._index = NearDuplicateIndex(min(threshold, SURE), told=TOLD)
        for _ in self._index.extend(text for text, _ in known.texts):
            pass
        self._ahead: deque[list[Candidate]] = deque()
        self._places: dict[tuple[object, ...], int] = {}
        self._asked = self._index.compare([])

    async def foresee(self, rows: Sequence[Candidate]) -> None:
        """Look these up together, as many at a time as their length allows."""
        from synthnb.nearduplicates import cut

        left = iter(rows)
        texts = (text_of(row, self.column) for row in rows)
        self._ahead = deque(list(islice(left, len(part))) for part in cut(texts, TOGETHER))

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed below the threshold; the value is the similarity to the nearest one, 0
        where there is none from ``TOLD`` up, or at times from ``SURE`` up."""
        place = self._place(row)
        nearest = self._asked.nearest(place)
        value = round(nearest.similarity, 3) if nearest is not None else 0.0
        if nearest is None or nearest.similarity < self.threshold:
            said = "" if nearest is not None else NONE
            return (Reason(self.name, value, said, self.column, True),)
        whom = self._where[nearest.row]
        return (Reason(self.name, value, f"{value} like {whom}", self.column),)

    def admit(self, row: Candidate) -> None:
        """Compare later rows with this one."""
        if self._joins:
            place = self._place(row)
            self._where[self._asked.keep(place)] = f"row {row.index}"

    def _place(self, row: Candidate) -> int:
        """Where the row stands among those looked up; looks it up if it does not yet."""
        key = self._key(row)
        while key not in self._places and self._ahead:
            self._look(self._ahead.popleft())
        if key not in self._places or self._places[key] in self._asked.kept:
            self._look([row])
        return self._places[key]

    def _look(self, rows: Sequence[Candidate]) -> None:
        self._places = {self._key(row): place for place, row in enumerate(rows)}
        self._asked = self._index.compare([text_of(row, self.column) for row in rows])

    def _key(self, row: Candidate) -> tuple[object, ...]:
        return row.index, row.attempt, row.candidate, text_of(row, self.column)


@register("near_duplicate")
def _near_duplicate(options: dict[str, JSON], context: CheckContext) -> Check:
    """``{column, threshold: 0.8, against: [accepted, source, FILE]}``."""
    found = pick(options, context, column=..., threshold=0.8, against=["accepted"])
    known = against(found, context, column=found["column"])
    return NearDuplicate(found["column"], share(found, "threshold"), known)


class Novelty:
    """ROUGE-L with every known text: too much in common is no new row (Self-Instruct).

    Words are code points of a private alphabet, so that one compiled call compares a row
    with all others.
    """

    name = "novelty"
    cost = 6
    ordered = True

    def __init__(self, column: str, most: float, known: Against) -> None:
        self.column: str | None = column
        self.most = most
        self._joins = known.accepted
        self._alphabet: dict[str, str] = {}
        self._texts: list[str] = []
        self._where: list[str] = []
        for text, where in known.texts:
            self._put(text, where)

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed at or below the limit; the value is the greatest ROUGE-L F1 found."""
        from rapidfuzz import process
        from rapidfuzz.distance import Indel

        own = self._spelled(text_of(row, self.column))
        # 2 LCS / (m + n) is what rapidfuzz calls normalised Indel similarity.
        best = process.extractOne(own, self._texts, scorer=Indel.normalized_similarity)
        if best is None or not own:
            return (Reason(self.name, 0.0, "", self.column, True),)
        value = round(float(best[1]), 4)
        if best[1] <= self.most + 1e-9:
            return (Reason(self.name, value, "", self.column, True),)
        message = (
            f"ROUGE-L {value:.2f} with {self._where[best[2]]}, at most {self.most:g} wanted"
        )
        return (Reason(self.name, value, message, self.column),)

    def admit(self, row: Candidate) -> None:
        """Compare later rows with this one."""
        if self._joins:
            self._put(text_of(row, self.column), f"row {row.index}")

    def _put(self, text: str, where: str) -> None:
        spelled = self._spelled(text)
        if spelled:
            self._texts.append(spelled)
            self._where.append(where)

    def _spelled(self, text: str) -> str:
        alphabet = self._alphabet
        letters = []
        for word in normal_words(text)[:LONGEST]:
            letter = alphabet.get(word)
            if letter is None:
                code = len(alphabet) + 0x100
                code += 0x800 if code >= 0xD800 else 0  # surrogates are no text
                # A million words in: further ones share the last letter.
                letter = alphabet[word] = chr(min(code, 0x10FFFF))
            letters.append(letter)
        return "".join(letters)


@register("novelty")
def _novelty(options: dict[str, JSON], context: CheckContext) -> Check:
    """ROUGE-L at most ``max`` (0.7): ``{column, max, against: [accepted, source, FILE]}``."""
    found = pick(options, context, column=..., max=0.7, against=["accepted"])
    known = against(found, context, column=found["column"])
    return Novelty(found["column"], share(found, "max"), known)
