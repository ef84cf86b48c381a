"""The batch of a saved folder, as far as its files tell: rows, recipe, manifest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from synthnb.batch import Batch
from synthnb.errors import ExportError
from synthnb.folder import MANIFEST, read_manifest
from synthnb.recipe import Recipe
from synthnb.samplers import planned_counts
from synthnb.types import Call, Reason, Record, Row, Usage

if TYPE_CHECKING:
    from synthnb.types import JSON

__all__ = ["is_run", "read_batch"]

RECIPE = "recipe.synth.yaml"


def is_run(path: str | Path) -> bool:
    """Whether this is the folder of a run: one that ``Batch.save`` wrote whole."""
    return (Path(path) / MANIFEST).is_file()


def read_batch(folder: str | Path) -> Batch:
    """The batch that was saved into ``folder``; prompts and raw answers are not in it.

    Raises ``ExportError`` if the folder is no run's or its files cannot be read.
    """
    place = Path(folder)
    if not is_run(place):
        raise ExportError(f"{place} is no folder of a run: it has no {MANIFEST}.")
    known = read_manifest(place)
    try:
        recipe = Recipe.load(place / RECIPE)
        records = [*_records(place / "rows.jsonl"), *_records(place / "rejected.jsonl")]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ExportError(f"{place} cannot be read as a run: {error}") from error
    usage = known.get("usage") or {}
    version = known.get("version")
    return Batch(
        records=records,
        recipe=recipe,
        funnel={str(k): int(v) for k, v in (known.get("funnel") or {}).items()},
        usage=Usage(**{k: usage[k] for k in Usage.__dataclass_fields__ if k in usage}),
        status=known.get("status", "done"),
        reason=str(known.get("reason", "")),
        name=str(known.get("name") or recipe.name or place.name),
        version=version if isinstance(version, int) else None,
        plan_targets=planned_counts(recipe, max(int(known.get("rows") or 0), 1)),
    )


def _records(path: Path) -> Iterator[Record]:
    with path.open("rb") as lines:
        for line in lines:
            row: Row = orjson.loads(line)
            yield _record(row, row.pop("_synthnb"))


def _record(values: Row, own: dict[str, Any]) -> Record:
    reasons = tuple(_reason(r) for r in own.get("reasons", ()))
    return Record(
        index=own["row"],
        values=values,
        accepted="reasons" not in own,
        reasons=reasons,
        checks=tuple(_reason(c) for c in own.get("checks", ())),
        calls=tuple(
            Call(c["column"], c["model"], (), "", seed=c.get("seed"))
            for c in own.get("calls", ())
        ),
        attempt=own["attempt"],
        candidate=own["candidate"],
        origin=own.get("origin", "synthetic"),
        parents=tuple(own.get("parents", ())),
        generation=own.get("generation", 1),
        id=own["id"],
    )


def _reason(data: dict[str, JSON]) -> Reason:
    passed = bool(data.get("passed", False))
    return Reason(data["rule"], data.get("value"), data.get("message", ""), None, passed)
