"""The collapse lab: every simulation beside the formula that says what it should be."""

from __future__ import annotations

import doctest
import importlib
import json
import math
import pkgutil
import time
from pathlib import Path

import numpy as np
import pytest

from synthnb import collapse
from synthnb.collapse import EXPERIMENTS, simulate
from synthnb.collapse.choices import Choice, choices
from synthnb.collapse.rewriting import rewriter
from synthnb.concurrency import run_sync
from synthnb.models.tape import Recorder, Replay
from synthnb.types import Completion, Request

SIMULATED = [name for name in EXPERIMENTS if name != "model_text"]


@pytest.mark.parametrize("name", SIMULATED)
def test_every_experiment_runs_in_seconds_and_draws(name: str) -> None:
    start = time.process_time()
    result = simulate(name)
    assert time.process_time() - start < 10
    assert result.generations.tolist() == list(range(1, len(result.mean) + 1))
    for curve in (result.mean, result.median, result.low, result.high):
        assert curve.shape == result.mean.shape
        assert np.isfinite(curve).all()
    assert (result.low <= result.median).all()
    assert (result.median <= result.high).all()
    json.dumps(result.spec(), allow_nan=False)
    assert result.chart().to_dict()["layer"]


@pytest.mark.parametrize("name", SIMULATED)
def test_same_seed_same_curves(name: str) -> None:
    first, again = simulate(name, t=3, seed=5), simulate(name, t=3, seed=5)
    assert (first.mean == again.mean).all()
    assert (simulate(name, t=3, seed=6).mean != first.mean).any()


@pytest.mark.parametrize(
    ("name", "params", "relative"),
    [
        ("gaussian_replace", {"n": 20, "t": 20, "chains": 40_000}, 0.03),
        ("gaussian_accumulate", {"n": 20, "t": 20, "chains": 40_000}, 0.01),
        ("w2_risk", {"n": 100, "t": 20, "chains": 40_000}, 0.03),
        ("w2_risk", {"n": [50, 100, 200, 400], "chains": 40_000}, 0.03),
        ("regression", {"mode": "replace"}, 0.05),
        ("regression", {"mode": "accumulate"}, 0.05),
        ("zipf", {}, 0.01),
        ("zipf", {"measure": "diversity"}, 0.01),
        ("kde", {"n": 200, "h": 0.3}, 0.02),
        ("truncated_tail", {}, 0.02),
        ("truncated_tail", {"T": 1000, "beta": 2.0, "k": 500}, 0.04),
        ("golden_ratio", {}, 0.03),
        ("golden_ratio", {"k": 0.5, "w": "pooled"}, 0.03),
        ("golden_ratio", {"k": 2, "w": 0.3}, 0.03),
        ("verification", {"e": 0.70}, 0.01),
        ("verification", {"e": 0.73}, 0.01),
        ("verification", {"e": 0.77}, 0.05),
        ("verification", {"e": 0.4, "verify": False}, 0.01),
    ],
)
def test_simulation_follows_its_theory(
    name: str, params: dict[str, object], relative: float
) -> None:
    result = simulate(name, **params)
    assert result.theory is not None
    assert result.mean == pytest.approx(result.theory, rel=relative)


def test_the_note_s_numbers() -> None:
    replace = simulate("gaussian_replace", n=20, t=20)
    assert replace.theory is not None
    assert replace.theory[[9, 19]] == pytest.approx([0.5987, 0.3585], abs=1e-4)
    assert replace.more["typical"][19] == pytest.approx(0.1228, abs=1e-4)
    assert replace.more["geometric"][19] == pytest.approx(0.1228, rel=0.05)
    accumulate = simulate("gaussian_accumulate", n=20)
    assert accumulate.more["limit"] == pytest.approx(0.9198, abs=1e-4)
    zipf = simulate("zipf", V=2000, a=1, n=5000, t=2)
    assert zipf.theory is not None
    assert zipf.theory[0] == pytest.approx(1071.6, abs=0.1)
    assert simulate("golden_ratio").more["best"] == pytest.approx(0.6180, abs=1e-4)
    assert simulate("golden_ratio", w="pooled").more["limit"] == pytest.approx(2 / 3, abs=1e-4)
    assert simulate("verification").more["threshold"] == pytest.approx(0.75)
    kept = simulate("verification", e=0.2).more["kept_error"]
    assert kept == pytest.approx(0.0769, abs=1e-4)
    assert simulate("truncated_tail", t=1).more["scaling"] == pytest.approx(0.2029, abs=1e-4)


def test_the_mean_misleads_where_the_median_does_not() -> None:
    result = simulate("gaussian_unbiased", n=20, t=60)
    assert result.mean[-1] > 0.6
    assert result.median[-1] < 0.06


def test_accumulating_regression_stays_below_its_bound() -> None:
    same = simulate("regression", mode="accumulate", t=20)
    fresh = simulate("regression", mode="accumulate", t=20, fresh=True)
    assert fresh.mean[-1] < same.mean[-1] < same.more["bound"]
    assert same.more["bound"] == pytest.approx(math.pi**2 / 6 * same.more["base"])


def test_verification_flips_at_its_threshold() -> None:
    assert simulate("verification", e=0.7).mean[0] == pytest.approx(0.931, abs=0.01)
    assert simulate("verification", e=0.77).mean[0] < 0.15
    assert simulate("verification", e=0.55, verify=False).mean[0] < 0.1


def test_ngram_text_loses_words_unless_old_texts_are_kept() -> None:
    replaced = simulate("ngram_text", mode="replace")
    kept = simulate("ngram_text", mode="accumulate")
    verified = simulate("ngram_text", mode="verify")
    assert replaced.mean[-1] < 0.5 < 0.7 < kept.mean[-1]
    assert verified.mean[-1] > 0.7
    assert replaced.theory is None


def test_ngram_text_takes_any_texts() -> None:
    texts = ["我 喜欢 猫", "他 喜欢 狗", "one two", "x"] * 5
    assert np.isfinite(simulate("ngram_text", texts=texts, order=2, t=3).mean).all()
    unspaced = simulate("ngram_text", texts=["我喜欢猫。", "他不喜欢狗。"] * 9, order=2, t=3)
    assert unspaced.mean[0] == 1.0
    assert {len(text.split()) for text in unspaced.more["texts"][0]} == {1}
    emoji = simulate("ngram_text", texts=["😀😃😄", "😄😁"] * 9, order=2, mode="verify", t=3)
    assert np.isfinite(emoji.mean).all()


def test_numbers_of_any_kind_that_are_whole_are_taken() -> None:
    plain = simulate("gaussian_replace", n=50, t=3, chains=9)
    for n in (50.0, np.int64(50), np.float64(50)):
        assert (simulate("gaussian_replace", n=n, t=3, chains=9).mean == plain.mean).all()
    assert simulate("w2_risk", n=np.int64(50), t=3).theory[-1] == pytest.approx(0.09)


def test_a_long_chain_ends_at_nothing_without_a_warning() -> None:
    result = simulate("gaussian_replace", n=5, t=3000, chains=20)
    assert result.mean[-1] == 0
    assert np.isfinite(result.more["geometric"]).all()


class Forgetful:
    """A model that drops the last word, as a small one does."""

    name = "test/forgetful"
    origin = "local:test"

    async def complete(self, request: Request) -> Completion:
        words = request.messages[0]["content"].rpartition("\n")[2].split()
        return Completion(" ".join(words[:-1]))

    async def aclose(self) -> None: ...


def test_model_text_runs_around_a_model_and_again_from_its_tape(tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    recorder = Recorder(Forgetful(), tape)
    live = simulate("model_text", rewrite=rewriter(recorder, "Again:\n"), t=3)
    first, second = (live.more["texts"][at][0].split() for at in (0, 1))
    assert second == first[:-1]
    replayed = simulate(
        "model_text", rewrite=rewriter(Replay(tape, Forgetful.name), "Again:\n"), t=3
    )
    assert replayed.more["texts"] == live.more["texts"]
    assert (replayed.mean == live.mean).all()


@pytest.mark.parametrize("mode", ["replace", "accumulate", "verify"])
def test_model_text_modes(mode: str) -> None:
    result = simulate("model_text", rewrite=lambda texts, _: [texts[0]] * len(texts), mode=mode)
    assert result.mean[-1] < 0.3
    assert result.more["distinct_2"][-1] < 0.1
    assert (result.low <= result.high).all()


@pytest.mark.parametrize(
    ("name", "params", "says"),
    [
        ("gaussian", {}, "did you mean"),
        ("zipf", {"W": 3}, "V, a, n"),
        ("zipf", {"n": 0}, "at least"),
        ("zipf", {"measure": "x"}, "alive"),
        ("regression", {"T": 5, "d": 10}, "above"),
        ("regression", {"mode": "x"}, "replace"),
        ("golden_ratio", {"k": 0}, "above 0"),
        ("golden_ratio", {"w": "x"}, "golden"),
        ("verification", {"e": 2}, "chance"),
        ("truncated_tail", {"beta": 1}, "above 1"),
        ("ngram_text", {"texts": []}, "texts"),
        ("ngram_text", {"mode": "x"}, "verify"),
        ("model_text", {"rewrite": lambda texts, _: []}, "fewer"),
        ("gaussian_replace", {"n": 2.5}, "whole number, got 2.5"),
        ("gaussian_replace", {"n": float("nan")}, "whole number, got nan"),
        ("gaussian_replace", {"n": True}, "whole number"),
        ("gaussian_replace", {"t": "20"}, "whole number, got '20'"),
        ("gaussian_replace", {"seed": -1}, "seed must be at least 0"),
        ("w2_risk", {"n": []}, "one size a generation"),
        ("w2_risk", {"n": [1, 2]}, "n must be at least 2, got 1"),
        ("kde", {"h": float("nan")}, "finite number"),
        ("kde", {"h": -1}, "at least 0"),
        ("regression", {"s2": -1}, "at least 0"),
        ("regression", {"fresh": "maybe"}, "true or false"),
        ("truncated_tail", {"k": 0}, "k must be at least 1"),
        ("ngram_text", {"texts": ["a", "b"]}, "two words or more"),
    ],
)
def test_refused(name: str, params: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says) as refusal:
        simulate(name, **params)
    assert "\n" not in str(refusal.value)


def test_examples_run() -> None:
    assert not doctest.testmod(collapse).failed
    for module in pkgutil.iter_modules(collapse.__path__, "synthnb.collapse."):
        assert not doctest.testmod(importlib.import_module(module.name)).failed, module.name


def test_model_text_from_a_tape_needs_no_model(tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    recorder = Recorder(Forgetful(), tape)
    write = rewriter(recorder, "Again:\n", max_tokens=60)
    live = simulate("model_text", rewrite=write, t=2)
    run_sync(recorder.aclose())
    replayed = simulate(
        "model_text", rewrite=Forgetful.name, instruction="Again:\n", tape=tape, t=2
    )
    assert replayed.more["texts"] == live.more["texts"]


@pytest.mark.parametrize("mode", ["replace", "accumulate"])
@pytest.mark.parametrize("real", [0.0, 0.25, 1.0])
def test_choices_follow_their_exact_recursion(mode: Choice, real: float) -> None:
    result = choices(mode, n=20, t=30, chains=20_000, real=real, seed=1)
    assert result.theory is not None
    assert np.abs(result.mean - result.theory).max() < 0.02
    if not real:
        name = f"gaussian_{mode}"
        known = simulate(name, n=20, t=30, chains=9).theory
        assert known is not None and np.allclose(result.theory, known)


def test_a_verifier_steadies_the_chains_and_brings_nothing_back() -> None:
    plain, verified = choices("accumulate", chains=1000), choices("verify", chains=1000)
    width = (plain.high - plain.low)[-1], (verified.high - verified.low)[-1]
    assert width[1] < 0.7 * width[0]
    assert verified.theory is None and verified.mean[-1] < 1
    for wrong in ({"mode": "keep"}, {"phi": 2.0}, {"n": 1}):
        with pytest.raises(ValueError):
            choices(**wrong)
