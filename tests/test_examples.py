"""Every example in a docstring of the package runs and gives what it shows."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import synthnb

ROOM = Path(synthnb.__file__).parent
SHOWING = [
    ".".join(("synthnb", *path.relative_to(ROOM).with_suffix("").parts))
    for path in sorted(ROOM.rglob("*.py"))
    if ">>>" in path.read_text("utf-8")
]


@pytest.mark.parametrize("name", SHOWING)
def test_examples_of_a_module(name: str) -> None:
    module = importlib.import_module(name.removesuffix(".__init__"))
    assert not doctest.testmod(module, extraglobs={"Recipe": synthnb.Recipe}).failed
