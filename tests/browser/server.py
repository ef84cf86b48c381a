"""A real JupyterLab or Notebook 7, with a home folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "browser-tests"
START = 120.0
"""Seconds that a server may take to answer; it is 4 to 10 on an idle machine."""


@dataclass(frozen=True)
class Server:
    """Where it listens and the folder that it shows."""

    app: Literal["lab", "notebook"]
    url: str
    folder: Path

    def page(self, path: str) -> str:
        """Address of a notebook, without the layout that was there before."""
        view = "lab/tree" if self.app == "lab" else "notebooks"
        return f"{self.url}/{view}/{path}?reset&token={TOKEN}"

    def light(self) -> None:
        """Forget the theme that a test before chose, or failed in."""
        theme = "@jupyterlab/apputils-extension/themes.jupyterlab-settings"
        (self.folder.parent / "settings" / theme).unlink(missing_ok=True)


@contextlib.contextmanager
def serve(app: Literal["lab", "notebook"], home: Path) -> Iterator[Server]:
    """Start a server, wait until it answers, end it and its kernels."""
    folder = home / "files"
    folder.mkdir(parents=True)
    _no_news(home / "settings")
    port = _free_port()
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            _command(app, port, folder),
            env=_environment(home),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(process, url, home / "server.log")
            yield Server(app, url, folder)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


def _command(app: str, port: int, folder: Path) -> list[str]:
    exposed = "LabApp" if app == "lab" else "JupyterNotebookApp"
    return [
        sys.executable,
        "-m",
        "jupyterlab" if app == "lab" else "notebook",
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--allow-root",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        f"--IdentityProvider.token={TOKEN}",
        f"--{exposed}.expose_app_in_browser=True",
    ]


def _environment(home: Path) -> dict[str, str]:
    keep = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "SYSTEMROOT", "SYNTHNB_MODELS")
    return {name: os.environ[name] for name in keep if name in os.environ} | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "SYNTHNB_HOME": str(home / "synthnb"),
        "PYTHONPATH": str(ROOT),
    }


def _no_news(settings: Path) -> None:
    """No pop-up that asks whether to fetch news."""
    folder = settings / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True)
    answer = json.dumps({"fetchNews": "false"})
    (folder / "notification.jupyterlab-settings").write_text(answer, "utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end:
        if _answers(f"{url}/api?token={TOKEN}"):
            return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise RuntimeError(f"The server did not start:\n{log.read_text('utf-8', 'replace')}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
