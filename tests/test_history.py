"""The figures of a name's versions, compared at the same number of words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from synthnb import Recipe, generate
from synthnb.batch import Batch
from synthnb.settings import Profile, Settings
from synthnb.versions.history import History, Version, history
from synthnb.versions.payload import payload
from tests.loopback import Loopback, Reply

EVERY = [f"w{i}" for i in range(60)]
"""Sixty words, no two the same."""


def test_variety_is_measured_at_the_same_number_of_words(
    loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lab = Profile("lab", base_url=loopback.base_url)
    settings = Settings(model="lab/tiny", profiles={"lab": lab})
    answers = {
        "All once.": EVERY,
        "All once, then a loop.": [*EVERY, *["so", "on"] * 100],  # the loop is not reached
        "A loop.": ["so", "on"] * 50,
        "Hardly any.": ["so", "on"] * 5,
    }
    for prompt, words in answers.items():
        loopback.script(lambda number, body, words=words: Reply(text=" ".join(words)))
        recipe = Recipe(name="said", columns={"text": {"prompt": prompt}})
        generate(recipe, 1, settings=settings)

    found = history("said")
    assert [version.number for version in found] == [1, 2, 3, 4]
    assert [version.distinct2 for version in found] == [1.0, 1.0, 2 / 59, None]
    assert [version.changed for version in found] == [(), *[("text.prompt",)] * 3]


def test_rows_are_counted_as_people_decided(
    loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lab = Profile("lab", base_url=loopback.base_url)
    recipe = Recipe(name="said", columns={"text": {"prompt": "Say it."}})
    made = generate(recipe, 3, settings=Settings(model="lab/tiny", profiles={"lab": lab}))
    first, second, _ = (row["_synthnb"]["id"] for row in made.rows)
    made.decisions.decide(first, "drop")
    made.decisions.decide(second, "drop")
    made.decisions.decide(second, None)
    (version,) = history("said")
    assert (version.rows, version.candidates) == (2, 3) == (len(made), len(made.made))
    assert version.accepted == 2 / 3
    assert "2 of 3" in str(history("said"))
    assert str(history("said")).endswith("Rows and figures follow the decisions.")
    made.decisions.decide(first, None)
    assert history("said")[0].accepted == 1.0


def test_a_run_that_used_up_its_candidates_says_so_in_words(
    loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lab = Profile("lab", base_url=loopback.base_url)
    none = [{"length": {"column": "text", "min": 9000}}]
    columns = {"text": {"prompt": "Say it."}}
    recipe = Recipe(name="said", columns=columns, checks=none, target={"max_candidates": 4})
    made = generate(recipe, 3, settings=Settings(model="lab/tiny", profiles={"lab": lab}))
    assert made.status == "exhausted"
    (version,) = history("said")
    assert version.ended == "candidate cap"
    assert "0 of 4, candidate cap" in str(history("said"))
    assert payload(history("said"))["versions"][0]["status"] == "candidate cap"


def said_twice(loopback: Loopback, rows: int) -> Batch:
    """The second of two versions of a recipe by the name ``said``."""
    lab = Profile("lab", base_url=loopback.base_url)
    settings = Settings(model="lab/tiny", profiles={"lab": lab})
    for text in ("Say it.", "Say it again."):
        recipe = Recipe(name="said", columns={"text": {"prompt": text}})
        made = generate(recipe, rows, settings=settings)
    return made


def test_a_table_of_versions_says_when_each_was_made_and_where_people_decided(
    loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = said_twice(loopback, 3)
    assert "decisions" not in str(history("said"))

    made.decisions.decide(made.rows[0]["_synthnb"]["id"], "keep")

    table = str(history("said"))
    assert "decisions" in table  # although nobody looked at the first version
    assert len(re.findall(r"\b20\d\d-\d\d-\d\d \d\d:\d\d\b", table)) == 2
    assert "tape" not in table


def test_a_history_and_a_comparison_count_decisions_alike(
    loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = said_twice(loopback, 4)
    queue = made.review()
    queue.edit({"text": "Better."})  # an edit and its keep are one
    queue.tag(["odd"])
    queue.tag(["odd"], queue.rows[2])  # changes no row
    queue.drop(queue.rows[1])
    assert [version.decisions for version in history("said")] == [0, 2]
    assert "2 decisions by hand do not count" in str(made.diff(1))


def test_a_change_that_no_digit_shows_is_drawn_flat() -> None:
    def near(nearest: float) -> Version:
        return Version(
            1, "ab", 0.0, True, "done", 1, 1, (), "", 0, 1.0, 9.0, 0.5, nearest, 0, 4.0
        )

    assert "▄▄" in str(History("said", (near(0.046), near(0.054))))
    assert "▁█" not in str(History("said", (near(0.046), near(0.054))))
    assert "▁█" in str(History("said", (near(0.046), near(0.056))))
