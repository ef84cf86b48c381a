"""``synthnb store info|prune``: what is kept on this machine, and how to keep less of it."""

from __future__ import annotations

import argparse
import json

from synthnb.cli.values import days, natural
from synthnb.errors import StoreError


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument(
        "what", choices=("info", "prune"), nargs="?", default="info",
        help="show (the default), or drop what is old",
    )  # fmt: skip
    parser.add_argument("--days", type=days, help="prune: drop answers older than this")
    parser.add_argument("--runs", type=natural, help="prune: keep rows of so many newest runs")
    parser.add_argument("--json", action="store_true", help="info: print it as JSON")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from synthnb.api.stores import shared_store
    from synthnb.storage import prune, store_text

    store = shared_store()
    if args.what == "prune":
        if args.json:
            raise StoreError("store prune prints one line; --json goes with info.")
        print(prune(store, days=args.days, runs=args.runs))
    elif args.json:
        print(json.dumps(store.info(), indent=1))
    else:
        print(store_text(store))
    return 0
