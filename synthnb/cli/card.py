"""``synthnb card DIR``: the dataset card, made anew from the rows."""

from __future__ import annotations

import argparse
from pathlib import Path


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("rows", metavar="DIR", type=Path, help="a folder of `run`, or rows")


def run(args: argparse.Namespace) -> int:
    """Print the card."""
    from synthnb.folder.loading import load

    print(load(args.rows).card(), end="")
    return 0
