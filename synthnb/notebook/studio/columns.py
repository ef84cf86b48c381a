"""The card of a column: sliders for weights, an editor for a prompt, YAML for all else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from synthnb.errors import SynthError
from synthnb.notebook.studio.controls import (
    Change,
    Hooks,
    Way,
    card_head,
    close,
    dim,
    link,
    listed,
    row,
    slider,
    yaml_field,
)
from synthnb.notebook.studio.words import Words
from synthnb.recipe.parts import Category, Prompt
from synthnb.visible import as_text, count, one_line

if TYPE_CHECKING:
    from synthnb.samplers import PlannedRow
    from synthnb.studio import Draft

__all__ = ["ColumnCard"]

LABELS = 24
"""Labels of a category that get a slider."""


class ColumnCard(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """One column of a draft. ``editor`` holds its YAML while that is edited, its prompt
    otherwise; ``step`` goes to another row of the preview."""

    def __init__(self, name: str, draft: Draft, hooks: Hooks) -> None:
        self.name = name
        self.key = f"columns.{name}"
        self.unfolded = False
        self._hooks = hooks
        super().__init__()
        self.add_class("synthnb-studio-card")
        self.fill(draft)

    def fill(self, draft: Draft) -> None:
        """Make the card of this draft's column anew."""
        old = self.children  # type: ignore[has-type]  # ipywidgets ships no types
        self._draft = draft
        self.column = draft.recipe.columns[self.name]
        self.editor: w.Textarea | None = None
        self.sliders: dict[str, w.FloatSlider] = {}
        self.preview: Words | None = None
        self.caption: Words | None = None
        self.moved: Words | None = None
        self.toggle = link("done" if self.unfolded else "edit", self._toggle, self.name)
        self.children = (self._head(), *(self._yaml() if self.unfolded else self._body()))
        for child in old:
            close(child)

    def show(self, draft: Draft) -> None:
        """Say of this draft what changed; made anew where the card shows something else."""
        now = draft.recipe.columns[self.name]
        self._draft = draft
        if self.unfolded or _shape(now) == _shape(self.column):
            self.column = now
            if self.moved is not None:
                self.moved.text = draft.moved(self.name)
        else:
            self.fill(draft)

    def say(self, planned: PlannedRow, of: int) -> None:
        """Show the prompt of this row, one of ``of``."""
        if self.preview is None or self.caption is None:
            return
        try:
            shown = self._draft.preview(self.name, planned)
        except SynthError as error:
            self.preview.text = str(error)
            return
        self.preview.show(shown.lines)
        examples = f" · {count(shown.examples, 'example')}" if shown.examples else ""
        drawn = f": {shown.drawn}" if shown.drawn else ""
        named = "Last valid" if self.key in self._hooks.notes.refused else "Preview"
        self.caption.text = one_line(
            f"{named}, row {planned.index + 1} of {of:,}{drawn}{examples}", 160
        )

    # ------------------------------------------------------------------ parts

    def _head(self) -> w.Widget:
        kind = getattr(self.column, "kind", "")
        if isinstance(self.column, Category) and not self.unfolded:
            kind += ", weight and share"
        if isinstance(self.column, Prompt) and self.column.examples:
            kind += f", {count(len(self.column.examples), 'example')}"
        return card_head(self.name, kind, self.toggle, link("remove", self._remove, self.name))

    def _note(self) -> Words:
        return self._hooks.notes.place(self.key)

    def _edit(self, change: Change, way: Way = "set") -> None:
        self._hooks.edit(self.key, change, way)

    def _toggle(self) -> None:
        """Open or close the YAML; not while it is wrong: what was typed is not thrown away."""
        if self.key in self._hooks.notes.refused:
            return
        self.unfolded = not self.unfolded
        self.fill(self._draft)
        self._hooks.step(0)  # a prompt's preview
        self._hooks.focus(self.editor if self.unfolded and self.editor else self.toggle)

    def _remove(self) -> None:
        self._edit(lambda draft: draft.remove(self.name), "press")
        if self.comm is None:  # it is gone, and its button with it
            self._hooks.focus(self._hooks.after())

    def _yaml(self) -> list[w.Widget]:
        def typed(text: str) -> None:
            self._edit(lambda draft: draft.rewrite(self.name, text))

        text = self._draft.column(self.name)
        self.editor, field = yaml_field(f"{self.name} as YAML", text, typed)
        return [field, self._note()]

    def _body(self) -> list[w.Widget]:
        if isinstance(self.column, Category):
            return self._weights(self.column)
        if isinstance(self.column, Prompt):
            return self._prompt(self.column)
        data = self._draft.recipe.to_dict()["columns"][self.name]
        return [dim(listed(data)), self._note()]

    def _weights(self, column: Category) -> list[w.Widget]:
        top, step = _scale(column.weights)
        shares = [Words("", "synthnb-studio-share") for _ in column.values[:LABELS]]
        rows: list[w.Widget] = []
        for value, weight, share in zip(column.values, column.weights, shares, strict=False):
            made = slider(weight, (0.0, top, step), partial(self._weigh, str(value)))
            self.sliders[str(value)] = made
            rows.append(row(as_text(value), made, share))
        rest = sum(column.weights[len(rows) :])

        def tell(_: Any = None) -> None:
            total = sum(slider.value for slider in self.sliders.values()) + rest or 1.0
            for made, share in zip(self.sliders.values(), shares, strict=True):
                share.text = f"{made.value / total:.0%}"

        for made in self.sliders.values():
            made.observe(tell, names="value")
        tell()
        more = len(column.values) - len(rows)
        hidden = [dim(f"and {count(more, 'label')} more, under edit")] if more else []
        self.moved = Words(self._draft.moved(self.name), "synthnb-studio-moved")
        return [*rows, *hidden, self.moved, self._note()]

    def _weigh(self, label: str, weight: float) -> None:
        self._edit(lambda draft: draft.weigh(self.name, label, weight))

    def _prompt(self, column: Prompt) -> list[w.Widget]:
        rows = min(14, 2 + sum(1 + len(line) // 44 for line in column.prompt.split("\n")))
        editor = w.Textarea(column.prompt, rows=rows, layout=w.Layout(width="auto"))
        editor.add_class("synthnb-studio-editor")
        editor.add_class(f"synthnb-studio-prompt-{self.name}")

        def typed(change: Any) -> None:
            new = change["new"]
            self._edit(lambda draft: draft.prompt(self.name, new), "typing")

        editor.observe(typed, names="value")
        self.editor = editor
        label = Words(f"Prompt of {self.name}", "synthnb-studio-label", "synthnb-studio-hidden")
        field = w.VBox([label, editor]).add_class("synthnb-studio-row")
        self.caption = Words("", "synthnb-studio-hint")
        self.preview = Words("", "synthnb-studio-preview")
        steps = [
            link("‹ previous", lambda: self._hooks.step(-1)),
            link("next ›", lambda: self._hooks.step(1)),
        ]
        caption = w.HBox([self.caption, *steps]).add_class("synthnb-studio-caption")
        return [field, self._note(), caption, self.preview]


def _shape(column: object) -> object:
    """What the controls of a column are made for: two of one shape share them."""
    if isinstance(column, Category):
        return column.values
    return None if isinstance(column, Prompt) else column


def _scale(weights: list[float]) -> tuple[float, float]:
    """The end of the sliders of these weights, and a step that they are multiples of."""
    most = max(weights)
    if most <= 10 and all((2 * weight).is_integer() for weight in weights):
        return 10.0, 0.5
    if most <= 1:
        return 1.0, 0.01
    return (float(round(2 * most)), 1.0) if most > 50 else (2 * most, 0.01)
