"""Rows into files that others read: one table of formats, one door, one gate.

Working files (``jsonl csv parquet excel``) are written as they are. Formats that are made to
be trained on or published ask for a licence and a purpose, and the terms of the models
behind the rows decide.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb._version import __version__
from synthnb.errors import ExportError
from synthnb.export import benchmarks, hub, messages, trl
from synthnb.export.files import (
    FILES,
    SUFFIXES,
    atomic,
    json_lines,
    neutral,
    plain,
    table,
    write_rows,
)
from synthnb.export.gate import Leave, ask
from synthnb.export.job import Format, Job
from synthnb.export.splits import sides
from synthnb.suggest import did_you_mean
from synthnb.visible import count, one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = [
    "FILES",
    "FORMATS",
    "Exported",
    "Format",
    "TermsWarning",
    "atomic",
    "export",
    "json_lines",
    "neutral",
    "plain",
    "push_to_hub",
    "table",
    "write_rows",
]


WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
"""Endings of files that spreadsheet programs write, and that no format writes."""


class TermsWarning(UserWarning):
    """What a person should know about the terms, or about rows that were left out."""


def _working(job: Job) -> int:
    """A working file: provenance under ``_synthnb`` where the format can hold it."""
    from synthnb.sinks import JsonlSink, ParquetSink

    batch = job.batch
    if job.format.name in ("csv", "excel"):
        rows = list(batch)
        FILES[job.format.name](rows, job.path)
        return len(rows)
    # One row at a time: a long run's rows are read from the store.
    with (JsonlSink if job.format.name == "jsonl" else ParquetSink)(job.path) as sink:
        for record in batch.accepted:
            sink.write(batch.with_provenance(record))
        return sink.rows


_WORKING = {
    "jsonl": "one object a line, provenance included",
    "csv": "comma-separated, as it is",
    "parquet": "columns with types, provenance included",
    "excel": "CSV that no spreadsheet runs: formulas get an apostrophe",
}

FORMATS: dict[str, Format] = {
    **{name: Format(name, said, _working, gated=False) for name, said in _WORKING.items()},
    **{f.name: f for f in (*messages.FORMATS, *trl.FORMATS, *benchmarks.FORMATS, *hub.FORMATS)},
}
"""All formats by name, in the order in which they are listed."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the file or folder, how many rows, and what to know."""

    path: Path
    rows: int
    warnings: tuple[str, ...] = ()


def export(
    batch: Batch,
    path: str | Path,
    format: str | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    license: str | None = None,
    purpose: str | None = None,
    accept_terms: bool = False,
    split: str | None = None,
    **options: Any,
) -> Exported:
    """Write the accepted rows to ``path`` in ``format`` (by its ending if unset).

    ``columns`` says which column is what: ``{"prompt": "question"}``. ``license`` and
    ``purpose`` count for this export where the recipe leaves them open. ``accept_terms``
    exports although the terms say no or nothing, and says so on card and manifest.
    ``split`` is ``train`` or ``test``: that side of the recipe's split alone; rows held out
    before the run are never among rows to train on unless asked for.
    Everything that can be refused is refused by an ExportError of one line.
    """
    target = Path(path)
    chosen = _format(format, target)
    _known(chosen, options, columns)
    leave = ask(batch, chosen, license=license, purpose=purpose, accept_terms=accept_terms)
    side, said = _side(leave.batch, chosen, split)
    job = Job(
        side, chosen, target, target.name, target, dict(columns or {}),
        {**chosen.options, **options},
    )  # fmt: skip
    rows = _folder(job, leave) if chosen.folder else _file(job, leave)
    return Exported(target, rows, (*leave.warnings, *said, *job.warnings))


def push_to_hub(
    batch: Batch,
    repo: str,
    *,
    token: str | None = None,
    endpoint: str | None = None,
    private: bool = True,
    **options: Any,
) -> str:
    """Publish the rows as a dataset on a hub (private unless told otherwise); its address.

    ``options`` are those of ``export(…, format="hf")``.
    """
    where = {"token": token, "endpoint": endpoint, "private": private}
    return hub.push(batch, repo, options, where)


def _format(name: str | None, target: Path) -> Format:
    chosen = name or SUFFIXES.get(target.suffix.lower())
    if chosen is None or chosen not in FORMATS:
        hint = did_you_mean(chosen, FORMATS) if chosen else ""
        if name is None and target.suffix.lower() in WORKBOOKS:
            hint = ": for Excel, name a .csv file and the format excel."
        said = one_line(chosen or target.suffix or target.name, 40)
        dot = "" if hint else "."
        raise ExportError(f"{said}: no such format{hint}{dot} Formats: {', '.join(FORMATS)}")
    if chosen == "excel" and target.suffix.lower() in WORKBOOKS:
        raise ExportError(
            f"{one_line(target.name, 40)}: excel writes CSV, which no workbook is: call it .csv"
        )
    return FORMATS[chosen]


def _side(batch: Batch, format: Format, split: str | None) -> tuple[Batch, tuple[str, ...]]:
    """The rows of one side of the split, and what to say about the others."""
    if split is not None and (format.publishes or split not in ("train", "test")):
        what = "writes both sides" if format.publishes else "is train or test"
        raise ExportError(f"split: {format.name if format.publishes else 'it'} {what}")
    if split is not None:
        parts = sides(batch)
        chosen = set(parts.train if split == "train" else parts.test)
        rows = [record for place, record in enumerate(batch.accepted) if place in chosen]
        lost = [record for record in batch.records if not record.accepted]
        keep = [*rows, *(lost if split == "train" else [])]
        return batch.replace(records=keep), ()
    if format.publishes or format.name in ("jsonl", "parquet") or batch.recipe.mix is None:
        return batch, ()
    held = sum(record.held_out for record in batch.accepted)
    if not held:
        return batch, ()
    kept = [record for record in batch.records if not record.held_out]
    said = f"{count(held, 'held-out row')} left out: split='test' or the format hf writes them"
    return batch.replace(records=kept), (said,)


def _known(format: Format, options: Mapping[str, Any], columns: object) -> None:
    for name in options:
        if name not in format.options:
            there = ["columns", "license", "purpose", "accept_terms", "split", *format.options]
            hint = did_you_mean(name, there) or f"; it has {', '.join(there)}"
            raise ExportError(f"{format.name} has no option {one_line(name, 40)}{hint}")
    if columns and not format.roles:
        raise ExportError(f"{format.name} writes all columns as they are: leave columns out")


def _file(job: Job, leave: Leave) -> int:
    target, rows = job.target, 0

    def write(part: Path) -> None:
        nonlocal rows
        job.path = part
        rows = _written(job)

    atomic(target, write)
    if job.format.gated:
        _card_beside(job, leave, rows)
    if job.format.gated or job.format.name in ("csv", "excel"):
        _manifest_beside(job, leave, rows)
    return rows


def _written(job: Job) -> int:
    """Write the rows; to train on none, or to publish none, is a mistake."""
    rows = job.format.write(job)
    if not rows and job.format.gated:
        why = "; ".join(job.warnings) or "none was accepted"
        raise ExportError(f"{job.format.name}: there is no row to write ({why})")
    return rows


def _card_beside(job: Job, leave: Leave, rows: int) -> None:
    """The card beside a file, called as it is."""
    from synthnb.card.facts import card_text

    target = job.target
    text = card_text(
        job.batch, files={"train": target.name}, rows=rows, **_terms(leave), **job.facts
    )
    atomic(target.with_name(f"{target.stem}.card.md"), lambda p: _put(p, text))


def _manifest_beside(job: Job, leave: Leave, rows: int) -> None:
    """The manifest beside a file, which cannot tell by itself who wrote its rows."""
    target = job.target
    note = _manifest(job, leave, rows)
    place = target.with_name(f"{target.stem}.manifest.json")
    note["files"] = _beside(place, note["marking"]) | {target.name: hub.digest(target)}
    body = json.dumps(note, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    atomic(place, lambda p: _put(p, body))


def _beside(manifest: Path, marking: object) -> dict[str, Any]:
    """Files of the same name and marking in other formats: they share the manifest."""
    try:
        note = json.loads(manifest.read_text("utf-8"))
        files: dict[str, Any] = note["files"] if note["marking"] == marking else {}
        return {name: told for name, told in files.items() if manifest.with_name(name).exists()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _put(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def _folder(job: Job, leave: Leave) -> int:
    from synthnb.card.facts import card_text

    target = job.target
    _replaceable(target)
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        job.path = part
        rows = _written(job)
        card = card_text(job.batch, rows=rows, **_terms(leave), **job.facts)
        (part / "README.md").write_text(card, "utf-8")
        note = _manifest(job, leave, rows)
        files = sorted(path for path in part.rglob("*") if path.is_file())
        note["files"] = {path.relative_to(part).as_posix(): hub.digest(path) for path in files}
        body = json.dumps(note, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        (part / "manifest.json").write_text(body, "utf-8")
        if target.exists():
            shutil.rmtree(target)
        part.replace(target)
    except OSError as error:
        raise ExportError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return rows


def _replaceable(target: Path) -> None:
    """An earlier export may be replaced; anything else stays as it is."""
    if not target.exists():
        return
    if not target.is_dir():
        raise ExportError(f"{target} is a file; name a folder.")
    if not any(target.iterdir()):
        return
    try:
        note = json.loads((target / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        note = {}
    listed = {*note.get("files", {}), "manifest.json"} if isinstance(note, dict) else set()
    there = {p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()}
    if not isinstance(note, dict) or "format" not in note or there - listed:
        raise ExportError(f"{target} holds other files; name an empty folder.")


def _terms(leave: Leave) -> dict[str, Any]:
    return {"verdict": leave.verdict, "accepted_terms": leave.accepted_terms}


def _manifest(job: Job, leave: Leave, rows: int) -> dict[str, Any]:
    from synthnb.card.facts import marking

    recipe = job.batch.recipe
    return {
        "synthnb": __version__,
        "format": job.format.name,
        "name": job.batch.name,
        "hash": job.batch.hash,
        "recipe": recipe.fingerprint,
        "made": datetime.now(UTC).date().isoformat(),
        "rows": rows,
        **{key: job.facts[key] for key in ("splits",) if key in job.facts},
        "license": recipe.license,
        "purpose": recipe.purpose,
        "terms": leave.verdict.level,
        "terms_accepted_by_user": leave.accepted_terms,
        "marking": marking(job.batch),
    }
