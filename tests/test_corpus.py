"""What a corpus covers, what it lacks, and quotas that fill the gap."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from synthnb import Recipe, coverage
from synthnb.errors import RecipeError, SourceError
from synthnb.recipes import read_kind

KEYWORDS = {"bees": ["hive", "honey", "bees"], "bridges": ["bridge", "arch"]}


def rows(**counts: int) -> list[dict[str, object]]:
    texts = {
        "bees": "The hive is full of honey and the bees are very busy today.",
        "bridges": "The old bridge stands on one arch above the quiet river.",
        "other": "My neighbour reads the newspaper every single morning.",
        "deutsch": "Die Bienen tragen den Honig in den Stock und ruhen dann aus.",
    }
    return [{"text": texts[name], "id": i} for name, n in counts.items() for i in range(n)]


def test_a_table_by_language_domain_and_length() -> None:
    found = coverage(rows(bees=6, bridges=2, other=1, deutsch=1), domain=KEYWORDS)
    assert found.counts("language") == {"en": 9, "de": 1}
    assert found.counts("domain") == {"bees": 6, "bridges": 2, "other": 2}
    assert found.counts("length") == {"under 50 words": 10}
    assert found.counts("language & domain")["de & other"] == 1
    assert found.df["documents"].sum() == len(found) == 10
    assert found.shares("domain", "words")["bees"] == pytest.approx(72 / 116, abs=0.05)


def test_documents_are_counted_whole(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("The hive is full of honey. " * 30)
    (tmp_path / "b.txt").write_text("The bridge has one arch. " * 300)
    found = coverage(tmp_path, domain=KEYWORDS)
    assert found.counts("domain") == {"bees": 1, "bridges": 1}
    assert found.counts("length") == {"50 to 199 words": 1, "1000 words or more": 1} or (
        found.counts("length") == {"1000 words or more": 1, "50 to 199 words": 1}
    )


def test_columns_of_a_frame() -> None:
    frame = pd.DataFrame(
        {"body": ["Some words here."] * 3, "field": ["a", "a", None], "y": "q"}
    )
    found = coverage(frame, text="body", domain="field", by=["y"])
    assert found.counts("domain") == {"a": 2, "none": 1} and found.counts("y") == {"q": 3}
    for wrong in ({"text": "bdy"}, {"domain": "feld"}, {"by": ["z"]}):
        with pytest.raises(SourceError, match="no column"):
            coverage(frame, **wrong)
    with pytest.raises(SourceError, match="not counted by 'dmain'; did you mean 'domain'"):
        found.counts("dmain")


def test_a_slip_in_a_target_is_no_new_dimension() -> None:
    found = coverage([{"text": "The hive is full of honey."}], domain={"bees": ["honey"]})
    for asked in (found.gap, lambda target: found.plan(target, rows=5)):
        with pytest.raises(SourceError, match="by 'domian'; did you mean 'domain'"):
            asked({"domian": {"bees": 1}})


def test_quotas_bring_the_whole_to_the_target() -> None:
    found = coverage(rows(bees=6, bridges=2), domain=KEYWORDS)
    filling = found.plan({"domain": {"bees": 0.5, "bridges": 0.5}}, 12)
    assert filling.quotas == {"domain": {"bees": 4, "bridges": 8}}
    assert filling.after["domain"] == {"bees": 0.5, "bridges": 0.5}
    # What is over-represented already gets none; the rest shares what there is.
    filling = found.plan({"domain": {"bees": 0.1, "bridges": 0.6, "geology": 0.3}}, 4)
    assert filling.quotas == {"domain": {"bridges": 2, "geology": 2}}
    assert sum(filling.quotas["domain"].values()) == 4


def test_a_partial_target_leaves_the_other_rows_free() -> None:
    found = coverage(rows(bees=1, bridges=9), domain=KEYWORDS)
    filling = found.plan({"domain": {"bees": 0.3}}, 10)
    assert filling.quotas == {"domain": {"bees": 5}}


def test_words_may_be_counted_instead() -> None:
    frame = [{"text": "hive " * 900}, {"text": "bridge " * 100}]
    found = coverage(frame, domain=KEYWORDS)
    filling = found.plan({"domain": {"bees": 0.5, "bridges": 0.5}}, 10, words_each=100)
    assert filling.quotas == {"domain": {"bees": 1, "bridges": 9}}


def test_quotas_are_written_into_a_recipe() -> None:
    recipe = Recipe.loads(read_kind("pretraining"))
    found = coverage(rows(bees=6, bridges=2), domain=KEYWORDS)
    target: dict[str, dict[str, float]] = {
        "domain": {"bees": 0.5, "bridges": 0.5},
        "register": {"story": 1, "textbook": 1},
    }
    ready = found.plan(target, 8).into(recipe, domain="field")
    assert ready.target.rows == 8
    assert ready.target.quotas == {
        "field": {"bees": 2, "bridges": 6}, "register": {"story": 4, "textbook": 4},
    }  # fmt: skip
    again = Recipe.loads(ready.dumps())
    assert again.target == ready.target
    with pytest.raises(RecipeError, match="no column 'domain'"):
        found.plan(target, 8).into(recipe)
    with pytest.raises(RecipeError, match="has no value 'bee'"):
        found.plan({"field": {"bee": 1.0}}, 8).into(recipe)


def test_a_combination_is_one_quota() -> None:
    found = coverage(rows(bees=4, deutsch=1), domain=KEYWORDS)
    filling = found.plan({"language & domain": {"en & bees": 0.5, "de & other": 0.5}}, 5)
    assert filling.quotas == {"language & domain": {"en & bees": 1, "de & other": 4}}


@pytest.mark.parametrize("target", [{}, {"a": 0.0}, {"a": -1.0, "b": 2.0}])
def test_targets_without_shares_are_refused(target: dict[str, float]) -> None:
    with pytest.raises(RecipeError, match="shares of 0 or more"):
        coverage(rows(bees=1)).plan({"domain": target}, 3)
