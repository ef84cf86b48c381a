"""``%synth VERB``: one line a verb; its module is imported on first use.

A verb's module has ``options(parser)`` and ``run(magics, args)``; it may have
``complete(magics, words)`` for what its positional words can be.
"""

from __future__ import annotations

import importlib
from types import ModuleType

__all__ = ["VERBS", "module"]

VERBS: dict[str, str] = {
    "new": "write a shipped recipe into this folder",
    "run": "run a saved recipe",
    "resume": "go on with a run that was cut off",
    "estimate": "say what a run would take; nothing is sent",
    "show": "show a batch, a version or a recipe again",
    "history": "list the versions of a batch",
    "diff": "compare two versions: what changed, and what that did",
    "check": "say whether a batch is fit to train on",
    "collapse": "say whether variety is being lost over batches",
    "review": "keep, drop, edit and tag rows, one by one",
    "rank": "compare answers in blind pairs: candidates, or two versions",
    "more": "ask for more rows like some and fewer like others",
    "save": "write a batch's recipe to a file",
    "export": "write a batch in the format of a trainer, a harness or a hub",
    "card": "show the dataset card of a batch",
    "terms": "say what the terms of models allow",
    "store": "show what is kept on this machine, or drop what is old",
    "studio": "edit a recipe with sliders, run it, see its versions",
    "models": "list models: what is there, what is missing",
    "doctor": "check installation, settings and model",
}


def module(verb: str) -> ModuleType:
    """The module behind a verb of ``VERBS``."""
    return importlib.import_module(f"synthnb.notebook.verbs.{verb}")
