"""User settings: defaults and profiles, from the user's file and the project's.

The user's file defines endpoints and names keys. A project's own ``synthnb.toml`` may set
defaults and choose among the user's profiles; it never defines an endpoint, and a choice
that leaves this machine is confirmed once per folder.
"""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from synthnb.errors import SettingsError
from synthnb.settings.profiles import BUILT_IN, PriceSetting, Profile, check_base_url
from synthnb.settings.secrets import redact
from synthnb.suggest import did_you_mean

__all__ = [
    "DEFAULT_MODEL",
    "PriceSetting",
    "Profile",
    "Settings",
    "config_file",
    "data_dir",
    "load_settings",
    "split_model",
]

DEFAULT_MODEL = "local/smollm2-135m"
_USER_KEYS = ("model", "run_code", "local_only", "budget", "profiles")
_PROJECT_KEYS = ("model", "local_only", "budget")
_BUDGET_KEYS = ("usd", "tokens", "minutes")
_PROFILE_KEYS = tuple(f.name for f in dataclasses.fields(Profile) if f.name != "name")
_SECRET_HEADERS = {"authorization", "api-key", "x-api-key", "x-goog-api-key", "cookie"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for this machine and folder. ``sources`` says where a value came from.

    >>> Settings().model
    'local/smollm2-135m'
    """

    model: str = DEFAULT_MODEL
    """``PROFILE/MODEL`` for recipes that name none."""
    profiles: Mapping[str, Profile] = field(default_factory=lambda: BUILT_IN)
    run_code: bool = False
    """Generated code may be run; only the user's own file can say so."""
    local_only: bool = False
    """Refuse every endpoint off this machine."""
    budget: Mapping[str, float] = field(default_factory=dict)
    """Default caps: ``usd``, ``tokens``, ``minutes``."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Key to ``user``, ``project`` or what ``override`` was told; absent: the default."""
    project: Path | None = None
    """Folder of the project's file, if there is one."""

    def override(self, source: str, **values: Any) -> Settings:
        """Values from nearer the user (``flag``, ``cell``, ``%config``); ``None`` keeps.

        >>> Settings().override("flag", model="ollama/qwen3").sources
        {'model': 'flag'}
        """
        given = {name: value for name, value in values.items() if value is not None}
        sources = {**self.sources, **dict.fromkeys(given, source)}
        return dataclasses.replace(self, **given, sources=sources)

    def profile(self, name: str) -> Profile:
        """The profile of that name, or a ``SettingsError`` with the nearest names."""
        if name not in self.profiles:
            known = ", ".join(self.profiles)
            raise SettingsError(
                f"There is no profile {name!r}{did_you_mean(name, self.profiles)} "
                f"(known: {known}; new ones go into {config_file()})"
            )
        return self.profiles[name]

    def profile_of(self, model: str) -> Profile:
        """The profile in front of a ``PROFILE/MODEL``."""
        return self.profile(split_model(model, self)[0])


def split_model(name: str, settings: Settings) -> tuple[str, str]:
    """(profile, model) of a ``PROFILE/MODEL``; the model's own name may hold slashes."""
    profile, slash, model = name.partition("/")
    if not slash or not profile or not model.strip():
        if name in settings.profiles:
            raise SettingsError(f"Model {name!r} lacks its second half: {name}/MODEL")
        raise SettingsError(
            f"Model {name!r} is not PROFILE/MODEL, such as {DEFAULT_MODEL} or openai/{name}"
            if name
            else f"No model is named: say PROFILE/MODEL, such as {DEFAULT_MODEL}"
        )
    return profile, model


def config_file() -> Path:
    """The user's settings file, whether or not it exists."""
    home = os.environ.get("SYNTHNB_HOME")
    if home:
        return Path(home) / "config" / "synthnb.toml"
    import platformdirs

    return platformdirs.user_config_path("synthnb", appauthor=False) / "synthnb.toml"


def data_dir() -> Path:
    """The user's data folder (store, models, consent), whether or not it exists."""
    home = os.environ.get("SYNTHNB_HOME")
    if home:
        return Path(home) / "data"
    import platformdirs

    return platformdirs.user_data_path("synthnb", appauthor=False)


def load_settings(project: Path | None = None) -> Settings:
    """Settings for a folder (default: the working folder). Reads files only.

    Raises ``SettingsError``, one line naming file, line and what to do.
    """
    settings = Settings()
    user = config_file()
    if user.is_file():
        settings = _with_user(settings, _File.read(user))
    found = _project_file(Path.cwd() if project is None else Path(project), user)
    if found is not None:
        settings = _with_project(settings, _File.read(found))
    return settings


def _project_file(folder: Path, user: Path) -> Path | None:
    """``synthnb.toml`` here or above, up to the root of the git checkout and no further.

    Outside of a checkout only the folder itself counts: /tmp belongs to everybody.
    """
    folder = folder.resolve()
    chain = [folder, *folder.parents]
    roots = [depth for depth, place in enumerate(chain) if (place / ".git").exists()]
    for place in chain[: roots[0] + 1 if roots else 1]:
        file = place / "synthnb.toml"
        if file.is_file() and file != user.resolve():
            return file
    return None


@dataclass(frozen=True)
class _File:
    """A settings file: its values, and its text to find lines in."""

    path: Path
    text: str
    data: dict[str, Any]

    @staticmethod
    def read(path: Path) -> _File:
        try:
            text = path.read_bytes().decode("utf-8-sig")
            return _File(path, text, tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{path}: not TOML: {error}") from None
        except UnicodeDecodeError:
            raise SettingsError(f"{path}: not UTF-8 text") from None
        except OSError as error:
            raise SettingsError(f"{path}: {error.strerror}") from None

    def error(self, key: str, message: str) -> SettingsError:
        """An error at the line that names ``key`` (its last part if it is dotted)."""
        last = re.escape(key.rpartition(".")[2])
        pattern = rf"(?m)^\s*\[[^\]\n]*\b{last}\b[^\]\n]*\]|^[^#\n]*?\b{last}[\"']?\s*="
        found = re.search(pattern, self.text)
        line = f", line {self.text.count(chr(10), 0, found.end()) + 1}" if found else ""
        return SettingsError(f"{self.path}{line}: {message}")

    def typed(self, key: str, value: Any, kind: type | tuple[type, ...], what: str) -> Any:
        """``value`` if it is of that type (a bool is no number), else an error."""
        wrong_bool = isinstance(value, bool) and kind is not bool
        if wrong_bool or not isinstance(value, kind):
            raise self.error(key, f"{key} must be {what}, not {redact(repr(value))}")
        return value

    def closed(self, where: str, data: Mapping[str, Any], known: tuple[str, ...]) -> None:
        """Refuse unknown keys with the nearest known one."""
        for key in data:
            if key not in known:
                hint = did_you_mean(key, known) or f" (known: {', '.join(known)})"
                raise self.error(key, f"unknown key {where}{key}{hint}")


def _with_user(settings: Settings, file: _File) -> Settings:
    file.closed("", file.data, _USER_KEYS)
    profiles = dict(settings.profiles)
    tables = file.typed("profiles", file.data.get("profiles", {}), dict, "a table")
    for name, table in tables.items():
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.\-]*", name):
            raise file.error(name, f"profile name {name!r}: letters, digits, - and _ only")
        file.typed(f"profiles.{name}", table, dict, "a table")
        profiles[name] = _profile(file, name, table, settings.profiles.get(name))
    settings = dataclasses.replace(settings, profiles=profiles)
    run_code = file.typed("run_code", file.data.get("run_code", False), bool, "true or false")
    if run_code:
        settings = settings.override("user", run_code=True)
    return _with_defaults(settings, file, "user")


def _with_project(settings: Settings, file: _File) -> Settings:
    for key in ("profiles", "base_url", "api_key_env", "api_key_keyring", "run_code"):
        if key in file.data:
            raise file.error(
                key,
                f"a project may choose a profile, not set {key}: move it to {config_file()}",
            )
    file.closed("", file.data, _PROJECT_KEYS)
    settings = dataclasses.replace(settings, project=file.path.parent)
    return _with_defaults(settings, file, "project")


def _with_defaults(settings: Settings, file: _File, source: str) -> Settings:
    """``model``, ``budget`` and ``local_only`` of either file."""
    data = file.data
    if "model" in data:
        model = file.typed("model", data["model"], str, "PROFILE/MODEL in quotes")
        try:
            settings.profile_of(model)
        except SettingsError as error:
            raise file.error("model", str(error)) from None
        settings = settings.override(source, model=model)
    if "budget" in data:
        budget = file.typed("budget", data["budget"], dict, "a table")
        file.closed("budget.", budget, _BUDGET_KEYS)
        for key, value in budget.items():
            if file.typed(key, value, (int, float), "a number") <= 0:
                raise file.error(key, f"budget.{key} must be above 0")
        settings = settings.override(source, budget=budget)
    local_only = file.typed("local_only", data.get("local_only", False), bool, "true or false")
    if local_only:  # either file may forbid, neither can allow what the other forbids
        settings = settings.override(source, local_only=True)
    return settings


def _profile(file: _File, name: str, table: dict[str, Any], base: Profile | None) -> Profile:
    if "api_key" in table or "key" in table:
        raise file.error(
            "key", f"profile {name}: never the key itself; say api_key_env or api_key_keyring"
        )
    file.closed(f"profiles.{name}.", table, _PROFILE_KEYS)
    values = {key: _profile_value(file, name, key, value) for key, value in table.items()}
    plain = bool(values.get("plain_http", False))
    if "base_url" in values:
        try:
            values["base_url"] = check_base_url(values["base_url"], plain_http=plain)
        except SettingsError as error:
            raise file.error("base_url", f"profile {name}: {error}") from None
        # A built-in profile's key stays with its origin.
        base = None if base and base.base_url != values["base_url"] else base
    kind = values.get("kind", base.kind if base else "openai")
    if kind == "openai" and not (values.get("base_url") or (base and base.base_url)):
        raise file.error(name, f"profile {name} needs a base_url")
    if kind != "openai" and "base_url" in values:
        raise file.error("base_url", f"profile {name} is {kind}: it has no base_url")
    if "api_key_env" in values and "api_key_keyring" in values:
        raise file.error("api_key_keyring", f"profile {name}: two keys; keep one")
    if "api_key_keyring" in values and base:
        base = dataclasses.replace(base, api_key_env=None)
    return dataclasses.replace(base or Profile(name), **values)


_CHOICES: Mapping[str, tuple[str, ...]] = {
    "kind": ("openai", "local", "rules"),
    "transport": ("http", "aiohttp", "openai"),
    "structured": ("auto", "json_schema", "json_object", "none"),
}


def _profile_value(file: _File, name: str, key: str, value: Any) -> Any:
    label = f"profiles.{name}.{key}"
    if key in _CHOICES:
        if value not in _CHOICES[key]:
            raise file.error(key, f"{label} must be one of {', '.join(_CHOICES[key])}")
        return value
    if key == "price":
        return _price(file, label, value)
    if key in ("headers", "query"):
        return _strings(file, label, key, value)
    if key in ("plain_http", "stream"):
        return file.typed(label, value, bool, "true or false")
    if key in ("concurrency", "max_response"):
        if file.typed(label, value, int, "a whole number") < 1:
            raise file.error(key, f"{label} must be at least 1")
        return value
    if key in ("timeout", "silence"):
        if not 0 < file.typed(label, value, (int, float), "seconds") < 1e6:
            raise file.error(key, f"{label} must be seconds above 0")
        return float(value)
    return _word(file, label, key, value)


def _word(file: _File, label: str, key: str, value: Any) -> str:
    text: str = file.typed(label, value, str, "text in quotes")
    if not text or re.search(r"[\x00-\x1f\x7f]", text):
        raise file.error(key, f"{label} is empty or holds control characters")
    if key == "api_key_env" and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        raise file.error(key, f"{label} must be the name of an environment variable")
    if key == "api_key_keyring" and "/" not in text.strip("/"):
        raise file.error(key, f"{label} must be service/user")
    if key == "api_key_header" and not re.fullmatch(r"[A-Za-z0-9\-]+", text):
        raise file.error(key, f"{label} must be the name of a header")
    return text


def _strings(file: _File, label: str, key: str, value: Any) -> dict[str, str]:
    for name, text in file.typed(label, value, dict, "a table").items():
        if not isinstance(text, str) or re.search(r"[\x00-\x1f\x7f]", name + text):
            raise file.error(name, f"{label}.{name} must be one line of text in quotes")
        if key == "headers" and name.lower() in _SECRET_HEADERS:
            raise file.error(
                name,
                f"{label}.{name}: never the key; say api_key_env and api_key_header",
            )
    return dict(value)


def _price(file: _File, label: str, value: Any) -> PriceSetting:
    table = dict(file.typed(label, value, dict, "{input = …, output = …}"))
    file.closed(f"{label}.", table, tuple(f.name for f in dataclasses.fields(PriceSetting)))
    for key in ("input", "output"):
        number = file.typed(f"{label}.{key}", table.get(key), (int, float), "a number")
        if not 0 <= number < 1e9:
            raise file.error(key, f"{label}.{key} must be 0 or more")
    if file.typed(f"{label}.per", table.get("per", 1_000_000), int, "a whole number") < 1:
        raise file.error("per", f"{label}.per must be at least 1")
    currency = file.typed(f"{label}.currency", table.get("currency", "USD"), str, "a code")
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise file.error("currency", f"{label}.currency must be a code such as USD")
    if table.get("as_of") is not None:
        table["as_of"] = str(table["as_of"])
    return PriceSetting(**table)
