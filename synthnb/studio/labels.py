"""Labels of a category that come, go and get another name, with all that names them.

Each function gives the fields of the recipe that change.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from synthnb.checks.protocol import CheckContext
from synthnb.checks.when import condition
from synthnb.errors import CheckError, RecipeError
from synthnb.recipe import Recipe
from synthnb.recipe.graph import templates
from synthnb.recipe.parts import Category, CheckSpec, Prompt, Subcategory, label
from synthnb.studio.parts import read
from synthnb.template import Template, compile_template
from synthnb.types import JSON
from synthnb.visible import one_line

__all__ = ["added", "conditions", "removed", "renamed", "strangers"]

Of = dict[str, list[Any]]


def added(recipe: Recipe, name: str, column: Category, text: str) -> dict[str, Any]:
    """One more label; a subcategory of it begins with one label of its own."""
    value = _new(text, column.values, column.values)
    weights = [*column.weights, min(weight for weight in column.weights if weight)]
    made = column.model_copy(update={"values": [*column.values, value], "weights": weights})
    return {"columns": _columns(recipe, name, made, lambda of: {**of, label(value): ["one"]})}


def renamed(
    recipe: Recipe, name: str, column: Category, place: int, text: str
) -> dict[str, Any]:
    """Another name, in the labels below it, the quotas and the examples as well."""
    old, values = _at(column, place), list(column.values)
    others = values[:place] + values[place + 1 :]
    values[place] = value = _new(text, column.values, others)
    before, after = label(old), label(value)

    def below(of: Of) -> Of:
        return {after if key == before else key: found for key, found in of.items()}

    made = column.model_copy(update={"values": values})
    columns = _columns(recipe, name, made, below)
    for key, other in columns.items():
        if isinstance(other, Prompt) and other.examples:
            examples = [
                {**example, name: value} if _is(example.get(name), old) else example
                for example in other.examples
            ]
            columns[key] = other.model_copy(update={"examples": examples})
    quotas = {
        key: {_part(key, name, asked, before, after): count for asked, count in counts.items()}
        for key, counts in recipe.target.quotas.items()
    }
    target = recipe.target.model_copy(update={"quotas": quotas})
    return {"columns": columns, "target": target}


def removed(recipe: Recipe, name: str, column: Category, place: int) -> dict[str, Any]:
    """One label less, and none below it."""
    gone = _at(column, place)
    values = [*column.values[:place], *column.values[place + 1 :]]
    weights = [*column.weights[:place], *column.weights[place + 1 :]]
    if not values:
        raise RecipeError("A category keeps one label at least.")
    if not any(weights):
        raise RecipeError("One weight at least must be above 0: raise another one first.")
    made = column.model_copy(update={"values": values, "weights": weights})

    def below(of: Of) -> Of:
        return {key: found for key, found in of.items() if key != label(gone)}

    return {"columns": _columns(recipe, name, made, below)}


def strangers(recipe: Recipe, name: str, column: Category) -> dict[str, list[str]]:
    """Values that templates hold the column against though no label is one, each with where.

    A renamed label leaves them behind: nobody but their author knows what they mean.
    """
    known, found = {label(value) for value in column.values}, dict[str, list[str]]()
    for where, template in _templates(recipe):
        for value in template.compared.get(name, ()):
            if label(value) not in known and where not in found.setdefault(label(value), []):
                found[label(value)].append(where)
    return found


def _templates(recipe: Recipe) -> Iterator[tuple[str, Template]]:
    for name, column in recipe.columns.items():
        for _, text in templates(column):
            yield name, compile_template(text)
    for check in recipe.checks:
        for made in conditions(check):
            yield f"the check {check.rule}", made


def conditions(check: CheckSpec) -> Iterator[Template]:
    """What decides whether a check is asked, if something does."""
    with contextlib.suppress(CheckError):  # a run will say what is wrong with it
        if "when" in check.options:
            yield condition(check.options["when"], CheckContext())


def _at(column: Category, place: int) -> JSON:
    if not 0 <= place < len(column.values):
        raise RecipeError(f"There is no label at place {place} of {len(column.values)}.")
    value: JSON = column.values[place]
    return value


def _new(text: str, alike: Sequence[JSON], others: Sequence[JSON]) -> JSON:
    """What was typed: a number if all ``alike`` are, text otherwise; none of ``others``."""
    plain = text.strip()
    if not plain:
        raise RecipeError("A label is not empty.")
    value: JSON = plain
    if not any(isinstance(one, str) for one in alike):
        with contextlib.suppress(RecipeError):
            data = read(plain)
            value = data if isinstance(data, int | float) else plain
    if label(value) in map(label, others):
        raise RecipeError(f"There is a label {one_line(plain, 40)} already.")
    return value


def _columns(
    recipe: Recipe, name: str, made: Category, below: Callable[[Of], Of]
) -> dict[str, Any]:
    """All columns with this one made anew; ``below`` does so to its subcategories."""
    columns: dict[str, Any] = {**recipe.columns, name: made}
    for key, other in recipe.columns.items():
        if isinstance(other, Subcategory) and other.parent == name:
            columns[key] = other.model_copy(update={"of": below(other.of)})
    return columns


def _is(found: JSON, value: JSON) -> bool:
    """Whether an example says this very label: ``true`` is no ``1``."""
    return type(found) is type(value) and found == value


def _part(key: str, name: str, asked: str, before: str, after: str) -> str:
    """A quota's label, or labels joined by ``&`` for columns joined so, with the new name."""
    names = [each.strip() for each in key.split("&")]
    if name not in names:
        return asked
    if len(names) == 1:
        return after if asked == before else asked
    parts = [part.strip() for part in asked.split("&")]
    pairs = zip(names, parts, strict=False)
    return " & ".join(after if own == name and part == before else part for own, part in pairs)
