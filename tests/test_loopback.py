"""The scripted server is itself something that tests rely on."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.loopback import Loopback, Reply, error, faults


def post(server: Loopback, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        server.base_url + "/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def text(answer: Any) -> str:
    return str(answer["choices"][0]["message"]["content"])


def test_the_same_request_gets_the_same_answer(loopback: Loopback) -> None:
    one = {"model": "tiny", "messages": [{"role": "user", "content": "hi"}], "seed": 1}
    assert text(post(loopback, one)) == text(post(loopback, one))
    assert text(post(loopback, one)) != text(post(loopback, {**one, "seed": 2}))
    assert loopback.bodies == [one, one, one, {**one, "seed": 2}]


def test_an_answer_follows_the_schema_it_was_asked_for(loopback: Loopback) -> None:
    schema = {"type": "object", "properties": {"mood": {"enum": ["glad", "cross"]}}}
    form = {"type": "json_schema", "json_schema": {"name": "row", "schema": schema}}
    answer = json.loads(text(post(loopback, {"messages": [], "response_format": form})))
    assert answer["mood"] in ("glad", "cross")


def test_replies_come_in_order_and_the_last_one_stays(loopback: Loopback) -> None:
    loopback.replies(error(429, "slow down", headers={"Retry-After": "3"}), "fine")
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(loopback, {"messages": []})
    assert caught.value.headers["Retry-After"] == "3"
    caught.value.close()
    assert [text(post(loopback, {"messages": []})) for _ in range(2)] == ["fine", "fine"]
    assert loopback.counts == {"429": 1, "ok": 2}


@pytest.mark.parametrize("cut", ["close", "reset", "body"])
def test_a_connection_can_be_cut(loopback: Loopback, cut: Any) -> None:
    loopback.script(lambda number, body: Reply(text="x" * 100, cut=cut))
    with pytest.raises(Exception, match=r"(?i)reset|closed|IncompleteRead"):
        post(loopback, {"messages": []})


def test_a_mixture_is_the_same_for_the_same_seed() -> None:
    def kinds(seed: int) -> list[str]:
        script = faults(seed, rate429=0.1, rate500=0.02, malformed=0.02)
        replies = [script(number, {}) for number in range(1000)]
        return [reply.kind for reply in replies if isinstance(reply, Reply)]

    assert kinds(1) == kinds(1) != kinds(2)
    assert 70 < kinds(1).count("429") < 130


def test_it_runs_as_a_process() -> None:
    command = [sys.executable, "-m", "tests.loopback", "--rate500", "1"]
    pipe = subprocess.PIPE
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=root) as process:
        assert process.stdout is not None and process.stdin is not None
        base = process.stdout.readline().strip()
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{base}/models", timeout=60)
        caught.value.close()
        with urllib.request.urlopen(base.removesuffix("/v1") + "/stats", timeout=60) as answer:
            assert json.load(answer)["counts"] == {"500": 1}
        process.stdin.close()
        assert process.wait(60) == 0
