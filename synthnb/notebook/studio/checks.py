"""The card of the checks: each in a line, its YAML while it is edited, one more by name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import ipywidgets as w

from synthnb.checks import BUILDERS, entry_points, users_checks
from synthnb.errors import SynthError
from synthnb.notebook.studio.controls import (
    Hooks,
    aside,
    card_head,
    close,
    dim,
    link,
    listed,
    pick,
    row,
    yaml_field,
)

if TYPE_CHECKING:
    from pathlib import Path

    from synthnb.recipe.parts import CheckSpec
    from synthnb.studio import Draft

__all__ = ["ChecksCard", "known_rules"]


def known_rules(file: str | Path | None) -> list[str]:
    """Names of checks: ours, then those of packages and of the user's own ``file``."""
    try:
        own = users_checks(file)
    except SynthError:  # said where the run is prepared
        own = {}
    return [*BUILDERS, *(name for name in {**entry_points(), **own} if name not in BUILDERS)]


def asked(check: CheckSpec, main: str) -> str:
    """What a check asks, in one line; of the main column where it names no other.

    >>> from synthnb.recipe.parts import CheckSpec
    >>> asked(CheckSpec(rule="length", options={"column": "text", "min": 75}), "text")
    'at least 75 characters'
    """
    options = {
        key: value for key, value in check.options.items() if (key, value) != ("column", main)
    }
    low, high = options.pop("min", None), options.pop("max", None)
    if low is not None and high is not None:
        limits = f"{listed(low)} to {listed(high)}"
    elif low is not None:
        limits = f"at least {listed(low)}"
    else:
        limits = f"at most {listed(high)}" if high is not None else ""
    unit = {"length": " characters", "words": " words"}.get(check.rule, "") if limits else ""
    return ", ".join(part for part in (listed(options), limits + unit) if part)


class ChecksCard(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """The checks of a draft; ``editor`` holds the YAML of the one that is edited."""

    def __init__(self, draft: Draft, rules: list[str], hooks: Hooks) -> None:
        self._hooks = hooks
        self._rules = rules
        self._open: int | None = None
        super().__init__()
        self.add_class("synthnb-studio-card")
        self.fill(draft)

    def fill(self, draft: Draft) -> None:
        """Make the card of this draft's checks anew."""
        old = self.children  # type: ignore[has-type]  # ipywidgets ships no types
        self._draft = draft
        self.checks = draft.recipe.checks
        self._hooks.notes.drop("checks.")
        self.editor: w.Textarea | None = None
        self.toggles: list[w.Button] = []
        self.removes: list[w.Button] = []
        rows = [part for place in range(len(self.checks)) for part in self._line(place)]
        none = [dim("none: every finished row is accepted")]
        self.rule = pick(self._rules)
        self.add = link("add", self._add, "a check")
        head = card_head("checks", "", aside("new check", self.rule, self.add))
        self.children = (head, *(rows or none), self._hooks.notes.place("checks"))
        for child in old:
            close(child)

    def show(self, draft: Draft) -> None:
        """The draft as it is now; made anew where that is not what an open line says."""
        self._draft = draft
        if self._open is None and draft.recipe.checks != self.checks:
            self.fill(draft)
        self.checks = draft.recipe.checks

    def renew(self, draft: Draft) -> None:
        """Show this draft, made by another hand, with no line open."""
        wrong = any(key.startswith("checks.") for key in self._hooks.notes.refused)
        if wrong or self._open is not None or draft.recipe.checks != self.checks:
            self._open = None
            self.fill(draft)

    def _line(self, place: int) -> list[w.Widget]:
        check, key = self.checks[place], f"checks.{place}"
        edits = self._open == place
        toggle = link("done" if edits else "edit", partial(self._toggle, place), check.rule)
        remove = link("remove", partial(self._remove, place), check.rule)
        self.toggles.append(toggle)
        self.removes.append(remove)
        said = dim("" if edits else asked(check, self._draft.recipe.main))
        made = [row(check.rule, said.add_class("synthnb-studio-said"), toggle, remove)]
        if edits:
            text = self._draft.check(place)
            self.editor, field = yaml_field(
                f"{check.rule} as YAML", text, partial(self._typed, place)
            )
            made.append(field)
        return [*made, self._hooks.notes.place(key)]

    def _typed(self, place: int, text: str) -> None:
        self._hooks.edit(f"checks.{place}", lambda d: d.rewrite_check(place, text), "set")

    def _toggle(self, place: int) -> None:
        """Open or close the YAML of one; not while one is wrong."""
        if any(key.startswith("checks.") for key in self._hooks.notes.refused):
            return
        self._open = None if self._open == place else place
        self.fill(self._draft)
        self._hooks.focus(self.editor or self.toggles[place])

    def _remove(self, place: int) -> None:
        """Take one away; the keyboard goes on at the next one, or at the one to add."""
        self._open = None
        self._hooks.edit(f"checks.{place}", lambda d: d.remove_check(place), "press")
        self._hooks.focus(self.removes[place] if place < len(self.removes) else self.rule)

    def _add(self) -> None:
        """One more at the end, open."""
        rule = self.rule.value
        self._open = None
        before = self.checks
        self._hooks.edit("checks", lambda draft: draft.add_check(rule), "press")
        if self.checks != before:
            self._toggle(len(self.checks) - 1)
