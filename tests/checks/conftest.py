"""Checks as recipes name them, asked about one value at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from synthnb.checks import Candidate, CheckContext, build
from synthnb.recipe import CheckSpec
from synthnb.types import JSON, Reason, Row

COLUMNS = ("text", "label", "chunk", "answer", "solution", "tests", "prompt", "response")


def made(rule: str, context: CheckContext | None = None, **options: Any) -> Any:
    """A check, built as a recipe would name it."""
    return build(
        CheckSpec(rule=rule, options=options), context or CheckContext(columns=COLUMNS)
    )


def judged(check: Any, values: Row, index: int = 0) -> Sequence[Reason]:
    """Everything that a check says of one row."""
    found: Sequence[Reason] = asyncio.run(check(Candidate(index, values)))
    return found


def said(check: Any, text: JSON, **others: JSON) -> Reason:
    """What a check says of one text."""
    (reason,) = judged(check, {"text": text, **others})
    return reason
