"""The system that learns an angle, run over angles: its losses, their differences, and weights in words."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from fxp.formats import Format
from fxp.quantization import decode, encode
from sims.measure import Measurement, Trial, measures

__all__ = [
    "angle_cost",
    "angle_curvature",
    "angle_gradient",
    "angle_minimum",
    "best_angle",
    "collapsed_angle_cost",
    "instantaneous_gradient",
    "rounded_weight_noise",
    "saturated_weight_cost",
    "scaled_angle_output",
]

Floats = NDArray[np.float64]

TRAINED = np.array([0.9547247, -0.8316406, 0.7071791])
ANGLES = 4096
WIDE = Format(48, 40)
NUDGE = 2.0**-10
POSITIONS = 1024  # of a grid; their errors average to zero but for half a part


def losses(weights: ArrayLike, angles: ArrayLike) -> Floats:
    """Return the squared error of the system at angles; weights along the first axis, which broadcast with them."""
    w1, w2, w3 = np.asarray(weights, dtype=np.float64)
    theta = np.asarray(angles, dtype=np.float64)
    inner = w3 * (w1 * np.cos(theta) + w2 * np.sin(theta)) ** 2
    return np.asarray((theta - np.log1p(inner**2)) ** 2)


def mean_loss(weights: ArrayLike, trial: Trial) -> float:
    """Return the mean over evenly spaced angles, the middles of equal parts of the circle."""
    return float(losses(weights, _angles(trial.samples(ANGLES))).mean())


def _angles(count: int) -> Floats:
    return 2 * np.pi * (np.arange(count) + 0.5) / count - np.pi


def _nudged(index: int, by: float, weights: ArrayLike = TRAINED) -> Floats:
    changed = np.array(weights, dtype=np.float64)
    changed[index] += by
    return changed


@measures("angle_cost")
def angle_cost(*, w1: float, w2: float, w3: float, trial: Trial) -> Measurement:
    """Return the mean loss over evenly spaced angles."""
    return Measurement.enumerated(mean_loss([w1, w2, w3], trial))


@measures("angle_gradient")
def angle_gradient(*, w1: float, w2: float, w3: float, trial: Trial) -> Measurement:
    """Return the mean slope of the loss over w₁, by differences at random angles, one in each part of the circle."""
    parts, draws = 120, trial.samples(500)
    angles = 2 * np.pi * (np.arange(parts) + trial.rng.random((draws, parts))) / parts - np.pi
    above, below = (losses([w1 + by, w2, w3], angles) for by in (1e-5, -1e-5))
    return Measurement.mean(((above - below) / 2e-5).mean(axis=1), false_alarm=trial.false_alarm)


@measures("angle_curvature")
def angle_curvature(*, w1: float, w2: float, w3: float, trial: Trial) -> Measurement:
    """Return the second difference of the mean loss over w₁."""
    here = mean_loss([w1, w2, w3], trial)
    sides = mean_loss([w1 + NUDGE, w2, w3], trial) + mean_loss([w1 - NUDGE, w2, w3], trial)
    return Measurement.enumerated((sides - 2 * here) / NUDGE**2)


@measures("instantaneous_gradient")
def instantaneous_gradient(*, theta: float, w1: float, w2: float, w3: float, trial: Trial) -> Measurement:  # noqa: ARG001
    """Return the slope of the loss at one angle, by differences of second and fourth order of w₁."""
    near, far = (
        float(losses([w1 + by, w2, w3], theta) - losses([w1 - by, w2, w3], theta)) / (2 * by) for by in (1e-3, 2e-3)
    )
    return Measurement.enumerated((4 * near - far) / 3)


@measures("scaled_angle_output")
def scaled_angle_output(*, scale_exponent: int, w1: float, w2: float, w3: float, trial: Trial) -> Measurement:
    """Return the mean loss with the points of the codes shifted: of w₁ and w₂ one way, of w₃ twice as far back."""
    codes = encode([w1, w2, w3], WIDE)
    shifts = np.array([scale_exponent, scale_exponent, -2 * scale_exponent])
    shifted = [
        float(decode(code, Format(WIDE.word_bits, WIDE.frac_bits - shift)))
        for code, shift in zip(codes.tolist(), shifts.tolist(), strict=True)
    ]
    return Measurement.enumerated(mean_loss(shifted, trial))


@measures("best_angle")
def best_angle(*, scale: float, trial: Trial) -> Measurement:
    """Return the angle of (w₁, w₂) of the least mean loss, of all on a fine scale."""
    tried = np.arange(-1.57, 1.57, 1e-3)
    weights = np.stack([np.cos(tried), np.sin(tried), np.full_like(tried, scale)])[..., None]
    means = losses(weights, _angles(trial.samples(1024))).mean(axis=1)
    return Measurement.enumerated(tried[int(np.argmin(means))])


@measures("angle_minimum")
def angle_minimum(*, radius: float, trial: Trial) -> Measurement:
    """Return the least mean loss that descents from every quadrant reach, with √(w₁² + w₂²) as given."""

    def loss(place: Floats) -> float:
        weights = [radius * np.cos(place[0]), radius * np.sin(place[0]), place[1] / radius**2]
        return mean_loss(weights, trial)

    starts = [(angle, scale) for angle in (-2.0, -0.5, 0.5, 2.0) for scale in (-1.0, 1.0)]
    return Measurement.enumerated(min(float(minimize(loss, start, method="Nelder-Mead").fun) for start in starts))


@measures("collapsed_angle_cost")
def collapsed_angle_cost(*, radius: float, angle: float, w3: float, trial: Trial) -> Measurement:
    """Return what the mean loss exceeds that of w₃ = 0 by, over w₃²."""
    inner = [radius * np.cos(angle), radius * np.sin(angle)]
    excess = mean_loss([*inner, w3], trial) - mean_loss([*inner, 0.0], trial)
    return Measurement.enumerated(excess / w3**2)


@measures("rounded_weight_noise")
def rounded_weight_noise(*, word_bits: int, weight: int, trial: Trial) -> Measurement:
    """Return what rounding one trained weight adds to the mean loss, over Δ², averaged over positions of the grid."""
    word = Format(word_bits + 4, word_bits - 1)
    positions = (np.arange(POSITIONS) + 0.5) / POSITIONS * word.step
    rounded = decode(encode(TRAINED[weight] + positions, word), word) - positions
    added = [mean_loss(_nudged(weight, each - TRAINED[weight]), trial) for each in rounded]
    return Measurement.enumerated((np.mean(added) - mean_loss(TRAINED, trial)) / word.step**2)


@measures("saturated_weight_cost")
def saturated_weight_cost(*, word_bits: int, place: float, trial: Trial) -> Measurement:
    """Return what the code of w₁ = 1 − Δ/2 + `place`·Δ/2, saturated, adds to the mean loss, over Δ."""
    word = Format(word_bits, word_bits - 1)
    weight = 1 - word.step / 2 + place * word.step / 2
    inside = float(decode(encode(weight, word), word))
    added = mean_loss([inside, *TRAINED[1:]], trial) - mean_loss([weight, *TRAINED[1:]], trial)
    return Measurement.enumerated(added / word.step)
