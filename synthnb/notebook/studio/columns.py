"""The card of a column: labels with weights, an editor for a prompt, YAML for all else."""

from __future__ import annotations

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
    yaml_field,
)
from synthnb.notebook.studio.editor import Editor
from synthnb.notebook.studio.labels import Labels, uneven
from synthnb.notebook.studio.words import Words
from synthnb.recipe.parts import Category, Prompt
from synthnb.visible import count, one_line

if TYPE_CHECKING:
    from synthnb.samplers import Plan
    from synthnb.studio import Draft

__all__ = ["ColumnCard"]


class ColumnCard(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """One column of a draft. ``editor`` holds its YAML while that is edited, its prompt
    otherwise; ``step`` goes to another row of the preview."""

    def __init__(self, name: str, draft: Draft, hooks: Hooks) -> None:
        self.name = name
        self.key = f"columns.{name}"
        self.unfolded = False
        self.weighing = False
        self._hooks = hooks
        super().__init__()
        self.add_class("synthnb-studio-card")
        self.fill(draft)

    def fill(self, draft: Draft) -> None:
        """Make the card of this draft's column anew."""
        old = self.children  # type: ignore[has-type]  # ipywidgets ships no types
        self._draft = draft
        self.column = draft.recipe.columns[self.name]
        self.editor: Editor | w.Textarea | None = None
        self.labels: Labels | None = None
        self.weigher: w.Button | None = None
        self.preview: Words | None = None
        self.caption: Words | None = None
        self.size: Words | None = None
        self.moved: Words | None = None
        self.strangers: Words | None = None
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
            if self.labels is not None and isinstance(now, Category):
                if now.values != self.labels.column.values:
                    self.labels.show(now)
                self.labels.column = now
            if self.moved is not None:
                self.moved.text = draft.moved(self.name)
            if self.strangers is not None:
                self.strangers.text = "\n".join(draft.strangers(self.name))
        else:
            self.fill(draft)

    def say(self, plan: Plan, index: int, of: int, counted: float = 1.0) -> None:
        """Show the prompt of this row of the plan, one of ``of``; ``counted`` are its tokens
        for each that its length alone tells."""
        if self.preview is None or self.caption is None or self.size is None:
            return
        try:
            shown = self._draft.preview(self.name, plan, index)
        except SynthError as error:
            self.preview.text, self.size.text = str(error), ""
            return
        self.preview.show(shown.lines)
        drawn = f": {shown.drawn}" if shown.drawn else ""
        named = "Last valid" if self.key in self._hooks.notes.refused else "Preview"
        self.caption.text = one_line(f"{named}, row {index + 1} of {of:,}{drawn}", 160)
        beside = ["the system message"] if shown.system else []
        beside += [count(shown.examples, "example")] if shown.examples else []
        said = f" with {' and '.join(beside)}" if beside else ""
        self.size.text = f"about {count(round(shown.tokens * counted), 'token')}{said}"

    # ------------------------------------------------------------------ parts

    def _head(self) -> w.Widget:
        kind, more = getattr(self.column, "kind", ""), []
        if isinstance(self.column, Category) and not self.unfolded:
            weighing = self.weighing or uneven(self.column)
            kind += ", weighted" if weighing else ", equal"
            self.weigher = link("equal" if weighing else "weigh", self._weigh, self.name)
            more = [self.weigher]
        if isinstance(self.column, Prompt) and self.column.examples:
            kind += f", {count(len(self.column.examples), 'example')}"
        more += [self.toggle, link("remove", self._remove, self.name)]
        return card_head(self.name, kind, *more)

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
            return self._labels(self.column)
        if isinstance(self.column, Prompt):
            return self._prompt(self.column)
        data = self._draft.recipe.to_dict()["columns"][self.name]
        return [dim(listed(data)), self._note()]

    def _labels(self, column: Category) -> list[w.Widget]:
        self.weighing = self.weighing or uneven(column)
        self.labels = Labels(self.name, column, self._hooks, weighing=self.weighing)
        self.moved = Words(self._draft.moved(self.name), "synthnb-studio-moved")
        strangers = "\n".join(self._draft.strangers(self.name))
        self.strangers = Words(strangers, "synthnb-studio-wrong", role="status")
        return [self.labels, self.moved, self.strangers, self._note()]

    def _weigh(self) -> None:
        """A slider for each label, or the same weight for all of them."""
        self.weighing = not self.weighing
        if self.weighing:
            self.fill(self._draft)
        else:
            self._edit(lambda draft: draft.level(self.name), "press")
            self.fill(self._draft)
        self._hooks.focus(self.weigher or self.toggle)

    def _prompt(self, column: Prompt) -> list[w.Widget]:
        editor = Editor(value=column.prompt)
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
        self.size = Words("", "synthnb-studio-hint")
        steps = [
            link("‹ previous", lambda: self._hooks.step(-1)),
            link("next ›", lambda: self._hooks.step(1)),
        ]
        caption = w.HBox([self.caption, *steps]).add_class("synthnb-studio-caption")
        return [field, self._note(), caption, self.preview, self.size]


def _shape(column: object) -> object:
    """What the controls of a column are made for: two of one shape share them."""
    return type(column) if isinstance(column, Category | Prompt) else column
