"""The batch of a saved folder, as far as its files tell: rows, recipe, manifest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import orjson

from synthnb.batch import Batch
from synthnb.errors import ExportError
from synthnb.events import Status
from synthnb.folder import MANIFEST, read_manifest
from synthnb.recipe import Recipe
from synthnb.recipe.reading import is_name
from synthnb.samplers import planned_counts
from synthnb.types import Call, Origin, Reason, Record, Row, Usage
from synthnb.visible import one_line

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
    try:
        recipe = Recipe.load(place / RECIPE)
        records = [*_records(place / "rows.jsonl"), *_records(place / "rejected.jsonl")]
        return _batch(records, recipe, read_manifest(place), place.name)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ExportError(f"{place} cannot be read as a run: {error}") from error


def _batch(records: list[Record], recipe: Recipe, known: Row, folder: str) -> Batch:
    """The batch; anyone may have written the files, so nothing is taken as it comes: the
    name may end up in code, the end of the run in what every view says first."""
    names = (str(known.get("name") or ""), recipe.name or "", folder)
    version, status = known.get("version"), known.get("status")
    funnel: Any = known.get("funnel") or {}
    rows: Any = known.get("rows") or 0
    return Batch(
        records=records,
        recipe=recipe,
        funnel={str(k): int(v) for k, v in funnel.items()},
        usage=_usage(known.get("usage") or {}),
        status=next((one for one in get_args(Status) if one == status), "done"),
        reason=str(known.get("reason") or ""),
        name=next(filter(is_name, names), "run"),
        version=version if type(version) is int else None,
        plan_targets=planned_counts(recipe, max(int(rows), 1)),
    )


def _usage(told: Any) -> Usage:
    cost = told.get("cost")
    counted = ("requests", "prompt_tokens", "completion_tokens", "cached")
    return Usage(
        **{name: int(told.get(name) or 0) for name in counted},
        cost=None if cost is None else float(cost),
        currency=one_line(str(told.get("currency") or "USD"), 8),
    )


def _records(path: Path) -> Iterator[Record]:
    with path.open("rb") as lines:
        for line in lines:
            row: Row = orjson.loads(line)
            yield _record(row, row.pop("_synthnb"))


def _record(values: Row, own: dict[str, Any]) -> Record:
    reasons = tuple(_reason(r) for r in own.get("reasons", ()))
    return Record(
        index=int(own["row"]),
        values=values,
        accepted="reasons" not in own,
        reasons=reasons,
        checks=tuple(_reason(c) for c in own.get("checks", ())),
        calls=tuple(
            Call(str(c["column"]), str(c["model"]), (), "", seed=_whole(c.get("seed")))
            for c in own.get("calls", ())
        ),
        attempt=int(own["attempt"]),
        candidate=int(own["candidate"]),
        origin=_origin(own.get("origin", "synthetic")),
        parents=tuple(map(str, own.get("parents", ()))),
        generation=int(own.get("generation", 1)),
        id=str(own["id"]),
    )


def _reason(data: dict[str, JSON]) -> Reason:
    passed = bool(data.get("passed", False))
    rule, message = str(data["rule"]), str(data.get("message", ""))
    return Reason(rule, data.get("value"), message, None, passed)


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _origin(told: Any) -> Origin:
    return next((one for one in get_args(Origin) if one == told), "unknown")
