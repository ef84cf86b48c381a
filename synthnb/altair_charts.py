"""Altair charts that display without a network; imported only when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt

from synthnb.charts import png

__all__ = ["Charts", "LayerChart", "chart"]


class LayerChart(alt.LayerChart):
    """``altair.LayerChart`` whose display is a PNG: Altair's own would load scripts."""

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return _bundle(self.to_dict(), "chart")


class Charts(dict[str, LayerChart]):
    """Charts by name; displays all of them as one picture.

    ``charts["mood"].properties(width=400)`` is an Altair chart like any other.
    """

    def together(self, columns: int = 3) -> alt.ConcatChart:
        """All charts in one, ``columns`` side by side."""
        plain = [alt.LayerChart.from_dict(c.to_dict()) for c in self.values()]
        config: dict[str, Any] = {"view": {"stroke": None}}
        for one in plain:
            given = one.to_dict().get("config", {})
            config |= given
            one.config = alt.Undefined
            one.background = alt.Undefined
        joined = alt.concat(*plain, columns=columns).resolve_scale(x="independent")
        joined.config = alt.Config.from_dict(config)
        return joined

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        if not self:
            return {"text/plain": "No charts: the batch has no rows."}
        return _bundle(self.together().to_dict(), "charts " + ", ".join(self))


def chart(spec: Mapping[str, Any]) -> LayerChart:
    """A spec of ``synthnb.charts`` as an Altair chart (validated on the way)."""
    body = {key: value for key, value in spec.items() if key != "$schema"}
    return LayerChart.from_dict(body)


def _bundle(spec: Mapping[str, Any], text: str) -> dict[str, Any]:
    body = {key: value for key, value in spec.items() if key != "$schema"}
    return {"image/png": png(body), "text/plain": f"<{text}>"}
