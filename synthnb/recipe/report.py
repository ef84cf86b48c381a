"""What is wrong with a recipe: collected by line, told three at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from synthnb.errors import RecipeError
from synthnb.recipe.yamltext import Node, Path
from synthnb.suggest import did_you_mean

__all__ = ["Report"]

SHOWN = 3
"""Errors told at a time: the first ones often cause the rest."""


class Report:
    """Collects problems against the tree they are in."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self._found: list[tuple[int | None, str]] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, path: Path, message: str, *, offset: int = 0) -> None:
        """Add a problem at ``path``; ``offset`` counts lines inside a text there."""
        place = ".".join(str(step) for step in path)
        self.at(self._line(path, offset), f"{place}: {message}" if place else message)

    def at(self, line: int | None, message: str) -> None:
        """Add a problem on a known line."""
        if (line, message) not in self._found:
            self._found.append((line, message))

    def unknown(
        self, path: Path, key: Any, known: Iterable[str], what: str = "key", hint: str = ""
    ) -> None:
        """Add an unknown key of the map at ``path``; ``hint`` may say where it belongs."""
        names = list(known)
        hint = hint or did_you_mean(str(key), names) or f"; known: {', '.join(names) or 'none'}"
        place = ".".join(str(step) for step in path)
        self.at(
            self._line((*path, key), 0),
            f"unknown {what} '{key}'" + (f" in {place}" if place else "") + hint,
        )

    def validate(
        self,
        cls: type[BaseModel],
        data: Any,
        path: Path,
        surface: dict[str, Path] | None = None,
    ) -> Any:
        """The value of ``cls``, or ``None`` after adding what is wrong.

        ``surface`` says where a field stands in the text, where that is not its name.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            found: dict[Path, list[Any]] = {}
            for item in error.errors(include_url=False):
                loc = tuple(item["loc"])
                if surface is not None and loc and loc[0] in surface:
                    loc = (*surface[str(loc[0])], *loc[1:])
                where = (*path, *loc)
                if item["type"] in _TYPES:
                    where = self._existing(where)
                found.setdefault(where, []).append(item)
            for where, items in found.items():
                self._pydantic(cls, items, where)
        return None

    def _existing(self, path: Path) -> Path:
        """The part of a path that the tree has: the rest names one option of several."""
        node = self.root
        for depth, step in enumerate(path):
            inside = node.kind == "list" and isinstance(step, int) and step < len(node.value)
            if node.kind == "scalar" or not (inside or node.get(step) is not None):
                return path[:depth]
            node = node.value[step]
        return path

    def raise_if_any(self) -> None:
        """Raise one ``RecipeError`` with the first three problems, by line."""
        if not self._found:
            return
        ordered = sorted(self._found, key=lambda item: (item[0] is None, item[0] or 0))
        lines = [f"Line {line}: {text}" if line else text for line, text in ordered[:SHOWN]]
        if len(ordered) > SHOWN:
            lines[-1] += f" (and {len(ordered) - SHOWN} more)"
        error = RecipeError("\n".join(lines))
        error.line = ordered[0][0]
        raise error

    def _line(self, path: Path, offset: int) -> int | None:
        line, node = self.root.line_of(path), self.root
        for step in path:
            if node.kind == "scalar":
                break
            if node.kind == "map":
                following = node.get(step)
            else:
                inside = isinstance(step, int) and step < len(node.value)
                following = node.value[step] if inside else None
            if following is None:
                return line
            node = following
        if line is not None and node.kind == "scalar" and not node.flow and node.line:
            return node.line + 1 + offset
        return line

    def _pydantic(self, cls: type[BaseModel], items: list[Any], path: Path) -> None:
        """Add what a model says of one place; several items are options that all failed."""
        item = items[0]
        kind, key = item["type"], path[-1] if path else ""
        if len(items) > 1 and all(other["type"] in _TYPES for other in items):
            options = list(dict.fromkeys(_TYPES[other["type"]] for other in items))
            self.add(path, f"must be {' or '.join(options)}, not {_show(item['input'])}")
            return
        if kind == "extra_forbidden":
            self.unknown(path[:-1], key, _fields_at(cls, item["loc"][:-1]))
        elif kind == "missing":
            self.add(path[:-1], f"'{key}' is missing")
        else:
            bounds = _bounds(cls, item["loc"]) if kind in _BOUNDS else ""
            self.add(path, _wording(item, bounds))


def _fields_at(cls: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    """The keys of the model that ``loc`` leads to."""
    for step in loc:
        field = cls.model_fields.get(str(step))
        inner = _model_in(field.annotation) if field is not None else None
        if inner is not None:
            cls = inner
    return [field.alias or name for name, field in cls.model_fields.items() if name != "kind"]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for option in (annotation, *get_args(annotation)):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


_TYPES = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("above", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("below", "lt"),
}


def _bounds(cls: type[BaseModel], loc: tuple[Any, ...]) -> str:
    """All that is allowed for a number: ``from 0 to 2``."""
    for step in loc[:-1]:
        field = cls.model_fields.get(str(step))
        inner = _model_in(field.annotation) if field is not None else None
        cls = inner or cls
    field = cls.model_fields.get(str(loc[-1])) if loc else None
    found = {
        name: getattr(rule, name)
        for rule in (field.metadata if field is not None else ())
        for _, name in _BOUNDS.values()
        if getattr(rule, name, None) is not None
    }
    if found.keys() == {"ge", "le"}:
        return f"from {_number(found['ge'])} to {_number(found['le'])}"
    words = {name: word for word, name in _BOUNDS.values()}
    return " and ".join(f"{words[name]} {_number(bound)}" for name, bound in found.items())


def _number(value: float) -> str:
    return f"{int(value) if value == int(value) else value:,}"


def _wording(item: Any, bounds: str = "") -> str:
    kind, given, context = item["type"], item.get("input"), item.get("ctx", {})
    if kind in _TYPES:
        hint = " (put it in quotes)" if kind == "string_type" and _simple(given) else ""
        return f"must be {_TYPES[kind]}, not {_show(given)}{hint}"
    if kind in _BOUNDS:
        word, name = _BOUNDS[kind]
        return f"must be {bounds or f'{word} {_number(context[name])}'}, not {_show(given)}"
    if kind == "literal_error":
        options = str(context.get("expected", ""))
        hint = did_you_mean(
            str(given), options.replace(" or ", ", ").replace("'", "").split(", ")
        )
        return f"must be {options}, not {_show(given)}{hint}"
    if kind == "value_error":
        return str(context.get("error", item["msg"]))
    if kind == "too_short":
        return "must not be empty"
    if kind == "too_long":
        return f"may hold at most {context.get('max_length')} items"
    return f"{item['msg'][:1].lower()}{item['msg'][1:]}, not {_show(given)}"


def _simple(value: Any) -> bool:
    return isinstance(value, int | float)


def _show(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
