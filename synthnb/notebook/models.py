"""Names of models that this machine knows, without asking any server."""

from __future__ import annotations

from synthnb.models.catalog import catalog
from synthnb.settings import load_settings

__all__ = ["known_models"]


def known_models() -> list[str]:
    """The default model, GGUF files that are here, and ``PROFILE/`` for each endpoint."""
    settings = load_settings()
    names = [settings.model]
    for entry in catalog(settings):
        endpoint = entry.kind == "endpoint" and not entry.default
        names.append(entry.name.partition("/")[0] + "/" if endpoint else entry.name)
    return list(dict.fromkeys(names))
