"""The diff as JSON for Lab's own view: bounded, deterministic, text only."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING

from synthnb.diff.alone import each_alone
from synthnb.diff.rows import ATTRIBUTES, Shown, Side, differing, shown_rows
from synthnb.diff.sentences import facts, keys_line, look_first, note, subtitle
from synthnb.diff.verdicts import Result, distinct
from synthnb.visible import clip, one_line, visible

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.diff import Diff
    from synthnb.diff.overlays import Overlay
    from synthnb.diff.words import Parts
    from synthnb.types import JSON, Record

__all__ = ["MAX_BYTES", "MIME", "payload"]

MIME = "application/vnd.synthnb.diff.v1+json"
MAX_BYTES = 100_000
_STEPS = ((200, 1500, True), (200, 800, False), (120, 500, False), (60, 300, False))
"""Pairs, characters of a text and whether prompts are kept: tried until the size fits."""
_LINES = 200
BODIES = 12_000
"""Characters of the cells that make each change alone."""


def payload(diff: Diff) -> dict[str, JSON]:
    """The MIME body, at most ``MAX_BYTES`` bytes of JSON."""
    head = _head(diff)
    if _size(head) > MAX_BYTES // 2:
        head["recipe"]["lines"] = head["recipe"]["lines"][:40]
        head["charts"] = head["charts"][:4]
    room = MAX_BYTES - _size(head) - 200
    rows: list[JSON] = []
    if not diff.same:
        for most, chars, details in _STEPS:
            rows = [_row(diff, row, details) for row in shown_rows(diff, most, chars)]
            if _size(rows) <= room:
                break
        while rows and _size(rows) > room:
            rows = rows[: len(rows) * 3 // 4]
    return head | {"rows": rows, "saved_rows": len(rows)}


def _head(diff: Diff) -> dict[str, JSON]:
    old, new = diff.labels
    words = ("worse", "better", "changed", "no evidence", "too few pairs")
    told = distinct(diff.results)
    counts = {word: sum(r.verdict == word for r in told) for word in words}
    digest = hashlib.sha256(f"{diff.old.hash} {diff.new.hash} {old} {new}".encode())
    return {
        "v": 1,
        "kind": "diff",
        "id": digest.hexdigest()[:16],
        "name": _text(diff.new.name, 200),
        "old": _name(old, diff.old),
        "new": _name(new, diff.new),
        "paired": diff.paired,
        "same": diff.same,
        "verdict": {"text": _text(diff.verdict, 300), "counts": counts},
        "facts": _text(facts(diff), 400),
        "look_first": look_first(diff),
        "alone": _alone(diff),
        "recipe": {
            "changed": len(diff.recipe.changed),
            "total": diff.recipe.total,
            "said": keys_line(diff),
            "lines": [
                {"op": line.op, "parts": _parts(line.parts, 2000)}
                for line in diff.recipe.lines[:_LINES]
            ],
        },
        "subtitle": subtitle(diff),
        "metrics": [] if diff.same else [_metric(result) for result in diff.results],
        "note": "" if diff.same else note(diff, drawn=True),
        "charts": [] if diff.same else [_chart(chart) for chart in diff.charts],
        "attributes": [one_line(n, 60) for n in diff.pairing.shared[:ATTRIBUTES]],
        "total_rows": max(map(len, diff.records)),
        "differing": differing(diff),
    }


def _name(label: str, batch: Batch) -> JSON:
    """What to call a side, and what magics call it if it was kept under a name."""
    kept = f"{batch.name}@{batch.version}" if batch.version is not None else ""
    return {
        "label": label,
        "short": label.removeprefix("version "),
        "version": _text(kept, 220),
    }


def _alone(diff: Diff) -> list[JSON]:
    """Bodies of cells that make each change alone, unless they are long."""
    bodies = each_alone(diff)
    return list(bodies) if sum(map(len, bodies)) <= BODIES else []


def _metric(result: Result) -> JSON:
    measure, spread = result.measure, result.spread

    def scaled(value: float | None) -> float | None:
        return round(value / spread, 4) if value is not None and spread else None

    return {
        "id": one_line(measure.id, 80),
        "label": one_line(measure.label, 80),
        "unit": one_line(measure.unit, 120),
        "digits": measure.digits,
        "verdict": result.verdict,
        "pairs": result.n,
        "old": _round(result.old),
        "new": _round(result.new),
        "change": _round(result.change),
        "low": _round(result.low),
        "high": _round(result.high),
        "scaled": [scaled(result.low), scaled(result.change), scaled(result.high)],
    }


def _chart(chart: Overlay) -> JSON:
    return {
        "id": one_line(chart.id, 80),
        "title": one_line(chart.title, 80),
        "unit": one_line(chart.unit, 80),
        "kind": chart.kind,
        "old_total": chart.old_total,
        "new_total": chart.new_total,
        "bars": [
            {"label": b.label, "old": b.old, "new": b.new, "lo": b.lo, "hi": b.hi}
            for b in chart.bars
        ],
    }


def _row(diff: Diff, row: Shown, details: bool) -> JSON:
    body: dict[str, JSON] = {
        "n": row.number,
        "attributes": list(row.attributes),
        "mode": row.mode,
        "differs": row.differs,
        "old": _side(row.old, details),
        "new": _side(row.new, details),
    }
    drawn = {chart.id for chart in diff.charts if chart.kind == "histogram"}
    body["values"] = {
        one_line(m.id, 80): [_at(m.old, row.place), _at(m.new, row.place)]
        for m in diff.measured
        if m.id in drawn
    }
    return body


def _at(values: tuple[float | None, ...], place: int) -> float | None:
    return _round(values[place]) if place < len(values) else None


def _side(side: Side | None, details: bool) -> JSON:
    if side is None:
        return None
    body: dict[str, JSON] = {
        "parts": _parts(side.parts, 2000),
        "outcome": side.outcome,
        "tag": side.tag,
    }
    if side.attributes:
        body["attributes"] = list(side.attributes)
    if details:
        body["calls"] = _calls(side.record)
    return body


def _calls(record: Record) -> JSON:
    return [
        {
            "column": one_line(call.column, 80),
            "prompt": _text(call.messages[-1]["content"] if call.messages else "", 500),
            "answer": _text(call.answer, 500),
        }
        for call in record.calls[:2]
    ]


def _parts(parts: Parts, limit: int) -> JSON:
    return [[int(marked), _text(piece, limit)] for marked, piece in parts]


def _text(text: str, limit: int) -> str:
    return clip(visible(text[: limit + 1]), limit)


def _round(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, 6)


def _size(value: JSON) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
