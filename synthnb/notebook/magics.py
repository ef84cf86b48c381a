"""``%%synth`` and ``%synth``: the class that IPython knows, its settings and its help."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from traitlets import Bool, Float, Int, TraitError, Unicode, validate

from synthnb.errors import SynthError, os_error
from synthnb.notebook import verbs
from synthnb.notebook.interrupts import after_imports, in_one_line
from synthnb.notebook.options import Parser, cell_parser
from synthnb.suggest import did_you_mean

__all__ = ["SynthMagics"]


@magics_class
class SynthMagics(Magics):
    """Settings of ``%%synth`` for this session; a flag or the cell itself goes before them."""

    model = Unicode("", help="PROFILE/MODEL for recipes that name none.").tag(config=True)
    rows = Int(0, help="Rows wanted where neither -n nor target says; 0 leaves it open.").tag(
        config=True
    )
    budget = Float(0.0, help="USD that one run may spend; 0 sets no cap.").tag(config=True)
    progress = Bool(True, help="Show progress while a cell runs.").tag(config=True)
    short_errors = Bool(True, help="Errors are one line; off shows the traceback.").tag(
        config=True
    )

    @validate("rows")
    def _rows_not_negative(self, proposal: Any) -> int:
        if proposal["value"] < 0:
            raise TraitError("SynthMagics.rows must be 0 or more")
        return int(proposal["value"])

    @validate("budget")
    def _budget_not_negative(self, proposal: Any) -> float:
        if proposal["value"] < 0:
            raise TraitError("SynthMagics.budget must be 0 or more")
        return float(proposal["value"])

    @validate("model")
    def _model_has_profile(self, proposal: Any) -> str:
        if proposal["value"] and "/" not in proposal["value"]:
            raise TraitError("SynthMagics.model is PROFILE/MODEL, such as local/smollm2-135m")
        return str(proposal["value"])

    shell: InteractiveShell

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self.saved: dict[Path, str] = {}
        """SHA-256 of each recipe file as this session saved it."""
        self.running: dict[str, tuple[Any, Any]] = {}
        """Runs that studios began: handles and recipes, by name."""

    @property
    def namespace(self) -> MutableMapping[str, Any]:
        """The user's variables."""
        space: MutableMapping[str, Any] = self.shell.user_ns
        return space

    @no_var_expand
    @line_cell_magic
    def synth(self, line: str, cell: str | None = None) -> Any:
        """Write synthetic rows. The real text is made below, from the option parsers."""
        if not self.short_errors:
            with after_imports():
                return self._verb(line) if cell is None else self._cell(line, cell)
        try:
            with in_one_line("stopped by you"):
                return self._verb(line) if cell is None else self._cell(line, cell)
        except SynthError as error:
            raise UsageError(str(error)) from error
        except OSError as error:  # a full disk, a folder of somebody else, one that is gone
            raise UsageError(os_error(error)) from error

    def _cell(self, line: str, body: str) -> Any:
        options = cell_parser().parse_line(line)
        if options.help:
            print(SynthMagics.synth.__doc__)
            return None
        from synthnb.notebook.runs import run_cell

        return run_cell(self, options, body)

    def _verb(self, line: str) -> Any:
        verb, _, rest = line.strip().partition(" ")
        if verb in ("", "--help", "-h", "help"):
            print(SynthMagics.synth.__doc__)
            return None
        if verb not in verbs.VERBS:
            known = ", ".join(verbs.VERBS)
            hint = did_you_mean(verb, verbs.VERBS) or f"; there are: {known}"
            raise UsageError(f"%synth has no verb {verb}{hint}")
        parser = self.verb_parser(verb)
        options = parser.parse_line(rest)
        if options.help:
            print(parser.format_help())
            return None
        return verbs.module(verb).run(self, options)

    def verb_parser(self, verb: str) -> Parser:
        """The options of one verb."""
        parser = Parser(f"%synth {verb}", f"{verbs.VERBS[verb].capitalize()}.")
        verbs.module(verb).options(parser)
        return parser

    def verb_words(self, verb: str, words: list[str]) -> Iterable[str]:
        """Completions of a verb's next positional word."""
        complete = getattr(verbs.module(verb), "complete", None)
        return list(complete(self, words)) if complete is not None else []

    def model_names(self) -> list[str]:
        """``PROFILE/MODEL`` names for completion: known here, nothing is asked."""
        from synthnb.notebook.models import known_models

        with contextlib.suppress(SynthError):
            return known_models()
        return []


def _help() -> str:
    lines = [f"  {verb:<10} {summary}" for verb, summary in verbs.VERBS.items()]
    return "\n".join(
        [
            "Synthetic rows from a prompt.",
            "",
            cell_parser().format_help().replace("usage: ", "", 1).rstrip(),
            "",
            "The cell is a prompt; or recipe keys and columns, a line ---, and the prompt:",
            "",
            "  %%synth reviews -n 24",
            "  mood: {angry: 2, happy: 1}",
            "  ---",
            "  A two-sentence review by someone who is {{ mood }}.",
            "",
            "%synth VERB (%synth VERB --help says more):",
            "",
            *lines,
            "",
            "%config SynthMagics shows the settings of this session.",
        ]
    )


SynthMagics.synth.__doc__ = _help()
