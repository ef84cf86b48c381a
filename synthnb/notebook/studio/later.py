"""Doing things once it is quiet, and on the thread that may paint."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Later", "painter"]

Call = Callable[[], None]
PAUSE = 0.3
"""Seconds without another one after which something is done."""


class Later:
    """Calls by key, the newest of each once nothing asked for it for ``PAUSE`` seconds.

    Without an event loop (a script, a test) they are made at once.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[asyncio.TimerHandle, Call]] = {}

    def __call__(self, key: str, call: Call) -> None:
        """Make this call later, in place of another one with that key."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            call()
            return
        self._drop(key)
        self._waiting[key] = loop.call_later(PAUSE, self._make, key), call

    def now(self) -> None:
        """Make what waits at once."""
        while self._waiting:
            self._make(next(iter(self._waiting)))

    def drop(self) -> None:
        """Forget what waits."""
        for key in list(self._waiting):
            self._drop(key)

    def _drop(self, key: str) -> Call | None:
        timer, call = self._waiting.pop(key, (None, None))
        if timer is not None:
            timer.cancel()
        return call

    def _make(self, key: str) -> None:
        call = self._drop(key)
        if call is not None:
            call()


def painter() -> Callable[[Call], None]:
    """How other threads have something painted: on the loop that handles this click."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # no kernel: a script or a test
        return lambda call: call()
    return lambda call: (loop.call_soon_threadsafe(call), None)[1]
