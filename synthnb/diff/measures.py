"""What is measured of each first answer, in both versions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from synthnb.charts.distributions import main_column
from synthnb.charts.similarity import ngrams
from synthnb.checks.judge import criterion_of
from synthnb.checks.repetition import repeated_share
from synthnb.checks.values import as_plain
from synthnb.diff.neighbours import Links, neighbours
from synthnb.types import Reason, Record, Row, check_of

if TYPE_CHECKING:
    from synthnb.batch import Batch

__all__ = ["OUTCOMES", "Measure", "Own", "measures", "text_of"]

Own: TypeAlias = Mapping[str, Callable[[Row], float | bool | None]]
"""Metrics of the user's own: a name and a function of one row's values."""
OUTCOMES = {"truncated": "truncated", "refusal": "refused"}
"""Rules whose hits are metrics of their own, and what they are called."""
_PHRASE = 4
"""Words of a few-shot phrase that count as repeated."""
_JUDGED = 12
"""Scores of judges that are compared at most."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One number for each first answer of both versions; ``None`` where it has none."""

    id: str
    label: str
    unit: str
    """What the number is and which way is better, in a few words."""
    better: int
    """1 if higher is better, -1 if lower is, 0 if neither."""
    old: tuple[float | None, ...]
    new: tuple[float | None, ...]
    yes_no: bool = False
    """Each value is 0 or 1."""
    digits: int = 3
    """Decimals that are shown."""
    links: Links = frozenset()
    """Places whose values depend on each other; only for records that are paired."""


def measures(
    batches: tuple[Batch, Batch], records: tuple[Sequence[Record], Sequence[Record]], own: Own
) -> list[Measure]:
    """All metrics; those that never differ from one constant are dropped later."""
    return [
        *_outcomes(batches, records),
        *_texts(batches, records),
        *_few_shot(batches, records),
        *_scores(batches, records),
        *_cost(records),
        *_own(records, own),
    ]


def text_of(batch: Batch, record: Record) -> str | None:
    """The main column's value as text; ``None`` if the answer has none."""
    main = main_column(batch)
    value = record.values.get(main) if main is not None else None
    return as_plain(value) if value is not None else None


Records: TypeAlias = tuple[Sequence[Record], Sequence[Record]]


def _both(
    records: Records, of: Callable[[Record], float | None]
) -> tuple[tuple[float | None, ...], tuple[float | None, ...]]:
    return tuple(map(of, records[0])), tuple(map(of, records[1]))


def _outcomes(batches: tuple[Batch, Batch], records: Records) -> Iterator[Measure]:
    kept = _both(records, lambda r: float(r.accepted))
    # Who checks less accepts more: that is no better prompt.
    alike = batches[0].recipe.checks == batches[1].recipe.checks
    words = f"share of first answers, {'higher is better' if alike else 'checks differ'}"
    yield Measure("accepted", "accepted", words, int(alike), *kept, yes_no=True)
    for rule, name in OUTCOMES.items():

        def hit(record: Record, rule: str = rule) -> float:
            return float(any(reason.rule == rule for reason in record.reasons))

        yield Measure(
            rule, name, "share, lower is better", -1, *_both(records, hit), yes_no=True
        )


def _texts(batches: tuple[Batch, Batch], records: Records) -> Iterator[Measure]:
    texts = [
        [text_of(batch, record) for record in side]
        for batch, side in zip(batches, records, strict=True)
    ]

    def each(of: Callable[[str], float]) -> tuple[tuple[float | None, ...], ...]:
        return tuple(tuple(of(text) if text else None for text in side) for side in texts)

    loops = each(lambda text: repeated_share(text, 3))
    words = "share of the row, lower is better"
    yield Measure("repetition", "repeated 3-grams in a row", words, -1, loops[0], loops[1])
    (before, old_links), (after, new_links) = (neighbours(side) for side in texts)
    words = "similarity 0–1, lower is better"
    links = old_links | new_links
    yield Measure("nearest", "nearest other row", words, -1, before, after, links=links)
    long = each(lambda text: float(len(text)))
    words = "characters, no direction"
    yield Measure("length", "length", words, 0, long[0], long[1], digits=1)


def _few_shot(batches: tuple[Batch, Batch], records: Records) -> Iterator[Measure]:
    """Rows that say four words of an example which the prompt itself does not say."""
    phrases = [_phrases(batch) for batch in batches]
    if not any(phrases):
        return
    # The same phrases for both, so that taking an example away is no improvement.
    known = phrases[0] | phrases[1]
    sides = []
    for batch, side in zip(batches, records, strict=True):
        found = [text_of(batch, record) for record in side]
        sides.append(
            tuple(float(bool(ngrams(t, _PHRASE) & known)) if t else None for t in found)
        )
    words = "share, lower is better"
    yield Measure(
        "few_shot", "repeats a few-shot phrase", words, -1, sides[0], sides[1], yes_no=True
    )


def _phrases(batch: Batch) -> set[tuple[str, ...]]:
    main = main_column(batch)
    prompt = batch.recipe.prompts.get(main or "")
    if prompt is None:
        return set()
    said = ngrams(prompt.prompt, _PHRASE)
    grams = (ngrams(as_plain(e.get(str(main))), _PHRASE) for e in prompt.examples)
    return {g for own in grams for g in own - said if len(g) == _PHRASE}


def _scores(batches: tuple[Batch, Batch], records: Records) -> Iterator[Measure]:
    """What judges gave, a metric each criterion."""
    names = dict.fromkeys(
        _criterion(check)
        for side in records
        for record in side
        for check in (*record.checks, *record.reasons)
        if check.rule.split(":")[0] == "judge" and _number(check.value) is not None
    )
    # Another rubric or another model gives other scores to the same answer.
    alike = _judges(batches[0]) == _judges(batches[1])
    words = f"score, {'higher is better' if alike else 'judges differ'}"
    for name in list(names)[:_JUDGED]:

        def score(record: Record, name: str = name) -> float | None:
            checks = (*record.checks, *record.reasons)
            found = (c.value for c in checks if _criterion(c) == name)
            return next((_number(value) for value in found), None)

        sides = _both(records, score)
        yield Measure(f"check:{name}", name, words, int(alike), *sides, digits=2)


def _criterion(check: Reason) -> str:
    """``judge: faithful``; the rule alone where its message names no criterion."""
    name = criterion_of(check)
    return f"{check_of(check.rule)}: {name}" if name else check.rule


def _judges(batch: Batch) -> list[object]:
    """How the judges of a recipe score; what they ask for at least changes no score."""
    return [
        ({k: v for k, v in spec.options.items() if k != "min"}, batch.recipe.models)
        for spec in batch.recipe.checks
        if spec.rule == "judge"
    ]


def _cost(records: Records) -> Iterator[Measure]:
    def tokens(record: Record) -> float | None:
        known = [c.completion_tokens for c in record.calls if c.completion_tokens is not None]
        return float(sum(known)) if known else None

    words = "per row, fewer cost less"
    sides = _both(records, tokens)
    yield Measure("tokens", "tokens written", words, 0, *sides, digits=1)


def _own(records: Records, own: Own) -> Iterator[Measure]:
    for name, of in own.items():

        def value(record: Record, of: Callable[[Row], object] = of) -> float | None:
            return _number(of(dict(record.values)), flags=True)

        sides = _both(records, value)
        flags = {type(of(dict(r.values))) for side in records for r in side} <= {bool}
        words = "share, your own metric" if flags else "your own metric"
        yield Measure(f"own:{name}", name, words, 0, *sides, yes_no=flags)


def _number(value: object, *, flags: bool = False) -> float | None:
    if isinstance(value, bool) and not flags:
        return None
    if isinstance(value, int | float) and abs(value) < 1e300:  # also drops what is not finite
        return float(value)
    return None
