"""The main job on the embedded model itself, as ``make demo`` runs it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from synthnb.cli import demo, main


@pytest.mark.live
def test_the_demo_writes_rows_and_says_how_to_go_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    embedded_model: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "-n", "3"]) == 0
    told = capsys.readouterr().out
    assert "3 rows in demo" in told
    assert "synthnb run demo/recipe.synth.yaml" in told
    written = {path.name for path in Path("demo").iterdir()}
    assert {"recipe.synth.yaml", "rows.jsonl", "rows.parquet", "README.md"} <= written
    assert list(Path("demo", "charts").glob("*.png"))
    assert main(["demo", "-n", "3", "--quiet"]) == 0  # a second time takes what is there


@pytest.mark.parametrize(
    ("called", "said"),
    [
        ("/usr/local/bin/synthnb", "synthnb"),
        ("synthnb", "synthnb"),
        (".venv/bin/synthnb", ".venv/bin/synthnb"),  # in `make demo`: on no PATH of theirs
    ],
)
def test_the_command_to_go_on_with_is_one_that_the_shell_finds(
    called: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [called, "demo"])
    assert demo.command() == said
