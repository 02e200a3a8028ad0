"""Choosing the bits of the weights of an LMS filter."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Any

from numpy.typing import ArrayLike

from fxp.arguments import POSITIVE, one, reals
from fxp.formats import Rounding
from fxp.lms.words import finite_precision_excess

__all__ = ["weight_bits_for_excess"]

FEWEST_BITS, MOST_BITS = 2, 60


def weight_bits_for_excess(
    R: ArrayLike,
    step_size: float,
    *,
    minimum_mse: float,
    excess: float,
    largest_weight: float,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    delay: int = 0,
    factor: int = 1,
) -> int:
    """Return the fewest bits of the weights with which the excess stays within a limit (asymptotic, i.i.d. regressors).

    The weights are signed words of the range [−2^k, 2^k), the smallest that holds the largest weight; the excess is
    that of :func:`fxp.finite_precision_excess`, and bits with which the update stalls are not enough.

    Parameters
    ----------
    R, step_size, minimum_mse, rounding, delay, factor
        As in :func:`fxp.finite_precision_excess`.
    excess : float
        Mean square error above the least one that is allowed, positive.
    largest_weight : float
        Largest magnitude that a weight takes, transients included, positive.

    Returns
    -------
    int
        Between 2 and 60.

    Raises
    ------
    ValueError
        As :func:`fxp.finite_precision_excess`; or no number of bits is enough, because gradient noise alone exceeds the
        limit.

    References
    ----------
    Derivation: :ref:`derivation-lms_weight_rounding`.

    Examples
    --------
    >>> from fxp import Process
    >>> R = Process([0.1, 0.5, -0.5, 0.1]).correlation_matrix(3)
    >>> weight_bits_for_excess(R, 2**-6, minimum_mse=0.352, excess=0.005, largest_weight=0.9)
    8
    """
    allowed = one("excess", reals("excess", excess, minimum=POSITIVE, remedy="give the excess that is allowed"))
    largest = one(
        "largest_weight", reals("largest_weight", largest_weight, minimum=POSITIVE, remedy="give the largest weight")
    )
    range_bits = math.frexp(largest)[1] + 1

    def excess_of(bits: int) -> float:
        options: Any = {"minimum_mse": minimum_mse, "rounding": rounding, "delay": delay, "factor": factor}
        return finite_precision_excess(R, step_size, weight_step=2.0 ** (range_bits - bits), **options).total

    def within(bits: int) -> bool:
        try:
            return bool(excess_of(bits) <= allowed)
        except ValueError:  # of all arguments but the bits the finest weights have shown that they are in range
            return False

    if excess_of(MOST_BITS) > allowed:
        raise ValueError(
            f"excess={allowed:g} is not enough for the noise of the gradient: allow more, or take a smaller step size"
        )
    return FEWEST_BITS + bisect_left(range(FEWEST_BITS, MOST_BITS), True, key=within)
