"""The map by a model's embeddings: asked of an endpoint, refused for rows that stay here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthnb.charts.payload import payload
from synthnb.errors import ModelError, SettingsError
from synthnb.explore.door import answer
from synthnb.explore.textmap import TextMap
from tests.loopback import Loopback, error
from tests.samples import batch_of

TEXTS = ["the lid broke", "a lid that broke", "happy with the cup", "so happy with it"]

RECIPE = "synthnb: 1\ncolumns: {text: {prompt: Write.}}\n"


# Equal batches share their map, as long as one of them is there: here, none is equal.


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


def around(made: TextMap, *places: int) -> Any:
    """The region of these points, as ``select`` takes it."""
    ends = ((axis[[*places]].min(), axis[[*places]].max()) for axis in (made.x, made.y))
    return tuple(ends)


def test_a_region_stays_what_it_is_on_a_named_map_whatever_is_decided(
    home: Path, loopback: Loopback
) -> None:
    profile(home, loopback.base_url)
    batch = batch_of(TEXTS, RECIPE + "seed: 1\n")
    everywhere = batch.select(region=((0, 1000), (0, 1000)))
    assert len(everywhere) == 4  # by words, before the map is another
    made = batch.map("lab/tiny")
    broken = around(made, 0, 1)

    batch.review().drop(batch.select(search="so happy").ids[0])
    for same in (batch, batch.replace(live=True)):  # as a version that is shown again
        assert [row["text"] for row in same.select(region=broken)] == TEXTS[:2]
        assert repr(same.map()) == repr(made)
        assert payload(same)["map"]["about"] == "embeddings of lab/tiny"  # type: ignore[index, call-overload]
    assert len(loopback.bodies) == 1  # nothing is sent that nobody asked for


def test_an_edited_row_leaves_a_named_map_until_it_is_named_again(
    home: Path, loopback: Loopback
) -> None:
    profile(home, loopback.base_url)
    batch = batch_of(TEXTS, RECIPE + "seed: 2\n")
    made = batch.map("lab/tiny")
    batch.review().edit({"text": "happy with the cup"})

    now = batch.map()
    assert now.about == "embeddings of lab/tiny, without 1 row edited since"
    assert now.placed.tolist() == [1, 2, 3]
    assert now.x[1:].tolist() == made.x[1:].tolist()
    assert answer(batch, {"op": "map"})["total"] == 3
    assert [row["text"] for row in batch.select(region=around(made, 0, 1))] == [TEXTS[1]]

    again = batch.map("lab/tiny")
    assert again.placed.tolist() == [0, 1, 2, 3]
    assert (again.x[0], again.y[0]) == (again.x[2], again.y[2])
    cup = batch.select(region=around(again, 0, 2))
    assert [row["text"] for row in cup] == ["happy with the cup"] * 2
    batch.review().undo()
    assert len(batch.map().placed) == 3  # the text that it had before is another one again


def test_regions_follow_a_map_that_is_named_later(home: Path, loopback: Loopback) -> None:
    profile(home, loopback.base_url)
    batch = batch_of(TEXTS, RECIPE + "seed: 3\n")
    first = around(batch.map(), 0)
    assert batch.select(region=first).ids == batch.select().ids[:1]  # and known from now on
    made = batch.map("lab/tiny")
    assert batch.select(region=around(made, 0)).ids == batch.select().ids[:1]
    assert len(batch.select(region=first)) == 0


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
