"""Deterministic answers of the loopback server: a text, or JSON that fits a schema."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

__all__ = ["default_text", "instance"]

_WORDS = ["amber", "basin", "cedar", "delta", "ember", "fjord", "grove", "hazel", "inlet"]
_WORDS += ["jetty", "knoll", "larch", "maple", "north", "ocean", "pearl", "quill", "river"]
_WORDS += ["stone", "tidal", "umber", "vapor", "willow", "xenon", "yield", "zephyr"]


def default_text(body: Any) -> str:
    """The answer to a request body: the same body always gets the same answer.

    Free text begins with eight words drawn from the whole request, so that different
    requests (also those that differ in their seed alone) get different answers.
    """
    request = body if isinstance(body, dict) else {}
    digest = hashlib.blake2b(orjson.dumps(request), digest_size=32).digest()
    schema = _schema(request)
    if schema is not None:
        return orjson.dumps(instance(schema, _Draws(digest))).decode()
    return " ".join(_WORDS[byte % len(_WORDS)] for byte in digest[:8]).capitalize() + "."


def _schema(request: dict[str, Any]) -> dict[str, Any] | None:
    form = request.get("response_format")
    if not isinstance(form, dict):
        return None
    if form.get("type") == "json_object":
        return {"type": "object"}
    wrapped = form.get("json_schema")
    schema = wrapped.get("schema") if isinstance(wrapped, dict) else form.get("schema")
    return schema if isinstance(schema, dict) else None


class _Draws:
    def __init__(self, seed: bytes) -> None:
        self.seed, self.count = seed, 0

    def below(self, n: int) -> int:
        self.count += 1
        digest = hashlib.blake2b(self.seed + self.count.to_bytes(4), digest_size=8).digest()
        return int.from_bytes(digest) % max(1, n)


def instance(schema: dict[str, Any], draws: _Draws, root: dict[str, Any] | None = None) -> Any:
    """A value that fits the schema (the subset that ``response_format`` knows)."""
    root = schema if root is None else root
    if "$ref" in schema:
        found: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return instance(found, draws, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][draws.below(len(schema["enum"]))]
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return instance(schema[union][0], draws, root)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    return _typed(kind[0] if isinstance(kind, list) else kind, schema, draws, root)


def _typed(kind: str, schema: dict[str, Any], draws: _Draws, root: dict[str, Any]) -> Any:
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: instance(part, draws, root) for name, part in fields.items()}
    if kind == "array":
        low = int(schema.get("minItems", 1))
        high = int(schema.get("maxItems", max(low, 2)))
        count = low + draws.below(high - low + 1)
        return [instance(schema.get("items", {}), draws, root) for _ in range(count)]
    if kind in ("integer", "number"):
        low, high = int(schema.get("minimum", 1)), int(schema.get("maximum", 5))
        return low + draws.below(high - low + 1)
    if kind == "boolean":
        return bool(draws.below(2))
    if kind == "null":
        return None
    text = " ".join(_WORDS[draws.below(len(_WORDS))] for _ in range(6)).capitalize() + "."
    return text.ljust(int(schema.get("minLength", 0)), "x")
