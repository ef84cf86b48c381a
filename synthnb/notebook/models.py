"""Names of models that this machine knows, without asking any server."""

from __future__ import annotations

from synthnb.settings import load_settings

__all__ = ["known_models"]


def known_models() -> list[str]:
    """The default model first, then one ``PROFILE/`` for each profile."""
    settings = load_settings()
    return list(dict.fromkeys([settings.model, *(f"{name}/" for name in settings.profiles)]))
