"""Ways in which a candidate is lost, and the stage of the funnel at which each happens."""

from __future__ import annotations

from synthnb.types import JSON, Reason

__all__ = ["STAGES", "Lost", "Misfit", "gives", "stage_of"]

STAGES = ("calls", "answered", "parsed", "valid", "judged", "unique", "accepted")
"""The funnel, in order: each counts the candidates that came so far."""

UNREADABLE = frozenset(
    {
        "content_filter",
        "empty",
        "list",
        "malformed_json",
        "missing",
        "reasoning_only",
        "refusal",
        "truncated",
    }
)
MISFIT = frozenset({"choices", "code", "repeated", "schema", "template", "turns"})
UNANSWERED = frozenset(
    {
        "bad_request",
        "connect",
        "context_length",
        "cut",
        "dns",
        "encoding",
        "malformed",
        "no_choices",
        "overloaded",
        "rate_limit",
        "refused",
        "reset",
        "server",
        "silence",
        "timeout",
        "too_large",
        "too_long",
        "tool_calls",
    }
)
"""Kinds of errors of models that lose a row while the run goes on; so do ``http_418`` …"""
FULL = "quota"
"""The rule of a good row whose quota was full."""


class Lost(Exception):
    """This candidate is lost for ``reason``; the run goes on. ``raw`` is what was said."""

    def __init__(self, reason: Reason, raw: str = "") -> None:
        super().__init__(reason.message)
        self.reason = reason
        self.raw = raw


class Misfit(Exception):
    """An answer that cannot be used as it is.

    ``feedback`` is what a repair turn tells the model; ``None`` where asking again with
    other words is no help. ``again`` asks the same once more with another seed.
    """

    def __init__(
        self,
        rule: str,
        message: str,
        *,
        value: JSON = None,
        feedback: str | None = None,
        again: bool = False,
    ) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.value = value
        self.feedback = feedback
        self.again = again


def gives(rule: str) -> bool:
    """Whether the engine itself may reject a row by this rule.

    >>> gives("truncated"), gives("http_418"), gives("trunctated")
    (True, True, False)
    """
    own = rule in UNREADABLE | MISFIT | UNANSWERED or rule == FULL
    return own or (rule.startswith("http_") and rule[5:].isdigit())


def stage_of(rule: str) -> str:
    """The first stage that a candidate lost to an engine's own rule did not reach."""
    if rule in UNREADABLE:
        return "parsed"
    return "valid" if rule in MISFIT else "answered"
