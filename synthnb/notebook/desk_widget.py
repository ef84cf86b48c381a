"""A desk as a widget, for front ends that load no extension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Dict, Unicode

from synthnb.notebook.desks import BUNDLE
from synthnb.notebook.sending import Sender

if TYPE_CHECKING:
    from synthnb.desks import Desk

__all__ = ["DeskWidget"]


class DeskWidget(anywidget.AnyWidget):
    """The view of a review or a ranking."""

    _esm = BUNDLE
    mime = Unicode().tag(sync=True)
    state_now = Dict().tag(sync=True)

    def __init__(self, desk: Desk, **more: Any) -> None:
        super().__init__(mime=desk.mime, state_now=desk.saved(), **more)
        self._desk = desk
        self._tell = Sender(self.send)
        desk.join(self, self._tell)
        self.on_msg(self._heard)

    def _heard(self, _: Any, content: Any, buffers: Any) -> None:
        if isinstance(content, dict):
            self._tell.heard()
            if content.get("op") == "hello":
                self._tell({"event": "hello", "state": self._desk.state()})
            else:
                self._tell(self._desk.answer(content))

    def close(self) -> None:
        """Give the widget and its channel back."""
        desk = getattr(self, "_desk", None)
        if desk is not None:
            desk.leave(self)
        super().close()
