"""The command as people type it: exit codes, one-line refusals, what lies on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synthnb.cli import VERBS, main
from tests.loopback import Loopback, error

RECIPE = """
synthnb: 1
name: tiny
model: lab/any
columns:
  mood: [happy, angry]
  text: {prompt: "A review by someone who is {{ mood }}."}
target: {rows: 4}
"""


@pytest.fixture
def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback: Loopback, home: Path
) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.synth.yaml").write_text(RECIPE)
    (home / "config").mkdir(parents=True)
    (home / "config" / "synthnb.toml").write_text(
        f'[profiles.lab]\nbase_url = "{loopback.base_url}"\n'
    )
    return tmp_path


def test_every_verb_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in VERBS:
        with pytest.raises(SystemExit) as stop:
            main([verb, "--help"])
        assert stop.value.code == 0
    assert "usage: synthnb demo" in capsys.readouterr().out


def test_run_leaves_a_folder(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "tiny.synth.yaml", "-n", "6", "--out", "out"]) == 0
    assert len((here / "out" / "rows.jsonl").read_text().splitlines()) == 6
    assert "accepted 6" in capsys.readouterr().out


def test_the_same_run_again_sends_nothing(here: Path, loopback: Loopback) -> None:
    main(["run", "tiny.synth.yaml", "--out", "out", "--quiet"])
    sent = len(loopback.requests)
    assert main(["run", "tiny.synth.yaml", "--out", "out", "--quiet"]) == 0
    assert len(loopback.requests) == sent
    assert json.loads((here / "out" / "manifest.json").read_text())["usage"]["cached"] == 4


def test_a_dry_run_sends_nothing(here: Path, loopback: Loopback) -> None:
    assert main(["run", "tiny.synth.yaml", "--dry-run"]) == 0
    assert not loopback.requests
    assert not (here / "tiny").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "absent.synth.yaml"], "absent.synth.yaml"),
        (["run", "tiny.synth.yaml", "--model", "nowhere/x"], "nowhere"),
        (["run", "tiny.synth.yaml", "--source", "rows.csv"], "rows.csv"),
        (["new", "quickstar"], "quickstart"),
        (["new", "text", "--into", "tiny.synth.yaml"], "cannot be written"),
    ],
)
def test_a_refusal_is_one_line_and_exit_2(
    here: Path,
    loopback: Loopback,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    assert main(words) == 2
    shown = capsys.readouterr().err
    assert said in shown and shown.count("\n") == 1
    assert not loopback.requests


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("rnu tiny.synth.yaml", "synthnb: no verb rnu; did you mean 'run'?"),
        ("run tiny.synth.yaml --modle x", "synthnb run: no option --modle; did you mean '--mo"),
        (
            "run tiny.synth.yaml --budget nan",
            "synthnb run: --budget: 'nan' is no amount of",
        ),
        ("run tiny.synth.yaml -n 0", "synthnb run: -n/--rows: 0 is not above 0"),
        ("run tiny.synth.yaml again", "synthnb: unexpected: again"),
        ("run", "synthnb run: the following arguments are required: FILE"),
    ],
)
def test_wrong_words_are_one_line_and_exit_2(
    here: Path, loopback: Loopback, capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words.split())
    assert stop.value.code == 2
    shown = capsys.readouterr().err
    assert shown.startswith(said) and shown.count("\n") == 1
    assert not loopback.requests


def test_a_folder_of_something_else_costs_nothing(
    here: Path, loopback: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "out").mkdir()
    (here / "out" / "thesis.tex").write_text("mine")
    assert main(["run", "tiny.synth.yaml", "--out", "out"]) == 2
    assert "name an empty folder: --out OTHER" in capsys.readouterr().err
    assert not loopback.requests


def test_a_folder_or_tape_that_cannot_be_written_costs_nothing(
    here: Path, loopback: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "tiny.synth.yaml", "--out", "tiny.synth.yaml/out"]) == 2
    assert main(["run", "tiny.synth.yaml", "--record", "tiny.synth.yaml/t.jsonl"]) == 2
    assert main(["run", "tiny.synth.yaml", "--record", "tiny.synth.yaml"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert ["cannot be written" in line for line in told] == [True, True, False]
    assert "is not what a tape holds" in told[2]
    assert (here / "tiny.synth.yaml").read_text() == RECIPE
    assert not loopback.requests


def test_a_run_that_fails_leaves_the_rows_of_an_earlier_one(
    here: Path, loopback: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["run", "tiny.synth.yaml", "--out", "out", "--quiet"])
    before = (here / "out" / "rows.jsonl").read_bytes()
    loopback.script(lambda number, body: error(401, "no such key"))
    assert main(["run", "tiny.synth.yaml", "--out", "out", "--no-cache", "--quiet"]) == 1
    assert "out keeps its 4 rows; this run made 0: " in capsys.readouterr().out
    assert (here / "out" / "rows.jsonl").read_bytes() == before
    assert sorted(path.name for path in (here / "out").glob("_*")) == []


def test_new_never_overwrites(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "quickstart"]) == 0
    assert "synthnb run quickstart.synth.yaml" in capsys.readouterr().out
    assert main(["new", "quickstart"]) == 2


def test_doctor_names_what_is_missing(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "OPENAI_API_KEY is not set" in shown
    assert "profile lab" in shown


def test_doctor_says_whether_the_embedded_model_is_there(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    embedded_model: Path,
) -> None:
    assert main(["doctor"]) == 0
    assert "ok       embedded model     smollm2-135m" in capsys.readouterr().out
    monkeypatch.setenv("SYNTHNB_MODELS", str(here))
    assert main(["doctor"]) == 0
    assert "missing  embedded model" in capsys.readouterr().out


def test_doctor_sees_that_nothing_can_be_kept(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNTHNB_HOME", str(here / "tiny.synth.yaml"))
    assert main(["doctor"]) == 1
    assert "cannot be written" in capsys.readouterr().out


def test_collapse_prints_theory_beside_simulation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["collapse", "gaussian_replace", "n=20", "t=10", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["theory"][-1] == pytest.approx((1 - 1 / 20) ** 10)
    assert told["mean"][-1] == pytest.approx(told["theory"][-1], abs=0.05)


def test_collapse_says_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["collapse", "gausian_replace"]) == 2
    assert "gaussian_replace" in capsys.readouterr().err


def test_collapse_reads_lists_and_truth_values(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["collapse", "w2_risk", "n=50,100", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["theory"] == pytest.approx([0.03, 0.045])
    assert main(["collapse", "regression", "fresh=false", "t=3", "--json"]) == 0
    same = json.loads(capsys.readouterr().out)["mean"]
    assert main(["collapse", "regression", "fresh=true", "t=3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["mean"] != same
    assert main(["collapse", "zipf", "--chart", str(tmp_path / "no" / "z.png")]) == 2
    assert "z.png was not written" in capsys.readouterr().err
