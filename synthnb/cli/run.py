"""``synthnb run FILE``: a recipe into a folder of rows, rejected rows, charts and card."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from synthnb.cli.progress import Line
from synthnb.cli.values import money, natural, own_checks, whole
from synthnb.errors import SettingsError
from synthnb.visible import count, visible

if TYPE_CHECKING:
    from synthnb.api import Run
    from synthnb.batch import Batch
    from synthnb.events import Event

__all__ = ["agree", "execute"]


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a *.synth.yaml recipe")
    parser.add_argument("-n", "--rows", type=whole, help="accepted rows (default: its target)")
    parser.add_argument("--out", type=Path, help="folder to write (default: the recipe's name)")
    parser.add_argument("--model", metavar="P/M", help="PROFILE/MODEL instead of the recipe's")
    parser.add_argument("--source", metavar="FILE", type=Path, help="other source rows")
    parser.add_argument("--seed", type=natural, help="another seed")
    parser.add_argument("--budget", metavar="USD", type=money, help="hard cap on money")
    own_checks(parser)
    parser.add_argument("--no-cache", action="store_true", help="ask again for stored answers")
    parser.add_argument(
        "--record", metavar="TAPE", type=Path, help="keep the answers as a tape"
    )
    parser.add_argument("--replay", metavar="TAPE", type=Path, help="answer from a tape")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what it would take; send nothing"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask before a large run")
    parser.add_argument("--quiet", action="store_true", help="no progress, no table")


def run(args: argparse.Namespace) -> int:
    """Run the recipe and save the folder."""
    from synthnb import api

    recipe = api.load(args.file)
    if args.seed is not None:
        recipe = recipe.replace(seed=args.seed)
    with api.prepare(
        recipe, args.rows, model=args.model, source=args.source, cache=not args.no_cache,
        budget=args.budget, record=args.record, replay=args.replay, checks=args.checks,
        fetch=not args.dry_run,
    ) as prepared:  # fmt: skip
        if args.dry_run:
            print(prepared.estimate())
            return 0
        out = args.out or Path(recipe.name or "rows")
        agree(prepared, yes=args.yes)
        return execute(prepared, out, quiet=args.quiet)


def agree(prepared: Run, *, yes: bool) -> None:
    """Ask once before a large run off this machine that has no budget."""
    question = None if yes else prepared.question
    if question is None:
        return
    if not sys.stdin.isatty():
        raise SettingsError(f"{question} Say --yes, or --budget USD. Nothing was sent.")
    if input(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
        raise SettingsError("Nothing was sent.")


def execute(prepared: Run, out: Path, *, quiet: bool = False) -> int:
    """Run what is prepared, save it into ``out``, print the result; the exit code."""
    from synthnb import api
    from synthnb.folder import claim_folder
    from synthnb.sinks import LiveRows

    there = claim_folder(out, prepared.recipe.fingerprint)  # before money is spent
    prepared.flags["out"] = str(out.resolve())
    line, live = Line(quiet=quiet), LiveRows(out / "_rows.jsonl")

    def hear(event: Event) -> None:
        live.hear(event)
        line.hear(event)

    handle = api.start(prepared, hear)
    try:
        while not handle.done(0.1):
            pass
    except KeyboardInterrupt:
        handle.stop()
    batch = handle.result(10.0)
    live.close()
    if batch.status != "done" and len(batch) < there:
        live.path.unlink(missing_ok=True)
        kept = f"{out} keeps its {count(there, 'row')}"
        print(f"{kept}; this run made {len(batch):,}: {batch.ended}")
        return 1
    batch.save(out)
    live.path.unlink(missing_ok=True)  # the rows are in their files now
    _report(batch, out, quiet=quiet)
    return 0 if batch.status == "done" else 1


def _report(batch: Batch, out: Path, *, quiet: bool) -> None:
    if not quiet:
        print(visible(" → ".join(f"{key} {n:,}" for key, n in batch.funnel.items())))
        print(batch)
    said = f"{count(len(batch), 'row')} in {out}"
    print(visible(f"{said}: {batch.ended}" if batch.ended else said))
