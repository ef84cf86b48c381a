"""``contamination``: word runs that also stand in files, such as a test set."""

from __future__ import annotations

from collections.abc import Sequence

from synthnb.checks.corpus import against
from synthnb.checks.duplicates import text_of
from synthnb.checks.protocol import Candidate, Check, CheckContext, pick, register, share, whole
from synthnb.errors import CheckError
from synthnb.types import JSON, Reason


class Contamination:
    """Share of a text's n-grams that stand in a corpus."""

    name = "contamination"
    cost = 3
    ordered = False

    def __init__(self, column: str, texts: Sequence[str], n: int, most: float) -> None:
        from synthnb.metrics import ContaminationIndex

        self.column: str | None = column
        self.n, self.most = n, most
        self._index = ContaminationIndex(texts, n)

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed at or below the limit; the value is the number of n-grams found."""
        found = self._index.check(text_of(row, self.column))
        value = int(found["hits"])
        if found["ratio"] <= self.most:
            return (Reason(self.name, value, "", self.column, True),)
        message = (
            f"{found['coverage']:.0%} of it stands there word for word, "
            f"{int(found['longest'])} words in a row"
        )
        return (Reason(self.name, value, message, self.column),)


@register("contamination")
def _contamination(options: dict[str, JSON], context: CheckContext) -> Check:
    """``{column, against: [train.jsonl], ngram: 13, max: 0}``: 13 as GPT-3, 8 as Llama 3."""
    found = pick(options, context, column=..., against=..., ngram=13, max=0.0)
    n, most = whole(found, "ngram", 1, 100), share(found, "max")
    known = against(found, context, column=found["column"])
    if known.accepted:
        raise CheckError("'against' takes source and names of files here")
    return Contamination(found["column"], [text for text, _ in known.texts], n, most)
