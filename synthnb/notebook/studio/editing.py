"""Taking the form's edits, and those that were refused again once another one is taken."""

from __future__ import annotations

from dataclasses import replace

from synthnb.errors import SynthError
from synthnb.notebook.studio.controls import Change, Notes, Way
from synthnb.studio import Draft, Steps

__all__ = ["Editing"]


class Editing:
    """Edits of a draft; ``notes`` say which fields were refused, ``steps`` what was before."""

    def __init__(self, notes: Notes) -> None:
        self.steps = Steps()
        self._notes = notes
        self._refused: dict[str, tuple[Change, Way]] = {}

    def take(self, draft: Draft, key: str, change: Change, way: Way) -> tuple[Draft, bool]:
        """The draft with an edit, and whether it was taken.

        One that is taken may make right what was refused in other fields: they are taken too.
        """
        made, taken = self._try(draft, key, change, way)
        again = taken
        while again:
            again = False
            for each in [each for each in self._refused if each in self._notes.refused]:
                made, right = self._try(made, each, *self._refused[each])
                again = again or right
        return made, taken

    def _try(self, draft: Draft, key: str, change: Change, way: Way) -> tuple[Draft, bool]:
        """A refused edit is said under its field and leaves the draft without it."""
        old = draft.recipe
        try:
            made = change(draft)
        except SynthError as error:
            self._notes.wrong(key, str(error).splitlines()[0], way)
            if way != "press":
                self._refused[key] = change, way
            if way == "typing":
                return replace(draft, recipe=self.steps.refused(key, old)), False
            return draft, False
        self._notes.wrong(key, "", way)
        if way == "typing":
            self.steps.typed(key, old, made.recipe)
        else:
            self.steps.made(old, made.recipe)
        return made, True
