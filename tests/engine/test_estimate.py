"""What a run will take, told before it starts."""

from __future__ import annotations

import pytest

from synthnb import Recipe, estimate, generate
from synthnb.api.preparing import prepare
from synthnb.engine.estimate import estimate_run
from synthnb.settings import Settings
from tests.engine.conftest import Make
from tests.loopback import Loopback, Reply


def test_an_estimate_sends_nothing_and_narrows_with_rows(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    recipe = reviews(params={"max_tokens": 60})
    blind = estimate(recipe, 1000, settings=settings)
    assert not loopback.requests
    generate(recipe, 20, settings=settings)
    seen = estimate(recipe, 1000, settings=settings)

    assert blind.requests.expected == seen.requests.expected == 1000
    width = lambda told: (told.tokens.high - told.tokens.low) / told.tokens.expected  # noqa: E731
    assert width(seen) < width(blind)
    assert seen.cost is None
    assert "cost unknown" in str(seen)
    assert "20 rows made before" in str(seen)


def test_a_changed_recipe_is_estimated_as_its_newest_version_went(
    settings: Settings, loopback: Loopback
) -> None:
    loopback.script(lambda n, body: Reply(text="too short" if n % 4 else "long enough to keep"))
    columns = {"mood": ["a", "b"], "text": {"prompt": "A {{ mood }} text."}}
    recipe = Recipe(
        name="words", columns=columns,
        checks=[{"length": {"column": "text", "min": 15}}], target={"max_candidates": 40},
    )  # fmt: skip
    made = generate(recipe, 5, settings=settings)
    share = len(made) / len(made.records)
    changed = recipe.replace(
        columns={**columns, "mood": ["a", "c"]}, target={"max_candidates": 2000}
    )
    told = estimate(changed, 100, settings=settings)
    assert share < 0.5 and told.requests.expected == pytest.approx(100 / share)
    assert told.seconds is not None and told.went == "version 1"
    assert "rows accepted as version 1 went" in str(told)
    assert told.to_dict()["went"] == "version 1"
    own = estimate(recipe, 100, settings=settings)
    assert own.went == ""  # it has rows of its own
    assert own.requests.expected == own.requests.high == 40  # where the run ends, short of rows
    elsewhere = estimate(changed.replace(model="lab/big"), 100, settings=settings)
    assert elsewhere.seconds is None  # nobody knows how long that one takes
    unnamed = estimate(changed.replace(name=None), 100, settings=settings)
    assert (unnamed.requests.expected, unnamed.went) == (100, "")


def test_a_changed_recipe_asks_and_writes_as_many_tokens_as_its_newest_version(
    settings: Settings, loopback: Loopback
) -> None:
    """The rule of thumb says 4 characters a token and half of max_tokens: both far off here."""
    usage = {"prompt_tokens": 137, "completion_tokens": 25}
    loopback.script(lambda n, body: Reply(text=f"text {n}", usage=usage))
    columns = {"mood": ["glad", "calm"], "text": {"prompt": "A {{ mood }} text."}}
    recipe = Recipe(name="words", columns=columns, params={"max_tokens": 60})
    generate(recipe, 4, settings=settings)
    changed = recipe.replace(columns={**columns, "mood": ["glad", "kind"]})
    told = estimate(changed, 10, settings=settings)
    assert told.prompt_tokens.expected == pytest.approx(10 * 137)
    assert told.completion_tokens.expected == pytest.approx(10 * 25)
    assert told.completion_tokens.high >= 10 * 60  # another prompt may write more
    twice = {"text": {"prompt": "A {{ mood }} text." + " Be brief!" * 10}}
    longer = estimate(changed.replace(columns=columns | twice), 10, settings=settings)
    assert longer.prompt_tokens.expected > 2 * told.prompt_tokens.expected
    short = estimate(changed.replace(params={"max_tokens": 12}), 10, settings=settings)
    assert short.completion_tokens.expected == pytest.approx(10 * 12)
    other = estimate(changed.replace(model="lab/big"), 10, settings=settings)
    assert other.prompt_tokens.expected < 10 * 20  # nobody knows how that one counts


def test_an_estimate_knows_lists_judges_and_candidates(
    settings: Settings, loopback: Loopback
) -> None:
    lists = {"text": {"prompt": "Some.", "schema": {"q": "str"}, "per_call": 20}}
    assert estimate(Recipe(columns=lists), 400, settings=settings).requests.expected == 20
    generate(Recipe(name="few", columns=lists), 6, settings=settings)  # a list of six
    seen = estimate(Recipe(name="few", columns=lists), 400, settings=settings)
    assert (seen.basis, seen.requests.expected) == ("6 rows made before", 20)

    four = {"text": {"prompt": "Some.", "candidates": {"n": 4}}}
    ranked = Recipe(columns=four, checks=[{"rank": {"column": "text", "by": "lab/tiny"}}])
    assert estimate(ranked, 10, settings=settings).requests.expected == 10 * (4 + 6 * 2)
    sometimes = {"column": "text", "by": "lab/tiny", "when": "text"}
    ranked = Recipe(columns=four, checks=[{"rank": sometimes}])
    assert estimate(ranked, 10, settings=settings).requests.expected == 10 * (4 + 6 * 2)

    judge = {"judge": {"rubric": {"good": "1-5"}, "min": 1, "model": "lab/big"}}
    judged = Recipe(name="j", columns={"text": {"prompt": "Some."}}, checks=[judge])
    assert estimate(judged, 100, settings=settings).requests.expected == 200
    generate(judged, 8, settings=settings)
    assert estimate(judged, 100, settings=settings).requests.expected == 200
    assert {body["model"] for body in loopback.bodies[-16:]} == {"tiny", "big"}


@pytest.mark.parametrize("few", range(1, 13))
def test_rows_that_were_all_rejected(settings: Settings, loopback: Loopback, few: int) -> None:
    refusal = {"content": None, "refusal": "No."}
    loopback.script(lambda n, body: Reply(message=refusal))
    columns = {"text": {"prompt": "Some."}}
    recipe = Recipe(columns=columns, target={"max_candidates": few})
    made = generate(recipe, few, settings=settings)
    pipeline = prepare(recipe, 100, settings=settings).job().pipeline

    requests = estimate_run(pipeline, 100, before=made.records).requests

    assert requests.low < requests.expected == 100 * few / 0.5
    assert requests.expected <= requests.high < float("inf")
