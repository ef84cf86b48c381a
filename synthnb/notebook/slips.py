"""Cells that are meant for ``%%synth`` and do not reach it: what is meant, or one line that
says what to write, instead of Python's ``SyntaxError`` on a prompt."""

from __future__ import annotations

import re

from IPython.core.error import UsageError

from synthnb.notebook.verbs import VERBS

__all__ = ["mend_slips"]

_TEXT = re.compile(
    r"""[#][^\n]* | (?P<quotes>"{3}|'{3}) (?:\\.|[^\\])*? (?:(?P=quotes)|(?P<open>\Z))
    | "(?:\\.|[^"\\\n])*"? | '(?:\\.|[^'\\\n])*'?""",
    re.VERBOSE | re.DOTALL,
)
"""A comment or a string of Python's."""
_CALL = re.compile(r"(?P<signs>%+)(?P<gap>[ \t]*)synth\b(?:[ \t]+(?P<word>\S+))?")


def mend_slips(lines: list[str]) -> list[str]:
    """The lines of a cell; an input transformer of IPython's. Raises ``UsageError``.

    What is refused could not have run: there is no such verb, ``---`` is no Python. A cell
    that ends after ``%%synth …`` gets an empty body, without which IPython would refuse it:
    ``--kind`` needs none.
    """
    if lines and lines[0].startswith("\ufeff"):  # comes along when a file is pasted
        lines = [lines[0][1:], *lines[1:]]
    filled = [line.strip() for line in lines if line.strip()]
    called = _CALL.match(filled[0]) if filled else None
    if called is None:
        return lines if filled and filled[0].startswith("%%") else _refuse_late(lines)
    signs, word = len(called["signs"]), called["word"]
    if called["gap"] or signs > 2:
        raise UsageError("a cell for synthnb begins with %%synth NAME, a line with %synth VERB")
    if signs == 1:
        if len(filled) > 1 and (_no_verb(filled[0], word) or _has_bar(lines)):
            raise UsageError(
                "a cell with a prompt begins with two percent signs: %%synth NAME (one is for "
                "%synth VERB, without a body)"
            )
        return _refuse_late(lines)
    if len(filled) == 1:
        if word in VERBS:
            raise UsageError(f"a verb takes one percent sign: {filled[0][1:]}")
        return [*lines[:-1], lines[-1].rstrip("\n") + "\n", "\n"]
    return lines


mend_slips.has_side_effects = True  # type: ignore[attr-defined]  # only where a cell runs


def _no_verb(line: str, word: str | None) -> bool:
    asks = word is None or word == "help" or word.startswith("-") or line.endswith("?")
    return not asks and word not in VERBS


def _has_bar(lines: list[str]) -> bool:
    bars = (number for number, line in enumerate(lines) if line.strip() == "---")
    return any(not _in_string(lines[:number]) for number in bars)


def _refuse_late(lines: list[str]) -> list[str]:
    """Refuse a ``%%synth`` below other lines, which would be taken for a line magic."""
    for number, line in enumerate(lines, 1):
        called = _CALL.match(line)
        if called and len(called["signs"]) == 2 and not _in_string(lines[: number - 1]):
            raise UsageError(
                f"%%synth must be the first line of its cell, here it is line {number}: put "
                "what is above it into a cell of its own"
            )
    return lines


def _in_string(above: list[str]) -> bool:
    """Whether a text in triple quotes is open: its lines are nobody's magics."""
    return any(found["open"] is not None for found in _TEXT.finditer("".join(above)))
