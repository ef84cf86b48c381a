"""Look first: the one thing in a batch that a careful colleague would point at."""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synthnb.charts.distributions import limits_of, main_column, nearest_scores
from synthnb.charts.similarity import ngrams
from synthnb.decisions import row_id
from synthnb.visible import count, number, one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.types import Record

__all__ = ["Finding", "Loss", "look_first", "losses", "row_id", "rule_label"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence and the rows behind it; ``weight`` ranks it among others (0 to 1)."""

    text: str
    rows: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Loss:
    """Candidates that one rule rejected; ``left`` is how many were left after it."""

    rule: str
    label: str
    lost: int
    left: int
    rows: tuple[str, ...]


def rule_label(batch: Batch, rule: str) -> str:
    """The rule with the limits it was given: ``length 75–300``, ``near_duplicate 0.6``."""
    options = limits_of(batch, rule)
    low, high = options.get("min"), options.get("max")
    shown = one_line(rule, 40)
    if low is not None and high is not None:
        return f"{shown} {number(low)}–{number(high)}"
    if low is not None:
        return f"{shown} ≥ {number(low)}"
    if high is not None:
        return f"{shown} ≤ {number(high)}"
    threshold = options.get("threshold")
    return f"{shown} {number(threshold)}" if threshold is not None else shown


def losses(batch: Batch) -> list[Loss]:
    """Rejections by rule, in the order in which rules were asked; each row counts once."""
    by_rule: dict[str, list[str]] = {}
    for record in batch.records:
        if not record.accepted:
            rule = record.reasons[0].rule if record.reasons else "rejected"
            by_rule.setdefault(rule, []).append(row_id(record))
    order = {spec.rule: place for place, spec in enumerate(batch.recipe.checks)}
    left = len(batch.records)
    found = []
    for rule in sorted(by_rule, key=lambda r: (order.get(r, -1), r)):
        left -= len(by_rule[rule])
        rows = tuple(by_rule[rule])
        found.append(Loss(rule, rule_label(batch, rule), len(rows), left, rows))
    return found


def look_first(batch: Batch) -> Finding | None:
    """The most telling finding, ``None`` if nothing stands out."""
    found = list(_findings(batch))
    return max(found, key=lambda f: f.weight) if found else None


def _findings(batch: Batch) -> Iterator[Finding]:
    yield from _rejections(batch)
    main = main_column(batch)
    if main is not None and len(batch) >= 2:
        yield from _copies(batch, main)
        yield from _repeated_examples(batch, main)
        yield from _openings(batch, main)
    yield from _off_plan(batch)


def _rejections(batch: Batch) -> Iterator[Finding]:
    total = len(batch.records)
    worst = max(losses(batch), key=lambda loss: loss.lost, default=None)
    if worst is None or worst.lost / total < 0.3:
        return
    text = f"{worst.lost} of {total} candidates fail {worst.label}"
    values = [
        r.reasons[0].value
        for r in batch.records
        if r.reasons and r.reasons[0].rule == worst.rule
    ]
    numbers = [float(v) for v in values if isinstance(v, int | float)]
    finite = [v for v in numbers if math.isfinite(v)]
    if len(finite) == worst.lost:
        text += f"; their median is {number(round(statistics.median(finite), 2))}"
    yield Finding(text + ".", worst.rows, worst.lost / total)


def _copies(batch: Batch, main: str) -> Iterator[Finding]:
    exact = Counter(str(r.values.get(main)) for r in batch.accepted)
    twins = [r for r in batch.accepted if exact[str(r.values.get(main))] > 1]
    if twins:
        text = f"{len(twins)} of {count(len(batch), 'row')} are exact copies of each other."
        yield Finding(text, tuple(map(row_id, twins)), 0.2 + len(twins) / len(batch))
    scores = nearest_scores(batch, main)
    near = [r for i, r in enumerate(batch.records) if r.accepted and scores.get(i, 0) >= 0.8]
    if near and len(near) > len(twins):
        text = f"{len(near)} of {count(len(batch), 'row')} nearly copy another row."
        yield Finding(text, tuple(map(row_id, near)), 0.1 + len(near) / len(batch))


def _repeated_examples(batch: Batch, main: str) -> Iterator[Finding]:
    """Rows that say four words or more of a few-shot example, the prompt's own words apart."""
    prompt = batch.recipe.prompts.get(main)
    if prompt is None:
        return
    known = ngrams(prompt.prompt, 4)
    rows = [(r, ngrams(str(r.values.get(main)), 4)) for r in batch.accepted]
    best: tuple[str, int, list[Record]] = ("", 0, [])
    for place, example in enumerate(prompt.examples, 1):
        text = str(example.get(main, ""))
        said = Counter(
            g for _, own in rows for g in own & ngrams(text, 4) - known if len(g) == 4
        )
        if not said:
            continue
        phrase = max(said, key=lambda gram: (said[gram], gram))
        if said[phrase] > len(best[2]):
            who = [r for r, own in rows if phrase in own]
            best = (_as_written(phrase, text), place, who)
    words, place, who = best
    if len(who) >= max(2, len(rows) / 10):
        told = f"{len(who)} of {count(len(rows), 'row')} say “{one_line(words, 60)}”, "
        told += f"words of your few-shot example {place}."
        yield Finding(told, tuple(map(row_id, who)), 0.3 + len(who) / len(rows))


def _as_written(phrase: Sequence[str], text: str) -> str:
    found = re.search(r"\W+".join(map(re.escape, phrase)), text, re.IGNORECASE)
    return found.group() if found else " ".join(phrase)


def _openings(batch: Batch, main: str) -> Iterator[Finding]:
    starts: dict[str, list[Record]] = {}
    for record in batch.accepted:
        text = record.values.get(main)
        if isinstance(text, str) and len(text.split()) > 6:
            starts.setdefault(" ".join(text.split()[:3]), []).append(record)
    if not starts:
        return
    start, who = max(starts.items(), key=lambda item: len(item[1]))
    if len(who) >= max(3, 0.4 * len(batch)):
        text = f"{len(who)} of {count(len(batch), 'row')} begin “{one_line(start, 60)} …”."
        yield Finding(text, tuple(map(row_id, who)), len(who) / len(batch) - 0.1)


def _off_plan(batch: Batch) -> Iterator[Finding]:
    """A label whose count is too far from its plan for chance (2.5 standard deviations)."""
    for chart in batch.distributions:
        if chart.kind != "category" or not chart.total:
            continue
        for bar in chart.bars:
            if bar.planned is None:
                continue
            share = min(bar.planned / chart.total, 1.0)
            spread = math.sqrt(chart.total * share * (1 - share))
            off = bar.count - bar.planned
            if abs(off) >= max(3.0, 2.5 * spread):
                rows = tuple(
                    row_id(r)
                    for r in batch.accepted
                    if str(r.values.get(chart.column or "")) == bar.label
                )
                plan = number(round(bar.planned, 1))
                text = f"{one_line(chart.title, 40)} {bar.label}: {bar.count} of "
                text += f"{count(chart.total, 'row')}, planned {plan}."
                yield Finding(text, rows, abs(off) / chart.total)
