"""A Hugging Face dataset: the folder with its card, and the way to the hub."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.errors import ExportError
from synthnb.export.job import Format, Job
from synthnb.export.splits import Sides, sides
from synthnb.visible import count, one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.types import Record

__all__ = ["FORMATS", "HUB", "upload"]

HUB = "https://huggingface.co"


def _hf(job: Job) -> int:
    from synthnb.card.croissant import croissant

    batch = job.batch
    if not len(batch):
        raise ExportError("hf: there are no accepted rows to publish")
    parts = sides(batch)
    data = job.path / "data"
    data.mkdir(parents=True)
    counts = _parquet(batch, parts.of, data)
    files = {name: f"data/{name}.parquet" for name in counts}
    job.facts |= {"files": files, "splits": counts, "notes": tuple(_notes(job, parts))}
    (job.path / "recipe.synth.yaml").write_text(batch.recipe.dumps(), "utf-8")
    described = croissant(batch, job.path, files, notes=job.facts["notes"])
    text = json.dumps(described, indent=1, ensure_ascii=False, allow_nan=False)
    (job.path / "croissant.json").write_text(text + "\n", "utf-8")
    return sum(counts.values())


def _notes(job: Job, parts: Sides) -> Iterable[str]:
    split = job.batch.recipe.split
    if parts.test:
        together = f"equal {split.by}, " if split is not None and split.by else ""
        yield (
            f"Rows with {together}a common parent or the same words are on one side of"
            " the split."
        )
    if parts.dropped:
        said = f"{count(len(parts.dropped), 'row')} of train nearly repeated a row of test"
        job.warnings.append(f"{said}: left out")
        yield f"{said} and were left out."


def _parquet(batch: Batch, side: Mapping[int, str], data: Path) -> dict[str, int]:
    """One file a side, of one schema: readers take them for parts of the same table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from synthnb.sinks import ParquetSink

    whole = data / "_whole.parquet"
    order = []
    with ParquetSink(whole) as sink:
        for place, record in enumerate(batch.accepted):
            if place in side:
                order.append(side[place])
                sink.write(_row(batch, record))
    counts: dict[str, int] = {
        name: order.count(name) for name in ("train", "test") if name in order
    }
    with pq.ParquetFile(whole) as table, ExitStack() as files:
        writers = {
            name: files.enter_context(
                pq.ParquetWriter(
                    data / f"{name}.parquet", table.schema_arrow, compression="zstd"
                )
            )
            for name in counts
        }
        start = 0
        for part in table.iter_batches():
            names = order[start : start + len(part)]
            start += len(part)
            for name, writer in writers.items():
                writer.write_batch(part.filter(pa.array([name == own for own in names])))
    whole.unlink()
    return counts


def _row(batch: Batch, record: Record) -> dict[str, Any]:
    values = {name: record.values.get(name) for name in batch.columns}
    return {**values, "_synthnb": batch.with_provenance(record)["_synthnb"]}


def upload(
    folder: Path,
    repo: str,
    *,
    token: str | None = None,
    endpoint: str | None = None,
    private: bool = True,
    message: str = "Upload dataset made with synthnb",
) -> str:
    """Send a dataset folder to a hub; its address. Needs the extra ``hub``.

    ``endpoint`` is another hub than huggingface.co. The token that this machine keeps for
    huggingface.co is never sent to it: say ``token=`` where it asks for one.
    """
    try:
        from huggingface_hub import HfApi
    except ImportError:
        raise ExportError(
            "push_to_hub needs the package huggingface_hub: pip install 'synthnb[hub]'"
        ) from None
    own = endpoint is None or endpoint.rstrip("/") == HUB
    api = HfApi(endpoint=endpoint, token=token if token else None if own else False)
    try:
        api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True)
        api.upload_folder(
            repo_id=repo, folder_path=folder, repo_type="dataset", commit_message=message
        )
    except Exception as error:
        said = one_line(str(error) or type(error).__name__, 300)
        if token:
            said = said.replace(token, "…")
        raise ExportError(f"{repo} was not uploaded: {said}") from None
    return f"{(endpoint or api.endpoint).rstrip('/')}/datasets/{repo}"


def push(batch: Batch, repo: str, options: dict[str, Any], hub: dict[str, Any]) -> str:
    """Write the dataset folder beside no one's files, send it, and forget it."""
    from synthnb.export import export

    recipe = batch.recipe
    if recipe.local_only or (recipe.source is not None and recipe.source.local_only):
        raise ExportError("These rows are marked local only: they are not uploaded anywhere.")
    if repo.count("/") > 1 or not repo.strip("/"):
        raise ExportError(f"{one_line(repo, 60)} is no repository: say OWNER/NAME")
    with tempfile.TemporaryDirectory(prefix="synthnb-") as work:
        name = repo.rpartition("/")[2]
        done = export(batch, Path(work) / name, "hf", **options)
        return upload(done.path, repo, **hub)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


FORMATS = (
    Format(
        "hf", "a Hugging Face dataset folder: Parquet splits, card, Croissant", _hf,
        folder=True, publishes=True,
    ),
)  # fmt: skip
