"""Repeated steps of a linear map that is a sum of products of sparse matrices, on one thread and without a copy."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["Matrix", "iterate"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Matrix = tuple[Floats, NDArray[np.unsignedinteger], NDArray[np.unsignedinteger]]
"""Entries, columns, and where each row begins: compressed sparse rows. Without a sign, places are not wrapped."""


@njit(cache=True, nogil=True)
def add_product(matrix: Matrix, vector: Floats, weight: float, total: Floats) -> None:  # pragma: no cover
    """Add to a total a weight times a matrix times a vector."""
    entries, columns, begins = matrix
    begin = begins[0]
    for row in range(total.size):
        end = begins[row + 1]
        product = 0.0
        for place in range(begin, end):
            product += entries[place] * vector[columns[place]]
        total[row] += weight * product
        begin = end


@njit(cache=True, nogil=True)
def iterate(
    matrices: tuple[Matrix, ...],
    step_size: float,
    moments: Floats,
    iterations: int,
    watched: Integers,
) -> tuple[Floats, Floats]:  # pragma: no cover
    """Return some of z and the first of F G z before each step z → A z + μ H G z + μ² Q K F G z, and the last z.

    Parameters
    ----------
    matrices : tuple of 6 matrices
        A, G, F, K, H and Q.
    step_size : float
        μ.
    moments : ndarray of float64
        The first z.
    iterations : int
        How many steps.
    watched : ndarray of int64
        Places in z.
    """
    kept, errors, squares, updates, crossed, squared = matrices
    error, square, update = np.empty(errors[2].size - 1), np.empty(squares[2].size - 1), np.empty(updates[2].size - 1)
    now, following = moments.copy(), np.empty_like(moments)
    seen = np.empty((iterations, watched.size + 1))
    for n in range(iterations):
        error[:], square[:], update[:], following[:] = 0.0, 0.0, 0.0, 0.0
        add_product(errors, now, 1.0, error)
        add_product(squares, error, 1.0, square)
        add_product(updates, square, 1.0, update)
        add_product(kept, now, 1.0, following)
        add_product(crossed, error, step_size, following)
        add_product(squared, update, step_size**2, following)
        for place in range(watched.size):
            seen[n, place] = now[watched[place]]
        seen[n, watched.size] = square[0]
        now, following = following, now
    return seen, now
