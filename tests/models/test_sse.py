"""Streamed answers: whole ones are like any other, cut ones are never taken for whole."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from synthnb.errors import ModelError, RetryableModelError
from synthnb.models import get_model
from synthnb.models.faults import Where
from synthnb.models.sse import assemble
from synthnb.settings import Settings
from synthnb.settings.profiles import Profile
from synthnb.types import Completion, Request
from tests.loopback import Loopback, Reply, error

WHERE = Where("lab.example", "tiny")


def ask(server: Loopback, **values: Any) -> Completion:
    async def run() -> Completion:
        fields = {"base_url": server.base_url, "stream": True, **values}
        model = get_model("lab/tiny", Settings(profiles={"lab": Profile("lab", **fields)}))
        try:
            return await model.complete(
                Request("lab/tiny", ({"role": "user", "content": "a"},))
            )
        finally:
            await model.aclose()

    return asyncio.run(run())


@pytest.mark.parametrize("transport", ["http", "openai"])
def test_a_stream_adds_up_to_an_answer(loopback: Loopback, transport: str) -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 4}
    loopback.replies(Reply(text="One, two, three.", usage=usage))
    answer = ask(loopback, transport=transport)
    assert (answer.text, answer.finish_reason, answer.model) == (
        "One, two, three.",
        "stop",
        "tiny",
    )
    assert (answer.prompt_tokens, answer.completion_tokens, answer.estimated) == (5, 4, False)
    assert loopback.bodies[0]["stream"] is True


def test_a_slow_stream_is_not_silent(loopback: Loopback) -> None:
    loopback.replies(Reply(text="x" * 60, trickle=0.005))
    assert ask(loopback, silence=0.3).text == "x" * 60


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(text="x" * 300, cut="body"), "cut"),
        (Reply(body=b'data: {"choices":[{"delta":{"content":"half"}}]}\n\n'), "cut"),
        (Reply(body=b'data: {"choices":[{"delta":{"content":"ha'), "cut"),
        (Reply(body=b"data: {oops}\n\ndata: [DONE]\n\n"), "malformed"),
        (Reply(body=b'data: {"error": {"message": "boom"}}\n\n'), "server"),
        (Reply(text="half", finish_reason="length"), "truncated"),
        (Reply(message={"content": None, "refusal": "No."}), "refusal"),
    ],
)
def test_what_is_no_answer(loopback: Loopback, reply: Reply, kind: str) -> None:
    loopback.replies(reply)
    with pytest.raises(ModelError) as caught:
        ask(loopback)
    assert caught.value.kind == kind


def test_a_server_without_stream_options(loopback: Loopback) -> None:
    def server(number: int, body: Any) -> Reply | str:
        bad = "stream_options" in body
        return error(400, "unknown field", param="stream_options") if bad else "fine"

    loopback.script(server)
    assert ask(loopback).text == "fine"


def test_other_choices_and_noise_are_passed_over() -> None:
    body = (
        b": keep-alive\r\n\r\nevent: x\r\n"
        b'data: {"choices":[{"index":1,"delta":{"content":"no"}}]}\r\n\r\n'
        b'data: {"choices":[{"text":"yes","finish_reason":"stop"}]}\r\n\r\n'
    )
    found = assemble(body, WHERE)
    assert found["choices"][0] == {"message": {"content": "yes"}, "finish_reason": "stop"}


def test_nothing_at_all_is_cut() -> None:
    with pytest.raises(RetryableModelError, match="cut its answer short"):
        assemble(b": ping\n\n", WHERE)
