"""Settings: what a file may say, who may say it, and what an error says."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

from synthnb.errors import SettingsError
from synthnb.settings import Settings, config_file, data_dir, load_settings
from synthnb.settings.consent import ConsentNeeded, consent, needs_consent
from synthnb.settings.secrets import Secret, redact

LAB = """
[profiles.lab]
base_url = "http://127.0.0.1:8000/v1"
api_key_env = "LAB_KEY"
concurrency = 64
price = {input = 0.15, output = 0.60, per = 1_000_000, currency = "USD", as_of = 2026-11-01}
"""


def user(text: str) -> None:
    config_file().parent.mkdir(parents=True, exist_ok=True)
    config_file().write_text(text, encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / ".git").mkdir(parents=True)
    return folder


def refused(folder: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_without_any_file_the_embedded_model_is_the_default(project: Path, home: Path) -> None:
    settings = load_settings(project)
    assert settings.model == "local/smollm2-135m"
    assert set(settings.profiles) == {"local", "rules", "openai", "ollama"}
    assert settings.profiles["openai"].origin == "https://api.openai.com:443"
    assert settings.profiles["ollama"].loopback and not settings.profiles["openai"].loopback
    assert config_file() == home / "config" / "synthnb.toml"
    assert data_dir() == home / "data"


def test_a_user_defines_profiles(project: Path) -> None:
    user('model = "lab/llama-3.1-8b"\nrun_code = true\n' + LAB)
    settings = load_settings(project)
    lab = settings.profile_of(settings.model)
    assert (lab.concurrency, lab.api_key_env, lab.origin) == (
        64,
        "LAB_KEY",
        "http://127.0.0.1:8000",
    )
    assert lab.price is not None and lab.price.as_of == "2026-11-01"
    assert settings.run_code
    assert settings.sources == {"run_code": "user", "model": "user"}


def test_nearer_settings_win(project: Path) -> None:
    user('model = "ollama/a"\nbudget = {usd = 5}\n')
    (project / "synthnb.toml").write_text('model = "local/b"\nbudget = {minutes = 3}\n')
    deep = project / "a" / "b"
    deep.mkdir(parents=True)
    settings = load_settings(deep)
    assert (settings.model, settings.sources["model"]) == ("local/b", "project")
    assert settings.budget == {"minutes": 3}
    assert settings.override("flag", model="ollama/c", budget=None).model == "ollama/c"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("modle = 'x/y'", "line 1: unknown key modle; did you mean 'model'?"),
        (LAB + "api_key = 'sk-123'", "never the key itself"),
        (LAB + "concurency = 3", "line 7: unknown key profiles.lab.concurency; did you mean"),
        (LAB + "timeout = 0", "seconds above 0"),
        (LAB + "timeout = true", "must be seconds, not True"),
        ("[profiles.x]\nkind = 'anthropic'", "one of openai, local"),
        ("[profiles.x]\nconcurrency = 3", "profile x needs a base_url"),
        ("[profiles.x]\nbase_url = 'http://10.0.0.5/v1'", "line 2: profile x: 'http://10.0"),
        ("[profiles.x]\nbase_url = 'https://169.254.169.254/v1'", "link-local"),
        ("[profiles.x]\nbase_url = 'http://2852039166/v1'", "link-local"),
        ("[profiles.x]\nbase_url = 'http://[fe80::1]/v1'", "link-local"),
        ("[profiles.x]\nbase_url = 'https://me:pw@host/v1'", "names a user"),
        ("[profiles.x]\nbase_url = 'https://h/v1?key=sk-canary1'", "'https://h/v1' goes on"),
        ("[profiles.x]\nheaders = ['sk-canary1']", "not ['[key]']"),
        ("[profiles.x]\nbase_url = 'ftp://host/v1'", "no http(s) address"),
        ("[profiles.x]\nbase_url = 'https://host:99999/v1'", "Port out of range"),
        ("[profiles.x]\nbase_url = 'http://127.0.0.1.evil.example/v1'", "unencrypted"),
        ("[profiles.x]\nbase_url = 'http://127.0.0.1:80@evil.example/'", "names a user"),
        (LAB + "headers = {Authorization = 'Bearer x'}", "never the key"),
        (LAB + 'headers = {X = "a\\r\\nb"}', "one line of text"),
        ("model = 'lba/x'" + LAB, "line 1: There is no profile 'lba'; did you mean 'lab'?"),
        ("model = 'tiny'", "not PROFILE/MODEL"),
        ("budget = {usd = -1}", "budget.usd must be above 0"),
        ("budget = {usdd = 1}", "did you mean 'usd'?"),
        ("run_code = 'yes'", "must be true or false"),
        ("model = ", "not TOML"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(project: Path, text: str, says: str) -> None:
    user(text)
    message = refused(project)
    assert says in message and str(config_file()) in message


def test_plain_http_off_this_machine_is_an_explicit_choice(project: Path) -> None:
    user("[profiles.x]\nbase_url = 'http://10.0.0.5:8000/v1/'\nplain_http = true")
    assert load_settings(project).profiles["x"].base_url == "http://10.0.0.5:8000/v1"


def test_a_built_in_key_does_not_follow_to_another_origin(project: Path) -> None:
    user("[profiles.openai]\nconcurrency = 9")
    assert load_settings(project).profiles["openai"].api_key_env == "OPENAI_API_KEY"
    user("[profiles.openai]\nbase_url = 'https://proxy.example/v1'")
    assert load_settings(project).profiles["openai"].api_key_env is None


def test_environment_and_dotenv_never_set_an_endpoint(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://evil.example/v1")
    (project / ".env").write_text("OPENAI_BASE_URL=https://evil.example/v1\n")
    assert load_settings(project).profiles["openai"].base_url == "https://api.openai.com/v1"


class TestProject:
    @pytest.mark.parametrize(
        "text",
        [LAB, "base_url = 'https://evil.example/v1'", "run_code = true", "api_key_env = 'X'"],
    )
    def test_it_never_defines(self, project: Path, text: str) -> None:
        (project / "synthnb.toml").write_text(text)
        message = refused(project)
        assert "a project may choose a profile, not set" in message
        assert "line " in message

    def test_it_ends_at_the_root_of_the_checkout(self, project: Path, tmp_path: Path) -> None:
        (tmp_path / "synthnb.toml").write_text("model = 'ollama/stranger'")
        assert load_settings(project).project is None
        outside = tmp_path / "elsewhere"
        outside.mkdir()
        assert load_settings(outside).project is None

    def test_it_cannot_lift_local_only(self, project: Path) -> None:
        user("local_only = true")
        (project / "synthnb.toml").write_text("local_only = false")
        assert load_settings(project).local_only

    def test_a_choice_off_this_machine_is_confirmed_once(self, project: Path) -> None:
        (project / "synthnb.toml").write_text("model = 'openai/gpt-5-mini'")
        asked = needs_consent(project)
        assert isinstance(asked, ConsentNeeded)
        assert "openai/gpt-5-mini" in asked.question and "api.openai.com" in asked.question
        consent(project)
        assert needs_consent(project) is None
        (project / "synthnb.toml").write_text("model = 'other/gpt'")
        user("[profiles.other]\nbase_url = 'https://other.example/v1'")
        assert needs_consent(project) is not None

    def test_no_question_at_home_or_for_the_users_own_choice(self, project: Path) -> None:
        (project / "synthnb.toml").write_text("model = 'ollama/qwen3'")
        assert needs_consent(project) is None
        user("model = 'openai/gpt-5-mini'")
        (project / "synthnb.toml").unlink()
        assert needs_consent(project) is None
        (project / "synthnb.toml").write_text("model = 'openai/gpt-5-mini'")
        flagged = load_settings(project).override("flag", model="openai/gpt-5-mini")
        assert needs_consent(settings=flagged) is None


class TestKeys:
    def test_an_absent_key_names_its_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        with pytest.raises(SettingsError, match="set the environment variable OPENAI_API_KEY"):
            Settings().profiles["openai"].key()

    @pytest.mark.parametrize("key", ["sk-canary\n", "sk canary", "sk-canäry"])
    def test_a_key_that_fits_no_header_is_refused_unseen(
        self, monkeypatch: pytest.MonkeyPatch, key: str
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", key)
        with pytest.raises(SettingsError) as caught:
            Settings().profiles["openai"].key()
        assert "sk" not in str(caught.value) and "can" not in str(caught.value)

    def test_a_key_is_read_from_the_keyring(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import keyring
        from keyring.backend import KeyringBackend

        class Memory(KeyringBackend):
            priority = 1.0

            def get_password(self, service: str, username: str) -> str | None:
                return {"lab/me": "sk-from-ring"}.get(f"{service}/{username}")

            def set_password(self, service: str, username: str, password: str) -> None: ...

            def delete_password(self, service: str, username: str) -> None: ...

        before = keyring.get_keyring()
        keyring.set_keyring(Memory())
        try:
            user(LAB.replace("api_key_env", "api_key_keyring").replace("LAB_KEY", "lab/me"))
            secret = load_settings(project).profiles["lab"].key()
            assert secret is not None and secret.reveal() == "sk-from-ring"
            user(LAB.replace("api_key_env", "api_key_keyring").replace("LAB_KEY", "lab/you"))
            with pytest.raises(SettingsError, match="keyring set lab you"):
                load_settings(project).profiles["lab"].key()
        finally:
            keyring.set_keyring(before)

    def test_nothing_shows_it(self) -> None:
        secret = Secret("LAB_KEY", "sk-canary")
        shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>20}", repr([secret])]
        shown.append(repr(copy.deepcopy({"key": secret})))
        assert not any("canary" in text for text in shown)
        assert not hasattr(secret, "__dict__")
        with pytest.raises(TypeError, match="LAB_KEY"):
            pickle.dumps(secret)

    @pytest.mark.parametrize(
        "text",
        [
            "Incorrect API key provided: sk-proj-canary1234.",
            "key Xq7canaryZZ is bad",
            "you sent Xq7***********aryZ",
            "Authorization: Bearer eyJcanary.abc",
            "see gsk_canary123456",
        ],
    )
    def test_redaction(self, text: str) -> None:
        cleaned = redact(text, "Xq7canaryZZ")
        assert "canary" not in cleaned and "ary" not in cleaned and "[key]" in cleaned
