"""The option line of ``%%synth`` and of every ``%synth`` verb: strict, one error a line."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable
from typing import Any, NoReturn

from IPython.core.error import UsageError

from synthnb.cli.values import money, natural, whole
from synthnb.suggest import did_you_mean

__all__ = ["Parser", "cell_parser", "split"]


class Parser(argparse.ArgumentParser):
    """An argparse parser that raises ``UsageError``, refuses repeats and abbreviations."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            allow_abbrev=False,
            add_help=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self.add_argument("--help", action="store_true", help="show this help")
        self.about_words = ""
        """What is said of words that are too many."""

    def error(self, message: str) -> NoReturn:
        """One line, and where to read on."""
        said = message.removeprefix("argument ")
        if said.startswith("unrecognized arguments"):
            words = said.partition(":")[2].strip()
            rows = words.isdecimal() and "-n" in self._option_string_actions
            hint = f"; for that many rows write -n {words}" if rows else self.about_words
            said = f"unexpected: {words}{hint}"
        raise UsageError(f"{said} (see {self.prog} --help)")

    @property
    def flags(self) -> list[str]:
        """All option names, long ones last."""
        return sorted(self._option_string_actions, key=lambda flag: (len(flag) > 2, flag))

    def positionals(self, words: list[str]) -> list[str]:
        """The words that are no option and no value of one."""
        takes = {flag for flag, a in self._option_string_actions.items() if a.nargs != 0}
        pairs = zip(["", *words], words, strict=False)
        return [word for last, word in pairs if last not in takes and word[:1] != "-"]

    def parse_line(self, line: str) -> argparse.Namespace:
        """The line's options; unknown, repeated or valueless ones raise ``UsageError``."""
        tokens = split(line)
        self._refuse_odd(tokens)
        if "--help" in tokens:
            return argparse.Namespace(help=True)
        return self.parse_intermixed_args(tokens)

    def _refuse_odd(self, tokens: Iterable[str]) -> None:
        seen: set[int] = set()
        for token in tokens:
            flag = token.split("=", 1)[0]
            action = self._option_string_actions.get(flag)
            if action is None:
                if flag.startswith("--") or (
                    flag.startswith("-") and len(flag) > 1 and not _looks_numeric(flag)
                ):
                    self._refuse_unknown(flag)
                elif "=" in token and (bare := self._dashed(flag)):
                    self.error(
                        f"{token} has no dash; did you mean '{bare} {token[len(flag) + 1 :]}'?"
                    )
                continue
            if id(action) in seen and not isinstance(action.default, list):
                self.error(f"{flag} is given twice")
            seen.add(id(action))

    def _dashed(self, word: str) -> str | None:
        """The option that a word without dashes names."""
        known = self._option_string_actions
        return next((f"{dash}{word}" for dash in ("-", "--") if f"{dash}{word}" in known), None)

    def _refuse_unknown(self, flag: str) -> None:
        short = flag[:2]
        if not flag.startswith("--") and short in self._option_string_actions:
            return  # -n24
        known = [name for name in self.flags if name.startswith("--")]
        hint = did_you_mean(flag, known) or next(
            (f"; did you mean '{name}'?" for name in known if name.startswith(flag)), ""
        )
        self.error(f"no option {flag}{hint}")


def _looks_numeric(token: str) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return True


def split(line: str) -> list[str]:
    """Words of an option line; quotes group and vanish, a backslash is a backslash."""
    words = shlex.shlex(line, posix=True)
    words.whitespace_split, words.commenters, words.escape = True, "", ""
    try:
        return list(words)
    except ValueError as error:
        raise UsageError(f"A quote is open in: {line.strip()}") from error


def add_run_options(parser: Parser) -> None:
    """The options that every way of running takes."""
    add: Any = parser.add_argument
    add("-n", "--rows", type=whole, metavar="N", help="accepted rows wanted")
    add("--model", metavar="P/M", help="PROFILE/MODEL for columns that name none")
    add("--source", metavar="DF|FILE", help="real rows: a variable or a file")
    add("--checks", metavar="FILE.py", help="a Python file with checks of your own; it runs")
    add("--seed", type=natural, metavar="N", help="seed of attributes, order and requests")
    add("--vs", metavar="VERSION", help="compare with this version: 2, NAME@2, a hash, last")
    add("--budget", type=money, metavar="USD", help="stop before this much is spent")
    tape = parser.add_mutually_exclusive_group()
    tape.add_argument("--record", metavar="TAPE", help="write the answers to a tape (JSONL)")
    tape.add_argument("--replay", metavar="TAPE", help="answer from a tape, ask no model")
    add("--dry-run", action="store_true", help="show what would be sent, send nothing")
    add("--as", dest="variable", metavar="VAR", help="bind the batch to VAR, not to NAME")
    add("--background", action="store_true", help="return at once with a live handle")
    add("--quiet", action="store_true", help="no progress, no output; the batch is bound")
    add("--no-cache", action="store_true", help="ask again even where an answer is stored")


def cell_parser() -> Parser:
    """``%%synth``: the batch's name and how to run the recipe in the cell."""
    parser = Parser("%%synth", "Write a batch of rows from the recipe and prompt in this cell.")
    parser.about_words = "; a name is one word"
    parser.add_argument("name", nargs="?", help="the batch's name, and the variable it gets")
    parser.add_argument("--kind", metavar="KIND", help="start from this shipped recipe")
    add_run_options(parser)
    return parser
