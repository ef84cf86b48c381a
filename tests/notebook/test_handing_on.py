"""``%synth export``, ``card`` and ``terms``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from synthnb.errors import ExportError
from tests.export.batches import qa


def test_export_card_and_terms_in_a_notebook(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["sample"] = qa(head="synthnb: 1\nname: sample\n")
    with pytest.raises(UsageError, match=r"add --license CC-BY-4\.0 .* --purpose fine"):
        shell.run_line_magic("synth", "export sample a.jsonl --format chat")
    line = "export sample a.jsonl --format alpaca --license CC0-1.0 --purpose fine-tuning"
    columns = " --column instruction=answer.answer --column output=question"
    shell.run_line_magic("synth", line + columns)
    assert capsys.readouterr().out == "12 rows in a.jsonl\n"
    first = json.loads(Path("a.jsonl").read_text("utf-8").splitlines()[0])
    assert first == {"instruction": "It is 0.", "input": "", "output": "What is 0?"}
    shell.run_line_magic("synth", "export")
    assert "sharegpt" in capsys.readouterr().out
    shell.run_line_magic("synth", "card sample")
    assert "Licence of the rows: not stated" in capsys.readouterr().out
    shell.run_line_magic("synth", "terms sample")
    assert "an unstated purpose" in capsys.readouterr().out
    shell.run_line_magic("synth", "terms local/smollm2-135m")
    assert "SmolLM" in capsys.readouterr().out


def test_what_an_export_lacks_is_one_line_in_a_notebook(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.user_ns["batch"] = qa(head="synthnb: 1\nname: sample\n")
    code = 'batch.export("x.jsonl", "chat", license="", purpose="")'
    with pytest.raises(ExportError):
        shell.run_cell(code)
    (line,) = capsys.readouterr().out.strip().splitlines()
    assert line.startswith("ExportError: chat is made to be trained on or published: pass")
