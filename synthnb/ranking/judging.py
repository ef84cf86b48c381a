"""The same pairs put to a model, each in both orders, as the check ``rank`` does."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synthnb.checks import Candidate, CheckContext, build
from synthnb.checks.asking import together
from synthnb.checks.rank import Rank
from synthnb.errors import SettingsError
from synthnb.ranking.items import Items, RankingError
from synthnb.ranking.pairs import Pair

if TYPE_CHECKING:
    from synthnb.api import Run
    from synthnb.recipe import Recipe

__all__ = ["Judged", "judge", "judge_name"]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model said about a pair: with ``a`` first, and with ``b`` first.

    ``a``, ``b``, ``tie``, or ``None`` where the answer could not be read.
    """

    pair: str
    forward: str | None
    back: str | None

    @property
    def verdict(self) -> str | None:
        """A verdict that turns with the order is a tie; an unread one is none."""
        if self.forward is None or self.back is None:
            return None
        return self.forward if self.forward == self.back else "tie"

    @property
    def flipped(self) -> bool:
        """The winner changed with the order."""
        return {self.forward, self.back} == {"a", "b"}


def judge_name(recipe: Recipe, model: str | None) -> str:
    """``PROFILE/MODEL`` of the judge: the one named, the recipe's, else the user's default."""
    from synthnb.settings import load_settings

    known = next((s.options.get("by") for s in recipe.checks if s.rule == "rank"), None)
    if known in ("people", "flaws"):
        known = None
    own = "judge" if "judge" in recipe.models else None
    named = model or known or own or load_settings().model
    if not isinstance(named, str) or not named:
        raise SettingsError("Which model judges? Name one: --judge PROFILE/MODEL")
    return recipe.resolve_model(named) or named


def judge(
    items: Items,
    pairs: Sequence[Pair],
    recipe: Recipe,
    model: str,
    *,
    rubric: str = "",
    budget: float | None = None,
    on_tick: Callable[[], None] | None = None,
    tell: Callable[[Judged], None] = lambda found: None,
) -> list[Judged]:
    """Ask ``model`` (``PROFILE/MODEL``) about each pair in both orders, and wait.

    ``tell`` hears of each pair as it is finished, on the thread of the event loop. Answers
    are stored, so that asking again costs nothing. Raises before the first request.
    """
    from synthnb.concurrency import run_sync

    run = _run(recipe, model, budget)
    try:
        check = _check(items, run, model, rubric)
    except BaseException:
        run_sync(run.aclose())
        raise

    async def ask() -> list[Judged]:
        try:
            return await together(*(_one(check, items, p, tell) for p in pairs))
        finally:
            await run.aclose()

    return run_sync(ask(), on_tick=on_tick)


def _run(recipe: Recipe, model: str, budget: float | None) -> Run:
    """Models as a run has them: cached, retried, throttled, within a budget."""
    from synthnb.api import prepare
    from synthnb.recipe import Recipe

    made = Recipe.loads(
        "synthnb: 1\ncolumns: {verdict: {prompt: Which answer is better?}}", name="ranking"
    )
    private = recipe.local_only or (recipe.source is not None and recipe.source.local_only)
    made = made.replace(seed=recipe.seed, budget=recipe.budget, local_only=private)
    return prepare(made, 1, model=model, budget=budget, run_id=secrets.token_hex(4))


def _check(items: Items, run: Run, model: str, rubric: str) -> Rank:
    from synthnb.recipe import CheckSpec

    context = CheckContext(
        recipe=run.recipe, columns=(*items.shown, items.column), model_for=run.model_for,
        default_model=model, price_for=run.price_for,
    )  # fmt: skip
    options: dict[str, Any] = {"column": items.column, "by": model, "columns": [*items.shown]}
    if rubric:
        options["about"] = rubric
    made = build(CheckSpec(rule="rank", options=options), context)
    if not isinstance(made, Rank):
        raise RankingError("The check rank was replaced by another one.")
    return made


async def _one(check: Rank, items: Items, pair: Pair, tell: Callable[[Judged], None]) -> Judged:
    unit = next(unit for unit in items.units if unit.id == pair.unit)
    texts = [option.text for option in unit.options]
    shown = {name: unit.record.values.get(name) for name in items.shown}
    row = Candidate(unit.record.index, {**shown, items.column: list(texts)}, unit.record.source)
    place = pair.a * len(texts) + pair.b
    forward, back = await check.pair(row, dict(shown), texts, pair.a, pair.b, place)
    found = Judged(pair.id, forward, back)
    tell(found)
    return found
