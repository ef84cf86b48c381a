"""What an interrupt says: one line, wherever in our code it arrives.

It goes on as the ``KeyboardInterrupt`` that it is, so that "Run all" stops too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["in_one_line", "paint_in_one_line", "stopped"]

_PAINTED = (
    ("synthnb.batch", "Batch"),
    ("synthnb.diff", "Diff"),
    ("synthnb.versions.history", "History"),
    ("synthnb.report.report", "Report"),
    ("synthnb.review", "Review"),
    ("synthnb.ranking.session", "Ranking"),
)
"""Values that take a while to paint, by name: none is imported before there is one."""


def stopped(said: str) -> KeyboardInterrupt:
    """The interrupt to raise, which IPython shows as one line."""
    stop = KeyboardInterrupt(said)
    # IPython asks the exception itself first: one line is all there is to say.
    stop._render_traceback_ = lambda: [f"KeyboardInterrupt: {said}"]  # type: ignore[attr-defined]
    return stop


@contextmanager
def in_one_line(said: str) -> Iterator[None]:
    """Say this where an interrupt says nothing of its own."""
    try:
        yield
    except KeyboardInterrupt as stop:
        if hasattr(stop, "_render_traceback_"):
            raise
        raise stopped(said) from None


def paint_in_one_line(shell: Any) -> None:
    """Values are painted after the magic returned, by IPython: an interrupt may come then."""
    bundles = shell.display_formatter.mimebundle_formatter
    for module, name in _PAINTED:
        bundles.for_type_by_name(module, name, _paint)


def _paint(value: Any) -> Any:
    with in_one_line("stopped by you while this was painted; nothing is lost, show it again"):
        return value._repr_mimebundle_()
