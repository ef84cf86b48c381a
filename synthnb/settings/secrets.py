"""Keys: held so that they cannot be shown, and struck out of whatever a server says."""

from __future__ import annotations

import os
import re
from typing import Any, NoReturn, final

from synthnb.errors import SettingsError

__all__ = ["Secret", "read_env", "read_keyring", "redact"]

_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_SHAPES = re.compile(
    r"\b(?:sk|xai|gsk|hf|r8|nvapi|pplx|csk)[-_][\w\-*.…]{6,}"
    r"|\bAIza[\w\-]{10,}"
    r"|(?<=\bBearer )[^\s\"',;<>]{4,}",
    re.IGNORECASE,
)


@final
class Secret:
    """A key that knows its name. Its value is seen by ``reveal()`` alone.

    >>> str(Secret("LAB_KEY", "sk-123"))
    '<LAB_KEY>'
    """

    __slots__ = ("__value", "name")

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        """Where it came from: an environment variable or ``service/user`` in the keyring."""
        self.__value = value

    def reveal(self) -> str:
        """The value: for the header of a request to its own origin, and nowhere else."""
        return self.__value

    def redact(self, text: str) -> str:
        """``text`` without this key, whole or partly masked, and without key shapes."""
        return redact(text, self.__value)

    def scrub(self, text: bytes) -> bytes:
        """A reply without this key, should a server echo it. Placeholders (``EMPTY``,
        ``ollama``) are short and stay: they are words that a row may hold.
        """
        key = self.__value.encode()
        return text.replace(key, b"[key]") if len(key) >= 16 and key in text else text

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.__value == other.__value

    __hash__ = None  # type: ignore[assignment]  # a key of a dict could be looked up by value

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(f"The key {self.name} is not to be pickled or stored")


def redact(text: str, key: str = "") -> str:
    """``text`` with ``key`` and anything shaped like a key replaced by ``[key]``.

    >>> redact("Incorrect API key provided: sk-abc***xyz9.")
    'Incorrect API key provided: [key]'
    """
    if len(key) >= 4:
        text = text.replace(key, "[key]")
        masked = rf"{re.escape(key[:3])}[\w\-]*[*.…]{{2,}}[\w\-]*"
        text = re.sub(masked, "[key]", text)
    return _SHAPES.sub("[key]", text)


def read_env(variable: str, profile: str) -> Secret:
    """The key in an environment variable; a ``SettingsError`` that names it if absent."""
    value = os.environ.get(variable, "")
    if not value:
        raise SettingsError(
            f"Profile {profile} needs a key: set the environment variable {variable} "
            f"(in a notebook: import os, getpass; "
            f"os.environ[{variable!r}] = getpass.getpass())"
        )
    return _checked(variable, value, profile)


def read_keyring(entry: str, profile: str) -> Secret:
    """The key stored as ``service/user`` in the system's keyring."""
    service, _, user = entry.partition("/")
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise SettingsError(
            f"Profile {profile} keeps its key in the keyring: pip install 'synthnb[keyring]'"
        ) from None
    try:
        value = keyring.get_password(service, user)
    except KeyringError as error:
        raise SettingsError(
            f"Profile {profile}: the keyring cannot be read ({type(error).__name__}); "
            "unlock it or use api_key_env"
        ) from None
    if not value:
        raise SettingsError(
            f"Profile {profile} needs a key: store it with `keyring set {service} {user}`"
        )
    return _checked(entry, value, profile)


def _checked(name: str, value: str, profile: str) -> Secret:
    """A key that fits in a header: SDKs show the key itself in the error otherwise."""
    if not _PRINTABLE.fullmatch(value):
        raise SettingsError(
            f"Profile {profile}: the key in {name} holds a space, a line break or another "
            "character that no key has; copy it again"
        )
    return Secret(name, value)
