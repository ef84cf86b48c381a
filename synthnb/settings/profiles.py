"""Profiles: the endpoints that the user of this machine has named, and their rules."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from synthnb.errors import SettingsError
from synthnb.settings.secrets import Secret, read_env, read_keyring, redact

__all__ = ["BUILT_IN", "PriceSetting", "Profile", "check_base_url", "is_link_local"]


@dataclass(frozen=True, slots=True)
class PriceSetting:
    """What the user says an endpoint costs: money for ``per`` tokens."""

    input: float
    output: float
    per: int = 1_000_000
    currency: str = "USD"
    as_of: str | None = None
    """ISO date of the price list."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One endpoint. Keys are named here, never held."""

    name: str
    kind: Literal["openai", "local", "rules"] = "openai"
    base_url: str | None = None
    api_key_env: str | None = None
    api_key_keyring: str | None = None
    """``service/user``."""
    api_key_header: str = "Authorization"
    """Another name sends the bare key, as Azure's ``api-key`` wants it."""
    concurrency: int = 32
    """Requests in flight: start and ceiling of the adaptive limit."""
    timeout: float = 600.0
    """Seconds for a whole call."""
    silence: float = 180.0
    """Seconds without a byte."""
    max_response: int = 16 * 2**20
    """Bytes of one answer."""
    price: PriceSetting | None = None
    organization: str | None = None
    project: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    """Sent with every request, such as Azure's ``api-version``."""
    transport: Literal["http", "aiohttp", "openai"] = "http"
    """``aiohttp`` and ``openai`` go through these: slower, for endpoints that need it."""
    structured: Literal["auto", "json_schema", "json_object", "none"] = "auto"
    """How to ask for JSON; ``auto`` starts with ``json_schema`` and learns."""
    stream: bool = False
    """Take answers in pieces, so that ``silence`` means that the model has stopped; for
    slow endpoints and proxies that hang up on long waits."""
    plain_http: bool = False
    """Allow http:// off this machine: texts and keys go over the wire unencrypted."""

    @property
    def origin(self) -> str:
        """``scheme://host:port``; ``local`` for models in this process."""
        return _origin(self.base_url) if self.base_url else "local"

    @property
    def host(self) -> str:
        """``host`` or ``host:port`` as people know it."""
        return urlsplit(self.base_url).netloc if self.base_url else "this process"

    @property
    def loopback(self) -> bool:
        """Nothing sent to it leaves this machine."""
        return self.base_url is None or _is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def key_name(self) -> str | None:
        """Name of the key, for messages."""
        return self.api_key_env or self.api_key_keyring

    def key(self) -> Secret | None:
        """The key, read now. ``SettingsError`` if one is named but absent or malformed."""
        if self.api_key_env:
            return read_env(self.api_key_env, self.name)
        if self.api_key_keyring:
            return read_keyring(self.api_key_keyring, self.name)
        return None


BUILT_IN: Mapping[str, Profile] = {
    "local": Profile("local", kind="local", concurrency=4),
    "rules": Profile("rules", kind="rules", concurrency=64),
    "openai": Profile(
        "openai", base_url="https://api.openai.com/v1", api_key_env="OPENAI_API_KEY"
    ),
    "ollama": Profile("ollama", base_url="http://127.0.0.1:11434/v1", concurrency=4),
}
"""There without any settings file."""

_PORTS = {"http": 80, "https": 443}
_RULE = "a base_url looks like https://host/v1"


def check_base_url(url: str, *, plain_http: bool = False) -> str:
    """The address without trailing slash, or a ``SettingsError`` that says what is wrong."""
    if re.search(r"[\x00-\x20\x7f\\]", url):
        raise SettingsError(f"{redact(url)!r} holds a space or control character; {_RULE}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsError(f"{url!r}: {error}; {_RULE}") from None
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise SettingsError(f"{url!r} is no http(s) address; {_RULE}")
    if parts.username is not None or parts.password is not None:
        raise SettingsError(f"The base_url of {parts.hostname} names a user; use api_key_env")
    if parts.query or parts.fragment:
        plain = url.partition("?")[0].partition("#")[0]
        raise SettingsError(f"{plain!r} goes on with ? or #; put queries under query = {{…}}")
    if is_link_local(parts.hostname):
        raise SettingsError(f"{parts.hostname} is a link-local address; {_RULE}")
    if parts.scheme == "http" and not _is_loopback(parts.hostname) and not plain_http:
        raise SettingsError(
            f"{url!r} would send texts and keys unencrypted: use https, or plain_http = true "
            "in this profile if you trust the network between"
        )
    return url.rstrip("/")


def _origin(url: str) -> str:
    parts: SplitResult = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}:{parts.port or _PORTS.get(parts.scheme, 0)}"


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address a host is written as, in any of the spellings the system takes."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:  # 2130706433, 0x7f.1 and the like: the resolver would read them as addresses
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _is_loopback(host: str) -> bool:
    if host.rstrip(".").lower() == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def is_link_local(host: str) -> bool:
    """Whether an address is one where clouds keep their instance credentials."""
    address = _address(host)
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    return address is not None and (
        address.is_link_local or str(address) == "fd00:ec2::254" or address.is_unspecified
    )
