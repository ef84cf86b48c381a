"""A shell as users have it, without a kernel, in an empty folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets as w
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from synthnb.notebook.studio import Studio
from synthnb.recipe import Recipe
from tests.loopback import Loopback

STUDIO_RECIPE = """
synthnb: 1
name: reviews
model: lab/tiny
columns:
  mood: {angry: 2, happy: 1}
  text: {prompt: "A review by someone {{ mood }}."}
target: {rows: 4}
"""


class Shell(InteractiveShell):
    """Raises what a cell raises."""

    def run_cell(self, *args: Any, **kwargs: Any) -> Any:
        result = super().run_cell(*args, **kwargs)
        result.raise_error()
        return result


@pytest.fixture
def shell(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[InteractiveShell]:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryAccessor.enabled = False
    made = Shell(config=config)
    made.run_line_magic("load_ext", "synthnb")
    yield made
    made.run_line_magic("unload_ext", "synthnb")
    InteractiveShell.clear_instance()


def lab_settings(home: Path, base_url: str, **profiles: str) -> None:
    """User settings whose default model is ``lab/tiny`` at ``base_url``."""
    file = home / "config" / "synthnb.toml"
    file.parent.mkdir(parents=True)
    lines = ['model = "lab/tiny"', "[profiles.lab]", f'base_url = "{base_url}"']
    for name, url in profiles.items():
        lines += [f"[profiles.{name}]", f'base_url = "{url}"']
    file.write_text("\n".join(lines), "utf-8")


@pytest.fixture
def lab(shell: InteractiveShell, home: Path, loopback: Loopback) -> Loopback:
    """The shell's default model is the loopback server."""
    lab_settings(home, loopback.base_url, far="https://far.example/v1")
    return loopback


@pytest.fixture
def space() -> dict[str, object]:
    return {}


@pytest.fixture
def studio(
    home: Path,
    loopback: Loopback,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    space: dict[str, object],
) -> Studio:
    monkeypatch.chdir(tmp_path)
    (home / "config").mkdir(parents=True)
    (home / "config" / "synthnb.toml").write_text(
        f'[profiles.lab]\nbase_url = "{loopback.base_url}"\n'
    )
    return Studio(Recipe.loads(STUDIO_RECIPE), namespace=space)


def buttons(box: w.Widget) -> list[w.Button]:
    if isinstance(box, w.Button):
        return [box]
    return [found for child in getattr(box, "children", ()) for found in buttons(child)]
