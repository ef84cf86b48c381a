"""May these rows leave in this format? Licence and purpose are asked for, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from synthnb.errors import ExportError
from synthnb.recipe import Purpose
from synthnb.terms import Verdict
from synthnb.terms.weighing import verdict_of
from synthnb.visible import one_line

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.export.job import Format

__all__ = ["Leave", "ask"]

PURPOSES: tuple[str, ...] = get_args(Purpose)


@dataclass(frozen=True, slots=True)
class Leave:
    """What the gate found: the batch with licence and purpose, the verdict, what to say."""

    batch: Batch
    verdict: Verdict
    accepted_terms: bool = False
    """The user exports although the terms say no or nothing."""
    warnings: tuple[str, ...] = ()


def ask(
    batch: Batch,
    format: Format,
    *,
    license: str | None = None,
    purpose: str | None = None,
    accept_terms: bool = False,
) -> Leave:
    """Let the batch through, or raise the one line that says what is missing."""
    if purpose is not None and purpose not in PURPOSES:
        raise ExportError(
            f"purpose {one_line(purpose, 40)!r} is none of: {', '.join(PURPOSES)}"
        )
    recipe = batch.recipe
    changes: dict[str, Any] = {}
    if license:
        changes["license"] = license
    if purpose:
        changes["purpose"] = purpose
    if changes:
        batch = batch.replace(recipe=recipe.replace(**changes))
    if not format.gated:
        return Leave(batch, verdict_of(batch))
    _stated(batch, format)
    verdict = verdict_of(batch)
    stopped = verdict.level == "block" or (verdict.level == "unknown" and format.publishes)
    if stopped and not accept_terms:
        raise ExportError(_refusal(verdict, format))
    return Leave(batch, verdict, stopped, tuple(_warnings(verdict, stopped)))


def _stated(batch: Batch, format: Format) -> None:
    missing = []
    if not batch.recipe.license:
        missing.append("license='CC-BY-4.0' (or what the rows are under)")
    if not batch.recipe.purpose:
        missing.append(f"purpose='fine-tuning' (one of {', '.join(PURPOSES)})")
    if missing:
        raise ExportError(
            f"{format.name} is made to be trained on or published: pass "
            f"{' and '.join(missing)}, or set it in the recipe. Neither is guessed."
        )


def _refusal(verdict: Verdict, format: Format) -> str:
    worst = next((f for f in verdict.findings if f.level == verdict.level), None)
    why = f"{worst.subject}: {worst.why}" if worst else "no terms are on record"
    document = f" ({worst.document})" if worst and worst.document else ""
    head = "The terms do not allow" if verdict.level == "block" else "The terms are unknown for"
    doing = "publishing as" if format.publishes else "export as"
    return (
        f"{head} {doing} {format.name} for {verdict.purpose}: {one_line(why, 300)}{document}. "
        "If you may all the same, pass accept_terms=True; card and manifest then say so."
    )


def _warnings(verdict: Verdict, stopped: bool) -> list[str]:
    said = []
    if stopped:
        said.append(f"Terms accepted by you, not by the record: {verdict.sentence}")
    elif verdict.level in ("warn", "unknown"):
        said.append(verdict.sentence)
    return said + [f"Duty: {duty}" for duty in verdict.duties]
