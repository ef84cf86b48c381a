"""A synthetic table beside the real one: what is close, what is not, what is a copy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synthnb.errors import SourceError
from synthnb.like import compare


def table(rows: int, seed: int, *, tied: bool = True) -> pd.DataFrame:
    """Ages, stays that grow with age, a ward that hangs on age, dates, a free note."""
    rng = np.random.default_rng(seed)
    age = rng.integers(1, 95, rows)
    days = (age if tied else rng.permutation(age)) // 10 + rng.integers(0, 3, rows)
    ward = np.where((age if tied else rng.permutation(age)) > 60, "heart", "general")
    start = np.datetime64("2025-01-01") + rng.integers(0, 300, rows)
    cost = np.where(rng.random(rows) < 0.1, np.nan, days * 300.0 + rng.normal(0, 50, rows))
    notes = [f"Patient {n} slept well and is fine." for n in rng.permutation(10 * rows)[:rows]]
    return pd.DataFrame(
        {
            "age": age,
            "days": days,
            "ward": ward,
            "cost": cost,
            "on": start.astype(str),
            "note": notes,
        }
    )


def test_rows_of_the_same_kind_cannot_be_told_apart() -> None:
    found = compare(table(400, 1), table(400, 2))
    assert [f.column for f in found.columns] == ["age", "days", "ward", "cost", "on"]
    assert [f.kind for f in found.columns] == [
        "numbers",
        "numbers",
        "labels",
        "numbers",
        "dates",
    ]
    assert found.auc is not None and 0.4 < found.auc < 0.6
    assert all(f.distance < 2 * f.expected + 0.05 for f in found.columns)
    assert found.correlation is not None and found.correlation < 0.15
    assert found.k is not None and found.k > 20 and "heart" not in found.privacy
    assert found.columns[3].missing == pytest.approx((0.1, 0.1), abs=0.05)


def test_lost_dependences_show_although_every_column_fits() -> None:
    found = compare(table(400, 1), table(400, 2, tied=False))
    assert all(f.distance < 2 * f.expected + 0.05 for f in found.columns)
    assert found.correlation is not None and found.correlation > 0.7
    assert found.pair is not None and "age" in found.pair
    assert found.auc is not None and found.auc > 0.8


def test_a_column_that_is_off_is_named() -> None:
    off = table(300, 2).assign(age=lambda f: f.age // 2, ward="heart")
    found = compare(table(300, 1), off)
    far = {f.column: f.distance for f in found.columns}
    assert far["age"] > 0.4 and far["ward"] > 0.5 and far["on"] < 0.15
    assert "farthest column ward" in found.finding


def test_copies_are_counted() -> None:
    real = table(50, 1)
    assert compare(real, pd.concat([real.head(7), table(43, 2)])).copies == 7


def test_it_is_seeded_and_takes_files_and_names(tmp_path: Path) -> None:
    real = table(60, 1)
    real.to_csv(tmp_path / "real.csv", index=False)
    ours = table(60, 2).rename(columns={"age": "years"})
    one = compare(tmp_path / "real.csv", ours, columns={"years": "age", "ward": "ward"})
    assert one == compare(real, ours, columns={"years": "age", "ward": "ward"})
    assert compare(real, ours.head(5)).auc is None


def test_what_cannot_be_compared_is_named() -> None:
    real = table(30, 1)
    with pytest.raises(SourceError, match="note holds free text"):
        compare(real, table(30, 2), columns=["note"])
    with pytest.raises(SourceError, match="did you mean 'age'"):
        compare(real, table(30, 2), columns=["agee"])
    with pytest.raises(SourceError, match="no column of numbers"):
        compare(real[["note"]], real[["note"]])


def test_hostile_labels_stay_text() -> None:
    rows = [{"x": "<script>alert(1)</script>", "y": i} for i in range(30)]
    assert "<script>" not in compare(rows, rows)._repr_html_()
