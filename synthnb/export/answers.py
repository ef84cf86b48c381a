"""The answer of a row: a plain one, or the winner among candidates."""

from __future__ import annotations

from collections.abc import Mapping

from synthnb.types import JSON, Record

__all__ = ["answer_of", "are_candidates", "best", "ranked"]


def ranked(record: Record) -> Mapping[str, JSON] | None:
    """The row's last ranking that could be read: ``{chosen, rejected, margin, …}``."""
    for reason in reversed(record.checks):
        if reason.rule == "rank" and isinstance(reason.value, dict):
            return reason.value
    return None


def are_candidates(value: JSON) -> bool:
    """Whether a value is a list of candidates, as ``candidates:`` makes it."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) and "answer" in item for item in value)
    )


def answer_of(item: JSON) -> JSON:
    """What a candidate says."""
    return item.get("answer") if isinstance(item, dict) and "answer" in item else item


def best(record: Record, value: JSON) -> JSON:
    """The value, or the chosen one where it is candidates; ``None`` if none was chosen."""
    if not are_candidates(value):
        return value
    if len(value) == 1:
        return answer_of(value[0])
    found = ranked(record)
    place = found.get("chosen") if found is not None and not found.get("both_bad") else None
    good = isinstance(place, int) and 0 <= place < len(value)
    return answer_of(value[place]) if good else None
