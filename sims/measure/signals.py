"""Powers of drawn signals."""

import numpy as np

from sims.measure import Measurement, Trial, measures

__all__ = ["peak_to_rms_sinusoid", "peak_to_rms_uniform", "relu_gaussian_power"]


@measures("peak_to_rms_uniform")
def peak_to_rms_uniform(*, low: float, high: float, trial: Trial) -> Measurement:
    """Return the peak power over the power of uniform draws."""
    draws = trial.rng.uniform(low, high, trial.samples(200_000))
    return Measurement.power_ratio_db(np.full_like(draws, high), draws, false_alarm=trial.false_alarm)


@measures("peak_to_rms_sinusoid")
def peak_to_rms_sinusoid(*, peak: float, trial: Trial) -> Measurement:
    """Return the peak power over the power of a sine wave, sampled at random phases."""
    wave = peak * np.sin(trial.rng.uniform(0, 2 * np.pi, trial.samples(200_000)))
    return Measurement.power_ratio_db(np.full_like(wave, peak), wave, false_alarm=trial.false_alarm)


@measures("relu_gaussian_power")
def relu_gaussian_power(*, mean: float, deviation: float, trial: Trial) -> Measurement:
    """Return the mean square of rectified Gaussian draws."""
    draws = np.maximum(trial.rng.normal(mean, deviation, trial.samples(200_000)), 0.0)
    return Measurement.mean(draws**2, false_alarm=trial.false_alarm)
