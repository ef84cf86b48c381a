"""The views' protocol: windows, counts, detail, decisions, code; nonsense is refused."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthnb import Recipe, generate
from synthnb.batch import Batch
from synthnb.charts.payload import MIME
from synthnb.explore import find, recent, remember
from synthnb.explore.door import answer
from synthnb.explore.live import live_of
from synthnb.settings import Profile, Settings
from tests.loopback import Loopback
from tests.samples import HOSTILE, batch_of, recipe, record, sample_batch, truncated

ANGRY = {"kind": "values", "chart": "mood", "values": ["angry"]}
LONG = {"kind": "range", "chart": "length", "lo": 100, "hi": 160}


def ask(batch: Batch, op: str, **more: Any) -> Any:
    reply = answer(batch, {"id": 1, "op": op, **more}, variable="reviews")
    assert reply["id"] == 1
    json.dumps(reply, allow_nan=False)
    return reply


def test_a_window_of_rows_comes_with_what_lies_under_each_bar() -> None:
    reply = ask(sample_batch(), "rows", start=2, end=5, filters=[ANGRY, LONG])
    assert (reply["total"], reply["accepted"], reply["rejected"]) == (10, 6, 4)
    assert len(reply["rows"]) == 3
    assert reply["counts"]["mood"] == [6, 0, 0]
    assert sum(reply["counts"]["length"]) == 6
    assert reply["lost"]["mood"] == [4, 0, 0]
    hidden = ask(sample_batch(), "rows", start=0, end=50, filters=[ANGRY], show_rejected=False)
    assert (hidden["total"], len(hidden["rows"])) == (10, 10)


def test_counts_without_a_filter_are_the_bars() -> None:
    batch = sample_batch()
    counts = ask(batch, "rows", start=0, end=0)["counts"]
    for chart in batch.distributions:
        assert counts[chart.id] == [bar.count for bar in chart.bars]


def test_rejected_rows_are_counted_under_each_bar_whether_they_are_shown_or_not() -> None:
    batch = sample_batch()
    everything = ask(batch, "rows", start=0, end=0)["lost"]
    hidden = ask(batch, "rows", start=0, end=0, show_rejected=False)["lost"]
    for chart in batch.distributions:
        assert everything[chart.id] == hidden[chart.id] == [bar.rejected for bar in chart.bars]
    by_length = {"kind": "rule", "rules": ["length"]}
    reply = ask(batch, "rows", start=0, end=99, filters=[by_length])
    moods = [row["values"]["mood"] for row in reply["rows"]]
    assert moods
    assert reply["counts"]["mood"] == [0, 0, 0]
    assert reply["lost"]["mood"] == [moods.count(m) for m in ("angry", "happy", "mixed")]


@pytest.mark.parametrize("column", ["product", "text", "chars", "nearest", None])
@pytest.mark.parametrize("descending", [False, True])
def test_rows_come_in_order(column: str | None, descending: bool) -> None:
    sort = {"column": column, "descending": descending}
    rows = ask(sample_batch(), "rows", start=0, end=99, sort=sort)["rows"]
    assert len(rows) == 31
    if column is None:
        keys: list[Any] = [row["index"] for row in rows]
    elif column == "chars":
        keys = [len(row["values"]["text"]) for row in rows]
    elif column == "nearest":
        keys = [row["values"]["nearest"] for row in rows]
    else:
        keys = [row["values"][column] for row in rows]
    assert keys == sorted(keys, reverse=descending)


def test_a_row_opens_with_all_that_is_known() -> None:
    reply = ask(sample_batch(), "detail", row="r0003")
    (call,) = reply["detail"]["calls"]
    assert call["conversation"][-1]["content"].startswith("A three-sentence review")
    assert call["cost"] is None
    assert "no such row" in ask(sample_batch(), "detail", row="nope")["error"]


def test_restoring_a_row_tells_every_view_and_can_be_undone() -> None:
    batch = sample_batch()
    heard: list[Any] = []
    live_of(batch).join("other", heard.append)
    lost = batch.rejected[0]["_synthnb"]["id"]
    reply = ask(batch, "decide", row=lost, outcome="keep")
    assert (reply["row"]["accepted"], reply["row"]["decision"]) == (True, "keep")
    assert heard[-1]["event"] == "changed"
    assert heard[-1]["payload"]["verdict"]["accepted"] == 25 == len(batch.df)
    assert ask(batch, "rows", start=0, end=0)["accepted"] == 25
    ask(batch, "decide", row=lost, outcome=None)
    assert len(batch.df) == 24
    assert "kept, dropped" in ask(batch, "decide", row=lost, outcome="eat")["error"]


def test_undo_goes_back_through_the_decisions_of_a_row() -> None:
    batch = sample_batch()
    row = batch.rows[0]["_synthnb"]["id"]

    def decide(*outcomes: str | None) -> list[str | None]:
        told = [ask(batch, "decide", row=row, outcome=outcome) for outcome in outcomes]
        return [reply["row"].get("decision") for reply in told]

    assert decide("drop", "keep", None, None) == ["drop", "keep", "drop", None]
    batch.decisions.decide(row, "drop")  # in a review
    assert decide("keep", "keep", None, None, None) == ["keep", "keep", "drop", None, None]
    decide("keep")
    batch.decisions.decide(row, "drop")
    assert decide(None, None) == ["keep", None]


def test_two_views_agree_and_the_batch_knows_what_they_chose() -> None:
    batch = sample_batch()
    mine: list[Any] = []
    other: list[Any] = []
    live_of(batch).join("mine", mine.append)
    live_of(batch).join("other", other.append)
    answer(batch, {"id": 1, "op": "select", "filters": [ANGRY], "search": "lid"}, view="mine")
    assert mine == []
    assert other == [{"event": "selection", "filters": [ANGRY], "search": "lid"}]
    assert set(batch.selection.df["mood"]) == {"angry"}
    live_of(batch).leave("other")
    answer(batch, {"id": 2, "op": "select", "filters": []}, view="mine")
    assert len(other) == 1
    assert len(batch.selection) == 24


def strict(heard: list[Any]) -> Callable[[Any], None]:
    """A channel that takes what a kernel's takes: text that can be encoded."""

    def send(event: Any) -> None:
        json.dumps(event, ensure_ascii=False).encode()
        heard.append(event)

    return send


def test_half_a_character_is_told_by_name_and_selects_what_it_did() -> None:
    tags = [*("plain", "other") * 30, *map(str, range(30)), "half \ud83d a", "half \ud83d b"]
    made = [record(i, {"tag": tag, "text": f"said {tag}"}) for i, tag in enumerate(tags)]
    batch = Batch(made, recipe("synthnb: 1\ncolumns: {tag: [a], text: {prompt: x}}"))
    heard: list[Any] = []
    live_of(batch).join("other", strict(heard))
    rare = batch.distributions[0].bars[-1]
    others = {"kind": "values", "chart": "tag", "values": [rare.label]}
    half = {"kind": "values", "chart": "tag", "values": ["half \ud83d a"]}
    for filters, search in (
        ([], "\ud83d"),
        ([half], ""),
        ([others], "\ud83d b"),
        ([others], ""),
    ):
        sent = {"filters": filters, "search": search}
        assert answer(batch, {"op": "select", **sent}, view="mine")["size"] > 0
        here, event = batch.selection, heard[-1]
        there = ask(batch, "rows", filters=event["filters"], search=event["search"])["total"]
        assert len(here) == there == ask(batch, "rows", **sent)["total"]
        assert eval(here.code("b"), {"b": batch}).ids == here.ids
    assert len(batch.select(search="⟨U+D83D⟩")) == len(batch.select(search="\ud83d")) == 2
    assert batch.select(tag="half \ud83d a").ids == ["r0090"]


def test_a_view_that_could_not_be_told_once_is_told_again() -> None:
    batch = sample_batch()
    odd: list[Any] = []
    fine: list[Any] = []
    live_of(batch).join("odd", strict(odd))
    live_of(batch).join("fine", fine.append)
    live_of(batch).tell({"event": "\ud83d"})
    live_of(batch).tell({"event": "map"})
    assert odd == [{"event": "map"}]
    assert fine == [{"event": "\ud83d"}, {"event": "map"}]


def test_a_selection_becomes_a_cell() -> None:
    request = {"op": "code", "filters": [ANGRY, LONG]}
    code = answer(sample_batch(), request, variable="mine")["code"]
    assert code == "mine.select(mood='angry', length=(100, 160)).df"
    unkept = answer(sample_batch().replace(version=None), request)["code"]
    assert unkept == "reviews.select(mood='angry', length=(100, 160)).df"


@pytest.mark.parametrize("variable", ["", "_synth"])
def test_a_selection_of_an_older_version_opens_that_version(
    variable: str, loopback: Loopback, home: Path
) -> None:
    """The variable of its name holds the newest one, or will."""
    lab = Profile("lab", base_url=loopback.base_url)
    settings = Settings(model="lab/tiny", profiles={"lab": lab})
    spec = (
        "synthnb: 1\nname: r\ncolumns: {mood: [angry, happy], text: {prompt: '%s {{ mood }}'}}"
    )
    first, newest = (
        generate(Recipe.loads(spec % said), 6, settings=settings) for said in ("Say", "Tell")
    )
    request = {"op": "code", "filters": [ANGRY]}
    code = answer(first, request, variable=variable)["code"]
    lines = str(code).splitlines()
    assert lines[-1] == "open_version('r@1').select(mood='angry').df"
    space: dict[str, Any] = {"r": newest, "_synth": newest}
    exec("\n".join(lines[:-1]), space)
    assert list(eval(lines[-1], space)["text"]) == list(first.select(mood="angry").df["text"])


def test_the_bar_of_rare_labels_selects_their_rows() -> None:
    rows = [record(i, {"tag": f"t{min(i, 29) % 30}", "text": "x"}) for i in range(60)]
    batch = Batch(rows, recipe("synthnb: 1\ncolumns: {tag: [a], text: {prompt: x}}"))
    chart = batch.distributions[0]
    rare = chart.bars[-1]
    assert rare.label.endswith("others")
    only = {"kind": "values", "chart": "tag", "values": [rare.label]}
    assert ask(batch, "rows", start=0, end=0, filters=[only])["total"] == rare.count
    assert len(batch.select(tag=[r["tag"] for r in batch])) == 60


def test_the_map_and_what_of_it_is_chosen() -> None:
    batch = sample_batch()
    drawn = ask(batch, "map")
    assert drawn["total"] == len(drawn["x"]) == len(drawn["labels"]["mood"]) == 31
    region = {"kind": "region", "x": [0, 500], "y": [0, 1000]}
    reply = ask(batch, "rows", start=0, end=0, filters=[region], map=True)
    bits = np.unpackbits(np.frombuffer(base64.b64decode(reply["map"]), np.uint8))[:31]
    assert bits.sum() == reply["total"] == sum(x <= 500 for x in drawn["x"])


def test_points_of_the_map_are_their_rows_also_where_some_have_no_text() -> None:
    texts = ["", "the cat sat on the mat", "a dog ran home", "the cat sat on the mat", "late"]
    kinds = {"product": "kettle", "mood": "angry"}
    made = [record(i, {**kinds, "text": text}) for i, text in enumerate(texts)]
    made = [replace(r, accepted=r.index < 4) for r in made]
    drawn = ask(Batch(made, recipe()), "map")
    assert drawn["total"] == 4
    assert drawn["accepted"] == [1, 1, 1, 0]
    assert drawn["clusters"] == [[0, 2]]


def test_nonsense_is_refused_in_one_line() -> None:
    batch = sample_batch()
    assert "unknown op" in ask(batch, "explode")["error"]
    odd: list[Any] = [
        None, {"kind": "values", "chart": "nope", "values": ["x"]}, {"kind": "range"}, 7,
        {"kind": "range", "chart": "length", "lo": "1", "hi": None}, {"kind": "region"},
    ]  # fmt: skip
    reply = ask(batch, "rows", start=-5, end=10**9, filters=odd, sort="x", search=7)
    assert reply["start"] == 0
    assert ask(batch, "rows", start="a", end=None, sort={"column": "no such"})["total"] == 31


def test_hostile_rows_pass_as_text() -> None:
    batch = batch_of(HOSTILE)
    rows = ask(batch, "rows", start=0, end=99)["rows"]
    assert len(rows) == len(HOSTILE)
    assert "\x1b" not in json.dumps(rows, ensure_ascii=False)


def test_many_threads_ask_at_once() -> None:
    batch = sample_batch()
    replies: list[Any] = []

    def work(i: int) -> None:
        for _ in range(5):
            replies.append(ask(batch, "rows", start=0, end=9, filters=[ANGRY], search=str(i)))
            ask(batch, "decide", row="r0001", outcome="keep" if i % 2 else None)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replies) == 20
    assert all("error" not in reply for reply in replies)


def test_a_row_without_its_text_is_not_restored_by_a_view() -> None:
    batch = sample_batch().replace(records=[*sample_batch().made, truncated(40)])
    told = ask(batch, "decide", row="r0040", outcome="keep")["error"]
    why = "its answer was cut off. Edit it in a review to give it one."
    assert told == f"Row 41 has no text: {why}"
    assert len(batch) == 24


def test_batches_shown_lately_are_found_by_the_id_of_their_output(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batch = batch_of(["only here"])
    name = remember(batch)
    body: Any = batch._repr_mimebundle_()[MIME]
    assert body["id"] == name
    assert find(name) is batch
    monkeypatch.setattr(recent, "ROWS", 0)
    remember(batch_of(["another"]))
    del batch
    assert find(name) is None
