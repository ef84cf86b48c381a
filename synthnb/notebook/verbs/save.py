"""``%synth save NAME``: a batch's recipe as a file, its in-memory source beside it."""

from __future__ import annotations

import hashlib
import re
from argparse import Namespace
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.errors import RecipeError, WouldOverwrite
from synthnb.export import write_rows
from synthnb.notebook.completion import recipe_files
from synthnb.notebook.names import batches, find_version_or_batch, version_names
from synthnb.notebook.options import Parser
from synthnb.recipe import Recipe, Source
from synthnb.recipe.file import unwritable
from synthnb.source import open_source

if TYPE_CHECKING:
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run", "write"]

_ENDING = re.compile(r"(\.synth)?\.ya?ml$")


def options(parser: Parser) -> None:
    """Which batch, where to."""
    parser.add_argument("name", nargs="?", help="batch or NAME@3; default: the last batch")
    parser.add_argument("file", nargs="?", help="default: NAME.synth.yaml in this folder")
    parser.add_argument("--force", action="store_true", help="overwrite a file that changed")


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """The batch first, then the file."""
    return recipe_files() if words else [*batches(magics.namespace), *version_names()]


def run(magics: SynthMagics, args: Namespace) -> None:
    """Write the recipe; a file changed since it was loaded or saved is left as it is."""
    batch = find_version_or_batch(magics.namespace, args.name)
    recipe: Recipe = batch.recipe
    target = Path(args.file or recipe.name or "recipe")
    _, said = write(recipe, target, magics.saved, frame=batch.frame, force=args.force)
    print(said)


def write(
    recipe: Recipe,
    target: Path,
    written: MutableMapping[Path, str],
    *,
    frame: Any = None,
    force: bool = False,
) -> tuple[Recipe, str]:
    """Write the file, a table in memory beside it; the saved recipe and what was done.

    ``written`` are the files that this session wrote, by their hashes. Raises
    ``WouldOverwrite`` for a file that anybody else changed, unless ``force``, and
    ``RecipeError`` where no file can be written.
    """
    if _ENDING.search(target.name) is None:
        target = target.with_name(f"{target.name}.synth.yaml")
    try:
        return _written(recipe, target, written, frame=frame, force=force)
    except OSError as error:  # what is there cannot be looked at: a name too long, say
        raise unwritable(target, error) from None


def _written(
    recipe: Recipe, target: Path, written: MutableMapping[Path, str], *, frame: Any, force: bool
) -> tuple[Recipe, str]:
    stem = _ENDING.sub("", target.name)
    beside = target.with_name(f"{stem}.source.parquet")
    before = beside.read_bytes() if beside.is_file() else None
    if frame is not None:
        recipe = _with_frame(recipe, frame, beside, force=force or _ours(written, beside))
    try:
        saved = recipe.save(target, force=force or _ours(written, target))
    except RecipeError:
        if frame is not None:  # nothing was written means nothing
            beside.unlink() if before is None else beside.write_bytes(before)
        raise
    written[target.resolve()] = saved.file_hash or ""
    if saved.source is not None and frame is not None:
        written[beside.resolve()] = saved.source.sha256 or ""
    what = f" and {beside}" if frame is not None else ""
    return saved, f"Saved {target}{what}"


def _ours(written: Mapping[Path, str], target: Path) -> bool:
    """Whether the file is still as this session wrote it."""
    known = written.get(target.resolve())
    if known is None or not target.is_file():
        return False
    return hashlib.sha256(target.read_bytes()).hexdigest() == known


def _with_frame(recipe: Recipe, frame: Any, beside: Path, *, force: bool) -> Recipe:
    """The recipe with its table written beside it as Parquet, and the table's hash."""
    source = recipe.source or Source()
    rows = open_source(source, base=beside.parent, frame=frame)
    table = [rows.row(i) for i in range(len(rows))]
    fresh = beside.with_name(f".{beside.name}")
    try:
        write_rows(table, fresh, "parquet")
        digest = hashlib.sha256(fresh.read_bytes()).hexdigest()
        same = beside.is_file() and (hashlib.sha256(beside.read_bytes()).hexdigest() == digest)
        if beside.is_file() and not same and not force:
            raise WouldOverwrite(
                f"{beside.name} is there with other rows; nothing was written."
            )
        fresh.replace(beside)
    finally:
        fresh.unlink(missing_ok=True)
    changes = {"path": beside.name, "documents": None, "sha256": digest}
    return recipe.replace(source=source.model_copy(update=changes))
