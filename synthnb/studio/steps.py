"""What edits of a draft left behind, so that each can be had back."""

from __future__ import annotations

from synthnb.recipe import Recipe

__all__ = ["Steps"]

MOST = 200
"""Edits that can be undone."""


class Steps:
    """Recipes as they were before each edit, the newest last.

    What is typed in one field in one go is one step, whatever it was in between: a word half
    typed is a recipe too, but none that anybody wants back.

    >>> from synthnb import Recipe
    >>> a, b, c = (
    ...     Recipe.loads(f"synthnb: 1\\ncolumns: {{text: {{prompt: {word}}}}}")
    ...     for word in ("Say", "Say Men", "Say Mention")
    ... )
    >>> steps = Steps()
    >>> steps.typed("columns.text", a, b)
    >>> steps.typed("columns.text", b, c)
    >>> steps.undone(c) == a
    True
    """

    def __init__(self) -> None:
        self._past: list[Recipe] = []
        self._typed = ""

    def __bool__(self) -> bool:
        return bool(self._past)

    def made(self, old: Recipe, new: Recipe) -> None:
        """An edit made another recipe of this one."""
        if new != old:
            self._past = [*self._past[1 - MOST :], old]
            self._typed = ""

    def typed(self, key: str, old: Recipe, new: Recipe) -> None:
        """Typing in the field ``key`` did."""
        if self._typed != key:
            self.made(old, new)
            self._typed = key if new != old else self._typed
        elif new == self._past[-1]:  # all that was typed is gone again
            self.refused(key, old)

    def refused(self, key: str, now: Recipe) -> Recipe:
        """The recipe before what was typed last in a field that is wrong by now."""
        if self._typed != key:
            return now
        self._typed = ""
        return self._past.pop()

    def rest(self) -> None:
        """What is typed from now on is another step."""
        self._typed = ""

    def undone(self, now: Recipe) -> Recipe:
        """The recipe before the last edit."""
        self._typed = ""
        return self._past.pop() if self._past else now
