"""Source rows on their way out: surrogates in, canaries in, counts of what is there."""

from __future__ import annotations

from synthnb.privacy.canaries import Canaries, text_column
from synthnb.privacy.scan import KINDS, LIMITS, scan_rows, summary
from synthnb.privacy.surrogates import Surrogates
from synthnb.source import SourceRows, row_id
from synthnb.types import JSON, Row

__all__ = ["GuardedRows", "told"]

LOOKED_AT = 20_000
"""Rows that are scanned before a run; of more, evenly spread ones."""


class GuardedRows(SourceRows):
    """The same source with surrogates for what the scanner finds, and canaries planted.

    Ids are those of the changed rows, so that no hash of a real value leaves either.
    """

    def __init__(
        self,
        rows: SourceRows,
        *,
        surrogates: Surrogates | None = None,
        canaries: Canaries | None = None,
    ) -> None:
        self.__dict__.update(rows.__dict__)
        self._rows = rows
        self.surrogates, self.canaries = surrogates, canaries
        self._carrier = text_column(rows.row(0)) if len(rows) else None
        if surrogates is not None:
            for index in range(min(len(rows), LOOKED_AT)):  # the map does not hang on the order
                surrogates.replace_row(rows.row(index))
            surrogates.counts.clear()

    def row(self, index: int) -> Row:
        """The row as it may be sent."""
        row = self._rows.row(index)
        if self.surrogates is not None:
            row = self.surrogates.replace_row(row)
        if self.canaries is not None and self._carrier is not None:
            row = self.canaries.plant(index, row, self._carrier)
        return row

    def id(self, index: int) -> str:
        """Content hash of the row as it may be sent."""
        return row_id(self.row(index))

    def values(self, column: str) -> list[JSON]:
        """One column in file order, as it may be sent."""
        if column not in self.columns:
            return super().values(column)
        return [self.row(index)[column] for index in range(len(self))]


def told(rows: SourceRows, hosts: list[str]) -> str | None:
    """One line on what a run would send off this machine; ``None`` if nothing was found."""
    step = max(1, -(-len(rows) // LOOKED_AT))
    looked = range(0, len(rows), step)
    found = scan_rows(rows.row(index) for index in looked)
    if not found:
        return None
    counts = {kind: sum(kinds.get(kind, 0) for kinds in found.values()) for kind in KINDS}
    where = ", ".join(found)
    share = f" in {len(looked):,} of {len(rows):,} rows" if step > 1 else ""
    made = isinstance(rows, GuardedRows) and rows.surrogates is not None
    replaced = " (surrogates, not the real values)" if made else ""
    return (
        f"The source holds {summary(counts)}{share} in {where}{replaced}; "
        f"what the prompts use of it goes to {', '.join(hosts)}. Note: {LIMITS}."
    )
