"""What tokens cost: the user's own figures first, then a dated public list, else unknown."""

from __future__ import annotations

from dataclasses import dataclass

from synthnb.profiles import Profile

__all__ = ["FREE", "Price", "price_of"]


@dataclass(frozen=True, slots=True)
class Price:
    """Money for one token in and one token out."""

    input: float
    output: float
    currency: str = "USD"
    as_of: str | None = None
    """Date of the figures, or the list and version they come from."""

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Money for one answer."""
        return self.input * prompt_tokens + self.output * completion_tokens


FREE = Price(0.0, 0.0, as_of="in this process")


def price_of(profile: Profile, model: str) -> Price | None:
    """The price of ``model`` at a profile's endpoint, ``None`` if nobody knows it.

    The public list is asked by the endpoint's address, never by the model's name alone:
    the same weights cost something else elsewhere.

    >>> from synthnb.profiles import BUILT_IN
    >>> price_of(BUILT_IN["local"], "smollm2-135m")
    Price(input=0.0, output=0.0, currency='USD', as_of='in this process')
    """
    if profile.kind == "local":
        return FREE
    own = profile.price
    if own is not None:
        return Price(own.input / own.per, own.output / own.per, own.currency, own.as_of)
    if profile.base_url is None or profile.loopback:
        return None
    return _listed(profile.base_url, model)


def _listed(url: str, model: str) -> Price | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        from genai_prices import Usage, calc_price
    except ImportError:
        return None
    many = 1_000_000
    try:
        found = calc_price(
            Usage(input_tokens=many, output_tokens=many), model, provider_api_url=url
        )
        as_of = f"genai-prices {version('genai-prices')}"
    except (LookupError, ValueError, PackageNotFoundError):
        return None
    return Price(
        float(found.input_price) / many, float(found.output_price) / many, "USD", as_of
    )
