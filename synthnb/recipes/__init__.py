"""The shipped kinds: complete recipes as data, with small sample sources beside them.

Nothing in the code depends on a kind; ``new KIND`` copies its file, and from then on it
is the user's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from synthnb.errors import RecipeError
from synthnb.recipe import Recipe
from synthnb.suggest import did_you_mean

__all__ = ["copy_kind", "copy_samples", "kinds_text", "list_kinds", "read_kind", "sample_files"]

_SUFFIX = ".synth.yaml"
_FIRST = "quickstart"


def _folder() -> Traversable:
    return files(__package__)


def list_kinds() -> list[str]:
    """Names of the shipped recipes, the quickstart first.

    >>> list_kinds()[0]
    'quickstart'
    """
    found = [item.name for item in _folder().iterdir() if item.name.endswith(_SUFFIX)]
    return sorted((name[: -len(_SUFFIX)] for name in found), key=lambda n: (n != _FIRST, n))


def read_kind(kind: str) -> str:
    """The shipped recipe as YAML text; an unknown kind raises a RecipeError."""
    kinds = list_kinds()
    if kind not in kinds:
        hint = did_you_mean(kind, kinds) or f"; there are {', '.join(kinds)}."
        raise RecipeError(f"No kind is named {kind!r}{hint}")
    return (_folder() / f"{kind}{_SUFFIX}").read_text("utf-8")


def kinds_text() -> str:
    """A line for each shipped recipe: its name and what it makes."""
    told = ((kind, Recipe.loads(read_kind(kind)).description or "") for kind in list_kinds())
    return "\n".join(f"{kind:<28} {what}".rstrip() for kind, what in told)


def sample_files(kind: str) -> dict[str, bytes]:
    """The kind's sample sources: relative path (as its recipe names it) to content."""
    root = _folder() / "samples" / kind
    return dict(_walk(root, "")) if root.is_dir() else {}


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for item in sorted(folder.iterdir(), key=lambda i: i.name):
        if item.name.startswith((".", "__")):
            continue
        if item.is_dir():
            found += _walk(item, f"{prefix}{item.name}/")
        else:
            found.append((prefix + item.name, item.read_bytes()))
    return found


def copy_kind(kind: str, folder: str | Path, *, again: bool = False) -> list[Path]:
    """Write ``KIND.synth.yaml`` and its sample sources into ``folder``.

    Nothing is overwritten: if the recipe is there already, or a sample of other content
    lies in the way, a RecipeError says so and nothing is written. ``again`` takes a recipe
    that is there as it ships for written: a notebook may run its cells twice. Returns the
    written paths, the recipe first.
    """
    base = Path(folder)
    recipe = base / f"{kind}{_SUFFIX}"
    content = read_kind(kind).encode("utf-8")
    if recipe.exists() and not (again and _holds(recipe, content)):
        raise RecipeError(f"{recipe.name} is there already; nothing was written.")
    wanted = {recipe: content}
    for name, sample in sample_files(kind).items():
        path = base / name
        if path.exists() and not _holds(path, sample):
            raise RecipeError(
                f"{path.relative_to(base)} is there already with other content; "
                f"nothing was written. Make {kind} in an empty folder."
            )
        if again or not path.exists():
            wanted[path] = sample
    _write(wanted)
    return list(wanted)


def _write(wanted: Mapping[Path, bytes]) -> None:
    """Write what is not there yet."""
    for path, content in wanted.items():
        if path.exists():
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as out:
                out.write(content)
        except OSError as error:
            raise RecipeError(f"{path} cannot be written: {error.strerror or error}") from None


def copy_samples(kind: str, folder: str | Path, *, to: str | Path | None = None) -> list[Path]:
    """Write the sample files that a kind's recipe reads and that ``folder`` has nothing of.

    For a recipe that is run without being written, ``%%synth --kind KIND``. A folder or
    file of the same name is the user's own: it stays as it is. ``to`` is another folder
    to write them into, where ``folder`` is to stay as it is. Returns the written paths.
    """
    base, into = Path(folder), Path(to if to is not None else folder)
    recipe = Recipe.loads(read_kind(kind))
    source = recipe.source
    read = [source.path, *_listed(source.documents)] if source is not None else []
    read += [name for check in recipe.checks for name in _listed(check.options.get("against"))]
    roots = {str(name).partition("/")[0] for name in read if name}
    wanted = {
        into / name: content
        for name, content in sample_files(kind).items()
        if (root := name.partition("/")[0]) in roots and not (base / root).exists()
    }
    _write(wanted)
    return list(wanted)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content
