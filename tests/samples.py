"""Batches made by hand: the reviews that the embedded model wrote, and hostile ones.

``python -m tests.samples`` prints a payload to look at.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from synthnb.batch import Batch
from synthnb.recipe import Recipe
from synthnb.types import Call, Message, Reason, Record, Row, Usage

RECIPE = """\
synthnb: 1
name: reviews
seed: 7
columns:
  product: [laptop, kettle, headphones, backpack]
  mood: {angry: 2, happy: 2, mixed: 1}
  text:
    prompt: >-
      A three-sentence review of a {{ product }} by someone who is {{ mood }}.
      Name one part of the {{ product }}.
    examples:
      - product: kettle
        mood: angry
        text: The lid broke off in the first week. I called the shop twice and nobody
          answered. Do not buy this kettle.
      - product: laptop
        mood: happy
        text: The screen is bright and the keys are quiet. It wakes at once. I would
          buy it again.
      - product: backpack
        mood: mixed
        text: The straps are soft but the zip sticks. I will keep it, but only just.
checks:
  - {length: {column: text, min: 75, max: 300}}
  - {repetition: {column: text, max: 0.25}}
  - {near_duplicate: {column: text, threshold: 0.6}}
  - {judge: {rubric: {on topic: 1-5, mood ok: 1-5}, min: 3}}
target: {rows: 24}
"""

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07",
    "invoice \u202egnp.exe \u2066x\u2069",
    r"$E=mc^2$ \(x\) \[y\] \begin{align}z\end{align} \href{javascript:alert(1)}{x}",
    "javascript:alert(1)",
    "'\"><svg/onload=alert(1)>",
    "{{ 7 * 7 }} {% raw %}",
    "nul\x00 lone\ud800 zero\u200bwidth\ufeff",
    "</table></div><style>*{display:none}</style>",
]


def recipe(text: str = RECIPE) -> Recipe:
    """The recipe behind ``sample_batch``."""
    return Recipe.loads(text)


def record(index: int, values: Row, *reasons: Reason, checks: Any = (), **more: Any) -> Record:
    """One candidate; it is rejected if any reason is given."""
    return Record(
        index=index,
        values=values,
        accepted=not reasons,
        reasons=reasons,
        checks=tuple(checks),
        id=f"r{index:04d}",
        **more,
    )


def batch_of(texts: list[str], text: str = RECIPE, **more: Any) -> Batch:
    """A batch of accepted rows with these texts."""
    same = {"product": "kettle", "mood": "angry"}
    rows = [record(i, same | {"text": t}) for i, t in enumerate(texts)]
    return Batch(rows, recipe(text), **more)


def sample_batch(**more: Any) -> Batch:
    """31 candidates of which 24 were accepted, with checks, calls and a plan."""
    stored = json.loads(Path(__file__).with_name("sample_reviews.json").read_text("utf-8"))
    records = [_review(index, *row) for index, row in enumerate(stored)]
    funnel = {"calls": 31, "answered": 31, "parsed": 30, "valid": 29, "judged": 24}
    fields: dict[str, Any] = {
        "recipe": recipe(),
        "funnel": {**funnel, "unique": 24, "accepted": 24},
        "usage": Usage(requests=31, prompt_tokens=4960, completion_tokens=1204, cost=None),
        "name": "reviews",
        "version": 3,
        "paired_with": 2,
        "wanted": 24,
        "elapsed": 1.9,
        "plan_targets": {
            "product": dict.fromkeys(["laptop", "kettle", "headphones", "backpack"], 6.0),
            "mood": {"angry": 9.6, "happy": 9.6, "mixed": 4.8},
        },
    }
    return Batch(records, **(fields | more))


CUT = "The kettle is loud and the li"
"""The raw answer of a row that used up its tokens."""


def truncated(index: int) -> Record:
    """A row whose answer was cut off: it has no text."""
    prompt = (Message(role="user", content="A three-sentence review."),)
    return record(
        index,
        {"product": "kettle", "mood": "angry"},
        Reason("truncated", None, "Truncated: the model used up its 60 tokens"),
        calls=(Call("text", "local/tiny", prompt, f"{CUT} ", finish_reason="length"),),
    )


def many(size: int, **more: Any) -> Batch:
    """A long batch of short made-up reviews; every fifth one was cut off."""
    words = "the kettle is loud hot lid broke first week called shop twice nobody answered"
    draw = random.Random(7)
    texts = [" ".join(draw.choices(words.split(), k=draw.randint(8, 40))) for _ in range(997)]
    products = ("laptop", "kettle", "headphones", "backpack")
    moods = ("angry", "happy", "mixed")
    records = [
        record(
            i,
            {
                "product": products[i * 3 % 4],
                "mood": moods[i * 7 % 3],
                "text": f"row {i} {texts[i % 997]}",
            },
            *([Reason("truncated", None, "cut off", column="text")] if i % 5 == 0 else []),
        )
        for i in range(size)
    ]
    text = RECIPE.split("checks:")[0]
    return Batch(records, recipe(text), name="reviews", version=1, wanted=size, **more)


def _review(index: int, product: str, mood: str, text: str, why: str, *scores: str) -> Record:
    near, topic, right_mood = scores
    checks = [
        Reason("length", len(text), column="text", passed="length" not in why),
        Reason("near_duplicate", float(near), column="text", passed="near" not in why),
    ]
    if topic != "–":
        checks.append(Reason("judge: on topic", int(topic), passed=int(topic) >= 3))
        checks.append(Reason("judge: mood ok", int(right_mood), passed=int(right_mood) >= 3))
    prompt = (
        f"A three-sentence review of a {product} by someone who is {mood}. "
        f"Name one part of the {product}."
    )
    messages: tuple[Message, ...] = ({"role": "user", "content": prompt},)
    call = Call("text", "local/smollm2-135m", messages, text, 160, 38, seed=1000 + index)
    values = {"product": product, "mood": mood, "text": text}
    return record(index, values, *_reasons(why), checks=checks, calls=(call,))


def _reasons(why: str) -> list[Reason]:
    if not why:
        return []
    rule, *rest = why.split()
    value = float(rest[-1]) if rest and rest[-1].replace(".", "").isdigit() else None
    return [Reason(rule, value, why, column="text")]


if __name__ == "__main__":
    from synthnb.charts.payload import payload

    print(json.dumps(payload(sample_batch()), indent=1, ensure_ascii=False))
