"""A saved folder, or a file of rows, as a batch again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from synthnb.errors import RecipeError, SourceError
from synthnb.events import Status
from synthnb.folder import read_manifest
from synthnb.source import PROVENANCE, open_source, row_id
from synthnb.types import Call, Reason, Record, Row, Usage

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["load"]

STATUSES: tuple[str, ...] = get_args(Status)
_ROWS, _REJECTED, _RECIPE = "rows.jsonl", "rejected.jsonl", "recipe.synth.yaml"


def load(path: str | Path) -> Batch:
    """The batch that ``save`` wrote into a folder; or the rows of any table file.

    Rows of a file without provenance have what the manifest beside it tells, or else an
    unknown origin and licence. Raises a SourceError or RecipeError of one line where there
    is nothing readable.
    """
    where = Path(path)
    if where.is_file() and where.name == _ROWS and (where.parent / _RECIPE).is_file():
        where = where.parent
    if not where.exists():
        raise SourceError(f"There is no folder or file {where}.")
    return _folder(where) if where.is_dir() else _file(where)


def _folder(folder: Path) -> Batch:
    from synthnb.batch import Batch
    from synthnb.recipe import Recipe

    if not (folder / _RECIPE).is_file() or not (folder / _ROWS).is_file():
        raise SourceError(f"{folder} is no folder of a run: it needs {_ROWS} and {_RECIPE}.")
    note = read_manifest(folder)
    recipe = Recipe.load(folder / _RECIPE)
    records = [_record(row, n, True) for n, row in enumerate(_lines(folder / _ROWS))]
    if (folder / _REJECTED).is_file():
        lost = _lines(folder / _REJECTED)
        records += [_record(row, n, False) for n, row in enumerate(lost)]
    funnel = note.get("funnel")
    return Batch(
        records,
        recipe,
        funnel=funnel if isinstance(funnel, dict) else {},
        usage=_usage(note.get("usage")),
        status=note["status"] if note.get("status") in STATUSES else "done",
        reason=str(note.get("reason", "")),
        name=str(note.get("name") or recipe.name or folder.name),
        version=note["version"] if isinstance(note.get("version"), int) else None,
        notes=tuple(map(str, _list(note.get("notes")))),
        real_license=str(note["real_license"]) if note.get("real_license") else None,
    )


def _file(path: Path) -> Batch:
    from synthnb.batch import Batch
    from synthnb.recipe import Recipe

    table = open_source(None, base=path.parent, frame=path)
    rows = ({**table.row(i), PROVENANCE: table.note(i)} for i in range(len(table)))
    records = [_record(row, n, True) for n, row in enumerate(rows)]
    try:
        recipe = Recipe(name=path.name.split(".")[0])
    except RecipeError:
        recipe = Recipe(name="rows")
    return Batch(records, recipe, name=recipe.name or "rows")


def _lines(path: Path) -> Iterator[Row]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                raise SourceError(f"{path}, line {number}: this is no JSON object.") from None
            if not isinstance(row, dict):
                raise SourceError(f"{path}, line {number}: this is no JSON object.")
            yield row


def _record(row: Row, number: int, accepted: bool) -> Record:
    note = row.get(PROVENANCE)
    if isinstance(note, str):  # CSV keeps nested values as JSON text
        try:
            note = json.loads(note)
        except (ValueError, RecursionError):
            note = {}
    values = {name: value for name, value in row.items() if name != PROVENANCE}
    if note is None:
        return Record(number, values, origin="unknown", generation=0, id=row_id(values))
    own: dict[str, Any] = note if isinstance(note, dict) else {}
    origin = own.get("origin")
    return Record(
        _whole(own.get("row"), number),
        values,
        accepted=accepted,
        reasons=_reasons(own.get("reasons"), passed=False),
        checks=_reasons(own.get("checks")),
        calls=_calls(own.get("calls")),
        attempt=_whole(own.get("attempt"), 0),
        candidate=_whole(own.get("candidate"), 0),
        origin=origin if origin in ("real", "edited", "unknown") else "synthetic",
        parents=tuple(map(str, _list(own.get("parents")))),
        generation=_whole(own.get("generation"), 1),
        id=str(own.get("id") or row_id(values)),
        held_out=own.get("held_out") is True,
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _whole(value: Any, default: int) -> int:
    good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if good else default


def _reasons(given: Any, passed: bool | None = None) -> tuple[Reason, ...]:
    found = [one for one in _list(given) if isinstance(one, dict)]
    return tuple(
        Reason(
            str(one.get("rule", "")),
            one.get("value"),
            str(one.get("message") or ""),
            one.get("column"),
            bool(one.get("passed")) if passed is None else passed,
        )
        for one in found
    )


def _calls(given: Any) -> tuple[Call, ...]:
    found = [one for one in _list(given) if isinstance(one, dict)]
    return tuple(
        Call(
            str(one.get("column", "")), str(one.get("model", "")), (), "",
            seed=one.get("seed"), few_shot=tuple(_list(one.get("few_shot"))),
        )
        for one in found
    )  # fmt: skip


def _usage(given: Any) -> Usage:
    known = given if isinstance(given, dict) else {}
    cost = known.get("cost")
    return Usage(
        _whole(known.get("requests"), 0),
        _whole(known.get("prompt_tokens"), 0),
        _whole(known.get("completion_tokens"), 0),
        _whole(known.get("cached"), 0),
        float(cost) if isinstance(cost, int | float) else None,
        str(known.get("currency", "USD")),
    )
