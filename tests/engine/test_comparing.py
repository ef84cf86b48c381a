"""Checks that compare rows: the same verdicts at any concurrency, many rows at once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from synthnb import api, generate
from synthnb.settings import Profile, Settings
from synthnb.settings.profiles import PriceSetting
from tests.engine.conftest import Make
from tests.loopback import Loopback, Reply, error

WORDS = [
    *("lid", "kettle", "broke", "first", "week", "use", "cup"),
    *("handle", "came", "loose", "box", "dent", "red", "old"),
]


def text_of(body: dict[str, object]) -> str:
    """Six words that the question settles: some answers are near copies."""
    draw = random.Random(str(body["messages"]))
    return " ".join(draw.sample(WORDS, 6))


@pytest.mark.parametrize(
    ("rule", "threshold"), [("near_duplicate", 0.3), ("semantic_duplicate", 0.7)]
)
def test_verdicts_do_not_hang_on_concurrency(
    reviews: Make, loopback: Loopback, rule: str, threshold: float
) -> None:
    pause = random.Random(3)
    loopback.script(lambda number, body: Reply(text=text_of(body), delay=pause.random() / 50))
    moods = [f"mood {i}" for i in range(200)]
    recipe = reviews(
        columns={
            "mood": moods,
            "text": {"prompt": "A review by someone {{ mood }}."},
        },
        checks=[
            {"duplicate": {"column": "text"}},
            {rule: {"column": "text", "threshold": threshold}},
        ],
        target={"max_candidates": 150},
    )

    def verdicts(in_flight: int) -> list[tuple[object, ...]]:
        lab = Profile("lab", base_url=loopback.base_url, concurrency=in_flight)
        settings = Settings(model="lab/tiny", profiles={"lab": lab})
        batch = generate(recipe, 150, settings=settings, cache=False)
        return [
            (r.index, r.attempt, r.accepted, r.checks)
            for r in sorted([*batch.records], key=lambda r: (r.index, r.attempt))
        ]

    one = verdicts(1)
    assert verdicts(48) == one
    assert 10 < sum(not accepted for _, _, accepted, _ in one) < 140


def test_rows_are_compared_by_embeddings_of_an_endpoint(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    told = ["the lid broke", "a happy cup", "lid the broke", "so many cups of tea"]
    loopback.script(lambda number, body: told[number % 4] if "messages" in body else None)
    check = {"semantic_duplicate": {"column": "text", "embeddings": "lab/vectors"}}
    batch = generate(
        reviews(checks=[check], target={"max_candidates": 4}), 4, settings=settings
    )

    assert sorted(row["text"] for row in batch) in (
        sorted([told[0], told[1], told[3]]),
        sorted([told[1], told[2], told[3]]),
    )
    assert batch.funnel["valid"] == 4
    asked = [seen["input"] for seen in loopback.bodies if "input" in seen]
    assert {seen["model"] for seen in loopback.bodies if "input" in seen} == {"vectors"}
    assert sorted(text for texts in asked for text in texts) == sorted(told)


def embedding(reviews: Make) -> Any:
    """A recipe whose rows are compared by an endpoint's vectors."""
    check = {"semantic_duplicate": {"column": "text", "embeddings": "lab/vectors"}}
    moods = [f"mood {i}" for i in range(60)]
    columns = {"mood": moods, "text": {"prompt": "A review by someone {{ mood }}."}}
    return reviews(checks=[check], columns=columns, target={"max_candidates": 60})


def test_embeddings_that_are_refused_at_times_are_asked_again(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    asked = 0

    def script(number: int, body: dict[str, Any]) -> Reply | None:
        nonlocal asked
        if "messages" in body:
            words = random.Random(number).sample(WORDS, len(WORDS))  # one vector for all
            return Reply(text=" ".join(words))
        asked += 1
        return error(429, "slow down", headers={"retry-after": "0.02"}) if asked % 3 else None

    loopback.script(script)
    batch = generate(embedding(reviews), 60, settings=settings)
    assert (len(batch), batch.funnel["valid"]) == (1, 60)
    assert all(check.value is not None for row in batch.records for check in row.checks)


def test_embeddings_are_paid_for_and_held_back_by_a_budget(
    reviews: Make, loopback: Loopback
) -> None:
    def lab(name: str, rate: float) -> Profile:
        price = PriceSetting(rate, 0.0, per=1)
        return Profile(name, base_url=loopback.base_url, concurrency=4, price=price)

    settings = Settings(
        model="free/tiny", profiles={"free": lab("free", 0.0), "lab": lab("lab", 0.01)}
    )
    words = " ".join(WORDS)
    loopback.script(lambda number, body: f"{number} {words}" if "messages" in body else None)
    whole = generate(embedding(reviews), 20, settings=settings)
    inputs = [text for body in loopback.bodies for text in body.get("input", ())]
    tokens = sum(len(text.split()) for text in inputs)
    assert len(inputs) >= 20
    assert whole.usage.cost == pytest.approx(tokens * 0.01)

    cut = generate(
        embedding(reviews).replace(seed=3), 20, settings=settings, budget=tokens * 0.005
    )
    assert cut.status == "budget"
    assert 0 < cut.usage.cost <= tokens * 0.005
    assert "the budget of" in cut.reason


def counted(prompt: int, answer: int, text: Callable[[int], str]) -> Any:
    """A script whose chat answers count so many tokens."""

    def script(number: int, body: dict[str, Any]) -> Reply | None:
        usage = {"prompt_tokens": prompt, "completion_tokens": answer}
        return Reply(text=text(number), usage=usage) if "messages" in body else None

    return script


def numbers(number: int) -> str:
    draw = random.Random(number)
    return " ".join(f"word{draw.random()}" for _ in range(40))


@pytest.mark.parametrize("cap", [600, 1000])
def test_a_cap_holds_where_embeddings_count_more_tokens_than_chat(
    reviews: Make, settings: Settings, loopback: Loopback, cap: int
) -> None:
    loopback.script(counted(1, 5, lambda number: f"{number} {' '.join(WORDS)}"))
    recipe = embedding(reviews).replace(params={"max_tokens": 10}, budget={"tokens": cap})
    batch = generate(recipe, 60, settings=settings)
    assert batch.status == "budget"
    assert 0.5 * cap < batch.usage.tokens <= cap


def test_stored_embeddings_are_asked_for_no_more(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.script(counted(15, 200, numbers))
    recipe = embedding(reviews).replace(params={"max_tokens": 250}, budget={"tokens": 20_000})
    first = generate(recipe, 60, settings=settings)
    assert (first.status, len(first)) == ("done", 60)
    loopback.reset()
    again = generate(recipe, 60, settings=settings)
    assert (again.status, list(again)) == ("done", list(first))
    assert [r.checks for r in again.records] == [r.checks for r in first.records]
    assert loopback.bodies == []
    assert generate(recipe, 60, settings=settings, cache=False).status == "done"
    assert any("input" in body for body in loopback.bodies)


def test_texts_that_a_cap_takes_not_all_at_once_go_in_parts(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    """Without a reply to learn from, 64 long texts may take more than the cap."""
    loopback.script(counted(15, 8, lambda number: f"answer {number}"))
    check = {
        "semantic_duplicate": {
            "column": "text", "embeddings": "lab/vectors", "against": ["accepted", "source"],
        }
    }  # fmt: skip
    columns = {"text": {"prompt": "Write words."}}
    rows = [{"text": f"word{i} " * 150} for i in range(64)]
    recipe = reviews(
        checks=[check], columns=columns, params={"max_tokens": 20}, budget={"tokens": 50_000}
    )
    generate(recipe.replace(checks=()), 20, settings=settings, source=rows)
    batch = generate(recipe, 20, settings=settings, source=rows)
    assert (batch.status, len(batch)) == ("done", 20)
    sizes = [len(body["input"]) for body in loopback.bodies if "input" in body]
    assert sizes[0] == 32


def test_vectors_of_another_length_lose_no_run(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    asked = 0

    def script(number: int, body: dict[str, Any]) -> Reply | None:
        nonlocal asked
        if "messages" in body:
            return Reply(text=f"row {number}")
        asked += 1
        vector = [1.0, float(asked)] + [0.0] * (asked > 1)
        found = [{"index": i, "embedding": vector} for i in range(len(body["input"]))]
        return Reply(json={"data": found})

    loopback.script(script)
    batch = generate(embedding(reviews), 5, settings=settings)
    assert batch.status == "done"
    said = [check.message for row in batch.records for check in row.checks]
    assert any("gave vectors of 2 and 3 numbers" in message for message in said)


def test_a_stop_does_not_wait_for_embeddings(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    def script(number: int, body: dict[str, Any]) -> Reply | None:
        return Reply(text=f"row {number}") if "messages" in body else Reply(cut="hang")

    loopback.script(script)
    handle = api.start(api.prepare(embedding(reviews), 60, settings=settings))
    deadline = time.monotonic() + 60
    while not any("input" in body for body in loopback.bodies):
        assert time.monotonic() < deadline, "no embeddings were asked for"
        time.sleep(0.01)
    handle.stop()
    assert handle.done(timeout=60), "the run waits for embeddings that never come"
    assert handle.result().status == "interrupted"
