"""Filling one cell: ask, read, give bounded feedback, or lose the candidate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from math import lcm
from typing import Any

from synthnb.engine.cells import Cell, RowState, request_seed
from synthnb.engine.problems import Lost, Misfit
from synthnb.errors import RetryableModelError, RowModelError
from synthnb.prices import Price
from synthnb.types import JSON, Call, Completion, Message, Model, Reason, Request

__all__ = ["Asker"]

REPLICA = 16
"""Room for repair turns between two attempts at the same row."""
ECHO = 2000
"""Characters of a bad answer that a repair turn shows again."""
FEEDBACK = 500
SILENT = ("empty", "reasoning_only")


class Asker:
    """Asks the models of one run."""

    def __init__(
        self,
        model_for: Callable[[str], Model],
        price_for: Callable[[str], Price | None],
    ) -> None:
        self._models: dict[str, Model] = {}
        self._model_for = model_for
        self._price_for = price_for
        self._prices: dict[str, Price | None] = {}

    async def value(self, cell: Cell, row: RowState) -> JSON:
        """The column's value for a row; raises ``Lost``."""
        column = cell.column
        if column.turns is not None:
            from synthnb.engine.turns import converse

            return await converse(self, cell, row)
        picks = cell.picks(row)
        messages = cell.messages(row, picks)
        if column.candidates is not None:
            return await self._candidates(cell, row, messages, picks)
        return await self._answer(cell, row, messages, picks)

    async def items(self, cell: Cell, row: RowState, count: int) -> list[Any]:
        """``count`` values of one verbalised list; a ``Misfit`` where one is no use."""
        picks = cell.picks(row)
        messages = cell.list_messages(row, picks, count)
        misfit: Misfit | None = None
        for attempt in range(1 + min(cell.column.repair, 2)):
            try:
                completion = await self.ask(
                    cell, row, messages, picks=picks, attempt=attempt,
                    schema=cell.list_schema(count),
                )  # fmt: skip
            except Lost as lost:
                if lost.reason.rule != "truncated":
                    raise
                completion = Completion(lost.raw, "length")  # its whole items are good
            try:
                items = cell.read_list(completion, count)
            except Misfit as error:
                misfit = error
                if not (error.again or error.feedback):
                    break
                continue
            missing = Misfit("missing", f"the list has {len(items)} of {count} items")
            return items + [missing] * (count - len(items))
        assert misfit is not None
        raise Lost(Reason(misfit.rule, misfit.value, misfit.message, cell.name))

    async def ask(
        self,
        cell: Cell,
        row: RowState,
        messages: tuple[Message, ...],
        *,
        picks: tuple[int, ...] = (),
        attempt: int = 0,
        candidate: int = 0,
        model: str | None = None,
        params: Mapping[str, JSON] | None = None,
        schema: Mapping[str, JSON] | None = None,
    ) -> Completion:
        """One request and its answer, kept among the row's calls; raises ``Lost``."""
        name = model or cell.model
        index = row.planned.index
        attempt += row.attempt * REPLICA
        seed = request_seed(cell.seed, cell.name, index, attempt, candidate)
        raw = messages[-1]["content"] if cell.column.raw else None
        request = Request(
            name, messages, cell.params if params is None else params, schema,
            cell.name, index, attempt, candidate, seed, raw,
        )  # fmt: skip
        asked = self._models.get(name)
        if asked is None:
            asked = self._models[name] = self._model_for(name)
            self._prices[name] = self._price_for(name)
        try:
            completion = await asked.complete(request)
        except RowModelError as error:
            failed = Call(
                cell.name, name, messages, error.raw, error.prompt_tokens,
                error.completion_tokens, attempt=attempt, candidate=candidate, seed=seed,
                finish_reason=error.kind, few_shot=picks,
            )  # fmt: skip
            row.calls.append(failed)
            raise Lost(Reason(error.kind, None, str(error), cell.name), error.raw) from None
        except RetryableModelError as error:
            raise Lost(Reason(error.kind, None, str(error), cell.name)) from None
        cost = self._cost(name, completion)
        call = Call(
            cell.name, name, messages, completion.text, completion.prompt_tokens,
            completion.completion_tokens, cost, completion.elapsed,
            completion.cached, attempt, candidate, seed, completion.finish_reason, picks,
        )  # fmt: skip
        row.calls.append(call)
        return completion

    def _cost(self, name: str, completion: Completion) -> float | None:
        price = self._prices[name]
        if price is None:
            return None
        return price.cost(completion.prompt_tokens or 0, completion.completion_tokens or 0)

    async def _answer(
        self,
        cell: Cell,
        row: RowState,
        messages: tuple[Message, ...],
        picks: tuple[int, ...],
        *,
        candidate: int = 0,
        model: str | None = None,
        params: Mapping[str, JSON] | None = None,
    ) -> JSON:
        """Ask until the answer fits, at most ``repair`` times more."""
        first = messages
        for attempt in range(1 + cell.column.repair):
            try:
                completion = await self.ask(
                    cell, row, messages, picks=picks, attempt=attempt, candidate=candidate,
                    model=model, params=params, schema=cell.schema,
                )  # fmt: skip
            except Lost as lost:
                # Silence is worth one more try with another seed, a refusal is not.
                if lost.reason.rule not in SILENT or attempt == cell.column.repair:
                    raise
                continue
            try:
                return cell.read(completion)
            except Misfit as misfit:
                last = misfit
            if last.feedback is not None and not cell.column.raw:
                # Only the latest mistake is shown: feedback stays as long as one answer.
                messages = (
                    *first,
                    Message(role="assistant", content=completion.text[:ECHO]),
                    Message(role="user", content=last.feedback[:FEEDBACK]),
                )
            elif last.again or last.feedback is not None:
                messages = first
            else:
                break
        raise Lost(Reason(last.rule, last.value, last.message, cell.name))

    async def _candidates(
        self,
        cell: Cell,
        row: RowState,
        messages: tuple[Message, ...],
        picks: tuple[int, ...],
    ) -> list[dict[str, JSON]]:
        """n answers to one prompt, each with the model, temperature and flaw behind it."""
        wanted = cell.column.candidates
        assert wanted is not None
        tasks = []
        for place in range(wanted.n):
            # Once both lists come round together, temperatures move on by one, so that
            # every model is asked at every temperature.
            moved = place // lcm(len(wanted.models) or 1, len(wanted.temperatures) or 1)
            model = _turn(wanted.models, place)
            heat = _turn(wanted.temperatures, place + moved)
            flaw = _turn(wanted.flaws, place) or None  # an empty one: as good as it can
            params = cell.params if heat is None else cell.heated(heat)
            asked = messages if flaw is None else _flawed(messages, flaw)
            name = cell.resolve(model) if model is not None else cell.model
            answer = self._answer(
                cell, row, asked, picks, candidate=place, model=name, params=params
            )
            made: dict[str, JSON] = {"answer": None, "model": name}
            temperature = params.get("temperature")
            if temperature is not None:
                made["temperature"] = temperature
            if flaw is not None:
                made["flaw"] = flaw
            tasks.append((made, asyncio.ensure_future(answer)))
        try:
            for made, task in tasks:
                made["answer"] = await task
        finally:
            for _, task in tasks:
                task.cancel()
            await asyncio.gather(*(task for _, task in tasks), return_exceptions=True)
        row.calls.sort(key=lambda call: (call.column != cell.name, call.candidate))
        return [made for made, _ in tasks]


def _turn(values: list[Any], place: int) -> Any:
    return values[place % len(values)] if values else None


def _flawed(messages: tuple[Message, ...], flaw: str) -> tuple[Message, ...]:
    """The same question, asking for a planted flaw."""
    last = messages[-1]
    text = f"{last['content']}\n\nLet the answer have this flaw, and do not mention it: {flaw}"
    return (*messages[:-1], Message(role=last["role"], content=text))
