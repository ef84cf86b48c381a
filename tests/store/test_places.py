"""Places where a store cannot be kept well: full, read-only, on a network, torn in use."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from synthnb import Recipe, generate
from synthnb.api.stores import shared_store
from synthnb.errors import StoreError
from synthnb.events import Notice
from synthnb.settings import Profile, Settings
from synthnb.store import Store, files
from tests.loopback import Loopback
from tests.store.test_store import fill, key

RECIPE = Recipe.loads(
    "synthnb: 1\nname: full\ncolumns:\n  n: {integer: [1, 1000000]}\n"
    "  text: {prompt: 'Number {{ n }}.'}\n"
)


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A small file system of its own at ``folder``."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs the right to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_is_full_is_told_and_loses_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback: Loopback
) -> None:
    lab = Profile("lab", base_url=loopback.base_url, concurrency=8)
    settings = Settings(model="lab/tiny", profiles={"lab": lab})
    loopback.script(lambda number, body: f"{number} " + "word " * 800)
    heard: list[str] = []
    with mounted(tmp_path / "small", "size=1500k"):
        monkeypatch.setenv("SYNTHNB_HOME", str(tmp_path / "small"))
        before = generate(RECIPE, 20, settings=settings)

        batch = generate(
            RECIPE.replace(seed=2), 400, settings=settings,
            on_event=lambda event: heard.append(getattr(event, "message", "")),
        )  # fmt: skip

        assert (len(batch), batch.status) == (400, "done")
        told = [text for text in heard if "is full" in text]
        assert 1 <= len(told) <= 3
        assert all("free some space" in text for text in told)
        asked = len(loopback.requests)
        again = generate(RECIPE, 20, settings=settings)
        assert [*again] == [*before]
        assert len(loopback.requests) == asked  # what was kept before is whole
        shared_store().close()


def test_a_run_too_long_for_memory_stops_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback: Loopback
) -> None:
    lab = Profile("lab", base_url=loopback.base_url, concurrency=8)
    settings = Settings(model="lab/tiny", profiles={"lab": lab})
    loopback.script(lambda number, body: f"{number} " + "word " * 800)
    for module in ("synthnb.api.handle", "synthnb.engine.run"):
        monkeypatch.setattr(f"{module}.HELD", 50)
    monkeypatch.setattr("synthnb.engine.run.BEAT", 0.1)
    with mounted(tmp_path / "small", "size=1500k"):
        monkeypatch.setenv("SYNTHNB_HOME", str(tmp_path / "small"))
        batch = generate(RECIPE, 5000, settings=settings)
        assert batch.status == "failed"
        assert "is full: free some space" in batch.reason
        assert 50 < len([*batch]) == len(batch) < 1000
        assert len(loopback.requests) < 2500
        shared_store().close()


LIMITED = """
import resource, signal, sys
from synthnb import Recipe, generate
from synthnb.settings import Profile, Settings
lab = Profile("lab", base_url=sys.argv[1], concurrency=8)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
batch = generate(
    Recipe.loads(sys.argv[2]), 200, settings=Settings(model="lab/tiny", profiles={"lab": lab}),
    on_event=lambda event: print(getattr(event, "message", "")),
)
print(batch.status, len(batch))
"""


def test_a_file_that_may_not_grow_is_told_and_loses_no_row(loopback: Loopback) -> None:
    loopback.script(lambda number, body: f"{number} " + "word " * 800)
    command = [sys.executable, "-c", LIMITED, loopback.base_url, RECIPE.dumps()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)

    assert done.stderr == ""
    assert done.stdout.endswith("done 200\n")
    assert "full, over its quota, or gone" in done.stdout


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback: Loopback
) -> None:
    lab = Profile("lab", base_url=loopback.base_url)
    settings = Settings(model="lab/tiny", profiles={"lab": lab})
    heard: list[object] = []
    with mounted(tmp_path / "frozen", "ro"):
        monkeypatch.setenv("SYNTHNB_HOME", str(tmp_path / "frozen"))
        batch = generate(RECIPE, 3, settings=settings, on_event=heard.append)
        assert len(batch) == 3
        shared_store().close()

    told = [event.message for event in heard if isinstance(event, Notice)]
    assert "cannot be written: set SYNTHNB_HOME" in told[0]
    assert "kept only until this process ends" in told[0]


def test_a_store_that_was_deleted_while_open_begins_anew_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback: Loopback
) -> None:
    monkeypatch.setenv("SYNTHNB_HOME", str(tmp_path))
    settings = Settings(
        model="lab/tiny", profiles={"lab": Profile("lab", base_url=loopback.base_url)}
    )
    heard: list[object] = []
    generate(RECIPE, 3, settings=settings)
    old = shared_store()
    for file in old.path.parent.glob("store.sqlite3*"):
        file.unlink()

    batch = generate(RECIPE, 3, settings=settings, on_event=heard.append)

    told = [event.message for event in heard if isinstance(event, Notice)]
    assert len(told) == 1
    assert told[0].startswith(f"{old.path} is no longer the file that was opened")
    assert len(loopback.requests) == 6
    with closing(Store.open(old.path)) as kept:  # what another kernel finds
        assert [run.id for run in kept.runs()] == [batch.run]
    for store in (old, shared_store()):
        store.close()


def test_a_deleted_store_is_not_made_again_by_who_reads_it(tmp_path: Path) -> None:
    with closing(Store.open(tmp_path / "store #1%.sqlite3")) as store:
        fill(store, 5)
        store.path.unlink()
        heard: list[str] = []

        def read() -> None:
            try:
                store.info()
            except StoreError as error:
                heard.append(str(error))

        reader = threading.Thread(target=read)
        reader.start()
        reader.join()
        assert heard == [
            f"The store {store.path} is gone: it was deleted or moved while it was open."
        ]
        assert not store.path.exists()


def test_a_network_file_system_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "NETWORK", {*files.NETWORK, "tmpfs"})
    with mounted(tmp_path / "far", "size=4m"):
        assert files.is_network(tmp_path / "far" / "store.sqlite3")
        store = Store.open(tmp_path / "far" / "store.sqlite3")
        assert store.notice is not None
        assert "network file system" in store.notice
        fill(store, 5)
        assert store.get(key(4)) == b"answer 4"
        assert not list((tmp_path / "far").glob("*-wal"))  # which does not work there
        store.close()


KERNEL = """
import sys
from synthnb import Recipe, generate
from synthnb.settings import Profile, Settings
lab = Profile("lab", base_url=sys.argv[1], concurrency=8)
recipe = Recipe.loads(sys.argv[2]).replace(name="shared")
batch = generate(recipe, 60, settings=Settings(model="lab/tiny", profiles={"lab": lab}))
print(batch.status, len(batch), batch.version)
"""


def test_eight_kernels_run_at_once_on_one_store(loopback: Loopback) -> None:
    recipes = [RECIPE.replace(seed=seed) for seed in range(8)]
    kernels = [
        subprocess.Popen(
            [sys.executable, "-c", KERNEL, loopback.base_url, recipe.dumps()],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for recipe in recipes
    ]  # fmt: skip
    said = [kernel.communicate(timeout=100) for kernel in kernels]

    assert [error for _, error in said] == [""] * 8
    assert sorted(line.split()[:2] for line, _ in said) == [["done", "60"]] * 8
    assert sorted(int(line.split()[2]) for line, _ in said) == list(range(1, 9))
    info = shared_store().info()
    assert (info["answers"], info["rows"], info["runs"]) == (480, 480, 8)
