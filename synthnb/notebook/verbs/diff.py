"""``%synth diff OLD NEW``."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from synthnb.diff import Diff, diff
from synthnb.notebook.names import batches, find_version_or_batch, version_names
from synthnb.notebook.options import Parser
from synthnb.saved import is_run
from synthnb.versions import find_version, open_version

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """The two to compare."""
    parser.add_argument("old", help="NAME@2, a batch or a run's folder")
    parser.add_argument(
        "new",
        nargs="?",
        help="what it is compared with; alone, NAME@2 meets the newest of that name, "
        "NAME the version before its last",
    )


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Versions and batches."""
    return [] if len(words) > 1 else [*version_names(), *batches(magics.namespace)]


def run(magics: SynthMagics, args: Namespace) -> Diff:
    """The diff, returned so that the cell shows it."""
    old = find_version_or_batch(magics.namespace, args.old)
    if args.new is None and "@" in args.old:
        return diff(old, open_version(old.name))
    if args.new is None and not is_run(args.old):
        before = find_version("last", old.name, other_than=old.run)
        return diff(open_version(before.number, old.name), old)
    return diff(old, find_version_or_batch(magics.namespace, args.new or old.name))
