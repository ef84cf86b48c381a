"""What was gathered of a long run, as the store keeps it for whoever opens it later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synthnb.charts.stored import Gathered
    from synthnb.store import StoredRecords

__all__ = ["keep_gathered", "take_kept"]

TYPES = {t.__name__: t for t in (str, int, float, bool, type(None), list, dict, object)}
"""Types of values as JSON has them; ``object`` stands for none at all."""


def keep_gathered(records: StoredRecords, seen: float | None, gathered: Gathered) -> None:
    """Keep what was gathered of all rows, as they were when the run was ``seen``."""
    types = {
        name: sorted(kind.__name__ for kind in kinds) for name, kinds in gathered.types.items()
    }
    if all(kind in TYPES for kinds in types.values() for kind in kinds):
        labels = [[kind, name, list(found)] for (kind, name), found in gathered.labels.items()]
        head = {"about": gathered.about, "types": types, "labels": labels}
        arrays = {key: found[: gathered.filled] for key, found in gathered.arrays.items()}
        records.keep_summary(seen, head, arrays)


def take_kept(records: StoredRecords, gathered: Gathered) -> bool:
    """Fill ``gathered`` with what was kept; ``False`` where nothing was that fits it."""
    kept = records.summary
    if kept is None or kept.head.get("about") != gathered.about:
        return False
    labels: list[tuple[str, str, list[str]]] = kept.head["labels"]
    types: dict[str, list[str]] = kept.head["types"]
    gathered.types = {name: {TYPES[kind] for kind in kinds} for name, kinds in types.items()}
    gathered.labels = {
        (kind, name): {label: code for code, label in enumerate(found)}
        for kind, name, found in labels
    }
    gathered.arrays = {key: _widened(array) for key, array in kept.arrays.items()}
    gathered.filled = kept.rows
    return True


def _widened(array: Any) -> Any:
    """Numbers as wide as those that were gathered."""
    width = {"float32": "float64", "int8": "int32", "int16": "int32"}
    return array.astype(width.get(array.dtype.name, array.dtype), copy=False)
