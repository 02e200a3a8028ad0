"""What the rounding of a requantiser costs: where the published variants differ, their moments, and the worst case."""

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import reals, whole_numbers
from fxp.requantizers.scalings import MultiplierRounding
from fxp.roundoff import RoundingError

__all__ = [
    "double_rounding_rate",
    "multiplier_error_bound",
    "requantization_error",
    "requantization_error_bound",
]

MULTIPLIER_ERROR = 2.0**-31
FLOAT32_ROUNDING = Fraction(1, 2**24)
FLOAT32_ROUNDINGS = 4  # of the accumulator, twice of the factor, of the product
MOST_SHIFT = 31
Ratio = NDArray[np.float64]


def double_rounding_rate(right_shift: ArrayLike) -> Ratio:
    r"""Return the fraction of accumulators that double and single rounding requantise to different codes (exact).

    .. math:: 2^{-(r + 1)}

    with r = `right_shift`, 0 where r = 0: a scale in [1/2, 1) is rounded once by both. Double rounding reaches a tie
    half a step of its first rounding too early, since that has lifted the number to it; for scales between 1/4 and 1/2,
    r = 1, a quarter of all codes differ, each by one.

    Assumptions: no saturation; what the first rounding drops is uniform over its step, and the r bits that the second
    drops are equally likely in all their patterns.

    Parameters
    ----------
    right_shift : array_like of int
        Bits r that the second rounding drops, 0 to 31: minus the `shift` of :func:`quantize_multiplier`.

    Returns
    -------
    ndarray of float64
        Between 0 and 1/4, of the shape of `right_shift`.

    Raises
    ------
    ValueError
        A shift is not an integer from 0 to 31.

    References
    ----------
    Derivation: :ref:`derivation-double_rounding_rate`.

    Examples
    --------
    >>> double_rounding_rate([0, 1, 2, 8])
    array([0.        , 0.25      , 0.125     , 0.00195312])
    """
    return _advance(_shifts(right_shift))


def requantization_error(
    rounding: MultiplierRounding | str, right_shift: int, *, sign: int | None = None
) -> RoundingError:
    r"""Return mean and variance of the error of a requantiser, in steps of its output (exact).

    With :math:`\delta = 2^{-(r+1)}`, 0 where r = 0:

    =========================  ======================  =====================
    rounding                   mean                    variance
    =========================  ======================  =====================
    SINGLE, SINGLE_AWAY        0                       1/12
    DOUBLE_UPWARD              δ                       1/12
    DOUBLE, numbers of a sign  sign · δ                1/12
    DOUBLE, symmetric data     0                       1/12 + δ²
    =========================  ======================  =====================

    Double rounding moves the threshold by δ and keeps the error uniform over one step, so that within a sign it adds a
    mean and no variance.

    Assumptions: as :func:`double_rounding_rate`.

    Parameters
    ----------
    rounding : MultiplierRounding or str
        Where the product is rounded.
    right_shift : int
        Bits r that the second rounding drops, 0 to 31.
    sign : {1, -1}, optional
        That of the accumulators; None (default) for data symmetric about zero.

    Returns
    -------
    RoundingError
        `mean` in steps and `variance` in steps², of code − exact product.

    Raises
    ------
    ValueError
        The rounding is unknown, the shift is not an integer from 0 to 31, or the sign is neither 1 nor -1.

    References
    ----------
    Derivations: :ref:`derivation-double_rounding_error`, :ref:`derivation-double_rounding_symmetric`.

    Examples
    --------
    >>> requantization_error("DOUBLE", 1, sign=-1).mean, requantization_error("SINGLE", 1).mean
    (-0.25, 0.0)
    """
    if sign not in (None, 1, -1):
        raise ValueError(f"sign={sign!r} is neither 1 nor -1: leave it out for data symmetric about zero")
    mode = _mode(rounding)
    advance = float(_advance(_shifts(right_shift))) if mode.double else 0.0
    if mode is not MultiplierRounding.DOUBLE:
        return RoundingError(advance, 1 / 12)
    if sign is None:
        return RoundingError(0.0, 1 / 12 + advance**2)
    return RoundingError(sign * advance, 1 / 12)


def requantization_error_bound(
    right_shift: ArrayLike, magnitude: ArrayLike, *, rounding: MultiplierRounding | str | None = None
) -> Ratio:
    r"""Return how far a code can be from the exactly scaled accumulator, in steps of the output (upper bound).

    .. math:: \tfrac12 + \delta + \epsilon\, |s x|

    With a multiplier of 32 bits, :math:`\epsilon = 2^{-31}` and :math:`\delta = 2^{-(r+1)}` where the product is
    rounded twice and r > 0, else 0. In float32, :math:`\epsilon = (1 + 2^{-24})^4 - 1` and :math:`\delta = 0`.

    Assumptions: no saturation; a multiplier as :func:`quantize_multiplier` makes it, not the one that stands for a
    scale too small; in float32 no result below 2**-126, and scales that are float32 themselves.

    Parameters
    ----------
    right_shift : array_like of int
        Bits r that the second rounding drops, 0 to 31; without effect where the product is rounded once.
    magnitude : array_like of float
        Largest magnitude of scale · accumulator, in steps; not negative.
    rounding : MultiplierRounding or str, optional
        Where the product is rounded; None (default) for float32, as in :meth:`Requantizer.onnx`.

    Returns
    -------
    ndarray of float64
        Steps of the output; the arguments broadcast.

    Raises
    ------
    ValueError
        A shift is not an integer from 0 to 31, a magnitude is negative or not finite, or the rounding is unknown.

    References
    ----------
    Derivations: :ref:`derivation-requantizer_deviation`, :ref:`derivation-float_requantizer_deviation`.

    Examples
    --------
    >>> requantization_error_bound([0, 1, 8], 128, rounding="DOUBLE").round(4)
    array([0.5  , 0.75 , 0.502])
    """
    sizes = reals("magnitude", magnitude, minimum=0, remedy="give the largest |scale * accumulator|")
    shifts = _shifts(right_shift)
    if rounding is None:
        relative, advance = float((1 + FLOAT32_ROUNDING) ** FLOAT32_ROUNDINGS - 1), np.zeros(shifts.shape)
    else:
        relative, advance = MULTIPLIER_ERROR, _advance(shifts) * _mode(rounding).double
    return np.asarray(0.5 + advance + relative * sizes)


def multiplier_error_bound(fraction: ArrayLike) -> Ratio:
    r"""Return the largest relative error of a multiplier of 32 bits (upper bound).

    .. math:: \left|\frac{m\,2^{s-31}}{\text{scale}} - 1\right| \le \frac{2^{-32}}{q}, \qquad \text{scale} = q\,2^s

    at most 2**-31, for scales just above a power of two.

    Assumptions: the scale is not so small that its multiplier is 0.

    Parameters
    ----------
    fraction : array_like of float
        q, in [1/2, 1].

    Returns
    -------
    ndarray of float64
        Of the shape of `fraction`.

    Raises
    ------
    ValueError
        A fraction is not between 1/2 and 1.

    References
    ----------
    Derivation: :ref:`derivation-multiplier_error`.

    Examples
    --------
    >>> float(multiplier_error_bound(0.5) * 2**31)
    1.0
    """
    return np.asarray(2.0**-32 / reals("fraction", fraction, minimum=0.5, maximum=1, remedy="give scale / 2**shift"))


def _mode(rounding: MultiplierRounding | str) -> MultiplierRounding:
    name = rounding.upper() if isinstance(rounding, str) else rounding
    if name not in tuple(MultiplierRounding):
        raise ValueError(f"rounding={rounding!r} is not known: one of {', '.join(MultiplierRounding)}")
    return MultiplierRounding(name)


def _shifts(right_shift: ArrayLike) -> NDArray[np.int64]:
    remedy = "count the bits of the second rounding, up to 31"
    shifts = whole_numbers("right_shift", right_shift, minimum=0, remedy=remedy)
    if (shifts > MOST_SHIFT).any():
        raise ValueError(f"right_shift={right_shift!r} is not between 0 and {MOST_SHIFT}: {remedy}")
    return shifts


def _advance(shifts: NDArray[np.int64]) -> NDArray[Any]:
    """Return how far below a tie the first rounding reaches it, in steps of the output."""
    return np.where(shifts > 0, 2.0 ** -(shifts + 1.0), 0.0)
