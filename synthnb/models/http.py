"""The client of the hot path: any OpenAI-compatible endpoint.

Why not the ``openai`` package here: at 64 requests in flight and 50 ms it costs more than
ten times the CPU of this module (ARCHITECTURE.md has the figures). Requests are serialised
and answers parsed with orjson, without a response model, without retries and redirects of
its own: retrying belongs to the run.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from synthnb.errors import RetryableModelError
from synthnb.events import Notice
from synthnb.models.connect import Reach, proxy_for
from synthnb.models.direct import DirectTransport
from synthnb.models.envelope import read_completion
from synthnb.models.faults import Where, from_status, parse_error
from synthnb.models.vectors import TOGETHER, encode_texts, read_vectors
from synthnb.models.waits import headroom
from synthnb.models.wire import Sent, Wire
from synthnb.settings.profiles import Profile
from synthnb.settings.secrets import Secret
from synthnb.types import Completion, Embeddings, Request

__all__ = ["HTTPModel", "Sender", "open_transport"]


class Sender(Protocol):
    """Bytes out, (status, headers, bytes) back; our errors for failed connections."""

    async def post(self, path: str, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """One POST of JSON."""

    async def get(self, path: str) -> tuple[int, Mapping[str, str], bytes]:
        """One GET."""

    async def aclose(self) -> None:
        """Close the connections; further calls are errors."""


class HTTPModel:
    """One model behind one profile; any number of calls at once, on one event loop.

    ``on_notice`` is told, once each, what was learned about the endpoint; the last few are
    in ``notices`` as well.
    """

    def __init__(
        self,
        profile: Profile,
        model: str,
        *,
        on_notice: Callable[[Notice], None] | None = None,
    ) -> None:
        self._profile = profile
        self._model = model
        self._secret = profile.key()
        self._where = Where(profile.host, model, profile.name, self._secret, profile.key_name)
        self._reach = Reach(profile, self._where)
        official = profile.origin == "https://api.openai.com:443"
        self._wire = Wire(
            model, structured=profile.structured, openai=official, stream=profile.stream
        )
        self._transport = open_transport(profile, self._secret, self._reach)
        self.on_notice = on_notice
        self.notices: deque[Notice] = deque(maxlen=20)

    @property
    def name(self) -> str:
        """``PROFILE/MODEL``."""
        return f"{self._profile.name}/{self._model}"

    @property
    def origin(self) -> str:
        """``scheme://host:port`` of the endpoint."""
        return self._profile.origin

    @property
    def profile(self) -> Profile:
        """The profile it was opened from."""
        return self._profile

    async def complete(self, request: Request) -> Completion:
        """Answer one request, sent once: only what is learned sends it again.

        Raises the ``ModelError`` that says whose move it is.
        """
        path = "/chat/completions" if request.raw is None else "/completions"
        clock = asyncio.get_running_loop().time
        while True:
            sent = self._wire.encode(request)
            started = clock()
            status, headers, body = await self._transport.post(path, sent.body)
            if self._secret is not None:
                body = self._secret.scrub(body)
            if status == 200:
                elapsed = clock() - started
                answer = read_completion(body, request, sent, self._where, elapsed)
                said = (answer.prompt_tokens or 0) + (answer.completion_tokens or 0)
                room = headroom(headers, said)
                return answer if room is None else replace(answer, room=room)
            if status not in (400, 422) or not self._learns(body, sent):
                raise from_status(status, headers, body, self._where, self._url(path))

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """One vector a text from ``/embeddings``, 64 texts a request, each sent once.

        Raises a ``ModelError`` where the endpoint gives none.
        """
        vectors: list[list[float]] = []
        tokens = 0
        for at in range(0, len(texts), TOGETHER):
            part = texts[at : at + TOGETHER]
            status, headers, body = await self._transport.post(
                "/embeddings", encode_texts(self._model, part)
            )
            if self._secret is not None:
                body = self._secret.scrub(body)
            if status != 200:
                raise from_status(status, headers, body, self._where, self._url("/embeddings"))
            found = read_vectors(body, len(part), self._where)
            vectors += found.vectors
            tokens += found.prompt_tokens or 0
        return Embeddings(vectors, tokens or None)

    async def list_models(self) -> list[str]:
        """Names of the models that the endpoint offers, in its order."""
        status, headers, body = await self._transport.get("/models")
        if status != 200:
            raise from_status(status, headers, body, self._where, self._url("/models"))
        data = parse_error(body).body
        listed = data.get("data", data.get("models")) if isinstance(data, dict) else data
        if not isinstance(listed, list):
            raise RetryableModelError(
                f"{self._where.host} answered no list of models",
                kind="malformed",
                raw=self._where.raw(body),
            )
        names = (item.get("id", item.get("name")) for item in listed if isinstance(item, dict))
        return [self._where.quote(name, 200) for name in names if isinstance(name, str)]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    def _url(self, path: str) -> str:
        return f"{self._profile.base_url}{path}"

    def _learns(self, body: bytes, sent: Sent) -> bool:
        again, told = self._wire.learn(parse_error(body), sent)
        if told is not None:
            notice = Notice(f"{self._where.host}: {told}", kind="learned")
            self.notices.append(notice)
            if self.on_notice is not None:
                self.on_notice(notice)
        return again

    def __repr__(self) -> str:
        return f"<{self.name} at {self.origin}>"


def open_transport(profile: Profile, secret: Secret | None, reach: Reach) -> Sender:
    """The way to an endpoint: the profile's choice, and aiohttp's where a proxy is named."""
    if profile.transport == "openai":
        from synthnb.models.openai import SDKTransport

        return SDKTransport(profile, secret, reach)
    if profile.transport == "aiohttp" or proxy_for(profile.base_url or ""):
        from synthnb.models.proxied import ProxiedTransport

        return ProxiedTransport(profile, secret, reach)
    return DirectTransport(profile, secret, reach)
