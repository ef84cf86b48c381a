"""Embeddings from an endpoint: texts out, one vector a text back."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from synthnb.errors import RetryableModelError
from synthnb.models.faults import Where, from_error_body, parse_error
from synthnb.types import Embeddings

__all__ = ["TOGETHER", "encode_texts", "read_vectors"]

TOGETHER = 64
"""Texts of one request."""
MOST = 1e15
"""Numbers of an embedding are far smaller; what is larger is no number to compute with."""


def encode_texts(model: str, texts: Sequence[str]) -> bytes:
    """The body of a request to ``/embeddings``; an empty text goes as a space, for servers
    refuse it."""
    plain = [text.encode("utf-8", "replace").decode() or " " for text in texts]
    return orjson.dumps({"model": model, "input": plain})


def read_vectors(body: bytes, count: int, where: Where) -> Embeddings:
    """The vectors of a reply in the order of the texts, all of one length and finite."""
    payload = parse_error(body).body
    if isinstance(payload, dict) and payload.get("error"):
        raise from_error_body(payload, where, where.raw(body))
    data = payload.get("data") if isinstance(payload, dict) else None
    found: dict[int, list[float]] = {}
    for place, item in enumerate(data if isinstance(data, list) else []):
        vector = item.get("embedding") if isinstance(item, dict) else None
        number = item.get("index", place) if isinstance(item, dict) else place
        if isinstance(number, int) and isinstance(vector, list) and _numbers(vector):
            found[number] = [float(value) for value in vector]
    vectors = [found[place] for place in range(count) if place in found]
    if len(vectors) != count or len({len(vector) for vector in vectors}) > 1:
        raise RetryableModelError(
            f"{where.host} answered no {count} vectors of one length for {where.model}",
            kind="malformed",
            raw=where.raw(body),
        )
    usage = payload.get("usage") if isinstance(payload, dict) else None
    tokens = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return Embeddings(vectors, tokens if isinstance(tokens, int) and tokens > 0 else None)


def _numbers(vector: list[object]) -> bool:
    return bool(vector) and all(
        isinstance(value, int | float) and abs(value) < MOST for value in vector
    )
