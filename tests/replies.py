"""Replies for the loopback server: one by one, as a mixture of faults, as a rate limit."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.fakeanswers import default_text

__all__ = ["Cut", "Reply", "Script", "error", "faults", "rate_limit"]

Cut = Literal["close", "reset", "body", "hang"]
"""``close`` hangs up before a byte, ``reset`` with a TCP RST, ``body`` in the middle of the
body, ``hang`` keeps the connection open and says nothing."""


@dataclass(slots=True)
class Reply:
    """What to answer. Of ``text``, ``json`` and ``body`` the first that is set counts.

    ``text`` is what the model says, wrapped in a chat or text completion; ``message`` adds
    or replaces fields of its message, ``usage`` replaces the counts.
    """

    text: str | None = None
    json: Any = None
    body: bytes | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: Cut | None = None
    trickle: float = 0.0
    """Seconds between pieces of 8 bytes."""
    finish_reason: str | None = "stop"
    message: dict[str, Any] = field(default_factory=dict)
    usage: Any = ...
    kind: str = "ok"
    """Name under which ``counts`` counts it."""


Script = Callable[[int, Any], "Reply | str | None"]
"""(number of the request, counted from 0, parsed body) -> reply; ``None``: the default."""


def error(
    status: int,
    message: str,
    *,
    code: str | None = None,
    type: str | None = None,
    param: str | None = None,
    headers: dict[str, str] | None = None,
    kind: str = "",
) -> Reply:
    """An error reply in OpenAI's own shape."""
    body = {"error": {"message": message, "type": type, "param": param, "code": code}}
    return Reply(status=status, json=body, headers=headers or {}, kind=kind or str(status))


def _draw(seed: int, number: int) -> float:
    digest = hashlib.blake2b(f"{seed}:{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def faults(
    seed: int = 0,
    *,
    rate429: float = 0.0,
    rate500: float = 0.0,
    malformed: float = 0.0,
    cut: float = 0.0,
    reset: float = 0.0,
    empty: float = 0.0,
    refusal: float = 0.0,
    hang: float = 0.0,
    retry_after: str | None = None,
    latency: float = 0.0,
) -> Script:
    """A mixture of faults by share of requests; the same seed faults the same numbers."""
    shares = {
        "429": rate429,
        "500": rate500,
        "malformed": malformed,
        "cut": cut,
        "reset": reset,
        "empty": empty,
        "refusal": refusal,
        "hang": hang,
    }
    headers = {"Retry-After": retry_after} if retry_after is not None else {}

    def script(number: int, body: Any) -> Reply:
        draw, reply = _draw(seed, number), Reply(delay=latency)
        for kind, share in shares.items():
            if draw < share:
                reply = _fault(kind, body, headers)
                reply.delay, reply.kind = latency, kind
                break
            draw -= share
        return reply

    return script


def _fault(kind: str, body: Any, headers: dict[str, str]) -> Reply:
    text = default_text(body)
    replies = {
        "429": lambda: error(429, "Rate limit reached", code="rate_limit", headers=headers),
        "500": lambda: error(500, "The server had an error", type="server_error"),
        "malformed": lambda: Reply(body=b'{"choices": [{"message": {"content": "half'),
        "cut": lambda: Reply(text=text, cut="body"),
        "reset": lambda: Reply(cut="reset"),
        "empty": lambda: Reply(text=""),
        "refusal": lambda: Reply(message={"content": None, "refusal": "I can't help."}),
        "hang": lambda: Reply(cut="hang"),
    }
    return replies[kind]()


def rate_limit(
    per_second: float,
    *,
    burst: float = 1.0,
    retry_after: bool = False,
    latency: float = 0.0,
    tells: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Script:
    """A token bucket: above ``per_second`` it answers 429, with or without Retry-After.

    With ``tells`` its headers say what is left in the bucket, as OpenAI's do.
    """
    tokens, last = burst, clock()

    def script(number: int, body: Any) -> Reply:
        nonlocal tokens, last
        now = clock()
        tokens, last = min(burst, tokens + (now - last) * per_second), now
        if tokens < 1.0:
            wait = {"Retry-After": f"{(1.0 - tokens) / per_second:.3f}"} if retry_after else {}
            return error(429, "Rate limit reached", code="rate_limit", headers=wait)
        tokens -= 1.0
        left = {
            "x-ratelimit-limit-requests": f"{burst:.0f}",
            "x-ratelimit-remaining-requests": f"{tokens:.0f}",
            "x-ratelimit-reset-requests": f"{1000 * (burst - tokens) / per_second:.0f}ms",
        }
        return Reply(delay=latency, headers=left if tells else {})

    return script
