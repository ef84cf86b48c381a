"""Made-up people: every part is drawn apart, so no job or trait clings to a name."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from synthnb.samplers.draws import spread, uniform
from synthnb.types import Row

__all__ = ["make_person"]

_YOUNGEST, _OLDEST, _RETIRES = 18, 85, 67
_SHARES = {"female": 0.49, "male": 0.49, "nonbinary": 0.02}


@cache
def _data(locale: str) -> dict[str, Any]:
    text = (files(__package__) / "people" / f"{locale}.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def make_person(locale: str, seed: int, column: str, index: int) -> Row:
    """One person: ``name age sex city job traits`` (three short texts).

    ``sex`` is ``female``, ``male`` or ``nonbinary`` in every locale; ages run from 18 to
    85, from 67 on people are retired.
    """
    data = _data(locale)

    def draw(part: str, items: list[Any]) -> Any:
        return items[int(uniform(seed, column, part, index) * len(items))]

    place = spread(index, seed, column, "sex")
    sex = "female" if place < _SHARES["female"] else "male"
    sex = "nonbinary" if place >= _SHARES["female"] + _SHARES["male"] else sex
    age = _YOUNGEST + int(spread(index, seed, column, "age") * (_OLDEST - _YOUNGEST + 1))
    job = draw("job", [title for title, youngest in data["jobs"] if youngest <= age])
    job = _form(job, sex)
    return {
        "name": f"{draw('first', data[sex])} {draw('last', data['last'])}",
        "age": age,
        "sex": sex,
        "city": draw("city", data["cities"]),
        "job": data["retired"].format(job=job) if age >= _RETIRES else job,
        "traits": [_form(draw(part, texts), sex) for part, texts in data["traits"].items()],
    }


def _form(text: str, sex: str) -> str:
    """``boulanger|boulangère``: the form for this person, both where neither fits."""
    male, bar, female = text.partition("|")
    if not bar or male == female:
        return male
    return {"male": male, "female": female}.get(sex, f"{female}/{male}")
