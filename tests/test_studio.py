"""Drafts: edits of a recipe, what they change, and the prompts they make."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from pathlib import Path

import pytest

from synthnb import recipes
from synthnb.checks import BUILDERS
from synthnb.errors import RecipeError
from synthnb.recipe import Recipe
from synthnb.samplers import make_plan
from synthnb.studio import Draft, marks
from synthnb.studio import draft as draft_module

RECIPE = """
synthnb: 1
name: reviews
columns:
  mood: {angry: 2, happy: 1}   # two to one
  text: {prompt: "A review by someone {{ mood }}.", few_shot: 1,
         examples: [{mood: angry, text: No.}]}
  reply: {prompt: "Answer: {{ text }}"}
"""


@pytest.fixture
def draft() -> Draft:
    return Draft.of(Recipe.loads(RECIPE))


def test_examples_run() -> None:
    assert all(doctest.testmod(module).failed == 0 for module in (draft_module, marks))


def test_an_edit_is_a_new_draft_and_keeps_comments(draft: Draft) -> None:
    heavier = draft.weigh("mood", "happy", 3)
    assert "mood: {angry: 2, happy: 3}   # two to one" in heavier.recipe.dumps()
    assert draft.recipe.dumps() == RECIPE
    assert heavier.discard().recipe == draft.recipe


def test_one_change_can_be_told_apart_two_cannot(draft: Draft) -> None:
    assert draft.warning == ""
    one = draft.weigh("mood", "happy", 3)
    assert one.warning == "The recipe has 1 change since; run to see it."
    assert one.param("temperature", 0.5).warning == (
        "The recipe has 2 changes since; run to see them. "
        "Two changes at once: their effects can't be told apart."
    )
    assert one.settle().warning == ""
    checked = draft.add_check("words")  # of a column and a least number, yet one check
    assert checked.warning == "The recipe has 1 change since; run to see it."
    added = draft.add("title", "prompt").add("shares", "person")
    assert added.warning.startswith("The recipe has 2 changes since")


def test_the_preview_is_the_prompt_of_a_planned_row(draft: Draft) -> None:
    plan = make_plan(draft.recipe, None, 3)
    shown = draft.preview("text", plan, 0)
    assert shown.prompt == f"A review by someone {plan.row(0).values['mood']}."
    assert shown.examples == 1
    asked = "A review by someone angry." + "No." + shown.prompt  # four characters a token
    assert shown.tokens == len(asked) / 4 + 8
    again = draft.rewrite("text", '{prompt: "A review by someone {{ mood }}."}')
    assert again.preview("text", plan, 0).tokens == len(shown.prompt) / 4 + 8
    assert shown.lines == [[("", "A review by someone "), ("b", shown.drawn[7:]), ("", ".")]]
    assert draft.preview("reply", plan, 0).prompt == "Answer: ‹text›"


def test_the_preview_works_out_what_no_model_writes() -> None:
    recipe = """
synthnb: 1
columns:
  n: {integer: [3, 3]}
  twice: {expression: "{{ 2 * n }}"}
  text: {prompt: "{{ twice }} words"}
  chars: {expression: "{{ text | length }}"}
  end: {prompt: "{{ chars }} characters"}
"""
    draft = Draft.of(Recipe.loads(recipe))
    plan = make_plan(draft.recipe, None, 3)
    assert draft.preview("text", plan, 0).prompt == "6 words"
    assert draft.preview("end", plan, 0).prompt == "‹chars› characters"


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [("text", "by {{ mod }}", "mod"), ("mood", "x", "mood is no prompt column")],
)
def test_what_cannot_be_is_said(draft: Draft, column: str, text: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        draft.prompt(column, text)


def test_a_category_needs_some_weight(draft: Draft) -> None:
    with pytest.raises(RecipeError, match="above 0"):
        draft.weigh("mood", "angry", 0).weigh("mood", "happy", 0)


def test_what_its_file_could_not_hold_is_refused(draft: Draft) -> None:
    with pytest.raises(RecipeError, match=r"^params.max_tokens: must be from 1"):
        draft.param("max_tokens", -5)
    with pytest.raises(RecipeError, match=r"^budget.usd: "):
        draft.budget("usd", -1.0)


def test_changes_are_marked_in_their_lines(draft: Draft) -> None:
    made = draft.weigh("mood", "happy", 2.5).prompt("text", "Two lines\nof {{ mood }}.")
    lines = made.yaml
    assert next(line[:3] for line in lines if "mood: {" in line[0][1]) == [
        ("", "  mood: {angry: 2, happy: "),
        ("del", "1"),
        ("ins", "2.5"),
    ]
    kept = "".join(text for line in lines for mark, text in line if mark != "del")
    assert kept == made.recipe.dumps().replace("\n", "")
    assert made.moved("mood") == "happy 1 → 2.5"
    assert draft.moved("mood") == draft.moved("text") == ""


def test_labels_come_get_another_name_and_go(draft: Draft) -> None:
    more = draft.label("mood", " bored ")
    assert "mood: {angry: 2, happy: 1, bored: 1}   # two to one" in more.recipe.dumps()
    other = more.relabel("mood", 0, "furious")
    assert "mood: {furious: 2, happy: 1, bored: 1}" in other.recipe.dumps()
    assert "examples: [{mood: furious, text: No.}]" in other.recipe.dumps()
    assert "mood: [happy, bored]" in other.unlabel("mood", 0).recipe.dumps()
    assert "mood: [furious, happy, bored]" in other.level("mood").recipe.dumps()
    back = other.relabel("mood", 0, "angry").unlabel("mood", 2)
    assert back.recipe.dumps() == RECIPE


def test_what_names_a_label_follows_it() -> None:
    recipe = """
synthnb: 1
columns:
  level: [1, 2]
  topic: {subcategory: level, of: {1: [a, b], 2: [c]}}
  mood: [on, angry]
  text: {prompt: "{{ topic }}", examples: [{level: 1, topic: a, text: One.}]}
target: {rows: 6, quotas: {level: {1: 3}, level & mood: {1 & angry: 2}}}
"""
    draft = Draft.of(Recipe.loads(recipe)).relabel("level", 0, "7").label("level", "3")
    made = draft.recipe
    assert made.columns["level"].values == [7, 2, 3]  # numbers among numbers
    assert made.columns["topic"].of == {"7": ["a", "b"], "2": ["c"], "3": ["one"]}
    assert made.columns["text"].examples[0]["level"] == 7
    assert made.target.quotas == {"level": {"7": 3}, "level & mood": {"7 & angry": 2}}
    assert list(draft.unlabel("level", 1).recipe.columns["topic"].of) == ["7", "3"]
    only = Draft.of(Recipe.loads("synthnb: 1\ncolumns: {year: [2024], text: {prompt: hi}}"))
    assert only.relabel("year", 0, "2025").recipe.columns["year"].values == [2025]
    with pytest.raises(RecipeError, match="'level' has no value '7'"):
        draft.unlabel("level", 0)  # a quota asks for it


def test_what_still_asks_for_a_label_that_is_none_is_told() -> None:
    recipe = """
synthnb: 1
columns:
  mood: [angry, happy]
  level: [1, 2]
  text: {prompt: "{% if mood == 'angry' and level == 1 %}Shout.{% endif %}",
         skip_when: "{{ mood in ['angry'] }}"}
  long: {expression: "{{ mood == 'angry' }}"}
checks:
  - {length: {column: text, min: 5, when: "mood == 'angry'"}}
  - {length: {column: text, max: 90, when: "mood =="}}
"""
    draft = Draft.of(Recipe.loads(recipe))
    assert not draft.strangers("mood") and not draft.strangers("text")
    made = draft.relabel("mood", 0, "furious")
    said = "angry is no label here, but text, long, the check length ask for it: "
    assert made.strangers("mood") == [f"{said}change it there too."]
    assert made.settle().strangers("mood") == made.strangers("mood")  # a run mends nothing
    assert not made.strangers("level") and not made.relabel("mood", 0, "angry").strangers(
        "mood"
    )
    (level,) = draft.unlabel("level", 0).strangers("level")
    assert level == "1 is no label here, but text asks for it: change it there too."


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda d: d.label("mood", "happy"), "There is a label happy already."),
        (lambda d: d.relabel("mood", 1, "angry"), "There is a label angry already."),
        (lambda d: d.label("mood", "  "), "A label is not empty."),
        (lambda d: d.weigh("mood", "happy", 0).unlabel("mood", 0), "must be above 0"),
        (lambda d: d.unlabel("mood", 0).unlabel("mood", 0), "keeps one label at least"),
        (lambda d: d.unlabel("mood", 2), "There is no label at place 2 of 2."),
        (lambda d: d.relabel("mood", -1, "sad"), "There is no label at place -1 of 2."),
    ],
)
def test_a_label_that_cannot_be_is_said(
    draft: Draft, edit: Callable[[Draft], Draft], said: str
) -> None:
    with pytest.raises(RecipeError, match=said):
        edit(draft)


def test_a_text_that_is_folded_elsewhere_is_marked_by_words() -> None:
    old = "prompt: >-\n  A long review of a {{ product }}.\n  Name one part.\nseed: 7"
    new = 'prompt: "A long review of a {{ product }}. Name two parts."\nseed: 7'
    lines = marks.marked(old, new)
    assert ["".join(text for mark, text in line if mark != "del") for line in lines] == (
        new.splitlines()
    )
    assert [text for line in lines for mark, text in line if mark == "del"] == [
        ">- ",
        "one part",
    ]
    other = marks.marked("a: 1\nb: 2", "prompt: hello")
    assert other == [[("del", "a: 1")], [("del", "b: 2")], [("ins", "prompt: hello")]]


def test_a_text_that_would_take_long_is_marked_in_the_rough() -> None:
    template = "A {{ mood }} list:\n" + "- item {{ mood }}\n" * 400
    text = "A sad list:\n" + "- item of sad\n" * 900  # every line is like the others
    lines = marks.filled(template, text)
    assert {mark for line in lines for mark, _ in line} == {""}
    assert "\n".join("".join(part for _, part in line) for line in lines) == text
    assert marks.marked("a b " * 900, "x " + "a c b " * 900) == [
        [("del", "a b " * 899 + "a"), ("ins", "x " + "a c b " * 899 + "a c"), ("", " b ")]
    ]
    long = "word of a long text " * 2000  # what did not change is not weighed
    assert marks.marked(f"{long}old{long}", f"{long}new{long}") == [
        [("", long), ("del", "old" + "word"), ("ins", "new" + "word"), ("", long[4:])]
    ]


def test_a_budget_comes_and_goes(draft: Draft) -> None:
    capped = draft.budget("usd", 0.5).budget("tokens", 1000)
    assert "budget: {usd: 0.5, tokens: 1000}" in capped.recipe.dumps()
    assert capped.budget("usd", None).budget("tokens", None).recipe.budget is None
    assert capped.changes.effective == ()


KINDS = sorted(Path(recipes.__file__).parent.glob("*.synth.yaml"))


@pytest.mark.parametrize("file", KINDS, ids=lambda file: file.name.partition(".")[0])
def test_every_shipped_part_can_be_rewritten_as_it_is(file: Path) -> None:
    draft = Draft.of(Recipe.load(file))
    for name in draft.recipe.columns:
        draft = draft.rewrite(name, draft.column(name))
    for place in range(len(draft.recipe.checks)):
        draft = draft.rewrite_check(place, draft.check(place))
    assert draft.recipe.dumps() == file.read_text("utf-8")


@pytest.mark.parametrize("file", KINDS[:3], ids=lambda file: file.name.partition(".")[0])
def test_what_is_added_leaves_all_lines_and_goes_again(file: Path) -> None:
    draft, text = Draft.of(Recipe.load(file)), file.read_text("utf-8")
    before = text.splitlines()
    for kind in draft.kinds():
        made = draft.add("fresh", kind)
        lines = made.recipe.dumps().splitlines()
        first = next(i for i, line in enumerate(lines) if line.startswith("  fresh:"))
        last = first + len(lines) - len(before)
        assert [*lines[:first], *lines[last:]] == before
        assert made.remove("fresh").recipe.dumps() == text
    checked = draft.add_check("stop_phrases").add_check("length")
    place = len(draft.recipe.checks)
    assert checked.remove_check(place).remove_check(place).recipe == draft.recipe


def test_every_check_can_be_added(draft: Draft) -> None:
    for rule in BUILDERS:
        (check,) = draft.add_check(rule).recipe.checks
        assert check.rule == rule


def test_a_part_is_what_its_yaml_says(draft: Draft) -> None:
    made = draft.rewrite("mood", "{angry: 2, happy: 1, bored: 3}")
    assert "mood: {angry: 2, happy: 1, bored: 3}   # two to one" in made.recipe.dumps()
    assert made.rewrite("mood", "[a, b]").column("mood") == "[a, b]"
    checked = draft.add_check("length").rewrite_check(0, "length: {column: text, max: 90}")
    assert checked.check(0) == "{length: {column: text, max: 90}}"
    assert checked.recipe.dumps().endswith("checks:\n  - {length: {column: text, max: 90}}\n")


Edit = Callable[[Draft], Draft]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda d: d.rewrite("mood", "[a, b"), "not valid YAML: "),
        (lambda d: d.rewrite("mood", "[a,\nb"), "Line 2: not valid YAML"),
        (lambda d: d.rewrite("mood", "hi"), "columns.mood: a column is a list"),
        (lambda d: d.rewrite("mood", "&a [*a]"), "anchors and aliases (&a) are not allowed"),
        (lambda d: d.add("", "uuid"), "Name the new column first."),
        (lambda d: d.add("mood", "uuid"), "There is a column mood already."),
        (lambda d: d.add("my text", "uuid"), "a column's name has letters"),
        (lambda d: d.remove("mood"), "mood stays: it is read by text."),
        (
            lambda d: d.add_check("length").rewrite("text", "{prompt: x}").remove("reply"),
            "reply stays: it is read by the check length.",
        ),
        (
            lambda d: (
                d.add_check("length")
                .rewrite_check(0, "length: {column: text, max: 90, when: mood == 'happy'}")
                .rewrite("text", "{prompt: x}")
                .remove("mood")
            ),
            "mood stays: it is read by the check length.",
        ),
        (
            lambda d: (
                d.add_check("pii").rewrite_check(0, "pii: {columns: [reply]}").remove("reply")
            ),
            "reply stays: it is read by the check pii.",
        ),
        (lambda d: d.add_check("length").rewrite_check(0, "- length"), "a check is one name"),
        (
            lambda d: d.add_check("length").rewrite_check(0, "{length: {column: txt}}"),
            "length.column: unknown column 'txt'; did you mean 'text'?",
        ),
    ],
)
def test_a_part_that_cannot_be_is_said_in_one_line(draft: Draft, edit: Edit, said: str) -> None:
    with pytest.raises(RecipeError) as told:
        edit(draft)
    (line,) = str(told.value).splitlines()
    assert said in line and not line.startswith("checks.")
