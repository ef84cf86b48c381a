"""The shipped kinds: complete, loadable, and copied without overwriting anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthnb.errors import RecipeError
from synthnb.recipe import Recipe
from synthnb.recipes import copy_kind, list_kinds, read_kind
from synthnb.samplers import make_plan
from synthnb.source import open_source
from synthnb.template import compile_template

NAMED = "augment benchmark code conversation instruction preference pretraining qa tabular text"
KINDS = list_kinds()


def test_every_kind_ships() -> None:
    assert KINDS[0] == "quickstart" and set(NAMED.split()) <= set(KINDS)
    # Others are variants: their names begin with their kind's.
    assert {kind.partition("-")[0] for kind in KINDS[1:]} == set(NAMED.split())


@pytest.mark.parametrize("kind", KINDS)
def test_a_copied_kind_plans_rows_as_it_is(kind: str, tmp_path: Path) -> None:
    written = copy_kind(kind, tmp_path)
    assert written[0] == tmp_path / f"{kind}.synth.yaml"
    recipe = Recipe.load(written[0])
    assert recipe.kind == (kind.partition("-")[0] if kind != "quickstart" else "text")
    assert recipe.purpose and recipe.license and recipe.description
    source = None
    if recipe.source is not None:
        source = open_source(recipe.source, base=tmp_path)
        recipe.validate_source(source.columns)
    wanted = recipe.target.rows or 1
    plan = make_plan(recipe, source, wanted)
    assert plan.limit is None or plan.limit >= wanted
    rows = [plan.row(i) for i in range(wanted)]
    assert rows == [plan.row(i) for i in range(wanted)]
    for name, column in recipe.prompts.items():
        if column.few_shot is not None:
            assert len(plan.few_shot(name, 0)) == column.few_shot
    with_seeds = plan.recipe.prompts.values()
    assert all(c.examples for c in with_seeds if c.few_shot)


@pytest.mark.parametrize("kind", KINDS)
def test_examples_carry_what_their_prompt_reads(kind: str) -> None:
    recipe = Recipe.loads(read_kind(kind))
    for name, column in recipe.prompts.items():
        names = compile_template(column.prompt).names
        reads = {read.removeprefix("source.").partition(".")[0] for read in names}
        for example in column.examples:
            assert name in example and reads - {name} <= set(example)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    copy_kind("augment", tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(RecipeError, match="is there already"):
        copy_kind("augment", tmp_path)
    assert before == {path: path.read_bytes() for path in before}


def test_again_is_fine_while_nothing_was_changed(tmp_path: Path) -> None:
    written = copy_kind("qa", tmp_path)
    assert copy_kind("qa", tmp_path, again=True) == written
    written[0].write_text("mine")
    with pytest.raises(RecipeError, match="is there already"):
        copy_kind("qa", tmp_path, again=True)
    assert written[0].read_text() == "mine"


def test_a_foreign_file_in_the_way_of_a_sample(tmp_path: Path) -> None:
    sample = copy_kind("augment", tmp_path / "a")[1]
    other = tmp_path / "b" / sample.relative_to(tmp_path / "a")
    other.parent.mkdir(parents=True)
    other.write_text("mine")
    with pytest.raises(RecipeError, match="other content"):
        copy_kind("augment", tmp_path / "b")
    assert other.read_text() == "mine" and not (tmp_path / "b" / "augment.synth.yaml").exists()


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(RecipeError, match="did you mean 'augment'"):
        read_kind("augmnt")
    with pytest.raises(RecipeError):
        read_kind("../quickstart")
