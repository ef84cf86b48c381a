"""The meter drawn: small multiples as Vega-Lite, a table with sparklines everywhere else."""

from __future__ import annotations

import html as markup
from typing import TYPE_CHECKING, Any

from synthnb.visible import clip, visible, width

if TYPE_CHECKING:
    from synthnb.collapse.meter_value import Meter, Stage

__all__ = ["html", "spec", "text"]

_BARS = "▁▂▃▄▅▆▇█"
_MOST = 8
"""Stages with a column of their own; of more, the first and the newest."""


def _names(meter: Meter) -> list[str]:
    from synthnb.collapse.meter_value import FIGURES

    return [name for name in FIGURES if any(name in stage.points for stage in meter.stages)]


def _measured(meter: Meter) -> list[Stage]:
    stages = [stage for stage in meter.stages if stage.points]
    return stages if len(stages) <= _MOST else [stages[0], *stages[1 - _MOST :]]


def _spark(values: list[float]) -> str:
    top = max([abs(value) for value in values] + [1e-12])
    return "".join(_BARS[round((len(_BARS) - 1) * max(value, 0) / top)] for value in values)


def _lines(meter: Meter) -> list[list[str]]:
    """Head and one line a figure: the reference, every stage, a sparkline, the word."""
    from synthnb.collapse.meter_value import FIGURES, _figure

    stages = _measured(meter)
    head = ["figure", meter.reference, *(stage.name for stage in stages), "", ""]
    lines = [head]
    for name in _names(meter):
        points = [stage.points[name] for stage in stages if name in stage.points]
        cells = [
            _figure(s.points[name].value) + (" !" if s.points[name].alarm else "")
            if name in s.points
            else "–"
            for s in stages
        ]
        word = "worse" if any(point.alarm for point in points) else "no evidence"
        spark = _spark([points[0].reference, *(point.value for point in points)])
        lines.append([FIGURES[name][0], _figure(points[0].reference), *cells, spark, word])
    return lines


def text(meter: Meter) -> str:
    """Verdict and table; ``!`` marks an alarm."""
    lines = _lines(meter)
    if len(lines) == 1:
        return meter.verdict
    widths = [max(width(row[i]) for row in lines) for i in range(len(lines[0]))]
    table = [
        "  ".join(
            cell + " " * (room - width(cell)) if place in (0, len(row) - 1, len(row) - 2)
            else " " * (room - width(cell)) + cell
            for place, (cell, room) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in lines
    ]  # fmt: skip
    foot = f"{meter.size:,} rows a side, cut to equal length; ! marks an alarm."
    return "\n".join([meter.verdict, "", *table, "", foot])


def _safe(words: str) -> str:
    return markup.escape(clip(visible(words), 200), quote=True)


def html(meter: Meter) -> str:
    """The same as a static table: no script, no style."""
    lines = _lines(meter)
    parts = [f"<p><b>{_safe(meter.verdict)}</b></p>"]
    if len(lines) > 1:
        rows = [_row(row, "td" if place else "th") for place, row in enumerate(lines)]
        parts.append(f"<table>{''.join(rows)}</table>")
        parts.append(
            f"<p>{meter.size:,} rows a side, cut to equal length; ! marks an alarm.</p>"
        )
    return "\n".join(parts)


def _row(row: list[str], tag: str) -> str:
    """A line of the table: words to the left, figures to the right, alarms in bold."""
    cells = []
    for at, cell in enumerate(row):
        align = "left" if at in (0, len(row) - 2, len(row) - 1) else "right"
        shown = f"<b>{_safe(cell)}</b>" if cell.endswith(" !") else _safe(cell)
        cells.append(f'<{tag} align="{align}">{shown}</{tag}>')
    return f"<tr>{''.join(cells)}</tr>"


def spec(meter: Meter) -> dict[str, Any]:
    """One panel a figure: stages as dots and line, hollow vermillion where there is an alarm,
    the reference as a green dashed line."""
    from synthnb.collapse.meter_value import FIGURES

    panels = []
    for name in _names(meter):
        rows = [
            {
                "stage": stage.name,
                "value": stage.points[name].value,
                "real": stage.points[name].reference,
                "alarm": stage.points[name].alarm,
            }
            for stage in meter.stages
            if name in stage.points
        ]
        x = {"field": "stage", "type": "ordinal", "sort": None, "axis": {"title": None}}
        y = {"field": "value", "type": "quantitative", "axis": {"title": None, "tickCount": 3}}
        y["scale"] = {"zero": True}
        point = {"type": "point", "filled": False, "size": 60}
        colour = {
            "condition": {"test": "datum.alarm", "value": "#d55e00"},
            "value": "#0072b2",
        }
        real = {"type": "line", "color": "#009e73", "strokeDash": [5, 3]}
        panels.append(
            {
                "title": {"text": FIGURES[name][0], "anchor": "start", "fontSize": 12},
                "width": 180,
                "height": 96,
                "data": {"values": rows},
                "layer": [
                    {"mark": real, "encoding": {"x": x, "y": {**y, "field": "real"}}},
                    {
                        "mark": {"type": "line", "color": "#0072b2"},
                        "encoding": {"x": x, "y": y},
                    },
                    {"mark": point, "encoding": {"x": x, "y": y, "color": colour}},
                ],
            }
        )
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {"text": clip(visible(meter.verdict), 160), "anchor": "start"},
        "concat": panels,
        "columns": 3,
    }
