"""Models that are no models: texts changed by rules, in plain Python, from a seed.

``rules/eda`` is Easy Data Augmentation (Wei & Zou 2019, 1901.11196): one of synonyms,
insert, swap or delete, chosen by the request's seed. ``rules/noise`` makes typing errors. The
text is the last message; ``extra: {alpha: 0.1}`` is the share of words that change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files

from synthnb.errors import FatalModelError, SettingsError
from synthnb.samplers.draws import uniform
from synthnb.suggest import did_you_mean
from synthnb.types import JSON, Completion, Request

__all__ = ["RULES", "RuleModel", "synonyms"]

ALPHA = 0.1
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def _beside(row: int, at: int) -> str:
    """Keys that touch one, left, right, above and below."""
    near = [(row, at - 1), (row, at + 1), (row - 1, at), (row - 1, at + 1), (row + 1, at - 1)]
    near += [(row + 1, at)]
    return "".join(_ROWS[r][c] for r, c in near if 0 <= r < 3 and 0 <= c < len(_ROWS[r]))


_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEAR = {key: _beside(row, at) for row, keys in enumerate(_ROWS) for at, key in enumerate(keys)}
"""Keys beside each key."""


class _Draws:
    """Numbers in [0, 1) that follow from a seed alone."""

    def __init__(self, seed: int) -> None:
        self._seed, self._count = seed, 0

    def number(self) -> float:
        self._count += 1
        return uniform(self._seed, "rules", self._count)

    def below(self, n: int) -> int:
        return min(int(self.number() * n), n - 1)

    def some(self, n: int, count: int) -> list[int]:
        """``count`` different places below n."""
        left = list(range(n))
        return [left.pop(self.below(len(left))) for _ in range(min(count, n))]


class _Text:
    """A text as words with what stands between them, so that a change keeps the rest."""

    def __init__(self, text: str) -> None:
        found = list(_WORD.finditer(text))
        self.words = [match.group() for match in found]
        ends = [0, *(match.end() for match in found)]
        starts = [*(match.start() for match in found), len(text)]
        self.between = [text[a:b] for a, b in zip(ends, starts, strict=True)]
        self.capital = bool(self.words) and self.words[0][:1].isupper()
        if self.capital and not self.words[0][1:].isupper() and self.words[0] != "I":
            self.words[0] = self.words[0][:1].lower() + self.words[0][1:]

    def joined(self) -> str:
        parts = [self.between[0]]
        for word, gap in zip(self.words, self.between[1:], strict=True):
            parts += [word, gap]
        text = "".join(parts).strip()
        return text[:1].upper() + text[1:] if self.capital else text

    def insert(self, place: int, word: str) -> None:
        """Put a word before the one at ``place``."""
        self.words.insert(place, word)
        self.between.insert(place + 1, " ")

    def drop(self, place: int) -> None:
        """Take a word out, with the space after it."""
        del self.words[place]
        gap = self.between.pop(place + 1)
        self.between[place] = self.between[place].rstrip() + gap


@cache
def synonyms() -> Mapping[str, tuple[str, ...]]:
    """Word to words of the same meaning: a small list of our own, English only."""
    text = (files("synthnb.models") / "synonyms.txt").read_text("utf-8")
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        group = [] if line.startswith("#") else line.split()
        for word in group:
            found[word] = (*found.get(word, ()), *(other for other in group if other != word))
    return found


def _synonym(text: _Text, draws: _Draws) -> tuple[int, str] | None:
    known = [i for i, word in enumerate(text.words) if word.lower() in synonyms()]
    if not known:
        return None
    place = known[draws.below(len(known))]
    others = synonyms()[text.words[place].lower()]
    return place, others[draws.below(len(others))]


def _replace(text: _Text, draws: _Draws, count: int) -> None:
    known = [i for i, word in enumerate(text.words) if word.lower() in synonyms()]
    if not known:  # nothing to replace: the words at least change places
        return _swap(text, draws, count)
    for pick in draws.some(len(known), count):
        others = synonyms()[text.words[known[pick]].lower()]
        text.words[known[pick]] = others[draws.below(len(others))]


def _insert(text: _Text, draws: _Draws, count: int) -> None:
    for turn in range(count):
        found = _synonym(text, draws)
        if found is None:
            return None if turn else _swap(text, draws, count)
        text.insert(draws.below(len(text.words)), found[1])
    return None


def _swap(text: _Text, draws: _Draws, count: int) -> None:
    for _ in range(count if len(text.words) > 1 else 0):
        one, other = draws.some(len(text.words), 2)
        words = text.words
        words[one], words[other] = words[other], words[one]


def _delete(text: _Text, draws: _Draws, count: int) -> None:
    for _ in range(min(count, len(text.words) - 1)):
        text.drop(draws.below(len(text.words)))


def _eda(text: _Text, draws: _Draws, count: int) -> None:
    (_replace, _insert, _swap, _delete)[draws.below(4)](text, draws, count)


def _noise(text: _Text, draws: _Draws, count: int) -> None:
    long = [i for i, word in enumerate(text.words) if len(word) > 2]
    for pick in draws.some(len(long), count):
        place = long[pick]
        text.words[place] = _typo(text.words[place], draws)


def _typo(word: str, draws: _Draws) -> str:
    """One slip behind the first letter: a key beside, two keys turned, one lost, one twice."""
    at = 1 + draws.below(len(word) - 1)
    kind = draws.below(4)
    near = _NEAR.get(word[at].lower())
    if kind == 0 and near:
        return word[:at] + near[draws.below(len(near))] + word[at + 1 :]
    if kind == 1 and at + 1 < len(word) and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 2 and len(word) > 3:
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at] + word[at:]


RULES: Mapping[str, Callable[[_Text, _Draws, int], None]] = {
    "eda": _eda,
    "synonyms": _replace,
    "insert": _insert,
    "swap": _swap,
    "delete": _delete,
    "noise": _noise,
}
"""What ``rules/NAME`` does to a text."""


class RuleModel:
    """``rules/NAME`` as a model: nothing is loaded, nothing is sent."""

    origin = "local:rules"

    def __init__(self, name: str) -> None:
        self.name = name
        rule = name.partition("/")[2]
        if rule not in RULES:
            hint = did_you_mean(rule, RULES) or f"; there are {', '.join(RULES)}"
            raise SettingsError(f"No rule is called {name}{hint}")
        self._rule = RULES[rule]

    async def complete(self, request: Request) -> Completion:
        """The last message's text, changed; the same seed changes it the same way."""
        text = _Text(str(request.messages[-1]["content"]))
        count = max(1, round(_alpha(request.params) * len(text.words)))
        self._rule(text, _Draws(request.seed or 0), count)
        return Completion(text.joined(), prompt_tokens=0, completion_tokens=0, model=self.name)

    async def aclose(self) -> None:
        """Nothing to let go of."""


def _alpha(params: Mapping[str, JSON]) -> float:
    extra = params.get("extra")
    alpha = extra.get("alpha", ALPHA) if isinstance(extra, dict) else ALPHA
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not 0 < alpha <= 1:
        raise FatalModelError(
            f"alpha is a share above 0 and up to 1, not {alpha!r}", kind="params"
        )
    return float(alpha)
