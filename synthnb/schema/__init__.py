"""Answers with a shape: shorthand to JSON Schema, and a strict reader for what comes back.

A schema is compiled once into plain functions, so judging an answer costs microseconds;
keywords beyond the common ones go through ``jsonschema``, never over the network.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import orjson

from synthnb.errors import RecipeError, SynthError
from synthnb.schema.fits import Test, compile_test
from synthnb.schema.rules import Problem, Rule, compile_rule
from synthnb.suggest import did_you_mean
from synthnb.types import JSON

if TYPE_CHECKING:
    from synthnb.recipe.parts import Prompt

__all__ = [
    "Problem",
    "Schema",
    "SchemaMismatch",
    "compile_schema",
    "from_shorthand",
    "schema_of",
]

MAX_DEPTH = 16
"""Nesting of a shorthand schema."""
MAX_ANSWER = 4 << 20
"""Characters of an answer that is read at all."""

_SCALARS: dict[str, str] = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
}
_FENCE = re.compile(r"\s*```[\w+-]*[ \t]*\n(.*)```\s*", re.DOTALL)

Shorthand: TypeAlias = str | list[JSON] | Mapping[str, JSON]


class SchemaMismatch(SynthError):
    """An answer that does not fit; ``problems`` say where and which rule."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems[:3]))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Schema:
    """A compiled schema. Make one with :func:`compile_schema`."""

    json_schema: Mapping[str, JSON]
    """JSON Schema to send with the request."""
    rule: Rule
    choices: tuple[JSON, ...] | None = None
    test: Test | None = None
    """A quick yes, where the schema is simple."""

    def parse(self, text: str) -> JSON:
        """The value in an answer's text, judged; raises :class:`SchemaMismatch`.

        One Markdown fence around the whole answer is taken off; nothing else is.

        >>> compile_schema({"answer": "str"}).parse('{"answer": "Yes."}')
        {'answer': 'Yes.'}
        """
        if self.choices is not None:
            return _choice(text, self.choices)
        value = _read(text, lone=self.json_schema)
        problems = self.problems(value)
        if problems:
            raise SchemaMismatch(problems)
        return value

    def problems(self, value: JSON) -> list[Problem]:
        """What is wrong with a value, in the order it is met; empty when it fits."""
        found: list[Problem] = []
        if self.test is None or not self.test(value):
            self.rule(value, (), found)
        return found

    def many(self, count: int) -> Schema:
        """The schema of a list of exactly ``count`` such values, for several rows a call."""
        schema = {
            "type": "array",
            "items": dict(self.json_schema),
            "minItems": count,
            "maxItems": count,
        }
        return Schema(schema, compile_rule(schema, valid=True))


def compile_schema(
    shorthand: JSON = None,
    *,
    json_schema: Mapping[str, JSON] | None = None,
    choices: Sequence[JSON] | None = None,
) -> Schema:
    """Compile exactly one of: shorthand, a full JSON Schema, a list of choices.

    ``str int float bool``, ``[T]``, ``{field: T}``, ``{enum: [a, b]}`` and ``T?``.
    Raises ``RecipeError`` for a schema that cannot be used.

    >>> compile_schema({"answer": "str", "score": "int?"}).json_schema["required"]
    ['answer']
    """
    if choices is not None:
        return Schema({"enum": list(choices)}, _unruled, tuple(choices))
    if json_schema is not None:
        rule = compile_rule(json_schema)
        return Schema(json_schema, rule, test=compile_test(json_schema))
    schema = from_shorthand(shorthand)
    return Schema(schema, compile_rule(schema, valid=True), test=compile_test(schema))


def schema_of(prompt: Prompt) -> Schema | None:
    """The schema of a prompt column's answer; ``None`` for free text."""
    if prompt.schema_ is None and prompt.json_schema is None and prompt.choices is None:
        return None
    return compile_schema(
        prompt.schema_, json_schema=prompt.json_schema, choices=prompt.choices
    )


def _unruled(value: JSON, path: tuple[Any, ...], found: list[Problem]) -> None:
    """Choices are judged as they are read."""


def from_shorthand(shape: JSON, depth: int = 0) -> dict[str, JSON]:
    """The JSON Schema of a shorthand schema.

    >>> from_shorthand(["str"])
    {'type': 'array', 'items': {'type': 'string'}}
    """
    if depth > MAX_DEPTH:
        raise RecipeError(f"a schema is nested at most {MAX_DEPTH} levels deep")
    if isinstance(shape, str):
        return _scalar(shape)
    if isinstance(shape, list):
        if len(shape) != 1:
            raise RecipeError(
                f"a list in a schema holds one type, such as [str], not {len(shape)}"
            )
        return {"type": "array", "items": from_shorthand(shape[0], depth + 1)}
    if isinstance(shape, Mapping) and shape:
        if list(shape) == ["enum"] and isinstance(shape["enum"], list):
            return _enum(shape["enum"])
        return _object(shape, depth)
    raise RecipeError(
        "a schema is str, int, float, bool, a list [T], an object {field: T} or {enum: [a, b]}"
    )


def _scalar(name: str) -> dict[str, JSON]:
    optional = name.endswith("?")
    base = name.removesuffix("?").strip()
    if base not in _SCALARS:
        hint = did_you_mean(base, _SCALARS) or f"; known: {', '.join(_SCALARS)}"
        raise RecipeError(f"unknown type '{base}' in a schema{hint}")
    kind = _SCALARS[base]
    return {"type": [kind, "null"] if optional else kind}


def _enum(values: list[JSON]) -> dict[str, JSON]:
    if not values or not all(isinstance(item, str | int | float) for item in values):
        raise RecipeError("enum holds at least one text, number, true or false")
    return {"enum": list(values)}


def _object(shape: Mapping[str, JSON], depth: int) -> dict[str, JSON]:
    for key in shape:
        if not isinstance(key, str) or not key:
            raise RecipeError(f"a field's name is text, not {key!r}")
    needed = [
        key for key, item in shape.items() if not (isinstance(item, str) and item.endswith("?"))
    ]
    return {
        "type": "object",
        "properties": {key: from_shorthand(item, depth + 1) for key, item in shape.items()},
        "required": needed,
        "additionalProperties": False,
    }


def _choice(text: str, choices: tuple[JSON, ...]) -> JSON:
    """The one choice that a text names: quotes, case and a full stop do not count."""
    said = _unfenced(text).strip()
    bare = said.strip("\"'`*“”‘’ \n\t").rstrip(".!").strip("\"'`*“”‘’ \n\t")
    for form in (said, bare):
        for choice in choices:
            if form == _label(choice):
                return choice
    folded = [choice for choice in choices if _label(choice).casefold() == bare.casefold()]
    if len(folded) == 1:
        return folded[0]
    shown = said if len(said) <= 60 else said[:57] + "…"
    allowed = ", ".join(_label(choice) for choice in choices[:12])
    raise SchemaMismatch([Problem((), "choices", f"{shown!r} is none of {allowed}")])


def _label(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _unfenced(text: str) -> str:
    match = _FENCE.fullmatch(text)
    return match.group(1) if match else text


def _read(text: str, *, lone: Mapping[str, JSON]) -> JSON:
    if lone.get("type") == "string" and not text.lstrip().startswith('"'):
        return text.strip()
    if len(text) > MAX_ANSWER:
        raise SchemaMismatch([Problem((), "size", f"longer than {MAX_ANSWER:,} characters")])
    quick = _quickly(text)
    if quick is not None:
        return quick
    try:
        value = _DECODER.decode(_unfenced(text))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise SchemaMismatch(
            [Problem((), "json", f"not JSON: {error.msg} ({where})")]
        ) from None
    except (ValueError, RecursionError) as error:
        told = str(error) if isinstance(error, _Refused) else "not JSON that can be read"
        raise SchemaMismatch([Problem((), "json", told)]) from None
    if "\\u" in text:
        _no_surrogates(value)
    return value


def _quickly(text: str) -> JSON:
    """An object that orjson reads and that ``_DECODER`` would read alike; else ``None``.

    orjson lets the last of two equal keys win. Without a backslash every text in the
    answer has two quotation marks: a key that went missing leaves too many of them.
    """
    if text[:1] != "{" or "\\" in text:
        return None
    try:
        value = orjson.loads(text)
        return value if text.count('"') == 2 * _texts(value) else None
    except (ValueError, RecursionError):
        return None


def _texts(value: JSON) -> int:
    """How many texts a value holds, keys counted; a float (it may be rounded) is refused."""
    if type(value) is str:
        return 1
    if type(value) is dict:
        return len(value) + sum(map(_texts, value.values()))
    if type(value) is list:
        return sum(map(_texts, value))
    if type(value) is float:
        raise ValueError("a float")
    return 0


class _Refused(ValueError):
    """JSON that Python would read and we do not."""


def _pairs(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _Refused(f"not JSON: the key {twice!r} appears twice")
    return made


def _no_constant(name: str) -> NoReturn:
    raise _Refused(f"not JSON: {name} is no JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_no_constant)


def _no_surrogates(value: JSON) -> None:
    """Half a surrogate pair (``\\ud800``) is no text: it could not be stored."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        problem = Problem((), "json", "not JSON: half a surrogate pair in a text")
        raise SchemaMismatch([problem]) from None
