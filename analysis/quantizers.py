"""Why a quantiser of a Gaussian signal has the noise it has: what each threshold of the grid adds, and the overload."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Step
from analysis.domain import Choice, Domain, Integers, Reals

__all__ = ["threshold_noise", "tail_noise", "quantizer_overload", "sqnr_quantizer", "sqnr_quantizer_modes"]

x = sp.Symbol("x", real=True)
code = sp.Symbol("c", integer=True)
level, threshold = sp.symbols("v t", real=True)
spread = sp.Symbol("s", positive=True)
bits = sp.Symbol("B", integer=True, positive=True)
offset = sp.Symbol("h", nonnegative=True)
noise, power, overload = sp.symbols("P_e P_x P_o", positive=True)
density = sp.Function("p")
jump, tail = sp.Function("J"), sp.Function("N")

GAUSSIAN = Assumption(
    "x is Gaussian of zero mean and s steps rms",
    sp.Eq(density(x), sp.exp(-(x**2) / (2 * spread**2)) / (sp.sqrt(2 * sp.pi) * spread)),
)
LAW = GAUSSIAN.equation.rhs  # type: ignore[union-attr]
SATURATES = Assumption(
    "values from the threshold c + 1 − h on round to c + 1 or more (h = 1/2 to nearest, 0 down, 1 up); codes saturate"
)
KNOWN = Assumption("the law of the signal is known; stochastic rounding is averaged over its draws")
HALF = sp.Rational(1, 2)
LEAST, MOST = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
DOMAIN: dict[sp.Symbol, Domain] = {
    bits: Integers(1, 5),
    spread: Reals(0.2, 4),
    offset: Choice(sp.Integer(0), HALF, sp.Integer(1)),
}


class Q(sp.Function):  # type: ignore[misc]
    """P(g > z) of a standard Gaussian g: a symbol to algebra, which would try to sum it, and a number to evaluation."""

    nargs = 1

    def _eval_evalf(self, prec: int) -> sp.Expr:
        return (sp.erfc(self.args[0] / sp.sqrt(2)) / 2)._eval_evalf(prec)


class phi(sp.Function):  # type: ignore[misc]  # noqa: N801 - printed as the letter
    """Density of a standard Gaussian, likewise."""

    nargs = 1

    def _eval_evalf(self, prec: int) -> sp.Expr:
        return (sp.exp(-(self.args[0] ** 2) / 2) / sp.sqrt(2 * sp.pi))._eval_evalf(prec)


def threshold_noise() -> Derivation:
    """Return what it adds to the noise that all values above a threshold become the next code."""
    return Derivation(
        "threshold_noise",
        jump(code, threshold),
        (
            Step(
                sp.Integral(((code + 1 - x) ** 2 - (code - x) ** 2) * density(x), (x, threshold, sp.oo)),
                "values above the threshold t become c + 1, not c",
            ),
            Step(
                sp.Integral((2 * code + 1 - 2 * x) * LAW, (x, threshold, sp.oo)),
                "the law; the squares of x cancel",
                (GAUSSIAN,),
            ),
            Step(
                (2 * code + 1) * Q(threshold / spread) - 2 * spread * phi(threshold / spread),
                "Q and φ: tail and density of a standard Gaussian",
            ),
        ),
        {code: Integers(-40, 40), threshold: Reals(-40, 40), spread: Reals(0.2, 4)},
        source="partial moments of a Gaussian",
    )


def tail_noise() -> Derivation:
    """Return the noise of all values above a threshold that become one level."""
    return Derivation(
        "tail_noise",
        tail(level, threshold),
        (
            Step(sp.Integral((level - x) ** 2 * density(x), (x, threshold, sp.oo)), "all of [t, ∞) becomes v"),
            Step(sp.Integral((level - x) ** 2 * LAW, (x, threshold, sp.oo)), "the law", (GAUSSIAN,)),
            Step(
                (level**2 + spread**2) * Q(threshold / spread)
                + (threshold - 2 * level) * spread * phi(threshold / spread),
                "the integral, by parts, with Q and φ: tail and density of a standard Gaussian",
            ),
        ),
        {level: Reals(-40, 40), threshold: Reals(-40, 40), spread: Reals(0.2, 4)},
        source="partial moments of a Gaussian",
    )


def quantizer_overload() -> Derivation:
    """Return the noise, in steps², of the values that round to a code outside the signed format."""
    upper = Lemma(tail_noise(), {level: MOST, threshold: MOST + 1 - offset})
    lower = Lemma(tail_noise(), {level: -LEAST, threshold: offset - LEAST})
    return Derivation(
        "quantizer_overload",
        overload,
        (
            Step(
                upper.equation.lhs + lower.equation.lhs,
                "values that round above the greatest code; below the least one, mirrored: the law is symmetric",
            ),
            Step(upper.equation.rhs + lower.equation.rhs, "the law", (SATURATES, upper, lower)),
        ),
        DOMAIN,
        source="N. S. Jayant, P. Noll, Digital Coding of Waveforms, ch. 4",
    )


def sqnr_quantizer() -> Derivation:
    """Return the signal-to-noise power ratio of a Gaussian signal in a signed format."""
    step = Lemma(threshold_noise(), {threshold: code + 1 - offset})
    start = sp.Integral((LEAST - x) ** 2 * density(x), (x, -sp.oo, sp.oo))
    thresholds = (code, LEAST, MOST - 1)
    return Derivation(
        "sqnr_quantizer",
        sp.Symbol("SQNR"),
        (
            Step(power / noise, "definition, powers in steps²"),
            Step(
                spread**2 / (start + sp.Sum(step.equation.lhs, thresholds)),
                "were all values the least code, and then from each threshold on one code more",
                (
                    SATURATES,
                    Definition(sp.Eq(power, spread**2)),
                    Definition(sp.Eq(noise, start + sp.Sum(step.equation.lhs, thresholds))),
                ),
            ),
            Step(
                spread**2 / (LEAST**2 + spread**2 + sp.Sum(step.equation.lhs, thresholds)),
                "the law: its mean square, its mean of zero",
                (GAUSSIAN,),
            ),
            Step(
                spread**2 / (LEAST**2 + spread**2 + sp.Sum(step.equation.rhs, thresholds)),
                "what each threshold adds",
                (step,),
            ),
        ),
        DOMAIN,
        source="N. S. Jayant, P. Noll, Digital Coding of Waveforms, ch. 4, by summation by parts",
    )


def sqnr_quantizer_modes() -> Derivation:
    """Return the signal-to-noise power ratio in any mode, with E_qx = E[x̂·x] and E_qq = E[x̂²]."""
    cross, quantized = sp.symbols("E_qx E_qq", positive=True)
    return Derivation(
        "sqnr_quantizer_modes",
        sp.Symbol("SQNR"),
        (
            Step(power / noise, "definition"),
            Step(
                power / (quantized - 2 * cross + power),
                "E[(x̂ − x)²], multiplied out; modes decide which x̂ an x has",
                (KNOWN, Definition(sp.Eq(noise, quantized - 2 * cross + power))),
            ),
        ),
        {power: Reals(1, 2), cross: Reals(0.1, 0.4), quantized: Reals(0.5, 2)},
        source="N. S. Jayant, P. Noll, Digital Coding of Waveforms, ch. 4",
    )
