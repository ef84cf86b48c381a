"""Plain rows into working files: JSONL, CSV, Parquet, and CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.errors import ExportError
from synthnb.types import JSON, Row

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FILES", "atomic", "json_lines", "neutral", "plain", "table", "write_rows"]

Writer = Callable[[Sequence[Row], Path], None]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "|", "%", "＝", "＋", "－", "＠")


def plain(value: JSON) -> JSON:
    """The value as strict JSON: no NaN, no infinity, no lone surrogate."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def neutral(value: JSON) -> JSON:
    """A cell that no spreadsheet runs: text that starts like a formula gets an apostrophe.

    >>> neutral("=1+1"), neutral(-3), neutral("fine")
    ("'=1+1", -3, 'fine')
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _cell(value: JSON) -> JSON:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value


def atomic(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside ``path`` first, then rename: a reader sees the old file or the new."""
    if path.exists() and not (path.is_file() or path.is_dir()):  # such as /dev/stdout
        raise ExportError(f"{path} is no file: it would be replaced by one; name another path")
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(part)
        os.replace(part, path)
    except BaseException as error:
        if path.parent.is_dir():
            part.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise ExportError(f"{path}: cannot be written: {error.strerror or error}") from error


def _names(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def json_lines(rows: Iterable[Row], path: Path, *, array: bool = False) -> int:
    """Write rows one by one, an object a line or all in one JSON array; how many."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            line = json.dumps(plain(row), ensure_ascii=False, allow_nan=False)
            file.write(("[\n" if not count else ",\n") + line if array else line + "\n")
            count += 1
        if array:
            file.write("\n]\n" if count else "[]\n")
    return count


def _jsonl(rows: Sequence[Row], path: Path) -> None:
    json_lines(rows, path)


def _delimited(rows: Sequence[Row], path: Path, change: Callable[[JSON], JSON]) -> None:
    names = _names(rows)
    # A byte order mark lets spreadsheet programs read UTF-8 without being asked.
    encoding = "utf-8-sig" if change is neutral else "utf-8"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow([change(name) for name in names])
        for row in rows:
            writer.writerow([change(_cell(plain(row.get(name)))) for name in names])


def _csv(rows: Sequence[Row], path: Path) -> None:
    _delimited(rows, path, lambda value: value)


def _excel_csv(rows: Sequence[Row], path: Path) -> None:
    _delimited(rows, path, neutral)


def table(rows: Sequence[Row]) -> pa.Table:
    """The rows as an Arrow table; a column of mixed types is kept as JSON text."""
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for name in _names(rows):
        values = [plain(row.get(name)) for row in rows]
        try:
            columns[name] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
            texts = [v if v is None else json.dumps(v, ensure_ascii=False) for v in values]
            columns[name] = pa.array(texts, pa.string())
    return pa.table(columns)


def _parquet(rows: Sequence[Row], path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table(rows), path, compression="zstd")


FILES: dict[str, Writer] = {
    "jsonl": _jsonl,
    "csv": _csv,
    "parquet": _parquet,
    "excel": _excel_csv,
}
"""Formats of plain rows: name to writer."""

SUFFIXES = {".jsonl": "jsonl", ".csv": "csv", ".parquet": "parquet", ".ndjson": "jsonl"}


def write_rows(rows: Sequence[Row], path: str | Path, format: str | None = None) -> Path:
    """Write rows to ``path`` in ``format`` (by its ending where none is given)."""
    target = Path(path)
    name = format or SUFFIXES.get(target.suffix.lower())
    if name is None or name not in FILES:
        known = ", ".join(FILES)
        raise ExportError(
            f"{format or target.suffix or target}: no such format. Formats: {known}"
        )
    atomic(target, lambda part: FILES[name](rows, part))
    return target
