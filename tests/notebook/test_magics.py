from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from synthnb.recipe import Recipe
from tests.samples import sample_batch


def complete(shell: InteractiveShell, text: str, line: int = 0) -> list[str]:
    """What the kernel offers at the end of ``text``'s line number ``line``."""
    assert shell.Completer is not None
    lines = text.split("\n")
    offset = sum(len(one) + 1 for one in lines[:line]) + len(lines[line])
    with provisionalcompleter():
        return [c.text for c in shell.Completer.completions(text, offset)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("reviews --modle x", "no option --modle; did you mean '--model'? (see %%synth -"),
        ("reviews --mod x", "no option --mod; did you mean '--model'?"),
        ("reviews --seed 1 --seed 2", "--seed is given twice"),
        ("reviews -n 3 --rows 4", "--rows is given twice"),
        ("reviews -n many", "-n/--rows: 'many' is no whole number (see %%synth -"),
        ("reviews -n 0", "-n/--rows: 0 is not above 0"),
        ("reviews -n 1000000000000", "-n/--rows: 1000000000000 is more than 1,000,000,000"),
        ("reviews --seed=-1", "--seed: -1 is below 0"),
        ("reviews --budget free", "--budget: 'free' is no amount of USD"),
        ("reviews --model 'x", "A quote is open in: reviews --model 'x"),
        ("reviews --record a --replay b", "not allowed with argument --record"),
        ("reviews n=5", "n=5 has no dash; did you mean '-n 5'?"),
        ("reviews seed=5", "did you mean '--seed 5'?"),
        ("two words", "unexpected: words; a name is one word (see %%synth --help)"),
        ("r 24", "unexpected: 24; for that many rows write -n 24 (see %%synth --help)"),
        ("class", "class cannot be a variable"),
        ("print", "print is a name of Python's own"),
        ("-n 2", "Give the batch a name: %%synth NAME"),
    ],
)
def test_a_bad_option_line_is_one_line(
    shell: InteractiveShell, line: str, message: str
) -> None:
    with pytest.raises(UsageError) as told:
        shell.run_cell_magic("synth", line, "A review.")
    assert message in str(told.value)
    assert "\n" not in str(told.value)


def test_an_unknown_verb_names_the_nearest(shell: InteractiveShell) -> None:
    with pytest.raises(UsageError, match="no verb sav; did you mean 'save'"):
        shell.run_line_magic("synth", "sav")
    with pytest.raises(UsageError, match="there are: new, run, "):
        shell.run_line_magic("synth", "frobnicate")


def test_a_studio_of_nothing_says_how_to_begin(shell: InteractiveShell) -> None:
    begin = "To begin a recipe: %synth new KIND, then %synth studio FILE"
    for made in (False, True):
        for words in (["studio"] if not made else []) + ["studio brandnew", "studio review"]:
            with pytest.raises(UsageError) as told:
                shell.run_line_magic("synth", words)
            assert str(told.value).endswith(begin)
        assert ("did you mean 'reviews'? To begin" in str(told.value)) is made
        shell.user_ns["reviews"] = sample_batch()


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%synth reviews -n 3\nmood: [a]\n---\nA review.", "begins with two percent signs"),
        ("%synth reviews\nA review of a kettle.", "begins with two percent signs"),
        ("%synth review -n 3\nmood: [a]\n---\nA review.", "begins with two percent signs"),
        (
            "# mine\n%%synth reviews\nA review.",
            "must be the first line of its cell, here",
        ),
        ("%load_ext synthnb\n%%synth reviews\nA review.", "here it is line 2"),
        ("# it's '''\nx = 'a'\n%%synth reviews\nA review.", "here it is line 3"),
        ("%synth\nmood: [a]\n---\nA review.", "begins with two percent signs"),
        ("%% synth reviews\nA review.", "begins with %%synth NAME"),
        ("%%synth history reviews", "a verb takes one percent sign: %synth history reviews"),
        ("%%synth reviews", "the cell holds no prompt and no columns"),
    ],
)
def test_a_cell_that_misses_the_magic_is_one_line(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, message: str
) -> None:
    with pytest.raises(UsageError):
        shell.run_cell(cell)
    said = capsys.readouterr()
    (line,) = (said.out + said.err).strip().splitlines()
    assert line.startswith("UsageError: ") and message in line


def test_what_only_looks_like_a_slip_runs(shell: InteractiveShell) -> None:
    shell.run_cell("\ufeff%synth store\nafter = 1")
    shell.run_cell("text = '''\n%%synth reviews\n---\n'''")
    for number, line in enumerate(["%synth", "%synth --help", "%synth help", "%synth?"]):
        assert shell.run_cell(f"{line}\nasked = {number}").success
        assert shell.user_ns["asked"] == number
    shell.run_cell("done = 1  # it's a '''\nbar = '''\n%%synth reviews\n'''")
    assert shell.user_ns["bar"] == "\n%%synth reviews\n"
    shell.run_cell("%synth store\nbar = '''\n---\n'''")
    assert shell.user_ns["bar"] == "\n---\n"
    assert shell.user_ns["after"] == 1 and "%%synth" in shell.user_ns["text"]
    shell.run_line_magic("unload_ext", "synthnb")
    with pytest.raises(SyntaxError):  # nobody's business any more
        shell.run_cell("%synth reviews\nA review.")


def test_help_is_there_in_every_way(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    for line, cell in (("--help", "x"), ("", None), ("run --help", None)):
        if cell is None:
            shell.run_line_magic("synth", line)
        else:
            shell.run_cell_magic("synth", line, cell)
        said = capsys.readouterr().out
        assert "--replay" in said
    found = shell.object_inspect("%%synth")
    assert "--budget" in found["docstring"]
    assert "save" in found["docstring"]


def test_settings_of_the_session_are_checked(
    shell: InteractiveShell, caplog: pytest.LogCaptureFixture
) -> None:
    shell.run_cell("%config SynthMagics.model = 'local/smollm2-135m'")
    shell.run_cell("%config SynthMagics.rows = 3")
    for wrong in ("model = 'smollm2'", "rows = -1", "budget = -1.0"):
        shell.run_cell(f"%config SynthMagics.{wrong}")
    assert [message.split(" ")[0] for message in caplog.messages] == [
        "SynthMagics.model",
        "SynthMagics.rows",
        "SynthMagics.budget",
    ]
    (magics,) = (c for c in shell.configurables if type(c).__name__ == "SynthMagics")
    assert (magics.model, magics.rows, magics.budget) == ("local/smollm2-135m", 3, 0.0)


def test_loading_again_leaves_one_of_everything(shell: InteractiveShell) -> None:
    shell.run_line_magic("reload_ext", "synthnb")
    shell.run_line_magic("reload_ext", "synthnb")
    assert [type(c).__name__ for c in shell.configurables].count("SynthMagics") == 1
    assert shell.Completer is not None
    assert len(shell.Completer.custom_matchers) == 1


def test_unloading_takes_everything_back(shell: InteractiveShell) -> None:
    shell.run_line_magic("unload_ext", "synthnb")
    assert "synth" not in shell.magics_manager.magics["cell"]
    assert "synth" not in shell.magics_manager.magics["line"]
    assert shell.Completer is not None and not shell.Completer.custom_matchers
    shell.run_line_magic("load_ext", "synthnb")
    assert "synth" in shell.magics_manager.magics["cell"]


def test_completion_knows_flags_verbs_and_values(shell: InteractiveShell) -> None:
    import pandas as pd

    Path("faq.csv").write_text("q\nwhy\n")
    Path("mine.synth.yaml").write_text("synthnb: 1\n")
    shell.user_ns["faq_rows"] = pd.DataFrame({"q": ["why"]})
    shell.user_ns["reviews"] = sample_batch()
    shell.user_ns["number"] = 3
    assert complete(shell, "%%synth r --mo\nA review") == ["--model"]
    assert "local/smollm2-135m" in complete(shell, "%%synth r --model lo\nA review")
    assert complete(shell, "%%synth r --source fa\nA") == ["faq.csv", "faq_rows"]
    assert "quickstart" in complete(shell, "%%synth r --kind q\nA")
    assert complete(shell, "%synth sa") == ["save"]
    assert complete(shell, "%synth save re") == ["reviews"]
    assert complete(shell, "%synth run mi") == ["mine.synth.yaml"]
    assert complete(shell, "%%synth re") == ["reviews"]
    assert "--model" not in complete(shell, "%%synth r\nA --mo", line=1)
    assert complete(shell, "%synth models\n%synth sa", line=1) == ["save"]
    assert complete(shell, "%%synth r --vs la\nA") == ["last"]
    assert complete(shell, "%%synth --seed 3 re") == ["reviews"]
    assert complete(shell, "%synth run --checks x.py mi") == ["mine.synth.yaml"]


def test_new_writes_a_recipe_and_never_over_one(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("synth", "new quickstart")
    assert "%synth run quickstart.synth.yaml" in capsys.readouterr().out
    shell.run_line_magic("synth", "new quickstart")  # a cell may be run again
    mine = Path("quickstart.synth.yaml")
    mine.write_text(mine.read_text() + "# mine\n")
    with pytest.raises(UsageError, match="there already"):
        shell.run_line_magic("synth", "new quickstart")
    assert mine.read_text().endswith("# mine\n")
    with pytest.raises(UsageError, match=r"did you mean .quickstart"):
        shell.run_line_magic("synth", "new quickstrt")
    shell.run_line_magic("synth", "new")
    assert "quickstart" in capsys.readouterr().out


def test_show_gives_a_batch_back_or_prints_its_recipe(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="no batch yet"):
        shell.run_line_magic("synth", "show")
    batch = shell.user_ns["reviews"] = sample_batch()
    assert shell.run_line_magic("synth", "show reviews") is batch
    shell.run_line_magic("synth", "show reviews --recipe")
    assert capsys.readouterr().out.startswith("synthnb: 1\n")
    shell.run_line_magic("synth", "show reviews --cell")
    assert capsys.readouterr().out.startswith("%%synth reviews\n")
    with pytest.raises(UsageError, match="No batch is called review; did you mean 'reviews'"):
        shell.run_line_magic("synth", "show review")


def test_save_writes_the_recipe_and_keeps_what_others_changed(shell: InteractiveShell) -> None:
    batch = shell.user_ns["reviews"] = sample_batch()
    shell.run_line_magic("synth", "save reviews")
    file = Path("reviews.synth.yaml")
    assert file.read_text("utf-8") == batch.recipe.dumps()
    shell.user_ns["reviews"] = batch.replace(recipe=batch.recipe.replace(seed=8))
    shell.run_line_magic("synth", "save reviews")  # as we left it: ours to replace
    file.write_text(file.read_text("utf-8").replace("seed: 8", "seed: 9"))
    with pytest.raises(UsageError) as told:
        shell.run_line_magic("synth", "save reviews")
    assert "nothing was written" in str(told.value)
    assert "-seed: 9\n+seed: 8" in str(told.value)
    assert "seed: 9" in file.read_text("utf-8")
    shell.run_line_magic("synth", "save reviews --force")
    assert "seed: 8" in file.read_text("utf-8")
    shell.run_line_magic("synth", "save reviews second")
    assert Path("second.synth.yaml").read_bytes() == file.read_bytes()


def test_save_leaves_what_a_studio_saved_and_no_run_holds(shell: InteractiveShell) -> None:
    shell.user_ns["reviews"] = sample_batch()
    shell.run_line_magic("synth", "save reviews")
    studio = shell.run_line_magic("synth", "studio reviews")
    studio.form.cards["mood"].labels.sliders["angry"].value = 7
    studio.save()  # as the magic left it: nothing is lost
    file = Path("reviews.synth.yaml")
    assert "angry: 7" in file.read_text("utf-8")
    with pytest.raises(UsageError, match=r"nothing was written\. --force .*overwrites it"):
        shell.run_line_magic("synth", "save reviews")
    assert "angry: 7" in file.read_text("utf-8")
    studio.save()  # its own file still
    assert studio.bar.save_button.description == "Save"
    shell.run_line_magic("synth", "save reviews --force")
    assert "angry: 7" not in file.read_text("utf-8")


def test_save_says_why_a_file_cannot_be_written(shell: InteractiveShell) -> None:
    batch = sample_batch()
    long = batch.recipe.replace(name="評" * 100)  # three bytes each: too much for one name
    shell.user_ns["reviews"] = batch.replace(recipe=long)
    with pytest.raises(UsageError, match=r"評… cannot be written: File name too long$"):
        shell.run_line_magic("synth", f"save reviews {'評' * 300}")
    with pytest.raises(UsageError, match=r"評\.synth\.yaml cannot be written: File name too"):
        shell.run_line_magic("synth", "save reviews")
    studio = shell.run_line_magic("synth", "studio reviews")
    studio.bar.save_button.click()
    assert "cannot be written: File name too long" in studio.bar.status.text
    assert [*Path().glob("*.synth.yaml")] == []


def test_save_puts_a_data_frame_beside_the_recipe(shell: InteractiveShell) -> None:
    import pandas as pd

    from synthnb.source import open_source

    recipe = Recipe.loads(
        "synthnb: 1\nname: more\nsource: {}\ncolumns:\n"
        "  text: {prompt: 'Say otherwise: {{ text }}'}\n"
    )
    frame = pd.DataFrame({"text": ["good", "bad"], "label": [1, 0]})
    shell.user_ns["more"] = sample_batch(recipe=recipe, frame=frame)
    shell.run_line_magic("synth", "save more recipes/more.synth.yaml")
    saved = Recipe.load("recipes/more.synth.yaml")
    assert saved.source is not None and saved.source.path == "more.source.parquet"
    rows = open_source(saved.source, base=Path("recipes"))
    assert [rows.row(i) for i in range(2)] == [
        {"text": "good", "label": 1},
        {"text": "bad", "label": 0},
    ]
    shell.user_ns["more"] = sample_batch(recipe=recipe, frame=frame.head(1))
    Path("recipes/more.synth.yaml").write_text("synthnb: 1\n")
    before = Path("recipes/more.source.parquet").read_bytes()
    with pytest.raises(UsageError, match="nothing was written"):
        shell.run_line_magic("synth", "save more recipes/more.synth.yaml")
    assert Path("recipes/more.source.parquet").read_bytes() == before


def test_save_leaves_a_source_file_that_somebody_changed(shell: InteractiveShell) -> None:
    import pandas as pd

    recipe = Recipe.loads(
        "synthnb: 1\nname: more\nsource: {}\ncolumns:\n  b: {prompt: '{{ text }}'}\n"
    )
    for words in ("good", "better"):  # the second time it is as we left it: ours to replace
        frame = pd.DataFrame({"text": [words]})
        shell.user_ns["more"] = sample_batch(recipe=recipe, frame=frame)
        shell.run_line_magic("synth", "save more")
    file = Path("more.source.parquet")
    assert pd.read_parquet(file)["text"].tolist() == ["better"]
    pd.DataFrame({"text": ["mine"]}).to_parquet(file)
    with pytest.raises(UsageError, match=r"more\.source\.parquet is there with other rows"):
        shell.run_line_magic("synth", "save more")
    assert pd.read_parquet(file)["text"].tolist() == ["mine"]


def test_models_and_doctor_say_what_is_there(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    shell.run_line_magic("synth", "models")
    said = capsys.readouterr().out
    assert "local/smollm2-135m (default)" in said
    assert "OPENAI_API_KEY" in said
    shell.run_line_magic("synth", "doctor")
    assert "synthnb.toml" in capsys.readouterr().out
