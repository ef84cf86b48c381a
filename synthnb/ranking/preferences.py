"""What people preferred, as rows: for export, and on the ranked rows themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from synthnb.decisions import row_id
from synthnb.ranking.items import prompt_of
from synthnb.ranking.result import Preference, Result, decided, weigh
from synthnb.types import JSON, Record, Row
from synthnb.visible import as_text

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.ranking.items import Items, Unit
    from synthnb.ranking.session import Ranking

__all__ = ["note", "preferences", "standing"]


def standing(items: Items, result: Result) -> Result:
    """The result without preferences whose texts are no longer those that were judged.

    A pair with a row that was dropped since is no preference, nor is one whose answer was
    edited: the verdict was on the words before.
    """
    units = {unit.id: unit for unit in items.units}
    for batch in items.batches:
        batch.decisions.refresh()
    why = [_gone(items, units[found.pair.unit], found) for found in result.preferences]
    kept = tuple(f for f, gone in zip(result.preferences, why, strict=True) if not gone)
    asked = sum(_asked_apart(items, units[found.pair.unit]) for found in kept)
    return replace(
        result, preferences=kept, dropped=why.count("dropped"), edited=why.count("edited"),
        asked=asked,
    )  # fmt: skip


def _asked_apart(items: Items, unit: Unit) -> bool:
    """Whether the answers were written for different prompts, as those of two versions are."""
    rows = [option.record or unit.record for option in unit.options]
    return len({prompt_of(row, items.column) for row in rows}) > 1


def _gone(items: Items, unit: Unit, found: Preference) -> str:
    """``dropped`` or ``edited`` where one of the two rows is, else empty."""
    why = ""
    for place in (found.chosen, found.rejected):
        home = items.home(unit, place)
        if home is None:
            continue
        own, row = home[0].decisions, row_id(home[1])
        if own.outcome(row) == "drop":
            return "dropped"
        if items.column in (own.edited(row) or {}):
            why = "edited"
    return why


def preferences(ranking: Ranking, result: Result) -> Batch:
    """One row a decided pair: prompt, chosen, rejected, margin.

    The prompt is the one that the chosen answer was written for, as is the row's provenance:
    of two versions the rejected answer may be one to another prompt.
    """
    units = {unit.id: unit for unit in ranking.items.units}
    several = {name for name in ranking.items.shown}
    records = []
    for place, found in enumerate(result.preferences):
        unit = units[found.pair.unit]
        old = unit.options[found.chosen].record or unit.record
        values: Row = {"prompt": _prompt(ranking, old, several)}
        values["chosen"] = unit.options[found.chosen].value
        values["rejected"] = unit.options[found.rejected].value
        values["margin"] = found.margin
        records.append(
            Record(
                place,
                values,
                calls=old.calls,
                parents=(row_id(old),),
                generation=old.generation,
                source=old.source,
                id=found.pair.id,
            )
        )
    left = result.ties + result.both_bad
    said = f"{len(records)} of {result.pairs} ranked pairs; {left} ties or both bad left out"
    said += "".join(f", {n} with {what}" for n, what in result.gone)
    said += f"; {result.columns}" if result.asked else ""
    batch = ranking.batch
    return batch.replace(
        records=records, name=f"{batch.name}-preferences", version=None, run="", wanted=None,
        funnel={"pairs": result.pairs, "accepted": len(records)}, paired_with=None,
        plan_targets={}, notes=(*batch.notes, said), status="done", reason="",
    )  # fmt: skip


def _prompt(ranking: Ranking, record: Record, shown: Iterable[str]) -> str:
    """The request as the model got it; the question's columns where that is not known."""
    if told := prompt_of(record, ranking.items.column):
        return told
    values = record.values
    return "\n\n".join(as_text(values[name]) for name in shown if name in values)


def note(ranking: Ranking, unit: str | None = None) -> None:
    """Leave the ranking on the rows, so that every export of the batch knows it."""
    _, together = weigh(ranking.pairs, ranking.votes)
    wins: dict[str, list[Preference]] = {}
    for found in decided(ranking.pairs, together):
        wins.setdefault(found.pair.unit, []).append(found)
    said = {p.unit: together[p.id][0] for p in ranking.pairs if p.id in together}
    for item in ranking.items.units:
        if unit not in (None, item.id):
            continue
        won = wins.get(item.id)
        value = _value(len(item.options), won) if won else None
        if not won and said.get(item.id) == "both_bad":
            value = {"both_bad": True, "by": "people"}
        ranking.batch.decisions.rank(item.id, value)


def _value(answers: int, wins: list[Preference]) -> Row:
    points = [0.0] * answers
    met = [0] * answers
    for found in wins:
        met[found.chosen] += 1
        met[found.rejected] += 1
        points[found.chosen] += (1 + found.margin) / 2
        points[found.rejected] += (1 - found.margin) / 2
    scores = [round(p / m, 4) if m else 0.5 for p, m in zip(points, met, strict=True)]
    seen = [place for place in range(answers) if met[place]]
    chosen = max(seen, key=lambda place: (scores[place], -place))
    rejected = min(seen, key=lambda place: (scores[place], -place))
    return {
        "chosen": chosen, "rejected": rejected, "by": "people", "pairs": len(wins),
        "margin": round(scores[chosen] - scores[rejected], 4), "scores": cast(JSON, scores),
    }  # fmt: skip
