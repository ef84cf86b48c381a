"""Altair charts that display without a network; imported only when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import altair as alt

from synthnb.charts import png, specs

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["Charts", "ConcatChart", "LayerChart", "chart", "charts", "side_by_side"]


class LayerChart(alt.LayerChart):
    """``altair.LayerChart`` whose display is a PNG: Altair's own would load scripts."""

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return _bundle(self.to_dict(), "chart")


class ConcatChart(alt.ConcatChart):
    """Panels side by side that display as one PNG."""

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return _bundle(self.to_dict(), "charts")


class Charts(dict[str, LayerChart]):
    """Charts by name; displays all of them as one picture.

    ``charts["mood"].properties(width=400)`` is an Altair chart like any other.
    """

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        if not self:
            return {"text/plain": "No charts: the batch has no rows."}
        return _bundle(_side_by_side(self), "charts " + ", ".join(self))


def charts(batch: Batch) -> Charts:
    """What a cell shows of a batch as Altair charts, by name."""
    return Charts({name: chart(body) for name, body in specs(batch).items()})


def _side_by_side(charts: Mapping[str, LayerChart]) -> dict[str, Any]:
    """One spec of all charts, three in a row; the settings of the whole come from the first."""
    bodies = [chart.to_dict() for chart in charts.values()]
    whole = {key: bodies[0][key] for key in ("background", "config") if key in bodies[0]}
    apart = ("$schema", "background", "config")
    parts = [{k: v for k, v in body.items() if k not in apart} for body in bodies]
    datasets = {k: v for body in parts for k, v in body.pop("datasets", {}).items()}
    joined = {"concat": parts, "columns": 3, "resolve": {"scale": {"x": "independent"}}}
    return whole | joined | ({"datasets": datasets} if datasets else {})


def chart(spec: Mapping[str, Any]) -> LayerChart:
    """A spec of ``synthnb.charts`` as an Altair chart (validated on the way)."""
    body = {key: value for key, value in spec.items() if key != "$schema"}
    return LayerChart.from_dict(body)


def side_by_side(spec: Mapping[str, Any]) -> ConcatChart:
    """A spec of panels as one Altair chart."""
    return ConcatChart.from_dict({k: v for k, v in spec.items() if k != "$schema"})


def _bundle(spec: Mapping[str, Any], text: str) -> dict[str, Any]:
    body = {key: value for key, value in spec.items() if key != "$schema"}
    return {"image/png": png(body), "text/plain": f"<{text}>"}
