"""The specification of LMS in finite words: Fractions, one operation a line, slow and meant to be read.

The kernel of :mod:`fxp.kernels.lms` equals it code for code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from fxp import reference
from fxp.formats import Format, Overflow
from fxp.words import Word

if TYPE_CHECKING:
    from fxp.fixed_lms.filters import FixedPointLms

__all__ = ["Iteration", "iterate"]


@dataclass(frozen=True)
class Iteration:
    """What one iteration of one filter does.

    Parameters
    ----------
    output, error, scaled_error : Fraction
        y and e of this iteration; μ·e of the iteration that the update uses, zero where there is none yet.
    weights : tuple of int
        Codes after the update.
    outside : tuple of bool
        Whether a sum left the accumulator, and a value the words of output, error and scaled error.
    weights_outside, stalled : int
        Weights that were outside of their word, and weights that stayed as they were though neither the error nor the
        datum was zero.
    """

    output: Fraction
    error: Fraction
    scaled_error: Fraction
    weights: tuple[int, ...]
    outside: tuple[bool, bool, bool, bool]
    weights_outside: int
    stalled: int


def iterate(
    lms: FixedPointLms,
    x: Sequence[Sequence[int]],
    d: Sequence[int],
    weights: Sequence[int],
    draws: Sequence[Sequence[Fraction | float]] | None = None,
) -> list[Iteration]:
    """Return the iterations of one filter: the definition of :class:`fxp.FixedPointLms`.

    Parameters
    ----------
    lms : FixedPointLms
        Words and step.
    x, d : sequences of int
        Codes: `taps` of the data and a desired one for each iteration.
    weights : sequence of int
        Codes at the start.
    draws : sequence of sequences of numbers in [0, 1), optional
        Those of a STOCHASTIC word of weights, as `x`.

    Raises
    ------
    OverflowError
        The mode of a word is ERROR and a value is outside.

    Examples
    --------
    >>> from fxp import FixedPointLms, Format
    >>> lms = FixedPointLms(1, Format(4, 2), Format(4, 2), Format(6, 4), step_shift=1)
    >>> [iteration.weights for iteration in iterate(lms, [[4], [-4]], [3, 3], [0])]
    [(6,), (-3,)]
    """
    done: list[Iteration] = []
    for n, (data, desired) in enumerate(zip(x, d, strict=True)):
        late = n - lms.delay
        output, y_left, register_left = _output(lms, data, weights)
        difference = lms.sign * (reference.decode(desired, lms.desired) - output)
        error, e_left = _brought(difference, lms.error)
        errors = [*(iteration.error for iteration in done), error]
        scaled, u_left = _brought(lms.exact_step * errors[late], lms.scaled_error) if late >= 0 else (Fraction(), False)
        updated = [
            _updated(lms, w, scaled, x[late][k] if late >= 0 else 0, None if draws is None else draws[n][k])
            for k, w in enumerate(weights)
        ]
        stalled = [
            late >= 0 and errors[late] != 0 and x[late][k] != 0 and rounded == w
            for k, (w, (rounded, _, _)) in enumerate(zip(weights, updated, strict=True))
        ]
        weights = tuple(code for _, code, _ in updated)
        left = sum(outside for _, _, outside in updated)
        done.append(
            Iteration(output, error, scaled, weights, (register_left, y_left, e_left, u_left), left, sum(stalled))
        )
    return done


def _output(lms: FixedPointLms, data: Sequence[int], weights: Sequence[int]) -> tuple[Fraction, bool, bool]:
    """Return y, and whether it left its word and the accumulator."""
    products = [code * w for code, w in zip(data, weights, strict=True)]
    grid = Fraction(2) ** -(lms.data.frac_bits + lms.weight_word.format.frac_bits)
    register = lms.accumulator
    if register is None:
        return *_brought(sum(products) * grid, lms.output), False
    held = reference.accumulate(products, register)
    y, y_left = _brought(held.code * 2**register.drop_bits * grid, lms.output)
    return y, y_left, held.overflowed if register.every_step else held.persistent


def _updated(
    lms: FixedPointLms, w: int, scaled: Fraction, datum: int, u: Fraction | float | None
) -> tuple[int, int, bool]:
    """Return a weight's next value rounded, its code, and whether it was outside."""
    word = lms.weight_word
    exact = reference.decode(w, word.format) + lms.sign * scaled * reference.decode(datum, lms.data)
    rounded = reference.round_fraction(exact * Fraction(2) ** word.format.frac_bits, word.rounding, u)
    return rounded, reference.overflow(rounded, word.format, word.overflow), _is_outside(rounded, word)


def _brought(value: Fraction, word: Word | Format | None) -> tuple[Fraction, bool]:
    """Return a value brought into a word, as it is without one, and whether it was outside."""
    if word is None:
        return Fraction(value), False
    word = Word.of("word", word)
    rounded = reference.round_fraction(value * Fraction(2) ** word.format.frac_bits, word.rounding)
    code = reference.overflow(rounded, word.format, word.overflow)
    return reference.decode(code, word.format), _is_outside(rounded, word)


def _is_outside(rounded: int, word: Word) -> bool:
    symmetric = word.overflow is Overflow.SATURATE_SYMMETRIC and word.format.signed
    least = -word.format.max_code if symmetric else word.format.min_code
    return not least <= rounded <= word.format.max_code
