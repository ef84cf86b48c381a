"""The collapse lab: three buttons, sliders, theory against simulation on one chart."""

from __future__ import annotations

import html
from functools import cache
from importlib.resources import files
from typing import Any, cast

import anywidget
from traitlets import Dict, Float, Int, Unicode, observe

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
        results = self.results()
        chosen = results[mode]
        text = {name: _text(name, self.seed) for name in MODES}
        self.curves = {
            "mode": mode,
            "chains": chosen.params["chains"],
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
        data = {**data, "text/plain": self._words(), "text/html": _frozen(self)}
        return (data, *rest) if rest else data

    def _words(self) -> str:
        return f"Collapse lab: {MODES[self.curves['mode']].lower()}, n = {self.n}, t = {self.t}"


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


def _frozen(lab: CollapseLab) -> str:
    """What a saved notebook shows where no widget runs: the three modes in a table."""
    rows = []
    for mode, result in lab.results().items():
        theory = "–" if result.theory is None else f"{result.theory[-1]:.2f}"
        cells = [MODES[mode], f"{result.median[-1]:.2f}", f"{result.mean[-1]:.2f}", theory]
        cells.append(f"{result.low[-1]:.2f} to {result.high[-1]:.2f}")
        rows.append(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
        )
    names = (f"variance after {lab.t} generations", "median", "mean", "theory", "10–90%")
    head = "".join(f"<th>{name}</th>" for name in names)
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"
