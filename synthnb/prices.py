"""What tokens cost: the user's own figures first, then a dated public list, else unknown."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from synthnb.settings.profiles import Profile

__all__ = ["FREE", "Price", "price_of"]


@dataclass(frozen=True, slots=True)
class Price:
    """Money for one token in and one token out."""

    input: float
    output: float
    currency: str = "USD"
    as_of: str | None = None
    """Date of the figures, and the list and version they come from."""
    tiers: Sequence[tuple[int, float, float]] = ()
    """(prompt tokens, input, output), ascending: above so many prompt tokens the whole
    request is charged at these."""

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Money for one answer.

        >>> Price(2e-6, 8e-6).cost(1000, 500)
        0.006
        """
        first, second = self.input, self.output
        if self.tiers:
            passed = bisect_right(self.tiers, prompt_tokens - 1, key=lambda tier: tier[0])
            if passed:
                _, first, second = self.tiers[passed - 1]
        return first * prompt_tokens + second * completion_tokens


FREE = Price(0.0, 0.0, as_of="in this process")


def price_of(profile: Profile, model: str) -> Price | None:
    """The price of ``model`` at a profile's endpoint, ``None`` if nobody knows it.

    The public list is asked by the endpoint's address, never by the model's name alone:
    the same weights cost something else elsewhere.

    >>> from synthnb.settings.profiles import BUILT_IN
    >>> price_of(BUILT_IN["local"], "smollm2-135m").cost(1000, 1000)
    0.0
    """
    if profile.base_url is None:  # in this process
        return FREE
    own = profile.price
    if own is not None:
        return Price(own.input / own.per, own.output / own.per, own.currency, own.as_of)
    if profile.base_url is None or profile.loopback:
        return None
    return _listed(profile.base_url, model)


@cache
def _listed(url: str, model: str) -> Price | None:
    """The list that came with the package: nothing is fetched."""
    try:
        import genai_prices
    except ImportError:
        return None

    def rates(tokens: int) -> tuple[object, float, float]:
        usage = genai_prices.Usage(input_tokens=tokens, output_tokens=1000)
        found = genai_prices.calc_price(usage, model, provider_api_url=url)
        return (
            found.model_price,
            float(found.input_price) / tokens,
            float(found.output_price) / 1000,
        )

    try:
        listed, first, second = rates(1000)
        starts: set[int] = set()
        for name in ("input_mtok", "output_mtok"):
            starts |= {tier.start for tier in getattr(getattr(listed, name), "tiers", ())}
        tiers = tuple((start, *rates(start + 1)[1:]) for start in sorted(starts))
    except (LookupError, ValueError, AttributeError):
        return None
    as_of = f"{_list_date()}, genai-prices {genai_prices.__version__}"
    return Price(first, second, "USD", as_of, tiers)


@cache
def _list_date() -> str:
    """The newest day that the list mentions and that is not in the future."""
    from datetime import UTC, datetime
    from importlib.resources import files

    text = files("genai_prices").joinpath("data.py").read_text("utf-8")
    today = datetime.now(UTC).date().isoformat()
    days = set(re.findall(r"\b20\d\d-[01]\d-[0-3]\d\b", text))
    for year, month, day in re.findall(r"date(?:time)?\((20\d\d), (\d+), (\d+)", text):
        days.add(f"{year}-{int(month):02}-{int(day):02}")
    return max((day for day in days if day <= today), default="undated")
