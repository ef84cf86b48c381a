"""The versions of a name as JSON for Lab's own view: bounded, text only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synthnb.versions.table import FIGURES, MOST, changed_to
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.types import JSON
    from synthnb.versions.history import History, Version

__all__ = ["MIME", "payload"]

MIME = "application/vnd.synthnb.history.v1+json"


def payload(known: History) -> dict[str, JSON]:
    """The MIME body: the newest 200 versions, oldest first."""
    return {
        "v": 1,
        "kind": "history",
        "name": one_line(known.name, 200),
        "total": len(known),
        "figures": [
            {"label": figure.label, "about": figure.about, "digits": figure.digits}
            for figure in FIGURES
        ],
        "versions": [_version(version) for version in known.versions[-MOST:]],
    }


def _version(version: Version) -> JSON:
    values = [figure.of(version) for figure in FIGURES]
    return {
        "number": version.number,
        "hash": version.hash[:8],
        "made": version.when,
        "status": version.ended,
        "rows": version.rows,
        "candidates": version.candidates,
        "decisions": version.decisions,
        "values": [None if v is None else round(v, 4) for v in values],
        "changed": changed_to(version),
        **({"pruned": True} if version.pruned else {}),
    }
