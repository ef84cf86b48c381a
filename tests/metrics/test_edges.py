"""Empty, single, constant, foreign and very many rows: a figure or one clear line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from synthnb import metrics

ON_TEXTS: dict[str, Callable[[list[str]], Any]] = {
    "distinct": lambda t: metrics.distinct(t, 2),
    "ngram_diversity": metrics.ngram_diversity,
    "self_repetition": metrics.self_repetition,
    "self_bleu": metrics.self_bleu,
    "compression_ratio": metrics.compression_ratio,
    "ngram_entropy": lambda t: metrics.ngram_entropy(t, 1),
    "mtld": lambda t: metrics.mtld(" ".join(t)),
    "perplexity": lambda t: metrics.perplexity(t, t),
    "c2st": lambda t: metrics.c2st(t, t),
    "tstr": lambda t: metrics.tstr(t, [0] * len(t), t, [0] * len(t)),
    "rouge_l": lambda t: metrics.rouge_l(" ".join(t), " ".join(t)),
    "minhash_jaccard": lambda t: metrics.minhash_jaccard(" ".join(t), " ".join(t)),
    "contamination": lambda t: metrics.contamination(" ".join(t), t, n=8),
    "embed": lambda t: metrics.embed(t).sum(),
}
TEXTS: dict[str, list[str]] = {
    "empty": [],
    "blank": ["", "  "],
    "single": ["one row only"],
    "one word": ["word"],
    "constant": ["the same words again"] * 30,
    "chinese": ["我喜欢在公园里跑步", "他今天没有来上班"] * 10,
    "thai": ["ฉันชอบวิ่งในสวน", "วันนี้อากาศดี"] * 10,
    "arabic": ["أحب القراءة في المساء", "الطقس جميل اليوم"] * 10,
    "emoji": ["😀😀🎉", "🚀🚀🚀🚀"] * 10,
    "surrogate": ["broken \ud83d half", "another \udc00 one"] * 10,
}


def finite(figure: Any) -> bool:
    values = list(figure.values()) if isinstance(figure, dict) else [figure]
    return bool(np.isfinite(np.array(values, dtype=float)).all())


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("name", ON_TEXTS)
def test_text_edge(name: str, kind: str) -> None:
    try:
        figure = ON_TEXTS[name](TEXTS[kind])
    except ValueError as error:
        line = str(error)
        assert line, "a refusal says why"
        assert "\n" not in line
    else:
        assert finite(figure)
        assert kind != "empty" or name in ("rouge_l", "minhash_jaccard", "contamination")


ON_ARRAYS: dict[str, Callable[[Any], Any]] = {
    "vendi": lambda a: metrics.vendi(a),
    "vendi_embeddings": metrics.vendi_embeddings,
    "mean_pairwise_distance": metrics.mean_pairwise_distance,
    "kl": lambda a: metrics.kl(a, a),
    "jsd": lambda a: metrics.jsd(a, a),
    "total_variation": lambda a: metrics.total_variation(a, a),
    "hellinger": lambda a: metrics.hellinger(a, a),
    "psi": lambda a: metrics.psi(a, a),
    "mauve": lambda a: metrics.mauve(a, a),
    "wasserstein": lambda a: metrics.wasserstein(a, a),
    "ks": lambda a: metrics.ks(a, a),
    "chi_square": lambda a: metrics.chi_square(a, a),
    "cramers_v": metrics.cramers_v,
    "mauve_embeddings": lambda a: metrics.mauve_embeddings(a, a),
    "prdc": lambda a: metrics.prdc(a, a),
    "c2st": lambda a: metrics.c2st(a, a),
    "dcr_share": lambda a: metrics.dcr_share(a, a, a),
    "cohen_kappa": metrics.cohen_kappa,
    "fleiss_kappa": metrics.fleiss_kappa,
    "krippendorff_alpha": metrics.krippendorff_alpha,
    "bradley_terry": lambda a: metrics.bradley_terry(a).sum(),
    "perplexity_from_logprobs": metrics.perplexity_from_logprobs,
}
ARRAYS: dict[str, Any] = {
    "empty": [],
    "empty matrix": np.empty((0, 3)),
    "single": [[1.0]],
    "scalars": [1.0],
    "constant": np.ones((40, 3)),
    "zeros": np.zeros((40, 3)),
    "square ones": np.ones((5, 5)),
    "nan": [[np.nan, 1.0], [0.0, 1.0]],
    "infinite": [np.inf, 0.0],
    "words": ["a", "b"],
    "ragged": [[1, 2], [3]],
    "negative": [-0.5, 1.5],
    "huge": np.full((3, 3), 1e300),
    "tiny": np.full((12, 2), 1e-320),
    "complex": [1j, 2],
    "three dimensions": np.ones((2, 3, 4)),
    "one number": np.array(3.0),
    "nothing": None,
    "a text": "abc",
}


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("name", ON_ARRAYS)
def test_array_edge(name: str, kind: str) -> None:
    try:
        figure = ON_ARRAYS[name](ARRAYS[kind])
    except ValueError as error:
        assert str(error)
        assert "\n" not in str(error)
    else:
        assert finite(figure)


LISTS = [
    *(metrics.distinct, metrics.ngram_diversity, metrics.self_repetition, metrics.self_bleu),
    *(metrics.compression_ratio, metrics.ngram_entropy, metrics.embed),
    lambda texts: metrics.perplexity(texts, ["a b"]),
    lambda texts: metrics.perplexity(["a b"], texts),
    lambda texts: metrics.contamination("a b", texts),
    lambda texts: metrics.c2st(texts, texts),
]


@pytest.mark.parametrize("call", LISTS)
@pytest.mark.parametrize(
    "given", ["not a list", None, 3, {"a": 1}, [1, 2], [None] * 20, [b"a b"], [["a"], ["b"]]]
)
def test_what_is_no_list_of_texts_is_refused(call: Callable[[Any], Any], given: Any) -> None:
    with pytest.raises(ValueError, match=r"expected|numbers|at least|hold"):
        call(given)


@pytest.mark.parametrize("call", LISTS[:7])
def test_a_column_and_a_generator_are_lists_of_texts_too(call: Callable[[Any], Any]) -> None:
    pandas = pytest.importorskip("pandas")
    texts = ["a b c", "a b d", "e f g"]
    figure = call(texts)
    assert np.all(figure == call(pandas.Series(texts, index=[7, 8, 9])))
    assert np.all(figure == call(text for text in texts))
    with pytest.raises(ValueError, match="one column"):
        call(pandas.DataFrame({"text": texts}))


@pytest.mark.parametrize("frame", [None, 3, "abc", np.ones((2, 2)), {"age": 3}, {"age": "x"}])
def test_groups_need_a_table(frame: Any) -> None:
    with pytest.raises(ValueError, match=r"expected|list of values"):
        metrics.k_anonymity(frame, ["age"])


def test_a_kernel_that_would_take_minutes_is_refused() -> None:
    with pytest.raises(ValueError, match="vendi_embeddings"):
        metrics.vendi(np.zeros((6000, 6000), np.float32))


@pytest.mark.parametrize("rows", [None, 3, np.array(1.0), (text for text in "ab")])
def test_an_interval_needs_rows_to_draw_from(rows: Any) -> None:
    with pytest.raises(ValueError, match="rows"):
        metrics.bootstrap(np.mean, rows)


PAIR, POINTS = ["a b c", "a b d"], np.random.default_rng(0).normal(size=(20, 3))


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.distinct(PAIR, 0),
        lambda: metrics.distinct(PAIR, 1.5),  # type: ignore[arg-type]
        lambda: metrics.ngram_diversity(PAIR, 0),
        lambda: metrics.self_bleu(PAIR, 0),
        lambda: metrics.self_bleu(PAIR, sample=1),
        lambda: metrics.self_bleu(PAIR, smoothing=-1),
        lambda: metrics.contamination("a", PAIR, n=0),
        lambda: metrics.compression_ratio(PAIR, limit=0),
        lambda: metrics.mauve_embeddings(POINTS, POINTS, repeats=0),
        lambda: metrics.mauve_embeddings(POINTS, POINTS, clusters=0),
        lambda: metrics.prdc(POINTS, POINTS, 0),
        lambda: metrics.c2st(POINTS, POINTS, folds=1),
        lambda: metrics.c2st(POINTS, POINTS, folds=21),
        lambda: metrics.c2st(POINTS, POINTS, groups=([1, 2], [1] * 20)),
        lambda: metrics.bootstrap(np.mean, POINTS, repeats=0),
        lambda: metrics.k_anonymity({"a": [1]}, []),
        lambda: metrics.krippendorff_alpha(["aab", "aab"]),
        lambda: metrics.position_bias(3, 5),
        lambda: metrics.position_bias(None, None),  # type: ignore[arg-type]
    ],
)
def test_options_out_of_range_are_refused(call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        call()


def test_histograms_must_sum_to_one() -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        metrics.kl([1, 2], [2, 1])


def test_missing_mass_is_infinite_unless_smoothed() -> None:
    assert metrics.kl([0.5, 0.5], [1, 0]) == float("inf")
    assert 0 < metrics.kl([0.5, 0.5], [1, 0], smoothing=1e-4) < 10


def test_k_anonymity_groups_missing_values_and_refuses_unknown_columns() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": [1, 1, None, None], "town": list("aabb")})
    assert metrics.k_anonymity(frame, ["age", "town"]) == 2
    assert metrics.k_anonymity([{"age": 1}, {"age": 2}], "age") == 1
    with pytest.raises(ValueError, match="zip"):
        metrics.k_anonymity(frame, ["zip"])
    with pytest.raises(ValueError, match="rows"):
        metrics.k_anonymity({"age": []}, ["age"])


def test_a_hundred_thousand_rows() -> None:
    rng = np.random.default_rng(0)
    words = np.array([f"w{n}" for n in range(5000)])
    texts = [" ".join(row) for row in words[rng.integers(0, 5000, (100_000, 20))]]
    points = rng.normal(size=(100_000, 8))
    corpus = metrics.encode(texts)
    for figure in (
        metrics.distinct(corpus, 2),
        metrics.ngram_diversity(corpus),
        metrics.self_repetition(corpus),
        metrics.ngram_entropy(corpus, 2),
        metrics.self_bleu(texts),
        metrics.mean_pairwise_distance(points),
        metrics.vendi_embeddings(points),
        metrics.prdc(points, points),
        metrics.dcr_share(points, points + 1, points),
        metrics.wasserstein(points[:, 0], points[:, 1]),
        metrics.c2st(points, points),
    ):
        assert finite(figure)
