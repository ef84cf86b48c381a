"""The parts of a recipe: settings, source, columns, checks, target. Values, no behaviour.

All are frozen and closed to unknown keys; ``synthnb.recipe`` hands them on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from synthnb.types import JSON

__all__ = [
    "Budget",
    "Candidates",
    "Category",
    "CheckSpec",
    "Chunk",
    "Column",
    "Datetime",
    "Expression",
    "FromAccepted",
    "Integer",
    "Like",
    "Mix",
    "Number",
    "Params",
    "Person",
    "Prompt",
    "Purpose",
    "Role",
    "Scalar",
    "Source",
    "Split",
    "Subcategory",
    "Target",
    "Turns",
    "Uuid",
    "Value",
    "label",
]

Scalar: TypeAlias = str | int | float | bool
"""A label: what a category or a choice can be."""

Purpose: TypeAlias = Literal[
    "pre-training", "fine-tuning", "alignment", "evaluation", "augmentation", "teaching"
]


class Value(BaseModel):
    """Base of everything in a recipe: frozen, and closed to unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, strict=True, allow_inf_nan=False
    )


def label(value: JSON) -> str:
    """A label as a key: quotas and subcategories name values by it.

    >>> label("easy"), label(3), label(True)
    ('easy', '3', 'true')
    """
    return str(value).lower() if isinstance(value, bool) else str(value)


_NOT_SAMPLING = frozenset(
    {
        *("model", "messages", "prompt", "stream", "n", "seed", "api_key", "authorization"),
        *("base_url", "headers", "extra_headers", "extra_query", "extra_body", "timeout"),
    }
)
"""What a request holds beside sampling parameters; a recipe names no key and no address."""


class Params(Value):
    """Sampling parameters. ``None`` is left to the endpoint; ``extra`` passes through."""

    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1, le=1_000_000)
    stop: list[str] | None = Field(default=None, min_length=1, max_length=16)
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    extra: dict[str, JSON] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _only_sampling(self) -> Params:
        for key in self.extra:
            if key.lower().replace("-", "_") in _NOT_SAMPLING:
                raise ValueError(f"extra may not hold '{key}': it is no sampling parameter")
        return self


class Chunk(Value):
    """How documents are cut: by sentences, ``words`` a chunk and ``overlap`` shared at most."""

    words: int = Field(default=300, ge=1, le=100_000)
    overlap: int = Field(default=40, ge=0, le=99_999)
    lines: int | None = Field(default=None, ge=1, le=100_000)
    """Cut by lines that are not blank in place of words, without overlap: for code."""


class Source(Value):
    """Real rows behind the synthetic ones: a table file, or documents cut into chunks."""

    path: str | None = None
    documents: str | list[str] | None = None
    chunk: Chunk | None = None
    columns: list[str] | None = None
    order: Literal["shuffle", "file"] = "shuffle"
    per_row: int = Field(default=1, ge=1, le=10_000)
    repeat: bool = False
    keep: bool = True
    """Source columns become columns of the result."""
    license: str | None = None
    sha256: str | None = None
    group: str | None = None
    """Column whose equal values stay on one side of a split."""
    local_only: bool = False
    surrogates: bool = False
    """Made-up values of the same type stand for what the privacy scanner finds."""
    canaries: int = Field(default=0, ge=0, le=10_000)
    """Unique strings planted in as many rows; a row that says one is rejected."""


class Category(Value):
    """A label drawn by weight. ``weights`` are relative, one for each value; none = equal."""

    kind: Literal["category"] = "category"
    values: list[Scalar] = Field(min_length=1)
    weights: list[float] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_weight_each(self) -> Category:
        if not self.weights:
            self.weights.extend([1.0] * len(self.values))
        if len(self.weights) != len(self.values):
            raise ValueError("a category needs one weight for each value")
        if min(self.weights) < 0 or sum(self.weights) <= 0:
            raise ValueError("weights must be 0 or more, and not all 0")
        if len(set(self.values)) != len(self.values):
            twice = next(v for i, v in enumerate(self.values) if v in self.values[:i])
            raise ValueError(f"{twice!r} appears twice in this category")
        return self


class Subcategory(Value):
    """A label drawn from the list that belongs to another column's value."""

    kind: Literal["subcategory"] = "subcategory"
    parent: str
    of: dict[str, list[Scalar]]


class Integer(Value):
    """A whole number, both ends included."""

    kind: Literal["integer"] = "integer"
    low: int = Field(ge=-(2**53), le=2**53)
    high: int = Field(ge=-(2**53), le=2**53)

    @model_validator(mode="after")
    def _in_order(self) -> Integer:
        if self.low > self.high:
            raise ValueError(f"the low end {self.low} is above the high end {self.high}")
        return self


class Number(Value):
    """A real number between two ends, rounded to ``decimals`` if given."""

    kind: Literal["number"] = "number"
    low: float
    high: float
    decimals: int | None = Field(default=None, ge=0, le=15)

    @model_validator(mode="after")
    def _in_order(self) -> Number:
        if self.low > self.high:
            raise ValueError(f"the low end {self.low} is above the high end {self.high}")
        return self


class Datetime(Value):
    """A moment between two, as ISO text; dates alone where both ends are dates."""

    kind: Literal["datetime"] = "datetime"
    start: str
    end: str

    @model_validator(mode="after")
    def _in_order(self) -> Datetime:
        ends = []
        for text in (self.start, self.end):
            try:
                ends.append(datetime.fromisoformat(text))
            except ValueError:
                raise ValueError(
                    f"{text!r} is no ISO date or time, such as 2026-01-31 or 2026-01-31T08:00"
                ) from None
        if (ends[0].tzinfo is None) != (ends[1].tzinfo is None):
            raise ValueError("give both ends a time zone, or neither")
        if ends[0] > ends[1]:
            raise ValueError(f"the first moment {self.start} is after the last {self.end}")
        return self


class Person(Value):
    """A made-up person: an object with name, age, sex, city, job, traits."""

    kind: Literal["person"] = "person"
    locale: Literal["en", "de", "fr", "es"] = "en"


class Uuid(Value):
    """A version 4 UUID drawn from the recipe's seed."""

    kind: Literal["uuid"] = "uuid"


class Like(Value):
    """A column that follows a real one; all of them are fitted jointly."""

    kind: Literal["like"] = "like"
    column: str


class Expression(Value):
    """A Jinja expression over the row; a lone ``{{ … }}`` keeps its type."""

    kind: Literal["expression"] = "expression"
    template: str
    hidden: bool = False


class Candidates(Value):
    """k answers to one prompt, by repetition, temperature or model."""

    n: int = Field(default=1, ge=1, le=64)
    models: list[str] = Field(default_factory=list)
    temperatures: list[float] = Field(default_factory=list)
    flaws: list[str] = Field(default_factory=list)
    """Planted flaws: one candidate is asked to show each."""


class Role(Value):
    """One side of a conversation."""

    system: str = ""
    model: str | None = None


class Turns(Value):
    """A conversation of ``min`` to ``max`` messages, the two roles in strict turn."""

    min: int = Field(default=2, ge=1, le=200)
    max: int = Field(default=6, ge=2, le=200)
    user: Role = Role()
    assistant: Role = Role()
    stop: str | None = None
    tools: list[JSON] = Field(default_factory=list)
    """OpenAI tool schemas that the assistant may call."""
    results: dict[str, str] = Field(default_factory=dict)
    """Tool name to the expression that is its result; ``{{ arguments }}`` is the call's."""
    tool: Role = Role()
    """Who plays the tools that have no expression."""

    @model_validator(mode="after")
    def _in_order(self) -> Turns:
        if self.min > self.max // 2 * 2:
            raise ValueError(f"min {self.min} is above max {self.max // 2 * 2} (in pairs)")
        names = tool_names(self.tools)
        for name in self.results:
            if name not in names:
                known = ", ".join(names) or "none"
                raise ValueError(f"results names no tool: {name!r}; there are {known}")
        return self


def tool_names(tools: list[JSON]) -> list[str]:
    """Names of OpenAI tool schemas, ``{type: function, function: {name}}`` or bare."""
    names = []
    for tool in tools:
        inner = tool.get("function", tool) if isinstance(tool, dict) else None
        name = inner.get("name") if isinstance(inner, dict) else None
        if not isinstance(inner, dict) or not isinstance(name, str) or not name:
            raise ValueError("a tool is {type: function, function: {name, parameters}}")
        if not isinstance(inner.get("parameters", {}), dict):
            raise ValueError(f"the parameters of tool {name!r} are a JSON Schema")
        names.append(name)
    if len(set(names)) != len(names):
        raise ValueError("two tools have the same name")
    return names


class FromAccepted(Value):
    """Examples among rows accepted before: ``shots`` of those that a call shows.

    Candidates go in rounds of ``round``; a round sees what earlier rounds had accepted, so
    the same rows are shown at any concurrency.
    """

    shots: int = Field(ge=1, le=100)
    round: int = Field(default=16, ge=1, le=100_000)


class Prompt(Value):
    """A column that a model writes."""

    kind: Literal["prompt"] = "prompt"
    prompt: str
    system: str | None = None
    model: str | None = None
    params: Params = Params()
    schema_: dict[str, JSON] | str | list[JSON] | None = Field(default=None, alias="schema")
    """Shorthand schema: ``{answer: str, citations: [str]}``."""
    json_schema: dict[str, JSON] | None = None
    choices: list[Scalar] | None = Field(default=None, min_length=1)
    few_shot: int | None = Field(default=None, ge=0, le=1_000)
    """Examples shown a call; all of them where unset."""
    examples: list[dict[str, JSON]] = Field(default_factory=list)
    examples_from: Literal["source"] | None = None
    """The source's rows are the examples: it has a column of this name."""
    from_accepted: FromAccepted | None = None
    """Some of the examples shown are rows of this run (Self-Instruct)."""
    per_call: int = Field(default=1, ge=1, le=100)
    candidates: Candidates | None = None
    turns: Turns | None = None
    code: str | None = None
    """Language of a code column: fences are stripped, the rest parsed."""
    skip_when: str | None = None
    raw: bool = False
    """A raw completion, no chat template (Magpie), where the endpoint allows it."""
    repair: int = Field(default=2, ge=0, le=10)
    """Feedback turns when the answer does not fit the schema."""
    hidden: bool = False
    main: bool = False


Column: TypeAlias = Annotated[
    Category
    | Subcategory
    | Integer
    | Number
    | Datetime
    | Person
    | Uuid
    | Like
    | Expression
    | Prompt,
    Field(discriminator="kind"),
]


class CheckSpec(Value):
    """One check by name with its options; ``synthnb.checks`` knows the names."""

    rule: str
    options: dict[str, JSON] = Field(default_factory=dict)


STOP_WINDOWS = ("novelty_below", "reject_rate_above")
"""What ``stop_if`` watches over the newest candidates."""


class Target(Value):
    """What to end with: accepted rows, exact counts a value, a cap on candidates."""

    rows: int | None = Field(default=None, ge=1, le=1_000_000_000)
    quotas: dict[str, dict[str, Annotated[int, Field(ge=0)]]] = Field(default_factory=dict)
    """``{column: {value: count}}``; ``"a & b": {"x & y": n}`` for a combination."""
    max_candidates: int | None = Field(default=None, ge=1)
    stop_if: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    """Shares from 0 to 1: ``novelty_below`` and ``reject_rate_above`` over the last 50
    candidates, or the name of a rule and how much of all candidates it may take."""


class Budget(Value):
    """Hard caps of one run."""

    usd: float | None = Field(default=None, ge=0)
    tokens: int | None = Field(default=None, ge=0)
    minutes: float | None = Field(default=None, gt=0)


class Mix(Value):
    """``real`` is the share of real rows in the final set, 0 to 1."""

    real: float = Field(ge=0, lt=1)


class Split(Value):
    """Held-out share, whole groups of ``by`` on one side."""

    by: str | None = None
    eval: float = Field(default=0.2, gt=0, lt=1)
