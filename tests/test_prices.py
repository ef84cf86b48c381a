"""Prices: the user's own first, tables by address second, otherwise unknown."""

from __future__ import annotations

import re

import pytest

from synthnb.prices import Price, find_price
from synthnb.profiles import BUILT_IN, PriceSetting, Profile


def test_a_profiles_own_price_wins() -> None:
    own = PriceSetting(input=1.0, output=3.0, per=1000, currency="EUR", as_of="2026-11-01")
    profile = Profile("lab", base_url="https://api.openai.com/v1", price=own)
    price = find_price(profile, "gpt-5-mini")
    assert price == Price(1.0, 3.0, 1000, "EUR", "2026-11-01", "settings")
    assert price.cost(2000, 1000) == pytest.approx(5.0)


def test_a_known_endpoint_has_a_dated_price() -> None:
    price = find_price(BUILT_IN["openai"], "gpt-5-mini")
    assert price is not None and 0 < price.input < price.output
    assert price.source.startswith("genai-prices ")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", price.as_of or "")


def test_unknown_stays_unknown() -> None:
    assert find_price(BUILT_IN["openai"], "no-such-model") is None
    assert find_price(BUILT_IN["ollama"], "gpt-5-mini") is None
    elsewhere = Profile("x", base_url="https://llm.example/v1")
    assert find_price(elsewhere, "gpt-5-mini") is None


def test_the_embedded_model_costs_nothing() -> None:
    price = find_price(BUILT_IN["local"], "smollm2-135m")
    assert price is not None and price.cost(10**6, 10**6) == 0


def test_a_tier_prices_the_whole_request() -> None:
    price = Price(1.0, 2.0, tiers=((200_000, 10.0, 20.0),))
    assert price.cost(200_000, 0) == pytest.approx(0.2)
    assert price.cost(200_001, 0) == pytest.approx(2.00001)
    google = Profile(
        "google", base_url="https://generativelanguage.googleapis.com/v1beta/openai"
    )
    tiered = find_price(google, "gemini-2.5-pro")
    assert tiered is not None and tiered.tiers and tiered.tiers[0][1] > tiered.input
