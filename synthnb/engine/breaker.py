"""When to give up: a run that only fails stops before it has spent everything."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping

from synthnb.engine.novelty import WINDOW, Novelty
from synthnb.engine.problems import stage_of
from synthnb.recipe.parts import STOP_WINDOWS
from synthnb.types import Reason, Record, check_of
from synthnb.visible import as_text

__all__ = ["Breaker"]

IN_A_ROW = 20
"""Candidates lost one after the other to the engine's own rules."""
FIRST_LOOK = 20
"""Decided candidates before ``stop_if`` shares mean anything."""


class Breaker:
    """Counts what became of candidates and says when it is time to stop."""

    def __init__(self, wanted: int, stop_if: Mapping[str, float], main: str = "") -> None:
        self._stop_if = {k: v for k, v in stop_if.items() if k not in STOP_WINDOWS}
        self._novelty_below = stop_if.get("novelty_below")
        self._rejects_above = stop_if.get("reject_rate_above")
        self._novelty = Novelty() if self._novelty_below is not None else None
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._main = main
        self._hopeless = max(1, min(3, wanted))
        self._decided = self._lost = self._unanswered = 0
        self._rules: Counter[str] = Counter()
        self._answered = False

    def count(self, lost: Reason | None, record: Record) -> str | None:
        """Count one decision; the reason to stop, if there is one."""
        self._decided += 1
        self._recent.append(record.accepted)
        if self._novelty is not None and self._main in record.values:
            self._novelty.add(as_text(record.values[self._main]))
        if not record.accepted:
            self._rules["rejected"] += 1
            rules = {reason.rule for reason in record.reasons}
            for rule in rules | set(map(check_of, rules)):
                self._rules[rule] += 1
        if lost is None:
            self._lost = self._unanswered = 0
            self._answered = True
            return self._alarm()
        self._lost += 1
        if stage_of(lost.rule) == "answered" and lost.rule not in OWN:
            self._unanswered += 1
        else:
            self._unanswered = 0
        return self._dead(lost) or self._barren(lost) or self._alarm()

    def _dead(self, lost: Reason) -> str | None:
        """The endpoint has never answered (each was asked several times already)."""
        if self._answered or self._unanswered < self._hopeless:
            return None  # an endpoint that has answered before is the throttle's to give up
        return f"{self._unanswered} requests in a row failed: {lost.message}"

    def _barren(self, lost: Reason) -> str | None:
        if self._lost < IN_A_ROW or self._unanswered:
            return None
        return f"the last {self._lost} candidates were all lost: {lost.message}"

    def _alarm(self) -> str | None:
        if self._decided < FIRST_LOOK:
            return None
        limit = self._rejects_above
        rejected = self._recent.count(False) / len(self._recent)
        if limit is not None and rejected > limit:
            last = f"{rejected:.0%} of the last {len(self._recent)} candidates were rejected"
            return f"{last} (stop_if says reject_rate_above {limit:.0%})"
        novelty, limit = self._novelty, self._novelty_below
        if novelty is not None and limit is not None and novelty.full and novelty.share < limit:
            last = f"only {novelty.share:.0%} of the last {WINDOW} candidates' words were new"
            return f"{last} (stop_if says novelty_below {limit:.0%})"
        for rule, limit in self._stop_if.items():
            share = self._rules[rule] / self._decided
            if share > limit:
                return f"{rule} took {share:.0%} of the candidates (stop_if says {limit:.0%})"
        return None


OWN = frozenset({"bad_request", "context_length", "encoding", "too_large", "tool_calls"})
"""Refused for the row's own text: the endpoint is fine."""
