"""``synthnb terms [DIR|MODEL]``: what may be done with rows, or with a model's output."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument(
        "subject", metavar="DIR|MODEL", nargs="?",
        help="a folder of `run`, or PROFILE/MODEL; none lists what is on record",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the verdict."""
    from synthnb.folder.loading import load
    from synthnb.terms import entries
    from synthnb.terms import telling as tell
    from synthnb.terms.weighing import verdict_of

    if args.subject is None:
        known = [{"kind": kind, **entry} for kind, entry in entries()]
        print(json.dumps(known, indent=1, default=str) if args.json else tell.registry_text())
        return 0
    if Path(args.subject).exists() or "/" not in args.subject:
        verdict = verdict_of(load(args.subject))
        found = tell.verdict_json(verdict) if args.json else tell.verdict_text(verdict)
    else:
        model = args.subject
        found = tell.model_json(model) if args.json else tell.model_text(model)
    print(json.dumps(found, indent=1) if args.json else found)
    return 0
