"""A recipe's file: loaded with its hash, edited in place, never overwritten by surprise."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from synthnb.errors import RecipeError, WouldOverwrite
from synthnb.recipe.parts import Category
from synthnb.recipe.writing import canonical_text
from synthnb.recipe.yamledit import edit
from synthnb.recipe.yamltext import MAX_BYTES, Node
from synthnb.recipe.yamltext import Path as Steps
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.recipe import Recipe

__all__ = ["load", "save", "unwritable", "write"]


def load(cls: type[Recipe], path: Path) -> Recipe:
    """The recipe in a file, with the file's path and hash."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise RecipeError(f"{path} is not UTF-8 text") from None
    try:
        recipe = cls.loads(text)
    except RecipeError as error:
        told = RecipeError(f"{path.name}: {error}")
        told.line = error.line
        raise told from None
    _remember(recipe, recipe.text, path, content)
    return recipe


def _remember(recipe: Recipe, text: str | None, path: Path, content: bytes) -> None:
    object.__setattr__(recipe, "text", text)
    object.__setattr__(recipe, "path", path)
    object.__setattr__(recipe, "file_hash", hashlib.sha256(content).hexdigest())


def write(recipe: Recipe) -> str:
    """The recipe's text: what it was loaded from with only the changes made."""
    new = recipe.to_dict()
    wanted = canonical_text(new)
    if recipe.text is None:
        return wanted
    cls = type(recipe)
    old = cls.loads(recipe.text)
    if canonical_text(old.to_dict()) == wanted:
        return recipe.text
    with contextlib.suppress(Exception):  # a text that resists is written afresh
        text = edit(recipe.text, old.to_dict(), new, _Unwrap(old))
        if canonical_text(cls.loads(text).to_dict()) == wanted:
            return text
    return wanted


class _Unwrap:
    """``{category: {a: 1}}`` stands for ``{a: 1}``; a bare rule for a check."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def __call__(self, path: Steps, node: Node) -> Node:
        if len(path) == 2 and path[0] == "columns":
            inner = node.get("category")
            is_category = isinstance(self.recipe.columns.get(path[1]), Category)
            if inner is not None and is_category and inner.kind != "scalar":
                return inner
        return node


def save(recipe: Recipe, path: str | Path | None, *, force: bool) -> Recipe:
    """Write the file; see ``Recipe.save``."""
    target = Path(path) if path is not None else recipe.path
    if target is None:
        raise RecipeError("this recipe has no file yet; name one to save it")
    text = recipe.dumps()
    there = _content(target)
    if there is not None and not force and there != text.encode("utf-8"):
        _refuse_overwriting(recipe, target, there, text)
    _replace_file(target, text.encode("utf-8"))
    saved = recipe.replace()
    _remember(saved, text, target, text.encode("utf-8"))
    return saved


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: Path, error: OSError) -> RecipeError:
    """What keeps a recipe or what lies beside it from being written, as one line."""
    why = error.strerror or str(error) or type(error).__name__
    return RecipeError(f"{one_line(str(path), 200)} cannot be written: {why}")


def _refuse_overwriting(recipe: Recipe, path: Path, there: bytes, text: str) -> None:
    loaded_here = recipe.path is not None and recipe.path.resolve() == path.resolve()
    if loaded_here and hashlib.sha256(there).hexdigest() == recipe.file_hash:
        return
    why = "changed since it was loaded" if loaded_here else "is there already"
    diff = difflib.unified_diff(
        there.decode("utf-8", "replace").splitlines(),
        text.splitlines(),
        f"{path.name} (on disk)",
        f"{path.name} (to be saved)",
        lineterm="",
    )
    raise WouldOverwrite(f"{path.name} {why}; nothing was written.", list(diff))


def _replace_file(path: Path, content: bytes) -> None:
    """Write beside the file, then move over it: a crash leaves the old one whole."""
    path = path.resolve()
    temporary = path.with_name(f".{path.name[:40]}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                temporary.chmod(path.stat().st_mode & 0o777)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from None
