"""llama.cpp in this process: one slot a server, so that a seed decides the text.

What was measured (2 cores, SmolLM2-135M, dozens of three-turn chats):

- Rows that share a server's batch change each other's texts, up to half of them, by way
  of the prompt cache, flash attention and kernels that depend on the batch. So a server
  has one slot and no flash attention, and its cache is used only where it cannot matter;
  rows run at once on several servers, whose weights are the same mapped pages.
- llama.cpp's threads meet at a barrier hundreds of times a token. Where they spin, a busy
  machine slows it 50-fold; where they sleep (OMP_WAIT_POLICY=passive), 3-fold; one thread
  a server needs no barrier.
- The server must listen somewhere. It gets a Unix socket in a private folder, which is
  unlinked as soon as it is bound: nobody can connect, and no port is open.
"""

from __future__ import annotations

import atexit
import ctypes
import importlib
import json
import os
import platform
import secrets
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from synthnb.errors import SettingsError

__all__ = ["Engine", "Shape", "acquire", "load_server", "many_small", "one_large", "release"]


_READ_AT_ONCE = 512
"""Tokens of a prompt that one pass takes."""


class Shape(NamedTuple):
    """How much of the machine a model gets."""

    servers: int
    """Requests that are worked on at once."""
    threads: int
    """Threads of one server."""
    context: int
    """Tokens of prompt and answer together."""


def many_small(context: int) -> Shape:
    """For a small model: a server and a thread for each core, up to four."""
    return Shape(max(1, min(_cores(), 4)), 1, context)


def one_large(context: int) -> Shape:
    """For a model that fills the machine: one server with all cores, up to eight."""
    return Shape(1, max(1, min(_cores(), 8)), context)


def library() -> Any:
    """The ``xllamacpp`` module; a ``SettingsError`` with the command where it is absent."""
    policy = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}
    ours = not policy & set(os.environ)
    if ours:
        os.environ["OMP_WAIT_POLICY"] = "passive"  # read once, while the library loads
    try:
        return importlib.import_module("xllamacpp")
    except ModuleNotFoundError:
        raise SettingsError(
            "Models that run in this process need xllamacpp: `pip install 'synthnb[local]'`."
        ) from None
    except ImportError as error:
        hint = " (on Debian and Ubuntu: `apt install libgomp1`)" if "gomp" in str(error) else ""
        raise SettingsError(f"xllamacpp is installed but cannot load: {error}{hint}.") from None
    finally:
        if ours:
            os.environ.pop("OMP_WAIT_POLICY", None)


def load_server(path: Path, shape: Shape, *, embedding: bool = False) -> Any:
    """A running ``xllamacpp.Server`` that nobody outside this process can reach."""
    xllamacpp = library()
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_parallel = 1
    params.n_ctx = shape.context
    params.n_batch = params.n_ubatch = _READ_AT_ONCE
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = shape.threads
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.cache_prompt = False
    params.cache_ram_mib = 0
    params.warmup = False
    params.verbosity = -1
    params.offline = True
    params.ui = False
    params.endpoint_slots = False
    params.n_threads_http = 1
    params.api_keys = [secrets.token_urlsafe(32)]
    if embedding:
        params.embedding = True
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    with tempfile.TemporaryDirectory(prefix="synthnb-") as private:
        if sys.platform != "win32":
            params.hostnames = [os.path.join(private, "llama.sock")]
        server = xllamacpp.Server(params)
    if not embedding:
        # A server that is freed before its loop has begun never ends: wait for a token.
        server.handle_completions({"prompt": "a", "max_tokens": 1})
    return server


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 2


class _Server:
    """One server, and what it read last: a shared beginning need not be read again.

    Reading only the rest is half the work for few-shot prompts, and changes no bit of the
    answer so long as every token of a prompt is read together with another one: kernels
    for one token alone round differently. (On ARM they differ by odd and even, so there
    every prompt is read whole.)
    """

    def __init__(self, native: Any) -> None:
        self.native = native
        self._last: tuple[list[Mapping[str, str]], Any] | None = None

    def ask(
        self, body: Mapping[str, Any], stopped: Callable[[], bool], raw: bool
    ) -> list[dict[str, Any]]:
        """The answer's chunks; the last one holds the usage unless it was stopped."""
        now = None if raw else (body["messages"], body.get("chat_template_kwargs"))
        share = now is not None and self._last is not None and _may_share(self._last, now)
        self._last = None
        chunks = self._once(body, share, stopped, raw)
        if share and not stopped() and _read_one_alone(chunks):
            chunks = self._once(body, False, stopped, raw)
        if not stopped() and not any("error" in chunk for chunk in chunks):
            self._last = now
        return chunks

    def _once(
        self, body: Mapping[str, Any], share: bool, stopped: Callable[[], bool], raw: bool
    ) -> list[dict[str, Any]]:
        chunks: list[dict[str, Any]] = []

        def on_chunk(data: bytes) -> bool:
            if data != b"[DONE]":
                chunks.append(json.loads(data))
            return stopped()

        server = self.native
        ask = server.handle_completions if raw else server.handle_chat_completions
        ask(json.dumps({**body, "cache_prompt": share}).encode(), on_chunk)
        return chunks


def _may_share(last: tuple[Any, Any], now: tuple[Any, Any]) -> bool:
    """The prompts part inside a message, so before anything that the model wrote."""
    if platform.machine().lower() not in ("x86_64", "amd64") or last[1] != now[1]:
        return False
    before, messages = last[0], now[0]
    roles = [message["role"] for message in messages]
    return roles == [message["role"] for message in before] and any(
        a["content"].strip() != b["content"].strip()
        for a, b in zip(before, messages, strict=True)
    )


def _read_one_alone(chunks: list[dict[str, Any]]) -> bool:
    """Whether a token of the prompt was read alone, here or had it been read whole."""
    usages = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
    usage: dict[str, Any] = usages[-1] if usages else {}
    whole = usage.get("prompt_tokens", 1)
    shared = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
    return shared > 0 and 1 in (whole % _READ_AT_ONCE, (whole - shared) % _READ_AT_ONCE)


class Engine:
    """Servers of one model, each loaded when it is first needed. Ask with ``submit``."""

    def __init__(self, path: Path, shape: Shape) -> None:
        self.path = path
        self.shape = shape
        self.users = 0
        self._free: list[_Server] = []
        self._servers: list[_Server] = []
        self._embedder: Any = None
        self._loading = threading.Lock()
        self._closing = threading.Event()
        self._threads = ThreadPoolExecutor(shape.servers, thread_name_prefix="synthnb-llama")

    def submit(
        self, body: Mapping[str, Any], cancelled: threading.Event, *, raw: bool = False
    ) -> Future[list[dict[str, Any]]]:
        """The server's chunks for one request body; cut short once ``cancelled`` is set."""
        return self._threads.submit(self._ask, body, cancelled, raw)

    def embed(self, texts: list[str]) -> Future[dict[str, Any]]:
        """The server's answer for these texts; another server loads on first use."""
        return self._threads.submit(self._embed, texts)

    def _ask(
        self, body: Mapping[str, Any], cancelled: threading.Event, raw: bool
    ) -> list[dict[str, Any]]:
        def stopped() -> bool:
            return cancelled.is_set() or self._closing.is_set()

        if stopped():
            return []
        server = self._take()
        try:
            return server.ask(body, stopped, raw)
        finally:
            self._free.append(server)

    def _take(self) -> _Server:
        """A free server; there are never more than threads that ask."""
        try:
            return self._free.pop()
        except IndexError:
            with self._loading:
                server = _Server(_loaded(self.path, self.shape))
                self._servers.append(server)
                return server

    def _embed(self, texts: list[str]) -> dict[str, Any]:
        with self._loading:
            if self._embedder is None:
                self._embedder = _loaded(self.path, self.shape, embedding=True)
            answer: dict[str, Any] = self._embedder.handle_embeddings({"input": texts})
            return answer

    def close(self) -> None:
        """Cut running answers short, end the threads, free the memory."""
        self._closing.set()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._free.clear()
        self._servers.clear()
        self._embedder = None

    def abandon(self) -> None:
        """After a fork: the threads live in the parent, so nothing may be torn down here."""
        for server in (*(server.native for server in self._servers), self._embedder):
            if server is not None:
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(server))


def _loaded(path: Path, shape: Shape, *, embedding: bool = False) -> Any:
    try:
        return load_server(path, shape, embedding=embedding)
    except RuntimeError:
        raise SettingsError(
            f"llama.cpp cannot load {path}: it may be damaged, of a newer kind than the "
            "installed xllamacpp knows, or too large for this machine's memory."
        ) from None


_engines: dict[tuple[Path, Shape], Engine] = {}
_guard = threading.Lock()


def acquire(path: Path, shape: Shape) -> Engine:
    """The engine for this file, shared; every ``acquire`` needs its ``release``."""
    with _guard:
        engine = _engines.get((path, shape)) or Engine(path, shape)
        _engines[path, shape] = engine
        engine.users += 1
        return engine


def release(engine: Engine) -> None:
    """Give it back; the last one out frees it. May wait for a token to be finished."""
    with _guard:
        engine.users -= 1
        last = engine.users == 0
        if last:
            _engines.pop((engine.path, engine.shape), None)
    if last:
        engine.close()


def _close_all() -> None:
    for engine in list(_engines.values()):
        engine.close()
    _engines.clear()


def _after_fork() -> None:
    global _guard
    _guard = threading.Lock()
    for engine in _engines.values():
        engine.abandon()
    _engines.clear()


# ThreadPoolExecutor's own exit hook would wait for whole answers: ours cuts them first.
_before_exit: Callable[[Callable[[], None]], object] = getattr(
    threading, "_register_atexit", atexit.register
)
_before_exit(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
