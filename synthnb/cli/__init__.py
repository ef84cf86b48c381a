"""The ``synthnb`` command: argument parsing only, one module a verb.

Exit codes: 0 done, 1 ended early with its rows kept, 2 refused before the first request.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from synthnb.errors import SynthError, os_error
from synthnb.suggest import did_you_mean
from synthnb.visible import visible

__all__ = ["VERBS", "main"]

VERBS: dict[str, str] = {
    "demo": "write 24 rows with the embedded model into ./demo",
    "new": "write a shipped recipe into this folder",
    "run": "run a recipe into a folder of rows, charts and card",
    "resume": "go on with a run that was cut off, or list such runs",
    "estimate": "say what a run would take; nothing is sent",
    "history": "list the versions of a name made in this folder",
    "diff": "compare two runs: what changed, and what that did",
    "check": "say whether rows are fit to train on, with a page to share",
    "export": "write rows in the format of a trainer, a harness or a hub",
    "card": "print the dataset card of a folder",
    "terms": "say what the terms of models allow",
    "store": "show what is kept on this machine, or drop what is old",
    "models": "list models: what is there, what is missing",
    "collapse": "simulate model collapse, theory beside it",
    "doctor": "check installation, settings and model",
}
"""A verb's module has ``options(parser)`` and ``run(args) -> int``."""


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the words; argparse would print its usage too."""

    def error(self, message: str) -> NoReturn:
        said = message.removeprefix("argument ").replace("unrecognized arguments", "unexpected")
        self.exit(2, f"{self.prog}: {said} (see {self.prog} --help)\n")


def _module(verb: str) -> ModuleType:
    return importlib.import_module(f"synthnb.cli.{verb}")


def _parser(wanted: str | None) -> tuple[_Parser, _Parser]:
    """The parser of everything, and that of the verb which is wanted."""
    parser = verb_parser = _Parser(
        prog="synthnb", description="Synthetic training data, seen.", allow_abbrev=False
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs")
    for verb, summary in VERBS.items():
        sub = verbs.add_parser(
            verb,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            allow_abbrev=False,
        )
        # Only the verb that runs is imported: `synthnb --help` stays quick.
        if verb == wanted:
            _module(verb).options(sub)
            verb_parser = sub
    return parser, verb_parser


def _refuse_unknown(parser: _Parser, words: Sequence[str]) -> None:
    """Refuse a verb or option that there is none of, naming the nearest."""
    first = next((word for word in words if not word.startswith("-")), None)
    if parser.prog == "synthnb" and first is not None:
        parser.error(f"no verb {visible(first)}{did_you_mean(first, VERBS)}")
    known = parser._option_string_actions
    for word in words:
        flag = word.split("=")[0]
        if flag.startswith("--") and flag not in known and flag != "--":
            parser.error(f"no option {visible(flag)}{did_you_mean(flag, known)}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser, verb_parser = _parser(next((word for word in words if word in VERBS), None))
    _refuse_unknown(verb_parser, words)
    args = parser.parse_args(words)
    if args.version:
        from importlib.metadata import version

        print(version("synthnb"))
        return 0
    if args.verb is None:
        parser.print_help()
        return 0
    try:
        return int(_module(args.verb).run(args))
    except SynthError as error:
        print(f"synthnb: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # a full disk, a folder of somebody else
        print(f"synthnb: {os_error(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("synthnb: stopped", file=sys.stderr)
        return 1
