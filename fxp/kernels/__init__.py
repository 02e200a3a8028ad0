"""Numba twins of :mod:`fxp.reference`, equal to it code for code.

Scalars that other kernels inline live in `rounding` and `overflow`; the loops over arrays in `encode`. Modes are passed
as the ``value`` of their enum member; where it is a constant of the caller, the compiler drops the other modes and a
loop over `round_shift` and `overflow` runs on vectors.
"""
