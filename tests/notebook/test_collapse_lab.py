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


def test_a_saved_notebook_shows_the_three_in_a_table() -> None:
    shown = synthnb.collapse_lab(t=10, chains=50)._repr_mimebundle_()
    data = shown[0] if isinstance(shown, tuple) else shown
    assert data["text/plain"] == "Collapse lab: replace, n = 20, t = 10"
    assert "Accumulate and verify" in data["text/html"] and "<script" not in data["text/html"]
