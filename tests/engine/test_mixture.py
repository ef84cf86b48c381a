"""``mix:`` in a recipe: groups held out before anything is generated, and a clean border."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from synthnb import Recipe, generate
from synthnb.api.stores import shared_store
from synthnb.errors import SourceError
from synthnb.export import export
from synthnb.settings import Settings
from synthnb.source import open_source, row_id
from synthnb.source.heldout import hold_out
from synthnb.store import StoredRecords
from synthnb.types import Row
from tests.loopback import Loopback

ROWS: list[Row] = [
    {"client": f"c{i % 8}", "text": f"client {i % 8} wrote on day {i} about case {i * 7}"}
    for i in range(40)
]


def mixture(**more: object) -> Recipe:
    data = {
        "name": "mixed", "seed": 3, "license": "CC0-1.0", "purpose": "augmentation",
        "source": {"license": "CC0-1.0"},
        "columns": {"text": {"prompt": "Say this otherwise: {{ text }}"}},
        "mix": {"real": 0.25},
        "split": {"by": "client", "eval": 0.25},
    }  # fmt: skip
    return Recipe.from_dict({**data, **more})


def test_held_out_rows_reach_no_model_and_end_on_the_test_side(
    settings: Settings, loopback: Loopback, tmp_path: Path
) -> None:
    batch = generate(mixture(), 24, source=ROWS, settings=settings)

    held = {r.values["client"] for r in batch.accepted if r.held_out}
    asked = str([body["messages"] for body in loopback.bodies])
    assert len(held) == 2
    assert not any(f"client {name[1:]} wrote" in asked for name in held)
    assert batch.real_share == 0.25
    assert "25% real (8 rows)" in batch.verdict
    assert not {r.values["client"] for r in batch.accepted if not r.held_out} & held

    done = export(batch, tmp_path / "set", "hf", accept_terms=True)
    test = pd.read_parquet(done.path / "data/test.parquet")
    assert set(test["client"]) == held
    assert {note["origin"] for note in test["_synthnb"]} == {"real"}
    train = pd.read_parquet(done.path / "data/train.parquet")
    assert not set(train["client"]) & held
    schemas = [pq.read_schema(done.path / f"data/{name}.parquet") for name in ("train", "test")]
    assert schemas[0].equals(schemas[1])  # readers take them for parts of one table
    card = (done.path / "README.md").read_text("utf-8")
    assert "real_share: 0.25" in card and "25% of the rows to train on; 10 are held out" in card
    assert "25% of the rows are real" in (done.path / "croissant.json").read_text("utf-8")
    flat = export(batch, tmp_path / "rows.csv", "csv")
    assert flat.rows == 32
    assert "10 held-out rows left out" in flat.warnings[0]
    assert export(batch, tmp_path / "test.csv", "csv", split="test").rows == 10


def test_held_out_rows_come_back_from_the_store(settings: Settings) -> None:
    batch = generate(mixture(), 24, source=ROWS, settings=settings)
    stored = StoredRecords(shared_store(), batch.run)
    assert sum(record.held_out for record in stored) == 10


def test_a_copy_of_a_real_row_is_rejected(settings: Settings, loopback: Loopback) -> None:
    def copies(number: int, body: Any) -> str | None:
        asked = str(body["messages"][-1]["content"])
        return asked.removeprefix("Say this otherwise: ") if number % 2 else None

    loopback.script(copies)
    batch = generate(mixture(split=None), 8, source=ROWS, settings=settings)
    assert batch.rejected
    for row in batch.rejected:
        assert row["_synthnb"]["reasons"][0]["rule"] == "near_duplicate"
    real = {str(r.values["text"]) for r in batch.accepted if r.origin == "real"}
    made = {str(r.values["text"]) for r in batch.accepted if r.origin != "real"}
    assert real
    assert not real & made


def test_rows_that_synthnb_wrote_are_no_real_ones(settings: Settings) -> None:
    first = generate(mixture(split=None), 20, source=ROWS, settings=settings)
    ours = [row for row in first.rows if row["_synthnb"]["origin"] == "synthetic"]
    again = generate(mixture(split=None, seed=4), 6, source=ours, settings=settings)
    assert again.real_share == 0
    assert {record.generation for record in again.accepted} == {2}
    assert "0% real" in again.verdict
    assert "generation 2" in again.card()


def test_groups_are_whole_and_the_choice_is_the_seed_s() -> None:
    from synthnb.recipe import Split

    rows = open_source(None, base=Path(), frame=ROWS)
    part = hold_out(rows, Split(by="client", eval=0.25), 3)
    held = part.held
    assert held is not None
    assert (len(part), len(held)) == (30, 10)
    clients = {str(part.row(i)["client"]) for i in range(30)}
    assert not clients & {str(held.row(i)["client"]) for i in range(10)}
    assert part.sha256 == rows.sha256
    assert part.id(0) == row_id(part.row(0))
    assert part.values("client") == [part.row(i)["client"] for i in range(30)]
    again = hold_out(rows, Split(by="client", eval=0.25), 3).held
    assert again is not None
    assert again.row(0) == held.row(0)
    other = hold_out(rows, Split(eval=0.5), 3)
    assert (len(other), other.held and len(other.held)) == (20, 20)
    one = open_source(None, base=Path(), frame=[{"client": "a", "n": i} for i in range(4)])
    with pytest.raises(SourceError, match="is one group by client"):
        hold_out(one, Split(by="client"), 3)
