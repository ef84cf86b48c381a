"""The fault matrix: each fault of a server has its own error, kind and one clear line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from synthnb.errors import (
    FatalModelError,
    ModelError,
    RateLimited,
    RetryableModelError,
    RowModelError,
)
from synthnb.models import get_model
from synthnb.settings import Settings
from synthnb.settings.profiles import Profile
from synthnb.types import Completion, Request
from tests.loopback import Loopback, Reply, error

KEY = "sk-canary-0123456789"
Fails = Callable[..., ModelError]
QUOTA = "You exceeded your current quota, please check your plan and billing details."


async def complete(profile: Profile, times: int = 1, **values: Any) -> Completion:
    model = get_model(f"{profile.name}/tiny", Settings(profiles={profile.name: profile}))
    question = Request("lab/tiny", ({"role": "user", "content": "hi"},), **values)
    try:
        for _ in range(times - 1):
            with pytest.raises(ModelError):
                await model.complete(question)
            await asyncio.sleep(0.6)
        return await model.complete(question)
    finally:
        await model.aclose()


@pytest.fixture(params=["http", "aiohttp", "openai"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LAB_KEY", KEY)
    return str(request.param)


@pytest.fixture
def fails(loopback: Loopback, transport: str) -> Fails:
    def fails(reply: Reply | None = None, **values: Any) -> ModelError:
        """The error that one request ends in; every error keeps the promises below."""
        question = values.pop("question", {})
        fields = {"base_url": loopback.base_url, "api_key_env": "LAB_KEY", **values}
        profile = Profile("lab", transport=transport, **fields)
        if reply is not None:
            loopback.replies(reply)
        with pytest.raises(ModelError) as caught:
            asyncio.run(complete(profile, **question))
        shown = f"{caught.value} {caught.value.raw} {caught.value.__cause__!r}"
        assert "canary" not in shown
        assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)
        assert profile.host in str(caught.value) or "tiny" in str(caught.value)
        assert len(str(caught.value)) < 500
        return caught.value

    return fails


@pytest.mark.parametrize(
    ("reply", "kind", "says"),
    [
        (error(401, f"Incorrect API key provided: {KEY}"), "auth", "the key in LAB_KEY (401)"),
        (error(401, "bad key: sk-ca**********6789"), "auth", "bad key: [key]"),
        (error(403, "Country not supported"), "forbidden", "tiny with the key in LAB_KEY"),
        (error(404, "The model `tiny` does not exist"), "not_found", "the model tiny"),
        (Reply(status=404, body=b"404 page not found"), "not_found", "at this address"),
        (Reply(status=405, body=b""), "not_found", "at this address"),
        (error(400, "tiny is not a valid model ID"), "not_found", "the model tiny"),
        (error(429, QUOTA, code="insufficient_quota"), "quota", "out of credit or quota"),
        (error(429, QUOTA), "quota", "out of credit or quota"),
        (error(402, "Insufficient Balance"), "quota", "Insufficient Balance"),
        (
            error(
                400,
                "Unsupported value: 'temperature' does not support 0.9",
                param="temperature",
            ),
            "bad_parameter",
            "the parameter temperature for tiny",
        ),
        (
            error(400, "Unrecognized request argument supplied: 'min_p'"),
            "bad_parameter",
            "min_p",
        ),
        (
            Reply(status=422, json={"detail": [{"loc": ["body", "top_p"], "msg": "too big"}]}),
            "bad_parameter",
            "top_p",
        ),
        (Reply(status=418, body=b"short and stout"), "http_418", "short and stout"),
    ],
)
def test_what_stops_the_run(
    fails: Fails, loopback: Loopback, reply: Reply, kind: str, says: str
) -> None:
    found = fails(reply)
    assert isinstance(found, FatalModelError) and found.kind == kind
    assert says in str(found)
    assert len(loopback.requests) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (
            error(
                400,
                "This model's maximum context length is 8 tokens",
                code="context_length_exceeded",
            ),
            "context_length",
        ),
        (
            error(
                400,
                "the request exceeds the available context size",
                type="exceed_context_size_error",
            ),
            "context_length",
        ),
        (Reply(status=413, body=b"Payload Too Large"), "context_length"),
        (error(400, "filtered", code="content_filter", param="prompt"), "content_filter"),
        (error(403, "Your input was flagged by moderation"), "content_filter"),
        (error(422, "messages.0.content is empty", param="messages"), "bad_request"),
        (error(400, "could not parse this"), "bad_request"),
        (Reply(message={"content": None, "refusal": "I can't help with that."}), "refusal"),
        (Reply(text="half of", finish_reason="content_filter"), "content_filter"),
        (Reply(text="half of", finish_reason="length"), "truncated"),
        (Reply(text=""), "empty"),
        (Reply(text=" \n "), "empty"),
        (Reply(message={"content": None}), "empty"),
        (Reply(text="", message={"reasoning_content": "let me see"}), "reasoning_only"),
        (Reply(text="", message={"tool_calls": [{"id": "x"}]}), "tool_calls"),
    ],
)
def test_what_costs_one_row(fails: Fails, reply: Reply, kind: str) -> None:
    found = fails(reply)
    assert isinstance(found, RowModelError) and found.kind == kind


def test_a_truncated_answer_keeps_its_text_and_its_tokens(fails: Fails) -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 30}
    found = fails(Reply(text='{"a": [1, 2', finish_reason="length", usage=usage))
    assert found.raw == '{"a": [1, 2'
    assert (found.prompt_tokens, found.completion_tokens) == (5, 30)
    assert "raise max_tokens" in str(found)


def test_reasoning_that_used_up_the_tokens(fails: Fails) -> None:
    found = fails(Reply(text="", finish_reason="length", message={"reasoning": "well"}))
    assert found.kind == "truncated" and "on reasoning" in str(found)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error(500, "The server had an error"), "server"),
        (Reply(status=502, body=b"<html><title>502 Bad Gateway</title></html>"), "server"),
        (Reply(status=408, body=b""), "server"),
        (Reply(cut="reset"), "reset"),
        (Reply(cut="close"), "reset"),
        (Reply(text="x" * 500, cut="body"), "cut"),
        (Reply(body=b"<!doctype html><title>Log in</title>"), "malformed"),
        (Reply(body=b'{"choices": [{"message": {"content": "half'), "malformed"),
        (Reply(body=b""), "malformed"),
        (Reply(body=b"[" * 100_000), "malformed"),
        (Reply(json=["no", "object"]), "malformed"),
        (
            Reply(json={"error": {"message": "overloaded", "type": "overloaded_error"}}),
            "server",
        ),
        (Reply(json={"choices": []}), "no_choices"),
        (Reply(json={"choices": None, "object": "chat.completion"}), "no_choices"),
        (Reply(json={"choices": ["text"]}), "no_choices"),
        (Reply(body=b'{"choices":[{"message":{"content":"caf\xe9"}}]}'), "encoding"),
        (Reply(body=b'{"choices":[{"message":{"content":"\\ud83d!"}}]}'), "encoding"),
        (Reply(text="half of", finish_reason="error"), "server"),
    ],
)
def test_what_is_asked_again(fails: Fails, reply: Reply, kind: str) -> None:
    found = fails(reply)
    assert isinstance(found, RetryableModelError) and found.kind == kind
    assert not isinstance(found, RateLimited)


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (error(429, "Rate limit reached"), None),
        (error(429, "slow", headers={"Retry-After": "3"}), 3.0),
        (error(429, "slow", headers={"retry-after-ms": "250", "Retry-After": "9"}), 0.25),
        (error(429, "Please try again in 1m2s."), 62.0),
        (error(503, "busy", headers={"Retry-After": "7"}), 7.0),
        (Reply(json={"error": {"message": "slow", "code": 429}}), None),
        (
            Reply(
                status=429,
                json=[{"error": {"message": QUOTA, "details": [{"retryDelay": "12s"}]}}],
            ),
            12.0,
        ),
    ],
)
def test_a_rate_limit_and_the_wait_it_names(
    fails: Fails, answer: Reply, wait: float | None
) -> None:
    found = fails(answer)
    assert isinstance(found, RateLimited) and found.retry_after == wait


def test_a_web_page_hints_at_the_address(fails: Fails) -> None:
    assert "base_url end in /v1" in str(fails(Reply(body=b"<html>Welcome</html>")))


def test_a_server_that_stays_silent(fails: Fails) -> None:
    found = fails(Reply(cut="hang"), silence=0.3)
    assert found.kind == "silence" and "silent for 0.3 s" in str(found)


def test_an_answer_that_trickles_past_the_deadline(fails: Fails) -> None:
    found = fails(Reply(text="x" * 4000, trickle=0.05), silence=30.0, timeout=1.5)
    assert found.kind == "timeout" and "within 1.5 s" in str(found)


def test_an_answer_larger_than_any(fails: Fails, transport: str) -> None:
    if transport == "http":
        assert fails(Reply(text="x" * 100_000), max_response=50_000).kind == "too_large"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("http://127.0.0.1:9/v1", "127.0.0.1:9"),
        ("//user:pw@evil.example/v1", "evil.example"),
        ("/v2", "127.0.0.1:"),
    ],
)
def test_a_redirect_is_not_followed(
    fails: Fails, loopback: Loopback, location: str, target: str
) -> None:
    found = fails(Reply(status=307, headers={"Location": location}))
    assert isinstance(found, FatalModelError) and found.kind == "redirect"
    assert f"redirects to {target}" in str(found) and len(loopback.requests) == 1


class TestConnections:
    def error(self, url: str, transport: str, times: int = 1) -> ModelError:
        profile = Profile("lab", base_url=url, transport=transport)  # type: ignore[arg-type]
        with pytest.raises(ModelError) as caught:
            asyncio.run(complete(profile, times))
        return caught.value

    def test_nothing_listens(self, transport: str) -> None:
        found = self.error("http://127.0.0.1:9/v1", transport)
        assert isinstance(found, RetryableModelError) and found.kind == "refused"
        assert "Cannot reach 127.0.0.1:9 for tiny: connection refused" in str(found)

    def test_it_is_given_up_when_it_never_answered(self, transport: str) -> None:
        found = self.error("http://127.0.0.1:9/v1", transport, times=3)
        assert isinstance(found, FatalModelError) and found.kind == "refused"

    def test_no_such_host(self, transport: str) -> None:
        found = self.error("https://no-such-host.invalid/v1", transport)
        assert found.kind == "dns" and "no-such-host.invalid" in str(found)

    def test_no_tls_there(self, transport: str, loopback: Loopback) -> None:
        found = self.error(f"https://127.0.0.1:{loopback.port}/v1", transport)
        assert isinstance(found, FatalModelError) and found.kind == "tls"
        assert "No secure connection to 127.0.0.1" in str(found)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        "lots",
        {"prompt_tokens": -1, "completion_tokens": 3},
        {"prompt_tokens": "9", "completion_tokens": 3},
        {"prompt_tokens": 9, "completion_tokens": 10**12},
        {"prompt_tokens": 9, "completion_tokens": True},
        {"prompt_tokens": 9, "completion_tokens": 0},
        {"prompt_tokens": 0, "completion_tokens": 3},
    ],
)
def test_a_server_that_lies_about_tokens(loopback: Loopback, usage: Any) -> None:
    loopback.replies(Reply(text="x" * 40, usage=usage))
    answer = asyncio.run(complete(Profile("lab", base_url=loopback.base_url)))
    assert answer.estimated
    assert 0 < (answer.prompt_tokens or 0) < 100 and 0 < (answer.completion_tokens or 0) < 100


def test_odd_but_whole_answers_pass(loopback: Loopback) -> None:
    text = "nul \0, rtl \u202e, astral \U0001f600, esc \x1b[31m, <script>"
    parts = [{"type": "text", "text": text}]
    loopback.replies(Reply(message={"content": parts}, finish_reason=None))
    answer = asyncio.run(complete(Profile("lab", base_url=loopback.base_url)))
    assert answer.text == text
    whole = {
        "choices": [{"message": {"content": "ok"}, "logprobs": {"content": [{"logprob": 1}]}}]
    }
    body = json.dumps(whole).replace("1}", "-Infinity}").encode()
    loopback.replies(Reply(body=body))
    assert asyncio.run(complete(Profile("lab", base_url=loopback.base_url))).text == "ok"
