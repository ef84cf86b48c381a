"""Versions: what every run of a name made, kept per project folder, never overwritten.

The same content (recipe and rows) is the same version, however often it is made.
"""

from __future__ import annotations

from synthnb.versions.history import History, Version, history
from synthnb.versions.opening import (
    beside,
    find_version,
    has_answers,
    open_beside,
    open_version,
    opposite,
    version_before,
)

__all__ = [
    "History",
    "Version",
    "beside",
    "find_version",
    "has_answers",
    "history",
    "open_beside",
    "open_version",
    "opposite",
    "version_before",
]
