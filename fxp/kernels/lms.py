"""The delayed LMS recursion on codes, the twin of :mod:`fxp.fixed_lms.reference`, equal to it code for code.

A word is a tuple ``(up, drop, rounding, least, most, overflow)``: a value is shifted `up` to the left, loses `drop`
bits by the rounding mode, and is brought into [least, most] by the overflow mode. The caller proves that no value
leaves int64.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fxp.kernels.overflow import is_outside, overflow
from fxp.kernels.rounding import Bool, Int, round_shift

__all__ = ["COUNTS", "adapt"]

COUNTS = ("accumulator", "output", "error", "scaled_error", "weights", "stalled")
"""What the columns of `counts` of :func:`adapt` count, in this order."""

Codes = NDArray[np.int64]
WordCodes = tuple[int, int, int, int, int, int]
Layout = tuple[int, int, int]


@njit(cache=True, nogil=True)
def bring(value: Int, word: WordCodes, u: Any) -> tuple[Int, Int, Bool]:
    """Return a value rounded to a word's grid, its code in the word, and whether it was outside."""
    up, drop, rounding, least, most, mode = word
    rounded = round_shift(value << up, drop, rounding, u)
    return rounded, overflow(rounded, 0, least, most, mode), is_outside(rounded, 0, least, most)


@njit(cache=True, nogil=True)
def dot(x: Codes, start: Int, direction: Int, w: Codes, register: WordCodes, every_step: Bool) -> tuple[Int, Bool]:
    """Return the sum of products in a register, and whether a value that it looks at is out of range."""
    _, drop, rounding, least, most, mode = register
    total, outside = np.int64(0), False
    for k in range(w.size):
        total += round_shift(x[start + direction * k] * w[k], drop, rounding, 0.0)
        if every_step:
            outside |= is_outside(total, 0, least, most)
            total = overflow(total, 0, least, most, mode)
    return overflow(total, 0, least, most, mode), outside | is_outside(total, 0, least, most)


@njit(cache=True, nogil=True)
def adapt(
    first_run: int,
    last_run: int,
    first: int,
    last: int,
    x: Codes,
    layout: Layout,
    d: Codes,
    draws: NDArray[np.float64],
    register: WordCodes,
    every_step: bool,
    words: tuple[WordCodes, WordCodes, WordCodes, WordCodes],
    grids: tuple[int, int, int, int],
    step: int,
    sign: int,
    delay: int,
    weights: Codes,
    errors: Codes,
    every: int,
    kept: Codes,
    counts: Codes,
) -> None:
    """Adapt the weights of some runs through the iterations from `first` to before `last`.

    Parameters
    ----------
    first_run, last_run : int
        The runs are those from `first_run` to before `last_run`.
    first, last : int
        Iterations; those before `first` are done.
    x : ndarray of int64, shape (runs, samples)
        Data. Datum k of iteration n is at ``start + advance * n + direction * k``.
    layout : tuple of int
        `start`, `advance` and `direction`.
    d : ndarray of int64, shape (runs, iterations)
        Desired codes.
    draws : ndarray of float64, shape (last - first, runs, taps)
        Draws of a STOCHASTIC word of weights, multiples of 2**-53; of no iterations for the other modes.
    register, words
        The accumulator as a word whose `up` is 0; then the words of output, error, scaled error and weights.
    every_step : bool
        Whether the accumulator brings every sum into range, or only the last.
    grids : tuple of int
        Bits by which desired code, output, weight and increment are shifted to the left before they are added.
    step, sign, delay : int
        Code of the step, +1 or −1 (which way round the error is taken), clock periods.
    weights : ndarray of int64, shape (runs, taps)
        Codes at the start; replaced by those at the end.
    errors : ndarray of int64, shape (runs, iterations)
        Filled; its last `delay` codes before `first` are read.
    every : int
        Iterations between the weights that are kept, or 0.
    kept : ndarray of int64, shape (runs, iterations // every, taps)
        Filled with the weights after every so many iterations.
    counts : ndarray of int64, shape (runs, 6)
        Increased by what `COUNTS` names.
    """
    output_word, error_word, scaled_word, weight_word = words
    desired_up, output_up, weight_up, increment_up = grids
    start, advance, direction = layout
    stochastic = draws.shape[0] > 0
    for run in range(first_run, last_run):
        samples, w, count = x[run], weights[run], counts[run]
        for n in range(first, last):
            total, left = dot(samples, start + advance * n, direction, w, register, every_step)
            _, y, output_left = bring(total, output_word, 0.0)
            difference = sign * ((d[run, n] << desired_up) - (y << output_up))
            _, e, error_left = bring(difference, error_word, 0.0)
            errors[run, n] = e
            count[0] += left
            count[1] += output_left
            count[2] += error_left
            late = errors[run, n - delay] if n >= delay else np.int64(0)
            _, scaled, scaled_left = bring(step * late, scaled_word, 0.0)
            count[3] += scaled_left
            place = start + advance * max(n - delay, 0)
            for k in range(w.size):
                datum = samples[place + direction * k]
                increment = sign * scaled * datum
                u = draws[n - first, run, k] if stochastic else 0.0
                rounded, code, outside = bring((w[k] << weight_up) + (increment << increment_up), weight_word, u)
                count[4] += outside
                count[5] += late != 0 and datum != 0 and rounded == w[k]
                w[k] = code
            if every > 0 and (n + 1) % every == 0:
                kept[run, (n + 1) // every - 1] = w
