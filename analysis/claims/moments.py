"""Claims on LMS with a delay line: second moments and their limits, and what almost every run does instead."""

import math
from functools import partial

import numpy as np
from scipy.optimize import brentq

from analysis import moments
from analysis.claims.claim import Claim
from analysis.domain import Integers, Reals
from fxp import (
    MomentOperator,
    Process,
    Signal,
    mean_square_step_limit,
    mean_step_limit,
    moment_operator,
    operator_step_limit,
    textbook_step_limit,
)

__all__ = ["CLAIMS"]

STEP = {"step_size": Reals(0.02, 0.4)}
COEFFICIENT = {"coefficient": Reals(0.3, 0.95)}
UPDATES = {"updates": Integers(2, 4)}
ROUNDINGS = 1e-9


def _gaussian(coefficient: float) -> Process:
    return Process((1.0, coefficient))


def _signs(coefficient: float) -> Process:
    return Process((1.0, coefficient), drive=Signal.from_samples([-1, 1]))


def _power(coefficient: float) -> float:
    return 1 + coefficient**2


def _last_moment(operator: MomentOperator, step_size: float, updates: int) -> float:
    iterations = operator.delay + updates + 1
    return float(operator.free_moments(step_size, iterations, initial_error=[1.0])[-1, 0, 0])


def _two_steps(step_size: float, coefficient: float) -> float:
    return _last_moment(moment_operator(_gaussian(coefficient), 1), step_size, 2)


def _two_steps_derived(step_size: float, coefficient: float) -> float:
    return moments.second_moment_of_two_steps().value(mu=step_size, c=coefficient)


def _two_independent_steps(step_size: float, coefficient: float) -> float:
    """Takes the regressors for independent: the square of one step's factor."""
    return _last_moment(moment_operator(_gaussian(coefficient), 1, independent=True), step_size, 2)


def _two_steps_of_signs(step_size: float, coefficient: float) -> float:
    """Takes signs for Gaussian draws: forgets the fourth moment."""
    return _last_moment(moment_operator(_signs(coefficient), 1), step_size, 2)


def _before_feedback(updates: int, step_size: float, coefficient: float) -> float:
    return _last_moment(moment_operator(_gaussian(coefficient), 1, delay=updates - 1), step_size, updates)


def _before_feedback_derived(updates: int, step_size: float, coefficient: float) -> float:
    return moments.moments_before_feedback().value(m=updates, mu=step_size, c=coefficient)


def _independent_before_feedback(updates: int, step_size: float, coefficient: float) -> float:
    """Takes the regressors for independent: leaves out the covariances of their powers."""
    operator = moment_operator(_gaussian(coefficient), 1, delay=updates - 1, independent=True)
    return _last_moment(operator, step_size, updates)


def _mean_before_feedback(updates: int, step_size: float, coefficient: float) -> float:
    """Takes the square of the mean for the mean square."""
    return (1 - updates * step_size * _power(coefficient)) ** 2


def _radius(step_size: float, coefficient: float) -> float:
    return moment_operator(_signs(coefficient), 1).spectral_radius(step_size)


def _radius_derived(step_size: float, coefficient: float) -> float:
    return moments.signs_radius().value(mu=step_size, c=coefficient)


def _gaussian_radius(step_size: float, coefficient: float) -> float:
    """Takes the fourth moment of a Gaussian sample."""
    return moment_operator(_gaussian(coefficient), 1, independent=True).spectral_radius(step_size)


def _squared_mean(step_size: float, coefficient: float) -> float:
    """Takes the factor of the mean, squared: leaves out that the power of the samples varies."""
    return (1 - step_size * _power(coefficient)) ** 2


def _signs_limit(coefficient: float) -> float:
    return operator_step_limit(_signs(coefficient), 1)


def _signs_limit_derived(coefficient: float) -> float:
    return moments.signs_step_limit().value(c=coefficient)


def _mean_limit(coefficient: float) -> float:
    """Takes the limit of the mean for that of the mean square."""
    return float(mean_step_limit([[_power(coefficient)]]))


def _independent_limit(coefficient: float) -> float:
    """Takes the limit of independent Gaussian regressors."""
    return float(mean_square_step_limit([[_power(coefficient)]]))


def _almost_sure_limit(coefficient: float) -> float:
    """Takes the step size up to which almost every run converges: ln |1 − μ(1 + c)²| + ln |1 − μ(1 − c)²| = 0."""
    total, both = 2 * _power(coefficient), (1 - coefficient**2) ** 2
    roots = np.roots([both, -total, 2]) if total**2 > 8 * both else np.array([total / both])
    return float(np.min(roots))


def _memory_limit(coefficient: float) -> float:
    return operator_step_limit(_gaussian(coefficient), 1)


def _memory_limit_derived(coefficient: float) -> float:
    determinant = moments.memory_step_limit()
    end = 2 / (3 * _power(coefficient))
    return float(brentq(lambda step: determinant.value(mu=step, c=coefficient), end / 10, end, xtol=1e-14))


def _signs_limit_for_gaussian(coefficient: float) -> float:
    """Takes signs for Gaussian draws."""
    return _signs_limit(coefficient)


def _textbook_limit(coefficient: float) -> float:
    """Takes the textbooks' 2/tr R."""
    return float(textbook_step_limit([[_power(coefficient)]]))


def _one_update(step_size: float, coefficient: float) -> float:
    trajectory = moment_operator(_signs(coefficient), 1).trajectory(step_size, 2, initial_error=[0.0])
    return float(trajectory.mse[1])


def _one_update_derived(step_size: float, coefficient: float) -> float:
    return moments.error_after_one_update().value(mu=step_size, c=coefficient)


def _one_independent_update(step_size: float, coefficient: float) -> float:
    """Takes the regressor of the error for independent of the weight that it meets."""
    operator = moment_operator(_signs(coefficient), 1, independent=True)
    return float(operator.trajectory(step_size, 2, initial_error=[0.0]).mse[1])


def _least_error(step_size: float, coefficient: float) -> float:
    """Takes the error of the optimal weight: leaves out what the update adds."""
    del step_size
    return moment_operator(_signs(coefficient), 1).minimum_mse


def _exponent(step_size: float, coefficient: float) -> float:
    return math.log(_radius(step_size, coefficient)) / 2


def _exponent_derived(step_size: float, coefficient: float) -> float:
    return moments.exponent_below_radius().value(mu=step_size, c=coefficient)


def _whole_logarithm(step_size: float, coefficient: float) -> float:
    """Takes the logarithm of the radius, which is that of squares, not half of it."""
    return math.log(_radius(step_size, coefficient))


def _mean_exponent(step_size: float, coefficient: float) -> float:
    """Takes the growth of the mean of the weights."""
    return math.log(abs(1 - step_size * _power(coefficient)))


_claim = partial(Claim.of, tolerance=ROUNDINGS)


CLAIMS: tuple[Claim, ...] = (
    _claim(
        moments.second_moment_of_two_steps,
        "After two iterations, the weight error of one tap has this mean square: its regressors share a draw.",
        _two_steps,
        derived=_two_steps_derived,
        domain=STEP | COEFFICIENT,
        wrong_variants=(_two_independent_steps, _two_steps_of_signs),
    ),
    _claim(
        moments.moments_before_feedback,
        "Until the first error comes back through the delay, the mean square is this, powers of samples correlated.",
        _before_feedback,
        derived=_before_feedback_derived,
        domain=UPDATES | STEP | COEFFICIENT,
        wrong_variants=(_independent_before_feedback, _mean_before_feedback),
    ),
    _claim(
        moments.signs_radius,
        "Of signs through a first-order moving average, an iteration multiplies the mean square by this.",
        _radius,
        derived=_radius_derived,
        domain=STEP | COEFFICIENT,
        wrong_variants=(_gaussian_radius, _squared_mean),
    ),
    _claim(
        moments.signs_step_limit,
        "There the mean square ceases to converge at this step size.",
        _signs_limit,
        derived=_signs_limit_derived,
        domain=COEFFICIENT,
        wrong_variants=(_mean_limit, _independent_limit, _almost_sure_limit),
    ),
    _claim(
        moments.memory_step_limit,
        "Of Gaussian draws through a first-order moving average, it does at the root of this determinant.",
        _memory_limit,
        derived=_memory_limit_derived,
        domain=COEFFICIENT,
        wrong_variants=(_independent_limit, _mean_limit, _textbook_limit, _signs_limit_for_gaussian),
    ),
    _claim(
        moments.error_after_one_update,
        "One update of the optimal weight leaves this mean square error, the error and the weight being correlated.",
        _one_update,
        derived=_one_update_derived,
        domain=STEP | COEFFICIENT,
        wrong_variants=(_one_independent_update, _least_error),
    ),
    _claim(
        moments.exponent_below_radius,
        "The logarithm of a weight error grows by at most this in an iteration, in almost every run.",
        _exponent,
        kind="bound",
        derived=_exponent_derived,
        domain=STEP | COEFFICIENT,
        tolerance=0.0,
        wrong_variants=(_whole_logarithm, _mean_exponent),
    ),
)
