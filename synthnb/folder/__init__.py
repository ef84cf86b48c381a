"""A batch as a folder: rows, rejected rows, recipe, card, manifest and charts.

All files are written under ``_new`` first and moved when every one of them is whole; a
folder that holds another run, or anything else, is refused.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from synthnb import charts
from synthnb._version import __version__
from synthnb.card.facts import card_text, marking
from synthnb.census import census_of
from synthnb.errors import ExportError
from synthnb.sinks import JsonlSink, ParquetSink

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.types import Row

__all__ = ["MANIFEST", "card_text", "check_folder", "claim_folder", "read_manifest", "save"]

MANIFEST = "manifest.json"
_WORK = "_new"


IN_A_TERMINAL, IN_PYTHON = "--out OTHER", "batch.save('OTHER')"


def check_folder(folder: Path, fingerprint: str, instead: str = IN_A_TERMINAL) -> None:
    """Raise ``ExportError`` unless the folder is empty, new, or a run of this recipe.

    ``instead`` is how another folder is named, for the message.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ExportError(f"{folder} is a file; name a folder: {instead}")
    there = [path.name for path in folder.iterdir() if not path.name.startswith("_")]
    if not there:
        return
    if read_manifest(folder).get("recipe") != fingerprint:
        raise ExportError(
            f"{folder} holds another run or other files; name an empty folder: {instead}"
        )


def claim_folder(folder: Path, fingerprint: str) -> int:
    """Make sure that a run can be saved here, before it costs anything.

    Returns the rows that an earlier run of this recipe left in it. Raises ``ExportError``
    for a folder that ``check_folder`` refuses or that cannot be written.
    """
    check_folder(folder, fingerprint)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ExportError(f"{folder} cannot be written: {error.strerror or error}") from None
    rows = read_manifest(folder).get("rows", 0)
    return rows if isinstance(rows, int) else 0


def read_manifest(folder: Path) -> Row:
    """What an earlier run wrote about itself; empty if there is nothing readable."""
    try:
        known = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def save(batch: Batch, folder: str | Path) -> Path:
    """Write the batch into ``folder``; the files of an earlier run of it are replaced."""
    target = Path(folder)
    check_folder(target, batch.recipe.fingerprint, IN_PYTHON)
    work = target / _WORK
    try:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        _write(batch, work)
        _move(work, target)
    except OSError as error:
        raise ExportError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def _write(batch: Batch, work: Path) -> None:
    with (
        JsonlSink(work / "rows.jsonl") as lines,
        ParquetSink(work / "rows.parquet") as table,
        JsonlSink(work / "rejected.jsonl") as rejected,
    ):
        # One pass, one row at a time: a long run's rows are read from the store.
        for record in batch.records:
            row = batch.with_provenance(record)
            if record.accepted:
                lines.write(row)
                table.write(row)
            else:
                rejected.write(row)
    (work / "recipe.synth.yaml").write_text(batch.recipe.dumps(), "utf-8")
    card = card_text(batch, files={"train": "rows.parquet"})
    (work / "README.md").write_text(card, "utf-8")
    charts.save_all(batch, work / "charts")
    manifest = _manifest(batch, work)
    text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False)
    (work / MANIFEST).write_text(text + "\n", "utf-8")


def _manifest(batch: Batch, work: Path) -> Row:
    files = sorted(path for path in work.rglob("*") if path.is_file())
    usage = batch.usage
    return {
        "synthnb": __version__,
        "name": batch.name,
        "version": batch.version,
        "hash": batch.hash,
        "recipe": batch.recipe.fingerprint,
        "run": batch.run,
        "status": batch.status,
        "reason": batch.reason,
        "made": datetime.now(UTC).date().isoformat(),
        "rows": len(batch),
        "rejected": len(batch.records) - len(batch),
        "funnel": dict(batch.funnel),
        "marking": marking(batch),
        "notes": list(batch.notes),
        "real_license": batch.real_license,
        "models": sorted(census_of(batch).asked),
        "usage": {
            "requests": usage.requests,
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "cached": usage.cached,
            "cost": usage.cost,
            "currency": usage.currency,
        },
        "files": {
            path.relative_to(work).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        },
    }


def _move(work: Path, target: Path) -> None:
    """Replace file by file, the manifest last: it tells a whole folder from a torn one."""
    old = target / "charts"
    if old.is_dir():
        shutil.rmtree(old)
    names = sorted((path.name for path in work.iterdir()), key=lambda n: (n == MANIFEST, n))
    for name in names:
        (work / name).replace(target / name)
