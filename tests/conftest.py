"""Fixtures shared by all tests: every test gets its own empty home."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings and state of this test alone."""
    folder = tmp_path / "home"
    monkeypatch.setenv("SYNTHNB_HOME", str(folder))
    return folder
