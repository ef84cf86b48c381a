"""The public door: make rows from a recipe, or say what that would cost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from synthnb.api.augmenting import UNCHECKED, Wish, augment_recipe, without_blanks
from synthnb.api.handle import Handle, launch
from synthnb.api.preparing import Run, prepare
from synthnb.api.resuming import Unfinished, prepare_resume, unfinished
from synthnb.batch import Batch
from synthnb.engine.estimate import Estimate
from synthnb.events import Event, Notice
from synthnb.recipe import Recipe
from synthnb.visible import count

__all__ = [
    "Estimate",
    "Handle",
    "Run",
    "Unfinished",
    "agenerate",
    "augment",
    "estimate",
    "generate",
    "load",
    "prepare",
    "resume",
    "start",
    "unfinished",
]

PATIENCE = 2.0
"""Seconds that an interrupt waits for the run to close."""

Listener = Callable[[Event], None]


def start(run: Run, on_event: Listener | None = None) -> Handle:
    """Start a prepared run on the background loop; returns at once.

    ``on_event`` is called with every event on that loop's thread: it must be quick and
    must not paint.
    """
    return launch(run, on_event)


def generate(
    recipe: Recipe,
    n: int | None = None,
    *,
    model: str | None = None,
    source: Any = None,
    on_event: Listener | None = None,
    **options: Any,
) -> Batch:
    """Run a recipe to ``n`` accepted rows and wait for the batch.

    ``n`` is the recipe's own target where unset. Raises only before the first request;
    a run that started always ends with a batch, whose ``status`` says how. An interrupt
    keeps every finished row as ``interrupt.batch``. Further options are ``prepare``'s.

    >>> batch = generate(recipe, 10)  # doctest: +SKIP
    >>> len(batch), batch.status  # doctest: +SKIP
    (10, 'done')
    """
    run = prepare(recipe, n, model=model, source=source, **options)
    return _wait(start(run, on_event))


async def agenerate(
    recipe: Recipe,
    n: int | None = None,
    *,
    model: str | None = None,
    source: Any = None,
    on_event: Listener | None = None,
    **options: Any,
) -> Batch:
    """``generate`` for code that runs in an event loop; a cancelled call stops the run."""
    run = prepare(recipe, n, model=model, source=source, **options)
    handle = start(run, on_event)
    try:
        await asyncio.wrap_future(handle.future)
    except asyncio.CancelledError:
        handle.stop()
        raise
    return handle.result()


def estimate(
    recipe: Recipe,
    n: int | None = None,
    *,
    model: str | None = None,
    source: Any = None,
    **options: Any,
) -> Estimate:
    """What ``generate`` with the same arguments would take; nothing is sent."""
    with prepare(recipe, n, model=model, source=source, fetch=False, **options) as run:
        return run.estimate()


def augment(
    df: Any,
    column: str,
    n: int = 1,
    how: str = "paraphrase",
    *,
    label: str | None = None,
    group: str | None = None,
    to: Any = None,
    check: bool | str = True,
    model: str | None = None,
    record: str | Path | None = None,
    replay: str | Path | None = None,
    on_event: Listener | None = None,
    **params: Any,
) -> Batch:
    """New variants of one text column of real rows: ``n`` for each row, same columns.

    ``how`` is one of ``synthnb.api.augmenting.HOW`` (``eda``, ``noise`` and their like ask
    no model) or a prompt of your own. ``label`` names the column that says what a text is:
    it is kept, or flipped by ``counterfactual``, and where every label has 5 rows a
    classifier that learned from them checks it; ``check`` names a model to ask instead, or
    is False. ``group`` keeps rows together for splits. ``to`` is the style, the pivot
    language, or the label to become. ``params`` are sampling parameters
    (``temperature=0.9``, ``alpha=0.1`` for rules). ``batch.recipe`` is the recipe that was
    used, ready to edit; each row's ``parents`` name the row that it was made from. Split
    before you augment: examples of ``continuation`` come from all rows.
    """
    from synthnb.recipe.parts import Source
    from synthnb.source import open_source

    rows = open_source(Source(order="file"), base=Path.cwd(), frame=df)
    df, blank = without_blanks(df, rows, column)
    if blank:
        rows = open_source(Source(order="file"), base=Path.cwd(), frame=df)
    wish = Wish(column, n, how, label, group, to, check, model)
    recipe, wanted = augment_recipe(rows, wish, params)
    run = prepare(recipe, wanted, source=df, record=record, replay=replay)
    if blank:
        said = f"{count(blank, 'row')} without a text {'is' if blank == 1 else 'are'} left out."
        run.notices.append(Notice(said, "source"))
    checked = any(spec.rule == "label_kept" for spec in recipe.checks)
    if label is not None and check is True and not checked:
        run.notices.append(Notice(UNCHECKED, "checks"))
    known = [notice.message for notice in run.notices if notice.kind in ("source", "checks")]
    batch = _wait(start(run, on_event))
    return batch.replace(notes=(*batch.notes, *known))  # the card says it too


def resume(
    run_id: str, *, source: Any = None, on_event: Listener | None = None, **options: Any
) -> Batch:
    """Finish a run that was killed or stopped: stored answers are not asked for again.

    ``run_id`` may be the beginning of an id; ``unfinished()`` lists them. A run made from
    a DataFrame needs the same rows again as ``source``. A budget holds for the run as a
    whole. Raises ``StoreError`` if another process still writes it.
    """
    return _wait(start(prepare_resume(run_id, source=source, **options), on_event))


def load(path: str | Path) -> Recipe:
    """The recipe in a ``*.synth.yaml`` file; the same as ``Recipe.load``."""
    return Recipe.load(path)


def _wait(handle: Handle) -> Batch:
    try:
        return handle.result()
    except KeyboardInterrupt as interrupt:
        handle.stop()
        interrupt.batch = handle.result(PATIENCE)  # type: ignore[attr-defined]
        raise
