"""``synthnb demo``: the main job on the embedded model, with nothing to set up."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from synthnb.cli.progress import Line
from synthnb.cli.run import execute
from synthnb.cli.values import whole
from synthnb.errors import ExportError
from synthnb.folder import MANIFEST, check_folder, read_manifest


def options(parser: argparse.ArgumentParser) -> None:
    """Arguments of this verb."""
    parser.add_argument("-n", "--rows", type=whole, default=24, help="rows to write (24)")
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder to write (demo)")
    parser.add_argument("--quiet", action="store_true", help="no progress, no table")


def run(args: argparse.Namespace) -> int:
    """Fetch the model if need be, write the rows, say how to go on."""
    from synthnb import api
    from synthnb.models import weights
    from synthnb.recipe import Recipe
    from synthnb.recipes import read_kind

    if weights.find() is None:
        print("Fetching the embedded model SmolLM2-135M-Instruct (93 MB, once).", flush=True)
        weights.fetch(progress=None if args.quiet else Line().fetched)
    recipe = Recipe.loads(read_kind("quickstart"), name="quickstart")
    with api.prepare(recipe, args.rows, model="local/smollm2-135m") as prepared:
        _make_room(args.out, recipe.fingerprint)
        print(f"Writing {prepared.wanted} rows with {recipe.model}.", flush=True)
        code = execute(prepared, args.out, quiet=args.quiet)
    if code == 0:
        print(_next(args.out))
    return code


def _make_room(out: Path, fingerprint: str) -> None:
    """Remove the demo of an earlier version, whose recipe was another; nothing else."""
    try:
        check_folder(out, fingerprint)
    except ExportError:
        known = read_manifest(out)
        if known.get("name") != "quickstart":
            raise
        for name in (*known.get("files", {}), MANIFEST):
            (out / name).unlink(missing_ok=True)


def _next(out: Path) -> str:
    inside = Path("notebooks/01_quickstart.ipynb").is_file()
    go_on = (
        "make lab                 opens notebooks/01_quickstart.ipynb in JupyterLab"
        if inside
        else "jupyter lab              then, in a cell: %load_ext synthnb"
    )
    return "\n".join(
        [
            "",
            f"Recipe, rows, charts and card are in {out}/ (start with {out}/README.md).",
            "Now:",
            f"  {go_on}",
            f"  {command()} run {out}/recipe.synth.yaml -n 50 --out more",
        ]
    )


def command() -> str:
    """The command as it was found: by a path from here, where the shell finds no other."""
    called = Path(sys.argv[0])
    return str(called) if called.parent.name and not called.is_absolute() else "synthnb"
