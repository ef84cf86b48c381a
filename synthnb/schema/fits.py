"""Whether a value fits a simple schema, as one quick yes or no.

Most answers fit, and a row is judged millions of times. A ``no`` only means that the rules,
which can say what is wrong, have to look: so a test may be stricter than its schema, and
for a schema that is not simple there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from synthnb.types import JSON

__all__ = ["Test", "compile_test"]

Test: TypeAlias = Callable[[JSON], bool]

_NOTES = {"title", "description", "default", "examples", "$schema", "$id"}
_SIMPLE: Mapping[str, Test] = {
    "string": lambda value: type(value) is str,
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) is int or type(value) is float,
    "boolean": lambda value: type(value) is bool,
    "null": lambda value: value is None,
}


def compile_test(schema: JSON) -> Test | None:
    """The test of a schema of types, fields, items and choices of text; else ``None``.

    >>> compile_test({"type": "integer"})(3)
    True
    """
    if not isinstance(schema, Mapping):
        return None
    keys = schema.keys() - _NOTES
    kind = schema.get("type")
    if keys == {"enum"}:
        return _one_of(schema["enum"])
    if keys == {"type"} and isinstance(kind, str) and kind in _SIMPLE:
        return _SIMPLE[kind]
    if kind == "object" and keys == {"type", "properties", "required", "additionalProperties"}:
        return _fields(schema)
    if kind == "array" and keys == {"type", "items"}:
        return _items(compile_test(schema["items"]))
    return None


def _one_of(values: JSON) -> Test | None:
    if not all(type(value) is str for value in values):
        return None
    allowed = frozenset(values)
    return lambda value: type(value) is str and value in allowed


def _items(each: Test | None) -> Test | None:
    if each is None:
        return None
    return lambda value: type(value) is list and all(map(each, value))


def _fields(schema: Mapping[str, JSON]) -> Test | None:
    """Every field, each of its kind, and no other: what a closed object most often is."""
    if schema["additionalProperties"] is not False:
        return None
    pairs = [(name, compile_test(part)) for name, part in schema["properties"].items()]
    tests = [(name, test) for name, test in pairs if test is not None]
    names = {name for name, _ in tests}
    if len(tests) < len(pairs) or names != set(schema["required"]):
        return None

    def fits(value: JSON) -> bool:
        if type(value) is not dict or value.keys() != names:
            return False
        return all([test(value[name]) for name, test in tests])

    return fits
