"""Putting a run together: everything here may refuse, and nothing here sends."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from synthnb.checks import Check
from synthnb.engine.asking import Asker
from synthnb.engine.cells import Cell
from synthnb.engine.decisions import Records
from synthnb.engine.pipeline import Pipeline
from synthnb.engine.run import Job
from synthnb.engine.slots import Slots
from synthnb.errors import RecipeError
from synthnb.middleware import Purse
from synthnb.prices import Price
from synthnb.recipe import Recipe
from synthnb.samplers import Plan
from synthnb.store import Store
from synthnb.types import Model

__all__ = ["build_job", "cell_models"]

FULL = 1000
"""Rows up to which every prompt is kept in the store with its row."""


def cell_models(recipe: Recipe, default: str | None = None) -> dict[str, list[str]]:
    """``PROFILE/MODEL`` names that each prompt column may ask; the first writes it."""
    found: dict[str, list[str]] = {}
    for name, column in recipe.prompts.items():
        main = recipe.model_for(name) or default
        if main is None:
            raise RecipeError(f"column {name} names no model: say model: PROFILE/MODEL")
        others: list[str | None] = []
        if column.candidates is not None:
            others += column.candidates.models
        if column.turns is not None:
            others += [column.turns.user.model, column.turns.assistant.model]
            others += [column.turns.tool.model]
        resolved = [recipe.resolve_model(other) for other in others if other]
        found[name] = list(dict.fromkeys([main, *(other for other in resolved if other)]))
    return found


def build_job(
    recipe: Recipe,
    plan: Plan,
    n: int,
    *,
    run_id: str,
    model_for: Callable[[str], Model],
    price_for: Callable[[str], Price | None] = lambda name: None,
    default_model: str | None = None,
    checks: Sequence[Check] = (),
    purse: Purse | None = None,
    store: Store | None = None,
    in_flight: int = 32,
) -> Job:
    """A job for ``Engine``. ``in_flight`` is how many requests the endpoints may bear."""
    models = cell_models(recipe, default_model)
    cells = {name: Cell(plan.recipe, name, models[name][0], plan) for name in recipe.prompts}

    purse = purse or Purse()
    asker = Asker(model_for, price_for)
    pipeline = Pipeline(recipe, plan, cells, asker)
    per_call = max((c.column.per_call for c in cells.values()), default=1)
    rounds = [c.column.from_accepted.round for c in cells.values() if c.column.from_accepted]
    slots = Slots(
        plan, n, per_call=per_call, cap=recipe.target.max_candidates,
        round_=min(rounds, default=0),
    )  # fmt: skip
    # Rows wait for commits and for other columns too: more rows than requests in flight.
    workers = max(1, min(2 * in_flight + 16, -(-slots.cap // per_call)))
    names = tuple(dict.fromkeys(name for column in models.values() for name in column))
    return Job(
        run_id, pipeline, slots, Records(recipe, plan), checks, purse, workers,
        names, store, dict(recipe.target.stop_if), n <= FULL, recipe.main,
    )  # fmt: skip
