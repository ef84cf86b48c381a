"""Tapes: real answers in a small JSONL file, to run notebooks without a key or a model.

A line holds where an answer belongs (column, row, attempt, candidate), hashes of what was
asked, and the answer. A request is found again only if all of it is the same; origin and
timing are not part of it. Lines are appended as answers come and sorted when the last
recorder closes, so that a tape in version control changes where answers changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO, TypeAlias

from synthnb.errors import (
    ModelError,
    RetryableModelError,
    RowModelError,
    SettingsError,
    SourceError,
    TapeMiss,
)
from synthnb.middleware.layer import Layer
from synthnb.types import JSON, Completion, Model, Request

__all__ = ["Recorder", "Replay", "check_writable"]

HEADER = {"synthnb_tape": 1}
Place: TypeAlias = tuple[str, int, int, int]
"""(column, row, attempt, candidate), the order of the lines."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a tape knows it: where it belongs, and hashes of what it says."""

    column: str
    row: int
    attempt: int
    candidate: int
    model: str
    prompt: str
    params: str
    schema: str | None
    seed: int | None

    @property
    def place(self) -> Place:
        """Where the answer belongs."""
        return (self.column, self.row, self.attempt, self.candidate)

    @classmethod
    def of(cls, request: Request) -> Asked:
        """What a tape keeps of a request."""
        prompt: JSON = [dict(message) for message in request.messages]
        return cls(
            request.column,
            request.row,
            request.attempt,
            request.candidate,
            request.model,
            _hash(prompt if request.raw is None else {"raw": request.raw}),
            _hash(dict(request.params)),
            None if request.schema is None else _hash(request.schema),
            request.seed,
        )


class Recorder(Layer):
    """A ``Model`` around a model that writes down what it answers.

    Several recorders may share one tape. What a tape held before is kept, unless the same
    request is answered anew. Failures that belong to a row (a truncated answer) are
    recorded too, so that a replay rejects the same rows; ``aclose`` sorts the tape.
    Raises ``SourceError`` for rows marked local only, ``SettingsError`` if the file cannot
    be written or is no tape.
    """

    def __init__(self, model: Model, path: str | Path, *, local_only: bool = False) -> None:
        if local_only:
            raise SourceError("These rows are marked local only: a tape would carry them away.")
        super().__init__(model)
        self._tape: _Writer | None = _Writer.acquire(Path(path).expanduser().absolute())

    async def complete(self, request: Request) -> Completion:
        """Ask the model and note its answer."""
        try:
            answer = await self._model.complete(request)
        except (RowModelError, RetryableModelError) as error:
            self._note(request, _failure(error))
            raise
        self._note(request, _answer(answer))
        return answer

    async def aclose(self) -> None:
        """Sort and save the tape, then close the model."""
        tape, self._tape = self._tape, None
        if tape is not None:
            tape.release()
        await self._model.aclose()

    def _note(self, request: Request, what: dict[str, JSON]) -> None:
        if self._tape is not None:
            self._tape.add(Asked.of(request), what)


class Replay:
    """A ``Model`` that answers from a tape, at once and always the same.

    Raises ``SettingsError`` if the tape is absent or damaged; ``complete`` raises
    ``TapeMiss`` for what the tape does not hold, saying what differs.
    """

    def __init__(self, path: str | Path, name: str = "tape/replay") -> None:
        self._path = Path(path).expanduser().absolute()
        self._name = name
        self._answers = _load(self._path)
        self._places: dict[Place, list[Asked]] = {}
        for asked in self._answers:
            self._places.setdefault(asked.place, []).append(asked)

    @property
    def name(self) -> str:
        """``PROFILE/MODEL`` of the model it stands for."""
        return self._name

    @property
    def origin(self) -> str:
        """The same for every tape: where it lies is nobody's business."""
        return "tape:"

    async def complete(self, request: Request) -> Completion:
        """The recorded answer, or the recorded failure raised again."""
        asked = Asked.of(request)
        what = self._answers.get(asked)
        if what is None:
            raise TapeMiss(
                f"{self._why(asked)} Record it again with --record {self._path.name}"
            )
        if "error" in what:
            raise _raised(what["error"])
        return _completion(what)

    async def aclose(self) -> None:
        """Nothing to release."""

    def _why(self, asked: Asked) -> str:
        """One sentence: where we are, and what is most likely to differ."""
        where = f"row {asked.row} of column {asked.column or 'text'!r}"
        tries = (("attempt", asked.attempt), ("candidate", asked.candidate))
        where += "".join(f", {label} {number}" for label, number in tries if number)
        here = self._places.get(asked.place)
        start = f"Tape {self._path.name} has no answer for {where}"
        if here is None:
            rows = sorted({a.row for a in self._answers if a.column == asked.column})
            columns = sorted({a.column for a in self._answers})
            if rows and asked.row not in rows:
                return f"{start}: it holds rows {rows[0]} to {rows[-1]} of that column."
            if rows:
                return f"{start}: it was recorded with other checks, or fewer tries."
            known = ", ".join(repr(column) for column in columns) or "nothing"
            return f"{start}: it holds {known}."
        return f"{start}: {_differences(asked, here)}."


def _differences(asked: Asked, here: Iterable[Asked]) -> str:
    def differing(other: Asked) -> list[str]:
        parts = ("model", "prompt", "schema", "params", "seed")
        return [part for part in parts if getattr(asked, part) != getattr(other, part)]

    nearest = min(here, key=lambda other: len(differing(other)))
    words = {
        "model": f"it was recorded with {nearest.model}, not {asked.model}",
        "prompt": "the prompt changed (its text, system prompt, examples or the row's values)",
        "schema": "the schema or choices changed",
        "params": "the params changed",
        "seed": "the seed changed",
    }
    return "; ".join(words[part] for part in differing(nearest))


def _answer(answer: Completion) -> dict[str, JSON]:
    what: dict[str, JSON] = {"text": answer.text}
    if answer.finish_reason != "stop":
        what["finish"] = answer.finish_reason
    what["tokens"] = [answer.prompt_tokens, answer.completion_tokens]
    if answer.estimated:
        what["estimated"] = True
    if answer.model is not None:
        what["answered_by"] = answer.model
    if answer.reasoning is not None:
        what["reasoning"] = answer.reasoning
    if answer.logprobs is not None:
        what["logprobs"] = [[token, round(value, 6)] for token, value in answer.logprobs]
    return what


def _completion(what: Mapping[str, JSON]) -> Completion:
    tokens = what.get("tokens") or (None, None)
    logprobs = what.get("logprobs")
    return Completion(
        text=what["text"],
        finish_reason=what.get("finish", "stop"),
        prompt_tokens=tokens[0],
        completion_tokens=tokens[1],
        model=what.get("answered_by"),
        reasoning=what.get("reasoning"),
        cached=True,
        estimated=bool(what.get("estimated")),
        logprobs=None if logprobs is None else tuple((t, float(v)) for t, v in logprobs),
    )


def _failure(error: ModelError) -> dict[str, JSON]:
    row = isinstance(error, RowModelError)
    said: dict[str, JSON] = {"kind": error.kind, "message": str(error), "raw": error.raw}
    if error.prompt_tokens is not None or error.completion_tokens is not None:
        said["tokens"] = [error.prompt_tokens, error.completion_tokens]
    return {"error": said if row else {**said, "retryable": True}}


def _raised(said: Mapping[str, JSON]) -> ModelError:
    kind = RetryableModelError if said.get("retryable") else RowModelError
    error = kind(said["message"], kind=said["kind"], raw=said.get("raw", ""))
    error.prompt_tokens, error.completion_tokens = said.get("tokens") or (None, None)
    error.cached = True
    return error


def _hash(value: JSON) -> str:
    """12 hex digits: enough to tell a changed prompt, short enough to read past."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _line(asked: Asked, what: Mapping[str, JSON]) -> str:
    said = asdict(asked)
    for key, usual in (("attempt", 0), ("candidate", 0), ("schema", None), ("seed", None)):
        if said[key] == usual:
            del said[key]
    return json.dumps({**said, **what}, ensure_ascii=False, separators=(",", ":")) + "\n"


def _load(path: Path) -> dict[Asked, dict[str, JSON]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        raise SettingsError(f"There is no tape {path}: record one with --record.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The tape {path} cannot be read: {error}.") from None
    answers: dict[Asked, dict[str, JSON]] = {}
    for number, line in enumerate(lines, 1):
        try:
            held = json.loads(line) if line.strip() or number == 1 else None
            if number == 1 and held != HEADER:
                raise ValueError
            if number > 1 and held is not None:
                asked, what = _parse(held)
                answers[asked] = what
        except (ValueError, TypeError, KeyError, RecursionError):
            raise SettingsError(
                f"Line {number} of {path} is not what a tape holds: record it again."
            ) from None
    return answers


def _parse(held: dict[str, JSON]) -> tuple[Asked, dict[str, JSON]]:
    """Check every field: a tape may come from anywhere."""
    asked = Asked(
        _typed(held.pop("column"), str),
        _typed(held.pop("row"), int),
        _typed(held.pop("attempt", 0), int),
        _typed(held.pop("candidate", 0), int),
        _typed(held.pop("model"), str),
        _typed(held.pop("prompt"), str),
        _typed(held.pop("params"), str),
        _typed(held.pop("schema", None), str, optional=True),
        _typed(held.pop("seed", None), int, optional=True),
    )
    if "error" in held:
        said = _typed(held["error"], dict)
        for key in ("kind", "message", "raw"):
            _typed(said.get(key), str)
        _check_tokens(said)
    else:
        _typed(held["text"], str)
        for key in ("finish", "answered_by", "reasoning"):
            _typed(held.get(key), str, optional=True)
        _check_tokens(held)
        _completion(held)
    return asked, held


def _check_tokens(said: Mapping[str, JSON]) -> None:
    asked, written = said.get("tokens") or (None, None)
    _typed(asked, int, optional=True)
    _typed(written, int, optional=True)


def _typed(value: JSON, kind: type, *, optional: bool = False) -> JSON:
    if not (isinstance(value, kind) or (optional and value is None)):
        raise TypeError
    return value


def check_writable(path: Path) -> None:
    """Raise ``SettingsError`` unless a tape can be written there; leaves nothing behind."""
    if path.is_file() and path.stat().st_size:
        _load(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
        if path.exists():
            path.open("ab").close()
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> SettingsError:
    return SettingsError(f"The tape {path} cannot be written: {error.strerror or error}.")


class _Writer:
    """One tape that is being recorded, shared by its recorders."""

    _open: dict[Path, _Writer] = {}  # noqa: RUF012 - one registry for the process
    _guard = threading.Lock()

    def __init__(self, path: Path) -> None:
        self.path = path
        self.users = 0
        self._answers = _load(path) if path.is_file() and path.stat().st_size else {}
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = path.open("a", encoding="utf-8", newline="\n")
            if not self._file.tell():
                self._file.write(json.dumps(HEADER, separators=(",", ":")) + "\n")
        except OSError as error:
            raise _unwritable(path, error) from None

    @classmethod
    def acquire(cls, path: Path) -> _Writer:
        with cls._guard:
            writer = cls._open.get(path) or cls(path)
            cls._open[path] = writer
            writer.users += 1
            return writer

    def add(self, asked: Asked, what: dict[str, JSON]) -> None:
        with self._lock:
            self._answers[asked] = what
            self._file.write(_line(asked, what))
            self._file.flush()

    def release(self) -> None:
        with self._guard:
            self.users -= 1
            if self.users:
                return
            del self._open[self.path]
            self._file.close()
            self._save()

    def _save(self) -> None:
        def order(asked: Asked) -> tuple[Place, str]:
            return (asked.place, f"{asked.model} {asked.prompt} {asked.params} {asked.schema}")

        fd, scratch = tempfile.mkstemp(prefix=".tape-", dir=self.path.parent)
        try:
            with os.fdopen(fd, "w", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps(HEADER, separators=(",", ":")) + "\n")
                for asked in sorted(self._answers, key=order):
                    file.write(_line(asked, self._answers[asked]))
            os.chmod(scratch, self.path.stat().st_mode & 0o777)
            os.replace(scratch, self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(scratch)
            raise _unwritable(self.path, error) from None
