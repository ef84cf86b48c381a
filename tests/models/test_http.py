"""The HTTP client against a scripted server: requests as sent, answers as read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from synthnb.errors import FatalModelError, ModelError, RowModelError
from synthnb.events import Notice
from synthnb.models import get_model, list_models
from synthnb.models.http import HTTPModel
from synthnb.settings import Settings
from synthnb.settings.profiles import Profile
from synthnb.types import Completion, Model, Request
from tests.loopback import Loopback, Reply, error

Ask = Callable[..., Completion]
ROW = {
    "type": "object",
    "properties": {"mood": {"enum": ["glad", "cross"]}},
    "required": ["mood"],
    "additionalProperties": False,
}
"""A schema in OpenAI's strict subset."""


def settings(server: Loopback, **values: Any) -> Settings:
    return Settings(profiles={"lab": Profile("lab", base_url=server.base_url, **values)})


def request(text: str = "hi", **values: Any) -> Request:
    return Request("lab/tiny", ({"role": "user", "content": text},), **values)


def with_model(
    server: Loopback, use: Callable[[HTTPModel], Coroutine[Any, Any, Any]], **values: Any
) -> Any:
    async def run() -> Any:
        model = get_model("lab/tiny", settings(server, **values))
        assert isinstance(model, HTTPModel) and isinstance(model, Model)
        try:
            return await use(model)
        finally:
            await model.aclose()

    return asyncio.run(run())


@pytest.fixture(params=["http", "aiohttp", "openai"])
def ask(loopback: Loopback, request: pytest.FixtureRequest) -> Ask:
    def ask(question: Request, **values: Any) -> Completion:
        values.setdefault("transport", request.param)
        answer = with_model(loopback, lambda model: model.complete(question), **values)
        assert isinstance(answer, Completion)
        return answer

    return ask


def test_a_request_and_its_answer(loopback: Loopback, ask: Ask) -> None:
    loopback.replies(Reply(text="Hello.", usage={"prompt_tokens": 9, "completion_tokens": 3}))
    params = {"temperature": 0.5, "max_tokens": 30, "top_p": None, "extra": {"min_p": 0.05}}
    answer = ask(request("Say hello", params=params, seed=7))
    assert (answer.text, answer.finish_reason, answer.model) == ("Hello.", "stop", "tiny")
    assert (answer.prompt_tokens, answer.completion_tokens) == (9, 3)
    assert not answer.estimated and answer.elapsed > 0
    assert loopback.bodies == [
        {
            "model": "tiny",
            "temperature": 0.5,
            "max_tokens": 30,
            "min_p": 0.05,
            "seed": 7,
            "messages": [{"role": "user", "content": "Say hello"}],
        }
    ]
    assert loopback.requests[0].path == "/v1/chat/completions"


def test_a_raw_prompt_goes_to_completions(loopback: Loopback, ask: Ask) -> None:
    question = Request("lab/tiny", (), raw="Once", params={"max_tokens": 9, "logprobs": True})
    loopback.replies(Reply(text=" upon"))
    answer = ask(question)
    assert answer.text == " upon"
    assert loopback.requests[0].path == "/v1/completions"
    assert loopback.bodies == [
        {"model": "tiny", "prompt": "Once", "max_tokens": 9, "logprobs": 1}
    ]


@pytest.mark.parametrize("transport", ["http", "aiohttp", "openai"])
def test_embeddings_come_in_the_order_of_the_texts(loopback: Loopback, transport: str) -> None:
    texts = [f"word{i} and" for i in range(100)] + ["", "half \ud83d a pair"]
    found = with_model(loopback, lambda model: model.embed(texts), transport=transport)
    again = with_model(loopback, lambda model: model.embed(texts[:1])).vectors
    vectors = found.vectors
    assert found.prompt_tokens == 204
    assert (len(vectors), len(vectors[0])) == (102, 256)
    assert vectors[0] == again[0] != vectors[1]
    assert [len(seen["input"]) for seen in loopback.bodies] == [64, 38, 1]
    assert loopback.bodies[1]["input"][-2:] == [" ", "half ? a pair"]
    assert loopback.requests[0].path == "/v1/embeddings"


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(json={"data": []}), "no 2 vectors of one length for tiny"),
        (Reply(json={"data": [{"embedding": [1]}, {"embedding": [1, 2]}]}), "of one length"),
        (Reply(json={"data": [{"embedding": ["1"]}, {"embedding": None}]}), "no 2 vectors"),
        (Reply(body=b"<html>nothing here"), "no 2 vectors"),
        (Reply(json={"error": {"message": "no such model"}}), "no such model"),
        (error(404, "unknown path"), "unknown path"),
    ],
)
def test_an_endpoint_without_embeddings_says_so(
    loopback: Loopback, reply: Reply, told: str
) -> None:
    loopback.replies(reply)
    with pytest.raises(ModelError, match=told):
        with_model(loopback, lambda model: model.embed(["a", "b"]))


def test_logprobs_and_reasoning_come_back(loopback: Loopback, ask: Ask) -> None:
    loopback.replies(Reply(text="a b", message={"reasoning_content": "thinking"}))
    answer = ask(request(params={"logprobs": True}))
    assert answer.logprobs == (("a", -0.5), ("b", -0.5))
    assert answer.reasoning == "thinking"


def test_the_key_goes_out_in_its_header(
    loopback: Loopback, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_KEY", "sk-canary-1")
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_ADMIN_KEY", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "sk-canary-2")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Custom: sk-canary-2")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    ask(request(), api_key_env="LAB_KEY")
    ask(request(), api_key_env="LAB_KEY", api_key_header="api-key", query={"v": "1"})
    ask(request())
    first, second, third = (seen.headers for seen in loopback.requests)
    assert first["authorization"] == "Bearer sk-canary-1"
    assert second["api-key"] == "sk-canary-1" and "authorization" not in second
    assert loopback.requests[1].path == "/v1/chat/completions?v=1"
    assert "authorization" not in third and "api-key" not in third
    assert "sk-canary-2" not in str(loopback.requests)


def test_a_key_that_a_server_echoes_stays_out_of_the_row(
    loopback: Loopback, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_KEY", "sk-canary-0123456789")
    loopback.replies("Your key is sk-canary-0123456789, and sk-other-9876543210 is not.")
    answer = ask(request(), api_key_env="LAB_KEY")
    assert answer.text == "Your key is [key], and sk-other-9876543210 is not."
    monkeypatch.setenv("LAB_KEY", "ollama")
    loopback.replies("ollama is a word")
    assert ask(request(), api_key_env="LAB_KEY").text == "ollama is a word"


class TestStructured:
    def test_a_strict_schema_is_asked_for_strictly(self, loopback: Loopback, ask: Ask) -> None:
        answer = ask(request(schema=ROW))
        assert json.loads(answer.text)["mood"] in ("glad", "cross")
        form = loopback.bodies[0]["response_format"]
        assert form["json_schema"] == {"name": "answer", "strict": True, "schema": ROW}

    def test_an_open_schema_is_not(self, loopback: Loopback, ask: Ask) -> None:
        ask(request(schema={**ROW, "required": []}))
        assert loopback.bodies[0]["response_format"]["json_schema"]["strict"] is False

    def test_a_value_is_wrapped_in_an_object_and_unwrapped(
        self, loopback: Loopback, ask: Ask
    ) -> None:
        answer = ask(request(schema={"enum": ["yes", "no"]}))
        assert json.loads(answer.text) in ("yes", "no")
        sent = loopback.bodies[0]["response_format"]["json_schema"]["schema"]
        assert sent["properties"] == {"value": {"enum": ["yes", "no"]}}

    def test_an_endpoint_without_schemas_is_learned_once(self, loopback: Loopback) -> None:
        def old_server(number: int, body: Any) -> Reply | None:
            form = body.get("response_format", {}).get("type")
            if form == "json_schema":
                return error(400, "response_format type json_schema is not supported")
            return None

        async def use(model: HTTPModel) -> list[str]:
            said: list[Notice] = []
            model.on_notice = said.append
            await asyncio.gather(*(model.complete(request(schema=ROW)) for _ in range(8)))
            await model.complete(request(schema=ROW))
            return [notice.message for notice in said]

        loopback.script(old_server)
        told = with_model(loopback, use)
        assert len(told) == 1 and "does not take response_format json_schema" in told[0]
        last = loopback.bodies[-1]
        assert last["response_format"] == {"type": "json_object"}
        assert "JSON Schema" in last["messages"][0]["content"]
        assert loopback.counts["400"] <= 8 and loopback.counts["ok"] == 9

    def test_down_to_words_alone(self, loopback: Loopback, ask: Ask) -> None:
        def older_server(number: int, body: Any) -> Reply | str:
            if "response_format" in body:
                return error(422, "Extra inputs are not permitted", param="response_format")
            return '{"mood": "glad"}'

        loopback.script(older_server)
        assert ask(request(schema=ROW)).text == '{"mood": "glad"}'
        assert len(loopback.requests) == 3

    def test_a_fixed_mode_is_not_unlearned(self, loopback: Loopback, ask: Ask) -> None:
        loopback.script(lambda n, b: error(400, "no", param="response_format"))
        with pytest.raises(FatalModelError, match="parameter response_format"):
            ask(request(schema=ROW), structured="json_schema")


def test_names_of_the_token_limit_and_seeds_are_learned(loopback: Loopback, ask: Ask) -> None:
    def server(number: int, body: Any) -> Reply | None:
        if "max_tokens" in body:
            text = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return error(400, text, param="max_tokens")
        return error(422, "unknown field", param="seed") if "seed" in body else None

    loopback.script(server)
    ask(request(params={"max_tokens": 5}, seed=1))
    sent = loopback.bodies[-1]
    assert sent["max_completion_tokens"] == 5 and "seed" not in sent


def test_a_server_that_takes_nothing_is_not_asked_for_ever(
    loopback: Loopback, ask: Ask
) -> None:
    def server(number: int, body: Any) -> Reply:
        if "response_format" in body:
            return error(400, "Invalid schema for response_format", param="response_format")
        limit = next(name for name in body if name.startswith("max_"))
        return error(400, f"{limit}: try max_completion_tokens or max_tokens", param=limit)

    loopback.script(server)
    with pytest.raises(FatalModelError, match="the parameter max_completion_tokens"):
        ask(request(schema=ROW, params={"max_tokens": 5}))
    assert len(loopback.requests) == 4


def test_extra_cannot_change_what_is_asked(loopback: Loopback, ask: Ask) -> None:
    with pytest.raises(FatalModelError, match="cannot set 'stream'"):
        ask(request(params={"extra": {"stream": True}}))
    assert loopback.requests == []


def test_half_a_character_is_not_sent(loopback: Loopback, ask: Ask) -> None:
    with pytest.raises(RowModelError, match="lone surrogate"):
        ask(request("\ud83d"))
    assert loopback.requests == []


def test_many_calls_share_one_session(loopback: Loopback) -> None:
    async def use(model: HTTPModel) -> None:
        for _ in range(3):
            await asyncio.gather(*(model.complete(request(str(i))) for i in range(20)))

    loopback.script(lambda number, body: Reply(delay=0.01))
    with_model(loopback, use)
    assert loopback.max_in_flight <= 20 and loopback.connections <= 20


def test_a_large_prompt_goes_through(loopback: Loopback, ask: Ask) -> None:
    assert ask(request("x" * 2_000_000)).text
    assert len(loopback.bodies[0]["messages"][0]["content"]) == 2_000_000


def test_the_models_of_an_endpoint(loopback: Loopback) -> None:
    assert asyncio.run(list_models("lab", settings(loopback))) == ["tiny", "big"]
    loopback.replies(Reply(status=404, body=b"<h1>Nothing here</h1>"))
    with pytest.raises(FatalModelError, match="Nothing here"):
        asyncio.run(list_models("lab", settings(loopback)))


def test_a_closed_model_says_so(loopback: Loopback, ask: Ask) -> None:
    async def use(model: HTTPModel) -> None:
        await model.aclose()
        await model.complete(request())

    with pytest.raises(RuntimeError, match="closed"):
        with_model(loopback, use)
