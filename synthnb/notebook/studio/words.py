"""Text in a widget: what a label would take for a formula or markup stays text here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import anywidget
from traitlets import Bool, Int, List, Unicode

from synthnb.studio import Piece
from synthnb.visible import visible

__all__ = ["Words", "asset"]

MOST = 2000
"""Lines that are shown."""
WIDE = 20_000
"""Characters of a piece that are shown."""


@cache
def asset(name: str) -> str:
    """A file beside this one, as text."""
    return files("synthnb.notebook.studio").joinpath(name).read_text("utf-8")


class Words(anywidget.AnyWidget):
    """Lines of text in pieces; ``role`` is what screen readers take it for.

    >>> Words("One line.", role="status").text
    'One line.'
    """

    _esm = asset("words.js")
    lines: List[Any] = List().tag(sync=True)
    """One list of ``[mark, text]`` a line; marks are those of ``Piece``."""
    role = Unicode("").tag(sync=True)
    table = Bool(False).tag(sync=True)
    """The lines are rows of a table, the first one its head."""
    chosen = Int(-1).tag(sync=True)
    """The row that stands out, counted below the head."""

    def __init__(self, text: str = "", *classes: str, role: str = "", **more: Any) -> None:
        super().__init__(role=role, **more)
        for name in classes:
            self.add_class(name)
        self.text = text

    def on_press(self, pressed: Callable[[int, str], None]) -> None:
        """Call this with the row whose link was pressed, counted below the head, and what
        the link says."""

        def heard(_: Any, content: Any, buffers: Any) -> None:
            told = content if isinstance(content, dict) else {}
            row, link = told.get("row"), told.get("link")
            if type(row) is int and isinstance(link, str):
                pressed(row, link)

        self.on_msg(heard)

    @property
    def text(self) -> str:
        """The lines without their marks; setting it takes all marks away."""
        return "\n".join("".join(text for _, text in line) for line in self.lines)

    @text.setter
    def text(self, text: str) -> None:
        self.show([("", line)] for line in text.splitlines())

    def show(self, lines: Iterable[Sequence[Piece]]) -> None:
        """Show these lines."""
        shown = [[[mark, visible(text[:WIDE])] for mark, text in line] for line in lines]
        if len(shown) > MOST:
            shown = [*shown[:MOST], [["", f"… and {len(shown) - MOST:,} more lines"]]]
        if shown != self.lines:
            self.lines = shown
