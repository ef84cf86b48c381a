"""A scripted OpenAI-compatible server on 127.0.0.1, in a thread or as a process.

    with Loopback() as server:
        server.script(lambda number, body: Reply(status=429, headers={"Retry-After": "1"}))
        ...  # talk to server.base_url, then look at server.requests

    python -m tests.loopback --port 0 --latency 0.05 --rate429 0.1 --seed 3

As a process it prints its base URL on the first line, answers ``GET /stats`` with counts,
and ends when its standard input closes. It is a raw asyncio protocol, so that it costs
less than what it measures.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import socket
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, Self, TextIO, cast

import orjson

from tests.fakeanswers import default_text
from tests.replies import Reply, Script, error, faults, rate_limit

__all__ = ["Loopback", "Reply", "Seen", "error", "faults", "rate_limit"]


@dataclass(slots=True)
class Seen:
    """One request as it arrived. ``body`` is its parsed JSON, ``None`` without one."""

    number: int
    method: str
    path: str
    headers: dict[str, str]
    body: Any
    at: float


class _Connection(asyncio.Protocol):
    """One HTTP/1.1 connection: requests in, replies out in order, keep-alive."""

    def __init__(self, server: Loopback) -> None:
        self.server = server
        self.buffer = b""
        self.transport: asyncio.Transport | None = None
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self.server.open.add(self.transport)
        self.server.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        if self.transport is not None:
            self.server.open.discard(self.transport)
        self.transport = None
        if self.busy:
            self._done()
            self.server.abandoned += 1

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self._next()

    def _next(self) -> None:
        if self.busy:
            return
        if not self.buffer[:1].isalpha() and self.buffer and self.transport:
            self.transport.write(b"HTTP/1.1 400 X\r\nContent-Length: 0\r\n\r\n")
            self.transport.close()  # TLS, say
            return
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        lines = self.buffer[:end].decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:])
        }
        length = int(headers.get("content-length", 0))
        if len(self.buffer) < end + 4 + length:
            return
        raw = self.buffer[end + 4 : end + 4 + length]
        self.buffer = self.buffer[end + 4 + length :]
        self._answer(method, path, headers, orjson.loads(raw) if raw else None)

    def _answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> None:
        self.busy = True
        server = self.server
        server.in_flight += 1
        server.max_in_flight = max(server.max_in_flight, server.in_flight)
        reply = server.answer(method, path, headers, body)
        delay = reply.delay or server.latency
        if delay:
            server.loop.call_later(delay, self._send, reply, path, body)
        else:
            self._send(reply, path, body)

    def _send(self, reply: Reply, path: str, body: Any) -> None:
        transport = self.transport
        if transport is None or reply.cut == "hang":
            return
        if reply.cut in ("close", "reset"):
            if reply.cut == "reset":
                raw = transport.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                transport.abort()
            transport.close()
            return
        kind, payload = _payload(reply, path, body)
        given = {name.lower() for name in reply.headers}
        head = [f"HTTP/1.1 {reply.status} X", f"Content-Length: {len(payload)}"]
        if "content-type" not in given:
            head.append(f"Content-Type: {kind}")
        head += [f"{name}: {value}" for name, value in reply.headers.items()]
        data = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n"
        if reply.cut == "body":
            transport.write(data + payload[: max(1, len(payload) // 2)])
            transport.close()
        elif reply.trickle:
            transport.write(data)
            self._trickle(payload, reply.trickle)
        else:
            transport.write(data + payload)
            self._done()
            self._next()

    def _trickle(self, payload: bytes, pause: float) -> None:
        if self.transport is None:
            return
        self.transport.write(payload[:8])
        if payload[8:]:
            self.server.loop.call_later(pause, self._trickle, payload[8:], pause)
        else:
            self._done()

    def _done(self) -> None:
        self.busy = False
        self.server.in_flight -= 1


def _payload(reply: Reply, path: str, body: Any) -> tuple[str, bytes]:
    """(content type, bytes) of a reply."""
    if reply.text is None and reply.body is not None:
        return "application/json", reply.body
    if reply.text is None and reply.json is not None:
        return "application/json", orjson.dumps(reply.json)
    request = body if isinstance(body, dict) else {}
    text = default_text(request) if reply.text is None else reply.text
    message = {"role": "assistant", "content": text, **reply.message}
    choice: dict[str, Any] = {"index": 0, "finish_reason": reply.finish_reason}
    if "prompt" in request:
        choice["text"] = text
    else:
        choice["message"] = message
    if request.get("logprobs"):
        choice["logprobs"] = {"content": [{"token": t, "logprob": -0.5} for t in text.split()]}
    usage = reply.usage
    if usage is ...:
        asked = len(orjson.dumps(request.get("messages", request.get("prompt", "")))) // 4
        said = max(1, len(text) // 4)
        usage = {"prompt_tokens": asked, "completion_tokens": said}
    answer = {"id": "x", "object": "chat.completion", "created": 0, "choices": [choice]}
    answer |= {"model": request.get("model"), "usage": usage}
    if not request.get("stream"):
        return "application/json", orjson.dumps(answer)
    return "text/event-stream", _events(answer, choice)


def _vectors(texts: list[str]) -> dict[str, Any]:
    """Embeddings: how often each word occurs, by a hash of the word; last text first."""
    data = []
    for index, text in reversed(list(enumerate(texts))):
        vector = [0.0] * 256
        for word in text.lower().split():
            vector[hashlib.blake2b(word.encode(), digest_size=1).digest()[0]] += 1.0
        data.append({"object": "embedding", "index": index, "embedding": vector})
    tokens = sum(len(text.split()) for text in texts)
    return {"object": "list", "data": data, "usage": {"prompt_tokens": tokens}}


def _events(answer: dict[str, Any], choice: dict[str, Any]) -> bytes:
    """The same answer as a stream: three pieces, the reason to finish, the counts."""
    message = choice.pop("message", {"content": choice.pop("text", "")})
    text, usage = str(message.pop("content") or ""), answer.pop("usage")
    finish, third = choice.pop("finish_reason"), len(text) // 3 + 1
    parts: list[dict[str, Any]] = [{**choice, "delta": message}]
    for start in range(0, len(text), third):
        parts.append({"index": 0, "delta": {"content": text[start : start + third]}})
    parts.append({"index": 0, "delta": {}, "finish_reason": finish})
    events = [{**answer, "choices": [part]} for part in parts]
    events.append({**answer, "choices": [], "usage": usage})
    lines = [b"data: " + orjson.dumps(event) for event in events]
    return b"\n\n".join([*lines, b"data: [DONE]", b""])


class Loopback:
    """The server. As a context manager it runs in a thread of its own."""

    def __init__(
        self,
        *,
        port: int = 0,
        latency: float = 0.0,
        keep: bool = True,
        log: TextIO | None = None,
        models: tuple[str, ...] = ("tiny", "big"),
    ) -> None:
        self.port = port
        self.latency = latency
        self.models = models
        self.requests: list[Seen] = []
        """Every request but those to /stats, in order of arrival."""
        self.counts: Counter[str] = Counter()
        """Replies to them by kind."""
        self.in_flight = self.max_in_flight = self.connections = self.abandoned = 0
        self.loop: asyncio.AbstractEventLoop = _new_loop()
        self.open: set[asyncio.Transport] = set()
        """Connections that nobody has closed yet."""
        self._number = 0
        self._keep, self._log = keep, log
        self._script: Script | None = None
        self._ready = threading.Event()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._run, name="loopback", daemon=True)

    @property
    def origin(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """What a profile takes: the origin and ``/v1``."""
        return f"{self.origin}/v1"

    @property
    def bodies(self) -> list[Any]:
        """The parsed bodies of ``requests``."""
        return [seen.body for seen in self.requests]

    def script(self, script: Script | None) -> None:
        """From now on ask ``script`` for replies; ``None`` brings the default back.

        The next request is number 0 for it; a GET (of /models, say) counts and has no body.
        """
        self._script, self._number = script, 0

    def replies(self, *replies: Reply | str) -> None:
        """Answer with these in order; the last one for all that follow."""
        self.script(lambda number, body: replies[min(number, len(replies) - 1)])

    def reset(self) -> None:
        """Forget script, requests and counts."""
        self.script(None)
        self.requests.clear()
        self.counts.clear()
        self.max_in_flight = self.in_flight
        self.connections = self.abandoned = 0

    def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> Reply:
        """Decide on a reply; called by a connection, on the server's loop."""
        if method == "GET" and path == "/stats":
            return Reply(json=self.stats())
        number, self._number = self._number, self._number + 1
        if self._keep:
            self.requests.append(Seen(number, method, path, headers, body, time.monotonic()))
        reply = self._script(number, body) if self._script is not None else None
        if isinstance(reply, str):
            reply = Reply(text=reply)
        if reply is None:
            reply = self._default(method, path, body)
        self.counts[reply.kind] += 1
        if self._log is not None:
            digest = hashlib.blake2b(orjson.dumps(body), digest_size=12).hexdigest()
            self._log.write(f"{number} {reply.kind} {digest}\n")
        return reply

    def _default(self, method: str, path: str, body: Any) -> Reply:
        path = path.partition("?")[0]
        if path.endswith("/models"):
            data = [{"id": name, "object": "model"} for name in self.models]
            return Reply(json={"object": "list", "data": data})
        if method == "POST" and path.endswith("/completions"):
            return Reply()
        if method == "POST" and path.endswith("/embeddings"):
            return Reply(json=_vectors(body["input"]))
        return error(404, f"No such path: {path}", kind="404")

    def stats(self) -> dict[str, Any]:
        """Counts since the start or the last ``reset``, and CPU seconds of this process."""
        return {
            "requests": sum(self.counts.values()),
            "counts": dict(self.counts),
            "max_in_flight": self.max_in_flight,
            "connections": self.connections,
            "abandoned": self.abandoned,
            "cpu": time.process_time(),
        }

    async def start(self) -> None:
        """Listen; ``port`` is known afterwards."""
        self._server = await self.loop.create_server(
            lambda: _Connection(self), "127.0.0.1", self.port, backlog=2048
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.start())
        self._ready.set()
        self.loop.run_forever()
        assert self._server is not None
        self._server.close()
        for transport in [*self.open]:  # of requests that a failed test still waits for
            transport.abort()
        self.loop.run_until_complete(asyncio.sleep(0.01))
        self.loop.close()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(60)
        return self

    def __exit__(self, *exc: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(60)


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def main(argv: list[str] | None = None) -> None:
    """Serve until standard input closes; the first line printed is the base URL."""
    parser = argparse.ArgumentParser(prog="python -m tests.loopback", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    parser.add_argument("--seed", type=int, default=0)
    for name in ("rate429", "rate500", "malformed", "cut", "reset", "empty", "hang"):
        parser.add_argument(f"--{name}", type=float, default=0.0, help="share of requests")
    parser.add_argument("--retry-after", default=None, help="header of each 429")
    parser.add_argument("--limit", type=float, default=0.0, help="requests a second; then 429")
    parser.add_argument("--log", default=None, help="file: number, kind, hash of each request")
    options = vars(parser.parse_args(argv))
    port, limit, log = (options.pop(name) for name in ("port", "limit", "log"))
    stream = open(log, "a", buffering=1) if log else None  # noqa: SIM115 - until we end
    server = Loopback(port=port, latency=options["latency"], keep=False, log=stream)
    if limit:
        server.script(rate_limit(limit, burst=limit / 10, latency=options["latency"]))
    elif any(value for name, value in options.items() if name not in ("latency", "seed")):
        server.script(faults(**options))
    with server:
        print(server.base_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
