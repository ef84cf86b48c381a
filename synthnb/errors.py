"""What can go wrong, sorted by whose move it is.

SynthError
├── RecipeError            the recipe's author: a key, a value, a reference
│   ├── TemplateError      a prompt or expression that cannot be rendered
│   ├── CheckError         an unknown check or an option it does not take
│   └── WouldOverwrite     the file to be saved holds what somebody else wrote
├── SourceError            the real rows: absent, not a table, marked local only
├── SettingsError          the machine's owner: profile, key, model name
├── StoreError             the database file: full, read-only, damaged, too new
├── TapeMiss               a replayed tape holds no answer to this request
├── ExportError            rows cannot be written in this format or under these terms
└── ModelError             the model or its server
    ├── FatalModelError    stop the run: quota, 401, 403, 404, a refused parameter
    ├── RetryableModelError  ask again: 429, 5xx, reset, timeout, unreadable reply
    │   └── RateLimited    429, with the server's own wait where it names one
    └── RowModelError      this row only: refusal, filter, truncated, empty, too long

Everything before the first request raises; everything after it becomes a
rejected row or the end of a run, never a lost row.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from synthnb.visible import visible

__all__ = [
    "CheckError",
    "ExportError",
    "FatalModelError",
    "ModelError",
    "RateLimited",
    "RecipeError",
    "RetryableModelError",
    "RowModelError",
    "SettingsError",
    "SourceError",
    "StoreError",
    "SynthError",
    "TapeMiss",
    "TemplateError",
    "WouldOverwrite",
    "os_error",
]


class SynthError(Exception):
    """Base of all errors raised on purpose: the text is one clear line for the user.

    It may quote a recipe, a file or a server, so it is shown as ``visible`` shows it: a
    traceback that a terminal prints does not act.
    """

    def __str__(self) -> str:
        return visible(super().__str__())


class RecipeError(SynthError):
    """A recipe that cannot be read or run.

    ``line`` is the 1-based line in the file or cell, ``None`` where there is none.
    """

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(f"Line {line}: {message}" if line is not None else message)
        self.message = message
        self.line = line


class TemplateError(RecipeError):
    """A template that names an unknown column or breaks the sandbox's rules."""


class CheckError(RecipeError):
    """A check that does not exist, or an option that it does not take.

    ``place`` is its position in the recipe's list of checks, ``None`` where there is none.
    """

    place: int | None = None


class WouldOverwrite(RecipeError):
    """A file that was not written over; ``reason`` says so without what would force it.

    ``difference`` are the lines of a unified diff, none where the file is no text.
    """

    def __init__(self, reason: str, difference: Sequence[str] = ()) -> None:
        remedy = f"{reason} --force (force=True) overwrites it."
        super().__init__("\n".join([remedy, *difference]))
        self.reason = reason
        self.difference = tuple(difference)


class SourceError(SynthError):
    """Source rows that cannot be read or must not be used this way."""


class SettingsError(SynthError):
    """User settings: an unknown profile or model, a missing key, a broken file."""


class StoreError(SynthError):
    """The database of answers and runs cannot be opened or written."""


class TapeMiss(SynthError):
    """The tape has no answer to this request."""


class ExportError(SynthError):
    """Rows cannot be written in this format, or under these terms."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the line that says what to pass, not the way to it."""
        return [f"ExportError: {self}"]


class ModelError(SynthError):
    """The model or its server failed.

    ``kind`` is a short stable word used in counts and reasons, such as ``quota``
    or ``timeout``; ``raw`` is what the server said, already without secrets.
    """

    def __init__(self, message: str, *, kind: str, raw: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.raw = raw
        self.prompt_tokens: int | None = None
        """Tokens of an answer that was paid for and is no use all the same."""
        self.completion_tokens: int | None = None
        self.cached = False
        """A tape told of the failure: nothing was sent."""


class FatalModelError(ModelError):
    """No further request can succeed: the run stops and keeps its rows."""


class RetryableModelError(ModelError):
    """The same request may succeed later."""


class RateLimited(RetryableModelError):
    """HTTP 429. ``retry_after`` is the server's wait in seconds, ``None`` if unnamed."""

    def __init__(
        self,
        message: str,
        *,
        kind: str = "rate_limit",
        raw: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, kind=kind, raw=raw)
        self.retry_after = retry_after


class RowModelError(ModelError):
    """This row's answer is no use, and asking again as it is will not help."""


def os_error(error: OSError) -> str:
    """What the operating system refused, as one line: the file and why."""
    try:
        os.getcwd()
    except OSError:
        return "The folder that this process works in is gone; go to another one (%cd)."
    where = f"{error.filename}: " if error.filename else ""
    why = error.strerror or str(error) or type(error).__name__
    return visible(f"{where}{why}")
