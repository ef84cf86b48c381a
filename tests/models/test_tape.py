"""Tapes: what is recorded is answered again, what is not says why."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from synthnb.errors import (
    FatalModelError,
    ModelError,
    RowModelError,
    SettingsError,
    SourceError,
    TapeMiss,
)
from synthnb.middleware import Budget, Purse
from synthnb.models.tape import Recorder, Replay
from synthnb.types import Completion, Model, Request


@dataclass
class Clerk:
    """A model whose answers we know; it fails where it is told to."""

    failures: dict[int, ModelError] = field(default_factory=dict)
    name: str = "lab/clerk"
    origin: str = "http://127.0.0.1:8000"
    closed: bool = False

    async def complete(self, request: Request) -> Completion:
        await asyncio.sleep(0.001 * (5 - request.row))  # later rows are answered first
        if request.row in self.failures:
            raise self.failures[request.row]
        return Completion(
            f"Réponse {request.row} «ok»", prompt_tokens=9, completion_tokens=4, elapsed=0.3
        )

    async def aclose(self) -> None:
        self.closed = True


def ask(row: int, text: str = "Write a review.", **changes: object) -> Request:
    request = Request(
        "lab/clerk",
        ({"role": "user", "content": text},),
        params={"temperature": 0.9},
        column="text",
        row=row,
        seed=100 + row,
    )
    return replace(request, **changes)  # type: ignore[arg-type]


def record(path: Path, requests: list[Request], model: Model | None = None) -> None:
    async def run() -> None:
        recorder = Recorder(model or Clerk(), path)
        await asyncio.gather(*map(recorder.complete, requests), return_exceptions=True)
        await recorder.aclose()

    asyncio.run(run())


def replay(path: Path, request: Request) -> Completion:
    return asyncio.run(Replay(path, "lab/clerk").complete(request))


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.jsonl"
    record(path, [ask(row) for row in range(4)])
    return path


def test_a_replay_gives_the_same_answer_without_a_model(tape: Path) -> None:
    answer = replay(tape, ask(2))
    assert answer.text == "Réponse 2 «ok»"
    assert (answer.prompt_tokens, answer.completion_tokens) == (9, 4)
    assert answer.cached
    assert answer.elapsed == 0.0


def test_lines_are_sorted_readable_and_the_same_every_time(tape: Path, tmp_path: Path) -> None:
    lines = tape.read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0]) == {"synthnb_tape": 1}
    assert [json.loads(line)["row"] for line in lines[1:]] == [0, 1, 2, 3]
    assert lines[1].startswith('{"column":"text","row":0,"model":"lab/clerk","prompt":"')
    assert lines[1].endswith('"text":"Réponse 0 «ok»","tokens":[9,4]}')
    again = tmp_path / "again.jsonl"
    record(again, [ask(row) for row in (3, 1, 0, 2)])
    assert again.read_bytes() == tape.read_bytes()


def test_recording_more_keeps_what_was_there(tape: Path) -> None:
    record(tape, [ask(4), ask(0)])
    assert len(tape.read_text().splitlines()) == 6
    assert replay(tape, ask(3)).text and replay(tape, ask(4)).text


def test_several_recorders_share_one_tape(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "two.jsonl"

    async def run() -> None:
        first, second = Recorder(Clerk(), path), Recorder(Clerk(name="lab/other"), path)
        await first.complete(ask(1))
        await first.aclose()
        await second.complete(ask(0, model="lab/other"))
        await second.aclose()

    asyncio.run(run())
    assert [json.loads(x)["row"] for x in path.read_text().splitlines()[1:]] == [0, 1]


def test_closing_the_recorder_closes_the_model(tmp_path: Path) -> None:
    model = Clerk()
    record(tmp_path / "t.jsonl", [], model)
    assert model.closed


def test_answers_are_on_disk_before_the_recorder_closes(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"

    async def run() -> None:
        recorder = Recorder(Clerk(), path)
        await recorder.complete(ask(0))
        assert (await Replay(path).complete(ask(0))).text == "Réponse 0 «ok»"
        await recorder.aclose()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (ask(1, "Write a poem."), "the prompt changed"),
        (ask(1, params={"temperature": 0.2}), "the params changed"),
        (ask(1, schema={"type": "string"}), "the schema or choices changed"),
        (ask(1, seed=7), "the seed changed"),
        (ask(1, model="lab/new"), "it was recorded with lab/clerk, not lab/new"),
        (ask(1, raw="<|im_start|>user"), "the prompt changed"),
        (ask(9), "it holds rows 0 to 3 of that column"),
        (ask(1, attempt=2), "with other checks, or fewer tries"),
        (ask(1, column="answer"), "it holds 'text'"),
    ],
)
def test_a_miss_names_the_row_what_differs_and_the_way_out(
    tape: Path, changed: Request, why: str
) -> None:
    with pytest.raises(TapeMiss) as caught:
        replay(tape, changed)
    said = str(caught.value)
    assert said.startswith(f"Tape reviews.jsonl has no answer for row {changed.row} of column")
    assert why in said
    assert said.endswith("Record it again with --record reviews.jsonl")
    assert "\n" not in said and str(tape.parent) not in said


def test_a_rows_own_failure_is_recorded_and_raised_again(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    cut = RowModelError("Truncated: raise max_tokens", kind="truncated", raw="Once upon")
    cut.prompt_tokens, cut.completion_tokens = 9, 2
    gone = FatalModelError("No such key", kind="auth")
    record(path, [ask(row) for row in range(3)], Clerk({1: cut, 2: gone}))
    with pytest.raises(RowModelError, match="Truncated") as caught:
        replay(path, ask(1))
    assert (caught.value.kind, caught.value.raw) == ("truncated", "Once upon")
    assert (caught.value.prompt_tokens, caught.value.completion_tokens) == (9, 2)
    purse = Purse()
    with pytest.raises(RowModelError, match="Truncated"):
        asyncio.run(Budget(Replay(path, "lab/clerk"), purse).complete(ask(1)))
    assert (purse.requests, purse.completion_tokens) == (0, 0), "nothing was sent"
    with pytest.raises(TapeMiss):  # the machine's failure is not the row's
        replay(path, ask(2))


def test_logprobs_reasoning_and_finish_reason_survive(tmp_path: Path) -> None:
    full = Completion(
        "yes", "tool_calls", None, None, "clerk-2", "it is", logprobs=(("yes", -0.25),)
    )

    class Full(Clerk):
        async def complete(self, request: Request) -> Completion:
            return full

    path = tmp_path / "t.jsonl"
    record(path, [ask(0)], Full())
    assert replay(path, ask(0)) == replace(full, cached=True)


def test_rows_marked_local_only_are_never_recorded(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="local only"):
        Recorder(Clerk(), tmp_path / "t.jsonl", local_only=True)
    assert not list(tmp_path.glob("*.jsonl"))


def test_an_absent_tape_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no tape .*record one with --record"):
        Replay(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[]",
        "{}",
        '{"column":"text","row":"0","model":"m","prompt":"p","params":"q","text":"t"}',
        '{"column":"text","row":0,"model":"m","prompt":"p","params":"q","text":["t"]}',
        '{"column":"text","row":0,"model":"m","prompt":"p","params":"q","text":"t","tokens":5}',
        '{"column":"text","row":0,"model":"m","prompt":"p","params":"q","error":{"kind":1}}',
        '{"column":"text","row":0,"model":"m","prompt":"p","params":"q","error":7}',
    ],
)
def test_a_damaged_or_hostile_tape_is_refused_by_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"synthnb_tape":1}\n' + line + "\n")
    with pytest.raises(SettingsError, match="Line 2 of"):
        Replay(path)


def test_a_file_that_is_no_tape_is_neither_read_nor_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "my only copy"}\n')
    for use in (Replay, lambda path: Recorder(Clerk(), path)):
        with pytest.raises(SettingsError, match="Line 1 of"):
            use(path)
    assert path.read_text() == '{"text": "my only copy"}\n'
