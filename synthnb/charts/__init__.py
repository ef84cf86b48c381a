"""Charts of a batch: aggregated Vega-Lite of a few kB, Altair to customise, PNG files.

What a cell shows never imports Altair (2 s); the module ``altair_charts`` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.charts.distributions import Bar, Distribution
from synthnb.charts.findings import losses
from synthnb.errors import ExportError

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.types import JSON

__all__ = ["png", "save_all", "spec", "specs"]

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
KEPT, REJECTED, INK, PAPER = "#0072b2", "#d55e00", "#333333", "#ffffff"
_WIDTH, _BAND, _HEIGHT = 260, 20, 140

Spec = dict[str, Any]
_ONLY_LOST: Spec = {"transform": [{"filter": "datum.rejected > 0"}]}


def specs(batch: Batch) -> dict[str, Spec]:
    """A Vega-Lite spec by chart name: sampled columns, length, nearest row, rejections."""
    drawn = {chart.id: spec(chart) for chart in batch.distributions if chart.bars}
    lost = rejections(batch)
    if lost.bars:
        drawn[lost.id] = spec(lost)
    return drawn


def rejections(batch: Batch) -> Distribution:
    """Rejected candidates by rule, as a chart like the others."""
    found = losses(batch)
    bars = tuple(Bar(loss.label, 0, None, loss.lost) for loss in found)
    most = max(found, key=lambda loss: loss.lost, default=None)
    finding = f"Most rejections: {most.label}, {most.lost}." if most else "No rejections."
    name = "rejections"
    total = len(batch)
    return Distribution(name, name, "candidates", "category", None, bars, (), total, finding)


def spec(chart: Distribution) -> Spec:
    """One chart as Vega-Lite: layered bars, plan ticks and limits; its data inside."""
    draw = _histogram if chart.kind == "histogram" else _category
    return {
        "$schema": SCHEMA,
        "title": {"text": chart.title, "subtitle": chart.unit, "anchor": "start"},
        "description": f"{chart.title}: {chart.finding}",
        "background": PAPER,
        "config": {
            "view": {"stroke": None},
            "axis": {"grid": False, "domain": False, "ticks": False, "title": None},
            "title": {"fontSize": 13, "subtitleColor": INK},
        },
        **draw(chart),
    }


def _values(chart: Distribution) -> list[JSON]:
    keys = ("label", "count", "planned", "rejected", "lo", "hi")
    rows = ({key: getattr(bar, key) for key in keys} for bar in chart.bars)
    return [{k: v for k, v in row.items() if v is not None} for row in rows]


def _category(chart: Distribution) -> Spec:
    y = {"field": "label", "type": "nominal", "sort": None}
    # The rejected part stands hollow behind the kept one: form tells them apart, not colour.
    hollow = {"type": "bar", "filled": False, "stroke": REJECTED, "height": 10}
    bar = {"type": "bar", "color": KEPT, "height": 10}
    tick = {"type": "tick", "color": INK, "thickness": 2, "size": 16}
    number = {"type": "text", "align": "left", "dx": 5, "color": INK}
    count = {"field": "count", "type": "quantitative", "axis": None}
    total = {"field": "total", "type": "quantitative", "axis": None}
    layers: list[Spec] = [_layer(bar, x=count, y=y)]
    if any(bar.rejected for bar in chart.bars):
        layers.append(_ONLY_LOST | _layer(hollow, x=count, x2={"field": "total"}, y=y))
    if any(bar.planned is not None for bar in chart.bars):
        planned = {"field": "planned", "type": "quantitative", "axis": None}
        layers.append(_layer(tick, x=planned, y=y))
    shown = {"field": "shown", "type": "quantitative"}
    layers.append(_layer(number, x=total, y=y, text=shown))
    values = _values(chart)
    for value in values:
        value["total"] = value["count"] + value["rejected"]
        value["shown"] = value["count"] or value["rejected"]
    return {
        "data": {"values": values},
        "width": _WIDTH,
        "height": _BAND * max(len(chart.bars), 1),
        "layer": layers,
    }


def _histogram(chart: Distribution) -> Spec:
    x = {"field": "lo", "type": "quantitative", "bin": {"binned": True}}
    x["axis"] = {"tickCount": 5}
    x2 = {"field": "hi"}
    y = {"field": "count", "type": "quantitative", "axis": {"tickCount": 3}}
    layers = [_layer({"type": "bar", "color": KEPT}, x=x, x2=x2, y=y)]
    if any(bar.rejected for bar in chart.bars):
        mark = {"type": "bar", "filled": False, "stroke": REJECTED}
        over = _layer(mark, x=x, x2=x2, y=y | {"field": "total"}, y2={"field": "count"})
        layers.append(_ONLY_LOST | over)
    if any(bar.planned for bar in chart.bars):
        mark = {"type": "rule", "color": INK, "strokeWidth": 2}
        layers.append(_layer(mark, x=x, x2=x2, y=y | {"field": "planned"}))
    values = _values(chart)
    for value in values:
        value["total"] = value["count"] + value["rejected"]
    body: Spec = {"data": {"values": values}, "width": _WIDTH, "height": _HEIGHT}
    return body | {"layer": layers + [_limit(limit) for limit in chart.limits]}


def _limit(limit: float) -> Spec:
    mark = {"type": "rule", "color": REJECTED, "strokeDash": [3, 2]}
    layer = _layer(mark, x={"field": "limit", "type": "quantitative"})
    return {"data": {"values": [{"limit": limit}]}} | layer


def _layer(mark: Mapping[str, Any], **encoding: Mapping[str, Any]) -> Spec:
    return {"mark": dict(mark), "encoding": {k: dict(v) for k, v in encoding.items()}}


def png(spec: Mapping[str, Any], *, scale: float = 2.0) -> bytes:
    """The spec drawn as PNG, offline; ``scale`` 2 suits screens of double density."""
    try:
        import vl_convert
    except ImportError as error:
        raise ExportError(
            "Charts as PNG need vl-convert: pip install vl-convert-python"
        ) from error
    nowhere: list[str] = []  # a spec may not fetch data or images
    drawn = vl_convert.vegalite_to_png(
        dict(spec), vl_version="5.20", scale=scale, allowed_base_urls=nowhere
    )
    return bytes(drawn)


def save_all(batch: Batch, folder: str | Path) -> list[Path]:
    """Write every chart as ``folder/NAME.png``; the paths, in the order of the charts."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, body in specs(batch).items():
        path = target / f"{_file_name(name)}.png"
        path.write_bytes(png(body))
        paths.append(path)
    return paths


def _file_name(name: str) -> str:
    """A chart's name as a file name: a column of a CSV may be called anything."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._")[:60] or "chart"
