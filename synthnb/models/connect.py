"""Connections: what may be connected to, and what a failed one means.

The cause is always named (the openai SDK says "Connection error." for all of these). An
endpoint that has never answered is given up after a few tries: it is misspelt or not
running. One that has answered before may be restarting: the run's circuit breaker decides.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from synthnb.errors import FatalModelError, ModelError, RetryableModelError
from synthnb.models.faults import Where
from synthnb.settings.profiles import Profile, is_link_local

__all__ = ["CONNECT_SECONDS", "Addresses", "Reach", "new_session", "proxy_for", "tls_context"]

CONNECT_SECONDS = 10.0
"""For name, TCP and TLS together."""
_KNOWN = 300.0
"""Seconds that an answer of the resolver is used."""
_TRIES = 3
_SETTLED = 1.0
"""Seconds between the first failure and giving up, so that a burst counts as one try."""


class _Resolver(AbstractResolver):
    """The system's resolver, minus link-local answers: a name must not lead there either."""

    def __init__(self) -> None:
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        _refuse_link_local(host, [result["host"] for result in found])
        return found

    async def close(self) -> None:
        await self._inner.close()


class Addresses:
    """Where one host is, asked once in five minutes; link-local answers are refused."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._found: list[Any] = []
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def find(self, loop: asyncio.AbstractEventLoop) -> list[Any]:
        """What ``getaddrinfo`` says."""
        async with self._asking:
            if loop.time() > self._until:
                found = await loop.getaddrinfo(
                    self._host, self._port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
                )
                _refuse_link_local(self._host, [str(address[4][0]) for address in found])
                self._found, self._until = list(found), loop.time() + _KNOWN
            return self._found


def _refuse_link_local(host: str, addresses: Iterable[str]) -> None:
    if any(is_link_local(address) for address in addresses):
        raise FatalModelError(
            f"{host} leads to a link-local address: nothing was sent", kind="link_local"
        )


def new_session(profile: Profile, headers: dict[str, str]) -> aiohttp.ClientSession:
    """A session for one profile: no cookies, no redirects, no netrc, no environment."""
    timeout = aiohttp.ClientTimeout(
        total=profile.timeout,
        connect=min(CONNECT_SECONDS, profile.timeout),
        sock_read=profile.silence,
    )
    context = tls_context() if profile.origin.startswith("https:") else True
    connector = aiohttp.TCPConnector(
        limit=0, ttl_dns_cache=300, resolver=_Resolver(), ssl=context
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        headers=headers,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )


def tls_context() -> ssl.SSLContext:
    """The system's certificates; certifi's where Python finds none (python.org on macOS)."""
    paths = ssl.get_default_verify_paths()
    if not (paths.cafile or paths.capath):
        with contextlib.suppress(ImportError):
            import certifi

            return ssl.create_default_context(cafile=certifi.where())
    return ssl.create_default_context()


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for an https address (CONNECT: it sees no key)."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or proxy_bypass(parts.hostname):
        return None
    proxy = getproxies().get("https")
    return proxy if proxy and proxy.startswith("http") else None


class Reach:
    """Whether an endpoint can be reached at all, and the errors when it cannot."""

    def __init__(self, profile: Profile, where: Where) -> None:
        self._profile = profile
        self.where = where
        self._answered = False
        self._failures = 0
        self._since = 0.0

    def answered(self) -> None:
        """Any status line at all came back."""
        self._answered = True

    def error(self, error: BaseException, connecting: bool = False) -> ModelError:
        """Our error for what a transport raised: aiohttp, the SDK or the system."""
        host, profile = self.where.host, self._profile
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return self._unreachable("connect", f"no connection within {CONNECT_SECONDS:g} s")
        if isinstance(error, aiohttp.SocketTimeoutError):
            seconds = f"{profile.silence:g} s"
            return RetryableModelError(f"{host} was silent for {seconds}", kind="silence")
        if isinstance(error, asyncio.TimeoutError):
            seconds = f"{profile.timeout:g} s"
            return RetryableModelError(
                f"{host} did not finish its answer within {seconds}", kind="timeout"
            )
        if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
            return self._unreachable("dns", "no such host; is base_url right?")
        if isinstance(error, ssl.SSLError | ssl.CertificateError | aiohttp.ClientSSLError):
            return self._tls(error)
        if connecting or isinstance(
            error, aiohttp.ClientConnectorError | ConnectionRefusedError
        ):
            return self._unreachable("refused", self._cause(error))
        if isinstance(error, aiohttp.ClientPayloadError):
            return RetryableModelError(f"{host} cut its answer short", kind="cut")
        if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | OSError):
            return RetryableModelError(
                f"{host} closed the connection: {self._cause(error)}", kind="reset"
            )
        said = self.where.quote(f"{type(error).__name__}: {error}")
        return RetryableModelError(f"{host} answered no HTTP ({said})", kind="malformed")

    def _unreachable(self, kind: str, cause: str) -> ModelError:
        message = f"Cannot reach {self.where.host} for {self.where.model}: {cause}"
        now = time.monotonic()
        if self._failures == 0:
            self._since = now
        self._failures += 1
        settled = self._failures >= _TRIES and now - self._since >= _SETTLED
        if settled and not self._answered:
            return FatalModelError(message, kind=kind)
        return RetryableModelError(message, kind=kind)

    def _tls(self, error: BaseException) -> ModelError:
        inner = getattr(error, "os_error", None) or getattr(error, "certificate_error", error)
        reason = getattr(inner, "verify_message", "") or getattr(inner, "reason", "") or inner
        return FatalModelError(
            f"No secure connection to {self.where.host}: {self.where.quote(str(reason))}",
            kind="tls",
        )

    def _cause(self, error: BaseException) -> str:
        """Words of the system for it, with a hint where there is a usual cause."""
        inner: BaseException = getattr(error, "os_error", None) or error
        number = getattr(inner, "errno", None)
        # asyncio and uvloop word connect errors their own way; the system's is shorter
        text = os.strerror(number) if isinstance(number, int) and number > 0 else str(inner)
        if isinstance(inner, ConnectionRefusedError):
            serve = "; start it with `ollama serve`" if self._profile.name == "ollama" else ""
            return f"connection refused: nothing listens there{serve}"
        return self.where.quote(text or type(inner).__name__, 160)
