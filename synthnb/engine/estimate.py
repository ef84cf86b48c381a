"""What a run will take, with an interval: from rows that were made before, else from limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from synthnb.checks import Check
from synthnb.engine.outlook import NOTHING, Need, Range, counted, guessed, measured, paced
from synthnb.engine.pipeline import Pipeline
from synthnb.prices import Price
from synthnb.types import Record
from synthnb.visible import duration

__all__ = ["Estimate", "Range", "estimate_run"]

SPREAD = Range(0.7, 1.0, 1.6)
"""A server's pace differs from hour to hour."""


@dataclass(frozen=True, slots=True, repr=False)
class Estimate:
    """The cost of a run before it starts; ``print`` it for people."""

    rows: int
    requests: Range
    prompt_tokens: Range
    completion_tokens: Range
    cost: Range | None
    """``None`` while a price is unknown."""
    currency: str
    seconds: Range | None
    """``None`` before any answer told how long one takes."""
    basis: str
    """What it is based on, for people."""
    prices: str = ""
    """Where the prices come from."""
    went: str = ""
    """The version of another recipe that lent its share of accepted rows, pace and tokens."""
    counted: Mapping[str, float] = field(default_factory=dict)
    """By column, tokens of its requests for each that their length alone would tell."""

    @property
    def tokens(self) -> Range:
        """Prompt and completion tokens together."""
        return self.prompt_tokens + self.completion_tokens

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON: each range as ``{low, expected, high}``."""
        return {**asdict(self), "tokens": asdict(self.tokens)}

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        lines = [
            f"{self.rows:,} rows, {_whole(self.requests)} requests",
            f"{_whole(self.tokens)} tokens ({_whole(self.prompt_tokens)} in, "
            f"{_whole(self.completion_tokens)} out)",
        ]
        if self.cost is None:
            lines.append("cost unknown: no price for this model")
        elif self.cost.high == 0:
            lines.append("no cost")
        else:
            low, expected, high = (
                f"{value:.2f}" for value in (self.cost.low, self.cost.expected, self.cost.high)
            )
            dated = f", prices: {self.prices}" if self.prices else ""
            lines.append(f"about {expected} {self.currency} ({low} to {high}{dated})")
        if self.seconds is not None:
            low, high = duration(self.seconds.low), duration(self.seconds.high)
            between = f" ({low} to {high})" if low != high else ""
            lines.append(f"about {duration(self.seconds.expected)}{between}")
        return "\n".join([*lines, f"from {self.basis}"])


def estimate_run(
    pipeline: Pipeline,
    n: int,
    *,
    before: Iterable[Record] = (),
    like: Iterable[Record] = (),
    went: str = "",
    checks: Iterable[Check] = (),
    price_for: Callable[[str], Price | None] = lambda name: None,
    in_flight: int = 32,
    most: float = math.inf,
) -> Estimate:
    """Predict a run of ``n`` rows; ``before`` are rows of the same recipe, if there are.

    Where there are none, ``like`` are rows of the recipe before it was changed, of a version
    called ``went``: as many may be accepted again, an answer may take as long, and as long a
    prompt may have as many tokens. ``most`` are the candidates after which the run ends,
    accepted or not.
    """
    records, others = ([r for r in rows if r.origin != "real"] for rows in (before, like))
    others = [] if records else others
    likely = _candidates(records or others, n)
    candidates = Range(*(min(most, x) for x in (likely.low, likely.expected, likely.high)))
    lists = [name for name, _ in pipeline.once]
    guess = () if records else guessed(pipeline, checks)
    needs = measured(pipeline, records) if records else paced(guess, others, lists)
    requests, asked, said, seconds = NOTHING, NOTHING, NOTHING, NOTHING
    for need in needs:
        many = candidates * need.each
        requests += many
        asked += many * need.asked
        said += many * need.said
        # A row alone still waits for its answer.
        rounds = Range(*(max(1.0, x / in_flight) for x in (many.low, many.expected, many.high)))
        seconds += rounds * (need.wait or 0.0)
    prices = [price_for(need.model) for need in needs]
    timed = bool(records or others) and all(need.wait is not None for need in needs)
    basis = (
        f"{len(records)} rows made before" if records
        else f"the length of prompts, with tokens and rows accepted as {went} went" if others
        else "the length of prompts and max_tokens (a preview makes it closer)"
    )  # fmt: skip
    known = [price for price in prices if price is not None]
    return Estimate(
        n, requests, asked, said, _cost(candidates, needs, prices),
        known[0].currency if known else "USD", seconds * SPREAD if timed else None, basis,
        ", ".join(dict.fromkeys(price.as_of for price in known if price.as_of)),
        went if others else "", counted(pipeline, records or others),
    )  # fmt: skip


def _candidates(records: list[Record], n: int) -> Range:
    """Candidates for ``n`` accepted rows, by the share that was accepted before."""
    if not records:
        return Range(n, n, n * 1.25)
    accepted, tried = sum(record.accepted for record in records), len(records)
    # Wilson's interval for the share that is accepted: nine times of ten.
    z = 1.645
    middle = (accepted + z * z / 2) / (tried + z * z)
    margin = z * math.sqrt(accepted * (tried - accepted) / tried + z * z / 4) / (tried + z * z)
    share = max(accepted, 0.5) / tried
    # Where none was accepted the lower end is 0: half a row has to do, as for the share.
    low = min(share, max(middle - margin, 0.5 / tried))
    return Range(n / min(1.0, max(share, middle + margin)), n / share, n / low)


def _cost(candidates: Range, needs: list[Need], prices: list[Price | None]) -> Range | None:
    """``None`` while one price is unknown, or they are in different money."""
    if None in prices or len({price.currency for price in prices if price}) > 1:
        return None
    cost = NOTHING
    for need, price in zip(needs, prices, strict=True):
        if price is not None:
            tokens = need.asked * price.input + need.said * price.output
            cost += candidates * need.each * tokens
    return cost


def _whole(value: Range) -> str:
    parts = (value.low, value.expected, value.high)
    low, expected, high = (f"{round(part):,}" for part in parts)
    return expected if low == high else f"{expected} ({low} to {high})"
