"""Figures against values worked out by hand, printed in papers or given by other libraries."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable

import numpy as np
import pytest

from synthnb import metrics

CORPUS = ["the cat sat on the mat", "the cat sat on the rug", "a dog ran in the park"]
P, Q = [0.5, 0.3, 0.2], [0.7, 0.2, 0.1]
# Krippendorff's three coders and fifteen units, as printed in the encyclopaedia's article.
CODERS = [
    [None, None, None, None, None, 3, 4, 1, 2, 1, 1, 3, 3, None, 3],
    [1, None, 2, 1, 3, 3, 4, 3, None, None, None, None, None, None, None],
    [None, None, 2, 1, 3, 4, 4, None, 2, 1, 1, 3, 3, None, 4],
]
# The four observers and twelve units of Krippendorff 2011.
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
# Fleiss' ten units, fourteen raters and five classes.
VOTES = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        (metrics.distinct(CORPUS, 1), 11 / 18),
        (metrics.distinct(CORPUS, 2), 11 / 15),
        (metrics.ngram_diversity(CORPUS), 3.05498),
        (metrics.ngram_entropy(CORPUS, 1), 3.19161),
        (metrics.self_bleu(CORPUS, 2), 0.54433),
        (metrics.self_repetition(CORPUS), 2 * math.log(3) / 3),
        (metrics.vendi([[1, 1, 0], [1, 1, 0], [0, 0, 1]]), 1.88988),
        (metrics.vendi([[1, 1, 0], [1, 1, 0], [0, 0, 1]], q=2), 1.8),
        (metrics.vendi([[1, 1, 0], [1, 1, 0], [0, 0, 1]], q=math.inf), 1.5),
        (metrics.vendi(np.eye(4)), 4),
        (metrics.vendi(np.ones((4, 4))), 1),
        (metrics.mean_pairwise_distance([[1, 0], [1, 0], [0, 1]]), 2 / 3),
        (metrics.kl(P, Q), 0.09203),
        (metrics.kl(P, Q) / math.log(2), 0.13278),
        (metrics.kl(Q, P), 0.08512),
        (metrics.jsd(P, Q), 0.021901),
        (metrics.jsd([1, 0], [0, 1]), math.log(2)),
        (metrics.total_variation(P, Q), 0.2),
        (metrics.hellinger(P, Q), 0.14840),
        (metrics.psi(P, Q), 0.17716),
        (metrics.wasserstein([0, 1, 3], [5, 6, 8]), 5),
        (metrics.wasserstein([0, 1, 2], [0, 1, 2], a_weights=P, b_weights=Q), 0.3),
        (metrics.ks([0, 1, 2, 3], [0, 0, 3, 3]), 0.25),
        (metrics.chi_square([48, 35, 17], [50, 30, 20]), 1.36333),
        (metrics.chi_square([48, 35, 17], [50, 30, 20]).p, 0.50577),
        (metrics.chi_square([48, 35, 17], [50, 30, 20]).w, 0.11676),
        (metrics.cramers_v([[20, 5], [10, 15]]), 0.40825),
        (metrics.mauve(P, Q), 0.97290),
        (metrics.mauve(P, P), 1),
        (metrics.mauve([0.5, 0.5], [0.5, 0.5]), 1),
        (metrics.mauve([1], [1]), 1),
        (metrics.mauve([1, 0], [0, 1]), 0.00407),
        (
            metrics.rouge_l("Write a poem about the sea", "Write a short poem about the sea"),
            12 / 13,
        ),
        (metrics.cohen_kappa([[20, 5], [10, 15]]), 0.4),
        (metrics.cohen_kappa([[20, 5], [10, 15]]).pabak, 0.4),
        (metrics.fleiss_kappa(VOTES), 0.20993),
        (metrics.krippendorff_alpha(CODERS), 0.69136),
        (metrics.krippendorff_alpha(CODERS, level="interval"), 0.81084),
        (metrics.krippendorff_alpha(OBSERVERS), 0.74342),
        (metrics.krippendorff_alpha(OBSERVERS, level="ordinal"), 0.81539),
        (metrics.krippendorff_alpha(OBSERVERS, level="interval"), 0.84911),
        (metrics.krippendorff_alpha(OBSERVERS, level="ratio"), 0.79740),
        (metrics.bradley_terry([[0, 3], [1, 0]])[0], math.sqrt(3)),
        (metrics.minhash_jaccard(CORPUS[0], CORPUS[1]), 4 / 6),
        (metrics.position_bias(20, 15), 0.04139),
        (metrics.perplexity_from_logprobs(np.log([0.25, 0.5, 0.125])), 4),
    ],
)
def test_worked_value(figure: float, value: float) -> None:
    assert figure == pytest.approx(value, abs=1e-4)


def test_compression_ratio_of_noise_and_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    noise = ["".join(letters[rng.integers(0, 26, 5)]) for _ in range(600)]
    # Builds of zlib differ by some bytes.
    assert metrics.compression_ratio(noise) == pytest.approx(1.62, rel=0.03)
    assert metrics.compression_ratio(CORPUS[:1] * 100) > 35
    plain = " ".join(CORPUS).encode()
    assert metrics.compression_ratio(CORPUS) == len(plain) / len(gzip.compress(plain))


def test_equal_sets_of_embeddings_have_a_mauve_of_one() -> None:
    assert metrics.mauve_embeddings(np.eye(4), np.eye(4)) == pytest.approx(1)


def test_prdc_of_equal_sets_is_what_theory_expects() -> None:
    rng = np.random.default_rng(0)
    figures = metrics.prdc(rng.normal(size=(3000, 3)), rng.normal(size=(3000, 3)), k=5)
    expected = 1 - math.prod(3000 - i for i in range(1, 6)) / math.prod(
        6000 - i for i in range(1, 6)
    )
    assert figures["coverage"] == pytest.approx(expected, abs=0.02)
    assert figures["density"] == pytest.approx(1, abs=0.05)


def test_prdc_counts_a_copy_as_close_to_its_original() -> None:
    real = [[0.0], [0.0], [0.0], [5.0], [7.0]]
    assert metrics.prdc(real, [[0.0], [0.0], [0.0]], k=2)["precision"] == 1
    assert metrics.prdc(real, [[-0.1]] * 3, k=2)["precision"] == 0


def test_bradley_terry_strengths_reproduce_the_wins_they_were_fitted_to() -> None:
    wins = np.array([[0, 7, 9], [3, 0, 6], [1, 4, 0]])
    strength = metrics.bradley_terry(wins)
    expected = (wins + wins.T) * strength[:, None] / np.add.outer(strength, strength)
    np.fill_diagonal(expected, 0)
    assert expected.sum(axis=1) == pytest.approx(wins.sum(axis=1))
    assert math.prod(strength) == pytest.approx(1)


def test_bradley_terry_follows_a_long_chain_of_items() -> None:
    wins = np.diag([3] * 149, 1) + np.diag([1] * 149, -1)
    logs = np.log(metrics.bradley_terry(wins))
    assert logs[:-1] - logs[1:] == pytest.approx(math.log(3))


def test_alpha_needs_no_table_of_values_by_values() -> None:
    ratings = np.random.default_rng(0).normal(size=(3, 30_000))
    for level in ("interval", "ordinal"):
        assert metrics.krippendorff_alpha(ratings, level=level) == pytest.approx(0, abs=0.02)


def test_winless_item_needs_a_prior() -> None:
    with pytest.raises(ValueError, match="prior"):
        metrics.bradley_terry([[0, 3], [0, 0]])
    assert metrics.bradley_terry([[0, 3], [0, 0]], prior=0.5)[0] > 1


def test_c2st_comes_near_the_best_accuracy_there_is() -> None:
    rng = np.random.default_rng(0)
    real, shifted = rng.normal(size=(3000, 1)), rng.normal(1, 1, size=(3000, 1))
    assert metrics.c2st(real, shifted) == pytest.approx(0.6915, abs=0.015)
    halfway = rng.normal(0.5, 1, size=(3000, 1))
    assert metrics.c2st(real, halfway) == pytest.approx(0.5987, abs=0.015)
    same = metrics.c2st(real, rng.normal(size=(3000, 1)))
    assert same == pytest.approx(0.5, abs=0.02)
    assert same.p > 0.01


def test_c2st_tests_its_accuracy_against_a_coin() -> None:
    rng = np.random.default_rng(0)
    result = metrics.c2st(rng.normal(size=(100, 1)), rng.normal(0.3, 1, size=(100, 1)))
    # At 200 rows 0.56 gives z = 1.697 and p = 0.0448.
    assert result.n == 200
    assert result.z == pytest.approx(1.697 * (result - 0.5) / 0.06, abs=0.001)
    assert result.p == pytest.approx(math.erfc(result.z / math.sqrt(2)) / 2)


def test_c2st_names_the_words_that_give_synthetic_texts_away() -> None:
    real = [f"order {n} came late and broken" for n in range(60)]
    synthetic = [f"certainly! order {n} came late and broken" for n in range(60)]
    result = metrics.c2st(real, synthetic)
    assert result == 1.0
    assert "certainly" in result.top[0][0]


def test_tstr_puts_training_on_real_rows_beside() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 2))
    y = x[:, 0] > 0
    result = metrics.tstr(
        x[:200], ~y[:200], x[400:], y[400:], real=x[200:400], real_labels=y[200:400]
    )
    assert result < 0.1
    assert result.trtr > 0.9
    assert result.gap == pytest.approx(result.trtr - result)


@pytest.mark.parametrize("kind", [float, bool, str, np.int64])
def test_tstr_knows_a_class_however_a_file_writes_it(kind: Callable[[int], object]) -> None:
    texts, labels = ["good fun day", "bad dull mess"] * 20, [1, 0] * 20
    assert metrics.tstr(texts, [kind(label) for label in labels], texts, labels) == 1.0


def test_tstr_regresses_on_many_numbers_alone() -> None:
    x = np.random.default_rng(0).normal(size=(60, 2))
    assert metrics.tstr(x, x[:, 0], x, x[:, 0]) > 0.99
    constant = metrics.tstr(x, x[:, 0], x, [1.0] * 60)
    assert (constant, constant.baseline, constant.numeric) == (0.0, 0.0, True)
    names = [f"class {i % 30}" for i in range(60)]
    assert metrics.tstr(x, names, x, names).numeric is False


def test_dcr_share_sees_copies() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(900, 4))
    fresh = metrics.dcr_share(rows[:300], rows[300:600], rows[600:])
    copied = metrics.dcr_share(rows[:300], rows[300:600], rows[:300])
    assert fresh == pytest.approx(0.5, abs=0.1)
    assert copied == 1.0


def test_dcr_share_by_products_agrees_with_the_tree() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(600, 6))
    wide = np.hstack([rows, np.zeros((600, 20))])  # more than 16 columns: no tree
    narrow_share = metrics.dcr_share(rows[:200], rows[200:400], rows[400:])
    assert metrics.dcr_share(wide[:200], wide[200:400], wide[400:]) == narrow_share
    assert metrics.dcr_share(wide[:200], wide[200:400], wide[:200]) == 1.0


def test_contamination_counts_hits_within_one_text_only() -> None:
    corpus = ["alpha beta gamma", "delta epsilon zeta"]
    assert metrics.contamination("gamma delta epsilon", corpus, n=3)["hits"] == 0
    result = metrics.contamination("Say: ALPHA, beta gamma! And more.", corpus, n=3)
    assert result == {"hits": 1, "ratio": 0.25, "coverage": 0.5, "longest": 3}
    # Runs of hits, not the tokens they cover, make the longest span.
    both = metrics.contamination("alpha beta gamma delta epsilon zeta", corpus, n=3)
    assert both == {"hits": 2, "ratio": 0.5, "coverage": 1.0, "longest": 3}


def test_contamination_finds_short_items_and_scripts_without_spaces() -> None:
    assert metrics.contamination("What is 2+2?", ["q: what is 2 + 2"], n=13)["coverage"] == 1
    assert (
        metrics.contamination("我喜欢在公园里跑步", ["昨天我喜欢在公园里跑步。"], n=8)["hits"]
        == 2
    )
    assert metrics.contamination("Ünïcode wörds here", ["unicode words here"], n=3)["hits"] == 1


def test_minhash_of_large_sets_is_within_its_standard_error() -> None:
    a = [f"w{n}" for n in range(9000)]
    b = [f"w{n}" for n in range(3000, 12000)]
    assert metrics.minhash_jaccard(a, b) == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / 1024))


def test_self_repetition_agrees_with_counting() -> None:
    rng = np.random.default_rng(3)
    texts = [" ".join(rng.choice(list("abcde"), 8)) for _ in range(30)]
    grams = [set(zip(t.split(), t.split()[1:], strict=False)) for t in texts]
    by_hand = [math.log(1 + sum(sum(g in o for o in grams) - 1 for g in own)) for own in grams]
    assert metrics.self_repetition(texts, 2) == pytest.approx(np.mean(by_hand))


def test_long_ngrams_keep_their_codes_exact_when_numbers_run_out() -> None:
    texts = [" ".join(f"w{i}" for i in range(start, start + 5000)) for start in (0, 2500)]
    # 7,500 words to the power of 12 do not fit 64 bits.
    assert metrics.distinct(texts, 12) == pytest.approx((4989 + 2500) / (2 * 4989))


def test_perplexity_model_is_a_distribution() -> None:
    model = metrics.NgramModel(["a b a c", "a b b", "c a b"], order=3)
    # All texts of one or two tokens over the words, plus what is left for longer ones.
    total = 0.0
    for text in ["", "a", "b", "c", "zzz"]:
        logs, _ = model.logprobs([text])
        total += math.exp(logs[0])
    assert 0 < total < 1
    assert model.perplexities(["a b", "a zzz"]).tolist() == sorted(
        model.perplexities(["a b", "a zzz"])
    )


def test_perplexity_rises_from_the_reference_to_noise() -> None:
    rows = [f"the {a} {b} sat on the mat" for a in ("big", "red") for b in ("cat", "dog")]
    own = metrics.perplexity(rows, rows)
    other = metrics.perplexity(["mat the on sat"], rows)
    noise = metrics.perplexity(["x y z q"], rows)
    assert 1 < own < other < noise


def test_bootstrap_interval_of_a_mean_is_the_textbook_one() -> None:
    sample = np.random.default_rng(0).normal(size=400)
    low, high = metrics.bootstrap(np.mean, sample)
    error = 1.96 * sample.std() / 20
    assert (low, high) == pytest.approx(
        (sample.mean() - error, sample.mean() + error), abs=0.02
    )


def test_bootstrap_of_texts_does_not_count_its_own_copies() -> None:
    texts = [f"w{n} w{n + 1} w{n + 2}" for n in range(200)]
    low, high = metrics.bootstrap(lambda rows: metrics.distinct(rows, 3), texts, repeats=50)
    assert low <= 1.0 <= high


def test_every_public_function_has_an_example() -> None:
    for name in metrics.__all__:
        if name not in ("Interval", "Encoded"):
            assert ">>>" in (getattr(metrics, name).__doc__ or ""), name


def test_c2st_and_tstr_take_frames_with_gaps_and_classes() -> None:
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    size = 300
    age = rng.normal(40, 10, size)
    real = pandas.DataFrame({"age": age, "ward": np.where(age > 40, "A", "B"), "note": "seen"})
    real.loc[::7, "age"] = None
    fake = real.assign(ward=rng.choice(["A", "B"], size))
    result = metrics.c2st(real, fake)
    assert 0.3 < result < 0.7, "each column alone looks the same"
    shifted = real.assign(ward="C")
    assert metrics.c2st(real, shifted) == 1.0
    assert metrics.c2st(real, shifted).top[0][0].startswith("ward")
    score = metrics.tstr(real[["age"]], real["ward"], real[["age"]], real["ward"])
    assert score > 0.8
