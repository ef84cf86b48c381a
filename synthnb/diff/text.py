"""The diff as text for a terminal and for ``text/plain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synthnb.charts.text_table import table_text
from synthnb.diff.rows import differing
from synthnb.diff.sentences import (
    facts,
    figure,
    interval_text,
    keys_line,
    look_first,
    note,
    signed,
    subtitle,
)
from synthnb.visible import visible

if TYPE_CHECKING:
    from synthnb.diff import Diff

__all__ = ["diff_text"]

LINES = 40
"""Lines of the recipe change."""


def diff_text(diff: Diff) -> str:
    """Verdict, recipe change, metrics and how many outcomes differ."""
    parts = [f"{diff.verdict}\n{facts(diff)}"]
    finding = look_first(diff)
    if finding is not None:
        parts.append(f"Look first: {finding}")
    if diff.recipe.changed:
        parts.append(_recipe(diff))
    if diff.same:
        return "\n\n".join(parts)
    if diff.results:
        parts.append(f"What changed ({subtitle(diff)})\n{_metrics(diff)}")
    if note(diff):
        parts.append(note(diff))
    if diff.paired:
        parts.append(f"The outcome differs in {differing(diff)} of {len(diff.pairs)} pairs.")
    return "\n\n".join(parts)


def _recipe(diff: Diff) -> str:
    lines = [visible(str(line)).rstrip()[:160] for line in diff.recipe.lines]
    if len(lines) > LINES:
        lines = [*lines[:LINES], f"… {len(lines) - LINES} more lines"]
    return "\n".join([f"Recipe: {keys_line(diff)}", *lines])


def _metrics(diff: Diff) -> str:
    old, new = diff.labels
    head = ["metric", old, new, "change", "95% interval", "verdict"]
    body = []
    for r in diff.results:
        digits = r.measure.digits
        shown = [figure(r.old, digits), figure(r.new, digits), signed(r.change, digits)]
        body.append([r.measure.label, *shown, interval_text(r), r.word])
    if not diff.paired:
        head, body = head[:4], [row[:4] for row in body]
    return table_text(head, body)
