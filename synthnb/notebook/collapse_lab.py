"""The collapse lab: three buttons, sliders, theory against simulation on one chart."""

from __future__ import annotations

import time
from functools import cache
from importlib.resources import files
from typing import Any, cast

import anywidget
from traitlets import Dict, Float, Int, Unicode, observe

from synthnb.charts import png
from synthnb.collapse.choices import Choice, choices
from synthnb.collapse.result import Curve, Result

__all__ = ["CollapseLab", "collapse_lab"]

MODES = {
    "replace": "Replace",
    "accumulate": "Accumulate",
    "verify": "Accumulate and verify",
}
_HERE = files("synthnb.notebook")
_TEXTS, _TEXT_T, _TEXT_CHAINS = 150, 20, 4


def collapse_lab(**settings: Any) -> CollapseLab:
    """The lab as a widget: ``collapse_lab(mode="accumulate", n=50)``.

    Settings are ``mode`` (replace, accumulate, verify), ``n`` rows a generation, ``t``
    generations, ``chains``, ``real`` (share of fresh real rows), ``phi``, ``psi``, ``seed``.
    """
    return CollapseLab(**settings)


class CollapseLab(anywidget.AnyWidget):
    """Controls on the left, curves on the right; every change is simulated again in Python."""

    _esm = _HERE.joinpath("collapse_lab.js").read_text("utf-8")
    _css = _HERE.joinpath("collapse_lab.css").read_text("utf-8")

    mode = Unicode("replace").tag(sync=True)
    n = Int(20, min=2, max=500).tag(sync=True)
    t = Int(50, min=2, max=200).tag(sync=True)
    chains = Int(2000, min=1, max=10_000).tag(sync=True)
    real = Float(0.0, min=0.0, max=1.0).tag(sync=True)
    phi = Float(0.9, min=0.0, max=1.0).tag(sync=True)
    psi = Float(0.3, min=0.0, max=1.0).tag(sync=True)
    seed = Int(7).tag(sync=True)
    curves = Dict().tag(sync=True)
    """What is drawn: plain numbers."""

    def __init__(self, **settings: Any) -> None:
        if settings.get("mode", "replace") not in MODES:
            raise ValueError(f"mode is one of {', '.join(MODES)}, got {settings['mode']!r}")
        super().__init__(**settings)
        self._draw()

    @observe("mode", "n", "t", "chains", "real", "phi", "psi", "seed")
    def _changed(self, change: Any) -> None:
        if self.curves:  # not while it is being made
            self._draw()

    def results(self) -> dict[str, Result]:
        """The three simulations at these settings, by mode."""
        return {mode: self._simulate(mode) for mode in MODES}

    def _simulate(self, mode: str) -> Result:
        return choices(
            cast(Choice, mode),
            n=self.n, t=self.t, chains=self.chains, real=self.real, phi=self.phi, psi=self.psi,
            seed=self.seed,
        )  # fmt: skip

    def _draw(self) -> None:
        mode = self.mode if self.mode in MODES else "replace"
        start = time.perf_counter()
        results = self.results()
        took = time.perf_counter() - start
        chosen = results[mode]
        text = {name: _text(name, self.seed) for name in MODES}
        self.curves = {
            "mode": mode,
            "chains": chosen.params["chains"],
            "seconds": round(took, 2),
            "formula": _formula(chosen, mode),
            "mean": _plain(chosen.mean),
            "median": _plain(chosen.median),
            "low": _plain(chosen.low),
            "high": _plain(chosen.high),
            "theory": None if chosen.theory is None else _plain(chosen.theory),
            "others": {
                name: _plain(result.median) for name, result in results.items() if name != mode
            },
            "text": {name: _plain(r.more["distinct_2"]) for name, r in text.items()},
            "text_real": round(float(text[mode].more["real"]["distinct_2"]), 4),
            "text_rows": _TEXTS,
            "lessons": _lessons(chosen, results, text[mode], mode),
        }

    def _repr_mimebundle_(self, **options: Any) -> Any:
        made = super()._repr_mimebundle_(**options)
        data, *rest = made if isinstance(made, tuple) else (made,)
        if data is None:
            return made
        results = self.results()
        picture = {"image/png": png(_frozen(results)), "text/plain": _words(self, results)}
        data = {**data, **picture}
        return (data, *rest) if rest else data


@cache
def _text(mode: str, seed: int) -> Result:
    from synthnb.collapse.text import ngram_text, sample_texts

    return ngram_text(
        sample_texts(_TEXTS),
        t=_TEXT_T,
        chains=_TEXT_CHAINS,
        mode=cast(Choice, mode),
        seed=seed,
    )


def _formula(chosen: Result, mode: str) -> str:
    """The black line in letters, empty where there is none."""
    if chosen.theory is None:
        return ""
    if round(chosen.params["real"] * chosen.params["n"]):
        return "an exact recursion"
    return "(1 − 1/n)ᵗ" if mode == "replace" else "the product of 1 − 1/(n k²), k = 1…t"


def _plain(curve: Curve) -> list[float]:
    return [round(float(value), 4) for value in curve]


def _lessons(
    chosen: Result, results: dict[str, Result], text: Result, mode: str
) -> list[list[str]]:
    """Three sentences with the numbers of this very simulation."""
    t, n = len(chosen.mean), chosen.params["n"]
    at = min(20, t) - 1
    theory = "" if chosen.theory is None else f"{chosen.theory[at]:.2f} by theory, "
    kept = results["accumulate"]
    words = f"{text.median[0]:.0%} of the words are left in generation 1, {text.median[-1]:.0%}"
    if mode == "replace":
        first = [
            "Small losses multiply.",
            f"A model fitted to {n} rows comes out a little too narrow, and the next one "
            f"starts from there: after {at + 1} generations the average variance is {theory}"
            f"{chosen.mean[at]:.2f} in the simulation.",
        ]
    elif mode == "accumulate":
        first = [
            "Old rows hold the model in place.",
            f"Each generation adds {n} rows to the ones before: after {at + 1} generations the "
            f"average variance is {theory}{chosen.mean[at]:.2f} in the simulation.",
        ]
    else:
        first = [
            "A verifier steadies the chains.",
            f"After {at + 1} generations 80% of them lie between {chosen.low[at]:.2f} and "
            f"{chosen.high[at]:.2f}; without it between {kept.low[at]:.2f} and "
            f"{kept.high[at]:.2f}.",
        ]
    return [
        first,
        [
            "Look at the typical chain, not the average.",
            f"Half of all chains are below {chosen.median[at]:.2f} by generation {at + 1}; "
            f"the mean is {chosen.mean[at]:.2f}. In text {words} in generation "
            f"{len(text.median)}.",
        ],
        [
            "Keep the old rows.",
            f"With them the median ends at {kept.median[-1]:.2f}, without at "
            f"{results['replace'].median[-1]:.2f}, verified at "
            f"{results['verify'].median[-1]:.2f}. None of the three brings lost words back.",
        ],
    ]


def _frozen(results: dict[str, Result]) -> dict[str, Any]:
    """What a saved notebook shows where no widget runs: the three side by side, one scale."""
    panels = []
    for mode, result in results.items():
        whole = result.spec()
        theory = "no closed form"
        if result.theory is not None:
            theory = f"theory {result.theory[-1]:.2f}"
        title = {**whole["title"], "text": MODES[mode]}
        title["subtitle"] = f"median {result.median[-1]:.2f}, {theory}"
        lines = whole["layer"][:-1]  # so small, the rings would hide the line
        panels.append({"title": title, "width": 200, "height": 110, "layer": lines})
    scale = {"resolve": {"scale": {"y": "shared"}}, "config": whole["config"]}
    return {"hconcat": panels, "spacing": 32, **scale}


def _words(lab: CollapseLab, results: dict[str, Result]) -> str:
    """The same in words."""
    lines = [f"Collapse lab: variance of a Gaussian after {lab.t} generations of {lab.n} rows"]
    for mode, result in results.items():
        theory = "" if result.theory is None else f", theory {result.theory[-1]:.2f}"
        lines.append(
            f"  {MODES[mode]}: median {result.median[-1]:.2f}, mean {result.mean[-1]:.2f}"
            f"{theory}, 10–90% {result.low[-1]:.2f} to {result.high[-1]:.2f}"
        )
    return "\n".join(lines)
