"""One experiment drawn: theory as a line, simulated means as rings on it, median and band."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from synthnb.collapse.result import Curve, Result

__all__ = ["spec"]

_THIS, _PALE, _INK = "#0072b2", "#b9d5e6", "#1a1a1a"
_RINGS = 25
"""Rings at most: of a long run every second, third, … generation has one."""


def spec(result: Result) -> dict[str, Any]:
    """The chart as a plain Vega-Lite specification, its numbers inside."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": {
            "text": result.name.replace("_", " ").capitalize(),
            "subtitle": _says(result),
            "anchor": "start",
            "subtitleColor": "#5a5a5a",
        },
        "width": 420,
        "height": 240,
        "layer": _layers(result),
        "config": {"view": {"stroke": None}, "axisX": {"grid": False}},
    }


def _says(result: Result) -> str:
    chains = result.params.get("chains")
    of = f"{chains:,} chains" if isinstance(chains, int) else "the chains"
    theory = "line: theory · " if result.theory is not None else "no formula · "
    return f"{theory}rings: mean of {of} · blue: their median · shaded: 10–90%"


def _layers(result: Result) -> list[dict[str, Any]]:
    at = [int(generation) for generation in result.generations]
    every = -(-len(at) // _RINGS)
    x = {
        "field": "generation",
        "type": "quantitative",
        "title": "generation",
        "axis": {"tickMinStep": 1, "format": "d"},
        "scale": {"domain": [at[0], max(at[-1], at[0] + 1)], "nice": False},
    }
    title = {"type": "quantitative", "title": result.measure}
    band = [
        {"generation": g, "low": _plain(low), "high": _plain(high)}
        for g, low, high in zip(at, result.low, result.high, strict=True)
    ]
    y = {"field": "low", **title}
    area = {"type": "area", "color": _PALE, "opacity": 0.6}
    layers = [
        {
            "data": {"values": band},
            "mark": area,
            "encoding": {"x": x, "y": y, "y2": {"field": "high"}},
        },
        _curve(at, result.median, "median", {"type": "line", "color": _THIS}, x, title),
    ]
    if result.theory is not None:
        thin = {"type": "line", "color": _INK, "strokeWidth": 1.25}
        layers.append(_curve(at, result.theory, "theory", thin, x, title))
    rings = {"type": "point", "filled": True, "fill": "white", "stroke": _THIS, "opacity": 1}
    layers.append(_curve(at[::every], result.mean[::every], "mean", rings, x, title))
    return layers


def _curve(
    at: list[int],
    curve: Curve,
    name: str,
    mark: dict[str, Any],
    x: dict[str, Any],
    y: dict[str, Any],
) -> dict[str, Any]:
    rows = [{"generation": g, name: _plain(v)} for g, v in zip(at, curve, strict=True)]
    mark = {**mark, "tooltip": True}
    return {
        "data": {"values": rows},
        "mark": mark,
        "encoding": {"x": x, "y": {"field": name, **y}},
    }


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
