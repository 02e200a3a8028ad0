"""Claims on the power and the peak-to-rms ratio of named laws."""

import math

from analysis.claims.claim import Claim
from analysis.domain import Reals
from analysis.signals import peak_to_rms_sinusoid, peak_to_rms_uniform, relu_gaussian_power
from fxp.signals import Signal

__all__ = ["CLAIMS"]


def _uniform(low: float, high: float) -> float:
    return Signal.uniform(low, high).par_db


def _uniform_derived(low: float, high: float) -> float:
    return peak_to_rms_uniform().value(a=low, b=high)


def _rms_about_the_mean(low: float, high: float) -> float:
    """Takes the standard deviation for the root mean square: the mean is left out."""
    return 20 * math.log10(high / ((high - low) / math.sqrt(12)))


def _sinusoid(peak: float) -> float:
    return Signal.sinusoid(peak).par_db


def _sinusoid_derived(peak: float) -> float:  # noqa: ARG001 - the closed form has no peak in it
    return peak_to_rms_sinusoid().value()


def _peak_to_peak(peak: float) -> float:
    """Takes the peak-to-peak amplitude for the peak: 6 dB too much."""
    return Signal.sinusoid(peak).par_db + 20 * math.log10(2)


def _rectified(mean: float, deviation: float) -> float:
    return Signal.relu_gaussian(math.hypot(mean, deviation), mean=mean).rms ** 2


def _rectified_derived(mean: float, deviation: float) -> float:
    return relu_gaussian_power().value(s=deviation, t=mean / deviation)


def _half_of_the_power(mean: float, deviation: float) -> float:
    """Halves the power of the Gaussian, as if half of it were below zero whatever its mean."""
    return (mean**2 + deviation**2) / 2


CLAIMS = (
    Claim(
        "peak_to_rms_uniform",
        "A uniform signal on [a, b] about zero with |a| ≤ b has this peak-to-rms ratio, 4.77 dB when symmetric.",
        "exact",
        peak_to_rms_uniform().assumptions,
        peak_to_rms_uniform,
        _uniform,
        {"low": Reals(-1, -0.01), "high": Reals(1, 4)},
        (_rms_about_the_mean,),
        "derivation-peak_to_rms_uniform",
        unit="dB",
        derived=_uniform_derived,
    ),
    Claim(
        "peak_to_rms_sinusoid",
        "A sine wave has a peak-to-rms ratio of 3.01 dB.",
        "exact",
        peak_to_rms_sinusoid().assumptions,
        peak_to_rms_sinusoid,
        _sinusoid,
        {"peak": Reals(0.1, 10)},
        (_peak_to_peak,),
        "derivation-peak_to_rms_sinusoid",
        unit="dB",
        derived=_sinusoid_derived,
    ),
    Claim(
        "relu_gaussian_power",
        "A Gaussian with a mean has this mean square after a ReLU.",
        "exact",
        relu_gaussian_power().assumptions,
        relu_gaussian_power,
        _rectified,
        {"mean": Reals(-0.5, 1), "deviation": Reals(0.5, 2)},
        (_half_of_the_power,),
        "derivation-relu_gaussian_power",
        derived=_rectified_derived,
    ),
)
