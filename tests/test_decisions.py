"""Keeping and dropping rows by hand, in memory and in the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthnb import decisions
from synthnb.api.stores import shared_store
from synthnb.batch import Batch
from synthnb.charts.payload import write_rows
from synthnb.decisions import Decisions, decisions_of, row_id
from synthnb.errors import StoreError
from synthnb.store import Store
from synthnb.types import Reason, Record
from synthnb.unwritten import DecisionError
from tests.samples import recipe, sample_batch, truncated


def test_a_restored_row_joins_the_accepted_ones_and_says_why() -> None:
    batch = sample_batch()
    digest, lost = batch.hash, row_id(next(r for r in batch.records if not r.accepted))
    batch.decisions.decide(lost, "keep")
    assert (len(batch), len(batch.df), len(batch.rejected)) == (25, 25, 6)
    (row,) = [r for r in batch.rows if r["_synthnb"]["id"] == lost]
    assert row["_synthnb"]["origin"] == "synthetic"
    assert row["_synthnb"]["decision"] == "keep"
    assert "was rejected by" in row["_synthnb"]["checks"][-1]["message"]
    assert batch.hash == digest
    batch.decisions.decide(lost, None)
    assert len(batch) == 24


def test_a_dropped_row_is_rejected_beside_the_others() -> None:
    batch = sample_batch()
    kept = row_id(batch.accepted[0])
    batch.decisions.decide(kept, "drop")
    assert len(batch) == 23
    assert [r["_synthnb"]["reasons"][0]["rule"] for r in batch.rejected].count("dropped") == 1


def test_an_edit_changes_values_and_marks_the_row() -> None:
    batch = sample_batch()
    batch.decisions.edit(row_id(batch.accepted[0]), {"text": "Better.", "unknown": 1})
    assert batch[0]["text"] == "Better."
    assert "unknown" not in batch[0]
    assert batch.rows[0]["_synthnb"]["origin"] == "edited"


def test_copies_share_decisions_and_other_rows_do_not() -> None:
    batch = sample_batch()
    copy = batch.replace(live=True)
    batch.decisions.decide(row_id(batch.accepted[0]), "drop")
    assert len(copy) == 23
    assert len(sample_batch()) == 24


def test_decisions_on_a_stored_run_outlive_the_batch() -> None:
    rows = [Record(i, {"text": f"Row {i}."}, id=f"r{i}") for i in range(3)]
    batch = Batch(rows, recipe(), run="run-1")
    batch.decisions.decide("r1", "drop")
    assert decisions_of("run-1") is batch.decisions
    del batch
    again = Batch(rows, recipe(), run="run-1")
    assert [row["text"] for row in again] == ["Row 0.", "Row 2."]
    assert len(Batch(rows, recipe(), run="run-2")) == 3
    assert len(again.replace(run="run-2")) == 3


def test_two_processes_see_each_other_and_the_last_word_counts(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "REST", 0.0)
    ann, ben = (Decisions("run-1", shared_store) for _ in range(2))
    ann.decide("r1", "drop")
    assert ben.outcome("r1") == "drop"
    ann.edit("r2", {"text": "Ann's."})
    ben.decide("r1", "keep")
    assert ben.edited("r2") is None
    changes = ben.changes
    ben.refresh()
    ann.refresh()
    assert ben.edited("r2") == {"text": "Ann's."} and ben.changes > changes
    assert ann.outcome("r1") == "keep"
    assert ann.history == [("r2", "edit"), ("r1", "outcome")]


def test_what_is_only_in_memory_is_not_looked_up(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Store:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(decisions, "REST", 0.0)
    for own in (Decisions(""), Decisions("run-1", broken)):
        own.decide("r1", "drop")
        own.refresh()
        assert own.outcome("r1") == "drop"


def test_without_a_store_decisions_stay_in_memory(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> object:
        raise StoreError("The disk is full.")

    own = Decisions("run", broken)  # type: ignore[arg-type]
    own.decide("r0", "drop")
    assert own.outcome("r0") == "drop"
    assert own.notice.startswith("The disk is full.")
    lost = Record(0, {}, accepted=False, reasons=(Reason("length", 3),), id="r1")
    assert own.apply(lost) is lost


def test_only_keep_and_drop_are_decisions() -> None:
    with pytest.raises(ValueError, match="outcome"):
        Decisions("").decide("r0", "maybe")  # type: ignore[arg-type]


def test_what_cannot_be_kept_is_refused_before_anything_changes() -> None:
    batch = sample_batch()
    row, before = row_id(batch.accepted[0]), batch[0]
    for wrong in ("Better.", {"text": object()}, {"text": "half \ud800"}):
        with pytest.raises(ValueError, match=r"^(an edit is a map|a decision holds JSON)"):
            batch.decisions.edit(row, wrong)  # type: ignore[arg-type]
    assert batch[0] == before
    assert batch.decisions.edited(row) is None
    batch.decisions.tag(row, "off topic")
    assert batch.decisions.tags(row) == ["off topic"]


def test_a_row_without_its_text_cannot_be_restored_until_an_edit_gives_it_one() -> None:
    batch = sample_batch().replace(records=[truncated(4)])
    row = row_id(batch.made[0])
    with pytest.raises(
        DecisionError, match=r"^Row 5 has no text: its answer was cut off\. Edit"
    ):
        batch.decisions.decide(row, "keep")
    assert (len(batch), batch.decisions.outcome(row)) == (0, None)
    batch.decisions.edit(row, {"text": "It broke."})
    batch.decisions.decide(row, "keep")
    assert [r["text"] for r in batch] == ["It broke."]
    batch.decisions.edit(row, None)
    assert len(batch) == 0


def test_a_shaped_answer_that_was_lost_is_given_by_code() -> None:
    shaped = recipe("synthnb: 1\ncolumns: {text: {prompt: Facts., schema: {a: str}}}")
    batch = Batch([truncated(0)], shaped)
    row = row_id(batch.made[0])
    with pytest.raises(
        DecisionError, match=r"Only batch\.decisions\.edit\('r0000', {'text': …}\)"
    ):
        batch.decisions.decide(row, "keep")


def test_an_older_decision_accepts_no_row_without_its_text(home: Path) -> None:
    shared_store().decide("run-1", "r0004", "outcome", "keep")
    batch = Batch([truncated(4)], recipe(), run="run-1")
    assert batch.decisions.outcome("r0004") == "keep"
    assert len(batch) == 0


def test_an_edited_row_is_measured_again_or_says_that_it_was_before() -> None:
    batch = sample_batch()
    row, before = row_id(batch.accepted[0]), batch.rows[0]["_synthnb"]["checks"]
    batch.decisions.edit(row, {"text": "Short now."})
    own = batch.rows[0]["_synthnb"]["checks"]
    length = {"rule": "length", "value": 10, "passed": False, "message": "since the edit"}
    assert own[0] == length
    assert [c["message"] for c in own[1:]] == ["before the edit"] * (len(before) - 1)
    assert [c["value"] for c in own[1:]] == [c["value"] for c in before[1:]]
    (chart,) = [c for c in batch.distributions if c.id == "length"]
    assert "10 to" in chart.finding
    place = next(i for i, record in enumerate(batch.made) if row_id(record) == row)
    assert write_rows(batch, [place])[0]["values"]["length"] == 10
    assert batch.select(length=(0, 11)).ids == [row]
    batch.decisions.edit(row, {"mood": "calm"})  # the text is the one that was measured
    assert batch.rows[0]["_synthnb"]["checks"][:2] == before[:2]


def test_why_an_edited_row_was_rejected_is_of_the_text_before() -> None:
    batch = sample_batch()
    short = next(r for r in batch.made if "length" in [why.rule for why in r.reasons])
    text = "A lamp that stands well, shines warmly and costs less than the one before it did."
    batch.decisions.edit(row_id(short), {"text": text})
    batch.decisions.decide(row_id(short), "keep")
    (own,) = [r["_synthnb"] for r in batch.rows if r["text"] == text]
    (why,) = own["reasons"]
    assert why["message"].endswith(", before the edit") and why["value"] == len(text)
    assert [c["passed"] for c in own["checks"] if c["rule"] == "length"] == [True]
