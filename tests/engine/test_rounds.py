"""Rows of a run as examples for its later rows: in rounds, alike at any concurrency."""

from __future__ import annotations

from typing import Any

import pytest

from synthnb import Recipe, generate
from synthnb.batch import Batch
from synthnb.errors import RecipeError, SourceError
from synthnb.settings import Profile, Settings
from tests.loopback import Loopback
from tests.replies import error

SEEDS = [{"task": f"Seed task {number}."} for number in range(6)]


def tasks(**column: Any) -> Recipe:
    written = {"prompt": "Another task.", "examples": SEEDS, "few_shot": 5, **column}
    return Recipe.from_dict({"name": "tasks", "seed": 3, "columns": {"task": written}})


def shown(batch: Batch) -> list[list[int]]:
    return [list(record.calls[0].few_shot) for record in batch.records]


def test_a_round_sees_what_earlier_rounds_had_accepted(settings: Settings) -> None:
    recipe = tasks(from_accepted={"shots": 2, "round": 4})

    batch = generate(recipe, 12, settings=settings)

    own = [sum(pick >= len(SEEDS) for pick in picks) for picks in shown(batch)]
    assert own == [0] * 4 + [2] * 8
    assert all(len(picks) == len(set(picks)) == 5 for picks in shown(batch))
    ids = [record.id for record in batch.records]
    for place, record in enumerate(batch.records):
        assert all(ids.index(parent) < place // 4 * 4 for parent in record.parents)
        assert record.generation == 1 if place < 4 else record.generation >= 2
    last = batch.records[-1].calls[0]
    said = {str(record.values["task"]) for record in batch.records[:8]}
    answers = [m["content"] for m in last.messages if m["role"] == "assistant"]
    assert len(said & set(answers)) == 2


def test_the_same_rows_are_shown_at_any_concurrency(loopback: Loopback) -> None:
    found = []
    for width in (1, 3, 16):
        lab = Profile("lab", base_url=loopback.base_url, concurrency=width)
        settings = Settings(model="lab/tiny", profiles={"lab": lab})
        recipe = tasks(from_accepted={"shots": 2, "round": 4}).replace(
            checks=[{"length": {"column": "task", "max": 60}}], target={"max_candidates": 40}
        )
        batch = generate(recipe, 12, settings=settings, cache=False)
        found.append((shown(batch), [record.values for record in batch.records]))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ({"from_accepted": {"shots": 6}}, "6 of few_shot: 5"),
        ({"raw": True, "from_accepted": {"shots": 1}}, "raw sends the prompt alone"),
    ],
)
def test_what_does_not_go_together_is_said(column: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        tasks(**column)


def test_raw_sends_the_prompt_as_it_is(settings: Settings, loopback: Loopback) -> None:
    recipe = Recipe.from_dict({"columns": {"text": {"prompt": "<|user|>\n", "raw": True}}})

    generate(recipe, 1, settings=settings)

    assert loopback.bodies[0]["prompt"] == "<|user|>\n"
    assert "messages" not in loopback.bodies[0]


def test_raw_is_refused_where_there_are_chats_alone(loopback: Loopback) -> None:
    recipe = Recipe.from_dict({"columns": {"text": {"prompt": "<|user|>", "raw": True}}})
    settings = Settings(model="openai/gpt-5-mini")

    with pytest.raises(RecipeError, match="column text is raw, and api"):
        generate(recipe, 1, settings=settings)


def test_a_server_without_completions_stops_the_run(
    settings: Settings, loopback: Loopback
) -> None:
    loopback.script(lambda number, body: error(404, "no such route"))
    recipe = Recipe.from_dict({"columns": {"text": {"prompt": "<|user|>", "raw": True}}})

    batch = generate(recipe, 1, settings=settings)

    assert batch.status == "stopped" and "at this address (404)" in batch.ended


def test_source_rows_as_examples(settings: Settings, loopback: Loopback) -> None:
    recipe = Recipe.from_dict(
        {
            "source": {"keep": False},
            "columns": {
                "sort": ["a", "b"],
                "task": {
                    "prompt": "A task of sort {{ sort }}.",
                    "examples_from": "source",
                    "few_shot": 2,
                },
            },
            "checks": [{"novelty": {"column": "task", "against": ["accepted", "source"]}}],
        }
    )
    seeds = [{"sort": "ab"[n % 2], "task": f"Seed {n}."} for n in range(4)]

    batch = generate(recipe, 6, source=seeds, settings=settings)

    assert len(batch) == 6 and batch.columns == ["sort", "task"]
    for record in batch.records:
        own, other = (seeds[pick]["sort"] for pick in sorted(record.calls[0].few_shot))
        assert {own, other} == {"a", "b"} and record.parents == ()
    said = [m["content"] for m in loopback.bodies[0]["messages"]]
    assert said[0].startswith("A task of sort") and said[1].startswith("Seed")

    with pytest.raises(SourceError, match="has no column 'task'; it has text"):
        generate(recipe, 2, source=[{"text": "x"}], settings=settings)
