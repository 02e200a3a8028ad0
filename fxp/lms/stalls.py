"""Updates of a few steps or less: when rounding loses them, and what it makes of them on average."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fxp.arguments import POSITIVE, reals, require_shapes
from fxp.formats import Rounding
from fxp.lms.modes import Floats

__all__ = ["RoundedUpdate", "rounded_update", "stall_indicator", "stall_threshold", "with_gain"]

TERMS = 2000  # of a series; what is left out is added as an integral
LARGEST_STALL = 100.0
NO_STALL = 1e-9  # below, gain and noise are those at zero to all digits
FEW_UPDATES = 1.0  # above, the alternating series leave differences of large terms
ARGUMENTS = np.arange(0, 8, 1 / 16)  # of integrands that decay doubly exponentially
DIRECTED = {Rounding.FLOOR: -0.5, Rounding.CEIL: 0.5}


def stall_indicator(step_size: ArrayLike, weight_step: ArrayLike, error_rms: ArrayLike, input_rms: ArrayLike) -> Floats:
    r"""Return the weights' half step over the rms of an update (exact): ρ = q/(2·μ·σ_e·σ_x).

    Rounding to nearest loses an update below half a step. Where ρ is above one most updates are lost, and the filter
    learns slowly or not at all: :func:`fxp.rounded_update` has the gain that is left. Up to 0.6 the textbook's noise
    q²/12 gives the mean square error to a thousandth.

    Parameters
    ----------
    step_size : array_like of float
        μ, positive; 2·μ where the update is w + 2·μ·e·x.
    weight_step : array_like of float
        Distance q of neighbouring weights, positive.
    error_rms, input_rms : array_like of float
        Rms of the error and of a datum, positive.

    Returns
    -------
    ndarray of float64, or one float64
        The arguments broadcast.

    Raises
    ------
    ValueError
        An argument is out of range, or the shapes do not broadcast.

    References
    ----------
    Derivation: :ref:`derivation-lms_rounded_update_gain`.

    Examples
    --------
    >>> stall_indicator(2**-5, 2**-8, 0.25, 0.5)
    np.float64(0.5)
    """
    named = {"step_size": step_size, "weight_step": weight_step, "error_rms": error_rms, "input_rms": input_rms}
    require_shapes(**named)
    step, weight, error, datum = (
        reals(name, values, minimum=POSITIVE, remedy="give positive numbers") for name, values in named.items()
    )
    return weight / (2 * step * error * datum)


def stall_threshold(step_size: ArrayLike, weight_step: ArrayLike) -> Floats:
    r"""Return the product of error and datum that rounding to nearest loses, up to and including (exact): q/(2·μ).

    A larger magnitude moves the weight. At the threshold itself there is a tie, which HALF_TOWARD_ZERO loses.

    Assumptions: the update μ·e·x is not rounded before it is added.

    Parameters
    ----------
    step_size : array_like of float
        μ, positive; 2·μ where the update is w + 2·μ·e·x.
    weight_step : array_like of float
        Distance q of neighbouring weights, positive.

    Returns
    -------
    ndarray of float64, or one float64
        In the unit of e·x; the arguments broadcast.

    Raises
    ------
    ValueError
        An argument is out of range, or the shapes do not broadcast.

    References
    ----------
    Derivation: :ref:`derivation-lms_stall_threshold`.

    Examples
    --------
    >>> stall_threshold(2**-5, 2**-8)
    np.float64(0.0625)
    """
    require_shapes(step_size=step_size, weight_step=weight_step)
    step = reals("step_size", step_size, minimum=POSITIVE, remedy="give a positive step size")
    weight = reals("weight_step", weight_step, minimum=POSITIVE, remedy="give the step of the weights")
    return weight / (2 * step)


@dataclass(frozen=True, eq=False)
class RoundedUpdate:
    """What rounding makes of an update z: mean + gain·z + a rest that does not correlate with z.

    Parameters
    ----------
    mean : ndarray of float64
        In steps of the weights.
    gain : ndarray of float64
        Ratio of the update on average to the exact one.
    variance : ndarray of float64
        Of the rest, in squared steps.
    """

    mean: Floats
    gain: Floats
    variance: Floats


def rounded_update(stall: ArrayLike, *, rounding: Rounding | str = Rounding.HALF_EVEN) -> RoundedUpdate:
    r"""Return mean, gain and noise of a rounded update (exact, independent Gaussian error and datum).

    With :math:`s_m = \sqrt{1 + (\pi m/\rho)^2}`, and the sign c = −1 of the HALF modes, c = 1 of FLOOR and CEIL,

    .. math:: \kappa = 1 + 2 \sum_{m=1}^\infty \frac{c^m}{s_m^3}, \qquad
        v = \frac1{12} + \frac1{\pi^2} \sum_{m=1}^\infty \frac{c^m}{m^2 s_m} - \frac{(\kappa - 1)^2}{4 \rho^2}

    without a mean, of FLOOR and CEIL with a mean of ∓½; and of STOCHASTIC, without a mean,

    .. math:: \kappa = 1, \qquad v = \frac16 - \frac1{\pi^2} \sum_{m=1}^\infty \frac1{m^2 s_m}

    For large updates, ρ → 0, this is the textbook's noise 1/12, of STOCHASTIC 1/6. For small ones rounding to nearest
    loses nearly all, the gain goes to zero, while that of STOCHASTIC stays 1: it does not stall.

    Assumptions: error and datum are independent, Gaussian and of zero mean; many bits are dropped, so that ties do not
    count.

    Parameters
    ----------
    stall : array_like of float
        ρ of :func:`stall_indicator`, 0 to 100.
    rounding : Rounding or str
        Mode of the weights, any but TOWARD_ZERO.

    Returns
    -------
    RoundedUpdate
        Arrays of the shape of `stall`.

    Raises
    ------
    ValueError
        `stall` is out of range, or the mode is unknown or TOWARD_ZERO.

    References
    ----------
    Derivation: :ref:`derivation-lms_rounded_update_gain`.

    Examples
    --------
    >>> rounded_update(2.0).gain.round(3), rounded_update(2.0, rounding="STOCHASTIC").variance.round(3)
    (np.float64(0.733), np.float64(0.1))
    """
    mode = with_gain(rounding)
    given = reals("stall", stall, minimum=0, maximum=LARGEST_STALL, remedy="give ρ, see fxp.stall_indicator")
    rho = np.maximum(given, NO_STALL)
    if mode is Rounding.STOCHASTIC:
        return RoundedUpdate(np.zeros_like(rho), np.ones_like(rho), 1 / 6 - _sum_of_noise(rho) / np.pi**2)
    if mode in DIRECTED:
        return RoundedUpdate(np.full_like(rho, DIRECTED[mode]), *_with_harmonics(rho, _sum_of_gain, _sum_of_noise))
    many, few = _with_harmonics(rho, _ties_gain, _ties_noise), _with_thresholds(np.maximum(rho, FEW_UPDATES))
    return RoundedUpdate(
        np.zeros_like(rho), *(np.where(rho > FEW_UPDATES, *pair) for pair in zip(few, many, strict=True))
    )


def with_gain(rounding: Rounding | str) -> Rounding:
    """Return a mode whose gain is known: any but TOWARD_ZERO.

    Raises
    ------
    ValueError
        It is that, or no mode.

    Examples
    --------
    >>> with_gain("TRN")
    <Rounding.FLOOR: 0>
    """
    mode = Rounding.of(rounding)
    if mode is Rounding.TOWARD_ZERO:
        raise ValueError("rounding=TOWARD_ZERO is not a mode with a closed form here: it pulls every update to zero")
    return mode


def _with_harmonics(
    rho: Floats, gain_sum: Callable[[Floats], Floats], noise_sum: Callable[[Floats], Floats]
) -> tuple[Floats, Floats]:
    """Return gain and variance by the harmonics of the error."""
    loss = 2 * gain_sum(rho)
    return 1 + loss, 1 / 12 + noise_sum(rho) / np.pi**2 - (loss / (2 * rho)) ** 2


def _with_thresholds(rho: Floats) -> tuple[Floats, Floats]:
    """Return gain and variance of the HALF modes by the thresholds |e·x| = (2k + 1)ρ at which a step is added.

    E[e·x; e·x > T] = T·K_1(T)/π and P(e·x > T) = ∫ K_0/π beyond T, with K_ν(T) = ∫ exp(−T cosh t) cosh νt dt from zero
    on: one integral over t, in which the thresholds are a series that adds up.
    """
    stretch, step = np.cosh(ARGUMENTS), np.where(ARGUMENTS > 0, 1.0, 0.5) * ARGUMENTS[1]
    decay = np.exp(-rho[..., None] * stretch)
    thresholds = decay * (1 + decay**2) / (1 - decay**2) ** 2 * step  # Σ (2k + 1) exp(−(2k + 1)ρ cosh t)
    gain = 4 * rho**2 / np.pi * (thresholds @ stretch)
    return gain, 2 / np.pi * (thresholds @ (1 / stretch)) - (gain / (2 * rho)) ** 2


def _terms(rho: Floats) -> tuple[Floats, Floats]:
    """Return the numbers m of the terms, and s_m along the last axis."""
    numbers = np.arange(1.0, TERMS + 1)
    return numbers, np.hypot(1, np.pi * numbers / rho[..., None])


def _sum_of_gain(rho: Floats) -> Floats:
    """Return Σ 1/s³, the terms that are left out as their integral."""
    c, end = np.pi / rho, TERMS + 0.5
    last = np.hypot(1, c * end)
    return np.asarray((_terms(rho)[1] ** -3).sum(axis=-1) + 1 / (c * last * (last + c * end)))


def _sum_of_noise(rho: Floats) -> Floats:
    """Return Σ 1/(m²·s), the terms that are left out as their integral."""
    numbers, roots = _terms(rho)
    c, end = np.pi / rho, TERMS + 0.5
    return np.asarray((1 / (numbers**2 * roots)).sum(axis=-1) + 1 / (end * (np.hypot(1, c * end) + c * end)))


def _ties_gain(rho: Floats) -> Floats:
    """Return Σ (−1)^m/s³."""
    return _alternating(_terms(rho)[1] ** -3)


def _ties_noise(rho: Floats) -> Floats:
    """Return Σ (−1)^m/(m²·s)."""
    numbers, roots = _terms(rho)
    return _alternating(1 / (numbers**2 * roots))


def _alternating(terms: Floats) -> Floats:
    """Return the sum of terms of alternating sign, the first one negative, of the last one half."""
    return np.asarray(terms[..., 1::2].sum(axis=-1) - terms[..., ::2].sum(axis=-1) - terms[..., -1] / 2)
