"""Why the error of rounding Gaussian samples is uniform and white, and when: harmonics of the error."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Relation, Step
from analysis.domain import Domain, Integers, Reals

__all__ = [
    "error_harmonic",
    "squared_error_harmonic",
    "gaussian_cosine",
    "gaussian_sine",
    "gaussian_slope",
    "rounding_error_gaussian_mean",
    "rounding_error_gaussian",
    "input_error_correlation",
    "error_correlation",
    "error_whiteness_power",
    "error_whiteness_input",
    "error_whiteness",
]

HALF = sp.Rational(1, 2)
TWELFTH = sp.Rational(1, 12)
PI = sp.pi

m, n, N = sp.symbols("m n N", integer=True, positive=True)
x, z, mu, theta, rho = sp.symbols("x z mu theta rho", real=True)
sigma, t, r = sp.symbols("sigma t r", positive=True)
mean = sp.Symbol("m_e", real=True)
variance = sp.Symbol("v_e", positive=True)
factor, growth = sp.symbols("K h", positive=True)
u, u_minus, u_plus = sp.symbols("u u_- u_+", real=True)
b, a = sp.Function("b"), sp.Function("a")
E_sin, E_cos, E_slope = sp.Function("E_sin"), sp.Function("E_cos"), sp.Function("E_zsin")
S, C, Z = sp.Function("S"), sp.Function("C"), sp.Function("Z")

GAUSSIAN = sp.exp(-(z**2) / 2) / sp.sqrt(2 * PI)
EVERYWHERE = (z, -sp.oo, sp.oo)
HARMONICS = (n, 1, N)
PHASE, FREQUENCY = 2 * PI * n * mu, 2 * PI * n * sigma
DAMPING = sp.exp(-2 * PI**2 * n**2 * sigma**2)
MEAN, DEVIATION, HARMONIC, COSINE = Reals(-1, 1), Reals(0.05, 1.5), Integers(1, 9), Reals(-1, 1)
NUMBER: dict[sp.Symbol, Domain] = {mu: MEAN, sigma: DEVIATION}
SERIES: dict[sp.Symbol, Domain] = {N: Integers(1, 4), **NUMBER}
SOURCE = "A. B. Sripad and D. L. Snyder, IEEE Trans. ASSP 25 (1977) 442"
GAUSSIAN_INPUT = Assumption("the input x = μ + σz is Gaussian and continuous, and does not overflow")
GAUSSIAN_PAIR = Assumption("the two inputs are jointly Gaussian and continuous, of the same mean and deviation")
WORST_MEAN = "cosines are at most 1 in magnitude, and all terms attain it at μ = ½"


def error_harmonic() -> Derivation:
    """Fourier coefficient of sin(2πnx) in the error of rounding x to nearest."""
    return Derivation(
        "error_harmonic",
        b(n),
        (
            Step(
                2 * sp.Integral(-x * sp.sin(2 * PI * n * x), (x, -HALF, HALF)),
                "the error of rounding to nearest is −x on (−½, ½), odd and of period 1",
            ),
            Step((-1) ** n / (PI * n), "integral"),
        ),
        {n: HARMONIC},
    )


def squared_error_harmonic() -> Derivation:
    """Fourier coefficient of cos(2πnx) in the squared error of rounding x to nearest."""
    return Derivation(
        "squared_error_harmonic",
        a(n),
        (
            Step(
                2 * sp.Integral(x**2 * sp.cos(2 * PI * n * x), (x, -HALF, HALF)),
                "the squared error is x² on (−½, ½), even and of period 1, of mean 1/12",
            ),
            Step((-1) ** n / (PI * n) ** 2, "integral"),
        ),
        {n: HARMONIC},
    )


def gaussian_cosine() -> Derivation:
    """Mean of cos(θ + tz) for standard normal z."""
    return Derivation(
        "gaussian_cosine",
        E_cos(theta, t),
        (
            Step(
                sp.Integral((sp.cos(theta) * sp.cos(t * z) - sp.sin(theta) * sp.sin(t * z)) * GAUSSIAN, EVERYWHERE),
                "addition theorem, over the normal density",
            ),
            Step(sp.cos(theta) * sp.exp(-(t**2) / 2), "characteristic function of the normal law"),
        ),
        {theta: Reals(-400, 400), t: Reals(1e-5, 400)},
    )


def gaussian_sine() -> Derivation:
    """Mean of sin(θ + tz) for standard normal z."""
    return Derivation(
        "gaussian_sine",
        E_sin(theta, t),
        (
            Step(
                sp.Integral((sp.sin(theta) * sp.cos(t * z) + sp.cos(theta) * sp.sin(t * z)) * GAUSSIAN, EVERYWHERE),
                "addition theorem, over the normal density",
            ),
            Step(sp.sin(theta) * sp.exp(-(t**2) / 2), "characteristic function of the normal law"),
        ),
        {theta: Reals(-400, 400), t: Reals(1e-5, 400)},
    )


def gaussian_slope() -> Derivation:
    """Mean of z·sin(θ + tz) for standard normal z."""
    return Derivation(
        "gaussian_slope",
        E_slope(theta, t),
        (
            Step(
                sp.Integral(z * (sp.sin(theta) * sp.cos(t * z) + sp.cos(theta) * sp.sin(t * z)) * GAUSSIAN, EVERYWHERE),
                "addition theorem, over the normal density",
            ),
            Step(t * sp.cos(theta) * sp.exp(-(t**2) / 2), "derivative of the characteristic function"),
        ),
        {theta: Reals(-400, 400), t: Reals(1e-5, 400)},
    )


def _at_harmonic(lemma: Derivation, name: sp.Expr) -> Lemma:
    """Return a mean over θ + tz as one over 2πn(μ + σz), the n-th harmonic of the error, under a name of its own."""
    return Lemma(lemma, {lemma.quantity: name, theta: PHASE, t: FREQUENCY})


def rounding_error_gaussian_mean() -> Derivation:
    """Mean of the error of rounding a Gaussian number to nearest, by its first N harmonics."""
    return Derivation(
        "rounding_error_gaussian_mean",
        mean,
        (
            Step(
                sp.Sum(b(n) * S(n), HARMONICS),
                "Fourier series of the error, term by term; S(n) = E[sin 2πn(μ + σz)]",
            ),
            Step(
                sp.Sum((-1) ** n / (PI * n) * S(n), HARMONICS),
                "its coefficients",
                (Lemma(error_harmonic()),),
            ),
            Step(
                sp.Sum((-1) ** n / (PI * n) * sp.sin(PHASE) * DAMPING, HARMONICS),
                "the characteristic function at 2πn",
                (GAUSSIAN_INPUT, _at_harmonic(gaussian_sine(), S(n))),
            ),
        ),
        SERIES,
        SOURCE,
    )


def rounding_error_gaussian() -> Derivation:
    """Variance of the error of rounding a Gaussian number to nearest, by the first N harmonics."""
    squared_mean = rounding_error_gaussian_mean().result ** 2
    return Derivation(
        "rounding_error_gaussian",
        variance,
        (
            Step(
                TWELFTH + sp.Sum(a(n) * C(n), HARMONICS) - mean**2,
                "Fourier series of the squared error, term by term, less the squared mean; C(n) = E[cos 2πn(μ + σz)]",
            ),
            Step(
                TWELFTH + sp.Sum((-1) ** n / (PI * n) ** 2 * C(n), HARMONICS) - squared_mean,
                "its coefficients, and the mean",
                (Lemma(squared_error_harmonic()), Lemma(rounding_error_gaussian_mean())),
            ),
            Step(
                TWELFTH + sp.Sum((-1) ** n / (PI * n) ** 2 * sp.cos(PHASE) * DAMPING, HARMONICS) - squared_mean,
                "the characteristic function at 2πn",
                (GAUSSIAN_INPUT, _at_harmonic(gaussian_cosine(), C(n))),
            ),
        ),
        SERIES,
        SOURCE,
    )


def input_error_correlation() -> Derivation:
    """Correlation coefficient of a Gaussian number and the error of rounding it, by the first N harmonics."""
    return Derivation(
        "input_error_correlation",
        sp.Symbol("rho_x", real=True),
        (
            Step(
                sp.Sum(b(n) * Z(n), HARMONICS) / sp.sqrt(variance),
                "E[z·e]/σ_e from the Fourier series of the error, term by term; Z(n) = E[z·sin 2πn(μ + σz)]",
            ),
            Step(
                sp.Sum((-1) ** n / (PI * n) * Z(n), HARMONICS) / sp.sqrt(variance),
                "its coefficients",
                (Lemma(error_harmonic()),),
            ),
            Step(
                2 * sigma * sp.Sum((-1) ** n * sp.cos(PHASE) * DAMPING, HARMONICS) / sp.sqrt(variance),
                "derivative of the characteristic function at 2πn",
                (GAUSSIAN_INPUT, _at_harmonic(gaussian_slope(), Z(n))),
            ),
        ),
        {**SERIES, variance: Reals(0, 0.25)},
        SOURCE,
    )


def _pair(name: str, correlation: sp.Expr, sign: int) -> tuple[sp.Expr, sp.Expr, Lemma]:
    """Return E[cos 2π(m·x₁ − sign·n·x₂)] of samples with that correlation: its name, its value, and the lemma."""
    named = sp.Function(name)(m, n)
    phase = 2 * PI * (m - sign * n) * mu
    deviation = 2 * PI * sigma * sp.sqrt(m**2 + n**2 - 2 * sign * correlation * m * n)
    value = sp.cos(phase) * sp.exp(-(deviation**2) / 2)
    return named, value, Lemma(gaussian_cosine(), {E_cos(theta, t): named, theta: phase, t: deviation})


def error_correlation() -> Derivation:
    """Term (m, n) of the correlation coefficient of the rounding errors of two jointly Gaussian samples."""
    (alike, v_alike, l_alike), (mirrored, v_mirrored, l_mirrored) = _pair("C_-", rho, 1), _pair("C_+", rho, -1)
    zero = sp.S.Zero
    (apart, v_apart, l_apart), (other, v_other, l_other) = _pair("C_-^0", zero, 1), _pair("C_+^0", zero, -1)
    coefficient = (-1) ** (m + n) / (2 * PI**2 * m * n * variance)
    return Derivation(
        "error_correlation",
        sp.Function("rho_e")(m, n),
        (
            Step(
                b(m) * b(n) * (alike - mirrored - apart + other) / (2 * variance),
                "(E[e₁e₂] − E[e]²)/v_e: two sines are half a difference of cosines, C∓ = E[cos 2π(m·x₁ ∓ n·x₂)]; "
                "E[e]² is the same of independent samples",
            ),
            Step(
                coefficient * (alike - mirrored - apart + other),
                "coefficients of the error",
                (Lemma(error_harmonic()), Lemma(error_harmonic(), {n: m})),
            ),
            Step(
                coefficient * (v_alike - v_mirrored - v_apart + v_other),
                "m·x₁ ∓ n·x₂ is Gaussian, of mean (m ∓ n)μ and variance σ²(m² + n² ∓ 2ρmn): characteristic functions",
                (GAUSSIAN_PAIR, l_alike, l_mirrored, l_apart, l_other),
            ),
        ),
        {m: HARMONIC, n: HARMONIC, rho: Reals(-1, 1), variance: Reals(0, 0.25), **NUMBER},
        SOURCE,
    )


def error_whiteness_power() -> Derivation:
    """Upper bound over all means of term n of E[e²] − 1/12, over 1/12."""
    return Derivation(
        "error_whiteness_power",
        sp.Function("W_P")(n),
        (
            Step(12 * u / (PI * n) ** 2 * DAMPING, "a harmonic of the squared error, with u = (−1)ⁿ cos 2πnμ"),
            Step(12 / (PI * n) ** 2 * DAMPING, WORST_MEAN, (GAUSSIAN_INPUT,), Relation.AT_MOST),
        ),
        {n: HARMONIC, sigma: DEVIATION, u: COSINE},
        SOURCE,
    )


def error_whiteness_input() -> Derivation:
    """Upper bound over all means of term n of the covariance of input and error, over σ·√(1/12)."""
    return Derivation(
        "error_whiteness_input",
        sp.Function("W_x")(n),
        (
            Step(
                sp.sqrt(12) * 2 * sigma * u * DAMPING,
                "a term of input_error_correlation times √(12·v_e), with u = (−1)ⁿ cos 2πnμ",
            ),
            Step(4 * sp.sqrt(3) * sigma * DAMPING, WORST_MEAN, (GAUSSIAN_INPUT,), Relation.AT_MOST),
        ),
        {n: HARMONIC, sigma: DEVIATION, u: COSINE},
        SOURCE,
    )


def error_whiteness() -> Derivation:
    """Upper bound over all means of term (m, n) of the covariance of two errors, over 1/12; ρ = r above 0."""
    exponent = -2 * PI**2 * sigma**2 * (m**2 + n**2)
    of_independent = Definition(sp.Eq(factor, 6 * sp.exp(exponent) / (PI**2 * m * n)), "the factor without ρ")
    of_correlation = Definition(sp.Eq(growth, 4 * PI**2 * sigma**2 * r * m * n), "the exponent that ρ adds")
    return Derivation(
        "error_whiteness",
        sp.Function("W_e")(m, n),
        (
            Step(
                factor * (u_minus * (sp.exp(growth) - 1) + u_plus * (1 - sp.exp(-growth))),
                "a term of error_correlation times 12·v_e, with u∓ = (−1)ᵐ⁺ⁿ cos 2π(m ∓ n)μ",
            ),
            Step(factor * (sp.exp(growth) - sp.exp(-growth)), WORST_MEAN, relation=Relation.AT_MOST),
            Step(
                12 * sp.exp(exponent) / (PI**2 * m * n) * sp.sinh(4 * PI**2 * sigma**2 * r * m * n),
                "harmonics m and n, of samples with correlation r",
                (GAUSSIAN_PAIR, of_independent, of_correlation),
            ),
        ),
        {m: HARMONIC, n: HARMONIC, sigma: DEVIATION, r: Reals(0, 1), u_minus: COSINE, u_plus: COSINE},
        SOURCE,
    )
