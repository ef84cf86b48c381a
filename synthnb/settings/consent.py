"""Consent: a project's choice of a model off this machine, confirmed once per folder."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from synthnb.errors import SettingsError
from synthnb.settings import Settings, data_dir, load_settings

__all__ = ["ConsentNeeded", "consent", "needs_consent"]


class ConsentNeeded(SettingsError):
    """The project's file chose an endpoint off this machine, and nobody has agreed yet.

    ``question`` can be put to the user; after a yes call ``consent(folder)``.
    """

    def __init__(self, question: str, folder: Path) -> None:
        super().__init__(f"{question} Nothing was sent; agree once, or name another model.")
        self.question = question
        self.folder = folder


def needs_consent(
    folder: Path | None = None, settings: Settings | None = None
) -> ConsentNeeded | None:
    """The question to ask before the project's model is used, ``None`` if there is none.

    Only a model that the project's own file chose is asked about: one that the user named
    in a flag, a cell or the user's file is the user's choice already. Agreeing holds for
    this folder, profile and origin.
    """
    settings = load_settings(folder) if settings is None else settings
    chosen = _choice(settings)
    if chosen is None or settings.project is None:
        return None
    place = str(settings.project)
    if chosen in _read().get(place, []):
        return None
    profile = settings.profile_of(settings.model)
    question = (
        f"{place}/synthnb.toml chose the model {settings.model}: "
        f"send this folder's prompts and rows to {profile.host}?"
    )
    return ConsentNeeded(question, settings.project)


def consent(folder: Path | None = None, settings: Settings | None = None) -> None:
    """Remember that the user agreed to the choice of this folder's project file."""
    settings = load_settings(folder) if settings is None else settings
    chosen = _choice(settings)
    if chosen is None:
        return
    given = _read()
    agreed = given.setdefault(str(settings.project), [])
    if chosen not in agreed:
        agreed.append(chosen)
        _write(given)


def _choice(settings: Settings) -> str | None:
    """Profile and origin, where the project's file chose them off this machine."""
    if settings.project is None or settings.sources.get("model") != "project":
        return None
    profile = settings.profile_of(settings.model)
    return None if profile.loopback else f"{profile.name} {profile.origin}"


def _file() -> Path:
    return data_dir() / "consent.json"


def _read() -> dict[str, list[str]]:
    try:
        data = json.loads(_file().read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # a damaged file only means to ask again
    if not isinstance(data, dict):
        return {}
    return {folder: list(chosen) for folder, chosen in data.items() if isinstance(chosen, list)}


def _write(given: dict[str, list[str]]) -> None:
    file = _file()
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix="consent")  # is 0600
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(given, stream, indent=1)
        os.replace(temporary, file)
    except OSError as error:
        raise SettingsError(f"{file}: cannot remember the consent: {error.strerror}") from error
