"""Why the system that learns an angle costs what it does: its series, slopes and minima, and what rounding adds."""

from typing import Any

import mpmath
import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Step
from analysis.domain import Integers, Reals

__all__ = [
    "output_factors",
    "angle_harmonic",
    "harmonic_power",
    "angle_cost",
    "scaled_angle_output",
    "angle_turning_slope",
    "angle_gradient",
    "angle_curvature",
    "best_angle",
    "angle_minimum",
    "collapsed_angle_cost",
    "instantaneous_gradient",
    "rounded_weight_noise",
    "saturated_weight_cost",
]


class dilogarithm(sp.Function):  # type: ignore[misc]  # noqa: N801 - a function of SymPy, whose own polylog tries for seconds to simplify
    """Li₂(z) = Σ z^k/k², inside of the unit circle."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:  # noqa: ARG002 - of one argument
        """Return the slope −ln(1 − z)/z."""
        return -sp.log(1 - self.args[0]) / self.args[0]

    def _eval_evalf(self, prec: int) -> Any:
        with mpmath.workprec(prec + 10):
            value = mpmath.polylog(2, self.args[0]._to_mpmath(prec + 10))
        return sp.Expr._from_mpmath(value, prec)

    def _latex(self, printer: Any) -> str:
        return rf"\mathrm{{Li}}_2\left({printer._print(self.args[0])}\right)"


theta, phi = sp.symbols("theta phi", real=True)
w1, w2, w3, x1, x2 = sp.symbols("w_1 w_2 w_3 x_1 x_2", real=True)
rho, r, g, scale, step = sp.symbols("rho r g c Delta", positive=True)
k = sp.Symbol("k", integer=True, positive=True)
cosine = sp.Symbol("x", real=True)
y, turned, c0, C, E_tt, E_ty, E_yy = sp.symbols("y_2 y_c c_0 C E_tt E_ty E_yy", real=True)
slope, curvature, weight = sp.symbols("C_1 H_11 w", real=True)
c, h, p = sp.Function("c"), sp.Function("h"), sp.Function("p")

G = 4 * rho * (1 + rho**2) / (1 - rho**2) ** 2
K = (1 + rho**2) / (1 - rho**2) ** 2
ALPHA = sp.acos(2 * rho / (1 + rho**2))
Q = rho * (2 * rho + sp.I * (1 - rho**2)) / (1 + rho**2)
MEAN = 2 * sp.log(K)
COEFFICIENT = 4 * (-1) ** (k + 1) * rho**k * sp.cos(k * ALPHA) / k
SCALE = {rho: Reals(0.02, 0.7)}
ANGLE = {phi: Reals(-1.5, 1.5)}
WEIGHTS = {w1: Reals(-1.5, 1.5), w2: Reals(-1.5, 1.5), w3: Reals(-1.5, 1.5)}
INPUTS = {x1: Reals(-1, 1), x2: Reals(-1, 1)}
UNIFORM = Assumption("the angle θ is uniform on (−π, π]")
CIRCLE = "mean square error of y₂ = ln(1 + (w₃(w₁ cos θ + w₂ sin θ)²)²) as an estimate of θ; derived here"
SECOND_ORDER = "the cost is its Taylor polynomial of second order over a step"


def _mean(of: sp.Expr) -> sp.Integral:
    return sp.Integral(of / (2 * sp.pi), (theta, -sp.pi, sp.pi))


def output_factors() -> Derivation:
    """Return exp(y₂) as K² times |1 + q·exp(iu)|²·|1 + q·exp(−iu)|², u = 2(θ − φ), in x = cos u."""
    in_phase = 2 * rho / (1 + rho**2)
    both = (1 + rho**2 + 2 * rho * in_phase * cosine) ** 2 - 4 * rho**2 * (1 - in_phase**2) * (1 - cosine**2)
    return Derivation(
        "output_factors",
        sp.Symbol("Y", positive=True),
        (
            Step(1 + (w3 * r**2 * (1 + cosine) / 2) ** 2, "w₁ cos θ + w₂ sin θ = r cos(θ − φ), squared"),
            Step(1 + (g * (1 + cosine) / 2) ** 2, "scale", (Definition(sp.Eq(w3, g / r**2)),)),
            Step(
                K**2 * both,
                "q has the modulus ρ and the argument α, cos α = 2ρ/(1 + ρ²); the factors are 1 + ρ² + 2ρ cos(α ± u)",
                (Definition(sp.Eq(g, G), "parameter of the scale"),),
            ),
        ),
        {**SCALE, cosine: Reals(-1, 1)},
        CIRCLE,
    )


def angle_harmonic() -> Derivation:
    """Return the mean of θ·cos 2k(θ − φ)."""
    return Derivation(
        "angle_harmonic",
        h(k),
        (
            Step(_mean(theta * sp.cos(2 * k * (theta - phi))), "definition, θ being uniform"),
            Step(-sp.sin(2 * k * phi) / (2 * k), "by parts"),
        ),
        {k: Integers(1, 40), **ANGLE},
    )


def harmonic_power() -> Derivation:
    """Return the mean of cos² 2k(θ − φ); products of different harmonics have the mean zero."""
    return Derivation(
        "harmonic_power",
        p(k),
        (
            Step(_mean(sp.cos(2 * k * (theta - phi)) ** 2), "definition, θ being uniform"),
            Step(sp.Rational(1, 2), "a whole number of periods"),
        ),
        {k: Integers(1, 40), **ANGLE},
    )


def angle_cost() -> Derivation:
    """Return the mean square error, from the Fourier series of the output."""
    terms = c(k) ** 2 / 2 + c(k) * sp.sin(2 * k * phi) / k
    turn = sp.exp(2 * sp.I * phi)
    closed = 4 * (dilogarithm(rho**2) + sp.re(dilogarithm(Q**2))) - 2 * (
        sp.im(dilogarithm(-Q * turn)) - sp.im(dilogarithm(-Q / turn))
    )
    explicit = terms.subs(c(k), COEFFICIENT)
    return Derivation(
        "angle_cost",
        C,
        (
            Step(E_tt - 2 * E_ty + E_yy, "E[(θ − y)²]"),
            Step(
                _mean(theta**2)
                - 2 * sp.Sum(c(k) * h(k), (k, 1, sp.oo))
                + c0**2
                + sp.Sum(c(k) ** 2 * p(k), (k, 1, sp.oo)),
                "term by term: the series converges uniformly, and its harmonics are orthogonal",
                (
                    UNIFORM,
                    Definition(sp.Eq(E_tt, _mean(theta**2))),
                    Definition(sp.Eq(E_ty, sp.Sum(c(k) * h(k), (k, 1, sp.oo))), "y = c₀ + Σ c_k cos 2k(θ − φ)"),
                    Definition(sp.Eq(E_yy, c0**2 + sp.Sum(c(k) ** 2 * p(k), (k, 1, sp.oo))), "likewise"),
                ),
            ),
            Step(
                sp.pi**2 / 3 + c0**2 + sp.Sum(terms, (k, 1, sp.oo)),
                "means of the harmonics",
                (Lemma(angle_harmonic()), Lemma(harmonic_power())),
            ),
            Step(
                sp.pi**2 / 3 + MEAN**2 + closed,
                "the coefficients, by the factors of output_factors, and their sums",
                (
                    Definition(sp.Eq(c0, MEAN), "2 ln K: the logarithms of the other factors have zero mean"),
                    Definition(sp.Eq(c(k), COEFFICIENT), "ln(1 + z) = Σ (−1)^(k+1) z^k/k for z = q·exp(±iu)"),
                    Definition(sp.Eq(sp.Sum(explicit, (k, 1, sp.oo)), closed), "Li₂(z) = Σ z^k/k²"),
                ),
            ),
        ),
        {**SCALE, **ANGLE},
        CIRCLE,
    )


def scaled_angle_output() -> Derivation:
    """Return the output of the weights (c·w₁, c·w₂, w₃/c²): that of (w₁, w₂, w₃)."""
    inner = w1 * x1 + w2 * x2
    return Derivation(
        "scaled_angle_output",
        y,
        (
            Step(sp.log(1 + (w3 / scale**2 * (scale * w1 * x1 + scale * w2 * x2) ** 2) ** 2), "the nodes, scaled"),
            Step(sp.log(1 + (w3 * inner**2) ** 2), "c cancels"),
        ),
        {scale: Reals(0.1, 10), **WEIGHTS, **INPUTS},
        CIRCLE,
    )


def angle_turning_slope() -> Derivation:
    """Return ∂C/∂φ: twice what the output at the cut of the angle exceeds its mean by."""
    both = sp.Function("F", real=True)
    mean = sp.Symbol("ybar", real=True)
    return Derivation(
        "angle_turning_slope",
        sp.Symbol("C_phi", real=True),
        (
            Step(
                sp.Integral(sp.Derivative(both(theta), theta), (theta, -sp.pi, sp.pi)) / (2 * sp.pi) - 2 * mean,
                "E[2(θ − y)y'], as y depends on θ − φ and ∂y/∂φ = −y'; 2(θ − y)y' = F' − 2y with F = 2θy − y²",
            ),
            Step((both(sp.pi) - both(-sp.pi)) / (2 * sp.pi) - 2 * mean, "the integral of a derivative", (UNIFORM,)),
            Step(
                2 * turned - 2 * mean,
                "the output at the cut θ = π, with the period 2π",
                (
                    Definition(sp.Eq(both(sp.pi), 2 * sp.pi * turned - turned**2), "F at the cut"),
                    Definition(sp.Eq(both(-sp.pi), -2 * sp.pi * turned - turned**2), "F at the cut, from beyond"),
                ),
            ),
        ),
        {turned: Reals(0, 9), mean: Reals(0, 9)},
        CIRCLE,
    )


def angle_gradient() -> Derivation:
    """Return ∂C/∂w₁ from the slopes over the logarithm of the scale and over the angle."""
    by_scale, by_angle, mean = sp.symbols("C_l C_phi ybar", real=True)
    squared = w1**2 + w2**2
    return Derivation(
        "angle_gradient",
        slope,
        (
            Step(
                by_scale * sp.Derivative(sp.log(w3 * squared), w1) + by_angle * sp.Derivative(sp.atan2(w2, w1), w1),
                "chain rule: C depends on ln g and φ alone",
            ),
            Step((2 * w1 * by_scale - w2 * by_angle) / squared, "derivatives of ln g and φ"),
            Step(
                (2 * w1 * by_scale - 2 * w2 * (turned - mean)) / squared,
                "the slope over the angle",
                (Lemma(angle_turning_slope()),),
            ),
        ),
        {
            w1: Reals(0.1, 1.5),
            w2: Reals(-1.5, 1.5),
            by_scale: Reals(-5, 5),
            turned: Reals(0.1, 5),
            mean: Reals(0.1, 5),
        },
        CIRCLE,
    )


def angle_curvature() -> Derivation:
    """Return ∂²C/∂w₁² from the slope over w₃, its derivative H₁₃, and those of the output's mean and cut."""
    by_scale, cut, mean = (sp.Function(name, real=True) for name in ("C_l", "y_c", "ybar"))
    third, mixed, mean_slope, mean_here = sp.symbols("C_3 H_13 M_1 ybar", real=True)
    squared = w1**2 + w2**2
    output = sp.log(1 + w3**2 * w1**4)
    sloped = 4 * w3**2 * w1**3 / (1 + w3**2 * w1**4)
    return Derivation(
        "angle_curvature",
        curvature,
        (
            Step(
                sp.Derivative((2 * w1 * by_scale(w1) - 2 * w2 * (cut(w1) - mean(w1))) / squared, w1),
                "derivative of the slope of angle_gradient",
            ),
            Step(
                (2 * by_scale(w1) + 2 * w1 * sp.Derivative(by_scale(w1), w1)) / squared
                - 2 * w2 * (sp.Derivative(cut(w1), w1) - sp.Derivative(mean(w1), w1)) / squared
                - 2 * w1 * (2 * w1 * by_scale(w1) - 2 * w2 * (cut(w1) - mean(w1))) / squared**2,
                "product rule",
            ),
            Step(
                2 * w3 * (third + w1 * mixed) / squared
                - 2 * w2 * (sloped - mean_slope) / squared
                - 4 * w1 * (w1 * w3 * third - w2 * (output - mean_here)) / squared**2,
                "the slope over ln g is that over ln w₃; output at the cut",
                (
                    Definition(sp.Eq(sp.Derivative(by_scale(w1), w1), w3 * mixed), "w₃·∂²C/∂w₁∂w₃"),
                    Definition(sp.Eq(by_scale(w1), w3 * third), "w₃·∂C/∂w₃"),
                    Definition(sp.Eq(sp.Derivative(cut(w1), w1), sloped), "slope of the output at the cut"),
                    Definition(sp.Eq(cut(w1), output), "y₂ at θ = π"),
                    Definition(sp.Eq(sp.Derivative(mean(w1), w1), mean_slope), "slope of the mean output"),
                    Definition(sp.Eq(mean(w1), mean_here), "mean output"),
                ),
            ),
        ),
        {
            w1: Reals(0.1, 1.5),
            w2: Reals(-1.5, 1.5),
            w3: Reals(0.1, 1.5),
            third: Reals(-5, 5),
            mixed: Reals(-5, 5),
            mean_slope: Reals(-5, 5),
            mean_here: Reals(0, 5),
        },
        CIRCLE,
    )


def best_angle() -> Derivation:
    """Return cos⁴φ of the angle at which the cost of a scale is least."""
    mean = sp.Symbol("ybar", real=True)
    stationary = Assumption(
        "the slope 2(y_π − ȳ) over φ is zero, and φ is the solution where it rises", sp.Eq(turned, mean)
    )
    return Derivation(
        "best_angle",
        sp.cos(phi) ** 4,
        (
            Step((sp.exp(turned) - 1) / g**2, "output at the cut θ = π: y_π = ln(1 + g² cos⁴φ)"),
            Step((sp.exp(mean) - 1) / g**2, "stationary", (stationary,)),
            Step((K**2 - 1) / G**2, "mean output 2 ln K", (Definition(sp.Eq(mean, MEAN)), Definition(sp.Eq(g, G)))),
        ),
        SCALE,
        CIRCLE,
    )


def angle_minimum() -> Derivation:
    """Return the cost at the angle that is best at its scale: what is left to minimise over the scale."""
    lemma = Lemma(angle_cost())
    best = -sp.acos(((K**2 - 1) / G**2) ** sp.Rational(1, 4))
    return Derivation(
        "angle_minimum",
        sp.Symbol("C_min", real=True),
        (
            Step(C, "the cost depends on scale and angle alone"),
            Step(lemma.equation.rhs, "in closed form", (lemma,)),
            Step(
                lemma.equation.rhs.subs(phi, best),
                "the angle",
                (Assumption("φ is the best angle of the scale, by best_angle", sp.Eq(phi, best)),),
            ),
        ),
        SCALE,
        CIRCLE,
    )


def collapsed_angle_cost() -> Derivation:
    """Return the coefficient of w₃² in the cost at w₃ = 0."""
    half_loss = (theta - sp.log(1 + (w3 * (w1 * sp.cos(theta) + w2 * sp.sin(theta)) ** 2) ** 2)) ** 2 / 2
    return Derivation(
        "collapsed_angle_cost",
        sp.Symbol("P", real=True),
        (
            Step(
                _mean(sp.Subs(sp.Derivative(half_loss, (w3, 2)), w3, 0)),
                "half of the second derivative over w₃; the first one is zero",
            ),
            Step(w1 * w2 * (5 * w1**2 + 3 * w2**2) / 4, "θ times harmonics of second and fourth order", (UNIFORM,)),
            Step(
                r**4 * sp.sin(2 * phi) * (1 + sp.cos(2 * phi) / 4) / 2,
                "in polar coordinates",
                (Definition(sp.Eq(w1, r * sp.cos(phi))), Definition(sp.Eq(w2, r * sp.sin(phi)))),
            ),
        ),
        {r: Reals(0.1, 2), **ANGLE},
        CIRCLE,
    )


def instantaneous_gradient() -> Derivation:
    """Return ∂L/∂w₁ at one input, by back-propagation."""
    sum1, sum2, out = sp.symbols("s_1 s_2 y_2", real=True)
    error, at2, at1 = sp.symbols("delta_y delta_2 delta_1", real=True)
    inner = w1 * x1 + w2 * x2
    return Derivation(
        "instantaneous_gradient",
        sp.Symbol("L_1", real=True),
        (
            Step(x1 * at1, "w₁ reaches the loss through s₁ = w₁x₁ + w₂x₂ alone"),
            Step(x1 * 2 * sum1 * w3 * at2, "s₂ = w₃s₁²", (Definition(sp.Eq(at1, 2 * sum1 * w3 * at2), "∂L/∂s₁"),)),
            Step(
                x1 * 2 * sum1 * w3 * error * 2 * sum2 / (1 + sum2**2),
                "y₂ = ln(1 + s₂²)",
                (Definition(sp.Eq(at2, error * 2 * sum2 / (1 + sum2**2)), "∂L/∂s₂"),),
            ),
            Step(
                sp.Derivative((theta - sp.log(1 + (w3 * inner**2) ** 2)) ** 2, w1),
                "the nodes, from the last to the first",
                (
                    Definition(sp.Eq(error, -2 * (theta - out)), "∂L/∂y₂"),
                    Definition(sp.Eq(out, sp.log(1 + sum2**2)), "node"),
                    Definition(sp.Eq(sum2, w3 * sum1**2), "node"),
                    Definition(sp.Eq(sum1, inner), "node"),
                ),
            ),
        ),
        {theta: Reals(-3.1, 3.1), **WEIGHTS, **INPUTS},
        "back-propagation; D. E. Rumelhart, G. E. Hinton, R. J. Williams, Nature 323 (1986) 533-536",
    )


def rounded_weight_noise() -> Derivation:
    """Return what rounding a weight adds to the cost, on average over where the grid lies."""
    e = sp.Symbol("e", real=True)
    cost = sp.Function("C")
    polynomial = cost(weight) + slope * e + curvature * e**2 / 2
    return Derivation(
        "rounded_weight_noise",
        sp.Symbol("L_Delta", real=True),
        (
            Step(
                sp.Integral((cost(weight + e) - cost(weight)) / step, (e, -step / 2, step / 2)),
                "the error is uniform over a step where the grid is",
            ),
            Step(
                sp.Integral((slope * e + curvature * e**2 / 2) / step, (e, -step / 2, step / 2)),
                "slope and curvature",
                (Assumption(SECOND_ORDER, sp.Eq(cost(weight + e), polynomial)),),
            ),
            Step(curvature * step**2 / 24, "the slope has no part in the mean"),
        ),
        {curvature: Reals(-5, 5), step: Reals(0.001, 0.5)},
        "quantisation noise of uniform law, to second order",
    )


def saturated_weight_cost() -> Derivation:
    """Return what saturation adds to the cost, of a weight in the last half step of [−1, 1)."""
    e, place = sp.Symbol("e", real=True), sp.Symbol("u", positive=True)
    cost = sp.Function("C")
    polynomial = cost(weight) + slope * e + curvature * e**2 / 2
    return Derivation(
        "saturated_weight_cost",
        sp.Symbol("L_sat", real=True),
        (
            Step(cost(weight + e) - cost(weight), "the weight becomes w + e"),
            Step(
                slope * e + curvature * e**2 / 2,
                "slope and curvature",
                (Assumption(SECOND_ORDER, sp.Eq(cost(weight + e), polynomial)),),
            ),
            Step(
                -slope * step * (1 + place) / 2 + curvature * step**2 * (1 + place) ** 2 / 8,
                "w = 1 − Δ/2 + uΔ/2 rounds to 1, which saturates to 1 − Δ",
                (Definition(sp.Eq(e, (1 - step) - (1 - step / 2 + place * step / 2)), "overload and granular error"),),
            ),
        ),
        {slope: Reals(-2, 2), curvature: Reals(-5, 5), step: Reals(0.001, 0.5), place: Reals(0, 1)},
        "saturation of two's complement, to second order",
    )
