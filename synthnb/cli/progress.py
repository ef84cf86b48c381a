"""Progress on a terminal: one line rewritten in place, or a line now and then in a log."""

from __future__ import annotations

import sys
import threading
import time
from typing import TextIO

from synthnb.events import Event, Notice, Progress, RunEnded

__all__ = ["Line", "bar"]

_WIDTH = 24
_LOG_EVERY = 10.0


def bar(done: int, total: int, width: int = _WIDTH) -> str:
    """A bar of block characters.

    >>> bar(1, 2, 4)
    '██··'
    """
    filled = width if total <= 0 else min(width, width * done // total)
    return "█" * filled + "·" * (width - filled)


class Line:
    """Listens to a run and says where it is, on stderr so that stdout stays for results."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._live = self._stream.isatty()
        self._said = 0.0
        # Events arrive on the loop's thread while the main thread may print as well.
        self._lock = threading.Lock()

    def hear(self, event: Event) -> None:
        """Take one event of a run."""
        if isinstance(event, Notice):
            self._print(event.message)
        elif isinstance(event, Progress):
            rate = event.accepted / event.elapsed if event.elapsed > 0 else 0.0
            self._show(
                f"{bar(event.accepted, event.wanted)} {event.accepted:,} of {event.wanted:,} "
                f"rows · {event.rejected:,} rejected · {rate:,.1f} rows/s"
            )
        elif isinstance(event, RunEnded):
            self._clear()

    def fetched(self, what: str, done: int, total: int) -> None:
        """Show a download; both figures in bytes."""
        self._show(f"{bar(done, total)} {what} {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")
        if done >= total:
            self._clear()

    def _show(self, text: str) -> None:
        if self._quiet:
            return
        with self._lock:
            if self._live:
                self._stream.write(f"\r\x1b[K{text}")
                self._stream.flush()
            elif time.monotonic() - self._said >= _LOG_EVERY:
                self._said = time.monotonic()
                self._stream.write(text + "\n")

    def _clear(self) -> None:
        if self._live and not self._quiet:
            with self._lock:
                self._stream.write("\r\x1b[K")
                self._stream.flush()

    def _print(self, text: str) -> None:
        if not self._quiet:
            self._clear()
            with self._lock:
                self._stream.write(text + "\n")
