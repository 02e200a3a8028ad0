"""Codes that go into the LMS kernel and come out of it: any leading axes outside, rows inside."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxp.kernels.lms import COUNTS

__all__ = ["Adaptation", "Batch"]

Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Adaptation:
    """What became of filters that adapted: codes, and how often a word was left or an update lost.

    Parameters
    ----------
    errors : ndarray of int64, shape (…, iterations)
        Codes of e, of step ``FixedPointLms.error_step``.
    weights : ndarray of int64, shape (…, taps)
        Codes after the last iteration.
    kept_weights : ndarray of int64, shape (…, iterations // weights_every, taps), or None
        Codes after every `weights_every` iterations.
    overflows : dict of str to ndarray of int64, shape (…)
        How often the value was outside: ``accumulator`` (sums of which a value that the register looks at was),
        ``output``, ``error``, ``scaled_error`` and ``weights`` (taps).
    stalled : ndarray of int64, shape (…)
        Updates of a tap that were lost: neither the error nor the datum was zero, and the weight stayed as it was.
    """

    errors: Codes
    weights: Codes
    kept_weights: Codes | None
    overflows: dict[str, Codes]
    stalled: Codes


@dataclass(frozen=True, eq=False)
class Batch:
    """Operands and results of runs, as the kernel takes them."""

    shape: tuple[int, ...]
    x: Codes
    layout: tuple[int, int, int]
    d: Codes
    weights: Codes
    errors: Codes
    every: int
    kept: Codes
    counts: Codes

    @classmethod
    def of(cls, x: Codes, d: Codes, start: Codes, *, taps: int, every: int) -> Batch:
        """Return a batch of codes that belong together.

        Parameters
        ----------
        x, d, start : ndarray of int64
            Data (…, iterations, taps), or a series (…, iterations + taps − 1); desired (…, iterations); weights at the
            start (…, taps), or that broadcast to it.
        taps : int
            Number of weights.
        every : int
            Iterations between the weights that are kept, or 0.

        Raises
        ------
        ValueError
            Shapes do not match.
        """
        *shape, iterations = d.shape or (0,)
        line = x.ndim == d.ndim
        wanted = (*shape, iterations + taps - 1) if line else (*shape, iterations, taps)
        if not iterations or x.shape != wanted:
            raise ValueError(
                f"x_codes.shape={x.shape}, d_codes.shape={d.shape} do not match: with {taps} taps pass d (…, T) and "
                f"x (…, T, {taps}), or the series (…, T + {taps - 1}) of a delay line; T is at least 1"
            )
        runs = math.prod(shape)
        return cls(
            tuple(shape),
            _rows(x, runs, x.size // max(runs, 1)),
            (taps - 1, 1, -1) if line else (0, taps, 1),
            _rows(d, runs, iterations),
            _rows(_weights(start, (*shape, taps)), runs, taps),
            np.empty((runs, iterations), np.int64),
            every,
            np.empty((runs, iterations // every if every else 0, taps), np.int64),
            np.zeros((runs, len(COUNTS)), np.int64),
        )

    @property
    def results(self) -> tuple[Codes, Codes, int, Codes, Codes]:
        """The kernel's last arguments."""
        return self.weights, self.errors, self.every, self.kept, self.counts

    def adaptation(self) -> Adaptation:
        """Return the results in the caller's shape."""
        *overflows, stalled = (count.reshape(self.shape) for count in self.counts.T)
        return Adaptation(
            self.errors.reshape(*self.shape, *self.errors.shape[1:]),
            self.weights.reshape(*self.shape, *self.weights.shape[1:]),
            self.kept.reshape(*self.shape, *self.kept.shape[1:]) if self.every else None,
            dict(zip(COUNTS, overflows, strict=False)),
            stalled,
        )


def _rows(codes: Codes, runs: int, columns: int) -> Codes:
    return np.ascontiguousarray(codes).reshape(runs, columns)


def _weights(start: Codes, shape: tuple[int, ...]) -> Codes:
    try:
        return np.array(np.broadcast_to(start, shape))
    except ValueError as error:
        raise ValueError(
            f"initial_weights of shape {start.shape} are not of shape {shape} or {shape[-1:]}: give a code for each tap"
        ) from error
