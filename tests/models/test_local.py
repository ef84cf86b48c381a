"""The embedded model, for real: seeds, schemas, limits, privacy, broken files."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from synthnb import Recipe, estimate
from synthnb.errors import FatalModelError, RowModelError, SettingsError
from synthnb.models import llama, weights
from synthnb.models.local import LocalModel, open_model, without_markers
from synthnb.settings import Settings
from synthnb.types import Model, Request

T = TypeVar("T")
NAME = "local/smollm2-135m"
REVIEW = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 24},
        "stars": {"type": "integer", "minimum": 1, "maximum": 5},
        "tags": {"type": "array", "items": {"enum": ["good", "bad"]}, "maxItems": 2},
    },
    "required": ["title", "stars", "tags"],
    "additionalProperties": False,
}


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def ask(text: str = "Write one sentence about a kettle.", **changes: Any) -> Request:
    asked: dict[str, Any] = {"seed": 7, "params": {"stop": ["\n"]}, **changes}
    return Request(NAME, ({"role": "user", "content": text},), **asked)


@pytest.fixture(scope="module")
def model(model_folder: Path) -> Iterator[LocalModel]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNTHNB_MODELS", str(model_folder))
        opened = open_model(NAME, Settings())
    yield opened
    run(opened.aclose())


def test_it_writes_text_and_counts_its_tokens(model: LocalModel) -> None:
    assert isinstance(model, Model)
    answer = run(model.complete(ask()))
    assert len(answer.text.split()) > 3
    assert answer.finish_reason == "stop"
    assert answer.prompt_tokens and 20 < answer.prompt_tokens < 60
    assert answer.completion_tokens and answer.completion_tokens > 3
    assert answer.elapsed > 0
    assert (model.name, answer.model) == (NAME, "smollm2-135m")
    assert model.origin == f"local:{weights.EMBEDDED.sha256[:16]}"


def _short(row: int) -> Request:
    """A few-shot chat, as our recipes build it, cut at a comma or a stop."""
    product = ("kettle", "lamp", "phone", "sofa")[row % 4]
    turns = ["A review of a toaster.", "Toasts evenly and looks lovely.", f"Of a {product}."]
    roles = ("user", "assistant", "user")
    messages = tuple({"role": r, "content": t} for r, t in zip(roles, turns, strict=True))
    params = {"temperature": 0.9, "stop": [",", ".", "!", "\n"], "max_tokens": 40}
    return Request(NAME, messages, params, row=row, seed=1000 + row)  # type: ignore[arg-type]


async def _texts(model: LocalModel, at_once: int) -> list[str]:
    gate = asyncio.Semaphore(at_once)

    async def one(row: int) -> str:
        async with gate:
            return (await model.complete(_short(row))).text

    return await asyncio.gather(*map(one, range(8)))


def test_the_same_seed_gives_the_same_text_however_many_rows_run(
    model: LocalModel, model_folder: Path
) -> None:
    alone = run(_texts(model, 1))
    assert len(set(alone)) > 4
    assert run(_texts(model, 8)) == alone
    one_server = LocalModel(
        NAME, model_folder / weights.EMBEDDED.file, llama.Shape(1, 2, 2048), "x"
    )
    assert run(_texts(one_server, 8)) == alone
    run(one_server.aclose())


def test_what_was_asked_before_does_not_change_an_answer(
    model: LocalModel, model_folder: Path
) -> None:
    path = model_folder / weights.EMBEDDED.file
    fresh = LocalModel(NAME, path, llama.Shape(1, 1, 2048), "x")

    def answers(requests: list[Request]) -> list[str]:
        return [run(fresh.complete(request)).text for request in requests]

    first, other = _short(1), _short(2)
    grown = Request(
        NAME,
        (*first.messages, {"role": "assistant", "content": "x"}, other.messages[-1]),
        first.params,
        seed=5,
    )
    alone = answers([first])[0]  # nothing was read before
    again = answers([first, other, first, grown, first, grown])
    assert [again[0], again[2], again[4]] == [alone] * 3
    assert again[3] == again[5]
    run(fresh.aclose())


def test_another_seed_gives_another_text(model: LocalModel) -> None:
    texts = {run(model.complete(ask(seed=seed))).text for seed in (1, 2, 2**32 - 1, 2**63 + 5)}
    assert len(texts) > 2


def test_a_schema_is_followed_and_the_json_is_compact(model: LocalModel) -> None:
    answer = run(model.complete(ask(schema=REVIEW, params={"max_tokens": 80})))
    review = json.loads(answer.text)
    assert set(review) == {"title", "stars", "tags"}
    assert 1 <= review["stars"] <= 5
    assert answer.text == json.dumps(review, ensure_ascii=False, separators=(",", ":"))


def test_choices_are_followed_with_the_probability_of_each_token(model: LocalModel) -> None:
    request = ask("Is water wet?", schema={"enum": ["yes", "no"]}, params={"logprobs": True})
    answer = run(model.complete(request))
    assert json.loads(answer.text) in ("yes", "no")
    assert answer.logprobs
    assert "".join(token for token, _ in answer.logprobs) == answer.text
    assert all(value <= 0 for _, value in answer.logprobs)


def test_a_schema_that_cannot_be_followed_stops_the_run(model: LocalModel) -> None:
    request = ask(schema={"type": "nonsense"}, column="answer", params={"max_tokens": 20})
    with pytest.raises((FatalModelError, RowModelError)) as caught:
        run(model.complete(request))
    assert caught.value.kind in ("schema", "truncated")


def test_a_truncated_answer_is_the_rows_failure_and_keeps_its_text(model: LocalModel) -> None:
    with pytest.raises(RowModelError, match="raise max_tokens") as caught:
        run(model.complete(ask(params={"max_tokens": 3})))
    assert caught.value.kind == "truncated"
    assert caught.value.raw
    assert caught.value.completion_tokens == 3
    assert (caught.value.prompt_tokens or 0) > 3


def test_a_prompt_beyond_the_context_is_the_rows_failure(model: LocalModel) -> None:
    with pytest.raises(RowModelError, match=r"Too long: \d+ tokens of prompt") as caught:
        run(model.complete(ask("word " * 5000)))
    assert caught.value.kind == "too_long"


@pytest.mark.parametrize(
    "params",
    [
        {"temprature": 0.5},
        {"temperature": "hot"},
        {"extra": {"messages": []}},
        {"extra": {"stream": False}},
        {"extra": {"lora": [{"id": 0}]}},
    ],
)
def test_parameters_it_does_not_take_are_refused_not_ignored(
    model: LocalModel, params: dict[str, Any]
) -> None:
    with pytest.raises(FatalModelError) as caught:
        run(model.complete(ask(params=params)))
    assert caught.value.kind == "parameter"


def test_extra_sampling_parameters_pass_through(model: LocalModel) -> None:
    params = {"temperature": 0.0, "stop": ["\n"], "extra": {"top_k": 1, "min_p": 0.05}}
    first, second = (run(model.complete(ask(params=params, seed=s))).text for s in (1, 2))
    assert first == second  # greedy


def test_stop_strings_end_the_answer(model: LocalModel) -> None:
    assert "kettle" not in run(model.complete(ask(params={"stop": [" kettle"]}))).text


def test_a_raw_prompt_goes_in_without_a_chat_template(model: LocalModel) -> None:
    request = Request(
        NAME, (), {"stop": ["\n", "."], "logprobs": True}, raw="Once upon a", seed=3
    )
    answer = run(model.complete(request))
    assert answer.prompt_tokens is not None and answer.prompt_tokens < 6
    assert answer.logprobs


def test_trailing_chat_markers_are_dropped() -> None:
    assert without_markers("Fine.<|im_end|>\n<|endoftext|> ") == "Fine."
    assert without_markers("Say <|im_end|> twice ") == "Say <|im_end|> twice "


def test_texts_of_one_meaning_are_near_each_other(model: LocalModel) -> None:
    texts = ["The cat sleeps.", "A cat is sleeping.", "Invoice 42 is overdue.", ""]
    found = run(model.embed(texts))
    cat, asleep, invoice, _ = found.vectors
    assert len(cat) == 576
    assert 12 < found.prompt_tokens < 30

    def near(a: list[float], b: list[float]) -> float:
        return sum(x * y for x, y in zip(a, b, strict=True))

    assert near(cat, cat) == pytest.approx(1.0, abs=1e-4)
    assert near(cat, asleep) > near(cat, invoice)


def test_cancelling_stops_the_model_within_moments(model: LocalModel) -> None:
    endless = ask(params={"max_tokens": 1900, "extra": {"ignore_eos": True}})

    async def cancel() -> float:
        tasks = [asyncio.create_task(model.complete(endless)) for _ in range(8)]
        await asyncio.sleep(1.0)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended)
        begin = time.monotonic()
        await model.complete(ask(params={"max_tokens": 40, "stop": [" "]}))
        return time.monotonic() - begin

    assert run(cancel()) < 60  # 8 endless answers would take minutes


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_nobody_else_can_reach_it(model: LocalModel) -> None:
    run(model.complete(ask(params={"stop": [" "], "max_tokens": 40})))
    mine = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            mine.add(os.readlink(entry).removeprefix("socket:[").removesuffix("]"))
        except OSError:
            continue
    for table in ("tcp", "tcp6"):
        rows = [line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()]
        assert not [row for row in rows if row[3] == "0A" and row[9] in mine]
    unix = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    names = [row[7] for row in unix if len(row) > 7 and row[6] in mine and "llama" in row[7]]
    assert names and not [name for name in names if Path(name).exists()]


def test_two_models_of_one_file_share_one_load(model: LocalModel, embedded_model: Path) -> None:
    threads = threading.active_count()
    second = open_model(NAME, Settings())
    run(second.complete(ask(params={"stop": [" "], "max_tokens": 40})))
    assert threading.active_count() <= threads + 1  # asyncio.run's own
    run(second.aclose())
    run(second.aclose())  # twice is harmless
    with pytest.raises(FatalModelError, match="is closed"):
        run(second.complete(ask()))
    assert run(model.complete(ask(params={"stop": [" "], "max_tokens": 40}))).text


def test_a_gguf_of_the_users_own_runs_by_its_path(
    model: LocalModel, model_folder: Path, tmp_path: Path, embedded_model: Path
) -> None:
    os.link(model_folder / weights.EMBEDDED.file, tmp_path / "mine.gguf") if (
        os.stat(model_folder).st_dev == os.stat(tmp_path).st_dev
    ) else shutil.copy(model_folder / weights.EMBEDDED.file, tmp_path / "mine.gguf")
    by_path = open_model(f"local/{tmp_path}/mine.gguf", Settings())
    in_project = open_model("local/mine.gguf", Settings(project=tmp_path))
    assert by_path.origin == in_project.origin != model.origin
    assert run(in_project.complete(ask())).text == run(model.complete(ask())).text
    run(by_path.aclose())
    run(in_project.aclose())


def test_a_broken_gguf_is_one_line_before_any_request(
    model_folder: Path, tmp_path: Path
) -> None:
    whole = (model_folder / weights.EMBEDDED.file).open("rb")
    with whole:
        (tmp_path / "cut.gguf").write_bytes(whole.read(5_000_000))
    (tmp_path / "text.gguf").write_text("hello")
    for name, why in [
        ("cut.gguf", "llama.cpp cannot load"),
        ("text.gguf", "does not begin with GGUF"),
        ("none.gguf", "There is no file"),
    ]:
        with pytest.raises(SettingsError, match=why) as caught:
            open_model(f"local/{tmp_path}/{name}", Settings())
        assert "\n" not in str(caught.value)


def test_what_only_looks_ahead_fetches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNTHNB_MODELS", str(tmp_path))
    told = estimate(Recipe(columns={"text": {"prompt": "Write."}}), 5)
    assert told.requests.expected == 5
    assert not [path for path in tmp_path.rglob("*") if "gguf" in path.name]
    missing = open_model(NAME, Settings(), fetch=False)
    with pytest.raises(FatalModelError, match="synthnb models --fetch"):
        run(missing.complete(ask()))
    run(missing.aclose())


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(SettingsError, match=r"did you mean local/smollm2-135m\?"):
        open_model("local/smollm2", Settings())


def test_without_xllamacpp_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(SettingsError, match=r"pip install 'synthnb\[local\]'"):
        open_model(NAME, Settings())


def test_loading_leaves_the_environment_of_children_alone(model: LocalModel) -> None:
    llama.library()
    assert "OMP_WAIT_POLICY" not in os.environ


def _script(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    intro = f"""
import asyncio, os, sys, time
from pathlib import Path
from synthnb.concurrency import run_sync, start
from synthnb.models.llama import Shape
from synthnb.models.local import LocalModel
from synthnb.types import Request
path = Path({str(folder / weights.EMBEDDED.file)!r})
model = LocalModel("{NAME}", path, Shape(2, 1, 512), "x")
def ask(**params):
    return Request("{NAME}", ({{"role": "user", "content": "Hello"}},), params, seed=1)
"""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", intro + code]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_python_ends_cleanly_while_it_still_writes(model_folder: Path) -> None:
    done = _script(
        """
run_sync(model.complete(ask(stop=[" "])))
start(model.complete(ask(max_tokens=450, extra={"ignore_eos": True})))
time.sleep(0.5)
print(time.time(), flush=True)
""",
        model_folder,
    )
    ended = time.time()
    assert (done.returncode, done.stderr) == (0, "")
    assert ended - float(done.stdout) < 30


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_worker_leaves_the_parents_model_alone(model_folder: Path) -> None:
    done = _script(
        """
import gc, multiprocessing
first = run_sync(model.complete(ask(stop=[" "]))).text
def work():
    global model
    del model
    gc.collect()
child = multiprocessing.get_context("fork").Process(target=work)
child.start()
child.join(60)
print(child.exitcode, run_sync(model.complete(ask(stop=[" "]))).text == first)
run_sync(model.aclose())
""",
        model_folder,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("0 True\n", "", 0)


def test_closing_gives_the_memory_back(model_folder: Path) -> None:
    done = _script(
        """
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
run_sync(model.complete(ask(stop=[" "])))
loaded = resident()
run_sync(model.aclose())
print(loaded - resident())
""",
        model_folder,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) > 80
