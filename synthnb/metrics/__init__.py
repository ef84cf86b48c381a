"""Measures of synthetic data: pure functions on lists of texts or arrays.

Each returns a plain number (some carry more as attributes), a dict or an array, as its
docstring says; input that has no answer raises ``ValueError`` with one line. Tokens are
``str.split()``; text without spaces falls to characters; ``tokenize=`` overrides. Logarithms
are natural, but ``ngram_entropy`` is in bits. Figures compare only at equal sample size and
equal length: give them with ``bootstrap`` intervals and beside a real-against-real split.
"""

from synthnb.metrics.agreement import (
    bradley_terry,
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    position_bias,
)
from synthnb.metrics.classify import c2st, tstr
from synthnb.metrics.distributions import (
    chi_square,
    cramers_v,
    hellinger,
    jsd,
    kl,
    ks,
    psi,
    total_variation,
    wasserstein,
)
from synthnb.metrics.diversity import (
    compression_ratio,
    distinct,
    mean_pairwise_distance,
    mtld,
    ngram_diversity,
    ngram_entropy,
    self_bleu,
    self_repetition,
    vendi,
    vendi_embeddings,
)
from synthnb.metrics.embeddings import embed, mauve, mauve_embeddings, prdc
from synthnb.metrics.figure import Figure, Interval
from synthnb.metrics.gain import rare_class_gain
from synthnb.metrics.intervals import bootstrap
from synthnb.metrics.items import discrimination, point_biserial, solve_rates
from synthnb.metrics.ngram_model import NgramModel, perplexity, perplexity_from_logprobs
from synthnb.metrics.overlap import (
    ContaminationIndex,
    contamination,
    minhash_jaccard,
    rouge_l,
)
from synthnb.metrics.privacy import dcr_share, k_anonymity, l_diversity
from synthnb.metrics.tokens import Encoded, encode, tokens

__all__ = [
    "ContaminationIndex",
    "Encoded",
    "Figure",
    "Interval",
    "NgramModel",
    "bootstrap",
    "bradley_terry",
    "c2st",
    "chi_square",
    "cohen_kappa",
    "compression_ratio",
    "contamination",
    "cramers_v",
    "dcr_share",
    "discrimination",
    "distinct",
    "embed",
    "encode",
    "fleiss_kappa",
    "hellinger",
    "jsd",
    "k_anonymity",
    "kl",
    "krippendorff_alpha",
    "ks",
    "l_diversity",
    "mauve",
    "mauve_embeddings",
    "mean_pairwise_distance",
    "minhash_jaccard",
    "mtld",
    "ngram_diversity",
    "ngram_entropy",
    "perplexity",
    "perplexity_from_logprobs",
    "point_biserial",
    "position_bias",
    "prdc",
    "psi",
    "rare_class_gain",
    "rouge_l",
    "self_bleu",
    "self_repetition",
    "solve_rates",
    "tokens",
    "total_variation",
    "tstr",
    "vendi",
    "vendi_embeddings",
    "wasserstein",
]
