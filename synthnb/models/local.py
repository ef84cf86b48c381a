"""Models that run in this process: the embedded one, and any GGUF file.

``local/smollm2-135m`` is SmolLM2-135M-Instruct (English, small: what it shows is the
machinery and real failures worth finding); ``local/PATH.gguf`` is any other file.
The embedded one takes 0.5 s to load and about 200 MB for each server, of which there is one
a core up to four. A row of 80 tokens of prompt, half of them shared with the row before,
and 25 of answer costs half a second of one core (one second on ARM, which shares nothing):
4 rows a second on 2 idle cores. The same seed gives the same text however many rows
run at once.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError as Cancelled
from concurrent.futures import Future
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from synthnb.errors import (
    FatalModelError,
    ModelError,
    RetryableModelError,
    RowModelError,
    SettingsError,
)
from synthnb.models import gguf, llama, weights
from synthnb.settings import Settings
from synthnb.types import JSON, Completion, Embeddings, Request

__all__ = ["LocalModel", "open_model", "without_markers"]

EMBEDDED_CONTEXT = 2048
CONTEXT = 4096
"""Tokens of prompt and answer together, unless a file was trained for fewer."""
SMALL = 500_000_000
"""Bytes below which a model gets a server for each core."""
DEFAULT_MAX_TOKENS = 512
"""Where a recipe names no ``max_tokens``: a small model may never stop by itself."""
LOAD_TIMEOUT = 120.0
"""Seconds for the trial load of a file we do not know."""

_PLAIN = ("temperature", "top_p", "max_tokens", "stop", "presence_penalty", "frequency_penalty")
_EXTRA = {
    *("top_k", "min_p", "typical_p", "top_n_sigma", "xtc_probability", "xtc_threshold"),
    *("repeat_penalty", "repeat_last_n", "dry_multiplier", "dry_base", "dry_allowed_length"),
    *("dry_penalty_last_n", "dry_sequence_breakers", "dynatemp_range", "dynatemp_exponent"),
    *("mirostat", "mirostat_tau", "mirostat_eta", "min_keep", "samplers", "logit_bias"),
    *("ignore_eos", "logprobs", "top_logprobs", "grammar", "chat_template_kwargs"),
}
_MARKERS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<end_of_turn>", "<|end|>", "</s>")


def open_model(name: str, settings: Settings, *, fetch: bool = True) -> LocalModel:
    """The model behind ``local/smollm2-135m`` or ``local/PATH.gguf``, not loaded yet.

    Fetches the embedded model's weights (93 MB) where they are not on this machine, unless
    ``fetch`` is False. A relative path counts from the project folder.
    Raises ``SettingsError``, one line: no such model, a file that does not load, xllamacpp
    or the weights not to be had.
    """
    profile, _, model = name.partition("/")
    llama.library()
    if model == weights.EMBEDDED.name:
        found = weights.fetch() if fetch else weights.find()
        if found is not None:
            weights.verify(found)
        shape = llama.many_small(EMBEDDED_CONTEXT)
        return LocalModel(name, found, shape, weights.EMBEDDED.sha256[:16])
    path = _file(profile, model, settings)
    header = gguf.read_header(path)
    _try_load(path)
    small = path.stat().st_size < SMALL
    shape = (llama.many_small if small else llama.one_large)(
        min(CONTEXT, header.context or CONTEXT)
    )
    return LocalModel(name, path, shape, _id(path))


def _file(profile: str, model: str, settings: Settings) -> Path:
    path = Path(model).expanduser()
    folders = [settings.project or Path.cwd(), *weights.model_folders()]
    if not model.lower().endswith(".gguf"):
        installed = {p.stem: p.name for folder in folders[1:] for p in folder.glob("*.gguf")}
        known = [weights.EMBEDDED.name, *sorted(installed)]
        near = get_close_matches(model, known, 1)
        hint = f"did you mean {profile}/{near[0]}? " if near else ""
        raise SettingsError(
            f"There is no local model {model!r}: {hint}`{profile}/{weights.EMBEDDED.name}` is "
            f"the embedded one, `{profile}/PATH.gguf` runs a file."
        )
    for folder in folders:
        if (folder / path).is_file():
            return (folder / path).resolve()
    looked = "" if path.is_absolute() else f" in {folders[0]} or {folders[1]}"
    raise SettingsError(f"There is no file {path}{looked}.")


def _id(path: Path) -> str:
    """Which file this is, without reading gigabytes: size, first and last MB."""
    digest = hashlib.sha256(str(path.stat().st_size).encode())
    with path.open("rb") as file:
        digest.update(file.read(1 << 20))
        file.seek(max(0, path.stat().st_size - (1 << 20)))
        digest.update(file.read(1 << 20))
    return digest.hexdigest()[:16]


_loadable: set[tuple[Path, int, int]] = set()


def _try_load(path: Path) -> None:
    """Load it in a child process first: a crash of llama.cpp must not take the kernel."""
    stat = path.stat()
    key = (path, stat.st_size, stat.st_mtime_ns)
    if key in _loadable:
        return
    code = (
        "import os, sys; from pathlib import Path; from synthnb.models import llama;"
        "llama.load_server(Path(sys.argv[1]), llama.Shape(1, 1, 256)); os._exit(0)"
    )
    try:
        child = subprocess.run(
            [sys.executable, "-c", code, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=LOAD_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SettingsError(f"{path} did not load within {LOAD_TIMEOUT:.0f} s.") from None
    if child.returncode != 0:
        raise SettingsError(
            f"llama.cpp cannot load {path}: it may be damaged, of a newer kind than the "
            "installed xllamacpp knows, or too large for this machine's memory."
        )
    _loadable.add(key)


class LocalModel:
    """A ``Model`` in this process. Loads on the first request; shared by path.

    ``extra`` parameters that it does not take are refused rather than ignored. One without
    a path has not been fetched: it has a name, and answers nothing.
    """

    def __init__(self, name: str, path: Path | None, shape: llama.Shape, identity: str) -> None:
        self._name = name
        self._origin = f"local:{identity}"
        self._engine = llama.acquire(path, shape) if path is not None else None
        self._missing = path is None

    @property
    def name(self) -> str:
        """``PROFILE/MODEL``."""
        return self._name

    @property
    def origin(self) -> str:
        """``local:HASH`` of the weights."""
        return self._origin

    @property
    def concurrency(self) -> int:
        """Requests that are worked on at once; more wait their turn."""
        return self._open().shape.servers

    async def complete(self, request: Request) -> Completion:
        """Answer one request. Cancelling it stops the model within a token."""
        body = _body(request)
        start = time.monotonic()
        cancelled = threading.Event()
        work = self._open().submit(body, cancelled, raw=request.raw is not None)
        chunks = await _wait(work, cancelled)
        answer = _read(chunks, self._name, time.monotonic() - start)
        try:
            return _checked(answer, request)
        except ModelError as error:  # its tokens were written all the same
            error.prompt_tokens = answer.prompt_tokens
            error.completion_tokens = answer.completion_tokens
            raise

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """One unit vector a text (576 numbers from the embedded model), by mean pooling.

        A text that is longer than the context is a ``RowModelError``.
        """
        vectors: list[list[float]] = []
        tokens = 0
        for at in range(0, len(texts), 64):
            block = [text or " " for text in texts[at : at + 64]]
            answer = await _wait(self._open().embed(block), threading.Event())
            if "error" in answer:
                raise _error(answer["error"], self._name)
            data = sorted(answer["data"], key=lambda item: item["index"])
            vectors += [item["embedding"] for item in data]
            tokens += answer["usage"]["prompt_tokens"]
        return Embeddings(vectors, tokens)

    async def aclose(self) -> None:
        """Give the loaded model back; the last user frees its memory."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await asyncio.to_thread(llama.release, engine)

    def _open(self) -> llama.Engine:
        if self._missing:
            raise FatalModelError(
                f"{self._name} is not on this machine: synthnb models --fetch", kind="missing"
            )
        if self._engine is None:
            raise FatalModelError(f"{self._name} is closed", kind="closed")
        return self._engine


async def _wait(work: Future[Any], cancelled: threading.Event) -> Any:
    try:
        return await asyncio.wrap_future(work)
    except asyncio.CancelledError:
        cancelled.set()
        work.cancel()
        raise
    except Cancelled:
        raise FatalModelError("The model was closed while it wrote", kind="closed") from None
    except ValueError as error:  # llama.cpp could not turn the schema into a grammar
        raise FatalModelError(
            f"The embedded engine cannot follow this schema: {str(error)[-200:]}", kind="schema"
        ) from None


def _body(request: Request) -> dict[str, JSON]:
    """The request as llama.cpp takes it. Ours come last, so ``extra`` cannot replace them."""
    params = dict(request.params)
    extra = params.pop("extra", None) or {}
    unknown = [key for key in extra if key not in _EXTRA]
    unknown += [key for key in params if key not in _PLAIN and key not in _EXTRA]
    if unknown:
        raise FatalModelError(
            f"{request.model} does not take the parameter {unknown[0]!r}", kind="parameter"
        )
    body = {key: value for key, value in {**params, **extra}.items() if value is not None}
    body.setdefault("max_tokens", DEFAULT_MAX_TOKENS)
    if request.raw is None:
        body["messages"] = [dict(message) for message in request.messages]
    else:
        body["prompt"] = request.raw
        if body.pop("logprobs", None):
            body["logprobs"] = body.get("top_logprobs") or 1
    if request.schema is not None:
        body["grammar"] = _grammar(request.schema)
    if request.seed is not None:
        body["seed"] = request.seed % 0xFFFF_FFFF  # 2**32 - 1 means "any"
    body["stream"] = True
    body["stream_options"] = {"include_usage": True}
    return body


def _grammar(schema: Mapping[str, JSON]) -> str:
    """LLGuidance's form of a JSON Schema, without the line breaks that cost tokens."""
    compact = {**schema, "x-guidance": {"whitespace_flexible": False}}
    return "%llguidance {}\nstart: %json " + json.dumps(compact)


def _read(chunks: list[dict[str, Any]], name: str, elapsed: float) -> Completion:
    text: list[str] = []
    thoughts: list[str] = []
    logprobs: list[tuple[str, float]] = []
    finish: str | None = None
    usage: dict[str, int] = {}
    for chunk in chunks:
        if "error" in chunk:
            raise _error(chunk["error"], name)
        usage = chunk.get("usage") or usage
        for choice in chunk.get("choices", ()):
            delta = choice.get("delta", {})
            text.append(choice.get("text") or delta.get("content") or "")
            thoughts.append(delta.get("reasoning_content") or "")
            finish = choice.get("finish_reason") or finish
            for token in (choice.get("logprobs") or {}).get("content") or ():
                logprobs.append((token["token"], token["logprob"]))
    if finish is None:
        raise FatalModelError(f"{name} was closed while it wrote", kind="closed")
    return Completion(
        text="".join(text),
        finish_reason=finish,
        prompt_tokens=usage.get("prompt_tokens"),
        completion_tokens=usage.get("completion_tokens"),
        model=name.partition("/")[2],
        reasoning="".join(thoughts) or None,
        elapsed=elapsed,
        logprobs=tuple(logprobs) or None,
    )


def _checked(answer: Completion, request: Request) -> Completion:
    """Trailing chat markers dropped; a truncated or empty answer is this row's failure."""
    text = without_markers(answer.text)
    if answer.finish_reason == "length":
        tokens = answer.completion_tokens
        raise RowModelError(
            f"Truncated: {request.model} used up its {tokens} tokens; raise max_tokens",
            kind="truncated",
            raw=text,
        )
    if not text.strip():
        raise RowModelError(f"{request.model} wrote nothing", kind="empty", raw=answer.text)
    if request.schema is not None and "stop" not in request.params and not _is_json(text):
        # llama.cpp drops a grammar that it cannot compile, and says nothing.
        raise FatalModelError(
            f"{request.model} cannot follow the schema of column {request.column!r}",
            kind="schema",
            raw=text,
        )
    return dataclasses.replace(answer, text=text)


def without_markers(text: str) -> str:
    """The text without the chat markers that small models spell out at its end.

    >>> without_markers("Fine kettle.<|im_end|> <|im_end|>")
    'Fine kettle.'
    """
    while text.rstrip().endswith(_MARKERS):
        text = text.rstrip()
        text = text[: -next(len(marker) for marker in _MARKERS if text.endswith(marker))]
    return text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _error(error: Mapping[str, Any], name: str) -> ModelError:
    message = str(error.get("message", "unknown error"))[:300]
    if error.get("type") == "exceed_context_size_error":
        return RowModelError(
            f"Too long: {error.get('n_prompt_tokens')} tokens of prompt, {name} takes "
            f"{error.get('n_ctx')}",
            kind="too_long",
            raw=message,
        )
    if error.get("code") == 400:
        return FatalModelError(f"{name} refused a parameter: {message}", kind="parameter")
    return RetryableModelError(f"{name} failed: {message}", kind="server", raw=message)
