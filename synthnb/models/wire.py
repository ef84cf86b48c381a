"""Requests as bytes: the head is serialised once, and what an endpoint lacks is learned.

One ``Wire`` belongs to one model at one endpoint. Endpoints differ in three ways that a
recipe should not need to know: whether they take a JSON schema, what they call the token
limit, and whether they take a seed. A refusal that names one of these changes the wire for
good, is told to the user once, and the request is sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from synthnb.errors import FatalModelError, RowModelError
from synthnb.models.faults import ServerError, bad_parameter
from synthnb.types import JSON, Request

__all__ = ["Mode", "Sent", "Wire", "is_strict"]

Mode = Literal["json_schema", "json_object", "none"]
_LOWER: Mapping[Mode, Mode] = {"json_schema": "json_object", "json_object": "none"}
_LIMITS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_RESERVED = ("model", "messages", "prompt", "stream", "n", "seed", "response_format")
"""What ``params.extra`` may not set: it would change who is asked, or how it is read."""
_HEADS = 256
"""Serialised heads kept; a run has one for each column and temperature."""


@dataclass(frozen=True, slots=True)
class _Head:
    """The part of a body that all requests of a column share, up to the messages."""

    params: Mapping[str, JSON]
    schema: Mapping[str, JSON] | None
    text: bytes
    ask: str
    """Appended to the last message where the endpoint cannot be given the schema."""
    wrapped: bool
    """The schema was put inside an object, and the answer comes out of one."""
    mode: Mode


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it goes out."""

    body: bytes
    wrapped: bool
    mode: Mode
    schema: Mapping[str, JSON] | None
    version: int
    """State of the wire when it was made: a refusal of an older one only means resend."""


class Wire:
    """Encodes requests for one model; ``structured`` other than ``auto`` learns nothing."""

    def __init__(
        self,
        model: str,
        *,
        structured: Mode | Literal["auto"] = "auto",
        openai: bool = False,
        stream: bool = False,
    ) -> None:
        self.model = model
        self.version = 0
        self._auto = structured == "auto"
        self._mode: Mode = "json_schema" if structured == "auto" else structured
        self._modes: dict[bytes, Mode] = {}
        self._limit = "max_completion_tokens" if openai else "max_tokens"
        self._limit_known = False
        self._seed = True
        self._stream: dict[str, JSON] = {}
        if stream:
            self._stream = {"stream": True, "stream_options": {"include_usage": True}}
        self._heads: dict[tuple[int, int, bool], _Head] = {}

    def encode(self, request: Request) -> Sent:
        """The body for ``/chat/completions``, or ``/completions`` if ``request.raw`` is set.

        Raises ``RowModelError`` for text that is no valid Unicode.
        """
        raw = request.raw is not None
        key = (id(request.params), id(request.schema), raw)
        head = self._heads.get(key)
        if (
            head is None
            or head.params is not request.params
            or head.schema is not request.schema
        ):
            head = self._head(request, raw)
            if len(self._heads) >= _HEADS:
                self._heads.clear()
            self._heads[key] = head
        seed = b""
        if request.seed is not None and self._seed:
            seed = b',"seed":%d' % (request.seed & 0x7FFF_FFFF)
        try:
            tail = _prompt(request, head)
        except TypeError:
            raise RowModelError(
                "The prompt holds half a character (a lone surrogate) and cannot be sent",
                kind="encoding",
            ) from None
        body = head.text + seed + tail
        return Sent(body, head.wrapped, head.mode, request.schema, self.version)

    def learn(self, error: ServerError, sent: Sent) -> tuple[bool, str | None]:
        """(send again?, one line for the user) after a 400 or 422.

        The line comes once, from the request that found it out first.
        """
        if sent.version != self.version:
            return True, None
        param, words = bad_parameter(error), error.words.lower()
        told: str | None = None
        if sent.schema is not None and _about_schema(param, words):
            told = self._lower_mode(sent, words)
        elif not self._limit_known and _about_limit(param, words, self._limit):
            self._limit, other = _LIMITS[self._limit], self._limit
            self._limit_known = True  # or a server that takes neither is asked for ever
            told = f"{self.model} takes {self._limit} in place of {other}"
        elif "stream_options" in self._stream and "stream_options" in f"{param} {words}":
            del self._stream["stream_options"]
            told = f"{self.model} counts no tokens in its streams: they are estimated"
        elif self._seed and b'"seed":' in sent.body and param == "seed":
            self._seed = False
            told = f"{self.model} takes no seed: its answers differ from run to run"
        if told is None:
            return False, None
        self.version += 1
        self._heads.clear()
        return True, told

    def _lower_mode(self, sent: Sent, words: str) -> str | None:
        lower = _LOWER.get(sent.mode)
        if not self._auto or lower is None or sent.schema is None:
            return None
        key = _schema_key(sent.schema)
        if key in self._modes or (sent.mode == "json_schema" and "invalid schema" in words):
            self._modes[key] = lower
            return f"{self.model} does not take this column's JSON schema: it is checked here"
        self._mode = lower
        forms = {"json_object": "JSON objects", "none": "JSON in words"}
        return (
            f"{self.model} does not take response_format {sent.mode}: "
            f"asking for {forms[lower]} and checking here"
        )

    def _head(self, request: Request, raw: bool) -> _Head:
        fields = _fields(request.params, self._limit, raw, self.model)
        mode: Mode = self._mode
        ask, wrapped = "", False
        schema = request.schema
        if schema is not None:
            mode = self._modes.get(_schema_key(schema), mode) if self._modes else mode
            wrapped = mode != "none" and schema.get("type") != "object"
            shape = _wrap(schema) if wrapped else dict(schema)
            if mode == "json_schema":
                named = {"name": "answer", "strict": is_strict(shape), "schema": shape}
                fields["response_format"] = {"type": "json_schema", "json_schema": named}
            else:
                ask = "\n\nAnswer with JSON alone, following this JSON Schema:\n"
                ask += orjson.dumps(shape).decode()
            if mode == "json_object":
                fields["response_format"] = {"type": "json_object"}
        text = orjson.dumps({"model": self.model, **self._stream, **fields})[:-1]
        return _Head(request.params, schema, text, ask, wrapped, mode)


def _prompt(request: Request, head: _Head) -> bytes:
    if request.raw is not None:
        return b',"prompt":' + orjson.dumps(request.raw + head.ask) + b"}"
    if not head.ask:
        return b',"messages":' + orjson.dumps(request.messages) + b"}"
    messages: list[dict[str, Any]] = [dict(message) for message in request.messages]
    if messages:
        messages[-1]["content"] = str(messages[-1]["content"]) + head.ask
    return b',"messages":' + orjson.dumps(messages) + b"}"


def _fields(params: Mapping[str, JSON], limit: str, raw: bool, model: str) -> dict[str, JSON]:
    """Top-level fields of the body. ``None`` is left to the endpoint."""
    extra = params.get("extra") or {}
    for name in extra:
        if name in _RESERVED:
            raise FatalModelError(
                f"params.extra cannot set {name!r} for {model}", kind="bad_parameter"
            )
    named = {name: value for name, value in params.items() if name != "extra"}
    fields = {name: value for name, value in {**named, **extra}.items() if value is not None}
    if "max_tokens" in fields and not raw:
        fields[limit] = fields.pop("max_tokens")
    if raw and "logprobs" in fields:
        fields["logprobs"] = int(fields["logprobs"]) or 1
    return fields


def _about_schema(param: str, words: str) -> bool:
    terms = ("response_format", "json_schema", "json_object", "structured output", "guided")
    return param.startswith("response_format") or any(term in words for term in terms)


def _about_limit(param: str, words: str, limit: str) -> bool:
    return param == limit or (limit == "max_tokens" and "max_completion_tokens" in words)


def _schema_key(schema: Mapping[str, JSON]) -> bytes:
    return orjson.dumps(dict(schema), option=orjson.OPT_SORT_KEYS)


def _wrap(schema: Mapping[str, JSON]) -> dict[str, JSON]:
    """Endpoints want an object at the root; shared definitions stay at the root."""
    inner = {name: part for name, part in schema.items() if name not in ("$defs", "$schema")}
    shape: dict[str, JSON] = {
        "type": "object",
        "properties": {"value": inner},
        "required": ["value"],
        "additionalProperties": False,
    }
    if "$defs" in schema:
        shape["$defs"] = schema["$defs"]
    return shape


def is_strict(schema: JSON) -> bool:
    """Whether OpenAI's strict mode takes it: closed objects whose fields are all required."""
    if isinstance(schema, list):
        return all(is_strict(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        fields = schema.get("properties", {})
        closed = schema.get("additionalProperties") is False
        if not closed or set(schema.get("required", ())) != set(fields):
            return False
        rest = {key: part for key, part in schema.items() if key != "properties"}
        return all(is_strict(part) for part in [*fields.values(), *rest.values()])
    return all(is_strict(part) for part in schema.values())
