"""The run as an async iterator of events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from synthnb.checks import Check
from synthnb.engine.build import build_job
from synthnb.engine.run import Engine
from synthnb.events import Event, RunEnded
from synthnb.recipe import Recipe
from synthnb.samplers import Plan
from synthnb.store import Store
from synthnb.types import Model

__all__ = ["stream"]


async def stream(
    recipe: Recipe,
    model_for: Callable[[str], Model],
    *,
    plan: Plan,
    n: int,
    store: Store | None = None,
    run_id: str = "run",
    checks: Sequence[Check] = (),
    stop: asyncio.Event | None = None,
    default_model: str | None = None,
    in_flight: int = 32,
) -> AsyncIterator[Event]:
    """Run a recipe on models that are ready to use; the last event is ``RunEnded``.

    Setting ``stop`` ends the run and keeps its rows. Leaving the loop early cancels it.
    """
    queue: asyncio.Queue[Event] = asyncio.Queue()
    job = build_job(
        recipe, plan, n, run_id=run_id, model_for=model_for, default_model=default_model,
        checks=checks, store=store, in_flight=in_flight,
    )  # fmt: skip
    engine = Engine(job, queue.put_nowait)
    task = asyncio.ensure_future(engine.run())
    watch = asyncio.ensure_future(_watch(stop, engine)) if stop is not None else None
    try:
        while True:
            event = await queue.get()
            yield event
            if isinstance(event, RunEnded):
                break
    finally:
        for job_task in (task, watch):
            if job_task is not None:
                job_task.cancel()
                await asyncio.gather(job_task, return_exceptions=True)


async def _watch(stop: asyncio.Event, engine: Engine) -> None:
    await stop.wait()
    engine.stop("interrupted", "stopped by you")
