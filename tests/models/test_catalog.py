"""What ``synthnb models`` lists: by name, without asking anybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthnb.listing import models_text
from synthnb.models import weights
from synthnb.models.catalog import Entry, catalog
from synthnb.settings import Settings
from synthnb.settings.profiles import Profile
from tests.loopback import Loopback
from tests.models.test_gguf import gguf_file


def listed(settings: Settings | None = None) -> dict[str, Entry]:
    return {entry.name: entry for entry in catalog(settings or Settings())}


def test_the_embedded_model_comes_first_and_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SYNTHNB_MODELS", raising=False)
    first = catalog(Settings())[0]
    assert (first.name, first.kind, first.license) == (
        "local/smollm2-135m",
        "embedded",
        "Apache-2.0",
    )
    assert first.default
    if weights.find() is None:
        assert not first.ready
        assert "a download of 92 MB on first use" in first.needs


def test_files_in_the_models_folder_are_listed_with_their_own_licence() -> None:
    folder = weights.models_dir()
    folder.mkdir(parents=True)
    (folder / "tiny.gguf").write_bytes(gguf_file())
    (folder / "broken.gguf").write_bytes(b"GGUF\x03")
    found = listed()
    assert found["local/tiny.gguf"].license == "mit"
    assert found["local/tiny.gguf"].where == str(folder / "tiny.gguf")
    assert not found["local/broken.gguf"].ready
    assert "cut off or damaged" in found["local/broken.gguf"].needs


def test_profiles_say_whether_their_key_is_set_but_never_the_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LAB_KEY", "sk-very-secret")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    lab = Profile("lab", base_url="https://lab.example/v1", api_key_env="LAB_KEY")
    settings = Settings(model="lab/llama", profiles={**Settings().profiles, "lab": lab})
    found = listed(settings)
    assert found["lab/llama"].ready and found["lab/llama"].default
    assert found["lab/llama"].needs == "network; key LAB_KEY is set"
    assert found["lab/llama"].source == "yours"
    assert not found["openai/…"].ready
    assert found["openai/…"].source == "built in"
    assert found["ollama/…"].needs == "a server on this machine; no key"
    assert "sk-very-secret" not in repr(found)


def test_a_server_on_this_machine_is_ready_where_one_listens(loopback: Loopback) -> None:
    gone = Profile("gone", base_url="http://127.0.0.1:9/v1")
    lab = Profile("lab", base_url=loopback.base_url)
    settings = Settings(profiles={"lab": lab, "gone": gone})
    found = {entry.name: entry for entry in catalog(settings, knock=True)}
    assert found["lab/…"].ready and not loopback.requests
    assert not found["gone/…"].ready
    assert found["gone/…"].needs == "no server listens at 127.0.0.1:9"
    assert "no server listens" in models_text(settings)


def test_what_is_off_this_machine_is_not_called_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    (line,) = [x for x in models_text(Settings()).splitlines() if x.startswith("openai")]
    assert "not asked" in line and "not ready" not in line
