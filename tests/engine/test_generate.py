"""A recipe in, a batch out, against the scripted server."""

from __future__ import annotations

import asyncio
import signal
import threading

import orjson
import pytest

from synthnb import Recipe, SynthError, agenerate, generate
from synthnb.errors import CheckError, RecipeError, SettingsError, SourceError
from synthnb.events import Event, Progress, RowDone, RunEnded, RunStarted
from synthnb.settings import Settings
from tests.engine.conftest import Make
from tests.loopback import Loopback, Reply


def test_rows_have_their_columns_in_order(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    batch = generate(reviews(), 6, settings=settings)

    assert len(batch) == 6
    assert batch.status == "done"
    assert batch.columns == ["mood", "text"]
    assert batch.version == 1
    assert set(batch.funnel.values()) == {6}
    assert batch.usage.requests == len(loopback.requests) == 6
    assert batch.usage.cost is None  # nobody knows what this endpoint costs


def test_the_same_again_asks_nothing(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    first = generate(reviews(), 6, settings=settings)
    again = generate(reviews(), 6, settings=settings)

    assert len(loopback.requests) == 6
    assert [row["text"] for row in again] == [row["text"] for row in first]
    assert again.usage.cached == 6
    assert again.usage.requests == 0
    assert again.hash == first.hash


def test_no_cache_asks_again(reviews: Make, settings: Settings, loopback: Loopback) -> None:
    generate(reviews(), 3, settings=settings)
    generate(reviews(), 3, settings=settings, cache=False)

    assert len(loopback.requests) == 6


def test_examples_are_turns_before_the_question(settings: Settings, loopback: Loopback) -> None:
    recipe = Recipe(
        columns={
            "topic": ["billing"],
            "question": {
                "prompt": "Ask about {{ topic }} ({{ source_hint }}).",
                "system": "You ask.",
                "examples": [{"topic": "login", "question": "How do I log in?"}],
            },
            "source_hint": {"expression": "{{ topic | upper }}"},
        }
    )

    generate(recipe, 1, settings=settings)

    assert loopback.bodies[0]["messages"] == [
        {"role": "system", "content": "You ask."},
        {"role": "user", "content": "Ask about login ()."},
        {"role": "assistant", "content": "How do I log in?"},
        {"role": "user", "content": "Ask about billing (BILLING)."},
    ]


def test_a_schema_column_is_an_object_and_expressions_keep_their_type(
    settings: Settings, loopback: Loopback
) -> None:
    answer = orjson.dumps({"answer": "Yes.", "score": 3}).decode()
    loopback.replies(answer)
    recipe = Recipe(
        columns={
            "reply": {"prompt": "Answer.", "schema": {"answer": "str", "score": "int"}},
            "twice": {"expression": "{{ reply.score * 2 }}"},
        }
    )

    batch = generate(recipe, 1, settings=settings)

    assert batch[0] == {"reply": {"answer": "Yes.", "score": 3}, "twice": 6}


def test_choices_take_the_bare_word_and_repair_the_rest(
    settings: Settings, loopback: Loopback
) -> None:
    loopback.replies("I would say it depends", "Yes.")
    recipe = Recipe(columns={"label": {"prompt": "Yes or no?", "choices": ["yes", "no"]}})

    batch = generate(recipe, 1, settings=settings)

    assert batch[0] == {"label": "yes"}
    said = loopback.bodies[1]["messages"]
    assert said[-2] == {"role": "assistant", "content": "I would say it depends"}
    assert "exactly one of: yes, no" in said[-1]["content"]


def test_repair_ends_and_the_row_says_why(settings: Settings, loopback: Loopback) -> None:
    loopback.replies('{"answer": 3}')
    recipe = Recipe(
        columns={"reply": {"prompt": "?", "schema": {"answer": "str"}, "repair": 1}},
        target={"max_candidates": 2},
    )

    batch = generate(recipe, 1, settings=settings)

    assert (len(batch), batch.status) == (0, "exhausted")
    assert len(loopback.requests) == 4  # two candidates, each with one repair turn
    reasons = batch.records[0].reasons
    assert [reason.rule for reason in reasons] == ["schema"]
    assert batch.funnel["parsed"] == 2
    assert batch.funnel["valid"] == 0


def test_rejected_rows_are_replaced_and_kept_aside(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.script(lambda number, body: "short" if number % 3 == 0 else None)
    recipe = reviews(checks=[{"length": {"column": "text", "min": 20}}])

    batch = generate(recipe, 10, settings=settings)

    assert len(batch) == 10
    assert batch.rejected
    assert batch.funnel["calls"] == 10 + len(batch.rejected)
    assert batch.funnel["parsed"] == batch.funnel["calls"]
    assert batch.funnel["valid"] == batch.funnel["accepted"] == 10
    reason = batch.rejected[0]["_synthnb"]["reasons"][0]
    assert (reason["rule"], reason["value"]) == ("length", 5)


def test_independent_columns_are_asked_at_once(settings: Settings, loopback: Loopback) -> None:
    loopback.latency = 0.5
    recipe = Recipe(
        columns={
            "left": {"prompt": "Left."},
            "right": {"prompt": "Right."},
            "both": {"prompt": "{{ left }} {{ right }}"},
        }
    )

    batch = generate(recipe, 1, settings=settings)

    assert loopback.max_in_flight == 2
    assert [call.column for call in batch.records[0].calls] == ["left", "right", "both"]


def test_skip_when_leaves_the_cell_empty(settings: Settings, loopback: Loopback) -> None:
    recipe = Recipe(
        columns={
            "kind": ["plain"],
            "extra": {"prompt": "More.", "skip_when": "{{ kind == 'plain' }}"},
        }
    )

    assert generate(recipe, 1, settings=settings)[0] == {"kind": "plain", "extra": None}
    assert not loopback.requests


def test_hidden_columns_are_kept_apart(settings: Settings) -> None:
    recipe = Recipe(
        columns={
            "plan": {"prompt": "Think.", "hidden": True},
            "text": {"prompt": "Write: {{ plan }}"},
        }
    )

    record = generate(recipe, 1, settings=settings).records[0]

    assert list(record.values) == ["text"]
    assert list(record.hidden) == ["plan"]


def test_code_comes_without_its_fences(settings: Settings, loopback: Loopback) -> None:
    loopback.replies("Here:\n```python\ndef f():\n    return 1\n```\nThat is it.")
    recipe = Recipe(columns={"code": {"prompt": "Write f.", "code": "python"}})

    assert generate(recipe, 1, settings=settings)[0] == {"code": "def f():\n    return 1"}


def test_candidates_are_a_list_with_model_and_temperature(
    settings: Settings, loopback: Loopback
) -> None:
    recipe = Recipe(
        models={"other": "lab/big"},
        columns={
            "reply": {
                "prompt": "Answer.",
                "candidates": {
                    "n": 4,
                    "models": ["lab/tiny", "other"],
                    "temperatures": [0.3, 1.0],
                },
            }
        },
    )

    batch = generate(recipe, 1, settings=settings)

    made = batch[0]["reply"]
    assert [(one["model"], one["temperature"]) for one in made] == [
        ("lab/tiny", 0.3),
        ("lab/big", 1.0),
        ("lab/tiny", 1.0),
        ("lab/big", 0.3),
    ]
    assert len({one["answer"] for one in made}) == 4
    assert sorted(body["model"] for body in loopback.bodies) == ["big", "big", "tiny", "tiny"]


def test_a_conversation_alternates_and_stops(settings: Settings, loopback: Loopback) -> None:
    def say(number: int, body: dict[str, object]) -> str:
        return f"turn {number}" if number < 3 else "Well, goodbye."

    loopback.script(say)
    recipe = Recipe(
        columns={
            "chat": {
                "prompt": "Start about a bill.",
                "turns": {
                    "min": 2,
                    "max": 8,
                    "user": {"system": "You are a customer."},
                    "assistant": {"system": "You are a clerk."},
                    "stop": "goodbye",
                },
            }
        }
    )

    chat = generate(recipe, 1, settings=settings)[0]["chat"]

    assert [turn["role"] for turn in chat] == ["user", "assistant", "user", "assistant"]
    assert chat[-1]["content"] == "Well, goodbye."
    first, second = loopback.bodies[0]["messages"], loopback.bodies[1]["messages"]
    assert first == [
        {"role": "system", "content": "You are a customer."},
        {"role": "user", "content": "Start about a bill."},
    ]
    assert second == [
        {"role": "system", "content": "You are a clerk."},
        {"role": "user", "content": "turn 0"},
    ]


def test_an_odd_number_of_turns_asks_for_none_that_it_drops(
    settings: Settings, loopback: Loopback
) -> None:
    column = {"prompt": "Start.", "turns": {"min": 2, "max": 3}}
    chat = generate(Recipe(columns={"chat": column}), 1, settings=settings)[0]["chat"]

    assert [turn["role"] for turn in chat] == ["user", "assistant"]
    assert len(loopback.bodies) == 2
    with pytest.raises(RecipeError, match="min 3 is above max 2"):
        Recipe.from_dict({"columns": {"chat": {**column, "turns": {"min": 3, "max": 3}}}})


def test_events_come_in_order(reviews: Make, settings: Settings) -> None:
    heard: list[Event] = []
    generate(reviews(), 3, settings=settings, on_event=heard.append)

    assert isinstance(heard[0], RunStarted)
    assert isinstance(heard[-1], RunEnded)
    assert sum(isinstance(event, RowDone) for event in heard) == 3
    progress = [event for event in heard if isinstance(event, Progress)]
    assert (progress[-1].accepted, progress[-1].wanted) == (3, 3)


def test_a_listener_that_fails_ends_the_run_and_keeps_rows(
    reviews: Make, settings: Settings
) -> None:
    def broken(event: Event) -> None:
        if isinstance(event, RowDone):
            raise OSError("no space left on device")

    batch = generate(reviews(), 50, settings=settings, on_event=broken)

    assert batch.status == "failed"
    assert "no space left" in batch.reason
    assert 1 <= len(batch) < 50


def test_agenerate_runs_beside_other_work(reviews: Make, settings: Settings) -> None:
    batch = asyncio.run(agenerate(reviews(), 3, settings=settings))

    assert len(batch) == 3


@pytest.mark.parametrize(
    ("changes", "kind", "told"),
    [
        ({"model": "nolab/tiny"}, SettingsError, "no profile 'nolab'"),
        ({"checks": [{"lenght": {"column": "text"}}]}, CheckError, "did you mean 'length'"),
        ({"checks": [{"length": {"column": "txt", "min": 1}}]}, SynthError, "txt"),
        ({"budget": {"usd": 1.0}}, SettingsError, "price of lab/tiny is unknown"),
        ({"target": {"quotas": {"mood": {"angry": 9}}}}, RecipeError, "ask for 9 rows"),
        ({"source": {"path": "absent.csv"}}, SourceError, "absent.csv"),
    ],
)
def test_what_is_wrong_is_said_before_the_first_request(
    reviews: Make,
    settings: Settings,
    loopback: Loopback,
    changes: dict[str, object],
    kind: type[SynthError],
    told: str,
) -> None:
    with pytest.raises(kind, match=told):
        generate(reviews(**changes), 4, settings=settings)
    assert not loopback.requests


def test_local_only_keeps_rows_on_this_machine(reviews: Make, settings: Settings) -> None:
    from synthnb.settings import Profile

    far = Profile("far", base_url="https://example.com/v1")
    away = Settings(model="far/m", profiles={"far": far})

    with pytest.raises(SettingsError, match=r"example\.com.*local only"):
        generate(reviews(local_only=True), 1, settings=away)


def test_real_rows_are_mixed_in(settings: Settings) -> None:
    rows = [{"text": f"real {number}"} for number in range(50)]
    recipe = Recipe(
        source={"order": "file"},
        columns={"text": {"prompt": "Say this otherwise: {{ text }}"}},
        mix={"real": 0.25},
    )

    batch = generate(recipe, 6, source=rows, settings=settings)

    real = [record for record in batch.records if record.origin == "real"]
    assert len(real) == 2
    assert batch.funnel["accepted"] == 6
    assert {record.generation for record in real} == {0}


def test_an_interrupt_keeps_the_rows_that_are_finished(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.script(lambda n, body: None if n < 60 else Reply(cut="hang"))
    heard: list[Event] = []

    def hear(event: Event) -> None:
        heard.append(event)
        if sum(isinstance(event, RowDone) for event in heard) == 20:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as interrupt:
        generate(reviews(), 5000, settings=settings, on_event=hear)

    batch = interrupt.value.batch  # type: ignore[attr-defined]
    assert batch.status == "interrupted"
    assert 20 <= len(batch) <= 60
    assert batch.version == 1


def test_a_recipe_without_prompts_needs_no_model(
    settings: Settings, loopback: Loopback
) -> None:
    twice = {"expression": "{{ n * 2 }}"}
    recipe = Recipe(columns={"n": {"integer": [1, 9]}, "twice": twice})

    batch = generate(recipe, 12, settings=settings)

    assert all(row["twice"] == 2 * row["n"] for row in batch)
    assert not loopback.requests


def test_a_reply_holds_only_its_own_row(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.script(lambda number, body: Reply(text=body["messages"][-1]["content"]))
    batch = generate(reviews(), 40, settings=settings)

    assert all(row["mood"] in row["text"] for row in batch)
    assert all(len(body["messages"]) == 1 for body in loopback.bodies)
