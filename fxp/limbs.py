"""Matrix products of integers too wide for a float unit, as sums of products of their limbs, which are not."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp.inputs import magnitude

__all__ = ["limb_product"]

FLOAT_BITS = 53
INT64_BITS = 64

Codes = NDArray[Any]


def limb_product(x: Codes, w: Codes, kind: type) -> Codes:
    r"""Return x (…, M, K) @ w (K, N) of integers of any size: exact, each product of limbs on a float64 unit.

    .. math:: x w = \sum_{i, j} x_i w_j 2^{b (i + j)}, \quad K\,2^{2b} \le 2^{53}

    with limbs of b bits, all but the highest not negative.

    Assumptions: `kind` holds every sum. Sums of int64 are added modulo 2^64, so that nothing is lost on the way.

    Parameters
    ----------
    x, w : ndarray of int64 or Python integers
        Codes.
    kind : type
        Type of the result, numpy.int64 or object.

    Returns
    -------
    ndarray of `kind`, shape (…, M, N)

    Examples
    --------
    >>> limb_product(np.array([[2**62, 1]]), np.array([[2**62], [-1]]), object)
    array([[21267647932558653966460912964485513215]], dtype=object)
    """
    bits = (FLOAT_BITS - x.shape[-1].bit_length()) // 2
    x_limbs, w_limbs = _limbs(x, bits), _limbs(w, bits)
    places = len(x_limbs) + len(w_limbs) - 1
    total = np.zeros((*x.shape[:-1], w.shape[1]), kind)
    for place in range(places if kind is object else min(places, -(-INT64_BITS // bits))):
        pairs = (
            (x_limbs[i], w_limbs[place - i])
            for i in range(max(0, place + 1 - len(w_limbs)), min(place + 1, len(x_limbs)))
        )
        part = sum((a @ b).astype(np.int64) for a, b in pairs)
        total += np.asarray(part).astype(kind) << (bits * place)
    return total


def _limbs(codes: Codes, bits: int) -> list[NDArray[np.float64]]:
    """Return the limbs of codes, the lowest first."""
    wide = codes if codes.dtype == object else codes.astype(np.int64, copy=False)
    widest = magnitude(wide).bit_length()
    last = max(0, -(-widest // bits) - 1)
    lower = [(wide >> bits * place) & ((1 << bits) - 1) for place in range(last)]
    return [limb.astype(np.float64) for limb in (*lower, wide >> bits * last)]
