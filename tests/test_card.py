"""The card as a hub and a reader take it."""

from __future__ import annotations

import re

from ruamel.yaml import YAML

from synthnb.card import CardFacts, render
from synthnb.recipe import Recipe
from synthnb.recipes import read_kind
from synthnb.terms import Used, judge
from tests.browser.hostile import ACTING


def card(recipe: Recipe, **facts: object) -> str:
    verdict = judge([Used("local/smollm2-135m")], purpose=recipe.purpose)
    return render(CardFacts(recipe, verdict, rows=24, **facts))  # type: ignore[arg-type]


def front_matter(text: str) -> dict[str, object]:
    _, head, _ = text.split("---\n", 2)
    loaded: dict[str, object] = YAML(typ="safe").load(head)
    return loaded


def test_front_matter_is_what_a_hub_reads() -> None:
    head = front_matter(
        card(Recipe.loads(read_kind("quickstart")), files={"train": "rows.parquet"})
    )
    assert head["license"] == "cc0-1.0"
    assert head["size_categories"] == ["n<1K"]
    assert "synthetic" in head["tags"]  # type: ignore[operator]
    assert head["configs"][0]["data_files"] == [  # type: ignore[index]
        {"split": "train", "path": "rows.parquet"}
    ]


def test_the_recipe_on_the_card_loads_again() -> None:
    recipe = Recipe.loads(read_kind("quickstart"))
    text = card(recipe)
    assert Recipe.loads(text.split("```yaml\n")[1].split("\n```")[0]) == recipe


def test_nothing_is_guessed() -> None:
    recipe = Recipe.loads(read_kind("quickstart")).replace(license=None, purpose=None)
    text = card(recipe)
    assert "license" not in front_matter(text)
    assert "Licence of the rows: not stated" in text
    assert "Purpose: not stated" in text


def test_hostile_names_stay_text() -> None:
    recipe = Recipe.loads(read_kind("quickstart")).replace(
        description="</h1><script>alert(1)</script> [a](javascript:alert(1))"
    )
    text = card(recipe, reasons={"<img src=x onerror=alert(1)>": 1})
    body, _ = text.split("---\n", 2)[2].split("## Make it again")
    assert "<" not in body
    assert "[a]" not in body


def test_no_text_of_a_run_becomes_a_link_a_formula_or_a_terminal_s_command() -> None:
    acting = [*ACTING[:10], "see http://evil.example/ or www.evil.example, a@evil.example $x$"]
    names = {text[:300]: 1 for text in acting}
    recipe = Recipe.loads(read_kind("quickstart")).replace(description=acting[-1])
    shown = {"reasons": names, "funnel": names, "notes": tuple(acting), "status": acting[0]}
    text = card(recipe, columns=dict.fromkeys(acting, "text"), models=tuple(acting), **shown)
    body, _ = text.split("---\n", 2)[2].split("## Make it again")
    ours = body.replace("<span>$</span>", "").replace("http://cv.iptc.org/newscodes", "")
    for sign in ("<", "$", "://", "www.", "@", "\x1b", "\x07", "\u202e"):
        assert sign not in ours, sign
    assert front_matter(text)["synthnb"]["filters"] == names  # type: ignore[index]
    head = text.split("---\n", 2)[1]
    assert not re.search(r"<[a-z/!]|\]\(", head.replace("1K<n<10K", ""))
    assert front_matter(text)["synthnb"]["models"] == acting  # type: ignore[index]
