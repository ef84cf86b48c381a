"""The labels of a category: chips while they weigh the same, a slider for each otherwise."""

from __future__ import annotations

from functools import partial
from typing import Any

import anywidget
import ipywidgets as w
from traitlets import Bool, List, Unicode

from synthnb.notebook.studio.controls import Hooks, close, dim, slider
from synthnb.notebook.studio.words import Words, asset
from synthnb.recipe.parts import Category
from synthnb.visible import as_text, count, one_line

__all__ = ["Chips", "Labels", "uneven"]

SLIDERS = 24
"""Labels that get a slider."""
CHIPS = 80
"""Labels that get a chip."""


def uneven(column: Category) -> bool:
    """Whether some labels are drawn more often than others."""
    return len(set(column.weights)) > 1


class Chips(anywidget.AnyWidget):
    """Labels to rename and remove; with ``adds`` a field for one more."""

    _esm = asset("labels.js")
    labels: List[Any] = List().tag(sync=True)
    """What is shown of each label, and its text."""
    adds = Bool(False).tag(sync=True)
    of = Unicode("").tag(sync=True)
    """The column, for names of controls."""

    def put(self, values: list[Any]) -> None:
        """Show these labels."""
        made = [[one_line(as_text(value), 60), _plain(value)] for value in values]
        if made != self.labels:
            self.labels = made


class Labels(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Labels of one column; what is pressed or typed is handed on as an edit.

    ``weighing`` gives each its slider, kept in ``sliders`` by the label's text.
    """

    def __init__(self, name: str, column: Category, hooks: Hooks, *, weighing: bool) -> None:
        self._name, self._hooks, self._weighing = name, hooks, weighing
        self.sliders: dict[str, w.FloatSlider] = {}
        self.rows: list[Chips] = []
        self._wanted: int | None = None
        self.chips = Chips(adds=True, of=one_line(name, 60))
        self.chips.on_msg(partial(self._heard, 0))
        self._rows = w.VBox().add_class("synthnb-studio-cards")
        self._more = dim("")
        super().__init__([self._rows, self.chips, self._more])
        self.add_class("synthnb-studio-cards")
        self.show(column)

    def show(self, column: Category) -> None:
        """The labels of this column; their sliders are made anew."""
        self.column = column
        shown = column.values[: SLIDERS if self._weighing else CHIPS]
        if self._weighing:
            self._show_sliders(shown)
        else:
            self.chips.put(shown)
        more = len(column.values) - len(shown)
        self._more.text = f"and {count(more, 'label')} more, under edit" if more else ""

    def _show_sliders(self, values: list[Any]) -> None:
        old, self.sliders, self.rows = self._rows.children, {}, []
        scale = (0.0, *_scale(self.column.weights))
        shares = [Words("", "synthnb-studio-share") for _ in values]
        made = []
        for place, (value, share) in enumerate(zip(values, shares, strict=True)):
            chip = Chips(of=self.chips.of).add_class("synthnb-studio-label")
            chip.put([value])
            chip.on_msg(partial(self._heard, place))
            moved = slider(self.column.weights[place], scale, partial(self._weigh, str(value)))
            self.sliders[str(value)] = moved
            self.rows.append(chip)
            if place == self._wanted:
                self._hooks.focus(chip)  # it is marked before it is drawn
            made.append(w.HBox([chip, moved, share]).add_class("synthnb-studio-row"))
        rest = sum(self.column.weights[len(made) :])

        def tell(_: Any = None) -> None:
            total = sum(slider.value for slider in self.sliders.values()) + rest or 1.0
            for moved, share in zip(self.sliders.values(), shares, strict=True):
                share.text = f"{moved.value / total:.0%}"

        for moved in self.sliders.values():
            moved.observe(tell, names="value")
        tell()
        self._rows.children = tuple(made)
        for row in old:
            close(row)

    # ------------------------------------------------------------------ edits

    def _edit(self, change: Any, way: Any = "press") -> None:
        self._hooks.edit(f"columns.{self._name}", change, way)

    def _weigh(self, label: str, weight: float) -> None:
        self._edit(lambda draft: draft.weigh(self._name, label, weight), "set")

    def _heard(self, start: int, chips: Chips, content: Any, buffers: Any) -> None:
        """A label typed or removed, ``start`` places after the first one."""
        if not isinstance(content, dict):
            return
        before, text = self.column, content.get("text")
        if isinstance(content.get("add"), str):
            self._edit(lambda draft: draft.label(self._name, content["add"]))
            if self.column is not before:
                self.chips.send({"taken": content["add"]})
            return
        place = content.get("remove", content.get("rename"))
        if type(place) is not int or not 0 <= place + start < len(before.values):
            return
        place += start
        last = len(before.values) - 2 if "remove" in content else place
        self._wanted = min(place, last)  # its row is made anew
        if "remove" in content:
            self._edit(lambda draft: draft.unlabel(self._name, place))
        elif isinstance(text, str):
            self._edit(lambda draft: draft.relabel(self._name, place, text))
        self._wanted = None
        if self.column.values == before.values:
            chips.send({"kept": True})


def _plain(value: Any) -> str:
    """A label as text to edit, in characters that a message can carry."""
    return as_text(value).encode("utf-8", "replace").decode("utf-8")


def _scale(weights: list[float]) -> tuple[float, float]:
    """The end of the sliders of these weights, and a step that they are multiples of."""
    most = max(weights)
    if most <= 10 and all((2 * weight).is_integer() for weight in weights):
        return 10.0, 0.5
    if most <= 1:
        return 1.0, 0.01
    return (float(round(2 * most)), 1.0) if most > 50 else (2 * most, 0.01)
