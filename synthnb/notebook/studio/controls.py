"""What the studio's form is made of: rows, cards, links, fields, notes of what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import ipywidgets as w

from synthnb.errors import RecipeError
from synthnb.notebook.studio.words import Words
from synthnb.studio import Draft
from synthnb.visible import as_text, one_line

__all__ = [
    "Change",
    "Edit",
    "Hooks",
    "Notes",
    "Way",
    "aside",
    "card_head",
    "close",
    "dim",
    "head_row",
    "link",
    "listed",
    "number_of",
    "pick",
    "row",
    "slider",
    "yaml_field",
]

Change = Callable[[Draft], Draft]
Way = Literal["typing", "set", "press"]
"""A field is being typed in, or was left with another value, or a button was pressed."""
Edit = Callable[[str, Change, Way], None]
"""Takes the field's key and what to do to the draft."""


class Notes:
    """What is wrong with the fields of a form, by key, each under its field.

    What a field's value was refused for (``refused``) stays until the field is right, what a
    button was refused for until the next edit; what the next run would be refused for is
    told anew with each look ahead.
    """

    def __init__(self) -> None:
        self.refused: dict[str, str] = {}
        self._pressed: dict[str, str] = {}
        self._ahead: dict[str, str] = {}
        self._words: dict[str, Words] = {}

    @property
    def all(self) -> dict[str, str]:
        """All that is wrong."""
        return {**self._ahead, **self.refused, **self._pressed}

    def place(self, key: str) -> Words:
        """Where what is wrong with a field stands; a field made anew shows what is right."""
        self.refused.pop(key, None)
        self._words[key] = Words("", "synthnb-studio-wrong", role="alert")
        self._show(key)
        return self._words[key]

    def wrong(self, key: str, message: str, way: Way = "set") -> None:
        """Why an edit of this field was refused; nothing if the message is empty."""
        keys = {key, *self._pressed}
        self._pressed.clear()
        if way != "press" or not message:
            self.refused.pop(key, None)
        if message:
            (self._pressed if way == "press" else self.refused)[key] = message
        for each in keys:
            self._show(each)

    def drop(self, prefix: str) -> None:
        """Forget what was refused in fields whose keys begin so: they are gone."""
        for key in [key for key in self.refused if key.startswith(prefix)]:
            self.wrong(key, "")

    def ahead(self, **found: str) -> None:
        """What is wrong with the recipe as it stands, and with no other field."""
        keys = {*self._ahead, *found}
        self._ahead = found
        for key in keys:
            self._show(key)

    def text(self, key: str) -> str:
        """What stands under a field."""
        return self._words[key].text

    def _show(self, key: str) -> None:
        if key in self._words:
            self._words[key].text = one_line(self.all.get(key, ""), 300)


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the parts of a form tell the studio."""

    edit: Edit
    notes: Notes
    step: Callable[[int], None]
    """Show the preview of the row so many further on."""
    focus: Callable[[w.Widget], None]
    """Give the keyboard to a control that took the place of another one."""
    after: Callable[[], w.Widget]
    """The control that follows the columns."""


def row(label: str, control: w.Widget, *after: w.Widget) -> w.Widget:
    """A control between its name and what is said about it."""
    name = Words(one_line(label, 60), "synthnb-studio-label")
    return w.HBox([name, control, *after]).add_class("synthnb-studio-row")


def aside(label: str, *controls: w.Widget) -> w.Widget:
    """Controls that take the rest of a line; their name is heard, not seen."""
    name = Words(label, "synthnb-studio-label", "synthnb-studio-hidden")
    made = w.HBox([name, *controls]).add_class("synthnb-studio-row")
    return made.add_class("synthnb-studio-aside")


def head_row(title: str, hint: w.Widget) -> w.Widget:
    """The title of a part of the studio, and what is said about it."""
    return w.HBox([Words(title, "synthnb-studio-head"), hint]).add_class(
        "synthnb-studio-headrow"
    )


def card_head(title: str, kind: str, *after: w.Widget) -> w.Widget:
    """The first line of a card; ``after`` stands at its end."""
    head = [Words(one_line(title, 60), "synthnb-studio-name")]
    head.append(Words(kind, "synthnb-studio-hint", "synthnb-studio-kind"))
    return w.HBox([*head, *after]).add_class("synthnb-studio-cardhead")


def dim(text: str) -> Words:
    """Text that is there to be read only."""
    return Words(one_line(text, 240), "synthnb-studio-dim")


def link(text: str, pressed: Callable[[], None], about: str = "") -> w.Button:
    """A button that looks like a link; ``about`` is what it acts on, for its tooltip."""
    button = w.Button(description=text, layout=w.Layout(width="auto"))
    button.add_class("synthnb-studio-link")
    if about:
        button.tooltip = one_line(f"{text} {about}", 80)
    button.on_click(lambda _: pressed())
    return button


def pick(options: Sequence[str]) -> w.Dropdown:
    """One of a few names."""
    made = w.Dropdown(options=tuple(options), layout=w.Layout(width="auto", flex="1 1 90px"))
    return made.add_class("synthnb-studio-pick")


def slider(
    value: float,
    scale: tuple[float, float, float],
    moved: Callable[[float], None],
    digits: str = ".4",
) -> w.FloatSlider:
    """A slider of low end, high end and step; what was moved to is told when it is let go.

    ``digits`` is how its number is written, in Python's words for that.
    """
    low, high, step = scale
    made = w.FloatSlider(
        value, min=low, max=high, step=step, continuous_update=False,
        readout_format=digits, layout=w.Layout(flex="1 1 auto", width="auto"),
    )  # fmt: skip
    made.observe(lambda told: moved(round(told["new"], 4)), names="value")
    return made


def number_of(text: str, kind: type[int] | type[float], key: str) -> float | None:
    """The number in a field, ``None`` where it is empty; raises where it is none."""
    plain = text.replace(",", "").strip()
    try:
        return kind(plain) if plain else None
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise RecipeError(f"{key}: must be {what}, not {one_line(plain, 40)}") from None


def yaml_field(label: str, text: str, typed: Callable[[str], None]) -> tuple[Any, w.Widget]:
    """A field for the YAML of a part, told when it is left; the field, and its row."""
    lines = sum(1 + len(line) // 48 for line in text.split("\n"))
    field = w.Textarea(
        text, rows=min(14, 1 + lines), continuous_update=False, layout=w.Layout(width="auto")
    )
    field.add_class("synthnb-studio-editor")
    field.observe(lambda told: typed(told["new"]), names="value")
    name = Words(one_line(label, 80), "synthnb-studio-label", "synthnb-studio-hidden")
    return field, w.VBox([name, field]).add_class("synthnb-studio-row")


def listed(options: object) -> str:
    """A part of a recipe in one line of words: ``column text, min 5``."""
    if isinstance(options, dict):
        return ", ".join(f"{key} {_value(value)}" for key, value in options.items())
    return _value(options)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    if isinstance(value, dict):
        return listed(value)
    return as_text(value)


def close(widget: Any) -> None:
    """Give a widget back, and those inside: ipywidgets keeps every one it is not told of."""
    for child in getattr(widget, "children", ()):
        close(child)
    widget.close()
