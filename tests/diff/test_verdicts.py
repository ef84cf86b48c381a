"""Verdicts keep the level that they state, on data whose truth is known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from synthnb.batch import Batch
from synthnb.diff import diff
from synthnb.diff.measures import Measure
from synthnb.diff.verdicts import LEVEL, interval, judge
from synthnb.recipe import Recipe
from synthnb.types import Reason, Record

RECIPE = Recipe.loads(
    "synthnb: 1\nname: s\ncolumns:\n  mood: [a, b]\n  text: {prompt: 'x {{ mood }}'}\n"
)
WORDS = np.array([f"w{i}" for i in range(300)])
SHARES = (1 / np.arange(1, 301)) / (1 / np.arange(1, 301)).sum()
PAIRS = 200
"""Simulated comparisons; the error of a rate of 5 % is then 1.5 %."""


def simulated(rng: np.random.Generator, version: int, *, kept: float = 0.8) -> Batch:
    """Random texts of random length: two of them differ by chance alone."""
    records = []
    for i in range(24):
        text = " ".join(rng.choice(WORDS, size=rng.integers(10, 60), p=SHARES))
        passed = bool(rng.random() < kept)
        why = () if passed else (Reason("length", 3),)
        values = {"mood": "ab"[i % 2], "text": text}
        records.append(Record(i, values, accepted=passed, reasons=why, id=f"{version}.{i}"))
    return Batch(records, RECIPE, version=version, name="s")


def test_false_calls_come_as_often_as_stated() -> None:
    rng = np.random.default_rng(2026)
    calls: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    tables = 0
    for _ in range(PAIRS):
        results = diff(simulated(rng, 1), simulated(rng, 2)).results
        false = [r.measure.id for r in results if r.verdict != "no evidence"]
        judged.update(r.measure.id for r in results)
        calls.update(false)
        tables += bool(false)
    assert set(judged) == {"accepted", "repetition", "nearest", "length"}
    for metric, n in judged.items():
        assert calls[metric] / n <= 0.095, metric  # three standard errors above 5 %
    assert 0.02 <= sum(calls.values()) / sum(judged.values()) <= 0.075
    assert abs(tables / PAIRS - (1 - LEVEL**4)) < 0.09  # "about one such table in five"


def test_a_real_change_is_found() -> None:
    rng = np.random.default_rng(7)
    found = Counter[str | None]()
    for _ in range(40):
        results = diff(simulated(rng, 1, kept=0.95), simulated(rng, 2, kept=0.4)).results
        found.update(r.verdict for r in results if r.measure.id == "accepted")
    assert found["worse"] >= 36 and found["better"] == 0


@pytest.mark.parametrize("n", [8, 24, 200])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.8])
def test_intervals_of_yes_and_no_hold_their_level(n: int, share: float) -> None:
    rng = np.random.default_rng(n)
    missed = 0
    for _ in range(PAIRS):
        apart = (rng.random(n) < share) * 1.0 - (rng.random(n) < share)
        ends = interval(apart.tolist(), yes_no=True, resamples=2000)
        assert ends is not None
        missed += not ends[0] <= 0 <= ends[1]
    assert missed / PAIRS <= 0.095


def measured(old: list[float | None], new: list[float | None], better: int = 1) -> Measure:
    return Measure("m", "m", "", better, tuple(old), tuple(new))


def test_directions_give_words() -> None:
    low: list[float | None] = [1.0, 2.0, 3.0, 4.0] * 4
    high: list[float | None] = [2.1, 3.0, 3.9, 5.2] * 4
    words = [judge(measured(low, high, b)).verdict for b in (1, -1, 0)]  # type: ignore[union-attr]
    assert words == ["better", "worse", "changed"]


def test_what_was_not_measured_is_left_out() -> None:
    old: list[float | None] = [None, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    new: list[float | None] = [9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, None]
    result = judge(measured(old, new))
    assert result is not None and (result.n, result.change) == (6, 0.0)
    assert judge(measured([None] * 8, [1.0] * 8)) is None
    assert judge(measured([1.0] * 8, [1.0] * 8)) is None  # never moves: no row in the table
