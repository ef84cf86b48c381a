"""``synthnb history NAME``: the versions of a name made in this folder."""

from __future__ import annotations

import argparse
import json


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("name", metavar="NAME", help="whose versions")
    parser.add_argument("--json", action="store_true", help="print the table as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the table."""
    from synthnb.versions import history

    known = history(args.name)
    print(json.dumps(known.to_dicts(), indent=1) if args.json else known)
    return 0
