"""Planned rows: attributes and source rows from the seed and the index alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from synthnb.errors import RecipeError, SourceError
from synthnb.recipe import Recipe
from synthnb.samplers import (
    few_shot_picks,
    largest_remainder,
    make_plan,
    planned_counts,
    quota_cells,
)
from synthnb.source import open_source

SUPPORT = """
synthnb: 1
seed: 7
columns:
  topic: {category: {billing: 2, login: 2, refund: 1}}
  detail:
    subcategory: topic
    of: {billing: [invoice, vat], login: [2fa, reset], refund: [late]}
  urgent: {category: {true: 1, false: 3}}
  rare: {category: {common: 0.97, odd: 0.03}}
  words: {integer: [20, 120]}
  stars: {integer: [1, 5]}
  price: {number: [0.5, 9.5]}
  day: {datetime: [2026-01-01, 2026-12-31]}
  moment: {datetime: ["2026-01-01T08:00", "2026-01-01T09:00"]}
  who: {person: {locale: en}}
  ticket: {uuid: {}}
  question:
    prompt: "A question on {{ topic }}."
    few_shot: 2
    examples:
      - {topic: billing, question: a}
      - {topic: billing, question: b}
      - {topic: login, question: c}
      - {topic: refund, question: d}
target: {rows: 100, quotas: {topic: {refund: 40}}}
"""


@pytest.fixture
def recipe() -> Recipe:
    return Recipe.loads(SUPPORT)


def test_counts_follow_the_weights(recipe: Recipe) -> None:
    plan = make_plan(recipe, None, 24)
    rows = [plan.row(i).values for i in range(24)]
    topics = Counter(row["topic"] for row in rows)
    assert {topics["billing"], topics["login"]} <= {9, 10} and topics["refund"] in (4, 5)
    assert Counter(plan.row(i).values["rare"] for i in range(1000))["odd"] in (29, 30, 31)


def test_subcategories_are_balanced_under_their_parent(recipe: Recipe) -> None:
    plan = make_plan(recipe, None, 100)
    pairs = Counter((r["topic"], r["detail"]) for r in (plan.row(i).values for i in range(100)))
    assert pairs == {
        ("billing", "invoice"): 20, ("billing", "vat"): 20,
        ("login", "2fa"): 20, ("login", "reset"): 20, ("refund", "late"): 20,
    }  # fmt: skip


def test_rows_never_change(recipe: Recipe) -> None:
    # Written down once: another hash means other rows for every saved recipe.
    plan = make_plan(recipe, None, 1)
    rows = json.dumps([plan.row(i).values for i in range(50)])
    assert sha256(rows.encode()).hexdigest().startswith("c52cd254f5dbeffc")


def test_a_row_needs_no_other_row(recipe: Recipe) -> None:
    forwards = [make_plan(recipe, None, 5).row(i) for i in range(50)]
    plan = make_plan(recipe, None, 500)
    assert [plan.row(i) for i in reversed(range(50))] == forwards[::-1]


def test_columns_do_not_move_each_other(recipe: Recipe) -> None:
    columns = {name: c for name, c in recipe.columns.items() if name not in ("rare", "words")}
    fewer = make_plan(recipe.replace(columns=columns), None, 5).row(3).values
    full = make_plan(recipe, None, 5).row(3).values
    assert {name: full[name] for name in fewer} == fewer


def test_another_process_draws_the_same(recipe: Recipe) -> None:
    here = repr([make_plan(recipe, None, 5).row(i).values for i in range(5)])
    code = (
        "import sys\n"
        "from synthnb.recipe import Recipe\n"
        "from synthnb.samplers import make_plan\n"
        "plan = make_plan(Recipe.loads(sys.stdin.read()), None, 5)\n"
        "print(repr([plan.row(i).values for i in range(5)]))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], input=SUPPORT, capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == here


def test_values_lie_in_their_ranges(recipe: Recipe) -> None:
    plan = make_plan(recipe, None, 200)
    rows = [plan.row(i).values for i in range(200)]
    assert {row["stars"] for row in rows} == {1, 2, 3, 4, 5}
    assert min(r["words"] for r in rows) < 25 and max(r["words"] for r in rows) > 115
    assert all(20 <= r["words"] <= 120 and 0.5 <= r["price"] <= 9.5 for r in rows)
    assert all(len(row["day"]) == 10 and row["day"].startswith("2026-") for row in rows)
    assert all("2026-01-01T08:00:00" <= r["moment"] <= "2026-01-01T09:00:00" for r in rows)
    assert {row["urgent"] for row in rows} == {True, False}
    assert len({row["ticket"] for row in rows}) == 200
    assert all(row["ticket"][14] == "4" for row in rows)


def test_people_are_made_of_independent_parts(recipe: Recipe) -> None:
    plan = make_plan(recipe, None, 1000)
    people = [plan.row(i).values["who"] for i in range(1000)]
    assert set(people[0]) == {"name", "age", "sex", "city", "job", "traits"}
    sexes = Counter(person["sex"] for person in people)
    assert 480 <= sexes["female"] <= 500 and 10 <= sexes["nonbinary"] <= 30
    assert min(p["age"] for p in people) == 18 and max(p["age"] for p in people) == 85
    nurses = Counter(p["sex"] for p in people if p["job"].endswith("nurse"))
    assert nurses["male"] and nurses["female"]
    assert len({person["name"] for person in people}) > 800
    assert all(p["job"].startswith("retired") == (p["age"] >= 67) for p in people)


@pytest.mark.parametrize("locale", ["de", "fr", "es"])
def test_people_of_other_locales(locale: str) -> None:
    text = (
        f"synthnb: 1\ncolumns: {{who: {{person: {{locale: {locale}}}}}, text: {{prompt: x}}}}"
    )
    plan = make_plan(Recipe.loads(text), None, 1)
    assert all("|" not in repr(plan.row(i).values) for i in range(200))


def test_an_unknown_locale_names_those_there_are() -> None:
    with pytest.raises(RecipeError, match=r"must be 'en', 'de', 'fr' or 'es', not 'xx'"):
        Recipe.loads("synthnb: 1\ncolumns: {who: {person: {locale: xx}}, t: {prompt: x}}")


def test_a_quota_conditions_a_row_and_leaves_the_rest(recipe: Recipe) -> None:
    plan = make_plan(recipe, None, 10)
    for index in range(20):
        free, hard = plan.row(index).values, plan.row(index, {"topic": "refund"}).values
        assert hard["topic"] == "refund" and hard["detail"] == "late"
        assert {k: free[k] for k in ("words", "who", "ticket", "urgent")} == {
            k: hard[k] for k in ("words", "who", "ticket", "urgent")
        }


def test_a_subcategory_quota_brings_its_parent(recipe: Recipe) -> None:
    plan = make_plan(recipe, None, 10)
    assert {plan.row(i, {"detail": "vat"}).values["topic"] for i in range(9)} == {"billing"}
    assert plan.row(0, {"urgent": "true"}).values["urgent"] is True


def test_a_label_under_two_parents_follows_their_weights() -> None:
    shared = Recipe.loads(
        "synthnb: 1\ncolumns:\n  topic: {category: {billing: 9, login: 1}}\n"
        "  detail: {subcategory: topic, of: {billing: [other], login: [other]}}\n"
    )
    plan = make_plan(shared, None, 400)
    topics = Counter(plan.row(i, {"detail": "other"}).values["topic"] for i in range(400))
    assert topics["billing"] == pytest.approx(360, abs=20)


@pytest.mark.parametrize(
    "where", [{"topic": "weather"}, {"detail": "late", "topic": "login"}, {"tpoic": "login"}]
)
def test_an_impossible_quota_is_refused(recipe: Recipe, where: dict[str, str]) -> None:
    with pytest.raises(RecipeError):
        make_plan(recipe, None, 10).row(0, where)


def test_planned_counts_hold_quotas(recipe: Recipe) -> None:
    counts = planned_counts(recipe, 100)
    assert counts["topic"] == {"billing": 30.0, "login": 30.0, "refund": 40.0}
    assert counts["detail"]["vat"] == 15.0 and counts["detail"]["late"] == 40.0
    assert counts["urgent"] == {"true": 25.0, "false": 75.0}
    assert quota_cells(recipe) == [({"topic": "refund"}, 40)]


def test_largest_remainder() -> None:
    assert largest_remainder([0.5, 0.3, 0.2], 7) == [4, 2, 1]
    assert sum(largest_remainder([1 / 3] * 3, 100)) == 100


def test_few_shot_rotates_through_classes_and_examples(recipe: Recipe) -> None:
    plan = make_plan(recipe, None, 60)
    shown = [few_shot_picks(recipe, "question", i) for i in range(60)]
    assert shown == [plan.few_shot("question", i) for i in range(60)]
    assert all(len(picks) == 2 == len(set(picks)) for picks in shown)
    assert set(Counter(pick for picks in shown for pick in picks)) == {0, 1, 2, 3}
    classes = {0: "billing", 1: "billing", 2: "login", 3: "refund"}
    for index, picks in enumerate(shown):
        held = {classes[pick] for pick in picks}
        assert len(held) == 2 and plan.row(index).values["topic"] in held


def test_all_examples_show_in_order_without_few_shot(recipe: Recipe) -> None:
    text = SUPPORT.replace("    few_shot: 2\n", "")
    assert few_shot_picks(Recipe.loads(text), "question", 5) == (0, 1, 2, 3)


REVIEWS = [{"text": f"row {i}", "label": "rare" if i % 10 == 0 else "usual"} for i in range(30)]


def augment(**source: object) -> Recipe:
    base = "synthnb: 1\nsource: {path: rows.csv, columns: [text, label]}\n"
    recipe = Recipe.loads(base + "columns: {text: {prompt: 'Say again: {{ text }}'}}")
    assert recipe.source is not None
    return recipe.replace(source=recipe.source.model_copy(update=source))


def plan_of(recipe: Recipe, n: int = 10):  # type: ignore[no-untyped-def]
    return make_plan(recipe, open_source(recipe.source, base=Path(), frame=REVIEWS), n)


def test_each_source_row_comes_once_in_a_seeded_order() -> None:
    plan = plan_of(augment())
    assert plan.limit == 30
    rows = [plan.row(i) for i in range(30)]
    texts = [row.source["text"] for row in rows]
    assert sorted(texts) == sorted(r["text"] for r in REVIEWS) and texts[:3] != [
        "row 0",
        "row 1",
    ]
    assert len({row.source_id for row in rows}) == 30
    with pytest.raises(IndexError):
        plan.row(30)
    assert [plan_of(augment()).row(i) for i in range(30)] == rows


def test_file_order_and_several_rows_each() -> None:
    plan = plan_of(augment(order="file", per_row=3))
    assert plan.limit == 90
    assert [plan.row(i).source["text"] for i in range(4)] == ["row 0"] * 3 + ["row 1"]


def test_repeat_shuffles_every_round_anew() -> None:
    plan = plan_of(augment(repeat=True))
    assert plan.limit is None
    rounds = [[plan.row(i + 30 * r).source["text"] for i in range(30)] for r in range(2)]
    assert sorted(rounds[0]) == sorted(rounds[1]) and rounds[0] != rounds[1]


def test_a_quota_on_a_source_column_takes_matching_rows_again() -> None:
    plan = plan_of(augment())
    rare = [plan.row(i, {"label": "rare"}).source["text"] for i in range(60)]
    assert Counter(rare) == {"row 0": 20, "row 10": 20, "row 20": 20}
    with pytest.raises(RecipeError, match="No source row has label = none"):
        plan.row(0, {"label": "none"})


def test_a_recipe_with_a_source_needs_its_rows() -> None:
    with pytest.raises(SourceError):
        make_plan(augment(), None, 3)


def test_a_draw_by_index_is_the_draw_of_the_row() -> None:
    from synthnb.recipe.parts import Category
    from synthnb.samplers.columns import category_by_index, draw_category

    for weights in ([1, 1, 1], [3, 2, 1], [0.123, 0.5, 1.7]):
        column = Category(values=["a", "b", "c"], weights=weights)
        by_index = category_by_index(column, "mood", 7)
        assert [by_index(i) for i in range(200)] == [
            draw_category(column, "mood", 7, i).value for i in range(200)
        ]
