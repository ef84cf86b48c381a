"""Model collapse, simulated beside its theory: what is lost, how fast, and what keeps it.

>>> result = simulate("gaussian_replace", n=20, t=10)
>>> result.generations[-1].item(), round(result.theory[-1].item(), 4)
(10, 0.5987)
>>> abs(result.mean[-1].item() - 0.5987) < 0.02
True
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from synthnb.collapse.choices import choices
from synthnb.collapse.gaussian import (
    gaussian_accumulate,
    gaussian_replace,
    gaussian_unbiased,
    kde,
    w2_risk,
)
from synthnb.collapse.meter import Meter, meter
from synthnb.collapse.mixing import golden_ratio, regression, verification
from synthnb.collapse.params import checked
from synthnb.collapse.result import Result
from synthnb.collapse.tails import truncated_tail, zipf
from synthnb.collapse.text import model_text, ngram_text

__all__ = ["EXPERIMENTS", "Meter", "Result", "choices", "meter", "simulate"]

EXPERIMENTS: dict[str, Callable[..., Result]] = {
    "gaussian_replace": gaussian_replace,
    "gaussian_accumulate": gaussian_accumulate,
    "gaussian_unbiased": gaussian_unbiased,
    "w2_risk": w2_risk,
    "regression": regression,
    "zipf": zipf,
    "kde": kde,
    "truncated_tail": truncated_tail,
    "golden_ratio": golden_ratio,
    "verification": verification,
    "ngram_text": ngram_text,
    "model_text": model_text,
}
"""Name to experiment; each one's docstring says what it takes and what its values are."""


def simulate(name: str, **params: Any) -> Result:
    """Run one experiment: ``simulate("zipf", V=2000, a=1, n=5000)``.

    ``params`` are the experiment's own (``help(EXPERIMENTS[name])``): mostly ``n`` samples a
    generation, ``t`` generations, ``chains`` repetitions, ``seed``. An unknown name or
    parameter, or a number out of range, is refused with ``ValueError``.
    """
    experiment = EXPERIMENTS.get(name)
    if experiment is None:
        close = difflib.get_close_matches(str(name), EXPERIMENTS, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"one of {', '.join(EXPERIMENTS)}"
        raise ValueError(f"no experiment {name!r}: {hint}")
    return experiment(**checked(name, experiment, params))
