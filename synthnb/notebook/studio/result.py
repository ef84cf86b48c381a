"""The right side of the studio: rows with their charts, then the versions."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from synthnb.charts.payload import MIME
from synthnb.charts.static_html import escape
from synthnb.errors import SynthError
from synthnb.notebook.studio.words import WIDE, Words
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.recipe import Recipe
    from synthnb.studio import Piece
    from synthnb.versions.history import History

__all__ = ["STUDIO", "Shown", "still"]

STUDIO = "application/vnd.synthnb.studio.v1+json"
MOST = 20
"""Versions that are listed."""
EMPTY = "No rows yet. Run to see some."


class Shown(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A batch as a cell shows it, and the history of its name below."""

    def __init__(self) -> None:
        self._empty = Words(EMPTY, "synthnb-studio-dim")
        self.rows = w.Output()
        self.versions = Words("", table=True)
        hint = Words("accepted of candidates; tokens written for one", "synthnb-studio-hint")
        head = w.HBox([Words("Versions", "synthnb-studio-head"), hint])
        self._head = head.add_class("synthnb-studio-headrow")
        super().__init__([self._empty])
        self.add_class("synthnb-studio-right")

    def wait(self) -> None:
        """Say that rows are on their way, where none are shown."""
        self._empty.text = "Running; rows are shown at its end."

    def show(self, batch: Batch | None, name: str | None) -> None:
        """Show this batch; the versions are those made in this folder under ``name``."""
        self._empty.text = EMPTY
        parts: list[w.Widget] = [self._empty]
        if batch is not None:
            self.rows.outputs = _output(batch._repr_mimebundle_())
            parts = [self.rows]
        from synthnb.versions.history import history

        with contextlib.suppress(SynthError):
            self.versions.show(_lines(history(name or "batch")))
            parts += [self._head, self.versions]
        self.children = tuple(parts)


def still(recipe: Recipe, batch: Batch | None) -> dict[str, Any]:
    """What a notebook keeps of a studio: the text of its recipe, the output of its rows."""
    rows: Mapping[str, Any] = batch._repr_mimebundle_() if batch is not None else {}
    text = recipe.dumps()
    data = {
        "v": 1,
        "command": f"%synth studio {one_line(recipe.name or '', 60)}".strip(),
        "yaml": text[:WIDE].encode("utf-8", "replace").decode("utf-8"),
        "batch": rows.get(MIME),
    }
    page = f"<pre>{escape(text, WIDE)}</pre>{rows.get('text/html', '')}"
    return {STUDIO: data, "text/html": page}


def _lines(found: History) -> list[list[Piece]]:
    """A line a version, the newest first."""
    head: list[Piece] = [
        ("n", "version"), ("", "made"), ("", "changed"), ("n", "accepted"),
        ("n", "nearest row"), ("n", "tokens"),
    ]  # fmt: skip
    lines = [head]
    for version in reversed(list(found)):
        today = f"{datetime.now():%Y-%m-%d} "
        lines.append(
            [
                ("n", str(version.number)),
                ("", version.when.removeprefix(today)),
                ("", one_line(", ".join(version.changed), 120) or "first version"),
                ("n", f"{version.rows:,} of {version.candidates:,}"),
                ("n", _figure(version.nearest, 2)),
                ("n", _figure(version.tokens, 1)),
            ]
        )
    return lines[: MOST + 1]


def _figure(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _output(bundle: Mapping[str, object]) -> tuple[dict[str, Any], ...]:
    return ({"output_type": "display_data", "data": dict(bundle), "metadata": {}},)
