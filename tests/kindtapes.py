"""Tapes of the shipped kinds, each recorded from the recipe as ``new`` writes it.

``python -m tests.tapes`` records them with the others; tests, and notebooks that run a kind
as it is, replay them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.house import ROOT

__all__ = ["KINDS", "record_kind", "tape"]

NOTEBOOKS, HERE = ROOT / "notebooks" / "tapes", ROOT / "tests" / "tapes"
KINDS: dict[str, tuple[int, Path]] = {
    "text": (4, NOTEBOOKS),
    "qa": (6, NOTEBOOKS),
    "conversation": (3, NOTEBOOKS),
    "code": (3, NOTEBOOKS),
    "instruction": (6, NOTEBOOKS),
    "preference": (4, NOTEBOOKS),
    "benchmark": (4, NOTEBOOKS),
    "pretraining": (4, NOTEBOOKS),
    "augment": (4, NOTEBOOKS),
    "tabular": (4, NOTEBOOKS),
    "text-list": (4, HERE),
    "qa-topic": (2, HERE),
    "conversation-tools": (2, HERE),
    "code-oss": (2, HERE),
    "instruction-evol": (3, HERE),
    "instruction-backtranslation": (2, HERE),
    "instruction-magpie": (2, HERE),
}
"""Shipped recipe to rows on its tape, and the folder of ``KIND.jsonl``."""


def tape(kind: str) -> Path:
    """Where the tape of a shipped kind lies."""
    return KINDS[kind][1] / f"{kind}.jsonl"


def record_kind(kind: str) -> None:
    """Record one shipped recipe, as it is."""
    from synthnb import api
    from synthnb.recipes import copy_kind

    path = tape(kind)
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        recipe = api.load(copy_kind(kind, folder)[0])
        batch = api.generate(recipe, KINDS[kind][0], record=path)
    counts = f"{batch.funnel['accepted']} of {batch.funnel['calls']} candidates accepted"
    print(f"{kind}: {counts}, {path.stat().st_size / 1000:.0f} kB", flush=True)
