"""``%synth resume [RUN]``."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from synthnb.cli.values import money
from synthnb.notebook.options import Parser

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """Which run, and how."""
    add: Any = parser.add_argument
    add("run", nargs="?", help="id, its beginning, or a batch's name; the latest one if unset")
    add("--list", action="store_true", help="list unfinished runs, go on with none")
    add("--source", metavar="DF|FILE", help="the source rows again")
    add("--checks", metavar="FILE.py", help="a Python file with checks of your own; it runs")
    add("--budget", type=money, metavar="USD", help="another cap; it holds for the whole run")
    add("--as", dest="variable", metavar="VAR", help="bind the batch to VAR, not to its name")
    add("--quiet", action="store_true", help="no progress, no output; the batch is bound")


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Runs of this folder that can go on."""
    from synthnb.api import unfinished

    return [] if words else [one.run for one in unfinished()]


def run(magics: SynthMagics, args: Namespace) -> Any:
    """Go on; the batch is bound and returned."""
    from synthnb.api.resuming import latest_unfinished, prepare_resume, unfinished
    from synthnb.notebook.ask import agreed
    from synthnb.notebook.names import variable_for
    from synthnb.notebook.runs import open_flag, run_in_front

    if args.list:
        found = unfinished()
        print("\n".join(map(str, found)) or "No run of this folder is unfinished.")
        return None
    with prepare_resume(
        latest_unfinished(args.run), source=open_flag(magics, args.source),
        checks=args.checks, budget=args.budget,
    ) as prepared:  # fmt: skip
        variable = variable_for(args.variable or prepared.name, magics.namespace)
        if prepared.question is not None:
            agreed(magics.shell, prepared.question, "Add --budget USD to run it unasked.")
        batch = run_in_front(magics, prepared, variable, quiet=args.quiet)
    return None if args.quiet else batch
