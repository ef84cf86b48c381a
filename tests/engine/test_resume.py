"""kill -9, then resume: no finished row is lost, nothing is asked twice but what was open."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from synthnb import generate
from synthnb.api import resume
from synthnb.api.stores import shared_store
from synthnb.errors import StoreError
from synthnb.middleware import Policy
from synthnb.settings import Settings
from synthnb.store import Store
from tests.engine.conftest import Make
from tests.loopback import Loopback, Reply, error

ROOT = Path(__file__).parents[2]

MANY = {"n": {"integer": [1, 10**6]}, "text": {"prompt": "Number {{ n }}."}}


def child(loopback: Loopback, rows: int, run: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.engine.killme", loopback.base_url, str(rows)]
    command += [run] if run else []
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


@pytest.mark.parametrize("killed_after", [3, 17, 31])
def test_kill_9_loses_no_finished_row(loopback: Loopback, killed_after: int) -> None:
    loopback.latency = 0.02
    process = child(loopback, 40)
    assert process.stdout is not None
    run = process.stdout.readline().split()[1]
    seen = set()
    for line in process.stdout:
        seen.add(int(line.split()[1]))
        if len(seen) == killed_after:
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = [repr(body) for body in loopback.bodies]
    assert shared_store().run(run).alive is False

    process.stdout.close()
    with child(loopback, 40, run) as done:
        out, _ = done.communicate(timeout=60)
    lines = out.split("\n")

    assert lines[-2].split()[:3] == ["end", "done", "40"]
    again = [repr(body) for body in loopback.bodies[len(before) :]]
    assert len(set(again) & set(before)) <= 8  # what was in flight at the kill
    assert len(set(again)) == len(again)
    assert len(set(before) | set(again)) == 80
    stored = Store.open()
    assert stored.count_rows(run, True) == 40
    stored.close()


def test_a_stopped_run_goes_on_where_it_was(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.script(lambda n, body: None if n < 10 else error(401, "The key expired"))
    first = generate(reviews(), 30, settings=settings)
    assert first.status == "stopped"
    loopback.reset()

    whole = resume(first.run, settings=settings)

    assert (whole.status, len(whole), whole.run) == ("done", 30, first.run)
    assert len(loopback.requests) == 30 - whole.usage.cached
    assert whole.usage.cached >= len(first)
    kept = {record.index: record.values for record in whole.records}
    assert all(kept[record.index] == record.values for record in first.records)


def test_candidates_that_a_resume_does_not_need_are_forgotten(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    failing: set[int] = set()

    def script(number: int, body: dict[str, int]) -> Reply | None:
        if number == 43:  # the last one
            return replace(error(401, "The key expired"), delay=1.0)
        failing.update([body["seed"]] if number in (3, 8) else [])
        return error(500, "Broken") if body["seed"] in failing else None

    loopback.script(script)  # two rows fail for good: two more candidates take their places
    patience = Policy(base=0.01, tries=2)
    first = generate(reviews(columns=MANY), 40, policy=patience, settings=settings)
    assert (first.status, len(first.rejected)) == ("stopped", 2)
    loopback.reset()

    whole = resume(first.run, settings=settings)

    assert (whole.status, len(whole), len(whole.rejected)) == ("done", 40, 0)
    assert shared_store().count_rows(first.run) == 40


def test_a_run_has_one_owner(reviews: Make, settings: Settings) -> None:
    batch = generate(reviews(), 2, settings=settings)
    store = shared_store()
    store.claim_run(batch.run)

    with pytest.raises(StoreError, match=f"being written by process {os.getpid()}"):
        resume(batch.run, settings=settings)


def test_other_source_rows_are_refused(settings: Settings) -> None:
    from synthnb import Recipe

    recipe = Recipe(source={"order": "file"}, columns={"text": {"prompt": "{{ text }}"}})
    batch = generate(recipe, source=[{"text": "one"}], settings=settings)

    with pytest.raises(StoreError, match="other source rows"):
        resume(batch.run, source=[{"text": "two"}], settings=settings)
    assert len(resume(batch.run, source=[{"text": "one"}], settings=settings)) == 1


def test_the_file_of_a_run_may_be_called_otherwise(
    settings: Settings, loopback: Loopback, tmp_path: Path
) -> None:
    """Row ids stay, and so do the decisions on them."""
    from synthnb import Recipe

    (tmp_path / "rows.csv").write_text("a\n" + "".join(f"word {n}\n" for n in range(9)))
    recipe = Recipe(
        source={"path": "rows.csv", "license": "CC0-1.0"},
        columns={"text": {"prompt": "{{ a }}"}},
    )
    object.__setattr__(recipe, "path", tmp_path / "r.synth.yaml")
    alone = generate(recipe, settings=settings)
    named = generate(recipe, source=tmp_path / "rows.csv", settings=settings)
    assert [row.id for row in named.records] == [row.id for row in alone.records]
    assert named.recipe == alone.recipe

    loopback.script(lambda n, body: None if n < 3 else error(401, "The key expired"))
    first = generate(recipe, settings=settings, cache=False)
    loopback.reset()
    (tmp_path / "rows.csv").rename(tmp_path / "moved.csv")
    whole = resume(first.run, source=tmp_path / "moved.csv", settings=settings)
    assert 0 < len(first) < len(whole) == 9
    assert {row.id for row in whole.records} == {row.id for row in alone.records}


def test_the_hash_of_a_file_goes_with_what_it_held(settings: Settings, tmp_path: Path) -> None:
    from synthnb import Recipe

    rows = tmp_path / "rows.csv"
    rows.write_text("a\nold\n")
    digest = sha256(rows.read_bytes()).hexdigest()
    recipe = Recipe(
        source={"path": str(rows), "sha256": digest}, columns={"text": {"prompt": "{{ a }}"}}
    )
    for content, kept in {"a\nold\n": digest, "a\nnew\n": None}.items():
        rows.write_text(content)
        source = generate(recipe, source=rows, settings=settings).recipe.source
        assert source is not None and source.sha256 == kept


def test_an_unknown_run_is_said_so(settings: Settings) -> None:
    with pytest.raises(StoreError, match="no run 'nope'"):
        resume("nope", settings=settings)


def test_an_interrupt_keeps_rows_and_comes_back_soon(loopback: Loopback) -> None:
    loopback.script(lambda n, body: None if n < 100 else Reply(cut="hang"))
    process = child(loopback, 5000)
    assert process.stdout is not None
    for _ in range(20):
        process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)  # answers under way would take all of ``silence``
    run = shared_store().runs()[0]

    assert run.status == "interrupted"
    assert run.accepted >= 15
    assert shared_store().count_rows(run.id, True) == run.accepted
