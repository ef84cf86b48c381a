"""Licence, purpose and terms: asked for, never guessed; refused in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from synthnb.batch import Batch
from synthnb.errors import ExportError
from synthnb.export import FORMATS, TermsWarning, export
from synthnb.export.gate import Withheld
from tests.export.batches import ASKED, HEAD, qa, row

BARE = "synthnb: 1\nname: sample\n"
GATED = [name for name, format in FORMATS.items() if format.gated]


def written_by(model: str, source: Batch | None = None) -> Batch:
    source = source or qa()
    records = [row(r.index, r.values, model=model) for r in source.records]
    return source.replace(records=records)


def settings(home: Path, base_url: str) -> None:
    folder = home / "config"
    folder.mkdir(parents=True)
    (folder / "synthnb.toml").write_text(f'[profiles.lab]\nbase_url = "{base_url}"\n', "utf-8")


def card(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(path.read_text("utf-8").split("---\n")[1])
    return found


def test_what_is_trained_on_or_published_is_gated() -> None:
    assert sorted(set(FORMATS) - set(GATED)) == ["csv", "excel", "jsonl", "parquet"]


@pytest.mark.parametrize("format", GATED)
def test_without_licence_and_purpose_one_line_says_what_to_pass(
    tmp_path: Path, format: str
) -> None:
    with pytest.raises(Withheld) as refused:
        export(qa(head=BARE), tmp_path / "out", format)
    said = str(refused.value)
    assert "\n" not in said
    assert "license='CC-BY-4.0'" in said
    assert "purpose='fine-tuning'" in said
    assert "add --license CC-BY-4.0 (or" in refused.value.as_flags
    with pytest.raises(ExportError, match=r"pass purpose='fine-tuning'"):
        export(qa(head=BARE), tmp_path / "out", format, license="CC0-1.0", purpose="")
    assert not list(tmp_path.glob("out*"))


def test_working_files_ask_for_nothing(tmp_path: Path) -> None:
    for format in ("jsonl", "csv", "parquet", "excel"):
        assert export(qa(head=BARE), tmp_path / format, format).rows == 12


def test_options_stand_in_for_the_recipe_and_reach_the_card(tmp_path: Path) -> None:
    done = export(qa(head=BARE), tmp_path / "a.jsonl", "chat", **ASKED)
    assert done.warnings == ()
    head = card(tmp_path / "a.card.md")
    assert head["license"] == "cc-by-4.0"
    assert head["synthnb"]["purpose"] == "fine-tuning"
    with pytest.raises(ExportError, match="is none of: pre-training"):
        export(qa(), tmp_path / "b", "chat", purpose="fun")


def test_a_licence_that_the_hub_does_not_know_is_other_by_name(tmp_path: Path) -> None:
    export(qa(), tmp_path / "a.jsonl", "chat", license="Our Own Licence 2")
    head = card(tmp_path / "a.card.md")
    assert (head["license"], head["license_name"]) == ("other", "our-own-licence-2")


def test_terms_that_forbid_it_stop_it_until_the_user_answers_for_it(
    tmp_path: Path, home: Path
) -> None:
    settings(home, "https://api.anthropic.com/v1")
    source = written_by("lab/claude-opus")
    for format in ("chat", "hf"):
        with pytest.raises(ExportError, match=r"do not allow.*Anthropic.*accept_terms=True"):
            export(source, tmp_path / "out", format)
    done = export(source, tmp_path / "out.jsonl", "chat", accept_terms=True)
    assert done.warnings[0].startswith("Terms accepted by you")
    manifest = json.loads((tmp_path / "out.manifest.json").read_text("utf-8"))
    assert (manifest["terms"], manifest["terms_accepted_by_user"]) == ("block", True)
    assert card(tmp_path / "out.card.md")["synthnb"]["terms_accepted_by_user"] is True
    assert export(source, tmp_path / "t.jsonl", "chat", purpose="teaching").warnings == ()


def test_unknown_terms_stop_publishing_and_warn_otherwise(tmp_path: Path, home: Path) -> None:
    settings(home, "http://127.0.0.1:8000/v1")
    source = written_by("lab/our-own")
    with pytest.raises(ExportError, match="unknown for publishing as hf"):
        export(source, tmp_path / "out", "hf")
    assert (
        export(source, tmp_path / "a.jsonl", "chat").warnings[0].startswith("Unknown for fine")
    )
    with pytest.warns(TermsWarning, match="Unknown for fine-tuning"):
        source.export(tmp_path / "b.jsonl", "chat")
    assert export(source, tmp_path / "out", "hf", accept_terms=True).rows == 12


def test_a_model_whose_host_is_not_known_here_is_unknown(tmp_path: Path) -> None:
    source = written_by("gone/smollm2-135m")
    with pytest.raises(ExportError, match="unknown for publishing"):
        export(source, tmp_path / "out", "hf")


def test_duties_are_told(tmp_path: Path, home: Path) -> None:
    settings(home, "http://127.0.0.1:8000/v1")
    done = export(written_by("lab/llama-3.1-8b"), tmp_path / "a.jsonl", "chat")
    assert any("Llama" in said for said in done.warnings)


def test_rows_that_no_model_wrote_need_no_leave(tmp_path: Path) -> None:
    records = [row(r.index, r.values, model="", origin="real") for r in qa().records]
    mixed = qa().replace(records=[*records[:2], row(9, records[2].values)])
    assert export(mixed, tmp_path / "m.jsonl", "chat").warnings  # licence of real rows unknown
    free = mixed.replace(real_license="CC0-1.0")
    assert export(free, tmp_path / "f.jsonl", "chat").warnings == ()


def test_the_file_is_marked_as_made_by_a_model(tmp_path: Path) -> None:
    export(qa(head=HEAD), tmp_path / "a.jsonl", "chat")
    manifest = json.loads((tmp_path / "a.manifest.json").read_text("utf-8"))
    assert manifest["marking"]["digitalSourceType"] == "trainedAlgorithmicMedia"
    assert manifest["marking"]["ai_generated"] is True
    assert set(manifest["files"]) == {"a.jsonl"}
