"""The recipe format as a JSON Schema, for editors: keys, types, ranges, one line of help."""

from __future__ import annotations

from typing import Any

from synthnb.recipe.parts import Prompt, Value
from synthnb.recipe.reading import FORMAT, PARTS, RECIPE_KEYS, Head
from synthnb.types import JSON

__all__ = ["recipe_schema"]

_HELP = {
    "synthnb": "Format version.",
    "name": "Short name: letters, digits, '-', '_' and '.'.",
    "description": "One line for people.",
    "kind": "A label; the recipe is complete without it.",
    "purpose": "What the rows are for; unset is asked at export.",
    "license": "Licence of the rows, as an SPDX identifier; unset is asked at export.",
    "seed": "Decides attributes, source order, few-shot picks and request seeds.",
    "model": "PROFILE/MODEL, or a short name under models.",
    "models": "Short names for models: {judge: PROFILE/MODEL}.",
    "params": "Sampling parameters; extra is passed through.",
    "source": "Real rows behind the synthetic ones: a table or documents.",
    "columns": "Column name to how its values come about.",
    "checks": "What a row must pass, cheap checks first.",
    "target": "What to end with: rows, exact quotas, a cap on candidates.",
    "budget": "Hard caps of one run.",
    "mix": "Share of real rows in the final set.",
    "split": "Held-out share, whole groups on one side.",
    "local_only": "Rows may not leave this machine.",
}
_LABEL: dict[str, JSON] = {"type": ["string", "number", "boolean"]}
_LABELS: dict[str, JSON] = {"type": "array", "items": _LABEL, "minItems": 1}
_WEIGHTS: dict[str, JSON] = {
    "type": "object",
    "additionalProperties": {"type": "number", "minimum": 0},
    "minProperties": 1,
}


def recipe_schema() -> dict[str, JSON]:
    """JSON Schema (2020-12) of a recipe file, shorthand included."""
    definitions: dict[str, JSON] = {}
    head = _model(Head, definitions)["properties"]
    properties: dict[str, JSON] = {"synthnb": {"const": FORMAT}}
    for key in RECIPE_KEYS[1:]:
        if key in head:
            properties[key] = head[key]
        elif key in PARTS:
            properties[key] = _model(PARTS[key], definitions)
    properties["columns"] = {
        "type": "object",
        "propertyNames": {"pattern": "^[^\\W\\d_]\\w*$"},
        "additionalProperties": {"$ref": "#/$defs/Column"},
    }
    properties["checks"] = {"type": "array", "items": _CHECK}
    definitions["Column"] = {"anyOf": _columns(definitions)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "synthnb recipe",
        "type": "object",
        "required": ["synthnb"],
        "additionalProperties": False,
        "properties": {
            key: {**properties[key], "description": _HELP[key]} for key in RECIPE_KEYS
        },
        "$defs": definitions,
    }


_CHECK: dict[str, JSON] = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {"type": ["object", "null"]},
        },
    ]
}


def _model(cls: type[Value], definitions: dict[str, JSON]) -> dict[str, Any]:
    """The schema of one part; what it refers to goes into ``definitions``."""
    made = cls.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    definitions.update(made.pop("$defs", {}))
    if cls is not Head:
        made["properties"].pop("kind", None)
    return made


def _columns(definitions: dict[str, JSON]) -> list[JSON]:
    """Every spelling of a column."""
    of = {"type": "object", "additionalProperties": _LABELS}
    text: dict[str, JSON] = {"type": "string"}
    ends: dict[str, JSON] = {"type": "array", "minItems": 2, "maxItems": 2}
    numbers = {**ends, "items": {"type": "number"}}
    decimals = {"decimals": {"type": "integer", "minimum": 0, "maximum": 15}}
    options: dict[str, JSON] = {"type": ["object", "null"], "additionalProperties": False}
    prompt = _model(Prompt, definitions)
    prompt["title"] = "prompt"
    count: dict[str, JSON] = {"type": "integer", "minimum": 1, "maximum": 64}
    prompt["properties"]["candidates"]["anyOf"].insert(0, count)
    return [
        {**_LABELS, "title": "category, equal weights"},
        {**_WEIGHTS, "title": "category, weighted"},
        _column("category", {"anyOf": [_LABELS, _WEIGHTS]}),
        _column("subcategory", text, {"of": of}, needed=("of",)),
        _column("integer", {**ends, "items": {"type": "integer"}}),
        _column("number", numbers, decimals),
        _column("datetime", {**ends, "items": text}),
        _column("person", {**options, "properties": {"locale": text}}),
        _column("uuid", options),
        _column("like", text),
        _column("expression", text),
        prompt,
    ]


def _column(
    kind: str,
    value: dict[str, JSON],
    more: dict[str, JSON] | None = None,
    needed: tuple[str, ...] = (),
) -> dict[str, JSON]:
    return {
        "title": kind,
        "type": "object",
        "properties": {kind: value, **(more or {})},
        "required": [kind, *needed],
        "additionalProperties": False,
    }
