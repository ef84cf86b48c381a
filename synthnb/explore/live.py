"""What the views of one batch share: the selection, and word of every change."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from synthnb.charts.payload import payload, view_id
from synthnb.explore.filters import Filter, from_json, sendable

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.decisions import Outcome
    from synthnb.explore.selection import Selection
    from synthnb.explore.textmap import NamedMap
    from synthnb.review import Queue
    from synthnb.types import JSON

__all__ = ["Live", "live_of"]

Send = Callable[[dict[str, Any]], None]


class Live:
    """The shared state of all views of one batch, in this process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._views: dict[object, Send] = {}
        self._chosen: tuple[Filter, ...] = ()
        self._search = ""
        self._queues: weakref.WeakSet[Queue] = weakref.WeakSet()
        self.map: NamedMap | None = None
        """The map by a model that somebody named; ``None`` while it goes by words."""
        self._steps: dict[str, list[tuple[Outcome | None, Outcome | None]]] = {}

    @property
    def maps(self) -> int:
        """How many maps were named by now."""
        return 0 if self.map is None else self.map.number

    @property
    def watched(self) -> bool:
        """Whether there is a view to tell anything."""
        return bool(self._views)

    def join(self, view: object, send: Send) -> None:
        """Tell this view of changes that others make."""
        with self._lock:
            self._views[view] = send

    def leave(self, view: object) -> None:
        """The view is gone."""
        with self._lock:
            self._views.pop(view, None)

    def follow(self, queue: Queue) -> None:
        """Let the views of this review, too, draw what is decided in others."""
        with self._lock:
            self._queues.add(queue)

    def choose(self, batch: Batch, data: Mapping[str, Any], by: object = None) -> None:
        """A view chose rows: remember it, tell the others."""
        given = data.get("filters")
        search = data.get("search")
        chosen = from_json(batch, given if isinstance(given, list) else [])
        with self._lock:
            self._chosen = chosen
            self._search = search[:1000] if isinstance(search, str) else ""
        self.tell({"event": "selection", **self.state()}, but=by)

    def state(self) -> dict[str, JSON]:
        """The selection as views take it."""
        with self._lock:
            filters = [item.json() for item in self._chosen]
            return {"filters": filters, "search": sendable(self._search)}

    def selection(self, batch: Batch) -> Selection:
        """The selection as a value."""
        from synthnb.explore.selection import Selection

        with self._lock:
            return Selection(batch, self._chosen, self._search)

    def decided(self, row: str, before: Outcome | None, now: Outcome | None) -> None:
        """A view decided on a row; ``back`` says how to take that back."""
        if before != now:
            self._steps.setdefault(row, []).append((before, now))

    def back(self, row: str, now: Outcome | None) -> Outcome | None:
        """What a row's decision was before the last step of these views; none at first.

        What others decided since is a step too: before it is what these views decided.
        """
        steps = self._steps.get(row)
        if not steps or now is None:  # nothing is decided: what was, others took back
            self._steps.pop(row, None)
            return None
        return steps.pop()[0] if steps[-1][1] == now else steps[-1][1]

    def changed(self, batch: Batch) -> None:
        """Something was decided: all views of these rows draw it, and those of reviews.

        Hold no queue's lock meanwhile: others look at theirs.
        """
        if self.watched:
            self.tell({"event": "changed", "payload": payload(batch)})
        with self._lock:
            desks = [view for queue in self._queues for view in queue.views]
        for desk in desks:
            with contextlib.suppress(Exception):  # what failed for one view is told to others
                desk.changed()

    def tell(self, event: dict[str, Any], but: object = None) -> None:
        """Send an event to all views, leaving out the one that caused it.

        A view that cannot be told stays: it leaves when its channel closes.
        """
        with self._lock:
            views = [send for view, send in self._views.items() if view is not but]
        for send in views:
            with contextlib.suppress(Exception):  # what failed for one view is told to others
                send(event)


_LIVE: weakref.WeakValueDictionary[str, Live] = weakref.WeakValueDictionary()
_LOCK = threading.Lock()


def live_of(batch: Batch) -> Live:
    """What the views of this batch, and of equal ones, share."""
    held: Live | None = batch.__dict__.get("_live")
    if held is None:
        name = view_id(batch)
        with _LOCK:
            held = _LIVE.get(name) or Live()
            _LIVE[name] = held
        batch.__dict__["_live"] = held
    return held
