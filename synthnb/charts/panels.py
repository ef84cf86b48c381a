"""Distributions as small bar charts in SVG, side by side: what a picture of a batch shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synthnb.charts.distributions import Distribution
from synthnb.charts.sheet import BLUE, INK, MUTED, ORANGE, WIDE, fitted, measure, moved, written
from synthnb.visible import number

__all__ = ["panels"]

_ROW, _MOST = 4, 12
"""Charts side by side, and of one picture."""
_APART = 24
_ROOM = (WIDE - (_ROW - 1) * _APART) / _ROW
_HEAD, _BAND, _TALL, _AXIS = 22, 16, 64, 18
_LABEL, _COUNT = 84, 38
"""Room for a bar's name, and for its number."""
_SMALL = 'font-size="10.5"'
_HOLLOW = f'fill="none" stroke="{ORANGE}"'


def panels(charts: Sequence[Distribution]) -> Iterator[tuple[list[str], float]]:
    """Charts in rows: the SVG of each row and the height that it takes."""
    shown = charts[:_MOST]
    for first in range(0, len(shown), _ROW):
        parts: list[str] = []
        height = 0.0
        for place, chart in enumerate(shown[first : first + _ROW]):
            body, tall = (_histogram if chart.kind == "histogram" else _bars)(chart)
            parts.append(moved(place * (_ROOM + _APART), 0, [*_title(chart), *body]))
            height = max(height, _HEAD + tall)
        yield parts, height


def _title(chart: Distribution) -> list[str]:
    planned = chart.kind == "category" and any(bar.planned is not None for bar in chart.bars)
    unit = chart.unit + (", tick = planned" if planned else "")
    title = fitted(chart.title, _ROOM * 0.6)
    after = measure(title) * 1.08 + 6
    return [
        written(0, 12, title, 'font-weight="bold"'),
        written(after, 12, fitted(unit, _ROOM - after), f'{_SMALL} fill="{MUTED}"'),
    ]


def _bars(chart: Distribution) -> tuple[list[str], float]:
    """A bar a label: kept rows filled, rejected ones hollow behind, a tick for the plan."""
    most = max(max(bar.count + bar.rejected, bar.planned or 0) for bar in chart.bars) or 1
    unit = (_ROOM - _LABEL - _COUNT) / most
    parts = []
    for place, bar in enumerate(chart.bars):
        y = _HEAD + place * _BAND
        end = _LABEL + bar.count * unit
        parts.append(written(0, y + 10, fitted(bar.label, _LABEL - 4), _SMALL))
        parts.append(_box(_LABEL, y + 1, end - _LABEL, 10, f'fill="{BLUE}"'))
        if bar.rejected:
            parts.append(_box(end, y + 1.5, bar.rejected * unit, 9, _HOLLOW))
        if bar.planned is not None:
            parts.append(_rule(_LABEL + bar.planned * unit, y - 1, y + 13))
        shown = number(bar.count or bar.rejected)
        parts.append(written(_ROOM - 2, y + 10, shown, f'{_SMALL} text-anchor="end"'))
    return parts, len(chart.bars) * _BAND


def _histogram(chart: Distribution) -> tuple[list[str], float]:
    """A bar a bin, from its lower to its upper end; a dashed line where a check draws one."""
    known = [(bar.lo or 0.0, bar.hi or 0.0, bar) for bar in chart.bars]
    ends = [*(lo for lo, _, _ in known), *(hi for _, hi, _ in known), *chart.limits]
    left, right = min(ends), max(ends)
    across = (_ROOM - 12) / ((right - left) or 1)
    most = max(bar.count + bar.rejected for bar in chart.bars) or 1
    floor = _HEAD + _TALL
    parts = []
    for lo, hi, bar in known:
        x, wide = (lo - left) * across + 6, (hi - lo) * across - 1
        up, lost = bar.count / most * _TALL, bar.rejected / most * _TALL
        parts.append(_box(x, floor - up, wide, up, f'fill="{BLUE}"'))
        if bar.rejected:
            parts.append(_box(x + 0.5, floor - up - lost, wide - 1, lost, _HOLLOW))
    for limit in chart.limits:
        parts.append(_rule((limit - left) * across + 6, _HEAD - 4, floor, dashed=True))
    parts.append(f'<path d="M0 {floor + 0.5}H{_ROOM:.1f}" stroke="{MUTED}"/>')
    parts.append(written(0, floor + 13, number(left), _SMALL))
    parts.append(written(_ROOM, floor + 13, number(right), f'{_SMALL} text-anchor="end"'))
    return parts, _TALL + _AXIS


def _box(x: float, y: float, wide: float, high: float, look: str) -> str:
    size = f'width="{max(wide, 0):.1f}" height="{max(high, 0):.1f}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} {look}/>'


def _rule(x: float, top: float, bottom: float, *, dashed: bool = False) -> str:
    look = f'stroke="{ORANGE}" stroke-dasharray="3 2"' if dashed else f'stroke="{INK}"'
    return f'<path d="M{x:.1f} {top:.1f}V{bottom:.1f}" stroke-width="1.5" {look}/>'
