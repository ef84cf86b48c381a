"""Choosing rows by code: values, ranges, rules, text; readable back as code."""

from __future__ import annotations

import pytest

from synthnb.batch import Batch
from synthnb.explore import Selection, SelectionError
from synthnb.explore.door import answer
from synthnb.explore.filters import from_json
from synthnb.explore.live import live_of
from synthnb.types import Reason
from synthnb.visible import one_line
from tests.samples import HOSTILE, batch_of, many, recipe, record, sample_batch

BATCH = sample_batch()


def test_conditions_on_different_columns_all_hold() -> None:
    found = BATCH.select(mood="angry", length=(100, 160))
    assert set(found.df["mood"]) == {"angry"}
    assert all(100 <= len(text) < 160 for text in found.df["text"])
    assert len(found) == len(found.rows) == len(found.ids) == 6
    assert len(found.rejected) == 4
    assert found.rows[0]["_synthnb"]["id"] == found.ids[0]


def test_values_of_one_column_are_alternatives() -> None:
    both = BATCH.select(product=["kettle", "laptop"])
    assert len(both) == len(BATCH.select(product="kettle")) + len(
        BATCH.select(product="laptop")
    )


def test_rejected_rows_by_rule_and_all_of_them() -> None:
    assert len(BATCH.select(rejected=True)) == 7
    assert len(BATCH.select(rule="judge")) == 3
    assert len(BATCH.select(rule="judge", mood="angry").df) == len(
        [r for r in BATCH.select(rule="judge") if r["mood"] == "angry"]
    )
    with pytest.raises(
        SelectionError, match=r"^No check is called jugde; did you mean 'judge'"
    ):
        BATCH.select(rule="jugde")
    with pytest.raises(SelectionError, match=r"No check is called none\. Rules here: .*judge"):
        BATCH.select(rule=["judge", "none"])


def test_code_of_a_rule_that_no_check_has_holds_where_no_row_was_rejected_by_it() -> None:
    batch = sample_batch()
    for row in batch.select(mood="angry").ids[:2]:
        batch.decisions.decide(row, "drop")
    dropped = {"filters": [{"kind": "rule", "rules": ["dropped"]}]}
    code = str(answer(batch, {"op": "code", **dropped}, variable="b")["code"])
    assert len(eval(code, {"b": batch})) == 2
    assert len(eval(code, {"b": BATCH})) == 0
    for rule in ("truncated", "refusal", "timeout", "http_418", "quota", "mix", "rejected"):
        assert len(batch_of(["one text"]).select(rule=rule, rejected=True)) == 0
    with pytest.raises(SelectionError, match="No check is called http_x"):
        BATCH.select(rule="http_x")


def test_text_and_ids() -> None:
    assert all("lid broke" in row["text"] for row in BATCH.select(search="LID BROKE"))
    assert BATCH.select(ids=["r0001", "r0003"]).ids == ["r0001", "r0003"]
    assert BATCH.select(ids="r0001").ids == ["r0001"]


def test_conditions_that_are_no_map_get_one_line() -> None:
    with pytest.raises(SelectionError, match="select takes conditions such as"):
        BATCH.select("mood")  # type: ignore[arg-type]


def test_one_number_stays_one_number_in_code() -> None:
    found = BATCH.select(length=100)
    assert found.code("b") == "b.select(length=100)"


def test_code_that_names_many_rows_wraps_and_still_selects_them() -> None:
    ids = [f"r{i:04}" for i in range(98)]
    found = BATCH.select(ids=ids, mood="angry")
    lines = found.code("reviews").splitlines()
    assert 5 < len(lines) < 20
    assert max(map(len, lines)) <= 96
    assert eval(found.code("reviews"), {"reviews": BATCH}).ids == found.ids
    assert "\n" not in repr(found)


NAMES = ("class", "rule", "ids", "batch", "where", "self", "search", "ﬁ", "a b", "it's")


@pytest.mark.parametrize("name", NAMES)
def test_code_selects_the_same_rows_whatever_a_column_is_called(name: str) -> None:
    labels = [*HOSTILE[:3], 'it\'s """ a\\nb', "'+__import__('os').system('x')+'"]
    why = Reason("length", 3.0, "too short")
    made = [record(i, {name: labels[i % 5], "text": "x"}, *[why] * (i > 19)) for i in range(30)]
    batch = Batch(made, recipe("synthnb: 1\ncolumns: {text: {prompt: x}}"))
    for label in labels:
        chosen = [{"kind": "values", "chart": name, "values": [one_line(label, 60)]}]
        for more in ([], [{"kind": "rule", "rules": ["length"]}]):
            code = answer(batch, {"op": "code", "filters": chosen + more}, variable="b")
            frame = eval(str(code["code"]), {"b": batch})
            assert list(frame[name]) == [label] * len(frame)
            assert len(frame) == len(Selection(batch, from_json(batch, chosen + more)))


def test_labels_that_look_alike_share_a_bar_and_its_filter() -> None:
    labels = ["no", "no ", "x" * 70 + "1", "x" * 70 + "2"]
    made = [record(i, {"said": labels[i % 4], "text": "x"}) for i in range(12)]
    spec = "synthnb: 1\ncolumns: {said: {prompt: x, choices: ['no', 'yes']}, text: {prompt: x}}"
    batch = Batch(made, recipe(spec))
    (chart,) = (chart for chart in batch.distributions if chart.id == "said")
    assert [(bar.label[:3], bar.count) for bar in chart.bars] == [
        ("no", 6), ("yes", 0), ("xxx", 6),
    ]  # fmt: skip
    chosen = [{"kind": "values", "chart": "said", "values": ["no"]}]
    said = answer(batch, {"op": "rows", "filters": chosen, "end": 9})
    assert said["total"] == 6
    assert said["counts"]["said"] == [6, 0, 0]


def test_a_range_leaves_its_end_out_but_for_the_largest_of_all() -> None:
    rows = [record(i, {"text": "x", "words": i}) for i in range(5)]
    batch = Batch(rows, recipe("synthnb: 1\ncolumns: {text: {prompt: x}}"))
    assert [row["words"] for row in batch.select(words=(1, 3))] == [1, 2]
    assert [row["words"] for row in batch.select(words=(3, 4))] == [3, 4]
    assert [row["words"] for row in batch.select(words=range(1, 3))] == [1, 2]
    assert [row["words"] for row in batch.select(words=(None, 2))] == [0, 1]
    assert [row["words"] for row in batch.select(words=2)] == [2]


LENGTHS = """\
synthnb: 1
columns:
  length: [short, long]
  nearest: {integer: [0, 9]}
  text: {prompt: "A {{ length }} text."}
"""


def test_a_range_of_what_is_measured_of_some_rows_says_so() -> None:
    assert ", nearest is known of 2,000 · " in repr(many(4000).select(nearest=(0, 0.5)))
    assert "is known of" not in repr(BATCH.select(nearest=(0, 0.5)))


def test_columns_may_have_the_names_of_what_is_measured() -> None:
    rows = [
        record(i, {"length": ("short", "long")[i % 2], "nearest": i, "text": "x" * (10 + i)})
        for i in range(8)
    ]
    batch = Batch(rows, recipe(LENGTHS), name="made")
    drawn = {chart.id: chart.total for chart in batch.distributions}
    assert drawn == {"length": 8, "nearest": 8, "text length": 8, "text nearest": 8}
    assert len(batch.select(length="short")) == 4
    assert batch.select(nearest=(2, 4)).df["nearest"].tolist() == [2, 3]
    assert len(batch.select({"text length": (12, 15)})) == 3
    brushed = {"kind": "range", "chart": "text length", "lo": 12, "hi": 15}
    said = answer(batch, {"id": 1, "op": "code", "filters": [brushed]})
    assert said["code"] == "made.select({'text length': (12, 15)}).df"
    found = answer(batch, {"id": 2, "op": "rows", "filters": [brushed], "end": 8})
    assert sum(found["counts"]["text length"]) == sum(found["counts"]["length"]) == 3  # type: ignore[index, arg-type, call-overload]


def test_a_label_that_is_not_there_and_a_turned_range_are_told() -> None:
    with pytest.raises(SelectionError, match=r"^mood is never angri; did you mean 'angry'\?$"):
        BATCH.select(mood="angri")
    with pytest.raises(SelectionError, match=r"product is never z\. There are: laptop, kettle"):
        BATCH.select(product=["kettle", "z"])
    with pytest.raises(SelectionError, match=r"lower bound comes first, as in \(1, 5\)"):
        BATCH.select(length=(5, 1))
    few = BATCH.replace(records=[r for r in BATCH.made if r.values["mood"] == "angry"])
    assert len(few.select(mood="happy")) == 0  # planned, if not made
    old = {"kind": "values", "chart": "mood", "values": ["gone"]}
    assert answer(BATCH, {"id": 1, "op": "rows", "filters": [old]})["total"] == 0


def test_scores_select_too() -> None:
    found = BATCH.select({"judge: on topic": 5})
    assert found.records and all(
        any(c.rule == "judge: on topic" and c.value == 5 for c in r.checks)
        for r in found.records
    )
    assert len(BATCH.select(nearest=(0.0, 0.1))) > 0


def test_a_selection_is_readable_as_python_that_makes_it_again() -> None:
    found = BATCH.select(mood="angry", length=(100, 160))
    assert found.code() == "reviews.select(mood='angry', length=(100, 160))"
    odd = BATCH.select({"judge: on topic": (4, 5)}, search="it's", product=["kettle", "laptop"])
    assert odd.code("mine") == (
        "mine.select({'judge: on topic': (4, 5)}, product=['kettle', 'laptop'], "
        'search="it\'s")'
    )
    assert "of 24 rows" in repr(odd)


def test_a_mistyped_name_is_told_with_the_right_one() -> None:
    with pytest.raises(SelectionError, match="mood"):
        BATCH.select(moood="angry")
    with pytest.raises(SelectionError, match="two numbers"):
        BATCH.select(length=(1, 2, 3))


def test_labels_of_rows_are_only_compared() -> None:
    batch = batch_of(HOSTILE)
    for text in HOSTILE:
        found = batch.select(text=text)
        assert [row["text"] for row in found] == [text]
        assert batch.select(found.filters).ids == found.ids


def test_nested_values_missing_ones_and_booleans() -> None:
    rows = [
        record(0, {"text": "a", "answer": {"score": 1}, "ok": True}),
        record(1, {"text": "b", "answer": {"score": 2}, "ok": 1}),
        record(2, {"text": "c", "answer": None, "ok": None}),
        record(3, {"text": "d"}),
    ]
    batch = Batch(rows, recipe("synthnb: 1\ncolumns: {text: {prompt: x}}"))
    assert [r["text"] for r in batch.select({"answer.score": (2, 3)})] == ["b"]
    assert [r["text"] for r in batch.select(ok=True)] == ["a"]
    assert [r["text"] for r in batch.select(ok=None)] == ["c"]


def test_the_selection_of_the_views_is_the_batch_s() -> None:
    batch = sample_batch()
    assert isinstance(batch.selection, Selection)
    assert len(batch.selection.df) == 24
    live_of(batch).choose(
        batch, {"filters": [{"kind": "values", "chart": "mood", "values": ["angry"]}]}
    )
    assert len(batch.selection.df) == 10
    assert batch.selection.filters == {"mood": "angry"}
    assert len(batch.replace(live=True).selection) == 10


def test_regions_of_the_map_select_rows() -> None:
    drawn = BATCH.map()
    assert len(drawn.placed) == 31
    assert len(BATCH.select(region=((0, 1000), (0, 1000)))) == 24
    left = BATCH.select(region=((0, 500), (0, 1000)))
    right = BATCH.select(region=((501, 1000), (0, 1000)))
    assert len(left) + len(right) == 24
    with pytest.raises(SelectionError, match="region"):
        BATCH.select(region=(1, 2))


def test_one_huge_reject_does_not_flatten_the_lengths_and_its_bin_selects_it() -> None:
    rows = [record(i, {"text": "a" * (20 + i)}) for i in range(30)]
    rows.append(record(30, {"text": "a" * 30_000}, Reason("length", 30_000, "too long")))
    batch = Batch(rows, recipe("synthnb: 1\ncolumns: {text: {prompt: x}}"))
    chart = next(c for c in batch.distributions if c.id == "length")
    last = chart.bars[-1]
    assert sum(bar.count > 0 for bar in chart.bars) >= 3
    assert last.label.endswith(" or more") and (last.count, last.rejected) == (0, 1)
    assert "Rejected rows reach 30,000" in chart.finding
    sent = {"kind": "range", "chart": "length", "lo": last.lo, "hi": last.hi}
    found = Selection(batch, from_json(batch, [sent]), "")
    assert [row["text"] for row in found.rejected] == ["a" * 30_000]
    again = eval(found.code("b"), {"b": batch})
    assert len(again.rejected) == 1
    assert again.chosen[0].json()["hi"] is None
