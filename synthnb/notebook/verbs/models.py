"""``%synth models``."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from synthnb.listing import models_text
from synthnb.notebook.options import Parser
from synthnb.settings import load_settings

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["options", "run"]


def options(parser: Parser) -> None:
    """None of its own."""


def run(magics: SynthMagics, args: Namespace) -> None:
    """Print what is there; nothing is sent."""
    print(models_text(load_settings().override("%config", model=magics.model or None)))
