"""Croissant metadata with its Responsible AI part: the card for machines, as JSON-LD."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthnb.card import UNKNOWN, source_type
from synthnb.card.facts import facts_of

if TYPE_CHECKING:
    from synthnb.batch import Batch
    from synthnb.card import CardFacts

__all__ = ["croissant"]

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}

_TYPES = {"number": "sc:Float", "text": "sc:Text", "category": "sc:Text", "score": "sc:Float"}


def croissant(
    batch: Batch, folder: Path, files: Mapping[str, str], *, notes: Sequence[str] = ()
) -> dict[str, Any]:
    """Croissant 1.0 with RAI 1.0 of a dataset folder: files with hashes, columns, origin.

    ``files`` are Parquet files by split, as paths inside ``folder``.
    """
    facts = facts_of(batch, files=files, notes=tuple(notes))
    recipe = facts.recipe
    name = recipe.name or batch.name
    body: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": name,
        "description": recipe.description or f"Synthetic rows: {name}",
        "license": recipe.license or "not stated",
        "version": f"{batch.version or 1}.0.0",
        "datePublished": datetime.now(UTC).date().isoformat(),
        "keywords": ["synthetic", "synthnb"],
        "creator": {"@type": "sc:Organization", "name": "made with synthnb"},
        "distribution": [_file(folder, split, path) for split, path in files.items()],
        "recordSet": [_records(facts, split) for split in files],
    }
    if source_type(facts) != UNKNOWN:
        body["digitalSourceType"] = f"https://schema.org/{_schema_type(facts)}"
    return body | _rai(facts)


def _schema_type(facts: CardFacts) -> str:
    kind = source_type(facts)
    return f"{kind[0].upper()}{kind[1:]}DigitalSource"


def _file(folder: Path, split: str, path: str) -> dict[str, Any]:
    whole = folder / path
    return {
        "@type": "cr:FileObject",
        "@id": f"{split}-file",
        "name": f"{split}-file",
        "contentUrl": path,
        "contentSize": f"{whole.stat().st_size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": hashlib.sha256(whole.read_bytes()).hexdigest(),
    }


def _records(facts: CardFacts, split: str) -> dict[str, Any]:
    """The columns of one split. Nested ones are left to Parquet: Croissant's types are flat."""
    return {
        "@type": "cr:RecordSet",
        "@id": split,
        "name": split,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{split}/{column}",
                "name": column,
                "dataType": _TYPES.get(kind, "sc:Text"),
                "source": {
                    "fileObject": {"@id": f"{split}-file"},
                    "extract": {"column": column},
                },
            }
            for column, kind in facts.columns.items()
            if kind != "json"
        ],
    }


def _rai(facts: CardFacts) -> dict[str, Any]:
    recipe = facts.recipe
    checks = ", ".join(f"{rule} ({n})" for rule, n in facts.reasons.items()) or "none"
    models = ", ".join(facts.models) or "no model"
    share = "an unknown share" if facts.unknown_rows else f"{facts.real_share:.0%}"
    kinds = ["Synthetic"] + ["Others"] * bool(facts.real_rows + facts.unknown_rows)
    limits = ["Checked only as the recipe's checks say.", *facts.notes]
    return {
        "rai:dataCollection": f"Written by {models} from a synthnb recipe "
        f"({recipe.fingerprint}); {share} of the rows are real.",
        "rai:dataCollectionType": kinds,
        "rai:hasSyntheticData": bool(facts.models),
        "rai:dataPreprocessingProtocol": [f"Rows rejected by rule: {checks}."],
        "rai:dataAnnotationProtocol": "Labels are planned attributes or model output.",
        "rai:machineAnnotationTools": [*facts.models, *facts.judges] or ["none"],
        "rai:dataLimitations": limits,
        "rai:dataBiases": ["Biases of the models that wrote the rows; not measured here."],
        "rai:dataUseCases": [recipe.purpose or "not stated"],
        "rai:dataSocialImpact": "Not assessed.",
        "rai:personalSensitiveInformation": [
            "No formal privacy guarantee is given; names in free text are not searched for."
        ],
        "rai:dataReleaseMaintenancePlan": "Made once from the recipe; make it again to update.",
        "prov:wasDerivedFrom": _derived(facts),
        "prov:wasGeneratedBy": f"synthnb recipe {recipe.fingerprint} with {models}",
    }


def _derived(facts: CardFacts) -> str:
    source = facts.recipe.source
    if source is None:
        return "real rows mixed in" if facts.real_rows else "no source rows"
    stated = source.license or "licence not stated"
    named = f", sha256 {source.sha256}" if source.sha256 else ""
    return f"source rows ({stated}{named})"
