"""Tools in a conversation: what the assistant may call, and what it is told in return.

A call is plain JSON that any endpoint can be held to by its schema, so tools need no support
of the endpoint's own; in the row it takes the shape of OpenAI messages. Nothing is ever run:
a result is an expression of the recipe, or what a model says in the tool's place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthnb.engine.answers import compact, read_json
from synthnb.recipe.parts import Turns, tool_names
from synthnb.schema import Schema, compile_schema
from synthnb.template import compile_template
from synthnb.types import JSON, Message, Row

__all__ = ["MOST_CALLS", "Toolbox", "called"]

MOST_CALLS = 2
"""Calls of one turn; then the assistant must speak."""

_HOW = (
    'Answer with one JSON object: {"say": "…"} to speak, or {"call": "NAME", "arguments": {…}} '
    "to use a tool first. Tools:"
)


class Toolbox:
    """The tools of one conversation column, compiled once."""

    def __init__(self, turns: Turns) -> None:
        inner = [tool.get("function", tool) for tool in turns.tools]
        self._tools = dict(zip(tool_names(turns.tools), inner, strict=True))
        self._results = {name: compile_template(text) for name, text in turns.results.items()}
        say = _object({"say": {"type": "string", "minLength": 1}})
        calls = [
            _object({"call": {"const": name}, "arguments": _parameters(tool)})
            for name, tool in self._tools.items()
        ]
        self.free = compile_schema(json_schema={"anyOf": [say, *calls]})
        self.speaking = compile_schema(json_schema=say)
        listed = [f"- {name}{_described(tool)}" for name, tool in self._tools.items()]
        self.listing = "\n".join([_HOW, *listed])

    def read(self, text: str, *, shape: Schema) -> dict[str, JSON]:
        """``{say}`` or ``{call, arguments}``, as ``shape`` allows; raises ``Misfit``."""
        value = read_json(text, shape)
        assert isinstance(value, dict)
        return value

    def result(self, name: str, arguments: JSON, values: Row) -> str | None:
        """What the recipe's expression says; ``None`` where a model plays the tool."""
        template = self._results.get(name)
        if template is None:
            return None
        return compact(template.evaluate({**values, "arguments": arguments}))

    def played(self, name: str, arguments: JSON, system: str) -> tuple[Message, ...]:
        """What a model is asked that plays the tool."""
        task = system or (
            f"You play the tool {name}{_described(self._tools[name])}\n"
            "Answer with its result alone: one short JSON object with made-up values."
        )
        return (
            Message(role="system", content=task),
            Message(role="user", content=f"{name} {compact(arguments)}"),
        )


def called(name: str, arguments: JSON, number: int) -> dict[str, JSON]:
    """A call as OpenAI messages have it; ``arguments`` is JSON text there."""
    function = {"name": name, "arguments": compact(arguments)}
    call = {"id": f"call_{number}", "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _object(properties: Mapping[str, JSON]) -> dict[str, JSON]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _parameters(tool: Mapping[str, Any]) -> JSON:
    """The tool's own schema; closed, unless it says otherwise."""
    given = tool.get("parameters") or {"type": "object", "properties": {}}
    return (
        given if "additionalProperties" in given else {**given, "additionalProperties": False}
    )


def _described(tool: Mapping[str, Any]) -> str:
    """Its arguments and what it is for, for the prompt."""
    about = str(tool.get("description") or "").strip()
    fields = (tool.get("parameters") or {}).get("properties") or {}
    return f"({compact(fields)})" + (f": {about}" if about else "")
