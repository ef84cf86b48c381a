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

    The column's prompt opens the user's side; its examples are talks that each side has
    seen before. A conversation that ends on the user's word is rounded down to the
    assistant's last answer.
    """
    turns = cell.column.turns
    assert turns is not None
    opening = cell.prompt.render(row.values)
    system = {
        side: compile_template(role.system).render(row.values) if role.system else ""
        for side, role in (("user", turns.user), ("assistant", turns.assistant))
    }
    before = {side: _examples(cell, row, side) for side in system}
    said: list[dict[str, JSON]] = []
    while len(said) < turns.max:
        side = "assistant" if len(said) % 2 else "user"
        role = turns.assistant if side == "assistant" else turns.user
        head = [Message(role="system", content=system[side])] if system[side] else []
        messages = (*head, *before[side], *_seen_by(side, opening, said))
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


def _examples(cell: Cell, row: RowState, side: str) -> list[Message]:
    """The talks among the column's examples, one after the other, as ``side`` sees them."""
    shown: list[Message] = []
    for pick in cell.picks(row):
        talk = cell.column.examples[pick].get(cell.name)
        if not isinstance(talk, list) or not all(map(_is_turn, talk)):
            continue
        seen = _seen_by(side, cell.asked(pick), talk)
        # What comes next is the other side's word, so an example ends on this side's own.
        shown += seen if seen[-1]["role"] == "assistant" else seen[:-1]
    return shown


def _is_turn(turn: JSON) -> bool:
    return isinstance(turn, dict) and {"role", "content"} <= turn.keys()


def _seen_by(side: str, opening: str, said: list[dict[str, JSON]]) -> tuple[Message, ...]:
    """The talk as one side sees it: itself as the assistant, the other as the user."""
    messages = [Message(role="user", content=opening)] if side == "user" else []
    for turn in said:
        role = "assistant" if turn["role"] == side else "user"
        messages.append(Message(role=role, content=str(turn["content"])))
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
