"""The collapse lab's widget: every control simulates again; saved, it still says something."""

from __future__ import annotations

import json

import pytest

import synthnb
from synthnb.notebook.collapse_lab import CollapseLab


def test_buttons_and_sliders_change_what_is_drawn() -> None:
    lab = synthnb.collapse_lab(t=10, chains=50)
    first = lab.curves
    assert len(first["mean"]) == 10 and first["theory"][-1] == pytest.approx(0.5987, abs=1e-4)
    lab.mode = "accumulate"
    assert lab.curves["median"] == first["others"]["accumulate"]
    lab.n = 100
    assert lab.curves["theory"][-1] > 0.98
    lab.mode = "verify"
    assert lab.curves["theory"] is None
    json.dumps(lab.curves, allow_nan=False)
    with pytest.raises(ValueError, match="mode is one of"):
        CollapseLab(mode="keep")


def test_a_saved_notebook_shows_the_three_in_a_picture_and_in_words() -> None:
    shown = synthnb.collapse_lab(t=10, chains=50)._repr_mimebundle_()
    data = shown[0] if isinstance(shown, tuple) else shown
    first, *modes = data["text/plain"].splitlines()
    assert first == "Collapse lab: variance of a Gaussian after 10 generations of 20 rows"
    assert [line.partition(":")[0].strip() for line in modes] == [
        "Replace", "Accumulate", "Accumulate and verify",
    ]  # fmt: skip
    assert "theory 0.60" in modes[0] and "theory" not in modes[2]
    assert data["image/png"].startswith(b"\x89PNG") and "text/html" not in data
