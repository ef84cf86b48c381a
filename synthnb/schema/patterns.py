"""Regular expressions from a recipe: taken only if they cannot run away."""

from __future__ import annotations

import re
from typing import Any

from synthnb.errors import RecipeError

__all__ = ["MAX_SUBJECT", "check_pattern"]

MAX_PATTERN = 200
MAX_SUBJECT = 2_000
"""Characters of a text that a pattern may be tried on."""
MAX_WAYS = 10_000_000


def check_pattern(pattern: str) -> None:
    """Refuse a pattern that is invalid or could run away on a hostile answer.

    Python's engine cannot be stopped, so the ways it could try a text of ``MAX_SUBJECT``
    characters are bounded beforehand; repeats in repeats and back-references are out.
    """
    from re import _parser  # type: ignore[attr-defined]  # no public door to the parse tree

    if len(pattern) > MAX_PATTERN:
        raise RecipeError(f"a pattern has at most {MAX_PATTERN} characters")
    try:
        tree = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise RecipeError(f"the pattern {pattern!r} is not valid: {error}") from None
    anchored = pattern.startswith(("^", r"\A"))
    ways = _ways(tree, False) * (1 if anchored else MAX_SUBJECT)
    if ways > MAX_WAYS:
        raise RecipeError(
            f"the pattern {pattern!r} could run away; begin it with ^ and repeat less"
        )


def _ways(tree: Any, inside: bool) -> float:
    """How often at most the parts of a pattern could be tried from one place."""
    ways = 1.0
    for operation, argument in tree:
        name = str(operation)
        if name in {"GROUPREF", "GROUPREF_EXISTS", "ASSERT", "ASSERT_NOT"}:
            return float("inf")
        if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            low, high, body = argument
            if int(high) > 1 and (inside or _ways(body, True) > 1):
                return float("inf")
            ways *= min(int(high), MAX_SUBJECT) - min(int(low), MAX_SUBJECT) + 1
            ways *= _ways(body, inside)
        elif name == "BRANCH":
            ways *= sum(_ways(option, inside) for option in argument[1])
        elif name == "SUBPATTERN":
            ways *= _ways(argument[3], inside)
        elif name == "ATOMIC_GROUP":
            ways *= _ways(argument, inside)
    return ways
