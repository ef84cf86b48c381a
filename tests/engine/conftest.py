"""A profile ``lab`` for the scripted server, and small recipes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from synthnb.recipe import Recipe
from synthnb.settings import Profile, Settings
from tests.loopback import Loopback

Make = Callable[..., Recipe]


@pytest.fixture
def settings(loopback: Loopback) -> Settings:
    """Settings with one profile, at the scripted server."""
    lab = Profile("lab", base_url=loopback.base_url, concurrency=16)
    return Settings(model="lab/tiny", profiles={"lab": lab})


@pytest.fixture
def reviews() -> Make:
    """A recipe with one attribute and one written column; keywords change it."""

    def make(**changes: Any) -> Recipe:
        data: dict[str, Any] = {
            "name": "reviews",
            "seed": 7,
            "columns": {
                "mood": ["angry", "happy"],
                "text": {"prompt": "A review by someone {{ mood }}."},
            },
        }
        return Recipe.from_dict({**data, **changes})

    return make
