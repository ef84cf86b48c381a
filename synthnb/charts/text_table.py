"""The batch as text: verdict, funnel and a table that fits a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synthnb.charts.distributions import left_out, shown_columns
from synthnb.charts.findings import look_first, losses
from synthnb.visible import as_text, one_line, width

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["batch_text", "funnel_text", "table_text"]

ROWS = 8
COLUMNS = 100
SHOWN = 8
_BAR = 24


def batch_text(batch: Batch, *, rows: int = ROWS, columns: int = COLUMNS) -> str:
    """Verdict, finding, funnel and the first ``rows`` rows, ``columns`` characters wide."""
    parts = [batch.verdict]
    finding = look_first(batch)
    if finding is not None:
        parts.append(f"Look first: {one_line(finding.text, columns * 2)}")
    if len(batch) < len(batch.records):
        parts.append(funnel_text(batch))
    if len(batch):
        parts.append(_rows(batch, rows, columns))
        first = f"First {rows} of {len(batch):,} accepted rows." if len(batch) > rows else ""
        foot = f"{first} {left_out(batch, SHOWN)}".strip()
        parts += [foot] if foot else []
    return "\n\n".join(parts)


def funnel_text(batch: Batch) -> str:
    """Candidates, what each rule took away, accepted rows; with bars."""
    total = len(batch.records)
    steps = [("candidates", total)]
    steps += [(f"{loss.label} −{loss.lost}", loss.left) for loss in losses(batch)]
    steps.append(("accepted", len(batch)))
    left = max(width(label) for label, _ in steps)
    right = len(f"{total:,}")
    return "\n".join(
        f"{_pad(label, left)}  {n:>{right},}  {'━' * round(_BAR * n / max(total, 1))}".rstrip()
        for label, n in steps
    )


def _rows(batch: Batch, rows: int, columns: int) -> str:
    shown = batch.accepted[:rows]
    names = shown_columns(batch, SHOWN)
    body = [
        [str(r.index + 1), *(one_line(as_text(r.values.get(n)), 400) for n in names)]
        for r in shown
    ]
    return table_text(["#", *names], body, columns=columns)


def table_text(
    head: Sequence[str], body: Sequence[Sequence[str]], *, columns: int = COLUMNS
) -> str:
    """Left-aligned columns, two spaces apart; the widest are cut until the lines fit.

    >>> print(table_text(["#", "mood"], [["1", "angry"], ["12", "happy"]]))
    #   mood
    1   angry
    12  happy
    """
    lines = [[one_line(cell, 400) for cell in row] for row in (head, *body)]
    widths = [max(width(row[i]) for row in lines) for i in range(len(head))]
    room = columns - 2 * (len(head) - 1)
    while sum(widths) > room and max(widths) > 4:
        widest = widths.index(max(widths))
        others = sum(widths) - widths[widest]
        second = max([w for i, w in enumerate(widths) if i != widest], default=4)
        widths[widest] = min(max(room - others, second, 4), widths[widest] - 1)
    return "\n".join(
        "  ".join(_pad(_cut(cell, w), w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in lines
    )


def _cut(text: str, most: int) -> str:
    if width(text) <= most:
        return text
    used, kept = 1, ""
    for char in text:
        used += width(char)
        if used > most:
            break
        kept += char
    return kept.rstrip() + "…"


def _pad(text: str, to: int) -> str:
    return text + " " * (to - width(text))
