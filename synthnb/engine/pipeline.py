"""A row's way through its columns: each cell is filled as soon as its inputs are there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from synthnb.checks import Candidate
from synthnb.engine.asking import Asker
from synthnb.engine.cells import Cell, RowState
from synthnb.engine.problems import Lost, Misfit
from synthnb.engine.slots import Slot
from synthnb.errors import RecipeError, TemplateError
from synthnb.recipe import Recipe
from synthnb.recipe.parts import Expression, Prompt, Subcategory
from synthnb.samplers import Plan, PlannedRow
from synthnb.template import Template, compile_template
from synthnb.types import JSON, Reason, Record, Row

__all__ = ["Outcome", "Pipeline"]


class Outcome:
    """One finished candidate: its state, why it was lost, and what checks said.

    ``failed`` pairs each reason against it with the funnel's stage that it fails.
    """

    __slots__ = ("_candidate", "checked", "failed", "lost", "row", "slot")

    def __init__(self, slot: Slot, row: RowState, lost: Reason | None) -> None:
        self.slot, self.row, self.lost = slot, row, lost
        self.failed: list[tuple[str, Reason]] = []
        self.checked: list[Reason] = []
        self._candidate: Candidate | None = None

    @property
    def candidate(self) -> Candidate:
        """The row as checks see it."""
        if self._candidate is None:
            row = self.row
            values = {name: value for name, value in row.values.items() if name != "source"}
            self._candidate = Candidate(
                row.index, values, row.planned.source, row.calls, row.attempt, row.candidate
            )
        return self._candidate

    def reject(self, rule: str, message: str) -> None:
        """Reject a good row that has no place any more."""
        self.failed.append(("accepted", Reason(rule, None, message)))


class Pipeline:
    """The columns of one recipe, compiled: turns a slot into finished candidates."""

    def __init__(
        self, recipe: Recipe, plan: Plan, cells: dict[str, Cell], asker: Asker
    ) -> None:
        self.recipe, self.plan, self.asker = recipe, plan, asker
        self.steps: list[tuple[str, Cell | Template]] = []
        for name in recipe.order:
            column = recipe.columns[name]
            if isinstance(column, Expression):
                self.steps.append((name, compile_template(column.template)))
            elif isinstance(column, Prompt):
                self.steps.append((name, cells[name]))
        written = [name for name, _ in self.steps]
        self.reads = {name: _reads(recipe, name, written) for name in written}
        self.chain = _is_chain(self.steps, self.reads)
        self._learning = [cell for cell in cells.values() if cell.column.from_accepted]
        self.listed = _listed(recipe)
        """The column that is asked for several rows at once."""
        self.per_call = recipe.prompts[self.listed].per_call if self.listed else 1
        # Columns up to the listed one are shared by a list's rows, the others are not.
        position = written.index(self.listed) if self.listed is not None else 0
        needed = _closure(recipe, self.listed) if self.listed is not None else set()
        before = self.steps[:position] if self.listed is not None else []
        self._shared = [step for step in before if step[0] in needed]
        self.once = [step for step in self.steps if step in self._shared]
        """Columns that are filled once for a whole list."""
        self.once += [step for step in self.steps if step[0] == self.listed]
        self._rest = [step for step in self.steps if step not in self.once]
        # A list is drawn for one quota cell: its rows share what quotas are on.
        bound = _bound(recipe, needed | _with_quotas(recipe))
        self._free = {
            name
            for name, column in recipe.columns.items()
            if name not in bound and not isinstance(column, Prompt | Expression)
        }

    def admit(self, row: RowState, record: Record) -> None:
        """The row was accepted: it may be an example in later rounds."""
        for cell in self._learning:
            cell.learn(row.values, record.id, record.generation)

    async def run(self, slot: Slot) -> list[Outcome]:
        """All candidates of a slot, finished or lost."""
        if self.listed is None:
            row = self._start(slot, 0, self.plan.row(slot.index, slot.where))
            return [Outcome(slot, row, await self._fill(row, self.steps))]
        return await self._run_list(slot)

    async def _run_list(self, slot: Slot) -> list[Outcome]:
        assert self.listed is not None
        leader = self._start(slot, 0, self.plan.row(slot.index, slot.where))
        lost = await self._fill(leader, self._shared)
        cell = dict(self.steps)[self.listed]
        assert isinstance(cell, Cell)
        items: list[Any] = []
        if lost is None:
            try:
                if cell.skipped(leader.values):
                    items = [None] * slot.size
                else:
                    items = await self.asker.items(cell, leader, slot.size)
            except Lost as error:
                lost = error.reason
            except TemplateError as error:
                lost = Reason("template", None, error.message, cell.name)
        rows = [self._member(slot, leader, place) for place in range(slot.size)]
        if lost is not None:
            return [Outcome(slot, row, lost) for row in rows]
        jobs = [
            self._finish_member(slot, row, cell.name, item)
            for row, item in zip(rows, items, strict=True)
        ]
        if not any(isinstance(step, Cell) for _, step in self._rest):
            return [await job for job in jobs]
        return list(await _together(jobs))

    async def _finish_member(
        self, slot: Slot, row: RowState, name: str, item: JSON | Misfit
    ) -> Outcome:
        if isinstance(item, Misfit):
            return Outcome(slot, row, Reason(item.rule, item.value, item.message, name))
        row.values[name] = item
        return Outcome(slot, row, await self._fill(row, self._rest))

    def _start(self, slot: Slot, place: int, planned: PlannedRow) -> RowState:
        source = planned.source
        values: Row = {**source, **planned.values} if source else dict(planned.values)
        if source is not None:
            values["source"] = source
        return RowState(
            slot.seq + place, slot.index + place, slot.attempt, place, planned, values,
            slot.where, slot.pool,
        )  # fmt: skip

    def _member(self, slot: Slot, leader: RowState, place: int) -> RowState:
        """A row of a list: what the prompt reads is the leader's, the rest is its own."""
        row = RowState(
            slot.seq + place, slot.index + place, slot.attempt, place, leader.planned,
            dict(leader.values), slot.where, slot.pool, list(leader.calls),
            dict(leader.borrowed),
        )  # fmt: skip
        if place and self._free and leader.planned.source is None:
            own = self.plan.row(slot.index + place, slot.where).values
            row.values.update((k, v) for k, v in own.items() if k in self._free)
        return row

    async def _fill(
        self, row: RowState, steps: Sequence[tuple[str, Cell | Template]]
    ) -> Reason | None:
        """Fill the columns in ``steps``; the reason if the candidate is lost."""
        name = ""
        try:
            if self.chain or len(steps) < 2:
                for name, step in steps:
                    row.values[name] = await self._one(row, step)
            else:
                await self._graph(row, steps)
        except Lost as lost:
            return lost.reason
        except TemplateError as error:
            return Reason("template", None, error.message, name or None)
        return None

    async def _one(self, row: RowState, step: Cell | Template) -> JSON:
        if isinstance(step, Template):
            return step.evaluate(row.values)
        if step.skip is not None and step.skipped(row.values):
            return None
        return await self.asker.value(step, row)

    async def _graph(self, row: RowState, steps: Sequence[tuple[str, Cell | Template]]) -> None:
        tasks: dict[str, asyncio.Task[None]] = {}

        async def cell(name: str, step: Cell | Template) -> None:
            for other in self.reads[name]:
                if other in tasks:
                    await tasks[other]
            row.values[name] = await self._one(row, step)

        for name, step in steps:
            tasks[name] = asyncio.ensure_future(cell(name, step))
        try:
            await asyncio.gather(*tasks.values())
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
        place = {name: position for position, (name, _) in enumerate(self.steps)}
        row.calls.sort(key=lambda call: (place[call.column], call.candidate, call.attempt))


async def _together(jobs: Sequence[Any]) -> Sequence[Any]:
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _reads(recipe: Recipe, name: str, written: Sequence[str]) -> list[str]:
    known = set(written) - {name}
    return sorted(known & set(recipe.references(name)))


def _closure(recipe: Recipe, name: str | None) -> set[str]:
    """Every column that ``name`` depends on."""
    found: set[str] = set()
    todo = [name] if name is not None else []
    while todo:
        for other in recipe.references(todo.pop()):
            if other in recipe.columns and other not in found:
                found.add(other)
                todo.append(other)
    return found


def _is_chain(
    steps: Sequence[tuple[str, Cell | Template]], reads: dict[str, list[str]]
) -> bool:
    """Whether each cell waits for the one before anyway: then no task is needed."""
    depth: dict[str, set[str]] = {}
    last: str | None = None
    for name, step in steps:
        depth[name] = set(reads[name]).union(*(depth[other] for other in reads[name]))
        if isinstance(step, Cell):
            if last is not None and last not in depth[name]:
                return False
            last = name
    return True


def _listed(recipe: Recipe) -> str | None:
    """The column with ``per_call``; there is at most one."""
    names = [name for name, column in recipe.prompts.items() if column.per_call > 1]
    if len(names) > 1:
        raise RecipeError(f"only one column can have per_call, not {' and '.join(names)}")
    if names:
        column = recipe.prompts[names[0]]
        if column.turns is not None or column.candidates is not None:
            raise RecipeError(
                f"column {names[0]}: per_call goes with neither turns nor candidates"
            )
    return names[0] if names else None


def _with_quotas(recipe: Recipe) -> set[str]:
    names = {name.strip() for names in recipe.target.quotas for name in names.split("&")}
    return names & set(recipe.columns)


def _bound(recipe: Recipe, needed: set[str]) -> set[str]:
    """Attributes that all rows of a list share: those read, and what hangs on them."""
    bound = set(needed)
    grown = True
    while grown:
        grown = False
        for name, column in recipe.columns.items():
            if not isinstance(column, Subcategory):
                continue
            pair = {name, column.parent}
            if pair & bound and not pair <= bound:
                bound |= pair
                grown = True
    return bound
