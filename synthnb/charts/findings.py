"""Look first: the one thing in a batch that a careful colleague would point at."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.charts.columns import Columns, columns_of
from synthnb.charts.distributions import limits_of, main_column, nearest_scores
from synthnb.charts.similarity import ngrams, opening
from synthnb.decisions import row_id
from synthnb.types import check_of
from synthnb.visible import clip, count, number, one_line, visible

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.types import Record

LOOKED = 5000
"""Rows read for what many of them say alike, and rows named at most."""

__all__ = [
    "Finding",
    "Loss",
    "limit_text",
    "look_first",
    "losses",
    "row_id",
    "rule_label",
    "shown_rule",
]


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


def shown_rule(rule: str) -> str:
    """A rule's name as views show it and ask for it."""
    return clip(visible(rule[:61]), 60)


def rule_label(batch: Batch, rule: str) -> str:
    """The rule with the limits it was given: ``length 75–300``, ``near_duplicate 0.6``."""
    return f"{one_line(rule, 40)} {limit_text(batch, rule)}".rstrip()


def limit_text(batch: Batch, rule: str) -> str:
    """The limits of a rule in short: ``75–300``, ``≥ 3``; empty without any."""
    options = limits_of(batch, rule)
    low, high = options.get("min"), options.get("max")
    if low is not None and high is not None:
        return f"{number(low)}–{number(high)}"
    if low is not None:
        return f"≥ {number(low)}"
    if high is not None:
        return f"≤ {number(high)}"
    threshold = options.get("threshold")
    return number(threshold) if threshold is not None else ""


def losses(batch: Batch) -> list[Loss]:
    """Rejections by rule, in the order in which rules were asked; each row counts once."""
    table = columns_of(batch)
    rules = table.rules
    lost = dict(zip(rules.labels, rules.counts(~table.accepted), strict=True))
    order = {spec.rule: place for place, spec in enumerate(batch.recipe.checks)}
    left = table.size
    found = []
    for rule in sorted(lost, key=lambda r: (order.get(check_of(r), -1), r)):
        left -= lost[rule]
        found.append(Loss(rule, rule_label(batch, rule), lost[rule], left))
    return found


def look_first(batch: Batch) -> Finding | None:
    """The most telling finding, ``None`` if nothing stands out."""

    def best() -> Finding | None:
        return max(_findings(batch), key=lambda f: f.weight, default=None)

    return columns_of(batch).once("finding", "", best)


def _findings(batch: Batch) -> Iterator[Finding]:
    table = columns_of(batch)
    yield from _rejections(batch, table)
    main = main_column(batch)
    places = np.flatnonzero(table.accepted)
    if main is not None and len(places) >= 2:
        yield from _copies(batch, table, main)
        looked = table.at(places[:LOOKED])
        of = count(len(looked), "row")
        of = f"the first {of}" if len(places) > LOOKED else of
        yield from _repeated_examples(batch, looked, main, of)
        yield from _openings(looked, main, of)
        yield from _not_run(looked, of)
    yield from _off_plan(batch, table)


def _ids(table: Columns, places: Any) -> tuple[str, ...]:
    """Ids of the first rows at these places: enough to show."""
    return tuple(map(row_id, table.at(places[:LOOKED])))


def _rejections(batch: Batch, table: Columns) -> Iterator[Finding]:
    total = table.size
    worst = max(losses(batch), key=lambda loss: loss.lost, default=None)
    if worst is None or worst.lost / total < 0.3:
        return
    checked = any(spec.rule == check_of(worst.rule) for spec in batch.recipe.checks)
    how = "fail" if checked else "were lost to"
    text = f"{worst.lost:,} of {total:,} candidates {how} {worst.label}"
    places = np.flatnonzero(table.rules.codes == table.rules.labels.index(worst.rule))
    values = table.lost[places]
    reasons = table.at(places[:1])[0].reasons
    if not np.isnan(values).any():
        text += f"; their median is {number(round(float(np.median(values)), 2))}"
    elif not checked and reasons and reasons[0].message:  # "reset" alone says little
        text += f"; the first: {one_line(reasons[0].message, 120).rstrip('.')}"
    yield Finding(text + ".", _ids(table, places), worst.lost / total)


def _copies(batch: Batch, table: Columns, main: str) -> Iterator[Finding]:
    twins = np.flatnonzero(table.repeats(main))
    total = int(table.accepted.sum())
    of = count(total, "row")
    if len(twins):
        text = f"{len(twins):,} of {of} are exact copies of each other."
        yield Finding(text, _ids(table, twins), 0.2 + len(twins) / total)
    near = np.flatnonzero(table.accepted & (nearest_scores(batch, main) >= 0.8))
    if len(near) > len(twins):
        text = f"{len(near):,} of {of} nearly copy another row."
        yield Finding(text, _ids(table, near), 0.1 + len(near) / total)


def _repeated_examples(
    batch: Batch, looked: Sequence[Record], main: str, of: str
) -> Iterator[Finding]:
    """Rows that say four words or more of a few-shot example, the prompt's own words apart."""
    prompt = batch.recipe.prompts.get(main)
    if prompt is None or not prompt.examples:
        return
    known = ngrams(prompt.prompt, 4)
    rows = [(r, ngrams(str(r.values.get(main)), 4)) for r in looked]
    best: tuple[str, int, list[Record]] = ("", 0, [])
    for place, example in enumerate(prompt.examples, 1):
        text = str(example.get(main, ""))
        wanted = {gram for gram in ngrams(text, 4) - known if len(gram) == 4}
        said = Counter(gram for _, own in rows for gram in own & wanted)
        if not said:
            continue
        phrase = max(said, key=lambda gram: (said[gram], gram))
        if said[phrase] > len(best[2]):
            who = [r for r, own in rows if phrase in own]
            best = (_as_written(phrase, text), place, who)
    words, place, who = best
    if len(who) >= max(2, len(rows) / 10):
        told = f"{len(who):,} of {of} say “{one_line(words, 60)}”, "
        told += f"words of your few-shot example {place}."
        yield Finding(told, tuple(map(row_id, who)), 0.3 + len(who) / len(rows))


def _as_written(phrase: Sequence[str], text: str) -> str:
    found = re.search(r"\W+".join(map(re.escape, phrase)), text, re.IGNORECASE)
    return found.group() if found else " ".join(phrase)


def _openings(looked: Sequence[Record], main: str, of: str) -> Iterator[Finding]:
    found = opening([record.values.get(main) for record in looked])
    if found is not None:
        start, places = found
        text = f"{len(places):,} of {of} begin “{one_line(start, 60)} …”."
        rows = tuple(row_id(looked[place]) for place in places)
        yield Finding(text, rows, len(places) / len(looked) - 0.1)


def _not_run(looked: Sequence[Record], of: str) -> Iterator[Finding]:
    """Rows that a check let pass without running their tests."""
    rules: dict[str, list[Record]] = {}
    for record in looked:
        for rule in {check.rule for check in record.checks if check.value == "not run"}:
            rules.setdefault(rule, []).append(record)
    for rule, who in rules.items():
        text = f"Tests not run in {len(who):,} of {of} ({one_line(rule, 40)})."
        yield Finding(text, tuple(map(row_id, who)), 0.15)


def _off_plan(batch: Batch, table: Columns) -> Iterator[Finding]:
    """A label whose count is too far from its plan for chance (2.5 standard deviations)."""
    for chart in batch.distributions:
        if chart.kind != "category" or not chart.total or chart.column is None:
            continue
        # A run that ended early has fewer rows than its plan: the shares are what counts.
        whole = max(chart.total, sum(bar.planned or 0.0 for bar in chart.bars))
        for bar in chart.bars:
            if bar.planned is None:
                continue
            share = bar.planned / whole
            expected = share * chart.total
            spread = math.sqrt(chart.total * share * (1 - share))
            off = bar.count - expected
            if abs(off) >= max(3.0, 2.5 * spread):
                found = table.labels(chart.column)
                code = found.labels.index(bar.label) if bar.label in found.labels else -2
                rows = _ids(table, np.flatnonzero(table.accepted & (found.codes == code)))
                plan = number(round(expected, 1))
                plan += "" if whole - chart.total < 1 else f" of so many ({share:.0%})"
                text = f"{one_line(chart.title, 40)} {bar.label}: {bar.count:,} of "
                text += f"{count(chart.total, 'row')}, planned {plan}."
                yield Finding(text, rows, abs(off) / chart.total)
