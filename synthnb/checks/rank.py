"""``rank``: a judge compares the candidates of a row, each pair in both orders.

What it finds is kept on the row for export: which candidate is chosen, which rejected, by
what margin. A pair whose verdict turns with the order is a tie. With ``by: people`` nothing
is asked: the row waits for people to rank it. With ``by: flaws`` a candidate that was asked
to show a flaw loses to one that was not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from synthnb.checks.asking import Asked, Unparsed, together
from synthnb.checks.judge import _object
from synthnb.checks.protocol import (
    Candidate,
    Check,
    CheckContext,
    number,
    pick,
    register,
    unknown,
)
from synthnb.checks.values import as_plain, reach
from synthnb.errors import CheckError
from synthnb.types import JSON, Reason

_TASK = """You compare two answers, A and B, to one request. Both stand in a JSON object.
Judge only which answer serves the request better{about}. Length, order and style alone are no \
merit.
Write your reasoning first, then the verdict: "A", "B" or "tie". Answer with one JSON object \
and nothing else."""

_SCHEMA = _object(
    {
        "reasoning": {"type": "string", "maxLength": 4000},
        "verdict": {"enum": ["A", "B", "tie"]},
    }
)


class Rank:
    """Pairs of candidates put to a judge."""

    name = "rank"
    cost = 9
    ordered = False

    def __init__(
        self,
        column: str,
        asked: Asked | None,
        shown: Sequence[str],
        *,
        both: bool,
        least: float,
    ) -> None:
        self.column: str | None = column
        self.models = (asked.name,) if asked is not None else ()
        self._asked, self._shown, self._both, self._least = asked, shown, both, least
        self.asks = 1
        """Questions about one row, for estimates."""

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Value: ``{chosen, rejected, margin, scores, pairs, consistent, first}``, where
        ``chosen`` and ``rejected`` are positions and ``margin`` is in 0..1."""
        given = reach(row.values, self.column or "")
        if not isinstance(given, list) or len(given) < 2:
            return (Reason(self.name, None, "there are no two candidates", self.column),)
        if self._asked is None:
            return (unknown(self.name, "waits for people to rank it", self.column),)
        answers = [_answer(item) for item in given]
        request = {name: row.values.get(name) for name in self._shown}
        pairs = [
            (a, b) for a, b in combinations(range(len(answers)), 2) if answers[a] != answers[b]
        ]
        if not pairs:
            return (Reason(self.name, None, "all candidates are the same", self.column),)
        verdicts = await together(
            *(self.pair(row, request, answers, a, b, turn) for turn, (a, b) in enumerate(pairs))
        )
        return (self._ranked(len(answers), pairs, verdicts),)

    async def pair(
        self, row: Candidate, request: JSON, answers: list[str], a: int, b: int, turn: int
    ) -> tuple[str | None, str | None]:
        """The verdict in both orders, as "a", "b", "tie", or ``None`` where unread."""
        forward = await self._one(row, request, answers[a], answers[b], 2 * turn)
        if not self._both:
            return forward, forward
        back = await self._one(row, request, answers[b], answers[a], 2 * turn + 1)
        return forward, {"a": "b", "b": "a"}.get(back or "", back)

    async def _one(
        self, row: Candidate, request: JSON, first: str, second: str, turn: int
    ) -> str | None:
        assert self._asked is not None
        data = {"request": request, "A": first, "B": second}
        try:
            found = await self._asked.ask(row, data, turn)
        except Unparsed:
            return None
        return {"A": "a", "B": "b", "tie": "tie"}[found["verdict"]]

    def _ranked(
        self,
        count: int,
        pairs: list[tuple[int, int]],
        verdicts: list[tuple[str | None, str | None]],
    ) -> Reason:
        points, met = [0.0] * count, [0] * count
        same = turned = first = 0
        for (a, b), (forward, back) in zip(pairs, verdicts, strict=True):
            if forward is None or back is None:
                continue
            met[a] += 1
            met[b] += 1
            if forward == back:
                same += 1
            else:
                turned += 1
                # Turned with the order: it took the first place both times, or the second.
                first += forward == "a"
            won = {"a": 1.0, "b": 0.0}.get(forward, 0.5) if forward == back else 0.5
            points[a] += won
            points[b] += 1 - won
        if not same + turned:
            return unknown(self.name, "no verdict of the judge can be read", self.column)
        scores = [round(p / m, 4) if m else 0.5 for p, m in zip(points, met, strict=True)]
        chosen = max(range(count), key=lambda place: (scores[place], -place))
        rejected = min(range(count), key=lambda place: (scores[place], -place))
        margin = round(scores[chosen] - scores[rejected], 4)
        value: dict[str, Any] = {
            "chosen": chosen, "rejected": rejected, "margin": margin, "scores": scores,
            "pairs": same + turned, "consistent": round(same / (same + turned), 4),
            "first": first,
        }  # fmt: skip
        passed = margin >= self._least and margin > 0
        said = f"candidate {chosen + 1} over {rejected + 1}, margin {margin:.2f}"
        if not passed:
            said = f"{said}: no clear winner" if margin else "a tie: no candidate is better"
        return Reason(self.name, value, said, self.column, passed)


class Planted:
    """Candidates without a planted flaw over those with one; known without asking."""

    name = "rank"
    cost = 1
    ordered = False

    def __init__(self, column: str) -> None:
        self.column: str | None = column

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """The same value as ``Rank``'s; the flaw may not show, so look at some."""
        given = reach(row.values, self.column or "")
        items = given if isinstance(given, list) else []
        made = [item for item in items if isinstance(item, dict)]
        flawed = [bool(item.get("flaw")) for item in made]
        if len(made) < len(items) or all(flawed) or not any(flawed):
            said = "no candidate with a planted flaw beside one without"
            return (Reason(self.name, None, said, self.column),)
        clean = {_answer(item) for item, bad in zip(made, flawed, strict=True) if not bad}
        worse = [i for i, bad in enumerate(flawed) if bad and _answer(made[i]) not in clean]
        if not worse:
            said = "the flaw changed nothing: all candidates are the same"
            return (Reason(self.name, None, said, self.column),)
        chosen = flawed.index(False)
        value: dict[str, Any] = {
            "chosen": chosen, "rejected": worse[0], "margin": 1.0,
            "scores": [0.0 if bad else 1.0 for bad in flawed], "by": "flaws",
        }  # fmt: skip
        said = f"candidate {worse[0] + 1} was asked for a flaw: {made[worse[0]]['flaw']}"
        return (Reason(self.name, value, said, self.column, True),)


def _answer(item: JSON) -> str:
    return as_plain(item.get("answer")) if isinstance(item, dict) else as_plain(item)


@register("rank")
def _rank(options: dict[str, JSON], context: CheckContext) -> Check:
    """``{column: response, by: judge, orders: both, min: 0}``; ``by: people`` asks no model,
    ``by: flaws`` goes by the flaws that were planted."""
    found = pick(
        options, context, column=..., by=None, model=None, orders="both", min=0.0, columns=None,
        about=None, params=None,
    )  # fmt: skip
    least = number(found, "min", 0, 1) or 0.0
    if found["orders"] not in ("both", "one"):
        raise CheckError("'orders' is both or one")
    column: str = found["column"]
    shown = found["columns"] or _asked_for(column, context)
    if not isinstance(shown, list):
        raise CheckError("'columns' is a list of columns")
    for name in shown:
        pick({"column": name}, context, column=None)
    by = found["by"] if found["by"] is not None else found["model"]
    if by == "flaws":
        return Planted(column)
    asked = None
    if by != "people":
        about = f" as to {found['about']}" if found["about"] else ""
        asked = Asked.open(
            "rank", by, context, task=_TASK.format(about=about), schema=_SCHEMA,
            params=found["params"],
        )  # fmt: skip
    made = Rank(column, asked, shown, both=found["orders"] == "both", least=least)
    made.asks = _questions(column, context) * (2 if found["orders"] == "both" else 1)
    return made


def _questions(column: str, context: CheckContext) -> int:
    """Pairs of one row's candidates."""
    asked = context.recipe.prompts.get(column) if context.recipe is not None else None
    count = asked.candidates.n if asked is not None and asked.candidates is not None else 2
    return count * (count - 1) // 2


def _asked_for(column: str, context: CheckContext) -> list[str]:
    """What the candidates answer: the columns that their prompt reads, else all others."""
    recipe = context.recipe
    root = column.partition(".")[0]
    if recipe is not None and root in recipe.columns:
        read = [name.removeprefix("source.") for name in recipe.references(root)]
        known = [name for name in context.columns if name in read]
        if known:
            return known
    return [name for name in context.columns if name not in (root, "source")]
