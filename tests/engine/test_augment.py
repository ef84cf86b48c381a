"""One-off augmentation of real rows in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from synthnb import Recipe, augment
from synthnb.api.augmenting import HOW, Wish, augment_recipe
from synthnb.errors import RecipeError
from synthnb.events import Notice
from synthnb.recipe.parts import Source
from synthnb.settings import Settings, config_file
from synthnb.source import open_source, row_id
from tests.loopback import Loopback


@pytest.fixture
def lab(loopback: Loopback, settings: Settings) -> Loopback:
    """The scripted server as the user's default model."""
    file = config_file()
    file.parent.mkdir(parents=True)
    file.write_text(f'model = "lab/tiny"\n[profiles.lab]\nbase_url = "{loopback.base_url}"\n')
    return loopback


@pytest.fixture
def frame() -> pd.DataFrame:
    texts = ["It broke.", "I love it."]
    return pd.DataFrame({"id": [1, 2], "text": texts, "label": ["n", "p"]})


def test_labels_that_nobody_checks_are_told(frame: pd.DataFrame, settings: Settings) -> None:
    heard: list[Any] = []
    batch = augment(frame, "text", how="noise", label="label", on_event=heard.append)
    said = [event.message for event in heard if isinstance(event, Notice)]
    assert len(said) == 1 and said[0].startswith("Labels are not checked: a classifier needs 5")
    assert batch.notes == (said[0],) and "Labels are not checked" in batch.card()
    augment(frame, "text", how="noise", label="label", check=False, on_event=heard.append)
    assert sum(isinstance(event, Notice) for event in heard) == 1


def test_same_columns_and_every_row_knows_its_parent(
    lab: Loopback, frame: pd.DataFrame
) -> None:
    batch = augment(frame, "text", n=3, label="label", temperature=0.9)

    assert list(batch.df.columns) == ["id", "text", "label"]
    assert sorted(batch.df["id"]) == [1, 1, 1, 2, 2, 2]
    parents = {row["id"]: row["_synthnb"]["parents"] for row in batch.rows}
    first = {"id": 1, "text": "It broke.", "label": "n"}
    assert parents[1] == [row_id(first)]
    assert all(body["temperature"] == 0.9 for body in lab.bodies)
    asked = lab.bodies[0]["messages"][-1]["content"]
    assert asked.startswith(HOW["paraphrase"].task)
    assert "label = n" in asked or "label = p" in asked
    assert batch.recipe.kind == "augment"


def test_columns_keep_their_types(lab: Loopback, frame: pd.DataFrame) -> None:
    frame["day"] = pd.to_datetime(["2026-01-31", "2026-02-01"])
    frame["label"] = frame["label"].astype("category")
    kept = augment(frame, "text", label="label").df
    assert dict(kept.dtypes) == dict(frame.dtypes)
    assert sorted(kept["day"]) == list(frame["day"])


def test_rows_without_a_text_are_left_out(lab: Loopback) -> None:
    frame = pd.DataFrame(
        {"text": ["It broke.", None, "  "], "day": pd.to_datetime(["2026-01-31"] * 3)}
    )
    heard: list[object] = []
    batch = augment(frame, "text", n=2, on_event=heard.append)

    assert len(batch) == len(lab.requests) == 2
    assert batch.frame["text"].tolist() == ["It broke."]
    assert Notice("2 rows without a text are left out.", "source") in heard
    with pytest.raises(RecipeError, match="no row has a text in 'text'"):
        augment(frame.tail(2), "text")


def test_how_takes_a_prompt(lab: Loopback, frame: pd.DataFrame) -> None:
    augment(frame, "text", how="Translate to French: {{ text }}")

    asked = {body["messages"][-1]["content"] for body in lab.bodies}
    assert asked == {"Translate to French: It broke.", "Translate to French: I love it."}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"column": "txt"}, "did you mean 'text'"),
        ({"column": "text", "label": "lable"}, "did you mean 'label'"),
        ({"column": "text", "how": "parafrase"}, "did you mean 'paraphrase'"),
        ({"column": "text", "n": 0}, "at least 1"),
    ],
)
def test_slips_are_told(
    lab: Loopback, frame: pd.DataFrame, arguments: dict[str, object], told: str
) -> None:
    with pytest.raises(RecipeError, match=told):
        augment(frame, **arguments)  # type: ignore[arg-type]
    assert not lab.requests


@pytest.fixture
def reviews() -> pd.DataFrame:
    """Nine good rows and three bad ones."""
    good = [f"The staff were kind and my big room was clean on day {day}." for day in range(9)]
    bad = [f"We waited a long hour for cold soup at table {table}." for table in range(3)]
    rows = {"guest": range(12), "text": good + bad, "label": ["good"] * 9 + ["bad"] * 3}
    return pd.DataFrame(rows)


def test_eda_asks_no_model_and_keeps_groups(reviews: pd.DataFrame) -> None:
    batch = augment(reviews, "text", n=3, how="eda", label="label", group="guest", alpha=0.2)

    assert batch.status == "done" and len(batch) == 36
    again = augment(reviews, "text", n=3, how="eda", label="label", group="guest", alpha=0.2)
    assert list(batch) == list(again)
    known = dict(zip(reviews["guest"], reviews["label"], strict=True))
    assert all(known[row["guest"]] == row["label"] for row in batch)
    assert not set(batch["text"]) & set(reviews["text"])
    assert {call.model for record in batch.records for call in record.calls} == {"rules/eda"}
    recipe = batch.recipe
    assert recipe.source is not None and recipe.source.group == "guest"


def test_groups_stay_on_one_side_of_a_split(reviews: pd.DataFrame) -> None:
    from synthnb.export.splits import sides
    from synthnb.recipe.parts import Split

    batch = augment(reviews, "text", n=3, how="swap", group="guest", alpha=0.2)
    batch = batch.replace(recipe=batch.recipe.replace(split=Split(eval=0.3)))
    found = sides(batch)
    guests = [{batch[place]["guest"] for place in side} for side in (found.train, found.test)]
    assert guests[0] and guests[1] and not guests[0] & guests[1]


def test_a_rare_label_is_topped_up(reviews: pd.DataFrame) -> None:
    recipe, wanted = _recipe(reviews, how="top_up", label="label", n=5)
    assert wanted == 6 and recipe.target.quotas == {"label": {"bad": 6}}
    _, capped = _recipe(reviews, how="top_up", label="label", n=1)
    assert capped == 3
    with pytest.raises(RecipeError, match="nothing to top up"):
        _recipe(reviews[reviews.label == "good"], how="top_up", label="label")


def test_top_up_runs_on_the_rare_rows_alone(lab: Loopback, reviews: pd.DataFrame) -> None:
    batch = augment(reviews, "text", n=5, how="top_up", label="label", check=False)
    assert batch["label"] == ["bad"] * 6
    assert set(batch["guest"]) == {9, 10, 11}


def test_counterfactuals_flip_the_label_by_few_words(
    lab: Loopback, reviews: pd.DataFrame
) -> None:
    def answer(number: int, body: Any) -> str:
        text = body["messages"][-1]["content"].split("\n\n")[1]
        return str(text.replace("kind", "rude").replace("cold", "hot"))

    lab.script(answer)
    rows = pd.concat([reviews.iloc[:4], reviews.iloc[9:11]])
    batch = augment(rows, "text", how="counterfactual", label="label")
    assert sorted(batch["label"]) == ["bad"] * 4 + ["good"] * 2
    checked = [r.value for record in batch.records for r in record.checks if r.rule == "edits"]
    assert checked and all(0 < value < 0.2 for value in checked)


def test_back_translation_goes_through_a_hidden_column(
    lab: Loopback, reviews: pd.DataFrame
) -> None:
    batch = augment(reviews.iloc[:2], "text", how="back-translation", to="French")
    assert list(batch.df.columns) == ["guest", "text", "label"]
    asked = [body["messages"][-1]["content"] for body in lab.bodies]
    assert sum(text.startswith("Translate this to French") for text in asked) == 2
    assert sum(text.startswith("Translate this to English") for text in asked) == 2


def test_continuation_shows_real_rows_and_says_which(
    lab: Loopback, reviews: pd.DataFrame
) -> None:
    batch = augment(reviews, "text", how="continuation", label="label", check=False)
    shown = [record.calls[0].few_shot for record in batch.records]
    assert all(len(set(picks)) == 4 for picks in shown) and len(set(shown)) > 3


def test_a_flipped_label_is_checked_by_what_the_rows_teach(reviews: pd.DataFrame) -> None:
    rows = pd.concat(
        [reviews, reviews.iloc[9:].assign(text=lambda f: f.text + " Never again.")]
    )
    recipe, _ = _recipe(rows, how="counterfactual", label="label")
    assert [c.rule for c in recipe.checks] == ["duplicate", "edits", "label_kept"]
    recipe, _ = _recipe(reviews, how="counterfactual", label="label")
    assert "label_kept" not in [c.rule for c in recipe.checks]  # three rows teach nothing


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"how": "counterfactual"}, "needs label="),
        ({"how": "paraphrase", "to": "French"}, "takes no to="),
        ({"how": "style", "to": {"a": "b"}}, "to= is a word"),
        ({"how": "counterfactual", "label": "label", "to": {"good": "bad"}}, "nothing for"),
        ({"group": "gest"}, "did you mean 'guest'"),
    ],
)
def test_more_slips(reviews: pd.DataFrame, arguments: dict[str, object], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        _recipe(reviews, **arguments)  # type: ignore[arg-type]


def _recipe(frame: pd.DataFrame, n: int = 1, **wishes: object) -> tuple[Recipe, int]:
    rows = open_source(Source(order="file"), base=Path(), frame=frame)
    return augment_recipe(rows, Wish("text", n, **wishes), {})  # type: ignore[arg-type]
