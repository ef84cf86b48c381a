"""Items of a benchmark: how solvers did, which ones to look at, what leaves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from synthnb import item_analysis
from synthnb.batch import Batch
from synthnb.errors import ExportError, RecipeError
from synthnb.metrics.items import discrimination, point_biserial, solve_rates
from synthnb.recipe import Recipe
from synthnb.types import JSON, Record

RECIPE = """
synthnb: 1
kind: benchmark
columns:
  item: {prompt: Ask}
  options: {prompt: Options}
  key: {prompt: Key}
  solved: {prompt: "{{ item }}", choices: [A, B, C, D]}
  closed: {prompt: "{{ options }}", choices: [A, B, C, D]}
"""


def items(*rows: dict[str, Any]) -> Batch:
    whole = [
        {"item": f"Item {i}?", "options": ["1", "2", "3", "4"], "key": "A", **row}
        for i, row in enumerate(rows)
    ]
    records = [Record(i, row, id=f"r{i}") for i, row in enumerate(whole)]
    return Batch(records, Recipe.loads(RECIPE))


def turns(letters: str) -> list[JSON]:
    heats = (0.0, 0.5, 1.0, 1.5, 2.0)
    return [
        {"answer": letter if letter != "-" else None, "model": "a/b", "temperature": heat}
        for letter, heat in zip(letters, heats, strict=False)
    ]


def test_point_biserial_is_pearsons_r() -> None:
    right, scores = [1, 0, 1, 1, 0, 0, 1], [9.0, 3, 6, 8, 5, 1, 7]
    assert point_biserial(right, scores) == pytest.approx(np.corrcoef(right, scores)[0, 1])
    assert np.isnan(point_biserial([1, 1], [3, 4])) and np.isnan(point_biserial([1, 0], [2, 2]))


def test_an_item_is_held_against_the_others_alone() -> None:
    marks = [[1, 1, 1, 0], [1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 1]]
    found = discrimination(marks)
    for item in range(4):
        rest = np.delete(np.array(marks), item, axis=1).mean(axis=1)
        assert found[item] == pytest.approx(np.corrcoef(np.array(marks)[:, item], rest)[0, 1])
    assert found[3] < 0  # the worse solver gets it: is the key right?
    assert np.isnan(discrimination(marks[:2])).all()
    assert solve_rates([[1, np.nan], [0, np.nan]])[0] == 0.5
    with pytest.raises(ValueError, match="marks are"):
        solve_rates([[0.5]])


def test_solve_rates_of_candidates_are_solvers() -> None:
    batch = items({"solved": turns("AAB")}, {"solved": turns("ABB")}, {"solved": turns("A-C")})
    report = item_analysis(batch)
    assert [item.solve_rate for item in report.items] == [0.6667, 0.3333, 0.5]
    assert list(report.solvers.values()) == [1.0, 0.5, 0.0]
    assert list(report.solvers)[1] == "solved 2 (a/b at 0.5)"
    assert report.chance == 0.25 and report.keys == {"A": 3}
    assert list(report.df["wrong"]) == ["B", "B", "C"]


def test_what_to_look_at_first() -> None:
    batch = items(
        {"solved": turns("CCC")},  # everybody says C: is the key wrong?
        {"solved": turns("AAA"), "closed": turns("AAA")},  # solved without the story
        {"solved": turns("BCD")},
        {"solved": turns("AAB")},
        {"solved": turns("AAA"), "key": "Z"},
    )
    flags = [item.flags for item in item_analysis(batch).items]
    assert flags[0] == ("ambiguous", "unsolved")
    assert flags[1] == ("closed_book", "solved_by_all")
    assert flags[2] == ("unsolved",)
    assert flags[3] == ()
    assert flags[4] == ("no_key",)


def test_a_hard_item_that_the_better_solver_gets_is_not_ambiguous() -> None:
    easy = [{"solved": turns("AAB")}] * 3
    report = item_analysis(items(*easy, {"solved": turns("ABB")}))
    assert report.items[3].wrong_share > 0.5
    assert report.items[3].discrimination is not None and report.items[3].discrimination > 0.3
    assert report.items[3].flags == ()


def test_backwards_items_are_flagged_with_five_solvers() -> None:
    good = [{"solved": turns("AAABB")}] * 4
    batch = items(*good, {"solved": turns("BBAAA")})
    report = item_analysis(batch)
    assert report.items[4].discrimination is not None and report.items[4].discrimination < 0
    assert report.items[4].flags == ("ambiguous",)


def test_flagged_items_are_left_out_and_the_card_says_so() -> None:
    batch = items({"solved": turns("CCC")}, {"solved": turns("AAB")})
    report = item_analysis(batch)
    kept = report.keep(batch)
    assert kept["item"] == ["Item 1?"]
    assert "1 item left out by item analysis" in kept.notes[-1]
    assert len(report.keep(batch, drop=())) == 2
    with pytest.raises(RecipeError, match="did you mean 'ambiguous'"):
        report.keep(batch, drop=["ambigous"])


def test_one_answer_a_row_and_open_answers_work_too() -> None:
    rows = [
        {"item": "1+1?", "key": "two", "solved": "Two."},
        {"item": "b", "key": "x", "solved": "y"},
    ]
    recipe = Recipe.loads(
        "synthnb: 1\ncolumns: {item: {prompt: a}, key: {prompt: b}, solved: {prompt: c}}"
    )
    report = item_analysis(Batch([Record(i, row) for i, row in enumerate(rows)], recipe))
    assert [item.solve_rate for item in report.items] == [1.0, 0.0]
    assert report.chance is None


def test_what_is_missing_is_named() -> None:
    batch = items({"solved": turns("A")})
    with pytest.raises(RecipeError, match="did you mean 'solved'"):
        item_analysis(batch, solved="sloved")
    bare = Batch([Record(0, {"item": "a", "key": "b"})], Recipe.loads(RECIPE))
    with pytest.raises(RecipeError, match="no column holds solvers' answers"):
        item_analysis(bare)
    with pytest.raises(ExportError, match="needs columns for"):
        item_analysis(Batch([Record(0, {"x": "a"})], Recipe.loads(RECIPE)))


def test_hostile_texts_stay_text() -> None:
    batch = items({"item": "<script>alert(1)</script>", "solved": turns("<b>")})
    html = item_analysis(batch)._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;" in html
