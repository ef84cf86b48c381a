"""``synthnb check FILE``: a verdict on rows, with figures, and a page to share."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from synthnb.errors import SynthError


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="rows (jsonl, csv, parquet) or a run's folder"
    )
    parser.add_argument("--real", metavar="FILE", type=Path, help="real rows to compare with")
    parser.add_argument("--text", metavar="COLUMN", help="the column to measure as text")
    parser.add_argument("--html", metavar="OUT", type=Path, help="write a page to share")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the report; 0 whatever it says, so that scripts read the JSON."""
    from synthnb.report import check

    try:
        report = check(args.file, args.real, text=args.text)
    except ValueError as error:
        raise SynthError(str(error)) from error
    if args.html is not None:
        report.save(args.html)
    if args.json:
        print(json.dumps(report.to_dict(), ensure_ascii=False, indent=1, allow_nan=False))
    else:
        print(report)
        if args.html is not None:
            print(f"\nWrote {args.html}")
    return 0
