"""``edits``: how many words differ from the text that a row was made from."""

from __future__ import annotations

from collections.abc import Sequence

from synthnb.checks.duplicates import text_of
from synthnb.checks.protocol import (
    Candidate,
    Check,
    CheckContext,
    number,
    pick,
    register,
    unknown,
)
from synthnb.checks.values import as_plain, normal_words, reach
from synthnb.errors import CheckError
from synthnb.types import JSON, Reason

LONGEST = 4_000
"""Words of a text that are compared."""


class Edits:
    """Share of words put in, left out or replaced: 0 a copy, 1 nothing in common."""

    name = "edits"
    cost = 1
    ordered = False

    def __init__(self, column: str, of: str, least: float, most: float) -> None:
        self.column: str | None = column
        self.of, self.least, self.most = of, least, most

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed between the bounds; case and punctuation count for nothing."""
        from rapidfuzz.distance import Levenshtein

        known = {**row.values, "source": row.source}
        before = reach(known, self.of)
        if before is None:
            return (unknown(self.name, "there is no text to compare with", self.column),)
        was, now = normal_words(as_plain(before)), normal_words(text_of(row, self.column))
        share = Levenshtein.normalized_distance(was[:LONGEST], now[:LONGEST])
        value = round(share, 4)
        if value < self.least:
            said = f"{share:.0%} of the words differ, at least {self.least:.0%} wanted"
            return (Reason(self.name, value, said, self.column),)
        if value > self.most:
            said = f"{share:.0%} of the words differ, at most {self.most:.0%} wanted"
            return (Reason(self.name, value, said, self.column),)
        return (Reason(self.name, value, "", self.column, True),)


@register("edits")
def _edits(options: dict[str, JSON], context: CheckContext) -> Check:
    """``{column: text, of: source.text, min: 0, max: 1}``; ``of`` is the source's own value
    of the column where unset."""
    found = pick(options, context, column=..., of=None, min=0.0, max=1.0)
    least, most = number(found, "min", 0, 1) or 0.0, number(found, "max", 0, 1)
    most = 1.0 if most is None else most
    if least > most:
        raise CheckError(f"'min' {least:g} is above 'max' {most:g}")
    of = found["of"] if found["of"] is not None else f"source.{found['column']}"
    if not isinstance(of, str) or not of:
        raise CheckError("'of' is a column, such as source.text")
    root = of.partition(".")[0]
    if root != "source" and context.columns and root not in context.columns:
        raise CheckError(f"there is no column {root!r}")
    return Edits(found["column"], of, least, most)
