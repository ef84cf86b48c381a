"""How each column is distributed, against the plan of the run or against real rows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthnb import metrics
from synthnb.report.value import CLEAR, ColumnCheck, Share, Word, shown
from synthnb.types import JSON
from synthnb.visible import as_text, number, one_line

__all__ = ["against_plan", "against_real", "alone"]

LABELS, BINS = 12, 10
ROWS = 5000
"""Rows a side behind the distances to real rows, at most."""
DRAWS = 200
SMALL = 0.1
"""Cohen's w below which a difference from the plan is small however sure."""
_FEWEST = 10

_Numbers: TypeAlias = NDArray[np.float64]


def _label(value: JSON) -> str:
    return as_text(value)


def numeric(values: Sequence[JSON]) -> bool:
    """Whether every known value is a number and they are more than a few labels."""
    known = [value for value in values if value is not None]
    return bool(known) and all(map(_fits, known)) and len(set(known)) > LABELS


def _fits(value: JSON) -> bool:
    """A number that a float can hold."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return isinstance(value, float) or abs(value) < 10**300


def categorical(values: Sequence[JSON]) -> bool:
    """Whether the values repeat as labels do."""
    known = [value for value in values if value is not None]
    if not known or any(isinstance(v, dict | list) for v in known):
        return False
    different = len({_label(v) for v in known})
    short = all(len(_label(v)) <= 60 for v in known[:500])
    return short and (different <= 2 or different <= min(50, len(known) / 4))


def alone(name: str, values: Sequence[JSON]) -> ColumnCheck | None:
    """A column with nothing to compare with: its labels and their entropy."""
    if not categorical(values):
        return None
    counts = Counter(map(_label, values))
    shares = _shares(counts, {}, len(values))
    p = np.array(list(counts.values())) / len(values)
    entropy = float(-(p * np.log2(p)).sum()) + 0.0
    top, often = counts.most_common(1)[0]
    finding = f"Most often {one_line(top, 40)}, {often / len(values):.0%} of the rows."
    return ColumnCheck(name, "category", "", shares, {"entropy": entropy}, finding=finding)


def against_plan(
    name: str, values: Sequence[JSON], planned: Mapping[str, float]
) -> ColumnCheck | None:
    """Labels against the counts the plan promised; chi-square, total variation, w."""
    held = {label: count for label, count in planned.items() if count > 0}
    if len(held) < 2 or not values:
        return None
    counts = Counter(map(_label, values))
    size = len(values)
    total = sum(held.values())
    stray = sum(count for label, count in counts.items() if label not in held)
    p = [counts[label] / size for label in held] + [stray / size]
    q = [count / total for count in held.values()] + [0.0]
    figures = {"total_variation": metrics.total_variation(p, q), "jsd": metrics.jsd(p, q)}
    word: Word = ""
    clear = False
    if stray < size:
        inside = size - stray
        test = metrics.chi_square(
            [counts[label] for label in held],
            [count / total * inside for count in held.values()],
        )
        figures |= {"chi_square": float(test), "p": test.p, "w": test.w}
        word = "changed" if test.p < 0.05 and test.w > SMALL else "no evidence"
        clear = test.p < 0.003
    if stray:
        word, clear = "changed", True
    shares = _shares(counts, {label: count / total for label, count in held.items()}, size)
    return ColumnCheck(
        name,
        "category",
        "plan",
        shares,
        figures,
        word=word,
        clear=clear,
        finding=_farthest(shares, "planned"),
    )


def against_real(
    name: str, values: Sequence[JSON], real: Sequence[JSON], *, seed: int = 0
) -> ColumnCheck | None:
    """A column against the same of the real rows, with what real rows differ by."""
    rng = np.random.default_rng(seed)
    if numeric(values) and numeric(real):
        return _numbers(name, values, real, rng)
    if not (categorical(values) or categorical(real)):
        return None
    if not (_labels_like(values) and _labels_like(real)):
        return None
    return _categories(name, values, real, rng)


def _labels_like(values: Sequence[JSON]) -> bool:
    return len({_label(v) for v in values[:5000]}) <= max(200, len(values) // 20)


def _categories(
    name: str, values: Sequence[JSON], real: Sequence[JSON], rng: np.random.Generator
) -> ColumnCheck:
    own, other = Counter(map(_label, values)), Counter(map(_label, real))
    labels = [label for label, _ in (own + other).most_common()]
    p = np.array([own[label] for label in labels]) / len(values)
    q = np.array([other[label] for label in labels]) / len(real)
    figures = {"total_variation": metrics.total_variation(p, q), "jsd": metrics.jsd(p, q)}
    # Two samples of real rows, as large as the two sides: what real differs from real by.
    first = rng.multinomial(len(values), q, DRAWS) / len(values)
    second = rng.multinomial(len(real), q, DRAWS) / len(real)
    chance = float(np.quantile(np.abs(first - second).sum(axis=1) / 2, 0.95))
    word: Word = "changed" if figures["total_variation"] > chance + 1e-12 else "no evidence"
    clear = figures["total_variation"] > CLEAR * chance + 1e-12
    shares = _shares(
        own, {label: count / len(real) for label, count in other.items()}, len(values)
    )
    finding = _farthest(shares, "real")
    lost = [label for label in other if label not in own]
    if lost:
        finding = f"Never written: {', '.join(one_line(label, 30) for label in lost[:4])}" + (
            f" and {len(lost) - 4} more." if len(lost) > 4 else "."
        )
    return ColumnCheck(name, "category", "real", shares, figures, chance, word, clear, finding)


def _numbers(
    name: str, values: Sequence[JSON], real: Sequence[JSON], rng: np.random.Generator
) -> ColumnCheck | None:
    own, other = _finite(values, rng), _finite(real, rng)
    if min(len(own), len(other)) < _FEWEST:
        return None
    figures = {"ks": metrics.ks(own, other), "wasserstein": metrics.wasserstein(own, other)}
    edges = np.unique(np.quantile(other, np.linspace(0, 1, BINS + 1)))
    inner = edges[1:-1]
    p = np.bincount(np.searchsorted(inner, own, "right"), minlength=len(edges) - 1) / len(own)
    q = np.bincount(np.searchsorted(inner, other, "right"), minlength=len(edges) - 1) / len(
        other
    )
    if len(p) == len(q):
        figures["jsd"] = metrics.jsd(p, q)
    small = min(len(own), len(other), 2000)
    scale = math.sqrt((1 / len(own) + 1 / len(other)) / (2 / small))
    draws = [
        metrics.ks(rng.choice(other, small), rng.choice(other, small)) for _ in range(DRAWS)
    ]
    # Draws from one side miss how that side differs from the truth: the formula is a floor.
    floor = 1.358 * math.sqrt(1 / len(own) + 1 / len(other))
    chance = max(float(np.quantile(draws, 0.95)) * scale, floor)
    word: Word = "changed" if figures["ks"] > chance else "no evidence"
    clear = figures["ks"] > CLEAR * chance
    shares = tuple(
        Share(
            f"{number(_short(lo))}–{number(_short(hi))}",
            round(a * len(own)),
            float(a),
            float(b),
        )
        for lo, hi, a, b in zip(edges[:-1], edges[1:], p, q, strict=False)
    )
    finding = (
        f"Median {shown(float(np.median(own)))}, real {shown(float(np.median(other)))}; "
        f"{_outside(own, other)}"
    )
    return ColumnCheck(name, "number", "real", shares, figures, chance, word, clear, finding)


def _outside(own: _Numbers, real: _Numbers) -> str:
    share = float(((own < real.min()) | (own > real.max())).mean())
    return f"{share:.0%} outside the real range." if share else "all within the real range."


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _finite(values: Sequence[Any], rng: np.random.Generator) -> _Numbers:
    array = np.array([value for value in values if value is not None], dtype=np.float64)
    array = array[np.isfinite(array)]
    return array if len(array) <= ROWS else rng.permutation(array)[:ROWS]


def _shares(counts: Counter[str], wanted: Mapping[str, float], size: int) -> tuple[Share, ...]:
    names = list(dict.fromkeys([*wanted, *(label for label, _ in counts.most_common())]))
    by_size = sorted(names, key=lambda n: -max(counts[n] / size, wanted.get(n, 0.0)))
    kept = set(by_size[:LABELS] if len(names) <= LABELS else by_size[: LABELS - 1])
    plan = bool(wanted)
    rows = [
        Share(
            one_line(n, 60), counts[n], counts[n] / size, wanted.get(n, 0.0) if plan else None
        )
        for n in names
        if n in kept
    ]
    rest = [n for n in names if n not in kept]
    if rest:
        left = sum(counts[n] for n in rest)
        other = sum(wanted.get(n, 0.0) for n in rest) if plan else None
        rows.append(Share(f"{len(rest)} others", left, left / size, other))
    return tuple(rows)


def _farthest(shares: Sequence[Share], other: str) -> str:
    far = max(shares, key=lambda s: abs(s.share - (s.wanted or 0.0)), default=None)
    if far is None or far.wanted is None:
        return ""
    return f"Farthest: {far.label}, {far.share:.0%}, {other} {far.wanted:.0%}."
