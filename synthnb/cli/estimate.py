"""``synthnb estimate FILE``: requests, tokens, money and time of a run, before it is run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from synthnb.cli.values import own_checks, whole


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a *.synth.yaml recipe")
    parser.add_argument("-n", "--rows", type=whole, help="accepted rows (default: its target)")
    parser.add_argument("--model", metavar="P/M", help="PROFILE/MODEL instead of the recipe's")
    parser.add_argument("--source", metavar="FILE", type=Path, help="other source rows")
    own_checks(parser)
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(args: argparse.Namespace) -> int:
    """Print it; nothing is sent."""
    from synthnb import api

    told = api.estimate(
        api.load(args.file), args.rows, model=args.model, source=args.source, checks=args.checks
    )
    print(json.dumps(told.to_dict(), indent=1) if args.json else told)
    return 0
