"""The studio's controls: weights, prompts, model and parameters of one draft."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from synthnb.errors import SynthError
from synthnb.recipe.parts import Category, Prompt
from synthnb.studio import Draft
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.samplers import Plan

__all__ = ["Form"]

Edit = Callable[[Callable[[Draft], Draft]], None]

_PARAMS = {"temperature": (0.0, 2.0, 0.05), "top_p": (0.0, 1.0, 0.01)}
_UNSET = {"temperature": 1.0, "top_p": 1.0}
"""What most endpoints take where a recipe says nothing; written only when moved."""


class Form(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Controls of a draft; each edit is handed on as a function from draft to draft."""

    def __init__(self, draft: Draft, models: list[str], edit: Edit) -> None:
        self._edit = edit
        self._models = models
        self._plan: Plan | None = None
        self._row = 0
        self._previews: dict[str, w.Textarea] = {}
        self._captions: dict[str, w.Label] = {}
        super().__init__()
        self.add_class("synthnb-studio-form")
        self.fill(draft)

    def fill(self, draft: Draft) -> None:
        """Make the controls of this draft anew."""
        self._draft = draft
        self._previews.clear()
        self._captions.clear()
        cards = [self._card(name, column) for name, column in draft.recipe.columns.items()]
        self.children = (*cards, self._checks(draft), self._model(draft))

    def preview(self, plan: Plan) -> None:
        """Show the prompts of the current row of this plan."""
        self._plan = plan
        self._show_preview()

    # ------------------------------------------------------------------ columns

    def _card(self, name: str, column: object) -> w.Widget:
        if isinstance(column, Category):
            return _card(name, "category", self._weights(name, column))
        if isinstance(column, Prompt):
            return _card(name, "prompt", self._prompt(name, column))
        text = _described(self._draft, name)
        return _card(name, getattr(column, "kind", ""), [w.Label(text)])

    def _weights(self, name: str, column: Category) -> list[w.Widget]:
        top = max(10.0, *column.weights)
        shares = [w.Label(layout=w.Layout(width="48px")) for _ in column.values]
        sliders = []
        for value, weight in zip(column.values, column.weights, strict=True):
            slider = w.FloatSlider(
                weight, min=0, max=top, step=0.5, description=one_line(str(value), 40),
                continuous_update=False, readout_format=".1f", layout=w.Layout(flex="1 1 auto"),
            )  # fmt: skip
            sliders.append(slider)

        def tell() -> None:
            total = sum(slider.value for slider in sliders) or 1.0
            for slider, share in zip(sliders, shares, strict=True):
                share.value = f"{slider.value / total:.0%}"

        def listen(slider: w.FloatSlider, label: str) -> None:
            def moved(change: Any) -> None:
                tell()
                self._change(lambda draft: draft.weigh(name, label, change["new"]))

            slider.observe(moved, names="value")

        for slider, value in zip(sliders, column.values, strict=True):
            listen(slider, str(value))
        tell()
        return [w.HBox([s, share]) for s, share in zip(sliders, shares, strict=True)]

    def _prompt(self, name: str, column: Prompt) -> list[w.Widget]:
        rows = min(12, 2 + column.prompt.count("\n") + len(column.prompt) // 48)
        editor = w.Textarea(
            column.prompt, rows=rows, continuous_update=False, layout=w.Layout(width="auto")
        ).add_class("synthnb-studio-editor")
        # The control has no visible label of its own: its card names it.
        editor.tooltip = f"Prompt of {name}"

        def typed(change: Any) -> None:
            self._change(lambda draft: draft.prompt(name, change["new"]))

        editor.observe(typed, names="value")
        self._captions[name] = w.Label().add_class("synthnb-studio-hint")
        self._previews[name] = w.Textarea(
            disabled=True, rows=rows, layout=w.Layout(width="auto")
        ).add_class("synthnb-studio-preview")
        steps = [self._step("‹ previous", -1), self._step("next ›", 1)]
        return [editor, w.HBox([self._captions[name], *steps]), self._previews[name]]

    def _step(self, text: str, by: int) -> w.Button:
        button = w.Button(description=text, layout=w.Layout(width="auto"))

        def pressed(_: Any) -> None:
            self._row = max(0, self._row + by)
            self._show_preview()

        button.on_click(pressed)
        return button

    def _change(self, change: Callable[[Draft], Draft]) -> None:
        def remembered(draft: Draft) -> Draft:
            self._draft = change(draft)
            return self._draft

        self._edit(remembered)

    def _show_preview(self) -> None:
        if self._plan is None:
            return
        planned = self._plan.row(self._row)
        for name, box in self._previews.items():
            try:
                shown = self._draft.preview(name, planned)
            except SynthError as error:
                box.value = str(error)
                continue
            box.value = shown.prompt
            examples = f" · {shown.examples} examples" if shown.examples else ""
            self._captions[name].value = one_line(
                f"Preview, row {self._row + 1}: {shown.drawn}{examples}", 120
            )

    # ------------------------------------------------------------------ the rest

    def _checks(self, draft: Draft) -> w.Widget:
        lines = [f"{c.rule}  {_options(c.options)}" for c in draft.recipe.checks]
        return _card("checks", "", [w.Label(one_line(line, 120)) for line in lines or ["none"]])

    def _model(self, draft: Draft) -> w.Widget:
        recipe = draft.recipe
        chosen = w.Combobox(
            value=recipe.model or "", options=tuple(self._models), description="model",
            continuous_update=False, placeholder="PROFILE/MODEL",
        )  # fmt: skip
        chosen.observe(
            lambda change: self._change(lambda d: d.model(change["new"])), names="value"
        )
        sliders = [self._slider(draft, name) for name in _PARAMS]
        tokens = w.IntText(recipe.params.max_tokens or 0, description="max_tokens")
        tokens.observe(
            lambda change: self._change(lambda d: d.param("max_tokens", change["new"] or None)),
            names="value",
        )
        return _card("model", "", [chosen, *sliders, tokens])

    def _slider(self, draft: Draft, name: str) -> w.FloatSlider:
        low, high, step = _PARAMS[name]
        value = getattr(draft.recipe.params, name)
        slider = w.FloatSlider(
            _UNSET[name] if value is None else value, min=low, max=high, step=step,
            description=name, continuous_update=False,
        )  # fmt: skip

        def moved(change: Any) -> None:
            self._change(lambda d: d.param(name, round(change["new"], 4)))

        slider.observe(moved, names="value")
        return slider


def _card(title: str, kind: str, body: list[w.Widget]) -> w.Widget:
    head = w.HBox(
        [
            w.Label(one_line(title, 60)).add_class("synthnb-studio-name"),
            w.Label(kind).add_class("synthnb-studio-hint"),
        ]
    )
    return w.VBox([head, *body]).add_class("synthnb-studio-card")


def _described(draft: Draft, name: str) -> str:
    data = draft.recipe.to_dict()["columns"].get(name)
    return one_line(_options(data) if isinstance(data, dict) else str(data), 120)


def _options(options: object) -> str:
    if isinstance(options, dict):
        return ", ".join(f"{key} {value}" for key, value in options.items())
    return str(options)
