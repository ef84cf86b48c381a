"""A tree of keys and values to the fields of a recipe, shorthand and all."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field

from synthnb.errors import RecipeError
from synthnb.recipe.parts import (
    Budget,
    CheckSpec,
    Mix,
    Params,
    Purpose,
    Source,
    Split,
    Target,
    Value,
    label,
)
from synthnb.recipe.reading_columns import home_of, read_columns
from synthnb.recipe.report import Report
from synthnb.recipe.yamltext import Node

__all__ = ["FORMAT", "PARTS", "RECIPE_KEYS", "Head", "is_name", "looks_like_model", "read"]

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


PARTS: dict[str, type[Value]] = {
    "params": Params,
    "source": Source,
    "target": Target,
    "budget": Budget,
    "mix": Mix,
    "split": Split,
}

_KEYS = """synthnb name description kind purpose license seed model models params source columns
    checks target budget mix split local_only"""
RECIPE_KEYS = tuple(_KEYS.split())
"""The keys of a recipe, in the order in which they are written."""


def read(root: Node, *, need_version: bool = False) -> dict[str, Any]:
    """The fields of a recipe; raises ``RecipeError`` naming up to three lines.

    Only what each part holds is judged here; ``synthnb.recipe.relations`` judges how the
    parts fit together.
    """
    if root.kind != "map":
        raise RecipeError("a recipe is a map of keys such as 'columns:'", line=root.line)
    report = Report(root)
    for key in root.value:
        if key not in RECIPE_KEYS:
            report.unknown((), key, RECIPE_KEYS, hint=home_of(key))
    _version(root, report, need_version)
    fields: dict[str, Any] = {}
    plain = {key: root.value[key].data() for key in root.value if key in Head.model_fields}
    head = report.validate(Head, {k: v for k, v in plain.items() if v is not None}, ())
    if head is not None:
        fields.update({name: getattr(head, name) for name in Head.model_fields})
        _names(head, report)
    for key, cls in PARTS.items():
        node = root.get(key)
        if node is None or node.value is None:
            continue
        value = node.value
        if key == "target":
            _label_keys(node)
        fields[key] = (
            value if isinstance(value, cls) else report.validate(cls, node.data(), (key,))
        )
    fields["columns"] = read_columns(root.get("columns"), report)
    fields["checks"] = _checks(root.get("checks"), report)
    report.raise_if_any()
    return fields


def _label_keys(target: Node) -> None:
    """Quotas name labels by text, also those that are numbers: ``{n: {1: 5}}``."""
    quotas = target.get("quotas")
    for counts in quotas.value.values() if quotas is not None and quotas.kind == "map" else ():
        if counts.kind == "map":
            counts.value = {label(key): item for key, item in counts.value.items()}
            counts.keys = {label(key): item for key, item in counts.keys.items()}


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


def is_name(text: str) -> bool:
    """Whether a recipe, and so its batches, may be called that."""
    return re.fullmatch(r"\w[\w.-]{0,99}", text) is not None


def _names(head: Any, report: Report) -> None:
    if head.name is not None and not is_name(head.name):
        report.add(("name",), "a name has letters, digits, '-', '_' and '.', at most 100")
    for short, name in head.models.items():
        if not looks_like_model(name):
            report.add(("models", short), f"a model is PROFILE/MODEL, not {name!r}")
        if "/" in short:
            report.add(("models", short), "a short name for a model has no '/'")


def looks_like_model(name: str) -> bool:
    """Whether ``name`` is ``PROFILE/MODEL``. An URL is not; a path may hold spaces."""
    words = r"[A-Za-z0-9_.-]+/\S([^\x00-\x1f\x7f]*\S)?"
    return bool(re.fullmatch(words, name)) and "://" not in name


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
        elif (
            item.kind != "map"
            or len(item.value) != 1
            or not isinstance(next(iter(item.value)), str)
        ):
            report.add(path, "a check is one name with its options, such as {length: {max: 9}}")
        else:
            [(rule, options)] = item.value.items()
            data = {"rule": rule, "options": {} if options.value is None else options.data()}
            spec = report.validate(CheckSpec, data, path, {"options": (rule,)})
            made += [spec] if spec is not None else []
    return tuple(made)
