"""The map by a model's embeddings: asked of an endpoint, refused for rows that stay here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from synthnb.charts.payload import payload
from synthnb.errors import ModelError, SettingsError
from tests.loopback import Loopback, error
from tests.samples import batch_of

TEXTS = ["the lid broke", "a lid that broke", "happy with the cup", "so happy with it"]

RECIPE = "synthnb: 1\ncolumns: {text: {prompt: Write.}}\n"


def profile(home: Path, url: str) -> None:
    config = home / "config" / "synthnb.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'[profiles.lab]\nbase_url = "{url}"\n', "utf-8")


def test_texts_are_placed_by_an_endpoints_embeddings(home: Path, loopback: Loopback) -> None:
    profile(home, loopback.base_url)
    batch = batch_of(TEXTS, RECIPE)
    made = batch.map("lab/tiny")

    assert "embeddings of lab/tiny" in repr(made)
    assert loopback.bodies == [{"model": "tiny", "input": TEXTS}]
    broken, happy = made.x[:2], made.x[2:]
    assert np.ptp(broken) < 300 > np.ptp(happy)
    assert abs(broken.mean() - happy.mean()) > 500
    assert repr(batch.map()) == repr(made)  # views go by it from now on
    assert payload(batch)["map"]["about"] == "embeddings of lab/tiny"  # type: ignore[index, call-overload]


def test_an_endpoint_without_embeddings_leaves_the_map(home: Path, loopback: Loopback) -> None:
    profile(home, loopback.base_url)
    loopback.replies(error(404, "unknown path /v1/embeddings"))
    with pytest.raises(ModelError, match="unknown path"):
        batch_of(TEXTS, RECIPE).map("lab/tiny")


def test_rows_that_stay_here_are_not_sent(home: Path) -> None:
    profile(home, "https://models.example/v1")
    batch = batch_of(TEXTS, RECIPE + "local_only: true\n")
    with pytest.raises(SettingsError, match=r"would send rows to models\.example"):
        batch.map("lab/tiny")


def test_of_many_texts_some_are_drawn_from_the_first_to_the_last() -> None:
    made = batch_of([*TEXTS * 3, ""], RECIPE).map()
    assert made.drawn().tolist() == made.placed.tolist() == [*range(12)]
    assert made.drawn(4).tolist() == [0, 3, 7, 11]
