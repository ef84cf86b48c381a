"""``regex``: patterns that a text must match or must not, however bad the pattern is.

Python's own engine cannot be stopped. ``regex`` reads the same patterns, with the same
Unicode, and takes a timeout; RE2 would be safe as well, but its ``\\w``, ``\\d`` and ``\\b``
know ASCII alone.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from typing import Any

from synthnb.checks.protocol import Candidate, Check, CheckContext, pick, register
from synthnb.checks.values import as_plain, reach
from synthnb.errors import CheckError
from synthnb.types import JSON, Reason

MOST_PATTERN = 2_000
MOST_SUBJECT = 200_000
"""Characters of a text that are searched."""
QUICK, SLOW = 0.02, 0.45
"""Seconds of CPU: at once, then once more on a thread."""
ALLOWED = 0.5
"""Seconds that a pattern may waste in all; then it is not run any more."""
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}


class _Overdue(Exception):
    """The pattern took too long."""


class _Pattern:
    """One compiled pattern and the time that it has wasted."""

    def __init__(self, text: str, flags: int) -> None:
        import regex

        if len(text) > MOST_PATTERN:
            raise CheckError(f"a pattern has at most {MOST_PATTERN} characters")
        try:
            self._compiled: Any = regex.compile(text, flags | regex.VERSION0)
        except (regex.error, RecursionError, OverflowError, MemoryError) as error:
            raise CheckError(f"the pattern {text!r} is not valid: {error}") from None
        self.text = text
        self._wasted = 0.0

    async def search(self, text: str) -> str | None:
        """What it matches; ``_Overdue`` if that takes too long."""
        if self._wasted >= ALLOWED:
            raise _Overdue
        try:
            found = self._compiled.search(text, timeout=QUICK)
        except TimeoutError:
            found = await asyncio.to_thread(self._patiently, text)
        return found[0] if found is not None else None

    def _patiently(self, text: str) -> Any:
        began = time.thread_time()
        left = SLOW - self._wasted
        try:
            if left <= 0:
                raise TimeoutError
            return self._compiled.search(text, timeout=left, concurrent=True)
        except TimeoutError:
            raise _Overdue from None
        finally:
            self._wasted += QUICK + time.thread_time() - began


class Regex:
    """A column that must match some patterns and must not match others."""

    name = "regex"
    cost = 1
    ordered = False

    def __init__(
        self, column: str, require: Sequence[_Pattern], forbid: Sequence[_Pattern]
    ) -> None:
        self.column: str | None = column
        self._rules = [(pattern, True) for pattern in require]
        self._rules += [(pattern, False) for pattern in forbid]

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed if all hold; the value is what the pattern matched."""
        text = as_plain(reach(row.values, self.column or ""))[:MOST_SUBJECT]
        matched: str | None = None
        for pattern, required in self._rules:
            try:
                found = await pattern.search(text)
            except _Overdue:
                message = f"the pattern {pattern.text!r} takes too long on rows like this one"
                return (Reason(self.name, None, message, self.column),)
            if found is None and required:
                message = f"{pattern.text!r} is not there"
                return (Reason(self.name, None, message, self.column),)
            if found is not None and not required:
                message = f"{pattern.text!r} is there: “{found[:80]}”"
                return (Reason(self.name, found[:200], message, self.column),)
            matched = found[:200] if found is not None else matched
        return (Reason(self.name, matched, "", self.column, True),)


@register("regex")
def _regex(options: dict[str, JSON], context: CheckContext) -> Check:
    """``{column, require: P, forbid: P or [P, …], flags: i}``; searched, not anchored."""
    found = pick(options, context, column=..., require=None, forbid=None, flags="")
    flags = 0
    if not isinstance(found["flags"], str) or set(found["flags"]) - set(_FLAGS):
        raise CheckError("'flags' are letters out of i, m, s, x")
    for letter in found["flags"]:
        flags |= _FLAGS[letter]
    rules = {key: _patterns(found[key], key, flags) for key in ("require", "forbid")}
    if not any(rules.values()):
        raise CheckError("needs 'require' or 'forbid'")
    return Regex(found["column"], rules["require"], rules["forbid"])


def _patterns(given: JSON, key: str, flags: int) -> list[_Pattern]:
    texts = [] if given is None else given if isinstance(given, list) else [given]
    if not all(isinstance(text, str) and text for text in texts):
        raise CheckError(f"'{key}' is a pattern or a list of patterns")
    return [_Pattern(text, flags) for text in texts]
