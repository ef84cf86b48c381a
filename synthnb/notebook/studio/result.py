"""The right side of the studio: rows with their charts, then the versions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, MutableMapping
from datetime import datetime
from threading import RLock
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from synthnb.charts.payload import MIME
from synthnb.charts.picture import PNG, batch_sheet, html_sheet, kept
from synthnb.errors import SynthError
from synthnb.notebook.studio.controls import head_row, link
from synthnb.notebook.studio.later import alone
from synthnb.notebook.studio.words import WIDE, Words
from synthnb.visible import escape, one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.charts.sheet import Sheet
    from synthnb.notebook.progress import Heard
    from synthnb.recipe import Recipe
    from synthnb.studio import Piece
    from synthnb.versions.history import History

__all__ = ["STUDIO", "Shown", "give_name", "still", "written"]

STUDIO = "application/vnd.synthnb.studio.v1+json"
MOST = 20
"""Versions that are listed."""
DIFF = "diff"
"""What the link to a version's changes says; its number is the link to its rows."""
EMPTY = "No rows yet. Run to see some."


class Shown(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A batch as a cell shows it, and the history of its name below.

    While a run goes on its newest rows stand above; ``diff`` is what a version changed.
    ``choose`` gets the number of a version that is to be shown.
    """

    def __init__(
        self,
        choose: Callable[[int], None] = lambda number: None,
        focus: Callable[[w.Widget], None] = lambda control: None,
        lock: RLock | None = None,
    ) -> None:
        self._choose, self._focus = choose, focus
        self.lock = lock or RLock()
        self._name = ""
        self._numbers: list[int] = []
        self._empty = Words(EMPTY, "synthnb-studio-dim")
        self.live = Words("", "synthnb-studio-live")
        self.rows = w.Output()
        self.versions = Words("", table=True)
        self.versions.on_press(self._pressed)
        hint = Words("accepted of candidates; tokens written for one", "synthnb-studio-hint")
        self._head = head_row("Versions", hint)
        self._title = Words("", "synthnb-studio-head", role="status")
        self.shut = link("Close the diff", self._shut)
        self.diff = w.Output()
        title = w.HBox([self._title, self.shut]).add_class("synthnb-studio-headrow")
        self._diff = w.VBox([title, self.diff])
        super().__init__([self.live, self._empty])
        self.add_class("synthnb-studio-right")

    def tell(self, heard: Heard | None) -> None:
        """The newest of a run that goes on; ``None`` when it is over."""
        from synthnb.notebook.progress import progress_text

        if heard is None or heard.latest is None:
            self.live.text = ""
            self._empty.text = EMPTY
            return
        head, facts = progress_text(heard.latest)
        lines: list[list[Piece]] = [[("b", head), ("", f" {facts}")]]
        lines += [[("", row or "\u00a0")] for row in heard.rows]
        self.live.show([*lines, [("", heard.notice)]] if heard.notice else lines)
        self._empty.text = ""

    def show(self, batch: Batch | None, name: str | None) -> None:
        """Show this batch; the versions are those made in this folder under ``name``."""
        self._name = name or "batch"
        parts: list[w.Widget] = [self.live, self._empty]
        if batch is not None:
            self.rows.outputs = _output(batch._repr_mimebundle_(exclude={PNG}))
            parts = [self.live, self.rows]
        from synthnb.versions.history import history

        with contextlib.suppress(SynthError):
            known = history(self._name)
            self._numbers = [version.number for version in reversed(list(known))]
            shown = batch.version if batch is not None else None
            with self.versions.hold_sync():  # drawn once: a table drawn anew loses the keyboard
                self.versions.show(_lines(known))
                self.versions.chosen = (
                    self._numbers.index(shown) if shown in self._numbers else -1
                )
            parts += [self._head, self.versions]
        self.children = tuple(parts)

    @alone
    def _pressed(self, row: int, link: str) -> None:
        """Show a version, or what it changed, beside the one before it."""
        if 0 <= row < len(self._numbers) and link == str(self._numbers[row]):
            self._choose(self._numbers[row])
        elif link == DIFF and 0 <= row < len(self._numbers) - 1:  # the newest is the first
            self._compare(self._numbers[row + 1], self._numbers[row])

    def _compare(self, old: int, new: int) -> None:
        from synthnb.diff import diff
        from synthnb.versions import open_version

        try:
            made = diff(*(open_version(number, self._name) for number in (old, new)))
            self.diff.outputs = _output(made._repr_mimebundle_(exclude={PNG}))
            self._title.text = f"From version {old} to {new}"
        except SynthError as error:  # its rows were pruned
            self.diff.outputs = ()
            self._title.text = one_line(str(error), 200)
        if self._diff not in self.children:
            self.children = (*self.children, self._diff)
        self._focus(self.shut)

    @alone
    def _shut(self) -> None:
        self.children = tuple(part for part in self.children if part is not self._diff)


def still(recipe: Recipe, batch: Batch | None) -> dict[str, Any]:
    """What a notebook keeps of a studio: the text of its recipe, the output of its rows."""
    rows: Mapping[str, Any] = {}
    if batch is not None:
        rows = batch._repr_mimebundle_(exclude={PNG})
    text = recipe.dumps()
    data = {
        "v": 1,
        "command": f"%synth studio {one_line(recipe.name or '', 60)}".strip(),
        "yaml": written(recipe),
        "batch": rows.get(MIME),
    }
    page = f"<pre>{escape(text, WIDE)}</pre>"
    whole = {STUDIO: data, "text/html": page + rows.get("text/html", "")}
    return whole | kept(_sheet, page, batch)


def _sheet(page: str, batch: Batch | None) -> Sheet:
    sheet = html_sheet(page)
    return sheet if batch is None else batch_sheet(batch, sheet)


def written(recipe: Recipe) -> str:
    """The text of a recipe as a notebook can keep it."""
    return recipe.dumps()[:WIDE].encode("utf-8", "replace").decode("utf-8")


def give_name(namespace: MutableMapping[str, Any] | None, batch: Batch) -> None:
    """Give the batch the name that a cell would, unless that holds something else."""
    from synthnb.notebook.names import bind, is_batch

    name = (batch.recipe.name or "batch").replace("-", "_").replace(".", "_")
    free = namespace is not None and is_batch(namespace.get(name, batch))
    if namespace is not None and free and name.isidentifier():
        bind(namespace, name, batch)


def _lines(found: History) -> list[list[Piece]]:
    """A line a version, the newest first."""
    head: list[Piece] = [
        ("n", "version"), ("", "made"), ("", "changed"), ("n", "accepted"),
        ("n", "nearest row"), ("n", "tokens"), ("", ""),
    ]  # fmt: skip
    lines = [head]
    first = next(iter(found)).number
    for version in reversed(list(found)):
        today = f"{datetime.now():%Y-%m-%d} "
        lines.append(
            [
                ("a", str(version.number)),
                ("", version.when.removeprefix(today)),
                ("", one_line(", ".join(version.changed), 120) or "first version"),
                ("n", f"{version.rows:,} of {version.candidates:,}"),
                ("n", _figure(version.nearest, 2)),
                ("n", _figure(version.tokens, 1)),
                ("a", DIFF) if version.number != first else ("", ""),
            ]
        )
    return lines[: MOST + 1]


def _figure(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _output(bundle: Mapping[str, object]) -> tuple[dict[str, Any], ...]:
    return ({"output_type": "display_data", "data": dict(bundle), "metadata": {}},)
