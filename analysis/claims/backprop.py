"""Claims on the system that learns an angle: its cost, slopes and minima, and what rounding its weights adds."""

import math
from typing import Final

import numpy as np

from analysis import backprop
from analysis.claims.claim import Claim
from analysis.domain import Choice, Domain, Integers, Reals
from analysis.node_systems import angle_system
from fxp import angle_cost, angle_gradient, angle_hessian, angle_minimum, best_angle, collapsed_angle_cost

__all__ = ["CLAIMS"]

PUBLISHED: Final = (0.9547247, -0.8316406, 0.7071791)
WEIGHTS: Final[dict[str, Domain]] = {"w1": Reals(0.2, 1.5), "w2": Reals(-1.5, 1.5), "w3": Reals(0.1, 1.5)}
SATURATING: Final[dict[str, Domain]] = {"word_bits": Integers(6, 10), "place": Reals(0.3, 0.95)}


def _parameter(scale: float) -> float:
    """Return ρ of the derivations, tanh t/2 with sinh 2t = |g|."""
    return math.tanh(math.asinh(abs(scale)) / 4)


def _mean_output(scale: float) -> float:
    rho = _parameter(scale)
    return 2 * math.log((1 + rho**2) / (1 - rho**2) ** 2)


def _cost(w1: float, w2: float, w3: float) -> float:
    return float(angle_cost([w1, w2, w3]))


def _cost_derived(w1: float, w2: float, w3: float) -> float:
    return backprop.angle_cost().value(rho=_parameter(w3 * (w1**2 + w2**2)), phi=math.atan2(w2, w1))


def _half_the_mean(w1: float, w2: float, w3: float) -> float:
    """Takes ln|K| for the mean output, half of it."""
    return _cost(w1, w2, w3) - 0.75 * _mean_output(w3 * (w1**2 + w2**2)) ** 2


def _correlation_of_other_sign(w1: float, w2: float, w3: float) -> float:
    """Turns the angle the other way round: the correlation with θ changes its sign."""
    return _cost(w1, -w2, w3)


def _gradient(w1: float, w2: float, w3: float) -> float:
    return float(angle_gradient([w1, w2, w3])[0])


def _gradient_derived(w1: float, w2: float, w3: float) -> float:
    by_scale = w3 * angle_gradient([w1, w2, w3])[2]
    cut = math.log1p((w3 * w1**2) ** 2)
    values = {"C_l": by_scale, "y_c": cut, "ybar": _mean_output(w3 * (w1**2 + w2**2))}
    return backprop.angle_gradient().value(w_1=w1, w_2=w2, **values)


def _twice_the_gradient(w1: float, w2: float, w3: float) -> float:
    """Doubles the slope, as the printed 0.0163 for 0.0082 at the minimum that was found."""
    return 2 * _gradient(w1, w2, w3)


def _fixed_mean(w1: float, w2: float, w3: float) -> float:
    """Takes the output for centred: leaves its mean out of the slope over the angle."""
    return _gradient(w1, w2, w3) - 2 * w2 / (w1**2 + w2**2) * _mean_output(w3 * (w1**2 + w2**2))


def _curvature(w1: float, w2: float, w3: float) -> float:
    return float(angle_hessian([w1, w2, w3])[0, 0])


def _curvature_derived(w1: float, w2: float, w3: float) -> float:
    g = w3 * (w1**2 + w2**2)
    root = np.sqrt(1 + 1j * g)
    slope_of_mean = 2 * (1 - (1 / root).real) * 2 * w1 / (w1**2 + w2**2)
    values = {
        "C_3": angle_gradient([w1, w2, w3])[2],
        "H_13": angle_hessian([w1, w2, w3])[0, 2],
        "M_1": slope_of_mean,
        "ybar": _mean_output(g),
    }
    return backprop.angle_curvature().value(w_1=w1, w_2=w2, w_3=w3, **values)


def _squared_slope_only(w1: float, w2: float, w3: float) -> float:
    """Takes 2E[(∂y/∂w₁)²], Gauss and Newton's: it forgets that the error is not small at this minimum."""
    angles = 2 * np.pi * (np.arange(4096) + 0.5) / 4096 - np.pi
    s = w1 * np.cos(angles) + w2 * np.sin(angles)
    slope = 4 * w3**2 * s**3 * np.cos(angles) / (1 + (w3 * s**2) ** 2)
    return float(2 * np.mean(slope**2))


def _half_the_curvature(w1: float, w2: float, w3: float) -> float:
    """Takes the factor of e² in the cost, ½∂²C/∂w₁², for the second derivative."""
    return _curvature(w1, w2, w3) / 2


def _scaled(scale_exponent: int, w1: float, w2: float, w3: float) -> float:  # noqa: ARG001 - no part of the answer
    return _cost(w1, w2, w3)


def _inverse_scale(scale_exponent: int, w1: float, w2: float, w3: float) -> float:
    """Expects w₃ to be compensated by 1/c, not by 1/c²."""
    return _cost(w1, w2, w3 / 2.0**scale_exponent)


def _best_angle_derived(scale: float) -> float:
    return -math.acos(backprop.best_angle().value(rho=_parameter(scale)) ** 0.25)


def _worst_angle(scale: float) -> float:
    """Takes the other angle where the slope is zero, at which the cost is greatest."""
    return -best_angle(scale)


def _diagonal(scale: float) -> float:  # noqa: ARG001 - that is what is wrong with it
    """Takes −π/4, where a small output correlates most with θ, for every scale."""
    return -math.pi / 4


def _least(radius: float) -> float:
    return float(angle_cost(angle_minimum().weights(radius)))


def _least_derived(radius: float) -> float:  # noqa: ARG001 - any radius has the same minimum
    best = angle_minimum()
    return backprop.angle_cost().value(rho=_parameter(best.scale), phi=best.angle)


def _collapsed_is_least(radius: float) -> float:  # noqa: ARG001 - of any radius
    """Takes the local minimum at w₃ = 0, where the output is zero, for the only one."""
    return math.pi**2 / 3


def _published_is_least(radius: float) -> float:  # noqa: ARG001 - of any radius
    """Takes the weights that a run of gradient descent found for those of the minimum."""
    return float(angle_cost(PUBLISHED))


def _collapsed(radius: float, angle: float, w3: float) -> float:
    weights = [radius * math.cos(angle), radius * math.sin(angle), w3]
    return (float(collapsed_angle_cost(weights)) - math.pi**2 / 3) / w3**2 if w3 else 0.0


def _collapsed_derived(radius: float, angle: float, w3: float) -> float:  # noqa: ARG001 - the coefficient of w₃²
    return backprop.collapsed_angle_cost().value(r=radius, phi=angle)


def _second_harmonic_only(radius: float, angle: float, w3: float) -> float:  # noqa: ARG001 - the coefficient of w₃²
    """Leaves the fourth harmonic out: ½r⁴ sin 2φ."""
    return radius**4 * math.sin(2 * angle) / 2


def _saddle(radius: float, angle: float, w3: float) -> float:
    """Turns the sign: these points would be maxima over w₃."""
    return -_collapsed(radius, angle, w3)


def _slope_of_loss(theta: float, w1: float, w2: float, w3: float) -> float:
    system = angle_system()
    values = dict(zip((*system.inputs, *system.weights), (theta, w1, w2, w3), strict=True))
    return float(system.composed(system.gradient()[0]).subs(values))


def _slope_of_loss_derived(theta: float, w1: float, w2: float, w3: float) -> float:
    slope = backprop.instantaneous_gradient().result.doit()
    values = {"theta": theta, "w_1": w1, "w_2": w2, "w_3": w3, "x_1": math.cos(theta), "x_2": math.sin(theta)}
    return float(slope.subs({symbol: values[symbol.name] for symbol in slope.free_symbols}))


def _half_squared_error(theta: float, w1: float, w2: float, w3: float) -> float:
    """Takes the slope of half the squared error."""
    return _slope_of_loss(theta, w1, w2, w3) / 2


def _square_passed_through(theta: float, w1: float, w2: float, w3: float) -> float:
    """Forgets the local slope 2s₁ of the square."""
    return _slope_of_loss(theta, w1, w2, w3) / (2 * (w1 * math.cos(theta) + w2 * math.sin(theta)))


def _noise(word_bits: int, weight: int) -> float:
    step = 2.0 ** (1 - word_bits)
    return float(angle_hessian(PUBLISHED)[weight, weight]) * step**2 / 24 / step**2


def _noise_derived(word_bits: int, weight: int) -> float:
    step = 2.0 ** (1 - word_bits)
    curvature = float(angle_hessian(PUBLISHED)[weight, weight])
    return backprop.rounded_weight_noise().value(H_11=curvature, Delta=step) / step**2


def _always_half_a_step(word_bits: int, weight: int) -> float:
    """Takes half a step for every error: three times too much."""
    return 3 * _noise(word_bits, weight)


def _without_the_half(word_bits: int, weight: int) -> float:
    """Takes ∂²C/∂w²·Δ²/12, without the ½ of Taylor's formula."""
    return 2 * _noise(word_bits, weight)


def _saturation(word_bits: int, place: float) -> float:
    step = 2.0 ** (1 - word_bits)
    return _to_second_order(word_bits, place, -step * (1 + place) / 2)


def _to_second_order(word_bits: int, place: float, error: float) -> float:
    """Return the increase in steps, for an error of the weight 1 − Δ/2 + `place`·Δ/2."""
    step = 2.0 ** (1 - word_bits)
    weights = np.array([1 - step / 2 + place * step / 2, *PUBLISHED[1:]])
    slope, curvature = angle_gradient(weights)[0], angle_hessian(weights)[0, 0]
    return float(slope * error + curvature * error**2 / 2) / step


def _saturation_derived(word_bits: int, place: float) -> float:
    step = 2.0 ** (1 - word_bits)
    weights = np.array([1 - step / 2 + place * step / 2, *PUBLISHED[1:]])
    slope, curvature = angle_gradient(weights)[0], angle_hessian(weights)[0, 0]
    return backprop.saturated_weight_cost().value(C_1=slope, H_11=curvature, Delta=step, u=place) / step


def _granular_only(word_bits: int, place: float) -> float:
    """Rounds to 1, a value that the word does not have."""
    step = 2.0 ** (1 - word_bits)
    return _to_second_order(word_bits, place, step * (1 - place) / 2)


def _half_a_step_down(word_bits: int, place: float) -> float:
    """Takes half a step for the largest error, as if the range did not end."""
    return _to_second_order(word_bits, place, -(2.0**-word_bits))


CLAIMS = (
    Claim(
        "angle_cost",
        "The mean square error of the system that learns an angle is this sum of dilogarithms.",
        "exact",
        backprop.angle_cost().assumptions,
        backprop.angle_cost,
        _cost,
        WEIGHTS,
        (_half_the_mean, _correlation_of_other_sign),
        "derivation-angle_cost",
        tolerance=1e-5,
        unit="rad²",
        derived=_cost_derived,
    ),
    Claim(
        "angle_gradient",
        "Instantaneous gradients average to this slope of the mean square error over the first weight.",
        "exact",
        backprop.angle_gradient().assumptions,
        backprop.angle_gradient,
        _gradient,
        WEIGHTS,
        (_twice_the_gradient, _fixed_mean),
        "derivation-angle_gradient",
        derived=_gradient_derived,
    ),
    Claim(
        "angle_curvature",
        "This is the second derivative of the mean square error over the first weight.",
        "exact",
        backprop.angle_curvature().assumptions,
        backprop.angle_curvature,
        _curvature,
        WEIGHTS,
        (_squared_slope_only, _half_the_curvature),
        "derivation-angle_curvature",
        tolerance=2e-5,
        derived=_curvature_derived,
    ),
    Claim(
        "instantaneous_gradient",
        "Back-propagation through the nodes gives the slope of the loss at each single input.",
        "exact",
        backprop.instantaneous_gradient().assumptions,
        backprop.instantaneous_gradient,
        _slope_of_loss,
        {"theta": Reals(-3, -0.5), **WEIGHTS},
        (_half_squared_error, _square_passed_through),
        "derivation-instantaneous_gradient",
        tolerance=1e-6,
        derived=_slope_of_loss_derived,
    ),
    Claim(
        "scaled_angle_output",
        "Scaling w₁ and w₂ by c and w₃ by 1/c² does not change the cost.",
        "exact",
        backprop.scaled_angle_output().assumptions,
        backprop.scaled_angle_output,
        _scaled,
        {"scale_exponent": Choice(-3, -1, 2, 5), **WEIGHTS},
        (_inverse_scale,),
        "derivation-scaled_angle_output",
        tolerance=1e-5,
        unit="rad²",
    ),
    Claim(
        "best_angle",
        "Of all weights of one scale, those at this angle have the least cost.",
        "exact",
        backprop.best_angle().assumptions,
        backprop.best_angle,
        best_angle,
        {"scale": Reals(0.2, 5)},
        (_worst_angle, _diagonal),
        "derivation-best_angle",
        tolerance=2e-3,
        unit="rad",
        derived=_best_angle_derived,
    ),
    Claim(
        "angle_minimum",
        "No weights have a lower cost than this, which any radius of (w₁, w₂) reaches.",
        "exact",
        backprop.angle_minimum().assumptions,
        backprop.angle_minimum,
        _least,
        {"radius": Reals(0.5, 2)},
        (_collapsed_is_least, _published_is_least),
        "derivation-angle_minimum",
        tolerance=2e-6,
        unit="rad²",
        derived=_least_derived,
        cases=3,
    ),
    Claim(
        "collapsed_angle_cost",
        "Near w₃ = 0 the cost exceeds π²/3 by this multiple of w₃²: where w₁w₂ > 0, every point is a local minimum.",
        "asymptotic",
        backprop.collapsed_angle_cost().assumptions,
        backprop.collapsed_angle_cost,
        _collapsed,
        {"radius": Reals(0.5, 1.2), "angle": Reals(0.15, 1.4), "w3": Reals(0.01, 0.04)},
        (_second_harmonic_only, _saddle),
        "derivation-collapsed_angle_cost",
        tolerance=5e-3,
        unit="rad²",
        derived=_collapsed_derived,
    ),
    Claim(
        "rounded_weight_noise",
        "Rounding a weight of the trained system adds this multiple of Δ² to its cost, on average over the grid.",
        "asymptotic",
        backprop.rounded_weight_noise().assumptions,
        backprop.rounded_weight_noise,
        _noise,
        {"word_bits": Integers(5, 8), "weight": Choice(0, 1, 2)},
        (_always_half_a_step, _without_the_half),
        "derivation-rounded_weight_noise",
        tolerance=1e-3,
        unit="Δ²",
        derived=_noise_derived,
    ),
    Claim(
        "saturated_weight_cost",
        "A weight in the last half step of [−1, 1) saturates: an error of up to a step adds this to the cost.",
        "asymptotic",
        backprop.saturated_weight_cost().assumptions,
        backprop.saturated_weight_cost,
        _saturation,
        SATURATING,
        (_granular_only, _half_a_step_down),
        "derivation-saturated_weight_cost",
        tolerance=1.5e-3,
        unit="Δ",
        derived=_saturation_derived,
    ),
)
