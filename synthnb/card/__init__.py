"""The dataset card: what a stranger must know before using the rows.

A Hugging Face README: YAML front matter that their hub reads, then plain sections. It
states what is known and says so where something is not: a licence is never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from synthnb.recipe.yamlwrite import block
from synthnb.terms import Verdict
from synthnb.visible import visible

if TYPE_CHECKING:
    from synthnb.recipe import Recipe

__all__ = ["UNKNOWN", "CardFacts", "ai_generated", "render", "source_type"]

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

_HUB_LICENSES = frozenset(
    {
        *("apache-2.0", "mit", "openrail", "bsd", "bsd-2-clause", "bsd-3-clause", "isc"),
        *("c-uda", "cc", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0"),
        *("cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0"),
        *("cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0"),
        *("cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cdla-sharing-1.0", "cdla-permissive-1.0"),
        *("cdla-permissive-2.0", "wtfpl", "ecl-2.0", "epl-1.0", "epl-2.0", "eupl-1.1"),
        *("eupl-1.2", "agpl-3.0", "gfdl", "gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1"),
        *("lgpl-3.0", "mpl-2.0", "odc-by", "odbl", "openrail++", "ofl-1.1", "pddl"),
        *("unlicense", "zlib", "unknown", "other"),
    }
)
"""Licences that the hub knows by these names; any other one is ``other`` with its name."""

UNKNOWN = "unknown"
"""Source type of rows of which nothing tells where they come from: IPTC has no word for it."""

_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"


@dataclass(frozen=True, slots=True)
class CardFacts:
    """Everything the card says, gathered from a batch or a finished run folder."""

    recipe: Recipe
    verdict: Verdict
    rows: int
    real_rows: int = 0
    edited_rows: int = 0
    unknown_rows: int = 0
    """Rows of which nothing tells where they come from."""
    held_rows: int = 0
    """Rows held out to test on; ``held_real`` of them are real."""
    held_real: int = 0
    columns: Mapping[str, str] = field(default_factory=dict)
    """Column name to a word for its type."""
    funnel: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Rule to number of rejected rows."""
    status: str = "done"
    models: tuple[str, ...] = ()
    """Models that wrote text, as ``PROFILE/MODEL``."""
    judges: tuple[str, ...] = ()
    """Models that only judged."""
    languages: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Known failures, one sentence each: findings of the report, unfilled quotas."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Split name to file name."""
    splits: Mapping[str, int] = field(default_factory=dict)
    """Split name to number of rows."""
    generations: Mapping[int, int] = field(default_factory=dict)
    """Generation to number of rows: 0 real, 1 written from real rows or none, and so on."""
    tokens: int = 0
    made: str | None = None
    """Day of the run, ISO; today where unset."""
    accepted_terms: bool = False
    """The user exported although the terms on record say no or nothing."""
    license_link: str | None = None

    @property
    def real_share(self) -> float:
        """Share of real rows among those to train on."""
        trained = self.rows - self.held_rows
        return (self.real_rows - self.held_real) / trained if trained else 0.0


def source_type(facts: CardFacts) -> str:
    """IPTC's word for how the rows came about, as Article 50(2) of the EU AI Act asks for.

    ``UNKNOWN`` where nothing tells. All real rows are
    ``humanEdits``-free originals and carry none of the synthetic types.
    """
    if facts.rows and facts.real_rows == facts.rows:
        return "digitalCreation"
    if facts.unknown_rows and not facts.models:
        return UNKNOWN
    if not facts.models:
        return "algorithmicMedia"
    mixed = facts.real_rows + facts.edited_rows + facts.unknown_rows > 0
    mixed = mixed or facts.recipe.source is not None
    return "compositeWithTrainedAlgorithmicMedia" if mixed else "trainedAlgorithmicMedia"


def ai_generated(facts: CardFacts) -> bool | None:
    """Whether a language model wrote rows; ``None`` where nothing tells."""
    return None if source_type(facts) == UNKNOWN else bool(facts.models)


def _creators(facts: CardFacts) -> list[str]:
    """Who wrote the text, in the hub's words."""
    other = facts.real_rows + facts.unknown_rows
    made = ["machine-generated"] if facts.models or other < facts.rows or not other else []
    return made + ["found"] * bool(facts.real_rows) + ["other"] * bool(facts.unknown_rows)


_ACTING = re.compile(r"[&<>@$\\`*_~\[\]|#]|://|www\.", re.IGNORECASE)
_INSTEAD = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;", "://": "&#58;//"}
_INSTEAD |= {"$": "<span>$</span>", "www.": "www&#46;"}


def _text(value: str) -> str:
    """One line of Markdown that stays text whatever a recipe says: no link, no formula.

    >>> _text("a <script> at http://example.org")
    'a &lt;script&gt; at http&#58;//example.org'
    """
    flat = " ".join(visible(value).split())
    return _ACTING.sub(lambda m: _INSTEAD.get(m[0].lower(), f"\\{m[0]}"), flat)


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
        "tags": [*["synthetic"] * (source_type(facts) != UNKNOWN), "synthnb"],
        "size_categories": [size],
        "annotations_creators": ["machine-generated"],
        "language_creators": _creators(facts),
        "source_datasets": ["extended"] if recipe.source or facts.real_rows else ["original"],
    }
    if facts.languages:
        front["language"] = list(facts.languages)
        many = len(facts.languages) > 1
        front["multilinguality"] = ["multilingual" if many else "monolingual"]
    front |= _license(facts)
    if recipe.kind in _TASKS:
        front["task_categories"] = [_TASKS[recipe.kind]]
    if facts.files:
        front["configs"] = [
            {
                "config_name": "default",
                "data_files": [{"split": s, "path": p} for s, p in facts.files.items()],
            }
        ]
    front["synthnb"] = _own(facts)
    return front


def _license(facts: CardFacts) -> dict[str, str]:
    """The hub's name of the licence, or ``other`` with the name as it was stated."""
    stated = facts.recipe.license
    if not stated:
        return {}
    known = stated.strip().lower()
    if known in _HUB_LICENSES:
        return {"license": known}
    named = {"license": "other", "license_name": re.sub(r"[^\w.+-]+", "-", known).strip("-")}
    return named | ({"license_link": facts.license_link} if facts.license_link else {})


def _own(facts: CardFacts) -> dict[str, Any]:
    """What the hub has no field for, for machines to read."""
    recipe = facts.recipe
    own: dict[str, Any] = {
        "recipe_fingerprint": recipe.fingerprint,
        "purpose": recipe.purpose or "not stated",
        "models": list(facts.models),
        "judges": list(facts.judges),
        "terms": facts.verdict.level,
        "terms_accepted_by_user": facts.accepted_terms,
        "real_share": UNKNOWN if facts.unknown_rows else round(facts.real_share, 4),
        "edited_rows": facts.edited_rows,
        "generations": {str(depth): n for depth, n in sorted(facts.generations.items())},
        "filters": dict(facts.reasons),
        "digital_source_type": source_type(facts),
        "ai_generated": ai_generated(facts),
    }
    if own["ai_generated"] is None:
        own["ai_generated"] = UNKNOWN
    else:
        own["digital_source_type_uri"] = _TYPE + source_type(facts)
    if facts.splits:
        own["splits"] = dict(facts.splits)
    return own


_MARKUP = re.compile(r"<(?=[a-z/!?])(?!n<)|\](?=\()|:(?=//(?!cv\.iptc\.org/))", re.IGNORECASE)


def _yaml(data: Mapping[str, Any]) -> str:
    """The data as YAML that holds no element, link or image where it is read as Markdown.

    Text with such signs stands in double quotes, where YAML takes them by number.
    """
    return _MARKUP.sub(lambda m: f"\\u{ord(m[0]):04x}", block(dict(data)))


def _table(head: tuple[str, str], rows: Mapping[Any, object]) -> str:
    body = "\n".join(f"| {_text(str(k))} | {_text(str(v))} |" for k, v in rows.items())
    return f"| {head[0]} | {head[1]} |\n|---|---|\n{body}"


def _summary(facts: CardFacts) -> str:
    day = facts.made or datetime.now(UTC).date().isoformat()
    synthetic = facts.rows - facts.real_rows - facts.unknown_rows
    held = facts.held_rows
    share = f"{facts.real_share:.0%}"
    if held:
        share = f"{share} of the rows to train on; {held:,} are held out to test on"
    about = f"{_text(facts.recipe.description)}\n\n" if facts.recipe.description else ""
    edited = f" ({facts.edited_rows:,} edited by people)" if facts.edited_rows else ""
    by = "written by a language model" if facts.models else "made by rules"
    parts = [f"{synthetic:,} {by}{edited}"] if synthetic else []
    if facts.real_rows or not facts.unknown_rows:
        parts.append(f"{facts.real_rows:,} real ({share})")
    if facts.unknown_rows:
        parts.append(f"{facts.unknown_rows:,} of unknown origin")
    splits = ", ".join(f"{name} {n:,}" for name, n in facts.splits.items())
    return (
        f"{about}{facts.rows:,} rows: {', '.join(parts)}. Made on {day} with synthnb; "
        f"the run ended as: {_text(facts.status)}." + (f" Splits: {splits}." if splits else "")
    )


_DEPTHS = {0: "real", 1: "written from real rows or from none"}


def _lineage(facts: CardFacts) -> str:
    """How far the rows are from real ones, and the machine-readable marking."""
    depths = {
        f"{depth} ({_DEPTHS.get(depth, 'written from synthetic rows')})": n
        for depth, n in sorted(facts.generations.items())
    }
    kind = source_type(facts)
    known = kind != UNKNOWN
    none = "No language model wrote these rows."
    lines = [
        f"Digital source type (IPTC): `{kind}`" + (f", {_TYPE}{kind}" if known else ""),
        "This marks the rows as generated or manipulated by AI, in a machine-readable form, as"
        " Article 50(2) of the EU AI Act asks of generating systems."
        if facts.models
        else none
        if known
        else "Nothing tells where these rows come from: a model may have written them.",
        "For the summary of training content (Article 53(1)(d), section 2.5): synthetic data:"
        f" {'yes' if facts.models else 'no' if known else UNKNOWN}; modality: text; models:"
        f" {', '.join(map(_text, facts.models)) or ('none' if known else UNKNOWN)}.",
    ]
    body = "\n".join(f"- {line}" for line in lines)
    return (_table(("generation", "rows"), depths) + "\n\n" if depths else "") + body


def _generators(facts: CardFacts) -> str:
    """What was asked of which model, as hashes and parameters: prompts stand in the recipe."""
    import hashlib

    recipe = facts.recipe
    rows = {}
    for name, column in recipe.prompts.items():
        given = recipe.params.model_dump(exclude_none=True, exclude_defaults=True)
        given |= column.params.model_dump(exclude_none=True, exclude_defaults=True)
        shown = ", ".join(f"{key} {value}" for key, value in given.items()) or "defaults"
        digest = hashlib.sha256(column.prompt.encode("utf-8", "replace")).hexdigest()[:12]
        model = recipe.model_for(name) or ", ".join(facts.models) or "not stated"
        rows[name] = f"{model}; prompt sha256 {digest}; {shown}; seed {recipe.seed}"
    return _table(("column", "generator"), rows) if rows else "No column is written by a model."


def _terms(facts: CardFacts) -> str:
    recipe = facts.recipe
    licence = _text(recipe.license) if recipe.license else "not stated"
    nobody = "not known" if source_type(facts) == UNKNOWN else "no model"
    lines = [
        f"- Written by: {', '.join(map(_text, facts.models)) or nobody}",
        f"- Licence of the rows: {licence}",
        f"- Purpose: {recipe.purpose or 'not stated'}",
        f"- Verdict: {_text(facts.verdict.sentence)}",
        *(f"- {_text(str(finding))}" for finding in facts.verdict.findings),
        *(f"- Duty: {_text(duty)}" for duty in facts.verdict.duties),
    ]
    if facts.accepted_terms:
        lines.append("- Exported on the user's own word (accept_terms), against this verdict.")
    if facts.judges:
        lines.append(f"- Judged, without writing text: {', '.join(map(_text, facts.judges))}")
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
    ]
    if facts.judges:
        lines.append("How far the judge agrees with people was not measured for this card.")
    if not facts.languages:
        lines.append("The language of the rows is not stated.")
    return "\n".join(f"- {line}" for line in [*lines, *map(_text, facts.notes)])


def render(facts: CardFacts) -> str:
    """The card as Markdown with YAML front matter."""
    parts = [
        f"---\n{_yaml(_front_matter(facts))}---",
        f"# {_text(facts.recipe.name or 'Synthetic rows')}",
        _summary(facts),
        "## Columns\n\n" + _table(("column", "type"), facts.columns),
        "## How it was made\n\n" + _generators(facts),
        "## Lineage and marking\n\n" + _lineage(facts),
        "## What was lost on the way\n\n" + _table(("step", "rows"), facts.funnel),
    ]
    if facts.reasons:
        parts.append(_table(("rejected by", "rows"), facts.reasons))
    parts += [
        "## Terms\n\n" + _terms(facts),
        "## Limits and known failures\n\n" + _limits(facts),
        "## Make it again\n\nSave this as `recipe.synth.yaml`, then"
        " `synthnb run recipe.synth.yaml --out again`.\n\n" + _fence(facts.recipe.dumps()),
    ]
    return "\n\n".join(parts) + "\n"
