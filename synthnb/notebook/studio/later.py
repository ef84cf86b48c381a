"""Doing things once it is quiet, and on the thread that may paint."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from functools import wraps
from threading import RLock
from typing import Concatenate, ParamSpec, Protocol, TypeVar

__all__ = ["Later", "alone", "painter"]

Call = Callable[[], None]
P = ParamSpec("P")
T = TypeVar("T")


class _Locked(Protocol):
    lock: RLock


Self = TypeVar("Self", bound=_Locked)
PAUSE = 0.3
"""Seconds without another one after which something is done."""


def alone(method: Callable[Concatenate[Self, P], T]) -> Callable[Concatenate[Self, P], T]:
    """One such method of an object at a time: clicks are handled on several threads.

    Where a front end's messages have a subshell, some controls are heard on its thread,
    others, which nothing was said to yet, on the kernel's own.
    """

    @wraps(method)
    def locked(self: Self, /, *args: P.args, **more: P.kwargs) -> T:
        with self.lock:
            return method(self, *args, **more)

    return locked


class Later:
    """Calls by key, the newest of each once nothing asked for it for ``PAUSE`` seconds.

    Without an event loop (a script, a test) they are made at once. ``lock`` is the one that
    calls are made under: what waits no longer has been made.
    """

    def __init__(self, lock: RLock | None = None) -> None:
        self.lock = lock or RLock()
        self._waiting: dict[str, tuple[asyncio.TimerHandle, Call]] = {}

    @alone
    def __call__(self, key: str, call: Call) -> None:
        """Make this call later, in place of another one with that key."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            call()
            return
        self._drop(key)
        self._waiting[key] = loop.call_later(PAUSE, self._make, key), call

    @alone
    def now(self) -> None:
        """Make what waits at once."""
        while self._waiting:
            self._make(next(iter(self._waiting)))

    @alone
    def drop(self) -> None:
        """Forget what waits."""
        for key in list(self._waiting):
            self._drop(key)

    def _drop(self, key: str) -> Call | None:
        timer, call = self._waiting.pop(key, (None, None))
        if timer is not None:
            timer.cancel()
        return call

    @alone
    def _make(self, key: str) -> None:
        call = self._drop(key)
        if call is not None:
            call()


def painter() -> Callable[[Call], None]:
    """How other threads have something painted: on the loop that handles this click.

    In its context too: what is painted belongs to the click. ipykernel would take it for
    an answer to whatever was asked last, and send the next click where that was handled.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # no kernel: a script or a test
        return lambda call: call()
    context = copy_context()

    def paint(call: Call) -> None:
        try:
            loop.call_soon_threadsafe(call, context=context)
        except RuntimeError:  # the loop is closed: its subshell is gone, the studio is not
            context.copy().run(call)

    return paint
