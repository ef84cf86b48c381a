"""Runs that were cut off, as people go on with them; what is kept, and what it will cost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synthnb.api.stores import shared_store
from synthnb.cli import main
from synthnb.store.runs import HOST
from tests.loopback import Loopback, Reply, error

RECIPE = """
synthnb: 1
name: tiny
model: lab/any
params: {max_tokens: 50}
columns:
  mood: [happy, angry]
  text: {prompt: "A review by someone who is {{ mood }}."}
target: {rows: 30}
"""

Said = pytest.CaptureFixture[str]


@pytest.fixture
def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback: Loopback, home: Path
) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.synth.yaml").write_text(RECIPE)
    (home / "config").mkdir(parents=True)
    (home / "config" / "synthnb.toml").write_text(
        f'[profiles.lab]\nbase_url = "{loopback.base_url}"\nconcurrency = 4\n'
        "price = {input = 10.0, output = 20.0, per = 1000}\n"
    )
    return tmp_path


def stop_after(loopback: Loopback, count: int) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 45}
    good, bad = Reply(usage=usage), error(401, "The key expired")
    loopback.script(lambda number, body: good if number < count else bad)


def kill() -> str:
    """Make the stored run look as ``kill -9`` leaves it; its id."""
    store = shared_store()
    run = store.runs()[0].id
    owner = f"2000000@{HOST}"
    query = "UPDATE runs SET status = 'running', reason = '', owner = ?, accepted = 0"
    store._write(lambda connection: connection.execute(query, (owner,)))
    return run


def test_a_killed_run_is_listed_and_goes_on_into_its_folder(
    here: Path, loopback: Loopback, capsys: Said
) -> None:
    stop_after(loopback, 12)
    assert main(["run", "tiny.synth.yaml", "--out", "mine", "--quiet"]) == 1
    rows = len((here / "mine" / "rows.jsonl").read_text().splitlines())
    run = kill()
    capsys.readouterr()

    assert main(["resume"]) == 0
    assert f"run {run} (tiny): {rows} of 30 rows, killed just now" in capsys.readouterr().out
    assert main(["resume", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["rows"] == rows

    loopback.reset()
    assert main(["resume", "tiny", "--quiet"]) == 0
    assert len((here / "mine" / "rows.jsonl").read_text().splitlines()) == 30
    assert len(loopback.requests) <= 30 - rows
    capsys.readouterr()
    assert main(["resume"]) == 0
    assert "No run of this folder is unfinished" in capsys.readouterr().out


def test_a_run_that_was_made_whole_by_a_later_one_is_not_listed(
    here: Path, loopback: Loopback, capsys: Said
) -> None:
    stop_after(loopback, 6)
    main(["run", "tiny.synth.yaml", "--quiet"])
    loopback.reset()
    main(["run", "tiny.synth.yaml", "--quiet"])
    capsys.readouterr()

    main(["resume"])
    assert "No run of this folder" in capsys.readouterr().out


def test_a_budget_holds_for_the_run_as_a_whole(
    here: Path, loopback: Loopback, capsys: Said
) -> None:
    stop_after(loopback, 8)  # each answer costs 1.00
    main(["run", "tiny.synth.yaml", "--budget", "15", "--quiet"])
    paid = len(loopback.requests) - loopback.counts["401"]
    loopback.reset()
    usage = {"prompt_tokens": 10, "completion_tokens": 45}
    loopback.script(lambda number, body: Reply(usage=usage))

    assert main(["resume", "tiny", "--quiet"]) == 1
    assert paid + len(loopback.requests) <= 15
    assert "budget of 15 USD" in capsys.readouterr().out


def test_an_unknown_run_is_one_line(here: Path, capsys: Said) -> None:
    assert main(["resume", "nope"]) == 2
    assert "no run 'nope'" in capsys.readouterr().err


def test_the_store_says_what_it_holds_and_drops_what_may_go(
    here: Path, loopback: Loopback, capsys: Said
) -> None:
    main(["run", "tiny.synth.yaml", "-n", "4", "--quiet"])
    capsys.readouterr()

    assert main(["store", "info"]) == 0
    assert "4 answers, 1 run, 4 rows, 1 version" in capsys.readouterr().out
    assert main(["store", "info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["answers"] == 4
    assert main(["store", "prune"]) == 2
    assert "--days" in capsys.readouterr().err
    assert main(["store", "prune", "--days", "0", "--runs", "0"]) == 0
    assert capsys.readouterr().out.startswith("8 entries dropped")
    sent = len(loopback.requests)
    assert main(["run", "tiny.synth.yaml", "-n", "4", "--quiet"]) == 0
    assert len(loopback.requests) == sent + 4


def test_an_estimate_sends_nothing_and_learns_from_a_preview(
    here: Path, loopback: Loopback, capsys: Said
) -> None:
    assert main(["estimate", "tiny.synth.yaml", "-n", "1000", "--json"]) == 0
    guess = json.loads(capsys.readouterr().out)
    assert not loopback.requests
    assert guess["cost"]["low"] < guess["cost"]["expected"] < guess["cost"]["high"]

    stop_after(loopback, 100)
    main(["run", "tiny.synth.yaml", "-n", "20", "--quiet"])
    capsys.readouterr()
    assert main(["estimate", "tiny.synth.yaml", "-n", "1000", "--json"]) == 0
    known = json.loads(capsys.readouterr().out)
    assert known["basis"] == "20 rows made before"
    assert known["cost"]["low"] <= 1000 <= known["cost"]["high"]
    width = [told["cost"]["high"] - told["cost"]["low"] for told in (guess, known)]
    assert width[1] < width[0]
    assert main(["estimate", "tiny.synth.yaml", "-n", "1000"]) == 0
    assert "USD (" in capsys.readouterr().out


def test_rows_can_be_followed_while_a_run_is_on(here: Path, loopback: Loopback) -> None:
    seen: list[str] = []

    def script(number: int, body: object) -> None:
        live = here / "mine" / "_rows.jsonl"
        if live.exists():
            seen.append(live.read_text())

    loopback.script(script)
    loopback.latency = 0.1
    assert main(["run", "tiny.synth.yaml", "--out", "mine", "--quiet"]) == 0
    lines = max(seen, key=len).splitlines()
    assert set(json.loads(lines[0])) == {"mood", "text"}
    assert not (here / "mine" / "_rows.jsonl").exists()
