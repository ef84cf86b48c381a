"""Exactly N rows: quotas, top-up, caps and the report on what could not be filled."""

from __future__ import annotations

from collections import Counter

import pytest

from synthnb import Recipe, generate
from synthnb.errors import RecipeError
from synthnb.settings import Settings
from tests.engine.conftest import Make
from tests.loopback import Loopback, Reply


def test_quotas_are_exact_whatever_the_weights(reviews: Make, settings: Settings) -> None:
    recipe = reviews(
        columns={
            "mood": {"category": {"angry": 9, "happy": 1, "calm": 1}},
            "text": {"prompt": "A review by someone {{ mood }}."},
        },
        target={"rows": 40, "quotas": {"mood": {"happy": 17}}},
    )

    batch = generate(recipe, settings=settings)

    moods = Counter(batch["mood"])
    assert len(batch) == 40
    assert moods["happy"] == 17
    assert moods["angry"] > moods["calm"]


def test_lost_rows_of_a_cell_are_replaced_in_that_cell(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    seen: Counter[str] = Counter()

    def script(number: int, body: dict[str, list[dict[str, str]]]) -> str | None:
        mood = body["messages"][-1]["content"].split()[-1].rstrip(".")
        seen[mood] += 1
        return "no" if mood == "happy" and seen[mood] % 2 else None

    loopback.script(script)
    recipe = reviews(
        checks=[{"length": {"column": "text", "min": 10}}],
        target={"rows": 20, "quotas": {"mood": {"happy": 8, "angry": 12}}},
    )

    batch = generate(recipe, settings=settings)

    assert Counter(batch["mood"]) == {"happy": 8, "angry": 12}
    assert {row["mood"] for row in batch.rejected} == {"happy"}


def test_combinations_can_have_quotas(settings: Settings) -> None:
    recipe = Recipe(
        seed=3,
        columns={
            "topic": ["billing", "login"],
            "level": ["easy", "hard"],
            "text": {"prompt": "{{ topic }} {{ level }}"},
        },
        target={"rows": 20, "quotas": {"topic & level": {"billing & hard": 11}}},
    )

    batch = generate(recipe, settings=settings)

    pairs = Counter(zip(batch["topic"], batch["level"], strict=True))
    assert pairs["billing", "hard"] == 11
    assert len(batch) == 20


def test_quotas_on_written_columns_take_rows_while_there_is_room(
    settings: Settings, loopback: Loopback
) -> None:
    loopback.script(lambda number, body: "yes" if number % 4 else "no")
    recipe = Recipe(
        columns={"label": {"prompt": "Yes or no?", "choices": ["yes", "no"]}},
        target={"rows": 10, "quotas": {"label": {"no": 5, "yes": 5}}, "max_candidates": 100},
    )

    batch = generate(recipe, settings=settings)

    assert Counter(batch["label"]) == {"yes": 5, "no": 5}
    assert {row["_synthnb"]["reasons"][0]["rule"] for row in batch.rejected} == {"quota"}
    assert batch.funnel["unique"] > batch.funnel["accepted"] == 10


def test_a_cell_that_cannot_be_filled_is_reported(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.script(
        lambda number, body: "no" if "happy" in body["messages"][-1]["content"] else None
    )
    heard: list[object] = []
    recipe = reviews(
        checks=[{"length": {"column": "text", "min": 10}}],
        target={"rows": 12, "quotas": {"mood": {"happy": 4}}, "max_candidates": 30},
    )

    batch = generate(recipe, settings=settings, on_event=heard.append)

    assert (batch.status, len(batch)) == ("exhausted", 8)
    told = "mood = happy: 0 of 4, lost to length (22)"
    assert told in batch.reason
    shown = batch._repr_mimebundle_()
    assert told in shown["text/html"] and told in shown["text/plain"]
    payload = shown["application/vnd.synthnb.batch.v1+json"]
    assert told in payload["status"]["text"]
    assert batch.exhausted == heard[-1].exhausted  # type: ignore[attr-defined]
    assert batch.funnel["calls"] == 30
    assert heard[-1].exhausted == (  # type: ignore[attr-defined]
        {"cell": {"mood": "happy"}, "wanted": 4, "accepted": 0, "why": "length (22)"},
    )


def test_impossible_quotas_are_refused(reviews: Make, settings: Settings) -> None:
    full = {"rows": 10, "quotas": {"mood": {"angry": 3, "happy": 4}}}

    with pytest.raises(RecipeError, match="not every row"):
        generate(reviews(target=full), settings=settings)


def test_the_same_rows_at_any_concurrency(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    from dataclasses import replace

    def text(number: int, body: dict[str, int]) -> str:
        return f"row of kind {body['seed'] % 9} and nothing else to say"

    loopback.script(text)
    recipe = reviews(
        checks=[{"near_duplicate": {"column": "text", "threshold": 0.9}}],
        target={"rows": 9, "max_candidates": 200},
    )
    kept = []
    for concurrency in (1, 3, 16):
        lab = replace(settings.profiles["lab"], concurrency=concurrency)
        one = replace(settings, profiles={"lab": lab})
        batch = generate(recipe, settings=one, cache=False)
        kept.append([(record.index, record.accepted) for record in batch.records])

    assert kept[0] == kept[1] == kept[2]
    assert sum(accepted for _, accepted in kept[0]) == 9


def test_the_same_source_rows_are_asked_again_at_any_concurrency(
    settings: Settings, loopback: Loopback
) -> None:
    from dataclasses import replace

    from synthnb import Recipe

    def text(number: int, body: dict[str, int]) -> Reply:
        said = {"content": None, "refusal": "No."} if body["seed"] % 4 == 0 else {}
        return Reply(message=said, delay=body["seed"] % 5 / 200)

    loopback.script(text)
    recipe = Recipe(
        source={"order": "file"},
        columns={"text": {"prompt": "Say {{ q }} again."}},
        target={"max_candidates": 43},
    )
    rows = [{"q": f"word {number}"} for number in range(40)]
    kept = []
    for concurrency in (1, 5, 32):
        lab = replace(settings.profiles["lab"], concurrency=concurrency)
        one = replace(settings, profiles={"lab": lab})
        batch = generate(recipe, 40, source=rows, settings=one, cache=False)
        kept.append(sorted((r.index, r.attempt, r.accepted) for r in batch.records))

    assert kept[0] == kept[1] == kept[2]
    assert len(kept[0]) == 43 and any(attempt for _, attempt, _ in kept[0])


def test_a_source_without_repetition_is_asked_again_row_by_row(
    settings: Settings, loopback: Loopback
) -> None:
    loopback.script(lambda number, body: "" if number == 0 else None)
    rows = [{"text": "one", "label": 1}, {"text": "two", "label": 2}]
    recipe = Recipe(
        source={"order": "file"},
        columns={"text": {"prompt": "Other words: {{ text }}", "repair": 0}},
    )

    batch = generate(recipe, source=rows, settings=settings)

    assert sorted(batch["label"]) == [1, 2]
    assert len(loopback.requests) == 3


def test_more_rows_than_the_source_has_is_told(settings: Settings) -> None:
    recipe = Recipe(source={"order": "file"}, columns={"text": {"prompt": "{{ text }}"}})

    batch = generate(recipe, 5, source=[{"text": "one"}, {"text": "two"}], settings=settings)

    assert (len(batch), batch.status) == (2, "exhausted")
    assert "the source has rows for 2 only" in batch.reason
