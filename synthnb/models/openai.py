"""OpenAI's own conventions, and a transport through its SDK for endpoints that need it.

``transport = "openai"`` in a profile sends through ``AsyncOpenAI``; requests, answers and
errors are ours either way, and so are the retries: the SDK's are off, and its redirects.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp
import orjson

from synthnb.models.connect import CONNECT_SECONDS, Reach
from synthnb.settings.profiles import Profile
from synthnb.settings.secrets import Secret

__all__ = ["SDKTransport", "account_headers", "key_header", "request_headers"]

_OFFICIAL = "https://api.openai.com:443"
_ACCOUNT = (
    ("OpenAI-Organization", "organization", "OPENAI_ORG_ID"),
    ("OpenAI-Project", "project", "OPENAI_PROJECT_ID"),
)
_KEPT = ("host", "content-length", "content-type", "accept", "accept-encoding", "user-agent")


def account_headers(profile: Profile) -> dict[str, str]:
    """Organisation and project: the profile's, else for OpenAI itself the SDK's variables.

    Another origin never sees what the environment says about an OpenAI account.
    """
    headers = {}
    for header, field, variable in _ACCOUNT:
        value: str | None = getattr(profile, field)
        if value is None and profile.origin == _OFFICIAL:
            value = os.environ.get(variable)
        if value and value.isascii() and value.isprintable():
            headers[header] = value
    return headers


def key_header(profile: Profile, secret: Secret | None) -> dict[str, str]:
    """The header that carries the key, made for each request so that no client holds it."""
    if secret is None:
        return {}
    if profile.api_key_header.lower() == "authorization":
        return {"Authorization": f"Bearer {secret.reveal()}"}
    return {profile.api_key_header: secret.reveal()}


def request_headers(profile: Profile) -> dict[str, str]:
    """Headers of every request but the key's."""
    return {
        "User-Agent": "synthnb",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",  # nothing to unpack, no bomb to unpack either
        **account_headers(profile),
        **profile.headers,
    }


class SDKTransport:
    """Requests through ``AsyncOpenAI``: (status, headers, bytes) of whatever came back.

    The response model and the parameter transform are passed by; it still costs several
    times the CPU of ``direct.DirectTransport`` (``tests/benchmarks/client.py`` measures both).
    """

    def __init__(self, profile: Profile, secret: Secret | None, reach: Reach) -> None:
        self._profile = profile
        self._secret = secret
        self._reach = reach
        self._client: Any = None
        self._raw: Any = None
        self._closed = False

    async def post(self, path: str, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """One POST of JSON."""
        return await self._send(path, body)

    async def get(self, path: str) -> tuple[int, Mapping[str, str], bytes]:
        """One GET."""
        return await self._send(path, None)

    async def aclose(self) -> None:
        """Close the connections; further calls are errors."""
        self._closed = True
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _send(
        self, path: str, body: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        if self._closed:
            raise RuntimeError("This model was closed")
        import openai

        if self._client is None:
            self._client, self._raw = self._new_client()
        try:
            async with asyncio.timeout(self._profile.timeout):
                response = await self._exchange(path, body)
        except openai.APIStatusError as error:
            response = error.response
        except openai.APIConnectionError as error:
            raise self._reach.error(*_cause(error)) from None
        except (TimeoutError, openai.OpenAIError, ValueError) as error:
            raise self._reach.error(error) from None
        self._reach.answered()
        return response.status_code, response.headers, response.content

    async def _exchange(self, path: str, body: bytes | None) -> Any:
        """The SDK's documented way to undocumented endpoints: no model, no transform."""
        if body is None:
            return await self._client.get(path, cast_to=self._raw)
        return await self._client.post(path, cast_to=self._raw, body=orjson.loads(body))

    def _new_client(self) -> tuple[Any, Any]:
        """(client, class of raw responses: the SDK moved from httpx to httpx2)."""
        import openai

        profile = self._profile
        base = next(
            c for c in openai.DefaultAsyncHttpxClient.__mro__ if c.__name__ == "AsyncClient"
        )
        transport = importlib.import_module(base.__module__.partition(".")[0])
        timeout = transport.Timeout(
            profile.silence, connect=min(CONNECT_SECONDS, profile.timeout), pool=None
        )
        client = openai.AsyncOpenAI(
            api_key="-",
            base_url=profile.base_url,
            default_query=dict(profile.query),
            max_retries=0,
            timeout=timeout,
            http_client=openai.DefaultAsyncHttpxClient(
                follow_redirects=False,
                timeout=timeout,
                limits=transport.Limits(max_connections=None, keepalive_expiry=30.0),
                event_hooks={"request": [self._only_ours]},
            ),
        )
        return client, transport.Response

    async def _only_ours(self, request: Any) -> None:
        """The SDK reads keys, accounts and headers from the environment for any origin."""
        for name in list(request.headers):
            if name.lower() not in _KEPT:
                del request.headers[name]
        request.headers.update(account_headers(self._profile))
        request.headers.update(self._profile.headers)
        request.headers.update(key_header(self._profile, self._secret))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _cause(error: BaseException) -> tuple[BaseException, bool]:
    """(what really happened, while connecting?) behind the SDK's "Connection error."."""
    chain = list(_chain(error))
    names = {type(part).__name__ for part in chain}
    connecting = "ConnectError" in names
    if "ConnectTimeout" in names:
        return aiohttp.ConnectionTimeoutError(), True
    if names & {"ReadTimeout", "WriteTimeout"}:
        return aiohttp.SocketTimeoutError(), False
    for part in reversed(chain):
        if isinstance(part, ssl.SSLError | OSError):
            return part, connecting
    if "RemoteProtocolError" in names:
        text = " ".join(str(part) for part in chain)
        if "without sending complete" in text or "incomplete" in text:
            return aiohttp.ClientPayloadError(), False
        if "disconnected" in text:
            return aiohttp.ServerDisconnectedError(), False
    return chain[-1], connecting
