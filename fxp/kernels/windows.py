"""How far the sums of a few consecutive products can go."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["window_reach"]


@njit(cache=True, nogil=True)
def window_reach(panels: NDArray[Any], window: int, low: int, high: int) -> int:
    """Return the greatest distance from zero of the sum of any products of a window, in one column.

    Parameters
    ----------
    panels : int array, shape (…, K, lanes), four axes
        Weights of up to 16 bits.
    window : int
        Length of the windows, a divisor of K.
    low, high : int
        Range of the other operand, low ≤ 0 ≤ high, of up to 16 bits.
    """
    groups, count, length, lanes = panels.shape
    positive, negative = np.zeros(lanes, np.int64), np.zeros(lanes, np.int64)
    reach = 0
    for index in range(groups * count):
        rows = panels[index // count, index % count]
        for start in range(0, length, window):
            positive[:], negative[:] = 0, 0
            for k in range(start, start + window):
                for n in range(lanes):
                    positive[n] += max(rows[k, n], 0)
                    negative[n] += min(rows[k, n], 0)
            for n in range(lanes):
                most = positive[n] * high + negative[n] * low
                least = positive[n] * low + negative[n] * high
                reach = max(reach, most, -least)
    return reach
