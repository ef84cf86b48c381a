"""The studio's controls: weights, prompts, model, parameters and budget of one draft."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from synthnb.errors import RecipeError, SynthError
from synthnb.notebook.studio.words import Words
from synthnb.recipe.parts import Category, Prompt
from synthnb.studio import Draft
from synthnb.visible import as_text, count, one_line

if TYPE_CHECKING:
    from synthnb.recipe import Recipe
    from synthnb.samplers import Plan

__all__ = ["Form"]

Change = Callable[[Draft], Draft]
Edit = Callable[[str, Change, bool], None]
"""Takes the field's key, what to do to the draft, and whether the field is being typed in."""

_PARAMS = {"temperature": (0.0, 2.0, 0.05), "top_p": (0.01, 1.0, 0.01)}
_UNSET = {"temperature": 1.0, "top_p": 1.0}
"""What most endpoints take where a recipe says nothing; written only when moved."""
LABELS = 24
"""Labels of a category that get a slider."""


class Form(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Controls of a draft; each edit is handed on as a function from draft to draft.

    ``errors`` holds what is wrong with a field, by its key; it stands under the field until
    the field is right.
    """

    def __init__(self, draft: Draft, models: list[str], edit: Edit) -> None:
        self._edit = edit
        self._models = models
        self._plan: Plan | None = None
        self._rows = 1
        self._row = 0
        self.errors: dict[str, str] = {}
        super().__init__()
        self.add_class("synthnb-studio-form")
        self.fill(draft)

    def fill(self, draft: Draft) -> None:
        """Make the controls of this draft anew."""
        old = self.children  # type: ignore[has-type]  # ipywidgets ships no types
        self._draft = draft
        self.editors: dict[str, w.Textarea] = {}
        self.sliders: dict[tuple[str, str], w.FloatSlider] = {}
        self.fields: dict[str, w.Text] = {}
        self.previews: dict[str, Words] = {}
        self._captions: dict[str, Words] = {}
        self._moved: dict[str, Words] = {}
        self._notes: dict[str, Words] = {}
        self.errors.clear()
        cards = [self._column(name, column) for name, column in draft.recipe.columns.items()]
        self.children = (*cards, self._checks(draft), self._model(draft), self._budget(draft))
        self._show_preview()
        for child in old:
            _close(child)

    def show(self, draft: Draft) -> None:
        """Say of this draft what changed and what its prompts look like."""
        self._draft = draft
        for name, words in self._moved.items():
            words.text = draft.moved(name)
        self._show_preview()

    def preview(self, plan: Plan, rows: int) -> None:
        """Show the prompts of the current row of this plan of ``rows`` rows.

        A source may end before them; nothing is planned beyond its ``limit``.
        """
        self._plan = plan
        self._rows = rows if plan.limit is None else min(rows, plan.limit)
        self._row = max(0, min(self._row, self._rows - 1))
        self._show_preview()

    def wrong(self, key: str, message: str) -> None:
        """Say under a field what is wrong with it; nothing if the message is empty."""
        if message:
            self.errors[key] = message
        else:
            self.errors.pop(key, None)
        if key in self._notes:
            self._notes[key].text = one_line(message, 300)

    def take(self, place: int, text: str) -> None:
        """Text of the prompt at this place, sent ahead of what is on its way."""
        for editor in list(self.editors.values())[place : place + 1]:
            editor.value = text

    # ------------------------------------------------------------------ columns

    def _column(self, name: str, column: object) -> w.Widget:
        if isinstance(column, Category):
            even = len(set(column.weights)) == 1
            return _card(
                name,
                "category",
                self._weights(name, column),
                "equal" if even else "weight, share",
            )
        if isinstance(column, Prompt):
            return _card(name, "prompt", self._prompt(name, column))
        return _card(name, getattr(column, "kind", ""), [_dim(_described(self._draft, name))])

    def _weights(self, name: str, column: Category) -> list[w.Widget]:
        top, step = _scale(column.weights)
        shares = [Words("", "synthnb-studio-share") for _ in column.values]
        sliders: list[w.FloatSlider] = []
        rows: list[w.Widget] = []
        for value, weight, share in zip(column.values, column.weights, shares, strict=True):
            if len(sliders) == LABELS:
                break
            slider = self._slider(
                f"columns.{name}", weight, (0.0, top, step),
                partial(_weigh, name, str(value)),
            )  # fmt: skip
            self.sliders[name, str(value)] = slider
            sliders.append(slider)
            rows.append(_row(as_text(value), slider, share))

        def tell(_: Any = None) -> None:
            rest = sum(column.weights[len(sliders) :])
            total = sum(slider.value for slider in sliders) + rest or 1.0
            for slider, share in zip(sliders, shares, strict=False):
                share.text = f"{slider.value / total:.0%}"

        for slider in sliders:
            slider.observe(tell, names="value")
        tell()
        more = len(column.values) - len(sliders)
        rest = [_dim(f"and {count(more, 'label')} more, in the file")] if more else []
        self._moved[name] = Words(self._draft.moved(name), "synthnb-studio-moved")
        return [*rows, *rest, self._moved[name], self._note(f"columns.{name}")]

    def _prompt(self, name: str, column: Prompt) -> list[w.Widget]:
        rows = min(14, 2 + sum(1 + len(line) // 44 for line in column.prompt.split("\n")))
        editor = w.Textarea(column.prompt, rows=rows, layout=w.Layout(width="auto"))
        editor.add_class("synthnb-studio-editor")
        editor.add_class(f"synthnb-studio-prompt-{len(self.editors)}")

        def typed(change: Any) -> None:
            new = change["new"]
            self._edit(f"columns.{name}", lambda draft: draft.prompt(name, new), True)

        editor.observe(typed, names="value")
        self.editors[name] = editor
        label = Words(f"Prompt of {name}", "synthnb-studio-label", "synthnb-studio-hidden")
        field = w.VBox([label, editor]).add_class("synthnb-studio-row")
        self._captions[name] = Words("", "synthnb-studio-hint")
        self.previews[name] = Words("", "synthnb-studio-preview")
        steps = [self._step("‹ previous", -1), self._step("next ›", 1)]
        caption = w.HBox([self._captions[name], *steps]).add_class("synthnb-studio-caption")
        return [field, self._note(f"columns.{name}"), caption, self.previews[name]]

    def _step(self, text: str, by: int) -> w.Button:
        button = w.Button(description=text, layout=w.Layout(width="auto"))
        button.add_class("synthnb-studio-link")

        def pressed(_: Any) -> None:
            self._row = max(0, min(self._row + by, self._rows - 1))
            self._show_preview()

        button.on_click(pressed)
        return button

    def _show_preview(self) -> None:
        if self._plan is None or not self._rows:
            return
        planned = self._plan.row(self._row)
        for name, box in self.previews.items():
            try:
                shown = self._draft.preview(name, planned)
            except SynthError as error:
                box.text = str(error)
                continue
            box.show(shown.lines)
            examples = f" · {count(shown.examples, 'example')}" if shown.examples else ""
            drawn = f": {shown.drawn}" if shown.drawn else ""
            self._captions[name].text = one_line(
                f"Preview, row {self._row + 1} of {self._rows:,}{drawn}{examples}", 160
            )

    # ------------------------------------------------------------------ the rest

    def _checks(self, draft: Draft) -> w.Widget:
        lines: list[w.Widget] = [
            _row(check.rule, _dim(_options(check.options))) for check in draft.recipe.checks
        ]
        return _card("checks", "", lines or [_dim("none: every finished row is accepted")])

    def _model(self, draft: Draft) -> w.Widget:
        recipe = draft.recipe
        chosen = w.Combobox(
            value=recipe.model or "", options=tuple(self._models), continuous_update=False,
            placeholder="PROFILE/MODEL",
        )  # fmt: skip

        def picked(change: Any) -> None:
            new = change["new"].strip()
            self._edit("model", lambda d: d.model(new), False)

        chosen.observe(picked, names="value")
        self.fields["model"] = chosen
        params = [_row(name, self._param(recipe, name)) for name in _PARAMS]
        most = self._number(
            "max_tokens", recipe.params.max_tokens, int, partial(_param, "max_tokens")
        )
        body = [
            _row("model", chosen),
            self._note("model"),
            *params,
            self._note("params"),
            *most,
        ]
        return _card("model", "", body)

    def _param(self, recipe: Recipe, name: str) -> w.FloatSlider:
        value = getattr(recipe.params, name)
        return self._slider(
            "params", _UNSET[name] if value is None else value, _PARAMS[name],
            partial(_param, name),
        )  # fmt: skip

    def _budget(self, draft: Draft) -> w.Widget:
        own = draft.recipe.budget
        rows = []
        for cap, kind in (("usd", float), ("tokens", int), ("minutes", float)):
            rows += self._number(
                cap, getattr(own, cap, None), kind,
                partial(_cap, cap), key=f"budget.{cap}",
            )  # fmt: skip
        return _card("budget", "of each run; empty is no limit", rows)

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
        field = w.Text(shown, continuous_update=False, placeholder="not set")
        field.add_class("synthnb-studio-number")

        def typed(told: Any) -> None:
            text = told["new"].replace(",", "").strip()

            def changed(draft: Draft) -> Draft:
                try:
                    new = kind(text) if text else None
                except ValueError:
                    what = "a whole number" if kind is int else "a number"
                    raise RecipeError(
                        f"{key}: must be {what}, not {one_line(text, 40)}"
                    ) from None
                return change(draft, new)

            self._edit(key, changed, False)

        field.observe(typed, names="value")
        self.fields[key] = field
        return [_row(label, field), self._note(key)]

    def _slider(
        self, key: str, value: float, scale: tuple[float, float, float],
        change: Callable[[Draft, Any], Draft],
    ) -> w.FloatSlider:  # fmt: skip
        low, high, step = scale
        slider = w.FloatSlider(
            value, min=low, max=high, step=step, continuous_update=False,
            readout_format=".4", layout=w.Layout(flex="1 1 auto", width="auto"),
        )  # fmt: skip

        def moved(told: Any) -> None:
            new = round(told["new"], 4)
            self._edit(key, lambda draft: change(draft, new), False)

        slider.observe(moved, names="value")
        return slider

    def _note(self, key: str) -> Words:
        """Where what is wrong with a field stands."""
        self._notes[key] = Words("", "synthnb-studio-wrong", role="alert")
        return self._notes[key]


def _weigh(column: str, label: str, draft: Draft, weight: Any) -> Draft:
    return draft.weigh(column, label, weight)


def _param(name: str, draft: Draft, value: Any) -> Draft:
    return draft.param(name, value)


def _cap(name: str, draft: Draft, value: Any) -> Draft:
    return draft.budget(name, value)


def _scale(weights: list[float]) -> tuple[float, float]:
    """The end of the sliders of these weights, and a step that they are multiples of."""
    most = max(weights)
    if most <= 10 and all((2 * weight).is_integer() for weight in weights):
        return 10.0, 0.5
    if most <= 1:
        return 1.0, 0.01
    return (float(round(2 * most)), 1.0) if most > 50 else (2 * most, 0.01)


def _row(label: str, control: w.Widget, *after: w.Widget) -> w.Widget:
    """A control between its name and what is said about it."""
    name = Words(one_line(label, 60), "synthnb-studio-label")
    return w.HBox([name, control, *after]).add_class("synthnb-studio-row")


def _card(title: str, kind: str, body: list[w.Widget], hint: str = "") -> w.Widget:
    head = w.HBox(
        [
            Words(one_line(title, 60), "synthnb-studio-name"),
            Words(kind, "synthnb-studio-hint"),
            *([Words(hint, "synthnb-studio-hint", "synthnb-studio-end")] if hint else []),
        ]
    ).add_class("synthnb-studio-cardhead")
    return w.VBox([head, *body]).add_class("synthnb-studio-card")


def _dim(text: str) -> Words:
    return Words(one_line(text, 240), "synthnb-studio-dim")


def _described(draft: Draft, name: str) -> str:
    data = draft.recipe.to_dict()["columns"].get(name)
    return _options(data) if isinstance(data, dict) else as_text(data)


def _options(options: object) -> str:
    if isinstance(options, dict):
        return ", ".join(f"{key} {_value(value)}" for key, value in options.items())
    return _value(options)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return as_text(value)


def _close(widget: Any) -> None:
    """Give a widget back, and those inside: ipywidgets keeps every one it is not told of."""
    for child in getattr(widget, "children", ()):
        _close(child)
    widget.close()
