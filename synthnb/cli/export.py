"""``synthnb export DIR_OR_FILE --format F --out PATH``: rows for trainers, harnesses, hubs."""

from __future__ import annotations

import argparse
from pathlib import Path

from synthnb.errors import ExportError
from synthnb.export.options import add_options, formats_text, write


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument(
        "rows", metavar="DIR_OR_FILE", type=Path, nargs="?", help="a folder of `run`, or rows"
    )
    parser.add_argument("--out", metavar="PATH", type=Path, help="file or folder to write")
    add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Write the rows, or list the formats."""
    from synthnb.folder.loading import load

    if args.rows is None or (args.format is None and args.out is None):
        print(formats_text())
        return 0
    if args.out is None:
        raise ExportError("Say where to write: --out PATH")
    print(write(load(args.rows), args.out, args))
    return 0
