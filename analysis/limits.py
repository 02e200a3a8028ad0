"""Why no quantiser exceeds these limits: optimal levels, entropy coding, rate and distortion."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Relation, Step
from analysis.domain import Integers, Reals

__all__ = [
    "lloyd_max_threshold",
    "lloyd_max_level",
    "lloyd_max",
    "laplace_cell",
    "laplace_mean_code",
    "entropy_of_codes",
    "entropy_of_fine_codes",
    "entropy_coded",
    "gaussian_entropy",
    "gaussian_cross_entropy",
    "entropy_coded_gap",
    "shannon_lower_bound",
    "rate_distortion",
]

HALF = sp.Rational(1, 2)

x, t, y, z, a, b, e = sp.symbols("x t y z a b e", real=True)
k, K = sp.symbols("k K", integer=True, positive=True)
p, P, M, S, level = (sp.Function(name) for name in ("p", "P", "M", "S", "y"))
mass, first, second = sp.symbols("m_0 m_1 m_2", positive=True)
slope = sp.Symbol("N'", real=True)
step, sigma, alpha, power, noise, beta = sp.symbols("Delta sigma alpha P_x N beta", positive=True)
ratio = sp.Symbol("rho", positive=True)
sqnr, gap, density = sp.symbols("SQNR gap w", positive=True)
rate, location, excess, deficit = sp.symbols("R H_0 r d", nonnegative=True)
entropy_power, least_power, mean_code = sp.symbols("Q_e Q_0 m", positive=True)
entropy, cross_entropy, fine_entropy = sp.symbols("h h_c h_Delta", real=True)

FIRST = (1 - ratio**2) / (2 * ratio)
CODES_RATE = -(
    (1 - ratio) * sp.log(1 - ratio) + ratio * sp.log(FIRST) + 2 * ratio * sp.log(ratio) / (1 - ratio**2)
) / sp.log(2)

MIDWAY = Definition(sp.Eq(t, (y + z) / 2), "threshold midway between its levels")
CENTROID = Definition(sp.Eq(y, first / mass), "level at the centroid of its cell")
CENTROIDS = Definition(sp.Eq(M(k), level(k) * P(k)), "levels at the centroids of their cells: lloyd_max_level")
COVERED = Definition(sp.Eq(sp.Sum(S(k), (k, 1, K)), power), "the cells cover all values")

UNIFORM_ERROR = Assumption(
    "the step is fine: over one cell the density is constant, and the error of a value that is not zero uniform",
    sp.Eq(density, 1 / step),
)
FINE_RATE = Assumption(
    "the step is fine: the codes of the values that are not zero have the entropy h − log₂Δ (entropy_of_fine_codes)",
    sp.Eq(step, 2 ** (entropy - (rate - location) / alpha)),
)
INFORMATION = Assumption(
    "independent values: the rate is at least what the codes tell of the values, h − h_e bits for each that is not "
    "zero; a coder that wastes bits leaves the error an entropy power Q_e = 4^h_e/(2πe) of 1 + r times the least",
    sp.Eq(entropy_power, least_power * (1 + excess)),
)
GREATEST_ENTROPY = Assumption(
    "no error of a power has more entropy than the Gaussian (gaussian_cross_entropy): the power is at least the "
    "entropy power, by a factor 1 + d, d ≥ 0",
    sp.Eq(noise, alpha * entropy_power * (1 + deficit)),
)
LEAST_POWER = Definition(
    sp.Eq(least_power, 4 ** (entropy - rate / alpha) / (2 * sp.pi * sp.E)), "entropy power at h_e = h − R/α"
)
NO_ATOM = Definition(sp.Eq(alpha, 1), "a Gaussian has no atom")
ZERO_MEAN = Assumption("the values are Gaussian with zero mean", sp.Eq(power, sigma**2))

CODED = {
    power: Reals(0.1, 10),
    alpha: Reals(0.1, 1),
    rate: Reals(1, 16),
    location: Reals(0, 1),
    entropy: Reals(-4, 4),
}


def lloyd_max_threshold() -> Derivation:
    """Slope of the noise in a threshold t between the levels y and z, for any density p: zero midway."""
    both = sp.Integral((x - y) ** 2 * p(x), (x, a, t)) + sp.Integral((x - z) ** 2 * p(x), (x, t, b))
    return Derivation(
        "lloyd_max_threshold",
        slope,
        (
            Step(sp.Derivative(both, t), "noise of the two cells that share the threshold, differentiated"),
            Step(p(t) * (z - y) * (2 * t - y - z), "Leibniz: what one cell gains the other loses"),
            Step(sp.S.Zero, "zero midway; negative below, positive above", (MIDWAY,)),
        ),
        {},
        source="S. P. Lloyd, Least squares quantization in PCM, IEEE Trans. Inf. Theory 28 (1982) 129-137",
    )


def lloyd_max_level() -> Derivation:
    """Slope of the noise in the level y of a cell, for any law: zero at the centroid."""
    return Derivation(
        "lloyd_max_level",
        slope,
        (
            Step(
                sp.Derivative(second - 2 * y * first + y**2 * mass, y),
                "noise E[(x − y)²; x in the cell] by the cell's moments E[xⁱ; x in the cell] = mᵢ, differentiated",
            ),
            Step(2 * (y * mass - first), "slope of a parabola in y that opens upwards"),
            Step(sp.S.Zero, "zero at its lowest point, the centroid", (CENTROID,)),
        ),
        {},
        source="S. P. Lloyd, Least squares quantization in PCM, IEEE Trans. Inf. Theory 28 (1982) 129-137",
    )


def lloyd_max() -> Derivation:
    """Noise power of a quantiser whose levels are centroids: the power of the values less that of the levels."""
    cells = (k, 1, K)
    levels = sp.Sum(level(k) ** 2 * P(k), cells)
    return Derivation(
        "lloyd_max",
        noise,
        (
            Step(
                sp.Sum(S(k) - 2 * level(k) * M(k) + level(k) ** 2 * P(k), cells),
                "noise of all cells, by their masses P and moments M = E[x; cell], S = E[x²; cell]",
            ),
            Step(sp.Sum(S(k), cells) - levels, "the error is orthogonal to the level", (CENTROIDS,)),
            Step(power - levels, "the second moments add up to the power", (COVERED,)),
        ),
        {power: Reals(0.1, 10), K: Integers(1, 256)},
        source="J. Max, Quantizing for minimum distortion, IRE Trans. Inf. Theory 6 (1960) 7-12",
    )


def laplace_cell() -> Derivation:
    """Probability of the code k > 0 of a Laplace law rounded to multiples of a step Δ, with ρ = e^(−Δ/2β)."""
    fall = Definition(sp.Eq(step, -2 * beta * sp.log(ratio)), "ρ = e^(−Δ/2β)")
    cell = (x, (k - HALF) * step, (k + HALF) * step)
    return Derivation(
        "laplace_cell",
        P(k),
        (
            Step(sp.Integral(sp.exp(-x / beta) / (2 * beta), cell), "Laplace law of mean magnitude β over the cell"),
            Step((sp.exp(step / (2 * beta)) - sp.exp(-step / (2 * beta))) * sp.exp(-k * step / beta) / 2, "integral"),
            Step((1 - ratio**2) * ratio ** (2 * k - 1) / 2, "in powers of ρ", (fall,)),
        ),
        {k: Integers(1, 20), ratio: Reals(0.05, 0.95)},
    )


def laplace_mean_code() -> Derivation:
    """Mean magnitude of the codes of a Laplace law rounded to multiples of a step Δ, with ρ = e^(−Δ/2β)."""
    return Derivation(
        "laplace_mean_code",
        mean_code,
        (
            Step(2 * sp.Sum(k * P(k), (k, 1, sp.oo)), "mean of |k| over the codes ±k"),
            Step(ratio / (1 - ratio**2), "arithmetico-geometric series", (Lemma(laplace_cell()),)),
        ),
        {ratio: Reals(0.05, 0.95)},
    )


def entropy_of_codes() -> Derivation:
    """Entropy of the codes of a Laplace law rounded to multiples of a step Δ, with ρ = e^(−Δ/2β)."""
    zero = Definition(sp.Eq(P(0), 1 - ratio), "Laplace law over (−Δ/2, Δ/2)")
    return Derivation(
        "entropy_of_codes",
        rate,
        (
            Step(
                -P(0) * sp.log(P(0), 2) - (1 - P(0)) * sp.log(FIRST, 2) - 2 * mean_code * sp.log(ratio, 2),
                "−ΣP log₂P: the logarithm of the mass of the cell ±k is linear in k (laplace_cell)",
            ),
            Step(CODES_RATE, "mass of the code 0 and mean of |k|", (zero, Lemma(laplace_mean_code()))),
        ),
        {ratio: Reals(0.05, 0.95)},
    )


def entropy_of_fine_codes() -> Derivation:
    """Entropy of the codes of a Laplace law plus log₂Δ, for a fine step: the differential entropy of the law."""
    fall = Definition(sp.Eq(ratio, sp.exp(-step / 2)), "ρ = e^(−Δ/2β), with β = 1 for the unit of Δ")
    return Derivation(
        "entropy_of_fine_codes",
        fine_entropy,
        (
            Step(rate + sp.log(step, 2), "entropy of the codes, plus the logarithm of the step"),
            Step(CODES_RATE + sp.log(step, 2), "entropy of the codes of a Laplace law", (Lemma(entropy_of_codes()),)),
            Step(sp.log(2 * sp.E, 2), "fine step", (fall,), limit=(step, 0)),
            Step(
                sp.Integral(sp.exp(-x) * (sp.log(2) + x), (x, 0, sp.oo)) / sp.log(2),
                "which is the mean of −log₂ of the density e^(−|x|)/2, the differential entropy of that law",
            ),
        ),
        {},
        source="H. Gish, J. N. Pierce, Asymptotically efficient quantizing, IEEE Trans. Inf. Theory 14 (1968) 676-683",
    )


def entropy_coded() -> Derivation:
    """SQNR of rounding to a fine step with ideally entropy-coded codes, at the rate R."""
    return Derivation(
        "entropy_coded",
        sqnr,
        (
            Step(power / noise, "powers of signal and error"),
            Step(
                power / (alpha * sp.Integral(e**2 * density, (e, -step / 2, step / 2))),
                "only the share α of values that are not zero has an error",
                (Definition(sp.Eq(noise, alpha * sp.Integral(e**2 * density, (e, -step / 2, step / 2)))),),
            ),
            Step(12 * power / (alpha * step**2), "integral", (UNIFORM_ERROR,)),
            Step(
                12 * power / alpha * 4 ** ((rate - location) / alpha - entropy),
                "the step that leads to the rate R, of which H₀ bits tell which values are zero",
                (FINE_RATE,),
            ),
        ),
        CODED,
        source="H. Gish, J. N. Pierce, Asymptotically efficient quantizing, IEEE Trans. Inf. Theory 14 (1968) 676-683",
    )


def gaussian_entropy() -> Derivation:
    """Differential entropy of a Gaussian, bits."""
    law = sp.exp(-(x**2) / (2 * sigma**2)) / sp.sqrt(2 * sp.pi * sigma**2)
    nats = sp.log(2 * sp.pi * sigma**2) / 2 + x**2 / (2 * sigma**2)
    return Derivation(
        "gaussian_entropy",
        entropy,
        (
            Step(sp.Integral(law * nats, (x, -sp.oo, sp.oo)) / sp.log(2), "mean of −log₂ of the density"),
            Step(sp.log(2 * sp.pi * sp.E * sigma**2, 2) / 2, "integral"),
        ),
        {sigma: Reals(0.1, 10)},
    )


def gaussian_cross_entropy() -> Derivation:
    """Mean of −log₂ of a Gaussian density under any law of that power: no entropy at that power is greater (Gibbs)."""
    square = Definition(sp.Eq(second, sigma**2), "E[e²] = σ², whatever the law of e")
    return Derivation(
        "gaussian_cross_entropy",
        cross_entropy,
        (
            Step(
                (sp.log(2 * sp.pi * sigma**2) / 2 + second / (2 * sigma**2)) / sp.log(2),
                "mean of −log₂ of the Gaussian density, with m₂ = E[e²]",
            ),
            Step(
                sp.log(2 * sp.pi * sp.E * sigma**2, 2) / 2,
                "the entropy of that Gaussian; the mean of −log₂ of any other density is at least that of one's own",
                (square,),
            ),
        ),
        {sigma: Reals(0.1, 10)},
        source="C. E. Shannon, A mathematical theory of communication, 1948, section 20",
    )


def entropy_coded_gap() -> Derivation:
    """Loss of entropy-coded scalar quantisation against the Shannon bound: πe/6, 1.53 dB, for every smooth law."""
    bound = Definition(sp.Eq(sqnr, 2 * sp.pi * sp.E * power * 4 ** (rate - entropy)), "the bound, shannon_lower_bound")
    return Derivation(
        "entropy_coded_gap",
        gap,
        (
            Step(10 * sp.log(sqnr * noise / power, 10), "bound over the ratio of powers, dB"),
            Step(
                10 * sp.log(2 * sp.pi * sp.E * step**2 * 4 ** (rate - entropy) / 12, 10),
                "the error of a fine step",
                (bound, Definition(sp.Eq(noise, step**2 / 12), "uniform error, no atom")),
            ),
            Step(
                10 * sp.log(sp.pi * sp.E / 6, 10),
                "the step that leads to the rate R",
                (Definition(sp.Eq(step, 2 ** (entropy - rate)), "FINE_RATE without atom"),),
            ),
        ),
        {},
    )


def shannon_lower_bound() -> Derivation:
    """Greatest SQNR of any coder at the rate R."""
    return Derivation("shannon_lower_bound", sqnr, _bound_steps(), CODED, source=_SHANNON)


def rate_distortion() -> Derivation:
    """Greatest SQNR of any coder of Gaussian values at the rate R."""
    gaussian = Step(4**rate, "Gaussian of zero mean: 6.02 dB a bit", (NO_ATOM, Lemma(gaussian_entropy()), ZERO_MEAN))
    return Derivation("rate_distortion", sqnr, (*_bound_steps(), gaussian), {rate: Reals(0, 16)}, source=_SHANNON)


_SHANNON = "C. E. Shannon, Coding theorems for a discrete source with a fidelity criterion, 1959"


def _bound_steps() -> tuple[Step, ...]:
    least = power / (alpha * least_power)
    return (
        Step(power / noise, "powers of signal and error"),
        Step(
            power / (alpha * entropy_power * (1 + deficit)),
            "only the share α of values that are not zero needs an error",
            (GREATEST_ENTROPY,),
        ),
        Step(least / ((1 + excess) * (1 + deficit)), "the entropy that the rate leaves to the error", (INFORMATION,)),
        Step(least, "greatest for a Gaussian error and no bit wasted", relation=Relation.AT_MOST),
        Step(2 * sp.pi * sp.E * power / alpha * 4 ** (rate / alpha - entropy), "at the rate R", (LEAST_POWER,)),
    )
