"""``pii`` and ``canary``: personal data, secrets and planted strings in what was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from synthnb.checks.protocol import Candidate, Check, CheckContext, pick, register
from synthnb.checks.values import reach, texts_of
from synthnb.errors import CheckError
from synthnb.privacy.canaries import Canaries
from synthnb.privacy.scan import KINDS, LIMITS, scan, summary
from synthnb.suggest import did_you_mean
from synthnb.types import JSON, Reason, Row

__all__ = ["CanaryCheck"]


class Personal:
    """A column (or a whole row) in which the scanner finds nothing.

    What it found is counted, never quoted: reasons are stored and shown.
    """

    name = "pii"
    cost = 2
    ordered = False

    def __init__(
        self, columns: Sequence[str], kinds: Sequence[str] | None, allowed: frozenset[str]
    ) -> None:
        self.columns = tuple(columns)
        self.column: str | None = columns[0] if len(columns) == 1 else None
        self._kinds, self._allowed = kinds, allowed

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed if nothing was found; the value counts finds by kind."""
        counts: Counter[str] = Counter()
        for column in self.columns:
            value = reach(row.values, column)
            numbers = isinstance(value, int) and not isinstance(value, bool)
            for text in [str(value)] if numbers else texts_of(value):
                for found in scan(text, self._kinds):
                    if text[found.start : found.end].casefold() not in self._allowed:
                        counts[found.kind] += 1
        if not counts:
            return (Reason(self.name, {}, f"none found; {LIMITS}", self.column, True),)
        message = f"{summary(counts)}; {LIMITS}"
        return (Reason(self.name, dict(counts), message, self.column),)


@register("pii")
def _pii(options: dict[str, JSON], context: CheckContext) -> Check:
    """``{column, kinds: [email, phone, …], allow: [help@example.com]}``; a column or all that
    are written."""
    found = pick(options, context, column=None, columns=None, kinds=None, allow=None)
    for key in ("columns", "kinds", "allow"):
        given = found[key]
        if given is not None and not (
            isinstance(given, list) and given and all(isinstance(item, str) for item in given)
        ):
            raise CheckError(f"'{key}' is a list of texts")
    for kind in found["kinds"] or ():
        if kind not in KINDS:
            hint = did_you_mean(kind, KINDS)
            raise CheckError(f"no kind {kind!r} among {', '.join(KINDS)}{hint}")
    columns = found["columns"] or ([found["column"]] if found["column"] else _written(context))
    for column in columns:
        pick({"column": column}, context, column=None)
    allowed = frozenset(text.casefold() for text in found["allow"] or ())
    return Personal(columns, found["kinds"], allowed)


def _written(context: CheckContext) -> list[str]:
    """Columns of the recipe; where there is none, all of the row."""
    recipe = context.recipe
    return (
        list(recipe.columns) if recipe is not None and recipe.columns else list(context.columns)
    )


class CanaryCheck:
    """No planted string comes out. ``source.canaries`` puts this check in place."""

    name = "canary"
    cost = 0
    ordered = False
    column: str | None = None

    def __init__(self, canaries: Canaries, columns: Sequence[str]) -> None:
        self._canaries, self._columns = canaries, tuple(columns)

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed if no column that was written says a canary; the value is the first said."""
        written: Row = {name: row.values.get(name) for name in self._columns}
        found = self._canaries.found_in(texts_of(written))
        if not found:
            return (Reason(self.name, None, "", None, True),)
        first = next(iter(found))
        message = f"says {first}, which was planted in a source row: source text is copied"
        return (Reason(self.name, first, message),)
