"""A tree of keys and values to the fields of a recipe, shorthand and all."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field

from synthnb.errors import RecipeError
from synthnb.parts import (
    Budget,
    Category,
    CheckSpec,
    Column,
    Datetime,
    Expression,
    Integer,
    Like,
    Mix,
    Number,
    Params,
    Person,
    Prompt,
    Purpose,
    Source,
    Split,
    Subcategory,
    Target,
    Uuid,
    Value,
)
from synthnb.report import Report
from synthnb.yamltext import Node, Path

__all__ = ["FORMAT", "KINDS", "RECIPE_KEYS", "Head", "check_column_name", "read"]

FORMAT = 1
"""The newest format version this code reads."""


class Head(Value):
    """The plain keys of a recipe."""

    name: str | None = None
    description: str | None = None
    kind: str | None = None
    purpose: Purpose | None = None
    license: str | None = None
    seed: int = Field(default=0, ge=0, lt=2**63)
    model: str | None = None
    models: dict[str, str] = Field(default_factory=dict)
    local_only: bool = False


_PARTS: dict[str, type[Value]] = {
    "params": Params,
    "source": Source,
    "target": Target,
    "budget": Budget,
    "mix": Mix,
    "split": Split,
}

RECIPE_KEYS = (
    *("synthnb", "name", "description", "kind", "purpose", "license", "seed", "model", "models"),
    *("params", "source", "columns", "checks", "target", "budget", "mix", "split", "local_only"),
)
"""The keys of a recipe, in the order in which they are written."""

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

_TAKEN = frozenset(
    """loop self super source range true false none True False None and or not in is if else
    elif for endfor varargs kwargs caller dict lipsum cycler joiner namespace""".split()
)
_MODEL_NAME = re.compile(r"[\w-]+/[^\s:]\S*(?::\S+)?|[\w-]+/\S+")


def read(root: Node, *, need_version: bool = False) -> dict[str, Any]:
    """The fields of a recipe; raises ``RecipeError`` naming up to three lines.

    Only what each part holds is judged here; ``synthnb.relations`` judges how the
    parts fit together.
    """
    if root.kind != "map":
        raise RecipeError("a recipe is a map of keys such as 'columns:'", line=root.line)
    report = Report(root)
    for key in root.value:
        if key not in RECIPE_KEYS:
            report.unknown((), key, RECIPE_KEYS)
    _version(root, report, need_version)
    fields: dict[str, Any] = {}
    plain = {key: root.value[key].data() for key in root.value if key in Head.model_fields}
    head = report.validate(Head, {k: v for k, v in plain.items() if v is not None}, ())
    if head is not None:
        fields.update({name: getattr(head, name) for name in Head.model_fields})
        _names(head, report)
    for key, cls in _PARTS.items():
        node = root.get(key)
        if node is None or node.value is None:
            continue
        value = node.value
        fields[key] = value if isinstance(value, cls) else report.validate(
            cls, node.data(), (key,))
    fields["columns"] = _columns(root.get("columns"), report)
    fields["checks"] = _checks(root.get("checks"), report)
    report.raise_if_any()
    return fields


def _version(root: Node, report: Report, needed: bool) -> None:
    node = root.get("synthnb")
    if node is None:
        if needed:
            report.at(root.line, f"a recipe names its format: begin with 'synthnb: {FORMAT}'")
    elif type(node.value) is not int or node.value < 1:
        report.add(("synthnb",), f"the format version is a number; write 'synthnb: {FORMAT}'")
    elif node.value > FORMAT:
        report.add(
            ("synthnb",),
            f"format {node.value} is newer than this synthnb reads ({FORMAT}); upgrade synthnb",
        )


def _names(head: Any, report: Report) -> None:
    if head.name is not None and not re.fullmatch(r"\w[\w.-]{0,99}", head.name):
        report.add(("name",), "a name has letters, digits, '-', '_' and '.', at most 100")
    for short, name in head.models.items():
        if not looks_like_model(name):
            report.add(("models", short), f"a model is PROFILE/MODEL, not {name!r}")
        if "/" in short:
            report.add(("models", short), "a short name for a model has no '/'")


def looks_like_model(name: str) -> bool:
    """Whether ``name`` is ``PROFILE/MODEL``. An URL is not."""
    return bool(re.fullmatch(r"[A-Za-z0-9_.-]+/\S+", name)) and "://" not in name


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


def _columns(node: Node | None, report: Report) -> dict[str, Column]:
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


def read_column(node: Node, path: Path, report: Report) -> Any:
    """One column in any of its spellings, or ``None`` after reporting."""
    if isinstance(node.value, tuple(KINDS.values())):
        return node.value
    if node.kind == "list":
        return _category(node, path, report)
    if node.kind == "scalar":
        report.add(path, "a column is a list of labels or a map such as {prompt: \"…\"}")
        return None
    if node.value and all(_is_number(item.value) for item in node.value.values()):
        return _category(node, path, report)
    kinds = [key for key in node.value if key in KINDS]
    if len(kinds) != 1:
        _no_kind(node, kinds, path, report)
        return None
    return _READERS[kinds[0]](node, path, report)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _no_kind(node: Node, kinds: list[str], path: Path, report: Report) -> None:
    if kinds:
        report.add(path, f"a column has one kind, not {' and '.join(kinds)}")
        return
    for key in node.value:
        if isinstance(key, str) and key not in PROMPT_KEYS:
            report.unknown(path, key, KINDS, "column kind")
            return
    report.add(path, f"a column needs one of {', '.join(KINDS)}")


def _only(node: Node, allowed: tuple[str, ...], path: Path, report: Report) -> bool:
    unknown = [key for key in node.value if key not in allowed]
    for key in unknown:
        report.unknown(path, key, allowed)
    return not unknown


def _category(node: Node, path: Path, report: Report) -> Any:
    if node.kind == "list":
        return report.validate(Category, {"values": node.data()}, path, {"values": ()})
    if node.kind == "map":
        weights = [item.data() for item in node.value.values()]
        data = {"values": list(node.value), "weights": weights}
        for key, item in node.value.items():
            if not _is_number(item.value):
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
            content = {_key(key): value for key, value in content.items()}
        data["of"] = content
    return report.validate(Subcategory, data, path, {"parent": ("subcategory",)})


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _ends(
    kind: str, cls: type[Value], fields: tuple[str, str], more: tuple[str, ...] = ()
) -> Callable[[Node, Path, Report], Any]:
    """A reader for a column of two ends: ``{integer: [20, 120]}``."""

    def reader(node: Node, path: Path, report: Report) -> Any:
        if not _only(node, (kind, *more), path, report):
            return None
        ends = node.value[kind]
        if ends.kind != "list" or len(ends.value) != 2:
            report.add((*path, kind), "needs two ends, such as [1, 10]" if cls is not Datetime
                       else "needs two ends, such as [2025-01-01, 2025-12-31]")
            return None
        data = dict(zip(fields, ends.data(), strict=True))
        data.update({key: node.value[key].data() for key in more if key in node.value})
        where: dict[str, Path] = {fields[0]: (kind, 0), fields[1]: (kind, 1)}
        return report.validate(cls, data, path, where)

    return reader


def _one(kind: str, cls: type[Value], field: str) -> Callable[[Node, Path, Report], Any]:
    """A reader for a column of one text: ``{like: age}``."""

    def reader(node: Node, path: Path, report: Report) -> Any:
        if not _only(node, (kind,), path, report):
            return None
        return report.validate(cls, {field: node.value[kind].data()}, path, {field: (kind,)})

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
    "expression": _one("expression", Expression, "template"),
    "prompt": _read_prompt,
}


def _checks(node: Node | None, report: Report) -> tuple[CheckSpec, ...]:
    if node is None or node.value is None:
        return ()
    if node.kind != "list":
        report.add(("checks",), "must be a list, such as [{length: {column: text, max: 400}}]")
        return ()
    made = []
    for position, item in enumerate(node.value):
        path = ("checks", position)
        if isinstance(item.value, CheckSpec):
            made.append(item.value)
        elif isinstance(item.value, str):
            made.append(CheckSpec(rule=item.value))
        elif item.kind != "map" or len(item.value) != 1 or not isinstance(
            next(iter(item.value)), str
        ):
            report.add(path, "a check is one name with its options, such as {length: {max: 9}}")
        else:
            [(rule, options)] = item.value.items()
            data = {"rule": rule, "options": {} if options.value is None else options.data()}
            spec = report.validate(CheckSpec, data, path, {"options": (rule,)})
            made += [spec] if spec is not None else []
    return tuple(made)
