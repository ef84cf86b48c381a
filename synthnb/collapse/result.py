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
        from synthnb.collapse.result_chart import spec

        return spec(self)

    def chart(self) -> altair.LayerChart:
        """Return the chart: theory as a line, the mean as rings, median and band in blue.

        An Altair chart like any other, but for its display, a PNG: nothing is fetched.
        """
        from synthnb.charts.altair_charts import chart

        return chart(self.spec())


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
