"""Clicks and paint on several threads, as front ends with subshells cause them."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar

from synthnb.notebook.studio import Studio
from synthnb.notebook.studio.later import painter

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
