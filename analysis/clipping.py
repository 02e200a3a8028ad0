"""Why a clip level is the best one: the conditions that hold at the optimum, and what the noise is there."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Step
from analysis.domain import Choice, Integers, Reals

__all__ = ["additive_clipping_noise", "optimal_clip_additive", "optimal_step_slope", "optimal_clip", "bits_for_sqnr"]

x = sp.Symbol("x", real=True)
bits = sp.Symbol("B", integer=True, positive=True)
clip, spread, step, divisor = sp.symbols("zeta sigma Delta u", positive=True)
output_power, cross_power, signal_power = sp.symbols("E_cc E_cx P_x", positive=True)
slope, total, ratio, word, peak = sp.symbols("g P_e R B x_m", positive=True)
density, noise = sp.Function("p"), sp.Function("J")

GAUSSIAN = Assumption(
    "x is Gaussian of zero mean",
    sp.Eq(density(x), sp.exp(-(x**2) / (2 * spread**2)) / (sp.sqrt(2 * sp.pi) * spread)),
)
LAW = GAUSSIAN.equation.rhs  # type: ignore[union-attr]
ADDITIVE = Assumption(
    "every value other than zero has the granular noise step²/12, also those that are clipped; the range is symmetric"
)
HALF = sp.Rational(1, 2)
CODES = (-2, -1, 0, 1)


def _granular(level: sp.Expr) -> sp.Expr:
    return 4 ** (-bits) / divisor * level**2


def _tail(level: sp.Expr) -> sp.Expr:
    return sp.erfc(level / (sp.sqrt(2) * spread))


def additive_clipping_noise() -> Derivation:
    """Return granular and overload noise of a Gaussian clipped at ζ; u is 3 for a signed word, 12 for max(0, x)."""
    granular, overload = sp.symbols("P_g P_o", positive=True)
    width = sp.Symbol("w", positive=True)
    return Derivation(
        "additive_clipping_noise",
        noise(clip),
        (
            Step(granular + overload, "granular and overload noise add"),
            Step(
                width**2 / 12 + 2 * sp.Integral((x - clip) ** 2 * density(x), (x, clip, sp.oo)),
                "a uniform error of one step; both tails alike",
                (
                    ADDITIVE,
                    Definition(sp.Eq(granular, width**2 / 12)),
                    Definition(sp.Eq(overload, 2 * sp.Integral((x - clip) ** 2 * density(x), (x, clip, sp.oo)))),
                ),
            ),
            Step(
                _granular(clip) + 2 * sp.Integral((x - clip) ** 2 * LAW, (x, clip, sp.oo)),
                "the law; 2**B steps span 2ζ (u = 3), or ζ (u = 12)",
                (GAUSSIAN, Definition(sp.Eq(width, clip * sp.sqrt(12 / divisor) * 2 ** (-bits)))),
            ),
            Step(
                _granular(clip) + (clip**2 + spread**2) * _tail(clip) - 2 * spread**2 * clip * LAW.subs(x, clip),
                "the integral, by parts",
            ),
        ),
        {bits: Integers(1, 12), divisor: Choice(3, 12), clip: Reals(0.2, 4), spread: Reals(0.5, 2)},
        source="additive model of clipping; the minimiser is derived here",
    )


def optimal_clip_additive() -> Derivation:
    """Return where a Newton step from ζ leads, for a Gaussian: ζ is optimal if that is ζ itself."""
    lemma = Lemma(additive_clipping_noise())
    minimum = lemma.equation.rhs
    newton = clip - sp.Derivative(noise(clip), clip) / sp.Derivative(noise(clip), (clip, 2))
    return Derivation(
        "optimal_clip_additive",
        sp.Symbol("zeta_next", positive=True),
        (
            Step(newton, "Newton step on the noise, which is convex: it stays exactly where the slope is zero"),
            Step(
                clip - sp.Derivative(minimum, clip) / sp.Derivative(minimum, (clip, 2)),
                "the noise of the additive model",
                (lemma,),
            ),
            Step(
                2 * spread**2 * LAW.subs(x, clip) / (4 ** (-bits) / divisor + _tail(clip)),
                "E[|x|; |x| > ζ] over granular factor plus P(|x| > ζ)",
            ),
        ),
        {bits: Integers(1, 12), divisor: Choice(3, 12), clip: Reals(0.2, 4), spread: Reals(0.5, 2)},
        source="additive model of clipping; the minimiser is derived here",
    )


def _cell(code: int, of: sp.Expr) -> sp.Expr:
    """Return the integral of a function over the values that become a code of two bits."""
    low = -sp.oo if code == CODES[0] else (code - HALF) * step
    high = sp.oo if code == CODES[-1] else (code + HALF) * step
    return sp.Integral(of * density(x), (x, low, high))


def _over_codes(of: sp.Expr, code: sp.Symbol) -> sp.Expr:
    return sum((_cell(each, of.subs(code, each)) for each in CODES), sp.Integer(0))


def optimal_step_slope() -> Derivation:
    """Return the slope of the noise of a two-bit format over its step; more bits add cells of the same kind."""
    code = sp.Symbol("c", integer=True)
    return Derivation(
        "optimal_step_slope",
        slope,
        (
            Step(
                sp.Derivative(_over_codes((code * step - x) ** 2, code), step),
                "noise over the cells of the codes -2, -1, 0, 1, by the step",
            ),
            Step(
                _over_codes(2 * code * (code * step - x), code),
                "a threshold moves without effect: it is half way between its codes, whose errors there are equal",
            ),
        ),
        {step: Reals(0.2, 2)},
        source="orthogonality of error and output at the optimum, as for Lloyd–Max quantisers",
    )


def optimal_clip() -> Derivation:
    """Return the noise at the optimal step, with E_cc = E[c²] and E_cx = E[c·x] of the codes there."""
    stationary = Assumption(
        "the step is optimal, so that the slope E[2c(cΔ − x)] of optimal_step_slope is zero",
        sp.Eq(step, cross_power / output_power),
    )
    return Derivation(
        "optimal_clip",
        total,
        (
            Step(step**2 * output_power - 2 * step * cross_power + signal_power, "E[(cΔ − x)²] of the codes c"),
            Step(
                signal_power - cross_power**2 / output_power,
                "at the optimum the error is orthogonal to the output",
                (stationary,),
            ),
        ),
        {signal_power: Reals(1, 2), cross_power: Reals(0.1, 1), output_power: Reals(0.5, 2)},
        source="orthogonality of error and output at the optimum, as for Lloyd–Max quantisers",
    )


def bits_for_sqnr() -> Derivation:
    """Return the word length at which a signed range that ends at the peak x_m gives the power ratio R."""
    uniform = Assumption("the error is uniform over one step", sp.Eq(step, sp.sqrt(12 * total)))
    wanted = Definition(sp.Eq(total, signal_power / ratio), "noise power wanted")
    return Derivation(
        "bits_for_sqnr",
        word,
        (
            Step(sp.log(2 * peak / step, 2), "2**B steps span twice the peak"),
            Step(
                sp.log(2 * peak / sp.sqrt(12 * signal_power / ratio), 2),
                "the step whose noise is wanted",
                (uniform, wanted),
            ),
            Step(sp.log(ratio * peak**2 / (3 * signal_power), 4), "in the peak-to-rms ratio"),
        ),
        {signal_power: Reals(0.1, 1), peak: Reals(1, 2), ratio: Reals(10, 1e6)},
        source="the 6-dB rule, solved for the word length",
    )
