"""What may be spent: checked before each dispatch, with the worst case of those in flight."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from synthnb.errors import FatalModelError, ModelError
from synthnb.middleware.layer import Layer
from synthnb.prices import Price
from synthnb.types import Completion, Embeddings, Model, Request, Usage

__all__ = ["Budget", "BudgetReached", "Caps", "Purse"]

UNNAMED = 2048
"""Tokens that an answer may have where ``max_tokens`` is not set."""


class BudgetReached(FatalModelError):
    """The next request could pass a cap: the run ends as a normal partial batch."""

    def __init__(self, message: str) -> None:
        super().__init__(message, kind="budget")


@dataclass(frozen=True, slots=True)
class Caps:
    """Hard caps of one run; ``None`` is no cap."""

    usd: float | None = None
    tokens: int | None = None
    minutes: float | None = None


class Tokens:
    """Tokens that texts of so many bytes may take: the worst until replies say more."""

    def __init__(self, template: int = 0) -> None:
        self._per_byte = 1.0
        self._template = template
        """Tokens of a chat template."""
        self._told = False

    def worst(self, size: int) -> int:
        """Tokens at most."""
        return int(size * self._per_byte) + self._template + 1

    def learn(self, size: int, tokens: int) -> None:
        """Take note of what a reply counted."""
        if size and tokens:
            seen = 1.1 * tokens / size
            self._per_byte = max(0.99 * self._per_byte, seen) if self._told else seen
            self._template, self._told = 0, True


class Purse:
    """What one run has spent, over all its models, and what is reserved."""

    def __init__(self, caps: Caps | None = None) -> None:
        self.caps = caps or Caps()
        self.capped = self.caps.usd is not None or self.caps.tokens is not None
        self.ends = (
            time.monotonic() + self.caps.minutes * 60
            if self.caps.minutes is not None
            else float("inf")
        )
        self.requests = self.prompt_tokens = self.completion_tokens = 0
        self.in_flight = 0
        self.closed = False
        """The run is over: nothing more is sent, answers on their way still count."""
        self.cached = 0
        """Answers that the store or a tape gave."""
        self.cost: float | None = 0.0
        self.currency = "USD"
        self._carries = False
        self._before: tuple[int, float] = (0, 0.0)
        self._carried: tuple[int, float] = (0, 0.0)
        self._tokens_reserved = 0
        self._cost_reserved = 0.0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self.prompts, self.texts = Tokens(64), Tokens()
        """What prompts take, and texts to embed."""
        self._excess = 1.0
        """How far answers went beyond ``max_tokens``: some servers do not keep to it."""

    def usage(self) -> Usage:
        """Sums so far."""
        return Usage(
            self.requests,
            self.prompt_tokens,
            self.completion_tokens,
            self.cached,
            self.cost,
            self.currency,
        )

    def carry(self, tokens: int, cost: float) -> None:
        """The run that goes on has paid so much before, or what its stored answers took, if
        that is more: both count against the caps."""
        self._carries = True
        self._before = (tokens, cost)

    @property
    def paid(self) -> tuple[int, float]:
        """Tokens and money that count against the caps."""
        tokens = max(self._before[0], self._carried[0])
        cost = max(self._before[1], self._carried[1])
        return tokens + self.prompt_tokens + self.completion_tokens, cost + (self.cost or 0.0)

    def look(self) -> None:
        """Raise ``BudgetReached`` where nothing more may be sent."""
        if self.closed:
            raise BudgetReached("the run is over")
        if time.monotonic() > self.ends:
            raise BudgetReached(f"the budget of {self.caps.minutes:g} minutes is used up")

    async def reserve(
        self, size: int, named: int, price: Price | None, kind: Tokens | None = None
    ) -> tuple[int, float]:
        """Set the worst case of a request aside, or raise ``BudgetReached``.

        ``size`` are the bytes that are sent, as ``kind`` counts them (a prompt's without),
        ``named`` the tokens that are asked for.
        """
        while True:
            self.look()
            asked = (kind or self.prompts).worst(size)
            said = math.ceil(named * self._excess)
            cost = price.cost(asked, said) if price is not None else 0.0
            over = self._over(asked + said, cost)
            if over is None:
                break
            if not self._tokens_reserved:
                raise BudgetReached(over)
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        self._tokens_reserved += asked + said
        self._cost_reserved += cost
        return asked + said, cost

    def settle(self, reserved: tuple[int, float]) -> None:
        """Give a reservation back; whoever waits for room looks again."""
        self._tokens_reserved -= reserved[0]
        self._cost_reserved -= reserved[1]
        waiters, self._waiters = self._waiters, deque()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def spend(self, asked: int, said: int, price: Price | None) -> None:
        """Count the tokens of an answer."""
        self.prompt_tokens += asked
        self.completion_tokens += said
        if self.cost is not None:
            if price is None or (self.cost and price.currency != self.currency):
                self.cost = None  # unknown, or in different money
            elif price.input or price.output:
                self.cost += price.cost(asked, said)
                self.currency = price.currency

    def learn(self, request: Request, asked: int, said: int) -> None:
        """Foresee the tokens of later requests by those of this one."""
        self._excess = max(self._excess, said / _named(request))
        self.prompts.learn(_size(request), asked)

    def found(self, asked: int, said: int, price: Price | None) -> None:
        """Take note of an answer, of so many tokens, that the store or a tape had."""
        self.cached += 1
        if self._carries:
            tokens, cost = self._carried
            more = price.cost(asked, said) if price is not None else 0.0
            self._carried = tokens + asked + said, cost + more

    def _over(self, tokens: int, cost: float) -> str | None:
        cap = self.caps.tokens
        spent, paid = self.paid
        if cap is not None and spent + self._tokens_reserved + tokens > cap:
            return (
                f"the budget of {cap:,} tokens is reached: {spent:,} used, prompts "
                f"included, and one more answer may take {tokens:,}"
            )
        limit = self.caps.usd
        if limit is not None and paid + self._cost_reserved + cost > limit:
            return (
                f"the budget of {limit:g} USD is reached: {paid:.4f} spent, and one more "
                f"answer may cost {cost:.4f}"
            )
        return None


def _named(request: Request) -> int:
    """Tokens that an answer may have."""
    return int(request.params.get("max_tokens") or UNNAMED)


def _size(request: Request) -> int:
    return len(request.raw or "") + sum(_bytes(m["content"]) for m in request.messages)


def _bytes(text: str) -> int:
    return 16 + (len(text) if text.isascii() else len(text.encode("utf-8", "replace")))


class Budget(Layer):
    """Counts every request really sent, and holds back those a cap does not allow."""

    def __init__(self, model: Model, purse: Purse, price: Price | None = None) -> None:
        super().__init__(model)
        self._purse = purse
        self._price = price

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """Ask, unless a cap could be passed (``BudgetReached``)."""
        purse, rest = self._purse, list(texts)
        vectors: list[list[float]] = []
        tokens = 0
        while rest:
            purse.look()
            count, reserved = await self._room(rest)
            part, rest = rest[:count], rest[count:]
            try:
                purse.requests += 1
                found = await super().embed(part)
            finally:
                if reserved is not None:
                    purse.settle(reserved)
            asked = found.prompt_tokens or 0
            purse.spend(asked, 0, self._price)
            purse.texts.learn(sum(map(_bytes, part)), asked)
            vectors += found.vectors
            tokens += asked
        return Embeddings(vectors, tokens or None)

    async def _room(self, texts: Sequence[str]) -> tuple[int, tuple[int, float] | None]:
        """How many of the texts a cap allows, at least one, and what is reserved for them."""
        purse, count = self._purse, len(texts)
        while purse.capped:
            size = sum(map(_bytes, texts[:count]))
            try:
                return count, await purse.reserve(size, 0, self._price, purse.texts)
            except BudgetReached:
                if count == 1:
                    raise
                count = (count + 1) // 2
        return count, None

    async def complete(self, request: Request) -> Completion:
        """Ask, unless a cap could be passed (``BudgetReached``)."""
        purse = self._purse
        purse.look()
        reserved = None
        if purse.capped:
            reserved = await purse.reserve(_size(request), _named(request), self._price)
        purse.in_flight += 1
        try:
            purse.requests += 1
            completion = await self._model.complete(request)
            purse.requests -= completion.cached
            self._count(request, completion)
        except ModelError as error:
            purse.requests -= error.cached
            if error.prompt_tokens or error.completion_tokens:  # paid for all the same
                self._count(request, error)
            raise
        finally:
            purse.in_flight -= 1
            if reserved is not None:
                purse.settle(reserved)
        return completion

    def _count(self, request: Request, answer: Completion | ModelError) -> None:
        purse = self._purse
        asked, said = answer.prompt_tokens or 0, answer.completion_tokens or 0
        if answer.cached:  # a tape's: nothing was sent
            purse.found(asked, said, self._price)
            return
        purse.spend(asked, said, self._price)
        if purse.capped:
            purse.learn(request, asked, said)
