"""What can be asked on this machine, for ``synthnb models``: nothing is sent, no key read."""

from __future__ import annotations

import importlib.util
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from synthnb.errors import SettingsError
from synthnb.models import gguf, weights
from synthnb.settings import Settings
from synthnb.settings.profiles import Profile

__all__ = ["Entry", "catalog"]

# Weights and compute buffers beside the file: measured 450 MB for the embedded model.
_MEMORY_BESIDE = 350 * 10**6
_KNOCK = 0.5
"""Seconds in which a server on this machine takes a connection."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One model, or one profile whose models only its endpoint knows."""

    name: str
    """What a recipe says: ``local/smollm2-135m``; ``PROFILE/…`` for an endpoint."""
    kind: Literal["embedded", "file", "endpoint"]
    ready: bool
    """Nothing more has to be installed, fetched, set or, with ``knock``, started."""
    needs: str
    """One line: memory, a download, the name of a key and whether it is set."""
    license: str = ""
    """Of the model, as its file says; empty where unknown."""
    size: int | None = None
    """Bytes on disk (or to be)."""
    where: str = ""
    """Path or endpoint."""
    default: bool = False
    """Used where a recipe names no model."""
    source: str = ""
    """The settings file's profile, for endpoints: ``built in`` or ``yours``."""


def catalog(settings: Settings, *, knock: bool = False) -> list[Entry]:
    """The embedded model, GGUF files in the models folders, then the profiles.

    ``knock`` opens and closes a connection to each profile's server on this machine, to
    see whether one listens; not a byte is sent.
    """
    return [_embedded(settings), *_files(settings), *_endpoints(settings, knock=knock)]


def _embedded(settings: Settings) -> Entry:
    name = f"local/{weights.EMBEDDED.name}"
    path = weights.find()
    memory = weights.EMBEDDED.size + _MEMORY_BESIDE
    needs = f"{memory // 10**6} MB of memory, English only"
    if path is None:
        needs = f"a download of {weights.EMBEDDED.wheel_size // 10**6} MB on first use; {needs}"
    return Entry(
        name,
        "embedded",
        ready=path is not None and _engine() is None,
        needs="; ".join(filter(None, (_engine(), needs))),
        license=weights.EMBEDDED.license,
        size=weights.EMBEDDED.size,
        where=str(path or weights.models_dir() / weights.EMBEDDED.file),
        default=settings.model == name,
    )


def _files(settings: Settings) -> list[Entry]:
    found: dict[str, Path] = {}
    for folder in weights.model_folders():
        for path in sorted(folder.glob("*.gguf")) if folder.is_dir() else ():
            if path.name != weights.EMBEDDED.file:
                found.setdefault(path.name, path)
    return [_file(path, settings) for path in found.values()]


def _file(path: Path, settings: Settings) -> Entry:
    name = f"local/{path.name}"
    default = settings.model == name
    try:
        header = gguf.read_header(path)
        size = path.stat().st_size
    except (SettingsError, OSError) as error:
        return Entry(name, "file", False, str(error), where=str(path), default=default)
    needs = f"about {(size + _MEMORY_BESIDE) // 10**6:,} MB of memory"
    if not header.has_chat_template:
        needs += "; it names no chat template: best for raw prompts"
    return Entry(
        name,
        "file",
        ready=_engine() is None,
        needs="; ".join(filter(None, (_engine(), needs))),
        license=header.license,
        size=size,
        where=str(path),
        default=default,
    )


def _endpoints(settings: Settings, *, knock: bool) -> list[Entry]:
    from synthnb.settings.profiles import BUILT_IN

    entries = []
    for name, profile in settings.profiles.items():
        if profile.base_url is None:  # in this process
            continue
        ready, needs = _key(profile)
        if knock and profile.loopback and not _listens(profile.origin):
            ready, needs = False, f"no server listens at {profile.host}"
        chosen = settings.model.startswith(f"{name}/")
        entries.append(
            Entry(
                settings.model if chosen else f"{name}/…",
                "endpoint",
                ready=ready,
                needs=needs,
                where=profile.origin,
                default=chosen,
                source="built in" if BUILT_IN.get(name) == profile else "yours",
            )
        )
    return entries


def _listens(origin: str) -> bool:
    place = urlsplit(origin)
    try:
        socket.create_connection((place.hostname or "", place.port or 80), _KNOCK).close()
    except OSError:
        return False
    return True


def _key(profile: Profile) -> tuple[bool, str]:
    """Whether the key is there, by its name alone."""
    place = "a server on this machine" if profile.loopback else "network"
    if profile.api_key_env:
        there = bool(os.environ.get(profile.api_key_env))
        return there, f"{place}; key {profile.api_key_env} is {'set' if there else 'not set'}"
    if profile.api_key_keyring:
        return True, f"{place}; key {profile.api_key_keyring} from the keyring"
    return True, f"{place}; no key"


def _engine() -> str | None:
    if importlib.util.find_spec("xllamacpp") is None:
        return "`pip install 'synthnb[local]'`"
    return None
