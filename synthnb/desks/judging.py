"""A judge's scores beside what a person kept and dropped: where its threshold should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synthnb.diff.sentences import figure
from synthnb.ranking.raters import choose_threshold, words
from synthnb.types import check_of
from synthnb.visible import number

if TYPE_CHECKING:
    from synthnb.review import Queue
    from synthnb.types import Record

__all__ = ["judge_finding"]

ENOUGH = 10
"""Rows that must be decided before a threshold means anything."""


def judge_finding(queue: Queue) -> str:
    """One sentence on the judge's ``min`` that agrees best with the person; else empty."""
    own = queue.batch.decisions
    outcomes = {row: own.outcome(row) for row in queue.rows}
    judged = [
        (score, outcomes[row] == "keep" and own.edited(row) is None)
        for row in queue.rows
        if outcomes[row] is not None and (score := _score(queue.record_of(row))) is not None
    ]
    if len(judged) < ENOUGH:
        return ""
    found = choose_threshold([score for score, _ in judged], [good for _, good in judged])
    if found is None:
        return ""
    return (
        f"The judge agrees best with you at min: {number(found.least)}: the same verdict on "
        f"{found.same} of {found.rows} rows, kappa {figure(found.kappa, 2)} "
        f"({words(found.kappa).lower()})."
    )


def _score(record: Record) -> float | None:
    """The lowest of the judge's scores: ``min`` holds for every line of its rubric."""
    scores = [
        float(check.value)
        for check in record.checks
        if check_of(check.rule) == "judge"
        and isinstance(check.value, int | float)
        and not isinstance(check.value, bool)
    ]
    return min(scores, default=None)
