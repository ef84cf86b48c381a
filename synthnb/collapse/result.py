"""What a simulation hands back: curves over generations, and their picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import altair

__all__ = ["Curve", "Result", "summarise"]

Curve: TypeAlias = NDArray[np.floating[Any]]

_COLOURS = {"theory": "#c2410c", "mean": "#2563eb", "median": "#0f766e"}


@dataclass(frozen=True)
class Result:
    """One simulated experiment: every curve has one value a generation, 1 first."""

    name: str
    measure: str
    """What the values are, for the axis."""
    params: dict[str, Any]
    mean: Curve
    """Mean over the chains."""
    median: Curve
    low: Curve
    """Tenth percentile of the chains."""
    high: Curve
    """Ninetieth percentile of the chains."""
    theory: Curve | None = None
    """What the formula says the mean is, ``None`` where there is no formula."""
    more: dict[str, Any] = field(default_factory=dict)
    """Further curves and texts of this experiment, by name."""

    @property
    def generations(self) -> NDArray[np.int64]:
        """Return 1, 2, …: the first is fitted to real data."""
        return np.arange(1, len(self.mean) + 1)

    def spec(self) -> dict[str, Any]:
        """Return the chart as a plain Vega-Lite specification, its numbers inside."""
        curves = {"mean": self.mean, "median": self.median}
        if self.theory is not None:
            curves["theory"] = self.theory
        rows = [
            {"generation": int(at), "line": line, "value": _plain(value)}
            for line, curve in curves.items()
            for at, value in zip(self.generations, curve, strict=True)
        ]
        band = [
            {"generation": int(at), "low": _plain(low), "high": _plain(high)}
            for at, low, high in zip(self.generations, self.low, self.high, strict=True)
        ]
        x = {"field": "generation", "type": "quantitative", "title": "generation"}
        lines = list(curves)
        colour = {"domain": lines, "range": [_COLOURS[line] for line in lines]}
        dash = {
            "domain": lines,
            "range": [[6, 4] if line == "theory" else [1, 0] for line in lines],
        }
        return {
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "title": f"{self.name.replace('_', ' ')}: lines, and the 10–90% band of the chains",
            "width": 420,
            "height": 240,
            "layer": [
                {
                    "data": {"values": band},
                    "mark": {"type": "area", "opacity": 0.18, "color": _COLOURS["mean"]},
                    "encoding": {
                        "x": x,
                        "y": {"field": "low", "type": "quantitative", "title": self.measure},
                        "y2": {"field": "high"},
                    },
                },
                {
                    "data": {"values": rows},
                    "mark": {"type": "line", "tooltip": True},
                    "encoding": {
                        "x": x,
                        "y": {"field": "value", "type": "quantitative"},
                        "color": {"field": "line", "type": "nominal", "scale": colour},
                        "strokeDash": {"field": "line", "type": "nominal", "scale": dash},
                    },
                },
            ],
        }

    def chart(self) -> altair.LayerChart:
        """Return the chart: theory, mean and median as lines, the band behind.

        An Altair chart like any other, but for its display, a PNG: nothing is fetched.
        """
        from synthnb.charts.altair_charts import chart

        return chart(self.spec())


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def summarise(
    name: str,
    measure: str,
    params: dict[str, Any],
    values: Curve,
    theory: Curve | None = None,
    **more: Any,
) -> Result:
    """Return the result of chains: ``values`` has shape (chains, generations)."""
    low, median, high = np.quantile(values, [0.1, 0.5, 0.9], axis=0)
    return Result(
        name, measure, params, values.mean(axis=0), median, low, high, theory, dict(more)
    )
