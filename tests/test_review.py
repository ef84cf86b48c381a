"""Keep, drop, edit, tag, undo."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import pytest

from synthnb.desks.review import MIME, desk_of
from synthnb.review import Decision, Queue, ReviewError, apply, from_text
from synthnb.unwritten import DecisionError
from tests.samples import CUT, HOSTILE, batch_of, sample_batch, truncated


def test_keep_and_drop_go_on_to_the_next_open_row() -> None:
    batch = sample_batch()
    queue = batch.review("accepted")
    first = queue.row
    queue.drop()
    queue.keep()
    assert (queue.place, queue.done, len(queue)) == (2, 2, 24)
    assert len(batch) == 23
    assert queue.can_undo
    queue.undo()
    queue.undo()
    assert (queue.row, queue.done, len(batch)) == (first, 0, 24)
    assert not queue.can_undo
    with pytest.raises(ReviewError, match="nothing to undo"):
        queue.undo()


def test_where_no_row_was_accepted_there_is_none_to_look_at() -> None:
    queue = batch_of([]).review("accepted")
    assert len(queue) == 0
    for look in (lambda: queue.row, lambda: queue.record, queue.drop):
        with pytest.raises(ReviewError, match="no rows to look at"):
            look()


def test_decisions_reach_every_view_and_export(tmp_path: Path) -> None:
    batch = sample_batch()
    queue = batch.review()
    lost = next(i for i, r in enumerate(batch.made) if not r.accepted)
    queue.place = lost
    queue.keep()
    queue.go(queue.rows[1])
    queue.edit({"text": "A better row."})
    queue.tag(["funny", " funny ", ""])
    assert len(batch.df) == len(batch.rows) == len(batch)
    written = batch.export(tmp_path / "rows.jsonl").read_text("utf-8")
    rows = [json.loads(text) for text in written.splitlines()]
    edited = [row for row in rows if row["_synthnb"]["origin"] == "edited"]
    assert [row["text"] for row in edited] == ["A better row."]


def test_an_edit_back_to_the_first_text_is_none() -> None:
    queue = sample_batch().review()
    row, made = queue.row, queue.made.values["text"]
    queue.edit({"text": "Other."})
    queue.go(row)
    queue.edit({"text": made})
    assert queue.batch.decisions.edited(row) is None
    assert queue.counts["edited"] == 0


def test_an_edit_adds_to_the_one_before() -> None:
    queue = sample_batch().review()
    row = queue.row
    queue.edit({"text": "Other."})
    queue.go(row)
    queue.edit({"mood": "calm"})
    assert queue.batch.decisions.edited(row) == {"text": "Other.", "mood": "calm"}


def test_an_edit_stays_on_its_row() -> None:
    queue = sample_batch().review()
    queue.edit({"text": "Other."})
    assert (queue.place, queue.done) == (0, 1)
    queue.keep()
    assert queue.place == 1


def test_a_cut_answer_is_shown_and_an_edit_makes_it_the_text() -> None:
    batch = sample_batch().replace(records=[*sample_batch().made, truncated(40)])
    queue = batch.review()
    queue.go("r0040")
    desk, rows = desk_of(queue), len(batch)
    with pytest.raises(DecisionError, match="Row 41 has no text"):
        queue.keep()
    with pytest.raises(DecisionError, match="Row 41 has no text"):
        queue.edit({"mood": "calm"})
    assert (queue.counts["edited"], queue.can_undo) == (0, False)
    said = desk.answer({"id": 1, "op": "keep", "row": queue.row})["error"]
    assert (
        said
        == "Row 41 has no text: its answer was cut off. Edit it in a review to give it one."
    )
    (field,) = [f for f in desk.state()["row"]["fields"] if f["main"]]
    assert (field["text"], field["written"], field["raw"]) == (CUT, True, True)
    desk.answer({"id": 2, "op": "edit", "row": queue.row, "values": {}})  # left as it was
    assert (batch[-1]["text"], len(batch)) == (CUT, rows + 1)
    assert desk.state()["row"]["fields"][-1]["raw"] is False
    desk.answer({"id": 3, "op": "edit", "row": queue.row, "values": {"text": "Whole."}})
    assert batch[-1]["text"] == "Whole."
    queue.undo()
    queue.undo()
    assert len(batch) == rows


@pytest.mark.parametrize("text", ["", " \n"])
def test_no_row_is_kept_with_an_empty_text(text: str) -> None:
    batch = sample_batch()
    queue, before = batch.review(), list(batch)
    row = queue.row
    said = desk_of(queue).answer({"id": 1, "op": "edit", "row": row, "values": {"text": text}})
    assert said["error"] == "An empty text can't be kept: drop the row instead."
    with pytest.raises(DecisionError, match="An empty text"):
        apply(batch, [Decision(row, "edit", {"text": text})])
    assert (list(batch), queue.can_undo, batch.decisions.history) == (before, False, [])


def test_values_keep_their_kind() -> None:
    assert from_text(1, "2.5") == 2.5
    assert from_text(["a"], '["b"]') == ["b"]
    for value, text in ((1, "x"), ([1], "{}"), (True, "1"), ({"a": 1}, "[")):
        with pytest.raises(ReviewError):
            from_text(value, text)


def test_a_review_goes_on_after_a_restart(home: Path) -> None:
    batch = sample_batch().replace(run="run1")
    queue = batch.review()
    queue.keep()
    queue.drop()
    queue.tag(["odd"])
    del batch, queue
    again = Queue(sample_batch().replace(run="run1"))
    assert (again.done, again.place, again.counts["tagged"]) == (2, 2, 1)
    again.undo()
    assert (again.done, again.counts["tagged"]) == (2, 0)
    again.undo()
    assert (again.done, again.place) == (1, 1)


def test_undo_goes_back_through_all_kinds_after_a_restart(home: Path) -> None:
    queue = sample_batch().replace(run="run1").review()
    rows = queue.rows[:4]
    queue.go(rows[2])
    queue.edit({"text": "First."})
    queue.go(rows[0])
    queue.drop()
    queue.go(rows[1])
    queue.tag(["odd"])
    queue.go(rows[3])
    queue.edit({"text": "Last."})
    del queue
    again = sample_batch().replace(run="run1").review()
    seen = []
    for _ in rows:
        again.undo()
        seen.append(again.row)
    assert seen == [rows[3], rows[1], rows[0], rows[2]]
    assert (again.done, again.counts["tagged"], again.counts["edited"]) == (0, 0, 0)
    with pytest.raises(ReviewError, match="nothing to undo"):
        again.undo()


def test_decisions_can_be_applied_as_a_list() -> None:
    batch = sample_batch()
    queue = batch.review("accepted")
    told = [Decision(row, "outcome", "drop") for row in queue.rows[:3]]
    assert len(apply(batch, told)) == 21
    with pytest.raises(ReviewError, match="no row"):
        apply(batch, [Decision("x", "outcome", "drop")])


def test_the_desk_answers_and_never_raises() -> None:
    queue = sample_batch().review()
    desk = desk_of(queue)
    heard: list[dict[str, object]] = []
    desk.join("view", heard.append)
    said = desk.answer({"id": 1, "op": "keep", "row": queue.rows[4]})
    assert said["id"] == 1 and said["state"]["done"] == 1
    assert [event["event"] for event in heard] == ["hello", "state"]
    assert "no row" in desk.answer({"id": 2, "op": "keep", "row": "x"})["error"]
    assert "unknown op" in desk.answer({"id": 3, "op": "eval"})["error"]
    edit = {"id": 4, "op": "edit", "row": queue.rows[4], "values": {"text": "Hi."}}
    assert desk.answer(edit)["state"]["counts"]["edited"] == 1


def test_a_decision_is_on_the_row_that_the_view_showed_whatever_others_look_at() -> None:
    queue = sample_batch().review()
    desk, rows = desk_of(queue), queue.rows
    own = queue.batch.decisions
    done, wrong = threading.Event(), []

    def wander() -> None:
        while not done.is_set():
            queue.go(rows[0])

    def decide() -> None:
        for row in rows[1:] * 20:
            state = desk.answer({"id": 1, "op": "tag", "row": row, "tags": [row]})["state"]
            if state["row"]["id"] not in (row, rows[0]):
                wrong.append(row)
            desk.answer({"id": 2, "op": "edit", "row": row, "values": {"text": row}})

    pause = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        other = threading.Thread(target=wander)
        other.start()
        decide()
    finally:
        done.set()
        other.join()
        sys.setswitchinterval(pause)
    assert [own.tags(row) for row in rows] == [[], *([row] for row in rows[1:])]
    assert [own.edited(row) for row in rows] == [None, *({"text": row} for row in rows[1:])]
    assert own.outcomes == dict.fromkeys(rows[1:], "keep")
    assert wrong == []


def test_a_view_that_could_not_be_told_once_is_told_again() -> None:
    queue = sample_batch().review()
    desk, told = desk_of(queue), iter([None, OSError("full"), None, None])
    heard: list[str] = []

    def send(event: dict[str, object]) -> None:
        if (failed := next(told)) is not None:
            raise failed
        heard.append(str(event["event"]))

    desk.join("odd", send)
    desk.join("fine", lambda event: heard.append("fine"))
    queue.keep()
    queue.keep()
    assert heard == ["hello", "fine", "fine", "state", "fine"]


def test_the_desk_says_where_it_is_which_tags_there_are_and_what_went_wrong() -> None:
    queue = sample_batch().review()
    desk = desk_of(queue)
    for row, tag in zip(queue.rows, [f"tag {i:02}" for i in range(25)], strict=False):
        queue.go(row)
        queue.tag([tag])
    queue.go(queue.rows[5])
    state = desk.state()
    assert (state["place"], state["row"]["id"]) == (5, queue.rows[5])
    assert state["known_tags"] == [f"tag {i:02}" for i in range(20)]
    assert state["notice"] == ""
    queue.batch.decisions.notice = "The disk is full.\nDecisions are kept here."
    assert desk.state()["notice"] == "The disk is full. Decisions are kept here."


def test_hostile_rows_stay_text_in_what_is_saved() -> None:
    queue = batch_of(HOSTILE).review()
    for _ in HOSTILE:
        queue.keep()
    bundle = queue._repr_mimebundle_()
    page = str(bundle["text/html"])
    assert "<script" not in page and "<img" not in page and "<svg" not in page
    json.dumps(bundle[MIME], ensure_ascii=False).encode("utf-8")
    assert "\x1b" not in str(bundle["text/plain"])


def test_a_judge_threshold_follows_from_what_was_kept() -> None:
    batch = sample_batch()
    queue = batch.review()
    for row in queue.rows:
        queue.go(row)
        scores = [c.value for c in queue.made.checks if c.rule.startswith("judge")]
        numbers = [s for s in scores if isinstance(s, int | float)]
        if numbers and min(numbers) >= 4:
            queue.keep()
        elif numbers:
            queue.drop()
    found = desk_of(queue).state()["finding"]
    assert not found or "min: 4" in found
