"""What repeated steps of the moments of LMS come to: how fast they grow, and where they settle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, eigs, gmres, splu

from fxp.lms.moment_layouts import FACTORED
from fxp.lms.moment_systems import MomentSystem

__all__ = ["spectral_radius", "stationary_moments"]

Floats = NDArray[np.float64]

FEW = 50  # unknowns up to which dense matrices are faster
SUBSPACE = 20
CONVERGED = 1e-13
SOLVED = 1e-12
RESTART, ATTEMPTS = 50, 400


def spectral_radius(system: MomentSystem, step_size: float) -> float:
    """Return the largest eigenvalue of a step, which is real and positive (exact to about 1e-12).

    Second moments stay positive semidefinite, and a map of a cone into itself has its spectral radius as an eigenvalue.
    """
    if system.unknowns <= FEW:
        return float(np.max(np.abs(np.linalg.eigvals(system.matrix(step_size).toarray()))))
    start = system.start(np.eye(system.taps), np.zeros(system.taps))
    operator = _linear(system.unknowns, lambda moments: system.step(moments, step_size))
    values = eigs(operator, 1, ncv=SUBSPACE, tol=CONVERGED, v0=start, return_eigenvectors=False)
    return float(np.abs(values[0]))


def stationary_moments(system: MomentSystem, step_size: float) -> Floats:
    """Return the moments that a step maps to themselves, the last one being the constant one (exact to about 1e-12).

    Long delays have many eigenvalues next to the unit circle, where iterations fail; few unknowns are solved for at
    once.

    Raises
    ------
    ArithmeticError
        The iteration does not converge.
    """
    constant = np.zeros(system.unknowns)
    constant[-1] = 1.0
    forcing = system.step(constant, step_size)[:-1]
    solve = _solved_at_once if system.unknowns <= FACTORED else _solved_by_steps
    return np.append(solve(system, step_size, forcing), 1.0)


def _solved_at_once(system: MomentSystem, step_size: float, forcing: Floats) -> Floats:
    others = sp.eye_array(len(forcing)) - system.matrix(step_size)[:-1, :-1]
    return np.asarray(splu(sp.csc_array(others)).solve(forcing))


def _solved_by_steps(system: MomentSystem, step_size: float, forcing: Floats) -> Floats:
    def change(moments: Floats) -> Floats:
        return moments - system.step(np.append(moments, 0.0), step_size)[:-1]

    operator = _linear(len(forcing), change)
    solution, failed = gmres(operator, forcing, rtol=SOLVED, atol=0.0, restart=RESTART, maxiter=ATTEMPTS)
    if failed:
        raise ArithmeticError(f"step_size={step_size}: the steady state was not found in {failed} iterations")
    return np.asarray(solution)


def _linear(unknowns: int, function: Callable[[Floats], Floats]) -> LinearOperator:
    return LinearOperator((unknowns, unknowns), matvec=lambda moments: function(moments.ravel()), dtype=np.float64)
