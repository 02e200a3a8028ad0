"""Updates of LMS, bit-true: what rounding makes of one, and which it loses."""

import numpy as np
from numpy.typing import NDArray

from fxp import FixedPointLms, Format, Word
from fxp.quantization import encode
from sims.measure import Measurement, Trial, measures

__all__ = ["lms_rounded_update_gain", "lms_rounded_update_noise", "lms_stall_threshold"]

FINE_DATA, FINE_ERROR = Format(18, 14), Format(32, 22)
UPDATES = 400_000
Floats = NDArray[np.float64]


@measures("lms_rounded_update_gain")
def lms_rounded_update_gain(stall: float, rounding: str, *, trial: Trial) -> Measurement:
    """Return E[z·Q(z)]/E[z²] of updates z in steps of the weights."""
    z, error = _updates(stall, rounding, trial)
    return Measurement.mean(1 + 4 * stall**2 * z * error, false_alarm=trial.false_alarm)


@measures("lms_rounded_update_noise")
def lms_rounded_update_noise(stall: float, rounding: str, *, trial: Trial) -> Measurement:
    """Return the variance of the error of rounding updates, less its part along the update."""
    z, error = _updates(stall, rounding, trial)
    error = error - error.mean()
    rest = error - (z @ error) / (z @ z) * z
    return Measurement.mean(rest**2, false_alarm=trial.false_alarm)


@measures("lms_stall_threshold")
def lms_stall_threshold(step_shift: int, frac_bits: int, *, trial: Trial) -> Measurement:
    """Return the largest product of an error and a datum, of all codes, that leaves a weight as it is."""
    del trial
    error, data = Format(7, 3), Format(7, 3)
    weights = Word(Format(16, frac_bits), rounding="HALF_TOWARD_ZERO")
    codes = np.arange(error.min_code, error.max_code + 1)
    d, x = (pair.reshape(-1) for pair in np.meshgrid(codes, codes))
    done = FixedPointLms(1, data, error, weights, step_shift).run(x[:, None, None], d[:, None])
    products = np.abs(d * x) * error.step * data.step
    return Measurement.enumerated(products[done.weights[:, 0] == 0].max())


def _updates(stall: float, rounding: str, trial: Trial) -> tuple[Floats, Floats]:
    """Return updates and the errors of rounding them, in steps of the weights, each from a weight of zero."""
    shift = 3
    lms = FixedPointLms(1, FINE_DATA, FINE_ERROR, Word(Format(20, shift), rounding=rounding), shift)
    count = trial.samples(UPDATES)
    x = encode(trial.rng.standard_normal((count, 1, 1)), FINE_DATA)
    d = encode(trial.rng.standard_normal((count, 1)) / (2 * stall), FINE_ERROR)
    done = lms.run(x, d, rng=trial.rng)
    z: Floats = np.asarray(d[:, 0] * x[:, 0, 0] * (FINE_ERROR.step * FINE_DATA.step))
    return z, done.weights[:, 0] - z
