"""The vocabulary: what rooms hand to each other. No behaviour beyond sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, TypedDict, runtime_checkable

__all__ = [
    "JSON",
    "Call",
    "Completion",
    "Embedder",
    "Message",
    "Model",
    "Origin",
    "Reason",
    "Record",
    "Request",
    "Row",
    "Usage",
    "check_of",
]

JSON: TypeAlias = Any
"""A JSON value: str, int, float, bool, None, list or dict of them."""

Row: TypeAlias = dict[str, JSON]
"""Column name to value."""


class Message(TypedDict):
    """One chat message as the OpenAI API takes it."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model. Equal requests may share one stored answer."""

    model: str
    """``PROFILE/MODEL``."""
    messages: tuple[Message, ...]
    params: Mapping[str, JSON] = field(default_factory=dict)
    """``temperature``, ``top_p``, ``max_tokens``, ``stop`` …; anything under ``extra`` is
    passed through as a top-level field of the request body."""
    schema: Mapping[str, JSON] | None = None
    """A JSON Schema that the answer must follow; ``None`` for free text."""
    column: str = ""
    row: int = 0
    attempt: int = 0
    candidate: int = 0
    seed: int | None = None
    raw: str | None = None
    """A raw completion prompt (no chat template) instead of ``messages``."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer. ``text`` is what the model wrote, untouched."""

    text: str
    finish_reason: str | None = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    model: str | None = None
    """The model's name as the server reports it."""
    reasoning: str | None = None
    elapsed: float = 0.0
    """Seconds from dispatch to the whole answer."""
    cached: bool = False
    """Came from the store or a tape: no request was sent."""
    estimated: bool = False
    """Token counts are our estimate: the server named none, or impossible ones."""
    logprobs: tuple[tuple[str, float], ...] | None = None
    """(token, natural log-probability) where the request asked for them."""
    room: tuple[float, float] | None = None
    """(requests, requests a second) that the server says it has left, and refills."""


@runtime_checkable
class Model(Protocol):
    """Anything that answers requests; middleware is a Model around a Model."""

    @property
    def name(self) -> str:
        """``PROFILE/MODEL``."""

    @property
    def origin(self) -> str:
        """``scheme://host:port`` of the endpoint, ``local:HASH`` in the process."""

    async def complete(self, request: Request) -> Completion:
        """Answer one request or raise a ``ModelError``."""

    async def aclose(self) -> None:
        """Release connections and threads; further calls are errors."""


@dataclass(frozen=True, slots=True)
class Embeddings:
    """One vector a text, in the order of the texts and all of one length."""

    vectors: list[list[float]]
    prompt_tokens: int | None = None
    """Tokens of the texts, where the endpoint says so."""


@runtime_checkable
class Embedder(Protocol):
    """A model that gives embeddings as well."""

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """The texts' embeddings, or a ``ModelError``."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Sums over answers. ``cost`` is ``None`` as soon as one price is unknown."""

    requests: int = 0
    """Requests really sent (cached answers do not count)."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached: int = 0
    """Answers taken from the store or a tape."""
    cost: float | None = 0.0
    currency: str = "USD"

    def __add__(self, other: Usage) -> Usage:
        both_known = self.cost is not None and other.cost is not None
        return Usage(
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cached + other.cached,
            (self.cost or 0.0) + (other.cost or 0.0) if both_known else None,
            self.currency,
        )

    @property
    def tokens(self) -> int:
        """Prompt and completion tokens together."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a candidate was rejected, or what one check found."""

    rule: str
    """Check or engine rule: ``length``, ``near_duplicate``, ``truncated``, ``refusal`` …; of a
    check that measures several things, one of them: ``judge: faithful``."""
    value: JSON = None
    """What was measured (71, 0.83, …)."""
    message: str = ""
    """One line for people."""
    column: str | None = None
    passed: bool = False


def check_of(rule: str) -> str:
    """The check behind a rule, as recipes name it.

    >>> check_of("judge: faithful"), check_of("length")
    ('judge', 'length')
    """
    return rule.partition(":")[0]


Origin: TypeAlias = Literal["real", "synthetic", "edited", "unknown"]
"""Who stands behind a row's values."""


@dataclass(frozen=True, slots=True)
class Call:
    """One model call behind a value, kept for the row's detail view."""

    column: str
    model: str
    messages: tuple[Message, ...]
    answer: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None
    elapsed: float = 0.0
    cached: bool = False
    attempt: int = 0
    candidate: int = 0
    seed: int | None = None
    finish_reason: str | None = None
    few_shot: tuple[int, ...] = ()
    """Positions of the examples shown, in the column's ``examples``."""


@dataclass(frozen=True, slots=True)
class Record:
    """One candidate row, accepted or rejected, with everything known about it."""

    index: int
    """Position in the plan: attributes, source row and seeds follow from it."""
    values: Row
    """Data columns in recipe order, hidden ones left out."""
    accepted: bool = True
    reasons: tuple[Reason, ...] = ()
    """Why it was rejected; empty when accepted."""
    checks: tuple[Reason, ...] = ()
    """Every check that ran, passed or not."""
    calls: tuple[Call, ...] = ()
    hidden: Row = field(default_factory=dict)
    """Columns marked ``hidden``, kept for the detail view."""
    attempt: int = 0
    """0 for the plan's own candidate, above 0 for top-up candidates."""
    candidate: int = 0
    origin: Origin = "synthetic"
    """``unknown``: read from a file that does not tell."""
    parents: tuple[str, ...] = ()
    """Ids of the rows it was made from."""
    generation: int = 1
    """0 for real rows, 1 for rows made from none or real ones, and so on."""
    source: Row | None = None
    """The source row behind it, if any."""
    id: str = ""
    """Stable id: hash of recipe fingerprint, index, attempt, candidate."""
    held_out: bool = False
    """A real row that was kept from the models: it belongs to the test side."""
