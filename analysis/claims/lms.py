"""Claims on LMS with delayed updates and independent Gaussian regressors: limits, misadjustment, curves."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from analysis import lms
from analysis.claims.claim import Claim, Prediction
from analysis.derivation import Derivation
from analysis.domain import Integers, Reals
from fxp import (
    learning_curve,
    mean_square_step_limit,
    mean_step_limit,
    misadjustment,
    small_step_limit,
    small_step_misadjustment,
    textbook_step_limit,
    time_constants,
)
from fxp.lms.modes import mode_energy, mode_gain

__all__ = ["CLAIMS"]

Floats = NDArray[np.float64]

TAPS = {"taps": Integers(1, 3)}
CORRELATED = TAPS | {"correlation": Reals(0, 0.4)}
SCALED = CORRELATED | {"power": Reals(0.2, 5)}
DELAY = {"delay": Integers(0, 3)}
SMALL = {"step": Reals(0.01, 0.15)}
STEP_SIZE = {"step_size": Reals(0.04, 0.08)}
PLACES = 25


def _matrix(taps: int, correlation: float, power: float = 1.0) -> Floats:
    """Return R of taps of equal power, any two of which have the same correlation."""
    return power * ((1 - correlation) * np.eye(taps) + correlation * np.ones((taps, taps)))


def _largest(taps: int, correlation: float) -> float:
    """Return the largest eigenvalue of R, over the power; the others are 1 − correlation."""
    return 1 + (taps - 1) * correlation


def _angles(a: float, delay: int, mode: str = "") -> dict[str, float]:
    """Return θ and ψ of a mode."""
    theta = float(np.arcsin(a / 2))
    return {f"theta{mode}": theta, f"psi{mode}": float(np.pi / 4 - (2 * delay + 1) * theta / 2)}


def _mean_limit(taps: int, correlation: float, power: float, delay: int) -> Floats:
    return mean_step_limit(_matrix(taps, correlation, power), delay=delay)


def _derived_mean_limit(taps: int, correlation: float, power: float, delay: int) -> float:
    return lms.mean_step_limit().value(D=delay, **{"lambda": power * _largest(taps, correlation)})


def _mean_limit_not_delayed(taps: int, correlation: float, power: float, delay: int) -> Floats:
    """Ignores the delay."""
    del delay
    return _mean_limit(taps, correlation, power, 0)


def _mean_limit_a_delay_more(taps: int, correlation: float, power: float, delay: int) -> Floats:
    """Counts the weight's own register as a delay."""
    return _mean_limit(taps, correlation, power, delay + 1)


def _mean_limit_divided(taps: int, correlation: float, power: float, delay: int) -> Floats:
    """Divides the limit by 1 + D."""
    return _mean_limit(taps, correlation, power, 0) / (1 + delay)


def _mean_limit_wrong_angle(taps: int, correlation: float, power: float, delay: int) -> float:
    """Takes the angle π/(2(D + 1)), as if the root turned by half a circle in D + 1 iterations."""
    return float(2 * np.sin(np.pi / (2 * (delay + 1))) / (power * _largest(taps, correlation)))


def _mean_limit_gradient(taps: int, correlation: float, power: float, delay: int) -> Floats:
    """Takes the limit of a step along the gradient of e², which has a factor of two."""
    return mean_step_limit(_matrix(taps, correlation, power), delay=delay, factor=2)


def _textbook(taps: int, correlation: float, power: float) -> Floats:
    return textbook_step_limit(_matrix(taps, correlation, power))


def _derived_textbook(taps: int, correlation: float, power: float) -> float:
    largest = power * _largest(taps, correlation)
    return lms.textbook_step_limit().value(**{"lambda": largest, "rho": taps * power - largest})


def _power_of_a_tap(taps: int, correlation: float, power: float) -> float:
    """Takes the power of one tap for the trace."""
    del taps, correlation
    return 2 / power


def _smallest_eigenvalue(taps: int, correlation: float, power: float) -> float:
    """Takes the smallest eigenvalue: the largest decides."""
    return float(2 / np.linalg.eigvalsh(_matrix(taps, correlation, power))[0])


def _energy(step: float, delay: int) -> Floats:
    return mode_energy(step, delay)


def _derived_energy(step: float, delay: int) -> float:
    return lms.mode_energy().value(**_angles(step, delay))


def _energy_not_delayed(step: float, delay: int) -> Floats:
    """Ignores the delay."""
    del delay
    return mode_energy(step, 0)


def _energy_of_small_steps(step: float, delay: int) -> float:
    """Takes the limit of small steps, 1/(2a)."""
    del delay
    return 1 / (2 * step)


def _energy_without_phase(step: float, delay: int) -> float:
    """Takes the lags to fall off as (1 − a)^j: (1 − a)^D in place of the cosines."""
    return float(1 / (2 * step * (1 - step) ** delay - step**2))


def _gain(step: float, delay: int) -> Floats:
    return mode_gain(step, delay)


def _derived_gain(step: float, delay: int) -> float:
    return lms.mode_gain().value(**_angles(step, delay))


def _gain_without_fourth_moment(step: float, delay: int) -> float:
    """Leaves out that the weights' own errors make noise: a²h."""
    return float(step**2 * mode_energy(step, delay))


def _gain_not_delayed(step: float, delay: int) -> Floats:
    """Ignores the delay."""
    del delay
    return mode_gain(step, 0)


def _gain_of_small_steps(step: float, delay: int) -> float:
    """Takes the limit of small steps, a/2."""
    del delay
    return step / 2


def _undelayed(step: float) -> Floats:
    return mode_gain(step)


def _derived_undelayed(step: float) -> float:
    return lms.undelayed_gain().value(a=step)


def _classical_gain(step: float) -> float:
    """Takes a/(2 − a): a regressor without a fourth moment of its own."""
    return step / (2 - step)


def _counted_twice(step: float) -> float:
    """Takes a/(2 − 3a), which is the misadjustment of one mode."""
    return step / (2 - 3 * step)


def _limit(taps: int, correlation: float, power: float, delay: int) -> Floats:
    return mean_square_step_limit(_matrix(taps, correlation, power), delay=delay)


def _derived_limit(taps: int, correlation: float, power: float, delay: int) -> float:
    """Return the root of the derivation's total gain."""
    total = sp.lambdify(["theta_1", "psi_1", "theta_2", "psi_2", "N_1", "N_2"], lms.mean_square_step_limit().result)
    pole = float(_mean_limit(taps, correlation, 1.0, delay + 1))

    def excess(step: float) -> float:
        return float(total(**_modes(step, taps, correlation, delay))) - 1

    return float(brentq(excess, pole * 1e-3, pole * (1 - 1e-9), xtol=1e-15)) / power


def _modes(step: float, taps: int, correlation: float, delay: int) -> dict[str, float]:
    """Return the symbols of two eigenvalues, the largest and those of all other modes."""
    first = _angles(step * _largest(taps, correlation), delay, "_1")
    return first | _angles(step * (1 - correlation), delay, "_2") | {"N_1": 1, "N_2": taps - 1}


def _mean_limit_for_it(taps: int, correlation: float, power: float, delay: int) -> Floats:
    """Takes the limit of the mean."""
    return _mean_limit(taps, correlation, power, delay)


def _textbook_for_it(taps: int, correlation: float, power: float, delay: int) -> Floats:
    """Takes the textbooks' 2/tr R."""
    del delay
    return _textbook(taps, correlation, power)


def _limit_not_delayed(taps: int, correlation: float, power: float, delay: int) -> Floats:
    """Ignores the delay."""
    del delay
    return _limit(taps, correlation, power, 0)


def _limit_a_delay_more(taps: int, correlation: float, power: float, delay: int) -> Floats:
    """Counts the weight's own register as a delay."""
    return _limit(taps, correlation, power, delay + 1)


def _limit_of_largest_mode(taps: int, correlation: float, power: float, delay: int) -> Floats:
    """Takes the largest mode alone."""
    return mean_square_step_limit([[power * _largest(taps, correlation)]], delay=delay)


def _limit_without_fourth_moment(taps: int, correlation: float, power: float, delay: int) -> float:
    """Leaves out one term of the fourth moment: Σ a²h = 1."""
    R = _matrix(taps, correlation, power)

    def excess(step: float) -> float:
        return float(np.sum(_passed(step * np.linalg.eigvalsh(R), delay))) - 1

    high = float(mean_step_limit(R, delay=delay))
    return float(brentq(excess, high * 1e-3, high * (1 - 1e-9)))


def _passed(a: ArrayLike, delay: int) -> Floats:
    return np.asarray(np.square(a) * mode_energy(a, delay))


def _lower_bound(taps: int, correlation: float, delay: int) -> Floats:
    return mean_step_limit(_matrix(taps, correlation), delay=delay + taps + 1)


def _bound_of_delay(taps: int, correlation: float, delay: int) -> Floats:
    """Takes the limit of the mean at the same delay."""
    return mean_step_limit(_matrix(taps, correlation), delay=delay)


def _bound_without_taps(taps: int, correlation: float, delay: int) -> Floats:
    """Takes the limit of the mean at a delay of D + 1, which the largest mode alone would allow."""
    return mean_step_limit(_matrix(taps, correlation), delay=delay + 1)


def _bound_a_delay_less(taps: int, correlation: float, delay: int) -> Floats:
    """Takes a delay of D + N."""
    return mean_step_limit(_matrix(taps, correlation), delay=delay + taps)


def _one_mode_of_all(taps: int, correlation: float, delay: int) -> Floats:
    return small_step_limit(_matrix(taps, correlation), delay=delay)


def _power_of_one(taps: int, correlation: float, delay: int) -> Floats:
    """Takes the power of one tap for that of all."""
    del taps, correlation
    return small_step_limit(np.eye(1), delay=delay)


def _undelayed_rule(taps: int, correlation: float, delay: int) -> Floats:
    """Takes 2/(3 tr R) at every delay."""
    del delay
    return small_step_limit(_matrix(taps, correlation))


def _textbook_rule(taps: int, correlation: float, delay: int) -> Floats:
    """Takes the textbooks' 2/tr R for a limit of the mean square."""
    del delay
    return textbook_step_limit(_matrix(taps, correlation))


def _misadjustment(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    return misadjustment(_matrix(taps, correlation), step_size, delay=delay)


def _derived_misadjustment(taps: int, correlation: float, step_size: float, delay: int) -> float:
    return lms.misadjustment().value(**_modes(step_size, taps, correlation, delay))


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
    return small_step_misadjustment(_matrix(taps, correlation), step_size)


def _small(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    del delay
    return small_step_misadjustment(_matrix(taps, correlation), step_size)


def _derived_small(taps: int, correlation: float, step_size: float, delay: int) -> float:
    del correlation, delay
    return lms.small_step_misadjustment().value(N=taps, mu=step_size, **{"lambda": 1})


def _small_gradient(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    """Takes μ·tr R, as of a step along the gradient of e²."""
    del delay
    return small_step_misadjustment(_matrix(taps, correlation), step_size, factor=2)


def _small_of_largest(taps: int, correlation: float, step_size: float, delay: int) -> float:
    """Takes the largest eigenvalue for the trace."""
    del delay
    return step_size * _largest(taps, correlation) / 2


def _mean_square_time(taps: int, step_size: float) -> float:
    return time_constants(np.eye(taps), step_size).mean_square


def _derived_mean_square_time(taps: int, step_size: float) -> float:
    return lms.mean_square_time_constant().value(N=taps, a=step_size)


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
    return lms.mean_time_constant().value(a=step_size)


def _mean_time_not_delayed(step_size: float) -> float:
    """Ignores the delay."""
    return float(-1 / np.log(1 - step_size))


def _mean_time_of_small_steps(step_size: float) -> float:
    """Takes the rule of small steps, 1/a."""
    return 1 / step_size


def _curve(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    return _curve_of(_matrix(taps, correlation), step_size, delay)[[0, delay, delay + 1, 2 * delay + 3, 24]]


def _curve_of(R: Floats, step_size: float, delay: int) -> Floats:
    return learning_curve(R, step_size, PLACES, minimum_mse=1.0, initial_error=np.ones(len(R)), delay=delay).mse


def _curve_not_delayed(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    """Ignores the delay."""
    return _curve_of(_matrix(taps, correlation), step_size, 0)[[0, delay, delay + 1, 2 * delay + 3, 24]]


def _curve_a_step_early(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    """Takes the error after the update for that before it."""
    curve = np.append(_curve_of(_matrix(taps, correlation), step_size, delay)[1:], 1.0)
    return curve[[0, delay, delay + 1, 2 * delay + 3, 23]]


def _curve_of_small_steps(taps: int, correlation: float, step_size: float, delay: int) -> Floats:
    """Takes the rule of small steps at steps that are not small."""
    R = _matrix(taps, correlation)
    curve = learning_curve(
        R, step_size, PLACES, minimum_mse=1.0, initial_error=np.ones(taps), delay=delay, tier="small_step"
    )
    return curve.mse[[0, delay, delay + 1, 2 * delay + 3, 24]]


def _white_curve(taps: int, step_size: float) -> Floats:
    return _curve_of(np.eye(taps), step_size, 0)[[1, 4, 24]]


def _derived_white_curve(taps: int, step_size: float) -> Floats:
    curve = lms.white_learning_curve()
    return np.array([curve.value(N=taps, a=step_size, J_min=1, J_0=taps, n=n) for n in (1, 4, 24)])


def _white_of_mean(taps: int, step_size: float) -> Floats:
    """Takes the error of the mean weights."""
    return 1 + taps * (1 - step_size) ** np.array([2.0, 8.0, 48.0])


def _white_without_noise(taps: int, step_size: float) -> Floats:
    """Leaves out what the least error adds to the weights."""
    return 1 + taps * (1 - 2 * step_size + (taps + 2) * step_size**2) ** np.array([1.0, 4.0, 24.0])


def _claim(derive: Callable[[], Derivation], statement: str, predict: Prediction, **others: Any) -> Claim:
    """Return a claim with the name and the assumptions of its derivation, exact unless told."""
    derivation = derive()
    usual: dict[str, Any] = {"kind": "exact", "tolerance": 1e-8, "assumptions": derivation.assumptions}
    return Claim(
        derivation.name,
        statement,
        derive=derive,
        predict=predict,
        docs=f"derivation-{derivation.name}",
        **usual | others,
    )


CLAIMS: Final = (
    _claim(
        lms.mean_step_limit,
        "Below this step size, and not above it, the mean of the weights converges.",
        _mean_limit,
        derived=_derived_mean_limit,
        domain=SCALED | {"delay": Integers(0, 8)},
        wrong_variants=(
            _mean_limit_not_delayed,
            _mean_limit_a_delay_more,
            _mean_limit_divided,
            _mean_limit_wrong_angle,
            _mean_limit_gradient,
        ),
    ),
    _claim(
        lms.textbook_step_limit,
        "Without a delay, the mean of the weights converges at every step size below 2/tr R.",
        _textbook,
        kind="bound",
        side="lower",
        derived=_derived_textbook,
        domain=SCALED,
        wrong_variants=(_power_of_a_tap, _smallest_eigenvalue),
    ),
    _claim(
        lms.mode_energy,
        "The response of one delayed weight to a pulse has this energy.",
        _energy,
        derived=_derived_energy,
        domain=SMALL | {"delay": Integers(0, 8)},
        wrong_variants=(_energy_not_delayed, _energy_of_small_steps, _energy_without_phase),
    ),
    _claim(
        lms.mode_gain,
        "One delayed weight adds this share to the power of the error.",
        _gain,
        derived=_derived_gain,
        domain=SMALL | {"delay": Integers(0, 7)},
        wrong_variants=(_gain_without_fourth_moment, _gain_not_delayed, _gain_of_small_steps),
    ),
    _claim(
        lms.undelayed_gain,
        "One weight without a delay adds this share to the power of the error.",
        _undelayed,
        derived=_derived_undelayed,
        domain={"step": Reals(0.05, 0.6)},
        wrong_variants=(_classical_gain, _counted_twice),
    ),
    _claim(
        lms.mean_square_step_limit,
        "Below this step size, and not above it, the mean square of the error converges.",
        _limit,
        derived=_derived_limit,
        domain=SCALED | DELAY,
        wrong_variants=(
            _mean_limit_for_it,
            _textbook_for_it,
            _limit_not_delayed,
            _limit_a_delay_more,
            _limit_of_largest_mode,
            _limit_without_fourth_moment,
        ),
    ),
    _claim(
        lms.mean_square_lower_bound,
        "The mean square of the error converges below the limit of the mean at a delay that is longer by N + 1.",
        _lower_bound,
        kind="bound",
        side="lower",
        domain=CORRELATED | DELAY,
        wrong_variants=(_bound_of_delay, _bound_without_taps, _bound_a_delay_less),
    ),
    _claim(
        lms.small_step_limit,
        "The mean square of the error converges below the limit of one mode with the power of all taps.",
        _one_mode_of_all,
        kind="bound",
        side="lower",
        domain=CORRELATED | DELAY,
        wrong_variants=(_power_of_one, _undelayed_rule, _textbook_rule),
    ),
    _claim(
        lms.misadjustment,
        "In steady state the mean square error exceeds the least one by this share of it.",
        _misadjustment,
        derived=_derived_misadjustment,
        domain=CORRELATED | STEP_SIZE | DELAY,
        wrong_variants=(_misadjustment_not_delayed, _misadjustment_gradient, _share_of_error, _half_the_power),
        tolerance=0.0,
    ),
    _claim(
        lms.small_step_misadjustment,
        "At small steps the misadjustment is half of the step size times the power of all taps.",
        _small,
        kind="asymptotic",
        tolerance=2e-5,
        derived=_derived_small,
        domain=CORRELATED | {"step_size": Reals(0.0005, 0.001)} | DELAY,
        wrong_variants=(_small_gradient, _small_of_largest),
    ),
    _claim(
        lms.mean_square_time_constant,
        "With white regressors and no delay the excess error falls to 1/e in this time.",
        _mean_square_time,
        derived=_derived_mean_square_time,
        domain=TAPS | {"step_size": Reals(0.01, 0.1)},
        wrong_variants=(_time_of_small_steps, _half_of_the_mean, _one_term_less),
        tolerance=1e-6,
        unit="iterations",
    ),
    _claim(
        lms.mean_time_constant,
        "At a delay of one the mean of a weight falls to 1/e in this time.",
        _mean_time,
        derived=_derived_mean_time,
        domain={"step_size": Reals(0.02, 0.45)},
        wrong_variants=(_mean_time_not_delayed, _mean_time_of_small_steps),
        tolerance=1e-6,
        unit="iterations",
    ),
    _claim(
        lms.learning_curve,
        "The mean square error of many runs follows this curve, iteration by iteration.",
        _curve,
        domain=CORRELATED | {"step_size": Reals(0.025, 0.055)} | DELAY,
        wrong_variants=(_curve_not_delayed, _curve_a_step_early, _curve_of_small_steps),
        tolerance=1e-12,
    ),
    _claim(
        lms.white_learning_curve,
        "With white regressors and no delay the mean square error of many runs follows this curve.",
        _white_curve,
        derived=_derived_white_curve,
        domain=TAPS | {"step_size": Reals(0.05, 0.09)},
        wrong_variants=(_white_of_mean, _white_without_noise),
        tolerance=0.0,
    ),
)
