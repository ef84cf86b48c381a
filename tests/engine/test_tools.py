"""Tools in a conversation: called by a schema, answered by an expression or a model."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from synthnb import Recipe, generate
from synthnb.errors import RecipeError
from synthnb.settings import Settings
from tests.loopback import Loopback

STOCK = {
    "type": "function",
    "function": {
        "name": "stock",
        "description": "How many there are",
        "parameters": {
            "type": "object",
            "properties": {"thing": {"type": "string"}},
            "required": ["thing"],
        },
    },
}


def shop(**turns: Any) -> Recipe:
    chat = {
        "prompt": "Ask for a {{ thing }}.",
        "turns": {"min": 2, "max": 2, "tools": [STOCK], **turns},
    }
    return Recipe.from_dict({"columns": {"thing": ["lamp"], "chat": chat}})


def said(value: Any) -> str:
    return orjson.dumps(value).decode()


def test_a_call_its_result_and_the_word(settings: Settings, loopback: Loopback) -> None:
    call = {"call": "stock", "arguments": {"thing": "lamp"}}
    loopback.replies("Do you have lamps?", said(call), said({"say": "Yes, three."}))
    recipe = shop(results={"stock": "{{ {'thing': arguments.thing, 'count': 3} }}"})

    (talk,) = (row["chat"] for row in generate(recipe, 1, settings=settings))

    assert [turn["role"] for turn in talk] == ["user", "assistant", "tool", "assistant"]
    (asked,) = talk[1]["tool_calls"]
    assert talk[1]["content"] is None and asked["function"]["name"] == "stock"
    assert json.loads(asked["function"]["arguments"]) == {"thing": "lamp"}
    assert json.loads(talk[2]["content"]) == {"thing": "lamp", "count": 3}
    assert talk[2]["tool_call_id"] == asked["id"]
    assert talk[3]["content"] == "Yes, three."
    seen = loopback.bodies[2]["messages"]
    assert "stock(" in seen[0]["content"]
    assert [m["role"] for m in seen] == ["system", "user", "assistant", "user"]


def test_a_model_plays_a_tool_without_an_expression(
    settings: Settings, loopback: Loopback
) -> None:
    call = said({"call": "stock", "arguments": {"thing": "lamp"}})
    loopback.replies("Lamps?", call, '{"count": 9}', said({"say": "Nine."}))

    (talk,) = (row["chat"] for row in generate(shop(), 1, settings=settings))

    assert talk[2] == {"role": "tool", "tool_call_id": "call_1", "content": '{"count": 9}'}
    assert "You play the tool stock" in loopback.bodies[2]["messages"][0]["content"]


def test_calls_of_one_turn_come_to_an_end(settings: Settings, loopback: Loopback) -> None:
    call = said({"call": "stock", "arguments": {"thing": "lamp"}})
    loopback.replies("Lamps?", call, call, said({"say": "Done."}))

    (talk,) = (
        row["chat"] for row in generate(shop(results={"stock": "3"}), 1, settings=settings)
    )

    assert [turn["role"] for turn in talk][-1] == "assistant" and len(talk) == 6
    last = loopback.bodies[-1]["response_format"]["json_schema"]["schema"]
    assert "anyOf" not in last


def test_what_fits_no_tool_loses_the_row(settings: Settings, loopback: Loopback) -> None:
    loopback.replies("Lamps?", said({"call": "buy", "arguments": {}}))
    recipe = shop().replace(target={"max_candidates": 1})

    batch = generate(recipe, 1, settings=settings)

    assert [reason.rule for reason in batch.records[0].reasons] == ["schema"]


def test_a_result_for_a_tool_that_is_not_there() -> None:
    with pytest.raises(RecipeError, match="results names no tool: 'buy'; there are stock"):
        shop(results={"buy": "1"})
    with pytest.raises(RecipeError, match="unknown column 'thig'"):
        shop(results={"stock": "{{ thig }}"})
