"""Columns in all their spellings to values."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from synthnb.recipe.parts import (
    Budget,
    Category,
    Column,
    Datetime,
    Expression,
    Integer,
    Like,
    Number,
    Params,
    Person,
    Prompt,
    Subcategory,
    Target,
    Uuid,
    Value,
    label,
)
from synthnb.recipe.report import Report
from synthnb.recipe.yamltext import Node, Path
from synthnb.visible import one_line

__all__ = [
    "KINDS",
    "PROMPT_KEYS",
    "check_column_name",
    "home_of",
    "is_weighted",
    "read_columns",
]

KINDS: dict[str, type[Value]] = {
    "category": Category,
    "subcategory": Subcategory,
    "integer": Integer,
    "number": Number,
    "datetime": Datetime,
    "person": Person,
    "uuid": Uuid,
    "like": Like,
    "expression": Expression,
    "prompt": Prompt,
}
"""The kind keys of a column."""

PROMPT_KEYS = tuple(
    field.alias or name for name, field in Prompt.model_fields.items() if name != "kind"
)

_HOMES = {
    key: part
    for part, cls in (("params", Params), ("target", Target), ("budget", Budget))
    for key in cls.model_fields
}
"""Keys of parts that are easily written one level too high."""

_RESERVED = """loop self super source range true false none True False None and or not in is if
    else elif for endfor varargs kwargs caller dict lipsum cycler joiner namespace"""
_TAKEN = frozenset(_RESERVED.split())


def home_of(key: Any) -> str:
    """Where a key of another level belongs, as a hint.

    >>> home_of("temperature"), home_of("mood")
    ('; it belongs under params: {temperature: …}', '')
    """
    part = _HOMES.get(key) or ("text" if key in PROMPT_KEYS and key not in KINDS else None)
    return f"; it belongs under {part}: {{{key}: …}}" if part else ""


def check_column_name(name: Any) -> str | None:
    """What is wrong with a column's name, ``None`` if nothing."""
    if not isinstance(name, str) or not name.isidentifier() or len(name) > 100:
        return "a column's name has letters, digits and '_', and begins with a letter"
    if name.startswith("_"):
        return "a column's name may not begin with '_'"
    if name in _TAKEN or keyword.iskeyword(name):
        return f"a column may not be called '{name}': templates need that word"
    if unicodedata.normalize("NFKC", name) != name:
        return "a column's name must be in plain (NFKC) letters"
    return None


def read_columns(node: Node | None, report: Report) -> dict[str, Column]:
    """The columns of a recipe; what cannot be read is reported and left out."""
    if node is None or node.value is None:
        return {}
    if node.kind != "map":
        report.add(("columns",), "must be a map of column names")
        return {}
    made: dict[str, Column] = {}
    for name, item in node.value.items():
        wrong = check_column_name(name)
        if wrong:
            report.add(("columns", name), wrong)
            continue
        column = read_column(item, ("columns", name), report)
        if column is not None:
            made[name] = column
    return made


def _listed(text: str) -> str:
    """How labels or a range are spelled that somebody wrote as they would say them."""
    ends = re.fullmatch(r"\s*(\d+)\s*(?:-|–|to|\.\.)\s*(\d+)\s*", text[:100])
    if ends is not None:
        return f"; a range is {{integer: [{ends[1]}, {ends[2]}]}}"
    labels = [one_line(label, 20) for label in text.split(",") if label.strip()]
    return f"; as a list: [{', '.join(labels)}]" if 1 < len(labels) < 9 else ""


def read_column(node: Node, path: Path, report: Report) -> Any:
    """One column in any of its spellings, or ``None`` after reporting."""
    if isinstance(node.value, tuple(KINDS.values())):
        return node.value
    if node.kind == "list":
        return _category(node, path, report)
    if node.kind == "scalar":
        hint = home_of(path[-1]) or _listed(str(node.value))
        report.add(path, f'a column is a list of labels or a map such as {{prompt: "…"}}{hint}')
        return None
    if is_weighted({key: item.value for key, item in node.value.items()}):
        return _category(node, path, report)
    kinds = [key for key in node.value if key in KINDS]
    if len(kinds) != 1:
        _no_kind(node, kinds, path, report)
        return None
    return _READERS[kinds[0]](node, path, report)


def is_number(value: Any) -> bool:
    """A number that is no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_weighted(pairs: Mapping[Any, Any]) -> bool:
    """Whether a map spells a weighted category: labels to numbers.

    ``{integer: 5}`` does not: it is a slip for ``{integer: [1, 5]}``, and a category of
    that one label is written ``{category: {integer: 5}}``.
    """
    if not pairs or not all(is_number(weight) for weight in pairs.values()):
        return False
    return len(pairs) > 1 or next(iter(pairs)) not in KINDS


def _no_kind(node: Node, kinds: list[str], path: Path, report: Report) -> None:
    if kinds:
        report.add(path, f"a column has one kind, not {' and '.join(kinds)}")
        return
    for key in node.value:
        if isinstance(key, str) and key not in PROMPT_KEYS:
            if any(is_number(item.value) for item in node.value.values()):
                _category(node, path, report)  # says which weight is no number
            else:
                report.unknown(path, key, KINDS, "column kind")
            return
    report.add(path, f"a column needs one of {', '.join(KINDS)}")


def _only(node: Node, allowed: tuple[str, ...], path: Path, report: Report) -> bool:
    unknown = [key for key in node.value if key not in allowed]
    for key in unknown:
        report.unknown(
            path, key, allowed, hint=home_of(key) if key in Params.model_fields else ""
        )
    return not unknown


def _category(node: Node, path: Path, report: Report) -> Any:
    if node.kind == "list":
        return report.validate(Category, {"values": node.data()}, path, {"values": ()})
    if node.kind == "map":
        weights = [item.data() for item in node.value.values()]
        data = {"values": list(node.value), "weights": weights}
        for key, item in node.value.items():
            if not is_number(item.value):
                report.add((*path, key), "a weight must be a number, 0 or more")
                return None
        return report.validate(Category, data, path, {"values": (), "weights": ()})
    report.add(path, "a category is a list of labels, or a map of labels to weights")
    return None


def _read_category(node: Node, path: Path, report: Report) -> Any:
    if not _only(node, ("category",), path, report):
        return None
    return _category(node.value["category"], (*path, "category"), report)


def _read_subcategory(node: Node, path: Path, report: Report) -> Any:
    if not _only(node, ("subcategory", "of"), path, report):
        return None
    data = {"parent": node.value["subcategory"].data()}
    of = node.get("of")
    if of is not None:
        content = of.data()
        if isinstance(content, Mapping):
            content = {label(key): value for key, value in content.items()}
        data["of"] = content
    return report.validate(Subcategory, data, path, {"parent": ("subcategory",)})


def _ends(
    kind: str, cls: type[Value], fields: tuple[str, str], more: tuple[str, ...] = ()
) -> Callable[[Node, Path, Report], Any]:
    """A reader for a column of two ends: ``{integer: [20, 120]}``."""

    def reader(node: Node, path: Path, report: Report) -> Any:
        if not _only(node, (kind, *more), path, report):
            return None
        ends = node.value[kind]
        if ends.kind != "list" or len(ends.value) != 2:
            report.add(
                (*path, kind),
                "needs two ends, such as [1, 10]"
                if cls is not Datetime
                else "needs two ends, such as [2025-01-01, 2025-12-31]",
            )
            return None
        data = dict(zip(fields, ends.data(), strict=True))
        data.update({key: node.value[key].data() for key in more if key in node.value})
        where: dict[str, Path] = {fields[0]: (kind, 0), fields[1]: (kind, 1)}
        return report.validate(cls, data, path, where)

    return reader


def _one(
    kind: str, cls: type[Value], field: str, more: tuple[str, ...] = ()
) -> Callable[[Node, Path, Report], Any]:
    """A reader for a column of one text: ``{like: age}``."""

    def reader(node: Node, path: Path, report: Report) -> Any:
        if not _only(node, (kind, *more), path, report):
            return None
        data = {key: node.value[key].data() for key in more if key in node.value}
        data[field] = node.value[kind].data()
        return report.validate(cls, data, path, {field: (kind,)})

    return reader


def _options(kind: str, cls: type[Value]) -> Callable[[Node, Path, Report], Any]:
    """A reader for a column of options: ``{person: {locale: en}}``."""

    def reader(node: Node, path: Path, report: Report) -> Any:
        if not _only(node, (kind,), path, report):
            return None
        data = node.value[kind].data()
        return report.validate(cls, {} if data is None else data, (*path, kind))

    return reader


def _read_prompt(node: Node, path: Path, report: Report) -> Any:
    if not _only(node, PROMPT_KEYS, path, report):
        return None
    data = {
        key: item.value if isinstance(item.value, Value) else item.data()
        for key, item in node.value.items()
    }
    data = {key: value for key, value in data.items() if value is not None}
    skip = data.get("skip_when")
    if isinstance(skip, str) and "{{" not in skip and "{%" not in skip:
        data["skip_when"] = f"{{{{ {skip.strip()} }}}}"
    if type(data.get("candidates")) is int:  # shorthand for so many alike
        data["candidates"] = {"n": data["candidates"]}
    return report.validate(Prompt, data, path, {"schema_": ("schema",)})


_READERS: dict[str, Callable[[Node, Path, Report], Any]] = {
    "category": _read_category,
    "subcategory": _read_subcategory,
    "integer": _ends("integer", Integer, ("low", "high")),
    "number": _ends("number", Number, ("low", "high"), ("decimals",)),
    "datetime": _ends("datetime", Datetime, ("start", "end")),
    "person": _options("person", Person),
    "uuid": _options("uuid", Uuid),
    "like": _one("like", Like, "column"),
    "expression": _one("expression", Expression, "template", ("hidden",)),
    "prompt": _read_prompt,
}
