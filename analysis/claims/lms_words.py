"""Claims on LMS in finite words."""

from math import asin, log10, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from analysis import lms_updates
from analysis import lms_words as derivations
from analysis.claims.claim import Claim
from analysis.claims.lms_updates import gain_derived, noise_derived
from analysis.domain import Choice, Domain, Integers, Reals
from fxp import (
    FinitePrecisionExcess,
    best_step_size,
    finite_precision_excess,
    misadjustment,
    rounded_update,
    small_step_excess,
    weight_drift,
)

__all__ = ["CLAIMS"]

Floats = NDArray[np.float64]

LEAST = 0.25  # J_min
CLEAN = 0.0625  # J_min where rounded data are looked at
OUTPUT_SHIFT, DATA_SHIFT, SMALL_SHIFT = 4, 5, 7  # bits of the step size
FINE = 2.0**-20
CORRELATED: dict[str, Domain] = {"taps": Integers(2, 4), "correlation": Reals(0.05, 0.3)}
LATE: dict[str, Domain] = {"delay": Integers(0, 3)}


def _matrix(taps: int, correlation: float) -> Floats:
    return np.asarray((1 - correlation) * np.eye(taps) + correlation)


def _db(power: float) -> float:
    return 10 * log10(power)


def _angles(taps: int, correlation: float, step: float, delay: int = 0, more: float = 0.0) -> dict[str, float]:
    """Return the modes of equally correlated data of power 1: one, and the others alike."""
    powers = 1 + (taps - 1) * correlation + more, 1 - correlation + more
    modes: dict[str, float] = {"N_1": 1, "N_2": taps - 1}
    for mode, power in enumerate(powers, start=1):
        theta = asin(step * power / 2)
        modes |= {f"theta_{mode}": theta, f"psi_{mode}": pi / 4 - (2 * delay + 1) * theta / 2}
    return modes


def _noise_at(stall: float, rounding: str) -> float:
    return float(rounded_update(stall, rounding=rounding).variance)


def _excess(
    taps: int, correlation: float, step_shift: int, delay: int, coarseness: int, rounding: str = "STOCHASTIC"
) -> FinitePrecisionExcess:
    return finite_precision_excess(
        _matrix(taps, correlation),
        2.0**-step_shift,
        minimum_mse=LEAST,
        weight_step=2.0 ** (coarseness - step_shift),
        rounding=rounding,
        delay=delay,
    )


def _weights(taps: int, correlation: float, step_shift: int, delay: int, coarseness: int) -> float:
    return _db(_excess(taps, correlation, step_shift, delay, coarseness).total)


def _weights_derived(taps: int, correlation: float, step_shift: int, delay: int, coarseness: int) -> float:
    stall = _excess(taps, correlation, step_shift, delay, coarseness).stall
    step, weight = 2.0**-step_shift, 2.0 ** (coarseness - step_shift)
    noise = weight**2 * noise_derived(stall, "STOCHASTIC")
    powers = {"mu": step, "J_min": LEAST, "sigma_c2": noise}
    return _db(derivations.lms_weight_rounding().value(**_angles(taps, correlation, step, delay), **powers))


def _scaled_noise(scale: float, taps: int, correlation: float, step_shift: int, delay: int, coarseness: int) -> float:
    excess = _excess(taps, correlation, step_shift, delay, coarseness)
    return _db(excess.gradient + scale * excess.weights)


def _one_tap(taps: int, correlation: float, step_shift: int, delay: int, coarseness: int) -> float:
    """Counts the rounding of one weight, not of each."""
    return _scaled_noise(1 / taps, taps, correlation, step_shift, delay, coarseness)


def _of_nearest(taps: int, correlation: float, step_shift: int, delay: int, coarseness: int) -> float:
    """Takes half of the noise, as if STOCHASTIC rounding had the variance of rounding to nearest."""
    return _scaled_noise(1 / 2, taps, correlation, step_shift, delay, coarseness)


def _rounded_once(taps: int, correlation: float, step_shift: int, delay: int, coarseness: int) -> float:
    """Rounds the weights once, not at each update: q²/6 a tap, that no feedback collects."""
    excess = _excess(taps, correlation, step_shift, delay, coarseness)
    return _db(excess.gradient + taps * 4.0 ** (coarseness - step_shift) / 6)


def _whatever_the_stall(taps: int, correlation: float, step_shift: int, delay: int, coarseness: int) -> float:
    """Takes the noise q²/6 of updates of many steps."""
    excess = _excess(taps, correlation, step_shift, delay, coarseness)
    return _scaled_noise(
        1 / 6 / _noise_at(excess.stall, "STOCHASTIC"), taps, correlation, step_shift, delay, coarseness
    )


def _nearest(taps: int, correlation: float, step_shift: int, delay: int, coarseness: int) -> float:
    return _db(_excess(taps, correlation, step_shift, delay, coarseness, "HALF_EVEN").total)


def _nearest_derived(taps: int, correlation: float, step_shift: int, delay: int, coarseness: int) -> float:
    stall = _excess(taps, correlation, step_shift, delay, coarseness, "HALF_EVEN").stall
    gain, step, weight = gain_derived(stall, "HALF_EVEN"), 2.0**-step_shift, 2.0 ** (coarseness - step_shift)
    noise = weight**2 * noise_derived(stall, "HALF_EVEN")
    powers = {"mu": step, "kappa": gain, "J_min": LEAST, "sigma_c2": noise}
    return _db(derivations.lms_nearest_rounding().value(**_angles(taps, correlation, gain * step, delay), **powers))


def _as_stochastic(taps: int, correlation: float, step_shift: int, delay: int, coarseness: int) -> float:
    """Takes the noise of STOCHASTIC rounding."""
    return _weights(taps, correlation, step_shift, delay, coarseness)


def _not_rounded(taps: int, correlation: float, step_shift: int, delay: int, coarseness: int) -> float:
    """Leaves out the rounding of the weights."""
    del coarseness
    return _db(LEAST * _misadjusted(taps, correlation, step_shift, delay))


def _uniform_fractions(taps: int, correlation: float, step_shift: int, delay: int, coarseness: int) -> float:
    """Takes the textbook's noise q²/12 and no gain, also where updates are of about a step."""
    excess = _excess(taps, correlation, step_shift, delay, coarseness)
    return _scaled_noise(
        1 / 12 / _noise_at(excess.stall, "STOCHASTIC"), taps, correlation, step_shift, delay, coarseness
    )


def _small_step(taps: int, coarseness: int, rounding: str) -> float:
    return _db(
        small_step_excess(
            np.eye(taps),
            2.0**-SMALL_SHIFT,
            minimum_mse=LEAST,
            weight_step=2.0 ** (coarseness - SMALL_SHIFT),
            rounding=rounding,
        )
    )


def _small_step_derived(taps: int, coarseness: int, rounding: str) -> float:
    stall = 2.0**coarseness / (2 * sqrt(LEAST))
    gain = 1.0 if rounding == "STOCHASTIC" else gain_derived(stall, rounding)
    noise = 4.0 ** (coarseness - SMALL_SHIFT) * noise_derived(stall, rounding)
    step = gain * 2.0**-SMALL_SHIFT
    return _db(derivations.lms_small_step_words().value(N=taps, mu=step, J_min=LEAST, sigma_c2=noise, **{"lambda": 1}))


def _small_parts(taps: int, coarseness: int, rounding: str) -> tuple[float, float]:
    """Return the gradient noise and the weights' rounding."""
    gradient = taps * LEAST * 2.0**-SMALL_SHIFT / 2
    return gradient, 10 ** (_small_step(taps, coarseness, rounding) / 10) - gradient


def _step_in_numerator(taps: int, coarseness: int, rounding: str) -> float:
    """Multiplies the weights' rounding by the step size instead of dividing."""
    gradient, weights = _small_parts(taps, coarseness, rounding)
    return _db(gradient + max(weights, 0.0) * 4.0**-SMALL_SHIFT)


def _taps_forgotten(taps: int, coarseness: int, rounding: str) -> float:
    """Counts the rounding of one weight, not of each."""
    gradient, weights = _small_parts(taps, coarseness, rounding)
    return _db(gradient + max(weights, 0.0) / taps)


def _textbook(taps: int, coarseness: int, rounding: str) -> float:
    """Takes the textbook's noise q²/12 or q²/6, where updates are of a step or less."""
    size = {"minimum_mse": LEAST, "weight_step": 2.0 ** (coarseness - SMALL_SHIFT)}
    return _db(small_step_excess(np.eye(taps), 2.0**-SMALL_SHIFT, rounding=rounding, textbook=True, **size))


def _balance(taps: int, frac_bits: int) -> float:
    """Both terms are equal at the balance: the excess is twice the gradient noise there."""
    step = best_step_size(np.eye(taps), minimum_mse=LEAST, weight_step=2.0**-frac_bits)
    return _db(step * LEAST * taps)


def _balance_derived(taps: int, frac_bits: int) -> float:
    return _db(derivations.lms_best_step().value(N=taps, q_w=2.0**-frac_bits, J_min=LEAST, T_R=taps))


def _balance_of_one_tap(taps: int, frac_bits: int) -> float:
    """Forgets the number of weights."""
    return _balance(taps, frac_bits) - _db(taps) / 2


def _balance_of_nearest(taps: int, frac_bits: int) -> float:
    """Takes the variance q²/12 of rounding to nearest."""
    return _balance(taps, frac_bits) - _db(2) / 2


def _drift(correlation: float, step_shift: int, delay: int, coarseness: int, rounding: str) -> Floats:
    del delay
    weight = 2.0 ** (coarseness - step_shift)
    bias = weight_drift(_matrix(2, correlation), 2.0**-step_shift, weight_step=weight, rounding=rounding)
    return bias / weight


def _drift_derived(correlation: float, step_shift: int, delay: int, coarseness: int, rounding: str) -> Floats:
    del delay, coarseness
    sign = 1 if rounding == "FLOOR" else -1
    bias = derivations.lms_weight_drift().value(q_w=1, mu=2.0**-step_shift, r_0=1, r_1=correlation)
    return np.full(2, sign * bias)


def _half_a_step(correlation: float, step_shift: int, delay: int, coarseness: int, rounding: str) -> Floats:
    """Takes half a step, the mean error of one rounding, for the bias that all of them leave."""
    del correlation, step_shift, delay, coarseness
    return np.full(2, -0.5 if rounding == "FLOOR" else 0.5)


def _uncorrelated(correlation: float, step_shift: int, delay: int, coarseness: int, rounding: str) -> Floats:
    """Divides by the power of a datum, as if the data were uncorrelated."""
    del correlation
    return _drift(0.0, step_shift, delay, coarseness, rounding)


def _late(correlation: float, step_shift: int, delay: int, coarseness: int, rounding: str) -> Floats:
    """Lets the bias grow with the delay."""
    return _drift(correlation, step_shift, delay, coarseness, rounding) * (1 + delay)


def _output(taps: int, correlation: float, delay: int, frac_bits: int) -> float:
    excess = finite_precision_excess(
        _matrix(taps, correlation),
        2.0**-OUTPUT_SHIFT,
        minimum_mse=LEAST,
        weight_step=FINE,
        delay=delay,
        output_noise=4.0**-frac_bits / 12,
    )
    return _db(excess.total - excess.weights)


def _output_derived(taps: int, correlation: float, delay: int, frac_bits: int) -> float:
    modes = _angles(taps, correlation, 2.0**-OUTPUT_SHIFT, delay)
    return _db(derivations.lms_output_rounding().value(**modes, J_min=LEAST, sigma_o2=4.0**-frac_bits / 12))


def _misadjusted(taps: int, correlation: float, step_shift: int, delay: int = 0) -> float:
    return float(misadjustment(_matrix(taps, correlation), 2.0**-step_shift, delay=delay))


def _not_in_the_error(taps: int, correlation: float, delay: int, frac_bits: int) -> float:
    """Counts what the noise does to the weights, and not the noise itself."""
    return _db(_misadjusted(taps, correlation, OUTPUT_SHIFT, delay) * (LEAST + 4.0**-frac_bits / 12))


def _not_fed_back(taps: int, correlation: float, delay: int, frac_bits: int) -> float:
    """Adds the noise to the error, and forgets that the weights follow it."""
    return _db(_misadjusted(taps, correlation, OUTPUT_SHIFT, delay) * LEAST + 4.0**-frac_bits / 12)


def _data(taps: int, correlation: float, optimum: float, frac_bits: int) -> float:
    excess = finite_precision_excess(
        _matrix(taps, correlation),
        2.0**-DATA_SHIFT,
        minimum_mse=CLEAN,
        weight_step=FINE,
        data_noise=4.0**-frac_bits / 12,
        optimal_weights=[optimum] + [0.0] * (taps - 1),
    )
    return _db(excess.total - excess.weights)


def _data_derived(taps: int, correlation: float, optimum: float, frac_bits: int) -> float:
    noise = 4.0**-frac_bits / 12
    modes = _angles(taps, correlation, 2.0**-DATA_SHIFT, more=noise)
    powers = {"lambda_1": 1 + (taps - 1) * correlation, "lambda_2": 1 - correlation, "sigma_x2": noise}
    weights = {"w_1": optimum / sqrt(taps), "w_2": optimum * sqrt(1 - 1 / taps)}
    return _db(derivations.lms_data_rounding().value(**modes, **powers, **weights, J_min=CLEAN))


def _not_weighted(taps: int, correlation: float, optimum: float, frac_bits: int) -> float:
    """Adds the noise of a datum, whatever the weight that it is multiplied by."""
    del optimum
    return _db(4.0**-frac_bits / 12 + CLEAN * _misadjusted(taps, correlation, DATA_SHIFT))


def _every_tap(taps: int, correlation: float, optimum: float, frac_bits: int) -> float:
    """Counts the noise of each tap at the first one's weight."""
    worse = taps * optimum**2 * 4.0**-frac_bits / 12
    return _db(worse + (CLEAN + worse) * _misadjusted(taps, correlation, DATA_SHIFT))


CLAIMS = (
    Claim(
        "lms_weight_rounding",
        "Weights that are rounded STOCHASTIC at each update add this to the error, at any delay and any stall.",
        "asymptotic",
        derivations.lms_weight_rounding().assumptions + lms_updates.lms_stochastic_update_noise().assumptions,
        derivations.lms_weight_rounding,
        _weights,
        {**CORRELATED, "step_shift": Integers(4, 5), **LATE, "coarseness": Integers(-1, 2)},
        (_one_tap, _of_nearest, _rounded_once, _whatever_the_stall),
        "derivation-lms_weight_rounding",
        tolerance=0.06,
        unit="dB",
        derived=_weights_derived,
        cases=5,
    ),
    Claim(
        "lms_nearest_rounding",
        "Weights that are rounded to nearest add this to the error, while updates are of half a step or more.",
        "asymptotic",
        derivations.lms_nearest_rounding().assumptions + lms_updates.lms_rounded_update_noise().assumptions,
        derivations.lms_nearest_rounding,
        _nearest,
        {**CORRELATED, "step_shift": Integers(4, 5), **LATE, "coarseness": Integers(-2, 0)},
        (_as_stochastic, _not_rounded, _uniform_fractions),
        "derivation-lms_nearest_rounding",
        tolerance=0.1,
        unit="dB",
        derived=_nearest_derived,
        cases=4,
    ),
    Claim(
        "lms_small_step_words",
        "The excess of a small step is half of μ·J_min·tr R, and N·σ_c²/(2μ) for the rounded weights.",
        "asymptotic",
        derivations.lms_small_step_words().assumptions + lms_updates.lms_rounded_update_noise().assumptions,
        derivations.lms_small_step_words,
        _small_step,
        {"taps": Integers(2, 5), "coarseness": Integers(-1, 1), "rounding": Choice("STOCHASTIC", "HALF_EVEN")},
        (_step_in_numerator, _taps_forgotten, _textbook),
        "derivation-lms_small_step_words",
        tolerance=0.25,
        unit="dB",
        derived=_small_step_derived,
        cases=4,
    ),
    Claim(
        "lms_best_step",
        "At the step size that balances gradient noise and STOCHASTIC rounding, the excess is at most that of both.",
        "bound",
        derivations.lms_best_step().assumptions,
        derivations.lms_best_step,
        _balance,
        {"taps": Integers(2, 5), "frac_bits": Integers(6, 7)},
        (_balance_of_one_tap, _balance_of_nearest),
        "derivation-lms_best_step",
        unit="dB",
        derived=_balance_derived,
        cases=3,
    ),
    Claim(
        "lms_weight_drift",
        "Weights that are rounded down or up end at a bias of half a step over μ, seen through the inverse of R.",
        "asymptotic",
        derivations.lms_weight_drift().assumptions,
        derivations.lms_weight_drift,
        _drift,
        {
            "correlation": Reals(0.1, 0.5),
            "step_shift": Integers(4, 5),
            **LATE,
            "coarseness": Integers(-3, -2),
            "rounding": Choice("FLOOR", "CEIL"),
        },
        (_half_a_step, _uncorrelated, _late),
        "derivation-lms_weight_drift",
        tolerance=0.12,
        unit="steps",
        derived=_drift_derived,
        cases=4,
    ),
    Claim(
        "lms_output_rounding",
        "Rounding the output adds its noise to the error, and once more by the weights that follow it.",
        "asymptotic",
        derivations.lms_output_rounding().assumptions,
        derivations.lms_output_rounding,
        _output,
        {**CORRELATED, **LATE, "frac_bits": Integers(0, 1)},
        (_not_in_the_error, _not_fed_back),
        "derivation-lms_output_rounding",
        tolerance=0.06,
        unit="dB",
        derived=_output_derived,
        cases=4,
    ),
    Claim(
        "lms_data_rounding",
        "Rounding the data leaves a worse optimum, by the noise of a datum times the squared weights or a little less.",
        "asymptotic",
        derivations.lms_data_rounding().assumptions,
        derivations.lms_data_rounding,
        _data,
        {**CORRELATED, "optimum": Reals(0.7, 1.4), "frac_bits": Integers(0, 2)},
        (_not_weighted, _every_tap),
        "derivation-lms_data_rounding",
        tolerance=0.15,
        unit="dB",
        derived=_data_derived,
        cases=4,
    ),
)
