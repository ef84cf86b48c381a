"""Clicks and paint on several threads, as front ends with subshells cause them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path

import pytest

from synthnb.notebook.studio import Studio
from synthnb.notebook.studio.later import PAUSE, Later, painter
from synthnb.notebook.studio.widget import Running
from synthnb.recipe import Recipe
from tests.loopback import Loopback
from tests.notebook.conftest import STUDIO_RECIPE, lab_settings

CLICK: ContextVar[str] = ContextVar("CLICK", default="none")


def test_what_is_painted_belongs_to_the_click_that_caused_it() -> None:
    painted: list[str] = []

    async def clicked() -> None:
        CLICK.set("run")
        paint, over = painter(), asyncio.Event()
        CLICK.set("another")
        calls = [lambda: painted.append(CLICK.get()), over.set]
        other = threading.Thread(target=lambda: [paint(call) for call in calls])
        other.start()
        await asyncio.wait_for(over.wait(), 10)
        other.join()

    asyncio.run(clicked())
    assert painted == ["run"]


def test_what_is_painted_is_painted_when_its_loop_is_gone() -> None:
    painted: list[str] = []

    async def clicked() -> None:
        CLICK.set("run")
        paints.append(painter())

    paints: list[Callable[[Callable[[], None]], None]] = []
    asyncio.run(clicked())
    paints[0](lambda: painted.append(CLICK.get()))
    assert painted == ["run"]


def test_a_run_misses_no_edit_whose_pause_is_just_over() -> None:
    made: list[str] = []
    seen: list[list[str]] = []

    async def typed() -> None:
        later, held = Later(), threading.Event()

        def take() -> None:
            with later.lock:
                made.append("an edit")

        later("text", take)

        def run() -> None:
            with later.lock:
                held.set()
                time.sleep(2 * PAUSE)  # the loop begins the call, which waits
                later.now()
                seen.append(list(made))

        other = threading.Thread(target=run)
        other.start()
        held.wait()
        await asyncio.sleep(2 * PAUSE)
        other.join()

    asyncio.run(typed())
    assert seen == [["an edit"]] and made == ["an edit"]


def test_edits_on_two_threads_are_all_taken(studio: Studio) -> None:
    def write(letter: str) -> None:
        for number in range(12):
            name = f"{letter}{number}"
            studio._edit(name, lambda draft, name=name: draft.add(name, "uuid"), "press")

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    added = [name for name in studio.draft.recipe.columns if name[1:].isdigit()]
    assert len(added) == 24


def test_a_studio_that_is_opened_anew_stops_the_run_of_the_one_before(
    home: Path, loopback: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lab_settings(home, loopback.base_url)
    running: Running = {}
    recipe = Recipe.loads(STUDIO_RECIPE)
    first = Studio(recipe, running=running)
    loopback.latency = 30
    first.run()
    again = Studio(recipe, running=running)
    assert again.bar.run_button.description == "Stop"
    assert again.bar.status.text == "A run that was begun before goes on."
    loopback.latency = 0
    again.bar.run_button.click()
    running["reviews"][0].result(30)
    for studio in (first, again):
        while studio.bar.run_button.description == "Stop":  # painted on a thread of its own
            time.sleep(0.01)
        assert studio.batch is not None
    assert not running
