"""The browser of the tests: one that is there, else one that can be had.

``python -m tests.browser.chromium`` finds or installs it and prints its path. CHROME
names one of your own.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome")
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find() -> str | None:
    """Path of a Chrome or Chromium that runs here, ``None`` if there is none."""
    named = os.environ.get("CHROME")
    if named:
        return shutil.which(named)
    for candidate in (*NAMES, *MAC):
        path = shutil.which(candidate)
        if path and _runs(path):
            return path
    return _of_playwright()


def install() -> None:
    """Debian's own when root there, else the one that playwright downloads."""
    if _is_debian() and os.geteuid() == 0 and shutil.which("apt-get"):
        packages = ["chromium", "fonts-dejavu-core"]
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(command, check=True, env=environment)
    else:
        command = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
        subprocess.run(command, check=True)


def _runs(path: str) -> bool:
    """Ubuntu's ``chromium-browser`` is a stub that only says what to install."""
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and "snap" not in answer.stdout


def _is_debian() -> bool:
    try:
        return platform.freedesktop_os_release().get("ID") == "debian"
    except OSError:
        return False


def _of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    if path.exists():
        return str(path)
    shells = sorted(path.parents[2].glob("chromium_headless_shell-*/*/*headless*shell"))
    return str(shells[-1]) if shells else None


def main() -> int:
    """Make sure of a browser."""
    path = find()
    if path is None:
        print("No Chrome or Chromium here; installing one", flush=True)
        install()
        path = find()
    print(f"Browser: {path}" if path else "No browser could be installed")
    return 0 if path else 1


if __name__ == "__main__":
    sys.exit(main())
