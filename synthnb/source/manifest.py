"""What the manifest beside a file tells: rows that synthnb wrote are no real ones.

CSV and trainers' formats hold no history of a row, so that an export keeps it beside them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from synthnb.types import JSON

__all__ = ["history_beside"]

_LARGEST = 4 * 1024 * 1024


def history_beside(path: Path) -> JSON:
    """The history that holds for every row of an exported file, ``None`` for a file of others.

    ``origin`` is ``unknown`` where real and synthetic rows are mixed and no row says which.
    The file is known by its name, not by its hash: rows stay synthetic when someone edits them.
    """
    for place in (
        path.with_name(f"{path.stem}.manifest.json"),
        path.with_name("manifest.json"),
        path.parent.parent / "manifest.json",
    ):
        note = _read(place)
        files, marking = note.get("files"), note.get("marking")
        if not isinstance(files, dict) or not isinstance(marking, dict):
            continue
        if path.relative_to(place.parent).as_posix() in files:
            return _history(marking)
    return None


def _read(place: Path) -> dict[str, Any]:
    try:
        if place.stat().st_size > _LARGEST:
            return {}
        note = json.loads(place.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return note if isinstance(note, dict) else {}


def _history(marking: dict[str, Any]) -> JSON:
    share, models = marking.get("real_share"), marking.get("models")
    if marking.get("ai_generated") is None and share is None:
        return None  # nobody knew when the file was written
    if share == 1 and not models:
        return {"origin": "real", "generation": 0}
    named = [model for model in models if isinstance(model, str)] if models else []
    calls: list[JSON] = [{"column": "", "model": model} for model in named]
    origin = "unknown" if share is None or share > 0 else "synthetic"
    return {"origin": origin, "generation": 1, "calls": calls}
