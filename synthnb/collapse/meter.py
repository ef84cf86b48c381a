"""The collapse meter: is variety being lost over batches, versions or generations?

Every stage is held against the real rows (the first stage, where there are none) at equal
size and equal length. The alarm is a permutation test: under "nothing changed" the rows of a
stage and of the reference could change places. Holm's correction over all figures and stages
keeps the chance of any false alarm, in the whole meter, at the stated rate.
"""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from synthnb import metrics
from synthnb.metrics.threads import one_thread
from synthnb.metrics.tokens import Encoded, IntArray, encode, tokens
from synthnb.visible import as_text, one_line

if TYPE_CHECKING:
    import altair

    from synthnb.types import JSON

__all__ = ["FIGURES", "Meter", "Point", "Stage", "meter"]

ROWS, PERMUTATIONS, FEWEST = 300, 120, 12
_LONGEST = 200
RATE = 0.05
"""Chance of any false alarm in a whole meter."""

FIGURES: dict[str, tuple[str, str]] = {
    "distinct_2": ("distinct-2", "lower"),
    "vendi": ("Vendi score", "lower"),
    "label_entropy": ("label entropy, bits", "lower"),
    "tail_coverage": ("rare words kept", "lower"),
    "self_similarity": ("self-similarity", "higher"),
}
"""Name to title and the direction that means collapse."""

_Matrix: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Point:
    """One figure of one stage beside the reference at the same size."""

    value: float
    reference: float
    p: float
    """One-sided: chance of so large a loss if nothing changed; before the correction."""
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One batch, version or generation depth."""

    name: str
    rows: int
    points: Mapping[str, Point]
    note: str = ""
    """Why it has no figures, where it has none."""


@dataclass(frozen=True)
class Meter:
    """Figures over stages with the alarm; displays itself, ``chart()`` draws it."""

    stages: tuple[Stage, ...]
    reference: str
    """What the stages are held against."""
    reference_rows: int
    size: int
    """Rows a side that were compared, at most."""
    rate: float = RATE
    tests: int = 0
    """Comparisons behind the alarm."""
    column: str | None = None
    label: str | None = None
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def alarm(self) -> bool:
        """Whether variety was lost anywhere, at the stated false-alarm rate."""
        return any(point.alarm for stage in self.stages for point in stage.points.values())

    @property
    def verdict(self) -> str:
        """What was found, in one line."""
        rate = f"false alarms at most {self.rate:.0%} of the time, {self.tests} tests"
        if not self.tests:
            notes = [stage.note for stage in self.stages if stage.note]
            return "Not measured" + (f": {notes[0]}" if notes else ": nothing to compare with")
        if not self.alarm:
            return f"No evidence of collapse against {self.reference} ({rate})"
        first = next(s for s in self.stages if any(p.alarm for p in s.points.values()))
        last = next(s for s in reversed(self.stages) if s.points)
        lost = [name for name, point in last.points.items() if point.alarm]
        lost = lost or [name for name, point in first.points.items() if point.alarm]
        shown = last if any(p.alarm for p in last.points.values()) else first
        name = max(lost, key=lambda n: -shown.points[n].p)
        point = shown.points[name]
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        return (
            f"Variety is being lost since {first.name}: {FIGURES[name][0]} "
            f"{_figure(point.reference)} in {self.reference}, {_figure(point.value)} in "
            f"{shown.name}{more} ({rate})"
        )

    def to_dict(self) -> dict[str, JSON]:
        """The meter as JSON."""
        return {
            "v": 1,
            "verdict": self.verdict,
            "alarm": self.alarm,
            "false_alarm_rate": self.rate,
            "tests": self.tests,
            "reference": {"name": self.reference, "rows": self.reference_rows},
            "size": self.size,
            "stages": [
                {
                    "name": stage.name,
                    "rows": stage.rows,
                    "note": stage.note,
                    "figures": {
                        name: {
                            "value": point.value,
                            "reference": point.reference,
                            "p": point.p,
                            "alarm": point.alarm,
                        }
                        for name, point in stage.points.items()
                    },
                }
                for stage in self.stages
            ],
        }

    def spec(self) -> dict[str, Any]:
        """Small multiples as Vega-Lite, the numbers inside: one panel a figure."""
        from synthnb.collapse.meter_chart import spec

        return spec(self)

    def chart(self) -> altair.ConcatChart:
        """The small multiples as an Altair chart."""
        import altair

        chart: altair.ConcatChart = altair.ConcatChart.from_dict(self.spec())
        return chart

    def __str__(self) -> str:
        from synthnb.collapse.meter_chart import text

        return text(self)

    def __repr__(self) -> str:
        return f"<Meter: {self.verdict}>"

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        from synthnb.collapse.meter_chart import html, text

        return {"text/html": html(self), "text/plain": text(self)}


def _figure(value: float) -> str:
    return f"{value:.3g}" if abs(value) >= 100 else f"{value:.2f}"


@dataclass(frozen=True)
class _Rows:
    name: str
    texts: list[str]
    labels: list[str] | None


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
        measured = [_stage(row, reference, seed + place) for place, row in enumerate(later)]
    tests = sum(len(stage.points) for stage in measured)
    size = min([ROWS, len(reference.texts) // 2, *(len(row.texts) for row in later)])
    return Meter(
        (*head, *_holm(measured, rate)), reference.name, len(reference.texts), size, rate,
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


def _read(name: str, rows: Any, column: str | None, label: str | None) -> _Rows:
    records = list(_records(rows))
    if records and isinstance(records[0], str):
        return _Rows(name, [str(text) for text in records if str(text).strip()], None)
    table = [dict(row) for row in records]
    names = list(dict.fromkeys(key for row in table for key in row))
    chosen = column if column in names else _longest(table, names)
    if chosen is None:
        raise ValueError(f"{name}: no column holds text")
    kept = [row for row in table if as_text(row.get(chosen) or "").strip()]
    labels = [as_text(row.get(label)) for row in kept] if label in names else None
    return _Rows(name, [as_text(row[chosen]) for row in kept], labels)


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


class _Pool:
    """Reference and stage rows cut alike, so that any split of them is measured at once."""

    def __init__(
        self, words: list[list[str]], labels: list[str] | None, tail: set[str]
    ) -> None:
        self.corpus: Encoded = encode(
            ["\x1f".join(line) for line in words], lambda text: text.split("\x1f")
        )
        self.labels = labels
        rare = np.array([word.casefold() in tail for word in self.corpus.vocabulary])
        self._rare, self._tail = rare, len(tail)
        try:
            vectors = metrics.embed(
                ["\x1f".join(line) for line in words], 32,
                tokenize=lambda text: text.split("\x1f"),
            )  # fmt: skip
            self._vectors: _Matrix | None = np.asarray(vectors)
        except ValueError:
            self._vectors = None

    def figures(self, rows: IntArray) -> dict[str, float]:
        part = self.corpus.take(rows)
        found: dict[str, float] = {}
        with contextlib.suppress(ValueError):  # no row has two tokens
            found["distinct_2"] = metrics.distinct(part, 2)
        if self._vectors is not None:
            vectors = self._vectors[rows]
            vectors = vectors[np.linalg.norm(vectors, axis=1) > 0]
            if len(vectors) >= 2:
                found["vendi"] = metrics.vendi_embeddings(vectors)
                found["self_similarity"] = 1 - metrics.mean_pairwise_distance(vectors)
        if self.labels is not None:
            counts = np.array(list(Counter(self.labels[row] for row in rows).values()))
            share = counts / counts.sum()
            found["label_entropy"] = float(-(share * np.log2(share)).sum()) + 0.0
        if self._tail:
            used = np.unique(part.ids)
            found["tail_coverage"] = float(self._rare[used].sum()) / self._tail
        return found


def _stage(rows: _Rows, reference: _Rows, seed: int) -> Stage:
    size = min(len(rows.texts), len(reference.texts) // 2, ROWS)
    if size < FEWEST:
        note = f"needs {FEWEST} rows, and {2 * FEWEST} in {reference.name}"
        return Stage(rows.name, len(rows.texts), {}, note)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(reference.texts))
    known = order[size : 3 * size]  # names the rare words; its rows are in no comparison
    ours = rng.permutation(len(rows.texts))[:size]
    theirs = order[:size]
    lines = [tokens(rows.texts[i]) for i in ours] + [tokens(reference.texts[i]) for i in theirs]
    length = min(
        int(np.median([len(line) for line in side])) for side in (lines[:size], lines[size:])
    )
    lines = [line[: min(max(length, 3), _LONGEST)] for line in lines]
    labels = None
    if rows.labels is not None and reference.labels is not None:
        labels = [rows.labels[i] for i in ours] + [reference.labels[i] for i in theirs]
    pool = _Pool(lines, labels, _tail([reference.texts[i] for i in known]))
    return Stage(rows.name, len(rows.texts), _tested(pool, size, rng))


def _tail(texts: list[str]) -> set[str]:
    """Words that few of the reference's rows hold: at most one in fifty."""
    held = Counter(word for text in texts for word in {w.casefold() for w in tokens(text)})
    most = max(len(texts) // 50, 1)
    return {word for word, count in held.items() if count <= most}


def _tested(pool: _Pool, size: int, rng: np.random.Generator) -> dict[str, Point]:
    ours, theirs = np.arange(size), np.arange(size, 2 * size)
    value, reference = pool.figures(ours), pool.figures(theirs)
    gaps: dict[str, list[float]] = {name: [] for name in FIGURES}
    for _ in range(PERMUTATIONS):
        mixed = rng.permutation(2 * size)
        one, two = pool.figures(np.sort(mixed[:size])), pool.figures(np.sort(mixed[size:]))
        for name in one:
            gaps[name].append(one[name] - two[name])
    points = {}
    for name, (_, bad) in FIGURES.items():
        if name not in value or name not in reference:
            continue
        loss = (
            reference[name] - value[name] if bad == "lower" else value[name] - reference[name]
        )
        points[name] = Point(value[name], reference[name], _chance(loss, np.array(gaps[name])))
    return points


def _chance(loss: float, gaps: _Matrix) -> float:
    """One-sided p from the permutations: counted where they reach, normal beyond them."""
    spread = float(gaps.std())
    if not spread:
        return 1.0 if loss <= 0 else 1 / (len(gaps) + 1)
    normal = math.erfc(loss / spread / math.sqrt(2)) / 2
    if loss <= 0 or normal < 0.01:  # so few permutations cannot count what is that rare
        return max(normal, 1e-12)
    reached = int((np.abs(gaps) >= loss).sum()) / 2  # the gaps are symmetric around 0
    return max(normal, (1 + reached) / (len(gaps) + 1))


def _holm(stages: list[Stage], rate: float) -> Iterator[Stage]:
    """Mark the points that stay below their Holm threshold."""
    ranked = sorted(
        (point.p, place, name)
        for place, stage in enumerate(stages)
        for name, point in stage.points.items()
    )
    called: set[tuple[int, str]] = set()
    for passed, (p, place, name) in enumerate(ranked):
        if p > rate / (len(ranked) - passed):
            break
        called.add((place, name))
    for place, stage in enumerate(stages):
        points = {
            name: Point(p.value, p.reference, p.p, (place, name) in called)
            for name, p in stage.points.items()
        }
        yield Stage(stage.name, stage.rows, points, stage.note)
