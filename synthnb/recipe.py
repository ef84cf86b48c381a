"""The recipe: the one value that is saved, and the columns it is made of.

A recipe is frozen; an edit is a new value (``replace``). It names models and checks
that are registered elsewhere and holds no secret, no endpoint and no code.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias, Union

from pydantic import BaseModel, ConfigDict, Field

from synthnb.types import JSON

__all__ = ["Recipe"]

Purpose: TypeAlias = Literal[
    "pre-training", "fine-tuning", "alignment", "evaluation", "augmentation", "teaching"
]


class Value(BaseModel):
    """Base of everything in a recipe: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Params(Value):
    """Sampling parameters. ``None`` is left to the endpoint; ``extra`` passes through."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: list[str] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    extra: dict[str, JSON] = Field(default_factory=dict)


class Chunk(Value):
    """How documents are cut: ``words`` a chunk, ``overlap`` words shared."""

    words: int = 300
    overlap: int = 40


class Source(Value):
    """Real rows behind the synthetic ones: a table file, or documents cut into chunks."""

    path: str | None = None
    documents: str | list[str] | None = None
    chunk: Chunk | None = None
    columns: list[str] | None = None
    order: Literal["shuffle", "file"] = "shuffle"
    per_row: int = 1
    repeat: bool = False
    keep: bool = True
    """Source columns become columns of the result."""
    license: str | None = None
    sha256: str | None = None
    group: str | None = None
    """Column whose equal values stay on one side of a split."""
    local_only: bool = False


class Category(Value):
    """A label drawn by weight. ``weights`` are relative, one for each value."""

    kind: Literal["category"] = "category"
    values: list[str | int | float | bool]
    weights: list[float]


class Subcategory(Value):
    """A label drawn from the list that belongs to another column's value."""

    kind: Literal["subcategory"] = "subcategory"
    parent: str
    of: dict[str, list[str | int | float | bool]]


class Integer(Value):
    """A whole number, both ends included."""

    kind: Literal["integer"] = "integer"
    low: int
    high: int


class Number(Value):
    """A real number between two ends, rounded to ``decimals`` if given."""

    kind: Literal["number"] = "number"
    low: float
    high: float
    decimals: int | None = None


class Datetime(Value):
    """A moment between two, as ISO text; dates alone where both ends are dates."""

    kind: Literal["datetime"] = "datetime"
    start: str
    end: str


class Person(Value):
    """A made-up person: an object with name, age, sex, city, job, traits."""

    kind: Literal["person"] = "person"
    locale: str = "en"


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


class Candidates(Value):
    """k answers to one prompt, by repetition, temperature or model."""

    n: int = 1
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

    min: int = 2
    max: int = 6
    user: Role = Role()
    assistant: Role = Role()
    stop: str | None = None
    tools: list[JSON] = Field(default_factory=list)


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
    choices: list[str | int | float | bool] | None = None
    few_shot: int | None = None
    """Examples shown a call; all of them where unset."""
    examples: list[dict[str, JSON]] = Field(default_factory=list)
    per_call: int = 1
    candidates: Candidates | None = None
    turns: Turns | None = None
    code: str | None = None
    """Language of a code column: fences are stripped, the rest parsed."""
    skip_when: str | None = None
    raw: bool = False
    """A raw completion, no chat template (Magpie), where the endpoint allows it."""
    repair: int = 2
    """Feedback turns when the answer does not fit the schema."""
    hidden: bool = False
    main: bool = False


Column: TypeAlias = Annotated[
    Union[
        Category,
        Subcategory,
        Integer,
        Number,
        Datetime,
        Person,
        Uuid,
        Like,
        Expression,
        Prompt,
    ],
    Field(discriminator="kind"),
]


class CheckSpec(Value):
    """One check by name with its options; ``synthnb.checks`` knows the names."""

    rule: str
    options: dict[str, JSON] = Field(default_factory=dict)


class Target(Value):
    """What to end with: accepted rows, exact counts a value, a cap on candidates."""

    rows: int | None = None
    quotas: dict[str, dict[str, int]] = Field(default_factory=dict)
    """``{column: {value: count}}``; ``"a & b": {"x & y": n}`` for a combination."""
    max_candidates: int | None = None
    stop_if: dict[str, float] = Field(default_factory=dict)


class Budget(Value):
    """Hard caps of one run."""

    usd: float | None = None
    tokens: int | None = None
    minutes: float | None = None


class Mix(Value):
    """``real`` is the share of real rows in the final set, 0 to 1."""

    real: float


class Split(Value):
    """Held-out share, whole groups of ``by`` on one side."""

    by: str | None = None
    eval: float = 0.2
