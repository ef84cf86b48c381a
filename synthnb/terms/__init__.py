"""May the rows be used for this purpose? A dated registry and one verdict.

The registry (``registry.toml``) is data with a date, not legal advice. A host's terms
and the licence of the weights both apply; the strictest of all models that wrote text,
and of the source rows, decides.

>>> verdict = judge([Used("local/smollm2-135m", "local")], purpose="fine-tuning")
>>> verdict.level
'allow'
"""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

__all__ = [
    "Finding", "Used", "Verdict", "entries", "findings", "judge", "registry_age",
    "registry_date", "warn_after",
]  # fmt: skip

Level: TypeAlias = Literal["allow", "warn", "block", "unknown"]

_SEVERITY: dict[Level, int] = {"allow": 0, "warn": 1, "unknown": 2, "block": 3}

_TRAIN_LEVEL: dict[str, Level] = {
    "yes": "warn",  # reached only by non-commercial licences
    "conditional": "warn",
    "no": "block",
    "unknown": "unknown",
}


@dataclass(frozen=True, slots=True)
class Used:
    """A model that wrote text: ``PROFILE/MODEL`` and the origin it was reached at.

    An empty origin is an unknown one: the terms of the host can't be weighed then.
    """

    model: str
    origin: str = "local"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one document says about one use."""

    subject: str
    level: Level
    why: str
    license: str | None = None
    duties: tuple[str, ...] = ()
    document: str | None = None
    document_date: str | None = None
    certainty: str | None = None

    def __str__(self) -> str:
        where = f" ({self.document or self.license})" if self.document or self.license else ""
        return f"{self.level}: {self.subject}: {self.why}{where}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The strictest finding decides; ``duties`` are those of all of them."""

    level: Level
    purpose: str | None
    findings: tuple[Finding, ...] = field(default_factory=tuple)

    @property
    def duties(self) -> tuple[str, ...]:
        """What a publisher or trainer must do, without repeats."""
        return tuple(dict.fromkeys(d for f in self.findings for d in f.duties))

    @property
    def sentence(self) -> str:
        """One line for people."""
        use = self.purpose or "an unstated purpose"
        worst = [f for f in self.findings if f.level == self.level]
        reason = f": {worst[0].subject}: {worst[0].why}" if worst else ""
        word = {
            "allow": "Allowed",
            "warn": "Allowed with conditions",
            "block": "Not allowed",
            "unknown": "Unknown",
        }[self.level]
        return f"{word} for {use}{reason if self.level != 'allow' else ''}. No legal advice."


@cache
def _registry() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("registry.toml").read_text("utf-8"))


def registry_date() -> date:
    """The day on which the registry was last checked."""
    checked: date = _registry()["last_checked"]
    return checked


def warn_after() -> int:
    """Days after which the registry counts as old."""
    return int(_registry()["warn_after_days"])


def entries() -> list[tuple[str, dict[str, Any]]]:
    """(kind, entry) of everything on record: hosts, then weights."""
    return [(kind, entry) for kind in ("host", "weights") for entry in _registry()[kind]]


def registry_age(today: date | None = None) -> int:
    """Days since the registry was last checked."""
    return ((today or date.today()) - registry_date()).days


def _first(kind: str, text: str) -> dict[str, Any] | None:
    for entry in _registry()[kind]:
        if any(fnmatchcase(text, pattern) for pattern in entry["match"]):
            found: dict[str, Any] = entry
            return found
    return None


def _level(entry: dict[str, Any], purpose: str | None) -> Level:
    if purpose == "teaching":
        return "allow"
    stated = entry["train"] != "unknown" and not entry.get("noncommercial")
    if purpose == "evaluation" and stated:
        return "allow"
    if entry["train"] == "yes" and not entry.get("noncommercial"):
        return "allow"
    if purpose is None:
        return "unknown"
    return _TRAIN_LEVEL[entry["train"]]


def _finding(entry: dict[str, Any], purpose: str | None) -> Finding:
    dated = entry.get("document_date")
    return Finding(
        subject=entry["name"],
        level=_level(entry, purpose),
        why=entry["why"],
        license=entry.get("license"),
        duties=tuple(entry.get("duties", ())),
        document=entry.get("document"),
        document_date=dated.isoformat() if dated else None,
        certainty=entry.get("certainty"),
    )


def findings(used: Used, purpose: str | None) -> tuple[Finding, ...]:
    """All findings about one model: the host's terms, then the licence of the weights."""
    found: list[Finding] = []
    host = (urlsplit(used.origin).hostname or "") if "://" in used.origin else ""
    name = used.model.partition("/")[2].lower() or used.model.lower()
    basename = name.rsplit("/", 1)[-1]
    hosted = _first("host", host) if host else None
    if hosted:
        found.append(_finding(hosted, purpose))
    rules = None if host else _first("weights", used.model.lower())
    weights = rules or _first("weights", basename) or _first("weights", name)
    if weights and not (hosted and weights.get("channel") == "weights"):
        found.append(_finding(weights, purpose))
    level: Level = "allow" if purpose == "teaching" else "unknown"
    if not found or (hosted and hosted.get("model_decides") and not weights):
        why = "no terms on record for this model: read them and state the licence yourself"
        found.append(Finding(used.model, level, why))
    if host and not hosted and _public(host):
        found.append(Finding(host, level, "the terms of this service are not on record"))
    if not used.origin:
        why = "its profile is not in the settings here, so its host's terms are not known"
        found.append(Finding(used.model, level, why))
    return tuple(found)


def _public(host: str) -> bool:
    """Whether somebody else may run it: no address or name of a machine or network at home."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        at_home = (".local", ".lan", ".home", ".internal", ".localhost", ".home.arpa")
        return "." in host and not host.endswith(at_home)


_OPEN = (
    *("CC0", "CC-BY", "PDDL", "PUBLIC DOMAIN", "ODC-BY", "ODBL", "CDLA-", "OGL", "OWN"),
    *("MIT", "APACHE-", "BSD", "ISC", "ZLIB", "UNLICENSE", "MPL-", "ETALAB", "DL-DE", "WTFPL"),
    *("GPL-", "LGPL-", "AGPL-", "GFDL", "EUPL"),
)
"""How licences begin that let derived rows be made and passed on; ``own`` is your own work."""
_ALIKE = ("-SA", "ODBL", "GPL-", "GFDL", "EUPL", "CDLA-SHARING")


def _source_finding(license: str, purpose: str | None) -> Finding:
    upper = license.upper().strip()
    if not upper.startswith(_OPEN) and purpose != "teaching":
        why = f"whether {license} lets derived rows be passed on is not on record"
        return Finding("source rows", "unknown", why, license)
    if "-ND" in upper:
        return Finding("source rows", "block", "no derivatives allowed", license)
    if "-NC" in upper and purpose != "teaching":
        return Finding("source rows", "warn", "non-commercial use only", license)
    duties: tuple[str, ...] = ()
    if upper.startswith(("CC-BY", "ODC-BY", "ODBL")):
        duties += ("name the source and its licence",)
    if any(mark in upper for mark in _ALIKE):
        duties += ("share the rows under the same licence",)
    return Finding("source rows", "allow", "the licence allows derived rows", license, duties)


def judge(
    used: Iterable[Used],
    *,
    purpose: str | None,
    source_license: str | None = None,
    has_source: bool = False,
) -> Verdict:
    """Weigh all models and the source rows for one purpose.

    ``purpose`` is a recipe's (``None`` = not stated). Unknown terms stay ``unknown``;
    they block publishing, never local teaching.

    >>> judge([Used("x/grok-2", "https://example.org")], purpose="fine-tuning").level
    'block'
    """
    found = [f for one in dict.fromkeys(used) for f in findings(one, purpose)]
    if source_license:
        found.append(_source_finding(source_license, purpose))
    elif has_source and purpose != "teaching":
        found.append(Finding("source rows", "unknown", "their licence is not stated"))
    worst = max(found, key=lambda f: _SEVERITY[f.level], default=None)
    level: Level = worst.level if worst else "unknown"
    return Verdict(level, purpose, tuple(found))
