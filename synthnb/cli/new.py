"""``synthnb new KIND``: a shipped recipe becomes a file of yours."""

from __future__ import annotations

import argparse
from pathlib import Path

from synthnb.recipes import copy_kind, kinds_text


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument(
        "kind", metavar="KIND", nargs="?", help="which recipe; without one they are listed"
    )
    parser.add_argument("--into", type=Path, default=Path(), help="folder (default: this one)")


def run(args: argparse.Namespace) -> int:
    """Write the recipe and its sample source; never overwrite."""
    if args.kind is None:
        print(kinds_text())
        return 0
    written = copy_kind(args.kind, args.into)
    for path in written:
        print(f"wrote {path}")
    recipe = next(path for path in written if path.name.endswith(".synth.yaml"))
    print(f"next: synthnb run {recipe} --out {args.kind}")
    return 0
