"""Claims on LMS with delayed updates and independent Gaussian regressors: how large its step may be."""

from functools import partial
from typing import Final

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from analysis import lms
from analysis.claims.claim import Claim
from analysis.domain import Integers, Reals
from fxp import (
    mean_square_step_limit,
    mean_step_limit,
    small_step_limit,
    textbook_step_limit,
)
from fxp.lms.modes import mode_energy, mode_gain

__all__ = ["CLAIMS", "CORRELATED", "DELAY", "TAPS", "TWO_MODES", "claim", "largest", "matrix", "modes"]

Floats = NDArray[np.float64]

TAPS = {"taps": Integers(1, 3)}
CORRELATED = TAPS | {"correlation": Reals(0, 0.4)}
SCALED = CORRELATED | {"power": Reals(0.2, 5)}
TWO_MODES = {"taps": Integers(2, 3)}
DELAY = {"delay": Integers(0, 3)}
SMALL = {"step": Reals(0.01, 0.15)}


def matrix(taps: int, correlation: float, power: float = 1.0) -> Floats:
    """Return R of taps of equal power, any two of which have the same correlation."""
    return power * ((1 - correlation) * np.eye(taps) + correlation * np.ones((taps, taps)))


def largest(taps: int, correlation: float) -> float:
    """Return the largest eigenvalue of R, over the power; the others are 1 − correlation."""
    return 1 + (taps - 1) * correlation


def _angles(a: float, delay: int, mode: str = "") -> dict[str, float]:
    """Return θ and ψ of a mode."""
    theta = float(np.arcsin(a / 2))
    return {f"theta{mode}": theta, f"psi{mode}": float(np.pi / 4 - (2 * delay + 1) * theta / 2)}


def _mean_limit(taps: int, correlation: float, power: float, delay: int) -> Floats:
    return mean_step_limit(matrix(taps, correlation, power), delay=delay)


def _derived_mean_limit(taps: int, correlation: float, power: float, delay: int) -> float:
    return lms.mean_step_limit().value(D=delay, **{"lambda": power * largest(taps, correlation)})


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
    return float(2 * np.sin(np.pi / (2 * (delay + 1))) / (power * largest(taps, correlation)))


def _mean_limit_gradient(taps: int, correlation: float, power: float, delay: int) -> Floats:
    """Takes the limit of a step along the gradient of e², which has a factor of two."""
    return mean_step_limit(matrix(taps, correlation, power), delay=delay, factor=2)


def _textbook(taps: int, correlation: float, power: float) -> Floats:
    return textbook_step_limit(matrix(taps, correlation, power))


def _derived_textbook(taps: int, correlation: float, power: float) -> float:
    first = power * largest(taps, correlation)
    return lms.textbook_step_limit().value(**{"lambda": first, "rho": taps * power - first})


def _power_of_a_tap(taps: int, correlation: float, power: float) -> float:
    """Takes the power of one tap for the trace."""
    del taps, correlation
    return 2 / power


def _smallest_eigenvalue(taps: int, correlation: float, power: float) -> float:
    """Takes the smallest eigenvalue: the largest decides."""
    return float(2 / np.linalg.eigvalsh(matrix(taps, correlation, power))[0])


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
    return mean_square_step_limit(matrix(taps, correlation, power), delay=delay)


def _derived_limit(taps: int, correlation: float, power: float, delay: int) -> float:
    """Return the root of the derivation's total gain."""
    total = sp.lambdify(["theta_1", "psi_1", "theta_2", "psi_2", "N_1", "N_2"], lms.mean_square_step_limit().result)
    pole = float(_mean_limit(taps, correlation, 1.0, delay + 1))

    def excess(step: float) -> float:
        return float(total(**modes(step, taps, correlation, delay))) - 1

    return float(brentq(excess, pole * 1e-3, pole * (1 - 1e-9), xtol=1e-15)) / power


def modes(step: float, taps: int, correlation: float, delay: int) -> dict[str, float]:
    """Return the symbols of two eigenvalues, the largest and those of all other modes."""
    first = _angles(step * largest(taps, correlation), delay, "_1")
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
    return mean_square_step_limit([[power * largest(taps, correlation)]], delay=delay)


def _limit_without_fourth_moment(taps: int, correlation: float, power: float, delay: int) -> float:
    """Leaves out one term of the fourth moment: Σ a²h = 1."""
    R = matrix(taps, correlation, power)

    def excess(step: float) -> float:
        return float(np.sum(_passed(step * np.linalg.eigvalsh(R), delay))) - 1

    high = float(mean_step_limit(R, delay=delay))
    return float(brentq(excess, high * 1e-3, high * (1 - 1e-9)))


def _passed(a: ArrayLike, delay: int) -> Floats:
    return np.asarray(np.square(a) * mode_energy(a, delay))


def _lower_bound(taps: int, correlation: float, delay: int) -> Floats:
    return mean_step_limit(matrix(taps, correlation), delay=delay + taps + 1)


def _bound_of_delay(taps: int, correlation: float, delay: int) -> Floats:
    """Takes the limit of the mean at the same delay."""
    return mean_step_limit(matrix(taps, correlation), delay=delay)


def _bound_without_taps(taps: int, correlation: float, delay: int) -> Floats:
    """Takes the limit of the mean at a delay of D + 1, which the largest mode alone would allow."""
    return mean_step_limit(matrix(taps, correlation), delay=delay + 1)


def _bound_a_delay_less(taps: int, correlation: float, delay: int) -> Floats:
    """Takes a delay of D + N."""
    return mean_step_limit(matrix(taps, correlation), delay=delay + taps)


def _one_mode_of_all(taps: int, correlation: float, delay: int) -> Floats:
    return small_step_limit(matrix(taps, correlation), delay=delay)


def _power_of_one(taps: int, correlation: float, delay: int) -> Floats:
    """Takes the power of one tap for that of all."""
    del taps, correlation
    return small_step_limit(np.eye(1), delay=delay)


def _undelayed_rule(taps: int, correlation: float, delay: int) -> Floats:
    """Takes 2/(3 tr R) at every delay."""
    del delay
    return small_step_limit(matrix(taps, correlation))


def _textbook_rule(taps: int, correlation: float, delay: int) -> Floats:
    """Takes the textbooks' 2/tr R for a limit of the mean square."""
    del delay
    return textbook_step_limit(matrix(taps, correlation))


claim = partial(Claim.of, tolerance=1e-8)


CLAIMS: Final = (
    claim(
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
    claim(
        lms.textbook_step_limit,
        "Without a delay, the mean of the weights converges at every step size below 2/tr R.",
        _textbook,
        kind="bound",
        side="lower",
        derived=_derived_textbook,
        domain=SCALED,
        wrong_variants=(_power_of_a_tap, _smallest_eigenvalue),
    ),
    claim(
        lms.mode_energy,
        "The response of one delayed weight to a pulse has this energy.",
        _energy,
        derived=_derived_energy,
        domain=SMALL | {"delay": Integers(0, 8)},
        wrong_variants=(_energy_not_delayed, _energy_of_small_steps, _energy_without_phase),
    ),
    claim(
        lms.mode_gain,
        "One delayed weight adds this share to the power of the error.",
        _gain,
        derived=_derived_gain,
        domain=SMALL | {"delay": Integers(0, 7)},
        wrong_variants=(_gain_without_fourth_moment, _gain_not_delayed, _gain_of_small_steps),
    ),
    claim(
        lms.undelayed_gain,
        "One weight without a delay adds this share to the power of the error.",
        _undelayed,
        derived=_derived_undelayed,
        domain={"step": Reals(0.05, 0.6)},
        wrong_variants=(_classical_gain, _counted_twice),
    ),
    claim(
        lms.mean_square_step_limit,
        "Below this step size, and not above it, the mean square of the error converges.",
        _limit,
        derived=_derived_limit,
        domain=SCALED | TWO_MODES | DELAY,
        wrong_variants=(
            _mean_limit_for_it,
            _textbook_for_it,
            _limit_not_delayed,
            _limit_a_delay_more,
            _limit_of_largest_mode,
            _limit_without_fourth_moment,
        ),
    ),
    claim(
        lms.mean_square_lower_bound,
        "The mean square of the error converges below the limit of the mean at a delay that is longer by N + 1.",
        _lower_bound,
        kind="bound",
        side="lower",
        domain=CORRELATED | DELAY,
        wrong_variants=(_bound_of_delay, _bound_without_taps, _bound_a_delay_less),
    ),
    claim(
        lms.small_step_limit,
        "The mean square of the error converges below the limit of one mode with the power of all taps.",
        _one_mode_of_all,
        kind="bound",
        side="lower",
        domain=CORRELATED | DELAY,
        wrong_variants=(_power_of_one, _undelayed_rule, _textbook_rule),
    ),
)
