"""Running generated code, in the strongest of the tiers that this machine has.

0 parse and lint only · 1 a child with limits, a clean environment, a scratch folder and capped
pipes: limits, not isolation · 2 (Linux) the same behind Landlock and seccomp: no files but the
scratch folder and Python's own library, no network, no further processes.
"""

from __future__ import annotations

import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["TIERS", "Result", "run_script"]

TIERS = {
    0: "parse and lint only",
    1: "limits, not isolation",
    2: "isolated: no files, no network, no processes",
}
MOST_OUTPUT = 64 * 1024
MEMORY = 512 << 20
_CHILD = Path(__file__).with_name("sandbox_child.py")
_AT_ONCE = threading.BoundedSemaphore(max(1, (os.cpu_count() or 2)))


@dataclass(frozen=True, slots=True)
class Result:
    """What one run showed. ``passed`` is ``None`` where nothing ran."""

    tier: int
    passed: bool | None
    message: str = ""
    missing: str | None = None
    """A module that is not there: the code may still be right."""


def run_script(text: str, *, timeout: float = 10.0, least: int = 1) -> Result:
    """Run a Python script to its end, at tier ``least`` or above. Blocks; call on a thread."""
    if sys.platform == "win32":
        return Result(0, None, "this system has no limits for a child process")
    with _AT_ONCE, tempfile.TemporaryDirectory(prefix="synthnb-run-") as folder:
        script = Path(folder) / "tests.py"
        script.write_text(text, "utf-8", errors="replace")
        exits = "unittest.main" in text
        return _Child(folder, str(script), timeout, least, exits=exits).run()


class _Child:
    """One child process, its three pipes and its deadline."""

    def __init__(
        self, folder: str, script: str, timeout: float, least: int, *, exits: bool
    ) -> None:
        self.folder, self.script, self.exits = folder, script, exits
        self.timeout, self.least = timeout, least
        self.nonce = secrets.token_hex(16)
        self.taken: dict[str, bytearray] = {"out": bytearray(), "verdict": bytearray()}

    def run(self) -> Result:
        """Start it, feed it, read it, end it."""
        read, write = os.pipe()
        job = {
            "script": self.script, "nonce": self.nonce, "memory": MEMORY,
            "cpu": max(1, int(self.timeout + 0.999)), "tier": 2, "least": self.least,
            "exits": self.exits,
        }  # fmt: skip
        environment = {"PATH": os.defpath, "HOME": self.folder, "TMPDIR": self.folder}
        environment |= {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
        try:
            with subprocess.Popen(
                # The shell-free way to give the child descriptor 3 under any number here.
                [sys.executable, "-I", "-S", "-c", _START, str(write), str(_CHILD)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                cwd=self.folder, env=environment, pass_fds=(write,), start_new_session=True,
            ) as process:  # fmt: skip
                os.close(write)
                write = -1
                try:
                    ended = self._follow(process, read, json.dumps(job).encode() + b"\n")
                finally:
                    _kill(process)
        except OSError as error:
            return Result(0, None, f"no child process can be started: {error.strerror}")
        finally:
            os.close(read)
            if write >= 0:
                os.close(write)
        return self._verdict(ended)

    def _follow(self, process: subprocess.Popen[bytes], read: int, job: bytes) -> str:
        """Why the reading ended: "" by itself, else what was overstepped."""
        assert process.stdin is not None and process.stdout is not None
        deadline = time.monotonic() + self.timeout
        try:
            process.stdin.write(job)
            process.stdin.close()
        except BrokenPipeError:
            pass
        with selectors.DefaultSelector() as waiting:
            waiting.register(process.stdout.fileno(), selectors.EVENT_READ, "out")
            waiting.register(read, selectors.EVENT_READ, "verdict")
            while waiting.get_map():
                left = deadline - time.monotonic()
                if left <= 0:
                    return f"took longer than {self.timeout:g} s"
                for key, _ in waiting.select(left):
                    block = os.read(key.fd, 65_536)
                    if not block:
                        waiting.unregister(key.fd)
                        continue
                    taken = self.taken[key.data]
                    taken += block
                    if len(taken) > MOST_OUTPUT:
                        return f"printed more than {MOST_OUTPUT // 1024} kB"
        return ""

    def _verdict(self, ended: str) -> Result:
        said: dict[str, Any] = {}
        for line in self.taken["verdict"].decode("utf-8", "replace").splitlines():
            if line.startswith(self.nonce):
                said |= json.loads(line[len(self.nonce) :])
        tier = int(said.get("tier", 0))
        if not tier:
            return Result(0, None, ended or "the child did not start")
        if tier < self.least:
            return Result(
                tier, None, f"this machine reaches tier {tier}, {self.least} is wanted"
            )
        if ended:
            return Result(tier, False, ended)
        if "passed" not in said:
            return Result(tier, False, "ended before its tests did")
        if said["passed"]:
            return Result(tier, True)
        where = f" ({said['source']})" if said.get("source") else ""
        return Result(tier, False, f"{said.get('error', 'failed')}{where}", said.get("missing"))


_START = (
    "import os, runpy, sys; fd = int(sys.argv[1]); "
    "os.dup2(fd, 3, inheritable=False) if fd != 3 else None; "
    "fd == 3 or os.close(fd); runpy.run_path(sys.argv[2], run_name='__main__')"
)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the child and everything that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
