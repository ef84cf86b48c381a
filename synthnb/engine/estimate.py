"""What a run will take, with an interval: from rows that were made before, else from limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from synthnb.engine.cells import Cell, RowState
from synthnb.engine.pipeline import Pipeline
from synthnb.errors import SynthError
from synthnb.prices import Price
from synthnb.types import Call, Record

__all__ = ["Estimate", "Range", "estimate_run"]

SAMPLE = 20
"""Planned rows that are rendered to see how long prompts are."""
UNNAMED = 400
"""Tokens guessed for an answer where ``max_tokens`` is not set."""


@dataclass(frozen=True, slots=True)
class Range:
    """An expected value and the interval it should lie in nine times of ten."""

    low: float
    expected: float
    high: float

    def __add__(self, other: Range) -> Range:
        return Range(
            self.low + other.low, self.expected + other.expected, self.high + other.high
        )

    def times(self, factor: float) -> Range:
        """Every bound multiplied."""
        return Range(self.low * factor, self.expected * factor, self.high * factor)


NOTHING = Range(0.0, 0.0, 0.0)


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
            lines.append(f"about {_time(self.seconds.expected)}")
        return "\n".join([*lines, f"from {self.basis}"])


def estimate_run(
    pipeline: Pipeline,
    n: int,
    *,
    before: Iterable[Record] = (),
    price_for: Callable[[str], Price | None] = lambda name: None,
    in_flight: int = 32,
) -> Estimate:
    """Predict a run of ``n`` rows; ``before`` are rows of the same recipe, if there are."""
    records = list(before)
    calls: dict[str, list[Call]] = {}
    for record in records:
        for call in record.calls:
            calls.setdefault(call.column, []).append(call)
    accepted = sum(record.accepted for record in records)
    tries = len(records) / accepted if accepted else 1.0
    spread = 1.64 / math.sqrt(len(records)) if records else 0.0
    candidates = Range(
        n * max(1.0, tries * (1 - spread)), n * max(1.0, tries),
        n * max(1.0, tries * (1 + spread)) if records else n * 1.25,
    )  # fmt: skip
    requests, asked, said, seconds = NOTHING, NOTHING, NOTHING, NOTHING
    cost: Range | None = NOTHING
    price: Price | None = None
    timed = bool(calls)
    for name, step in pipeline.steps:
        if not isinstance(step, Cell):
            continue
        own = calls.get(name, [])
        each = _per_row(step)
        many = _product(candidates, Range(each, each, each))
        inside, outside = _tokens(pipeline, step, own)
        requests += many
        asked += _product(many, inside)
        said += _product(many, outside)
        price = price_for(step.model)
        cost = _cost(cost, price, _product(many, inside), _product(many, outside))
        waits = [call.elapsed for call in own if call.elapsed > 0]
        timed = timed and bool(waits)
        mean = sum(waits) / len(waits) if waits else 0.0
        seconds += many.times(mean / max(1, in_flight))
    basis = (
        f"{len(records)} rows made before" if records
        else "the length of prompts and max_tokens (a preview makes it closer)"
    )  # fmt: skip
    return Estimate(
        n, requests, asked, said, cost, price.currency if price else "USD",
        seconds if timed else None, basis, (price.as_of or "") if price else "",
    )  # fmt: skip


def _per_row(cell: Cell) -> float:
    """Requests for one candidate row."""
    column = cell.column
    if column.turns is not None:
        return (column.turns.min + column.turns.max) / 2
    if column.candidates is not None:
        return float(column.candidates.n)
    return 1.0 / column.per_call


def _tokens(pipeline: Pipeline, cell: Cell, calls: list[Call]) -> tuple[Range, Range]:
    """Tokens in and out of one request."""
    asked = [call.prompt_tokens for call in calls if call.prompt_tokens]
    said = [call.completion_tokens for call in calls if call.completion_tokens]
    if asked and said:
        return _mean(asked), _mean(said)
    lengths = [_prompt_length(pipeline, cell, index) for index in range(SAMPLE)]
    found = [length for length in lengths if length is not None] or [400]
    mean = sum(found) / len(found) / 4 + 8
    most = float(cell.max_tokens or UNNAMED)
    items = cell.column.per_call
    out = Range(min(most, 10.0 * items), most * 0.5, most * (1.0 if cell.max_tokens else 3.0))
    return Range(mean * 0.8, mean, mean * 1.4), out


def _prompt_length(pipeline: Pipeline, cell: Cell, index: int) -> int | None:
    try:
        planned = pipeline.plan.row(index)
        values = {**(planned.source or {}), **planned.values}
        values["source"] = planned.source or {}
        for name, step in pipeline.steps:
            if name == cell.name:
                break
            # A column that is not written yet: half of what it may be long.
            length = 2 * (step.max_tokens or UNNAMED) if isinstance(step, Cell) else 20
            values[name] = "x" * length
        row = RowState(0, index, 0, 0, planned, values)
        messages = cell.messages(row, cell.picks(row))
    except (SynthError, LookupError):
        return None
    return sum(len(message["content"]) for message in messages)


def _mean(values: list[int]) -> Range:
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)
    margin = 1.64 * math.sqrt(variance / len(values)) + 0.02 * mean
    return Range(max(0.0, mean - margin), mean, mean + margin)


def _product(left: Range, right: Range) -> Range:
    return Range(left.low * right.low, left.expected * right.expected, left.high * right.high)


def _cost(sofar: Range | None, price: Price | None, asked: Range, said: Range) -> Range | None:
    if sofar is None or price is None:
        return None
    return sofar + asked.times(price.input) + said.times(price.output)


def _whole(value: Range) -> str:
    parts = (value.low, value.expected, value.high)
    low, expected, high = (f"{round(part):,}" for part in parts)
    return expected if low == high else f"{expected} ({low} to {high})"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
