"""The store: durable before counted, shared by many, honest about its file."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sqlite3
import stat
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from synthnb.errors import StoreError
from synthnb.store import (
    RunInfo,
    Store,
    StoredRecords,
    VersionInfo,
    decode_record,
    encode_record,
)
from synthnb.store.layout import LATEST, MIGRATIONS
from synthnb.types import Call, Reason, Record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "store.sqlite3"


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


def fill(store: Store, count: int, start: int = 0) -> None:
    async def put() -> None:
        await asyncio.gather(
            *(store.put(key(n), f"answer {n}".encode()) for n in range(start, start + count))
        )

    asyncio.run(put())


def test_an_answer_is_there_once_put_returns(path: Path) -> None:
    store = Store.open(path)

    async def put() -> None:
        await store.put(b"k" * 16, b"an answer")
        other = sqlite3.connect(path)
        assert other.execute("SELECT value FROM answers").fetchall() == [(b"an answer",)]
        other.close()

    asyncio.run(put())
    assert store.get(b"k" * 16) == b"an answer"
    assert store.get(b"x" * 16) is None
    assert store.get(b"k" * 16, since=time.time() + 1) is None
    store.close()


def test_only_the_user_may_read_it(path: Path) -> None:
    Store.open(path).close()

    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_a_cancelled_wait_takes_nobody_with_it(path: Path) -> None:
    store = Store.open(path)

    async def main() -> None:
        first, second = store.put(key(1), b"1"), store.put(key(2), b"2")
        first.cancel()
        await second

    asyncio.run(main())
    assert store.get(key(1)) == b"1"
    store.close()


def _write(path: str, start: int) -> None:
    store = Store.open(path)
    fill(store, 500, start)
    store.close()


def test_eight_processes_share_one_store(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    jobs = [context.Process(target=_write, args=(str(path), n * 250)) for n in range(8)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(60)

    assert [job.exitcode for job in jobs] == [0] * 8
    store = Store.open(path)
    assert store.info()["answers"] == 2250  # neighbours wrote the same keys
    store.close()


def test_a_newer_store_is_refused_and_not_touched(path: Path) -> None:
    Store.open(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute(f"PRAGMA user_version = {LATEST + 1}")
    raw.close()
    before = path.read_bytes()

    with pytest.raises(StoreError, match="newer synthnb"):
        Store.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["text", "head", "middle", "tail", "empty"])
def test_a_damaged_file_is_set_aside_and_rows_are_saved(path: Path, damage: str) -> None:
    store = Store.open(path)
    fill(store, 2000)
    store.close()
    content = bytearray(path.read_bytes())
    if damage == "text":
        content = bytearray(b"this is no database\n" * 500)
    elif damage == "empty":
        content = bytearray()
    else:
        place = {"head": 0, "middle": len(content) // 2, "tail": len(content) - 5000}[damage]
        content[place : place + 3000] = b"\xff" * 3000
    path.write_bytes(content)

    again = Store.open(path)
    saved = sum(again.get(key(n)) == f"answer {n}".encode() for n in range(2000))
    if damage not in ("text", "empty"):
        assert again.notice is not None
        assert "set aside" in again.notice
    if damage in ("middle", "tail"):
        assert saved > 1600
    fill(again, 10, 5000)
    assert again.get(key(5003)) == b"answer 5003"
    again.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_keeps_answers_for_this_process(path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o500)
    store = Store.open(path)

    assert store.notice is not None
    assert "cannot be written" in store.notice
    fill(store, 3)
    assert store.get(key(2)) == b"answer 2"
    store.close()


def test_a_folder_that_cannot_be_made_keeps_answers_for_this_process(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = Store.open(tmp_path / "file" / "store.sqlite3")

    assert not store.lasting
    assert store.notice is not None
    fill(store, 3)
    assert store.get(key(1)) == b"answer 1"
    folder = store.path.parent
    store.close()
    assert not folder.exists()
    with pytest.raises(StoreError):
        Store.open(tmp_path / "file" / "store.sqlite3", fallback=False)


def test_a_full_disk_is_told_and_loses_no_earlier_answer(path: Path) -> None:
    store = Store.open(path)
    fill(store, 10)

    def full(connection: sqlite3.Connection) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    store._writer.execute(full).result(60)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        fill(store, 5000, 100)
    store._writer._wake.set()  # for what it has written already, as happens
    while store._writer._wake.is_set():
        time.sleep(0.01)
    assert store.failure is not None
    assert "is full" in store.failure
    assert store.get(key(9)) == b"answer 9"
    store.close()


RECORD = Record(
    index=3,
    values={"text": "Grüße 🌍", "n": 1, "o": {"a": [None, True]}},
    accepted=False,
    reasons=(Reason("length", 71, "too long", "text"),),
    checks=(Reason("length", 71, "too long", "text"), Reason("words", 9, "", "text", True)),
    calls=(Call("text", "lab/tiny", ({"role": "user", "content": "?"},), "!", 3, 4),),
    hidden={"plan": "…"},
    attempt=1,
    parents=("ab",),
    source={"faq": "x"},
    id="deadbeef",
)


def test_records_come_back_as_they_were() -> None:
    assert decode_record(encode_record(RECORD)) == RECORD


def test_records_of_a_run_are_read_as_they_are_asked_for(path: Path) -> None:
    store = Store.open(path)
    for seq in range(50):
        record = Record(index=seq, values={"n": seq}, accepted=seq % 5 != 0, id=str(seq))
        if not record.accepted:
            record = Record(seq, {"n": seq}, False, (Reason("length"),), id=str(seq))
        store.add_row("r1", seq, record.accepted, encode_record(record))
    store.flush()
    rows = StoredRecords(store, "r1")

    assert len(rows) == 50
    assert rows[7].values == {"n": 7}
    assert rows[-1].index == 49
    assert [record.index for record in rows[10:13]] == [10, 11, 12]
    assert [record.accepted for record in rows].count(False) == 10
    assert len(rows.only(True)) == 40
    with pytest.raises(IndexError):
        rows[50]
    store.close()


def test_what_a_run_gets_later_is_not_among_rows_that_were_looked_at(path: Path) -> None:
    def put(*places: int) -> None:
        for seq in places:
            value = encode_record(Record(seq, {"n": seq}, id=str(seq)))
            store.add_row("r1", seq, True, value)
        store.flush()

    with closing(Store.open(path)) as store:
        put(*range(10), 11, 14)
        interrupted, whole = StoredRecords(store, "r1"), [*range(10), 11, 14]
        assert len(interrupted) == 12
        put(3, 10, 12, 13, *range(15, 20))  # resumed: one again, gaps, and what comes after

        for rows in (interrupted, interrupted.only(True)):
            assert [r.index for r in rows] == [r.index for r in rows[:]] == whole
            assert [r.index for r in rows[9:11]] == [9, 11]
            assert (rows[-1].index, rows[10].index, len(rows)) == (14, 11, 12)
            assert rows.places(["14", "13", "19"]) == [11]
            assert len(rows.marks[0]) == 12
        assert len(interrupted.only(False)) == 0
        assert len(StoredRecords(store, "r1")) == 20

        store.prune(runs_kept=0)
        with pytest.raises(StoreError, match="gone from"):
            list(interrupted)


def test_rows_that_a_resume_decides_otherwise_stay_as_they_were_counted(path: Path) -> None:
    def put(seq: int, text: str, *why: str) -> None:
        reasons = tuple(Reason(rule, None, rule) for rule in why)
        record = Record(seq, {"text": text}, not why, reasons, id=str(seq))
        store.add_row("r1", seq, record.accepted, encode_record(record))
        store.flush()

    def told(rows: Sequence[Record]) -> list[tuple[bool, str, list[str]]]:
        return [(r.accepted, r.values["text"], [w.rule for w in r.reasons]) for r in rows]

    with closing(Store.open(path)) as store:
        put(0, "kept")
        put(1, "", "unreachable")
        before = StoredRecords(store, "r1")
        uncounted = StoredRecords(store, "r1")
        parts = uncounted.only(True), uncounted.only(False)
        assert before.marks[1].tolist() == [True, False]
        put(0, "kept", "near_duplicate")
        put(1, "new")

        now = [(True, "kept", []), (False, "new", ["resumed"])]
        assert told(before) == told(before[:]) == told(before.at([0, 1])) == now
        assert told(before.only(True)) + told(before.only(False)) == now
        assert told(parts[0]) + told(parts[1]) == now
        assert "open its version again" in before[1].reasons[0].message
        after = [(False, "kept", ["near_duplicate"]), (True, "new", [])]
        assert told(StoredRecords(store, "r1")) == after


def info(run: str, name: str = "reviews") -> RunInfo:
    return RunInfo(run, "/project", name, "synthnb: 1", "/project", "f" * 32, 10)


def test_versions_count_up_by_folder_and_name(path: Path) -> None:
    store = Store.open(path)

    made = [store.register_version("/a", "x", f"r{h}", h).number for h in "hij"]
    assert made == [1, 2, 3]
    assert store.register_version("/b", "x", "r", "h").number == 1
    assert [version.number for version in store.versions("/a", "x")] == [1, 2, 3]
    store.close()


def test_the_same_content_is_the_same_version(path: Path) -> None:
    store = Store.open(path)
    first = store.register_version("/a", "x", "r1", "h", tape=True)
    store.register_version("/a", "x", "r2", "i")

    again = store.register_version("/a", "x", "r3", "h")
    assert (again.number, again.run, again.tape) == (1, "r1", True)
    assert again.used > first.used
    assert [(v.number, v.run) for v in store.versions("/a")] == [(1, "r1"), (2, "r2")]
    store.close()


def test_a_store_of_the_first_layout_is_brought_up(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    for statement in MIGRATIONS[0].split(";"):
        connection.execute(statement)
    connection.execute("INSERT INTO versions VALUES ('/a', 'x', 1, 'r', 'h', 12.5)")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()

    store = Store.open(path)
    assert store.versions("/a") == [VersionInfo("/a", "x", 1, "r", "h", 12.5, 12.5, False)]
    store.close()


def test_runs_are_found_by_the_beginning_of_their_id(path: Path) -> None:
    store = Store.open(path)
    store.start_run(info("abcd"))
    store.start_run(info("abef"))

    assert store.run("abc").id == "abcd"
    assert store.run("abcd").alive
    with pytest.raises(StoreError, match="Several"):
        store.run("ab")
    with pytest.raises(StoreError, match="There is no run"):
        store.run("zz")
    assert {run.id for run in store.runs("/project", "reviews")} == {"abcd", "abef"}
    store.close()


def test_decisions_are_replaced_and_taken_back(path: Path) -> None:
    store = Store.open(path)
    store.decide("run", "row1", "edit", {"text": "new"})
    store.decide("run", "row1", "edit", {"text": "newer"})
    store.decide("run", "row2", "keep", True, author="ana")
    store.decide("run", "row2", "keep", None, author="ana")

    assert [(d["row"], d["value"]) for d in store.decisions("run")] == [
        ("row1", {"text": "newer"})
    ]
    store.close()


def test_prune_drops_old_answers_and_rows_of_old_runs(path: Path) -> None:
    store = Store.open(path)
    fill(store, 20)
    store.start_run(info("old"))
    store.add_row("gone", 0, True, b"{}")
    store.flush()

    assert store.prune(days=1) == 0
    assert store.prune(days=-1, runs_kept=1) == 21
    assert store.info()["answers"] == 0
    store.close()
