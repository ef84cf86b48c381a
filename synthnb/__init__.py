"""A notebook toolkit for synthetic training data."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synthnb import collapse, metrics
    from synthnb.api import agenerate, augment, estimate, generate, load
    from synthnb.batch import Batch
    from synthnb.corpus import coverage
    from synthnb.errors import SynthError
    from synthnb.items import item_analysis
    from synthnb.notebook.collapse_lab import collapse_lab
    from synthnb.recipe import Recipe

__all__ = [
    "Batch",
    "Recipe",
    "SynthError",
    "agenerate",
    "augment",
    "collapse",
    "collapse_lab",
    "coverage",
    "estimate",
    "generate",
    "item_analysis",
    "load",
    "metrics",
]

_HOMES = {
    "Batch": "synthnb.batch",
    "Recipe": "synthnb.recipe",
    "SynthError": "synthnb.errors",
    "agenerate": "synthnb.api",
    "augment": "synthnb.api",
    "collapse_lab": "synthnb.notebook.collapse_lab",
    "coverage": "synthnb.corpus",
    "estimate": "synthnb.api",
    "generate": "synthnb.api",
    "item_analysis": "synthnb.items",
    "load": "synthnb.api",
}
"""Public name to the module that holds it, imported on first use."""
_ROOMS = {"collapse", "metrics"}
"""Packages that are public as a whole."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from synthnb._version import __version__

        return __version__
    if name in _ROOMS:
        return importlib.import_module(f"synthnb.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'synthnb' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext synthnb``."""
    from synthnb.notebook import load_ipython_extension as load_extension

    load_extension(shell)


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext synthnb``."""
    from synthnb.notebook import unload_ipython_extension as unload_extension

    unload_extension(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "@synthnb/labextension"}]
