"""Tables as rows of JSON values: CSV, TSV, JSON, JSONL, Parquet, Excel, any DataFrame."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from synthnb.errors import SourceError
from synthnb.types import JSON, Row

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = [
    "SUFFIXES",
    "Table",
    "delimiter_of",
    "from_frame",
    "json_value",
    "read_table",
    "read_text",
    "to_frame",
]

_INT = re.compile(r"-?(0|[1-9][0-9]{0,17})\Z")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)?(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?\Z")
_MISSING = frozenset(["", "na", "n/a", "nan", "null", "none"])
_LONGEST_CELL = 16 * 1024 * 1024


class Table(Protocol):
    """Rows by position; ``columns`` are all names, ``_synthnb`` included if it is there."""

    @property
    def columns(self) -> list[str]:
        """Names in file order."""

    def __len__(self) -> int:
        """Number of rows."""

    def row(self, index: int) -> Row:
        """One row as JSON values."""


class ListTable:
    """Columns held as Python lists."""

    def __init__(self, data: Mapping[str, Sequence[JSON]], length: int) -> None:
        self._data = data
        self._length = length

    @property
    def columns(self) -> list[str]:
        return list(self._data)

    def __len__(self) -> int:
        return self._length

    def row(self, index: int) -> Row:
        return {name: json_value(values[index]) for name, values in self._data.items()}


class ArrowTable:
    """Columns held by Arrow; a row is converted when it is asked for."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table.combine_chunks()

    @property
    def columns(self) -> list[str]:
        return [str(name) for name in self._table.column_names]

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def row(self, index: int) -> Row:
        cells = zip(self.columns, self._table.columns, strict=True)
        return {name: json_value(cell[index].as_py()) for name, cell in cells}


def json_value(value: Any) -> JSON:
    """``value`` as JSON: NaN and NaT become ``None``, moments ISO text, the rest text."""
    if isinstance(value, str):
        return value if value.isascii() else _whole(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_whole(str(key)): json_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [json_value(item) for item in value]
    if isinstance(value, (datetime, date, time)):
        text = value.isoformat()
        return None if text == "NaT" else text
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return json_value(float(value))
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        return json_value(value.tolist())
    text = str(value)
    return None if text in ("<NA>", "NaT") else text


def _whole(text: str) -> str:
    """Half a surrogate pair (``"\\ud800"`` in JSON) can be neither sent nor stored: it is shown
    as decoders show what they cannot read, so that one such row does not end a run."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read_table(path: Path, shown: str) -> Table:
    """Read a table file by its suffix; ``shown`` is how errors name it."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(_READERS))
        raise SourceError(f"{shown} is not a table that synthnb reads ({known}).")
    with _named(shown):
        if path.stat().st_size == 0:
            raise SourceError(f"{shown} is empty.")
        table = reader(path, shown)
    if not len(table):
        raise SourceError(f"{shown} has column names but no rows.")
    return table


@contextmanager
def _named(shown: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceError(f"{shown} can't be read: {error.strerror or error}.") from None


def read_text(path: Path, shown: str) -> str:
    """The file as text: UTF-8, or UTF-16 with its mark; anything else is a SourceError."""
    raw = path.read_bytes()
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{shown} is not UTF-8 text (byte {error.start}); save it as UTF-8."
        ) from None
    if "\0" in text:
        raise SourceError(f"{shown} is not text: it holds zero bytes.")
    return text


def _read_csv(path: Path, shown: str) -> Table:
    text = read_text(path, shown)
    delimiter = "\t" if path.suffix.lower() in (".tsv", ".tab") else delimiter_of(text)
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        header = next(reader, [])
        names = _names(header, shown)
        columns: list[list[str]] = [[] for _ in names]
        for cells in reader:
            if not cells:
                continue
            if len(cells) > len(names):
                raise SourceError(
                    f"{shown}, line {reader.line_num}: {len(cells)} cells, "
                    f"but the header names {len(names)} columns."
                )
            cells += [""] * (len(names) - len(cells))
            for column, cell in zip(columns, cells, strict=True):
                column.append(cell)
    except csv.Error as error:
        raise SourceError(f"{shown} is not readable as CSV: {error}.") from None
    finally:
        csv.field_size_limit(before)
    typed = {name: _typed(column) for name, column in zip(names, columns, strict=True)}
    return ListTable(typed, len(columns[0]))


def delimiter_of(text: str) -> str:
    """The one of ``, ; tab |`` that the header holds most often outside quotes."""
    header = re.sub(r'"[^"]*"', "", text[:65536]).lstrip("\r\n").partition("\n")[0]
    return max(",;\t|", key=header.count)


def _names(header: Sequence[object], shown: str) -> list[str]:
    names = [str(name).strip() for name in header]
    if not any(names):
        raise SourceError(f"{shown} has no line of column names.")
    if "" in names:
        place = names.index("") + 1
        raise SourceError(f"{shown}: column {place} has no name.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SourceError(f"{shown} names column {twice[0]!r} twice.")
    return names


def _typed(cells: list[str]) -> Sequence[JSON]:
    """Numbers and booleans where every filled cell is one; 007 and +49 stay text."""
    filled = {cell.strip() for cell in cells}
    filled = {cell for cell in filled if cell.lower() not in _MISSING}
    parse: Callable[[str], JSON] | None = None
    if filled and all(_INT.match(cell) for cell in filled):
        parse = int
    elif filled and all(cell != "-" and _FLOAT.match(cell) for cell in filled):
        parse = float
    elif filled and {cell.lower() for cell in filled} <= {"true", "false"}:
        parse = _boolean
    if parse is None:
        return [cell if cell.strip() else None for cell in cells]
    stripped = (cell.strip() for cell in cells)
    return [None if cell.lower() in _MISSING else parse(cell) for cell in stripped]


def _boolean(cell: str) -> bool:
    return cell.lower() == "true"


def _read_json(path: Path, shown: str) -> Table:
    text = read_text(path, shown)
    try:
        data = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # a .json file of one object a line
            return _parse_jsonl(text, shown)
        raise SourceError(f"{shown}, line {error.lineno}: not JSON: {error.msg}.") from None
    except (ValueError, RecursionError):
        raise SourceError(f"{shown} is not a table: nested too deep.") from None
    if isinstance(data, dict) and data and all(isinstance(v, list) for v in data.values()):
        return _from_columns(data, shown)
    if not isinstance(data, list):
        raise SourceError(f"{shown} is not a table: its JSON must be a list of objects.")
    return _from_records(data, shown)


def _read_jsonl(path: Path, shown: str) -> Table:
    return _parse_jsonl(read_text(path, shown), shown)


def _parse_jsonl(text: str, shown: str) -> Table:
    records: list[JSON] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise SourceError(f"{shown}, line {number}: not one JSON object.") from None
        if not isinstance(record, dict):
            raise SourceError(f"{shown}, line {number}: not one JSON object.")
        records.append(record)
    return _from_records(records, shown)


def _no_constant(_: str) -> None:
    return None


def _from_records(records: Iterable[Any], shown: str) -> Table:
    rows = list(records)
    for number, record in enumerate(rows, 1):
        if not isinstance(record, Mapping):
            raise SourceError(f"{shown} is not a table: row {number} is not an object.")
    seen = dict.fromkeys(str(key) for record in rows for key in record)
    names = _names(list(seen), shown) if rows else []
    return ListTable({name: [row.get(name) for row in rows] for name in names}, len(rows))


def _from_columns(data: Mapping[Any, Any], shown: str) -> Table:
    columns = {str(name): list(values) for name, values in data.items()}
    _names(list(columns), shown)
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        raise SourceError(f"{shown} is not a table: its columns have different lengths.")
    return ListTable(columns, lengths.pop())


def _read_parquet(path: Path, shown: str) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return _arrow(pq.ParquetFile(path).read(), shown)
    except pa.ArrowException as error:
        line = str(error).splitlines()[0]
        raise SourceError(f"{shown} is not readable as Parquet: {line}") from None


def _read_excel(path: Path, shown: str) -> Table:
    try:
        import openpyxl
    except ImportError:
        raise SourceError(
            f"Reading {shown} needs openpyxl: pip install openpyxl, or save it as CSV."
        ) from None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        lines = list(book.worksheets[0].iter_rows(values_only=True))
        book.close()
    except Exception as error:  # openpyxl raises whatever its zip and XML readers raise
        kind = type(error).__name__
        raise SourceError(f"{shown} is not readable as an Excel workbook ({kind}).") from None
    rows = [line for line in lines if any(cell is not None for cell in line)]
    header = ["" if cell is None else cell for cell in rows[0]] if rows else []
    while header and header[-1] == "":
        header = header[:-1]
    names = _names(header, shown)
    data = {name: [row[place] for row in rows[1:]] for place, name in enumerate(names)}
    return ListTable(data, len(rows) - 1)


def _arrow(table: pa.Table, shown: str) -> Table:
    _names(table.column_names, shown)
    return ArrowTable(table)


def from_frame(frame: Any, shown: str = "the source") -> Table:
    """Rows from a DataFrame (pandas, polars, Arrow …), a list of dicts or a dict of lists."""
    if isinstance(frame, Mapping):
        table = _from_columns(frame, shown)
    elif isinstance(frame, (list, tuple)):
        table = _from_records(frame, shown)
    elif hasattr(frame, "__arrow_c_stream__") and type(frame).__name__ != "Series":
        table = _from_arrow_stream(frame, shown)
    else:
        kind = type(frame).__name__
        raise SourceError(
            f"A {kind} is not a table: pass a DataFrame, a list of dicts or a file path."
        )
    if not len(table):
        raise SourceError(f"{shown} has no rows.".capitalize())
    return table


def to_frame(rows: list[Row], columns: list[str], *, like: Any = None) -> pd.DataFrame:
    """Rows as a pandas DataFrame; dates and categories as in the frame they came from.

    A column that holds anything else by now, such as a label that is new, stays as it is.
    """
    import pandas as pd

    made = pd.DataFrame(rows, columns=pd.Index(columns))
    if not isinstance(like, pd.DataFrame):
        return made
    for name in made.columns.intersection(like.columns):
        kind = like[name].dtype
        with suppress(ValueError, TypeError):
            if isinstance(kind, pd.CategoricalDtype):
                if made[name].dropna().isin(kind.categories).all():
                    made[name] = made[name].astype(kind)
            elif pd.api.types.is_datetime64_any_dtype(kind):
                # Fractions come and go in one column, and offsets with a change of the clock.
                zoned = isinstance(kind, pd.DatetimeTZDtype)
                dates = pd.to_datetime(made[name], format="ISO8601", utc=zoned)
                made[name] = dates.astype(kind)
    return made


def _from_arrow_stream(frame: Any, shown: str) -> Table:
    import pyarrow as pa

    try:
        if hasattr(frame, "iloc"):  # pandas: its index is no column of the data
            return _arrow(pa.Table.from_pandas(frame, preserve_index=False), shown)
        return _arrow(pa.table(frame), shown)
    except (pa.ArrowException, TypeError, ValueError) as error:
        if hasattr(frame, "to_dict"):  # columns of mixed types, which Arrow has no word for
            names = _names(list(frame.columns), shown)
            columns = (list(frame.iloc[:, place]) for place in range(len(names)))
            return ListTable(dict(zip(names, columns, strict=True)), len(frame))
        line = str(error).splitlines()[0]
        raise SourceError(f"{shown} is not readable as a table: {line}") from None


_READERS: dict[str, Callable[[Path, str], Table]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".tab": _read_csv,
    ".json": _read_json,
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".parquet": _read_parquet,
    ".xlsx": _read_excel,
}

SUFFIXES = frozenset(_READERS)
"""Suffixes that ``read_table`` takes."""
