"""Rows for TRL's trainers: SFT, DPO and KTO, with the columns their documentation asks for.

Values are lists of messages, so that a trainer applies the model's own chat template;
``conversational=False`` gives plain text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from synthnb.errors import ExportError
from synthnb.export.answers import answer_of, are_candidates, best, ranked
from synthnb.export.columns import Columns, is_talk, reach, text
from synthnb.export.job import Format, Job
from synthnb.export.messages import ALIAS, asked, said, talks, tools_of
from synthnb.types import JSON, Record, Row
from synthnb.visible import count

__all__ = ["FORMATS"]

REPEATS = frozenset(
    {
        *("duplicate", "near_duplicate", "semantic_duplicate", "novelty", "contamination"),
        *("mix", "quota", "language"),
    }
)
"""Rules that reject good answers too: a repetition is not a bad one."""


def _sft(job: Job) -> int:
    columns = job.roles()
    plain = not job.options["conversational"]
    paired = "prompt" in columns and "response" in columns
    told = columns.told("prompt") or columns.told("response")
    written = columns.told("text") or (
        not paired and not told and "messages" not in columns and "text" in columns
    )
    if written:
        return job.lines(_texts(job, columns))
    if columns.find("messages") is None or told:
        columns.need("prompt", "response", instead=", or one of messages, or one of text")
        return job.lines(_completions(job, columns, plain))
    if plain:
        raise ExportError("trl-sft: talks have no plain form; leave conversational as it is")

    def rows() -> Iterator[Row]:
        for messages, tools in talks(job, columns):
            yield {"messages": _called(messages), **({"tools": tools} if tools else {})}

    return job.lines(rows())


def _texts(job: Job, columns: Columns) -> Iterator[Row]:
    name = columns.find("text")
    assert name is not None
    return ({"text": text(reach(record.values, name))} for record in job.batch.accepted)


def _completions(job: Job, columns: Columns, plain: bool) -> Iterator[Row]:
    answer = columns.find("response")
    assert answer is not None
    empty = 0
    for record in job.batch.accepted:
        value = best(record, reach(record.values, answer))
        if not text(value):
            empty += 1
            continue
        row = _prompt(job, columns, record.values, plain)
        tools = tools_of(job, columns, record.values, None)
        yield {**row, "completion": _side(value, plain), **({"tools": tools} if tools else {})}
    if empty:
        job.warnings.append(f"{count(empty, 'row')} without an answer left out")


def _prompt(job: Job, columns: Columns, values: Row, plain: bool) -> Row:
    found = columns.find("prompt")
    talk = reach(values, found) if found is not None else None
    messages = said(talk) if is_talk(talk) else asked(values, columns, job.options["system"])
    if plain:
        return {"prompt": "\n\n".join(text(message.get("content")) for message in messages)}
    return {"prompt": _called(messages)}


def _side(value: JSON, plain: bool) -> JSON:
    return text(value) if plain else _called(said(value))


def _called(messages: list[Row]) -> list[Row]:
    """Tool calls as chat templates read them: arguments as an object, results by name."""
    names: dict[JSON, str] = {}
    found = []
    for message in messages:
        calls = message.get("tool_calls")
        if isinstance(calls, list):
            calls = [_call(call, i) for i, call in enumerate(calls) if isinstance(call, dict)]
            names |= {call["id"]: call["function"]["name"] for call in calls}
            message = {n: v for n, v in message.items() if n != "content" or v}
            message |= {"tool_calls": calls}
        elif message["role"] == "tool" and "name" not in message:
            name = names.get(message.get("tool_call_id"))
            message = {**message, **({"name": name} if name else {})}
        found.append(message)
    return found


def _call(call: Row, place: int) -> Row:
    """One call; arguments that are no JSON object stay the text that they are."""
    function = call.get("function")
    inner = function if isinstance(function, dict) else call
    arguments = inner.get("arguments")
    if isinstance(arguments, str):
        try:
            read = json.loads(arguments)
        except ValueError:
            read = None
        arguments = read if isinstance(read, dict) else arguments
    named = {"name": str(inner.get("name", "")), "arguments": arguments}
    key = str(call.get("id") or f"call_{place}")
    return {"id": key, "type": "function", "function": named}


class Pairs:
    """Which answer was preferred, row by row; counts what cannot be used, and why."""

    def __init__(self, job: Job, columns: Columns) -> None:
        self._job, self._columns = job, columns
        self.chosen, self.rejected = columns.find("chosen"), columns.find("rejected")
        self.direct = self.chosen is not None and self.rejected is not None
        self.response = None if self.direct else columns.find("response")
        self.left: dict[str, int] = {}

    @property
    def any_ranked(self) -> bool:
        """Whether candidates of some row were ranked."""
        name = self.response
        return name is not None and any(
            ranked(record) is not None and are_candidates(reach(record.values, name))
            for record in self._job.batch.accepted
        )

    @property
    def waiting(self) -> bool:
        """Whether there are candidates at all."""
        name = self.response
        return name is not None and any(
            are_candidates(reach(record.values, name)) for record in self._job.batch.accepted
        )

    def __iter__(self) -> Iterator[tuple[Record, JSON, JSON, float | None]]:
        """(record, chosen, rejected, margin) of every row with a winner."""
        for record in self._job.batch.accepted:
            found = self._of_columns(record) if self.direct else self._of_ranking(record)
            if isinstance(found, str):
                self.left[found] = self.left.get(found, 0) + 1
            else:
                yield record, *found

    def _of_columns(self, record: Record) -> tuple[JSON, JSON, float | None] | str:
        chosen = reach(record.values, self.chosen or "")
        rejected = reach(record.values, self.rejected or "")
        if not text(chosen) or not text(rejected):
            return "without both answers"
        if chosen == rejected:
            return "whose answers are the same"
        name = self._columns.find("margin")
        margin = reach(record.values, name) if name is not None else None
        return chosen, rejected, _number(margin)

    def _of_ranking(self, record: Record) -> tuple[JSON, JSON, float | None] | str:
        answers = reach(record.values, self.response) if self.response is not None else None
        value = ranked(record)
        if not isinstance(answers, list) or value is None:
            return "not ranked"
        if value.get("both_bad"):
            return "whose answers are all bad"
        places = value.get("chosen"), value.get("rejected")
        if not all(isinstance(p, int) and 0 <= p < len(answers) for p in places):
            return "not ranked"
        margin = _number(value.get("margin"))
        if places[0] == places[1] or (margin is not None and margin <= 0):
            return "that ended in a tie"
        chosen, rejected = (answer_of(answers[int(place or 0)]) for place in places)
        if chosen == rejected:
            return "whose answers are the same"
        return chosen, rejected, margin

    def report(self) -> None:
        """Say what was left out."""
        for why, n in self.left.items():
            self._job.warnings.append(f"{count(n, 'row')} {why} left out")


def _number(value: JSON) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if good else None


def _dpo(job: Job) -> int:
    columns = job.roles()
    plain = not job.options["conversational"]
    pairs = Pairs(job, columns)
    if not pairs.direct:
        if not pairs.any_ranked and pairs.waiting:
            raise ExportError(
                f"trl-dpo: nobody ranked the candidates of {pairs.response} yet: "
                "%synth rank NAME, or a check such as {rank: {column: …, by: PROFILE/MODEL}}"
            )
        if not pairs.any_ranked:
            columns.need("prompt", "chosen", "rejected", instead=", or ranked candidates")
        columns.need("prompt", "response")
    columns.need("prompt")

    def rows() -> Iterator[Row]:
        for record, chosen, rejected, margin in pairs:
            row = _prompt(job, columns, record.values, plain)
            row |= {"chosen": _side(chosen, plain), "rejected": _side(rejected, plain)}
            yield row | ({"margin": margin} if margin is not None else {})

    written = job.lines(rows())
    pairs.report()
    return written


def _kto(job: Job) -> int:
    columns = job.roles()
    plain = not job.options["conversational"]
    counts = {True: 0, False: 0}

    def rows() -> Iterator[Row]:
        for record, answer, good in _labelled(job, columns):
            counts[good] += 1
            row = _prompt(job, columns, record.values, plain)
            yield {**row, "completion": _side(answer, plain), "label": good}

    written = job.lines(rows())
    if written and not (counts[True] and counts[False]):
        kind = "good" if counts[True] else "bad"
        job.warnings.append(f"all {written} labels are {kind}: KTO learns from both")
    return written


def _labelled(job: Job, columns: Columns) -> Iterator[tuple[Record, JSON, bool]]:
    """Answers marked good or bad: by a column, by ranking, else by accepted and rejected."""
    pairs = Pairs(job, columns)
    if pairs.direct or pairs.any_ranked:
        columns.need("prompt")
        for record, chosen, rejected, _ in pairs:
            yield record, chosen, True
            yield record, rejected, False
        pairs.report()
        return
    _, answer = columns.need("prompt", "response")
    label = columns.find("label")
    marked = label is not None and (
        columns.told("label")
        or all(isinstance(reach(r.values, label), bool) for r in job.batch.accepted)
    )
    for record in job.batch.accepted if marked else job.batch.records:
        value = best(record, reach(record.values, answer))
        if not text(value):
            continue
        if marked:
            yield record, value, _good(reach(record.values, label or ""), label or "")
        elif record.accepted:
            yield record, value, True
        elif record.reasons and not any(r.rule in REPEATS for r in record.reasons):
            yield record, value, False


def _good(value: JSON, column: str) -> bool:
    words = {"true": True, "yes": True, "good": True, "accepted": True, "1": True}
    words |= {"false": False, "no": False, "bad": False, "rejected": False, "0": False}
    known = words.get(text(value).strip().lower())
    if known is None:
        raise ExportError(f"trl-kto: {column} holds {text(value)[:40]!r}, no yes or no")
    return known


_PAIRED: dict[str, Any] = {
    "alias": ALIAS,
    "words": {"response": "completion"},
    "options": {"system": None, "conversational": True},
}
_ASKED = ("prompt", "input", "system")

FORMATS = (
    Format(
        "trl-sft", "TRL SFTTrainer: messages, or prompt and completion, or text", _sft,
        roles=("messages", *_ASKED, "response", "text", "tools"), **_PAIRED,
    ),
    Format(
        "trl-dpo", "TRL DPOTrainer: prompt, chosen, rejected, margin", _dpo,
        roles=(*_ASKED, "response", "chosen", "rejected", "margin"), **_PAIRED,
    ),
    Format(
        "trl-kto", "TRL KTOTrainer: prompt, completion, label", _kto,
        roles=(*_ASKED, "response", "chosen", "rejected", "margin", "label"), **_PAIRED,
    ),
)  # fmt: skip
