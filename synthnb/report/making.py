"""From rows to a report: picks columns, finds the real rows, measures, advises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.charts.findings import LOOKED
from synthnb.charts.similarity import opening
from synthnb.errors import RecipeError
from synthnb.metrics.threads import one_thread
from synthnb.nearduplicates import near_duplicates
from synthnb.report import against, columns, texts
from synthnb.report.advice import steps
from synthnb.report.copying import copies
from synthnb.report.report import Report
from synthnb.report.subject import (
    Table,
    flat,
    from_batch,
    from_path,
    pick_label,
    pick_text,
    real_of,
    table_of,
)
from synthnb.report.value import ColumnCheck, Measure
from synthnb.source import open_source, row_id
from synthnb.suggest import did_you_mean
from synthnb.types import JSON
from synthnb.visible import count, one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.recipe import Recipe

__all__ = ["check", "report"]

MOST_TEXTS = 200_000
"""Texts in which duplicates are looked for."""
SCANNED, LETTERS = 100_000, 20_000_000
"""Rows and letters that are scanned for personal data; of more, evenly spread rows."""
MOST_COLUMNS = 24

Plan = Mapping[str, Mapping[str, float]]


def report(
    rows: Any, real: Any = None, *, text: str | None = None, label: str | None = None,
    holdout: Any = None, seed: int = 0,
) -> Report:  # fmt: skip
    """Report on a batch, a DataFrame, a list of dicts or of texts.

    ``real`` are real rows in any of these forms or a path; a batch takes its recipe's source
    by default. ``text`` and ``label`` name the columns to measure as such (found by
    themselves else); ``holdout`` are real rows that were never shown to a model.

    >>> rows = [{"text": f"Row {i} is about {word}."} for i, word in enumerate("abcdefgh" * 3)]
    >>> found = report(rows)
    >>> found.rows, found["exact_duplicates"].value, found["c2st"].value
    (24, 0.0, None)
    """
    from synthnb.batch import Batch

    batch = rows if isinstance(rows, Batch) else None
    if batch is None and hasattr(rows, "wait") and hasattr(rows, "stop"):
        batch = rows.wait()  # a run in the background
    table = from_batch(batch) if batch is not None else _table(rows)
    beside, missing = real_of(batch, real)
    recipe = batch.recipe if batch is not None else None
    plan = _plan(batch, table.size) if batch is not None else {}
    with one_thread():
        return _report(table, beside, missing, recipe, plan, text, label, holdout, seed)


def check(path: str | Path, real: Any = None, *, text: str | None = None) -> Report:
    """Report on a file of rows or the folder of a run, whose recipe and source are used.

    Raises ``SourceError`` if there are no rows to read.
    """
    table = from_path(path)
    recipe, plan = _recipe_beside(Path(path), table.size)
    missing = "no real rows were given"
    beside: Table | None = None
    if real is not None or (recipe is not None and recipe.source is not None):
        from synthnb.batch import Batch

        batch = None if recipe is None else Batch((), recipe)
        beside, missing = real_of(batch, real)
    with one_thread():
        return _report(table, beside, missing, recipe, plan, text, None, None, 0)


def _recipe_beside(path: Path, size: int) -> tuple[Recipe | None, Plan]:
    from synthnb.recipe import Recipe
    from synthnb.samplers import planned_counts

    file = path.expanduser() / "recipe.synth.yaml"
    if not file.is_file():
        return None, {}
    try:
        recipe = Recipe.load(file)
    except RecipeError:
        return None, {}
    return recipe, planned_counts(recipe, size)


def _table(rows: Any) -> Table:
    if isinstance(rows, str | Path):
        return from_path(rows)
    if getattr(rows, "empty", False) is True:
        return Table("rows", {}, 0)
    if isinstance(rows, list | tuple):
        if all(isinstance(row, str) for row in rows):
            return Table("rows", {"text": list(rows)}, len(rows))
        if not rows:
            return Table("rows", {}, 0)
        if all(isinstance(row, Mapping) for row in rows):
            return table_of(rows, "rows")
    from synthnb.report.subject import from_rows

    return from_rows(open_source(None, base=Path.cwd(), frame=rows))


def _plan(batch: Batch, size: int) -> Plan:
    from synthnb.samplers import planned_counts

    return batch.plan_targets or planned_counts(batch.recipe, size)


def _named(name: str, table: Table) -> str:
    if name not in table.columns:
        hint = did_you_mean(name, table.columns) or f"; there are: {', '.join(table.columns)}"
        raise RecipeError(f"{table.name} has no column {name}{hint}")
    return name


def _report(
    table: Table, real: Table | None, missing: str, recipe: Recipe | None, plan: Plan,
    text: str | None, label: str | None, holdout: Any, seed: int,
) -> Report:  # fmt: skip
    main = recipe.main if recipe is not None else None
    column = _named(text, table) if text else pick_text(table, main)
    notes = [f"Not compared with real rows: {missing}."] if real is None else []
    if table.real_left_out:
        mixed = count(table.real_left_out, "real row")
        notes.append(f"{mixed} mixed in stand beside these rows and are in no figure.")
    if not table.size:
        return Report(table.name, 0, None, notes=("There are no rows.",))
    if real is not None and not real.size:
        missing = f"{real.name} has no rows"
        real, notes = None, [f"Not compared with real rows: {missing}."]
    own = table.texts(column)
    like = real.texts(column) if real is not None and column in real.columns else None
    if real is not None and column is not None and like is None:
        notes.append(
            f"{real.name} has no column {column}: its texts are compared for copies only."
        )
    chosen = _named(label, table) if label else pick_label(table, real, column)
    measures, how = _measures(own, like, seed)
    giveaways: tuple[tuple[str, float], ...] = ()
    copying = None
    if real is not None:
        used, unused = _used(table, real)
        told, top = against.told_apart(table, _with_ids(real), seed=seed)
        giveaways = tuple(top)
        measures.append(told)
        measures.append(against.trained(table, real, column, chosen, seed=seed))
        if like is not None:
            measures += against.coverage(own, like, seed=seed)
        kept = _held_out(holdout, column) if holdout is not None else unused
        source = _source_texts(used, column)
        if source and own:
            copying = copies(own, source, kept, seed=seed)
    else:
        measures += [
            Measure("c2st", "told from real rows (C2ST accuracy)", None, note=missing),
            Measure("tstr", "trained on these, tested on real (TSTR)", None, note=missing),
            Measure("coverage", "real rows covered (k = 5)", None, note=missing),
        ]
    checks = _columns(table, real, plan, column, seed)
    personal, scanned = _personal(table)
    found = Report(
        table.name, table.size, column, real.name if real else None, real.size if real else 0,
        chosen, tuple(measures), how, tuple(checks), giveaways, copying, personal, scanned,
        notes=tuple(notes),
    )  # fmt: skip
    return _with_steps(found)


def _with_steps(found: Report) -> Report:
    from dataclasses import replace

    return replace(found, steps=tuple(steps(found)))


def _measures(own: list[str], like: list[str] | None, seed: int) -> tuple[list[Measure], str]:
    if not any(text.strip() for text in own):
        note = "the rows hold no text"
        missing = _empty(own)
        names = {"exact_duplicates": "exact duplicates", "near_duplicates": "near duplicates"}
        empty = [Measure(name, title, None, note=note) for name, title in names.items()]
        return [*missing, *empty], note
    said = [[text for text in side if text.strip()] for side in (own, like or [])]
    measures = [*_empty(own), *_openings(said[0], said[1])]
    measures += duplicates(said[0], said[1] if like is not None else None)
    diverse, how = texts.compare_texts(own, like, seed=seed)
    return [*measures, *diverse, *texts.lengths(_few(own), _few(like) if like else None)], how


def _empty(own: list[str]) -> list[Measure]:
    """How many rows have no text, where some have none."""
    missing = sum(not text.strip() for text in own)
    if not missing:
        return []
    note = f"{count(missing, 'row')} of {len(own):,}"
    return [
        Measure("empty", "rows without text", missing / len(own), better="lower", note=note)
    ]


def _openings(own: list[str], like: list[str]) -> list[Measure]:
    """How many rows begin alike, where many do: the view of a batch points at the same."""
    looked, beside = own[:LOOKED], like[:LOOKED]
    found = opening(looked)
    if found is None:
        return []
    other = opening(beside)
    note = (
        f"{len(found[1]):,} of {count(len(looked), 'row')} begin “{one_line(found[0], 60)} …”"
    )
    real = len(other[1]) / len(beside) if other is not None else None
    value = len(found[1]) / len(looked)
    title = "rows that begin alike"
    return [Measure("openings", title, value, real=real, better="lower", note=note)]


def _few(rows: list[str]) -> list[str]:
    return rows if len(rows) <= 20_000 else rows[:: -(-len(rows) // 20_000)]


def duplicates(own: Sequence[str], like: Sequence[str] | None) -> list[Measure]:
    """Exact and near duplicates as shares of the rows, of as many real rows beside."""
    exact, near, size = _copied(own)
    real: tuple[float, float] | tuple[None, None] = (None, None)
    if like is not None and len(like) >= texts.FEWEST:
        fit = min(len(own), len(like))
        if fit < len(own):
            sampled = _copied([own[i] for i in _spread(len(own), fit)])
            own_share = (sampled[0] / fit, sampled[1] / fit)
        else:
            own_share = (exact / size, near / size)
        theirs = _copied([like[i] for i in _spread(len(like), fit)])
        real = (theirs[0] / theirs[2], theirs[1] / theirs[2])
    else:
        own_share = (exact / size, near / size)
    where = f" of the first {size:,} rows" if size < len(own) else ""
    rows = []
    for place, (name, title, found) in enumerate(
        (
            ("exact_duplicates", "exact duplicates", exact),
            ("near_duplicates", "near duplicates", near),
        )
    ):
        other = real[place]
        verb = "repeats" if found == 1 else "repeat"
        note = f"{count(found, 'row')} {verb} an earlier one{where}"
        if other is not None and found and len(own) > len(like or ()):
            note += f"; {own_share[place]:.3f} of as many rows as there are real ones"
        rows.append(Measure(name, title, found / size, real=other, better="lower", note=note))
    return rows


def _spread(size: int, most: int) -> list[int]:
    return [int(place) for place in np.linspace(0, size - 1, most)]


def _copied(rows: Sequence[str]) -> tuple[int, int, int]:
    """Exact copies of an earlier row, near copies (exact ones too), rows looked at."""
    looked = rows[:MOST_TEXTS]
    seen = Counter(" ".join(text.casefold().split()) for text in looked)
    exact = sum(seen.values()) - len(seen)
    return exact, max(len(near_duplicates(looked)), exact), max(len(looked), 1)


def _used(table: Table, real: Table) -> tuple[Table, list[str]]:
    """The real rows that were shown to the model, and the texts of those that were not."""
    parents = set(table.parents) - set(table.ids)
    if not parents:
        return real, []
    real = _with_ids(real)
    shown = [i for i, name in enumerate(real.ids) if name in parents]
    if not shown or len(shown) == len(real):
        return real, []
    others = set(shown)
    rest = real.take([i for i in range(len(real)) if i not in others])
    return real.take(shown), _source_texts(rest, None)


def _with_ids(real: Table) -> Table:
    if real.ids:
        return real
    names = list(real.columns)
    ids = [
        row_id(dict(zip(names, row, strict=True)))
        for row in zip(*real.columns.values(), strict=True)
    ]
    return Table(real.name, real.columns, real.size, ids)


def _held_out(holdout: Any, column: str | None) -> list[str]:
    return _source_texts(_table(holdout), column)


def _source_texts(real: Table, column: str | None) -> list[str]:
    if column in real.columns:
        return real.texts(column)
    name = pick_text(real)
    return real.texts(name) if name else []


def _columns(
    table: Table, real: Table | None, plan: Plan, text: str | None, seed: int
) -> list[ColumnCheck]:
    found: list[ColumnCheck] = []
    for name, values in list(table.columns.items())[:MOST_COLUMNS]:
        if name == text and not columns.categorical(values):
            continue
        other = real.columns.get(name) if real is not None else None
        check: ColumnCheck | None = None
        if name in plan and columns.categorical([*plan[name], *map(str, values[:50])]):
            check = columns.against_plan(name, values, plan[name])
            found += [check] if check is not None else []
        if other is not None:
            check = columns.against_real(name, values, other, seed=seed)
            found += [check] if check is not None else []
        if check is None and name not in plan:
            check = columns.alone(name, values)
            found += [check] if check is not None else []
    return found


def _personal(table: Table) -> tuple[dict[str, dict[str, int]], int]:
    from synthnb.privacy import scan_rows

    size = min(table.size, SCANNED)
    some = _spread(table.size, min(table.size, 1000))
    letters = sum(len(flat(values[i])) for values in table.columns.values() for i in some)
    size = min(size, max(LETTERS * len(some) // max(letters, 1), len(some)))
    rows: list[dict[str, JSON]] = [
        {name: values[i] for name, values in table.columns.items()}
        for i in _spread(table.size, size)
    ]
    return scan_rows(rows), len(rows)
