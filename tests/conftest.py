"""Fixtures shared by all tests: every test gets its own empty home."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from synthnb.models.weights import model_folders
from tests.loopback import Loopback

# A shell that starts a job in the background has it ignore interrupts, and every child
# inherits that; several tests are about interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A machine that is busy with other tests makes no test wrong.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

MODELS = os.pathsep.join(str(folder) for folder in model_folders())
"""Where this machine keeps models, read before a test hides the user's home."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings and state of this test alone."""
    folder = tmp_path / "home"
    monkeypatch.setenv("SYNTHNB_HOME", str(folder))
    monkeypatch.setenv("SYNTHNB_MODELS", MODELS)
    return folder


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    """A scripted OpenAI-compatible server on 127.0.0.1."""
    with Loopback() as server:
        yield server


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The folder of the embedded model: the user's, or ``.cache`` here, fetched once."""
    from synthnb.errors import SettingsError
    from synthnb.models import weights

    found = weights.find()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNTHNB_HOME", str(Path(__file__).parent.parent / ".cache"))
        try:
            return (found or weights.fetch()).parent
        except SettingsError as error:
            missing = f"the embedded model is missing: {error}"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture
def embedded_model(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The embedded model is there for this test, although its home is empty."""
    monkeypatch.setenv("SYNTHNB_MODELS", str(model_folder))
    return model_folder


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes and long texts name no test: every worker must find the same names, and what
    was packed while collecting holds the clock, say.
    """
    nameless = isinstance(val, bytes) or (isinstance(val, str) and len(val) > 80)
    return argname if nameless else None
