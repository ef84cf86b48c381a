"""Hard caps: checked before each request, with the worst case of those in flight."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from synthnb import generate
from synthnb.api import resume
from synthnb.api.stores import shared_store
from synthnb.errors import SettingsError
from synthnb.settings import PriceSetting, Settings
from tests.engine.conftest import Make
from tests.loopback import Loopback, Reply


def test_tokens_are_never_passed(reviews: Make, settings: Settings, loopback: Loopback) -> None:
    loopback.script(lambda n, body: Reply(usage={"prompt_tokens": 20, "completion_tokens": 40}))
    recipe = reviews(budget={"tokens": 3000}, params={"max_tokens": 40})

    batch = generate(recipe, 500, settings=settings)

    assert batch.status == "budget"
    assert "budget of 3,000 tokens" in batch.reason
    assert "used, prompts included" in batch.reason  # a verdict counts what was written
    assert 2400 < batch.usage.tokens <= 3000
    assert len(batch) == len(loopback.requests) == batch.usage.tokens // 60


def test_money_is_counted_by_the_users_own_price(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 50}
    loopback.script(lambda n, body: Reply(usage=usage))
    price = PriceSetting(input=10.0, output=20.0, per=1000)
    lab = replace(settings.profiles["lab"], price=price)
    settings = replace(settings, profiles={"lab": lab})
    recipe = reviews(budget={"usd": 50}, params={"max_tokens": 50})

    batch = generate(recipe, 500, settings=settings)

    assert batch.status == "budget"
    assert batch.usage.cost is not None
    assert 40 < batch.usage.cost <= 50
    assert batch.usage.cost == 2.0 * len(batch)
    assert batch.records[0].calls[0].cost == 2.0


def test_a_budget_too_small_for_one_request_sends_none(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    batch = generate(reviews(budget={"tokens": 20}), 5, settings=settings)

    assert (len(batch), batch.status) == (0, "budget")
    assert not loopback.requests


def test_minutes_end_the_run(reviews: Make, settings: Settings, loopback: Loopback) -> None:
    loopback.latency = 0.05

    batch = generate(reviews(budget={"minutes": 0.03}), 5000, settings=settings)

    assert batch.status == "budget"
    assert "0.03 minutes" in batch.reason
    assert len(batch) > 5


def test_stored_answers_cost_nothing(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    generate(reviews(), 10, settings=settings)

    again = generate(reviews(budget={"tokens": 1}), 10, settings=settings)

    assert (len(again), again.status, again.usage.tokens) == (10, "done", 0)


def test_a_server_that_ignores_max_tokens_is_found_out(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    usage = {"prompt_tokens": 20, "completion_tokens": 400}  # ten times what was asked for
    loopback.script(lambda n, body: Reply(usage=usage, delay=0.01))
    recipe = reviews(budget={"tokens": 20_000}, params={"max_tokens": 40})

    batch = generate(recipe, 500, settings=settings)

    assert batch.status == "budget"
    assert 15_000 < batch.usage.tokens <= 20_000


def test_a_budget_in_dollars_needs_a_price_in_dollars(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    euros = PriceSetting(input=1.0, output=1.0, currency="EUR")
    lab = replace(settings.profiles["lab"], price=euros)

    with pytest.raises(SettingsError, match="price of lab/tiny is in EUR"):
        generate(reviews(), 5, settings=replace(settings, profiles={"lab": lab}), budget=1.0)
    assert not loopback.requests


def test_a_resumed_run_has_paid_for_its_judge_as_well(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    usage = {"prompt_tokens": 30, "completion_tokens": 30}

    def script(number: int, body: dict[str, Any]) -> Reply:
        verdict = '{"good": {"reasoning": "fine", "score": 5}}'
        judged = "BEGIN DATA" in body["messages"][-1]["content"]
        return Reply(text=verdict if judged else None, usage=usage)

    loopback.script(script)
    judge = [{"judge": {"rubric": {"good": "1-5"}, "min": 2}}]
    recipe = reviews(checks=judge, budget={"tokens": 6000}, params={"max_tokens": 30})
    first = generate(recipe, 500, settings=settings)
    assert first.status == "budget"

    again = resume(first.run, settings=settings)

    assert (again.status, again.usage.requests) == ("budget", 0)
    assert again.usage.cached == first.usage.requests


def test_what_a_run_has_paid_counts_before_its_answers_are_looked_up(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    recipe = reviews(budget={"tokens": 3000}, params={"max_tokens": 30})
    first = generate(recipe, 500, settings=settings)
    assert first.status == "budget"
    sent = len(loopback.requests)
    shared_store().prune(days=0)

    again = resume(first.run, settings=settings)
    once_more = resume(first.run, settings=settings)

    assert (again.status, once_more.status) == ("budget", "budget")
    assert len(loopback.requests) == sent


def test_stop_if_ends_a_run_that_goes_wrong(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.script(lambda n, body: "always the same words here")
    recipe = reviews(
        checks=[{"duplicate": {"column": "text"}}], target={"stop_if": {"duplicate": 0.5}}
    )

    batch = generate(recipe, 300, settings=settings)

    assert batch.status == "stopped"
    assert "stop_if" in batch.reason
    assert len(loopback.requests) < 100


def test_a_server_that_lies_about_tokens_cannot_pass_the_cap(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    lies: list[object] = [
        {"prompt_tokens": -5, "completion_tokens": -9},
        {"prompt_tokens": 0, "completion_tokens": 0},
        {"prompt_tokens": "many", "completion_tokens": None},
        None,
    ]
    text = "word " * 30  # about 38 tokens, whatever is said
    loopback.script(lambda n, body: Reply(text=f"{n} {text}", usage=lies[n % len(lies)]))
    recipe = reviews(budget={"tokens": 3000}, params={"max_tokens": 40})

    batch = generate(recipe, 500, settings=settings)

    assert batch.status == "budget"
    assert batch.usage.tokens <= 3000
    assert len(loopback.requests) <= 3000 // 38
