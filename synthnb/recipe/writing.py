"""A recipe to its plain canonical form, and that form to text."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from synthnb.recipe.parts import (
    Category,
    CheckSpec,
    Column,
    Datetime,
    Expression,
    Integer,
    Like,
    Number,
    Person,
    Prompt,
    Subcategory,
    Target,
    Uuid,
    Value,
)
from synthnb.recipe.reading import FORMAT, RECIPE_KEYS
from synthnb.recipe.reading_columns import is_weighted
from synthnb.recipe.yamlwrite import block
from synthnb.types import JSON

if TYPE_CHECKING:
    from synthnb.recipe import Recipe

__all__ = ["canonical", "canonical_text", "fingerprint"]

SPREAD = frozenset({"columns", "checks"})
"""Keys that get a line for each of their parts."""

_NOT_IDENTITY = frozenset({"name", "description", "license", "budget", "target"})


def canonical(recipe: Recipe) -> dict[str, JSON]:
    """The recipe as plain data in shorthand, defaults left out, keys in fixed order."""
    full: dict[str, JSON] = {"synthnb": FORMAT}
    for key in RECIPE_KEYS[1:]:
        value = getattr(recipe, key)
        if key == "columns":
            value = {name: column_data(column) for name, column in value.items()}
        elif key == "checks":
            value = [_check(spec) for spec in value]
        elif isinstance(value, Value):
            empty = not isinstance(value, Target) and key != "params"
            value = value_data(value)
            if not value and not empty:
                continue
            full[key] = value
            continue
        if (
            value is None
            or value is False
            or value in ({}, [])
            or (key == "seed" and not value)
        ):
            continue
        full[key] = value
    return full


def value_data(value: Value) -> dict[str, JSON]:
    """A part as plain data, defaults left out."""
    data: dict[str, JSON] = {}
    for name, field in type(value).model_fields.items():
        item = getattr(value, name)
        usual = field.get_default(call_default_factory=True, validated_data={})
        if name == "kind" or (not field.is_required() and item == usual):
            continue
        if isinstance(item, Value):
            item = value_data(item)
        data[field.alias or name] = _short(item) if isinstance(item, float) else item
    return data


def _short(number: float) -> int | float:
    """``2`` for ``2.0``: the reader knows where a real number is meant."""
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _check(spec: CheckSpec) -> JSON:
    return {spec.rule: spec.options} if spec.options else spec.rule


def column_data(column: Column) -> JSON:
    """A column in its shortest spelling."""
    if isinstance(column, Prompt):
        return value_data(column)
    if isinstance(column, Category):
        if all(weight == 1 for weight in column.weights):
            return list(column.values)
        weights = dict(zip(column.values, map(_short, column.weights), strict=True))
        return weights if is_weighted(weights) else {"category": weights}
    if isinstance(column, Subcategory):
        return {"subcategory": column.parent, "of": column.of}
    if isinstance(column, Number):
        more: dict[str, JSON] = (
            {"decimals": column.decimals} if column.decimals is not None else {}
        )
        return {"number": [_short(column.low), _short(column.high)], **more}
    return _simple(column)


def _simple(column: Integer | Datetime | Person | Uuid | Like | Expression) -> JSON:
    match column:
        case Integer():
            return {"integer": [column.low, column.high]}
        case Datetime():
            return {"datetime": [column.start, column.end]}
        case Person() | Uuid():
            return {column.kind: value_data(column)}
        case Like():
            return {"like": column.column}
        case Expression():
            more = {"hidden": True} if column.hidden else {}
            return {"expression": column.template, **more}


def canonical_text(data: dict[str, JSON]) -> str:
    """Canonical data as YAML."""
    return block(data, open_keys=SPREAD)


def fingerprint(data: dict[str, JSON]) -> str:
    """32 hex digits that stand for everything that shapes a row."""
    kept = {key: value for key, value in data.items() if key not in _NOT_IDENTITY}
    text = json.dumps(_typed(kept), ensure_ascii=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _typed(value: Any) -> JSON:
    """Maps as lists of pairs: JSON would turn the keys 1 and "1" into one."""
    if isinstance(value, dict):
        return {"map": [[key, _typed(item)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return [_typed(item) for item in value]
    return value
