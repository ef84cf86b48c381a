"""Running a recipe from a cell: one run on the event loop's thread, watched by the main one.

The kernel's interrupt arrives as KeyboardInterrupt in the main thread, which only waits
and paints: the run is told to stop, what it has is bound to its name, then the interrupt
goes on, so that "Run all" stops too.
"""

from __future__ import annotations

import re
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.display import display

from synthnb import api, cell
from synthnb.errors import SourceError, StoreError
from synthnb.notebook.ask import agreed
from synthnb.notebook.interrupts import stopped
from synthnb.notebook.live import LiveBatch
from synthnb.notebook.names import bind, tables, variable_for
from synthnb.notebook.progress import Painter
from synthnb.recipe import Recipe
from synthnb.settings import load_settings
from synthnb.settings.consent import ConsentNeeded, consent
from synthnb.suggest import did_you_mean
from synthnb.visible import count

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.notebook.magics import SynthMagics

__all__ = ["open_flag", "run_cell", "run_in_front", "run_recipe"]

_HAS_SOURCE = re.compile(r"^source[ \t]*:", re.MULTILINE)
_PATIENCE = 2.0
"""Seconds to wait for a run to close after an interrupt."""


def run_cell(magics: SynthMagics, options: Namespace, body: str) -> Batch | LiveBatch | None:
    """The cell's recipe, run as its option line says; the batch is bound and returned."""
    base, sampled = None, False
    if options.kind:
        from synthnb.recipes import read_kind

        base = Recipe.loads(read_kind(options.kind))
        sampled = options.source is None and not _HAS_SOURCE.search(body)
    source = open_flag(magics, options.source)
    flags: dict[str, Any] = {"seed": options.seed, "model": options.model}
    if options.source is not None and not _HAS_SOURCE.search(body):
        flags["source"] = _in_place_of(base, None if _is_frame(source) else str(source))
    flags |= {"rows": options.rows, "tell": (lambda said: None) if options.quiet else print}
    recipe = cell.loads(body, name=options.name, base=base, **flags)
    if recipe.name is None:
        if options.variable is None:
            raise UsageError("Give the batch a name: %%synth NAME")
        recipe = recipe.replace(name=options.variable)
    with _samples(recipe, options) if sampled else nullcontext():
        return run_recipe(magics, recipe, options, source)


def _in_place_of(base: Recipe | None, path: str | None) -> dict[str, Any]:
    """The source of a cell that names rows: what a kind says of its own holds for them too,
    but not the licence. ``path`` is ``None`` for rows in memory."""
    sample = base.source if base is not None else None
    if sample is None:
        return {"path": path} if path is not None else {}
    kept = {"order", "per_row", "repeat", "keep"}
    documents = path is not None and sample.documents is not None
    found = sample.model_dump(
        include=kept | ({"chunk"} if documents else set()),
        exclude_defaults=True, exclude_none=True,
    )  # fmt: skip
    return found if path is None else {**found, "documents" if documents else "path": path}


@contextmanager
def _samples(recipe: Recipe, options: Namespace) -> Iterator[None]:
    """Put the kind's samples here, where nothing of their name is, and say so.

    A dry run leaves nothing here: it reads them in a folder that is gone afterwards.
    """
    from synthnb.recipes import copy_samples

    if not options.dry_run:
        if written := copy_samples(options.kind, Path()):
            print("Samples, to be replaced by your own: " + ", ".join(map(str, written)))
        yield
        return
    with TemporaryDirectory() as apart:
        if copy_samples(options.kind, Path(), to=apart):  # its relative paths start there
            object.__setattr__(recipe, "path", Path(apart) / f"{recipe.name}.synth.yaml")
        yield


def run_recipe(
    magics: SynthMagics,
    recipe: Recipe,
    options: Namespace,
    source: Any = None,
    frame: Any = None,
) -> Batch | LiveBatch | None:
    """Run a whole recipe; what ``%%synth`` and ``%synth run`` share.

    ``frame`` is the table in memory that the recipe was made with, ``source`` what the
    option line names in its place.
    """
    name = recipe.name or "batch"
    variable = variable_for(options.variable or name, magics.namespace)
    if source is None:
        source = frame
    elif frame is not None and recipe.source is not None:  # its licence is the old table's
        recipe = recipe.replace(source=recipe.source.model_copy(update={"license": None}))
    if options.vs is not None:
        _check_vs(options, name)
    with _prepare(magics, recipe, options, source) as run:
        if options.dry_run:
            print(run.estimate())
            return None
        if run.question is not None:
            agreed(magics.shell, run.question, "Add --budget USD to run it without a question.")
        if options.background:
            return _run_behind(magics, run, variable)
        batch = run_in_front(magics, run, variable, quiet=options.quiet)
    if options.vs is not None:
        batch = _compared(magics, batch, options)
    return None if options.quiet else batch


def _check_vs(options: Namespace, name: str) -> None:
    """Refuse before anything is sent what could not be compared afterwards."""
    if options.background:
        raise UsageError(f"--vs needs the end of the run: %synth diff {name} shows it then")
    if options.vs != "last":
        from synthnb.versions import find_version

        find_version(options.vs, name)


def _compared(magics: SynthMagics, batch: Batch, options: Namespace) -> Batch:
    """Show what differs from the version of ``--vs``; the batch that knows its pair."""
    from synthnb.diff import diff
    from synthnb.versions import find_version, has_answers, open_version

    if not has_answers(batch.made, batch.recipe.main):
        print(f"{batch.name} has no answers to compare.")
        return batch
    try:
        found = find_version(options.vs, batch.name, other_than=batch.run)
    except StoreError as error:  # the first run of a name has nothing before it
        print(error)
        return batch
    made = diff(open_version(f"{found.name}@{found.number}"), batch)
    if made.paired and not made.same and found.name == batch.name:
        batch = batch.replace(paired_with=found.number)
        bind(magics.namespace, options.variable or batch.name.replace("-", "_"), batch)
    if not options.quiet:
        display(made)  # type: ignore[no-untyped-call]
    return batch


def open_flag(magics: SynthMagics, text: str | None) -> Any:
    """The variable or file behind ``--source``."""
    if text is None:
        return None
    known = tables(magics.namespace)
    if text in known:
        return known[text]
    if Path(text).expanduser().exists() or any(sign in text for sign in "*?["):
        return Path(text).expanduser()  # a file, a folder or a pattern of documents
    if text in magics.namespace:
        kind = type(magics.namespace[text]).__name__
        raise SourceError(f"{text} holds no table ({kind}); name a DataFrame or a file.")
    hint = did_you_mean(text, known)
    raise SourceError(f"No variable and no file is called {text}{hint or '.'}")


def _is_frame(source: Any) -> bool:
    return source is not None and not isinstance(source, Path)


def _prepare(magics: SynthMagics, recipe: Recipe, options: Namespace, source: Any) -> api.Run:
    settings = load_settings().override("%config", model=magics.model or None)
    budget = options.budget
    if budget is None and recipe.budget is None:
        budget = magics.budget or None
    chosen: dict[str, Any] = {
        "n": options.rows or recipe.target.rows or magics.rows or None,
        "source": source,
        "budget": budget,
        "settings": settings,
        "record": options.record,
        "replay": options.replay,
        "cache": not options.no_cache,
        "checks": options.checks,
        "fetch": not options.dry_run,
    }
    try:
        return api.prepare(recipe, **chosen)
    except ConsentNeeded as asked:
        instead = "Name a model with --model, or agree in a notebook or terminal."
        agreed(magics.shell, asked.question, instead)
        consent(asked.folder, settings)
        return api.prepare(recipe, **chosen)


def run_in_front(magics: SynthMagics, run: api.Run, variable: str, *, quiet: bool) -> Batch:
    """Run what is prepared, paint its progress, bind the batch."""
    painter = Painter(magics.shell, silent=quiet or not magics.progress)
    handle = api.start(run, painter.hear)
    try:
        try:
            while not handle.done(0.1):
                painter.paint()
        finally:
            painter.close()
        live = not painter.silent and not run.replayed
        batch = handle.result().replace(live=live)
        if not bind(magics.namespace, variable, batch):
            print(f"No row was made: {variable} is as it was.")
    except KeyboardInterrupt:
        raise _interrupted(magics, handle, variable, quiet=quiet) from None
    return batch


def _interrupted(
    magics: SynthMagics, handle: api.Handle, variable: str, *, quiet: bool
) -> KeyboardInterrupt:
    """Bind and show what is finished; the interrupt to raise then, in one line."""
    handle.stop()
    batch = handle.result(_PATIENCE)
    bound = bind(magics.namespace, variable, batch)
    if not quiet:
        display(batch)  # type: ignore[no-untyped-call]
    kept = f"{count(len(batch), 'row')} kept in {variable}"
    return stopped(f"stopped by you; {kept if bound else f'{variable} is as it was'}")


def _run_behind(magics: SynthMagics, run: api.Run, variable: str) -> LiveBatch:
    live = LiveBatch(variable, run.wanted)
    handle = api.start(run, live.hear)
    live.stops_by(handle.stop)
    namespace = magics.namespace
    before = namespace.get(variable)

    def over(batch: Batch | None, error: BaseException | None) -> None:
        live.ended(batch, error)
        if batch is not None and namespace.get(variable) is live:
            namespace[variable] = before  # a run that made no row leaves it so
            bind(namespace, variable, batch)

    bind(namespace, variable, live)
    handle.when_done(over)
    return live
