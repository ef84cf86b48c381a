"""The change of a recipe as YAML that people read."""

from __future__ import annotations

from synthnb.diff.recipe import changed_keys, compare_recipes
from synthnb.recipe import Recipe

OLD = """\
synthnb: 1
name: reviews
seed: 7
params: {temperature: 0.9, max_tokens: 60}
columns:
  mood: {angry: 2, happy: 1}
  text:
    prompt: "A review by someone who is {{ mood }}."
    examples:
      - {mood: angry, text: "The lid broke off in the first week."}
      - {mood: happy, text: "It wakes at once and the keys are quiet."}
checks:
  - {length: {column: text, min: 75, max: 300}}
  - {near_duplicate: {column: text, threshold: 0.6}}
"""


def lines(new: str) -> list[str]:
    made = compare_recipes(Recipe.loads(OLD), Recipe.loads(new))
    return str(made).splitlines()


def test_a_changed_prompt_marks_its_words() -> None:
    new = OLD.replace("A review by", "A two-line review by")
    made = compare_recipes(Recipe.loads(OLD), Recipe.loads(new))
    assert made.changed == ("columns.text.prompt",)
    assert str(made).splitlines() == [
        "  columns:",
        "    text:",
        '-     prompt: "A review by someone who is {{ mood }}."',
        '+     prompt: "A two-line review by someone who is {{ mood }}."',
        "      … examples unchanged",
        "    … mood unchanged",
        "  … name, params, seed, checks unchanged".replace("params, seed", "seed, params"),
    ]
    added = next(line for line in made.lines if line.op == "added")
    assert [text for marked, text in added.parts if marked] == ["two-line"]


def test_numbers_checks_and_new_keys() -> None:
    new = OLD.replace("0.9", "0.7").replace("min: 75", "min: 40")
    new = new.replace("seed: 7", "seed: 7\nmodel: lab/x")
    shown = lines(new)
    assert "-   temperature: 0.9" in shown and "+   temperature: 0.7" in shown
    assert "  checks:" in shown and "  - length:" in [line[2:] for line in shown]
    assert "-     min: 75" in [line.replace("  min", "min", 1) for line in shown]
    assert "+ model: lab/x" in shown


def test_an_example_is_one_line_and_the_rest_is_counted() -> None:
    shown = lines(OLD.replace("The lid broke off", "The handle broke off"))
    assert [line for line in shown if line[0] in "+-"] == [
        "-       - {mood: angry, text: The lid broke off in the first week.}",
        "+       - {mood: angry, text: The handle broke off in the first week.}",
    ]
    assert any("… 1 unchanged" in line for line in shown)


def test_a_prompt_of_many_lines_shows_those_that_changed() -> None:
    one = OLD.replace('"A review by someone who is {{ mood }}."', '"One\\nTwo\\nThree"')
    two = one.replace("Two", "Deux")
    made = compare_recipes(Recipe.loads(one), Recipe.loads(two))
    assert [str(line) for line in made.lines if line.op in ("added", "removed")] == [
        "-       Two",
        "+       Deux",
    ]


def test_weights_of_a_category_are_one_key() -> None:
    made = compare_recipes(
        Recipe.loads(OLD),
        Recipe.loads(OLD.replace("{angry: 2, happy: 1}", "{angry: 1, sad: 1}")),
    )
    assert made.changed == ("columns.mood",)


def test_what_was_taken_away_stands_where_it_stood() -> None:
    shown = lines(OLD.replace("temperature: 0.9, max_tokens: 60", "max_tokens: 70"))
    assert [line for line in shown if line[0] in "+-"] == [
        "-   temperature: 0.9",
        "-   max_tokens: 60",
        "+   max_tokens: 70",
    ]


def test_names_and_targets_change_no_rows() -> None:
    old = Recipe.loads(OLD)
    new = old.replace(name="other", description="x", target={"rows": 5}, license="MIT")
    made = compare_recipes(old, new)
    assert len(made.changed) == 4 and made.effective == ()
    assert changed_keys(old, new.replace(params={"temperature": 0.1})) == [
        "temperature",
        "max_tokens",
    ]
    looser = OLD.replace("min: 75, max: 300", "min: 60, max: 400")
    assert changed_keys(old, Recipe.loads(looser)) == ["checks.length"]  # one check, once


def test_what_came_or_went_as_a_whole_is_one_part() -> None:
    old = Recipe.loads(OLD)
    added = old.replace(
        columns={**old.columns, "title": {"prompt": "A title", "choices": ["a", "b"]}}
    )
    made = compare_recipes(old, added)
    assert made.changed == ("columns.title.prompt", "columns.title.choices")
    assert made.parts == made.effective_parts == ("columns.title",)
    bare = old.replace(checks=[], params={}, budget={"tokens": 9, "usd": 1})
    taken = compare_recipes(old, bare)
    assert set(taken.parts) == {
        *(f"checks.{check.rule}" for check in old.checks),
        "params.temperature", "params.max_tokens", "budget",
    }  # fmt: skip
    assert "budget" not in taken.effective_parts
