"""Rows as talks: chat messages, ShareGPT, OpenAI fine-tuning; and Alpaca's three fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from synthnb.errors import ExportError
from synthnb.export.answers import best
from synthnb.export.columns import Columns, is_talk, reach, text
from synthnb.export.job import Format, Job
from synthnb.recipe import Prompt
from synthnb.types import JSON, Row
from synthnb.visible import count

__all__ = ["ALIAS", "FORMATS", "asked", "said", "tools_of"]

ALIAS = {"instruction": "prompt", "question": "prompt", "completion": "response",
         "output": "response", "answer": "response"}  # fmt: skip
_ROLES = ("messages", "prompt", "input", "system", "response", "tools")
_OR_TALK = ", or one of messages (a list of {role, content})"


def asked(row: Row, columns: Columns, system: str | None = None) -> list[Row]:
    """The messages before the answer: the system's if there is one, then the user's."""
    head = system
    if head is None and (found := columns.find("system")) is not None:
        head = text(reach(row, found))
    prompt, given = columns.find("prompt"), columns.find("input")
    words = [text(reach(row, name)).strip("\n") for name in (prompt, given) if name is not None]
    messages: list[Row] = [{"role": "system", "content": head}] if head else []
    return [*messages, {"role": "user", "content": "\n\n".join(word for word in words if word)}]


def said(answer: JSON) -> list[Row]:
    """An answer as messages; a talk stays as it is."""
    if is_talk(answer):
        return [_turn(turn) for turn in answer]
    return [{"role": "assistant", "content": text(answer)}]


def _turn(turn: Mapping[str, JSON]) -> Row:
    """A message with the fields that chat templates know, nothing else."""
    known = ("role", "content", "name", "tool_calls", "tool_call_id")
    return {n: turn[n] for n in known if n in turn and (n == "content" or turn[n] is not None)}


def talks(job: Job, columns: Columns) -> Iterator[tuple[list[Row], list[JSON]]]:
    """Each row as messages, with the tools that it may call."""
    system = job.options["system"]
    paired = columns.told("prompt") or columns.told("response")
    talk = None if paired else columns.find("messages")
    if talk is None:
        _, answer = columns.need("prompt", "response", instead=_OR_TALK)
    empty = 0
    for record in job.batch.accepted:
        row = record.values
        if talk is not None:
            value = reach(row, talk)
            messages = said(value) if is_talk(value) else []
            if system and messages and messages[0]["role"] != "system":
                messages = [{"role": "system", "content": system}, *messages]
        else:
            value = best(record, reach(row, answer))
            messages = [*asked(row, columns, system), *said(value)]
        if not any(m["role"] == "assistant" and _spoken(m) for m in messages):
            empty += 1
            continue
        yield messages, tools_of(job, columns, row, talk)
    if empty:
        job.warnings.append(f"{count(empty, 'row')} without an answer left out")


def _spoken(message: Row) -> bool:
    return bool(message.get("content") or message.get("tool_calls"))


def tools_of(job: Job, columns: Columns, row: Row, talk: str | None) -> list[JSON]:
    """Tools in the shape ``{type: function, function: {name, …}}``."""
    found = columns.find("tools")
    tools = reach(row, found) if found is not None else None
    if tools is None and talk is not None:
        spec = job.batch.recipe.columns.get(talk)
        tools = (
            spec.turns.tools if isinstance(spec, Prompt) and spec.turns is not None else None
        )
    if not isinstance(tools, list):
        return []
    return [
        tool if isinstance(tool, dict) and "function" in tool
        else {"type": "function", "function": tool}
        for tool in tools
    ]  # fmt: skip


def _chat(job: Job) -> int:
    def rows() -> Iterator[Row]:
        for messages, tools in talks(job, job.roles()):
            yield {"messages": messages, **({"tools": tools} if tools else {})}

    return job.lines(rows())


def _openai(job: Job) -> int:
    def rows() -> Iterator[Row]:
        for messages, tools in talks(job, job.roles()):
            last = max(i for i, m in enumerate(messages) if m["role"] == "assistant")
            turns = [_called(turn) for turn in messages[: last + 1]]
            yield {"messages": turns, **({"tools": tools} if tools else {})}

    written = job.lines(rows())
    if 0 < written < 10:
        job.warnings.append(f"OpenAI fine-tunes on 10 rows or more; these are {written}")
    return written


def _called(turn: Row) -> Row:
    """Tool calls as that API wants them: an id, a type, arguments as JSON text."""
    if not turn.get("tool_calls"):
        return {**turn, "content": text(turn.get("content"))}
    calls = []
    for place, call in enumerate(turn["tool_calls"]):
        function = call.get("function", call)
        arguments = function.get("arguments", {})
        calls.append(
            {
                "id": str(call.get("id") or f"call_{place}"),
                "type": "function",
                "function": {
                    "name": str(function.get("name", "")),
                    "arguments": text(arguments),
                },
            }
        )
    return {**turn, "tool_calls": calls}


_FROM = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}


def _sharegpt(job: Job) -> int:
    def rows() -> Iterator[Row]:
        for messages, tools in talks(job, job.roles()):
            row: Row = {"conversations": [turn for m in messages for turn in _shared(m)]}
            yield {**row, **({"tools": json.dumps(tools)} if tools else {})}

    return job.lines(rows())


def _shared(message: Row) -> Iterator[Row]:
    if message.get("content") or not message.get("tool_calls"):
        who = _FROM.get(message["role"], message["role"])
        yield {"from": who, "value": text(message.get("content"))}
    for call in message.get("tool_calls") or []:
        yield {"from": "function_call", "value": text(call.get("function", call))}


def _alpaca(job: Job) -> int:
    columns = job.roles()
    prompt, answer = columns.need("prompt", "response")
    given = columns.find("input")
    system = columns.find("system")

    def rows() -> Iterator[Row]:
        empty = 0
        for record in job.batch.accepted:
            values = record.values
            output = best(record, reach(values, answer))
            if is_talk(output) or is_talk(reach(values, prompt)):
                raise ExportError(
                    "alpaca has one answer a row: export talks as sharegpt or chat"
                )
            if not text(output):
                empty += 1
                continue
            row: Row = {
                "instruction": text(reach(values, prompt)),
                "input": text(reach(values, given)) if given is not None else "",
                "output": text(output),
            }
            yield row | ({"system": text(reach(values, system))} if system is not None else {})
        if empty:
            job.warnings.append(f"{count(empty, 'row')} without an answer left out")

    return job.lines(rows())


_TALK: dict[str, Any] = {"roles": _ROLES, "alias": ALIAS, "options": {"system": None}}

FORMATS = (
    Format("chat", "messages a row: {role, content}", _chat, **_TALK),
    Format("openai", "OpenAI fine-tuning, tools included", _openai, **_TALK),
    Format("sharegpt", "conversations a row: {from, value}", _sharegpt, **_TALK),
    Format(
        "alpaca", "instruction, input, output", _alpaca,
        roles=("prompt", "input", "system", "response"), alias=ALIAS,
        words={"prompt": "instruction", "response": "output"},
    ),
)  # fmt: skip
