"""``synthnb resume [RUN]``: go on with a run that was killed or stopped, or list them."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from synthnb.cli.run import agree, execute
from synthnb.cli.values import money, own_checks


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument(
        "run", metavar="RUN", nargs="?",
        help="id, its beginning, or a recipe's name; without it, unfinished runs are listed",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, help="folder to write (default: as the run had it)")
    parser.add_argument("--source", metavar="FILE", type=Path, help="the source rows again")
    parser.add_argument("--budget", metavar="USD", type=money, help="another hard cap on money")
    own_checks(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask before a large run")
    parser.add_argument("--quiet", action="store_true", help="no progress, no table")
    parser.add_argument("--json", action="store_true", help="print the list as JSON")


def run(args: argparse.Namespace) -> int:
    """List, or run to the end and save the folder."""
    from synthnb.api.resuming import latest_unfinished, prepare_resume, unfinished

    if args.run is None:
        found = unfinished()
        if args.json:
            print(json.dumps([asdict(one) for one in found], indent=1))
            return 0
        for one in found:
            print(one)
        print(
            "synthnb resume RUN goes on." if found else "No run of this folder is unfinished."
        )
        return 0
    with prepare_resume(
        latest_unfinished(args.run), source=args.source, budget=args.budget, checks=args.checks
    ) as prepared:
        agree(prepared, yes=args.yes)
        out = args.out or Path(prepared.flags.get("out") or prepared.name)
        return execute(prepared, out, quiet=args.quiet)
