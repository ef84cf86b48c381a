"""The batch as JSON for Lab's own view: bounded, deterministic, text only.

Saved with the notebook, so it holds everything the view needs without a kernel, and
nothing that changes from run to run (times, random ids, paths).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.charts.columns import columns_of, is_number
from synthnb.charts.distributions import (
    Distribution,
    limits_of,
    main_column,
    measured_name,
    measured_rules,
    nearest_scores,
    shown_columns,
)
from synthnb.charts.findings import limit_text, look_first, losses, shown_rule
from synthnb.decisions import row_id
from synthnb.store import StoredRecords
from synthnb.visible import clip, visible

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.types import JSON, Call, Reason, Record

__all__ = [
    "MAX_BYTES",
    "MAX_ROWS",
    "MIME",
    "column_type",
    "payload",
    "score_columns",
    "write_rows",
]

MIME = "application/vnd.synthnb.batch.v1+json"
MAX_ROWS = 200
HASHED = 20_000
MAX_COLUMNS = 40
MAX_BYTES = 100_000
_RECIPE = 20_000
_STEPS = ((200, 2000, True), (200, 800, True), (200, 400, False), (100, 300, False))
"""Rows, characters a value and whether details are kept: tried until the size fits."""


def payload(batch: Batch) -> dict[str, JSON]:
    """The MIME body: at most ``MAX_ROWS`` rows and ``MAX_BYTES`` bytes of JSON."""
    head = _head(batch)
    if _size(head) > MAX_BYTES // 2:  # a huge recipe or very long names: rows matter more
        head["recipe"] = clip(str(head["recipe"]), 2000)
        head["charts"] = head["charts"][:6]
    room = MAX_BYTES - _size(head) - MAX_ROWS * 16
    rows: list[JSON] = []
    for most, chars, details in _STEPS:
        rows = write_rows(batch, _chosen(batch, most), chars=chars, details=details)
        if _size(rows) <= room:
            break
    while rows and _size(rows) > room:
        rows = rows[: len(rows) * 3 // 4]
    return head | {"rows": rows, "saved_rows": len(rows), "map": _map(batch, rows)}


def _map(batch: Batch, rows: Sequence[JSON]) -> JSON:
    """Where the saved rows' texts lie, and which nearly repeat each other; see ``explore``."""
    from synthnb.explore.textmap import WORDS, layout, near_copies, text_map

    main = main_column(batch)
    texts = {i: row["values"].get(main) for i, row in enumerate(rows)}
    placed = [i for i, text in texts.items() if isinstance(text, str) and text.strip()]
    if len(placed) < 3:
        return None
    if len(rows) == len(batch.records):  # the kernel's own map, so that regions agree
        made = text_map(batch)
        placed = made.placed.tolist()
        x, y = made.x[placed].astype(int).tolist(), made.y[placed].astype(int).tolist()
        told = {} if made.about == WORDS else {"about": _text(made.about, 200)}
        return {"rows": placed, "x": x, "y": y, "clusters": made.clusters, **told}
    said = [texts[i] for i in placed]
    points = layout(said).astype(int)
    threshold = limits_of(batch, "near_duplicate").get("threshold", 0.8)
    return {
        "rows": placed,
        "x": points[:, 0].tolist(),
        "y": points[:, 1].tolist(),
        "clusters": [[placed[i] for i in group] for group in near_copies(said, threshold)],
    }


def _head(batch: Batch) -> dict[str, JSON]:
    finding = look_first(batch)
    head: dict[str, JSON] = {
        "v": 1,
        "id": view_id(batch),
        "name": _text(batch.name, 200),
        "version": batch.version,
        "status": {"kind": batch.status, "text": batch.ended},
        "verdict": _verdict(batch),
        "look_first": finding
        and {"text": _text(finding.text, 500), "rows": list(finding.rows[:MAX_ROWS])},
        "funnel": _funnel(batch),
        "charts": [_chart(chart) for chart in batch.distributions],
        "columns": _columns(batch),
        "total_rows": len(batch.records),
        "recipe": _text(batch.recipe.dumps(), _RECIPE),
        "limits": _limits(batch),
        "paired_with": batch.paired_with,
    }
    if batch.live:
        head["elapsed"] = round(batch.elapsed, 1)
    return head


def view_id(batch: Batch) -> str:
    """What views and the kernel call this batch; of a long one not all rows are hashed."""
    if len(batch.records) <= HASHED:
        return batch.hash
    made = batch.made
    some = batch.replace(records=list(made[: HASHED // 10]), run="")
    # A run that was resumed may have as many rows as before, and others among them accepted.
    flags = made.marks[1] if isinstance(made, StoredRecords) else [r.accepted for r in made]
    told = f"{some.hash}:{len(made)}:{int(np.sum(flags))}:{batch.run}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _limits(batch: Batch) -> dict[str, JSON]:
    """What each check asks for, in short, by the rule's name."""
    rules = dict.fromkeys(spec.rule for spec in batch.recipe.checks[:30])
    return {rule: text for rule in rules if (text := limit_text(batch, rule))}


def _verdict(batch: Batch) -> JSON:
    cost = batch.usage.cost
    return {
        **({"head": batch.nothing} if batch.nothing else {}),
        "accepted": len(batch),
        "candidates": len(batch.records),
        "rejected": len(batch.records) - len(batch),
        "wanted": batch.wanted,
        "tokens": batch.tokens,
        "cached": batch.usage.cached,
        "sent": batch.usage.requests > 0,
        "cost": None if cost is None else round(cost, 6),
        "currency": batch.usage.currency,
        **_real(batch),
    }


def _real(batch: Batch) -> dict[str, JSON]:
    """The share of real rows, where there may be any."""
    share = batch.real_share
    shown = share > 0 or batch.recipe.mix is not None
    return {"real_share": round(share, 4)} if shown else {}


def _funnel(batch: Batch) -> list[JSON]:
    """Candidates, what each rule took away, and the rows that were left."""
    steps: list[JSON] = [
        {"label": "candidates", "count": len(batch.records), "lost": 0, "rule": None}
    ]
    for loss in losses(batch)[:30]:
        step = {"label": loss.label, "count": loss.left, "lost": loss.lost}
        steps.append({**step, "rule": shown_rule(loss.rule)})
    return [*steps, {"label": "accepted", "count": len(batch), "lost": 0, "rule": None}]


def _chart(chart: Distribution) -> JSON:
    body: dict[str, JSON] = _clean(asdict(chart), 200)
    for bar in body["bars"]:
        if bar["planned"] is not None:
            bar["planned"] = round(bar["planned"], 2)
    return body


def _columns(batch: Batch) -> list[JSON]:
    main = main_column(batch)
    columns: list[JSON] = []
    shown = set(shown_columns(batch, MAX_COLUMNS))
    for name in [name for name in batch.columns if name in shown]:
        spec = batch.recipe.columns.get(name)
        columns.append(
            {
                "name": _text(name, 100),
                "kind": getattr(spec, "kind", "source"),
                "type": column_type(batch, name),
                "main": name == main,
            }
        )
    scores = score_columns(batch)
    columns.extend({"name": n, "kind": "check", "type": "score", "main": False} for n in scores)
    return columns


def column_type(batch: Batch, name: str) -> str:
    """``text``, ``number``, ``category`` or ``json``: how a column's values are shown."""
    spec = batch.recipe.columns.get(name)
    if getattr(spec, "kind", "") in ("category", "subcategory") or getattr(
        spec, "choices", None
    ):
        return "category"
    types = columns_of(batch).types(name) - {type(None), object}
    if types and types <= {int, float}:
        return "number"
    return "json" if types & {dict, list} else "text"


def score_columns(batch: Batch) -> list[str]:
    """Rules that measured numbers, each a column of the table; the nearest row is one."""
    rules = measured_rules(batch)
    if main_column(batch) is None:
        return rules
    nearest = measured_name(batch, "nearest")
    if not any(chart.id == nearest and chart.total for chart in batch.distributions):
        return rules
    # What the chart shows, in place of what the check says: 0 for rows that are far apart.
    if "near_duplicate" in rules:
        return [nearest if rule == "near_duplicate" else rule for rule in rules]
    return [*rules, nearest]


def _chosen(batch: Batch, most: int) -> list[int]:
    """Places of the first rows in plan order, with some room kept for rejected ones."""
    table = columns_of(batch)
    if table.size <= most:
        return list(range(table.size))
    rejected = np.flatnonzero(~table.accepted)[: most // 4]
    accepted = np.flatnonzero(table.accepted)[: most - len(rejected)]
    return sorted([*accepted.tolist(), *rejected.tolist()])


def write_rows(
    batch: Batch, places: Sequence[int], *, chars: int = 600, details: bool = False
) -> list[JSON]:
    """Rows as the view takes them: bounded, strict JSON."""
    table = columns_of(batch)
    names = set(shown_columns(batch, MAX_COLUMNS))
    scores = score_columns(batch)
    nearest = measured_name(batch, "nearest")
    near = nearest_scores(batch, main_column(batch) or "") if nearest in scores else None
    outcomes = batch.decisions.outcomes
    rows = []
    for place, record in zip(places, table.at(places), strict=True):
        row = _row(record, names, scores, chars, details)
        if near is not None and not math.isnan(near[place]):
            row["values"][nearest] = round(float(near[place]), 4)
        outcome = outcomes.get(row["id"])
        if outcome is not None:
            row["decision"] = outcome
        rows.append(row)
    return rows


def _row(
    record: Record, names: set[str], scored: list[str], chars: int, details: bool
) -> dict[str, Any]:
    shown = {k: v for k, v in record.values.items() if k in names}
    values = {_text(k, 100): _clean(v, chars) for k, v in shown.items()}
    found = {
        c.rule: _clean(c.value, 100)
        for c in (*record.checks, *record.reasons)
        if is_number(c.value)
    }
    scores = {name: found.get(name) for name in scored}
    row: dict[str, Any] = {
        "id": row_id(record),
        "index": record.index,
        "accepted": record.accepted,
        "reasons": [_reason(reason) for reason in record.reasons[:8]],
        "values": values | scores,
        "parents": [_text(p, 80) for p in record.parents[:8]],
        "edited": record.origin == "edited",
    }
    if details:
        row["detail"] = _detail(record, chars)
    return row


def _reason(reason: Reason) -> JSON:
    return {
        "rule": shown_rule(reason.rule),
        "value": _clean(reason.value, 200),
        "message": _text(reason.message, 300),
    }


def _detail(record: Record, chars: int) -> dict[str, Any]:
    checks = [_reason(check) | {"passed": check.passed} for check in record.checks[:16]]
    return {
        "checks": checks,
        "calls": [_call(call, min(chars, 1200)) for call in record.calls[:4]],
        "attempt": record.attempt,
        "candidate": record.candidate,
        "generation": record.generation,
        "origin": record.origin,
        "hidden": _clean(record.hidden, min(chars, 300)),
    }


def write_detail(record: Record, chars: int = 20_000) -> dict[str, Any]:
    """An open row while the kernel is there: all messages, cost and seconds too."""
    calls = []
    for call in record.calls[:16]:
        messages = [
            {"role": _text(m["role"], 20), "content": _text(m["content"], chars)}
            for m in call.messages[:40]
        ]
        live = {"conversation": messages, "cost": call.cost, "cached": call.cached}
        calls.append(_call(call, chars) | live | {"elapsed": round(call.elapsed, 3)})
    return _detail(record, chars) | {"calls": calls, "values": _clean(record.values, chars)}


def _call(call: Call, chars: int) -> dict[str, Any]:
    return {
        "column": call.column,
        "model": _text(call.model, 120),
        "prompt": _text(call.messages[-1]["content"] if call.messages else "", chars),
        "messages": len(call.messages),
        "few_shot": list(call.few_shot[:16]),
        "answer": _text(call.answer, chars),
        "prompt_tokens": call.prompt_tokens,
        "completion_tokens": call.completion_tokens,
        "seed": call.seed,
        "finish_reason": call.finish_reason and _text(call.finish_reason, 40),
    }


def _text(text: str, limit: int) -> str:
    return clip(visible(text[: limit + 1]), limit)


def _clean(value: JSON, chars: int, depth: int = 6) -> JSON:
    """Strict JSON of bounded size: no NaN, no hidden characters, no deep nesting."""
    if value is None or isinstance(value, bool | int):
        return value if not isinstance(value, int) or abs(value) < 2**53 else str(value)
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, str):
        return _text(value, chars)
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {
            _text(str(k), 100): _clean(v, chars, depth - 1) for k, v in list(value.items())[:50]
        }
    if isinstance(value, list | tuple):
        return [_clean(v, chars, depth - 1) for v in value[:50]]
    return _text(str(value), chars)


def _size(value: JSON) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
