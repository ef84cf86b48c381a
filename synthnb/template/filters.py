"""The filters and operators a template may use, each with a bound on what it makes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

from jinja2.runtime import Undefined
from jinja2.utils import pass_context

from synthnb.types import JSON

__all__ = ["FILTERS", "MAX_OUTPUT", "TESTS", "Limit", "as_json", "as_text", "calculate"]

MAX_OUTPUT = 1 << 20
"""Characters of one rendered text, or of one string made on the way."""
MAX_BITS = 4_096
MAX_SENTENCES = 100_000
"""Characters that are looked at for sentences."""


class Limit(Exception):
    """A bound was hit while rendering; the text says which."""


def as_json(value: Any, depth: int = 64) -> JSON:
    """The value as plain JSON; an undefined one raises the error that names it."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Undefined):
        return str(value)
    if depth == 0:
        raise Limit("a value is nested too deeply")
    if isinstance(value, Mapping):
        return {str(key): as_json(item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple | range | set):
        return [as_json(item, depth - 1) for item in value]
    raise Limit(f"a {type(value).__name__} is not a JSON value")


def as_text(value: Any) -> str:
    """How a value reads in a prompt: text as it is, nothing for null, JSON otherwise."""
    if isinstance(value, str | Undefined):
        return str(value)
    if value is None:
        return ""
    return _bounded(json.dumps(as_json(value), ensure_ascii=False))


def _bounded(text: str) -> str:
    if len(text) > MAX_OUTPUT:
        raise Limit(f"the text grows beyond {MAX_OUTPUT:,} characters")
    return text


def calculate(sign: str, left: Any, right: Any) -> JSON:
    """``left sign right`` on numbers; ``+`` also joins two texts or two lists."""
    if sign == "+" and isinstance(left, str) and isinstance(right, str):
        return _bounded(left + right)
    if sign == "+" and isinstance(left, list) and isinstance(right, list):
        if len(left) + len(right) > MAX_OUTPUT:
            raise Limit("a list grows too long")
        return left + right
    for value in (left, right):
        if isinstance(value, Undefined):
            str(value)
        if not isinstance(value, int | float):
            raise Limit(f"'{sign}' needs numbers, not {_kind(value)}")
    return _arithmetic(sign, left, right)


def _arithmetic(sign: str, left: Any, right: Any) -> JSON:
    if sign == "**":
        if abs(right) > 64:
            raise Limit("an exponent may be at most 64")
        result = left**right
    else:
        result = _OPERATIONS[sign](left, right)
    if isinstance(result, int) and result.bit_length() > MAX_BITS:
        raise Limit("a number grows too large")
    if isinstance(result, complex):
        raise Limit("the result is not a real number")
    return result


_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "//": lambda left, right: left // right,
    "%": lambda left, right: left % right,
}


def _kind(value: Any) -> str:
    names = {str: "text", list: "a list", dict: "an object", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def _items(value: Any) -> list[Any]:
    """The parts of a list, the keys of an object, the letters of a text."""
    if isinstance(value, str | list | tuple | range | Mapping):
        return list(value)
    if isinstance(value, Undefined):
        str(value)
    raise Limit(f"{_kind(value)} has no items")


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str) else len(_items(value))


def _replace(value: Any, old: str, new: str, count: int = -1) -> str:
    text, old, new = as_text(value), as_text(old), as_text(new)
    hits = text.count(old) if count < 0 else min(count, text.count(old))
    if len(text) + hits * (len(new) - len(old)) > MAX_OUTPUT:
        raise Limit(f"the text grows beyond {MAX_OUTPUT:,} characters")
    return text.replace(old, new, count)


def _join(value: Any, separator: str = "", attribute: str | None = None) -> str:
    items = [_field(item, attribute) if attribute else item for item in _items(value)]
    size, texts = 0, []
    for item in items:
        texts.append(as_text(item))
        size += len(texts[-1]) + len(separator)
        if size > MAX_OUTPUT + len(separator):
            raise Limit(f"the text grows beyond {MAX_OUTPUT:,} characters")
    return separator.join(texts)


def _field(value: Any, path: Any) -> Any:
    for step in str(path).split("."):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            raise Limit(f"an item has no field '{path}'")
    return value


def _indent(value: Any, width: int = 4, first: bool = False) -> str:
    text = as_text(value)
    if not 0 <= width <= 80:
        raise Limit("indent takes a width from 0 to 80")
    pad = " " * width
    lines = text.split("\n")
    if len(text) + len(lines) * width > MAX_OUTPUT:
        raise Limit(f"the text grows beyond {MAX_OUTPUT:,} characters")
    body = "\n".join(
        pad + line if line.strip() and index else line for index, line in enumerate(lines)
    )
    return pad + body if first else body


def _truncate(value: Any, length: int = 255, killwords: bool = False, end: str = "…") -> str:
    text = as_text(value)
    if len(text) <= length:
        return text
    cut = text[: max(0, length - len(end))]
    return (cut if killwords else cut.rsplit(" ", 1)[0]) + end


def _number(cast: Callable[[Any], JSON], default: JSON) -> Callable[..., JSON]:
    def convert(value: Any, fallback: JSON = default) -> JSON:
        try:
            return cast(value) if not isinstance(value, str) else cast(value.strip()[:64])
        except (TypeError, ValueError, OverflowError):
            return fallback

    return convert


def _key(attribute: str | None, case_sensitive: bool) -> Callable[[Any], Any]:
    def key(item: Any) -> Any:
        found = _field(item, attribute) if attribute else item
        return found.lower() if isinstance(found, str) and not case_sensitive else found

    return key


def _sort(
    value: Any,
    reverse: bool = False,
    case_sensitive: bool = False,
    attribute: str | None = None,
) -> list[Any]:
    return sorted(_items(value), key=_key(attribute, case_sensitive), reverse=reverse)


def _unique(
    value: Any, case_sensitive: bool = False, attribute: str | None = None
) -> list[Any]:
    key, seen, kept = _key(attribute, case_sensitive), set(), []
    for item in _items(value):
        mark = json.dumps(as_json(key(item)), sort_keys=True)
        if mark not in seen:
            seen.add(mark)
            kept.append(item)
    return kept


def _sum(value: Any, attribute: str | None = None) -> JSON:
    total: JSON = 0
    for item in _items(value):
        total = calculate("+", total, _field(item, attribute) if attribute else item)
    return total


def _dictsort(value: Any) -> list[list[Any]]:
    return [[key, value[key]] for key in sorted(_items(value))]


def _pairs(value: Any) -> list[list[Any]]:
    return [[key, item] for key, item in value.items()] if isinstance(value, Mapping) else []


def _default(value: Any, fallback: JSON = "", empty: bool = False) -> Any:
    return fallback if isinstance(value, Undefined) or (empty and not value) else value


def _pick(value: Any, index: int) -> Any:
    items = _items(value)
    if not items:
        raise Limit("the list is empty")
    return items[index]


def _round(value: Any, precision: int = 0) -> JSON:
    return round(float(value), max(-15, min(15, precision)))


def _tojson(value: Any, indent: int | None = None) -> str:
    return json.dumps(
        as_json(value), ensure_ascii=False, indent=indent if indent is None else min(indent, 8)
    )


_ENDS = re.compile(r"[.!?](?=\s|$)|\n")


def _sentences(value: Any) -> list[str]:
    """Whole sentences of a text, each verbatim; ``name: value`` lines of one that has none.

    A line that begins small goes on with the sentence before. A sentence that begins small
    is left out: it is the tail of one that was cut.
    """
    text, start, found = as_text(value)[:MAX_SENTENCES], 0, []
    for match in _ENDS.finditer(text):
        following = text[match.end() : match.end() + 80].lstrip(" \t")
        if match[0] == "\n" and following[:1].islower():
            continue
        said, start = text[start : match.end()].strip(), match.end()
        if said and match[0] != "\n" and not said[0].islower():
            found.append(said)
    return found or [line.strip() for line in text.split("\n") if ": " in line]


_PLAIN: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "capitalize": lambda value: as_text(value).capitalize(),
    "count": _length,
    "d": _default,
    "default": _default,
    "dictsort": _dictsort,
    "first": lambda value: _pick(value, 0),
    "float": _number(float, 0.0),
    "indent": _indent,
    "int": _number(
        lambda value: int(float(value)) if isinstance(value, float) else int(value), 0
    ),
    "items": _pairs,
    "join": _join,
    "last": lambda value: _pick(value, -1),
    "length": _length,
    "list": _items,
    "lower": lambda value: as_text(value).lower(),
    "max": lambda value, attribute=None: max(_items(value), key=_key(attribute, True)),
    "min": lambda value, attribute=None: min(_items(value), key=_key(attribute, True)),
    "replace": _replace,
    "reverse": lambda value: value[::-1] if isinstance(value, str) else _items(value)[::-1],
    "round": _round,
    "sentences": _sentences,
    "sort": _sort,
    "string": as_text,
    "sum": _sum,
    "title": lambda value: " ".join(w.capitalize() for w in as_text(value).split(" ")),
    "tojson": _tojson,
    "trim": lambda value, chars=None: as_text(value).strip(chars),
    "truncate": _truncate,
    "unique": _unique,
    "upper": lambda value: as_text(value).upper(),
    "wordcount": lambda value: len(as_text(value).split()),
}


def _map(context: Any, value: Any, name: str | None = None, *args: Any, **options: Any) -> Any:
    if name is None:
        return [
            _field(item, options["attribute"])
            if "default" not in options
            else _field_or(item, options["attribute"], options["default"])
            for item in _items(value)
        ]
    return [FILTERS[name](context, item, *args, **options) for item in _items(value)]


def _field_or(item: Any, path: Any, default: JSON) -> Any:
    try:
        return _field(item, path)
    except Limit:
        return default


def _selector(keep: bool, by_field: bool) -> Callable[..., list[Any]]:
    def select(context: Any, value: Any, *rest: Any) -> list[Any]:
        field, rest = (rest[0], rest[1:]) if by_field else (None, rest)
        kept = []
        for item in _items(value):
            context.step()
            subject = _field(item, field) if field is not None else item
            passed = bool(TESTS[rest[0]](subject, *rest[1:])) if rest else bool(subject)
            if passed is keep:
                kept.append(item)
        return kept

    return select


_WITH_CONTEXT: dict[str, Callable[..., Any]] = {
    "map": _map,
    "reject": _selector(False, False),
    "rejectattr": _selector(False, True),
    "select": _selector(True, False),
    "selectattr": _selector(True, True),
}


def _guarded(make: Callable[..., Any], with_context: bool) -> Callable[..., Any]:
    """The filter, counted against the render's budget and bounded in what it returns."""

    @pass_context
    @wraps(make)
    def apply(context: Any, value: Any, *args: Any, **options: Any) -> Any:
        context.step()
        made = make(*((context,) if with_context else ()), value, *args, **options)
        return _bounded(made) if isinstance(made, str) else made

    return apply


FILTERS: dict[str, Callable[..., Any]] = {
    **{name: _guarded(make, False) for name, make in _PLAIN.items()},
    **{name: _guarded(make, True) for name, make in _WITH_CONTEXT.items()},
}
"""Every filter a template may use."""


def each(context: Any, value: Any) -> Iterable[Any]:
    """What a ``for`` walks over, one budget step an item."""
    for item in _items(value):
        context.step()
        yield item


def _tests() -> dict[str, Callable[..., Any]]:
    from jinja2.tests import TESTS as known

    left_out = {"callable", "escaped", "filter", "test"}
    allowed: dict[str, Any] = {**known}
    return {name: test for name, test in allowed.items() if name not in left_out}


TESTS = _tests()
"""Every test (``is …``) a template may use."""
