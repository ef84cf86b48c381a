"""Recipes: read, judged, written back, edited and saved."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthnb.errors import RecipeError
from synthnb.recipe import Category, CheckSpec, Prompt, Recipe, Source, Target
from synthnb.recipes import list_kinds, read_kind

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


# ---------------------------------------------------------------- reading


def test_the_example_of_the_format_loads() -> None:
    made = Recipe.loads(EXAMPLE)
    assert made.name == "support-qa"
    assert made.main == "label"
    assert made.columns["topic"] == Category(
        values=["billing", "login", "refund"], weights=[3, 2, 1]
    )
    assert made.columns["label"] == Prompt(prompt="…", choices=["yes", "no"])
    assert made.checks[0] == CheckSpec(
        rule="length", options={"column": "question", "min": 20, "max": 400}
    )
    assert made.params.extra == {"min_p": 0.05}
    assert made.target.quotas == {"difficulty": {"hard": 60}}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_loads_in_a_few_lines(kind: str) -> None:
    made = Recipe.loads("synthnb: 1\n" + KINDS[kind])
    assert Recipe.from_dict(made.to_dict()) == made
    assert Recipe.loads(Recipe.from_dict(made.to_dict()).dumps()) == made


@pytest.mark.parametrize("kind", list_kinds())
def test_every_shipped_recipe_loads_and_stays_as_it_is(kind: str) -> None:
    text = read_kind(kind)
    assert Recipe.loads(text).dumps() == text


@pytest.mark.parametrize(
    ("spelling", "values", "weights"),
    [
        ("[a, b]", ["a", "b"], [1, 1]),
        ("{a: 3, b: 0.5}", ["a", "b"], [3, 0.5]),
        ("{category: [a, b]}", ["a", "b"], [1, 1]),
        ("{category: {a: 2, b: 0}}", ["a", "b"], [2, 0]),
        ("[2, 2.5, true, yes]", [2, 2.5, True, "yes"], [1, 1, 1, 1]),
    ],
)
def test_a_category_has_several_spellings(
    spelling: str, values: list[Any], weights: list[float]
) -> None:
    made = recipe(f"{{c: {spelling}}}").columns["c"]
    assert made == Category(values=values, weights=weights)


def test_scalars_are_those_of_yaml_1_2() -> None:
    made = recipe("{c: [NO, on, 010, 1:30, 2026-01-31, 0x1F, ~x]}").columns["c"]
    assert isinstance(made, Category)
    assert made.values == ["NO", "on", 10, "1:30", "2026-01-31", 31, "~x"]


def test_a_bare_condition_becomes_an_expression() -> None:
    made = recipe("{a: [x], t: {prompt: hi, skip_when: a == 'x'}}")
    assert made.prompts["t"].skip_when == "{{ a == 'x' }}"


def test_a_recipe_can_be_made_in_python_in_shorthand() -> None:
    made = Recipe(
        columns={"mood": ["angry", "happy"], "text": {"prompt": "{{ mood }}"}},  # type: ignore[dict-item]
        checks=["exact_duplicate"],  # type: ignore[list-item]
        target=Target(rows=5),
    )
    assert made.columns["mood"] == Category(values=["angry", "happy"])
    assert made == Recipe.loads(made.dumps())


# ---------------------------------------------------------------- refusing


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("columns: {}", "Line 1: a recipe names its format: begin with 'synthnb: 1'"),
        ("synthnb: 2", "Line 1: synthnb: format 2 is newer"),
        (
            "synthnb: 1\nbugdet: {usd: 1}",
            "Line 2: unknown key 'bugdet'; did you mean 'budget'?",
        ),
        (
            "synthnb: 1\nparams: {temprature: 1}",
            "Line 2: unknown key 'temprature' in params; did you mean 'temperature'?",
        ),
        (
            "synthnb: 1\nparams:\n  top_p: 1\n  temperature: 3",
            "Line 4: params.temperature: must be from 0 to 2, not 3",
        ),
        (
            "synthnb: 1\nmix: {real: 1}",
            "Line 2: mix.real: must be at least 0 and below 1, not 1",
        ),
        (
            "synthnb: 1\ntarget: {rows: 0}",
            "Line 2: target.rows: must be from 1 to 1,000,000,000, not 0",
        ),
        ("synthnb: 1\nparams: {extra: {api_key: sk-1}}", "extra may not hold 'api_key'"),
        ("synthnb: 1\nseed: seven", "Line 2: seed: must be a whole number, not 'seven'"),
        ("synthnb: 1\nname: ../x", "Line 2: name: a name has letters"),
        ("synthnb: 1\ndescription: 5", "must be text, not 5 (put it in quotes)"),
        ("synthnb: 1\npurpose: finetuning", "did you mean 'fine-tuning'?"),
        ("synthnb: 1\nmodel: gpt-5", "it is not PROFILE/MODEL"),
        (
            "synthnb: 1\nmodels: {a: 'http://h/v1'}",
            "a model is PROFILE/MODEL, not 'http://h/v1'",
        ),
        ("synthnb: 1\nsource: {path: 'https://h/a.csv'}", "not an address"),
        ("synthnb: 1\nsource: {path: a, documents: b}", "path or documents, not both"),
        ("synthnb: 1\nsource: {order: shufle}", "did you mean 'shuffle'?"),
        ("synthnb: 1\nsplit: {by: nope}", "Line 2: split.by: unknown column 'nope'"),
        ("synthnb: 1\nchecks: [{length: 3}]", "checks.0.length: must be a map"),
        ("synthnb: 1\nchecks: [{a: {}, b: {}}]", "a check is one name with its options"),
        ("synthnb: 1\nchecks: [{length: {column: txt}}]", "unknown column 'txt'"),
        ("synthnb: 1\nchecks: [{judge: {model: jugde}}]", "no model 'jugde'"),
        ("- a", "Line 1: a recipe is a map of keys"),
        ("synthnb: 1\na: [", "not valid YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_a_way_out(text: str, told: str) -> None:
    assert told in refusal(text)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ("{c: {category: [a], uuid: {}}}", "one kind, not category and uuid"),
        (
            "{c: {promt: hi}}",
            "unknown column kind 'promt' in columns.c; did you mean 'prompt'?",
        ),
        ("{c: {prompt: hi, sistem: x}}", "did you mean 'system'?"),
        ("{c: hello}", "a column is a list of labels or a map"),
        ("{c: []}", "must not be empty"),
        ("{c: [a, null]}", "columns.c.1: must be text or a whole number or a number or true"),
        ("{c: [a, [b]]}", "true or false, not a list"),
        (
            "{c: {prompt: x, schema: 5}}",
            "columns.c.schema: must be a map or text or a list, not 5",
        ),
        ("{c: {a: 0}}", "weights must be 0 or more, and not all 0"),
        ("{c: {a: -1, b: 2}}", "weights must be 0 or more"),
        ("{c: [a, a]}", "'a' appears twice in this category"),
        ("{c: {integer: [5, 1]}}", "the low end 5 is above the high end 1"),
        ("{c: {integer: [1.5, 2]}}", "columns.c.integer.0: must be a whole number, not 1.5"),
        ("{c: {integer: 5}}", "needs two ends, such as [1, 10]"),
        ("{c: {number: [0, 1], decimals: 99}}", "must be from 0 to 15, not 99"),
        ("{c: {datetime: [2026-13-01, 2026-12-31]}}", "is no ISO date or time"),
        ("{c: {datetime: [2026-01-01, 2025-01-01]}}", "is after the last"),
        ("{c: {subcategory: p, of: {}}}", "'p' is no column"),
        ("{p: [a, b], c: {subcategory: p, of: {a: [x]}}}", "no labels for b"),
        ("{p: [apple], c: {subcategory: p, of: {aple: [x]}}}", "did you mean 'apple'?"),
        ("{loop: [a]}", "may not be called 'loop': templates need that word"),
        ("{source: [a]}", "may not be called 'source'"),
        ("{range: [a]}", "may not be called 'range'"),
        ("{class: [a]}", "may not be called 'class'"),
        ("{true: [a]}", "a column's name has letters"),
        ("{_synthnb: [a]}", "may not begin with '_'"),
        ("{a-b: [a]}", "a column's name has letters, digits and '_'"),
        (
            "{t: {prompt: '{{ moood }}'}, mood: [a]}",
            "unknown column 'moood'; did you mean 'mood'?",
        ),
        ("{t: {prompt: '{{ t }}'}}", "column 't' refers to itself"),
        ("{t: {prompt: '{{ source.x }}'}}", "needs a source, and the recipe has none"),
        ("{t: {prompt: '{{ source }}'}}", "write {{ source.NAME }}"),
        ("{a: {prompt: '{{ b }}'}, b: {expression: '{{ a }}'}}", "in a circle: a -> b -> a"),
        ("{c: {like: age}}", "like needs a source"),
        ("{t: {prompt: hi, schema: {a: strr}}}", "unknown type 'strr' in a schema"),
        ("{t: {prompt: hi, choices: [a], schema: str}}", "takes schema or choices, not both"),
        ("{t: {prompt: hi, json_schema: {type: strin}}}", "not a JSON Schema"),
        ("{t: {prompt: hi, examples: [{a: 1}]}}", "needs the key 't'"),
        ("{t: {prompt: hi, model: jugde}}", "no model 'jugde' under models"),
        ("{a: {prompt: x, main: true}, b: {prompt: y, main: true}}", "'a' is the main column"),
        (
            "{t: {prompt: hi, schema: {answer: str}}, e: {expression: '{{ t.anwser }}'}}",
            "'t' has no field 'anwser'; did you mean 'answer'?",
        ),
    ],
)
def test_a_column_that_cannot_be_is_refused(columns: str, told: str) -> None:
    assert told in refusal(f"synthnb: 1\ncolumns: {columns}")


@pytest.mark.parametrize(
    ("quotas", "told"),
    [
        ("{levl: {a: 1}}", "unknown column 'levl'"),
        ("{level: {eazy: 1}}", "'level' has no value 'eazy'; did you mean 'easy'?"),
        ("{'level & mood': {'easy & sad': 1}}", "'mood' has no value 'sad'"),
        ("{'level & mood': {easy: 1}}", "needs one value for each of level and mood"),
        ("{level: {easy: -1}}", "must be at least 0"),
    ],
)
def test_quotas_name_what_exists(quotas: str, told: str) -> None:
    columns = "columns: {level: [easy, hard], mood: [happy], text: {prompt: x}}"
    assert told in refusal(f"synthnb: 1\ntarget: {{quotas: {quotas}}}\n{columns}")


def test_quotas_may_name_combinations_and_labels_of_other_types() -> None:
    made = recipe(
        "{n: [1, 2], ok: {true: 1}, text: {prompt: x}}",
        "target: {quotas: {n: {1: 5}, 'n & ok': {'1 & true': 3}}}",
    )
    assert made.target.quotas["n & ok"] == {"1 & true": 3}


def test_at_most_three_mistakes_are_told_at_a_time() -> None:
    told = refusal("synthnb: 1\na1: 1\nb1: 1\nc1: 1\nd1: 1\ne1: 1").splitlines()
    assert [line[:7] for line in told] == ["Line 2:", "Line 3:", "Line 4:"]
    assert told[-1].endswith("(and 2 more)")


def test_a_mistake_in_a_block_of_text_names_the_line_in_the_block() -> None:
    text = "synthnb: 1\ncolumns:\n  t:\n    prompt: |\n      one\n      two {{ nope }}\n"
    assert refusal(text).startswith("Line 6: columns.t.prompt: unknown column 'nope'")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &x [1]\nb: *x", "anchors and aliases (&x) are not allowed"),
        ("seed: !!python/object/apply:os.system [ls]", "tags"),
        ("<<: {seed: 1}", "merge keys"),
        ("seed: 1\nseed: 2", "'seed' appears twice"),
        ("a: " + "[" * 200_000, "nested more than 32 levels"),
        ("a: " + "{a: " * 100_000, "nested more than 32 levels"),
        ("a:\n" + "- 1\n" * 200_000, "more than 20,000 values"),
        ("#" * (1 << 20), "larger than 1 MiB"),
        ("---\nsynthnb: 1", "a second document"),
        ("name: a\0b", "not valid YAML"),
        ('description: "\\ud800"', "half a surrogate pair"),
        ("seed: " + "9" * 5000, "more than 400 digits"),
        ("mix: {real: .nan}", "is not a JSON number"),
        ("? [a]\n: 1", "a key must be a word"),
    ],
)
def test_hostile_yaml_is_refused_before_anything_is_built(text: str, told: str) -> None:
    began = time.process_time()
    assert told in refusal("synthnb: 1\n" + text)
    assert time.process_time() - began < 3


def test_loading_opens_imports_and_sends_nothing() -> None:
    code = """
import sys
from synthnb.recipe import Recipe
Recipe.loads(TEXT)  # the first one may import what reading needs
seen = []
sys.addaudithook(lambda event, args: seen.append((event, args)) if event in WATCHED else None)
Recipe.loads(TEXT)
assert not seen, seen
"""
    watched = {
        "open",
        "import",
        "socket.connect",
        "subprocess.Popen",
        "os.system",
        "os.listdir",
    }
    head = f"TEXT = {EXAMPLE!r}\nWATCHED = {watched!r}\n"
    done = subprocess.run([sys.executable, "-c", head + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# ---------------------------------------------------------------- the graph


def test_order_follows_references_and_else_the_recipe() -> None:
    made = recipe("{c: {prompt: '{{ b }}'}, z: [1], b: {expression: '{{ a }}'}, a: [x]}")
    assert made.order == ["z", "a", "b", "c"]
    assert made.references("c") == {"b"}


def test_a_column_may_shadow_a_source_column() -> None:
    made = recipe(
        "{text: {prompt: 'Reword: {{ text }}'}, size: {expression: '{{ text | length }}'}}",
        "source: {path: a.csv, columns: [text]}",
    )
    assert made.references("text") == {"source.text"}
    assert made.references("size") == {"text"}
    assert made.order == ["text", "size"]


def test_names_wait_until_the_source_is_known() -> None:
    made = recipe("{t: {prompt: '{{ body }} {{ source.id }}'}}", "source: {path: a.csv}")
    made.validate_source(["body", "id"])
    with pytest.raises(RecipeError, match="unknown column 'body'; did you mean 'bodi'"):
        made.validate_source(["bodi", "id"])


def test_documents_have_known_columns() -> None:
    assert "unknown column 'chunck'; did you mean 'chunk'?" in refusal(
        "synthnb: 1\nsource: {documents: '*.md'}\ncolumns: {t: {prompt: '{{ chunck }}'}}"
    )


def test_the_main_column_is_the_marked_one_or_the_last() -> None:
    assert recipe("{a: {prompt: x}, b: {prompt: y}, c: [1]}").main == "b"
    assert recipe("{a: {prompt: x, main: true}, b: {prompt: y}}").main == "a"
    assert recipe("{c: [1]}").main == "text"


def test_a_model_is_resolved_through_its_short_name() -> None:
    made = Recipe.loads(EXAMPLE).replace(model="judge")
    assert made.model_for("question") == "openai/gpt-5-mini"
    assert Recipe().model_for is not None and recipe("{t: {prompt: x}}").model_for("t") is None


def test_the_fingerprint_stands_for_what_shapes_rows() -> None:
    made = Recipe.loads(EXAMPLE)
    same = made.replace(
        name="other", description="x", license=None, budget=None, target=Target(rows=3)
    )
    assert same.fingerprint == made.fingerprint
    assert made.replace(seed=8).fingerprint != made.fingerprint
    assert recipe("{c: [1]}").fingerprint != recipe("{c: ['1']}").fingerprint
    assert recipe("{c: [a]}").fingerprint == "8075a25ef1ba2727db6863c9e4681a3a"


# ---------------------------------------------------------------- writing


def changed_lines(before: str, after: str) -> list[str]:
    old = before.splitlines()
    return [line for line in after.splitlines() if line not in old]


def test_an_unchanged_recipe_keeps_its_text() -> None:
    assert Recipe.loads(EXAMPLE).dumps() == EXAMPLE


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"seed": 9}, ["seed: 9"]),
        ({"description": "a\nb"}, ["description: |-", "  a", "  b"]),
        ({"license": "a\nb"}, ["license: |-               # of the rows", "  a", "  b"]),
        ({"split": {"by": "topic"}}, ["split: {by: topic}"]),
        ({"budget": None}, []),
        (
            {"target": {"rows": 200, "quotas": {"difficulty": {"hard": 60}}}},
            ["target: {rows: 200, quotas: {difficulty: {hard: 60}}}   # exact counts"],
        ),
        ({"local_only": True}, ["local_only: true"]),
        ({"name": "yes"}, ['name: "yes"']),
    ],
)
def test_an_edit_changes_only_its_own_lines(changes: dict[str, Any], lines: list[str]) -> None:
    made = Recipe.loads(EXAMPLE).replace(**changes)
    text = made.dumps()
    assert changed_lines(EXAMPLE, text) == lines
    assert Recipe.loads(text) == made


def test_an_edited_column_keeps_spelling_and_comments() -> None:
    made = Recipe.loads(EXAMPLE)
    columns = {
        **made.columns,
        "topic": {"billing": 9, "login": 2, "refund": 1},
        "id": {"uuid": {}},
    }
    text = made.replace(columns=columns, checks=[made.checks[0], made.checks[2]]).dumps()
    assert "  topic:      {category: {billing: 9, login: 2, refund: 1}}\n" in text
    assert "  words:      {integer: [20, 120]}                       # inclusive\n" in text
    assert "  id: {uuid: {}}\n" in text
    assert "near_duplicate" not in text
    assert text.count("#") == EXAMPLE.count("#")


def test_reordered_columns_are_written_afresh() -> None:
    made = Recipe.loads(EXAMPLE)
    turned = made.replace(columns=dict(reversed(made.columns.items())))
    assert list(Recipe.loads(turned.dumps()).columns) == list(turned.columns)


def test_long_text_is_written_as_a_block() -> None:
    made = recipe("{t: {prompt: x}}").replace(
        columns={"t": Prompt(prompt="One line.\n\nAnother {{ 1 }}: yes.")}
    )
    assert (
        "prompt: |-\n      One line.\n\n      Another {{ 1 }}: yes.\n"
        in Recipe.from_dict(made.to_dict()).dumps()
    )


names = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True).filter(
    lambda name: (
        name not in {"loop", "self", "super", "source", "range", "true", "false"}
        and name not in {"none", "and", "or", "not", "in", "is", "if", "else", "elif", "for"}
        and name not in {"endfor", "varargs", "kwargs", "caller", "dict", "lipsum", "cycler"}
        and name
        not in {"joiner", "namespace", "as", "def", "del", "from", "try", "with", "pass"}
        and name
        not in {"async", "await", "class", "while", "yield", "raise", "global", "import"}
        and name not in {"lambda", "return", "except", "assert", "break", "continue", "finally"}
        and name not in {"nonlocal"}
    )
)
words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="{}"), min_size=1, max_size=40
)
labels = st.one_of(words, st.integers(-(10**6), 10**6), st.booleans())
shares = st.floats(0.001, 1000, allow_nan=False)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | words
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
columns = st.one_of(
    st.lists(labels, min_size=1, max_size=4, unique=True),
    st.dictionaries(words, shares, min_size=1, max_size=4),
    st.tuples(st.integers(-99, 0), st.integers(1, 99)).map(
        lambda ends: {"integer": list(ends)}
    ),
    st.tuples(st.floats(-9, 0), shares).map(lambda ends: {"number": list(ends)}),
    st.fixed_dictionaries({"expression": words}),
    st.fixed_dictionaries(
        {"prompt": words},
        optional={
            "system": words,
            "choices": st.lists(labels, min_size=1, max_size=3, unique=True),
            "hidden": st.booleans(),
            "params": st.fixed_dictionaries({"extra": st.dictionaries(words, json_values)}),
        },
    ),
)
recipes = st.fixed_dictionaries(
    {"columns": st.dictionaries(names, columns, max_size=4)},
    optional={
        "description": words,
        "license": words,
        "seed": st.integers(0, 2**63 - 1),
        "budget": st.fixed_dictionaries({"usd": shares}),
        "checks": st.lists(
            st.dictionaries(
                names, st.dictionaries(names, json_values), min_size=1, max_size=1
            ).filter(
                lambda spec: not any({"column", "model"} & o.keys() for o in spec.values())
            ),
            max_size=3,
        ),
    },
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=recipes)
def test_what_is_written_reads_back_the_same(data: dict[str, Any]) -> None:
    made = Recipe.from_dict(data)
    text = made.dumps()
    again = Recipe.loads(text)
    assert again == made
    assert again.fingerprint == made.fingerprint
    assert Recipe.from_dict(again.to_dict()).dumps() == text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=recipes, after=recipes)
def test_an_edited_text_reads_back_as_the_edit(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    loaded = Recipe.loads(Recipe.from_dict(before).dumps())
    wanted = Recipe.from_dict(after)
    edited = loaded.replace(
        **{key: getattr(wanted, key) for key in ("columns", "checks", "seed", "budget")}
    )
    assert Recipe.loads(edited.dumps()) == edited


# ---------------------------------------------------------------- files


def test_a_loaded_recipe_is_saved_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "a.synth.yaml"
    file.write_text(EXAMPLE)
    saved = Recipe.load(file).replace(seed=8).save()
    assert file.read_text() == EXAMPLE.replace("seed: 7", "seed: 8")
    saved.replace(seed=9).save()
    assert "seed: 9" in file.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["a.synth.yaml"]


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "a.synth.yaml"
    file.write_text(EXAMPLE)
    mine = Recipe.load(file).replace(seed=8)
    file.write_text(EXAMPLE + "# a note of somebody else\n")
    with pytest.raises(RecipeError) as error:
        mine.save()
    assert "changed since it was loaded" in str(error.value)
    assert "-# a note of somebody else" in str(error.value)
    assert "+seed: 8" in str(error.value)
    assert "somebody" in file.read_text()
    mine.save(force=True)
    assert "somebody" not in file.read_text()


def test_a_file_that_was_never_loaded_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "a.synth.yaml"
    file.write_text("precious")
    with pytest.raises(RecipeError, match="is there already; nothing was written"):
        Recipe.loads(EXAMPLE).save(file)
    assert file.read_text() == "precious"


def test_a_recipe_without_a_file_asks_for_one() -> None:
    with pytest.raises(RecipeError, match="has no file yet"):
        Recipe.loads(EXAMPLE).save()


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"absent.yaml cannot be read: No such file"):
        Recipe.load(tmp_path / "absent.yaml")
    (tmp_path / "bin.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="is not UTF-8 text"):
        Recipe.load(tmp_path / "bin.yaml")


# ---------------------------------------------------------------- the schema for editors


@pytest.mark.parametrize("text", [EXAMPLE, *("synthnb: 1\n" + text for text in KINDS.values())])
def test_the_json_schema_takes_what_the_reader_takes(text: str) -> None:
    from jsonschema import Draft202012Validator
    from ruamel.yaml import YAML

    Draft202012Validator.check_schema(Recipe.json_schema())
    data = YAML(typ="safe").load(text)
    assert not list(Draft202012Validator(Recipe.json_schema()).iter_errors(data))


def test_the_json_schema_refuses_a_slip() -> None:
    from jsonschema import Draft202012Validator

    judge = Draft202012Validator(Recipe.json_schema())
    assert not judge.is_valid({"synthnb": 1, "bugdet": {"usd": 1}})
    assert not judge.is_valid({"synthnb": 1, "columns": {"c": {"promt": "x"}}})


def test_a_source_is_a_value_like_any_other() -> None:
    made = Recipe(source=Source(path="a.csv"), columns={"t": Prompt(prompt="{{ x }}")})
    assert made.to_dict()["source"] == {"path": "a.csv"}
