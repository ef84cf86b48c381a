from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pandas as pd
import pytest

from synthnb.errors import ExportError
from synthnb.recipe import Recipe
from synthnb.saved import read_batch
from tests.samples import HOSTILE, batch_of, sample_batch

FILES = {
    "README.md", "charts", "manifest.json", "recipe.synth.yaml", "rejected.jsonl",
    "rows.jsonl", "rows.parquet",
}  # fmt: skip


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_batch_becomes_a_folder(tmp_path: Path) -> None:
    batch = sample_batch()
    folder = batch.save(tmp_path / "out")
    assert names(folder) == FILES
    lines = (folder / "rows.jsonl").read_text("utf-8").splitlines()
    assert json.loads(lines[0]) == batch.rows[0]
    assert len(pd.read_parquet(folder / "rows.parquet")) == 24
    assert len((folder / "rejected.jsonl").read_text("utf-8").splitlines()) == 7
    assert Recipe.load(folder / "recipe.synth.yaml") == batch.recipe
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_same_recipe_again_replaces_its_files(tmp_path: Path) -> None:
    batch = sample_batch()
    batch.save(tmp_path)
    batch.replace(records=batch.records[:5]).save(tmp_path)
    assert names(tmp_path) == FILES
    assert json.loads((tmp_path / "manifest.json").read_text("utf-8"))["rows"] == 2


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    batch = sample_batch()
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ExportError, match="other files"):
        batch.save(tmp_path)
    assert names(tmp_path) == {"mine.txt"}
    other = batch.replace(recipe=batch.recipe.replace(seed=8)).save(tmp_path / "out")
    with pytest.raises(ExportError, match=r"another run .* batch\.save\('OTHER'\)"):
        batch.save(other)
    with pytest.raises(ExportError, match="is a file"):
        batch.save(tmp_path / "mine.txt")


def test_what_cannot_be_written_leaves_nothing_half_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("synthnb.charts.save_all", full)
    with pytest.raises(ExportError, match="No space left"):
        sample_batch().save(tmp_path / "out")
    assert names(tmp_path / "out") == set()


def test_a_folder_that_is_half_replaced_does_not_say_that_it_is_whole(tmp_path: Path) -> None:
    batch = sample_batch()
    batch.save(tmp_path)
    (tmp_path / "rows.parquet").unlink()
    (tmp_path / "rows.parquet" / "in the way").mkdir(parents=True)
    with pytest.raises(ExportError):
        batch.replace(records=batch.records[:5]).save(tmp_path)
    assert json.loads((tmp_path / "manifest.json").read_text("utf-8"))["rows"] == 24
    assert len((tmp_path / "rows.jsonl").read_text("utf-8").splitlines()) == 2


def test_hostile_rows_are_kept_as_they_are_in_files(tmp_path: Path) -> None:
    folder = batch_of(HOSTILE[:8]).save(tmp_path)
    lines = (folder / "rows.jsonl").read_text("utf-8").split("\n")[:-1]
    assert [json.loads(line)["text"] for line in lines] == HOSTILE[:8]


def test_rows_are_exported_by_the_ending_of_the_file(tmp_path: Path) -> None:
    batch = sample_batch()
    assert "_synthnb" in batch.export(tmp_path / "rows.jsonl").read_text("utf-8")
    assert "_synthnb" not in batch.export(tmp_path / "rows.csv").read_text("utf-8")
    assert len(pd.read_csv(tmp_path / "rows.csv")) == 24


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_or_device_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(ExportError, match="is no file: it would be replaced by one"):
        sample_batch().export(tmp_path / "pipe.jsonl")
    assert (tmp_path / "pipe.jsonl").is_fifo()


def test_the_card_names_models_and_losses() -> None:
    text = sample_batch().card()
    assert "length 75" in text


def told_otherwise(folder: Path, **manifest: object) -> Path:
    file = folder / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **manifest}), "utf-8")
    return folder


def test_what_a_manifest_says_becomes_no_code_and_no_verdict_of_its_own(tmp_path: Path) -> None:
    folder = told_otherwise(
        sample_batch().save(tmp_path), name="__import__('os').abort();x", status="\u202eevil",
        version="1; abort", usage={"cost": None, "requests": None}, reason=None,
    )  # fmt: skip
    batch = read_batch(folder)
    assert (batch.name, batch.status, batch.version) == ("reviews", "done", None)
    assert repr(batch).startswith("<Batch reviews: 24 accepted of 31 candidates")
    batch = batch.replace(name="a b")
    assert batch.select(mood="angry").code() == "batch.select(mood='angry')"


@pytest.mark.parametrize("wrong", [{"row": "x"}, {"calls": "x"}, {"attempt": None}])
def test_a_row_of_another_shape_is_refused_in_one_line(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    folder = sample_batch().save(tmp_path)
    rows = folder / "rows.jsonl"
    first = json.loads(rows.read_text("utf-8").splitlines()[0])
    first["_synthnb"].update(wrong)
    rows.write_text(json.dumps(first) + "\n", "utf-8")
    with pytest.raises(ExportError, match="cannot be read as a run: "):
        read_batch(folder)
