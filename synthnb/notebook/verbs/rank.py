"""``%synth rank NAME``: which answer is better, in blind pairs."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from synthnb.cli.values import money, whole
from synthnb.notebook.names import batches, find_version_or_batch, version_names
from synthnb.notebook.options import Parser
from synthnb.ranking import Ranking, rank
from synthnb.versions import beside, open_beside
from synthnb.versions.opening import LAST

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """What to compare, who compares."""
    add = parser.add_argument
    add("name", nargs="?", help="a batch with candidates, or NAME@2; default: the last batch")
    add("other", nargs="?", help="NAME@3, 3 or last: rank the answers of two versions")
    add("--column", metavar="COLUMN", help="the column to rank; default: the main one")
    add("--pairs", type=whole, metavar="N", help="how many pairs; default: 60 or all")
    add("--rater", metavar="WHO", default="you", help="who judges, where several do")
    add("--rubric", metavar="TEXT", help="what makes an answer better, for people and judge")
    add("--judge", metavar="P/M", help="put the same pairs to a model, in both orders")
    add("--budget", type=money, metavar="USD", help="what the judge may spend")


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Batches and versions."""
    known = [*batches(magics.namespace), *version_names()]
    return [] if len(words) > 1 else known


def run(magics: SynthMagics, args: Namespace) -> Ranking:
    """The ranking is returned, so that the cell shows it."""
    batch = find_version_or_batch(magics.namespace, args.name)
    other = None
    if args.other == LAST:
        other = open_beside(LAST, batch)
    elif args.other:
        other = find_version_or_batch(magics.namespace, beside(args.other, batch))
    made = rank(
        batch, other, column=args.column, pairs=args.pairs, rater=args.rater,
        rubric=args.rubric or "",
    )  # fmt: skip
    if args.judge is not None:
        made.judge(args.judge, budget=args.budget)
    return made
