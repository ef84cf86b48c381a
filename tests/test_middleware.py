"""The layers around a model, one by one."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from synthnb.errors import FatalModelError, RateLimited, RetryableModelError, RowModelError
from synthnb.middleware import (
    Budget,
    BudgetReached,
    Cache,
    Caps,
    Keep,
    Limit,
    Policy,
    Purse,
    Retry,
    Throttle,
    request_key,
)
from synthnb.models.waits import headroom
from synthnb.prices import Price
from synthnb.store import Store
from synthnb.types import Completion, Message, Request
from tests.loopback import Reply, rate_limit

ASKED = Request(
    "lab/tiny",
    (Message(role="user", content="Hello"),),
    {"temperature": 0.5, "extra": {"min_p": 0.1}},
    {"type": "object"},
    "text",
    row=3,
    seed=9,
)


class Scripted:
    """A model that answers with what ``script`` gives for each call, or raises it."""

    name = "lab/tiny"
    origin = "http://127.0.0.1:1"

    def __init__(self, script: Callable[[int], Completion | Exception]) -> None:
        self.script = script
        self.calls = 0

    async def complete(self, request: Request) -> Completion:
        """The next answer."""
        self.calls += 1
        outcome = self.script(self.calls)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def aclose(self) -> None:
        """Nothing to close."""


def answer(text: str = "Hi") -> Completion:
    return Completion(text, "stop", 10, 5)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "lab/big"},
        {"messages": (Message(role="system", content="Hello"),)},
        {"messages": (Message(role="user", content="Hello "),)},
        {"params": {"temperature": 0.6, "extra": {"min_p": 0.1}}},
        {"params": {"temperature": 0.5, "extra": {"min_p": 0.2}}},
        {"schema": None},
        {"row": 4},
        {"attempt": 1},
        {"candidate": 1},
        {"seed": 10},
        {"raw": "Hello"},
    ],
)
def test_every_setting_is_part_of_the_key(change: dict[str, Any]) -> None:
    origin = "https://a.example:443"
    assert request_key(origin, replace(ASKED, **change)) != request_key(origin, ASKED)


def test_the_key_does_not_hang_on_order_or_on_names() -> None:
    other = replace(ASKED, params={"extra": {"min_p": 0.1}, "temperature": 0.5}, column="x")

    assert request_key("o", other) == request_key("o", ASKED)
    assert request_key("p", ASKED) != request_key("o", ASKED)


def test_a_kept_answer_is_the_same_and_marked(home: Any) -> None:
    store = Store.open()
    inner = Scripted(lambda call: replace(answer(), logprobs=(("Hi", -0.5),), reasoning="Hm"))
    cache = Cache.around(inner, store)

    async def main() -> tuple[Completion, Completion]:
        return await cache.complete(ASKED), await cache.complete(ASKED)

    first, second = asyncio.run(main())
    assert inner.calls == 1
    assert second == replace(first, cached=True)
    store.close()


def test_an_answer_holds_its_place_until_it_is_durable(home: Any) -> None:
    store = Store.open()
    keep = Keep(Scripted(lambda call: answer()), store)
    limit = Limit(2)
    cache = Cache(Throttle(keep, limit), keep)
    put, most = store.put, 0

    def watched(key: bytes, value: bytes) -> Any:
        nonlocal most
        most = max(most, limit.in_flight)
        future = put(key, value)
        future.add_done_callback(lambda _: seen.append(limit.in_flight))
        return future

    store.put = watched  # type: ignore[method-assign]
    seen: list[int] = []

    async def main() -> None:
        asked = (replace(ASKED, row=row) for row in range(6))
        await asyncio.gather(*(cache.complete(request) for request in asked))

    asyncio.run(main())
    assert len(seen) == 6
    assert 1 <= min(seen) <= most <= 2
    assert not keep._keys
    store.close()


def test_a_refusal_is_kept_and_a_failure_is_not(home: Any) -> None:
    store = Store.open()
    refusing = Scripted(lambda call: RowModelError("No.", kind="refusal", raw="no"))
    failing = Scripted(lambda call: RetryableModelError("Oops", kind="server"))

    async def main() -> None:
        for _ in range(2):
            with pytest.raises(RowModelError, match=r"No\."):
                await Cache.around(refusing, store).complete(ASKED)
            with pytest.raises(RetryableModelError):
                await Cache.around(failing, store).complete(replace(ASKED, row=99))

    asyncio.run(main())
    assert (refusing.calls, failing.calls) == (1, 2)
    store.close()


def test_retries_are_bounded_and_429_do_not_use_them_up() -> None:
    def script(call: int) -> Completion | Exception:
        if call <= 8:
            return RateLimited("slow", retry_after=0.001)
        return RetryableModelError("Oops", kind="server")

    inner = Scripted(script)
    retry = Retry(inner, Policy(tries=3, base=0.001))

    with pytest.raises(RetryableModelError, match="Oops"):
        asyncio.run(retry.complete(ASKED))
    assert inner.calls == 8 + 3


def test_no_more_than_the_limit_at_once() -> None:
    most = now = 0

    class Slow(Scripted):
        async def complete(self, request: Request) -> Completion:
            nonlocal most, now
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.005)
            now -= 1
            return answer()

    throttle = Throttle(Slow(lambda call: answer()), Limit(3))

    async def main() -> None:
        await asyncio.gather(*(throttle.complete(ASKED) for _ in range(20)))

    asyncio.run(main())
    assert most == 3
    assert throttle.limit.in_flight == 0


def test_a_cancelled_wait_gives_its_place_back() -> None:
    limit = Limit(1)

    async def main() -> None:
        await limit.acquire()
        waiting = asyncio.ensure_future(limit.acquire())
        await asyncio.sleep(0)
        limit.release()  # the place is handed over, and cancelled in the same turn
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.wait_for(limit.acquire(), 1)

    asyncio.run(main())
    assert limit.in_flight == 1


def test_random_429_leave_the_limit_and_a_wave_of_them_shrinks_it_once() -> None:
    now = 0.0
    limit = Limit(32, clock=lambda: now)
    for number in range(400):
        now += 0.01
        if number % 10:
            limit.passed()
        else:
            limit.limited(None)
    assert (limit.allowed, limit.rate, limit.shrunk) == (32.0, None, 0)

    for number in range(64):
        now += 0.01
        limit.limited(None) if number % 8 else limit.passed()
    assert limit.shrunk == 1
    assert limit.rate is not None
    slow = limit.rate
    for _ in range(200):
        now += 1.0 / limit.rate if limit.rate else 0.01
        limit.passed()
    assert limit.allowed == 32.0
    assert limit.rate is None or limit.rate > 2 * slow


class Skipping(selectors.SelectSelector):
    """Time passes only where nothing is left to do, and then at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += timeout or 0.0
        return super().select(0)


@pytest.mark.parametrize(("tells", "requests"), [(False, 1.6), (True, 1.02)])
def test_the_pace_is_soon_near_what_the_server_bears(tells: bool, requests: float) -> None:
    time = Skipping()
    loop = asyncio.SelectorEventLoop(time)
    loop.time = lambda: time.now  # type: ignore[method-assign]
    serve = rate_limit(120, burst=60, tells=tells, clock=loop.time)

    class Server(Scripted):
        async def complete(self, request: Request) -> Completion:
            self.calls += 1
            reply = serve(self.calls, {})
            await asyncio.sleep(0.02)
            assert isinstance(reply, Reply)
            if reply.status == 429:
                raise RateLimited("slow down", kind="rate_limit")
            return replace(answer(), room=headroom(reply.headers, 1))

    model, limit = Server(lambda call: answer()), Limit(64, clock=loop.time)
    layered = Retry(Throttle(model, limit), Policy(base=0.03))

    async def main() -> None:
        await asyncio.gather(*(layered.complete(ASKED) for _ in range(900)))

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main())
    assert 900 / time.now > 0.9 * 120
    assert model.calls < requests * 900


def test_a_wait_that_many_are_told_pauses_the_endpoint_and_leaves_its_pace() -> None:
    now, told = 0.0, list[str]()
    limit = Limit(32, clock=lambda: now, on_notice=told.append)
    limit.in_flight = 32
    for _ in range(32):
        limit.limited(2.0)
    assert (limit.rate, limit.allowed, limit.shrunk) == (None, 32.0, 0)
    assert limit._delay() == float("inf")  # all places are taken
    limit.in_flight = 0
    assert limit._delay() == pytest.approx(2.0)
    assert len(told) == 1 and told[0].startswith("paused by the server until ")


def test_one_row_that_is_told_to_wait_waits_alone() -> None:
    limit = Limit(32, clock=lambda: 5.0)
    limit.in_flight = 3
    limit.limited(1.0)
    limit.passed()
    limit.limited(1.0)
    assert limit._delay() == 0.0


def test_where_nothing_gets_through_the_pace_is_a_guess_that_grows_fast() -> None:
    now = 0.0
    limit = Limit(32, clock=lambda: now)
    for _ in range(64):
        now += 0.01
        limit.limited(None)
    assert limit.shrunk == 1
    assert limit.rate == pytest.approx(0.1 * 100, rel=0.1)
    for _ in range(120):
        now += 1.0 / (limit.rate or 100)
        limit.passed()
    assert limit.rate is None or limit.rate >= 40


def test_an_endpoint_is_given_up_after_a_long_time_of_nothing_but_errors() -> None:
    now = 0.0
    limit = Limit(4, clock=lambda: now)
    limit.passed()
    for _ in range(40):
        now += 2.0
        limit.failed()
    assert not limit.dead
    limit.limited(60.0)  # what the server asks for is no outage
    now += 60.0
    limit.limited(None)
    assert not limit.dead
    now += 91.0
    limit.limited(None)
    assert limit.dead
    limit.passed()
    assert not limit.dead


def test_one_wave_of_lost_connections_gives_nothing_up() -> None:
    now = 0.0
    limit = Limit(32, clock=lambda: now)
    limit.passed()
    now = 5000.0  # the lid was closed for an hour: all that was in flight fails at once
    for _ in range(32):
        limit.failed()
    assert not limit.dead


def test_a_run_on_a_dead_endpoint_stops_and_says_when_to_go_on() -> None:
    now = 0.0

    class Gone(Scripted):
        async def complete(self, request: Request) -> Completion:
            nonlocal now
            now += 20.0
            raise RetryableModelError("host answered 500: broken", kind="server")

    throttle = Throttle(Gone(lambda call: answer()), Limit(1, clock=lambda: now))

    async def main() -> str:
        for _ in range(7):
            with pytest.raises(RetryableModelError):
                await throttle.complete(ASKED)
        with pytest.raises(FatalModelError) as caught:
            await throttle.complete(ASKED)
        return str(caught.value)

    told = asyncio.run(main())
    assert "resume the run later: host answered 500: broken" in told


def test_worst_cases_in_flight_are_reserved() -> None:
    purse = Purse(Caps(usd=1.0))
    price = Price(0.0, 0.1)
    asked = replace(ASKED, params={"max_tokens": 4})
    gate = asyncio.Event()

    class Held(Scripted):
        async def complete(self, request: Request) -> Completion:
            self.calls += 1
            await gate.wait()
            return Completion("x", "stop", 1, 4)

    model = Held(lambda call: answer())
    budget = Budget(model, purse, price)

    async def main() -> list[Any]:
        tasks = [asyncio.ensure_future(budget.complete(asked)) for _ in range(5)]
        await asyncio.sleep(0.01)
        assert model.calls == 2  # 0.4 each: a third could pass 1.00
        gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    done = asyncio.run(main())
    assert sum(isinstance(one, Completion) for one in done) == 2
    assert sum(isinstance(one, BudgetReached) for one in done) == 3
    assert purse.cost == pytest.approx(0.8)
