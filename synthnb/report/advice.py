"""The three things to do next: from the findings of a report, the weightiest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from synthnb.report.value import Measure, Step, shown
from synthnb.visible import count, one_line

if TYPE_CHECKING:
    from synthnb.report.report import Report

__all__ = ["steps"]

MOST = 3
FEW_ROWS = 50


def steps(report: Report) -> list[Step]:
    """Three steps; those that no finding asks for come last and weigh little."""
    found = [
        *_empty(report),
        *_copied(report),
        *_personal(report),
        *_repeated(report),
        *_begun(report),
        *_labels(report),
    ]
    found += [*_useful(report), *_told(report), *_varied(report), *_covered(report)]
    found.sort(key=lambda step: -step.weight)
    return [*found, *_always(report)][:MOST]


def _bad(measure: Measure) -> bool:
    """Worse beyond the one in twenty figures that is called worse by chance."""
    return measure.word == "worse" and measure.clear


def _value(report: Report, name: str) -> float | None:
    return next((m.value for m in report.measures if m.id == name), None)


def _empty(report: Report) -> Iterator[Step]:
    share = _value(report, "empty")
    if share:
        yield Step(
            f"Reject rows without text: length: {{column: {report.text}, min: 1}}",
            f"{report['empty'].note} have nothing in {report.text}.",
            min(1.0, 0.5 + share),
        )


def _copied(report: Report) -> Iterator[Step]:
    copying = report.copying
    if copying is None or not copying.rows:
        return
    column = report.text or "text"
    if copying.near:
        share = copying.near / copying.rows
        yield Step(
            f"Reject rows that copy the source: near_duplicate: {{column: {column}, "
            "threshold: 0.8, against: [accepted, source]}",
            f"{copying.near:,} of {count(copying.rows, 'row')} nearly repeat a source row, "
            f"{copying.exact:,} exactly.",
            min(1.0, 0.6 + share),
        )
    elif copying.longest >= 50:
        yield Step(
            f"Reject long copies: novelty: {{column: {column}, against: [source], max: 0.7}}",
            f"One row shares {copying.longest} tokens in a row with a source row.",
            0.6,
        )
    if copying.dcr_share is not None and copying.dcr_share > 0.6:
        yield Step(
            "Take more of the wording out of the prompt, or paraphrase more freely",
            f"{copying.dcr_share:.0%} of the rows are nearer to rows the model saw than to "
            "rows it did not; 50% is expected.",
            0.55,
        )


def _personal(report: Report) -> Iterator[Step]:
    from synthnb.privacy import LIMITS, summary

    if not report.personal:
        return
    counts: dict[str, int] = {}
    for kinds in report.personal.values():
        for kind, number in kinds.items():
            counts[kind] = counts.get(kind, 0) + number
    yield Step(
        f"Look at the personal data in {', '.join(report.personal)}, then add the check pii",
        f"{one_line(summary(counts), 160)} in {report.personal_rows:,} rows; {LIMITS}.",
        0.75,
    )


def _repeated(report: Report) -> Iterator[Step]:
    share, exact = _value(report, "near_duplicates"), _value(report, "exact_duplicates")
    if share is None or exact is None or share < 0.01:
        return
    yield Step(
        f"Reject repetitions: near_duplicate: {{column: {report.text}, threshold: 0.8}}",
        f"{share:.1%} of the rows nearly repeat an earlier one, {exact:.1%} exactly.",
        min(0.9, 0.3 + 3 * share),
    )


def _begun(report: Report) -> Iterator[Step]:
    measure = next((m for m in report.measures if m.id == "openings"), None)
    if measure is None or measure.value is None or measure.real is not None:
        return  # real rows begin alike too
    yield Step(
        "Ask for different beginnings: a column (opening, style) in the prompt, or few_shot",
        f"{measure.note}.",
        0.3 + measure.value / 3,
    )


def _labels(report: Report) -> Iterator[Step]:
    for check in report.columns:
        if check.word != "changed" or not check.clear:
            continue
        away = check.figures.get("total_variation", check.figures.get("ks", 0.0))
        if check.against == "plan":
            yield Step(
                f"Fill {check.column} as planned: target: {{quotas: {{{check.column}: …}}}}",
                f"{check.finding} {away:.0%} of the rows would have to change.",
                0.3 + away / 2,
            )
        else:
            yield Step(
                f"Draw {check.column} as the real rows have it: {check.column}: "
                f"{{like: {check.column}}}",
                check.finding,
                0.25 + away / 2,
            )


def _useful(report: Report) -> Iterator[Step]:
    measure = next((m for m in report.measures if m.id == "tstr"), None)
    if measure is None or not _bad(measure) or measure.value is None:
        return
    yield Step(
        "Keep the real rows in the training set: mix: {real: 0.3}",
        f"A model trained on these rows scores {shown(measure.value, 2)} on real ones, "
        f"trained on as many real rows {shown(measure.real, 2)}.",
        0.65,
    )


def _told(report: Report) -> Iterator[Step]:
    measure = next((m for m in report.measures if m.id == "c2st"), None)
    if measure is None or measure.value is None or not _bad(measure):
        return
    tells = [one_line(name, 30) for name, weight in report.giveaways if weight > 0][:3]
    words = ", ".join(f"“{word}”" for word in tells)
    yield Step(
        f"Change what gives the rows away{': ' + words if words else ''}",
        f"A simple classifier tells them from real rows {measure.value:.0%} of the time.",
        0.2 + 0.4 * max(measure.value - 0.5, 0) * 2,
    )


def _varied(report: Report) -> Iterator[Step]:
    names = ("distinct_2", "self_repetition", "compression_ratio", "vendi")
    worse = [m for m in report.measures if m.id in names and m.word == "worse"]
    if not any(map(_bad, worse)):
        return
    first = next(filter(_bad, worse))
    yield Step(
        "Vary the prompt, not the temperature: a column (topic, style, persona) or few_shot",
        f"Less varied than as many real rows: {first.title} {shown(first.value)}, real "
        f"{shown(first.real)}" + (f", and {len(worse) - 1} more." if len(worse) > 1 else "."),
        0.35 + 0.05 * len(worse),
    )


def _covered(report: Report) -> Iterator[Step]:
    measure = next((m for m in report.measures if m.id == "coverage"), None)
    if measure is None or measure.value is None or not _bad(measure):
        return
    yield Step(
        "Show the model more of the source: few_shot, or per_row over all source rows",
        f"The rows reach {measure.value:.0%} of the real ones; other real rows reach "
        f"{shown(None if measure.real is None else measure.real * 100, 0)}%.",
        0.35 if measure.value > 0.5 else 0.5,
    )


def _always(report: Report) -> Iterator[Step]:
    if report.rows < FEW_ROWS:
        yield Step(
            "Write more rows before deciding: 200 or more",
            f"{count(report.rows, 'row')} can hide a lot: 0 bad in {report.rows} still allows "
            f"{min(3 / max(report.rows, 1), 1):.0%}.",
        )
    if report.real is None:
        yield Step(
            "Compare with real rows: report(real=df), or synthnb check FILE --real FILE",
            "Without real rows nobody can say better or worse.",
        )
    yield Step(
        "Read 20 rows by hand and note what is wrong", "No figure reads the rows for you."
    )
    yield Step(
        "Keep 100 real rows out of every prompt, to test on", "They are the judge at the end."
    )
    yield Step(
        "Save recipe, rows and card: batch.save(folder)", "So that others can do it again."
    )
