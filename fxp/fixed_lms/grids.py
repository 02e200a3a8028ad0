"""Grids and ranges of the values inside of an LMS filter, and the proof that int64 holds them all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fxp.formats import Overflow, Rounding
from fxp.registers import Accumulator
from fxp.rescaling import limits
from fxp.spans import Span
from fxp.words import Word

__all__ = ["Grids"]

KernelWord = tuple[int, int, int, int, int, int]

INT64_BITS = 63  # of a magnitude
EXACT: Final = (Rounding.FLOOR.value, -(2**63), 2**63 - 1, Overflow.SATURATE.value)
"""Rounding, ends and overflow of a word that changes no int64."""


@dataclass(frozen=True, kw_only=True)
class Grids:
    """Ranges of the values of :class:`fxp.FixedPointLms`, in the order in which it computes them.

    Parameters
    ----------
    taps : int
        Number of weights.
    data, desired : Span
        Of x and of d.
    weights : Word
        Word of the weights.
    step_code, step_shift : int
        The step is ``step_code * 2**-step_shift``.
    output, given_error, scaled_error : Word or None
        Words of y, e and μ·e; None where they are exact.
    accumulator : Accumulator or None
        Register of the sum of products.

    Examples
    --------
    >>> from fxp import Format
    >>> word = Format(8, 7)
    >>> grids = Grids(taps=3, data=word.span, desired=word.span, weights=Word(word), step_code=1, step_shift=4,
    ...     output=None, given_error=None, scaled_error=None, accumulator=None)
    >>> grids.error.frac_bits, grids.updated.frac_bits
    (14, 25)
    >>> grids.alignments
    (7, 0, 18, 0)
    """

    taps: int
    data: Span
    desired: Span
    weights: Word
    step_code: int
    step_shift: int
    output: Word | None
    given_error: Word | None
    scaled_error: Word | None
    accumulator: Accumulator | None

    @property
    def product(self) -> Span:
        """Of a weight and a datum."""
        return self.weights.format.span * self.data

    @property
    def exact_sum(self) -> Span:
        """Of the products, after dropping bits."""
        if self.accumulator is None:
            return self.product.repeated(self.taps)
        drop = self.accumulator.drop_bits
        low, high = self.product.low >> drop, -(-self.product.high >> drop)
        return Span(low, high, self.product.frac_bits - drop, True).repeated(self.taps)

    @property
    def sums(self) -> Span:
        """Of what the accumulator holds at the end."""
        if self.accumulator is None:
            return self.exact_sum
        return Span(*self.accumulator.range_of(self.accumulator.word), self.exact_sum.frac_bits, True)

    @property
    def running_sum(self) -> Span:
        """Of any sum on the way: of exact products, or of a register and exact products."""
        return self.exact_sum if self.accumulator is None else self.sums + self.exact_sum

    @property
    def difference(self) -> Span:
        """Of d − y, before it is rounded."""
        return self.desired - _held(self.output, self.sums)

    @property
    def error(self) -> Span:
        """Of e."""
        return _held(self.given_error, self.difference)

    @property
    def product_with_step(self) -> Span:
        """Of μ·e, before it is rounded."""
        return self.error * Span(self.step_code, self.step_code, self.step_shift, False)

    @property
    def increment(self) -> Span:
        """Of μ·e·x."""
        return _held(self.scaled_error, self.product_with_step) * self.data

    @property
    def updated(self) -> Span:
        """Of a weight and its increment, before it is rounded."""
        return self.weights.format.span + self.increment

    @property
    def alignments(self) -> tuple[int, int, int, int]:
        """Bits by which desired, output, weight and increment are shifted to the left before they are added."""
        difference, updated = self.difference.frac_bits, self.updated.frac_bits
        output = _held(self.output, self.sums)
        return (
            difference - self.desired.frac_bits,
            difference - output.frac_bits,
            updated - self.weights.format.frac_bits,
            updated - self.increment.frac_bits,
        )

    @property
    def words(self) -> tuple[KernelWord, KernelWord, KernelWord, KernelWord]:
        """Words of output, error, scaled error and weights, as the kernel takes them."""
        return (
            _kernel_word(self.output, self.sums),
            _kernel_word(self.given_error, self.difference),
            _kernel_word(self.scaled_error, self.product_with_step),
            _kernel_word(self.weights, self.updated),
        )

    @property
    def register(self) -> KernelWord:
        """Accumulator, as the kernel takes it."""
        register = self.accumulator
        if register is None:
            return (0, 0, *EXACT)
        ends, mode = register.range_of(register.word), Overflow.of(register.overflow)
        return 0, register.drop_bits, Rounding.of(register.rounding).value, *ends, mode.value

    def require_int64(self) -> None:
        """Raise ValueError where a value may need more than 63 bits and a sign; the first such is named."""
        for name, span in self._all():
            bits = max(span.high, -span.low).bit_length()
            if bits > INT64_BITS:
                raise ValueError(
                    f"{name} may need {bits} bits and a sign, which is not at most {INT64_BITS}: shorten the words, "
                    "bring their binary points closer, or round on the way (output, error, scaled_error)"
                )

    def _all(self) -> Iterator[tuple[str, Span]]:
        """Yield every value that the kernel holds, shifted as it shifts it."""
        yield "weight", self.weights.format.span
        yield "product", self.product
        yield "sum of products", self.running_sum
        yield "output", _shifted(self.sums, self.output)
        yield "desired less output", self.difference
        yield "error", _shifted(self.difference, self.given_error)
        yield "error times step", _shifted(self.product_with_step, self.scaled_error)
        yield "increment", self.increment
        yield "updated weight", self.updated


def _held(word: Word | None, exact: Span) -> Span:
    """Return the range of what a word holds."""
    return exact if word is None else word.format.span


def _shifted(exact: Span, word: Word | None) -> Span:
    """Return the range before rounding, on the finer of both grids."""
    return exact if word is None else exact.on_grid(max(exact.frac_bits, word.format.frac_bits))


def _kernel_word(word: Word | None, source: Span) -> KernelWord:
    """Return a word for values on the grid of `source`."""
    if word is None:
        return (0, 0, *EXACT)
    drop = source.frac_bits - word.format.frac_bits
    mode = Overflow.of(word.overflow)
    return max(-drop, 0), max(drop, 0), Rounding.of(word.rounding).value, *limits(word.format, mode), mode.value
