"""What an endpoint costs: the user's own price, else the genai-prices tables, else unknown.

Unknown stays ``None`` and is never guessed from a model's name alone: the tables are asked
by the address of the endpoint.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from synthnb.profiles import Profile

__all__ = ["Price", "find_price"]


@dataclass(frozen=True, slots=True)
class Price:
    """Money for ``per`` tokens.

    >>> Price(0.25, 2.0).cost(1_000_000, 500_000)
    1.25
    """

    input: float
    output: float
    per: int = 1_000_000
    currency: str = "USD"
    as_of: str | None = None
    """ISO date of the price list."""
    source: str = "settings"
    """``settings``, ``genai-prices VERSION`` or ``local``."""
    tiers: Sequence[tuple[int, float, float]] = ()
    """(prompt tokens, input, output), ascending: above so many prompt tokens the whole
    request costs this much."""

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Money for one request."""
        first, second = self.input, self.output
        if self.tiers:
            passed = bisect_right(self.tiers, prompt_tokens - 1, key=lambda tier: tier[0])
            if passed:
                _, first, second = self.tiers[passed - 1]
        return (prompt_tokens * first + completion_tokens * second) / self.per

    def worst(self, prompt_tokens: int, max_tokens: int) -> float:
        """The most that one request can cost, to be reserved before it is sent."""
        return self.cost(prompt_tokens, max_tokens)


def find_price(profile: Profile, model: str) -> Price | None:
    """The price of a model behind a profile, ``None`` if nobody knows it.

    ``model`` is the name without the profile.
    """
    own = profile.price
    if own is not None:
        return Price(own.input, own.output, own.per, own.currency, own.as_of)
    if profile.base_url is None:
        return Price(0.0, 0.0, source="local")
    if profile.loopback:
        return None  # its owner may be billed all the same: ask nobody's table
    return _from_tables(profile.base_url, model)


@cache
def _from_tables(base_url: str, model: str) -> Price | None:
    """The tables that came with the package: nothing is fetched."""
    import genai_prices

    def rate(tokens: int) -> tuple[object, float, float]:
        usage = genai_prices.Usage(input_tokens=tokens, output_tokens=1_000_000)
        found = genai_prices.calc_price(usage, model, provider_api_url=base_url)
        million = float(found.input_price) / tokens * 1_000_000
        return found.model_price, round(million, 9), round(float(found.output_price), 9)

    try:
        table, first, second = rate(1000)
        starts: set[int] = set()
        for name in ("input_mtok", "output_mtok"):
            starts |= {tier.start for tier in getattr(getattr(table, name), "tiers", ())}
        tiers = tuple((start, *rate(start + 1)[1:]) for start in sorted(starts))
    except (LookupError, ValueError, AttributeError):
        return None
    source = f"genai-prices {genai_prices.__version__}"
    return Price(first, second, as_of=_date(), source=source, tiers=tiers)


@cache
def _date() -> str | None:
    """The newest day that the tables mention and that is not in the future."""
    from datetime import UTC, datetime
    from importlib.resources import files

    text = files("genai_prices").joinpath("data.py").read_text("utf-8")
    today = datetime.now(UTC).date().isoformat()
    days = set(re.findall(r"\b20\d\d-[01]\d-[0-3]\d\b", text))
    for year, month, day in re.findall(r"date(?:time)?\((20\d\d), (\d+), (\d+)", text):
        days.add(f"{year}-{int(month):02}-{int(day):02}")
    return max((day for day in days if day <= today), default=None)
