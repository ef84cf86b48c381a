"""What a card says, gathered from a batch."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from synthnb.card import CardFacts, ai_generated, render, source_type
from synthnb.census import census_of
from synthnb.terms import Verdict
from synthnb.terms.weighing import judges, used_by, verdict_of
from synthnb.visible import count, one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["card_text", "facts_of", "marking"]


def facts_of(
    batch: Batch,
    *,
    verdict: Verdict | None = None,
    accepted_terms: bool = False,
    files: Mapping[str, str] | None = None,
    splits: Mapping[str, int] | None = None,
    notes: tuple[str, ...] = (),
    rows: int | None = None,
) -> CardFacts:
    """The facts of the accepted rows; an export adds its files, splits and notes.

    ``rows`` is how many the export wrote where it is not all of them: a format leaves rows
    without an answer out, KTO writes rejected ones as well.
    """
    from synthnb.charts.findings import look_first, losses
    from synthnb.charts.payload import column_type

    census = census_of(batch)
    finding = look_first(batch)
    known = (*((finding.text,) if finding else ()), *batch.notes, *_short(batch), *notes)
    if rows is not None and rows != len(batch):
        known = (*known, f"The file holds {rows:,} rows, made from these {len(batch):,}.")
    return CardFacts(
        batch.recipe,
        verdict or verdict_of(batch),
        len(batch),
        real_rows=census.origins["real"],
        edited_rows=census.origins["edited"],
        unknown_rows=census.origins["unknown"],
        held_rows=census.held.total(),
        held_real=census.held["real"],
        columns={name: column_type(batch, name) for name in batch.columns},
        funnel=batch.funnel or {"candidates": len(batch.records), "accepted": len(batch)},
        reasons={loss.label: loss.lost for loss in losses(batch)},
        status=batch.status,
        models=used_by(batch),
        judges=judges(batch.recipe),
        languages=_languages(batch),
        notes=tuple(dict.fromkeys(known)),
        files=dict(files or {}),
        splits=dict(splits or {}),
        generations=census.generations,
        tokens=batch.usage.completion_tokens,
        accepted_terms=accepted_terms,
    )


def card_text(batch: Batch, **more: Any) -> str:
    """The dataset card of a batch as Markdown."""
    return render(facts_of(batch, **more))


def marking(batch: Batch) -> dict[str, Any]:
    """The rows' marking as made by AI, for manifests: IPTC type, models, real share.

    What nobody knows is ``None``.
    """
    facts = facts_of(batch)
    return {
        "digitalSourceType": source_type(facts),
        "ai_generated": ai_generated(facts),
        "models": list(facts.models),
        "real_share": None if facts.unknown_rows else round(facts.real_share, 4),
    }


def _short(batch: Batch) -> tuple[str, ...]:
    """Rows that were wanted and never came, tests that did not run, generations."""
    said = []
    census = census_of(batch)
    made = census.made
    if batch.wanted is not None and made < batch.wanted:
        said.append(f"{batch.wanted:,} rows were wanted, {made:,} were accepted.")
    held = census.held.total()
    if held:
        said.append(
            f"{held:,} rows are held out: test on them. Where no split tells them apart, "
            "`_synthnb.held_out` is true in them."
        )
    for rule, rows in sorted(census.not_run.items()):
        of = count(len(batch), "row")
        said.append(f"Tests not run in {rows:,} of {of} ({one_line(rule, 40)}).")
    deepest = max(census.generations, default=0)
    if deepest > 1:
        said.append(
            f"Some rows are of generation {deepest}: written from rows that a model wrote."
        )
    return tuple(said)


def _languages(batch: Batch) -> tuple[str, ...]:
    """Languages that a ``language`` check held every row to; never guessed."""
    found: list[str] = []
    for spec in batch.recipe.checks:
        if spec.rule == "language":
            for option in ("is", "lang"):
                given = spec.options.get(option)
                found += given if isinstance(given, list) else [given] if given else []
    return tuple(islice(dict.fromkeys(str(code) for code in found), 20))
