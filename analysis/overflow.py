"""Why sums overflow as often as predicted: what overflows, how tails go on, cumulants of sums, images as the unit."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Step
from analysis.domain import Choice, Integers, Reals

__all__ = [
    "design_effect",
    "overflow_tail",
    "product_cumulants",
    "register_overflow",
    "saddlepoint_overflow",
    "threshold_stability",
]

B, n, N, m = sp.symbols("B n N m", integer=True, positive=True)
j = sp.Symbol("j", integer=True)
count, tail, kurtosis, effect = sp.symbols("K P_T kappa D", positive=True)
share, scale, excess, threshold = sp.symbols("zeta beta y u", positive=True)
shape = sp.Symbol("xi", real=True)
x, t, p, z = sp.symbols("x t p z", positive=True)
deviation = sp.Symbol("sigma", positive=True)
common = sp.Symbol("rho", nonnegative=True)

LAW = (1 + shape * excess / scale) ** (-1 / shape)
SHAPES = Choice(*(sp.Rational(each, 4) for each in (-2, -1, 1, 2)))


def register_overflow() -> Derivation:
    """How many of the sums −n, …, n overflow B bits."""
    least = 2 ** (B - 1)
    return Derivation(
        "register_overflow",
        count,
        (
            Step(
                sp.Sum(1, (j, least, n)) + sp.Sum(1, (j, least + 1, n)),
                "S ≥ 2^(B−1) on the positive side, −S − 1 ≥ 2^(B−1) on the negative one",
            ),
            Step((n - least + 1) + (n - least), "terms of both sums"),
            Step(2 * n + 1 - 2**B, "all sums less the codes of the register"),
        ),
        {B: Integers(2, 8), n: Integers(130, 1000)},
    )


def threshold_stability() -> Derivation:
    """Share of a generalised Pareto law above u + y, of what is above u: the same law with another scale."""
    moved = scale + shape * threshold
    return Derivation(
        "threshold_stability",
        tail,
        (
            Step(
                ((1 + shape * (threshold + excess) / scale) / (1 + shape * threshold / scale)) ** (-1 / shape),
                "the share above u + y, of that above u: both are powers of the same kind",
            ),
            Step(LAW.subs(scale, moved), "shape ξ again, and scale β + ξu"),
        ),
        {shape: SHAPES, scale: Reals(16000, 17000), threshold: Reals(2000, 13000), excess: Reals(4000, 8000)},
        source="J. Pickands, Ann. Statist. 3 (1975) 119",
    )


def overflow_tail() -> Derivation:
    """Probability of exceeding a threshold u by y, where the reciprocal of the hazard is linear."""
    last, hazard = sp.Symbol("b", positive=True), sp.Function("h")
    linear = Assumption(
        "above the threshold the reciprocal hazard of the sums is linear in the excess: constant for exponential "
        "tails, falling to 0 at the end of bounded ones",
        sp.Eq(hazard(x), 1 / x),
    )
    return Derivation(
        "overflow_tail",
        tail,
        (
            Step(
                share * sp.exp(-sp.Integral(hazard(x) / shape, (x, scale, last))),
                "a share ζ reaches u; until x = β + ξ·excess comes to b, a part h(x)dx/ξ goes no further",
            ),
            Step(
                share * sp.exp(-sp.Integral(1 / (shape * x), (x, scale, last))),
                "regular tails, to first order",
                (linear,),
            ),
            Step(share * last ** (-1 / shape) * scale ** (1 / shape), "the integral"),
            Step(share * (last / scale) ** (-1 / shape), "collected"),
            Step(
                share * LAW,
                "the generalised Pareto law",
                (Definition(sp.Eq(last, scale * (1 + shape * excess / scale))),),
            ),
        ),
        {share: Reals(0.0001, 0.1), shape: SHAPES, scale: Reals(1, 4), excess: Reals(0.1, 1.5)},
        source="J. Pickands, Ann. Statist. 3 (1975) 119",
    )


def product_cumulants() -> Derivation:
    """Excess kurtosis of a sum of N products of independent Gaussian operands."""
    fourth, second = sp.symbols("kappa_4 kappa_2", positive=True)
    m_4, m_2 = sp.symbols("m_4 m_2", positive=True)
    density = sp.exp(-(t**2) / (2 * deviation**2)) / (sp.sqrt(2 * sp.pi) * deviation)
    moments = {power: sp.Integral(t**power * density, (t, -sp.oo, sp.oo)) for power in (2, 4)}
    return Derivation(
        "product_cumulants",
        kurtosis,
        (
            Step(fourth / second**2, "definition"),
            Step(
                (m_4 - 3 * m_2**2) / (N * m_2**2),
                "each cumulant is N times that of one product, whose mean is zero",
                (
                    Assumption("the products are independent", sp.Eq(fourth, N * (m_4 - 3 * m_2**2))),
                    Definition(sp.Eq(second, N * m_2)),
                ),
            ),
            Step(
                (moments[4] ** 2 - 3 * moments[2] ** 4) / (N * moments[2] ** 4),
                "moments of a product are products of moments",
                (
                    Assumption("the operands are independent Gaussians of zero mean", sp.Eq(m_4, moments[4] ** 2)),
                    Definition(sp.Eq(m_2, moments[2] ** 2)),
                ),
            ),
            Step(6 / N, "σ² and 3σ⁴"),
        ),
        {N: Integers(1, 64), deviation: Reals(1, 100)},
    )


def saddlepoint_overflow() -> Derivation:
    """P(S > μ + zσ) of a Gaussian by the saddlepoint formula."""
    w, r, limit = sp.symbols("w r a", positive=True)
    point, mean = z / deviation, sp.Symbol("mu", real=True)
    exponent = mean * t + deviation**2 * t**2 / 2
    return Derivation(
        "saddlepoint_overflow",
        tail,
        (
            Step(sp.erfc((w + sp.log(r / w) / w) / sp.sqrt(2)) / 2, "the formula: Φ(−w − ln(r/w)/w)"),
            Step(
                sp.erfc(z / sp.sqrt(2)) / 2,
                "K(t) = μt + σ²t²/2 has its saddlepoint K'(t) = a at t = z/σ: r = w = z",
                (
                    Assumption(
                        "the sum is Gaussian: its cumulants above the second vanish",
                        sp.Eq(r, point * sp.sqrt(sp.diff(exponent, t, 2))),
                    ),
                    Definition(sp.Eq(w, sp.sqrt(2 * (point * limit - exponent.subs(t, point))))),
                    Definition(sp.Eq(limit, mean + z * deviation)),
                ),
            ),
        ),
        {z: Reals(0.5, 5)},
        source="R. Lugannani and S. Rice, Adv. Appl. Prob. 12 (1980) 475",
    )


def design_effect() -> Derivation:
    """Variance of the number of overflows of an image with m outputs, over that of independent outputs."""
    variance, covariance, both = sp.symbols("v c p_2", positive=True)
    return Derivation(
        "design_effect",
        effect,
        (
            Step((m * variance + m * (m - 1) * covariance) / (m * variance), "m variances and m(m − 1) covariances"),
            Step(
                1 + (m - 1) * (both - p**2) / (p * (1 - p)),
                "of events of probability p, two of which come together with p₂",
                (Definition(sp.Eq(variance, p * (1 - p))), Definition(sp.Eq(covariance, both - p**2))),
            ),
            Step(
                1 + (m - 1) * common,
                "together in a part ρ of the images, independently in the others",
                (
                    Assumption(
                        "all outputs of a part ρ of the images are alike, those of the others are independent",
                        sp.Eq(both, common * p + (1 - common) * p**2),
                    ),
                ),
            ),
        ),
        {m: Integers(2, 32), common: Choice(0, sp.Rational(1, 4), sp.Rational(1, 2), 1), p: Reals(0.01, 0.3)},
        source="L. Kish, Survey Sampling (1965), 5.4",
    )
