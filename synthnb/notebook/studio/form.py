"""The studio's controls: columns, checks, model, parameters and budget of one draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from synthnb.notebook.studio.checks import ChecksCard
from synthnb.notebook.studio.columns import ColumnCard
from synthnb.notebook.studio.controls import (
    Edit,
    Hooks,
    Notes,
    aside,
    card_head,
    close,
    link,
    number_of,
    pick,
    row,
    slider,
)
from synthnb.studio import Draft

if TYPE_CHECKING:
    from synthnb.recipe import Recipe
    from synthnb.samplers import Plan

__all__ = ["Form"]

_PARAMS = {"temperature": (0.0, 2.0, 0.05), "top_p": (0.01, 1.0, 0.01)}
_UNSET = {"temperature": 1.0, "top_p": 1.0}
"""What most endpoints take where a recipe says nothing; written only when moved."""


class Form(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Controls of a draft; each edit is handed on as a function from draft to draft.

    ``notes`` say what is wrong with a field, by its key; the first of ``models`` is what
    writes where the recipe names none.
    """

    def __init__(
        self,
        draft: Draft,
        models: Sequence[str],
        rules: Sequence[str],
        edit: Edit,
        focus: Callable[[w.Widget], None],
    ) -> None:
        self._models = models
        self._plan: Plan | None = None
        self._counted: Mapping[str, float] = {}
        self._rows = 1
        self._row = 0
        self._draft = draft
        self.notes = Notes()
        self._hooks = Hooks(edit, self.notes, self._step, focus, lambda: self.name)
        self.cards: dict[str, ColumnCard] = {}
        self.fields: dict[str, w.Text] = {}
        self._columns = w.VBox().add_class("synthnb-studio-cards")
        self.checks = ChecksCard(draft, list(rules), self._hooks)
        self._make_more(draft)
        super().__init__()
        self.add_class("synthnb-studio-form")
        self._fill_rest(draft)
        self.show(draft)

    def fill(self, draft: Draft) -> None:
        """Show this draft, made by another hand than the controls, in all of them."""
        for name, card in self.cards.items():
            column = draft.recipe.columns.get(name)
            wrong = card.key in self.notes.refused
            if column is not None and (wrong or column != card.column):
                card.unfolded = False
                card.fill(draft)
        self.checks.renew(draft)
        same = _rest(self._draft) == _rest(draft)
        others = ("columns", "checks")
        if not same or any(not key.startswith(others) for key in self.notes.refused):
            self._fill_rest(draft)
        self.show(draft)

    def show(self, draft: Draft) -> None:
        """Say of this draft what changed and what its prompts look like."""
        before = list(self.cards)
        names = list(draft.recipe.columns)
        self._draft = draft
        gone = [self.cards.pop(name) for name in before if name not in names]
        kept = [card for name, card in self.cards.items() if name in names]
        for card in kept:
            card.show(draft)
        for name in names:
            if name not in self.cards:
                self.cards[name] = ColumnCard(name, draft, self._hooks)
        if before != names:
            self.cards = {name: self.cards[name] for name in names}
            self._columns.children = tuple(self.cards.values())
        for card in gone:
            self.notes.wrong(card.key, "")
            close(card)
        self.checks.show(draft)
        if self.kind.options != tuple(draft.kinds()):
            self.kind.options = tuple(draft.kinds())
        self.show_preview()

    def preview(
        self, plan: Plan, rows: int, counted: Mapping[str, float] | None = None
    ) -> None:
        """Show the prompts of the current row of this plan of ``rows`` rows.

        A source may end before them; nothing is planned beyond its ``limit``.
        """
        self._plan, self._counted = plan, counted or {}
        self._rows = rows if plan.limit is None else min(rows, plan.limit)
        self._row = max(0, min(self._row, self._rows - 1))
        self.show_preview()

    def take(self, name: str, text: str) -> None:
        """Text of the prompt of this column, sent ahead of what is on its way."""
        card = self.cards.get(name)
        if card is not None and card.editor is not None and not card.unfolded:
            card.editor.value = text

    def _step(self, by: int) -> None:
        self._row = max(0, min(self._row + by, self._rows - 1))
        self.show_preview()

    def show_preview(self) -> None:
        """Show the prompts anew; where an edit was refused, say that they are older."""
        if self._plan is None or not self._rows:
            return
        for name, card in self.cards.items():
            card.say(self._plan, self._row, self._rows, self._counted.get(name, 1.0))

    # ------------------------------------------------------------------ one more column

    def _make_more(self, draft: Draft) -> None:
        self.name = w.Text(placeholder="its name", layout=w.Layout(width="auto"))
        self.kind = pick(draft.kinds())
        self.kind.value = "prompt"
        self.add = link("add", self._add, "a column")
        line = row("new column", self.name, aside("of kind", self.kind, self.add))
        note = self.notes.place("columns")
        self._more = w.VBox([line, note]).add_class("synthnb-studio-card")

    def _add(self) -> None:
        """A new column at the end, its YAML open."""
        name, kind = self.name.value.strip(), self.kind.value
        before = set(self.cards)
        self._hooks.edit("columns", lambda draft: draft.add(name, kind), "press")
        if name in before or name not in self.cards:
            self._hooks.focus(self.name)
            return
        self.name.value = ""
        self.cards[name].toggle.click()

    # ------------------------------------------------------------------ the rest

    def _fill_rest(self, draft: Draft) -> None:
        old = self.children[-2:]  # type: ignore[has-type]  # ipywidgets ships no types
        rest = (self._model(draft.recipe), self._budget(draft.recipe))
        self.children = (self._columns, self._more, self.checks, *rest)
        for card in old:
            close(card)

    def _model(self, recipe: Recipe) -> w.Widget:
        chosen = w.Combobox(
            value=recipe.model or "", options=tuple(self._models), continuous_update=False,
            placeholder=f"{self._models[0]}, the default" if self._models else "PROFILE/MODEL",
        )  # fmt: skip

        def picked(change: Any) -> None:
            new = change["new"].strip()
            self._hooks.edit("model", lambda d: d.model(new), "set")

        chosen.observe(picked, names="value")
        self.fields["model"] = chosen
        params = [row(name, self._param(recipe, name)) for name in _PARAMS]
        most = self._number(
            "max_tokens", recipe.params.max_tokens, int, partial(_param, "max_tokens")
        )
        notes = self.notes.place
        head = card_head("model", "", aside("model", chosen))
        body = [head, notes("model"), *params, notes("params"), *most]
        return w.VBox(body).add_class("synthnb-studio-card")

    def _param(self, recipe: Recipe, name: str) -> w.FloatSlider:
        value = getattr(recipe.params, name)
        usual = _UNSET[name] if value is None else value

        def moved(new: float) -> None:
            self._hooks.edit("params", lambda draft: draft.param(name, new), "set")

        return slider(usual, _PARAMS[name], moved, ".2f")

    def _budget(self, recipe: Recipe) -> w.Widget:
        fields: list[w.Widget] = []
        notes: list[w.Widget] = []
        for cap, kind in (("usd", float), ("tokens", int), ("minutes", float)):
            value = getattr(recipe.budget, cap, None)
            made = self._number(cap, value, kind, partial(_cap, cap), key=f"budget.{cap}")
            fields.append(made[0])
            notes.append(made[1])
        head = card_head("budget", "of each run; empty is no limit")
        caps = w.HBox(fields).add_class("synthnb-studio-caps")
        return w.VBox([head, caps, *notes]).add_class("synthnb-studio-card")

    def _number(
        self,
        label: str,
        value: float | None,
        kind: type[int] | type[float],
        change: Callable[[Draft, Any], Draft],
        key: str = "",
    ) -> list[w.Widget]:
        """A field for a number that may be left empty, and the note under it."""
        key = key or label
        shown = "" if value is None else f"{value:,}"
        field = w.Text(shown, continuous_update=False, placeholder="none")
        field.add_class("synthnb-studio-number")

        def typed(told: Any) -> None:
            text = told["new"]
            self._hooks.edit(key, lambda d: change(d, number_of(text, kind, key)), "set")

        field.observe(typed, names="value")
        self.fields[key] = field
        return [row(label, field), self.notes.place(key)]


def _rest(draft: Draft) -> object:
    """What the controls below the checks show."""
    recipe = draft.recipe
    return recipe.model, recipe.params, recipe.budget


def _param(name: str, draft: Draft, value: Any) -> Draft:
    return draft.param(name, value)


def _cap(name: str, draft: Draft, value: Any) -> Draft:
    return draft.budget(name, value)
