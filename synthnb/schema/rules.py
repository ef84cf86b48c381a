"""JSON Schema as plain functions: the keywords that recipes use, compiled once.

A schema with any other keyword is handed whole to ``jsonschema``, which knows them all
and costs more. A pattern is only taken if it cannot run away on a hostile answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from synthnb.errors import RecipeError
from synthnb.schema.patterns import MAX_SUBJECT, check_pattern
from synthnb.types import JSON

__all__ = ["Problem", "Rule", "compile_rule"]

MAX_SCHEMA_NODES = 2_000


@dataclass(frozen=True, slots=True)
class Problem:
    """Where an answer does not fit, and which rule says so."""

    path: tuple[str | int, ...]
    rule: str
    message: str

    def __str__(self) -> str:
        place = "".join(
            f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path
        )
        return f"{place.lstrip('.')}: {self.message}" if place else self.message


Path: TypeAlias = tuple[str | int, ...]
Rule: TypeAlias = Callable[[JSON, Path, list[Problem]], None]
"""Judges one value at a path and adds what is wrong with it."""

_KEYWORDS = """type properties required additionalProperties items enum const minimum maximum
    exclusiveMinimum exclusiveMaximum minLength maxLength minItems maxItems pattern anyOf
    title description default examples $schema $id"""
_KNOWN = frozenset(_KEYWORDS.split())
_TYPES: dict[str, Callable[[JSON], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: _is_whole(value),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


def _is_whole(value: JSON) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def compile_rule(schema: Mapping[str, JSON], *, valid: bool = False) -> Rule:
    """The function that judges values by ``schema``; ``valid`` if it is known to be one.

    Raises ``RecipeError`` for a schema that is invalid, reaches out for other files, or
    holds a pattern that could run away.
    """
    if not isinstance(schema, Mapping):
        raise RecipeError("a JSON Schema is a map such as {type: object}")
    known = True
    for count, node in enumerate(_walk(schema)):
        if count > MAX_SCHEMA_NODES:
            raise RecipeError("the JSON Schema is too large")
        reference = node.get("$ref", node.get("$dynamicRef", "#"))
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise RecipeError(f"a JSON Schema may only refer to itself (#…), not {reference!r}")
        if isinstance(node.get("pattern"), str):
            check_pattern(node["pattern"])
        for pattern in node.get("patternProperties", {}) or {}:
            check_pattern(str(pattern))
        known = known and node.keys() <= _KNOWN
    if not valid:
        _check_schema(schema)
    return _compile(schema) if known else _by_library(schema)


def _walk(schema: Any) -> Iterator[Mapping[str, JSON]]:
    """Every sub-schema, outermost first; data under enum, const and such is not one."""
    stack = [schema]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            yield node
            for key, item in node.items():
                if key in {
                    "properties",
                    "patternProperties",
                    "$defs",
                    "definitions",
                    "dependentSchemas",
                } and isinstance(item, Mapping):
                    stack.extend(item.values())
                elif key not in {"enum", "const", "default", "examples"}:
                    stack.append(item)
        elif isinstance(node, list):
            stack.extend(item for item in node if isinstance(item, Mapping | list))


def _check_schema(schema: Mapping[str, JSON]) -> None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        place = ".".join(str(step) for step in error.absolute_path)
        raise RecipeError(
            f"not a JSON Schema: {f'{place}: ' if place else ''}{error.message[:120]}"
        ) from None


def _by_library(schema: Mapping[str, JSON]) -> Rule:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    bounded = extend(
        Draft202012Validator, {"pattern": _pattern, "patternProperties": _pattern_properties}
    )
    validator = bounded(dict(schema), registry=Registry())  # fetches nothing

    def rule(value: JSON, path: Path, found: list[Problem]) -> None:
        try:
            for error in validator.iter_errors(value):
                where = (*path, *(step for step in error.absolute_path))
                message = (
                    error.message if len(error.message) < 160 else error.message[:157] + "…"
                )
                found.append(Problem(where, str(error.validator), message))
        except (Unresolvable, RecursionError) as error:
            found.append(Problem(path, "$ref", f"the schema cannot be followed: {error}"[:160]))

    return rule


def _pattern(validator: Any, pattern: str, instance: JSON, schema: JSON) -> Iterator[Any]:
    """``pattern`` on a text of bounded length."""
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and (
        len(instance) > MAX_SUBJECT or not re.search(pattern, instance)
    ):
        yield ValidationError(f"must match {pattern!r}")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, JSON], instance: JSON, schema: JSON
) -> Iterator[Any]:
    """``patternProperties`` on keys of bounded length."""
    from jsonschema.exceptions import ValidationError

    for key, item in instance.items() if isinstance(instance, dict) else ():
        if len(key) > MAX_SUBJECT:
            yield ValidationError(f"a key is longer than {MAX_SUBJECT:,} characters")
            continue
        for pattern, below in patterns.items():
            if re.search(pattern, key):
                yield from validator.descend(item, below, path=key, schema_path=pattern)


def _compile(schema: Mapping[str, JSON]) -> Rule:
    """One function for one sub-schema, made of one function a keyword."""
    rules: list[Rule] = []
    if "type" in schema:
        rules.append(_type(schema["type"]))
    if "enum" in schema:
        rules.append(_enum(schema["enum"]))
    if "const" in schema:
        rules.append(_enum([schema["const"]]))
    if schema.keys() & {"properties", "required", "additionalProperties"}:
        rules.append(_object(schema))
    if schema.keys() & {"items", "minItems", "maxItems"}:
        rules.append(_array(schema))
    if schema.keys() & {"minLength", "maxLength", "pattern"}:
        rules.append(_text(schema))
    if schema.keys() & {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}:
        rules.append(_number(schema))
    if "anyOf" in schema:
        rules.append(_any_of([_compile(_schema(option)) for option in schema["anyOf"]]))
    if len(rules) == 1:
        return rules[0]

    def both(value: JSON, path: Path, found: list[Problem]) -> None:
        before = len(found)
        for rule in rules:
            rule(value, path, found)
            if len(found) > before:
                return

    return both


def _schema(item: JSON) -> Mapping[str, JSON]:
    if isinstance(item, bool):
        return {} if item else {"enum": []}
    return item  # type: ignore[no-any-return]  # judged by check_schema


def _type(kinds: JSON) -> Rule:
    names = kinds if isinstance(kinds, list) else [kinds]
    tests = [_TYPES[name] for name in names]
    wanted = " or ".join(names)

    def rule(value: JSON, path: Path, found: list[Problem]) -> None:
        for test in tests:
            if test(value):
                return
        found.append(Problem(path, "type", f"must be {wanted}, not {_kind(value)}"))

    return rule


def _kind(value: JSON) -> str:
    return next(
        (
            name
            for name in ("null", "boolean", "integer", "number", "string", "array")
            if _TYPES[name](value)
        ),
        "object",
    )


def _same(left: JSON, right: JSON) -> bool:
    """Equality as JSON has it: 1 equals 1.0, and true is no number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    return bool(left == right)


def _enum(values: list[JSON]) -> Rule:
    shown = ", ".join(map(repr, values[:8]))

    def rule(value: JSON, path: Path, found: list[Problem]) -> None:
        if not any(_same(value, allowed) for allowed in values):
            found.append(Problem(path, "enum", f"must be one of {shown}"))

    return rule


def _object(schema: Mapping[str, JSON]) -> Rule:
    properties = {
        key: _compile(_schema(item)) for key, item in schema.get("properties", {}).items()
    }
    required = list(schema.get("required", []))
    more = schema.get("additionalProperties", True)
    other = None if isinstance(more, bool) else _compile(more)

    def rule(value: JSON, path: Path, found: list[Problem]) -> None:
        if not isinstance(value, dict):
            return
        for key in required:
            if key not in value:
                found.append(Problem((*path, key), "required", "is missing"))
        for key, item in value.items():
            judge = properties.get(key, other)
            if judge is not None:
                judge(item, (*path, key), found)
            elif more is False and key not in properties:
                found.append(
                    Problem((*path, key), "additionalProperties", "is not in the schema")
                )

    return rule


def _array(schema: Mapping[str, JSON]) -> Rule:
    each = _compile(_schema(schema["items"])) if "items" in schema else None
    low, high = schema.get("minItems", 0), schema.get("maxItems")

    def rule(value: JSON, path: Path, found: list[Problem]) -> None:
        if not isinstance(value, list):
            return
        if len(value) < low:
            found.append(Problem(path, "minItems", f"needs {low} items, has {len(value)}"))
        if high is not None and len(value) > high:
            found.append(Problem(path, "maxItems", f"may have {high} items, has {len(value)}"))
        if each is not None:
            for position, item in enumerate(value):
                each(item, (*path, position), found)

    return rule


def _text(schema: Mapping[str, JSON]) -> Rule:
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    pattern = re.compile(schema["pattern"]) if "pattern" in schema else None

    def rule(value: JSON, path: Path, found: list[Problem]) -> None:
        if not isinstance(value, str):
            return
        if len(value) < low:
            found.append(
                Problem(path, "minLength", f"needs {low} characters, has {len(value)}")
            )
        if high is not None and len(value) > high:
            found.append(
                Problem(path, "maxLength", f"may have {high} characters, has {len(value)}")
            )
        if pattern is not None and (len(value) > MAX_SUBJECT or not pattern.search(value)):
            found.append(Problem(path, "pattern", f"must match {pattern.pattern!r}"))

    return rule


_BOUNDS: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "minimum": (lambda value, bound: value >= bound, "at least"),
    "maximum": (lambda value, bound: value <= bound, "at most"),
    "exclusiveMinimum": (lambda value, bound: value > bound, "above"),
    "exclusiveMaximum": (lambda value, bound: value < bound, "below"),
}


def _number(schema: Mapping[str, JSON]) -> Rule:
    bounds = [(key, schema[key], *_BOUNDS[key]) for key in _BOUNDS if key in schema]

    def rule(value: JSON, path: Path, found: list[Problem]) -> None:
        if not _TYPES["number"](value):
            return
        for key, bound, test, word in bounds:
            if not test(value, bound):
                found.append(Problem(path, key, f"must be {word} {bound}, not {value}"))

    return rule


def _any_of(options: list[Rule]) -> Rule:
    def rule(value: JSON, path: Path, found: list[Problem]) -> None:
        for option in options:
            tried: list[Problem] = []
            option(value, path, tried)
            if not tried:
                return
        found.append(Problem(path, "anyOf", f"fits none of {len(options)} options"))

    return rule
