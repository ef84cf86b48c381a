"""Verdicts and the registry, as text and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from synthnb.recipe import Purpose
from synthnb.terms import Verdict, entries, registry_age, registry_date, warn_after
from synthnb.terms.weighing import weigh_models
from synthnb.visible import visible

__all__ = ["model_json", "model_text", "registry_text", "verdict_json", "verdict_text"]

PURPOSES: tuple[str, ...] = Purpose.__args__  # type: ignore[attr-defined]


def verdict_text(verdict: Verdict) -> str:
    """The verdict, what it rests on, and the duties; a line each."""
    findings = (f"  {finding}" for finding in verdict.findings)
    duties = (f"  duty: {duty}" for duty in verdict.duties)
    return visible("\n".join([verdict.sentence, *findings, *duties, _age()]))


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as plain data."""
    return {
        "level": verdict.level,
        "purpose": verdict.purpose,
        "sentence": verdict.sentence,
        "findings": [asdict(finding) for finding in verdict.findings],
        "duties": list(verdict.duties),
        "registry": registry_date().isoformat(),
    }


def model_text(model: str) -> str:
    """What may be done with a model's output, purpose by purpose."""
    found = [(purpose, weigh_models([model], purpose)) for purpose in PURPOSES]
    lines = [f"{purpose:<14} {verdict.level}" for purpose, verdict in found]
    told = dict.fromkeys(str(finding) for _, v in found for finding in v.findings)
    duties = dict.fromkeys(duty for _, v in found for duty in v.duties)
    said = [f"  {line}" for line in told] + [f"  duty: {duty}" for duty in duties]
    return visible("\n".join([model, *lines, *said, _age()]))


def model_json(model: str) -> dict[str, Any]:
    """The same as plain data, by purpose."""
    return {purpose: verdict_json(weigh_models([model], purpose)) for purpose in PURPOSES}


def registry_text() -> str:
    """What is on record, one line a host or family of weights."""
    lines = [
        f"{kind:<8} {entry['name']:<28} {entry['train']:<12} "
        f"{entry.get('license') or entry.get('document') or ''}".rstrip()
        for kind, entry in entries()
    ]
    head = f"{'kind':<8} {'name':<28} {'train others':<12} document"
    return "\n".join([head, *lines, _age()])


def _age() -> str:
    old = registry_age() > warn_after()
    late = f": {registry_age()} days ago, read the terms again" if old else ""
    return f"Terms as read on {registry_date()}{late}. No legal advice."
