"""Columns like real ones: marginals, dependences, gaps; no names are copied."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from synthnb.errors import SourceError
from synthnb.like import JointModel, fit_joint
from synthnb.like.labels import fit_tree
from synthnb.recipe import Recipe
from synthnb.samplers import make_plan
from synthnb.source import open_source


def patients(count: int = 1500) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    age = rng.integers(18, 90, count)
    old = age > 65
    ward = np.where(old, rng.choice(["geriatrics", "heart"], count), rng.choice(
        ["bones", "births", "heart"], count))  # fmt: skip
    cost = np.round(np.exp(4 + age / 40 + rng.normal(0, 0.5, count)), 2)
    cost[rng.random(count) < 0.2] = 0.0
    cost[(age < 30) & (rng.random(count) < 0.5)] = np.nan
    day = pd.Timestamp("2026-01-01") + pd.to_timedelta(age + rng.integers(0, 60, count), "D")
    return pd.DataFrame(
        {
            "age": age,
            "ward": ward,
            "cost": cost,
            "visits": rng.poisson(2, count),
            "day": day.strftime("%Y-%m-%d"),
            "smokes": rng.random(count) < 0.3,
        }
    )


def fitted(frame: Any) -> JointModel:
    source = open_source(None, base=Path(), frame=frame)
    return fit_joint(source, {column: column for column in source.columns})


def test_of_very_many_rows_some_from_everywhere_are_looked_at() -> None:
    model = fitted(pd.DataFrame({"place": np.arange(60_000)}))
    made = [int(str(model.sample(7, i)["place"])) for i in range(400)]
    assert np.mean(made) == pytest.approx(30_000, rel=0.1)
    assert max(made) > 55_000


def test_marginals_and_dependences_come_back() -> None:
    real = patients()
    model = fitted(real)
    made = pd.DataFrame([model.sample(7, i) for i in range(1500)])
    assert made["age"].between(18, 89).all() and made["age"].dtype.kind == "i"
    assert abs(made["age"].mean() - real["age"].mean()) < 1
    assert abs((made["cost"] == 0).mean() - (real["cost"] == 0).mean()) < 0.03
    assert abs(made["cost"].isna().mean() - real["cost"].isna().mean()) < 0.02
    assert made.loc[made["cost"].isna(), "age"].mean() < 35
    shares = made["ward"].value_counts(normalize=True) - real["ward"].value_counts(
        normalize=True
    )
    assert shares.abs().max() < 0.02
    for one, other in [("age", "cost"), ("age", "visits")]:
        pair = [frame[[one, other]].corr("spearman").iloc[0, 1] for frame in (real, made)]
        assert abs(pair[0] - pair[1]) < 0.08
    ages = made.groupby("ward")["age"].mean()
    assert ages["geriatrics"] > ages["heart"] > max(ages["bones"], ages["births"])
    assert made["day"].str.fullmatch(r"2026-\d\d-\d\d").all()
    assert abs(made["smokes"].mean() - 0.3) < 0.03
    assert made["cost"].dropna().map(lambda cost: round(cost, 2) == cost).all()


def test_labels_keep_what_has_no_order() -> None:
    """Each city has its own weather and its own plans; no line through the cities says so."""
    rng = np.random.default_rng(2)
    city = rng.choice(["Oslo", "Bergen", "Bodo"], 900, p=[0.5, 0.3, 0.2])
    own = {"Oslo": [0.8, 0.1, 0.1], "Bergen": [0.1, 0.1, 0.8], "Bodo": [0.1, 0.8, 0.1]}
    real = pd.DataFrame(
        {
            "city": city,
            "plan": [rng.choice(["a", "b", "c"], p=own[name]) for name in city],
            "rain": pd.Series(city).map({"Oslo": 7, "Bergen": 22, "Bodo": 10})
            + rng.normal(0, 2, 900),
            "warm": pd.Series(city).map({"Oslo": 8, "Bergen": 6, "Bodo": -2})
            + rng.normal(0, 1, 900),
        }
    )
    real.loc[(real["plan"] == "c") & (rng.random(900) < 0.5), "warm"] = np.nan
    model = fitted(real)
    made = pd.DataFrame([model.sample(7, i) for i in range(900)])
    for frame in (real, made):
        frame["gap"] = frame["warm"].isna()
    table = [pd.crosstab(f["city"], f["plan"], normalize="index") for f in (real, made)]
    assert (table[0] - table[1]).abs().max().max() < 0.08
    for number, near in [("rain", 3.0), ("warm", 2.0)]:
        means = [frame.groupby("city")[number].mean() for frame in (real, made)]
        assert (means[0] - means[1]).abs().max() < near
    gaps = [frame.groupby("plan")["gap"].mean() for frame in (real, made)]
    assert (gaps[0] - gaps[1]).abs().max() < 0.1


def test_labels_alone_and_labels_with_gaps() -> None:
    frame = [{"a": ["x", "y", None][i % 3], "b": ["u", "v"][i % 2]} for i in range(60)]
    model = fitted(frame)
    rows = [model.sample(1, i) for i in range(300)]
    assert {row["a"] for row in rows} == {"x", "y", None}
    assert abs(sum(row["a"] is None for row in rows) - 100) < 20


def test_a_row_follows_from_seed_and_index() -> None:
    model, again = fitted(patients(200)), fitted(patients(200))
    assert [model.sample(7, i) for i in range(20)] == [again.sample(7, i) for i in range(20)]
    assert model.sample(8, 0) != model.sample(7, 0)


def test_names_and_free_text_are_not_repeated() -> None:
    frame = [{"name": f"Person {i}", "n": i % 7} for i in range(200)]
    with pytest.raises(SourceError, match="name looks like free text"):
        fitted(frame)


@pytest.mark.parametrize(
    ("frame", "says"),
    [([{"a": 1}], "two or more"), ([{"a": [1]}, {"a": [2]}], "lists or objects")],
)
def test_what_cannot_be_fitted(frame: Any, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        fitted(frame)


def test_odd_columns_are_survived() -> None:
    frame = [
        {
            "one": 5,
            "none": None,
            "flag": odd == 0,
            "tiny": [0.1, 0.25][odd],
            "mixed": [1, "x"][odd],
        }
        for odd in (0, 1) * 20
    ]
    model = fitted(frame)
    rows = [model.sample(1, i) for i in range(200)]
    assert {row["one"] for row in rows} == {5} and {row["none"] for row in rows} == {None}
    assert {row["tiny"] for row in rows} == {0.1, 0.25}
    assert {row["mixed"] for row in rows} == {1, "x"}
    agree = sum(row["flag"] == (row["tiny"] == 0.1) for row in rows)
    assert agree > 190


def test_times_keep_their_zone_and_form() -> None:
    frame = [{"at": f"2026-01-{1 + i % 28:02}T{i % 24:02}:30:00+02:00"} for i in range(100)]
    made = [fitted(frame).sample(3, i)["at"] for i in range(5)]
    assert all(at.endswith("+02:00") and at[10] == "T" for at in made)


def test_in_a_recipe() -> None:
    recipe = Recipe.loads(
        "synthnb: 1\nsource: {path: patients.csv}\n"
        "columns: {age: {like: age}, ward: {like: ward}, note: {prompt: '{{ age }}'}}"
    )
    plan = make_plan(recipe, open_source(recipe.source, base=Path(), frame=patients(300)), 10)
    assert plan.limit is None
    row = plan.row(12)
    assert set(row.values) == {"age", "ward"} and row.source is None and row.source_id is None
    assert {plan.row(i, {"ward": "births"}).values["ward"] for i in range(10)} == {"births"}


def test_two_columns_of_many_labels_take_little_room() -> None:
    """A table of every label beside every other one would take 0.8 GB."""
    rng = np.random.default_rng(0)
    streets, codes = rng.integers(0, 9_900, (2, 20_000))
    data = {"street": streets.tolist(), "code": codes.tolist(), "town": (streets % 9).tolist()}
    tracemalloc.start()
    tree = fit_tree(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 100e6
    drawn = [tree.values(tree.draw(row)) for row in rng.random((300, 3)).tolist()]
    assert np.mean([row["street"] % 9 == row["town"] for row in drawn]) > 0.4  # type: ignore[operator]
