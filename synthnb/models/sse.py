"""Streamed replies: the events of one answer put together, or found to be cut.

A stream that ends early raises nothing in SDKs and passes for a short answer. Here it is
whole only if it said so: by ``[DONE]`` or by a reason to finish.
"""

from __future__ import annotations

from typing import Any

import orjson

from synthnb.errors import RetryableModelError
from synthnb.models.faults import Where
from synthnb.types import JSON

__all__ = ["assemble", "is_stream"]


def is_stream(body: bytes) -> bool:
    """Whether a body is a stream of events, asked for or not."""
    return body[:64].lstrip().startswith((b"data:", b"event:", b": "))


def assemble(body: bytes, where: Where) -> JSON:
    """The completion that a stream adds up to, in the shape of an unstreamed one.

    An event with an error is returned as it is. Raises ``RetryableModelError`` of kind
    ``cut`` or ``malformed``.
    """
    message: dict[str, str] = {}
    choice: dict[str, Any] = {"message": message, "finish_reason": None}
    whole: dict[str, Any] = {"choices": [choice]}
    done = False
    for line in body.splitlines():
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == b"[DONE]":
            done = True
            break
        event = _event(data, where, body)
        if event.get("error"):
            return event
        _add(event, whole, choice, message)
    if not done and choice["finish_reason"] is None:
        raise RetryableModelError(
            f"{where.host} cut its answer short", kind="cut", raw=message.get("content", "")
        )
    return whole


def _event(data: bytes, where: Where, body: bytes) -> dict[str, Any]:
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError:
        event = None
    if not isinstance(event, dict):
        kind = "malformed" if body.rstrip().endswith(b"[DONE]") else "cut"
        what = "broken JSON in its stream" if kind == "malformed" else "half an event"
        raise RetryableModelError(f"{where.host} sent {what}", kind=kind, raw=where.raw(body))
    return event


def _add(
    event: dict[str, Any],
    whole: dict[str, Any],
    choice: dict[str, Any],
    message: dict[str, str],
) -> None:
    for name in ("usage", "model"):
        if event.get(name):
            whole[name] = event[name]
    choices = event.get("choices")
    part = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(part, dict) or part.get("index", 0) != 0:
        return
    delta = part.get("delta") or part.get("message") or {"content": part.get("text")}
    if isinstance(delta, dict):
        for name in ("content", "reasoning_content", "reasoning", "refusal"):
            if isinstance(delta.get(name), str):
                message[name] = message.get(name, "") + delta[name]
    if part.get("finish_reason"):
        choice["finish_reason"] = part["finish_reason"]
    logprobs = part.get("logprobs")
    if isinstance(logprobs, dict) and isinstance(logprobs.get("content"), list):
        seen = choice.setdefault("logprobs", {"content": []})
        seen["content"] += logprobs["content"]
