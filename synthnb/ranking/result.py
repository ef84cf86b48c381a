"""What a ranking found: the sentence first, then strengths, agreement and bias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from synthnb.metrics import position_bias
from synthnb.ranking.items import Items
from synthnb.ranking.judging import Judged
from synthnb.ranking.pairs import Pair
from synthnb.ranking.raters import Agreement, Kappa, agreement, bar, class_of, kappa
from synthnb.ranking.scores import Difference, Game, Strength, share_interval, strengths
from synthnb.visible import count, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["JudgeResult", "Preference", "Result", "conclude", "decided", "weigh"]

AGAIN = ":again"
POOLED = "raters pooled: the side with more votes wins a pair, ties count for neither"
"""How several raters' verdicts on a pair become one."""
UNSTEADY = 3
"""Swapped pairs from which on a rater is called unsteady."""
Votes = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Preference:
    """A pair that people decided."""

    pair: Pair
    chosen: int
    rejected: int
    margin: float
    """Share of the raters who chose it less the share of those who chose the other."""


@dataclass(frozen=True, slots=True)
class JudgeResult:
    """A model on the same pairs."""

    model: str
    pairs: int
    """Pairs that it judged in both orders."""
    unread: int
    kept: int
    """Pairs whose winner did not change with the order."""
    flips: int
    first: int
    """Flips in which it took the answer that was shown first, both times."""
    p: float
    """Of no position bias."""
    kappa: Kappa
    """People by row, the judge by column; sides as the rater saw them."""
    threshold: float
    threshold_from: str
    differ: tuple[tuple[str, str, str], ...]
    """Pairs where it differs from people: id, their verdict, its verdict."""

    @property
    def line(self) -> str:
        """How steady it is, and how far it agrees with people."""
        alike = "–" if self.kappa.value is None else f"{self.kappa.value:.2f}"
        unread = f", {self.unread} unread" if self.unread else ""
        pairs = count(self.pairs, "pair")
        few = f" ({self.kappa.few})" if self.kappa.few else ""
        kept = f"{self.model} kept its winner on {self.kept} of {pairs}"
        return f"{kept}{unread}, κ = {alike}{few}"

    @property
    def enough(self) -> bool:
        """Whether it may rank alone: its kappa, on enough pairs, reaches what people reach."""
        value = self.kappa.value
        return value is not None and not self.kappa.few and value >= self.threshold


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """Everything at once; ``sentence`` is what to say first."""

    sentence: str
    pairs: int
    """Pairs with a verdict, repeats not counted."""
    decided: int
    ties: int
    both_bad: int
    skipped: int
    rater: str
    """Whose steadiness is shown."""
    raters: tuple[str, ...]
    strengths: tuple[Strength, ...]
    differences: tuple[Difference, ...]
    repeats: Kappa
    """The rater's first and second verdict on swapped pairs."""
    agreement: Agreement | None
    judges: tuple[JudgeResult, ...]
    preferences: tuple[Preference, ...]
    """Decided pairs whose texts are still those that were judged."""
    dropped: int = 0
    """Decided pairs that are none because a row of theirs was dropped."""
    edited: int = 0
    """The same because an answer was edited."""
    asked: int = 0
    """Preferences whose two answers were written for different prompts."""
    hidden: tuple[str, ...] = ()
    """Raters whose verdicts are kept from one who has pairs left to judge."""

    def __repr__(self) -> str:
        told = [self.sentence, self.facts, *(judge.line for judge in self.judges)]
        told += [self.sum] if self.gone else []
        return f"<Result: {' · '.join(map(one_line, told))}>"

    @property
    def facts(self) -> str:
        """What the sentence rests on."""
        by = self.raters[0] if len(self.raters) == 1 else count(len(self.raters), "rater")
        parts = [f"{count(self.pairs, 'pair')} by {by}"]
        counted = [f"{self.decided} decided"]
        counted += [count(self.ties, "tie")] if self.ties else []
        counted += [f"{self.both_bad} both bad (as ties)"] if self.both_bad else []
        counted += [f"{self.skipped} skipped"] if self.skipped else []
        parts.append(", ".join(counted))
        if self.repeats.pairs:
            pairs = count(self.repeats.pairs, "swapped pair")
            whose = "you repeated your" if self.rater == "you" else f"{self.rater} repeated the"
            parts.append(f"{whose} verdict on {self.repeats.same} of {pairs}")
        if len(self.raters) > 1:
            parts.append(POOLED)
        if self.hidden:
            who = self.hidden[0] if len(self.hidden) == 1 else f"{len(self.hidden)} others"
            parts.append(f"blind: without the verdicts of {who} until all pairs are judged")
        return " · ".join(parts)

    @property
    def gone(self) -> list[tuple[int, str]]:
        """Decided pairs that are no preference rows, by what they have."""
        each = (self.dropped, "a dropped row"), (self.edited, "an edited answer")
        return [(n, what) for n, what in each if n]

    @property
    def columns(self) -> str:
        """What a preference row holds, and of what its prompt is."""
        if not self.asked:
            return "columns: prompt, chosen, rejected, margin"
        of = f"in {count(self.asked, 'row')} the rejected one was written for another"
        return f"columns: prompt (that of the chosen answer; {of}), chosen, rejected, margin"

    @property
    def sum(self) -> str:
        """What pairs make of rows: ``7 preference rows = 11 pairs − 4 ties``."""
        parts = [count(self.pairs, "pair")]
        parts += [count(self.ties, "tie")] if self.ties else []
        parts += [f"{self.both_bad} both bad"] if self.both_bad else []
        parts += [f"{n} with {what}" for n, what in self.gone]
        return f"{count(len(self.preferences), 'preference row')} = {' − '.join(parts)}"


def settled(votes: Votes) -> dict[str, str]:
    """One rater's verdict on each pair; where the repeat differs it is a tie.

    >>> settled({"p": "a", "p:again": "b", "q": "a"})
    {'p': 'tie', 'q': 'a'}
    """
    found: dict[str, str] = {}
    for key, verdict in votes.items():
        pair = key.removesuffix(AGAIN)
        if verdict == "skip":
            continue
        found[pair] = verdict if found.get(pair, verdict) == verdict else "tie"
    return found


def _sided(votes: Votes, turned: Mapping[str, bool]) -> dict[str, str]:
    """Verdicts with ``a`` and ``b`` changed over in the pairs that are turned."""
    other = {"a": "b", "b": "a"}
    return {
        key: other.get(verdict, verdict) if turned.get(key.removesuffix(AGAIN)) else verdict
        for key, verdict in votes.items()
    }


def _repeats(votes: Votes) -> Kappa:
    first = {k: v for k, v in votes.items() if not k.endswith(AGAIN) and v != "skip"}
    again = {k.removesuffix(AGAIN): v for k, v in votes.items() if k.endswith(AGAIN)}
    return kappa(first, again)


def _agreed(verdicts: Sequence[str]) -> tuple[str, float]:
    """What several raters say together, and by what margin."""
    n = len(verdicts)
    net = (verdicts.count("a") - verdicts.count("b")) / n
    if 2 * verdicts.count("both_bad") >= n:
        return "both_bad", 0.0
    return ("a" if net > 0 else "b" if net < 0 else "tie"), abs(net)


def weigh(
    pairs: Sequence[Pair], votes: Mapping[str, Votes]
) -> tuple[dict[str, dict[str, str]], dict[str, tuple[str, float]]]:
    """Each rater's settled verdicts, and what all say together about a pair: a verdict and
    its margin (share of raters for it less share against)."""
    known = [pair.id for pair in pairs]
    wanted = set(known)
    own = {
        who: {k: v for k, v in settled(given).items() if k in wanted}
        for who, given in votes.items()
    }
    own = {who: given for who, given in own.items() if given}
    together = {
        key: _agreed([given[key] for given in own.values() if key in given])
        for key in known
        if any(key in given for given in own.values())
    }
    return own, together


def conclude(
    items: Items,
    pairs: Sequence[Pair],
    votes: Mapping[str, Votes],
    rater: str,
    judged: Mapping[str, Sequence[Judged]] | None = None,
    swapped: Mapping[str, bool] | None = None,
    seed: int = 0,
) -> Result:
    """Put all verdicts together.

    ``votes`` are verdicts (``a b tie both_bad skip``) by rater and pair, repeats under
    ``ID:again``; ``rater`` is whose steadiness and sides are shown; ``swapped`` says of
    which pairs that rater had ``b`` on the left.
    """
    known = {pair.id: pair for pair in pairs}
    own, together = weigh(pairs, votes)
    said = [verdict for verdict, _ in together.values()]
    games = list(_games(items, known, {k: v for k, (v, _) in together.items()}))
    found = strengths(games, len(items.systems), seed=seed) if games else ([], [])
    if len(items.systems) == 2:
        found = found[0], [replace(d, even=_open(games)) for d in found[1]]
    skips = {k for given in votes.values() for k, v in given.items() if v == "skip"}
    coins = {pair.id: pair.turned for pair in pairs}
    people = agreement({who: _sided(given, coins) for who, given in own.items()})
    repeats = _repeats(_sided(votes.get(rater, {}), coins))
    limit = bar(people, repeats)
    reference = {key: verdict for key, (verdict, _) in together.items()}
    judges = tuple(
        _judge(model, told, reference, swapped or {}, limit)
        for model, told in (judged or {}).items()
    )
    wins = tuple(decided(pairs, together))
    return Result(
        _sentence(items, games, *found, bool(together)) + _unsteady(repeats), len(together),
        said.count("a") + said.count("b"), said.count("tie"), said.count("both_bad"),
        len(skips - set(together)), rater, tuple(own), tuple(found[0]), tuple(found[1]),
        repeats, people, judges, wins,
    )  # fmt: skip


def _games(
    items: Items, known: Mapping[str, Pair], verdicts: Mapping[str, str]
) -> Iterator[Game]:
    systems = {u.id: [option.system for option in u.options] for u in items.units}
    for key, verdict in verdicts.items():
        pair = known[key]
        a, b = systems[pair.unit][pair.a], systems[pair.unit][pair.b]
        if a != b:
            yield Game(pair.unit, a, b, {"a": 1.0, "b": 0.0}.get(verdict, 0.5))


def decided(
    pairs: Sequence[Pair], together: Mapping[str, tuple[str, float]]
) -> Iterator[Preference]:
    """The pairs with a winner."""
    for pair in pairs:
        verdict, margin = together.get(pair.id, ("", 0.0))
        if verdict in ("a", "b"):
            won, lost = (pair.a, pair.b) if verdict == "a" else (pair.b, pair.a)
            yield Preference(pair, won, lost, round(margin, 4))


def _judge(
    model: str,
    told: Sequence[Judged],
    people: Votes,
    swapped: Mapping[str, bool],
    limit: tuple[float, str],
) -> JudgeResult:
    read = [j for j in told if j.verdict is not None]
    flips = [j for j in read if j.flipped]
    first = sum(j.forward == "a" for j in flips)

    ours = _sided(people, swapped)
    theirs = _sided({j.pair: j.verdict or "" for j in read}, swapped)
    return JudgeResult(
        model, len(read), len(told) - len(read), len(read) - len(flips), len(flips), first,
        float(position_bias(len(flips), first)), kappa(ours, theirs), *limit,
        tuple(_differ(people, {j.pair: j.verdict or "" for j in read})),
    )  # fmt: skip


def _differ(people: Votes, judge: Votes) -> Iterator[tuple[str, str, str]]:
    for key, verdict in people.items():
        ours, theirs = class_of(verdict), class_of(judge.get(key, ""))
        if ours and theirs and ours != theirs:
            yield key, ours, theirs


def _sentence(
    items: Items,
    games: Sequence[Game],
    found: Sequence[Strength],
    apart: Sequence[Difference],
    any_verdict: bool,
) -> str:
    if not any_verdict:
        return "Nothing is ranked yet"
    if len(items.systems) < 2 or not found:
        return "All answers come from the same model and settings"
    if len(items.systems) == 2:
        return _of_two(items, games, clear=any(d.clear for d in apart))
    names = [_plain(items.systems[s.system]) for s in found]
    best = found[0].system
    below = [d.other for d in apart if d.better == best and d.clear]
    open_ = [d.other for d in apart if d.better == best and not d.clear and d.linked]
    unmet = [d.other for d in apart if d.better == best and not d.linked]
    if not below:
        return f"No evidence yet that any of the {len(found)} is better"
    said = f"{names[0]} is better than {_list(items, dict.fromkeys(below))}"
    if open_:
        said += f"; no evidence against {_list(items, dict.fromkeys(open_))}"
    if unmet:
        said += f"; never compared with {_list(items, dict.fromkeys(unmet))}"
    return said


def _wins(games: Sequence[Game]) -> tuple[int, int]:
    """Games that the first of two systems won, and the second."""
    first = sum(g.score == (1.0 if g.a == 0 else 0.0) for g in games)
    second = sum(g.score == (0.0 if g.a == 0 else 1.0) for g in games)
    return first, second


def _open(games: Sequence[Game]) -> bool:
    won = _wins(games)
    return not sum(won) or share_interval(max(won), sum(won))[0] <= 0.5


def _unsteady(repeats: Kappa) -> str:
    """What to be warned of where a rater mostly changed their mind with the sides."""
    if repeats.pairs < UNSTEADY or 2 * repeats.same >= repeats.pairs:
        return ""
    return (
        f"; but only {repeats.same} of {repeats.pairs} verdicts were the same "
        "when the sides were swapped"
    )


def _of_two(items: Items, games: Sequence[Game], *, clear: bool) -> str:
    first, second = _wins(games)
    of = first + second
    if not of:
        return "No pair is decided: neither is better"
    better = 0 if first > second else 1
    won = max(first, second)
    name = items.systems[better]
    name = name[0].upper() + name[1:] if name.startswith(("version", "the ")) else name
    low, high = share_interval(won, of)
    told = f"{won} of {of} decided, 95% {low:.0%} to {high:.0%}"
    if first == second:
        return f"No evidence: each is preferred in {first} of {of}"
    if clear:
        return f"{name} is preferred: {told}"
    if low > 0.5:
        how = "with ties as half wins" if of < len(games) else "from question to question"
        told = f"{won} of {of} decided, but {how} the difference may be 0"
    return f"No evidence yet: {items.systems[better]} is preferred in {told}"


def _plain(name: str) -> str:
    return name or "one of them"


def _list(items: Items, systems: Mapping[int, None]) -> str:
    names = [_plain(items.systems[s]) for s in systems]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
