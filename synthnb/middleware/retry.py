"""Asking again: bounded, with jitter, and never for what cannot succeed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from synthnb.errors import FatalModelError, RateLimited, RetryableModelError
from synthnb.middleware.layer import Layer
from synthnb.types import Completion, Embeddings, Model, Request

__all__ = ["Policy", "Retry"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Policy:
    """How often and how long. Waits are seconds."""

    tries: int = 5
    """Requests in all for one answer, 429s not counted."""
    base: float = 0.1
    """First wait; 1.7 times as long each time, half to one and a half of it at random."""
    cap: float = 15.0
    """Longest wait of our own."""
    patience: float = 600.0
    """Seconds that one request waits on 429s before the run stops; also the longest wait that
    a server may ask for. Where nothing at all is answered and no wait is named, ``OUTAGE``
    of ``throttle`` ends the run before."""

    def wait(self, failures: int) -> float:
        """Seconds before the next try after so many failures."""
        longest: float = min(self.cap, self.base * 1.7 ** (failures - 1))
        return longest * random.uniform(0.5, 1.5)


class Retry(Layer):
    """429, 5xx, resets, timeouts and unreadable replies are asked again."""

    def __init__(self, model: Model, policy: Policy | None = None) -> None:
        super().__init__(model)
        self.policy = policy or Policy()
        self.retries = 0
        """Requests that were sent again."""

    async def complete(self, request: Request) -> Completion:
        """The answer of the first try that has one; the last error otherwise."""
        try:
            return await self._model.complete(request)
        except RetryableModelError as error:
            return await self._again(lambda: self._model.complete(request), error)

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """The vectors of the first try that has them; the last error otherwise."""
        ask = super().embed
        try:
            return await ask(texts)
        except RetryableModelError as error:
            return await self._again(lambda: ask(texts), error)

    async def _again(self, ask: Callable[[], Awaitable[T]], error: RetryableModelError) -> T:
        failures, limited, waited = 0, 0, 0.0
        while True:
            if isinstance(error, RateLimited):
                limited += 1
                wait = self._named(error) or self.policy.wait(limited)
                waited += wait
                if waited > self.policy.patience:
                    raise self._hopeless(error) from error
            else:
                failures += 1
                if failures >= self.policy.tries:
                    raise error
                wait = self.policy.wait(failures)
            await asyncio.sleep(wait)
            self.retries += 1
            try:
                return await ask()
            except RetryableModelError as again:
                error = again

    @staticmethod
    def _named(error: RateLimited) -> float | None:
        """The server's own wait, and a little more so that not all come back at once."""
        if error.retry_after is None or not error.retry_after > 0:
            return None
        return error.retry_after * random.uniform(1.0, 1.1) + random.uniform(0.0, 0.05)

    def _hopeless(self, error: RateLimited) -> FatalModelError:
        named = error.retry_after or 0.0
        long = named > self.policy.patience
        asked = f"asks to wait {named:.0f} s" if long else "keeps saying no"
        return FatalModelError(
            f"{self.origin} {asked} (429, too many requests): resume the run later. {error}",
            kind="rate_limit",
            raw=error.raw,
        )
