"""Replies with status 200: one answer, or the reason why there is none.

Every byte is the server's: types are checked, nothing is evaluated, half of an answer is
never taken for a whole one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from synthnb.errors import ModelError, RetryableModelError, RowModelError
from synthnb.models.faults import Where, from_error_body
from synthnb.models.sse import assemble, is_stream
from synthnb.models.wire import Sent
from synthnb.types import JSON, Completion, Request

__all__ = ["estimate_tokens", "read_completion"]

_TRUNCATED = {"length", "max_tokens", "MAX_TOKENS", "model_length"}
_FILTERED = {"content_filter", "SAFETY", "safety", "RECITATION", "PROHIBITED_CONTENT"}
_FAILED = {"error", "abort"}


def read_completion(
    body: bytes, request: Request, sent: Sent, where: Where, elapsed: float
) -> Completion:
    """The answer in a body. Raises the ``ModelError`` that fits where there is none."""
    payload = _loads(body, where)
    if not isinstance(payload, dict) or payload.get("error"):
        raise _no_answer(payload, where, body)
    choice = _first_choice(payload, where, body)
    message = choice.get("message")
    if not isinstance(message, dict):
        message = {"content": choice.get("text")}
    text = _text(message.get("content"), where)
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    reasoning = _text(reasoning, where) or None
    tokens = _tokens(payload.get("usage"), request, sent, text + (reasoning or ""))
    finish = choice.get("finish_reason")
    error = _unusable(message, finish, text, reasoning, where)
    if error is not None:
        error.prompt_tokens, error.completion_tokens, _ = tokens
        raise error
    name = payload.get("model")
    return Completion(
        text=_unwrap(text) if sent.wrapped else text,
        finish_reason=finish if isinstance(finish, str) else None,
        prompt_tokens=tokens[0],
        completion_tokens=tokens[1],
        model=name if isinstance(name, str) else None,
        reasoning=reasoning,
        elapsed=elapsed,
        estimated=tokens[2],
        logprobs=_logprobs(choice["logprobs"]) if choice.get("logprobs") else None,
    )


def estimate_tokens(text: str | bytes) -> int:
    """A rough count where the server names none: four bytes a token, at least one."""
    size = len(text.encode("utf-8", "replace")) if isinstance(text, str) else len(text)
    return max(1, (size + 3) // 4)


def _loads(body: bytes, where: Where) -> JSON:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return assemble(body, where) if is_stream(body) else _loads_slowly(body, where)


def _loads_slowly(body: bytes, where: Where) -> JSON:
    """Find out what is wrong with a body; NaN among the logprobs is taken as it is."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise RetryableModelError(
            f"{where.host} sent text that is not UTF-8", kind="encoding", raw=where.raw(body)
        ) from None
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        page = text.lstrip()[:1] == "<"
        what = "a web page, not JSON: does base_url end in /v1?" if page else "broken JSON"
        raise RetryableModelError(
            f"{where.host} answered {what}", kind="malformed", raw=where.raw(body)
        ) from None
    return payload


def _no_answer(payload: JSON, where: Where, body: bytes) -> ModelError:
    if isinstance(payload, dict):
        return from_error_body(payload, where, where.raw(body))
    return RetryableModelError(
        f"{where.host} answered JSON that is no completion",
        kind="malformed",
        raw=where.raw(body),
    )


def _first_choice(payload: dict[str, Any], where: Where, body: bytes) -> dict[str, Any]:
    choices = payload.get("choices")
    if payload.get("object") == "error" and not choices:
        raise from_error_body(payload, where, where.raw(body))
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise RetryableModelError(
            f"{where.host} answered without a choice for {where.model}",
            kind="no_choices",
            raw=where.raw(body),
        )
    choice: dict[str, Any] = choices[0]
    if choice.get("error"):
        raise from_error_body(choice, where, where.raw(body))
    return choice


def _text(content: JSON, where: Where) -> str:
    """Text of a message; parts of type text are joined. Half characters are an error."""
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        content = "".join(part for part in parts if isinstance(part, str))
    if not isinstance(content, str):
        return ""
    try:
        content.encode("utf-8")  # orjson lets none through; the slow way might
    except UnicodeEncodeError:
        raw = content.encode("utf-8", "backslashreplace").decode()
        raise RetryableModelError(
            f"{where.host} sent half a character (a lone surrogate)",
            kind="encoding",
            raw=where.raw(raw),
        ) from None
    return content


def _unusable(
    message: Mapping[str, Any], finish: JSON, text: str, reasoning: str | None, where: Where
) -> ModelError | None:
    """Why this answer is no row, most telling reason first."""
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal.strip():
        return RowModelError(
            f"{where.model} refused: {where.quote(refusal, 160)}", kind="refusal", raw=refusal
        )
    if finish in _FILTERED:
        return RowModelError(
            f"The content filter of {where.host} stopped it", kind="content_filter", raw=text
        )
    if finish in _FAILED:
        return RetryableModelError(
            f"{where.host} broke off its answer ({finish})", kind="server", raw=text
        )
    if finish in _TRUNCATED:
        thinking = " on reasoning" if reasoning and not text.strip() else ""
        return RowModelError(
            f"Truncated: {where.model} used up its tokens{thinking}; raise max_tokens",
            kind="truncated",
            raw=text or reasoning or "",
        )
    if text.strip():
        return None
    if message.get("tool_calls"):
        return RowModelError(f"{where.model} called a tool and said nothing", kind="tool_calls")
    if reasoning:
        return RowModelError(
            f"{where.model} reasoned and said nothing", kind="reasoning_only", raw=reasoning
        )
    return RowModelError(f"{where.model} answered with nothing", kind="empty", raw=text)


def _tokens(usage: JSON, request: Request, sent: Sent, text: str) -> tuple[int, int, bool]:
    """(prompt, completion, estimated): the server's counts unless they are impossible."""
    counts = usage if isinstance(usage, dict) else {}
    asked, said = counts.get("prompt_tokens"), counts.get("completion_tokens")
    limit = request.params.get("max_tokens") or request.params.get("max_completion_tokens")
    most = 2 * limit + 1000 if isinstance(limit, int) else 2_000_000
    prompt = _plausible(asked, 1, 2 * len(sent.body) + 50_000)
    completion = _plausible(said, 1 if text else 0, most)
    estimated = prompt is None or completion is None
    if prompt is None:
        prompt = estimate_tokens(sent.body)
    if completion is None:
        completion = estimate_tokens(text) if text else 0
    return prompt, completion, estimated


def _plausible(count: JSON, low: int, high: int) -> int | None:
    return count if type(count) is int and low <= count <= high else None


def _unwrap(text: str) -> str:
    """The value inside ``{"value": …}``; anything else is left for the caller to judge."""
    try:
        payload = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    if isinstance(payload, dict) and payload.keys() == {"value"}:
        return orjson.dumps(payload["value"]).decode()
    return text


def _logprobs(found: JSON) -> tuple[tuple[str, float], ...] | None:
    """(token, log-probability) of a chat or text completion; ``None`` if malformed."""
    if not isinstance(found, dict):
        return None
    if isinstance(found.get("content"), list):
        pairs = [
            (item.get("token"), item.get("logprob"))
            for item in found["content"]
            if isinstance(item, dict)
        ]
    else:
        tokens, values = found.get("tokens"), found.get("token_logprobs")
        if not isinstance(tokens, list) or not isinstance(values, list):
            return None
        pairs = list(zip(tokens, values, strict=False))
    clean = [
        (token, float(value))
        for token, value in pairs
        if isinstance(token, str) and isinstance(value, int | float)
    ]
    return tuple(clean) or None
