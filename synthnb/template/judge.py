"""What a parsed template may hold, and which names and fields it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import nodes

from synthnb.errors import TemplateError
from synthnb.suggest import did_you_mean
from synthnb.template.filters import FILTERS, TESTS
from synthnb.types import JSON

__all__ = ["Judge"]

MAX_NODES = 2_000
MAX_DEPTH = 40

_ALLOWED_NAMES = """Template Output TemplateData Name Const Getattr Getitem Slice List Tuple
    Dict Pair Keyword Filter Test Compare Operand And Or Not Neg Pos Add Sub Mul Div FloorDiv
    Mod Pow Concat CondExpr If For Call"""
_ALLOWED = tuple(getattr(nodes, name) for name in _ALLOWED_NAMES.split())
_TAGS = {
    "Assign": "set",
    "AssignBlock": "set",
    "Macro": "macro",
    "CallBlock": "call",
    "FilterBlock": "filter",
    "FromImport": "from",
    "With": "with",
    "Block": "block",
    "ScopedEvalContextModifier": "autoescape",
}


class Judge:
    """Walks a parsed template: refuses what is not allowed, collects root names."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.fields: dict[str, dict[str, int]] = {}
        self.compared: dict[str, list[JSON]] = {}
        self.count = 0

    def walk(self, node: nodes.Node, bound: frozenset[str], depth: int = 1) -> None:
        """Judge ``node`` and what is below it; ``bound`` are the names of loops around."""
        self.count += 1
        if self.count > MAX_NODES or depth > MAX_DEPTH:
            raise TemplateError(
                "the template is too large or too deeply nested", line=node.lineno
            )
        if type(node) not in _ALLOWED:
            kind = type(node).__name__
            tag = _TAGS.get(kind, kind.lower())
            raise TemplateError(
                f"'{{% {tag} %}}' is not allowed in templates", line=node.lineno
            )
        special = getattr(self, f"_{type(node).__name__.lower()}", None)
        if special is not None:
            special(node, bound, depth)
            return
        for child in node.iter_child_nodes():
            self.walk(child, bound, depth + 1)

    def _name(self, node: nodes.Name, bound: frozenset[str], depth: int) -> None:
        if node.name not in bound:
            self.names.setdefault(node.name, node.lineno)

    def _getattr(self, node: nodes.Getattr, bound: frozenset[str], depth: int) -> None:
        self._step(node, node.attr, bound, depth)

    def _getitem(self, node: nodes.Getitem, bound: frozenset[str], depth: int) -> None:
        constant = node.arg.value if isinstance(node.arg, nodes.Const) else None
        self._step(node, constant if isinstance(constant, str) else None, bound, depth)
        if constant is None:
            self.walk(node.arg, bound, depth + 1)

    def _step(
        self,
        node: nodes.Getattr | nodes.Getitem,
        step: str | None,
        bound: frozenset[str],
        depth: int,
    ) -> None:
        base = node.node
        if isinstance(base, nodes.Name) and base.name not in bound and step is not None:
            if base.name == "source":
                self.names.setdefault(f"source.{step}", node.lineno)
                return
            self.fields.setdefault(base.name, {}).setdefault(step, node.lineno)
        self.walk(base, bound, depth + 1)

    def _compare(self, node: nodes.Compare, bound: frozenset[str], depth: int) -> None:
        sides = [node.expr, *(operand.expr for operand in node.ops)]
        values = [value for side in sides for value in _constants(side)]
        for side in sides:
            if isinstance(side, nodes.Name) and side.name not in bound:
                self.compared.setdefault(side.name, []).extend(values)
        self._below(node, bound, depth)

    def _call(self, node: nodes.Call, bound: frozenset[str], depth: int) -> None:
        plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs)
        if not (isinstance(node.node, nodes.Name) and node.node.name == "range" and plain):
            raise TemplateError(
                "nothing may be called in a template but range(); use a filter, such as "
                "{{ name | upper }}",
                line=node.lineno,
            )
        for argument in node.args:
            self.walk(argument, bound, depth + 1)

    def _for(self, node: nodes.For, bound: frozenset[str], depth: int) -> None:
        if node.recursive:
            raise TemplateError("a loop may not be recursive", line=node.lineno)
        self.walk(node.iter, bound, depth + 1)
        own = {name.name for name in node.target.find_all(nodes.Name)}
        if isinstance(node.target, nodes.Name):
            own.add(node.target.name)
        inside = bound | own | {"loop"}
        for child in (*node.body, *((node.test,) if node.test else ())):
            self.walk(child, inside, depth + 1)
        for child in node.else_:
            self.walk(child, bound, depth + 1)

    def _filter(self, node: nodes.Filter, bound: frozenset[str], depth: int) -> None:
        self._known(node, "filter", FILTERS)
        if node.name == "map" and node.args and isinstance(node.args[0], nodes.Const):
            inner = str(node.args[0].value)
            self._known(
                nodes.Filter(None, inner, [], [], None, None, lineno=node.lineno),
                "filter",
                FILTERS,
            )
        self._below(node, bound, depth)

    def _test(self, node: nodes.Test, bound: frozenset[str], depth: int) -> None:
        self._known(node, "test", TESTS)
        self._below(node, bound, depth)

    def _known(
        self, node: nodes.Filter | nodes.Test, what: str, table: Mapping[str, Any]
    ) -> None:
        if node.name not in table:
            hint = did_you_mean(node.name, table)
            raise TemplateError(f"there is no {what} '{node.name}'{hint}", line=node.lineno)

    def _below(self, node: nodes.Node, bound: frozenset[str], depth: int) -> None:
        for child in node.iter_child_nodes():
            self.walk(child, bound, depth + 1)


def _constants(node: nodes.Node) -> list[JSON]:
    """A constant, or those of a list of them."""
    items = node.items if isinstance(node, nodes.List | nodes.Tuple) else [node]
    return [item.value for item in items if isinstance(item, nodes.Const)]
