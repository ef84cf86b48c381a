"""The collapse meter: is variety being lost over batches, versions or generations?

Every stage is held against the real rows (the first stage, where there are none) at equal
size and equal length. The alarm is a permutation test: under "nothing changed" the rows of a
stage and of the reference could change places. Holm's correction over all figures and stages
keeps the chance of any false alarm, in the whole meter, at the stated rate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.collapse.meter_value import RATE, Meter, Point, Stage
from synthnb.collapse.metering import FEWEST, ROWS, Side, holm, measure
from synthnb.metrics.threads import one_thread
from synthnb.visible import as_text, one_line

if TYPE_CHECKING:
    from synthnb.types import JSON

__all__ = ["Meter", "Point", "Stage", "meter"]


def meter(
    stages: Any, real: Any = None, *, text: str | None = None, label: str | None = None,
    rate: float = RATE, seed: int = 0,
) -> Meter:  # fmt: skip
    """Measure batches (versions, frames, lists of texts) in their order against real rows.

    ``stages`` is a list of batches, DataFrames, lists of dicts or lists of texts, a dict of
    them by name, or one batch, whose generation depths are the stages. ``real`` takes the
    same forms; without it a batch's own source is the reference, and without that the first
    stage. ``text`` and ``label`` name the columns. ``rate`` is the chance of any false alarm.

    >>> from synthnb.collapse.text import sample_texts
    >>> rich = [sample_texts(60, seed) for seed in range(3)]
    >>> meter(rich[:2], real=rich[2]).alarm
    False
    >>> meter([rich[0], rich[1][:6] * 10], real=rich[2]).alarm
    True
    """
    if not 0 < rate < 1:
        raise ValueError(f"rate must be between 0 and 1, got {rate}")
    named, own_real = _stages(stages)
    column = text or _main(named)
    rows = [_read(name, value, column, label) for name, value in named]
    beside = real if real is not None else own_real
    reference = None
    if beside is not None:
        reference = _read("the real rows", beside, column, label)
        if len(reference.texts) < FEWEST:
            reference = None
    if reference is None:
        if len(rows) < 2:
            raise ValueError("give real rows, or at least two stages to compare")
        reference, later = rows[0], rows[1:]
        head = [Stage(rows[0].name, len(rows[0].texts), {}, "the others are held against it")]
    else:
        later, head = rows, []
    with one_thread():
        measured = [measure(row, reference, seed + place) for place, row in enumerate(later)]
    tests = sum(len(stage.points) for stage in measured)
    size = min([ROWS, len(reference.texts) // 2, *(len(row.texts) for row in later)])
    return Meter(
        (*head, *holm(measured, rate)), reference.name, len(reference.texts), size, rate,
        tests, column, label,
    )  # fmt: skip


def _stages(stages: Any) -> tuple[list[tuple[str, Any]], Any]:
    """Names and rows of the stages, and the real rows that the last batch knows."""
    if isinstance(stages, Mapping):
        named = [(one_line(str(name), 40), rows) for name, rows in stages.items()]
    elif _is_batch(stages):
        named = list(_depths(stages))
    elif isinstance(stages, list | tuple) and stages and not _is_rows(stages):
        named = [(_name(rows, place), rows) for place, rows in enumerate(stages, 1)]
    else:
        named = [("these rows", stages)]
    if not named:
        raise ValueError("no stages to measure")
    return named, _own_source(stages if _is_batch(stages) else named[-1][1])


def _is_batch(value: Any) -> bool:
    return hasattr(value, "accepted") and hasattr(value, "recipe")


def _is_rows(value: Sequence[Any]) -> bool:
    return all(isinstance(item, str | Mapping) for item in value)


def _name(rows: Any, place: int) -> str:
    if not _is_batch(rows):
        return f"stage {place}"
    name = one_line(rows.name, 30)
    return f"{name}@{rows.version}" if rows.version is not None else f"{name} {place}"


def _depths(batch: Any) -> Iterator[tuple[str, Any]]:
    depths: dict[int, list[dict[str, JSON]]] = {}
    for record in batch.accepted:
        depths.setdefault(record.generation, []).append(dict(record.values))
    if len(depths) < 2:
        yield _name(batch, 1), batch
        return
    for depth in sorted(depths):
        yield ("real rows" if depth == 0 else f"generation {depth}"), depths[depth]


def _own_source(batch: Any) -> Any:
    """The recipe's source, if it has the column that the batch is about."""
    from synthnb.errors import SynthError
    from synthnb.source import open_source

    if not _is_batch(batch) or (batch.recipe.source is None and batch.frame is None):
        return None
    path = batch.recipe.path
    base = path.resolve().parent if path is not None else Path.cwd()
    try:
        source = open_source(batch.recipe.source, base=base, frame=batch.frame)
    except SynthError:
        return None
    if batch.recipe.main not in source.columns:
        return None
    return [source.row(i) for i in range(len(source))]


def _main(named: list[tuple[str, Any]]) -> str | None:
    return next((str(rows.recipe.main) for _, rows in named if _is_batch(rows)), None)


def _read(name: str, rows: Any, column: str | None, label: str | None) -> Side:
    records = list(_records(rows))
    if records and isinstance(records[0], str):
        return Side(name, [str(text) for text in records if str(text).strip()], None)
    if not records:
        raise ValueError(f"{name}: there are no rows")
    if not all(isinstance(row, Mapping) or hasattr(row, "keys") for row in records):
        raise ValueError(f"{name}: rows are texts, or maps of columns")
    table = [dict(row) for row in records]
    names = list(dict.fromkeys(key for row in table for key in row))
    chosen = column if column in names else _longest(table, names)
    if chosen is None:
        raise ValueError(f"{name}: no column holds text")
    kept = [row for row in table if as_text(row.get(chosen) or "").strip()]
    labels = [as_text(row.get(label)) for row in kept] if label in names else None
    return Side(name, [as_text(row[chosen]) for row in kept], labels)


def _records(rows: Any) -> Sequence[Any]:
    if _is_batch(rows):
        return list(rows)
    if isinstance(rows, list | tuple):
        return rows
    from synthnb.source import open_source

    source = open_source(None, base=Path.cwd(), frame=rows)
    return [source.row(i) for i in range(len(source))]


def _longest(table: list[dict[str, JSON]], names: list[str]) -> str | None:
    def mean(name: str) -> float:
        held = [row[name] for row in table[:100] if isinstance(row.get(name), str)]
        return sum(map(len, held)) / max(len(held), 1) if held else -1.0

    best = max(names, key=mean, default=None)
    return best if best is not None and mean(best) >= 0 else None
