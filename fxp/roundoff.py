"""Exact moments of the rounding error, per rounding mode."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from operator import index

import numpy as np

from fxp.formats import Rounding

__all__ = ["RoundingError", "rounding_error"]

MAX_TOLD_APART = 1200  # 2**-1200 is below every float64: more dropped bits give the same floats


@dataclass(frozen=True)
class RoundingError:
    """What a rounding adds to its input: moments of error = rounded − input.

    Parameters
    ----------
    mean : float
        Mean of the error, in steps of the target format.
    variance : float
        Variance of the error about its mean, in steps².

    Examples
    --------
    >>> RoundingError(mean=-0.5, variance=0.25).power
    0.5
    """

    mean: float
    variance: float

    @property
    def power(self) -> float:
        """Mean square of the error, mean² + variance, in steps²: what enters an SQNR."""
        return self.mean**2 + self.variance


def rounding_error(rounding: Rounding | str, *, dropped_bits: int | None = None) -> RoundingError:
    r"""Return mean and variance of the error of a rounding mode (exact under the assumptions below).

    With k = `dropped_bits` at least 1, and :math:`u = 2^{-k}` (zero for continuous input), in steps and steps²:

    =========================================  =======================  ==============================================
    mode                                       mean                     variance
    =========================================  =======================  ==============================================
    FLOOR, CEIL                                :math:`\mp (1 - u) / 2`  :math:`(1 - u^2) / 12`
    HALF_UP, HALF_DOWN                         :math:`\pm u / 2`        :math:`(1 - u^2) / 12`
    HALF_EVEN, HALF_ODD, HALF_AWAY,            0                        :math:`(1 + 2 u^2) / 12`
    HALF_TOWARD_ZERO
    TOWARD_ZERO                                0                        :math:`(1 - u^2) / 12 + (1 - u)^2 / 4`
    STOCHASTIC                                 0                        :math:`(1 - u^2) / 6`
    =========================================  =======================  ==============================================

    With no dropped bit, k = 0, there is no error: the formulas of the HALF modes start at one bit, since they count
    the ties. STOCHASTIC takes the mean over its draws too.

    Assumptions: no overflow. The dropped bits are equally likely in all their patterns (continuous input: the fraction
    is uniform, which :func:`error_whiteness` bounds for Gaussian input). HALF_EVEN and HALF_ODD: the lowest kept bit is
    0 and 1 equally often at ties. HALF_AWAY, HALF_TOWARD_ZERO and TOWARD_ZERO: data symmetric about zero, so that
    either sign is as likely at every pattern; for data that are never negative ask for HALF_UP, HALF_DOWN and FLOOR,
    which they then equal.

    Parameters
    ----------
    rounding : Rounding or str
        Mode, as a member or by either name.
    dropped_bits : int, optional
        Fractional bits k that the input has beyond the target, at least 0; None (default) is continuous input.

    Returns
    -------
    RoundingError
        `mean` in steps and `variance` in steps², each the float64 nearest to the exact fraction; and `power`.

    Raises
    ------
    ValueError
        The mode is unknown, or `dropped_bits` is not an integer of at least 0.

    References
    ----------
    Derivations: :ref:`derivation-rounding_error_directed`, :ref:`derivation-rounding_error_half_up`,
    :ref:`derivation-rounding_error_nearest`, :ref:`derivation-rounding_error_toward_zero`,
    :ref:`derivation-rounding_error_stochastic`, :ref:`derivation-rounding_error_continuous`.

    Examples
    --------
    >>> rounding_error("TRN", dropped_bits=1)
    RoundingError(mean=-0.25, variance=0.0625)
    >>> rounding_error("HALF_EVEN").variance == 1 / 12
    True
    """
    moments = _MOMENTS[Rounding.of(rounding)]
    resolution = _resolution(dropped_bits)
    if resolution == 1:
        return RoundingError(0.0, 0.0)
    mean, variance = moments(resolution)
    return RoundingError(float(mean), float(variance))


Moments = Callable[[Fraction], tuple[Fraction, Fraction]]
_NO_BIAS = Fraction(0)


def _floor(u: Fraction) -> tuple[Fraction, Fraction]:
    return (u - 1) / 2, (1 - u**2) / 12


def _ceil(u: Fraction) -> tuple[Fraction, Fraction]:
    return (1 - u) / 2, (1 - u**2) / 12


def _half_up(u: Fraction) -> tuple[Fraction, Fraction]:
    return u / 2, (1 - u**2) / 12


def _half_down(u: Fraction) -> tuple[Fraction, Fraction]:
    return -u / 2, (1 - u**2) / 12


def _nearest_unbiased(u: Fraction) -> tuple[Fraction, Fraction]:
    return _NO_BIAS, (1 + 2 * u**2) / 12


def _toward_zero(u: Fraction) -> tuple[Fraction, Fraction]:
    return _NO_BIAS, (1 - u**2) / 12 + (1 - u) ** 2 / 4


def _stochastic(u: Fraction) -> tuple[Fraction, Fraction]:
    return _NO_BIAS, (1 - u**2) / 6


_MOMENTS: dict[Rounding, Moments] = {
    Rounding.FLOOR: _floor,
    Rounding.CEIL: _ceil,
    Rounding.TOWARD_ZERO: _toward_zero,
    Rounding.HALF_UP: _half_up,
    Rounding.HALF_DOWN: _half_down,
    Rounding.HALF_TOWARD_ZERO: _nearest_unbiased,
    Rounding.HALF_AWAY: _nearest_unbiased,
    Rounding.HALF_EVEN: _nearest_unbiased,
    Rounding.HALF_ODD: _nearest_unbiased,
    Rounding.STOCHASTIC: _stochastic,
}


def _resolution(dropped_bits: int | None) -> Fraction:
    """Return the step of the input in steps of the target: 2**-dropped_bits, 0 for continuous input."""
    if dropped_bits is None:
        return Fraction(0)
    rule = f"dropped_bits={dropped_bits!r} is not an integer of at least 0: count bits, or None for continuous input"
    if isinstance(dropped_bits, bool | np.bool_):
        raise ValueError(rule)
    whole = isinstance(dropped_bits, float | np.floating) and float(dropped_bits).is_integer()
    try:
        bits = int(dropped_bits) if whole else index(dropped_bits)
    except TypeError:
        raise ValueError(rule) from None
    if bits < 0:
        raise ValueError(rule)
    return Fraction(1, 2 ** min(bits, MAX_TOLD_APART))
