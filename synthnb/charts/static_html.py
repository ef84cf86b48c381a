"""The batch as plain HTML: what a viewer without the extension shows, such as GitHub.

No script, no style, no attribute that a sanitiser would drop; nothing is fetched. All
text is escaped, and ``$`` and ``\\`` stand in elements of their own, so that no viewer
typesets a row as mathematics.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from synthnb.charts.distributions import Distribution, left_out, shown_columns
from synthnb.charts.findings import look_first, losses
from synthnb.visible import as_text, count, escape, number

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.types import JSON

__all__ = ["batch_html", "head_html", "rows_html"]

ROWS = 10
COLUMNS = 16
_BAR = 24


def batch_html(batch: Batch) -> str:
    """Verdict, finding, funnel, distributions and the first rows."""
    funnel = _funnel(batch) if len(batch) < len(batch.records) else ""
    parts = (head_html(batch), funnel, _distributions(batch), rows_html(batch))
    return "\n".join(part for part in parts if part)


def head_html(batch: Batch) -> str:
    """What the batch is, and what to look at first."""
    finding = look_first(batch)
    said = f"\n<p><b>Look first:</b> {escape(finding.text)}</p>" if finding else ""
    return _verdict(batch) + said


def rows_html(batch: Batch, most: int = ROWS) -> str:
    """The first rows, and which ones these are."""
    foot = _foot(batch, most)
    parts = (_rows(batch, most), f"<p>{foot}</p>" if foot else "")
    return "\n".join(part for part in parts if part)


def _verdict(batch: Batch) -> str:
    head = batch.nothing or f"{len(batch):,} accepted"
    return f"<p><b>{escape(head)}</b>{escape(batch.verdict.removeprefix(head))}</p>"


def _funnel(batch: Batch) -> str:
    total = len(batch.records)
    steps = [("candidates", total)]
    steps += [(f"{loss.label} −{loss.lost}", loss.left) for loss in losses(batch)]
    steps.append(("accepted", len(batch)))
    lines = (
        f'<tr><td>{escape(label)}</td><td align="right">{n:,}</td>'
        f"<td>{'━' * round(_BAR * n / total)}</td></tr>"
        for label, n in steps
    )
    return _table(lines)


def _distributions(batch: Batch) -> str:
    charts = [chart for chart in batch.distributions if chart.bars]
    if not charts:
        return ""
    table = [("column", "accepted rows", "planned", "rejected")]
    table += [(chart.title, _kept(chart), _planned(chart), _lost(chart)) for chart in charts]
    wide = 4 if any(lost for *_, lost in table[1:]) else 3
    tags = ["th", *["td"] * len(charts)]
    return _table(
        f"<tr>{''.join(f'<{tag}>{escape(text)}</{tag}>' for text in row[:wide])}</tr>"
        for tag, row in zip(tags, table, strict=True)
    )


def _kept(chart: Distribution) -> str:
    if chart.kind == "histogram":
        return chart.finding.rstrip(".")
    return ", ".join(f"{bar.label} {bar.count}" for bar in chart.bars)


def _lost(chart: Distribution) -> str:
    if chart.kind == "histogram":
        return ""
    return ", ".join(f"{bar.label} {bar.rejected}" for bar in chart.bars if bar.rejected)


def _planned(chart: Distribution) -> str:
    if chart.limits:
        return " to ".join(number(limit) for limit in chart.limits)
    if chart.kind == "histogram":
        return ""
    plans = [bar for bar in chart.bars if bar.planned is not None]
    if not plans:
        return ""
    if len({round(bar.planned or 0, 1) for bar in plans}) == 1 and len(plans) > 1:
        return f"{number(round(plans[0].planned or 0, 1))} each"
    return ", ".join(f"{bar.label} {number(round(bar.planned or 0, 1))}" for bar in plans)


def _rows(batch: Batch, most: int) -> str:
    if not len(batch):
        return ""
    names = shown_columns(batch, COLUMNS)
    head = "".join(f'<th scope="col">{escape(name, 80)}</th>' for name in ("#", *names))
    shown = batch.accepted[:most]
    lines = (
        "<tr>"
        + f'<td align="right">{record.index + 1}</td>'
        + "".join(
            _cell(record.values.get(name), 600 if name == names[-1] else 200) for name in names
        )
        + "</tr>"
        for record in shown
    )
    return _table([f"<tr>{head}</tr>", *lines])


def _cell(value: JSON, limit: int) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    align = ' align="right"' if is_number else ' align="left"'
    return f"<td{align}>{escape(as_text(value), limit)}</td>"


def _foot(batch: Batch, most: int) -> str:
    rejected = len(batch.records) - len(batch)
    first = min(most, len(batch))
    shown = f"First {first} of {len(batch):,}" if len(batch) > first else f"All {first}"
    noun = "row" if len(batch) == 1 else "rows"
    text = f"{shown} accepted {noun}; {rejected:,} rejected."
    if not batch.records:
        return ""
    if not len(batch):
        text = f"No row was accepted; {count(rejected, 'candidate')} rejected."
    hidden = left_out(batch, COLUMNS) if len(batch) else ""
    text += f" {escape(hidden, 400)}" if hidden else ""
    return text + " Open in JupyterLab with synthnb to filter and compare."


def _table(lines: Iterable[str] | Sequence[str]) -> str:
    return "<table>" + "".join(lines) + "</table>"
