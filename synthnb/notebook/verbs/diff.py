"""``%synth diff OLD NEW``."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from synthnb.diff import Diff, diff
from synthnb.notebook.names import batches, find_version_or_batch, version_names
from synthnb.notebook.options import Parser
from synthnb.saved import is_run
from synthnb.versions import beside, opposite

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """The two to compare."""
    parser.add_argument(
        "old", nargs="?", help="NAME@2, a batch or a run's folder; the last batch if unset"
    )
    parser.add_argument(
        "new",
        nargs="?",
        help="what it is compared with; alone, NAME@2 meets the newest of that name, the "
        "newest and NAME the version before",
    )


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Versions and batches."""
    return [] if len(words) > 1 else [*version_names(), *batches(magics.namespace)]


def run(magics: SynthMagics, args: Namespace) -> Diff:
    """The diff, returned so that the cell shows it."""
    one = find_version_or_batch(magics.namespace, args.old)
    if args.new is None and not is_run(args.old or ""):
        return diff(*opposite(args.old or one.name, one))
    other = beside(args.new or one.name, one)
    return diff(one, find_version_or_batch(magics.namespace, other))
