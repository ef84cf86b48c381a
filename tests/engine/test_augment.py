"""One-off augmentation of real rows in one line."""

from __future__ import annotations

import pandas as pd
import pytest

from synthnb import augment
from synthnb.api.augmenting import HOW
from synthnb.errors import RecipeError
from synthnb.settings import Settings, config_file
from synthnb.source import row_id
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
    assert asked.startswith(HOW["paraphrase"])
    assert "label = n" in asked or "label = p" in asked
    assert batch.recipe.kind == "augment"


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
