"""Exact moments of delayed LMS by enumeration, for the tests: slow, obviously right, and without a formula of fxp.

Three points an axis have the moments of a Gaussian up to the fifth; what an update does to second moments is of degree
four in the regressor.
"""

from itertools import product

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigs

NODES = np.array([-np.sqrt(3), 0.0, np.sqrt(3)])
CHANCES = np.array([1, 4, 1]) / 6


def regressors(R):
    """Return regressors and their chances."""
    axes = len(R)
    values, vectors = np.linalg.eigh(R)
    grid = np.array(list(product(NODES, repeat=axes)))
    chances = np.prod(list(product(CHANCES, repeat=axes)), axis=1)
    return grid @ (vectors * np.sqrt(np.maximum(values, 0))).T, chances


def updates(R, step, delay):
    """Return the matrices that take the stack (v_n, …, v_(n−D)) to the next one, and their chances."""
    x, chances = regressors(R)
    taps, size = len(R), len(R) * (delay + 1)
    matrices = np.zeros((len(x), size, size))
    matrices[:, taps:, : size - taps] = np.eye(size - taps)
    matrices[:, :taps, :taps] = np.eye(taps)
    matrices[:, :taps, size - taps :] -= step * np.einsum("ri,rj->rij", x, x)
    return matrices, chances


def one_iteration(R, step, delay, minimum_mse):
    """Return a function that takes E[V Vᵀ] of the stack to the next one."""
    matrices, chances = updates(R, step, delay)
    noise = np.zeros(matrices.shape[1:])
    noise[: len(R), : len(R)] = step**2 * minimum_mse * R

    def following(moments):
        found = np.einsum("r,rij->ij", chances, matrices @ moments @ matrices.swapaxes(1, 2)) + noise
        return (found + found.T) / 2

    return following


def radius(R, step, delay):
    """Return the spectral radius of the second moments."""
    size = len(R) * (delay + 1)
    following = one_iteration(R, step, delay, 0.0)

    def apply(flat):
        square = flat.reshape(size, size)
        return following((square + square.T) / 2).ravel()

    if size**2 < 30:
        return max(abs(np.linalg.eigvals(np.stack([apply(each) for each in np.eye(size**2)], axis=1))))
    operator = LinearOperator((size**2, size**2), matvec=apply, dtype=np.float64)
    found = eigs(operator, k=1, which="LM", tol=1e-13, v0=np.eye(size).ravel(), return_eigenvectors=False)
    return abs(found[0])


def steady_excess(R, step, delay):
    """Return tr(R K) of the steady state with noise of power one, by linear equations for E[V Vᵀ]."""
    size, taps = len(R) * (delay + 1), len(R)
    matrices, chances = updates(R, step, delay)
    kron = sum(chance * np.kron(matrix, matrix) for chance, matrix in zip(chances, matrices, strict=True))
    noise = np.zeros((size, size))
    noise[:taps, :taps] = step**2 * R
    moments = np.linalg.solve(np.eye(size**2) - kron, noise.ravel()).reshape(size, size)
    return np.trace(R @ moments[:taps, :taps])
