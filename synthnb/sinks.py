"""Rows to files while they are made: JSONL line by line, Parquet by row groups.

Memory is bounded by one row group, whatever the number of rows. A sink writes to the
path it is given; who wants all-or-nothing writes to a temporary name and renames.
"""

from __future__ import annotations

import contextlib
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

import orjson

from synthnb.events import Event, RowDone, RunEnded
from synthnb.export import plain
from synthnb.types import Row

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["JsonlSink", "LiveRows", "ParquetSink", "Sink"]

GROUP = 5_000
"""Rows of one Parquet row group, and so the rows held in memory."""
_EVERY = 0.5
"""Seconds between flushes of rows that somebody may be watching."""


class Sink(ABC):
    """Takes rows one at a time. ``with`` closes it, on errors too."""

    rows: int
    """Rows written so far."""

    @abstractmethod
    def write(self, row: Row) -> None:
        """Append one row."""

    @abstractmethod
    def close(self) -> None:
        """Make the file whole; closing twice is allowed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class JsonlSink(Sink):
    """One JSON object a line."""

    def __init__(self, path: Path) -> None:
        self.rows = 0
        self._file: IO[bytes] = path.open("wb")

    def write(self, row: Row) -> None:
        """Append one row."""
        self._file.write(_line(row))
        self.rows += 1

    def close(self) -> None:
        """Flush and close; closing twice is allowed."""
        self._file.close()


class LiveRows:
    """Listens to a run: accepted rows in the order of their decisions, for ``tail -f``.

    The store has them all, and the final files are written from there in plan order: so a
    file that cannot be written ends this, not the run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None
        self._flushed = 0.0
        self._failed = False

    def hear(self, event: Event) -> None:
        """Take one event of a run."""
        try:
            if isinstance(event, RowDone) and event.record.accepted and not self._failed:
                self._write(event.record.values)
            elif isinstance(event, RunEnded):
                self.close()
        except OSError:
            self._failed = True

    def close(self) -> None:
        """Flush and close; closing twice is allowed."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _write(self, row: Row) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("wb")
        self._file.write(_line(row))
        now = time.monotonic()
        if now - self._flushed > _EVERY:
            self._flushed = now
            self._file.flush()


def _line(row: Row) -> bytes:
    try:
        return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:  # lone surrogates, integers beyond 64 bits
        return json.dumps(plain(row), ensure_ascii=False).encode() + b"\n"


class ParquetSink(Sink):
    """Row groups of ``GROUP`` rows; the schema widens as later rows need it.

    A Parquet file has one schema, so a column that turns out to hold another type in a
    later group ends the cheap way: the groups already written are read back and written
    again with that column as JSON text. It happens at most once a column.
    """

    def __init__(self, path: Path, *, json_columns: Iterable[str] = ()) -> None:
        self.rows = 0
        self._path = path
        self._held: list[Row] = []
        self._writer: Any = None
        self._schema: pa.Schema | None = None
        self._as_json: set[str] = set(json_columns)

    def write(self, row: Row) -> None:
        """Append one row."""
        self._held.append(row)
        self.rows += 1
        if len(self._held) >= GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is held and the footer; a sink without rows leaves an empty table."""
        self._flush(last=True)
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _flush(self, *, last: bool = False) -> None:
        if not self._held and not (last and self._writer is None and self.rows == 0):
            return
        table = self._table(self._held)
        self._held = []
        if self._writer is None:
            self._open(table.schema)
        elif table.schema != self._schema:
            self._widen(table)
            return
        self._writer.write_table(table)

    def _table(self, rows: list[Row]) -> pa.Table:
        import pyarrow as pa

        names = list(dict.fromkeys(name for row in rows for name in row))
        if self._schema is not None:
            names = list(dict.fromkeys([*self._schema.names, *names]))
        columns = {name: self._column([row.get(name) for row in rows], name) for name in names}
        return pa.table(columns)

    def _column(self, values: list[Any], name: str) -> pa.Array:
        import pyarrow as pa

        if name not in self._as_json:
            for attempt in (values, [plain(value) for value in values]):
                try:
                    array = pa.array(attempt)
                    # Parquet has no object without fields: it becomes a missing one.
                    return pa.array(_filled(attempt)) if _hollow(array.type) else array
                except (pa.ArrowException, OverflowError, UnicodeEncodeError, TypeError):
                    continue
            self._as_json.add(name)
        return pa.array([_json_text(value) for value in values], pa.string())

    def _open(self, schema: pa.Schema) -> None:
        import pyarrow.parquet as pq

        self._schema = schema
        self._writer = pq.ParquetWriter(self._path, schema, compression="zstd")

    def _widen(self, table: pa.Table) -> None:
        """Make file and table fit one schema; the file is rewritten only if it must be."""
        import pyarrow.parquet as pq

        schema = _common(self._schema, table.schema, self._as_json)
        if schema != self._schema:
            self._writer.close()
            old = self._path.with_name(self._path.name + ".old")
            self._path.replace(old)
            self._open(schema)
            with pq.ParquetFile(old) as file:
                for number in range(file.num_row_groups):
                    self._writer.write_table(_cast(file.read_row_group(number), schema))
            old.unlink()
        self._writer.write_table(_cast(table, schema))


def _hollow(kind: pa.DataType) -> bool:
    """Whether the type holds an object without fields."""
    inner = [kind.field(i).type for i in range(kind.num_fields)]
    return str(kind) == "struct<>" or any(_hollow(one) for one in inner)


def _filled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one) for key, one in value.items()} or None
    return [_filled(one) for one in value] if isinstance(value, list) else value


def _json_text(value: Any) -> str | None:
    return None if value is None else json.dumps(plain(value), ensure_ascii=False)


def _common(old: pa.Schema | None, new: pa.Schema, as_json: set[str]) -> pa.Schema:
    import pyarrow as pa

    schemas = [schema for schema in (old, new) if schema is not None]
    fields = []
    names = list(dict.fromkeys(name for schema in schemas for name in schema.names))
    for name in names:
        kinds = [schema.field(name).type for schema in schemas if name in schema.names]
        try:
            whole = pa.unify_schemas(
                [pa.schema([(name, kind)]) for kind in kinds], promote_options="permissive"
            )
            fields.append(pa.string() if name in as_json else whole.field(name).type)
        except pa.ArrowException:
            as_json.add(name)
            fields.append(pa.string())
    return pa.schema(list(zip(names, fields, strict=True)))


def _cast(table: pa.Table, schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    columns: Mapping[str, Any] = {field.name: _cast_column(table, field) for field in schema}
    return pa.table(columns, schema=schema)


def _cast_column(table: pa.Table, field: pa.Field) -> Any:
    import pyarrow as pa

    if field.name not in table.column_names:
        return pa.nulls(table.num_rows, field.type)
    column = table.column(field.name)
    if column.type == field.type:
        return column
    try:
        return column.cast(field.type)
    except pa.ArrowException:
        values = column.to_pylist()
        if pa.types.is_string(field.type):
            return pa.array([_json_text(value) for value in values], field.type)
        return pa.array(values, field.type)
