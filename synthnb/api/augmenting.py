"""One-off augmentation: the recipe behind ``augment(df, column, …)``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthnb.errors import RecipeError
from synthnb.recipe import Recipe
from synthnb.suggest import did_you_mean

__all__ = ["HOW", "augment_recipe"]

HOW: Mapping[str, str] = {
    "paraphrase": "Say this in other words. Keep its meaning, its opinion and its language:",
    "shorter": "Say this in about half as many words. Keep its meaning and its language:",
    "longer": "Say this with a little more detail. Keep its meaning and its language:",
    "formal": "Rewrite this in a formal tone. Keep its meaning and its language:",
    "casual": "Rewrite this as someone would say it to a friend. Keep its meaning:",
    "style": "Rewrite this in a clearly different style. Keep its meaning and its language:",
    "noise": "Copy this with two or three typing errors that a hurried person would make:",
    "simple": "Rewrite this in simple words that a child understands. Keep its meaning:",
}
"""Ways to change a text, by name; a text with a space or ``{{`` is a prompt of its own."""

TAIL = "Answer with the new text alone."
PARAMS = ("temperature", "top_p", "max_tokens", "stop", "presence_penalty", "frequency_penalty")


def augment_recipe(
    columns: list[str],
    column: str,
    n: int,
    how: str,
    *,
    label: str | None,
    model: str | None,
    params: Mapping[str, Any],
) -> Recipe:
    """A recipe that writes ``column`` anew, ``n`` times a row, and keeps the others."""
    for name in filter(None, (column, label)):
        if name not in columns:
            raise RecipeError(f"the rows have no column {name!r}{did_you_mean(name, columns)}")
    if column == label:
        raise RecipeError(f"{column!r} is both the text to change and the label to keep")
    if n < 1:
        raise RecipeError(f"n is at least 1, not {n}")
    given = {name: value for name, value in params.items() if name in PARAMS}
    extra = {name: value for name, value in params.items() if name not in PARAMS}
    if extra:
        given["extra"] = extra
    data: dict[str, Any] = {
        "name": f"{column}-augmented",
        "kind": "augment",
        "purpose": "augmentation",
        "source": {"columns": columns, "order": "file", "per_row": n},
        "columns": {column: {"prompt": _prompt(how, column, label)}},
    }
    if model is not None:
        data["model"] = model
    if given:
        data["params"] = given
    return Recipe.from_dict(data)


def _prompt(how: str, column: str, label: str | None) -> str:
    own = how.strip()
    if own in HOW:
        kept = f"It must still read as {label} = {{{{ {label} }}}}. " if label else ""
        return f"{HOW[own]}\n\n{{{{ {column} }}}}\n\n{kept}{TAIL}"
    if " " not in own and "{{" not in own:
        known = ", ".join(HOW)
        raise RecipeError(
            f"there is no way called {how!r}{did_you_mean(own, HOW)} (known: {known}; "
            "or write a prompt)"
        )
    return own if "{{" in own else f"{own}\n\n{{{{ {column} }}}}\n\n{TAIL}"
