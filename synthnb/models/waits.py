"""How long a server asks to wait, in every form that servers use."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from synthnb.types import JSON

__all__ = ["headroom", "parse_duration", "retry_after"]

LONGEST = 24 * 3600.0
"""A server that names more is taken to mean a day."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(
    r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)(?:ec(?:ond)?s?|in(?:ute)?s?|(?:ou)?rs?|ays?)?"
)
_HINT = re.compile(
    r"(?:try again|retry|retry after|wait|available) (?:in|after|for)?\s*"
    r"((?:\d+(?:\.\d+)?\s*(?:ms|s|m|h|d)[a-z]*\s*)+|\d+(?:\.\d+)?(?=\s|$|\.))",
    re.IGNORECASE,
)
_RESETS = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
)

_ROOMS = tuple(
    (left.replace("remaining", "limit"), left, reset, "tokens" if "tokens" in left else "")
    for left, reset in _RESETS
)


def parse_duration(text: str) -> float | None:
    """Seconds in ``1s``, ``6m0s``, ``250ms``, ``1h 2m``, or a bare number of seconds.

    >>> parse_duration("6m0s")
    360.0
    """
    text = text.strip().lower()
    number = _number(text)
    if number is not None:
        return number
    parts = list(_PART.finditer(text)) if len(text) <= 100 else []  # longer is no duration
    if not parts or _PART.sub("", text).strip(" ,"):
        return None
    return sum(float(part[1]) * _UNITS[part[2]] for part in parts)


def retry_after(headers: Mapping[str, str], body: JSON = None) -> float | None:
    """Seconds to wait that the server itself names, ``None`` if it names none.

    ``headers`` finds names in any case (or holds them in lower case); ``body`` is the parsed
    body. Never negative, never above a day.
    """
    for wait in (_from_retry_after(headers), _from_resets(headers), _from_body(body)):
        if wait is not None:
            return min(max(wait, 0.0), LONGEST)
    return None


def headroom(headers: Mapping[str, str], tokens: int) -> tuple[float, float] | None:
    """(requests left, requests a second that come back) by the headers of a good answer.

    ``tokens`` of that answer say what a request takes of a limit on tokens. ``None`` where
    the server names no limit, or nothing of it is used.
    """
    rooms = []
    for limit, left, reset, size in _ROOMS:
        if left not in headers:
            continue
        whole, rest = _number(headers.get(limit, "").strip()), _number(headers[left].strip())
        wait = _moment(headers.get(reset, "").strip(), headers)
        if whole is None or rest is None or wait is None or wait <= 0 or rest >= whole:
            continue
        share = max(1, tokens) if size == "tokens" else 1
        rooms.append((max(0.0, rest) / share, (whole - rest) / wait / share))
    return min(rooms, default=None)


def _number(text: str) -> float | None:
    if not re.fullmatch(r"[+-]?\d{1,18}(?:\.\d*)?|[+-]?\.\d+", text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _from_retry_after(headers: Mapping[str, str]) -> float | None:
    milliseconds = _number(headers.get("retry-after-ms", "").strip())
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after", "").strip()
    return _moment(text, headers) if text else None


def _moment(text: str, headers: Mapping[str, str]) -> float | None:
    """Seconds of a duration, or until an HTTP date, ISO date or Unix time."""
    seconds = parse_duration(text)
    if seconds is not None:
        if seconds > 1e11:  # Unix time in milliseconds
            return seconds / 1000 - time.time()
        return seconds - time.time() if seconds > 1e9 else seconds
    until = _date(text)
    if until is None:
        return None
    return until - (_date(headers.get("date", "")) or time.time())  # by the server's own clock


def _date(text: str) -> float | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(text)
        except (ValueError, TypeError, OverflowError):
            continue
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp()
    return None


def _from_resets(headers: Mapping[str, str]) -> float | None:
    """Of the limits that are used up the last to come back; else the first named one."""
    named, exhausted = [], []
    for remaining, reset in _RESETS:
        wait = _moment(headers.get(reset, "").strip(), headers) if reset in headers else None
        if wait is None:
            continue
        named.append(wait)
        if _number(headers.get(remaining, "").strip()) == 0:
            exhausted.append(wait)
    return max(exhausted) if exhausted else min(named, default=None)


def _from_body(body: JSON, depth: int = 0) -> float | None:
    """``retry_after``, Google's ``retryDelay``, or "try again in 1m30s" in the message."""
    if isinstance(body, list):
        found = (_from_body(item, depth + 1) for item in body[:20])
        return next((wait for wait in found if wait is not None), None)
    if not isinstance(body, dict) or depth > 4:
        return None
    for name in ("retry_after", "retryAfter", "retryDelay", "retry_after_seconds"):
        wait = parse_duration(str(body[name])) if name in body else None
        if wait is not None:
            return wait
    for name in ("message", "detail"):
        hint = _HINT.search(str(body[name])[:2000]) if isinstance(body.get(name), str) else None
        if hint:
            wait = parse_duration(hint[1])
            if wait is not None:
                return wait
    for name in ("error", "details", "detail", "metadata"):
        wait = _from_body(body.get(name), depth + 1)
        if wait is not None:
            return wait
    return None
