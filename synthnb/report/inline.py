"""The report in a cell: static HTML that needs no trust, as the batch's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from synthnb.report.value import ColumnCheck
from synthnb.report.words import HEAD, cells, column_cells, copy_lines, told
from synthnb.visible import escape

if TYPE_CHECKING:
    from synthnb.report.report import Report

__all__ = ["report_html"]

_BAR = 20
_NUMBERS = (1, 2, 3, 4)


def report_html(report: Report) -> str:
    """Verdict, three steps, figures, columns with bars, copies; no script and no style."""
    head, _, rest = report.verdict.partition(" · ")
    parts = [f"<p><b>{escape(head)}</b> · {escape(rest)}</p>"]
    if report.steps:
        items = (f"<li>{escape(s.do)}<br>{escape(s.why)}</li>" for s in report.steps)
        parts.append(f"<p><b>Next</b></p><ol>{''.join(items)}</ol>")
    if report.measures:
        parts.append(_table(HEAD, [cells(m) for m in report.measures], right=_NUMBERS))
    parts += [_bars(check) for check in report.columns]
    parts += [f"<p>{escape(line, 1000)}</p>" for line in [*copy_lines(report)][:1]]
    copying = report.copying
    if copying is not None and copying.row:
        rows = [("row", copying.row), ("source row", copying.source)]
        rows += [("shared", copying.span)] if copying.span else []
        parts.append(_table(None, rows))
    parts += [f"<p>{escape(line, 1000)}</p>" for line in told(report)]
    return "\n".join(parts)


def _bars(check: ColumnCheck) -> str:
    name, against, far, words = column_cells(check)
    title = f"{name} against {against}: {far}. {words}" if check.against else f"{name}. {words}"
    most = max([share.share for share in check.shares] + [1e-9])
    rows = [
        (
            share.label,
            f"{share.count:,}",
            f"{share.share:.0%}",
            "–" if share.wanted is None else f"{share.wanted:.0%}",
            "━" * round(_BAR * share.share / most),
        )
        for share in check.shares
    ]
    other = {"plan": "planned", "real": "real", "": ""}[check.against]
    table = _table(("", "rows", "share", other, ""), rows, right=(1, 2, 3))
    return f"<p>{escape(title)}</p>{table}"


def _table(
    head: Sequence[str] | None, rows: Iterable[Sequence[str]], right: Sequence[int] = ()
) -> str:
    def cell(kind: str, place: int, text: str) -> str:
        align = "right" if place in right else "left"
        return f'<{kind} align="{align}">{escape(text)}</{kind}>'

    lines = [
        "<tr>" + "".join(cell("td", i, text) for i, text in enumerate(row)) + "</tr>"
        for row in rows
    ]
    if head is not None:
        names = "".join(cell("th", i, text) for i, text in enumerate(head))
        lines.insert(0, f"<tr>{names}</tr>")
    return "<table>" + "".join(lines) + "</table>"
