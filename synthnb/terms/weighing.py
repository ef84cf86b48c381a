"""The verdict about a batch: every model that wrote its rows, and the real rows in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from synthnb.census import census_of
from synthnb.errors import SettingsError
from synthnb.terms import Finding, Used, Verdict, judge

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.recipe import Recipe

__all__ = ["UNKNOWN_HOST", "judges", "origin_of", "used_by", "verdict_of", "weigh_models"]

UNKNOWN_HOST = ""
"""Origin of a model whose profile is not in the settings of this machine."""


def used_by(batch: Batch) -> tuple[str, ...]:
    """``PROFILE/MODEL`` of each model that wrote text of the accepted rows.

    Rows that keep no calls fall back on the models that the recipe names.
    """
    census = census_of(batch)
    called = {model for model in census.models if model}
    if called or not len(batch):
        return tuple(sorted(called))
    if not census.made:
        return ()
    recipe = batch.recipe
    named = {recipe.model_for(column) for column in recipe.prompts}
    return tuple(sorted(name or "unnamed model" for name in named))


def judges(recipe: Recipe) -> tuple[str, ...]:
    """Models that only judged rows: named by a check, as the recipe resolves them."""
    found: set[str] = set()
    for spec in recipe.checks:
        for option in ("model", "by"):
            name = spec.options.get(option)
            resolved = recipe.resolve_model(name) if isinstance(name, str) else None
            if resolved is not None and "/" in resolved:
                found.add(resolved)
    return tuple(sorted(found))


def origin_of(model: str) -> str:
    """Where a model is reached, as this machine's settings know; ``UNKNOWN_HOST`` if not."""
    from synthnb.settings import load_settings

    try:
        return load_settings().profile_of(model).origin
    except SettingsError:
        return UNKNOWN_HOST


def verdict_of(batch: Batch) -> Verdict:
    """Weigh all that stands behind the accepted rows for the recipe's purpose."""
    recipe, source = batch.recipe, batch.recipe.source
    origins = census_of(batch).origins
    verdict = judge(
        [Used(name, origin_of(name)) for name in used_by(batch)],
        purpose=recipe.purpose,
        source_license=(source.license if source else None) or batch.real_license,
        has_source=source is not None or origins["real"] + origins["unknown"] > 0,
    )
    if verdict.findings:
        return verdict
    nobody = Finding("rows", "allow", "no model and no source stands behind them")
    return Verdict("allow", recipe.purpose, (nobody,))


def weigh_models(names: Iterable[str], purpose: str | None) -> Verdict:
    """The verdict about models alone."""
    return judge([Used(name, origin_of(name)) for name in names], purpose=purpose)
