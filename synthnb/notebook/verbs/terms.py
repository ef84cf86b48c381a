"""``%synth terms [NAME]``."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from synthnb.notebook.names import batches, find_version_or_batch, is_batch, version_names
from synthnb.notebook.options import Parser
from synthnb.terms import telling
from synthnb.terms.weighing import verdict_of

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """A batch, or a model."""
    parser.add_argument(
        "name",
        nargs="?",
        help="a batch, NAME@3 or PROFILE/MODEL; the last batch if unset",
    )


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Batches, versions and models."""
    known = [*batches(magics.namespace), *version_names(), *magics.model_names()]
    return [] if words else known


def run(magics: SynthMagics, args: Namespace) -> None:
    """Print what the terms allow; nothing is asked over the network."""
    if args.name is not None and "/" in args.name:
        print(telling.model_text(args.name))
    elif args.name is None and not is_batch(magics.namespace.get("_synth")):
        print(telling.registry_text())
    else:
        batch = find_version_or_batch(magics.namespace, args.name)
        print(telling.verdict_text(verdict_of(batch)))
