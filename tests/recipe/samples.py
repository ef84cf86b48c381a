"""Recipes that the tests read, and two short ways to read one."""

from __future__ import annotations

import pytest

from synthnb.errors import RecipeError
from synthnb.recipe import Recipe

__all__ = ["EXAMPLE", "KINDS", "recipe", "refusal"]

EXAMPLE = """\
synthnb: 1                       # format version
name: support-qa
description: Support questions with sourced answers
kind: qa                         # a label
purpose: fine-tuning
license: CC-BY-4.0               # of the rows
seed: 7
model: local/smollm2-135m        # PROFILE/MODEL
models: {judge: openai/gpt-5-mini}          # named
params: {temperature: 0.9, top_p: 0.95, max_tokens: 300, extra: {min_p: 0.05}}
source: {path: faq.csv, columns: [faq_q, faq_a], order: shuffle, per_row: 1, license: CC0-1.0}
columns:                         # order is free
  topic:      {category: {billing: 3, login: 2, refund: 1}}
  subtopic:   {subcategory: topic, of: {billing: [invoice, vat], login: [2fa], refund: [late]}}
  difficulty: [easy, medium, hard]
  words:      {integer: [20, 120]}                       # inclusive
  question:   {prompt: "A {{ difficulty }} question on {{ topic }}/{{ subtopic }}.",
               system: "…", few_shot: 3, per_call: 5,
               examples: [{topic: billing, difficulty: easy, question: "Where is it?"}]}
  answer:     {prompt: "Answer {{ question }} from: {{ faq_a }}",
               schema: {answer: str, citations: [str]}}
  label:      {prompt: "…", choices: [yes, no]}
  chars:      {expression: "{{ answer.answer | length }}"}   # a number stays a number
checks:                          # none runs that is not named here
  - {length: {column: question, min: 20, max: 400}}          # characters
  - {near_duplicate: {column: question, threshold: 0.8, against: [accepted, source]}}
  - {judge: {model: judge, rubric: {faithful: "1-5"}, min: 4}}   # every item >= min
target: {rows: 200, quotas: {difficulty: {hard: 60}}, max_candidates: 600}   # exact counts
budget: {usd: 2.00, tokens: 400000, minutes: 15}
mix: {real: 0.3}                 # share of real rows
"""

KINDS = {
    "qa": """\
source: {documents: "docs/**/*.md", chunk: {words: 300, overlap: 40}}
columns:
  question: {prompt: "Ask one question that this answers:\\n{{ chunk }}"}
  answer: {prompt: "{{ question }}\\n{{ chunk }}", schema: {answer: str, citations: [str]}}
checks: [{grounded: {column: answer.answer, in: chunk, citations: answer.citations}}]
""",
    "conversation": """\
columns: {goal: [refund, help], chat: {turns: {min: 4, max: 8,
  user: {system: "You are a customer who wants {{ goal }}."},
  assistant: {system: "You are a clerk."}, stop: "goodbye"}, prompt: "Start about {{ goal }}."}}
""",
    "code": """\
columns: {task: {prompt: "…"}, solution: {prompt: "{{ task }}", code: python},
  tests: {prompt: "…{{ task }}", code: python}}
checks: [{code: {column: solution, tests: tests}}]
""",
    "preference": """\
models: {gen: local/a, other: local/b}
columns: {topic: [x, y], prompt: {prompt: "…"}, response: {prompt: "{{ prompt }}",
  candidates: {n: 4, models: [gen, other], temperatures: [0.3, 1.0]}}}
checks: [{rank: {column: response, by: judge, orders: both}}]
""",
    "benchmark": """\
models: {solver: local/a}
columns: {skill: [add],
  item: {prompt: "…", schema: {question: str, options: [str], key: int}},
  solved: {prompt: "{{ item.question }}…", choices: [0, 1, 2, 3], model: solver}}
checks: [{contamination: {column: item.question, against: ["train.jsonl"], ngram: 13}}]
split: {by: skill, eval: 0.2}
""",
    "augment": """\
source: {path: reviews.csv, columns: [text, label], per_row: 3}
columns: {text: {prompt: "Say this in other words, same opinion: {{ text }}"}}
checks: [{novelty: {column: text, against: [source], max: 0.7}},
  {label_kept: {column: text, label: label}}]
""",
    "tabular": """\
source: {path: patients.csv}
columns: {age: {like: age}, ward: {like: ward},
  note: {prompt: "A note for a {{ age }}-year-old in {{ ward }}."}}
""",
}


def recipe(columns: str, *more: str) -> Recipe:
    return Recipe.loads("\n".join(["synthnb: 1", *more, f"columns: {columns}"]))


def refusal(text: str) -> str:
    with pytest.raises(RecipeError) as error:
        Recipe.loads(text)
    return str(error.value)
