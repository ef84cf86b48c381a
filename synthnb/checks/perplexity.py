"""``perplexity``: neither boilerplate nor noise, measured by a model of the reference rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from synthnb.checks.corpus import against
from synthnb.checks.duplicates import text_of
from synthnb.checks.protocol import (
    Candidate,
    Check,
    CheckContext,
    number,
    pick,
    register,
    share,
    unknown,
    whole,
)
from synthnb.errors import CheckError
from synthnb.types import JSON, Reason

if TYPE_CHECKING:
    from synthnb.metrics import NgramModel

FEWEST = 8
"""Reference texts from which a band can be taken."""
MOST = 50_000


class Perplexity:
    """Perplexity per token of a column, within a band."""

    name = "perplexity"
    cost = 3
    ordered = False

    def __init__(
        self, column: str, model: NgramModel, low: float | None, high: float | None
    ) -> None:
        self.column: str | None = column
        self.low, self.high = low, high
        self._model = model

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed within the band; the value is the perplexity."""
        text = text_of(row, self.column)
        if not text.strip():
            return (unknown(self.name, "nothing to measure", self.column),)
        value = round(float(self._model.perplexities([text])[0]), 2)
        if self.low is not None and value < self.low:
            message = f"perplexity {value:g}, below {self.low:g}: boilerplate or a loop"
        elif self.high is not None and value > self.high:
            message = f"perplexity {value:g}, above {self.high:g}: unlike the reference rows"
        else:
            return (Reason(self.name, value, "", self.column, True),)
        return (Reason(self.name, value, message, self.column),)


@register("perplexity")
def _perplexity(options: dict[str, JSON], context: CheckContext) -> Check:
    """``{column, min, max, against: [source]}``; without ``min`` and ``max`` the band holds
    ``keep`` (0.98) of the reference rows, each measured by a model of the others."""
    found = pick(
        options, context, column=..., min=None, max=None, keep=0.98, against=["source"], order=3
    )
    low, high = number(found, "min", 1), number(found, "max", 1)
    keep, order = share(found, "keep"), whole(found, "order", 1, 6)
    known = against(found, context, column=found["column"])
    if known.accepted:
        raise CheckError("'against' takes source and names of files here")
    texts = [text for text, _ in known.texts][:MOST]
    if not texts:
        raise CheckError("the reference holds no text")
    if low is None and high is None:
        if len(texts) < FEWEST:
            raise CheckError(f"{len(texts)} reference texts are too few for a band: give 'max'")
        low, high = _band(texts, keep, order)
    from synthnb.metrics import NgramModel

    return Perplexity(found["column"], NgramModel(texts, order=order), low, high)


def _band(texts: list[str], keep: float, order: int) -> tuple[float, float]:
    """Quantiles of rows that the model has not seen: each half by a model of the other."""
    import numpy as np

    from synthnb.metrics import NgramModel

    halves = (texts[::2], texts[1::2])
    values: list[Any] = [
        NgramModel(halves[1 - side], order=order).perplexities(halves[side]) for side in (0, 1)
    ]
    low, high = np.quantile(np.concatenate(values), [(1 - keep) / 2, (1 + keep) / 2])
    # The model of all rows knows more than that of a half: leave room at the low end.
    return round(float(low) * 0.8, 2), round(float(high) * 1.1, 2)
