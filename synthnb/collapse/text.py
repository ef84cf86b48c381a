"""Collapse in words: an n-gram model on its own output, a language model rewriting its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from synthnb import metrics
from synthnb.collapse.result import Curve, Result, summarise
from synthnb.metrics.tokens import Encoded, IntArray, Tokenizer, encode

__all__ = ["Mode", "Rewrite", "model_text", "ngram_text", "sample_texts"]

Mode: TypeAlias = Literal["replace", "accumulate", "verify"]
Rewrite: TypeAlias = Callable[[list[str], int], list[str]]
"""Takes texts and the generation's number, and returns as many new texts."""

_SUBJECTS = (
    "kettle", "lamp", "train", "nurse", "river", "baker",
    "garden", "letter", "piano", "harbour",
)  # fmt: skip
_MAKERS = (
    "old", "quiet", "broken", "bright", "distant", "careful",
    "wooden", "early", "honest", "narrow",
)  # fmt: skip
_ENDINGS = ["on Monday", "by the sea", "in the rain", "without a word", "for a week", "at last"]
_RARE = 600
_PUNCTUATION = ".,;:!?\"'()[]…。！？"


def sample_texts(count: int = 300, seed: int = 0) -> list[str]:
    """Return plain made-up sentences with a long tail of rare names: a corpus to lose.

    >>> sample_texts(1)
    ['The bright kettle, like Kepo, waited for Nelu and came back by the sea.']
    """
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, _RARE + 1)
    names = rng.choice(_RARE, (count, 2), p=weights / weights.sum())
    verbs = ["waited", "called", "stood", "sang", "looked", "paid"]
    returns = ["came back", "was sold", "went home", "was repaired", "stayed", "fell"]
    texts = []
    for first, second in names:
        maker, subject = rng.choice(_MAKERS), rng.choice(_SUBJECTS)
        verb, back, ending = rng.choice(verbs), rng.choice(returns), rng.choice(_ENDINGS)
        extra = f", like {_name(second)}," if second % 3 == 0 else ""
        texts.append(
            f"The {maker} {subject}{extra} {verb} for {_name(first)} and {back} {ending}."
        )
    return texts


def _name(number: int) -> str:
    parts = ["po", "mi", "ra", "ke", "lu", "so", "ta", "ne", "vi", "do"]
    syllables = [parts[number // 10**place % 10] for place in range(2 + (number >= 100))]
    return "".join(syllables).capitalize()


def _check(texts: Sequence[str] | None, t: int, mode: str) -> list[str]:
    rows = sample_texts() if texts is None else list(texts)
    if not rows or not all(isinstance(text, str) and text.split() for text in rows):
        raise ValueError("texts must be a list of texts with words in them")
    if mode not in ("replace", "accumulate", "verify"):
        raise ValueError(f"mode must be replace, accumulate or verify, got {mode!r}")
    return rows


def ngram_text(
    texts: Sequence[str] | None = None,
    n: int | None = None,
    t: int = 10,
    order: int = 3,
    mode: Mode = "replace",
    chains: int = 10,
    seed: int = 0,
) -> Result:
    """Retrain an n-gram model on what it wrote the generation before.

    ``texts`` are the real rows (made-up sentences by default); each generation writes ``n``
    texts (as many as there are real ones) from counts of ``order`` words (characters, where no
    text has a space). ``replace`` trains on the newest only, ``accumulate`` on the real and all
    since, ``verify`` on the same but for new texts that repeat one of them, or that a model of
    the real rows finds less likely than 95% of real rows it has not seen. Values are the
    different words written, over those of the real rows. No theory. ``more``: ``distinct_2``
    and ``entropy`` (bits a word) by generation, ``real`` with both of the real rows, ``texts``
    with a few of each generation of the first chain.
    """
    real = _check(texts, t, mode)
    if order < 2:
        raise ValueError(f"order must be at least 2, got {order}")
    spaced = any(len(text.split()) > 1 for text in real)
    split: Tokenizer = str.split if spaced else list
    joint = " " if spaced else ""
    corpus = encode(real, split)
    if corpus.lengths.max() < 2:
        raise ValueError("texts must have two words or more to learn what follows what")
    count = n or len(real)
    words = len(corpus.vocabulary)
    judge = _Judge(real, split, joint) if mode == "verify" else None
    share, pairs, entropy = (np.empty((chains, t)) for _ in range(3))
    shown: list[list[str]] = []
    for chain in range(chains):
        rng = np.random.default_rng((seed, chain))
        for step, written in enumerate(_generations(rng, corpus, count, t, order, mode, judge)):
            share[chain, step] = len(np.unique(written.ids)) / words
            pairs[chain, step] = metrics.distinct(
                written, 1 if written.lengths.max() < 2 else 2
            )
            entropy[chain, step] = metrics.ngram_entropy(written, 1)
            if chain == 0:
                shown.append(_read(written, 3, joint))
    params: dict[str, Any] = {"texts": len(real), "n": count, "t": t, "order": order}
    params |= {"mode": mode, "chains": chains, "seed": seed}
    return summarise(
        "ngram_text",
        "words alive, of the real ones",
        params,
        share,
        distinct_2=pairs.mean(axis=0),
        entropy=entropy.mean(axis=0),
        real={
            "distinct_2": metrics.distinct(corpus, 2),
            "entropy": metrics.ngram_entropy(corpus),
        },
        texts=shown,
    )


def _generations(
    rng: np.random.Generator,
    corpus: Encoded,
    count: int,
    t: int,
    order: int,
    mode: Mode,
    judge: _Judge | None,
) -> Iterator[Encoded]:
    """What each generation of one chain writes."""
    training = corpus
    for _ in range(t):
        written = _write(rng, training, count, order)
        yield written
        if mode == "replace":
            training = written
            continue
        kept = judge.keep(written, training) if judge else written
        training = Encoded(
            np.concatenate((training.ids, kept.ids)),
            np.concatenate((training.lengths, kept.lengths)),
            corpus.vocabulary,
        )


def _read(written: Encoded, count: int, joint: str) -> list[str]:
    ends = np.cumsum(written.lengths)
    vocabulary = written.vocabulary
    return [
        joint.join(vocabulary[token] for token in written.ids[end - length : end])
        for end, length in zip(ends[:count], written.lengths[:count], strict=True)
    ]


class _Judge:
    """Knows the real rows and lets through what is about as likely as they are."""

    def __init__(self, real: list[str], split: Tokenizer, joint: str) -> None:
        self._joint = joint
        half = len(real) // 2 or 1
        self._model = metrics.NgramModel(real, order=2, tokenize=split)
        outside = metrics.NgramModel(real[:half], order=2, tokenize=split)
        unseen = outside.perplexities(real[half:] or real)
        self._most = float(np.quantile(unseen, 0.95))

    def keep(self, written: Encoded, training: Encoded) -> Encoded:
        texts = _read(written, len(written), self._joint)
        likely = self._model.perplexities(texts) <= self._most
        known = set(_read(training, len(training), self._joint))
        rows = []
        for row, text in enumerate(texts):
            if likely[row] and text not in known:
                known.add(text)
                rows.append(row)
        return written.take(rows)


def _write(rng: np.random.Generator, training: Encoded, count: int, order: int) -> Encoded:
    """Write texts word by word, all at once: what followed a context follows it again."""
    base = len(training.vocabulary) + 2  # 0 is the start, 1 the end
    marks = order - 1
    widths = training.lengths + marks + 1
    stream = np.zeros(int(widths.sum()), np.int64)
    ends = np.cumsum(widths)
    stream[ends - 1] = 1
    within = np.arange(len(training.ids)) - np.repeat(
        np.cumsum(training.lengths) - training.lengths, training.lengths
    )
    stream[np.repeat(ends - widths + marks, training.lengths) + within] = training.ids + 2
    context = np.zeros(len(stream) - marks, np.int64)
    for offset in range(marks):
        context = context * base + stream[offset : offset + len(context)]
    followed = stream[marks:]
    real = np.ones(len(followed), dtype=bool)
    real[(ends[:-1, None] + np.arange(-marks, 0)).ravel()] = False  # runs across two texts
    real[followed == 0] = False
    context, followed = context[real], followed[real]
    by_context = np.argsort(context, kind="stable")
    context, followed = context[by_context], followed[by_context]

    longest = 2 * int(training.lengths.max()) + 1
    states = np.zeros((count, marks), np.int64)
    alive = np.ones(count, dtype=bool)
    lines = np.zeros((count, longest), np.int64)
    powers = base ** np.arange(marks - 1, -1, -1)
    for place in range(longest):
        codes = states @ powers
        left = np.searchsorted(context, codes, "left")
        right = np.searchsorted(context, codes, "right")
        pick = left + (rng.random(count) * (right - left)).astype(np.int64)
        word = np.where(alive, followed[np.minimum(pick, len(followed) - 1)], 1)
        alive &= word != 1
        lines[:, place] = np.where(alive, word, 0)
        if not alive.any():
            break
        states = np.column_stack((states[:, 1:], np.where(alive, word, 0)))
    lengths = (lines > 0).sum(axis=1)
    ids: IntArray = lines[lines > 0] - 2
    return Encoded(ids, lengths, training.vocabulary)


def model_text(
    rewrite: Rewrite | str | None = None,
    texts: Sequence[str] | None = None,
    t: int = 5,
    mode: Mode = "replace",
    n: int | None = None,
    instruction: str = "Rewrite this text in other words, same meaning:\n\n",
    max_tokens: int = 60,
    tape: str | Path | None = None,
    chains: int = 50,
    seed: int = 0,
) -> Result:
    """Let a model rewrite its own output generation after generation.

    ``rewrite`` takes texts and the generation's number and returns as many texts, or is the
    name of a model, ``PROFILE/MODEL``, that is sent ``instruction`` before each text (the one
    of the settings by default); with ``tape`` its answers come from that file, or go there if
    there is none yet. ``texts`` are the real rows (16 made-up sentences by default).
    ``replace`` rewrites the newest texts, ``accumulate`` ``n`` drawn from the real and all
    since, ``verify`` the same without near duplicates of what is there. Values are the words of
    the real rows still in use, as a share of them, with the band of half samples (``chains`` of
    them). No theory. ``more``: ``texts``, ``distinct_2`` and ``self_bleu`` of every generation,
    ``real`` with the last two of the real rows.
    """
    real = _check(sample_texts(16) if texts is None else texts, t, mode)
    opened = None
    if rewrite is None or isinstance(rewrite, str):
        from synthnb.collapse.rewriting import model_rewrite

        opened = rewrite = model_rewrite(
            rewrite, instruction, max_tokens=max_tokens, seed=seed, tape=tape
        )
    rng = np.random.default_rng(seed)
    try:
        written = _rewritten(rng, rewrite, real, t, mode, n or len(real))
    finally:
        if opened is not None:
            opened.close()
    params = {"texts": len(real), "t": t, "mode": mode, "n": n or len(real), "seed": seed}
    return summarise(
        "model_text",
        "words alive, of the real ones",
        params,
        np.stack([_halves(rng, real, texts, chains) for texts in written], axis=1),
        real={"distinct_2": _pairs(real), "self_bleu": metrics.self_bleu(real, 2)},
        distinct_2=np.array([_pairs(texts) for texts in written]),
        self_bleu=np.array([metrics.self_bleu(texts, 2) for texts in written]),
        texts=written,
    )


def _rewritten(
    rng: np.random.Generator, rewrite: Rewrite, real: list[str], t: int, mode: Mode, count: int
) -> list[list[str]]:
    pool, now = list(real), list(real)
    written = []
    for generation in range(1, t + 1):
        now = [str(text) for text in rewrite(now, generation)]
        if len([text for text in now if text.split()]) < 2:
            raise ValueError(f"generation {generation}: fewer than two texts came back")
        written.append(now)
        if mode != "replace":
            pool += _new(now, pool) if mode == "verify" else now
            now = [pool[row] for row in rng.permutation(len(pool))[:count]]
    return written


def _halves(rng: np.random.Generator, real: list[str], texts: list[str], chains: int) -> Curve:
    """Return the share of real words in use, moved by how half samples spread around theirs."""
    wanted = _words(real)
    used = [_words([text]) & wanted for text in texts]
    size = max(len(texts) // 2, 1)
    halves = np.empty(chains)
    for draw in range(chains):
        halves[draw] = len(
            set().union(*(used[row] for row in rng.permutation(len(used))[:size]))
        )
    whole = len(set().union(*used))
    return np.asarray((whole + halves - halves.mean()) / len(wanted), dtype=np.float64)


def _words(texts: list[str]) -> set[str]:
    split = (word.strip(_PUNCTUATION) for text in texts for word in text.lower().split())
    return {word for word in split if word}


def _pairs(texts: list[str]) -> float:
    try:
        return metrics.distinct(texts, 2, tokenize=str.split)
    except ValueError:  # a model that answers with single words
        return 0.0


def _new(texts: list[str], pool: list[str]) -> list[str]:
    from synthnb.nearduplicates import NearDuplicateIndex

    index = NearDuplicateIndex(0.8)
    for _ in index.extend(pool):
        pass
    repeated = {row - len(pool) for row, _ in index.extend(texts)}
    return [text for row, text in enumerate(texts) if row not in repeated and text.strip()]
