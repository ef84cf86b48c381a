"""Runs that did not reach their end: which there are, and how one goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthnb.api.preparing import Run, prepare
from synthnb.api.stores import shared_store
from synthnb.errors import StoreError
from synthnb.recipe import Recipe
from synthnb.settings import load_settings
from synthnb.store import RunInfo, Store
from synthnb.visible import one_line

__all__ = ["Unfinished", "latest_unfinished", "prepare_resume", "unfinished"]

ENDED = ("done", "exhausted")
"""Ends after which going on would change nothing."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run of which rows are still wanted, and that nobody writes now."""

    run: str
    name: str
    project: str
    rows: int
    """Accepted rows that are kept."""
    wanted: int
    status: str
    """``killed``, or how it ended: ``interrupted``, ``stopped``, ``budget``, ``failed``."""
    reason: str
    started: float
    """Unix time."""

    def __str__(self) -> str:
        why = f": {one_line(self.reason, 100)}" if self.reason else ""
        return (
            f"run {self.run} ({one_line(self.name, 40)}): {self.rows:,} of {self.wanted:,} "
            f"rows, {self.status} {_ago(self.started)}{why}"
        )


def unfinished(
    project: str | Path | None = None, *, store: Store | None = None
) -> list[Unfinished]:
    """Runs of a project folder (this one) that can go on, the newest first.

    A run is left out once the same recipe reached its end in a later one.

    >>> unfinished()
    []
    """
    store = store or shared_store()
    folder = str(Path(project if project is not None else Path.cwd()).resolve())
    found: list[Unfinished] = []
    over: set[tuple[str, str]] = set()
    for run in store.runs(folder):  # newest first
        place = (run.name, run.fingerprint)
        if run.status in ENDED or run.alive or place in over:
            over.add(place)
            continue
        over.add(place)
        rows = store.count_rows(run.id, True)
        if rows < run.wanted:
            killed = run.status == "running"
            found.append(
                Unfinished(
                    run.id, run.name, run.project, rows, run.wanted,
                    "killed" if killed else run.status, run.reason, run.started,
                )
            )  # fmt: skip
    return found


def latest_unfinished(text: str | None, *, store: Store | None = None) -> str:
    """The id of the run that ``text`` means: an id, its beginning, or a batch's name."""
    store = store or shared_store()
    known = unfinished(store=store)
    if text is None:
        if not known:
            raise StoreError("No run of this folder is unfinished.")
        return known[0].run
    named = [one.run for one in known if one.name == text]
    return named[0] if named else store.run(text).id


def prepare_resume(run_id: str, *, source: Any = None, **options: Any) -> Run:
    """A stored run, ready to go on with what it was asked; raises ``StoreError``."""
    store = options.pop("store", None) or shared_store()
    known = store.run(run_id)
    if known.alive:
        raise StoreError(
            f"Run {known.id} is being written by process {known.owner}. "
            "Interrupt it there, or wait until it ends."
        )
    recipe = Recipe.loads(known.recipe, name=known.name)
    place = Path(known.base) / f"{known.name}.synth.yaml"
    object.__setattr__(recipe, "path", place)  # where its relative paths start
    if known.model is not None:
        settings = options.get("settings") or load_settings()
        options["settings"] = settings.override("run", model=known.model)
    for name in ("budget", "checks", "record", "replay"):
        if options.get(name) is None and known.flags.get(name) is not None:
            options[name] = known.flags[name]
    run = prepare(
        recipe, known.wanted, source=source, store=store, project=known.project,
        run_id=known.id, **options,
    )  # fmt: skip
    run.since, run.resumed, run.flags = known.since, True, dict(known.flags)
    run.purse.carry(*_paid(known))
    try:
        _check_source(run, known)
        store.claim_run(known.id)
    except StoreError:
        run.drop()
        raise
    return run


def _paid(known: RunInfo) -> tuple[int, float]:
    """Tokens and money that a run had paid as it ended; of one that was killed its stored
    answers alone tell."""
    tokens, cost = (known.outcome or {}).get("paid", (0, 0.0))
    return tokens, cost


def _check_source(run: Run, known: RunInfo) -> None:
    rows = run.plan.source
    if known.source is not None and (rows is None or rows.sha256 != known.source):
        raise StoreError(
            f"Run {known.id} was made from other source rows: give the same ones again."
        )


def _ago(moment: float) -> str:
    seconds = max(0.0, time.time() - moment)
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
