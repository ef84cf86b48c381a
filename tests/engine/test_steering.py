"""Quotas that hang together: all of them exact, or refused before the first request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from synthnb import Recipe, generate
from synthnb.engine.slots import Slots
from synthnb.errors import RecipeError
from synthnb.samplers import Plan, PlannedRow, make_plan
from synthnb.settings import Settings
from synthnb.types import JSON
from tests.loopback import Loopback, Reply

MOODS: dict[str, Any] = {
    "mood": {"angry": 9, "happy": 1},
    "lang": ["de", "en", "fr"],
    "text": {"prompt": "Someone {{ mood }} in {{ lang }}."},
}
TOPICS: dict[str, Any] = {
    "topic": ["billing", "login"],
    "part": {"subcategory": "topic", "of": {"billing": ["vat", "fee"], "login": ["2fa"]}},
    "text": {"prompt": "A question on {{ part }}."},
}


def counts(batch: Any, *names: str) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row[name] for name in names) for row in batch)


def test_a_quota_inside_another(settings: Settings) -> None:
    quotas = {"mood": {"happy": 30}, "mood & lang": {"happy & fr": 20, "angry & de": 5}}
    recipe = Recipe(columns=MOODS, target={"quotas": quotas})

    batch = generate(recipe, 60, settings=settings)

    assert counts(batch, "mood") == {("happy",): 30, ("angry",): 30}
    pairs = counts(batch, "mood", "lang")
    assert (pairs["happy", "fr"], pairs["angry", "de"]) == (20, 5)


def test_a_category_and_its_parts(settings: Settings) -> None:
    quotas = {"topic": {"billing": 30}, "part": {"vat": 28, "2fa": 10}}
    recipe = Recipe(columns=TOPICS, target={"quotas": quotas})

    batch = generate(recipe, 40, settings=settings)

    assert counts(batch, "part") == {("vat",): 28, ("fee",): 2, ("2fa",): 10}


@pytest.mark.parametrize(
    "quotas",
    [
        {"topic": {"billing": 30}, "part": {"2fa": 15}},
        {"topic": {"billing": 20}, "part": {"2fa": 15}},  # a login is always about 2fa
    ],
)
def test_quotas_that_contradict_each_other_are_refused(
    settings: Settings, loopback: Loopback, quotas: dict[str, Any]
) -> None:
    recipe = Recipe(columns=TOPICS, target={"quotas": quotas})

    with pytest.raises(RecipeError, match="quotas on topic and on part cannot all be met"):
        generate(recipe, 40, settings=settings)
    assert not loopback.requests


PAIRS: dict[str, Any] = {
    "a": {"x": 9, "y": 1},
    "b": {"p": 9, "q": 1},
    "c": {"r": 9, "s": 1},
    "text": {"prompt": "{{ a }}{{ b }}{{ c }}"},
}


def pairs(n: int, p_and_s: int) -> Recipe:
    """Quotas that share a column, in hundredths of ``n``."""
    first = {"x & p": 30 * n // 100, "y & q": 40 * n // 100}
    second = {"p & s": p_and_s * n // 100, "q & r": 30 * n // 100}
    return Recipe(columns=PAIRS, target={"quotas": {"a & b": first, "b & c": second}})


def test_large_targets_are_exact_too() -> None:
    n = 10_100
    recipe = pairs(n, 50)
    plan = make_plan(recipe, None, n)

    slots = Slots(plan, n, per_call=1, cap=None)
    found: Counter[tuple[str, ...]] = Counter()
    for _ in range(n):
        slot = slots.next()
        assert slot is not None
        row = plan.row(slot.index, slot.where).values
        found.update([(str(row["a"]), str(row["b"])), (str(row["b"]), str(row["c"]))])

    assert (found["x", "p"], found["y", "q"]) == (3030, 4040)
    assert (found["p", "s"], found["q", "r"]) == (5050, 3030)


@pytest.mark.parametrize("n", [100, 10_100])
def test_contradictions_are_refused_at_any_size(
    settings: Settings, loopback: Loopback, n: int
) -> None:
    with pytest.raises(RecipeError, match="quotas on a & b and on b & c cannot all be met"):
        generate(pairs(n, 65), n, settings=settings)  # 40 of 100 rows are q
    assert not loopback.requests


class Counted(Plan):
    drawn = 0

    def row(self, index: int, where: Mapping[str, JSON] | None = None) -> PlannedRow:
        self.drawn += 1
        return super().row(index, where)


def test_a_rehearsal_is_kept_with_its_plan() -> None:
    plan = Counted(pairs(100, 50), None, 100)
    first = Slots(plan, 100, per_call=1, cap=None)
    rehearsed, plan.drawn = plan.drawn, 0

    second = Slots(plan, 100, per_call=1, cap=None)

    assert plan.drawn < 20 < 100 < rehearsed
    assert [first.next() for _ in range(100)] == [second.next() for _ in range(100)]


def test_two_columns_of_the_source(settings: Settings) -> None:
    rows = [{"q": f"{n}", "label": "xxxy"[n % 4], "kind": "ppq"[n % 3]} for n in range(40)]
    quotas = {"label": {"y": 15}, "kind": {"q": 20}}
    recipe = Recipe(
        source={"order": "shuffle"},
        columns={"text": {"prompt": "{{ q }} {{ label }}"}},
        target={"quotas": quotas},
    )

    batch = generate(recipe, 30, source=rows, settings=settings)

    assert counts(batch, "label")["y",] == 15
    assert counts(batch, "kind")["q",] == 20


def test_lost_rows_are_replaced_in_all_their_cells(
    settings: Settings, loopback: Loopback
) -> None:
    refusal = {"content": None, "refusal": "No."}
    loopback.script(lambda n, body: Reply(message=refusal) if body["seed"] % 3 == 0 else None)
    quotas = {"mood": {"happy": 30}, "lang": {"fr": 25, "de": 25}}
    recipe = Recipe(columns=MOODS, target={"quotas": quotas})

    batch = generate(recipe, 60, settings=settings)

    assert batch.rejected
    assert counts(batch, "mood") == {("happy",): 30, ("angry",): 30}
    assert counts(batch, "lang") == {("fr",): 25, ("de",): 25, ("en",): 10}


def test_rows_of_a_list_share_what_quotas_are_on(settings: Settings) -> None:
    text = {"prompt": "In {{ lang }}.", "per_call": 7, "schema": {"t": "str"}}
    lists = {**MOODS, "text": text}
    recipe = Recipe(columns=lists, target={"quotas": {"mood": {"happy": 33}}})

    batch = generate(recipe, 60, settings=settings)

    assert counts(batch, "mood") == {("happy",): 33, ("angry",): 27}


def test_the_rest_of_whole_numbers(settings: Settings) -> None:
    columns = {"stars": {"integer": [1, 5]}, "text": {"prompt": "{{ stars }} stars."}}
    recipe = Recipe(columns=columns, target={"quotas": {"stars": {"2": 12, "4": 1}}})

    found = counts(generate(recipe, 40, settings=settings), "stars")

    assert (found[2,], found[4,]) == (12, 1)
    assert set(found) == {(1,), (2,), (3,), (4,), (5,)}


def test_a_run_that_stops_names_the_cell_that_stopped_it(
    settings: Settings, loopback: Loopback
) -> None:
    refusal = Reply(message={"content": None, "refusal": "No."})
    loopback.script(lambda n, body: refusal if "happy" in str(body["messages"]) else None)
    recipe = Recipe(columns=MOODS, target={"quotas": {"mood": {"happy": 20}}})

    batch = generate(recipe, 60, settings=settings)

    assert batch.status == "stopped"
    assert "mood = happy: 0 of 20, lost to refusal" in batch.reason
    assert len(batch) == 40
