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

__all__ = ["Leave", "Withheld", "ask", "unstated"]

PURPOSES: tuple[str, ...] = get_args(Purpose)


class Withheld(ExportError):
    """The gate stays shut; ``as_flags`` says what to pass on a command line."""

    def __init__(self, message: str, as_flags: str) -> None:
        super().__init__(message)
        self.as_flags = as_flags


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
    if purpose and purpose not in PURPOSES:
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
        raise Withheld(
            _refusal(verdict, format, "pass accept_terms=True"),
            _refusal(verdict, format, "add --accept-terms"),
        )
    return Leave(batch, verdict, stopped, tuple(_warnings(verdict, stopped)))


def unstated(batch: Batch) -> list[str]:
    """What the recipe leaves open and is never guessed: ``license``, ``purpose``."""
    recipe = batch.recipe
    given = {"license": recipe.license, "purpose": recipe.purpose}
    return [name for name, value in given.items() if not value]


def _stated(batch: Batch, format: Format) -> None:
    missing = unstated(batch)
    if not missing:
        return
    ways = {
        "license": ("license={}", "--license {}", "CC-BY-4.0", "or what the rows are under"),
        "purpose": (
            "purpose={}",
            "--purpose {}",
            "fine-tuning",
            f"one of {', '.join(PURPOSES)}",
        ),
    }
    code, flags = [], []
    for keyword, flag, value, other in map(ways.__getitem__, missing):
        code.append(f"{keyword.format(repr(value))} ({other})")
        flags.append(f"{flag.format(value)} ({other})")
    head = f"{format.name} is made to be trained on or published:"
    tail = "or set it in the recipe. Neither is guessed."
    raise Withheld(
        f"{head} pass {' and '.join(code)}, {tail}",
        f"{head} add {' and '.join(flags)}, {tail}",
    )


def _refusal(verdict: Verdict, format: Format, way: str) -> str:
    worst = next((f for f in verdict.findings if f.level == verdict.level), None)
    why = f"{worst.subject}: {worst.why}" if worst else "no terms are on record"
    document = f" ({worst.document})" if worst and worst.document else ""
    head = "The terms do not allow" if verdict.level == "block" else "The terms are unknown for"
    doing = "publishing as" if format.publishes else "export as"
    return (
        f"{head} {doing} {format.name} for {verdict.purpose}: {one_line(why, 300)}{document}. "
        f"If you may all the same, {way}; card and manifest then say so."
    )


def _warnings(verdict: Verdict, stopped: bool) -> list[str]:
    said = []
    if stopped:
        said.append(f"Terms accepted by you, not by the record: {verdict.sentence}")
    elif verdict.level in ("warn", "unknown"):
        said.append(verdict.sentence)
    return said + [f"Duty: {duty}" for duty in verdict.duties]
