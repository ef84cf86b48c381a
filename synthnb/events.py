"""What the engine tells its listeners: frozen facts, in the order they happened.

Progress bars, widgets, the CLI and the sinks all listen to the same stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from synthnb.types import Record, Usage

__all__ = ["Event", "Notice", "Progress", "RowDone", "RunEnded", "RunStarted", "Status"]

Status: TypeAlias = Literal["done", "exhausted", "budget", "stopped", "interrupted", "failed"]
"""``done`` reached its target; ``exhausted`` used up ``max_candidates``; ``budget`` hit a
cap; ``stopped`` by a fatal answer, the circuit breaker or ``stop_if``; ``interrupted`` by the
user; ``failed`` by an error of ours, rows kept all the same."""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The plan is made; nothing has been sent yet."""

    run: str
    rows: int
    """Rows wanted."""
    models: tuple[str, ...] = ()
    main: str = ""
    """The main column: what a glance at a row wants to see."""


@dataclass(frozen=True, slots=True)
class RowDone:
    """One candidate is decided: see ``record.accepted`` and ``record.reasons``."""

    record: Record
    place: int = 0
    """Where in the run it belongs; rows are done in another order."""


@dataclass(frozen=True, slots=True)
class Progress:
    """At most a few times a second; ``funnel`` is a snapshot."""

    accepted: int
    rejected: int
    wanted: int
    in_flight: int
    usage: Usage
    elapsed: float
    funnel: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """One line for people: a pause the server asked for, a slow endpoint, an alarm."""

    message: str
    kind: str = "info"


@dataclass(frozen=True, slots=True)
class RunEnded:
    """Always the last event."""

    run: str
    status: Status
    reason: str
    """One line for people; empty when done."""
    funnel: Mapping[str, int]
    """calls, answered, parsed, valid, judged, unique, accepted, in this order."""
    usage: Usage
    elapsed: float
    exhausted: tuple[Mapping[str, object], ...] = ()
    """Quota cells that could not be filled: {"cell": {...}, "wanted", "accepted", "why"}."""


Event: TypeAlias = RunStarted | RowDone | Progress | Notice | RunEnded
