"""A terminal acts on what it is shown: no text of a recipe, row or server reaches it raw."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from synthnb.cli import main
from synthnb.errors import SynthError
from synthnb.recipe import Recipe
from tests.browser.hostile import ACTING
from tests.loopback import Loopback, Reply, error

ACTS = "\x1b]0;own\x07\x1b[2J\u202e<script>"
TEXTS = [text[:200] for text in ACTING if "\x00" not in text and "{%" not in text]
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff]")

RECIPE = {
    "synthnb": 1,
    "name": "evil",
    "description": ACTS,
    "license": f"L {ACTS}",
    "purpose": "teaching",
    "model": "lab/tiny",
    "columns": {
        "label": TEXTS,
        "text": {"prompt": f"Say {ACTS} {{{{ label }}}}"},
    },
    "checks": [
        {"length": {"column": "text", "min": 1, "max": 150}},
        {"stop_phrases": {"column": "text", "phrases": [ACTS]}},
    ],
    "target": {"rows": 10, "max_candidates": 30},
}
REFUSED = (
    ["run", f"{ACTS}.synth.yaml"],
    ["run", "evil.synth.yaml", "--model", f"{ACTS}/x"],
    ["new", ACTS],
    [ACTS],
    ["run", "evil.synth.yaml", f"--{ACTS}"],
)


@pytest.fixture
def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback: Loopback, home: Path
) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evil.synth.yaml").write_text(Recipe.from_dict(RECIPE).dumps(), "utf-8")  # type: ignore[arg-type]
    (tmp_path / "rows\u202e.csv").write_text(f"a,b\u202e\n1,{ACTS}\n", "utf-8")
    (home / "config").mkdir(parents=True)
    (home / "config" / "synthnb.toml").write_text(
        f'[profiles.lab]\nbase_url = "{loopback.base_url}"\n'
    )
    loopback.script(
        lambda number, body: (
            error(400, f"no {ACTS}")
            if number % 7 == 5
            else Reply(
                text=f"{TEXTS[number % len(TEXTS)]} {number} {'' if number % 3 else ACTS}"
            )
        )
    )
    return tmp_path


def test_what_the_command_prints_does_not_act(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (
        ["estimate", "evil.synth.yaml"],
        ["run", "evil.synth.yaml", "-n", "10", "--out", "out"],
        ["history", "evil"],
        ["check", "out"],
        ["card", "out"],
        ["export", "out", "--out", "x.jsonl"],
        ["export", "out", "--out", "y.jsonl", "--format", ACTS],
        ["terms", f"lab/{ACTS}"],
        ["check", "rows\u202e.csv"],
        ["card", "rows\u202e.csv"],
    ):
        main(words)
        said = capsys.readouterr()
        assert said.out + said.err
        assert not RAW.search(said.out), words
        assert not RAW.search(said.err), words
    for name in ("README.md", "recipe.synth.yaml", "manifest.json"):
        assert not RAW.search((here / "out" / name).read_text("utf-8"))


@pytest.mark.parametrize("words", REFUSED, ids=str)
def test_what_is_refused_is_named_but_does_not_act(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    try:
        assert main(words) == 2
    except SystemExit as stop:
        assert stop.code == 2
    said = capsys.readouterr().err
    assert "own" in said
    assert not RAW.search(said)


def test_an_error_quotes_without_acting() -> None:
    assert (
        str(SynthError(f"a\n{ACTS}")) == "a\n⟨U+001B⟩]0;own⟨U+0007⟩⟨U+001B⟩[2J⟨U+202E⟩<script>"
    )
