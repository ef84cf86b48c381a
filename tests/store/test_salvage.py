"""A damaged store: what was not broken is found again, whatever was."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthnb import Recipe, generate
from synthnb.api.stores import shared_store
from synthnb.errors import StoreError
from synthnb.settings import Profile, Settings
from synthnb.store import RunInfo, Store, StoredRecords, encode_record
from synthnb.store.salvage import salvage
from synthnb.types import Record
from tests.loopback import Loopback
from tests.store.test_store import fill, key

PAGE = 4096
ROWS = 1500


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """A store of 1,500 answers and as many rows of one run."""
    file = tmp_path / "store.sqlite3"
    store = Store.open(file)
    fill(store, ROWS)
    store.start_run(RunInfo("r1", "/p", "name", "", "", "f", ROWS))
    for seq in range(ROWS):
        record = Record(seq, {"text": f"row {seq} " + "word " * 20}, id=str(seq))
        store.add_row("r1", seq, True, encode_record(record))
    store.decide("r1", "3", "keep", True)
    store.flush()
    store.close()
    yield file


def found(path: Path) -> tuple[int, int, int]:
    """Answers, rows and decisions after opening it again."""
    store = Store.open(path)
    assert store.notice is not None and "is set aside as" in store.notice
    info = store.info()
    known = sum(store.get(key(n)) == f"answer {n}".encode() for n in range(ROWS))
    rows = len([*StoredRecords(store, "r1")])
    assert (known, rows) == (info["answers"], info["rows"])
    assert f"{sum(info[t] for t in TABLES)} entries were saved" in store.notice
    store.close()
    return known, rows, info["decisions"]


TABLES = ("answers", "runs", "rows", "versions", "decisions")


@pytest.mark.parametrize("gone", [100, PAGE])
def test_a_file_without_its_head_loses_nothing(path: Path, gone: int) -> None:
    content = bytearray(path.read_bytes())
    content[:gone] = bytes(gone)
    path.write_bytes(content)

    assert found(path) == (ROWS, ROWS, 1)


def test_a_file_that_was_cut_off_keeps_what_is_there(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10 + 777])

    answers, _, _ = found(path)
    assert answers == ROWS  # they were written first; rows follow from answers


def test_a_broken_page_costs_its_own_rows_alone(path: Path) -> None:
    content = bytearray(path.read_bytes())
    broken = content.index(b"row 700 word") // PAGE
    content[broken * PAGE : (broken + 1) * PAGE] = b"\xa5" * PAGE
    path.write_bytes(content)

    answers, rows, decisions = found(path)
    assert (answers, decisions) == (ROWS, 1)
    assert ROWS - 60 < rows < ROWS


def test_the_damaged_file_and_its_log_are_only_read(path: Path, tmp_path: Path) -> None:
    aside, fresh = tmp_path / "aside.sqlite3", tmp_path / "fresh.sqlite3"
    files = [aside, tmp_path / "aside.sqlite3-wal"]
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("DELETE FROM rows WHERE seq >= 10")
        connection.commit()
        for file in files:  # as a kill leaves them: the log is not yet in the file
            file.write_bytes(path.with_name(file.name.replace("aside", "store")).read_bytes())
    before = [file.read_bytes() for file in files]
    Store.open(fresh).close()

    assert salvage(aside, fresh) == ROWS + 1 + 10 + 1
    assert [file.read_bytes() for file in files] == before


def test_bytes_that_changed_unseen_are_asked_for_again(loopback: Loopback) -> None:
    lab = Profile("lab", base_url=loopback.base_url)
    settings = Settings(model="lab/tiny", profiles={"lab": lab})
    recipe = Recipe(
        columns={"n": {"integer": [1, 10**6]}, "text": {"prompt": "Number {{ n }}."}}
    )
    before = generate(recipe, 5, settings=settings)
    store = shared_store()
    store.flush()
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE answers SET value = x'5b22ff' WHERE rowid = 2")
        connection.execute("UPDATE rows SET value = x'5b22ff' WHERE seq = 2")
    connection.close()

    with pytest.raises(StoreError, match=f"row of run {before.run} is damaged .* resume"):
        [*StoredRecords(store, before.run)]
    again = generate(recipe, 5, settings=settings)

    assert [*again] == [*before]
    assert len(loopback.requests) == 6
