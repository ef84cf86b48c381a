"""What each column and check asks for one candidate: measured on earlier rows, or guessed."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace

from synthnb.checks import Check
from synthnb.engine.asking import REPLICA
from synthnb.engine.cells import Cell, RowState
from synthnb.engine.pipeline import Pipeline
from synthnb.errors import SynthError
from synthnb.types import Call, Record

__all__ = [
    *("NOTHING", "Need", "Range", "asked_tokens", "counted", "guessed", "measured"),
    "paced",
]

SAMPLE = 20
"""Planned rows that are rendered to see how long prompts are."""
UNNAMED = 400
"""Tokens guessed for an answer where ``max_tokens`` is not set."""
VERDICT = 120
"""Tokens guessed for what a judge says."""


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

    def __mul__(self, other: Range | float) -> Range:
        by = other if isinstance(other, Range) else Range(other, other, other)
        return Range(self.low * by.low, self.expected * by.expected, self.high * by.high)


NOTHING = Range(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Need:
    """What one column or check asks of one model."""

    model: str
    each: Range
    """Requests for one candidate."""
    asked: Range
    """Tokens of one request."""
    said: Range
    """Tokens of one answer."""
    wait: float | None
    """Seconds from a request to its answer, ``None`` where nobody has measured it."""
    column: str = ""
    """The column that asks by a prompt of its own; empty for checks."""


@dataclass(slots=True)
class _Seen:
    """Calls of one column to one model: each once, whatever number of rows it served."""

    calls: dict[tuple[int | None, int, int], Call] = field(default_factory=dict)
    rows: int = 0
    """Rows that they served."""


def measured(pipeline: Pipeline, records: Sequence[Record]) -> list[Need]:
    """The needs of a candidate as earlier ones had them, repairs and judges included."""
    seen: dict[tuple[str, str], _Seen] = {}
    for record in records:
        for call in record.calls:
            found = seen.setdefault((call.column, call.model), _Seen())
            found.calls[call.seed, call.attempt, call.candidate] = call
            found.rows += call.attempt % REPLICA == 0
    once = [name for name, _ in pipeline.once]
    needs = []
    for (column, model), found in seen.items():
        calls = list(found.calls.values())
        each, more = len(calls) / len(records), 1.0
        if column in once:
            # A preview of few rows asks for short lists; a long run asks for whole ones.
            first = sum(call.attempt % REPLICA == 0 for call in calls) or 1
            each = len(calls) / first / pipeline.per_call
            if column == pipeline.listed:
                more = pipeline.per_call * first / max(1, found.rows)
        waits = [call.elapsed for call in calls if call.elapsed > 0]
        needs.append(
            Need(
                model,
                Range(each, each, each),
                _mean([call.prompt_tokens or 0 for call in calls]),
                _mean([call.completion_tokens or 0 for call in calls]) * more,
                sum(waits) / len(waits) * more if waits else None,
            )
        )
    return needs


def guessed(pipeline: Pipeline, checks: Iterable[Check] = ()) -> list[Need]:
    """The needs of a candidate by the length of prompts and ``max_tokens``."""
    needs = []
    long = 0.0
    for name, step in pipeline.steps:
        if not isinstance(step, Cell):
            continue
        asked, said = _lengths(pipeline, step)
        long += said.expected
        models = _models(step)
        each = _per_candidate(step) / len(models)
        if (name, step) in pipeline.once:
            each /= pipeline.per_call
        needs += [
            Need(model, Range(each, each, each), asked, said, None, name) for model in models
        ]
    for check in checks:
        for model in getattr(check, "models", ()):
            asks = float(getattr(check, "asks", 1))
            asked = Range(200.0, 300.0 + long, 600.0 + 2 * long)
            said = Range(20.0, VERDICT, 5.0 * VERDICT)
            needs.append(Need(model, Range(0.0, asks, 2 * asks), asked, said, None))
    return needs


def paced(
    needs: Sequence[Need], records: Iterable[Record], lists: Container[str] = ()
) -> list[Need]:
    """Needs as the calls of these rows went: as many tokens for as long a prompt, as long a
    wait for an answer, and answers as long where the same column wrote one text each.

    ``lists`` are columns that ask for several rows at once.
    """
    by_model: dict[str, list[Call]] = {}
    for call in (call for record in records for call in record.calls):
        by_model.setdefault(call.model, []).append(call)
    return [_as_it_went(need, by_model.get(need.model, []), lists) for need in needs]


def _as_it_went(need: Need, calls: Sequence[Call], lists: Container[str]) -> Need:
    waits = [call.elapsed for call in calls if call.elapsed > 0]
    need = replace(need, wait=sum(waits) / len(waits) if waits else None)
    if not need.column:
        return need
    need = replace(need, asked=need.asked * _off(calls))
    own = [c.completion_tokens for c in calls if c.column == need.column]
    written = [tokens for tokens in own if tokens]
    if written and need.column not in lists:
        mean, most = _mean(written), need.said.high
        said = Range(min(need.said.low, mean.low), min(mean.expected, most), most)
        need = replace(need, said=said)
    return need


def counted(pipeline: Pipeline, records: Sequence[Record]) -> dict[str, float]:
    """By column, how many tokens its models counted in the requests of these rows for each
    that ``asked_tokens`` tells; 1 where they counted none."""
    return {
        name: _off([c for r in records for c in r.calls if c.model in _models(step)])
        for name, step in pipeline.steps
        if isinstance(step, Cell)
    }


def _off(calls: Iterable[Call]) -> float:
    """Tokenizers differ, and so does what a chat's form adds: no rule of thumb knows either."""
    told, ruled = 0, 0.0
    for call in calls:
        if call.prompt_tokens and call.messages:
            told += call.prompt_tokens
            ruled += asked_tokens(sum(len(message["content"]) for message in call.messages))
    return told / ruled if told else 1.0


def _models(cell: Cell) -> list[str]:
    """The models that a column asks in turn."""
    column = cell.column
    named: list[str | None] = []
    if column.candidates is not None:
        named = list(column.candidates.models)
    elif column.turns is not None:
        named = [column.turns.user.model, column.turns.assistant.model]
    return [cell.resolve(name) if name else cell.model for name in named] or [cell.model]


def _per_candidate(cell: Cell) -> float:
    column = cell.column
    if column.turns is not None:
        return (column.turns.min + column.turns.max) / 2
    return float(column.candidates.n) if column.candidates is not None else 1.0


def _lengths(pipeline: Pipeline, cell: Cell) -> tuple[Range, Range]:
    """Tokens in and out of one request."""
    lengths = [_prompt_length(pipeline, cell, index) for index in range(SAMPLE)]
    found = [length for length in lengths if length is not None] or [400]
    mean = asked_tokens(sum(found) / len(found))
    most = float(cell.max_tokens or UNNAMED)
    least = min(most, 10.0 * cell.column.per_call)
    said = Range(least, max(least, most / 2), most * (1.0 if cell.max_tokens else 3.0))
    return Range(mean * 0.8, mean, mean * 1.4), said


def asked_tokens(characters: float) -> float:
    """Tokens of a request whose messages have so many characters: four a token, which holds
    for English, and eight that the chat's form takes.

    >>> asked_tokens(400)
    108.0
    """
    return characters / 4 + 8


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


def _mean(values: Sequence[float]) -> Range:
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)
    margin = 1.64 * math.sqrt(variance / len(values)) + 0.02 * mean
    return Range(max(0.0, mean - margin), mean, mean + margin)
