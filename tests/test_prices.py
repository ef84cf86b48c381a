"""Prices: the user's own first, a list by address second, otherwise unknown."""

from __future__ import annotations

import re

import pytest

from synthnb.prices import Price, price_of
from synthnb.settings.profiles import BUILT_IN, PriceSetting, Profile


def test_a_profiles_own_price_wins() -> None:
    own = PriceSetting(input=1.0, output=3.0, per=1000, currency="EUR", as_of="2026-11-01")
    price = price_of(
        Profile("x", base_url="https://api.openai.com/v1", price=own), "gpt-5-mini"
    )
    assert price == Price(0.001, 0.003, "EUR", "2026-11-01")
    assert price.cost(2000, 1000) == pytest.approx(5.0)


def test_a_known_endpoint_has_a_dated_price() -> None:
    price = price_of(BUILT_IN["openai"], "gpt-5-mini")
    assert price is not None and 0 < price.input < price.output < 0.001
    assert re.fullmatch(r"20\d\d-\d\d-\d\d, genai-prices [\d.]+", price.as_of or "")


def test_unknown_stays_unknown() -> None:
    assert price_of(BUILT_IN["openai"], "no-such-model") is None
    assert price_of(BUILT_IN["ollama"], "gpt-5-mini") is None
    assert price_of(Profile("x", base_url="https://llm.example/v1"), "gpt-5-mini") is None


def test_the_embedded_model_costs_nothing() -> None:
    price = price_of(BUILT_IN["local"], "smollm2-135m")
    assert price is not None and price.cost(10**6, 10**6) == 0


def test_a_tier_charges_the_whole_request() -> None:
    price = Price(1.0, 2.0, tiers=((200_000, 10.0, 20.0),))
    assert price.cost(200_000, 1) == pytest.approx(200_002)
    assert price.cost(200_001, 1) == pytest.approx(2_000_030)
    url = "https://generativelanguage.googleapis.com/v1beta/openai"
    tiered = price_of(Profile("google", base_url=url), "gemini-2.5-pro")
    assert tiered is not None and tiered.tiers and tiered.tiers[0][1] > tiered.input
