"""When to give up: a run that only fails stops before it has spent everything."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping

from synthnb.engine.problems import stage_of
from synthnb.types import Reason, Record

__all__ = ["Breaker"]

IN_A_ROW = 20
"""Candidates lost one after the other to the engine's own rules."""
OUTAGE = 60.0
"""Seconds without any answer, where there were answers before."""
FIRST_LOOK = 20
"""Decided candidates before ``stop_if`` shares mean anything."""


class Breaker:
    """Counts what became of candidates and says when it is time to stop."""

    def __init__(self, wanted: int, stop_if: Mapping[str, float]) -> None:
        self._stop_if = stop_if
        self._hopeless = max(1, min(3, wanted))
        self._decided = self._lost = self._unanswered = 0
        self._rules: Counter[str] = Counter()
        self._answered = False
        self._last_answer = time.monotonic()

    def count(self, lost: Reason | None, record: Record) -> str | None:
        """Count one decision; the reason to stop, if there is one."""
        self._decided += 1
        if not record.accepted:
            self._rules["rejected"] += 1
            for rule in {reason.rule for reason in record.reasons}:
                self._rules[rule] += 1
        if lost is None:
            self._lost = self._unanswered = 0
            self._answered = True
            self._last_answer = time.monotonic()
            return self._alarm()
        self._lost += 1
        if stage_of(lost.rule) == "answered" and lost.rule not in OWN:
            self._unanswered += 1
        else:
            self._unanswered = 0
            self._last_answer = time.monotonic()
        return self._dead(lost) or self._barren(lost) or self._alarm()

    def _dead(self, lost: Reason) -> str | None:
        """The endpoint gives no answers (each was asked several times already)."""
        if self._unanswered < self._hopeless:
            return None
        if self._answered:
            silent = time.monotonic() - self._last_answer
            if self._unanswered < IN_A_ROW or silent < OUTAGE:
                return None
        return f"{self._unanswered} requests in a row failed: {lost.message}"

    def _barren(self, lost: Reason) -> str | None:
        if self._lost < IN_A_ROW or self._unanswered:
            return None
        return f"the last {self._lost} candidates were all lost: {lost.message}"

    def _alarm(self) -> str | None:
        if self._decided < FIRST_LOOK:
            return None
        for rule, limit in self._stop_if.items():
            share = self._rules[rule] / self._decided
            if share > limit:
                return f"{rule} took {share:.0%} of the candidates (stop_if says {limit:.0%})"
        return None


OWN = frozenset({"bad_request", "context_length", "encoding", "too_large", "tool_calls"})
"""Refused for the row's own text: the endpoint is fine."""
