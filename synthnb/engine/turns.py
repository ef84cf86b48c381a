"""A conversation: two roles in strict turn, each seeing the other as its user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synthnb.engine.answers import check_finish, read_text
from synthnb.engine.problems import Lost, Misfit
from synthnb.template import compile_template
from synthnb.types import JSON, Message, Reason

if TYPE_CHECKING:
    from synthnb.engine.asking import Asker
    from synthnb.engine.cells import Cell, RowState

__all__ = ["converse"]


async def converse(asker: Asker, cell: Cell, row: RowState) -> list[dict[str, JSON]]:
    """``min`` to ``max`` messages, beginning with the user; ``stop`` ends it after ``min``.

    The column's prompt opens the user's side. A conversation that ends on the user's
    word is rounded down to the assistant's last answer.
    """
    turns = cell.column.turns
    assert turns is not None
    opening = cell.prompt.render(row.values)
    system = {
        side: compile_template(role.system).render(row.values) if role.system else ""
        for side, role in (("user", turns.user), ("assistant", turns.assistant))
    }
    said: list[dict[str, JSON]] = []
    while len(said) < turns.max:
        side = "assistant" if len(said) % 2 else "user"
        role = turns.assistant if side == "assistant" else turns.user
        messages = _seen_by(side, system[side], opening, said)
        model = cell.resolve(role.model) if role.model else cell.model
        text = await _say(asker, cell, row, messages, model, len(said))
        said.append({"role": side, "content": text})
        stop = turns.stop is not None and turns.stop.casefold() in text.casefold()
        if stop and len(said) >= turns.min and side == "assistant":
            break
    if len(said) % 2:
        said.pop()
    if len(said) < min(turns.min, turns.max - turns.max % 2):
        said_so_far = f"{len(said)} messages, at least {turns.min} wanted"
        raise Lost(Reason("turns", len(said), said_so_far, cell.name))
    return said


def _seen_by(
    side: str, system: str, opening: str, said: list[dict[str, JSON]]
) -> tuple[Message, ...]:
    """The talk as one side sees it: itself as the assistant, the other as the user."""
    messages = [Message(role="system", content=system)] if system else []
    if side == "user":
        messages.append(Message(role="user", content=opening))
    for turn in said:
        role = "assistant" if turn["role"] == side else "user"
        messages.append(Message(role=role, content=turn["content"]))
    return tuple(messages)


async def _say(
    asker: Asker,
    cell: Cell,
    row: RowState,
    messages: tuple[Message, ...],
    model: str,
    turn: int,
) -> str:
    last: Misfit | None = None
    for attempt in range(2):
        completion = await asker.ask(
            cell, row, messages, model=model, attempt=attempt, candidate=turn
        )
        try:
            check_finish(completion, cell.max_tokens)
            text = read_text(completion.text)
            if text:
                return text
            last = Misfit("empty", "the answer is empty", again=True)
        except Misfit as misfit:
            last = misfit
            if not misfit.again:
                break
    assert last is not None
    raise Lost(Reason(last.rule, last.value, last.message, cell.name))
