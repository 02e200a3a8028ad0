"""Left shifts of one code, and what becomes of a code outside its format."""

import numpy as np
from numba import njit

from fxp.formats import Overflow
from fxp.kernels.rounding import Bool, Int

SATURATE = Overflow.SATURATE.value
SATURATE_SYMMETRIC = Overflow.SATURATE_SYMMETRIC.value
ZERO = Overflow.ZERO.value
WRAP = Overflow.WRAP.value
WRAP_SIGN_MAGNITUDE = Overflow.WRAP_SIGN_MAGNITUDE.value


@njit(cache=True, nogil=True)
def shift_left(code: Int, shift: Int) -> tuple[Int, Int]:
    """Return the low 64 bits of ``code * 2**shift`` as int64, and the side on which it leaves int64: -1, 0 or 1.

    `code` is int64 or uint64, `shift` is not negative and may exceed 63.
    """
    low = np.int64(np.uint64(code) << np.uint64(shift)) if shift < 64 else np.int64(0)
    if code == 0 or (shift < 64 and (low < 0) == (code < 0) and low >> shift == np.int64(code)):
        return low, 0
    return low, -1 if code < 0 else 1


@njit(cache=True, nogil=True)
def is_outside(low: Int, side: Int, least: Int, most: Int) -> Bool:
    """Whether the code that `shift_left` describes by `low` and `side` is not between `least` and `most`."""
    return side != 0 or low < least or low > most


@njit(cache=True, nogil=True)
def overflow(low: Int, side: Int, least: Int, most: Int, mode: Int) -> Int:
    """Return the code between `least` and `most` that a code becomes: exact, the twin of `reference.overflow`.

    Parameters
    ----------
    low, side : int64
        The code as `shift_left` describes it; side 0 for a code that is an int64.
    least, most : int64
        Codes of a format of up to 63 bits: min_code and max_code, but -max_code and max_code where a signed format
        saturates symmetrically.
    mode : Int
        Value of an Overflow member. ERROR returns zero outside: the caller asks `is_outside`.
    """
    if not is_outside(low, side, least, most):
        return low
    if mode == SATURATE or mode == SATURATE_SYMMETRIC:  # noqa: SIM109 (Numba searches a tuple slowly)
        return least if side < 0 or (side == 0 and low < least) else most
    if mode == WRAP or mode == WRAP_SIGN_MAGNITUDE:  # noqa: SIM109
        # most - least is 2**word_bits - 1, a mask; int64 wraps around, which keeps every bit of the mask right
        wrapped = least + ((low - least) & (most - least))
        mirrored = (low - wrapped) & (most - least + 1) != 0
        return -1 - wrapped if mode == WRAP_SIGN_MAGNITUDE and least < 0 and mirrored else wrapped
    return np.int64(0)
