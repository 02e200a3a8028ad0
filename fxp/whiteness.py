"""When the error of rounding Gaussian samples is uniform and white: characteristic functions at multiples of 2π."""

from dataclasses import dataclass
from math import ceil, remainder, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp.arguments import one, reals
from fxp.formats import Rounding
from fxp.roundoff import RoundingError

__all__ = [
    "ErrorWhiteness",
    "error_correlation",
    "error_whiteness",
    "gaussian_rounding_error",
    "input_error_correlation",
]

MIN_STD_STEPS = 0.01
MIN_STEPS_APART = 1e-3
HARMONICS = 1.6  # times 1/std: exp(−2π²·1.6²) = 1e-22
_CENTRE = {
    Rounding.FLOOR: -0.5,
    Rounding.CEIL: 0.5,
    Rounding.HALF_UP: 0.0,
    Rounding.HALF_DOWN: 0.0,
    Rounding.HALF_TOWARD_ZERO: 0.0,
    Rounding.HALF_AWAY: 0.0,
    Rounding.HALF_EVEN: 0.0,
    Rounding.HALF_ODD: 0.0,
}
Array = NDArray[Any]


def gaussian_rounding_error(
    std_steps: float, *, mean_steps: float = 0.0, rounding: Rounding | str = Rounding.HALF_EVEN
) -> RoundingError:
    r"""Return mean and variance of the error that rounding makes of a Gaussian number (exact).

    With standard deviation :math:`\sigma` and mean :math:`\mu` in steps, for the modes that round to nearest,

    .. math:: E[e] = \sum_{n \ge 1} \frac{(-1)^n}{\pi n} \sin(2\pi n\mu)\, e^{-2\pi^2 n^2 \sigma^2}, \qquad
              E[e^2] = \frac{1}{12} + \sum_{n \ge 1} \frac{(-1)^n}{\pi^2 n^2} \cos(2\pi n\mu)\, e^{-2\pi^2 n^2 \sigma^2}

    The exponentials are the characteristic function of the input at :math:`2\pi n` a step: where it vanishes for all n,
    the error is uniform, whatever the law (Widrow; Sripad and Snyder). FLOOR and CEIL: that of :math:`\mu \mp 1/2`, and
    the mean less or more by half a step.

    Assumptions: Gaussian input of infinite resolution; no overflow.

    Parameters
    ----------
    std_steps : float
        Standard deviation of the input, in steps, at least 0.01.
    mean_steps : float
        Mean of the input, in steps.
    rounding : Rounding or str
        Any mode but TOWARD_ZERO, whose error is not periodic in the input, and STOCHASTIC.

    Returns
    -------
    RoundingError
        `mean` in steps and `variance` in steps², to about 1e-15.

    Raises
    ------
    ValueError
        An argument is outside its range.

    References
    ----------
    B. Widrow and I. Kollár, Quantization Noise, 2008; A. B. Sripad and D. L. Snyder, IEEE Trans. ASSP 25 (1977) 442.
    Derivation: :ref:`derivation-rounding_error_gaussian`.

    Examples
    --------
    >>> error = gaussian_rounding_error(0.5)
    >>> round(12 * error.variance, 5)
    0.99126
    """
    std, phase, centre = _input(std_steps, mean_steps, rounding)
    n, damping = _harmonics(std)
    mean = float(np.sum(_signs(n) / (np.pi * n) * np.sin(2 * np.pi * n * phase) * damping))
    power = 1 / 12 + float(np.sum(_signs(n) / (np.pi * n) ** 2 * np.cos(2 * np.pi * n * phase) * damping))
    return RoundingError(centre + mean, power - mean**2)


def input_error_correlation(
    std_steps: float, *, mean_steps: float = 0.0, rounding: Rounding | str = Rounding.HALF_EVEN
) -> float:
    r"""Return the correlation coefficient of a Gaussian number and the error of rounding it (exact).

    .. math:: \frac{E[(x - \mu)\, e]}{\sigma\,\sigma_e} =
              \frac{2\sigma}{\sigma_e} \sum_{n \ge 1} (-1)^n \cos(2\pi n\mu)\, e^{-2\pi^2 n^2 \sigma^2}

    with :math:`\sigma_e^2` the variance that :func:`gaussian_rounding_error` returns. It tends to −1 where the input
    stays in one step; at σ = 0.55 steps it is below 0.01, at σ = 0.75 steps below 0.0001, whatever the mean.

    Assumptions: as there.

    Parameters
    ----------
    std_steps, mean_steps, rounding
        As in :func:`gaussian_rounding_error`.

    Returns
    -------
    float
        Between −1 and 1.

    Raises
    ------
    ValueError
        An argument is outside its range.

    References
    ----------
    Derivation: :ref:`derivation-input_error_correlation`.

    Examples
    --------
    >>> round(input_error_correlation(0.5), 4)
    -0.025
    """
    std, phase, _ = _input(std_steps, mean_steps, rounding)
    n, damping = _harmonics(std)
    covariance_per_std = 2 * std * float(np.sum(_signs(n) * np.cos(2 * np.pi * n * phase) * damping))
    error = gaussian_rounding_error(std_steps, mean_steps=mean_steps, rounding=rounding)
    return covariance_per_std / sqrt(error.variance)


def error_correlation(
    std_steps: float,
    correlation: float,
    *,
    mean_steps: float = 0.0,
    rounding: Rounding | str = Rounding.HALF_EVEN,
) -> float:
    r"""Return the correlation coefficient of the rounding errors of two jointly Gaussian samples (exact).

    With the standard deviation :math:`\sigma`, the mean :math:`\mu` and the correlation :math:`\rho` of the samples,
    and :math:`g(\rho, \theta) = \cos(2\pi\theta)\, e^{-2\pi^2\sigma^2 (m^2 + n^2 - 2\rho m n)}`,

    .. math:: E[e_1 e_2] = \sum_{m, n \ge 1} \frac{(-1)^{m+n}}{2\pi^2 m n}
              [g(\rho, (m-n)\mu) - g(-\rho, (m+n)\mu)]

    less :math:`E[e]^2`, over the variance of the error. The terms m = n lead:
    :math:`\frac{6}{\pi^2} e^{-4\pi^2\sigma^2(1-\rho)}` for ρ > 0. Errors are alike only where the difference of the
    samples, of variance :math:`2\sigma^2(1-\rho)`, is small against a step.

    Assumptions: Gaussian samples of equal mean and deviation, of infinite resolution; no overflow.

    Parameters
    ----------
    std_steps : float
        Standard deviation of the samples, in steps, at least 0.01.
    correlation : float
        Correlation coefficient ρ of the samples, −1 to 1, and std_steps·√(1 − ρ²) at least 0.001.
    mean_steps : float
        Mean of the samples, in steps.
    rounding : Rounding or str
        Any mode but TOWARD_ZERO and STOCHASTIC.

    Returns
    -------
    float
        Between −1 and 1.

    Raises
    ------
    ValueError
        An argument is outside its range.

    References
    ----------
    A. B. Sripad and D. L. Snyder, IEEE Trans. ASSP 25 (1977) 442. Derivation: :ref:`derivation-error_correlation`.

    Examples
    --------
    >>> round(error_correlation(1.0, 0.95), 4)
    0.0845
    """
    std, phase, _ = _input(std_steps, mean_steps, rounding)
    covariance = _error_covariance(std, _samples_correlation(std, correlation), phase)
    error = gaussian_rounding_error(std_steps, mean_steps=mean_steps, rounding=rounding)
    return covariance / error.variance


@dataclass(frozen=True)
class ErrorWhiteness:
    """How far an error can be from white noise of variance 1/12 that knows nothing of its input; 0 is white.

    Parameters
    ----------
    power : float
        Largest difference of E[e²] from 1/12, over 1/12.
    input_correlation : float
        Largest covariance of input and error, over σ·√(1/12).
    error_correlation : float
        Largest autocovariance of the error, over 1/12.
    """

    power: float
    input_correlation: float
    error_correlation: float

    def within(self, tolerance: float) -> bool:
        """Return whether no departure exceeds `tolerance`, which is not negative."""
        remedy = "give the largest departure that is allowed"
        largest: float = one("tolerance", reals("tolerance", tolerance, minimum=0, remedy=remedy))
        return max(self.power, self.input_correlation, self.error_correlation) <= largest


def error_whiteness(std_steps: float, correlation: float = 0.0) -> ErrorWhiteness:
    r"""Return how far the error of rounding Gaussian samples can be from white (exact: attained by the worst mean).

    .. math:: \frac{12}{\pi^2} \sum_n \frac{q^{n^2}}{n^2}, \qquad
              4\sqrt{3}\,\sigma \sum_n q^{n^2}, \qquad
              \frac{12}{\pi^2} \sum_{m, n} \frac{q^{m^2 + n^2} \sinh(4\pi^2\sigma^2|\rho| m n)}{m n},
              \qquad q = e^{-2\pi^2\sigma^2}

    the departures of power, of the correlation with the input and of the correlation of the errors: the largest over
    all means of the input, which a mean at half a step attains. The mean of the error, over √(1/12), departs less than
    the power does. In short, errors of samples with correlation ρ are white within ε where
    :math:`\sigma^2 (1 - |\rho|) \ge \ln(6/(\pi^2 \varepsilon))/(4\pi^2)`: the difference of the samples must be large
    against a step, not only the samples, for which σ = 0.55 is enough at ε = 0.01.

    Assumptions: as in :func:`error_correlation`; rounding to nearest, or FLOOR or CEIL less their mean.

    Parameters
    ----------
    std_steps : float
        Standard deviation of the samples, in steps, at least 0.01.
    correlation : float
        Largest correlation coefficient of two different samples, by magnitude; −1 to 1, and std_steps·√(1 − ρ²) at
        least 0.001.

    Returns
    -------
    ErrorWhiteness
        Three departures; ``.within(tolerance)`` says whether all are small enough.

    Raises
    ------
    ValueError
        An argument is outside its range.

    References
    ----------
    Derivation: :ref:`derivation-error_whiteness`.

    Examples
    --------
    >>> error_whiteness(1.0, 0.9).within(0.02), error_whiteness(1.0, 0.95).within(0.02)
    (True, False)
    """
    std, worst_phase, _ = _input(std_steps, 0.5, Rounding.HALF_EVEN)
    n, damping = _harmonics(std)
    return ErrorWhiteness(
        power=12 / np.pi**2 * float(np.sum(damping / n**2)),
        input_correlation=4 * sqrt(3) * std * float(np.sum(damping)),
        error_correlation=12 * _error_covariance(std, abs(_samples_correlation(std, correlation)), worst_phase),
    )


def _input(std_steps: float, mean_steps: float, rounding: Rounding | str) -> tuple[float, float, float]:
    """Return deviation, phase and centre: the error is that of rounding to nearest at mean `phase`, plus the centre."""
    mode = Rounding.of(rounding)
    if mode not in _CENTRE:
        raise ValueError(
            f"rounding={mode.name} is not a mode whose error is periodic in the input: choose FLOOR, CEIL or a HALF "
            "mode; dithered_error has STOCHASTIC"
        )
    std = one("std_steps", reals("std_steps", std_steps, remedy="give the deviation of the input, in steps"))
    reals("std_steps", std, minimum=MIN_STD_STEPS, remedy="an input that moves less stays in one step; round its mean")
    mean = one("mean_steps", reals("mean_steps", mean_steps, remedy="give the mean of the input, in steps"))
    return std, remainder(mean, 1.0) + _CENTRE[mode], _CENTRE[mode]


def _samples_correlation(std: float, correlation: float) -> float:
    rho: float = one(
        "correlation", reals("correlation", correlation, minimum=-1, maximum=1, remedy="give a coefficient")
    )
    if std * sqrt(1 - rho**2) < MIN_STEPS_APART:
        raise ValueError(
            f"correlation={rho} is not far enough from ±1: std_steps·√(1 − correlation²) must be at least "
            f"{MIN_STEPS_APART}; samples closer than that have the same error, or its mirror image"
        )
    return rho


def _harmonics(std: float) -> tuple[Array, Array]:
    """Return n = 1, 2, ... and the characteristic function at 2πn, as far as it counts."""
    n = np.arange(1.0, ceil(HARMONICS / std) + 1)
    return n, np.exp(-2 * (np.pi * n * std) ** 2)


def _signs(n: Array) -> Array:
    return np.asarray(1 - 2 * (n % 2))


def _error_covariance(std: float, rho: float, phase: float) -> float:
    n = np.arange(1.0, ceil(HARMONICS / (std * sqrt(1 - rho**2))) + 1)
    m = n[:, None]
    exponent = -2 * (np.pi * std) ** 2
    alone = np.exp(exponent * (m**2 + n**2))
    alike = np.exp(exponent * ((m - n) ** 2 + 2 * (1 - rho) * m * n)) - alone
    mirrored = np.exp(exponent * ((m - n) ** 2 + 2 * (1 + rho) * m * n)) - alone
    terms = alike * np.cos(2 * np.pi * (m - n) * phase) - mirrored * np.cos(2 * np.pi * (m + n) * phase)
    return float(np.sum(_signs(m) * _signs(n) / (2 * np.pi**2 * m * n) * terms))
