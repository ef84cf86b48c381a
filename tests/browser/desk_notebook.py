"""Batches to review and to rank in browser tests."""

from __future__ import annotations

from synthnb.batch import Batch
from synthnb.recipe import Recipe
from synthnb.types import Record
from tests.samples import HOSTILE

RECIPE = """\
synthnb: 1
name: support
seed: 7
purpose: alignment
license: CC0-1.0
source: {path: faq.csv}
columns:
  topic: [billing, login]
  question: {prompt: "A question on {{ topic }}."}
  answer:
    prompt: "Answer {{ question }} from {{ faq_a }}"
    main: true
    candidates: {n: 4, models: [lab/large, lab/small], temperatures: [0.3, 0.3, 1.0, 1.0]}
"""

ANSWERS = (
    "Invoices are sent on the 1st of each month; you find them under Settings > Billing.",
    "To find your invoice you can visit the website of the Invoices.com company.",
    "Look under Settings > Billing > Invoices. Older ones are kept for ten years.",
    "On the last quarter, you can find a refund of 10% off of your current bill.",
)


def support(rows: int = 12, *, hostile: bool = False) -> Batch:
    """Four answers to each question; with ``hostile`` ones that try to act."""
    recipe = Recipe.loads(RECIPE)
    made = []
    for i in range(rows):
        texts = [HOSTILE[(i + j) % len(HOSTILE)] for j in range(4)] if hostile else ANSWERS
        answers = [
            {
                "answer": f"{text} ({i + 1})",
                "model": ("lab/large", "lab/small")[j % 2],
                "temperature": (0.3, 0.3, 1.0, 1.0)[j],
            }
            for j, text in enumerate(texts)
        ]
        values = {
            "topic": ("billing", "login")[i % 2],
            "question": f"Where can I find my invoice for quarter {i + 1}?",
            "answer": answers,
        }
        source = {"faq_a": "Invoices are sent by e-mail and kept under Settings > Billing."}
        made.append(Record(i, values, id=f"s{i:03d}", source=source))
    return Batch(made, recipe, name="support")
