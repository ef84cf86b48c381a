"""How a batch is distributed: aggregated bars, small enough to lie in every output.

Everything drawn (Lab's panels, Vega-Lite, the static table) comes from these values.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from synthnb.charts.bins import (
    MAX_LABELS,
    Bar,
    bar_name,
    beyond,
    bins_of,
    by_bar,
    histogram,
)
from synthnb.charts.columns import Codes, Columns, columns_of, is_number, label_of
from synthnb.charts.similarity import LIMIT, nearest, nearest_as_checked
from synthnb.samplers import planned_counts
from synthnb.visible import count, number, one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = [
    "Bar",
    "Distribution",
    "bins_of",
    "date_cut",
    "distributions",
    "histogram",
    "left_out",
    "limits_of",
    "main_column",
    "measured_name",
    "measured_rules",
    "nearest_scores",
    "shown_columns",
]

Floats = NDArray[np.float64]

MAX_CHARTS = 24
MANY, FEW = 100_000, 300
"""Of a batch of more than so many rows, only a few are compared with each other."""
SEEN = 2000
"""Records looked at to learn which rules measure numbers."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """One chart's worth of numbers."""

    id: str
    title: str
    unit: str
    kind: Literal["category", "histogram"]
    column: str | None
    bars: tuple[Bar, ...]
    limits: tuple[float, ...] = ()
    """Where a check draws its line, in the unit of the chart."""
    total: int = 0
    """Accepted rows behind the bars."""
    finding: str = ""
    """One sentence: what a careful reader would see."""


def main_column(batch: Batch) -> str | None:
    """The column that the batch is about: the recipe's main prompt, else the last text."""
    if batch.recipe.main in batch.columns:
        return str(batch.recipe.main)
    return batch.columns[-1] if batch.columns else None


def shown_columns(batch: Batch, most: int) -> list[str]:
    """At most ``most`` columns, in recipe order, the main one last."""
    main = main_column(batch)
    others = [name for name in batch.columns if name != main]
    return [*others[: most - 1], main] if main is not None else others[:most]


def left_out(batch: Batch, most: int) -> str:
    """The columns that a table of ``most`` does not show, as a sentence; empty if none."""
    shown = shown_columns(batch, most)
    names = [one_line(name, 40) for name in batch.columns if name not in shown]
    return f"Columns not shown: {', '.join(names)}." if names else ""


def limits_of(batch: Batch, rule: str, column: str | None = None) -> dict[str, float]:
    """Numeric options (``min``, ``max``, ``threshold``) of the first such check; of a rule
    such as ``judge: faithful`` those that are its own (``min: {faithful: 4}``)."""
    name, _, own = rule.partition(": ")
    for spec in batch.recipe.checks:
        if spec.rule == name and column in (None, spec.options.get("column")):
            given = (
                (key, value.get(own) if isinstance(value, dict) else value)
                for key, value in spec.options.items()
            )
            return {
                key: float(value)
                for key, value in given
                if isinstance(value, int | float) and not isinstance(value, bool)
            }
    return {}


def distributions(batch: Batch) -> list[Distribution]:
    """Sampled columns first, then the main column's length and nearest rows, then scores.

    At most one a column, ``MAX_LABELS`` bars each; columns of free text have none.
    """
    charts: list[Distribution] = []
    table = columns_of(batch)
    main = main_column(batch)
    for name in shown_columns(batch, MAX_CHARTS)[:-1]:
        chart = _column(batch, table, name)
        if chart is not None:
            charts.append(chart)
    if main is not None:
        chart = _column(batch, table, main)
        charts.extend([chart] if chart is not None else [])
        charts.extend(_texts(batch, table, main))
    charts.extend(_scores(batch, table))
    return charts


def _column(batch: Batch, table: Columns, name: str) -> Distribution | None:
    spec = batch.recipe.columns.get(name)
    kind = getattr(spec, "kind", None)
    if kind in ("person", "uuid") or getattr(spec, "candidates", None):
        return None  # candidates are several answers a row, and how each was made
    if kind in ("integer", "number"):
        return _numbers(table, name, spec)
    if kind == "datetime":
        return _dates(table, name)
    if kind in ("category", "subcategory") or getattr(spec, "choices", None):
        labels = getattr(spec, "values", None) or getattr(spec, "choices", None) or []
        return _labels(
            table, name, table.labels(name), _plan(batch, table).get(name, {}), labels
        )
    if kind == "prompt" and not table.types(name) <= {bool, int, float, object}:
        return None
    return _guess(batch, table, name)


def _guess(batch: Batch, table: Columns, name: str) -> Distribution | None:
    """Expression and source columns: numbers and short labels have a chart, text has none."""
    types = table.types(name) - {type(None), object}
    if not types or not types <= {str, bool, int, float} or (str in types and len(types) > 1):
        return None
    found = table.few(name)
    if types <= {int, float} and (found is None or len(found.labels) > MAX_LABELS):
        return _numbers(table, name, None)
    if found is None:
        return None
    known = [label for label in found.labels if label != "–"]
    if any(len(label) > 40 for label in known) or len(known) > MAX_LABELS:
        return None
    rows = int((table.accepted & (found.codes >= 0)).sum())
    if rows >= 8 and len(known) > rows / 2:
        return None
    return _labels(table, name, found, _plan(batch, table).get(name, {}), [])


def _labels(
    table: Columns,
    name: str,
    found: Codes,
    planned: Mapping[str, float],
    order: Sequence[Any],
) -> Distribution:
    kept = by_bar(zip(found.labels, found.counts(table.accepted), strict=True))
    gone = by_bar(zip(found.labels, found.counts(~table.accepted), strict=True))
    known = dict.fromkeys(map(bar_name, [*map(label_of, order), *planned]))
    planned = by_bar(planned.items())
    most = Counter({label: kept[label] + gone[label] for label in kept})
    rest = [label for label, _ in most.most_common() if label not in known]
    names = [*known, *rest]
    shown = names if len(names) <= MAX_LABELS else _top(names, kept)
    bars = [
        Bar(n, kept.get(n, 0), planned.get(n) if planned else None, gone.get(n, 0))
        for n in shown
    ]
    left = [n for n in names if n not in set(shown)]
    if left:
        other = sum(planned.get(n, 0.0) for n in left) if planned else None
        label = count(len(left), "other")
        kept_left = sum(kept.get(n, 0) for n in left)
        bars.append(Bar(label, kept_left, other, sum(gone.get(n, 0) for n in left)))
    total = int(table.accepted.sum())
    finding = _plan_finding(bars)
    return Distribution(name, name, "rows", "category", name, tuple(bars), (), total, finding)


def _plan(batch: Batch, table: Columns) -> Mapping[str, Mapping[str, float]]:
    """The run's own plan, else what the weights promise for as many rows as there are."""
    return batch.plan_targets or planned_counts(batch.recipe, int(table.accepted.sum()))


def _top(names: list[str], kept: Mapping[str, int]) -> list[str]:
    counted = Counter({n: kept.get(n, 0) for n in names})
    top = {name for name, _ in counted.most_common(MAX_LABELS - 1)}
    return [name for name in names if name in top]


def _plan_finding(bars: Sequence[Bar]) -> str:
    with_plan = [bar for bar in bars if bar.planned is not None]
    if not with_plan:
        best = max(bars, key=lambda bar: bar.count, default=None)
        return f"Most often {best.label}, {count(best.count, 'row')}." if best else ""
    far = max(with_plan, key=lambda bar: abs(bar.count - (bar.planned or 0.0)))
    off = far.count - (far.planned or 0.0)
    if abs(off) <= 1:
        return "All labels are within one row of the plan."
    plan = number(round(far.planned or 0.0, 1))
    return f"Farthest from plan: {far.label}, {count(far.count, 'row')}, planned {plan}."


def _numbers(table: Columns, name: str, spec: Any) -> Distribution | None:
    values = table.numbers(name)
    low, high = getattr(spec, "low", None), getattr(spec, "high", None)
    kept, gone = _split(table, values)
    if not len(kept) and not len(gone):
        return None
    whole = bool(np.all(np.mod(kept, 1) == 0) and np.all(np.mod(gone, 1) == 0))
    bars = histogram(kept, gone, low, high, whole=whole, even=spec is not None)
    return Distribution(
        name, name, "rows", "histogram", name, bars, (), len(kept), _spread(kept, "")
    )


def _split(table: Columns, values: NDArray[np.float64]) -> tuple[Floats, Floats]:
    """Known values of accepted and of rejected rows."""
    known = ~np.isnan(values)
    return values[known & table.accepted], values[known & ~table.accepted]


def date_cut(table: Columns, name: str) -> int:
    """Characters of a date that its bars show: months, or years where those are many."""
    return 7 if len(table.cut(name, 7).labels) <= MAX_LABELS else 4


def _dates(table: Columns, name: str) -> Distribution:
    found = table.cut(name, date_cut(table, name))
    return _labels(table, name, found, {}, sorted(found.labels))


def _spread(values: Floats, unit: str) -> str:
    if not len(values):
        return "No accepted rows."
    low, high = number(float(values.min())), number(float(values.max()))
    middle = number(round(float(np.median(values)), 2))
    return f"{low} to {high}{unit and ' ' + unit}, median {middle}."


def _texts(batch: Batch, table: Columns, main: str) -> list[Distribution]:
    if not table.types(main) <= {str, object, type(None)}:
        return []
    kept, gone = _split(table, table.lengths(main))
    if not len(kept) and not len(gone):
        return []
    bars = histogram(kept, gone, whole=True, open_end=True)
    options = limits_of(batch, "length", main)
    limits = tuple(options[key] for key in ("min", "max") if key in options)
    length = Distribution(
        measured_name(batch, "length"),
        f"{main} length",
        "characters",
        "histogram",
        main,
        bars,
        limits,
        len(kept),
        _spread(kept, "characters") + beyond(bars, gone),
    )
    return [length, _nearest(batch, table, main)]


def _nearest(batch: Batch, table: Columns, main: str) -> Distribution:
    scores = nearest_scores(batch, main)
    kept, gone = _split(table, scores)
    limit = limits_of(batch, "near_duplicate").get("threshold")
    near = 0.8 if limit is None else limit  # the map's clusters go by it too
    copies = _exact_copies(table, main)
    close = int((kept >= near).sum())
    known = ~np.isnan(scores[table.accepted & ~np.isnan(table.lengths(main))])
    first = known[: len(kept)].all()
    some = f"first {len(kept):,} rows" if first else f"{len(kept):,} rows compared"
    part = "" if known.all() else some
    among = f" among the {part}" if part else " kept" if (gone >= near).any() else ""
    if copies:
        finding = f"{count(copies, 'row')} repeat{'s' if copies == 1 else ''} another exactly."
    elif close:
        some = f"{close:,} of the {part}" if part else count(close, "row")
        finding = f"Near copies: {some} ({number(near)} or more)."
    else:
        top = number(round(float(kept.max()), 2)) if len(kept) else "–"
        finding = f"No near copies{among}; the closest two rows are {top} alike."
    return Distribution(
        measured_name(batch, "nearest"),
        "nearest row",
        "similarity 0–1" + (part and f", {part}"),
        "histogram",
        main,
        histogram(kept, gone, 0.0, 1.0) if len(kept) or len(gone) else (),
        (limit,) if limit is not None else (),
        len(kept),
        finding,
    )


def nearest_scores(batch: Batch, main: str) -> Floats:
    """Similarity of each record to its nearest other row, as ``near_duplicate`` measures it
    where the recipe has that check, else on runs of words. NaN: not known. Accepted rows are
    compared with each other; a rejected one has the check's own number."""
    table = columns_of(batch)
    return table.once("nearest", main, lambda: _nearest_scores(batch, table, main))


def _nearest_scores(batch: Batch, table: Columns, main: str) -> Floats:
    checked = any(spec.rule == "near_duplicate" for spec in batch.recipe.checks)
    own = table.scores("near_duplicate") if checked else np.full(table.size, math.nan)
    if np.isnan(own).all():
        return _measured(table, main)
    if table.size > LIMIT:
        return own
    # The check knows the rows before a row alone, and says 0 of those that are far apart.
    found: Floats = np.fmax(own, _measured(table, main, checked=True))
    return found


def _measured(table: Columns, main: str, checked: bool = False) -> Floats:
    found = np.full(table.size, math.nan)
    most = LIMIT if table.size <= MANY else FEW
    places = np.flatnonzero(table.accepted & ~np.isnan(table.lengths(main)))[:most]
    found[places] = (nearest_as_checked if checked else nearest)(table.pick(main, places))
    return found


def _exact_copies(table: Columns, main: str) -> int:
    """Accepted rows that say what an earlier one says."""
    twins = table.hashes(main)[table.repeats(main)]
    return len(twins) - len(np.unique(twins))


def measured_name(batch: Batch, what: Literal["length", "nearest"]) -> str:
    """What the main column's length or nearest row goes by, in charts and in ``select``:
    ``length``, and ``text length`` where a column or a score is called that already."""
    name: str = what
    taken = {*batch.columns, *(rule for rule in measured_rules(batch) if rule != "length")}
    while name in taken:
        name = f"{main_column(batch)} {name}"
    return name


def measured_rules(batch: Batch) -> list[str]:
    """Rules that measured numbers, in the order in which rows met them; eight at most."""
    table = columns_of(batch)
    return table.once("measured", "", lambda: _measured_rules(batch, table))


def _measured_rules(batch: Batch, table: Columns) -> list[str]:
    names = set(batch.columns)
    rules: dict[str, None] = {}
    for record in table.at(range(min(SEEN, table.size))):
        for check in (*record.checks, *record.reasons):
            if check.rule not in names and is_number(check.value):
                rules[check.rule] = None
    return list(rules)[:8]


def _scores(batch: Batch, table: Columns) -> list[Distribution]:
    charts = []
    for rule in measured_rules(batch):
        if rule in ("length", "near_duplicate"):  # drawn above, with their limits
            continue
        kept, gone = _split(table, table.scores(rule))
        values = np.concatenate((kept, gone))
        if len(values) < 2 or (values == values[0]).all():
            continue
        whole = bool(np.all(np.mod(values, 1) == 0))
        options = limits_of(batch, rule)
        limits = tuple(options[key] for key in ("min", "max", "threshold") if key in options)
        bars = histogram(kept, gone, whole=whole)
        finding = _spread(kept, "")
        charts.append(
            Distribution(
                rule, rule, "score", "histogram", None, bars, limits, len(kept), finding
            )
        )
    return charts
