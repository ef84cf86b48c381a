from __future__ import annotations

import json
import math
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthnb.batch import Batch
from synthnb.charts.payload import MAX_BYTES, MAX_ROWS, payload
from synthnb.charts.static_html import batch_html
from tests.samples import HOSTILE, batch_of, record, sample_batch

ALLOWED = {"p", "b", "table", "tr", "td", "th", "span"}


class Tags(HTMLParser):
    """Collects what a browser would see as elements and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def size(body: Any) -> int:
    return len(json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8"))


def test_the_payload_holds_what_the_view_needs() -> None:
    body = payload(sample_batch())
    assert body["verdict"] == {
        "accepted": 24,
        "candidates": 31,
        "rejected": 7,
        "wanted": 24,
        "tokens": 1204,
        "cached": 0,
        "sent": True,
        "cost": None,
        "currency": "USD",
    }
    assert [(s["label"], s["count"], s["lost"]) for s in body["funnel"]] == [
        ("candidates", 31, 0),
        ("truncated", 30, 1),
        ("length 75–300", 29, 1),
        ("repetition ≤ 0.25", 28, 1),
        ("near_duplicate 0.6", 27, 1),
        ("judge ≥ 3", 24, 3),
        ("accepted", 24, 0),
    ]
    assert [c["id"] for c in body["charts"]] == [
        "product", "mood", "length", "nearest", "judge: on topic", "judge: mood ok",
    ]  # fmt: skip
    assert body["charts"][1]["bars"][0] == {
        "label": "angry",
        "count": 10,
        "planned": 9.6,
        "rejected": 6,
        "lo": None,
        "hi": None,
    }
    assert [c["name"] for c in body["columns"] if c["main"]] == ["text"]
    assert (body["total_rows"], body["saved_rows"], body["paired_with"]) == (31, 31, 2)


def test_every_row_id_of_the_finding_is_a_row() -> None:
    body = payload(sample_batch())
    assert set(body["look_first"]["rows"]) <= {row["id"] for row in body["rows"]}


def test_time_is_told_only_of_a_run_that_was_watched() -> None:
    assert "elapsed" not in payload(sample_batch())
    assert payload(sample_batch(live=True))["elapsed"] == 1.9


def test_many_rows_are_cut_to_the_bound_and_some_rejected_ones_stay() -> None:
    batch = sample_batch()
    many = [
        record(i, dict(batch[0]), *r.reasons) for i, r in enumerate((*batch.records,) * 100)
    ]
    body = payload(batch.replace(records=many))
    assert body["saved_rows"] == MAX_ROWS
    assert body["total_rows"] == 3100
    assert any(not row["accepted"] for row in body["rows"])
    assert size(body) <= MAX_BYTES


@pytest.mark.parametrize("text", ["x" * 200_000, "漢" * 50_000, "\x00" * 50_000])
def test_huge_texts_stay_within_the_bound(text: str) -> None:
    body = payload(batch_of([text] * 300))
    assert size(body) <= MAX_BYTES
    assert body["saved_rows"] >= 20
    assert body["rows"][0]["values"]["text"].endswith("…")


def test_a_huge_recipe_stays_within_the_bound() -> None:
    batch = batch_of(["x"] * 5)
    fields = {f"c{i}": "v" * 300 for i in range(3000)}
    wide = Batch([record(i, fields | {"text": "x"}) for i in range(300)], batch.recipe)
    assert size(payload(wide)) <= MAX_BYTES


def test_numbers_that_json_lacks_become_null() -> None:
    batch = batch_of(["x"])
    values = {"text": "x", "score": math.nan, "deep": {"a": [math.inf, 2**60]}}
    row = payload(Batch([record(0, values)], batch.recipe))["rows"][0]
    assert row["values"]["score"] is None
    assert row["values"]["deep"] == {"a": [None, str(2**60)]}


def test_hostile_rows_are_text_in_every_form() -> None:
    batch = batch_of(HOSTILE, plan_targets={"mood": {HOSTILE[0]: 2.0}}, name=HOSTILE[1])
    parsed = Tags(batch_html(batch))
    assert parsed.tags <= ALLOWED
    assert parsed.attributes <= {"align", "scope"}
    text = json.dumps(payload(batch), ensure_ascii=False)
    for sign in ("\x1b", "\u202e", "\u2066", "\u200b", "\ud800"):
        assert sign not in batch_html(batch) + text


def test_no_viewer_typesets_a_row() -> None:
    page = batch_html(batch_of(["$x$ and \\(y\\) \\begin{align}z\\end{align} $$q$$"]))
    assert "$x" not in page
    assert "\\(" not in page
    assert "\\begin" not in page


@settings(max_examples=40)
@given(
    st.lists(
        st.dictionaries(
            st.text(min_size=1, max_size=8),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=3), inner, max_size=3)
                ),
                max_leaves=6,
            ),
            max_size=4,
        ),
        max_size=12,
    )
)
def test_any_rows_make_a_strict_payload_and_inert_html(rows: list[dict[str, Any]]) -> None:
    recipe = sample_batch().recipe
    batch = Batch([record(i, values) for i, values in enumerate(rows)], recipe)
    assert size(payload(batch)) <= MAX_BYTES
    assert Tags(batch_html(batch)).tags <= ALLOWED
    assert str(batch)
