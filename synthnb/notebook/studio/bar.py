"""The studio's bar: run, rows, save, undo, discard, how far it is, what it would take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as w

from synthnb.notebook.studio.controls import link
from synthnb.notebook.studio.outlook import Outlook
from synthnb.notebook.studio.words import Words
from synthnb.visible import count, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from synthnb.events import Progress

__all__ = ["Bar"]


class Bar(w.HBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Buttons and one line of status; each button calls what it was given."""

    def __init__(
        self,
        rows: int,
        *,
        run: Callable[[], None],
        save: Callable[[], None],
        undo: Callable[[], None],
        discard: Callable[[], None],
        resized: Callable[[], None],
    ) -> None:
        self.run_button = w.Button(button_style="primary").add_class("synthnb-studio-run")
        self.rows = w.BoundedIntText(rows, min=1, max=10_000_000)
        self.save_button = w.Button(description="Save")
        self.undo_button = link("Undo", undo)
        self.discard_button = link("Discard", discard)
        self.progress = w.IntProgress().add_class("synthnb-studio-progress")
        # Counts change several times a second: only the status is read out.
        self.counted = Words("", "synthnb-studio-dim")
        self.status = Words("", "synthnb-studio-status", role="status")
        self.outlook = Outlook()
        self.asked = ""
        """The question that stands there."""
        self.run_button.on_click(lambda _: run())
        self.save_button.on_click(lambda _: save())
        self.rows.observe(lambda _: resized(), names="value")
        label = Words("rows", "synthnb-studio-label")
        super().__init__(
            [
                self.run_button,
                w.HBox([label, self.rows]).add_class("synthnb-studio-row"),
                self.save_button,
                self.undo_button,
                self.discard_button,
                self.progress,
                self.counted,
                self.status,
                self.outlook,
            ]
        )
        self.add_class("synthnb-studio-bar")
        self.idle()

    def idle(self) -> None:
        """Nothing runs."""
        self.run_button.description = f"Run {count(self.rows.value, 'row')}"
        self.run_button.add_class("synthnb-studio-keyed")
        self.progress.add_class("synthnb-studio-hidden")
        self.counted.text = ""

    def running(self, wanted: int) -> None:
        """A run of so many rows began."""
        self.run_button.description = "Stop"
        self.run_button.remove_class("synthnb-studio-keyed")
        self.progress.max, self.progress.value = wanted, 0
        self.progress.remove_class("synthnb-studio-hidden")
        self.say("Running")

    def count(self, now: Progress) -> None:
        """How far the run is."""
        self.progress.value = now.accepted
        lost = f" · {now.rejected:,} rejected" if now.rejected else ""
        self.counted.text = f"{now.accepted:,} of {now.wanted:,} rows{lost}"

    def agreed(self, question: str) -> bool:
        """Whether this very question was shown before: asking for it again is a yes."""
        again = question == self.asked
        self.asked = "" if again else question
        if not again:
            self.say(f"{question} Run again to agree.")
        return again

    def say(self, text: str, *, wrong: bool = False) -> None:
        """The one line of status."""
        self.status.text = one_line(text, 400)
        (self.status.add_class if wrong else self.status.remove_class)("synthnb-studio-wrong")

    def offer_to_overwrite(self, offered: bool) -> None:
        """What the button to save says."""
        self.save_button.description = "Overwrite" if offered else "Save"
