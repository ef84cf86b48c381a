from __future__ import annotations

import json

import pytest

from synthnb.batch import Batch
from synthnb.charts.findings import look_first
from synthnb.charts.payload import payload
from synthnb.recipe import Recipe
from synthnb.types import Reason, Usage
from tests.samples import HOSTILE, batch_of, record, sample_batch


def test_a_batch_behaves_like_its_accepted_rows() -> None:
    batch = sample_batch()
    assert len(batch) == 24
    assert batch[0] == dict(batch.accepted[0].values)
    assert [row["mood"] for row in batch][:2] == batch["mood"][:2]
    assert len(batch[-3:]) == 3
    with pytest.raises(KeyError):
        batch["colour"]


def test_the_frame_holds_data_columns_only() -> None:
    frame = sample_batch().df
    assert list(frame.columns) == ["product", "mood", "text"]
    assert len(frame) == 24


def test_the_frame_of_no_rows_still_has_columns() -> None:
    batch = batch_of([])
    assert len(batch.df) == 0
    one = Batch([record(0, {"text": "x"}, Reason("length", 1))], batch.recipe)
    assert list(one.df.columns) == ["text"]


def test_rows_and_rejected_carry_provenance() -> None:
    batch = sample_batch()
    first = batch.rows[0]["_synthnb"]
    assert first["id"] == "r0001"
    call = {"column": "text", "model": "local/smollm2-135m", "seed": 1001, "few_shot": []}
    assert first["calls"] == [call]
    assert first["recipe"] == batch.recipe.fingerprint
    reasons = [row["_synthnb"]["reasons"][0] for row in batch.rejected]
    why = {"rule": "length", "value": 71.0, "message": "length 71", "column": "text"}
    assert why in reasons
    json.dumps(batch.rows)


def test_records_stand_in_plan_order_whatever_order_they_came_in() -> None:
    batch = sample_batch()
    shuffled = batch.replace(records=tuple(reversed(batch.records)))
    assert shuffled.records == batch.records
    assert shuffled.hash == batch.hash


def test_the_hash_follows_rows_and_nothing_else() -> None:
    batch = sample_batch()
    assert batch.replace(elapsed=9.0, version=8, run="x").hash == batch.hash
    assert batch.replace(records=batch.records[:-1]).hash != batch.hash


def test_repr_is_short_and_tells_no_prompt() -> None:
    text = repr(sample_batch())
    assert len(text.splitlines()) <= 5
    assert "review of a" not in text
    assert text.startswith("<Batch reviews: 24 accepted of 31 candidates")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("interrupted", "stopped by you, everything finished is kept"),
        ("budget", "the budget ended this run"),
        ("exhausted", "cap on candidates"),
    ],
)
def test_a_run_that_ended_early_says_so(status: str, words: str) -> None:
    batch = sample_batch(status=status, wanted=40)
    assert words in batch.verdict
    assert "24 accepted of 31 candidates, 40 wanted" in batch.verdict


def test_tokens_count_stored_answers_too() -> None:
    batch = sample_batch(usage=Usage(requests=1, cached=30))
    assert batch.tokens == 31 * 38
    assert "1,178 tokens · 30 stored answers · no cost" in batch.verdict


def test_where_every_answer_was_stored_nothing_was_sent() -> None:
    batch = sample_batch(usage=Usage(cached=31))
    assert "· 31 stored answers (1,178 tokens), nothing sent · version" in batch.verdict
    assert "no cost" not in batch.verdict
    assert payload(batch)["verdict"]["sent"] is False
    assert payload(sample_batch())["verdict"]["sent"] is True


def test_the_engine_s_own_reason_goes_before_ours() -> None:
    batch = sample_batch(status="budget", reason="the 0.05 USD budget ended this run at 0.0497")
    assert batch.ended == "the 0.05 USD budget ended this run at 0.0497"


def test_look_first_names_repeated_words_of_an_example() -> None:
    finding = look_first(sample_batch())
    assert finding is not None
    said = "4 of 24 rows say “keep it, but only”, words of your few-shot example 3."
    assert finding.text == said
    assert len(finding.rows) == 4


def test_look_first_names_the_rule_that_rejects_most() -> None:
    batch = sample_batch()
    values = {"product": "kettle", "mood": "angry", "text": "no"}
    short = [record(i, values, Reason("length", 40 + i)) for i in range(8)]
    finding = look_first(batch.replace(records=short))
    assert finding is not None
    assert finding.text == "8 of 8 candidates fail length 75–300; their median is 43.5."


def test_columns_that_find_no_room_are_named() -> None:
    values = {f"c{n}": n for n in range(20)} | {"text": "words"}
    columns = "".join(f"  c{n}: [0, 1]\n" for n in range(20))
    recipe = Recipe.loads(f"synthnb: 1\ncolumns:\n{columns}  text: {{prompt: x}}\n")
    shown = Batch([record(0, values)], recipe)._repr_mimebundle_()
    assert shown["text/plain"].endswith(
        "Columns not shown: " + ", ".join(f"c{n}" for n in range(7, 20)) + "."
    )
    assert "Columns not shown: c15, c16, c17, c18, c19." in shown["text/html"]
    assert "not shown" not in sample_batch()._repr_mimebundle_()["text/plain"]


def test_look_first_says_why_requests_came_to_nothing() -> None:
    batch = sample_batch()
    cut = Reason("reset", None, "127.0.0.1:9 closed the connection.")
    finding = look_first(batch.replace(records=[record(i, {}, cut) for i in range(3)]))
    assert finding is not None
    said = "3 of 3 candidates were lost to reset; the first: 127.0.0.1:9 closed the connection."
    assert finding.text == said


def test_look_first_names_copies() -> None:
    finding = look_first(batch_of([*["The same text of some length here."] * 5, "Other."]))
    assert finding is not None
    assert finding.text == "5 of 6 rows are exact copies of each other."


def test_look_first_names_a_label_far_off_its_plan() -> None:
    words = "one two three four five six seven eight nine ten alpha beta gamma delta pi tau rho"
    batch = batch_of(words.split(), plan_targets={"mood": {"angry": 6.8, "happy": 6.8}})
    finding = look_first(batch)
    assert finding is not None
    assert finding.text == "mood angry: 17 of 17 rows, planned 6.8."


def test_nothing_odd_means_no_finding() -> None:
    assert look_first(batch_of(["The lid broke off.", "A bright screen indeed."])) is None


def test_text_shows_funnel_and_table_and_no_control_characters() -> None:
    text = str(sample_batch())
    assert "length 75–300 −1" in text
    assert "First 8 of 24 accepted rows." in text
    hostile = str(batch_of(HOSTILE))
    assert "\x1b" not in hostile
    assert "\u202e" not in hostile


def test_the_bundle_is_the_same_each_time() -> None:
    first, second = (b._repr_mimebundle_() for b in (sample_batch(), sample_batch(elapsed=7.7)))
    assert first == second
    assert set(first) == {
        "application/vnd.synthnb.batch.v1+json",
        "text/html",
        "text/plain",
    }


def test_an_empty_batch_has_a_bundle_too() -> None:
    bundle = Batch([], sample_batch().recipe, usage=Usage())._repr_mimebundle_()
    assert "0 accepted of 0 candidates" in str(bundle["text/plain"])
