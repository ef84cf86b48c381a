"""The kernel's answers to a view. One protocol for Lab's comm and for the widget.

A request is ``{"id": n, "op": …}`` with what the op needs, the answer ``{"id": n, …}``;
what goes wrong is ``{"id": n, "error": "one line"}``. Ops: ``rows``, ``detail``,
``decide``, ``select``, ``code``, ``map``, ``payload``; ``here`` tells where the view's
messages come from from now on (see ``notebook.sending``).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from synthnb.charts.columns import columns_of
from synthnb.charts.payload import payload, write_detail, write_rows
from synthnb.decisions import row_id
from synthnb.errors import SynthError
from synthnb.explore.filters import from_json
from synthnb.explore.live import live_of
from synthnb.explore.query import explorer_of
from synthnb.explore.selection import Selection
from synthnb.explore.textmap import text_map
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.types import JSON

__all__ = ["OPS", "answer", "hello"]

COPIES = 5000
"""Rows named as near copies at most."""
WINDOW = 500
"""Rows of one answer at most."""


def answer(
    batch: Batch, request: Mapping[str, Any], *, view: object = None, variable: str = ""
) -> dict[str, JSON]:
    """Answer one request of a view; ``variable`` is what the user calls the batch.

    Safe to call on any thread, never raises.
    """
    number = request.get("id")
    known = OPS.get(str(request.get("op")))
    if known is None:
        return {"id": number, "error": f"unknown op {one_line(str(request.get('op')), 40)}"}
    try:
        return {"id": number, **known(batch, request, view, variable)}
    except SynthError as error:
        return {"id": number, "error": one_line(str(error))}
    except Exception as error:
        return {"id": number, "error": one_line(f"{type(error).__name__}: {error}")}


def _rows(batch: Batch, asked: Mapping[str, Any], view: object, variable: str) -> Any:
    """A window of the rows that match, and how many lie under each bar."""
    filters = asked.get("filters")
    chosen = from_json(batch, filters if isinstance(filters, list) else [])
    sort = asked.get("sort")
    order = sort if isinstance(sort, Mapping) else {}
    column = order.get("column")
    found = explorer_of(batch).find(
        chosen,
        str(asked.get("search") or "")[:1000],
        show_rejected=asked.get("show_rejected") is not False,
        sort=column if isinstance(column, str) else None,
        descending=order.get("descending") is True,
    )
    start = max(0, _int(asked.get("start"), 0))
    end = min(max(start, _int(asked.get("end"), start)), start + WINDOW, len(found.places))
    said: dict[str, Any] = {
        "start": start,
        "total": len(found.places),
        "accepted": found.accepted,
        "rejected": found.rejected,
        "rows": write_rows(batch, found.places[start:end].tolist()),
    }
    if asked.get("counts") is not False:
        said["counts"] = found.counts
        said["lost"] = found.lost
    if asked.get("map") is True:
        drawn = text_map(batch).drawn()
        inside = explorer_of(batch).mask(chosen, str(asked.get("search") or "")[:1000])
        said["map"] = base64.b64encode(np.packbits(inside[drawn]).tobytes()).decode("ascii")
    return said


def _int(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


def _place(batch: Batch, asked: Mapping[str, Any]) -> int:
    places = columns_of(batch).places([str(asked.get("row"))])
    if not places:
        raise SynthError("This batch has no such row.")
    return places[0]


def _detail(batch: Batch, asked: Mapping[str, Any], view: object, variable: str) -> Any:
    """Everything known about one row."""
    return {
        "row": str(asked.get("row")),
        "detail": write_detail(columns_of(batch).at([_place(batch, asked)])[0]),
    }


def _decide(batch: Batch, asked: Mapping[str, Any], view: object, variable: str) -> Any:
    """Keep, drop, or go a step back (``None``); every view is told."""
    place = _place(batch, asked)
    outcome = asked.get("outcome")
    if outcome not in ("keep", "drop", None):
        raise SynthError("A row can be kept, dropped or left as it was.")
    row = str(asked.get("row"))
    raw, live = batch.decisions.outcome(row), live_of(batch)
    if outcome is None:
        batch.decisions.decide(row, live.back(row, raw))
    else:
        batch.decisions.decide(row, outcome)
        live.decided(row, raw, outcome)
    live.changed(batch)
    (written,) = write_rows(batch, [place], details=True, chars=2000)
    return {"row": written, "before": raw, "notice": batch.decisions.notice}


def _select(batch: Batch, asked: Mapping[str, Any], view: object, variable: str) -> Any:
    """The view's selection is the batch's."""
    live_of(batch).choose(batch, asked, by=view)
    return {"size": len(live_of(batch).selection(batch))}


def _code(batch: Batch, asked: Mapping[str, Any], view: object, variable: str) -> Any:
    """A cell that makes the view's selection.

    The name of a batch may hold a newer version by now, and ``_synth`` will: a batch that
    no variable of the user's holds is opened as what it is.
    """
    filters = asked.get("filters")
    chosen = from_json(batch, filters if isinstance(filters, list) else [])
    found = Selection(batch, chosen, str(asked.get("search") or "")[:1000])
    if batch.version is None or (variable and not variable.startswith("_")):
        return {"code": f"{found.code(variable or None)}.df"}
    opened = f"open_version({f'{batch.name}@{batch.version}'!r})"
    begin = "from synthnb.versions import open_version"
    return {"code": f"{begin}\n\n{found.code(opened)}.df"}


def _map(batch: Batch, asked: Mapping[str, Any], view: object, variable: str) -> Any:
    """The points that a view draws, of all that there are."""
    made = text_map(batch)
    drawn = made.drawn()
    table = columns_of(batch)
    where = {int(place): i for i, place in enumerate(drawn)}
    clusters = [[where[i] for i in group if i in where] for group in made.clusters]
    copies = [row_id(r) for r in table.at([i for g in made.clusters for i in g][:COPIES])]
    said: dict[str, Any] = {
        "total": len(made.placed),
        "copies": copies,
        "about": made.about,
        "x": made.x[drawn].astype(int).tolist(),
        "y": made.y[drawn].astype(int).tolist(),
        "accepted": table.accepted[drawn].astype(int).tolist(),
        "clusters": [group for group in clusters if len(group) > 1],
        "labels": {},
    }
    for chart in batch.distributions:
        if chart.kind == "category":
            said["labels"][chart.id] = explorer_of(batch).bars(chart)[drawn].tolist()
    return said


def _hello(batch: Batch, asked: Mapping[str, Any], view: object, variable: str) -> Any:
    """What a view is told first: the selection, and whether rows were decided."""
    return hello(batch)


def hello(batch: Batch) -> dict[str, JSON]:
    """The greeting of a new view."""
    state = live_of(batch).state()
    return {"event": "hello", **state, "decided": batch.decisions.changes}


def _payload(batch: Batch, asked: Mapping[str, Any], view: object, variable: str) -> Any:
    """The batch as it would be saved now."""
    return {"payload": payload(batch), **live_of(batch).state()}


OPS: dict[str, Callable[[Batch, Mapping[str, Any], object, str], dict[str, JSON]]] = {
    "rows": _rows,
    "detail": _detail,
    "decide": _decide,
    "select": _select,
    "code": _code,
    "map": _map,
    "payload": _payload,
    "hello": _hello,
    "here": lambda batch, asked, view, variable: {},
}
"""What a view may ask."""
