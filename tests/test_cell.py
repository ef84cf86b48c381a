"""The cell: a YAML head, ``---``, the main prompt; and back again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthnb import cell
from synthnb.errors import RecipeError
from synthnb.recipe import Budget, Category, Prompt, Recipe, Source
from synthnb.recipes import list_kinds, read_kind

QA = Recipe.loads("""\
synthnb: 1
name: qa
kind: qa
params: {temperature: 0.5, max_tokens: 50}
columns:
  topic: [vat]
  question: {prompt: "On {{ topic }}"}
  answer: {prompt: "{{ question }}", system: Be short.}
target: {rows: 9, max_candidates: 99}
""")


def refusal(body: str, **options: Any) -> str:
    with pytest.raises(RecipeError) as error:
        cell.loads(body, **options)
    return str(error.value)


def test_a_head_a_rule_and_a_prompt() -> None:
    made = cell.loads(
        "mood: {angry: 2, happy: 1}\nseed: 3\n---\nA {{ mood }} review.\n", name="r"
    )
    assert made.name == "r"
    assert made.seed == 3
    assert made.columns == {
        "mood": Category(values=["angry", "happy"], weights=[2, 1]),
        "text": Prompt(prompt="A {{ mood }} review."),
    }


@pytest.mark.parametrize(
    ("body", "prompt"),
    [
        ("Write a joke.", "Write a joke."),
        ("\n\nTwo\n\nlines\n\n", "Two\n\nlines"),
        ("---\nWrite a joke.", "Write a joke."),
        ("\n---\nx: [a]\n---\nWrite.", "Write."),
        ("x: [a]\n---\nOne\n---\nTwo", "One\n---\nTwo"),
        ("x: [a]\n--- \nOne", "One"),
        ("x: [a]\r\n---\r\nOne\r\n", "One"),
        ("# a note\n---\nOne", "One"),
        ("x: [a]\n---\n----\nOne", "----\nOne"),
        ("Not a rule ---\nhere", "Not a rule ---\nhere"),
    ],
)
def test_where_the_prompt_begins(body: str, prompt: str) -> None:
    made = cell.loads(body)
    assert made.prompts[made.main].prompt == prompt


@pytest.mark.parametrize("above", ["", "# by Ann\n\n"])
def test_a_body_that_begins_with_the_version_is_a_whole_recipe(above: str) -> None:
    text = f"{above}synthnb: 1   # whole\ncolumns:\n  text: {{prompt: hi}}\n"
    made = cell.loads(text, name="n", seed=4)
    assert made.prompts["text"].prompt == "hi"
    assert (made.name, made.seed) == ("n", 4)
    assert "# whole" in made.dumps()
    assert cell.loads("\n---\n# note\n" + text).main == "text"


@pytest.mark.parametrize(
    ("head", "main"),
    [
        ("x: [a]", "text"),
        ("q: {prompt: a}\nr: {prompt: b}", "r"),
        ("q: {prompt: a, main: true}\nr: {prompt: b}", "q"),
        ("review: {system: Be short.}", "review"),
        ("review: {}", "review"),
        ("columns: {seed: {prompt: a}}", "seed"),
    ],
)
def test_the_text_is_the_prompt_of_the_main_column(head: str, main: str) -> None:
    made = cell.loads(f"{head}\n---\nWrite.")
    assert made.main == main
    assert made.prompts[main].prompt == "Write."


def test_a_kind_is_the_start() -> None:
    made = cell.loads(
        "params: {temperature: 1}\ntopic: [login, vat]\n---\nAnswer: {{ question }}",
        name="mine",
        base=QA,
    )
    assert made.name == "mine"
    assert made.kind == "qa"
    assert made.params.temperature == 1 and made.params.max_tokens == 50
    assert list(made.columns) == ["topic", "question", "answer"]
    assert made.columns["topic"] == Category(values=["login", "vat"])
    assert made.columns["answer"] == Prompt(prompt="Answer: {{ question }}", system="Be short.")


def test_a_kind_alone_may_do() -> None:
    assert cell.loads("", base=QA, name="qa") == QA
    assert cell.loads("topic: [a]\n---\n", base=QA).prompts["answer"].prompt == "{{ question }}"


def test_flags_win_over_the_cell() -> None:
    made = cell.loads(
        "seed: 1\nmodel: a/b\ntarget: {rows: 5}\n---\n{{ body }} {{ source.id }}",
        name="n",
        seed=2,
        model="c/d",
        rows=24,
        budget=0.5,
        source={"columns": ["body", "id"]},
    )
    assert (made.seed, made.model, made.target.rows) == (2, "c/d", 24)
    assert made.budget == Budget(usd=0.5)
    assert made.source == Source(columns=["body", "id"])
    assert cell.loads("hi", source=Source(path="a.csv")).source == Source(path="a.csv")
    assert cell.loads("seed: 1\n---\nx", seed=None).seed == 1


@pytest.mark.parametrize("key", ["bugdet", "colums", "sed", "parms", "modl", "nmae", "taget"])
def test_a_mistyped_recipe_key_never_becomes_a_column(key: str) -> None:
    told = refusal(f"x: [a]\n{key}: [a, b]\n---\nhi")
    assert told.startswith(f"Line 3: '{key}' is close to the recipe key '")
    assert "put a column of that name under 'columns:'" in told


def test_a_column_named_like_a_recipe_key_goes_under_columns() -> None:
    made = cell.loads("columns: {seed: [a], modl: [b]}\n---\n{{ seed }} {{ modl }}")
    assert list(made.columns) == ["seed", "modl", "text"]


@pytest.mark.parametrize("name", ["age", "date", "line", "code", "sex", "id", "x"])
def test_an_everyday_column_name_is_no_mistyped_key(name: str) -> None:
    assert name in cell.loads(f"{name}: [a, b]\n---\n{{{{ {name} }}}}").columns


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("just text\n---\nhi", "Line 2: the part above '---' must be YAML keys"),
        ("- a\n---\nhi", "Line 2: the part above '---' must be YAML keys"),
        ("x: [a\n---\nhi", "Line 2: not valid YAML"),
        ("\n\nx: [a]\ny: 5\n---\nhi", "Line 5: columns.y: a column is a list of labels"),
        ("x: [a]\nparams: {temp: 1}\n---\nhi", "Line 3: unknown key 'temp' in params"),
        (
            "x: [a]\n---\n\none\n{{ nope }}",
            "Line 6: columns.text.prompt: unknown column 'nope'",
        ),
        ("x: [a]\n---\none\n{{ x | uper }}", "Line 5: columns.text.prompt: there is no filter"),
        ("synthnb: 1\nbugdet: 1", "Line 3: unknown key 'bugdet'"),
        ("mood: [a]\nWrite {{ mood }}", "did you forget '---'?"),
        (
            "\nplace: [a, b]\nmood: [x]",
            "Line 3: these lines are YAML columns and no",
        ),
        ("model: lab/tiny\nmood:\n  - x\n", "no prompt; did you forget '---'?"),
        ("age: {uniform: [1, 9]}\nlevel: 3", "no prompt; did you forget '---'?"),
        (
            "mood: [a]\n----\nWrite",
            "no prompt; line 3 is '----': what parts YAML from prompt is",
        ),
        ("mood: [a]\n\n———\nWrite {{ mood }}", "line 4 is '———': what parts"),
        ("mood: [a]\n ---\nWrite", "line 3 begins with a space: what parts"),
        ("mood: [a]\nbut: odd\n--\n{{ mood }}", "unknown column 'mood'; line 4 is '--'"),
        ("mood:\u00a0[a]\n---\nhi", "Line 2: holds a no-break space"),
        ("x: ['a]\n---\nhi", "Line 2: not valid YAML: a quote is open"),
        ("text: [a, b]\n---\nhi", "the text below '---' is for 'text', which is no prompt"),
        ("q: {}\nr: {}\n---\nhi", "column 'q' has no prompt (the text below '---' is for 'r')"),
        ("q: {system: x}\n---\n", "column 'q' has no prompt below '---'"),
        ("x: [a]\ncolumns: {x: [b]}\n---\nhi", "column 'x' appears twice"),
        ("x: &a [a]\n---\nhi", "anchors and aliases"),
        ("", "the cell holds no prompt and no columns"),
        ("name: [a]\n---\nhi", "Line 2: name: must be text, not a list"),
    ],
)
def test_a_mistake_names_the_line_of_the_cell(body: str, told: str) -> None:
    assert told in refusal(body)


def test_a_plain_prompt_with_a_colon_is_not_asked_about_a_rule() -> None:
    assert cell.loads("Note: write a joke.").prompts["text"].prompt == "Note: write a joke."
    assert "forget" not in refusal("Write {{ nope }}.")
    for prompt in (
        "Topic: a kettle\nTags: [short, rude]",
        "Q: why?\nA:",
        "Rules:\n- be short",
        "list: [a, b] or so",
        "Title: a kettle\n--------------\nSay more.",
        "| a |\n|---|\n| 1 |",
    ):
        assert cell.loads(prompt).prompts["text"].prompt == prompt
    base, asked = cell.loads("mood: [a, b]\n---\nhi"), "Topic: {{ mood }}\nOther: {{ mood }}"
    assert cell.loads(asked, base=base).prompts["text"].prompt == asked


def test_columns_without_a_prompt_are_told_of() -> None:
    said: list[str] = []
    assert not cell.loads("mood: [a, b]\n---\n", tell=said.append).prompts
    assert said == ["There is no prompt below '---': no model is asked."]


@pytest.mark.parametrize(
    "prompt", ["A {mood} review.", "A ${ mood } review.", "A $mood review."]
)
def test_a_column_named_as_elsewhere_is_told_of_and_sent_as_it_stands(prompt: str) -> None:
    said: list[str] = []
    body = f"mood: [a, b]\n---\n{prompt}"
    assert cell.loads(body, tell=said.append).columns["text"].prompt == prompt
    assert len(said) == 1
    assert said[0].endswith("in the prompt is sent as it stands; the column is {{ mood }}.")


def test_braces_that_name_no_column_are_only_text() -> None:
    said: list[str] = []
    prompt = '{"mood": "{{ mood }}"} {name} $moody <mood>{{mood}}</mood> {{ {"a": mood}["a"] }}'
    cell.loads(f"mood: [a, b]\n---\n{prompt}", tell=said.append)
    assert said == []


def test_an_unknown_override_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="'sede' is no field"):
        cell.loads("hi", sede=1)


@pytest.mark.parametrize("kind", list_kinds())
def test_shipped_recipes_survive_the_cell(kind: str) -> None:
    made = Recipe.loads(read_kind(kind))
    assert cell.loads(cell.dumps(made), name=made.name) == made


def test_a_short_recipe_is_a_short_cell() -> None:
    body = "mood: [angry, happy]\n---\nA {{ mood }} review."
    assert cell.dumps(cell.loads(body, name="n")) == body
    assert cell.dumps(cell.loads("Write a joke.")) == "Write a joke."


@pytest.mark.parametrize(
    "columns",
    [
        {"text": {"prompt": " padded "}},
        {"text": {"prompt": "---"}},
        {"text": {"prompt": "a\n---\nb"}},
        {"text": {"prompt": "synthnb: 1"}},
        {"text": {"prompt": "x", "few_shot": 2}},
        {"text": {"prompt": "x"}, "z": ["a"]},
        {"seed": ["a"], "text": {"prompt": "{{ seed }}"}},
        {"q": {"prompt": "x", "main": True}, "r": {"prompt": "y"}},
        {"z": ["a"]},
    ],
)
def test_what_a_cell_cannot_hold_plainly_still_comes_back(columns: dict[str, Any]) -> None:
    made = Recipe.from_dict({"columns": columns})
    assert cell.loads(cell.dumps(made)) == made


@settings(max_examples=60)
@given(
    prompt=st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="{}"), min_size=1
    ),
    labels=st.lists(st.text("ab:#-' \n\"", min_size=1), min_size=1, unique=True),
    seed=st.integers(0, 99),
)
def test_any_prompt_and_label_comes_back(prompt: str, labels: list[str], seed: int) -> None:
    made = Recipe.from_dict(
        {"seed": seed, "columns": {"x": labels, "text": {"prompt": prompt}}}
    )
    assert cell.loads(cell.dumps(made)) == made
