"""How much one endpoint bears: requests in flight, and a pace where it names a limit.

Random 429s say nothing about load, so they change nothing: only a window in which about
a quarter of the answers are 429 shrinks the limit, once, to what got through; it grows
back by half a window. Where a pause is asked for, the endpoint as a whole pauses only
if other requests fail too.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from synthnb.errors import FatalModelError, RateLimited, RetryableModelError, RowModelError
from synthnb.middleware.layer import Layer
from synthnb.types import Completion, Embeddings, Model, Request

__all__ = ["Limit", "Throttle"]

T = TypeVar("T")

CROWDED = 0.25
"""Share of 429s in a window from which on the endpoint counts as overloaded."""
SURE = 64
"""Answers from which on that share is no accident; fewer must show more of it."""
LIGHT = 0.04
"""Share of 429s up to which it has room for more."""
LONGEST_PAUSE = 600.0
OUTAGE = 90.0
"""Seconds of nothing but errors and 429s after which an endpoint is given up: longer than a
limit per minute lasts, or a restart. A wait that a 429 names does not count: how long those
may be, ``Policy.patience`` says."""


class Limit:
    """The adaptive limit of one endpoint, shared by all models on it.

    ``ceiling`` is where it starts and what it never exceeds. ``rate`` is ``None`` until
    the endpoint was overloaded, then requests a second.
    """

    def __init__(
        self,
        ceiling: int,
        *,
        on_notice: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ceiling = max(1, ceiling)
        self.allowed = float(self.ceiling)
        self.rate: float | None = None
        self.in_flight = 0
        self.shrunk = 0
        """Times it shrank."""
        self._clock = clock
        self._notify = on_notice
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._paused_until = 0.0
        self._next_at = 0.0
        self._good = self._bad = 0
        self._failures = self._outages = self._in_a_row = 0
        self._failing_since = 0.0
        self._answered = False
        self._opened = clock()
        self._entry = self._trouble = 0.0
        self._calm = self._stale = 0
        self._before: float | None = None
        self._rested = False
        self._first_step = 1.3

    async def acquire(self) -> None:
        """Wait for a free place; first come, first served."""
        if not self._waiters and self._delay() == 0.0:
            self._take()
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._admit()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.in_flight -= 1  # the place was given while we were being cancelled
            self._admit()
            raise

    def release(self) -> None:
        """Give the place back."""
        self.in_flight -= 1
        if self._waiters:
            self._admit()

    def passed(self, room: tuple[float, float] | None = None) -> None:
        """A request was answered; ``room`` is what the server says it has left.

        Where that is less than what is under way, what comes back is the pace: better
        told beforehand than by a wave of 429s.
        """
        if room is not None and room[0] < self.in_flight:
            pace = max(0.2, room[1])
            if self.rate is None or self.rate > pace:
                self.rate = self._entry = self._trouble = pace
                self._calm = 0
        if self._stale > 0:
            self._stale -= 1
        self._good += 1
        self._failures = self._outages = self._in_a_row = 0
        self._answered = True
        self._judge()

    def limited(self, retry_after: float | None) -> None:
        """A request met a 429."""
        self._fails(retry_after or 0.0)
        if self._stale > 0:
            self._stale -= 1
            return
        self._bad += 1
        everyone = self._crowded(4) or (not self._good and self._bad >= self.in_flight)
        if retry_after and retry_after > 0 and everyone:
            self._pause(min(retry_after, LONGEST_PAUSE))
            if retry_after >= 1.0 and not self._rested:
                # The wait is what it asks for: slower as well only if that is not enough.
                self._rested, self._stale = True, self.in_flight - 1
                self._good = self._bad = 0
                return
        self._judge()

    def failed(self) -> None:
        """A request met an error, a reset or silence: when all do, everyone waits a bit.

        An endpoint that restarts must not use up the tries of the whole run.
        """
        self._fails()
        self._failures += 1
        if self._answered and self._failures >= max(8, self.in_flight):
            self._failures = 0
            self._outages += 1
            self._pause(min(10.0, 0.5 * 2.0**self._outages), "nothing but errors, paused")

    @property
    def dead(self) -> bool:
        """Whether it has been failing for so long that a run had better be resumed later."""
        return self._in_a_row >= 8 and self._clock() - self._failing_since > OUTAGE

    def _fails(self, asked: float = 0.0) -> None:
        """Count a failure. A wait that the server itself asks for is no outage."""
        now = self._clock()
        self._in_a_row += 1
        if self._in_a_row == 1:
            self._failing_since = now
        self._failing_since = max(self._failing_since, now + asked if asked > 0 else 0.0)

    def _take(self) -> None:
        if self.in_flight == 0 and not self._good + self._bad:
            self._opened = self._clock()  # time without requests says nothing
        self.in_flight += 1
        if self.rate is not None:
            self._next_at = max(self._next_at, self._clock() - 0.05) + 1.0 / self.rate

    def _delay(self) -> float:
        """Seconds until the next request may go; infinite until a place is free."""
        if self.in_flight >= int(self.allowed):
            return float("inf")
        wake = (
            self._paused_until if self.rate is None else max(self._paused_until, self._next_at)
        )
        return max(0.0, wake - self._clock()) if wake else 0.0

    def _admit(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiters:
            if self._waiters[0].done():
                self._waiters.popleft()
                continue
            delay = self._delay()
            if delay == 0.0:
                self._take()
                self._waiters.popleft().set_result(None)
                continue
            if delay != float("inf"):
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(delay, self._admit)
            return

    def _pause(self, seconds: float, why: str = "paused by the server") -> None:
        until = self._clock() + seconds
        if until <= self._paused_until + 0.5:
            return
        self._opened += until - max(self._paused_until, self._clock())  # no part of a window
        self._paused_until = until
        if self._notify is not None and seconds >= 1.0:
            clock = time.strftime("%H:%M:%S", time.localtime(time.time() + seconds))
            self._notify(f"{why} until {clock}")

    def _judge(self) -> None:
        """At the end of a window: shrink, grow, or leave it."""
        total = self._good + self._bad
        seconds = self._clock() - self._opened
        # At a pace a window lasts half a second (longer if it is slow); else a full round.
        if self.rate is not None:
            full = seconds >= (0.5 if total >= 8 else 2.0)
        else:
            full = total >= 20 and (total >= min(64, 2 * self.allowed) or seconds >= 2.0)
        if not full:
            return
        share, tried = self._bad / total, total / max(seconds, 1e-3)
        if self._crowded(1):
            self._shrink(self._good / max(seconds, 1e-3), tried)
        elif share <= LIGHT and (self.rate is None or not self._bad):
            self._grow(tried)
        elif self.rate is not None:
            self._trim(share, self._bad)
        self._good = self._bad = 0
        self._opened = self._clock()

    def _crowded(self, least: int) -> bool:
        """Whether too many of the window's answers are 429s for that to be an accident."""
        total = self._good + self._bad
        return total >= least and self._bad >= CROWDED * total * max(1.0, SURE / total) ** 0.5

    def _shrink(self, goodput: float, tried: float) -> None:
        self.shrunk += 1
        self.allowed = max(1.0, self.allowed * 0.7)
        self._trouble, self._calm, self._before = 0.0, 0, None
        self._stale = self.in_flight  # these were sent before: they say nothing new
        bound = tried if self.rate is None else min(tried, self.rate)
        if goodput > 0.05 * bound:
            self.rate = max(0.2, min(goodput, 0.7 * bound))
            self._first_step = 1.3
        else:  # next to nothing got through: a guess, from which it grows fast
            part = 0.1 if self.rate is None else 0.5
            self.rate = max(min(4.0, bound), part * bound)
            self._first_step = 2.0
        self._entry = self.rate

    def _grow(self, tried: float) -> None:
        self.allowed = min(float(self.ceiling), self.allowed * 1.5 + 1.0)
        self._before, self._rested = None, False
        if self.rate is None:
            return
        if tried > 0.7 * self.rate:
            # Small steps near the pace that met 429s last, larger ones the longer it is calm.
            self._calm += 1
            near = 1.015 if self._calm < 5 else 1.06
            self.rate *= near if self._trouble else self._first_step
        elif tried < 0.3 * self.rate:
            self.rate = None  # it is not the pace that holds us back any more

    def _trim(self, share: float, bad: int) -> None:
        """A few 429s at a pace: go slower, unless going slower did not help before."""
        assert self.rate is not None
        if bad < 2:
            return
        if self._before is not None and share > 0.7 * self._before:
            self.rate *= 1.25  # they come at random: slower would only be slower
            self.allowed = min(float(self.ceiling), self.allowed * 1.5 + 1.0)
        elif self.rate > 0.6 * self._entry:
            self._trouble, self._calm = self.rate, 0
            self.rate *= 0.93
            self._before = share


class Throttle(Layer):
    """At most ``limit`` requests in flight; 429s and answers move the limit."""

    def __init__(self, model: Model, limit: Limit) -> None:
        super().__init__(model)
        self.limit = limit

    async def complete(self, request: Request) -> Completion:
        """Wait for a place, then ask."""
        completion = await self._placed(lambda: self._model.complete(request))
        self.limit.passed(completion.room)
        return completion

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """Wait for a place, then ask."""
        ask = super().embed
        found = await self._placed(lambda: ask(texts))
        self.limit.passed()
        return found

    async def _placed(self, ask: Callable[[], Awaitable[T]]) -> T:
        limit = self.limit
        await limit.acquire()
        try:
            return await ask()
        except RetryableModelError as error:
            if isinstance(error, RateLimited):
                limit.limited(error.retry_after)
            else:
                limit.failed()
            if limit.dead:
                raise _given_up(error) from error
            raise
        except RowModelError:
            limit.passed()
            raise
        finally:
            limit.release()


def _given_up(error: RetryableModelError) -> FatalModelError:
    return FatalModelError(
        f"Nothing but errors for {OUTAGE:.0f} s, resume the run later: {error}",
        kind=error.kind,
        raw=error.raw,
    )
