"""Texts changed by rules: seeded, in place, without a model."""

from __future__ import annotations

import asyncio
import re

import pytest

from synthnb.errors import FatalModelError, SettingsError
from synthnb.models import get_model
from synthnb.models.rules import RULES, RuleModel, synonyms
from synthnb.settings import load_settings
from synthnb.terms import Used, judge
from synthnb.types import Request

TEXT = "The staff were kind, and our big room (number 7) wasn't clean!"


def changed(rule: str, seed: int, text: str = TEXT, alpha: float = 0.2) -> str:
    params = {"extra": {"alpha": alpha}}
    asked = Request(f"rules/{rule}", ({"role": "user", "content": text},), params, seed=seed)
    return asyncio.run(RuleModel(f"rules/{rule}").complete(asked)).text


def words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())


@pytest.mark.parametrize("rule", RULES)
def test_the_seed_alone_decides_and_punctuation_stays(rule: str) -> None:
    made = [changed(rule, seed) for seed in range(40)]
    assert made == [changed(rule, seed) for seed in range(40)]
    assert len(set(made)) > 10
    assert all("(number 7)" in text or rule in ("swap", "eda") or "(" in text for text in made)
    assert all(text[0].isupper() and text.endswith("!") for text in made)


def test_each_rule_does_what_it_is_called() -> None:
    before = words(TEXT)
    for seed in range(50):
        assert sorted(words(changed("swap", seed))) == sorted(before)
        left = words(changed("delete", seed))
        assert len(left) == len(before) - 2 and set(left) <= set(before)
        added = words(changed("insert", seed))
        assert len(added) == len(before) + 2
        replaced = words(changed("synonyms", seed))
        assert len(replaced) == len(before)
        pairs = [(a, b) for a, b in zip(before, replaced, strict=True) if a != b]
        assert pairs and all(b in synonyms()[a] for a, b in pairs)
        typos = [
            (a, b)
            for a, b in zip(before, words(changed("noise", seed)), strict=False)
            if a != b
        ]
        assert all(a[0] == b[0] for a, b in typos)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("text", ["", "Hm", "!!!", "7", "ja ja", "私は猫です", "a\nb"])
def test_nothing_to_change_is_no_error(rule: str, text: str) -> None:
    assert isinstance(changed(rule, 1, text, alpha=1.0), str)


def test_alpha_is_the_share_of_words() -> None:
    long = " ".join(f"word{chr(97 + i)}" for i in range(20))
    assert len(words(changed("delete", 3, long, alpha=0.5))) == 10
    with pytest.raises(FatalModelError, match="share above 0"):
        changed("swap", 1, alpha=0)


def test_it_is_there_without_settings_and_free_to_publish() -> None:
    assert get_model("rules/eda", load_settings()).origin == "local:rules"
    with pytest.raises(SettingsError, match="did you mean 'swap'"):
        get_model("rules/swop", load_settings())
    verdict = judge([Used("rules/eda")], purpose="augmentation")
    assert verdict.level == "allow" and verdict.findings[0].license == "CC0-1.0"
