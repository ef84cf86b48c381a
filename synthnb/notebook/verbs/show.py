"""``%synth show NAME``."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from IPython.display import clear_output

from synthnb import cell
from synthnb.notebook.completion import recipe_files
from synthnb.notebook.names import batches, find_version_or_batch, version_names
from synthnb.notebook.options import Parser
from synthnb.notebook.verbs.run import is_file, load
from synthnb.store import StoredRecords
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.notebook.magics import SynthMagics

__all__ = ["complete", "options", "run"]


def options(parser: Parser) -> None:
    """What to show, and how."""
    parser.add_argument(
        "name", nargs="?", help="batch, NAME@3 or recipe file; default: the last batch"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--recipe", action="store_true", help="its recipe as YAML")
    how.add_argument("--cell", action="store_true", help="its recipe as a %%%%synth cell")


def complete(magics: SynthMagics, words: list[str]) -> list[str]:
    """Batches, versions and recipe files."""
    return [] if words else [*batches(magics.namespace), *version_names(), *recipe_files()]


def run(magics: SynthMagics, args: Namespace) -> Any:
    """A batch is returned, so that the cell shows it; a recipe is printed."""
    batch = None
    if args.name is not None and is_file(args.name):
        recipe = load(args.name)
    else:
        batch = find_version_or_batch(magics.namespace, args.name)
        recipe = batch.recipe
    if args.cell:
        print(f"%%synth {recipe.name or 'batch'}\n{cell.dumps(recipe)}")
    elif args.recipe or batch is None:
        print(recipe.dumps())
    else:
        _tell_reading(batch)
        return batch
    return None


def _tell_reading(batch: Batch) -> None:
    """A line until the batch is there, where the rows of a long run must be read first."""
    made = batch.made
    if isinstance(made, StoredRecords) and made.columns_read is None and made.summary is None:
        print(f"Reading {len(made):,} rows of {one_line(batch.name, 60)} …", flush=True)
        clear_output(wait=True)  # type: ignore[no-untyped-call]
