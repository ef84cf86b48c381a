"""The report as a page to share: one file, no script, nothing fetched, light and dark."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from synthnb._version import __version__
from synthnb.report.value import ColumnCheck, Measure, shown
from synthnb.report.words import cells, column_cells, copy_lines, interval, told
from synthnb.visible import clip, visible

if TYPE_CHECKING:
    from synthnb.report.report import Report

__all__ = ["page"]

_STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#212121;--dim:#616161;--rule:#e0e0e0;
--own:#0072b2;--bad:#d55e00;--bad-ink:#a34700;--real:#009e73;--real-ink:#00734f;--mark:#eee6f6}
@media(prefers-color-scheme:dark){:root{--paper:#212121;--ink:#dedede;--dim:#a6a6a6;
--rule:#424242;--own:#4596c8;--bad:#f0803c;--bad-ink:#ffa066;--real:#2fbf94;--real-ink:#4fd3ab;
--mark:#40344f}}
body{margin:0 auto;max-width:960px;padding:24px;background:var(--paper);color:var(--ink);
font:13px/18px system-ui,-apple-system,"Segoe UI",sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:20px;line-height:26px;font-weight:600;margin:0}h2{font-size:13px;margin:24px 0 8px;
padding-top:12px;border-top:1px solid var(--rule)}p{margin:4px 0}.dim{color:var(--dim)}
.facts{color:var(--dim);margin-bottom:16px}ol{padding-left:20px;margin:8px 0;font-size:14px;
line-height:20px}li{margin-bottom:6px}li b{font-weight:600}
table{border-collapse:collapse;width:100%}th{font-size:11px;text-align:left;font-weight:600;
padding:3px 8px 3px 0;border-bottom:1px solid var(--rule)}td{padding:3px 8px 3px 0;
border-bottom:1px solid var(--rule);vertical-align:middle}
.n{text-align:right;white-space:nowrap}.w{white-space:nowrap}.worse{color:var(--bad-ink)}
.worse,.changed,.better{font-weight:600}.better{color:var(--own)}
.cols{display:flex;flex-wrap:wrap;gap:16px 32px}.col{width:290px}
.col h3{font-size:13px;margin:0}
.col p{font-size:11px;line-height:15px;color:var(--dim)}
.col p.changed{color:var(--ink)}svg{display:block;overflow:visible}
svg text{font:11px system-ui,sans-serif;fill:var(--ink)}svg .d{fill:var(--dim)}
.own{fill:var(--own)}.line{stroke:var(--own);stroke-width:2}.band{fill:var(--real);opacity:.3}
.real{stroke:var(--real);stroke-width:2}.tick{stroke:var(--ink);stroke-width:2}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:16px}.pair div{overflow-wrap:anywhere;
white-space:pre-wrap}mark{background:var(--mark);color:inherit}
@media(max-width:700px){.pair{grid-template-columns:1fr}.wide{display:none}}
"""
_WIDE = 220


def _text(text: str, limit: int = 600) -> str:
    """Text of unknown origin as HTML: escaped, hidden characters named, cut."""
    return html.escape(clip(visible(text[: limit + 1]), limit), quote=True)


def page(report: Report) -> str:
    """The whole page; every string of the rows is escaped."""
    head, _, rest = report.verdict.partition(" · ")
    name = _text(report.name, 80)
    steps = "".join(
        f"<li><b>{_text(s.do)}</b><br><span class=dim>{_text(s.why)}</span></li>"
        for s in report.steps
    )
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>{name}: {_text(head)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{_text(head)}</h1><p class=facts>{name} · {_text(rest)}</p>",
        f"<ol>{steps}</ol>" if steps else "",
        _figures(report),
        _columns(report),
        _copies(report),
        "<h2>How it was measured</h2>",
        *(f"<p class=dim>{_text(line, 1000)}</p>" for line in told(report)),
        f"<p class=dim>Made with synthnb {_text(__version__)}.</p></body></html>",
    ]
    return "\n".join(part for part in parts if part)


def _figures(report: Report) -> str:
    if not report.measures:
        return ""
    lines = []
    # Without real rows each picture would be one dot on a scale of its own: it tells nothing.
    drawn = any(m.real is not None for m in report.measures)
    for measure in report.measures:
        title, value, _, real, _, _ = cells(measure)
        word = measure.word or ("not measured" if measure.value is None else "")
        note = f"<br><span class=dim>{_text(measure.note)}</span>" if measure.note else ""
        lines.append(
            f'<tr><td>{_text(title)}{note}</td><td class=n>{value}</td><td class="n wide">'
            f"{interval(measure.low, measure.high)}</td><td class=n>{real}</td>"
            + (f"<td class=wide>{_plot(measure)}</td>" if drawn else "")
            + f'<td class="w {measure.word}">{word}</td></tr>'
        )
    picture = (
        "<th class=wide>these as dot, real rows as green line, other real rows as band</th>"
    )
    picture = picture if drawn else ""
    return (
        "<h2>Figures</h2><table><thead><tr><th>figure</th><th class=n>these rows</th>"
        '<th class="n wide">95%</th><th class=n>real rows</th>'
        + picture
        + "<th></th></tr></thead><tbody>"
        + "".join(lines)
        + "</tbody></table>"
    )


def _plot(measure: Measure) -> str:
    """The figure with its interval, the real one and its range, on a scale of their own."""
    if measure.value is None or (measure.low is None and measure.real is None):
        return ""
    low, high = measure.low or measure.value, measure.high or measure.value
    band = measure.baseline
    points = [measure.value, low, high, *(band or ())]
    points += [measure.real] if measure.real is not None else []
    start, end = min(points), max(points)
    room = (end - start) * 0.08 or abs(start) * 0.1 or 1.0

    def at(value: float) -> str:
        return f"{8 + (_WIDE - 16) * (value - start + room) / (end - start + 2 * room):.1f}"

    parts = []
    if band is not None:
        wide = float(at(band[1])) - float(at(band[0]))
        parts.append(f'<rect class=band x="{at(band[0])}" y=2 width="{wide:.1f}" height=12 />')
    if measure.real is not None:
        x = at(measure.real)
        parts.append(f'<path class=real d="M{x} 1V15"/>')
    parts.append(f'<path class=line d="M{at(low)} 8H{at(high)}"/>')
    parts.append(f'<circle class=own cx="{at(measure.value)}" cy=8 r=3.5 />')
    label = _text(f"{measure.title} {shown(measure.value)}, real {shown(measure.real)}")
    return f'<svg width={_WIDE} height=16 role=img aria-label="{label}">{"".join(parts)}</svg>'


def _columns(report: Report) -> str:
    if not report.columns:
        return ""
    return (
        "<h2>Columns <span class=dim>bar: these rows; tick: planned or real</span></h2>"
        f"<div class=cols>{''.join(map(_column, report.columns))}</div>"
    )


def _column(check: ColumnCheck) -> str:
    name, against, far, words = column_cells(check)
    title = f"{_text(name, 60)}" + (f" against {against}" if check.against else "")
    most = max([max(s.share, s.wanted or 0.0) for s in check.shares] + [1e-9])
    lines = []
    for place, share in enumerate(check.shares):
        y = place * 18
        wide = 130 * share.share / most
        lines.append(f"<text x=108 y={y + 12} text-anchor=end>{_text(share.label, 18)}</text>")
        lines.append(f'<rect class=own x=114 y={y + 4} width="{wide:.1f}" height=8 />')
        if share.wanted is not None:
            x = 114 + 130 * share.wanted / most
            lines.append(f'<path class=tick d="M{x:.1f} {y + 1}V{y + 15}"/>')
        lines.append(f"<text class=d x=250 y={y + 12}>{share.share:.0%}</text>")
    label = _text(f"{name}: {words}", 200)
    return (
        f"<div class=col><h3>{title}</h3><p>{_text(far if check.against else '')}</p>"
        f'<svg width=280 height={len(check.shares) * 18} role=img aria-label="{label}">'
        f"{''.join(lines)}</svg><p class={check.word or 'dim'}>{_text(words)}</p></div>"
    )


def _copies(report: Report) -> str:
    copying = report.copying
    if copying is None:
        return ""
    lines = "".join(f"<p>{_text(line, 1000)}</p>" for line in [*copy_lines(report)][:1])
    pair = ""
    if copying.row:
        pair = (
            f"<div class=pair><div><b>row</b><br>{_marked(copying.row, copying.span)}</div>"
            f"<div><b>source row</b><br>{_marked(copying.source, copying.span)}</div></div>"
        )
    return f"<h2>Copies of the source</h2>{lines}{pair}"


def _marked(text: str, span: str) -> str:
    """The text with the shared run marked, where it stands in one piece."""
    folded = text.casefold()
    words = span.split()
    start = folded.find(words[0]) if words else -1
    while start >= 0:
        end = start
        for word in words:
            found = folded.find(word, end)
            if found < 0 or folded[end:found].strip():
                break
            end = found + len(word)
        else:
            break
        start = folded.find(words[0], start + 1)
    if start < 0 or len(folded) != len(text):
        return _text(text, 1500)
    return (
        f"{_text(text[:start], 700)}<mark>{_text(text[start:end], 1500)}</mark>"
        f"{_text(text[end:], 700)}"
    )
