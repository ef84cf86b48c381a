"""``synthnb diff OLD [NEW]``: what a change did, between folders of runs or versions."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synthnb.batch import Batch


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("old", metavar="OLD", help="a run's folder or NAME@2")
    parser.add_argument(
        "new",
        metavar="NEW",
        nargs="?",
        help="the one to compare with it; alone, NAME@2 meets the newest of that name, the "
        "newest and NAME the version before",
    )
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def run(args: argparse.Namespace) -> int:
    """Print the diff."""
    from synthnb.diff import diff
    from synthnb.diff.payload import payload

    made = diff(*_both(args.old, args.new))
    print(json.dumps(payload(made), indent=1, ensure_ascii=False) if args.json else made)
    return 0


def _both(old: str, new: str | None) -> tuple[Batch, Batch]:
    from synthnb.saved import is_run
    from synthnb.versions import beside, opposite

    one = _open(old)
    if new is None and not is_run(old):
        return opposite(old, one)
    return one, _open(beside(new or one.name, one))


def _open(name: str) -> Batch:
    from synthnb.saved import is_run, read_batch
    from synthnb.versions import open_version

    return read_batch(name) if is_run(name) else open_version(name)
