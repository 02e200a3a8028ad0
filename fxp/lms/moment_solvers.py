"""What repeated steps of the moments of LMS come to: how fast they grow, and where they settle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, eigs, gmres

from fxp.lms.moment_systems import MomentSystem

__all__ = ["spectral_radius", "stationary_moments"]

Floats = NDArray[np.float64]

FEW = 50  # unknowns up to which dense matrices are faster
SUBSPACE = 20
CONVERGED = 1e-13
SOLVED = 1e-12


def spectral_radius(system: MomentSystem, step_size: float) -> float:
    """Return the largest eigenvalue of a step, which is real and positive (exact to about 1e-12).

    Second moments stay positive semidefinite, and a map of a cone into itself has its spectral radius as an eigenvalue.
    """
    if system.unknowns <= FEW:
        return float(np.max(np.abs(np.linalg.eigvals(system.matrix(step_size).toarray()))))
    start = system.start(np.eye(system.taps), np.zeros(system.taps))
    operator = _linear(system, lambda moments: system.step(moments, step_size))
    values = eigs(operator, 1, ncv=SUBSPACE, tol=CONVERGED, v0=start, return_eigenvectors=False)
    return float(np.abs(values[0]))


def stationary_moments(system: MomentSystem, step_size: float) -> Floats:
    """Return the moments that a step maps to themselves, the last one being the constant one (exact to about 1e-12).

    Raises
    ------
    ArithmeticError
        The iteration does not converge.
    """
    constant = np.zeros(system.unknowns)
    constant[-1] = 1.0
    others = 1 - constant

    def change(moments: Floats) -> Floats:
        return moments - others * system.step(others * moments, step_size)

    forcing = system.step(constant, step_size)
    solution, failed = gmres(_linear(system, change), forcing, rtol=SOLVED, atol=0.0, maxiter=system.unknowns)
    if failed:
        raise ArithmeticError(f"step_size={step_size}: the steady state was not found in {failed} iterations")
    return np.asarray(solution)


def _linear(system: MomentSystem, function: Callable[[Floats], Floats]) -> LinearOperator:
    shape = (system.unknowns, system.unknowns)
    return LinearOperator(shape, matvec=lambda moments: function(moments.ravel()), dtype=np.float64)
