"""Rounding and overflow of codes beyond int64: arrays of Python integers, and the specification for what is rare."""

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp import reference
from fxp.formats import MAX_FRAC_BITS, MAX_WORD_BITS, Format, Overflow, Rounding

__all__ = ["overflow_each", "round_each", "significands"]

DRAW_BITS = 53  # Generator.random returns multiples of 2**-53
FLOAT_BITS = 53
BEYOND_EVERY_FORMAT = MAX_WORD_BITS + MAX_FRAC_BITS


def significands(x: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return Python integers m and e with ``x = m * 2**e``: exact; an infinity becomes a number beyond every format.

    Parameters
    ----------
    x : ndarray of float
        Numbers without NaN.

    Examples
    --------
    >>> codes, powers = significands(np.array([0.75]))
    >>> codes * 2.0 ** powers.astype(int)
    array([0.75], dtype=object)
    """
    infinite = np.isinf(x)
    fractions, exponents = np.frexp(np.where(infinite, np.copysign(0.5, x), x).astype(np.float64))
    codes = np.ldexp(fractions, FLOAT_BITS).astype(np.int64).astype(object)
    powers = np.where(infinite, BEYOND_EVERY_FORMAT, exponents - FLOAT_BITS).astype(object)
    return codes, powers


def round_each(
    codes: NDArray[Any], shift: int | NDArray[Any], rounding: Rounding, draws: NDArray[np.float64]
) -> NDArray[Any]:
    """Return ``codes / 2**shift`` rounded to integers: exact, the twin of :func:`fxp.reference.shift_round`.

    Parameters
    ----------
    codes : ndarray of Python integers, flat
        Codes.
    shift : int, or ndarray of Python integers
        Bits to drop, or to append where negative; one for all or one a code.
    rounding : Rounding
        Mode.
    draws : ndarray of float64
        Draws of STOCHASTIC, multiples of 2**-53, one a code; else empty.

    Returns
    -------
    ndarray of Python integers, flat

    Examples
    --------
    >>> round_each(np.array([2**70 + 3], dtype=object), 1, Rounding.HALF_EVEN, np.empty(0))
    array([590295810358705651714], dtype=object)
    """
    places = np.asarray(shift, dtype=object)  # an integer of NumPy would bring int64 back
    scaled, dropped = codes << np.maximum(-places, 0), np.maximum(places, 0)
    floor = scaled >> dropped
    rest, unit = scaled - (floor << dropped), 1 << dropped
    if rounding is Rounding.STOCHASTIC:
        threshold = np.ldexp(draws, DRAW_BITS).astype(np.int64).astype(object)
        return np.asarray(floor + (threshold * unit < rest << DRAW_BITS))
    place = (rest > 0).astype(int) + (2 * rest >= unit) + (2 * rest > unit)
    lower = (floor & 1).astype(int) - 2 * (floor < 0)
    return np.asarray(floor + _rises(rounding)[lower, place])


@cache
def _rises(rounding: Rounding) -> NDArray[np.object_]:
    """Return what the mode adds to the lower code, [lower, place].

    A mode sees no more of a number than the sign and the parity of the lower code, for which 0, 1, -2 and -1 stand, and
    whether the rest is zero, below, at or above one half, for which 0 to 3 quarters stand.
    """
    lowers = (0, 1, -2, -1)
    rises = [
        [reference.round_fraction(low + Fraction(place, 4), rounding) - low for place in range(4)] for low in lowers
    ]
    return np.array(rises, dtype=object)


def overflow_each(codes: NDArray[Any], outside: NDArray[np.bool_], fmt: Format, overflow: Overflow) -> NDArray[Any]:
    """Return the codes of `fmt` that codes become: those `outside` by :func:`fxp.reference.overflow`, the others as is.

    Examples
    --------
    >>> overflow_each(np.array([5, 9], dtype=object), np.array([False, True]), Format(4, 0), Overflow.WRAP)
    array([5, -7], dtype=object)
    """
    inside = codes.copy()
    inside[outside] = [reference.overflow(code, fmt, overflow) for code in codes[outside]]
    return inside
