"""Sandboxed Jinja over JSON values: a prompt's text, an expression, a condition.

A template sees only JSON values. Items come before attributes, no Python attribute is
ever read, nothing may be called but ``range``, and every loop, string and number is
bounded, so a stranger's recipe can neither run code nor hang the kernel.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, nodes
from jinja2 import Template as JinjaTemplate
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import pass_context
from jinja2.visitor import NodeTransformer

from synthnb.errors import TemplateError
from synthnb.suggest import did_you_mean
from synthnb.template.filters import (
    FILTERS,
    MAX_OUTPUT,
    TESTS,
    Limit,
    as_json,
    as_text,
    calculate,
    each,
)
from synthnb.template.judge import Judge
from synthnb.types import JSON
from synthnb.visible import one_line

__all__ = ["Template", "compile_template"]

MAX_TEXT = 256 * 1024
MAX_STEPS = 50_000
"""Loop steps and filter calls of one render."""
MAX_SECONDS = 0.5
MAX_RANGE = 1_000

_CURLY = "\u201c\u201d\u201e\u2018\u2019"

_LOOP_FACTS = "index index0 revindex revindex0 first last length previtem nextitem"
_LOOP = frozenset(_LOOP_FACTS.split())


class _Context(Context):
    """Jinja's context with the budget of one render."""

    steps = MAX_STEPS
    deadline = 0.0

    def step(self) -> None:
        """Count one loop step or filter call."""
        self.steps -= 1
        if self.deadline == 0.0:
            self.deadline = time.perf_counter() + MAX_SECONDS
        if self.steps < 0 or time.perf_counter() > self.deadline:
            raise Limit("the template takes too long: too many loop steps")


def _range(*bounds: Any) -> range:
    if not 1 <= len(bounds) <= 3 or not all(isinstance(bound, int) for bound in bounds):
        raise Limit("range takes one to three whole numbers")
    made = range(*bounds)
    if len(made) > MAX_RANGE:
        raise Limit(f"range gives at most {MAX_RANGE:,} numbers")
    return made


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, narrowed to JSON: no attribute, no call, bounded operators."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    context_class = _Context

    def getattr(self, obj: Any, attribute: str) -> Any:
        """A field of an object, an item of a list, a fact of the loop; nothing else."""
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """The item, or an undefined value that says what there is."""
        if isinstance(obj, Undefined):
            return obj[argument]
        try:
            if isinstance(obj, Mapping) or (
                isinstance(obj, list | tuple | str | range)
                and isinstance(argument, int | slice)
            ):
                return obj[argument]
        except (KeyError, IndexError, TypeError, ValueError):
            pass
        return self.undefined(_missing(obj, argument))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on numbers, and joining of texts and lists, within bounds."""
        return calculate(operator, left, right)

    def is_safe_callable(self, obj: Any) -> bool:
        """Only our own ``range``."""
        return obj is _range


def _missing(obj: Any, argument: Any) -> str:
    if isinstance(obj, Mapping):
        known = [str(key) for key in obj]
        hint = did_you_mean(str(argument), known) or f"; it has {', '.join(known[:8])}"
        return f"there is no field {argument!r}{hint if known else ''}"
    if isinstance(obj, list | tuple | str | range) and isinstance(argument, int):
        return f"there is no item {argument} among {len(obj)}"
    what = {"str": "text", "NoneType": "null", "list": "a list"}.get(type(obj).__name__)
    return f"{what or 'a number'} has no field {argument!r}"


def _environment() -> _Environment:
    made = _Environment(
        undefined=StrictUndefined,
        autoescape=False,
        finalize=as_text,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=0,
        optimized=False,
    )
    made.filters = {**FILTERS, "_each": pass_context(each)}
    made.tests = dict(TESTS)
    made.globals = {}
    return made


_ENVIRONMENT = _environment()
_SHARED: dict[str, Any] = {"range": _range}


class _Bounded(NodeTransformer):
    """Loops count their steps; ``~`` goes through the bounded join."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        """Wrap what is walked over."""
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "_each", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        """``a ~ b`` as ``[a, b] | join``."""
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(parts, "join", [], [], None, None, lineno=node.lineno)


class Template:
    """A compiled template. Make one with :func:`compile_template`.

    >>> sorted(compile_template("A {{ mood }} review of {{ source.name }}").names)
    ['mood', 'source.name']
    """

    __slots__ = ("_parts", "_root", "_value", "compared", "fields", "lines", "names", "text")

    names: frozenset[str]
    """Root names it reads; a source column read as ``source.X`` is ``"source.X"``."""
    lines: Mapping[str, int]
    """First line of the text on which each name stands."""
    fields: Mapping[str, Mapping[str, int]]
    """Fields read right below a root name: ``{{ a.b }}`` is ``{"a": {"b": 1}}``."""
    compared: Mapping[str, Sequence[JSON]]
    """Constants a name is held against: ``a == 'x' or a in [1]`` is ``{"a": ["x", 1]}``."""

    def __init__(self, text: str) -> None:
        self.text = text
        tree = _parse(text)
        judge = Judge()
        judge.walk(tree, frozenset())
        self.names = frozenset(judge.names)
        self.lines, self.fields = judge.names, judge.fields
        self.compared = judge.compared
        lone = _lone(text)
        self._parts = _plain_parts(tree)
        self._root = _function(_Bounded().visit(tree))
        self._value = _function(_Bounded().visit(lone)) if lone is not None else None

    def render(self, values: Mapping[str, JSON]) -> str:
        """The text for one row.

        ``values`` holds every root name; source columns read as ``source.X`` lie under
        ``"source"``. Raises ``TemplateError`` for a missing value or a broken bound.
        """
        if self._parts is not None:
            plain = _joined(self._parts, values)
            if plain is not None:
                return plain
        return self._run(self._root, values)[0]

    def evaluate(self, values: Mapping[str, JSON]) -> JSON:
        """The value for one row: a lone ``{{ expression }}`` keeps its type.

        >>> compile_template("{{ words | length }}").evaluate({"words": ["a", "b"]})
        2
        """
        if self._value is None:
            return self.render(values)
        context = self._run(self._value, values)[1]
        try:
            return as_json(context.vars["result"])
        except (Limit, UndefinedError) as error:
            raise TemplateError(str(error)) from None

    def __repr__(self) -> str:
        return f"Template({self.text[:60]!r})"

    def _run(
        self, root: Callable[[Context], Iterator[str]], values: Mapping[str, JSON]
    ) -> tuple[str, Context]:
        context = _Context(_ENVIRONMENT, {**values, **_SHARED}, None, {})
        size, parts = 0, []
        try:
            for part in root(context):
                size += len(part)
                if size > MAX_OUTPUT:
                    raise Limit(f"the text grows beyond {MAX_OUTPUT:,} characters")
                parts.append(part)
        except UndefinedError as error:
            raise TemplateError(_plainly(str(error))) from None
        except (Limit, SecurityError, ArithmeticError, RecursionError) as error:
            raise TemplateError(str(error)) from None
        except (TypeError, ValueError, KeyError, IndexError) as error:
            raise TemplateError(f"the template cannot be filled in: {error}") from None
        return "".join(parts), context


def _plainly(message: str) -> str:
    return message.replace("' is undefined", "' has no value in this row")


def _plain_parts(tree: nodes.Template) -> list[tuple[str, bool]] | None:
    """(text, is it a name) of a template that is only text and ``{{ name }}``."""
    parts: list[tuple[str, bool]] = []
    for output in tree.body:
        if not isinstance(output, nodes.Output):
            return None
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData):
                parts.append((node.data, False))
            elif isinstance(node, nodes.Name) and node.name not in _SHARED:
                parts.append((node.name, True))
            else:
                return None
    return parts


def _joined(parts: list[tuple[str, bool]], values: Mapping[str, JSON]) -> str | None:
    """The text of plain parts; ``None`` leaves it to Jinja (a number, a missing name)."""
    found: list[str] = []
    for text, named in parts:
        value = values.get(text) if named else text
        if not isinstance(value, str):
            return None
        found.append(value)
    joined = "".join(found)
    return joined if len(joined) <= MAX_OUTPUT else None


def _parse(text: str) -> nodes.Template:
    try:
        return _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        raise TemplateError(f"template: {_what(text, error)}", line=error.lineno) from None
    except RecursionError:
        raise TemplateError("the template is too deeply nested") from None


def _what(text: str, error: TemplateSyntaxError) -> str:
    """Jinja's words, or plainer ones for the slips that people make."""
    said = error.message or "cannot be read"
    line = text.split("\n")[min(error.lineno, text.count("\n") + 1) - 1]
    for opens, closes in (("{{", "}}"), ("{%", "%}")):
        if line.count(opens) > line.count(closes):
            return f"'{opens}' without its '{closes}' in: {one_line(line.strip(), 60)}"
    if "unexpected char" in said and any(quote in line for quote in _CURLY):
        return "curly quotes do not work between braces: type \" or '"
    open_block = re.search(r"needs to be closed is '(\w+)'", said)
    if open_block is not None and "end of template" in said:
        return f"'{{% {open_block[1]} %}}' has no '{{% end{open_block[1]} %}}'"
    return said


def _lone(text: str) -> nodes.Template | None:
    """The tree of ``result = expression`` where the text is one ``{{ expression }}``."""
    tree = _parse(text.strip())
    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
        return None
    parts = tree.body[0].nodes
    if len(parts) != 1 or isinstance(parts[0], nodes.TemplateData):
        return None
    target = nodes.Name("result", "store", lineno=1)
    tree.body = [nodes.Assign(target, parts[0], lineno=1)]
    return tree


def _function(tree: nodes.Template) -> Callable[[Context], Iterator[str]]:
    code = _ENVIRONMENT.compile(tree)
    return JinjaTemplate.from_code(_ENVIRONMENT, code, {}).root_render_func


@lru_cache(maxsize=2048)
def compile_template(text: str) -> Template:
    """The compiled template, one for equal texts.

    Raises ``TemplateError`` whose ``line`` counts from the text's first line.

    >>> compile_template("Hello {{ name }}").render({"name": "Ada"})
    'Hello Ada'
    """
    if len(text) > MAX_TEXT:
        raise TemplateError(f"the template is longer than {MAX_TEXT:,} characters")
    return Template(text)
