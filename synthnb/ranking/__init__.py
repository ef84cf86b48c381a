"""Which answer is better: blind pairs, strengths with intervals, raters, a judge beside them.

Verdicts live in the store, by rater, so that a ranking goes on where it stopped.
"""

from __future__ import annotations

from synthnb.ranking.items import Items, Option, RankingError, Unit
from synthnb.ranking.pairs import Pair, Shown, choose, schedule
from synthnb.ranking.raters import (
    Agreement,
    Kappa,
    Threshold,
    agreement,
    choose_threshold,
    kappa,
)
from synthnb.ranking.result import JudgeResult, Preference, Result, conclude
from synthnb.ranking.scores import Game, Strength, strengths
from synthnb.ranking.session import VERDICTS, Ranking, rank

__all__ = [
    "VERDICTS",
    "Agreement",
    "Game",
    "Items",
    "JudgeResult",
    "Kappa",
    "Option",
    "Pair",
    "Preference",
    "Ranking",
    "RankingError",
    "Result",
    "Shown",
    "Strength",
    "Threshold",
    "Unit",
    "agreement",
    "choose",
    "choose_threshold",
    "conclude",
    "kappa",
    "rank",
    "schedule",
    "strengths",
]
