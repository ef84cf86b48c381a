"""What an option may hold: the same for the command line and the cell's option line."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path

__all__ = ["days", "money", "natural", "own_checks", "whole"]

MOST = 1_000_000_000
"""Rows that a recipe may ask for."""


def whole(text: str) -> int:
    """A count of rows or runs: a whole number above 0."""
    value = _whole(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    if value > MOST:
        raise argparse.ArgumentTypeError(f"{text} is more than {MOST:,}")
    return value


def natural(text: str) -> int:
    """A seed, or how many to keep: a whole number, 0 or more."""
    value = _whole(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return value


def money(text: str) -> float:
    """An amount of USD, 0 or more."""
    return _amount(text, "amount of USD")


def days(text: str) -> float:
    """A number of days, 0 or more."""
    return _amount(text, "number of days")


def own_checks(parser: argparse.ArgumentParser) -> None:
    """The option that names files with checks of the user's own, as often as it is given."""
    parser.add_argument(
        "--checks",
        metavar="FILE.py",
        type=Path,
        action="append",
        help="your own checks; it runs",
    )


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None


def _amount(text: str, what: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 <= (value := float(text)) < float("inf"):  # nan compares with nothing
            return value
    raise argparse.ArgumentTypeError(f"{text!r} is no {what}")
