"""A recipe being edited: every edit is a new draft, and a draft knows what it changed.

The studio widget is one view of it; nothing here paints.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from synthnb.diff.recipe import RecipeDiff, compare_recipes
from synthnb.errors import RecipeError
from synthnb.recipe.parts import Category, Prompt
from synthnb.template import compile_template

if TYPE_CHECKING:
    from synthnb.recipe import Recipe
    from synthnb.samplers import PlannedRow
    from synthnb.types import JSON

__all__ = ["Draft", "Preview"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Preview:
    """The prompt of one planned row, before anything is sent."""

    index: int
    values: dict[str, JSON]
    system: str | None
    prompt: str
    examples: int

    @property
    def drawn(self) -> str:
        """The sampled values in one line: ``product = kettle, mood = happy``."""
        return ", ".join(f"{name} = {value}" for name, value in self.values.items())


@dataclass(frozen=True, slots=True)
class Draft:
    """The recipe as it stands now beside the one whose rows are shown.

    >>> from synthnb import Recipe
    >>> columns = "{mood: {a: 1, b: 1}, text: {prompt: hi}}"
    >>> draft = Draft.of(Recipe.loads(f"synthnb: 1\\ncolumns: {columns}"))
    >>> print(draft.weigh("mood", "a", 2).changes)
      columns:
    -   mood: [a, b]
    +   mood: {a: 2, b: 1}
        … text unchanged
    """

    recipe: Recipe
    base: Recipe

    @classmethod
    def of(cls, recipe: Recipe) -> Draft:
        """A draft without changes."""
        return cls(recipe, recipe)

    @property
    def changes(self) -> RecipeDiff:
        """What differs from the recipe whose rows are shown."""
        return compare_recipes(self.base, self.recipe)

    @property
    def warning(self) -> str:
        """One sentence if what is shown is older than the draft; empty otherwise."""
        count = len(self.changes.effective)
        if not count:
            return ""
        told = f"The recipe has {count} change{'s' if count > 1 else ''} since; run to see"
        told += " them." if count > 1 else " it."
        return told + (
            " Several changes at once: their effects can't be told apart." if count > 1 else ""
        )

    def settle(self, recipe: Recipe | None = None) -> Draft:
        """The draft after a run: what is shown is what was run."""
        return replace(self, base=recipe or self.recipe)

    def discard(self) -> Draft:
        """Back to the recipe whose rows are shown."""
        return replace(self, recipe=self.base)

    def weigh(self, column: str, label: str, weight: float) -> Draft:
        """Another weight for one label (named as text) of a category column."""
        found = self._column(column, Category)
        weights = [
            float(weight) if str(value) == label else old
            for value, old in zip(found.values, found.weights, strict=True)
        ]
        if not sum(weights):
            raise RecipeError(f"{column}: one weight at least must be above 0")
        return self._with(column, found.model_copy(update={"weights": weights}))

    def prompt(self, column: str, text: str) -> Draft:
        """Another prompt text for a prompt column."""
        return self._with(
            column, self._column(column, Prompt).model_copy(update={"prompt": text})
        )

    def param(self, name: str, value: float | int | None) -> Draft:
        """Another sampling parameter for the whole recipe; ``None`` unsets it."""
        params = self.recipe.params.model_copy(update={name: value})
        return replace(self, recipe=self.recipe.replace(params=params))

    def model(self, name: str) -> Draft:
        """Another model, as ``PROFILE/MODEL``."""
        return replace(self, recipe=self.recipe.replace(model=name or None))

    def preview(self, column: str, planned: PlannedRow) -> Preview:
        """The column's prompt for one planned row; columns yet to be written show as ‹name›."""
        found = self._column(column, Prompt)
        source = planned.source or {}
        values = {**source, **planned.values, "source": source}

        def filled(text: str) -> str:
            template = compile_template(text)
            absent = {name: f"‹{name}›" for name in template.names if name not in values}
            return template.render({**values, **absent})

        shown = len(found.examples) if found.few_shot is None else found.few_shot
        return Preview(
            planned.index,
            planned.values,
            filled(found.system) if found.system else None,
            filled(found.prompt),
            min(shown, len(found.examples)) if isinstance(shown, int) else len(found.examples),
        )

    def _column(self, name: str, kind: type[_T]) -> _T:
        found = self.recipe.columns.get(name)
        if not isinstance(found, kind):
            raise RecipeError(f"{name} is no {kind.__name__.lower()} column of this recipe")
        return found

    def _with(self, name: str, column: object) -> Draft:
        columns = {**self.recipe.columns, name: column}
        return replace(self, recipe=self.recipe.replace(columns=columns))
