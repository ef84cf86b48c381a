"""What the next run will take, beside what it may take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as w

from synthnb.notebook.studio.words import Words
from synthnb.visible import count, duration

if TYPE_CHECKING:
    from synthnb.api import Run
    from synthnb.engine.estimate import Estimate
    from synthnb.middleware import Caps
    from synthnb.samplers import Plan

__all__ = ["Outlook", "look_ahead", "words"]


def look_ahead(run: Run) -> tuple[Estimate, Plan, Caps]:
    """What a run would take, its rows and its caps; the run is given back unstarted."""
    with run:
        return run.estimate(), run.plan, run.purse.caps


def words(told: Estimate) -> str:
    """An estimate in one line."""
    asked, tokens = round(told.requests.expected), round(told.tokens.expected)
    written = round(told.completion_tokens.expected)
    said = f"about {count(asked, 'request')}, {tokens:,} tokens ({written:,} written)"
    if told.seconds is not None:
        said += f", {duration(told.seconds.expected)}"
    if told.went:
        said += f", as {told.went} went"
    if told.cost is None:
        return f"{said} · cost unknown"
    if told.cost.high == 0:
        return f"{said} · no cost"
    return f"{said} · {told.cost.expected:.2f} {told.currency}"


class Outlook(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """The estimate against the budget; nothing where there is no budget."""

    def __init__(self) -> None:
        self.words = ""
        self._said = Words("", "synthnb-studio-hint")
        self._bar = w.FloatProgress(min=0.0, max=1.0)
        super().__init__([self._said, self._bar])
        self.add_class("synthnb-studio-outlook")
        self.hide()

    def hide(self) -> None:
        """There is nothing to tell."""
        self.add_class("synthnb-studio-hidden")

    def show(self, told: Estimate, caps: Caps) -> None:
        """What the run takes of each cap, the tightest one shown."""
        self.words = words(told)
        shares = dict(_shares(told, caps))
        if not shares:
            self.hide()
            return
        said = max(shares, key=lambda key: shares[key])
        over = shares[said] > 1
        self._said.text = f"{said}; ends early" if over else said
        self._bar.value = min(shares[said], 1.0)
        (self.add_class if over else self.remove_class)("synthnb-studio-over")
        self.remove_class("synthnb-studio-hidden")


def _shares(told: Estimate, caps: Caps) -> list[tuple[str, float]]:
    found = []
    if caps.usd is not None and told.cost is not None:
        of = told.cost.expected
        found.append(
            (f"budget {caps.usd:.2f} USD, {of:.2f} for this run", of / (caps.usd or 1e-9))
        )
    if caps.tokens is not None:
        of = told.tokens.expected
        said = f"budget {caps.tokens:,} tokens, {round(of):,} for this run"
        found.append((said, of / (caps.tokens or 1)))
    if caps.minutes is not None and told.seconds is not None:
        of = told.seconds.expected / 60
        said = f"budget {caps.minutes:g} min, {of:.1f} for this run"
        found.append((said, of / caps.minutes))
    return found
