"""From a finished candidate to a record: checks in order of cost, reasons kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

from synthnb.checks import Candidate, Check, ForeseeingCheck, OrderedCheck
from synthnb.engine.pipeline import Outcome
from synthnb.engine.problems import STAGES, stage_of
from synthnb.recipe import Prompt, Recipe
from synthnb.recipe.parts import Expression
from synthnb.samplers import Plan
from synthnb.samplers.draws import permuted
from synthnb.source import SourceRows
from synthnb.types import Record

__all__ = ["Judge", "Records"]

MODEL_COST = 9


class Judge:
    """The checks of a run: those that look at one row, then those that compare rows."""

    def __init__(self, checks: Sequence[Check]) -> None:
        by_cost = sorted(checks, key=lambda check: check.cost)
        self._alone = [check for check in by_cost if not check.ordered]
        self.ordered = [cast(OrderedCheck, check) for check in by_cost if check.ordered]
        self._foreseeing = [
            cast(ForeseeingCheck, check) for check in self.ordered if hasattr(check, "foresee")
        ]

    async def alone(self, outcome: Outcome) -> None:
        """Run the checks that need no other row; a lost row is not worth a model call."""
        row = outcome.candidate if self._alone else None
        for check in self._alone:
            if row is None or (outcome.failed and check.cost >= MODEL_COST):
                break
            await self._apply(check, row, outcome)

    async def foresee(self, outcomes: Sequence[Outcome]) -> None:
        """Tell the checks that compare which candidates they are asked next."""
        rows = [o.candidate for o in outcomes if o.lost is None and not o.failed]
        for check in self._foreseeing if rows else ():
            await check.foresee(rows)

    async def among(self, outcome: Outcome) -> None:
        """Run the checks that compare with rows accepted before."""
        for check in self.ordered:
            await self._apply(check, outcome.candidate, outcome)
            if outcome.failed:
                break

    def admit(self, outcome: Outcome) -> None:
        """The row was accepted: later rows are compared with it."""
        for check in self.ordered:
            check.admit(outcome.candidate)

    async def _apply(self, check: Check, row: Candidate, outcome: Outcome) -> None:
        for reason in await check(row):
            outcome.checked.append(reason)
            if not reason.passed:
                judged = "judged" if check.cost >= MODEL_COST else "valid"
                outcome.failed.append(("unique" if check.ordered else judged, reason))


class Records:
    """Makes records of one recipe's candidates."""

    def __init__(self, recipe: Recipe, plan: Plan) -> None:
        self._recipe, self._plan = recipe, plan
        source = plan.source
        keep = recipe.source is None or recipe.source.keep
        kept = source.columns if source is not None and keep else []
        hidden = {
            n
            for n, c in recipe.columns.items()
            if isinstance(c, Prompt | Expression) and c.hidden
        }
        shown = dict.fromkeys([*kept, *recipe.columns])
        self.columns = [name for name in shown if name not in hidden]
        """Columns of an accepted row, in order."""
        self._hidden = [name for name in recipe.columns if name in hidden]
        self._prefix = recipe.fingerprint

    def make(self, outcome: Outcome) -> tuple[Record, str | None]:
        """The record, and the stage of the funnel that it did not reach."""
        row, planned = outcome.row, outcome.row.planned
        reasons = tuple(reason for _, reason in outcome.failed)
        stage: str | None = None
        if outcome.lost is not None:
            reasons, stage = (outcome.lost,), stage_of(outcome.lost.rule)
        elif outcome.failed:
            stage = min((stage for stage, _ in outcome.failed), key=STAGES.index)
        values = row.values
        attempt = row.attempt
        record = Record(
            index=row.index,
            values={name: values[name] for name in self.columns if name in values},
            accepted=stage is None,
            reasons=reasons,
            checks=tuple(outcome.checked),
            calls=tuple(row.calls),
            hidden={name: values[name] for name in self._hidden if name in values},
            attempt=attempt,
            candidate=row.candidate,
            parents=(*_given(planned.source_id), *row.borrowed),
            generation=max([planned.source_depth, *row.borrowed.values()]) + 1,
            source=planned.source,
            id=self._id(row.index, attempt, row.candidate),
        )
        return record, stage

    def real(self, accepted: int) -> Iterator[Record]:
        """Real rows for the recipe's ``mix``, drawn without repetition, and those held out.

        A source row that synthnb wrote is not a real one.
        """
        mix, source = self._recipe.mix, self._plan.source
        if mix is None or source is None or not accepted or mix.real <= 0:
            return
        wanted = round(accepted * mix.real / (1 - mix.real))
        for place in range(len(source)):
            if wanted <= 0:
                break
            position = permuted(place, len(source), self._recipe.seed, "mix")
            if source.depth(position) == 0:
                wanted -= 1
                yield self._real(source, position)
        held = source.held
        if held is None:
            return
        for position in range(len(held)):
            if held.depth(position) == 0:
                yield replace(self._real(held, position), held_out=True)

    def _real(self, source: SourceRows, position: int) -> Record:
        row = source.row(position)
        return Record(
            index=position,
            values={name: row.get(name) for name in self.columns},
            origin="real",
            generation=0,
            source=row,
            id=source.id(position),
        )

    def _id(self, index: int, attempt: int, candidate: int) -> str:
        text = f"{self._prefix}:{index}:{attempt}:{candidate}".encode()
        return hashlib.blake2b(text, digest_size=8).hexdigest()


def _given(source_id: str | None) -> tuple[str, ...]:
    return () if source_id is None else (source_id,)
