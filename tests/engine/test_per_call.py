"""Several rows from one request: verbalised lists, as JSON or as numbered lines."""

from __future__ import annotations

from typing import Any

import orjson

from synthnb import Recipe, generate
from synthnb.settings import Settings
from tests.loopback import Loopback, Reply


def numbered(*items: str) -> str:
    return "\n".join(f"{place}. {item}" for place, item in enumerate(items, 1))


def test_one_request_gives_k_rows(settings: Settings, loopback: Loopback) -> None:
    loopback.script(lambda number, body: numbered(*(f"item {number}.{k}" for k in range(5))))
    recipe = Recipe(
        columns={
            "topic": ["tea", "coffee"],
            "text": {"prompt": "On {{ topic }}.", "per_call": 5},
        }
    )

    batch = generate(recipe, 10, settings=settings)

    assert len(loopback.requests) == 2
    assert len(batch) == batch.funnel["calls"] == 10
    assert "Write 5 different ones" in loopback.bodies[0]["messages"][-1]["content"]
    for first in (0, 5):  # what the prompt reads is shared by the rows of one list
        assert len({row["topic"] for row in batch[first : first + 5]}) == 1


def test_repeated_and_missing_items_are_lost_candidates_and_topped_up(
    settings: Settings, loopback: Loopback
) -> None:
    loopback.replies(numbered("a b c", "a b c", "d e f"), numbered("g h i", "j k l"))
    recipe = Recipe(columns={"text": {"prompt": "Write.", "per_call": 4}})

    batch = generate(recipe, 4, settings=settings)

    assert sorted(batch["text"]) == ["a b c", "d e f", "g h i", "j k l"]
    rules = [row["_synthnb"]["reasons"][0]["rule"] for row in batch.rejected]
    assert sorted(rules) == ["missing", "repeated"]
    assert batch.funnel["calls"] == 6
    assert batch.funnel["parsed"] == 5


def test_a_list_of_objects_is_json_and_each_is_judged(
    settings: Settings, loopback: Loopback
) -> None:
    items = [{"q": "one"}, {"q": 2}, {"q": "three"}]
    loopback.replies(
        orjson.dumps({"items": items}).decode(), orjson.dumps({"items": [{"q": "x"}]}).decode()
    )
    recipe = Recipe(
        columns={"item": {"prompt": "Write.", "per_call": 3, "schema": {"q": "str"}}}
    )

    batch = generate(recipe, 3, settings=settings)

    assert [row["item"]["q"] for row in batch] == ["one", "three", "x"]
    assert batch.rejected[0]["_synthnb"]["reasons"][0]["rule"] == "schema"
    schema = loopback.bodies[0]["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["items"]["type"] == "array"


def test_a_list_that_was_cut_off_gives_its_whole_items(
    settings: Settings, loopback: Loopback
) -> None:
    whole = '{"items": [{"q": "one"}, {"q": "two"}, {"q": "thr'
    rest = orjson.dumps({"items": [{"q": "three"}]}).decode()
    loopback.replies(Reply(text=whole, finish_reason="length"), rest)
    recipe = Recipe(
        columns={"item": {"prompt": "Write.", "per_call": 3, "schema": {"q": "str"}}}
    )

    batch = generate(recipe, 3, settings=settings)

    assert [row["item"]["q"] for row in batch] == ["one", "two", "three"]
    assert len(loopback.requests) == 2


def test_columns_below_a_list_are_asked_row_by_row(
    settings: Settings, loopback: Loopback
) -> None:
    def script(number: int, body: dict[str, Any]) -> str:
        asked = body["messages"][-1]["content"]
        if "different ones" in asked:
            return numbered("first", "second", "third")
        return f"answer to {asked}"

    loopback.script(script)
    recipe = Recipe(
        columns={
            "question": {"prompt": "Ask.", "per_call": 3},
            "answer": {"prompt": "{{ question }}"},
            "id": {"uuid": {}},
        }
    )

    batch = generate(recipe, 3, settings=settings)

    assert batch["answer"] == ["answer to first", "answer to second", "answer to third"]
    assert len(set(batch["id"])) == 3  # what the list does not read is each row's own
    assert len(loopback.requests) == 4
