"""``target.stop_if``: a run that writes nothing new, or only rejects, ends by itself."""

from __future__ import annotations

import numpy as np
import pytest

from synthnb import generate
from synthnb.engine.novelty import WINDOW, Novelty
from synthnb.errors import RecipeError
from synthnb.settings import Settings
from tests.engine.conftest import Make
from tests.loopback import Loopback


def varied(n: int) -> str:
    return " ".join(f"w{i}" for i in np.random.default_rng(n).integers(0, 5000, 12))


def test_a_run_stops_when_nothing_new_is_written(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.script(lambda n, body: varied(n) if n < 60 else varied(n % 4))
    recipe = reviews(target={"stop_if": {"novelty_below": 0.2}})

    batch = generate(recipe, 1000, settings=settings)

    assert batch.status == "stopped"
    assert "words were new (stop_if says novelty_below 20%)" in batch.reason
    assert 60 < len(batch) < 300


def test_a_varied_run_goes_on(reviews: Make, settings: Settings, loopback: Loopback) -> None:
    loopback.script(lambda n, body: varied(n))
    recipe = reviews(target={"stop_if": {"novelty_below": 0.2, "reject_rate_above": 0.5}})
    batch = generate(recipe, 150, settings=settings)
    assert (len(batch), batch.status) == (150, "done")


def test_a_run_stops_when_most_candidates_are_rejected(
    reviews: Make, settings: Settings, loopback: Loopback
) -> None:
    loopback.script(lambda n, body: varied(n) if n < 60 else "short")
    recipe = reviews(
        checks=[{"length": {"column": "text", "min": 20}}],
        target={"stop_if": {"reject_rate_above": 0.7}},
    )

    batch = generate(recipe, 1000, settings=settings)

    assert batch.status == "stopped"
    assert "candidates were rejected (stop_if says reject_rate_above 70%)" in batch.reason
    assert len(batch) >= 50


@pytest.mark.parametrize("stop_if", [{"novelty_bellow_below": 0.2}, {"novelty_below": 20}])
def test_a_rule_that_could_never_stop_anything_is_refused(
    reviews: Make, stop_if: dict[str, float]
) -> None:
    with pytest.raises(RecipeError, match="stop_if"):
        reviews(target={"stop_if": stop_if})


def test_novelty_reads_any_script_and_takes_an_empty_text() -> None:
    novelty = Novelty()
    assert novelty.add("猫が好きです") == 1.0
    assert novelty.add("猫が好きでした") < 0.6
    assert novelty.add("") == 0.0
    for _ in range(WINDOW):
        novelty.add("the same words again and again")
    assert novelty.full and novelty.share < 0.05
