"""LMS in finite words, bit-true: what rounding makes of updates, and what weights and errors settle at."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from fxp import FixedPointLms, Format, Word
from fxp.quantization import encode
from sims.intervals import DECIBELS
from sims.measure import Measurement, Trial, measures

__all__ = [
    "lms_best_step",
    "lms_data_rounding",
    "lms_nearest_rounding",
    "lms_output_rounding",
    "lms_small_step_words",
    "lms_weight_drift",
    "lms_weight_rounding",
]

FINE_DATA, FINE_ERROR = Format(18, 14), Format(32, 22)
FINE_WEIGHTS = 20  # fractional bits whose rounding no claim sees
ITERATIONS = 2_400_000
EVERY = 8  # iterations between the weights that are looked at
SETTLED, MEAN_SETTLED = 4, 8  # time constants of the slowest mode: powers settle in half the time of a mean
FEWEST_RUNS = 600  # for intervals of skewed powers
STEP_BITS = 20  # of a step size that is no power of two
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """A filter whose data have power 1 and one correlation between any two taps.

    Parameters
    ----------
    taps, delay : int
        Weights, and iterations by which the update is late.
    correlation : float
        Of two data.
    least : float
        Power of what the optimal weights leave.
    step_code, step_shift : int
        The step size is ``step_code * 2**-step_shift``.
    frac_bits : int
        Of the weights.
    rounding : str
        Mode of the weights.
    optimum : float
        First of the optimal weights; the others are zero.
    data, output : Format or None
        Words of data and output, fine or exact where not given.
    settled : int
        Time constants of the slowest mode before anything is looked at.
    """

    taps: int
    correlation: float
    least: float
    step_shift: int
    delay: int = 0
    step_code: int = 1
    frac_bits: int = FINE_WEIGHTS
    rounding: str = "HALF_EVEN"
    optimum: float = 0.0
    data: Format | None = None
    output: Format | None = None
    settled: int = SETTLED

    @property
    def settling(self) -> int:
        """Iterations before anything is looked at."""
        return int(self.settled / ((1 - self.correlation) * self.step_code * 2.0**-self.step_shift))

    def run(self, trial: Trial) -> tuple[Floats, Floats]:
        """Return errors (runs, iterations) and weight errors (runs, times, taps) of settled filters."""
        iterations = self.settling + max(1000, 2 * self.settling)
        runs = trial.samples(max(FEWEST_RUNS, ITERATIONS // (iterations * self.taps)))
        x = sqrt(self.correlation) * trial.rng.standard_normal((runs, iterations, 1))
        x = x + sqrt(1 - self.correlation) * trial.rng.standard_normal((runs, iterations, self.taps))
        d = self.optimum * x[..., 0] + sqrt(self.least) * trial.rng.standard_normal((runs, iterations))
        data = self.data or FINE_DATA
        lms = FixedPointLms(
            self.taps,
            data,
            FINE_ERROR,
            Word(Format(self.frac_bits + 5, self.frac_bits), rounding=self.rounding),
            self.step_shift,
            step_code=self.step_code,
            delay=self.delay,
            output=self.output,
            error=FINE_ERROR,
        )
        start = np.zeros(self.taps, np.int64)
        start[0] = round(self.optimum / lms.weight_step)
        codes = encode(x, data), encode(d, FINE_ERROR)
        done = lms.run(*codes, initial_weights=start, weights_every=EVERY, rng=trial.rng)
        assert done.kept_weights is not None
        weights = (done.kept_weights[:, self.settling // EVERY :] - start) * lms.weight_step
        return np.asarray(done.errors[:, self.settling :] * lms.error_step), np.asarray(weights)

    def excess_db(self, trial: Trial) -> Measurement:
        """Return the power of the error by the weights, dB, from the weights themselves: v R v."""
        _, v = self.run(trial)
        powers = (1 - self.correlation) * (v**2).sum(axis=-1) + self.correlation * v.sum(axis=-1) ** 2
        return _decibels(Measurement.mean(powers.mean(axis=1), false_alarm=trial.false_alarm))

    def error_excess_db(self, trial: Trial) -> Measurement:
        """Return the power of the error above the least, dB."""
        errors, _ = self.run(trial)
        above = Measurement.mean((errors**2).mean(axis=1) - self.least, false_alarm=trial.false_alarm)
        return _decibels(above)


@measures("lms_weight_rounding")
def lms_weight_rounding(
    taps: int, correlation: float, step_shift: int, delay: int, coarseness: int, *, trial: Trial
) -> Measurement:
    """Return the excess, dB, with a step of the weights of 2**coarseness step sizes."""
    frac_bits = step_shift - coarseness
    setting = Setting(taps, correlation, 0.25, step_shift, delay, frac_bits=frac_bits, rounding="STOCHASTIC")
    return setting.excess_db(trial)


@measures("lms_nearest_rounding")
def lms_nearest_rounding(
    taps: int, correlation: float, step_shift: int, delay: int, coarseness: int, *, trial: Trial
) -> Measurement:
    """Return the excess, dB, with a step of the weights of 2**coarseness step sizes."""
    return Setting(taps, correlation, 0.25, step_shift, delay, frac_bits=step_shift - coarseness).excess_db(trial)


@measures("lms_small_step_words")
def lms_small_step_words(taps: int, coarseness: int, rounding: str, *, trial: Trial) -> Measurement:
    """Return the excess, dB, of a small step size."""
    return Setting(taps, 0.0, 0.25, 7, frac_bits=7 - coarseness, rounding=rounding).excess_db(trial)


@measures("lms_best_step")
def lms_best_step(taps: int, frac_bits: int, *, trial: Trial) -> Measurement:
    """Return the excess, dB, at a step size of √(2/3) steps of the weights, the balance at J_min = ¼ and power 1."""
    code = round(sqrt(2 / 3) * 2 ** (STEP_BITS - frac_bits))
    setting = Setting(taps, 0.0, 0.25, STEP_BITS, step_code=code, frac_bits=frac_bits, rounding="STOCHASTIC")
    return setting.excess_db(trial)


@measures("lms_weight_drift")
def lms_weight_drift(
    correlation: float, step_shift: int, delay: int, coarseness: int, rounding: str, *, trial: Trial
) -> Measurement:
    """Return the mean error of two weights, in steps of the weights."""
    frac_bits = step_shift - coarseness
    setting = Setting(
        2, correlation, 0.25, step_shift, delay, frac_bits=frac_bits, rounding=rounding, settled=MEAN_SETTLED
    )
    _, v = setting.run(trial)
    return Measurement.mean(v.mean(axis=1) * 2.0**frac_bits, false_alarm=trial.false_alarm)


@measures("lms_output_rounding")
def lms_output_rounding(taps: int, correlation: float, delay: int, frac_bits: int, *, trial: Trial) -> Measurement:
    """Return the excess, dB, with a rounded output."""
    setting = Setting(taps, correlation, 0.25, 4, delay, optimum=1.5, output=Format(12, frac_bits))
    return setting.error_excess_db(trial)


@measures("lms_data_rounding")
def lms_data_rounding(taps: int, correlation: float, optimum: float, frac_bits: int, *, trial: Trial) -> Measurement:
    """Return the excess, dB, with rounded data."""
    setting = Setting(taps, correlation, 0.0625, 5, optimum=optimum, data=Format(12, frac_bits))
    return setting.error_excess_db(trial)


def _decibels(power: Measurement) -> Measurement:
    return power.map(lambda ends: DECIBELS * np.log(np.maximum(ends, 1e-30)))
