"""What an interrupt says: one line, wherever in our code it arrives, and when it may arrive.

It goes on as the ``KeyboardInterrupt`` that it is, so that "Run all" stops too. It waits
while a module is imported: half a module stays broken until the kernel is restarted (numpy
loads once in a process), and the first cell and the first painting import a lot.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["after_imports", "in_one_line", "paint_in_one_line", "stopped"]

_PAINTED = (
    ("synthnb.batch", "Batch"),
    ("synthnb.diff", "Diff"),
    ("synthnb.versions.history", "History"),
    ("synthnb.report.report", "Report"),
    ("synthnb.review", "Review"),
    ("synthnb.ranking.session", "Ranking"),
)
"""Values that take a while to paint, by name: none is imported before there is one."""

_LOOK = 0.02
"""Seconds between looks whether an import has ended."""
_PATIENCE = 20.0
"""Seconds that an interrupt waits at most: an import may hang."""


def stopped(said: str) -> KeyboardInterrupt:
    """The interrupt to raise, which IPython shows as one line."""
    stop = KeyboardInterrupt(said)
    # IPython asks the exception itself first: one line is all there is to say.
    stop._render_traceback_ = lambda: [f"KeyboardInterrupt: {said}"]  # type: ignore[attr-defined]
    return stop


@contextmanager
def in_one_line(said: str) -> Iterator[None]:
    """Say this where an interrupt says nothing of its own; imports end before it comes."""
    try:
        with after_imports():
            yield
    except KeyboardInterrupt as stop:
        if hasattr(stop, "_render_traceback_"):
            raise
        raise stopped(said) from None


@contextmanager
def after_imports() -> Iterator[None]:
    """Let an interrupt wait until no module is being imported."""
    usual = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        yield  # no interrupt arrives here
        return
    waiting: threading.Timer | None = None
    since = 0.0

    def arrived(number: int, frame: FrameType | None) -> None:
        nonlocal waiting, since
        if waiting is None:
            since = time.monotonic()
        else:
            waiting.cancel()  # it looks again, or the user pressed twice
        waiting = None
        if not _importing(frame) or time.monotonic() - since > _PATIENCE:
            usual(number, frame)
            return
        waiting = threading.Timer(_LOOK, signal.raise_signal, [signal.SIGINT])
        waiting.daemon = True
        waiting.start()

    signal.signal(signal.SIGINT, arrived)
    try:
        yield
    finally:
        try:
            if waiting is not None:
                waiting.cancel()
                waiting.join()  # what it has sent by now arrives here, once
        finally:
            signal.signal(signal.SIGINT, usual)
    if waiting is not None:
        usual(signal.SIGINT, None)


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        code = frame.f_code
        if code.co_name == "_find_and_load" and code.co_filename.startswith(
            "<frozen importlib"
        ):
            return True
        frame = frame.f_back
    return False


def paint_in_one_line(shell: Any) -> None:
    """Values are painted after the magic returned, by IPython: an interrupt may come then."""
    bundles = shell.display_formatter.mimebundle_formatter
    for module, name in _PAINTED:
        bundles.for_type_by_name(module, name, _paint)


def _paint(value: Any) -> Any:
    with in_one_line("stopped by you while this was painted; nothing is lost, show it again"):
        return value._repr_mimebundle_()
