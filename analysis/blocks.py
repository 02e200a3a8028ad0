"""Why block-scaled integers have their noise: the law of the largest of n values, octave by octave."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Step
from analysis.domain import Integers, Reals

__all__ = [
    "block_maximum",
    "block_scaled",
    "uniform_octave",
    "uniform_block_noise",
    "block_scaled_uniform",
]

HALF = sp.Rational(1, 2)

x, u, c = sp.symbols("x u c", real=True)
e, j = sp.symbols("e j", integer=True)
i = sp.Symbol("i", integer=True, nonnegative=True)
n, B = sp.symbols("n B", integer=True, positive=True)
sigma, step, below, half_below = sp.symbols("sigma Delta F_T F_H", positive=True)
noise, half_noise = sp.symbols("D_T D_H", positive=True)
probability, octave_noise, total, sqnr = sp.symbols("P_e N_e N SQNR", positive=True)
F, D = sp.Function("F"), sp.Function("D")

INDEPENDENT = Assumption("the values are independent and of one law: all n are below T with the probability F(T)ⁿ")
SMOOTH = Assumption("values uniform on [−1, 1]", sp.Eq(c, HALF))
STEP = Definition(sp.Eq(step, 2 ** (1 - B - i)), "B bits of two's complement span [−T, T) at T = 2⁻ⁱ")
WORDS = {B: Integers(2, 16), n: Integers(1, 64)}


def block_maximum() -> Derivation:
    """Probability that the largest of n Gaussian magnitudes has its leading bit just below T = 2ᵉ."""
    law = sp.exp(-(x**2) / (2 * sigma**2)) / sp.sqrt(2 * sp.pi * sigma**2)
    return Derivation(
        "block_maximum",
        probability,
        (
            Step(
                sp.Product(below, (j, 1, n)) - sp.Product(half_below, (j, 1, n)),
                "the largest is below T when all are: all below T = 2ᵉ, less all below T/2",
            ),
            Step(below**n - half_below**n, "independent values", (INDEPENDENT,)),
            Step(
                sp.Integral(law, (x, -(2**e), 2**e)) ** n - sp.Integral(law, (x, -(2**e) / 2, 2**e / 2)) ** n,
                "F(T) = P(|x| < T) of a Gaussian",
                (
                    Definition(sp.Eq(below, sp.Integral(law, (x, -(2**e), 2**e)))),
                    Definition(sp.Eq(half_below, sp.Integral(law, (x, -(2**e) / 2, 2**e / 2)))),
                ),
            ),
            Step(
                sp.erf(2**e / (sp.sqrt(2) * sigma)) ** n - sp.erf(2**e / (2 * sp.sqrt(2) * sigma)) ** n,
                "integrals",
            ),
        ),
        {e: Integers(-3, 3), n: Integers(1, 64), sigma: Reals(0.3, 3)},
        source="H. A. David, H. N. Nagaraja, Order Statistics, 2003, section 2.1",
    )


def block_scaled() -> Derivation:
    """Noise power per value of the blocks whose largest magnitude is in [T/2, T), for any law."""
    others = (j, 2, n)
    return Derivation(
        "block_scaled",
        octave_noise,
        (
            Step(
                noise * sp.Product(below, others) - half_noise * sp.Product(half_below, others),
                "E[error²; all n below T] − E[error²; all n below T/2], with the step of T in both: the error of one "
                "value is D, and the other n − 1 are below as well",
            ),
            Step(noise * below ** (n - 1) - half_noise * half_below ** (n - 1), "independent values", (INDEPENDENT,)),
            Step(
                (noise - half_noise) * below ** (n - 1) + half_noise * (below ** (n - 1) - half_below ** (n - 1)),
                "a value of the octave [T/2, T) among values below T, or a smaller one with another in that octave",
            ),
        ),
        {
            below: Reals(0.5, 1),
            half_below: Reals(0, 0.5),
            noise: Reals(0.1, 1),
            half_noise: Reals(0.01, 0.1),
            n: Integers(1, 64),
        },
    )


def uniform_octave() -> Derivation:
    """Noise power per value of the blocks with the largest magnitude in [2⁻ⁱ⁻¹, 2⁻ⁱ), values uniform on [−1, 1]."""
    cell = sp.Integral(u**2 * c, (u, -step / 2, step / 2))
    edges = sp.Integral(u**2 * c, (u, 0, step / 2)) + sp.Integral(u**2 * c, (u, step / 2, step))
    return Derivation(
        "uniform_octave",
        D(i),
        (
            Step(
                noise * below ** (n - 1) - half_noise * half_below ** (n - 1), "all values below T, less all below T/2"
            ),
            Step(
                ((2**B - 1) * cell + edges) * 2 ** (-i * (n - 1)) - 2 ** (B - 1) * cell * 2 ** (-(i + 1) * (n - 1)),
                "cells of the density c: 2ᴮ − 1 whole ones, half a one at −T, and above the largest code values that "
                "saturate, by up to a step; below T/2 as many as 2ᴮ⁻¹ whole ones hold; F(T) = T",
                (
                    Definition(sp.Eq(noise, (2**B - 1) * cell + edges), "below T"),
                    Definition(sp.Eq(half_noise, 2 ** (B - 1) * cell), "below T/2"),
                    Definition(sp.Eq(below, 2**-i), "P(|x| < T)"),
                    Definition(sp.Eq(half_below, 2 ** (-i - 1)), "P(|x| < T/2)"),
                ),
            ),
            Step(
                2 ** (-i * (n + 2)) * 4 ** (1 - B) * (1 - sp.S(2) ** -n + 3 * sp.S(2) ** -B) / 12,
                "integrals, at the step that belongs to T",
                (SMOOTH, STEP),
            ),
        ),
        {**WORDS, i: Integers(0, 8)},
    )


def uniform_block_noise() -> Derivation:
    """Noise power of block-scaled integers of values uniform on [−1, 1]."""
    return Derivation(
        "uniform_block_noise",
        total,
        (
            Step(sp.Sum(D(i), (i, 0, sp.oo)), "the octaves below 1"),
            Step(
                4 ** (1 - B) * (1 - sp.S(2) ** -n + 3 * sp.S(2) ** -B) / (12 * (1 - sp.S(2) ** (-n - 2))),
                "geometric series: each octave has 2⁻ⁿ⁻² of the noise of the one above",
                (Lemma(uniform_octave()),),
            ),
        ),
        WORDS,
    )


def block_scaled_uniform() -> Derivation:
    """SQNR of block-scaled integers of values uniform on [−1, 1]."""
    return Derivation(
        "block_scaled_uniform",
        sqnr,
        (
            Step(sp.Integral(x**2 * c, (x, -1, 1)) / total, "powers of signal and error"),
            Step(
                4**B * (1 - sp.S(2) ** (-n - 2)) / (1 - sp.S(2) ** -n + 3 * sp.S(2) ** -B),
                "power ⅓ over the noise of all octaves",
                (SMOOTH, Lemma(uniform_block_noise())),
            ),
        ),
        WORDS,
    )
