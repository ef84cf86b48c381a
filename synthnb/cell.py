"""Cell text to a recipe and back: a YAML head, ``---``, the main column's prompt.

The cell is one of the views of a recipe: everything goes through the same reader, and
lines are counted from the cell's first line, on which the magic itself stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from synthnb.errors import RecipeError
from synthnb.recipe import Recipe
from synthnb.recipe.parts import Value
from synthnb.recipe.reading import RECIPE_KEYS, Head
from synthnb.recipe.reading_columns import KINDS, PROMPT_KEYS, is_weighted
from synthnb.recipe.writing import canonical_text
from synthnb.recipe.yamltext import Node, parse, plain
from synthnb.suggest import distance, unfilled
from synthnb.types import JSON
from synthnb.visible import one_line

__all__ = ["dumps", "loads"]

OPTION_LINE, BODY_LINE = 1, 2
"""The line of the magic with its flags, and the body's first."""

_KEY_LINE = re.compile(r"[A-Za-z_]\w*[ \t]*:(?:[ \t]|$)")
_FORGOT = "did you forget '---'? A line of '---' parts the YAML from the prompt"
_NEARLY = re.compile(r"[\W_]*[-\u2010-\u2015\u2212_=~][\W_]*")
"""A line of nothing but signs, a dash among them: likely meant as ``---``."""
Tell = Callable[[str], None]
_MERGED = ("params", "models", "columns", "target")
"""Keys in which a head adds to its base; any other key replaces the base's."""


@dataclass(frozen=True, slots=True)
class _Split:
    head: str
    head_line: int
    prompt: str
    prompt_line: int
    divided: bool


def loads(
    body: str,
    *,
    name: str | None = None,
    base: Recipe | None = None,
    tell: Tell = lambda said: None,
    **overrides: Any,
) -> Recipe:
    """The recipe in a cell's body (without the magic's own line).

    ``base`` is the recipe to start from, that of ``--kind``. ``overrides`` are recipe
    fields that win over the cell, as flags do: ``model``, ``seed``, ``source``, …, with
    ``rows`` for ``target.rows`` and a plain number of USD for ``budget``; ``None`` is no
    override. ``tell`` hears what is odd and no error. Raises ``RecipeError`` with lines as
    the notebook counts them.

    >>> recipe = loads("mood: [angry, happy]\\n---\\nA {{ mood }} review.", name="demo")
    >>> recipe.main, recipe.columns["text"].prompt
    ('text', 'A {{ mood }} review.')
    """
    given = {key: value for key, value in overrides.items() if value is not None}
    if name is not None:
        given["name"] = name
    if _is_whole(body):
        text = _without_leading_rule(body)
        recipe = Recipe(tree=_with(parse(text, first_line=BODY_LINE), given), text=text)
        return recipe
    parts = _split(body)
    _refuse_bare_head(parts)
    root = _merge(base, _head(parts))
    _place_prompt(root, parts, tell)
    try:
        recipe = Recipe(tree=_with(root, given))
    except RecipeError as error:
        raise _hinted(error, parts) from None
    if found := unfilled(parts.prompt, recipe.columns):
        name = found.strip("${ }")
        tell(f"{found} in the prompt is sent as it stands; the column is {{{{ {name} }}}}.")
    return recipe


def _is_whole(body: str) -> bool:
    for line in body.splitlines():
        text = line.strip()
        if text and not text.startswith("#") and text != "---":
            return line.startswith("synthnb:")
    return False


def _without_leading_rule(body: str) -> str:
    """The body with a leading ``---`` blanked, so that line numbers stay."""
    return re.sub(r"\A(\s*)---[ \t]*(?=\r?\n)", r"\1", body)


def _split(body: str) -> _Split:
    lines = body.replace("\r\n", "\n").split("\n")
    start = 0
    while start < len(lines) and not lines[start].strip():
        start += 1
    if start < len(lines) and lines[start].rstrip() == "---":
        start += 1
    seen = False
    for position in range(start, len(lines)):
        if seen and lines[position].rstrip() == "---":
            head = "\n".join(lines[start:position])
            text, line = _trimmed(lines[position + 1 :], position + 1 + BODY_LINE)
            return _Split(head, start + BODY_LINE, text, line, True)
        seen = seen or bool(lines[position].strip())
    text, line = _trimmed(lines[start:], start + BODY_LINE)
    return _Split("", BODY_LINE, text, line, False)


def _trimmed(lines: list[str], first: int) -> tuple[str, int]:
    """The text without blank lines around it, and the line on which it begins."""
    skipped = 0
    while skipped < len(lines) and not lines[skipped].strip():
        skipped += 1
    return "\n".join(lines[skipped:]).strip(), first + skipped


def _head(parts: _Split) -> Node:
    """The head as a tree of recipe keys, its loose keys moved under ``columns``."""
    try:
        head = parse(parts.head, first_line=parts.head_line)
    except RecipeError as error:
        told = RecipeError(f"{error} (the part above '---' must be YAML)")
        told.line = error.line
        raise told from None
    if head.kind == "scalar" and head.value is None:
        return Node("map", {}, parts.head_line)
    if head.kind != "map":
        _refuse_odd_space(parts)
        raise RecipeError(
            "the part above '---' must be YAML keys such as 'mood: [angry, happy]'; "
            "text for the model goes below it",
            line=head.line,
        )
    made = Node("map", {}, head.line)
    columns = Node("map", {}, head.line)
    for key, node in head.value.items():
        if key in RECIPE_KEYS and key != "columns":
            made.value[key], made.keys[key] = node, head.keys[key]
            continue
        if key != "columns":
            _refuse_slip(key, node, head.key_line(key))
            _put(columns, key, node, head)
        elif node.kind != "map":
            made.value[key], made.keys[key] = node, head.keys[key]
        else:
            for inner, item in node.value.items():
                _put(columns, inner, item, node)
    if columns.value and "columns" not in made.value:
        made.value["columns"] = columns
    return made


def _refuse_odd_space(parts: _Split) -> None:
    """A space that came along from a web page is a letter to YAML."""
    for place, line in enumerate(parts.head.split("\n")):
        if "\u00a0" in line:
            raise RecipeError(
                "holds a no-break space, which looks like a space and is none; type it anew",
                line=parts.head_line + place,
            )


def _put(columns: Node, name: Any, node: Node, parent: Node) -> None:
    if name in columns.value:
        raise RecipeError(f"column '{name}' appears twice", line=parent.key_line(name))
    columns.value[name], columns.keys[name] = node, parent.keys[name]


def _refuse_bare_head(parts: _Split) -> None:
    """Refuse a prompt that begins with nothing but YAML columns: a head without its
    ``---``, or with something else in the place of it."""
    if parts.divided or not _KEY_LINE.match(parts.prompt):
        return
    place, rule = _nearly(parts)
    above = parts.prompt.split("\n")[:place]
    try:
        head = parse("\n".join(above), first_line=parts.prompt_line)
    except RecipeError:
        return  # prose with a colon in it
    if head.kind != "map" or any(str(key)[:1].isupper() for key in head.value):
        return  # "Rules:" above a list of them is prose
    found = [_is_column(node) for key, node in head.value.items() if key not in RECIPE_KEYS]
    if found and all(found):
        raise RecipeError(
            f"these lines are YAML columns and no prompt; {rule or _FORGOT}",
            line=parts.prompt_line,
        )


def _nearly(parts: _Split) -> tuple[int | None, str]:
    """Where the first line stands that was likely meant as ``---``, and what to say of it."""
    for place, line in enumerate(parts.prompt.split("\n")):
        if place and len(line) < 40 and _NEARLY.fullmatch(line):
            where = f"line {parts.prompt_line + place} is {one_line(line, 20)!r}"
            if line.strip() == "---":
                where = f"line {parts.prompt_line + place} begins with a space"
            return place, f"{where}: what parts YAML from prompt is exactly '---'"
    return None, ""


def _is_column(node: Node) -> bool:
    """Whether a value can be nothing but a head's: a list, a map or a number."""
    if node.kind == "scalar":
        return isinstance(node.value, int | float) and not isinstance(node.value, bool)
    return True


def _refuse_slip(key: Any, node: Node, line: int | None) -> None:
    """Refuse a loose key that is likely a mistyped recipe key."""
    for known in RECIPE_KEYS:
        if _is_slip(str(key), known, text=node.kind == "scalar"):
            raise RecipeError(
                f"'{key}' is close to the recipe key '{known}'; correct it, or put a column "
                f"of that name under 'columns:'",
                line=line,
            )


def _is_slip(key: str, known: str, *, text: bool) -> bool:
    """Whether ``key`` is at most two letters away from ``known``.

    Short keys are that close to everyday column names (``mix`` to ``sex``, ``name`` to
    ``age`` and ``date``): of three letters one may differ, and two letters off a key that
    takes plain text a list or a map can only be meant as a column.
    """
    steps = distance(key[:40], known)
    if steps < 2:
        return True
    takes_text = known in Head.model_fields and known != "models"
    return steps == 2 and len(known) > 3 and (text or not takes_text)


def _merge(base: Recipe | None, head: Node) -> Node:
    """The head laid over its base."""
    root = plain(base.to_dict()) if base is not None else Node("map", {}, head.line)
    for key, node in head.value.items():
        under = root.get(key)
        if key in _MERGED and under is not None and under.kind == node.kind == "map":
            under.value.update(node.value)
            under.keys.update(node.keys)
            under.line = node.line
        else:
            root.value[key] = node
        if key in head.keys:
            root.keys[key] = head.keys[key]
    return root


def _with(root: Node, given: Mapping[str, Any]) -> Node:
    """The tree with the flags laid over it."""
    for key, value in given.items():
        if key == "rows":
            target = root.value.setdefault("target", plain({}))
            target.value["rows"] = plain(value)
        elif key == "budget" and isinstance(value, int | float):
            under = root.get("budget")
            if under is None or under.kind != "map":
                root.value["budget"] = under = plain({})
            under.value["usd"] = plain(value)
        elif key in RECIPE_KEYS:
            root.value[key] = (
                plain(value) if not isinstance(value, Value) else Node("scalar", value)
            )
            root.keys[key] = Node("scalar", key, OPTION_LINE)
        else:
            raise TypeError(f"{key!r} is no field of a recipe")
    return root


def _place_prompt(root: Node, parts: _Split, tell: Tell) -> None:
    """Make the text below ``---`` the prompt of the main column."""
    columns = root.value.setdefault("columns", plain({}))
    if columns.kind != "map":
        return
    prompts = [name for name, node in columns.value.items() if _is_prompt(node)]
    marked = [name for name in prompts if _flag(columns.value[name], "main")]
    main = (marked or prompts or ["text"])[-1]
    if parts.prompt:
        text = Node("scalar", parts.prompt, parts.prompt_line - 1, flow=False)
        if main not in columns.value:
            columns.value[main] = Node("map", {}, parts.prompt_line)
        column = columns.value[main]
        if main not in prompts and column.value:
            raise RecipeError(
                f"the text below '---' is for '{main}', which is no prompt column above",
                line=columns.key_line(main),
            )
        _tell_of_two_prompts(main, column, tell)
        column.value = {
            "prompt": text,
            **{key: node for key, node in column.value.items() if key != "prompt"},
        }
        column.keys.pop("prompt", None)
    for name in prompts:
        if columns.value[name].get("prompt") is None or (
            columns.value[name].value["prompt"].value is None
        ):
            where = "below '---'" if name == main else f"(the text below '---' is for '{main}')"
            raise RecipeError(
                f"column '{name}' has no prompt {where}", line=columns.key_line(name)
            )
    if not prompts and not parts.prompt:
        if not columns.value:
            raise RecipeError("the cell holds no prompt and no columns", line=BODY_LINE)
        if parts.divided:
            tell("There is no prompt below '---': no model is asked.")


def _tell_of_two_prompts(name: str, column: Node, tell: Tell) -> None:
    """A prompt written above (a base's has no line) is not to vanish unsaid."""
    above = column.get("prompt")
    if above is not None and above.value and above.line is not None:
        tell(
            f"The text below '---' takes the place of the prompt of '{name}' above it; "
            "text: {main: true} makes it the prompt of a column of its own."
        )


def _is_prompt(node: Node) -> bool:
    """A prompt column, or one whose prompt is still to come from below."""
    if node.kind != "map":
        return False
    if "prompt" in node.value:
        return True
    if any(key in KINDS for key in node.value) or not set(node.value) <= set(PROMPT_KEYS):
        return False
    counts = set(node.value) <= {"candidates", "few_shot", "per_call"}  # no labels of anyone's
    return counts or not is_weighted({k: item.value for k, item in node.value.items()})


def _flag(node: Node, key: str) -> bool:
    found = node.get(key)
    return found is not None and found.value is True


def _hinted(error: RecipeError, parts: _Split) -> RecipeError:
    """The error, asking for ``---`` where a head seems to have run into the prompt."""
    first = [line for line in parts.prompt.splitlines() if line.strip()][:2]
    if (
        parts.divided
        or "unknown column" not in str(error)
        or not any(_KEY_LINE.match(line) for line in first)
    ):
        return error
    told = RecipeError(f"{error}; {_nearly(parts)[1] or _FORGOT}")
    told.line = error.line
    return told


def dumps(recipe: Recipe) -> str:
    """The recipe as a cell's body; ``loads(dumps(recipe), name=recipe.name)`` is equal.

    >>> print(dumps(loads("mood: [angry, happy]\\n---\\nA {{ mood }} review.")))
    mood: [angry, happy]
    ---
    A {{ mood }} review.
    """
    text = _short(recipe)
    if text is not None:
        try:
            if loads(text, name=recipe.name) == recipe:
                return text
        except RecipeError:
            pass  # a prompt that a cell cannot hold as it is
    return canonical_text(recipe.to_dict())


def _short(recipe: Recipe) -> str | None:
    data = recipe.to_dict()
    if recipe.main not in recipe.prompts:
        return None
    columns: dict[str, JSON] = dict(data.pop("columns"))
    main = {key: item for key, item in columns[recipe.main].items() if key != "prompt"}
    if is_weighted(main):
        main = {"prompt": None, **main}
    columns[recipe.main] = main
    if list(columns)[-1] == "text" and not main and len(recipe.prompts) == 1:
        del columns["text"]
    head = {key: item for key, item in data.items() if key not in {"synthnb", "name"}}
    loose = all(_is_loose(name) for name in columns)
    checks = {"checks": head.pop("checks")} if "checks" in head else {}
    first = {key: head.pop(key) for key in list(head) if RECIPE_KEYS.index(key) < 11}
    head = {**first, **(columns if loose else {"columns": columns}), **checks, **head}
    prompt = recipe.prompts[recipe.main].prompt
    return f"{canonical_text(head)}---\n{prompt}" if head else prompt


def _is_loose(name: str) -> bool:
    return not any(_is_slip(name, known, text=False) for known in RECIPE_KEYS)
