"""``%synth doctor``."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from synthnb import doctor
from synthnb.notebook.options import Parser

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["options", "run"]


def options(parser: Parser) -> None:
    """None of its own."""


def run(magics: SynthMagics, args: Namespace) -> None:
    """Print each thing a run rests on, and what to do where it fails."""
    print(doctor.text(doctor.examine()))
