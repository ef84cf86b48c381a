"""Source rows on their way to a model: told, replaced, marked, kept here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synthnb import Recipe, generate
from synthnb.api import prepare
from synthnb.events import Event, Notice
from synthnb.settings import Profile, Settings
from tests.loopback import Loopback, Reply

ROWS = [
    {"note": "Ana, ana@example.com, card 4111 1111 1111 1111", "ward": "A"},
    {"note": "Bo, +49 30 901820, born 12/03/1984", "ward": "B"},
    {"note": "Nothing to see.", "ward": "A"},
]
REAL = ["ana@example.com", "4111 1111 1111 1111", "901820", "12/03/1984"]


@pytest.fixture
def settings(loopback: Loopback) -> Settings:
    """A profile on this machine and one off it."""
    lab = Profile("lab", base_url=loopback.base_url)
    far = Profile("far", base_url="https://models.example.com/v1")
    return Settings(model="lab/tiny", profiles={"lab": lab, "far": far})


def recipe(**source: Any) -> Recipe:
    return Recipe.from_dict(
        {
            "source": {"order": "file", **source},
            "columns": {"text": {"prompt": "Say again: {{ note }}"}},
        }
    )


def echo(loopback: Loopback) -> None:
    loopback.script(lambda number, body: Reply(text=body["messages"][-1]["content"]))


def test_what_would_leave_is_told_before_it_does(settings: Settings) -> None:
    run = prepare(recipe(), 3, model="far/m", source=ROWS, settings=settings)

    (notice,) = run.notices
    assert notice.kind == "privacy"
    assert "1 e-mail address" in notice.message and "1 payment card" in notice.message
    assert "models.example.com" in notice.message
    assert "not found" in notice.message
    assert not any(value in notice.message for value in REAL)


def test_nothing_is_told_where_nothing_leaves(settings: Settings) -> None:
    assert prepare(recipe(), 3, source=ROWS, settings=settings).notices == []
    clean = [{"note": "Nothing to see.", "ward": "A"}]
    assert prepare(recipe(), 1, model="far/m", source=clean, settings=settings).notices == []


def test_a_run_says_it_as_it_starts(settings: Settings, loopback: Loopback) -> None:
    from synthnb.api import start

    run = prepare(recipe(), 3, source=ROWS, settings=settings)
    run.notices = [Notice("The source holds 1 e-mail address", "privacy")]
    heard: list[Event] = []
    start(run, heard.append).result(30)
    assert run.notices[0] in heard


def test_surrogates_go_out_in_place_of_real_values(
    settings: Settings, loopback: Loopback, tmp_path: Path
) -> None:
    echo(loopback)
    batch = generate(recipe(surrogates=True), 3, source=ROWS, settings=settings)
    batch.save(tmp_path / "out")

    sent = " ".join(body["messages"][-1]["content"] for body in loopback.bodies)
    assert "@example." in sent and "+49 " in sent
    assert not any(value in sent for value in REAL)
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(value.encode() in data for value in REAL), path.name


def test_surrogates_are_the_same_in_every_run(settings: Settings, loopback: Loopback) -> None:
    echo(loopback)
    first = generate(recipe(surrogates=True), 3, source=ROWS, settings=settings)
    sent = len(loopback.requests)
    again = generate(recipe(surrogates=True), 3, source=ROWS, settings=settings)

    assert [row["text"] for row in first] == [row["text"] for row in again]
    assert len(loopback.requests) == sent


def test_a_row_that_says_a_canary_is_rejected(settings: Settings, loopback: Loopback) -> None:
    echo(loopback)
    run = prepare(recipe(canaries=1), 3, source=ROWS, settings=settings)
    from synthnb.api import start

    batch = start(run).result(30)
    rules = [reason.rule for record in batch.records for reason in record.reasons]
    assert rules and set(rules) == {"canary"}
    assert sum("The reference is" in body["messages"][-1]["content"]
               for body in loopback.bodies) >= 1  # fmt: skip

    loopback.reset()
    loopback.script(lambda number, body: Reply(text="In other words."))
    other = generate(recipe(canaries=2), 3, source=ROWS, settings=settings, cache=False)
    assert len(other) == 3
    assert all(record.checks[0].rule == "canary" for record in other.records)


def test_new_keys_leave_old_recipes_as_they_were() -> None:
    plain = Recipe.from_dict({"source": {"path": "a.csv"}, "columns": {"t": {"prompt": "x"}}})

    assert "surrogates" not in plain.dumps() and "canaries" not in plain.dumps()
    assert "surrogates: true" in recipe(surrogates=True).dumps()
