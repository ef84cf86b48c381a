"""A loopback server in a process of its own, and the job that all benchmarks share."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from synthnb import Recipe
from synthnb.settings import Profile, Settings

ROOT = Path(__file__).parents[2]

RECIPE = Recipe.loads(
    """synthnb: 1
name: bench
seed: 11
params: {temperature: 0.7, max_tokens: 200}
columns:
  topic: [billing, login, refund, delivery, account]
  difficulty: {easy: 3, medium: 2, hard: 1}
  row:
    system: You write support questions with answers.
    prompt: "A {{ difficulty }} question on {{ topic }} with a short answer, for support."
    schema:
      {id: int, question: str, answer: str, difficulty: {enum: [easy, hard]}, score: int}
"""
)


@contextmanager
def server(*options: str) -> Iterator[str]:
    """The scripted server with command-line options; gives its base URL."""
    command = [sys.executable, "-m", "tests.loopback", *options]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def stats(url: str) -> Any:
    """Counts of the server so far."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as reply:
        return json.load(reply)


def settings(url: str, in_flight: int) -> Settings:
    """One profile for the server."""
    lab = Profile("lab", base_url=url, concurrency=in_flight)
    return Settings(model="lab/tiny", profiles={"lab": lab})


@contextmanager
def empty_home() -> Iterator[Path]:
    """An empty folder for settings and state."""
    import os

    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("SYNTHNB_HOME")
        os.environ["SYNTHNB_HOME"] = folder
        try:
            yield Path(folder)
        finally:
            os.environ.pop("SYNTHNB_HOME")
            if before is not None:
                os.environ["SYNTHNB_HOME"] = before


class Clock:
    """CPU seconds of this process and wall seconds, from entry to exit."""

    def __enter__(self) -> Clock:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *exc: object) -> None:
        self.wall = time.perf_counter() - self._wall
        self.cpu = time.process_time() - self._cpu

    def show(self, what: str, rows: int) -> None:
        """One line: CPU a thousand rows, rows a second."""
        print(
            f"{what:<34} {self.cpu / rows * 1000:7.3f} CPU s/1000 rows "
            f"{rows / self.wall:8.0f} rows/s",
            flush=True,
        )


def peak_mb() -> float:
    """Peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
