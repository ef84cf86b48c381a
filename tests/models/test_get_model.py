"""Opening a model by name: one clear line before any request, and nothing heavy early."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from synthnb.errors import FatalModelError, ModelError, SettingsError
from synthnb.models import get_model, list_models
from synthnb.models.connect import proxy_for
from synthnb.settings import Settings, load_settings
from synthnb.settings.consent import ConsentNeeded, consent
from synthnb.settings.profiles import Profile, is_link_local
from synthnb.types import Request


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("opnai/gpt-5", "no profile 'opnai'; did you mean 'openai'?"),
        ("gpt-5", "not PROFILE/MODEL, such as local/smollm2-135m or openai/gpt-5"),
        ("openai", "lacks its second half: openai/MODEL"),
        ("openai/", "lacks its second half|not PROFILE/MODEL"),
        ("", "No model is named"),
        ("openai/gpt-5", "set the environment variable OPENAI_API_KEY"),
    ],
)
def test_one_clear_line(name: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(SettingsError, match=says) as caught:
        get_model(name, Settings())
    assert "\n" not in str(caught.value)


def test_a_name_may_hold_slashes() -> None:
    profiles = {"router": Profile("router", base_url="https://llm.example/v1")}
    model = get_model("router/meta-llama/llama-3.1-8b", Settings(profiles=profiles))
    assert model.name == "router/meta-llama/llama-3.1-8b"
    assert model.origin == "https://llm.example:443"


def test_local_only_refuses_other_machines() -> None:
    profiles = {"far": Profile("far", base_url="https://llm.example/v1")}
    with pytest.raises(
        SettingsError, match=r"send rows to llm\.example, and local_only is set"
    ):
        get_model("far/x", Settings(profiles=profiles, local_only=True))


def test_a_projects_choice_waits_for_consent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    (tmp_path / "synthnb.toml").write_text('model = "openai/gpt-5-mini"')
    settings = load_settings(tmp_path)
    with pytest.raises(ConsentNeeded, match="Nothing was sent"):
        get_model(settings.model, settings)
    flagged = settings.override("flag", model="openai/gpt-5-mini")
    assert get_model(flagged.model, flagged).name == "openai/gpt-5-mini"
    consent(tmp_path)
    assert get_model(settings.model, settings).name == "openai/gpt-5-mini"


def test_an_open_model_does_not_show_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    model = get_model("openai/gpt-5-mini", Settings())
    assert "canary" not in repr(model) + repr(vars(model)) + str(vars(model))


def test_the_embedded_model_has_no_list_to_ask_for() -> None:
    with pytest.raises(SettingsError, match="has no endpoint to ask"):
        asyncio.run(list_models("local", Settings()))


@pytest.mark.parametrize(
    ("address", "refused"),
    [
        ("169.254.169.254", True),
        ("::ffff:169.254.169.254", True),
        ("fe80::1", True),
        ("fd00:ec2::254", True),
        ("0.0.0.0", True),
        ("2852039166", True),
        ("127.0.0.1", False),
        ("10.0.0.5", False),
        ("llm.example", False),
    ],
)
def test_link_local_addresses(address: str, refused: bool) -> None:
    assert is_link_local(address) is refused


def test_a_name_that_leads_to_a_link_local_address(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    metadata = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **named: metadata)
    profiles = {"far": Profile("far", base_url="https://llm.example/v1")}

    async def ask() -> None:
        model = get_model("far/x", Settings(profiles=profiles))
        try:
            await model.complete(Request("far/x", ()))
        finally:
            await model.aclose()

    with pytest.raises(ModelError, match="link-local") as caught:
        asyncio.run(ask())
    assert isinstance(caught.value, FatalModelError)


def test_the_proxy_of_the_environment_is_for_https_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert proxy_for("https://llm.example/v1") == "http://proxy.example:3128"
    assert proxy_for("https://inside.example/v1") is None
    assert proxy_for("http://127.0.0.1:8000/v1") is None


def test_nothing_heavy_is_imported_before_a_model_is_opened() -> None:
    code = "import sys, synthnb.models, synthnb.prices; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    heavy = {"aiohttp", "openai", "orjson", "genai_prices", "pydantic", "keyring", "xllamacpp"}
    assert not heavy & set(loaded)
