"""Why rounding an update of LMS is a gain and noise: harmonics of the error under the law of a product."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Step
from analysis.domain import Domain, Integers, Reals
from analysis.whiteness import error_harmonic, gaussian_cosine, gaussian_slope, squared_error_harmonic

__all__ = [
    "product_cosine",
    "product_slope",
    "floor_error_harmonic",
    "squared_floor_error_harmonic",
    "stochastic_variance_harmonic",
    "lms_stall_threshold",
    "lms_rounded_update_gain",
    "lms_floored_update_gain",
    "lms_rounded_update_noise",
    "lms_floored_update_noise",
    "lms_stochastic_update_noise",
]

PI, HALF, TWELFTH, SIXTH = sp.pi, sp.Rational(1, 2), sp.Rational(1, 12), sp.Rational(1, 6)

n = sp.Symbol("n", integer=True, positive=True)
x, angle = sp.symbols("x theta", real=True)
t, rho, kappa, v_u, q_w, mu, z, T = sp.symbols("t rho kappa v_u q_w mu z T", positive=True)
f, f_squared, g_squared = (sp.Function(name) for name in ("f", "F", "S"))
E_cos, E_slope, C, Z = (sp.Function(name) for name in ("E_cos", "E_zsin", "C", "Z"))

NORMAL = sp.exp(-(x**2) / 2) / sp.sqrt(2 * PI)
SERIES = (n, 1, sp.oo)
FREQUENCY = PI * n / rho
ROOT = sp.sqrt(1 + FREQUENCY**2)
HARMONIC: dict[sp.Symbol, Domain] = {n: Integers(1, 9)}
STALL: dict[sp.Symbol, Domain] = {rho: Reals(0.2, 3)}
WIDROW = "B. Widrow, I. Kollár, Quantization Noise (2008); harmonics of the error"
GAUSSIAN_UPDATE = Assumption(
    "error and datum of an update are independent, continuous, Gaussian and of zero mean, and nothing overflows"
)


def product_cosine() -> Derivation:
    """Mean of cos(t·e·x) for independent standard normal e and x."""
    return Derivation(
        "product_cosine",
        C(t),
        (
            Step(2 * sp.Integral(E_cos(0, t * x) * NORMAL, (x, 0, sp.oo)), "mean over e, then over x, even in x"),
            Step(
                2 * sp.Integral(sp.exp(-((t * x) ** 2) / 2) * NORMAL, (x, 0, sp.oo)),
                "characteristic function of the normal law",
                (Lemma(gaussian_cosine(), {angle: sp.S.Zero, t: t * x}),),
            ),
            Step(1 / sp.sqrt(1 + t**2), "integral"),
        ),
        {t: Reals(0.1, 100)},
        WIDROW,
    )


def product_slope() -> Derivation:
    """Mean of e·x·sin(t·e·x) for independent standard normal e and x."""
    return Derivation(
        "product_slope",
        Z(t),
        (
            Step(2 * sp.Integral(x * E_slope(0, t * x) * NORMAL, (x, 0, sp.oo)), "mean over e, then over x, even in x"),
            Step(
                2 * sp.Integral(x * (t * x) * sp.exp(-((t * x) ** 2) / 2) * NORMAL, (x, 0, sp.oo)),
                "derivative of the characteristic function",
                (Lemma(gaussian_slope(), {angle: sp.S.Zero, t: t * x}),),
            ),
            Step(t / sp.sqrt(1 + t**2) ** 3, "integral"),
        ),
        {t: Reals(0.1, 100)},
        WIDROW,
    )


def floor_error_harmonic() -> Derivation:
    """Fourier coefficient of sin(2πnx) in the error of FLOOR."""
    return Derivation(
        "floor_error_harmonic",
        f(n),
        (
            Step(
                2 * sp.Integral((HALF - x) * sp.sin(2 * PI * n * x), (x, 0, 1)),
                "less its mean −½ the error of rounding down is ½ − x on (0, 1), odd and of period 1",
            ),
            Step(1 / (PI * n), "integral"),
        ),
        HARMONIC,
        WIDROW,
    )


def squared_floor_error_harmonic() -> Derivation:
    """Fourier coefficient of cos(2πnx) in the squared error of FLOOR about its mean."""
    return Derivation(
        "squared_floor_error_harmonic",
        f_squared(n),
        (
            Step(
                2 * sp.Integral((HALF - x) ** 2 * sp.cos(2 * PI * n * x), (x, 0, 1)),
                "less its mean −½ the error of rounding down is ½ − x on (0, 1); the mean of its square is 1/12",
            ),
            Step(1 / (PI * n) ** 2, "integral"),
        ),
        HARMONIC,
        WIDROW,
    )


def stochastic_variance_harmonic() -> Derivation:
    """Fourier coefficient of cos(2πnx) in the variance of STOCHASTIC rounding."""
    return Derivation(
        "stochastic_variance_harmonic",
        g_squared(n),
        (
            Step(
                2 * sp.Integral(x * (1 - x) * sp.cos(2 * PI * n * x), (x, 0, 1)),
                "at the fraction x the variance is x(1 − x), of mean 1/6",
            ),
            Step(-1 / (PI * n) ** 2, "integral"),
        ),
        HARMONIC,
        WIDROW,
    )


def _at_harmonic(lemma: Derivation) -> Lemma:
    """Return a mean over t·e·x as one over 2πn times the update e·x/(2ρ), in steps."""
    name = lemma.quantity.subs(t, n)
    return Lemma(lemma, {lemma.quantity: name, t: FREQUENCY})


def _gain(name: str, harmonic: Derivation, sign: int, error: str) -> Derivation:
    """Return the gain of a rounding whose error has harmonics signⁿ/(πn)."""
    coefficient = harmonic.quantity
    return Derivation(
        name,
        kappa,
        (
            Step(
                1 + 2 * rho * sp.Sum(coefficient * Z(n), SERIES),
                f"E[z·Q(z)]/E[z²] with Q(z) = z + error, z = e·x/(2ρ) in steps, E[z²] = 1/(4ρ²): Fourier series of "
                f"{error}, term by term; Z(n) = E[e·x·sin(πn·e·x/ρ)]",
            ),
            Step(
                1 + 2 * rho * sp.Sum(sign**n / (PI * n) * Z(n), SERIES),
                "its coefficients",
                (Lemma(harmonic),),
            ),
            Step(
                1 + 2 * sp.Sum(sign**n / ROOT**3, SERIES),
                "the law of a product of normal numbers",
                (GAUSSIAN_UPDATE, _at_harmonic(product_slope())),
            ),
        ),
        STALL,
        WIDROW,
    )


def lms_rounded_update_gain() -> Derivation:
    """Gain of an update that is rounded to nearest."""
    return _gain("lms_rounded_update_gain", error_harmonic(), -1, "the error")


def lms_floored_update_gain() -> Derivation:
    """Gain of an update that is rounded down or up."""
    return _gain("lms_floored_update_gain", floor_error_harmonic(), 1, "the error about its mean")


def _noise(name: str, harmonic: Derivation, sign: int) -> Derivation:
    """Return the variance of what an error with squared harmonics signⁿ/(πn)² leaves beside the gain."""
    coefficient = harmonic.quantity
    lost = (kappa - 1) ** 2 / (4 * rho**2)
    return Derivation(
        name,
        v_u,
        (
            Step(
                TWELFTH + sp.Sum(coefficient * C(n), SERIES) - lost,
                "E[(Q − κz)²] about the mean of Q, = E[error²] − (κ − 1)² E[z²]: Fourier series of the squared error, "
                "term by term; C(n) = E[cos(πn·e·x/ρ)]",
            ),
            Step(
                TWELFTH + sp.Sum(sign**n / (PI * n) ** 2 * C(n), SERIES) - lost,
                "its coefficients",
                (Lemma(harmonic),),
            ),
            Step(
                TWELFTH + sp.Sum(sign**n / (PI * n) ** 2 / ROOT, SERIES) - lost,
                "the law of a product of normal numbers",
                (GAUSSIAN_UPDATE, _at_harmonic(product_cosine())),
            ),
        ),
        {**STALL, kappa: Reals(0.1, 1.5)},
        WIDROW,
    )


def lms_rounded_update_noise() -> Derivation:
    """Variance of what rounding to nearest leaves of an update beside its gain."""
    return _noise("lms_rounded_update_noise", squared_error_harmonic(), -1)


def lms_floored_update_noise() -> Derivation:
    """Variance of what rounding down or up leaves of an update beside its gain."""
    return _noise("lms_floored_update_noise", squared_floor_error_harmonic(), 1)


def lms_stochastic_update_noise() -> Derivation:
    """Variance of the rounding error of an update that is rounded STOCHASTIC."""
    return Derivation(
        "lms_stochastic_update_noise",
        v_u,
        (
            Step(
                SIXTH + sp.Sum(g_squared(n) * C(n), SERIES),
                "mean of the variance at each fraction: its Fourier series, term by term; C(n) = E[cos(πn·e·x/ρ)]. The "
                "error has no mean at any update, so that the gain is one",
            ),
            Step(
                SIXTH + sp.Sum(-1 / (PI * n) ** 2 * C(n), SERIES),
                "its coefficients",
                (Lemma(stochastic_variance_harmonic()),),
            ),
            Step(
                SIXTH - sp.Sum(1 / ((PI * n) ** 2 * ROOT), SERIES),
                "the law of a product of normal numbers",
                (GAUSSIAN_UPDATE, _at_harmonic(product_cosine())),
            ),
        ),
        STALL,
        WIDROW,
    )


def lms_stall_threshold() -> Derivation:
    """Largest product of error and datum that leaves a weight as it is."""
    return Derivation(
        "lms_stall_threshold",
        T,
        (
            Step(
                z * q_w / mu,
                "the update μ·e·x is z steps of the weights; a weight is a whole number of steps, so that the rounded "
                "sum moves by z rounded",
            ),
            Step(
                q_w / (2 * mu),
                "half a step, a tie, is the largest that rounding half toward zero takes to zero",
                (Definition(sp.Eq(z, HALF), "⌈z − ½⌉ = 0 for 0 < z ≤ ½"),),
            ),
        ),
        {q_w: Reals(1e-4, 1), mu: Reals(1e-3, 1)},
        "definition of rounding to nearest",
    )
