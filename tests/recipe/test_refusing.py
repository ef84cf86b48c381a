"""Refusing: each mistake has a line and a way out."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests.recipe.samples import EXAMPLE, recipe, refusal


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
        ("synthnb: 1\ntemperature: 1", "Line 2: unknown key 'temperature'; it belongs"),
        ("synthnb: 1\ncolumns: {few_shot: 3}", "it belongs under text: {few_shot: …}"),
        ("synthnb: 1\ncolumns: {rows: 24}", "it belongs under target: {rows: …}"),
        ("synthnb: 1\ncolumns: {a: {x: 2, y: two}}", "columns.a.y: a weight must be"),
        ("synthnb: 1\ncolumns: {a: {person: {locale: eng}}}", "did you mean 'en'?"),
        ("synthnb: 1\nparams: {extra: {api_key: sk-1}}", "extra may not hold 'api_key'"),
        ("synthnb: 1\nseed: seven", "Line 2: seed: must be a whole number, not 'seven'"),
        ("synthnb: 1\nname: ../x", "Line 2: name: a name has letters"),
        ("synthnb: 1\ndescription: 5", "must be text, not 5 (put it in quotes)"),
        ("synthnb: 1\npurpose: finetuning", "did you mean 'fine-tuning'?"),
        ('synthnb: 1\nmodel: "lab/a\\nb"', "a model is PROFILE/MODEL, such as local/"),
        ("synthnb: 1\nmodel: gpt-5", "a model is PROFILE/MODEL, such as local/"),
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
        ("{c: 1-5}", "; a range is {integer: [1, 5]}"),
        ("{c: 'angry, happy'}", "; as a list: [angry, happy]"),
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
