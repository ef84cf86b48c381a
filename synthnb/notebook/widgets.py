"""The view of a batch as a widget, for front ends that load no extension."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import Dict

from synthnb.charts.payload import payload
from synthnb.explore.door import answer
from synthnb.explore.live import live_of
from synthnb.notebook.sending import Sender

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["BatchWidget"]

BUNDLE = Path(__file__).parent / "static" / "batch.js"


class BatchWidget(anywidget.AnyWidget):
    """``batch.widget()``: the same view and the same questions as Lab's own."""

    _esm = BUNDLE
    payload = Dict().tag(sync=True)

    def __init__(self, batch: Batch, **more: Any) -> None:
        super().__init__(payload=payload(batch), **more)
        self._batch = batch
        self._tell = Sender(self.send)
        live_of(batch).join(self, self._tell)
        self.on_msg(self._heard)

    def _heard(self, _: Any, content: Any, buffers: Any) -> None:
        if isinstance(content, dict):
            from synthnb.notebook.link import variable_of

            name = variable_of(self._batch)
            self._tell.heard()
            self._tell(answer(self._batch, content, view=self, variable=name))

    def close(self) -> None:
        """Give the widget and its channel back."""
        batch = getattr(self, "_batch", None)
        if batch is not None:
            live_of(batch).leave(self)
        super().close()
