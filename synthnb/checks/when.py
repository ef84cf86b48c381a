"""``when``: any check, asked only of the rows for which a condition holds."""

from __future__ import annotations

from collections.abc import Sequence

from synthnb.checks.protocol import Around, Candidate, Check, CheckContext
from synthnb.errors import CheckError, TemplateError
from synthnb.suggest import did_you_mean
from synthnb.template import Template, compile_template
from synthnb.types import JSON, Reason

__all__ = ["Sometimes", "condition"]

_NO = ("", "false", "no", "0", "none", "null")


def condition(text: JSON, context: CheckContext) -> Template:
    """The condition of a check, its names judged; ``CheckError`` if it is none."""
    if not isinstance(text, str) or not text.strip():
        raise CheckError("'when' is a condition such as answerable == 'yes'")
    if "{{" not in text and "{%" not in text:
        text = f"{{{{ {text.strip()} }}}}"
    try:
        made = compile_template(text)
    except TemplateError as error:
        raise CheckError(f"'when': {error.message}") from None
    for name in made.names:
        root = name.removeprefix("source.")
        if context.columns and root not in context.columns:
            raise CheckError(
                f"'when': there is no column {root!r}{did_you_mean(root, context.columns)}"
            )
    return made


class Sometimes(Around):
    """A check that looks away from rows for which its condition does not hold."""

    def __init__(self, check: Check, when: Template) -> None:
        super().__init__(check.name, check)
        self._when = when

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """What the check says; nothing where it is not asked."""
        try:
            found: Sequence[Reason] = await self._check(row) if self._holds(row) else ()
            return found
        except TemplateError as error:
            return (Reason(self.name, None, f"'when': {error.message}", self.column),)

    async def foresee(self, rows: Sequence[Candidate]) -> None:
        """Rows that come next, as far as they are looked at."""
        ahead = getattr(self._check, "foresee", None)
        if ahead is not None:
            await ahead([row for row in rows if self._surely(row)])

    def admit(self, row: Candidate) -> None:
        """Later rows are compared with those alone that were looked at."""
        if self._holds(row):
            self._check.admit(row)

    def _holds(self, row: Candidate) -> bool:
        found = self._when.evaluate({**row.values, "source": row.source or {}})
        return found.strip().lower() not in _NO if isinstance(found, str) else bool(found)

    def _surely(self, row: Candidate) -> bool:
        try:
            return self._holds(row)
        except TemplateError:
            return False
