"""Why the named laws have the powers and peak-to-rms ratios they have."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Step
from analysis.domain import Reals

__all__ = ["peak_to_rms_uniform", "peak_to_rms_sinusoid", "relu_gaussian_power"]

x, theta = sp.symbols("x theta", real=True)
low = sp.Symbol("a", negative=True)
high, peak, scale = sp.symbols("b x_m s", positive=True)
ratio = sp.Symbol("t", real=True)
power, par = sp.symbols("P_x zeta", positive=True)
density = sp.Function("p")

IN_DB = 10 * sp.log(par, 10)


def peak_to_rms_uniform() -> Derivation:
    """Return the peak-to-rms ratio, dB, of a uniform law about zero that reaches the farther at its upper end."""
    uniform = Assumption("x is uniform on [a, b], which contains zero", sp.Eq(density(x), 1 / (high - low)))
    mean_square = sp.Integral(x**2 * density(x), (x, low, high))
    return Derivation(
        "peak_to_rms_uniform",
        sp.Symbol("zeta_dB"),
        (
            Step(10 * sp.log(peak**2 / power, 10), "peak to root mean square, not to standard deviation, in dB"),
            Step(
                10 * sp.log(high**2 / mean_square, 10),
                "the upper end is the farther one",
                (Definition(sp.Eq(peak, high)), Definition(sp.Eq(power, mean_square))),
            ),
            Step(10 * sp.log(high**2 / sp.Integral(x**2 / (high - low), (x, low, high)), 10), "the law", (uniform,)),
            Step(10 * sp.log(3 * high**2 / (low**2 + low * high + high**2), 10), "the integral"),
        ),
        {low: Reals(-1, -0.01), high: Reals(1, 4)},
        source="definition",
    )


def peak_to_rms_sinusoid() -> Derivation:
    """Return the peak-to-rms ratio, dB, of a sine wave at a uniform phase."""
    phase = Assumption("the phase is uniform over a turn", sp.Eq(density(theta), 1 / (2 * sp.pi)))
    wave = (peak * sp.sin(theta)) ** 2
    mean_square = sp.Integral(wave * density(theta), (theta, 0, 2 * sp.pi))
    return Derivation(
        "peak_to_rms_sinusoid",
        sp.Symbol("zeta_dB"),
        (
            Step(10 * sp.log(peak**2 / power, 10), "peak to root mean square, in dB"),
            Step(
                10 * sp.log(peak**2 / mean_square, 10), "mean over the phase", (Definition(sp.Eq(power, mean_square)),)
            ),
            Step(
                10 * sp.log(peak**2 / sp.Integral(wave / (2 * sp.pi), (theta, 0, 2 * sp.pi)), 10), "the law", (phase,)
            ),
            Step(10 * sp.log(2, 10), "the mean of a squared sine is one half, whatever its peak"),
        ),
        {peak: Reals(0.1, 10)},
        source="definition",
    )


def relu_gaussian_power() -> Derivation:
    """Return E[max(0, g)²] of a Gaussian g of mean t·s and standard deviation s."""
    gaussian = Assumption(
        "g is Gaussian of mean t·s and standard deviation s",
        sp.Eq(density(x), sp.exp(-((x / scale - ratio) ** 2) / 2) / (sp.sqrt(2 * sp.pi) * scale)),
    )
    below = sp.exp(-(ratio**2) / 2) / sp.sqrt(2 * sp.pi)
    above = (1 + sp.erf(ratio / sp.sqrt(2))) / 2
    return Derivation(
        "relu_gaussian_power",
        power,
        (
            Step(sp.Integral(x**2 * density(x), (x, 0, sp.oo)), "values below zero become zero, and add nothing"),
            Step(
                sp.Integral(x**2 * gaussian.equation.rhs, (x, 0, sp.oo)),  # type: ignore[union-attr]
                "the law",
                (gaussian,),
            ),
            Step(scale**2 * ((1 + ratio**2) * above + ratio * below), "the integral, by parts"),
        ),
        {scale: Reals(0.5, 2), ratio: Reals(-2, 2)},
        source="truncated Gaussian moments",
    )
