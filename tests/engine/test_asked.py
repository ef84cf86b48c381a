"""What is handed to ``generate``: slips are one line, before anything is sent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from synthnb import Recipe, estimate, generate
from synthnb.errors import RecipeError
from synthnb.settings import Settings
from tests.loopback import Loopback

RECIPE = Recipe(columns={"text": {"prompt": "Hello"}}, model="lab/tiny")


@pytest.mark.parametrize(
    ("recipe", "n", "told"),
    [
        ("reviews.synth.yaml", 2, "takes a Recipe, not a str: synthnb.load"),
        ({"columns": {"text": {"prompt": "x"}}}, 2, "takes a Recipe, not a dict"),
        (Recipe(), 2, "the recipe has no columns"),
        (RECIPE, 0, "at least 1 row, not 0"),
        (RECIPE, 2.5, "a whole number, not 2.5"),
        (RECIPE, "2", "a whole number, not '2'"),
    ],
)
def test_slips_are_told(
    settings: Settings, loopback: Loopback, recipe: Any, n: Any, told: str
) -> None:
    with pytest.raises(RecipeError, match=told):
        generate(recipe, n, settings=settings)
    assert not loopback.requests


def test_numbers_of_numpy_are_numbers(settings: Settings) -> None:
    assert estimate(RECIPE, np.int64(3), settings=settings).rows == 3  # type: ignore[arg-type]
