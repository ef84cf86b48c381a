"""Candidates whose order is known, and raters who see it through noise."""

from __future__ import annotations

import math
import random

from synthnb.batch import Batch
from synthnb.ranking import Ranking, Shown
from synthnb.recipe import Recipe
from synthnb.types import Record

RECIPE = """\
synthnb: 1
name: answers
seed: 7
license: CC0-1.0
purpose: alignment
columns:
  topic: [sleep, bicycles]
  prompt: {prompt: "A question on {{ topic }}."}
  response:
    prompt: "{{ prompt }}"
    main: true
    candidates: {n: 4, models: [lab/a, lab/b, lab/c, lab/d]}
"""

TRUTH = {"lab/a": 1.2, "lab/b": 0.4, "lab/c": -0.4, "lab/d": -1.2}


def answers(rows: int = 40, seed: int = 7) -> Batch:
    """Four answers to each question, one of each model."""
    made = []
    for i in range(rows):
        given = [{"answer": f"{name} answers {i}", "model": name} for name in TRUTH]
        values = {"topic": "sleep", "prompt": f"Question {i}?", "response": given}
        made.append(Record(i, values, id=f"q{i:03d}"))
    return Batch(made, Recipe.loads(RECIPE).replace(seed=seed), name="answers")


def strength(answer: object) -> float:
    """The true strength behind an answer."""
    return TRUTH[str(answer).split(" answers")[0]]


def judge_all(ranking: Ranking, seed: int = 0, noise: float = 1.0) -> None:
    """A simulated rater: Bradley-Terry itself, without noise the truth."""
    rng = random.Random(seed)
    while (item := ranking.current) is not None:
        ranking.vote(say(ranking, item, rng, noise))


def say(ranking: Ranking, item: Shown, rng: random.Random, noise: float = 1.0) -> str:
    """One verdict."""
    left, right = (strength(answer) for answer in ranking.sides(item))
    if not noise:
        return "left" if left > right else "right"
    return "left" if rng.random() < 1 / (1 + math.exp((right - left) / noise)) else "right"
