"""Live progress in a cell: painted by the main thread, at most four times a second."""

from __future__ import annotations

import html
import os
import sys
import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from synthnb.events import Notice, Progress, RowDone, RunStarted
from synthnb.types import Usage
from synthnb.visible import as_text, cost, count, escape, number, one_line

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from synthnb.events import Event
    from synthnb.types import Record

__all__ = ["Heard", "Painter", "progress_text", "someone_watches"]

EVERY = 0.25
"""Seconds between two paints."""
NEWEST = 3
"""Rows shown while more are on their way, each on a line of its own."""
_WIDE = 110
_OFF = {"off", "0", "no", "false"}


def someone_watches(shell: InteractiveShell) -> bool:
    """Whether a person may be looking at this cell while it runs.

    Programs that run notebooks (nbval, papermill, nbclient) tell the kernel that nobody can
    answer a question; they must see the same output each time, so nothing live is shown.
    """
    if os.environ.get("SYNTHNB_PROGRESS", "").lower() in _OFF:
        return False
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return bool(sys.stdout.isatty())
    return bool(getattr(kernel, "_allow_stdin", False))


def progress_text(latest: Progress, *, rate: bool = True) -> tuple[str, str]:
    """Head and facts of the running verdict: ``15 accepted``, ``of 19 candidates, …``."""
    seen = latest.accepted + latest.rejected
    facts = [f"of {count(seen, 'candidate')}, {latest.wanted:,} wanted"]
    if rate and latest.elapsed >= 0.5 and latest.accepted:
        speed = latest.accepted / latest.elapsed
        left = max(latest.wanted - latest.accepted, 0) / speed
        facts.append(f"{_short(speed)} rows/s")
        facts.append(f"{_span(left)} left")
    if latest.usage.completion_tokens:
        facts.append(count(latest.usage.completion_tokens, "token"))
        facts.append(cost(latest.usage))
    return f"{latest.accepted:,} accepted", " · ".join(facts)


def _short(value: float) -> str:
    return number(round(value)) if value >= 10 else number(round(value, 1))


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


class Heard:
    """The newest facts of a run; ``hear`` is called on the thread of the event loop."""

    def __init__(self, rows: int = NEWEST) -> None:
        self.latest: Progress | None = None
        self.notice = ""
        self._main = ""
        self._newest: deque[Record] = deque(maxlen=rows)

    def hear(self, event: Event) -> None:
        """Remember what is worth showing of an event."""
        if isinstance(event, RunStarted):  # a model may take seconds to its first answer
            self.latest = Progress(0, 0, event.rows, 0, Usage(), 0.0)
            self._main = event.main
        elif isinstance(event, Progress):
            self.latest = event
        elif isinstance(event, RowDone):
            self._newest.append(event.record)
        elif isinstance(event, Notice):
            self.notice = one_line(event.message)

    @property
    def rows(self) -> list[str]:
        """The newest rows, a line each; lines that are still to come are empty, so that
        nothing jumps when rows arrive."""
        lines = [_row_text(record, self._main) for record in self._newest.copy()]
        return lines + [""] * ((self._newest.maxlen or 0) - len(lines))


class Painter:
    """Listens to a run on any thread (``hear``), paints on the main one (``paint``)."""

    def __init__(self, shell: InteractiveShell, *, silent: bool = False) -> None:
        self.silent = silent or not someone_watches(shell)
        self._kernel = getattr(shell, "kernel", None) is not None
        self._heard = Heard()
        self.hear = self._heard.hear
        self._painted = 0.0
        self._handle: Any = None

    def paint(self) -> None:
        """Show the newest facts, unless the last paint is too fresh or nobody watches."""
        now = time.monotonic()
        latest = self._heard.latest
        if self.silent or latest is None or now - self._painted < EVERY:
            return
        self._painted = now
        if self._kernel:
            self._paint_html(latest)
        else:
            head, facts = progress_text(latest)
            print(f"\r{head} {facts}"[:100].ljust(100), end="", file=sys.stderr, flush=True)
            self._handle = True

    def _paint_html(self, latest: Progress) -> None:
        from IPython.display import display

        body = {
            "text/html": _html(latest, self._heard.notice, self._heard.rows),
            "text/plain": _plain(latest),
        }
        if self._handle is None:
            self._handle = display(  # type: ignore[no-untyped-call]
                body, raw=True, display_id=True
            )
        else:
            self._handle.update(body, raw=True)

    def close(self) -> None:
        """Make room for the result: what was painted goes when the next output comes."""
        if self._handle is None:
            return
        if self._kernel:
            from IPython.display import clear_output

            clear_output(wait=True)  # type: ignore[no-untyped-call]
        else:
            print(f"\r{'':100}\r", end="", file=sys.stderr, flush=True)
        self._handle = None


def _plain(latest: Progress) -> str:
    return " ".join(progress_text(latest))


def _row_text(record: Record, main: str) -> str:
    """A row's main column, and why it was rejected if it was.

    A rejected row may have no value there: what the model answered stands for it.
    """
    value = record.values.get(main)
    if value is None:
        answers = [call.answer for call in record.calls if call.column == main]
        value = answers[-1] if answers else dict(record.values)
    said = one_line(as_text(value), _WIDE)
    if record.accepted:
        return said
    rule = one_line(record.reasons[0].rule, 30) if record.reasons else ""
    return f"rejected: {rule or 'no reason'} · {said}"


def _html(latest: Progress, notice: str, newest: Sequence[str] = ()) -> str:
    head, facts = progress_text(latest)
    share = min(latest.accepted / latest.wanted, 1.0) if latest.wanted else 0.0
    said = f"<div>{html.escape(notice)}</div>" if notice else ""
    rows = "".join(f"<div>{escape(line) or '&nbsp;'}</div>" for line in newest)
    label = f"{latest.accepted} of {latest.wanted} rows accepted"
    return (
        f"<div><b>{head}</b> {html.escape(facts)}</div>"
        f'<progress value="{share:.3f}" max="1" aria-label="{label}" style="width:100%;'
        f'height:6px">{share:.0%}</progress>{rows}{said}<div><small>Interrupt the kernel '
        "(i i) to stop; finished rows are kept.</small></div>"
    )
