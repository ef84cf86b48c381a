"""A Hugging Face dataset folder, loaded by ``datasets`` and pushed to a hub on 127.0.0.1."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest
from huggingface_hub import DatasetCard
from ruamel.yaml import YAML

from synthnb.batch import Batch
from synthnb.errors import ExportError
from synthnb.export import export
from synthnb.export.splits import sides
from synthnb.recipe import Recipe, Source, Split
from synthnb.types import Record, Row
from tests.export.batches import HEAD, batch, benchmark, qa, row
from tests.export.standin import Hub


@pytest.fixture(autouse=True)
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No token of this machine, no progress bars, no cache outside the test."""
    monkeypatch.setenv("HF_TOKEN", "hf_this-machines-own")
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    datasets.disable_progress_bars()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield


def story(i: int) -> str:
    words = [f"{word}{i * 7 + k}" for k, word in enumerate(("bird", "stone", "river", "lamp"))]
    return f"The {' and the '.join(words)} met in the town of {i}."


def grouped(n: int = 40, groups: int = 8, **split: Any) -> Batch:
    """Stories about clients, several a client; every third made from a source row."""
    rows: list[Row] = [{"client": f"c{i % groups}", "text": story(i)} for i in range(n)]
    made = batch("{client: [c0], text: {prompt: Tell}}", rows)
    records = [row(r.index, r.values, parents=(f"s{r.index // 3}",)) for r in made.records]
    recipe = made.recipe.replace(split=Split(**(split or {"by": "client", "eval": 0.25})))
    return made.replace(records=records if not split.get("by") else made.records, recipe=recipe)


def load(folder: Path, cache: Path) -> datasets.DatasetDict:
    found = datasets.load_dataset(str(folder), cache_dir=str(cache))
    assert isinstance(found, datasets.DatasetDict)
    return found


def test_the_folder_loads_by_name_of_split(tmp_path: Path) -> None:
    source = grouped(by="client", eval=0.25)
    done = export(source, tmp_path / "set", "hf")
    found = load(done.path, tmp_path / "cache")
    assert {name: len(part) for name, part in found.items()} == {"train": 30, "test": 10}
    train, test = set(found["train"]["client"]), set(found["test"]["client"])
    assert not train & test
    assert found["train"][0]["_synthnb"]["origin"] == "synthetic"
    assert {"README.md", "croissant.json", "manifest.json", "recipe.synth.yaml", "data"} == {
        path.name for path in done.path.iterdir()
    }
    assert Recipe.load(done.path / "recipe.synth.yaml").license == "CC-BY-4.0"


def test_the_card_is_one_that_the_hub_reads(tmp_path: Path) -> None:
    done = export(grouped(by="client", eval=0.25), tmp_path / "set", "hf")
    card = DatasetCard.load(done.path / "README.md")
    assert card.data.license == "cc-by-4.0"
    assert card.data.configs[0]["data_files"][1] == {
        "split": "test",
        "path": "data/test.parquet",
    }
    own = YAML(typ="safe").load((done.path / "README.md").read_text("utf-8").split("---\n")[1])
    assert own["synthnb"]["splits"] == {"train": 30, "test": 10}
    assert own["synthnb"]["digital_source_type"] == "trainedAlgorithmicMedia"
    manifest = json.loads((done.path / "manifest.json").read_text("utf-8"))
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((done.path / name).read_bytes()).hexdigest() == digest


def test_croissant_names_files_columns_and_where_the_rows_come_from(tmp_path: Path) -> None:
    done = export(qa(), tmp_path / "set", "hf")
    found = json.loads((done.path / "croissant.json").read_text("utf-8"))
    data = (done.path / "data/train.parquet").read_bytes()
    assert found["distribution"][0]["sha256"] == hashlib.sha256(data).hexdigest()
    assert [f["name"] for f in found["recordSet"][0]["field"]] == ["question"]
    assert found["rai:hasSyntheticData"] is True
    assert found["digitalSourceType"].endswith("TrainedAlgorithmicMediaDigitalSource")


def test_children_of_one_row_and_equal_words_stay_together() -> None:
    source = grouped(eval=0.25)
    twin = [row(90 + i, dict(source.records[i].values), parents=()) for i in range(6)]
    parts = sides(source.replace(records=[*source.records, *twin]))
    records = source.replace(records=[*source.records, *twin]).accepted
    held = {parent for place in parts.test for parent in records[place].parents}
    assert held
    assert not held & {parent for place in parts.train for parent in records[place].parents}
    said = {records[place].values["text"] for place in parts.test}
    assert not said & {records[place].values["text"] for place in parts.train}
    assert abs(len(parts.test) / len(records) - 0.25) < 0.1
    assert sides(source) == sides(source)


def test_near_repetitions_across_the_border_leave_the_training_side(tmp_path: Path) -> None:
    source = grouped(by="client", eval=0.25)
    held = source.accepted[sides(source).test[0]]
    text = f"Well, {held.values['text']}"
    free = next(c for c in ("c0", "c1", "c2") if c != held.values["client"])
    near = source.replace(records=[*source.records, row(99, {"client": free, "text": text})])
    known = sides(near)
    if near.accepted[known.test[0]].values["client"] == held.values["client"]:
        done = export(near, tmp_path / "set", "hf")
        assert done.warnings == ("1 row of train nearly repeated a row of test: left out",)


def test_one_group_cannot_be_split(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no split without a leak"):
        export(grouped(groups=1, by="client", eval=0.2), tmp_path / "set", "hf")


def test_a_small_share_still_holds_one_group_out() -> None:
    assert len(sides(benchmark()).test) == 2


def test_other_files_are_left_alone_and_an_earlier_export_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(ExportError, match="holds other files"):
        export(qa(), tmp_path / "mine", "hf")
    export(qa(4), tmp_path / "set", "hf")
    export(qa(6), tmp_path / "set", "hf")
    assert json.loads((tmp_path / "set" / "manifest.json").read_text("utf-8"))["rows"] == 6
    (tmp_path / "set" / "notes.txt").write_text("mine")
    with pytest.raises(ExportError, match="holds other files"):
        export(qa(), tmp_path / "set", "hf")


def test_push_sends_the_folder_and_only_the_token_it_was_given() -> None:
    with Hub() as hub:
        address = qa().push_to_hub("me/sample", endpoint=hub.url, token="hf_given")
    assert address == f"{hub.url}/datasets/me/sample"
    assert hub.created[0]["visibility"] == "private"
    assert {"README.md", "data/train.parquet", "croissant.json"} <= set(hub.files)
    assert hub.tokens == {"Bearer hf_given"}


def test_the_token_for_the_real_hub_never_goes_elsewhere() -> None:
    with Hub() as hub:
        qa().push_to_hub("me/sample", endpoint=hub.url, private=False)
    assert hub.tokens == {None}
    assert hub.created[0]["visibility"] == "public"


def test_a_refused_push_is_one_line_without_the_token() -> None:
    with Hub(refuse="no such right for hf_given") as hub, pytest.raises(ExportError) as refused:
        qa().push_to_hub("me/sample", endpoint=hub.url, token="hf_given")
    assert "hf_given" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_the_gate_comes_before_the_network() -> None:
    with Hub() as hub:
        with pytest.raises(ExportError, match="license="):
            qa(head="synthnb: 1\n").push_to_hub("me/sample", endpoint=hub.url)
        local = qa()
        private = local.replace(recipe=local.recipe.replace(source=Source(local_only=True)))
        with pytest.raises(ExportError, match="local only"):
            private.push_to_hub("me/sample", endpoint=hub.url)
        with pytest.raises(ExportError, match="OWNER/NAME"):
            qa().push_to_hub("a/b/c", endpoint=hub.url)
    assert not hub.tokens


def test_an_empty_batch_is_not_published(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no accepted rows"):
        export(batch("{text: {prompt: a}}", [], HEAD), tmp_path / "set", "hf")


def test_rows_of_a_table_are_split_by_rows_not_by_their_labels() -> None:
    recipe = Recipe.loads(
        "synthnb: 1\nname: wards\nsplit: {eval: 0.25}\n"
        "columns: {ward: [a, b, c], sex: [f, m], age: {integer: [1, 90]}}"
    )
    rows = [
        Record(i, {"ward": "abc"[i % 3], "sex": "fm"[i % 2], "age": i // 2}, id=f"t{i}")
        for i in range(60)
    ]
    found = sides(Batch(rows, recipe, name="wards"))
    assert (len(found.test), len(found.dropped)) == (15, 0)
    assert {rows[place].values["ward"] for place in found.test} == {"a", "b", "c"}
