"""A conversation: two roles in strict turn, each seeing the other as its user."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from synthnb.engine.answers import check_finish, compact, read_text
from synthnb.engine.problems import Lost, Misfit
from synthnb.engine.tools import MOST_CALLS, Toolbox, called
from synthnb.recipe.parts import Role
from synthnb.template import compile_template
from synthnb.types import JSON, Message, Reason

if TYPE_CHECKING:
    from synthnb.engine.asking import Asker
    from synthnb.engine.cells import Cell, RowState

__all__ = ["converse"]

T = TypeVar("T")
Turn = dict[str, JSON]


async def converse(asker: Asker, cell: Cell, row: RowState) -> list[Turn]:
    """``min`` to ``max`` messages, beginning with the user; ``stop`` ends it after ``min``.

    The column's prompt opens the user's side; its examples are talks that each side has
    seen before. The assistant has the last word, so an odd ``max`` is one less. Tool calls
    and results stand before the assistant's word and are not counted; the user never sees
    them.
    """
    return await _Talk(asker, cell, row).run()


class _Talk:
    """One conversation as it grows."""

    def __init__(self, asker: Asker, cell: Cell, row: RowState) -> None:
        assert cell.column.turns is not None
        self.asker, self.cell, self.row, self.turns = asker, cell, row, cell.column.turns
        self.tools = cell.tools
        self.opening = cell.prompt.render(row.values)
        self.said: list[Turn] = []
        self.heads = {
            "user": self._head("user", self.turns.user, ""),
            "assistant": self._head(
                "assistant", self.turns.assistant, self.tools.listing if self.tools else ""
            ),
        }

    async def run(self) -> list[Turn]:
        """Both sides in turn, until the stop word or the last turn."""
        turns, spoken = self.turns, 0
        while spoken < turns.max // 2 * 2:
            side = "assistant" if spoken % 2 else "user"
            text = await (self._assistant() if side == "assistant" else self._user())
            self.said.append({"role": side, "content": text})
            spoken += 1
            stop = turns.stop is not None and turns.stop.casefold() in text.casefold()
            if stop and side == "assistant" and spoken >= turns.min:
                break
        return self.said

    async def _user(self) -> str:
        return await self._ask("user", self.turns.user, read_text)

    async def _assistant(self) -> str:
        """The assistant's word, after the tools that it asks for."""
        tools, role = self.tools, self.turns.assistant
        if tools is None:
            return await self._ask("assistant", role, read_text)
        for number in range(MOST_CALLS + 1):
            shape = tools.free if number < MOST_CALLS else tools.speaking
            read = partial(tools.read, shape=shape)
            answer = await self._ask("assistant", role, read, shape.json_schema)
            if "say" in answer:
                return str(answer["say"]).strip()
            await self._use(tools, str(answer["call"]), answer["arguments"])
        raise AssertionError("the last schema knows no call")

    async def _use(self, tools: Toolbox, name: str, arguments: JSON) -> None:
        """Note a call and its result."""
        message = called(name, arguments, len(self.said))
        self.said.append(message)
        result = tools.result(name, arguments, self.row.values)
        if result is None:
            role = self.turns.tool
            messages = tools.played(name, arguments, self._system(role))
            result = await self._answer(messages, role, read_text)
        call = message["tool_calls"][0]["id"]
        self.said.append({"role": "tool", "tool_call_id": call, "content": result})

    async def _ask(
        self,
        side: str,
        role: Role,
        read: Callable[[str], T],
        schema: Mapping[str, JSON] | None = None,
    ) -> T:
        seen = _seen_by(side, self.opening, self.said, tools=self.tools is not None)
        return await self._answer((*self.heads[side], *seen), role, read, schema)

    async def _answer(
        self,
        messages: tuple[Message, ...],
        role: Role,
        read: Callable[[str], T],
        schema: Mapping[str, JSON] | None = None,
    ) -> T:
        cell = self.cell
        model = cell.resolve(role.model) if role.model else cell.model
        last: Misfit | None = None
        for attempt in range(2):
            completion = await self.asker.ask(
                cell, self.row, messages, model=model, attempt=attempt,
                candidate=len(self.said), schema=schema,
            )  # fmt: skip
            try:
                check_finish(completion, cell.max_tokens)
                answer = read(completion.text)
                if answer:
                    return answer
                last = Misfit("empty", "the answer is empty", again=True)
            except Misfit as misfit:
                last = misfit
                if not (misfit.again or misfit.feedback):
                    break
        assert last is not None
        raise Lost(Reason(last.rule, last.value, last.message, cell.name))

    def _system(self, role: Role) -> str:
        return compile_template(role.system).render(self.row.values) if role.system else ""

    def _head(self, side: str, role: Role, listing: str) -> tuple[Message, ...]:
        """System prompt and example talks of one side."""
        text = "\n\n".join(part for part in (self._system(role), listing) if part)
        system = [Message(role="system", content=text)] if text else []
        return (*system, *self._examples(side))

    def _examples(self, side: str) -> list[Message]:
        """The talks among the column's examples, one after the other, as ``side`` sees them."""
        shown: list[Message] = []
        cell = self.cell
        for pick in cell.picks(self.row):
            talk = cell.column.examples[pick].get(cell.name)
            if not isinstance(talk, list) or not all(map(_is_turn, talk)):
                continue
            seen = _seen_by(side, cell.asked(pick), talk, tools=self.tools is not None)
            # What comes next is the other side's word, so an example ends on this side's own.
            shown += seen if seen[-1]["role"] == "assistant" else seen[:-1]
        return shown


def _is_turn(turn: JSON) -> bool:
    if not isinstance(turn, dict) or "role" not in turn:
        return False
    calls = turn.get("tool_calls")
    return "content" in turn if not calls else isinstance(calls, list)


def _seen_by(side: str, opening: str, said: list[Turn], *, tools: bool) -> tuple[Message, ...]:
    """The talk as one side sees it: itself as the assistant, the other as the user."""
    messages = [Message(role="user", content=opening)] if side == "user" else []
    for turn in said:
        own = turn["role"] == side
        if turn["role"] == "tool" or turn.get("tool_calls"):
            if side == "assistant" and tools:
                messages.append(_tool_turn(turn))
            continue
        text = str(turn["content"])
        text = compact({"say": text}) if own and tools and side == "assistant" else text
        messages.append(Message(role="assistant" if own else "user", content=text))
    return tuple(messages)


def _tool_turn(turn: Turn) -> Message:
    """A call in the form that the assistant writes it, a result as its user's word."""
    if turn["role"] == "tool":
        return Message(role="user", content=f"Result of the tool: {turn['content']}")
    function = turn["tool_calls"][0]["function"]
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            arguments = {}
    return Message(
        role="assistant",
        content=compact({"call": function.get("name"), "arguments": arguments}),
    )
