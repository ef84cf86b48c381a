"""What is measured: rows as columns, which of them is the text, and the real rows beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.errors import SourceError, SynthError
from synthnb.source import PROVENANCE, SourceRows, open_source
from synthnb.types import JSON, Row
from synthnb.visible import as_text

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["Table", "from_batch", "from_path", "pick_label", "pick_text", "real_of", "table_of"]

LABELS = ("label", "class", "category", "sentiment", "topic", "target", "y")
_MOST_LABELS = 20


@dataclass(frozen=True)
class Table:
    """Rows as columns; ``ids`` name them, ``parents`` are the rows they were made from."""

    name: str
    columns: dict[str, list[JSON]]
    size: int
    ids: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    """The first parent of each row; its own id where it has none."""
    real_left_out: int = 0
    """Real rows that were mixed in: they would be found to copy themselves."""

    def __len__(self) -> int:
        return self.size

    def texts(self, column: str | None) -> list[str]:
        """One column as texts; none for no column."""
        return [flat(value) for value in self.columns[column]] if column else []

    def take(self, rows: Sequence[int]) -> Table:
        """The rows at these positions."""
        return Table(
            self.name,
            {name: [values[i] for i in rows] for name, values in self.columns.items()},
            len(rows),
            [self.ids[i] for i in rows] if self.ids else [],
            [self.parents[i] for i in rows] if self.parents else [],
        )


def flat(value: JSON) -> str:
    """A value as the text to measure: fields and turns one after the other.

    >>> flat([{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi."}])
    'Hello Hi.'
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, dict):
        return " ".join(flat(item) for key, item in value.items() if key != "role")
    if isinstance(value, list):
        return " ".join(flat(item) for item in value)
    return as_text(value)


def table_of(rows: Iterable[Mapping[str, JSON]], name: str) -> Table:
    """Rows as a table; fields that a row lacks are ``None``, our own notes are left out."""
    columns: dict[str, list[JSON]] = {}
    size = 0
    for row in rows:
        for key in row:
            if key not in columns and key != PROVENANCE:
                columns[key] = [None] * size
        for key, values in columns.items():
            values.append(row.get(key))
        size += 1
    return Table(name, columns, size)


def from_batch(batch: Batch) -> Table:
    """The accepted rows of a batch that are not real ones; all where there are no others."""
    columns: dict[str, list[JSON]] = {name: [] for name in batch.columns}
    ids, parents = [], []
    real = sum(record.origin == "real" for record in batch.accepted)
    left_out = real if real < len(batch) else 0
    for record in batch.accepted:
        if left_out and record.origin == "real":
            continue
        for name, values in columns.items():
            values.append(record.values.get(name))
        ids.append(record.id or f"{record.index}.{record.attempt}.{record.candidate}")
        parents.append(record.parents[0] if record.parents else ids[-1])
    return Table(batch.name, columns, len(ids), ids, parents, left_out)


def from_rows(source: SourceRows) -> Table:
    """Opened source rows."""
    columns = {name: source.values(name) for name in source.columns}
    whole = Table(source.name, columns, len(source))
    if not source.noted:
        return whole
    made = [place for place in range(len(source)) if not _is_real(source.note(place))]
    if not made or len(made) == len(source):
        return whole
    return replace(whole.take(made), real_left_out=len(source) - len(made))


def _is_real(note: JSON) -> bool:
    """Whether synthnb noted on the row that it is a real one, mixed in."""
    return isinstance(note, dict) and note.get("origin") == "real"


def from_path(path: str | Path) -> Table:
    """A file of rows, or the folder of a run; raises ``SourceError`` in one line."""
    where = Path(path).expanduser()
    if where.is_dir():
        inside = [where / name for name in ("rows.parquet", "rows.jsonl")]
        found = next((file for file in inside if file.is_file()), None)
        if found is None:
            raise SourceError(f"{path} holds no rows.parquet and no rows.jsonl of a run.")
        where = found
    if where.is_dir() or not where.exists():
        raise SourceError(f"There is no file {path}.")
    return from_rows(open_source(None, base=Path.cwd(), frame=where))


def real_of(batch: Batch | None, real: Any) -> tuple[Table | None, str]:
    """The real rows, given or those of the recipe's source; else one line on why not."""
    if real is not None:
        if isinstance(real, list | tuple) and all(isinstance(row, str) for row in real):
            return Table("the given texts", {"text": list(real)}, len(real)), ""
        return from_rows(open_source(None, base=Path.cwd(), frame=real)), ""
    if batch is None:
        return None, "no real rows were given"
    source = batch.recipe.source
    if source is None and batch.frame is None:
        return None, "the recipe has no source and no real rows were given"
    path = batch.recipe.path
    base = path.resolve().parent if path is not None else Path.cwd()
    try:
        return from_rows(open_source(source, base=base, frame=batch.frame)), ""
    except SynthError as error:
        rows = list(_behind(batch))
        if rows:
            return table_of(rows, "the source rows used"), ""
        return None, f"the source cannot be opened: {error}"


def _behind(batch: Batch) -> Iterable[Row]:
    seen: set[str] = set()
    for record in batch.accepted:
        if record.source is not None:
            key = as_text(record.source)
            if key not in seen:
                seen.add(key)
                yield record.source


def pick_text(table: Table, main: str | None = None) -> str | None:
    """The column to measure as text: the recipe's main one, else the one of longest texts."""
    if main in table.columns:
        return main
    best, most = None, 12.0
    for name, values in table.columns.items():
        sample = [value for value in values[:200] if value is not None]
        if not sample or all(isinstance(value, bool | int | float) for value in sample):
            continue
        mean = sum(len(flat(value)) for value in sample) / len(sample)
        if mean > most:
            best, most = name, mean
    if best is None:  # short texts are better than none, and an empty column may be one
        columns = table.columns.items()
        best = next((n for n, v in columns if any(isinstance(x, str) for x in v)), None)
        best = best or next((n for n, v in columns if all(x is None for x in v)), None)
    return best


def pick_label(table: Table, real: Table | None, text: str | None) -> str | None:
    """A column of few values that both sides have, by its usual names first."""
    if real is None:
        return None
    shared = [name for name in table.columns if name in real.columns and name != text]
    few = [name for name in shared if _few(table.columns[name]) and _few(real.columns[name])]
    named = [name for name in LABELS if name in few]
    return next(iter([*named, *few]), None)


def _few(values: Sequence[JSON]) -> bool:
    if any(value is None or isinstance(value, float | dict | list) for value in values):
        return False
    return 2 <= len(set(map(as_text, values))) <= _MOST_LABELS
