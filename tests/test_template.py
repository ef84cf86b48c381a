"""Templates: what they render, which names they read, and what they may not do."""

from __future__ import annotations

import time
from typing import Any

import pytest

from synthnb.errors import TemplateError
from synthnb.template import compile_template


def test_a_prompt_is_filled_in_from_the_row() -> None:
    template = compile_template("A {{ difficulty }} question on {{ topic }}.")
    assert template.render({"difficulty": "easy", "topic": "vat"}) == "A easy question on vat."


def test_names_are_the_roots_and_source_columns_are_told_apart() -> None:
    text = (
        "{{ a.b }} {{ source.faq }} {{ source['q'] }} {% for x in c if x %}{{ x }}{% endfor %}"
    )
    assert compile_template(text).names == {"a", "source.faq", "source.q", "c"}
    assert compile_template(text).fields == {"a": {"b": 1}}


def test_what_a_name_is_held_against_is_told() -> None:
    text = """{% if mood == 'a' or 1 != n or mood in ['b', 2] %}{{ mood ~ 'c' }}{% endif %}
{% for n in rows %}{{ n == 5 }}{% endfor %}"""
    assert compile_template(text).compared == {"mood": ["a", "b", 2], "n": [1]}


def test_a_loop_variable_hides_a_name_only_inside_its_loop() -> None:
    text = "{% for x in rows %}{{ x }}{% endfor %}{{ x }}"
    assert compile_template(text).names == {"rows", "x"}


def test_items_come_before_attributes() -> None:
    row = {"answer": {"items": ["a"], "keys": 1, "get": 2}}
    assert compile_template("{{ answer.items }}/{{ answer.get }}").render(row) == '["a"]/2'


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("text", "text"),
        (None, ""),
        (True, "true"),
        (3, "3"),
        (0.5, "0.5"),
        ({"a": ["é", None]}, '{"a": ["é", null]}'),
    ],
)
def test_values_read_as_text_or_json(value: Any, shown: str) -> None:
    assert compile_template("{{ x }}").render({"x": value}) == shown


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ words | length }}", 2),
        (" {{ words }} ", ["b", "a"]),
        ("{{ words | map('upper') }}", ["B", "A"]),
        ("{{ words | length > 1 }}", True),
        ("{{ words[0] if words else none }}", "b"),
        ("n = {{ words | length }}", "n = 2"),
        ("{{ words[0] }}{{ words[1] }}", "ba"),
        ("{{ words | sort | join('-') ~ '!' }}", "a-b!"),
        ("{{ (words | length) / 4 }}", 0.5),
        ("{{ words | select('eq', 'a') | first }}", "a"),
    ],
)
def test_a_lone_expression_keeps_its_type(text: str, value: Any) -> None:
    made = compile_template(text).evaluate({"words": ["b", "a"]})
    assert made == value
    assert type(made) is type(value)


def test_conditions_and_loops_work() -> None:
    text = (
        "{% if n > 1 %}many{% else %}one{% endif %}: "
        "{% for x in xs %}{{ loop.index }}{{ x }} {% endfor %}"
    )
    assert compile_template(text).render({"n": 2, "xs": ["a", "b"]}) == "many: 1a 2b "


def test_a_missing_value_is_an_error_that_names_it() -> None:
    with pytest.raises(TemplateError, match="'mood' has no value in this row"):
        compile_template("{{ mood }}").render({})
    with pytest.raises(TemplateError, match="no field 'citation'; did you mean 'citations'"):
        compile_template("{{ a.citation }}").render({"a": {"citations": []}})


def test_default_and_defined_cope_with_a_missing_value() -> None:
    text = "{{ x | default('none') }} {% if x is defined %}yes{% endif %}"
    assert compile_template(text).render({}) == "none "


def test_model_text_is_never_read_as_a_template() -> None:
    hostile = "{{ 7 * 7 }}{% for %}"
    assert compile_template("{{ x }}").render({"x": hostile}) == hostile


def test_equal_texts_share_one_compiled_template() -> None:
    assert compile_template("{{ x }}") is compile_template("{{ x }}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{% set a = 1 %}", "'{% set %}' is not allowed"),
        ("{% macro f() %}{% endmacro %}", "'{% macro %}' is not allowed"),
        ("{% import 'x' as y %}", "not allowed"),
        ("{% include 'x' %}", "not allowed"),
        ("{% extends 'x' %}", "not allowed"),
        ("{% block b %}{% endblock %}", "'{% block %}' is not allowed"),
        ("{% with a = 1 %}{% endwith %}", "'{% with %}' is not allowed"),
        ("{% filter upper %}x{% endfilter %}", "'{% filter %}' is not allowed"),
        ("{% call f() %}{% endcall %}", "not allowed"),
        ("{{ x.upper() }}", "nothing may be called"),
        ("{{ cycler('a') }}", "nothing may be called"),
        ("{{ range(**x) }}", "nothing may be called"),
        ("{% for a in x recursive %}{% endfor %}", "may not be recursive"),
        ("{{ x | lenght }}", "no filter 'lenght'; did you mean 'length'"),
        ("{{ x | attr('__class__') }}", "no filter 'attr'"),
        ("{{ x | map('attr', '__class__') }}", "no filter 'attr'"),
        ("{{ x is callable }}", "no test 'callable'"),
        ("a {{ x", "'{{' without its '}}' in: a {{ x"),
        ("a\n{{ x }.", "'{{' without its '}}' in: {{ x }."),
        ("{% if x %}a", "'{% if %}' has no '{% endif %}'"),
        ("{{ x | default(“y”) }}", "curly quotes do not work between braces"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "nested"),
        ("{{ " + "-" * 100 + "1 }}", "nested"),
        ("{{ x }}" * 3000, "too large"),
        ("x" * 300_000, "longer than"),
    ],
)
def test_what_a_template_may_not_hold(text: str, told: str) -> None:
    with pytest.raises(TemplateError, match=told.replace("(", r"\(").replace("{", r"\{")):
        compile_template(text)


@pytest.mark.parametrize(
    "text",
    [
        "{{ x.__class__ }}",
        "{{ x['__class__'] }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ n.real }}",
        "{{ xs.append }}",
        "{% for a in xs %}{{ loop.__class__ }}{% endfor %}",
        "{{ '%s' % x }}",
        "{{ xs | map(attribute='__class__') }}",
        "{{ range.__class__ }}",
    ],
)
def test_no_python_attribute_can_be_reached(text: str) -> None:
    with pytest.raises(TemplateError):
        compile_template(text).render({"x": "text", "n": 1, "xs": [1]})


BOMBS = [
    "{{ 'a' * 10**8 }}",
    "{{ [1] * 10**8 }}",
    "{{ 9 ** (9 ** 9) }}",
    "{{ 10 ** 64 ** 64 }}",
    "{% for a in range(10**9) %}x{% endfor %}",
    "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}",
    "{% for a in range(999) %}{% for b in range(999) %}{{ x }}{% endfor %}{% endfor %}",
    "{% for a in range(999) %}{% for b in range(999) %}{{ x | sort }}{% endfor %}{% endfor %}",
    "{{ x | replace('a', x) | replace('a', x) | replace('a', x) }}",
    "{{ x | replace('', x) | replace('', x) }}",
    "{{ x | map('replace', 'a', x) | join(x) | map('replace', 'a', x) | join(x) }}",
    "{{ x | indent(10**9) }}",
    "{{ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x ~ x }}",
    "{{ x }}" * 500,
]


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_bombs_end_in_an_error_within_a_second(text: str) -> None:
    began = time.process_time()
    with pytest.raises(TemplateError):
        compile_template(text).render({"x": "a" * 100_000})
    assert time.process_time() - began < 1.5


@pytest.mark.parametrize(
    "text", ["{{ x + 1 }}", "{{ 1 / 0 }}", "{{ x < 1 }}", "{{ none | first }}", "{{ x[n] }}"]
)
def test_what_does_not_compute_is_a_template_error(text: str) -> None:
    with pytest.raises(TemplateError):
        compile_template(text).render({"x": "s", "n": "one"})


def test_an_error_says_on_which_line_of_the_template_it_is() -> None:
    with pytest.raises(TemplateError) as error:
        compile_template("one\ntwo {{ x | uper }}")
    assert error.value.line == 2


def test_rendering_a_row_is_fast() -> None:
    template = compile_template("A {{ difficulty }} question on {{ topic }}/{{ subtopic }}.")
    row = {"difficulty": "easy", "topic": "vat", "subtopic": "late"}
    best = min(_seconds(template.render, row, 500) for _ in range(20))
    assert best / 500 < 40e-6  # 4 us on an idle core


def _seconds(call: Any, argument: Any, times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        call(argument)
    return time.process_time() - began


def test_sentences_are_verbatim_and_whole() -> None:
    text = "closes at 5.\n\n# Title\n\nA card costs 12.50 euros. Is it free? You may borrow up"
    found = compile_template("{{ text | sentences }}").evaluate({"text": text})
    assert found == ["A card costs 12.50 euros.", "Is it free?"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Opening hours\nThe pool opens\n  at six. Then", ["The pool opens\n  at six."]),
        ("thing: canoe, price: 9\nprice: 4, no", ["thing: canoe, price: 9", "price: 4, no"]),
        ("and so on without an end", []),
        ("", []),
    ],
)
def test_sentences_of_wrapped_lines_and_of_tables(text: str, found: list[str]) -> None:
    assert compile_template("{{ text | sentences }}").evaluate({"text": text}) == found
