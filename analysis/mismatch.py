"""Why the published bound of the mismatch probability holds: Chebyshev's inequality on the margin."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Relation, Step
from analysis.domain import Integers, Reals
from analysis.roundoff import rounding_error_continuous

__all__ = ["mismatch_bound", "rounded_sum_power"]

B, n = sp.symbols("B n", integer=True, positive=True)
R, d, g, step = sp.symbols("R d g Delta", positive=True)
p_m, p_beyond, excess = sp.symbols("p_m p_beyond c", nonnegative=True)
power, variance = sp.symbols("P_S v", positive=True)

INDEPENDENT = Assumption("rounding errors are independent and have zero mean")
UNIFORM = Assumption("rounding errors are uniform over a step, and nothing saturates")
SYMMETRIC = Assumption("the noise of the margin is symmetric about zero", sp.Eq(p_m, p_beyond / 2))
CHEBYSHEV = Definition(
    sp.Eq(p_beyond, power / d**2 - excess),
    "c is the mean of s²/d² − 1[|s| ≥ d], which is nowhere negative",
)
WORD = Definition(sp.Eq(step, 2 * R * 2**-B), "signed word of B bits on [−R, R)")
VARIANCE = {rounding_error_continuous().quantity: variance}
SUM_DOMAIN: dict[sp.Symbol, Integers | Reals] = {n: Integers(1, 4096), g: Reals(0.01, 4), step: Reals(0.001, 1)}
DOMAIN: dict[sp.Symbol, Integers | Reals] = {
    n: Integers(1, 4096),
    B: Integers(1, 24),
    R: Reals(0.1, 8),
    g: Reals(0.01, 4),
    d: Reals(0.01, 10),
}


def rounded_sum_power() -> Derivation:
    """Mean square of Σ g·e over n independent rounding errors e."""
    j = sp.Symbol("j", integer=True)
    return Derivation(
        "rounded_sum_power",
        power,
        (
            Step(sp.Sum(g**2 * variance * step**2, (j, 1, n)), "products of independent errors vanish in the mean"),
            Step(n * g**2 * variance * step**2, "n equal terms", (INDEPENDENT,)),
            Step(n * g**2 * step**2 / 12, "uniform errors", (UNIFORM, Lemma(rounding_error_continuous(), VARIANCE))),
        ),
        SUM_DOMAIN,
    )


def mismatch_bound() -> Derivation:
    """Bound of the probability that the rounding of n operands with gradient g turns a margin d around."""
    return Derivation(
        "mismatch_bound",
        p_m,
        (
            Step(p_m, "probability that the noise S of the margin is below −d"),
            Step(p_beyond / 2, "half of P(|S| ≥ d)", (SYMMETRIC,)),
            Step((power / d**2 - excess) / 2, "Chebyshev", (CHEBYSHEV,)),
            Step(power / (2 * d**2), "c is not negative", relation=Relation.AT_MOST),
            Step(n * g**2 * step**2 / (24 * d**2), "power of the noise", (Lemma(rounded_sum_power()),)),
            Step(4 * R**2 * n * g**2 / (24 * d**2) * 4**-B, "the word", (WORD,)),
        ),
        DOMAIN,
        "Sakr, Kim and Shanbhag, ICML 2017, theorem 1",
    )
