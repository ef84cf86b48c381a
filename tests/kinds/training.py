"""A shipped kind, copied as ``new`` copies it and run from its tape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from synthnb import api
from synthnb.batch import Batch
from synthnb.recipes import copy_kind
from tests.kindtapes import KINDS, tape

__all__ = ["replayed"]


def replayed(kind: str, folder: Path, **options: Any) -> Batch:
    """The batch of a shipped recipe; no model is asked."""
    recipe = api.load(copy_kind(kind, folder)[0])
    return api.generate(recipe, KINDS[kind][0], replay=tape(kind), **options)
