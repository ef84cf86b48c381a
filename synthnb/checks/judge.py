"""``judge``: a model scores each row by a rubric, with its reasons.

Every score is kept on the row, passed or not, so that both tails can be read. An answer that
cannot be read is unknown: no score is ever guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synthnb.checks.asking import Asked, Unparsed
from synthnb.checks.protocol import Candidate, Check, CheckContext, pick, register, unknown
from synthnb.checks.values import reach
from synthnb.errors import CheckError
from synthnb.types import JSON, Reason, Row, check_of

_SCALE = re.compile(
    r"\s*(-?\d{1,4})\s*(?:-|–|to|\.\.)\s*(-?\d{1,4})\s*(?:[:,;.]\s*(.+))?", re.S
)
_NAME = re.compile(r"[^\W\d]\w{0,39}")
_SCORED = re.compile(rf"({_NAME.pattern}) -?\d+ of -?\d+:")
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a rubric."""

    name: str
    low: int
    high: int
    text: str
    least: float
    """The lowest score that passes."""


class Judge:
    """A rubric put to a model."""

    name = "judge"
    cost = 9
    ordered = False

    def __init__(
        self, asked: Asked, rubric: Sequence[Criterion], columns: Sequence[str]
    ) -> None:
        self.column: str | None = columns[0] if len(columns) == 1 else None
        self.models = (asked.name,)
        self._asked, self._rubric, self._columns = asked, rubric, columns

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """One reason a criterion: the value is its score, the message the judge's own."""
        shown: Row = {name: reach(row.values, name) for name in self._columns}
        try:
            answer = await self._asked.ask(row, shown)
        except Unparsed as error:
            return (unknown(self.name, str(error), self.column),)
        return [self._reason(criterion, answer) for criterion in self._rubric]

    def _reason(self, criterion: Criterion, answer: Mapping[str, JSON]) -> Reason:
        given = answer[criterion.name]
        score, why = given["score"], " ".join(str(given["reasoning"]).split())[:_LONGEST]
        message = f"{criterion.name} {score} of {criterion.high}: {why}"
        passed = bool(score >= criterion.least)
        several = len(self._rubric) > 1
        rule = f"{self.name}: {criterion.name}" if several else self.name
        return Reason(rule, score, message, self.column, passed)


def criterion_of(reason: Reason) -> str:
    """The criterion that a judge's reason scores, ``faithful``; empty for other checks.

    >>> criterion_of(Reason("judge", 4, "faithful 4 of 5: says what the source says"))
    'faithful'
    """
    own = reason.rule.partition(": ")[2]
    if own and check_of(reason.rule) == Judge.name:
        return own
    found = _SCORED.match(reason.message) if reason.rule == Judge.name else None
    return found[1] if found is not None else ""


@register("judge")
def _judge(options: dict[str, JSON], context: CheckContext) -> Check:
    """``{model: judge, rubric: {faithful: "1-5: says what the source says"}, min: 4}``; ``min``
    may be a map by criterion, ``columns`` limits what the judge sees."""
    found = pick(
        options, context, rubric=..., model=None, min=None, column=None, columns=None,
        instructions=None, params=None,
    )  # fmt: skip
    rubric = _rubric(found["rubric"], found["min"])
    columns = found["columns"] or ([found["column"]] if found["column"] else None)
    if columns is not None:
        if not isinstance(columns, list) or not columns:
            raise CheckError("'columns' is a list of columns")
        for column in columns:
            pick({"column": column}, context, column=None)
    instructions = found["instructions"]
    if instructions is not None and not isinstance(instructions, str):
        raise CheckError("'instructions' is a text")
    asked = Asked.open(
        "judge", found["model"], context, task=_task(rubric, instructions),
        schema=_schema(rubric), params=found["params"],
    )  # fmt: skip
    return Judge(asked, rubric, columns or _shown(context))


def _shown(context: CheckContext) -> list[str]:
    return [name for name in context.columns if name != "source"]


def _rubric(given: JSON, least: JSON) -> list[Criterion]:
    if isinstance(given, str):
        given = {"quality": given}
    if not isinstance(given, dict) or not given:
        raise CheckError("'rubric' is a map such as {faithful: 1-5}")
    made = []
    for name, form in given.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise CheckError(f"a criterion's name is a plain word, not {name!r}")
        low, high, text = _scale(name, form)
        own = least.get(name) if isinstance(least, dict) else least
        if own is None:
            own = low
        if isinstance(own, bool) or not isinstance(own, int | float) or not low <= own <= high:
            raise CheckError(f"'min' of {name} lies between {low} and {high}, not {own!r}")
        made.append(Criterion(name, low, high, text, own))
    if isinstance(least, dict):
        for name in least:
            if name not in given:
                raise CheckError(f"'min' names {name!r}, which the rubric does not")
    return made


def _scale(name: str, form: JSON) -> tuple[int, int, str]:
    text: JSON = ""
    if isinstance(form, dict) and set(form) <= {"scale", "text"} and "scale" in form:
        form, text = form["scale"], form.get("text", "")
    if isinstance(form, list) and len(form) == 2 and all(type(end) is int for end in form):
        low, high = form
    else:
        match = _SCALE.fullmatch(form) if isinstance(form, str) else None
        if match is None:
            raise CheckError(f"{name} needs a scale such as 1-5, not {form!r}")
        low, high, text = int(match[1]), int(match[2]), text or match[3] or ""
    if low >= high:
        raise CheckError(f"{name}: a scale goes up, such as 1-5, not {low}-{high}")
    return low, high, str(text).strip()


def _task(rubric: Sequence[Criterion], instructions: str | None) -> str:
    lines = [
        "You judge one row of a data set, given as a JSON object of its columns.",
        "For each criterion write your reasoning first, then a whole-number score:",
    ]
    for item in rubric:
        told = f" {item.text}" if item.text else ""
        lines.append(f"- {item.name}: {item.low} (worst) to {item.high} (best).{told}")
    if instructions:
        lines.append(instructions.strip())
    lines.append("Length is no merit. Answer with one JSON object and nothing else.")
    return "\n".join(lines)


def _schema(rubric: Sequence[Criterion]) -> dict[str, JSON]:
    fields: dict[str, JSON] = {}
    for item in rubric:
        score = {"type": "integer", "minimum": item.low, "maximum": item.high}
        fields[item.name] = _object(
            {"reasoning": {"type": "string", "maxLength": 4000}, "score": score}
        )
    return _object(fields)


def _object(fields: dict[str, JSON]) -> dict[str, JSON]:
    """An object with exactly these fields, in this order."""
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }
