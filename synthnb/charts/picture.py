"""An output as a PNG, for places that show neither our view nor HTML, such as LaTeX."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from synthnb.charts.bins import Bar
from synthnb.charts.distributions import Distribution
from synthnb.charts.findings import losses
from synthnb.charts.panels import panels
from synthnb.charts.raster import drawn
from synthnb.charts.sheet import Sheet
from synthnb.charts.static_html import head_html, rows_html
from synthnb.errors import ExportError

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["PNG", "batch_sheet", "html_sheet", "kept"]

PNG = "image/png"
ROWS = 6
"""Rows in the picture of a batch: letters are what takes time and room."""


def kept(draw: Callable[..., Sheet], *of: object) -> dict[str, object]:
    """The sheet that ``draw(*of)`` makes, for a MIME bundle; nothing without a notebook.

    An output without its picture is better than none, should it not be drawn.
    """
    kernel = sys.modules.get("ipykernel.kernelapp")
    if kernel is None or not kernel.IPKernelApp.initialized():
        return {}
    try:
        return {PNG: base64.b64encode(drawn(draw(*of).svg())).decode("ascii")}
    except (ExportError, ValueError):
        return {}


def html_sheet(page: str) -> Sheet:
    """Static HTML of this package as a sheet."""
    sheet = Sheet()
    sheet.put_html(page)
    return sheet


def batch_sheet(batch: Batch, sheet: Sheet | None = None) -> Sheet:
    """Verdict, charts and first rows of a batch, below what is on a sheet or on a new one."""
    sheet = sheet or Sheet()
    sheet.put_html(head_html(batch))
    charts = [chart for chart in batch.distributions if chart.bars]
    if len(batch) < len(batch.records):
        charts.insert(0, _funnel(batch))
    for parts, height in panels(charts):
        sheet.put(parts, height)
        sheet.space()
    sheet.put_html(rows_html(batch, ROWS))
    return sheet


def _funnel(batch: Batch) -> Distribution:
    steps = [Bar("candidates", len(batch.records))]
    steps += [Bar(f"{loss.label} −{loss.lost}", loss.left) for loss in losses(batch)]
    steps.append(Bar("accepted", len(batch)))
    return Distribution("funnel", "funnel", "candidates", "category", None, tuple(steps))
