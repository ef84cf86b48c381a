"""The one background event loop: a daemon thread, ``synthnb-io``.

A notebook's own loop is busy with the cell that runs, so our coroutines live on a loop
of their own, and the calling thread waits in steps of 0.1 s: an interrupt reaches it at
once on every system. The loop is started on first use, again after a fork, and closed
when Python ends.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from typing import Any, TypeVar

__all__ = ["CLOSE_WITHIN", "THREAD_NAME", "run_sync", "start"]

T = TypeVar("T")

THREAD_NAME = "synthnb-io"
CLOSE_WITHIN = 2.0
"""Seconds that cancelled work gets to put its things away."""
_STEP = 0.1


class _Background:
    """A loop and the thread that runs it."""

    def __init__(self) -> None:
        self.loop = _new_loop()
        self.thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.close()

    def close(self) -> None:
        """Cancel what still runs, give it a moment, end the thread."""
        if not self.thread.is_alive():
            return
        done = asyncio.run_coroutine_threadsafe(_cancel_all(), self.loop)
        wait([done], timeout=CLOSE_WITHIN)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(CLOSE_WITHIN)


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed: a third less CPU for each request."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    made: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return made


_guard = threading.Lock()
_background: _Background | None = None


def start(coroutine: Coroutine[Any, Any, T]) -> Future[T]:
    """Run a coroutine on the background loop; the future is for any other thread.

    ``future.cancel()`` cancels the task. What the coroutine prints goes to the notebook
    cell that started it.

    >>> async def double(n): return 2 * n
    >>> start(double(21)).result(timeout=5)
    42
    """
    return _launch(coroutine)[0]


def run_sync(
    coroutine: Coroutine[Any, Any, T], *, on_tick: Callable[[], None] | None = None
) -> T:
    """Run a coroutine on the background loop and wait for what it returns.

    ``on_tick`` is called on the waiting thread about ten times a second: the place to
    paint from. An interrupt (or an error in ``on_tick``) cancels the coroutine, waits up
    to ``CLOSE_WITHIN`` seconds for it to close, and is raised again; a second interrupt
    does not wait.
    """
    if threading.current_thread().name == THREAD_NAME:
        coroutine.close()
        raise RuntimeError("run_sync() would wait for itself here: await the coroutine instead")
    future, ended = _launch(coroutine)
    try:
        while not wait([future], timeout=_STEP).done:
            if on_tick is not None:
                on_tick()
    except BaseException:
        future.cancel()
        ended.wait(CLOSE_WITHIN)
        raise
    return future.result()


def _launch(coroutine: Coroutine[Any, Any, T]) -> tuple[Future[T], threading.Event]:
    """A future for the result, and an event for when the task has really ended.

    They differ after ``future.cancel()``, which marks the future at once.
    """
    loop = _running().loop
    future: Future[T] = Future()
    ended = threading.Event()

    def begin() -> None:
        task = loop.create_task(coroutine)

        def cancel_task(outer: Future[T]) -> None:
            if outer.cancelled() and not task.done():
                loop.call_soon_threadsafe(task.cancel)

        def hand_over(task: asyncio.Task[T]) -> None:
            _copy(task, future)
            ended.set()

        task.add_done_callback(hand_over)
        future.add_done_callback(cancel_task)

    loop.call_soon_threadsafe(begin)
    return future, ended


def _copy(task: asyncio.Task[T], future: Future[T]) -> None:
    if task.cancelled():
        future.cancel()
    error = None if task.cancelled() else task.exception()
    if not future.set_running_or_notify_cancel():
        return  # cancelled from outside: nobody waits for the result
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(task.result())


def _running() -> _Background:
    global _background
    with _guard:
        if _background is None or not _background.thread.is_alive():
            _background = _Background()
        return _background


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _after_fork() -> None:
    """The child has the loop but not its thread: forget both."""
    global _guard, _background
    _guard = threading.Lock()
    _background = None


@atexit.register
def _close() -> None:
    global _background
    with _guard:
        background, _background = _background, None
    if background is not None:
        background.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
