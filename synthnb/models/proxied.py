"""The way to an endpoint through a proxy: aiohttp, one session, opened with the first call."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping

import aiohttp

from synthnb.errors import ModelError, RowModelError
from synthnb.models.connect import Reach, new_session, proxy_for
from synthnb.models.openai import key_header, request_headers
from synthnb.settings.profiles import Profile
from synthnb.settings.secrets import Secret

__all__ = ["ProxiedTransport"]

_LARGE = 2**20
"""aiohttp wants bodies above this as a stream."""


class ProxiedTransport:
    """A ``Sender`` over one aiohttp session; ``transport = "aiohttp"`` asks for it too."""

    def __init__(self, profile: Profile, secret: Secret | None, reach: Reach) -> None:
        self._profile = profile
        self._secret = secret
        self._reach = reach
        self._base = profile.base_url or ""
        self._proxy = proxy_for(self._base)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def post(self, path: str, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """One POST of JSON."""
        data = body if len(body) < _LARGE else io.BytesIO(body)
        return await self._send("POST", path, data)

    async def get(self, path: str) -> tuple[int, Mapping[str, str], bytes]:
        """One GET."""
        return await self._send("GET", path, None)

    async def _send(
        self, method: str, path: str, data: bytes | io.BytesIO | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        session = self._open()
        try:
            async with session.request(
                method,
                self._base + path,
                data=data,
                headers=key_header(self._profile, self._secret),
                params=self._profile.query or None,
                allow_redirects=False,
                proxy=self._proxy,
            ) as response:
                self._reach.answered()
                return response.status, response.headers, await self._read(response)
        except (ModelError, asyncio.CancelledError):
            raise
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise self._reach.error(error) from None

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """The whole body, or an error once it is larger than any answer should be."""
        limit = self._profile.max_response
        length = response.content_length
        packed = "Content-Encoding" in response.headers  # its length says nothing
        if length is not None and length <= limit and not packed:
            return await response.read()
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > limit:
                raise RowModelError(
                    f"{self._reach.where.host} answered more than {limit:,} bytes",
                    kind="too_large",
                    raw=self._reach.where.raw(bytes(body[:4000])),
                )
        return bytes(body)

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise RuntimeError("This model was closed")
        if self._session is None:
            self._session = new_session(self._profile, request_headers(self._profile))
        return self._session

    async def aclose(self) -> None:
        """Close the connections; further calls are errors."""
        self._closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None
