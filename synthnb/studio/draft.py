"""A recipe being edited: every edit is a new draft."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from synthnb.diff.recipe import RecipeDiff, compare_recipes
from synthnb.engine.cells import Cell, RowState
from synthnb.engine.outlook import asked_tokens
from synthnb.errors import RecipeError, SynthError
from synthnb.recipe import Recipe
from synthnb.recipe.parts import Budget, Category, CheckSpec, Expression, Prompt, label
from synthnb.recipe.reading_columns import KINDS
from synthnb.samplers.fewshot import pick_examples
from synthnb.studio import labels
from synthnb.studio.marks import Piece, filled, marked
from synthnb.studio.parts import CHECKS, COLUMNS, read, spelled
from synthnb.template import compile_template
from synthnb.types import JSON
from synthnb.visible import number, one_line

if TYPE_CHECKING:
    from synthnb.samplers import Plan, PlannedRow

__all__ = ["Draft", "Preview"]

_T = TypeVar("_T")

_LINE = re.compile(r"^Line \d+: ")


@dataclass(frozen=True, slots=True)
class Preview:
    """The prompt of one planned row, before anything is sent."""

    index: int
    values: dict[str, JSON]
    system: str | None
    prompt: str
    examples: int
    tokens: float
    """About how many the request has, by its length: system, examples and prompt."""
    lines: Sequence[Sequence[Piece]] = ()
    """The prompt's lines, values that were filled in marked ``b``."""

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
        count = len(self.changes.effective_parts)
        if count < 2:
            return "The recipe has 1 change since; run to see it." if count else ""
        many = "Two" if count == 2 else "Several"
        return (
            f"The recipe has {count} changes since; run to see them. "
            f"{many} changes at once: their effects can't be told apart."
        )

    @property
    def yaml(self) -> list[list[Piece]]:
        """The file that a save writes, line by line, with what changed marked."""
        return marked(self.base.dumps(), self.recipe.dumps())

    def moved(self, column: str) -> str:
        """Weights that differ from those whose rows are shown: ``mixed 1 → 2``."""
        new, old = self.recipe.columns.get(column), self.base.columns.get(column)
        if not isinstance(new, Category) or not isinstance(old, Category):
            return ""
        before = dict(zip(old.values, old.weights, strict=True))
        return ", ".join(
            f"{one_line(str(value), 40)} {number(before[value])} → {number(weight)}"
            for value, weight in zip(new.values, new.weights, strict=True)
            if value in before and before[value] != weight
        )

    def strangers(self, column: str) -> list[str]:
        """What templates and checks ask a category for that is none of its labels."""
        found = self.recipe.columns.get(column)
        if not isinstance(found, Category):
            return []
        return [
            f"{one_line(value, 40)} is no label here, but {_listed(where)} "
            f"{'asks' if len(where) == 1 else 'ask'} for it: change it there too."
            for value, where in labels.strangers(self.recipe, column, found).items()
        ]

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

    def level(self, column: str) -> Draft:
        """The same weight for every label of a category column."""
        found = self._column(column, Category)
        weights = [1.0] * len(found.values)
        return self._with(column, found.model_copy(update={"weights": weights}))

    def label(self, column: str, text: str) -> Draft:
        """One more label of a category column, as often drawn as the rarest one."""
        return self._changed(
            labels.added(self.recipe, column, self._column(column, Category), text)
        )

    def relabel(self, column: str, place: int, text: str) -> Draft:
        """Another name for the label at this place, in all that names it."""
        found = self._column(column, Category)
        return self._changed(labels.renamed(self.recipe, column, found, place, text))

    def unlabel(self, column: str, place: int) -> Draft:
        """Without the label at this place; refused where it is the last or a quota has it."""
        found = self._column(column, Category)
        return self._changed(labels.removed(self.recipe, column, found, place))

    def prompt(self, column: str, text: str) -> Draft:
        """Another prompt text for a prompt column."""
        return self._with(
            column, self._column(column, Prompt).model_copy(update={"prompt": text})
        )

    def param(self, name: str, value: float | int | None) -> Draft:
        """Another sampling parameter for the whole recipe; ``None`` unsets it."""
        params = self.recipe.params.model_copy(update={name: value})
        return self._changed({"params": params})

    def model(self, name: str) -> Draft:
        """Another model, as ``PROFILE/MODEL``."""
        return self._changed({"model": name or None})

    def budget(self, cap: str, value: float | None) -> Draft:
        """Another cap (``usd``, ``tokens``, ``minutes``) of a run; ``None`` takes it away."""
        known = self.recipe.budget or Budget()
        made = known.model_copy(update={cap: value})
        return self._changed({"budget": None if made == Budget() else made})

    def kinds(self) -> list[str]:
        """Kinds of columns that this recipe can have one more of."""
        source = self.recipe.source
        table = source is not None and source.documents is None
        able = {"subcategory": bool(self._categories), "like": table}
        return [kind for kind in KINDS if able.get(kind, True)]

    def column(self, name: str) -> str:
        """A column as YAML."""
        return spelled(self.recipe.to_dict()["columns"][name])

    def rewrite(self, name: str, text: str) -> Draft:
        """A column that is what this YAML says."""
        self._known_column(name)
        return self._with(name, read(text))

    def add(self, name: str, kind: str) -> Draft:
        """A new column of this kind at the end, to be edited."""
        if not name:
            raise RecipeError("Name the new column first.")
        if name in self.recipe.columns:
            raise RecipeError(f"There is a column {one_line(name, 40)} already.")
        return self._with(name, self._start(kind))

    def remove(self, name: str) -> Draft:
        """Without a column; refused while another one, or a check, reads it."""
        self._known_column(name)
        readers = [key for key in self.recipe.columns if name in self.recipe.references(key)]
        readers += [f"the check {c.rule}" for c in self.recipe.checks if name in _named(c)]
        if readers:
            raise RecipeError(f"{one_line(name, 40)} stays: it is read by {_listed(readers)}.")
        columns = {key: value for key, value in self.recipe.columns.items() if key != name}
        return self._changed({"columns": columns})

    def check(self, place: int) -> str:
        """The check at this place as YAML."""
        return spelled(self.recipe.to_dict()["checks"][place])

    def rewrite_check(self, place: int, text: str) -> Draft:
        """A check that is what this YAML says."""
        checks: list[object] = list(self.recipe.checks)
        checks[place] = read(text)
        try:
            return self._changed({"checks": checks})
        except RecipeError as error:  # it stands under the check, which needs no number
            told = str(error).removeprefix(f"checks.{place}")
            raise RecipeError(re.sub(r"^[.:] *", "", told)) from None

    def add_check(self, rule: str) -> Draft:
        """One more check of the main column, to be edited."""
        options = {"column": self.recipe.main, **CHECKS.get(rule, {})}
        if rule == "judge":
            del options["column"]
        return self._changed({"checks": [*self.recipe.checks, {rule: options}]})

    def remove_check(self, place: int) -> Draft:
        """Without the check at this place."""
        checks = self.recipe.checks
        return self._changed({"checks": [*checks[:place], *checks[place + 1 :]]})

    def preview(self, column: str, plan: Plan, index: int) -> Preview:
        """What the column asks for one planned row; columns to be written show as ‹name›."""
        found, planned = self._column(column, Prompt), plan.row(index)
        cell = Cell(self.recipe, column, "", plan)
        values = self._known(planned)
        for template in (cell.prompt, cell.system):
            for name in template.names if template is not None else ():
                values.setdefault(name, f"‹{name}›")
        row = RowState(0, index, 0, 0, planned, values)
        # The plan may be older than the draft: its own picks could be of other examples.
        picks = pick_examples(self.recipe, column, index, planned.values)
        messages = cell.messages(row, picks)
        prompt, first = messages[-1]["content"], messages[0]
        return Preview(
            planned.index,
            planned.values,
            first["content"] if first["role"] == "system" else None,
            prompt,
            len(picks),
            asked_tokens(sum(len(message["content"]) for message in messages)),
            filled(found.prompt, prompt),
        )

    def _known(self, planned: PlannedRow) -> dict[str, JSON]:
        """What a row holds before any model wrote: its source, attributes, what follows."""
        source = planned.source or {}
        values: dict[str, JSON] = {**source, **planned.values, "source": source}
        for name in self.recipe.order:
            column = self.recipe.columns[name]
            if isinstance(column, Expression):
                template = compile_template(column.template)
                if values.keys() >= set(template.names):
                    with contextlib.suppress(SynthError):
                        values[name] = template.evaluate(values)
        return values

    def _column(self, name: str, kind: type[_T]) -> _T:
        found = self.recipe.columns.get(name)
        if not isinstance(found, kind):
            raise RecipeError(f"{name} is no {kind.__name__.lower()} column of this recipe")
        return found

    def _known_column(self, name: str) -> None:
        if name not in self.recipe.columns:
            raise RecipeError(f"{one_line(name, 40)} is no column of this recipe")

    @property
    def _categories(self) -> dict[str, Category]:
        columns = self.recipe.columns.items()
        return {name: column for name, column in columns if isinstance(column, Category)}

    def _start(self, kind: str) -> JSON:
        """What a new column of this kind is before anybody edits it."""
        main = next((name for name in [self.recipe.main] if name in self.recipe.columns), "")
        if kind == "subcategory":
            parent, labels = next(iter(self._categories.items()))
            return {"subcategory": parent, "of": {label(v): ["one"] for v in labels.values}}
        if kind == "like":
            source = self.recipe.source
            return {"like": (source.columns or ["column"])[0] if source else "column"}
        if kind == "expression":
            return {"expression": f"{{{{ {main} | length }}}}" if main else "{{ 1 + 1 }}"}
        if kind == "prompt":
            about = f": {{{{ {main} }}}}" if main else "."
            return {"prompt": f"Write a short text{about}"}
        return COLUMNS[kind]

    def _with(self, name: str, column: object) -> Draft:
        return self._changed({"columns": {**self.recipe.columns, name: column}})

    def _changed(self, changes: dict[str, Any]) -> Draft:
        """The draft with these fields; raises where its file could not be read again."""
        try:
            recipe = self.recipe.replace(**changes)
            Recipe.loads(recipe.dumps())
        except RecipeError as error:
            raise RecipeError(_LINE.sub("", str(error))) from None
        return replace(self, recipe=recipe)


def _listed(readers: Sequence[str]) -> str:
    shown = ", ".join(one_line(reader, 40) for reader in readers[:5])
    return f"{shown} and {len(readers) - 5} more" if len(readers) > 5 else shown


def _named(check: CheckSpec) -> set[str]:
    """What a check may read: columns it names, alone or in a list, and in its condition."""
    named: set[str] = set()
    for option, value in check.options.items():
        if option == "when":
            named.update(*(made.names for made in labels.conditions(check)))
        elif option == "columns" and isinstance(value, list):
            named.update(map(str, value))
        elif isinstance(value, str):
            named.add(value)
    return {one.partition(".")[0] for one in named}
