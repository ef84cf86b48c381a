"""The report in words: what a terminal shows, and the cells that all views share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from synthnb.charts.text_table import table_text
from synthnb.report.value import ColumnCheck, Measure, shown
from synthnb.visible import one_line, visible

if TYPE_CHECKING:
    from synthnb.report.report import Report

__all__ = ["HEAD", "cells", "column_cells", "copy_lines", "interval", "report_text", "told"]

HEAD = ("figure", "these rows", "95%", "real rows", "real again", "")
_BAR = 16


def interval(low: float | None, high: float | None) -> str:
    """``0.153 to 0.172``; a dash where there is none."""
    if low is None or high is None:
        return "–"
    return f"{shown(low)} to {shown(high)}"


def cells(measure: Measure) -> tuple[str, ...]:
    """One line of the table of figures, under ``HEAD``."""
    again = measure.baseline or (None, None)
    word = measure.word or (
        measure.note if measure.value is not None else f"not measured: {measure.note}"
    )
    return (
        measure.title,
        shown(measure.value),
        interval(measure.low, measure.high),
        shown(measure.real),
        interval(*again),
        word,
    )


def told(report: Report) -> list[str]:
    """Sentences under the table: how it was measured, what gave rows away, personal data."""
    lines = []
    if report.how:
        lines.append(f"Diversity on {report.how} of column {report.text}.")
    if report.compared:
        words = report.compared
        lines.append(
            f"{len(words)} figures compared at 95%: expect about {len(words) * 0.05:.1f} "
            "false calls. “real again” is where other real rows would be."
        )
    tells = [one_line(name, 30) for name, weight in report.giveaways if weight > 0][:5]
    if tells and report["c2st"].word == "worse":
        lines.append("Says synthetic: " + ", ".join(f"“{tell}”" for tell in tells) + ".")
    lines.append(_personal(report))
    return [line for line in [*lines, *report.notes] if line]


def _personal(report: Report) -> str:
    from synthnb.privacy import LIMITS, summary

    if not report.personal_rows:
        return ""
    if not report.personal:
        return f"No personal data found by shape in {report.personal_rows:,} rows; {LIMITS}."
    found = "; ".join(
        f"{column}: {summary(kinds)}" for column, kinds in report.personal.items()
    )
    return f"Personal data in {report.personal_rows:,} rows: {one_line(found, 200)}; {LIMITS}."


def column_cells(check: ColumnCheck) -> tuple[str, str, str, str]:
    """Column, what it was held against, its distance, the word and the finding."""
    name = "total_variation" if check.kind == "category" else "ks"
    distance = check.figures.get(name)
    short = {"total_variation": "TV", "ks": "KS"}[name]
    far = f"{short} {shown(distance)}" if distance is not None else "–"
    if check.baseline is not None:
        far += f" (real again ≤ {shown(check.baseline)})"
    elif "p" in check.figures:
        far += f" (p {shown(check.figures['p'])}, w {shown(check.figures['w'])})"
    finding = check.finding
    if check.word and finding:
        # The word is of the whole column, the finding of its farthest label alone.
        finding = f"{check.word}; {finding[0].lower()}{finding[1:]}"
    return check.column, check.against or "–", far, finding or check.word


def copy_lines(report: Report) -> Iterator[str]:
    """The copy alarm: one sentence, and for a copy its row and the source row nearest to it."""
    copying = report.copying
    if copying is None:
        return
    nearer = ""
    if copying.dcr_share is not None:
        nearer = f"; nearer to the source than to held-out rows: {copying.dcr_share:.2f}"
        nearer += " (0.5 expected)"
    run = f"longest shared run {copying.longest} tokens" if copying.longest else "no shared run"
    yield (
        f"Copies: {copying.near:,} of {copying.rows:,} rows nearly a source row, "
        f"{copying.exact:,} exactly; {run}{nearer}."
    )
    if copying.near:
        yield f"Nearest, row: {one_line(copying.row, 300)}"
        yield f"      source: {one_line(copying.source, 300)}"


def report_text(report: Report) -> str:
    """One screen: verdict, figures, columns, copies, three steps."""
    parts = [report.verdict]
    if report.measures:
        parts.append(table_text(HEAD, [cells(m) for m in report.measures], columns=110))
    if report.columns:
        rows = [column_cells(check) for check in report.columns]
        parts.append(table_text(("column", "against", "distance", ""), rows, columns=110))
    lines = [*copy_lines(report), *told(report)]
    if lines:
        parts.append("\n".join(lines))
    steps = [
        f"{i}. {one_line(step.do, 200)}\n   {one_line(step.why, 240)}"
        for i, step in enumerate(report.steps, 1)
    ]
    if steps:
        parts.append("Next\n" + "\n".join(steps))
    return visible("\n\n".join(parts))
