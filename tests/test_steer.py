"""Rows that are liked or disliked, written back into the recipe."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthnb.batch import Batch
from synthnb.decisions import row_id
from synthnb.explore.live import live_of
from synthnb.recipe import Recipe
from synthnb.recipe.parts import Category
from synthnb.steer import SteerError, rows_of, steer
from synthnb.types import Record
from tests.samples import sample_batch


def test_liked_rows_become_examples() -> None:
    batch = sample_batch()
    made = steer(batch, rows_of(batch, "3-4"))
    before, after = batch.recipe.prompts["text"], made.recipe.prompts["text"]
    assert len(after.examples) == len(before.examples) + 2
    assert set(after.examples[-1]) == {"product", "mood", "text"}
    assert str(made).startswith("2 examples added.")
    assert "+       - {product:" in str(made)
    assert made.cell.startswith("%%synth reviews\n")
    with pytest.raises(SteerError, match="examples already"):
        steer(batch.replace(recipe=made.recipe), rows_of(batch, "3-4"))


def test_rows_that_add_nothing_are_counted() -> None:
    batch = sample_batch()
    made = steer(batch, rows_of(batch, "3,4"))
    again = steer(batch.replace(recipe=made.recipe), rows_of(batch, "3-5"))
    what = "1 example added; 2 rows left out, empty or there already."
    assert again.said.startswith(f"{what} Rows are those of version 3.")
    with pytest.raises(SteerError, match="62 rows are too many examples: name at most 50"):
        steer(batch, [*batch.records, *batch.records])


def test_examples_hold_what_their_prompt_reads_and_no_more() -> None:
    recipe = Recipe.loads(
        "synthnb: 1\ncolumns: {who: {person: {}}, mood: [a, b], "
        'text: {prompt: "By someone {{ mood }}.", system: "You are {{ who.job }}."}}'
    )
    row = {"who": {"job": "baker"}, "mood": "a", "text": "Hi."}
    made = steer(Batch([Record(0, row, id="r")], recipe), [Record(0, row, id="r")])
    assert made.recipe.prompts["text"].examples == [{"mood": "a", "text": "Hi."}]


def test_disliked_rows_lose_weight_where_they_have_more_than_planned() -> None:
    batch = sample_batch()
    angry = [r for r in batch.records if r.values["mood"] == "angry"]
    made = steer(batch, unlike=angry)
    mood = made.recipe.columns["mood"]
    assert mood.weights == [1.0, 2.0, 1.0]  # type: ignore[union-attr]
    assert batch.recipe.columns["mood"].weights == [2.0, 2.0, 1.0]  # type: ignore[union-attr]
    assert "less weight for mood angry" in made.said.lower()


def test_what_liked_rows_have_too_keeps_its_weight() -> None:
    batch = sample_batch()
    angry = [r for r in batch.records if r.values["mood"] == "angry"]
    made = steer(batch, like=angry[:1], unlike=angry[1:])
    assert made.recipe.columns["mood"] == batch.recipe.columns["mood"]
    assert "mood" not in made.said and made.said.startswith("1 example added")


def test_what_changes_nothing_and_what_is_not_accepted_is_said() -> None:
    batch = sample_batch()
    like, unlike = batch.accepted[:2]
    batch.decisions.decide(row_id(like), "drop")
    liked = next(r for r in batch.records if row_id(r) == row_id(like))
    alike = replace(unlike, values={**unlike.values, "mood": "angry", "product": "lamp"})
    same = replace(liked, values={**liked.values, "mood": "angry", "product": "lamp"})
    said = steer(batch, like=[same], unlike=[alike]).said
    assert "the unliked rows change nothing" in said
    assert said.endswith(f"Liked although not accepted: row {like.index + 1} (dropped).")
    odd = replace(unlike, values={**unlike.values, "mood": "Angry"})
    columns = {
        **batch.recipe.columns,
        "mood": Category(values=["Angry", "calm"], weights=[1, 1]),
    }
    other = batch.replace(recipe=batch.recipe.replace(columns=columns))
    assert "weight for mood Angry" in steer(other, unlike=[odd]).said  # as it is written


def test_the_cell_keeps_the_prompt_below_the_rule_whatever_space_stands_around_it() -> None:
    batch = sample_batch()
    text = batch.recipe.prompts["text"]
    spaced = text.model_copy(update={"prompt": f"{text.prompt} \n"})
    recipe = batch.recipe.replace(columns={**batch.recipe.columns, "text": spaced})
    made = steer(batch.replace(recipe=recipe), rows_of(batch, "3"))
    assert made.cell.endswith(f"\n---\n{text.prompt.strip()}")
    assert made.recipe.prompts["text"].prompt == spaced.prompt  # the diff tells of nothing else


def test_disliked_examples_leave_the_recipe() -> None:
    batch = sample_batch()
    example = batch.recipe.prompts["text"].examples[0]
    queue = batch.review()
    queue.edit({"text": example["text"]})
    made = steer(batch, unlike=[batch.records[0]])
    assert len(made.recipe.prompts["text"].examples) == 2


def test_selected_rows_can_be_named() -> None:
    batch = sample_batch()
    live_of(batch).choose(batch, {})  # equal batches share it, those of other tests too
    with pytest.raises(SteerError, match="Nothing is selected"):
        rows_of(batch, "selection")
    chosen = {"kind": "values", "chart": "mood", "values": ["angry"]}
    live_of(batch).choose(batch, {"filters": [chosen]})
    assert {r.values["mood"] for r in rows_of(batch, "selection")} == {"angry"}


def test_a_number_means_the_accepted_candidate_of_its_row() -> None:
    lost = Record(0, {"text": "a"}, accepted=False, id="lost")
    kept = Record(0, {"text": "b"}, candidate=1, id="kept")
    later = Record(0, {"text": "c"}, candidate=2, id="later")
    batch = Batch([lost, kept, later], Recipe())
    assert [record.id for record in rows_of(batch, "1")] == ["kept"]


@pytest.mark.parametrize("text", ["", "x", "5-2", "0", "1-99999", "400"])
def test_rows_that_are_not_there(text: str) -> None:
    with pytest.raises(SteerError):
        rows_of(sample_batch(), text)
