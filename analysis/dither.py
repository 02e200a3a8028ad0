"""Why dither makes the moments of the total error independent of the input."""

import sympy as sp

from analysis.derivation import Assumption, Derivation, Lemma, Step
from analysis.domain import Reals

__all__ = [
    "dither_rectangular_mean",
    "dither_rectangular",
    "dither_triangular_mean",
    "dither_triangular",
    "dither_subtractive_mean",
    "dither_subtractive",
    "dither_whiteness",
]

HALF = sp.Rational(1, 2)

f = sp.Symbol("f", positive=True)
d = sp.Symbol("d", real=True)
mean = sp.Symbol("m_e", real=True)
variance = sp.Symbol("v_e", positive=True)
density = sp.Symbol("w", positive=True)

FRACTION = {f: Reals(0, 1)}
LOWER_HALF = {f: Reals(0, 0.5)}
RECTANGULAR_DITHER = Assumption("the dither d is uniform over one step, independent of the input", sp.Eq(density, 1))
TRIANGULAR_DITHER = Assumption("the dither d has the density 1 − |d|, independent of the input")
INDEPENDENT_DITHER = Assumption("the dither of two samples is independent")
SOURCE = "R. A. Wannamaker et al., IEEE Trans. SP 48 (2000) 499"


def _rectangular(down: sp.Expr, up: sp.Expr) -> sp.Expr:
    """Return the mean over d of what a fraction f becomes: `down` where f + d < ½, else `up`."""
    return sp.Integral(down * density, (d, -HALF, HALF - f)) + sp.Integral(up * density, (d, HALF - f, HALF))


def _triangular(moment: int) -> sp.Expr:
    """Return the mean over d of the error's power: codes −1, 0 and 1 for f below ½, the others by reflection."""
    rising, falling = 1 + d, 1 - d
    return (
        sp.Integral((-1 - f) ** moment * rising, (d, -1, -HALF - f))
        + sp.Integral((-f) ** moment * rising, (d, -HALF - f, 0))
        + sp.Integral((-f) ** moment * falling, (d, 0, HALF - f))
        + sp.Integral((1 - f) ** moment * falling, (d, HALF - f, 1))
    )


def dither_rectangular_mean() -> Derivation:
    """Mean of the total error with rectangular dither at fraction f."""
    return Derivation(
        "dither_rectangular_mean",
        mean,
        (
            Step(_rectangular(-f, 1 - f), "the output is the lower code, error −f, where f + d < ½, else the upper"),
            Step(sp.S.Zero, "it rounds up with probability f", (RECTANGULAR_DITHER,)),
        ),
        FRACTION,
        SOURCE,
    )


def dither_rectangular() -> Derivation:
    """Variance of the total error with rectangular dither at fraction f."""
    return Derivation(
        "dither_rectangular",
        variance,
        (
            Step(_rectangular(f**2, (1 - f) ** 2) - mean**2, "mean square less squared mean"),
            Step(
                f * (1 - f),
                "it rounds up with probability f, without mean",
                (RECTANGULAR_DITHER, Lemma(dither_rectangular_mean())),
            ),
        ),
        FRACTION,
        SOURCE,
    )


def dither_triangular_mean() -> Derivation:
    """Mean of the total error with triangular dither at fraction f."""
    return Derivation(
        "dither_triangular_mean",
        mean,
        (
            Step(
                _triangular(1),
                "the output is −1, 0 or 1 where f + d is below −½, between, or above ½; the density is 1 − |d|; "
                "f above ½ is the mirror image",
            ),
            Step(sp.S.Zero, "integrals", (TRIANGULAR_DITHER,)),
        ),
        LOWER_HALF,
        SOURCE,
    )


def dither_triangular() -> Derivation:
    """Variance of the total error with triangular dither at fraction f."""
    return Derivation(
        "dither_triangular",
        variance,
        (
            Step(_triangular(2) - mean**2, "mean square less squared mean, outputs −1, 0 and 1"),
            Step(
                sp.Rational(1, 4),
                "integrals: no f is left",
                (TRIANGULAR_DITHER, Lemma(dither_triangular_mean())),
            ),
        ),
        LOWER_HALF,
        SOURCE,
    )


def dither_subtractive_mean() -> Derivation:
    """Mean of the total error with subtracted rectangular dither at fraction f."""
    return Derivation(
        "dither_subtractive_mean",
        mean,
        (
            Step(_rectangular(-d - f, 1 - d - f), "the output is the code less the dither"),
            Step(sp.S.Zero, "integrals", (RECTANGULAR_DITHER,)),
        ),
        FRACTION,
        SOURCE,
    )


def dither_subtractive() -> Derivation:
    """Variance of the total error with subtracted rectangular dither at fraction f."""
    return Derivation(
        "dither_subtractive",
        variance,
        (
            Step(_rectangular((d + f) ** 2, (1 - d - f) ** 2) - mean**2, "mean square less squared mean"),
            Step(
                sp.Rational(1, 12),
                "the error of rounding f + d, which is uniform over a step: no f is left",
                (RECTANGULAR_DITHER, Lemma(dither_subtractive_mean())),
            ),
        ),
        FRACTION,
        SOURCE,
    )


def dither_whiteness() -> Derivation:
    """Covariance of the total errors of two samples, with rectangular dither."""
    other_mean = sp.Symbol("m_e'", real=True)
    return Derivation(
        "dither_whiteness",
        sp.Symbol("c_e", real=True),
        (
            Step(mean * other_mean, "at given inputs the mean of the product is the product of the means"),
            Step(
                sp.S.Zero,
                "there is no mean, whatever the input",
                (INDEPENDENT_DITHER, Lemma(dither_rectangular_mean())),
            ),
        ),
        {},
        SOURCE,
    )
