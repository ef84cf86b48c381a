"""Answers by the whole request: what was asked before is not asked again."""

from __future__ import annotations

import asyncio
import hashlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from synthnb.errors import RowModelError
from synthnb.middleware.layer import Layer
from synthnb.store import Store
from synthnb.types import Completion, Embeddings, Model, Request

__all__ = ["Cache", "Keep", "request_key"]

Notify = Callable[[str], None]
Found = Callable[[int, int], None]


def request_key(origin: str, request: Request) -> bytes:
    """16 bytes that stand for everything that decides the answer, and for no secret.

    Origin, model, messages, parameters, schema, and the replicate: row, attempt,
    candidate and seed. The column's name is not part of it.
    """
    return _finish(_head(origin, request), request)


def _head(origin: str, request: Request) -> hashlib.blake2b:
    head = orjson.dumps(
        [origin, request.model, dict(request.params), request.schema],
        option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS,
    )
    return hashlib.blake2b(head, digest_size=16)


def _finish(head: hashlib.blake2b, request: Request) -> bytes:
    head.update(
        orjson.dumps(
            [
                request.messages,
                request.row,
                request.attempt,
                request.candidate,
                request.seed,
                request.raw,
            ],
            option=orjson.OPT_SORT_KEYS,
        )
    )
    return head.digest()


class Keep(Layer):
    """Keeps each answer before handing it on: it is durable when ``complete`` returns.

    A useless one (refusal, filter) is kept as well: a resumed run does not pay for it
    twice. It sits below the throttle, so that an answer holds its place until it is
    durable: a kill never loses more requests than may be in flight.
    """

    def __init__(
        self, model: Model, store: Store, *, since: float = 0.0, on_notice: Notify | None = None
    ) -> None:
        super().__init__(model)
        self._store = store
        self._since = since
        self._notify = on_notice
        self._warned = False
        # A run has a handful of (parameters, schema) pairs: hash each once. The pair is
        # kept beside its hash so that an id is never that of a newer object.
        self._heads: dict[tuple[str, int, int], tuple[Any, Any, hashlib.blake2b]] = {}
        self._keys: dict[int, bytes] = {}
        """Of requests on their way, by id."""

    async def complete(self, request: Request) -> Completion:
        """The model's answer, stored."""
        key = self._keys.get(id(request)) or self._key(request)
        try:
            completion = await self._model.complete(request)
        except RowModelError as error:
            await self._store_one(key, encode_refusal(error))
            raise
        await self._store_one(key, encode_answer(completion))
        return completion

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """The model's embeddings, stored text by text."""
        found = await super().embed(texts)
        await asyncio.gather(
            *(
                self._store_one(self._text_key(text), array("f", vector).tobytes())
                for text, vector in zip(texts, found.vectors, strict=True)
            )
        )
        return found

    async def vectors(self, texts: Sequence[str]) -> list[list[float] | None]:
        """The stored vector of each text, ``None`` for those that have none."""
        keys = [self._text_key(text) for text in texts]
        stored = await asyncio.gather(*(self._store.fetch(key, self._since) for key in keys))
        return [_vector(value) for value in stored]

    def _text_key(self, text: str) -> bytes:
        asked = ["embedding", self.origin, self.name.partition("/")[2]]
        head = hashlib.blake2b(orjson.dumps(asked), digest_size=16)
        head.update(text.encode("utf-8", "surrogatepass"))
        return head.digest()

    async def find(self, request: Request) -> bytes | None:
        """The stored answer, still encoded; ``done`` follows in any case."""
        key = self._keys[id(request)] = self._key(request)
        return await self._store.fetch(key, self._since)

    def done(self, request: Request) -> None:
        """The request will not come back: forget its key."""
        self._keys.pop(id(request), None)

    def _key(self, request: Request) -> bytes:
        place = (request.model, id(request.params), id(request.schema))
        found = self._heads.get(place)
        if found is None:
            if len(self._heads) > 256:
                self._heads.clear()
            head = _head(self._model.origin, request)
            found = self._heads[place] = (request.params, request.schema, head)
        return _finish(found[2].copy(), request)

    async def _store_one(self, key: bytes, value: bytes) -> None:
        try:
            await self._store.put(key, value)
        except Exception:
            # Only the saving is lost: the row goes on, and the user is told once.
            if not self._warned and self._notify is not None:
                self._warned = True
                reason = self._store.failure or "the store cannot be written."
                self._notify(f"{reason} New answers are not kept for a resume.")


class Cache(Layer):
    """Looks an answer up before asking the model, which has ``keep`` somewhere inside.

    ``since`` (Unix time) of ``keep`` makes older answers invisible: ``--no-cache``.
    ``on_found`` is told the tokens, in and out, of each answer that was there.
    """

    def __init__(self, model: Model, keep: Keep, on_found: Found | None = None) -> None:
        super().__init__(model)
        self._keep = keep
        self._found = on_found

    @classmethod
    def around(cls, model: Model, store: Store) -> Cache:
        """A cache with nothing between it and the model."""
        keep = Keep(model, store)
        return cls(keep, keep)

    async def complete(self, request: Request) -> Completion:
        """The stored answer with ``cached=True``, else the model's, stored."""
        try:
            stored = await self._keep.find(request)
            found = self._decoded(stored) if stored is not None else None
            return found or await self._model.complete(request)
        finally:
            self._keep.done(request)

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """Stored vectors, and the model's, stored, of the texts that have none."""
        known = await self._keep.vectors(texts)
        new = [text for text, vector in zip(texts, known, strict=True) if vector is None]
        if not new:
            return Embeddings([vector for vector in known if vector is not None])
        found = await super().embed(new)
        fresh = iter(found.vectors)
        vectors = [next(fresh) if vector is None else vector for vector in known]
        return Embeddings(vectors, found.prompt_tokens)

    def _decoded(self, stored: bytes) -> Completion | None:
        """``None`` for bytes that the disk has changed: such an answer is asked for again."""
        try:
            answer = decode_answer(stored)
        except (ValueError, TypeError, KeyError):
            return None
        except RowModelError as error:
            self._tell(error.prompt_tokens, error.completion_tokens)
            raise
        self._tell(answer.prompt_tokens, answer.completion_tokens)
        return answer

    def _tell(self, asked: int | None, said: int | None) -> None:
        if self._found is not None:
            self._found(asked or 0, said or 0)


def _vector(value: bytes | None) -> list[float] | None:
    if not value or len(value) % 4:
        return None  # none, or bytes that the disk has changed
    return array("f", value).tolist()


def encode_answer(completion: Completion) -> bytes:
    """A completion as bytes for the store."""
    return orjson.dumps(
        [
            completion.text,
            completion.finish_reason,
            completion.prompt_tokens,
            completion.completion_tokens,
            completion.model,
            completion.reasoning,
            round(completion.elapsed, 4),
            completion.estimated,
            completion.logprobs,
        ]
    )


def encode_refusal(error: RowModelError) -> bytes:
    """A useless answer as bytes for the store."""
    tokens = [error.prompt_tokens, error.completion_tokens]
    told = {"kind": error.kind, "message": str(error), "raw": error.raw, "tokens": tokens}
    return orjson.dumps(told)


def decode_answer(value: bytes) -> Completion:
    """The stored completion; raises the stored ``RowModelError``."""
    data = orjson.loads(value)
    if isinstance(data, Mapping):
        error = RowModelError(data["message"], kind=data["kind"], raw=data["raw"])
        error.prompt_tokens, error.completion_tokens = data.get("tokens", (None, None))
        raise error
    text, finish, asked, said, model, reasoning, elapsed, estimated, logprobs = data
    pairs = None if logprobs is None else tuple((token, value) for token, value in logprobs)
    return Completion(
        text, finish, asked, said, model, reasoning, elapsed, True, estimated, pairs
    )
