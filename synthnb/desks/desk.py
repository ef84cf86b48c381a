"""What both desks share: views that come and go, requests, the output that is saved."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from synthnb.charts.picture import html_sheet, kept
from synthnb.errors import SynthError
from synthnb.visible import one_line

__all__ = ["Desk", "clean", "find"]

KEPT = 32
"""Desks that views may still ask for."""

Send = Callable[[dict[str, Any]], None]
Op = Callable[[Mapping[str, Any]], dict[str, Any] | None]

_DESKS: OrderedDict[str, Desk] = OrderedDict()
_LOCK = threading.Lock()


def find(name: str) -> Desk | None:
    """The desk of that id, ``None`` if it is gone."""
    with _LOCK:
        return _DESKS.get(name)


def clean(text: str, limit: int = 20_000) -> str:
    """Text of bounded length that every transport takes; nothing else is changed."""
    return text[:limit].encode("utf-8", "replace").decode("utf-8")


class Desk:
    """One thing to decide about and its views; safe to use from any thread."""

    mime: ClassVar[str] = ""

    def __init__(self, name: str) -> None:
        self.id = name
        self._views: dict[object, Send] = {}
        self._lock = threading.RLock()
        self._seen = False
        self.ops: dict[str, Op] = {"here": lambda asked: None, "bundle": self._bundle}
        with _LOCK:
            _DESKS[name] = self
            _DESKS.move_to_end(name)
            while len(_DESKS) > KEPT:
                _DESKS.popitem(last=False)

    # what a desk is

    def state(self) -> dict[str, Any]:
        """What a view draws."""
        raise NotImplementedError

    def saved(self) -> dict[str, Any]:
        """What stays in the notebook."""
        return self.state()

    def html(self) -> str:
        """The same as static HTML: no script, all text escaped."""
        raise NotImplementedError

    def text(self) -> str:
        """The same as plain text."""
        raise NotImplementedError

    # views

    def join(self, view: object, send: Send) -> None:
        """Tell this view of every change, from the state as it is now on."""
        with self._lock:
            self._views[view] = send
            first, self._seen = not self._seen, True
        send({"event": "hello", "state": self.state(), "first": first})

    def leave(self, view: object) -> None:
        """The view is gone."""
        with self._lock:
            self._views.pop(view, None)

    def changed(self) -> None:
        """Something was decided: every view draws it.

        A view that cannot be told stays: it leaves when its channel closes.
        """
        with self._lock:
            views = list(self._views.values())
        if not views:
            return
        event = {"event": "state", "state": self.state()}
        for send in views:
            with contextlib.suppress(Exception):  # what failed for one view is told to others
                send(event)

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one request ``{"id": n, "op": …}``; never raises."""
        number, op = request.get("id"), str(request.get("op"))
        known = self.ops.get(op)
        if known is None:
            return {"id": number, "error": f"unknown op {one_line(op, 40)}"}
        try:
            said = known(request)
            return {"id": number, **(said or {}), "state": self.state()}
        except SynthError as error:
            return {"id": number, "error": one_line(str(error))}
        except Exception as error:
            return {"id": number, "error": one_line(f"{type(error).__name__}: {error}")}

    def _bundle(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"data": self.output()}

    # output

    def output(self) -> dict[str, Any]:
        """The output as a notebook keeps it."""
        page = self.html()
        shown = {self.mime: self.saved(), "text/html": page, "text/plain": self.text()}
        return shown | kept(html_sheet, page)

    def bundle(self) -> dict[str, object]:
        """The output as a cell shows it: where no extension is, with a widget."""
        shown: dict[str, object] = self.output()
        if "ipykernel" in sys.modules:
            from synthnb.notebook.desks import offer

            shown |= offer(self)
        return shown
