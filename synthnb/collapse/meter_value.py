"""What the collapse meter found: stages, points, the verdict. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair

    from synthnb.types import JSON

__all__ = ["FIGURES", "RATE", "Meter", "Point", "Stage"]

RATE = 0.05
"""Chance of any false alarm in a whole meter."""

FIGURES: dict[str, tuple[str, str]] = {
    "distinct_2": ("distinct-2", "lower"),
    "vendi": ("Vendi score", "lower"),
    "label_entropy": ("label entropy, bits", "lower"),
    "tail_coverage": ("rare words kept", "lower"),
    "self_similarity": ("self-similarity", "higher"),
}
"""Name to title and the direction that means collapse."""


@dataclass(frozen=True, slots=True)
class Point:
    """One figure of one stage beside the reference at the same size."""

    value: float
    reference: float
    p: float
    """One-sided: chance of so large a loss if nothing changed; before the correction."""
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One batch, version or generation depth."""

    name: str
    rows: int
    points: Mapping[str, Point]
    note: str = ""
    """Why it has no figures, where it has none."""


@dataclass(frozen=True)
class Meter:
    """Figures over stages with the alarm; displays itself, ``chart()`` draws it."""

    stages: tuple[Stage, ...]
    reference: str
    """What the stages are held against."""
    reference_rows: int
    size: int
    """Rows a side that were compared, at most."""
    rate: float = RATE
    tests: int = 0
    """Comparisons behind the alarm."""
    column: str | None = None
    label: str | None = None
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def alarm(self) -> bool:
        """Whether variety was lost anywhere, at the stated false-alarm rate."""
        return any(point.alarm for stage in self.stages for point in stage.points.values())

    @property
    def verdict(self) -> str:
        """What was found, in one line."""
        rate = f"false alarms at most {self.rate:.0%} of the time, {self.tests} tests"
        if not self.tests:
            notes = [stage.note for stage in self.stages if stage.note]
            # Where the first stage is the reference, its note is no reason.
            return "Not measured" + (f": {notes[-1]}" if notes else ": nothing to compare with")
        if not self.alarm:
            return f"No evidence of collapse against {self.reference} ({rate})"
        first = next(s for s in self.stages if any(p.alarm for p in s.points.values()))
        last = next(s for s in reversed(self.stages) if s.points)
        lost = [name for name, point in last.points.items() if point.alarm]
        lost = lost or [name for name, point in first.points.items() if point.alarm]
        shown = last if any(p.alarm for p in last.points.values()) else first
        name = max(lost, key=lambda n: -shown.points[n].p)
        point = shown.points[name]
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        return (
            f"Variety is being lost since {first.name}: {FIGURES[name][0]} "
            f"{_figure(point.reference)} in {self.reference}, {_figure(point.value)} in "
            f"{shown.name}{more} ({rate})"
        )

    def to_dict(self) -> dict[str, JSON]:
        """The meter as JSON."""
        return {
            "v": 1,
            "verdict": self.verdict,
            "alarm": self.alarm,
            "false_alarm_rate": self.rate,
            "tests": self.tests,
            "reference": {"name": self.reference, "rows": self.reference_rows},
            "size": self.size,
            "stages": [
                {
                    "name": stage.name,
                    "rows": stage.rows,
                    "note": stage.note,
                    "figures": {
                        name: {
                            "value": point.value,
                            "reference": point.reference,
                            "p": point.p,
                            "alarm": point.alarm,
                        }
                        for name, point in stage.points.items()
                    },
                }
                for stage in self.stages
            ],
        }

    def spec(self) -> dict[str, Any]:
        """Small multiples as Vega-Lite, the numbers inside: one panel a figure."""
        from synthnb.collapse.meter_chart import spec

        return spec(self)

    def chart(self) -> altair.ConcatChart:
        """The small multiples as an Altair chart, which displays as PNG."""
        from synthnb.charts.altair_charts import side_by_side

        return side_by_side(self.spec())

    def __str__(self) -> str:
        from synthnb.collapse.meter_chart import text

        return text(self)

    def __repr__(self) -> str:
        return f"<Meter: {self.verdict}>"

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        from synthnb.collapse.meter_chart import html, text

        return {"text/html": html(self), "text/plain": text(self)}


def _figure(value: float) -> str:
    return f"{value:.3g}" if abs(value) >= 100 else f"{value:.2f}"
