"""``label_kept``: somebody else reads the text and must name the same label.

A model is asked, or a classifier that learned from the source rows. It does not see the label.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from synthnb.checks.asking import Asked, Unparsed
from synthnb.checks.corpus import texts_in
from synthnb.checks.duplicates import text_of
from synthnb.checks.judge import _object
from synthnb.checks.protocol import (
    Candidate,
    Check,
    CheckContext,
    pick,
    register,
    share,
    unknown,
)
from synthnb.checks.values import reach
from synthnb.errors import CheckError
from synthnb.types import JSON, Reason

MOST_LABELS = 50
FEWEST_EACH = 5
"""Source rows of every label that a classifier needs."""

_TASK = """You read one text, given as a JSON object, and name its {label}: exactly one of
{labels}
Write your reasoning first, then the label. Answer with one JSON object and nothing else."""


class LabelKept:
    """Common part: the label found again must be the row's."""

    name = "label_kept"
    ordered = False
    cost = 4

    def __init__(self, column: str, label: str) -> None:
        self.column: str | None = column
        self.label = label

    async def __call__(self, row: Candidate) -> Sequence[Reason]:
        """Passed if the labels agree; the value is the one that was found again."""
        text, wanted = text_of(row, self.column), _text(reach(row.values, self.label))
        if not text.strip():
            return (unknown(self.name, "nothing to read", self.column),)
        try:
            found, why = await self._found(row, text)
        except Unparsed as error:
            return (unknown(self.name, str(error), self.column),)
        said = f"reads as {found}" + ("" if found == wanted else f", not {wanted}")
        message = f"{said}: {why}" if why else said
        return (Reason(self.name, found, message, self.column, found == wanted),)

    async def _found(self, row: Candidate, text: str) -> tuple[str, str]:
        raise NotImplementedError


class ByModel(LabelKept):
    """A model names the label."""

    cost = 9

    def __init__(self, column: str, label: str, asked: Asked) -> None:
        super().__init__(column, label)
        self.models = (asked.name,)
        self._asked = asked

    async def _found(self, row: Candidate, text: str) -> tuple[str, str]:
        answer = await self._asked.ask(row, {"text": text})
        return _text(answer["label"]), " ".join(str(answer["reasoning"]).split())[:400]


class ByClassifier(LabelKept):
    """A logistic regression on TF-IDF weights of the source rows names the label."""

    def __init__(
        self, column: str, label: str, texts: Sequence[str], labels: Sequence[str], least: float
    ) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        super().__init__(column, label)
        self._least = least
        # Character runs inside words: any script, and forms of a word count as alike.
        weights = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
        learner = LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000)
        self._model: Any = make_pipeline(weights, learner).fit(list(texts), list(labels))

    async def _found(self, row: Candidate, text: str) -> tuple[str, str]:
        chances = self._model.predict_proba([text])[0]
        best = int(chances.argmax())
        if chances[best] < self._least:
            raise Unparsed(f"the classifier is not sure ({chances[best]:.2f})")
        return str(self._model.classes_[best]), f"probability {chances[best]:.2f}"


@register("label_kept")
@register("label_agreement")
def _label_kept(options: dict[str, JSON], context: CheckContext) -> Check:
    """``{column: text, label: label, by: classifier or model, model: judge, labels: [...]}``.

    Without ``by`` a model that is named is asked; else the source rows teach a classifier if
    there are enough of every label; else the recipe's model is asked.
    """
    found = pick(
        options, context, ("label",), column=..., label=..., by=None, model=None, labels=None,
        min=0.5, params=None,
    )  # fmt: skip
    column, label, by, least = found["column"], found["label"], found["by"], share(found, "min")
    if by not in (None, "classifier", "model"):
        raise CheckError("'by' is classifier or model")
    texts, known = _examples(column, label, context) if by != "model" else ([], [])
    enough = len(set(known)) > 1 and all(known.count(k) >= FEWEST_EACH for k in set(known))
    if by == "classifier" and not enough:
        raise CheckError(
            f"a classifier learns from {column!r} and {label!r} of the source: {FEWEST_EACH} "
            f"rows of each of two labels are needed, {len(known)} have both columns"
        )
    if by == "classifier" or (by is None and found["model"] is None and enough):
        return ByClassifier(column, label, texts, known, least)
    labels = _labels(found["labels"], label, context)
    task = _TASK.format(label=label, labels=", ".join(labels))
    schema = _object(
        {"reasoning": {"type": "string", "maxLength": 4000}, "label": {"enum": labels}}
    )
    asked = Asked.open(
        "label_kept", found["model"], context, task=task, schema=schema, params=found["params"]
    )
    return ByModel(column, label, asked)


def _text(value: JSON) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _examples(column: str, label: str, context: CheckContext) -> tuple[list[str], list[str]]:
    """Texts and labels of the source rows, where it has both columns."""
    texts: list[str] = []
    labels: list[str] = []
    for row in context.source_rows() if context.source_rows is not None else ():
        if column.partition(".")[0] not in row or label.partition(".")[0] not in row:
            break
        text, value = " ".join(texts_in(row, column)), reach(row, label)
        if text.strip() and value is not None:
            texts.append(text)
            labels.append(_text(value))
    return texts, labels


def _labels(given: JSON, label: str, context: CheckContext) -> list[str]:
    """The labels to choose from: given, the column's own, those of the source."""
    from synthnb.recipe import Category, Prompt, Subcategory

    found: list[Any] = []
    if given is not None:
        if not isinstance(given, list) or not given:
            raise CheckError("'labels' is a list of labels")
        found = given
    elif context.recipe is not None and label in context.recipe.columns:
        spec = context.recipe.columns[label]
        if isinstance(spec, Category):
            found = list(spec.values)
        elif isinstance(spec, Subcategory):
            found = [value for values in spec.of.values() for value in values]
        elif isinstance(spec, Prompt):
            found = list(spec.choices or [])
    if not found and context.source_rows is not None:
        found = [row.get(label) for row in context.source_rows()]
    labels = sorted({_text(value) for value in found if value is not None})
    if not 2 <= len(labels) <= MOST_LABELS:
        raise CheckError(f"needs 'labels': 2 to {MOST_LABELS} of them, not {len(labels)}")
    return labels
