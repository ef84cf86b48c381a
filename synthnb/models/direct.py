"""The fast way to an endpoint: connections of our own, one request on each at a time.

aiohttp costs about as much again as all the rest of a request (ARCHITECTURE.md has the
figures): a request here is one write of a head that was made once, and a reply is most
often one slice. Where a proxy is named, ``proxied`` does it with aiohttp.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote, urlencode, urlsplit

import aiohappyeyeballs
import aiohttp

from synthnb.errors import ModelError, RetryableModelError, RowModelError
from synthnb.models.connect import CONNECT_SECONDS, Addresses, Reach, tls_context
from synthnb.models.openai import key_header, request_headers
from synthnb.models.reply import BrokenReply, Parser, Reply, TooLarge
from synthnb.settings.profiles import Profile
from synthnb.settings.secrets import Secret

__all__ = ["DirectTransport"]

_OWN = ("connection", "content-length", "host", "transfer-encoding")
"""Headers that say where a request goes and where it ends: never the profile's."""

IDLE = 15.0
"""Seconds after which a connection that waits for a request is closed."""


class _Connection(asyncio.Protocol):
    """One connection. ``exchange`` sends a request and waits for its whole reply."""

    __slots__ = ("_limit", "_parser", "_waiter", "deadline", "heard", "lost", "transport")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parser: Parser | None = None
        self._waiter: asyncio.Future[Reply] | None = None
        self.transport: asyncio.Transport | None = None
        self.heard = self.deadline = 0.0
        self.lost = False

    def exchange(
        self, data: bytes, loop: asyncio.AbstractEventLoop, deadline: float
    ) -> asyncio.Future[Reply]:
        """The reply to come."""
        assert self.transport is not None
        self.heard, self.deadline = loop.time(), deadline
        self._parser = Parser(self._limit)
        self._waiter = waiter = loop.create_future()
        self.transport.write(data)
        return waiter

    def look(self, now: float, silence: float) -> None:
        """Give up what takes too long; close what is not needed."""
        if self._waiter is None:
            if now - self.heard > IDLE:
                self.close()
        elif now > self.deadline:
            self._fail(TimeoutError())
        elif now - self.heard > silence:
            self._fail(aiohttp.SocketTimeoutError())

    def close(self) -> None:
        """No more of this connection."""
        self.lost = True
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Bytes of the reply; without a request they are reason enough to hang up."""
        parser = self._parser
        if parser is None or self._waiter is None:
            self.close()
            return
        self.heard = self._waiter.get_loop().time()
        try:
            reply = parser.feed(data)
        except ValueError as error:
            self._fail(error)
            return
        if reply is not None:
            self._answer(reply)

    def connection_lost(self, error: Exception | None) -> None:
        """It ended: that may be how a reply says that it is whole."""
        self.lost = True
        parser = self._parser
        if parser is None or self._waiter is None:
            return
        try:
            reply = parser.eof()
        except ValueError as broken:
            self._fail(broken)
            return
        if reply is not None:
            self._answer(reply)
        elif parser.begun:
            self._fail(aiohttp.ClientPayloadError("cut"))
        else:
            self._fail(error or aiohttp.ServerDisconnectedError())

    def _answer(self, reply: Reply) -> None:
        waiter, self._waiter, self._parser = self._waiter, None, None
        if waiter is not None and not waiter.done():
            waiter.set_result(reply)

    def _fail(self, error: Exception) -> None:
        waiter, self._waiter, self._parser = self._waiter, None, None
        self.close()
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)


class DirectTransport:
    """A ``Sender`` over a pool of connections to one endpoint, opened as they are needed."""

    def __init__(self, profile: Profile, secret: Secret | None, reach: Reach) -> None:
        self._profile, self._secret, self._reach = profile, secret, reach
        parts = urlsplit(profile.base_url or "")
        self._host = parts.hostname or ""
        self._tls: ssl.SSLContext | None = None
        secure = parts.scheme == "https"
        self._secure = secure
        self._addresses = Addresses(self._host, parts.port or (443 if secure else 80))
        self._path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
        self._netloc = parts.netloc.encode("idna" if not parts.netloc.isascii() else "ascii")
        self._heads: dict[tuple[str, str], bytes] = {}
        self._idle: list[_Connection] = []
        self._all: set[_Connection] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    async def post(self, path: str, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """One POST of JSON."""
        return await self._send("POST", path, body)

    async def get(self, path: str) -> tuple[int, Mapping[str, str], bytes]:
        """One GET."""
        return await self._send("GET", path, b"")

    async def aclose(self) -> None:
        """Close the connections; further calls are errors."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._idle.clear()
        await asyncio.sleep(0)  # the loop lets go of the sockets in its next turn

    async def _send(
        self, method: str, path: str, body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        if self._closed:
            raise RuntimeError("This model was closed")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._profile.timeout
        connection = self._free() or await self._connect(loop)
        data = b"%bContent-Length: %d\r\n\r\n%b" % (self._head(method, path), len(body), body)
        try:
            reply = await connection.exchange(data, loop, deadline)
        except asyncio.CancelledError:
            self._drop(connection)
            raise
        except Exception as error:
            self._drop(connection)
            raise self._error(error) from None
        self._reach.answered()
        if reply.keep and not connection.lost and not self._closed:
            self._idle.append(connection)
        else:
            self._drop(connection)
        return reply.status, reply.headers, reply.body

    def _head(self, method: str, path: str) -> bytes:
        """Request line and headers; the key is added each time, so that nothing holds it."""
        head = self._heads.get((method, path))
        if head is None:
            query = f"?{urlencode(self._profile.query)}" if self._profile.query else ""
            lines = [f"{method} {self._path}{path}{query} HTTP/1.1".encode()]
            lines.append(b"Host: " + self._netloc)
            given = request_headers(self._profile).items()
            lines += [_line(*pair) for pair in given if pair[0].lower() not in _OWN]
            head = self._heads[method, path] = b"\r\n".join([*lines, b""])
        for pair in key_header(self._profile, self._secret).items():
            head += _line(*pair) + b"\r\n"
        return head

    def _free(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.lost:
                return connection
            self._all.discard(connection)
        return None

    def _drop(self, connection: _Connection) -> None:
        connection.close()
        self._all.discard(connection)

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> _Connection:
        profile = self._profile
        try:
            async with asyncio.timeout(min(CONNECT_SECONDS, profile.timeout)):
                connection = await self._open(loop)
        except ModelError:
            raise
        except TimeoutError as error:
            if error.errno is not None:  # the system's own, not our deadline
                raise self._reach.error(error, connecting=True) from None
            raise self._reach.error(aiohttp.ConnectionTimeoutError()) from None
        except (OSError, ValueError) as error:
            raise self._reach.error(error, connecting=True) from None
        if self._closed:
            connection.close()
            raise RuntimeError("This model was closed")
        connection.heard = loop.time()
        self._all.add(connection)
        if self._sweeper is None:
            self._sweep(loop)
        return connection

    async def _open(self, loop: asyncio.AbstractEventLoop) -> _Connection:
        addresses: Any = await self._addresses.find(loop)
        found = await aiohappyeyeballs.start_connection(
            addresses, happy_eyeballs_delay=0.25, loop=loop
        )
        try:
            if self._secure and self._tls is None:
                self._tls = tls_context()
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _, connection = await loop.create_connection(
                lambda: _Connection(self._profile.max_response),
                sock=found,
                ssl=self._tls,
                server_hostname=self._host if self._tls is not None else None,
            )
        except BaseException:
            found.close()
            raise
        return connection

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look after all connections now and then: cheaper than a timer for each request."""
        profile, now = self._profile, loop.time()
        for connection in list(self._all):
            connection.look(now, profile.silence)
            if connection.lost:
                self._all.discard(connection)
        step = min(1.0, profile.silence / 5, profile.timeout / 5)
        self._sweeper = loop.call_later(step, self._sweep, loop) if self._all else None

    def _error(self, error: Exception) -> ModelError:
        host = self._reach.where.host
        if isinstance(error, TooLarge):
            return RowModelError(
                f"{host} answered more than {self._profile.max_response:,} bytes",
                kind="too_large",
                raw=self._reach.where.raw(error.start),
            )
        if isinstance(error, BrokenReply):
            said = self._reach.where.quote(str(error))
            return RetryableModelError(f"{host} answered no HTTP ({said})", kind="malformed")
        return self._reach.error(error)


def _line(name: str, value: str) -> bytes:
    """A header; a line break in it would be another header."""
    if any(mark in name + value for mark in "\r\n\0"):
        raise ValueError(f"the header {name!r} holds a line break")
    return f"{name}: {value}".encode()
