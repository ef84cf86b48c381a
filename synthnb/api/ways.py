"""Ways to change a text: what each asks for, and what its answer must keep to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["HOW", "Way", "way_names"]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to make new texts of real ones."""

    summary: str
    """One line for people."""
    task: str = ""
    """What a model is asked; empty for rules."""
    rule: str | None = None
    """``rules/NAME``: no model is asked."""
    flips: bool = False
    """The label changes, and the text with it."""
    edits: tuple[float, float] = (0.1, 1.0)
    """Share of words that differ from the source's: least, most."""
    to: str | None = None
    """What ``to=`` is where it is not given; ``None`` if the way takes none."""
    rare: bool = False
    """Only rows of rarer labels, as many as the commonest has."""


_KEEP = "Keep its meaning and its language:"

HOW: Mapping[str, Way] = {
    "paraphrase": Way(
        "other words, same meaning",
        "Say this in other words. Keep its meaning, its opinion and its language:",
    ),
    "shorter": Way("about half as long", f"Say this in about half as many words. {_KEEP}"),
    "longer": Way("a little longer", f"Say this with a little more detail. {_KEEP}"),
    "formal": Way("in a formal tone", f"Rewrite this in a formal tone. {_KEEP}"),
    "casual": Way(
        "as to a friend",
        "Rewrite this as someone would say it to a friend. Keep its meaning:",
    ),
    "simple": Way(
        "in simple words",
        "Rewrite this in simple words that a child understands. Keep its meaning:",
    ),
    "style": Way(
        "in the style that to= names",
        f"Rewrite this in the style of {{to}}. {_KEEP}",
        to="somebody else",
    ),
    "back_translation": Way(
        "to the language that to= names and back",
        "Translate this to {to}:",
        edits=(0.0, 1.0),
        to="German",
    ),
    "counterfactual": Way(
        "label flipped by as few words as possible",
        "Change as few words as possible, so that this",
        flips=True,
        edits=(0.01, 0.4),
        to="",
    ),
    "continuation": Way(
        "one more of the kind, after examples from the rows", "One more", edits=(0.3, 1.0)
    ),
    "top_up": Way(
        "paraphrases of rarer labels, up to n for each of their rows",
        "Say this in other words. Keep its meaning, its opinion and its language:",
        rare=True,
    ),
    "eda": Way("synonyms, insertion, swap or deletion; no model", rule="rules/eda"),
    "synonyms": Way("synonyms from a small English list; no model", rule="rules/synonyms"),
    "insert": Way("synonyms put in elsewhere; no model", rule="rules/insert"),
    "swap": Way("words change places; no model", rule="rules/swap"),
    "delete": Way("words left out; no model", rule="rules/delete"),
    "noise": Way("typing errors; no model", rule="rules/noise"),
}
"""Ways by name. ``augment(how=…)`` also takes a prompt: a text with a space or ``{{``."""


def way_names() -> str:
    """All names for a message."""
    return ", ".join(HOW)
