"""Claims on what LMS leaves in the error, and how it gets there."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analysis import lms_curves
from analysis.claims.lms import CORRELATED, DELAY, TAPS, TWO_MODES, claim, largest, matrix, modes
from analysis.domain import Reals
from fxp import learning_curve, misadjustment, small_step_misadjustment, time_constants

__all__ = ["CLAIMS"]

Floats = NDArray[np.float64]

STEP_SIZE = {"step_size": Reals(0.04, 0.08)}
PLACES = 25


def _misadjustment(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    return misadjustment(matrix(taps, correlation), step_size, delay=delay)


def _derived_misadjustment(taps: int, correlation: float, step_size: float, delay: int) -> float:
    return lms_curves.misadjustment().value(**modes(step_size, taps, correlation, delay))


def _misadjustment_not_delayed(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    """Ignores the delay."""
    del delay
    return _misadjustment(taps, correlation, step_size, 0)


def _misadjustment_gradient(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    """Takes half the step for the step: the convention of a factor of two."""
    return _misadjustment(taps, correlation, step_size / 2, delay)


def _share_of_error(taps: int, correlation: float, step_size: float, delay: int) -> float:
    """Takes G for the misadjustment: noise from the least error alone."""
    found = float(_misadjustment(taps, correlation, step_size, delay))
    return found / (1 + found)


def _half_the_power(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    """Takes the rule of small steps at steps that are not small."""
    del delay
    return small_step_misadjustment(matrix(taps, correlation), step_size)


def _small(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    del delay
    return small_step_misadjustment(matrix(taps, correlation), step_size)


def _derived_small(taps: int, correlation: float, step_size: float, delay: int) -> float:
    del correlation, delay
    return lms_curves.small_step_misadjustment().value(N=taps, mu=step_size, **{"lambda": 1})


def _small_gradient(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    """Takes μ·tr R, as of a step along the gradient of e²."""
    del delay
    return small_step_misadjustment(matrix(taps, correlation), step_size, factor=2)


def _small_of_largest(taps: int, correlation: float, step_size: float, delay: int) -> float:
    """Takes the largest eigenvalue for the trace."""
    del delay
    return step_size * largest(taps, correlation) / 2


def _mean_square_time(taps: int, step_size: float) -> float:
    return time_constants(np.eye(taps), step_size).mean_square


def _derived_mean_square_time(taps: int, step_size: float) -> float:
    return lms_curves.mean_square_time_constant().value(N=taps, a=step_size)


def _time_of_small_steps(taps: int, step_size: float) -> float:
    """Takes the rule of small steps, 1/(2a)."""
    del taps
    return 1 / (2 * step_size)


def _half_of_the_mean(taps: int, step_size: float) -> float:
    """Takes half of the time constant of the mean, as if its square were the mean square."""
    return float(time_constants(np.eye(taps), step_size).mean[0]) / 2


def _one_term_less(taps: int, step_size: float) -> float:
    """Leaves out one term of the fourth moment: N + 1 for N + 2."""
    return float(-1 / np.log(1 - 2 * step_size + (taps + 1) * step_size**2))


def _mean_time(step_size: float) -> float:
    return float(time_constants([[1.0]], step_size, delay=1).mean[0])


def _derived_mean_time(step_size: float) -> float:
    return lms_curves.mean_time_constant().value(a=step_size)


def _mean_time_not_delayed(step_size: float) -> float:
    """Ignores the delay."""
    return float(-1 / np.log(1 - step_size))


def _mean_time_of_small_steps(step_size: float) -> float:
    """Takes the rule of small steps, 1/a."""
    return 1 / step_size


def _curve(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    return _curve_of(matrix(taps, correlation), step_size, delay)[[0, delay, delay + 1, 2 * delay + 3, 24]]


def _curve_of(R: Floats, step_size: float, delay: int) -> Floats:
    return learning_curve(R, step_size, PLACES, minimum_mse=1.0, initial_error=np.ones(len(R)), delay=delay).mse


def _curve_not_delayed(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    """Ignores the delay."""
    return _curve_of(matrix(taps, correlation), step_size, 0)[[0, delay, delay + 1, 2 * delay + 3, 24]]


def _curve_a_step_early(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    """Takes the error after the update for that before it."""
    curve = np.append(_curve_of(matrix(taps, correlation), step_size, delay)[1:], 1.0)
    return curve[[0, delay, delay + 1, 2 * delay + 3, 23]]


def _curve_of_small_steps(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    """Takes the rule of small steps at steps that are not small."""
    R = matrix(taps, correlation)
    curve = learning_curve(
        R, step_size, PLACES, minimum_mse=1.0, initial_error=np.ones(taps), delay=delay, tier="small_step"
    )
    return curve.mse[[0, delay, delay + 1, 2 * delay + 3, 24]]


def _white_curve(taps: int, step_size: float) -> Floats:
    return _curve_of(np.eye(taps), step_size, 0)[[1, 4, 24]]


def _derived_white_curve(taps: int, step_size: float) -> Floats:
    curve = lms_curves.white_learning_curve()
    return np.array([curve.value(N=taps, a=step_size, J_min=1, J_0=taps, n=n) for n in (1, 4, 24)])


def _white_of_mean(taps: int, step_size: float) -> Floats:
    """Takes the error of the mean weights."""
    return 1 + taps * (1 - step_size) ** np.array([2.0, 8.0, 48.0])


def _white_without_noise(taps: int, step_size: float) -> Floats:
    """Leaves out what the least error adds to the weights."""
    return 1 + taps * (1 - 2 * step_size + (taps + 2) * step_size**2) ** np.array([1.0, 4.0, 24.0])


CLAIMS: Final = (
    claim(
        lms_curves.misadjustment,
        "In steady state the mean square error exceeds the least one by this share of it.",
        _misadjustment,
        derived=_derived_misadjustment,
        domain=CORRELATED | TWO_MODES | STEP_SIZE | DELAY,
        wrong_variants=(_misadjustment_not_delayed, _misadjustment_gradient, _share_of_error, _half_the_power),
        tolerance=0.0,
    ),
    claim(
        lms_curves.small_step_misadjustment,
        "At small steps the misadjustment is half of the step size times the power of all taps.",
        _small,
        kind="asymptotic",
        tolerance=2e-5,
        derived=_derived_small,
        domain=CORRELATED | {"step_size": Reals(0.0005, 0.001)} | DELAY,
        wrong_variants=(_small_gradient, _small_of_largest),
    ),
    claim(
        lms_curves.mean_square_time_constant,
        "With white regressors and no delay the excess error falls to 1/e in this time.",
        _mean_square_time,
        derived=_derived_mean_square_time,
        domain=TAPS | {"step_size": Reals(0.01, 0.1)},
        wrong_variants=(_time_of_small_steps, _half_of_the_mean, _one_term_less),
        tolerance=1e-6,
        unit="iterations",
    ),
    claim(
        lms_curves.mean_time_constant,
        "At a delay of one the mean of a weight falls to 1/e in this time.",
        _mean_time,
        derived=_derived_mean_time,
        domain={"step_size": Reals(0.02, 0.45)},
        wrong_variants=(_mean_time_not_delayed, _mean_time_of_small_steps),
        tolerance=1e-6,
        unit="iterations",
    ),
    claim(
        lms_curves.learning_curve,
        "The mean square error of many runs follows this curve, iteration by iteration.",
        _curve,
        domain=CORRELATED | {"step_size": Reals(0.025, 0.055)} | DELAY,
        wrong_variants=(_curve_not_delayed, _curve_a_step_early, _curve_of_small_steps),
        tolerance=1e-12,
    ),
    claim(
        lms_curves.white_learning_curve,
        "With white regressors and no delay the mean square error of many runs follows this curve.",
        _white_curve,
        derived=_derived_white_curve,
        domain=TAPS | {"step_size": Reals(0.05, 0.09)},
        wrong_variants=(_white_of_mean, _white_without_noise),
        tolerance=0.0,
    ),
)
