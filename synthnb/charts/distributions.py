"""How a batch is distributed: aggregated bars, small enough to lie in every output.

Everything drawn (Lab's panels, Vega-Lite, the static table) comes from these values.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from synthnb.charts.similarity import nearest
from synthnb.recipe.parts import label
from synthnb.samplers import planned_counts
from synthnb.types import Record
from synthnb.visible import as_text, count, number, one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = [
    "Bar",
    "Distribution",
    "distributions",
    "limits_of",
    "main_column",
    "nearest_scores",
    "shown_columns",
]

MAX_LABELS = 12
MAX_CHARTS = 24
_SAMPLED = {"category", "subcategory", "integer", "number", "datetime"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One label or one bin: accepted rows, planned rows, rejected rows."""

    label: str
    count: int
    planned: float | None = None
    rejected: int = 0
    lo: float | None = None
    hi: float | None = None


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


def limits_of(batch: Batch, rule: str, column: str | None = None) -> dict[str, float]:
    """Numeric options (``min``, ``max``, ``threshold``) of the first such check."""
    for spec in batch.recipe.checks:
        if spec.rule == rule and column in (None, spec.options.get("column")):
            return {
                key: float(value)
                for key, value in spec.options.items()
                if isinstance(value, int | float) and not isinstance(value, bool)
            }
    return {}


def distributions(batch: Batch) -> list[Distribution]:
    """Sampled columns first, then the main column's length and nearest rows.

    At most one a column, ``MAX_LABELS`` bars each; columns of free text have none.
    """
    charts: list[Distribution] = []
    main = main_column(batch)
    for name in shown_columns(batch, MAX_CHARTS)[:-1]:
        chart = _column(batch, name)
        if chart is not None:
            charts.append(chart)
    if main is not None:
        chart = _column(batch, main)
        charts.extend([chart] if chart is not None else [])
        charts.extend(_texts(batch, main))
    return charts


def _column(batch: Batch, name: str) -> Distribution | None:
    spec = batch.recipe.columns.get(name)
    kind = getattr(spec, "kind", None)
    values = [r.values.get(name) for r in batch.accepted]
    lost = [r.values[name] for r in batch.records if not r.accepted and name in r.values]
    if kind in ("integer", "number"):
        return _numbers(name, spec, values, lost)
    if kind == "datetime":
        return _dates(name, values, lost)
    if kind in ("category", "subcategory") or getattr(spec, "choices", None):
        labels = getattr(spec, "values", None) or getattr(spec, "choices", None) or []
        return _labels(name, values, lost, _plan(batch).get(name, {}), labels)
    if kind in ("person", "uuid") or (kind == "prompt" and not _flat(values)):
        return None
    return _guess(batch, name, values, lost)


def _flat(values: Sequence[Any]) -> bool:
    return bool(values) and all(isinstance(v, bool | int | float) for v in values)


def _guess(batch: Batch, name: str, values: list[Any], lost: list[Any]) -> Distribution | None:
    """Expression and source columns: numbers and short labels have a chart, text has none."""
    known = [v for v in values if v is not None]
    if not known:
        return None
    distinct = {_name(v) for v in known}
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in known):
        if len(distinct) > MAX_LABELS:
            return _numbers(name, None, values, lost)
    elif not all(isinstance(v, str | bool) and len(as_text(v)) <= 40 for v in known):
        return None
    if len(distinct) > MAX_LABELS or (len(known) >= 8 and len(distinct) > len(known) / 2):
        return None
    return _labels(name, values, lost, _plan(batch).get(name, {}), [])


def _labels(
    name: str,
    values: Sequence[Any],
    lost: Sequence[Any],
    planned: Mapping[str, float],
    order: Sequence[Any],
) -> Distribution:
    kept = Counter(_name(v) for v in values)
    gone = Counter(_name(v) for v in lost)
    known = dict.fromkeys([*map(_name, order), *planned])
    rest = [label for label, _ in (kept + gone).most_common() if label not in known]
    names = [*known, *rest]
    shown = names if len(names) <= MAX_LABELS else _top(names, kept)
    bars = [
        Bar(one_line(n, 60), kept[n], planned.get(n) if planned else None, gone[n])
        for n in shown
    ]
    left = [n for n in names if n not in set(shown)]
    if left:
        other = sum(planned.get(n, 0.0) for n in left) if planned else None
        label = count(len(left), "other")
        bars.append(Bar(label, sum(kept[n] for n in left), other, sum(gone[n] for n in left)))
    return Distribution(
        name, name, "rows", "category", name, tuple(bars), (), len(values), _plan_finding(bars)
    )


def _name(value: Any) -> str:
    """A label as the plan names it."""
    return label(value) if isinstance(value, str | int | float) else as_text(value)


def _plan(batch: Batch) -> Mapping[str, Mapping[str, float]]:
    """The run's own plan, else what the weights promise for as many rows as there are."""
    return batch.plan_targets or planned_counts(batch.recipe, len(batch))


def _top(names: list[str], kept: Counter[str]) -> list[str]:
    top = {name for name, _ in Counter({n: kept[n] for n in names}).most_common(MAX_LABELS - 1)}
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


def _numbers(
    name: str, spec: Any, values: Sequence[Any], lost: Sequence[Any]
) -> Distribution | None:
    kept = [float(v) for v in values if _is_number(v)]
    gone = [float(v) for v in lost if _is_number(v)]
    if not kept and not gone:
        return None
    low, high = getattr(spec, "low", None), getattr(spec, "high", None)
    whole = all(v.is_integer() for v in kept + gone)
    bars = histogram(kept, gone, low, high, whole=whole, even=spec is not None)
    return Distribution(
        name, name, "rows", "histogram", name, bars, (), len(kept), _spread(kept, "")
    )


def _dates(name: str, values: Sequence[Any], lost: Sequence[Any]) -> Distribution:
    def month(value: Any) -> str:
        return as_text(value)[:7]

    months = sorted({month(v) for v in [*values, *lost]})
    cut = 7 if len(months) <= MAX_LABELS else 4
    kept = sorted(as_text(v)[:cut] for v in values)
    gone = [as_text(v)[:cut] for v in lost]
    order = sorted(set(kept) | set(gone))
    return _labels(name, kept, gone, {}, order)


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    )


def _spread(values: Sequence[float], unit: str) -> str:
    if not values:
        return "No accepted rows."
    low, high = number(min(values)), number(max(values))
    middle = number(round(statistics.median(values), 2))
    return f"{low} to {high}{unit and ' ' + unit}, median {middle}."


def histogram(
    kept: Sequence[float],
    gone: Sequence[float],
    low: float | None = None,
    high: float | None = None,
    *,
    whole: bool = False,
    even: bool = False,
) -> tuple[Bar, ...]:
    """At most ``MAX_LABELS`` bins of a round width; the last one includes its upper end.

    ``even`` adds the plan of a uniform draw between ``low`` and ``high``.
    """
    values = [*kept, *gone]
    start = min(values) if low is None else min(low, *values)
    end = max(values) if high is None else max(high, *values)
    step = _round_step((end - start) / (MAX_LABELS - 1), whole=whole)
    first = math.floor(start / step + 1e-9) * step
    bins = max(1, math.ceil((end - first) / step - 1e-9))
    if whole and first + bins * step <= end:
        bins += 1

    def place(value: float) -> int:
        return min(max(int((value - first) / step + 1e-9), 0), bins - 1)

    counts, lost = Counter(map(place, kept)), Counter(map(place, gone))
    bars = []
    for i in range(bins):
        lo, hi = round(first + i * step, 10), round(first + (i + 1) * step, 10)
        plan = _even_share(lo, hi, low, high, whole=whole) * len(kept) if even else None
        label = f"{number(lo)}–{number(hi)}"
        bars.append(Bar(label, counts[i], plan and round(plan, 2), lost[i], lo, hi))
    return tuple(bars)


def _even_share(
    lo: float, hi: float, low: float | None, high: float | None, *, whole: bool
) -> float:
    if low is None or high is None:
        return 0.0
    if whole:  # a bin holds the whole numbers from lo to below hi
        inside = math.ceil(min(hi, high + 1)) - math.ceil(max(lo, low))
        return max(inside, 0) / (high - low + 1)
    if high == low:
        return 1.0 if lo <= low <= hi else 0.0
    return max(min(hi, high) - max(lo, low), 0.0) / (high - low)


def _round_step(raw: float, *, whole: bool) -> float:
    if raw <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * f for f in (1, 2, 2.5, 5, 10) if power * f >= raw * 0.999)
    return max(1.0, float(round(step))) if whole else step


def _texts(batch: Batch, main: str) -> list[Distribution]:
    texts = {r.id or str(i): r for i, r in enumerate(batch.records)}
    if not all(isinstance(r.values.get(main, ""), str) for r in texts.values()):
        return []
    kept = [len(r.values[main]) for r in batch.accepted if r.values.get(main)]
    gone = [len(r.values[main]) for r in batch.records if not r.accepted and r.values.get(main)]
    if not kept and not gone:
        return []
    options = limits_of(batch, "length", main)
    limits = tuple(options[key] for key in ("min", "max") if key in options)
    length = Distribution(
        "length",
        f"{main} length",
        "characters",
        "histogram",
        main,
        histogram([float(v) for v in kept], [float(v) for v in gone], whole=True),
        limits,
        len(kept),
        _spread([float(v) for v in kept], "characters"),
    )
    return [length, _nearest(batch, main)]


def _nearest(batch: Batch, main: str) -> Distribution:
    scores = nearest_scores(batch, main)
    values = [scores[i] for i, r in enumerate(batch.records) if r.accepted and i in scores]
    gone = [scores[i] for i, r in enumerate(batch.records) if not r.accepted and i in scores]
    limit = limits_of(batch, "near_duplicate").get("threshold")
    copies = _exact_copies(batch.accepted, main)
    close = sum(value >= 0.8 for value in values)
    if copies:
        finding = f"{count(copies, 'row')} repeat{'s' if copies == 1 else ''} another exactly."
    elif close:
        finding = f"{count(close, 'row')} nearly copy another (0.8 or more)."
    else:
        top = number(round(max(values), 2)) if values else "–"
        finding = f"No near copies; the closest two rows are {top} alike."
    return Distribution(
        "nearest",
        "nearest row",
        "similarity 0–1",
        "histogram",
        main,
        histogram(values, gone, 0.0, 1.0) if values or gone else (),
        (limit,) if limit is not None else (),
        len(values),
        finding,
    )


def nearest_scores(batch: Batch, main: str) -> dict[int, float]:
    """Similarity of each record to its nearest other row: the check's own number where it
    ran, else measured here on words, rejected rows left out."""
    measured: dict[int, float] = {}
    for i, record in enumerate(batch.records):
        for check in (*record.checks, *record.reasons):
            if check.rule == "near_duplicate" and _is_number(check.value):
                measured[i] = float(check.value)
    if measured:
        return measured
    places = [i for i, r in enumerate(batch.records) if r.accepted and r.values.get(main)]
    texts = [str(batch.records[i].values[main]) for i in places]
    return dict(zip(places, nearest(texts), strict=False))


def _exact_copies(records: Sequence[Record], main: str) -> int:
    seen = Counter(str(r.values.get(main)) for r in records)
    return sum(times - 1 for times in seen.values())
