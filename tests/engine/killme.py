"""A run in a process of its own, to be killed: prints each accepted row's index."""

from __future__ import annotations

import sys

from synthnb import Recipe, generate
from synthnb.api import resume
from synthnb.events import Event, RowDone, RunStarted
from synthnb.settings import Profile, Settings


def main(url: str, rows: str, run: str = "") -> None:
    """Run, or resume ``run``."""
    lab = Profile("lab", base_url=url, concurrency=8)
    settings = Settings(model="lab/tiny", profiles={"lab": lab})
    recipe = Recipe.loads(
        "synthnb: 1\nname: killed\nseed: 3\ncolumns:\n"
        "  mood: [angry, happy]\n"
        "  text: {prompt: 'Someone {{ mood }}.'}\n"
        "  title: {prompt: 'A title for: {{ text }}'}\n"
    )

    def hear(event: Event) -> None:
        if isinstance(event, RunStarted):
            print("run", event.run, flush=True)
        elif isinstance(event, RowDone):
            print("row", event.record.index, flush=True)

    if run:
        batch = resume(run, settings=settings, on_event=hear)
    else:
        batch = generate(recipe, int(rows), settings=settings, on_event=hear)
    print("end", batch.status, len(batch), batch.usage.requests, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
