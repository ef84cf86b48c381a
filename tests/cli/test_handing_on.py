"""``synthnb export``, ``card`` and ``terms`` on what ``save`` wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from synthnb.cli import main
from synthnb.errors import SourceError
from synthnb.folder.loading import load
from synthnb.source import open_source
from tests.export.batches import HEAD, qa
from tests.samples import sample_batch


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return qa().save(tmp_path / "out")


def test_a_folder_is_the_batch_again(tmp_path: Path) -> None:
    batch = sample_batch()
    again = load(batch.save(tmp_path / "out"))
    assert again.hash == batch.hash
    assert again.rows == batch.rows
    assert again.rejected == batch.rejected
    assert again.funnel == batch.funnel
    assert again.usage == batch.usage
    assert load(tmp_path / "out" / "rows.jsonl").hash == batch.hash


def test_a_mixture_comes_back_with_its_origins(tmp_path: Path) -> None:
    rows = [{"question": f"Is {i} real?", "answer": {"answer": "Yes."}} for i in range(5)]
    mixed = qa().mix(rows, license="CC0-1.0")
    again = load(mixed.save(tmp_path / "out"))
    assert again.real_share == mixed.real_share == 5 / 17
    assert again.real_license == "CC0-1.0"
    assert again.card() == mixed.card()


def test_export_writes_and_tells(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = saved.parent / "train.jsonl"
    assert main(["export", str(saved), "--format", "openai", "--out", str(out)]) == 0
    assert len(out.read_text("utf-8").splitlines()) == 12
    assert "12 rows in" in capsys.readouterr().out
    named = ["--column", "instruction=answer.answer", "--column", "output=question"]
    line = ["export", str(saved), "--format", "alpaca", "--out", str(out), *named]
    assert main(line) == 0
    assert json.loads(out.read_text("utf-8").splitlines()[0])["output"] == "What is 0?"


def test_the_gate_is_the_same_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = qa(head="synthnb: 1\nname: bare\n").save(tmp_path / "bare")
    line = ["export", str(bare), "--format", "chat", "--out", str(tmp_path / "a.jsonl")]
    assert main(line) == 2
    assert "add --license CC-BY-4.0" in capsys.readouterr().err
    assert main([*line, "--license", "CC0-1.0", "--purpose", "fine-tuning"]) == 0
    assert main(["export", str(bare), "--out", str(tmp_path / "rows.csv")]) == 0
    assert len(pd.read_csv(tmp_path / "rows.csv")) == 12
    assert main([*line, "--column", "prompt"]) == 2
    assert "ROLE=COLUMN" in capsys.readouterr().err


def test_no_workbook_is_written_and_csv_for_excel_is_named(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["export", str(saved), "--out", str(tmp_path / "p.xlsx")]
    assert main(line) == 2
    assert "name a .csv file and the format excel" in capsys.readouterr().err
    assert main([*line, "--format", "excel"]) == 2
    assert "excel writes CSV" in capsys.readouterr().err
    assert not (tmp_path / "p.xlsx").exists()


def test_without_a_format_they_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export"]) == 0
    said = capsys.readouterr().out
    assert "trl-dpo" in said
    assert "lm-eval" in said


def test_a_file_of_others_has_an_unknown_origin_and_licence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("prompt,response\nWhy?,Because.\n")
    out = tmp_path / "hf"
    line = ["export", str(file), "--format", "hf", "--out", str(out), "--license", "MIT"]
    assert main([*line, "--purpose", "fine-tuning"]) == 2
    assert "unknown" in capsys.readouterr().err
    assert main([*line, "--purpose", "teaching"]) == 0
    card = (out / "README.md").read_text("utf-8")
    assert "1 rows: 1 of unknown origin." in card
    assert "real_share: unknown" in card and "ai_generated: unknown" in card
    assert "digitalCreation" not in card
    assert load(file).mix(load(file)).real_share == 0, "the same rows are no further ones"
    mixed = load(file).mix([{"prompt": "How?", "response": "So."}])
    assert mixed.real_share == 0.5


@pytest.mark.parametrize(("name", "format"), [("s.csv", "csv"), ("s.jsonl", "trl-sft")])
def test_an_exported_file_stays_synthetic_by_the_manifest_beside_it(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, format: str
) -> None:
    line = ["export", str(saved), "--purpose", "teaching", "--license", "MIT"]
    for other in {"s.csv": "csv", "s.jsonl": "trl-sft"}.items():
        assert main([*line, "--out", str(tmp_path / other[0]), "--format", other[1]]) == 0
    capsys.readouterr()
    assert main(["card", str(tmp_path / name)]) == 0
    said = capsys.readouterr().out
    assert "real_share: 0.0" in said and "ai_generated: true" in said
    assert "digital_source_type: trainedAlgorithmicMedia" in said
    source = open_source(None, base=tmp_path, frame=tmp_path / name)
    assert source.depth(0) == 1, f"{format} rows are no real ones"
    (tmp_path / "s.manifest.json").unlink()
    assert open_source(None, base=tmp_path, frame=tmp_path / name).depth(0) == 0
    assert set(r.origin for r in load(tmp_path / name).records) == {"unknown"}


def test_card_prints_what_the_folder_holds(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["card", str(saved)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("---\npretty_name: sample")
    assert "digital_source_type: trainedAlgorithmicMedia" in said


def test_terms_of_a_folder_a_model_and_the_record(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["terms", str(saved)]) == 0
    assert "Allowed for fine-tuning" in capsys.readouterr().out
    assert main(["terms", "--json", str(saved)]) == 0
    assert json.loads(capsys.readouterr().out)["level"] == "allow"
    assert main(["terms", "local/smollm2-135m"]) == 0
    assert "fine-tuning    allow" in capsys.readouterr().out
    assert main(["terms", "gone/llama-3-8b", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["fine-tuning"]["level"] == "block"
    assert found["teaching"]["level"] == "allow"
    assert main(["terms"]) == 0
    assert "OpenAI API" in capsys.readouterr().out
    assert main(["terms", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) > 30


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no folder or file"),
        ("", "no folder of a run"),
        ("{bad", "line 1: this is no JSON"),
    ],
)
def test_what_is_no_run_is_one_line(tmp_path: Path, content: str | None, said: str) -> None:
    folder = tmp_path / "x"
    if content is not None:
        folder.mkdir()
    if content:
        (folder / "rows.jsonl").write_text(content)
        (folder / "recipe.synth.yaml").write_text(HEAD + "columns: {text: {prompt: a}}\n")
    with pytest.raises(SourceError, match=said):
        load(folder)


def test_hostile_provenance_is_only_data(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "recipe.synth.yaml").write_text(HEAD + "columns: {text: {prompt: a}}\n")
    notes = [None, 3, [], {"origin": ["real"], "generation": -4, "calls": 3, "parents": 7}, "{"]
    lines = [json.dumps({"text": "a", "_synthnb": note}) for note in notes]
    (folder / "rows.jsonl").write_text("\n".join(lines))
    (folder / "manifest.json").write_text('{"usage": 3, "funnel": [], "notes": "x"}')
    batch = load(folder)
    assert [r.origin for r in batch.accepted] == ["unknown", *["synthetic"] * 4]
    assert batch.card()
