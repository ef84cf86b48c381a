"""Recipes on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthnb.errors import RecipeError
from synthnb.recipe import Recipe
from tests.recipe.samples import EXAMPLE


def test_a_loaded_recipe_is_saved_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "a.synth.yaml"
    file.write_text(EXAMPLE)
    saved = Recipe.load(file).replace(seed=8).save()
    assert file.read_text() == EXAMPLE.replace("seed: 7", "seed: 8")
    saved.replace(seed=9).save()
    assert "seed: 9" in file.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["a.synth.yaml"]


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "a.synth.yaml"
    file.write_text(EXAMPLE)
    mine = Recipe.load(file).replace(seed=8)
    file.write_text(EXAMPLE + "# a note of somebody else\n")
    with pytest.raises(RecipeError) as error:
        mine.save()
    assert "changed since it was loaded" in str(error.value)
    assert "-# a note of somebody else" in str(error.value)
    assert "+seed: 8" in str(error.value)
    assert "somebody" in file.read_text()
    mine.save(force=True)
    assert "somebody" not in file.read_text()


def test_a_file_that_was_never_loaded_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "a.synth.yaml"
    file.write_text("precious")
    with pytest.raises(RecipeError, match="is there already; nothing was written"):
        Recipe.loads(EXAMPLE).save(file)
    assert file.read_text() == "precious"


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, why in (("x" * 300, "File name too long"), ("file/a", "Not a directory")):
        with pytest.raises(RecipeError, match=rf"cannot be written: {why}$") as error:
            Recipe.loads(EXAMPLE).save(tmp_path / f"{name}.synth.yaml")
        assert len(str(error.value).splitlines()) == 1


def test_a_recipe_without_a_file_asks_for_one() -> None:
    with pytest.raises(RecipeError, match="has no file yet"):
        Recipe.loads(EXAMPLE).save()


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"absent.yaml cannot be read: No such file"):
        Recipe.load(tmp_path / "absent.yaml")
    (tmp_path / "bin.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecipeError, match="is not UTF-8 text"):
        Recipe.load(tmp_path / "bin.yaml")
