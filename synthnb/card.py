"""The dataset card: what a stranger must know before using the rows.

A Hugging Face README: YAML front matter that their hub reads, then plain sections. It
states what is known and says so where something is not: a licence is never guessed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from synthnb.terms import Verdict

if TYPE_CHECKING:
    from synthnb.recipe import Recipe

__all__ = ["CardFacts", "render"]

_SIZES = [
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
]

_TASKS = {
    "qa": "question-answering",
    "text": "text-classification",
    "augment": "text-classification",
    "instruction": "text-generation",
    "conversation": "text-generation",
    "code": "text-generation",
    "preference": "text-generation",
    "pretraining": "text-generation",
    "benchmark": "question-answering",
    "tabular": "tabular-classification",
}


@dataclass(frozen=True, slots=True)
class CardFacts:
    """Everything the card says, gathered from a batch or a finished run folder."""

    recipe: Recipe
    verdict: Verdict
    rows: int
    real_rows: int = 0
    edited_rows: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)
    """Column name to a word for its type."""
    funnel: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Rule to number of rejected rows."""
    status: str = "done"
    models: tuple[str, ...] = ()
    """Models that wrote text, as ``PROFILE/MODEL``."""
    languages: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Known failures, one sentence each: findings of the report, unfilled quotas."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Split name to file name."""
    tokens: int = 0
    made: str | None = None
    """Day of the run, ISO; today where unset."""


def _text(value: str) -> str:
    """One line of Markdown that stays text whatever a recipe says.

    >>> _text("a <script>")
    'a &lt;script&gt;'
    """
    flat = " ".join(value.split())
    return re.sub(
        r"([\\`*_\[\]|#])",
        r"\\\1",
        flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
    )


def _fence(text: str) -> str:
    """A code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}yaml\n{text.rstrip()}\n{fence}"


def _front_matter(facts: CardFacts) -> dict[str, Any]:
    recipe = facts.recipe
    size = next((label for limit, label in _SIZES if facts.rows < limit), "n>10M")
    front: dict[str, Any] = {
        "pretty_name": recipe.name,
        "tags": ["synthetic", "synthnb"],
        "size_categories": [size],
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated"],
        "source_datasets": ["extended"] if recipe.source else ["original"],
    }
    if facts.languages:
        front["language"] = list(facts.languages)
    if recipe.license:
        front["license"] = recipe.license.lower()
    if recipe.kind in _TASKS:
        front["task_categories"] = [_TASKS[recipe.kind]]
    if facts.files:
        front["configs"] = [
            {
                "config_name": "default",
                "data_files": [{"split": s, "path": p} for s, p in facts.files.items()],
            }
        ]
    front["synthnb"] = {
        "recipe_fingerprint": recipe.fingerprint,
        "purpose": recipe.purpose or "not stated",
        "models": list(facts.models),
        "terms": facts.verdict.level,
        "digital_source_type": "compositeWithTrainedAlgorithmicMedia"
        if recipe.source
        else "trainedAlgorithmicMedia",
    }
    return front


def _yaml(data: Mapping[str, Any]) -> str:
    from ruamel.yaml import YAML

    out = io.StringIO()
    writer = YAML()
    writer.width = 4096
    writer.dump(dict(data), out)
    return out.getvalue()


def _table(head: tuple[str, str], rows: Mapping[str, object]) -> str:
    body = "\n".join(f"| {_text(str(k))} | {_text(str(v))} |" for k, v in rows.items())
    return f"| {head[0]} | {head[1]} |\n|---|---|\n{body}"


def _summary(facts: CardFacts) -> str:
    day = facts.made or datetime.now(UTC).date().isoformat()
    synthetic = facts.rows - facts.real_rows
    share = facts.real_rows / facts.rows if facts.rows else 0.0
    about = f"{_text(facts.recipe.description)}\n\n" if facts.recipe.description else ""
    return (
        f"{about}{facts.rows:,} rows: {synthetic:,} written by a language model, "
        f"{facts.real_rows:,} real ({share:.0%}). Made on {day} with synthnb; "
        f"the run ended as: {facts.status}."
    )


def _terms(facts: CardFacts) -> str:
    recipe = facts.recipe
    licence = _text(recipe.license) if recipe.license else "not stated"
    lines = [
        f"- Written by: {', '.join(map(_text, facts.models)) or 'no model'}",
        f"- Licence of the rows: {licence}",
        f"- Purpose: {recipe.purpose or 'not stated'}",
        f"- Verdict: {_text(facts.verdict.sentence)}",
        *(f"- {_text(str(finding))}" for finding in facts.verdict.findings),
        *(f"- Duty: {_text(duty)}" for duty in facts.verdict.duties),
    ]
    if recipe.source:
        stated = _text(recipe.source.license) if recipe.source.license else "not stated"
        lines.append(f"- Licence of the source rows: {stated}")
    return "\n".join(lines)


def _limits(facts: CardFacts) -> str:
    lines = [
        "Text written by a model can be wrong, biased and repetitive; it was checked only as"
        " the recipe's checks say.",
        "Training on model output again and again loses diversity: keep real rows and"
        " accumulate, do not replace them.",
        "Nothing here is anonymous by itself: no formal privacy guarantee is given.",
        *map(_text, facts.notes),
    ]
    return "\n".join(f"- {line}" for line in lines)


def render(facts: CardFacts) -> str:
    """The card as Markdown with YAML front matter."""
    parts = [
        f"---\n{_yaml(_front_matter(facts))}---",
        f"# {_text(facts.recipe.name or 'Synthetic rows')}",
        _summary(facts),
        "## Columns\n\n" + _table(("column", "type"), facts.columns),
        "## What was lost on the way\n\n" + _table(("step", "rows"), facts.funnel),
    ]
    if facts.reasons:
        parts.append(_table(("rejected by", "rows"), facts.reasons))
    parts += [
        "## Terms\n\n" + _terms(facts),
        "## Limits\n\n" + _limits(facts),
        "## Make it again\n\nSave this as `recipe.synth.yaml`, then"
        " `synthnb run recipe.synth.yaml --out again`.\n\n" + _fence(facts.recipe.dumps()),
    ]
    return "\n\n".join(parts) + "\n"
