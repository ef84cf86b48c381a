"""The background loop: results, errors, interrupts, forks and the end of Python."""

from __future__ import annotations

import asyncio
import contextvars
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError

import pytest

from synthnb import concurrency
from synthnb.concurrency import THREAD_NAME, run_sync, start


def test_a_coroutine_returns_its_value_from_the_one_daemon_thread() -> None:
    async def where() -> threading.Thread:
        await asyncio.sleep(0)
        return threading.current_thread()

    first, second = run_sync(where()), start(where()).result(timeout=30)
    assert first is second
    assert first.name == THREAD_NAME
    assert first.daemon


def test_it_works_while_the_callers_own_loop_is_running() -> None:
    async def answer() -> int:
        return 42

    async def a_cell() -> int:
        return run_sync(answer())

    assert asyncio.run(a_cell()) == 42


def test_errors_come_through_a_timeout_of_the_coroutine_included() -> None:
    async def fail() -> None:
        raise TimeoutError("the endpoint's own")

    with pytest.raises(TimeoutError, match="the endpoint's own"):
        run_sync(fail())


def test_on_tick_is_called_on_the_waiting_thread() -> None:
    ticks: list[str] = []

    async def until_ticked() -> None:
        while len(ticks) < 3:
            await asyncio.sleep(0.01)

    until = asyncio.wait_for(until_ticked(), 30)
    run_sync(until, on_tick=lambda: ticks.append(threading.current_thread().name))
    assert set(ticks) == {threading.current_thread().name}


def test_an_interrupt_returns_at_once_and_lets_the_work_close(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(concurrency, "CLOSE_WITHIN", 20.0)
    begun, waiting, closed = threading.Event(), threading.Event(), threading.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.2)  # a connection being put away
            closed.set()

    def press() -> None:
        if begun.wait(30) and waiting.wait(30):
            signal.raise_signal(signal.SIGINT)

    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt):
        run_sync(work(), on_tick=waiting.set)
    assert closed.is_set()


def test_work_that_will_not_close_is_left_after_two_seconds() -> None:
    release = threading.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                continue

    def interrupted() -> None:
        raise KeyboardInterrupt

    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_sync(stubborn(), on_tick=interrupted)
    assert 1.8 < time.monotonic() - begin < 30
    release.set()


def test_cancelling_the_future_cancels_the_task() -> None:
    begun, seen = threading.Event(), threading.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.set()
            raise

    future = start(work())
    assert begun.wait(30)
    assert future.cancel()
    assert seen.wait(30)
    with pytest.raises(CancelledError):
        future.result()


def test_a_future_cancelled_before_its_task_began_leaves_no_warning() -> None:
    async def work() -> int:
        return 1

    for _ in range(200):
        start(work()).cancel()
    assert run_sync(work()) == 1


def test_a_task_that_cancels_itself_is_cancelled_for_the_waiter() -> None:
    async def give_up() -> None:
        raise asyncio.CancelledError

    with pytest.raises(CancelledError):
        run_sync(give_up())


def test_waiting_on_the_loops_own_thread_is_refused() -> None:
    async def inner() -> int:
        return 1

    async def outer() -> int:
        return run_sync(inner())

    with pytest.raises(RuntimeError, match="await the coroutine instead"):
        run_sync(outer())


def test_the_coroutine_sees_the_context_of_the_cell_that_started_it() -> None:
    cell = contextvars.ContextVar("cell", default="none")

    async def which() -> str:
        return cell.get()

    cell.set("cell 7")
    assert run_sync(which()) == "cell 7"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_gets_a_loop_of_its_own() -> None:
    code = """
import asyncio, os
from synthnb.concurrency import run_sync
async def pid(): await asyncio.sleep(0); return os.getpid()
run_sync(pid())
child = os.fork()
if child == 0:
    ok = run_sync(pid()) == os.getpid()
    os._exit(0 if ok else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert run_sync(pid()) == os.getpid()
"""
    quiet = [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", code]
    subprocess.run(quiet, check=True, timeout=60)


def test_python_ends_quickly_and_closes_what_still_runs() -> None:
    code = """
import asyncio, threading
from synthnb.concurrency import start
begun = threading.Event()
async def work():
    begun.set()
    try: await asyncio.sleep(600)
    finally: print("closed", flush=True)
start(work())
begun.wait()
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr, done.returncode) == ("closed\n", "", 0)
