"""What the wheel carries: the built extension, the widget, recipes and their samples."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house import PACKAGE, ROOT

SHARED = ".data/data/share/jupyter/labextensions/@synthnb/labextension/"


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Names of the files in a freshly built wheel."""
    if not (PACKAGE / "labextension" / "package.json").is_file():
        message = "the extension is not built: make setup"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    subprocess.run(
        [*command, "--skip-dependency-check", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def test_the_extension_is_where_jupyter_looks(names: list[str]) -> None:
    shared = [name.partition(SHARED)[2] for name in names if SHARED in name]
    assert {"package.json", "install.json", "static/style.js"} <= set(shared)
    assert any(name.startswith("static/remoteEntry.") for name in shared)
    assert not any(name.startswith("synthnb/labextension/") for name in names)


def test_data_files_are_in_the_package(names: list[str]) -> None:
    missing = [
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*")
        if path.suffix in (".yaml", ".toml", ".csv", ".json", ".jsonl", ".md", ".txt", ".typed")
        and "labextension" not in path.parts
        and str(path.relative_to(ROOT)) not in names
    ]
    assert missing == []
    assert "synthnb/notebook/static/batch.js" in names


def test_nothing_else_is_in_it(names: list[str]) -> None:
    assert {Path(name).parts[0].partition("-")[0] for name in names} == {"synthnb"}


def test_the_widget_is_small_and_fetches_nothing() -> None:
    bundle = PACKAGE / "notebook" / "static" / "batch.js"
    if not bundle.is_file():
        pytest.skip("the extension is not built: make setup")
    text = bundle.read_text("utf-8")
    assert len(text.encode()) < 100_000
    told = text.replace("http://www.w3.org/2000/svg", "")  # a name, which nobody opens
    reaching = ("http://", "https://", "import(", "fetch(", "innerHTML")
    assert [word for word in reaching if word in told] == []
