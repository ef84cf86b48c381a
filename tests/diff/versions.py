"""Two versions of the sample reviews, made by hand: ``python -m tests.diff.versions``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from synthnb.batch import Batch
from synthnb.recipe import Recipe
from synthnb.types import Reason, Record
from tests.samples import recipe, sample_batch

OTHER_PROMPT = (
    "A review of a {{ product }} by someone who is {{ mood }}. "
    "Say what you would tell a friend."
)


def changed_recipe(**params: Any) -> Recipe:
    """The reviews with another prompt, and other parameters where given."""
    data = recipe().to_dict()
    data["columns"]["text"]["prompt"] = OTHER_PROMPT
    if params:
        data["params"] = params
    return Recipe.from_dict(data)


def _rewritten(record: Record) -> Record:
    """Another answer to the same plan: longer, and with another fate in every fifth row."""
    text = str(record.values["text"])
    if record.index % 3 == 0:
        text = "I told a friend about it at lunch, and nobody at the table believed me."
        text += f" That was number {record.index}."
    elif record.index % 3 == 1:
        text += " I would tell a friend to look twice before paying."
    if record.index % 5 == 0:
        why = Reason("length", len(text), "length 61", column="text")
        fate: dict[str, Any] = {"accepted": False, "reasons": (why,)}
    else:
        fate = {"accepted": True, "reasons": ()}
    return replace(record, values={**record.values, "text": text}, **fate)


def two_versions(**params: Any) -> tuple[Batch, Batch]:
    """Version 2 and version 3 of the reviews; 31 pairs."""
    old = sample_batch(version=2, paired_with=None, wanted=None)
    new = Batch(
        [_rewritten(r) for r in old.made],
        changed_recipe(**params),
        name="reviews",
        version=3,
        paired_with=2,
        plan_targets=old.plan_targets,
    )
    return old, new


if __name__ == "__main__":
    import json

    from synthnb.diff import diff
    from synthnb.diff.payload import payload

    print(json.dumps(payload(diff(*two_versions())), indent=1, ensure_ascii=False))
