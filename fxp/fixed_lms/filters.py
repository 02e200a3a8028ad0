"""LMS in finite words, bit-true: the words, the order of operations, and runs of many filters at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.fixed_lms.batches import Adaptation, Batch
from fxp.fixed_lms.grids import Grids
from fxp.formats import Format, Overflow, Rounding
from fxp.inputs import codes_of, require_format
from fxp.kernels.lms import COUNTS, adapt
from fxp.registers import Accumulator
from fxp.sharing import shared
from fxp.words import Word

__all__ = ["FixedPointLms"]

MOST_STEP_SHIFT = 1100
DRAWS_AT_ONCE = 1 << 22
WORTH_THREADS = 1 << 14  # tap updates; below, starting threads takes as long


@dataclass(frozen=True)
class FixedPointLms:
    r"""LMS in finite words, with an update that is D iterations late; all arithmetic is on integers.

    .. math::
        y_n &= Q_y\Big(\sum_{k} w_{k,n} x_{k,n}\Big), & e_n &= Q_e\big(s\,(d_n - y_n)\big), \\
        u_n &= Q_u(\mu\, e_{n-D}), & w_{k,n+1} &= Q_w\big(w_{k,n} + s\,u_n\, x_{k,n-D}\big)

    in this order of operations. Each Q rounds to the grid of its word, then applies the word's overflow mode, so that
    nothing diverges: a weight ends at a limit or wraps. The products are summed in the accumulator, k upwards from
    zero; a word that is not given is wide enough to hold its value exactly. The registers of the delay, between error
    and step and along the data, start at zero.

    Parameters
    ----------
    taps : int
        Number of weights, at least 1.
    data, desired : Format
        Formats of x and d.
    weights : Word or Format
        Word of the weights; the only one that may round STOCHASTIC. A Format stands for a word that rounds half to even
        and saturates.
    step_shift : int
        Fractional bits of the step: μ = step_code · factor · 2^(−step_shift).
    step_code : int
        1, by default, for a shift; else the code of a fixed-point multiplier, at least 1.
    factor : {1, 2}
        2 for the convention w + 2·μ·e·x, with μ = step_code · 2^(−step_shift).
    sign : {1, -1}
        s: +1 for e = d − y, −1 for e = y − d. They differ by the rounding of negative numbers.
    delay : int
        Iterations D by which the update is late, at least 0.
    output, error, scaled_error : Word or Format, optional
        Words of y, of e and of μ·e.
    accumulator : Accumulator, optional
        Register of the sum of products; without tiles.

    Raises
    ------
    TypeError
        An argument is of another kind.
    ValueError
        A number is out of range, a word but that of the weights rounds STOCHASTIC, the accumulator has tiles, or some
        value may need more than 63 bits: the message names it.

    References
    ----------
    Specification: ``fxp.fixed_lms.reference.iterate``, which this equals code for code.

    Examples
    --------
    >>> lms = FixedPointLms(1, Format(8, 6), Format(8, 6), Format(10, 8), step_shift=2)
    >>> run = lms.run([[64], [64], [64], [64]], [32, 32, 32, 32])
    >>> run.errors.tolist(), run.weights.tolist(), lms.error_step
    ([8192, 6144, 4608, 3456], [88], 6.103515625e-05)
    """

    taps: int
    data: Format
    desired: Format
    weights: Word | Format
    step_shift: int
    step_code: int = field(default=1, kw_only=True)
    factor: int = field(default=1, kw_only=True)
    sign: int = field(default=1, kw_only=True)
    delay: int = field(default=0, kw_only=True)
    output: Word | Format | None = field(default=None, kw_only=True)
    error: Word | Format | None = field(default=None, kw_only=True)
    scaled_error: Word | Format | None = field(default=None, kw_only=True)
    accumulator: Accumulator | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name, least, most in (
            ("taps", 1, None),
            ("step_shift", -MOST_STEP_SHIFT, MOST_STEP_SHIFT),
            ("step_code", 1, None),
            ("delay", 0, None),
        ):
            object.__setattr__(self, name, _whole(name, getattr(self, name), least, most))
        for name, choices in (("factor", (1, 2)), ("sign", (1, -1))):
            object.__setattr__(self, name, _integer(name, getattr(self, name)))
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)!r} is not one of {choices}: see fxp.FixedPointLms")
        for name in ("data", "desired"):
            require_format(name, getattr(self, name))
        for name in ("weights", "output", "error", "scaled_error"):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, _word(name, given))
        _require_register(self.accumulator)
        self._grids.require_int64()

    @property
    def weight_word(self) -> Word:
        """Word of the weights."""
        return Word.of("weights", self.weights)

    @property
    def exact_step(self) -> Fraction:
        """What an error is multiplied by: μ, or 2·μ where the factor is 2."""
        return self.step_code * self.factor / Fraction(2) ** self.step_shift

    @property
    def step_size(self) -> float:
        """The same as a float."""
        return float(self.exact_step)

    @property
    def weight_step(self) -> float:
        """Distance of neighbouring weights."""
        return 2.0**-self.weight_word.format.frac_bits

    @property
    def error_step(self) -> float:
        """Distance of neighbouring errors: value of an error of code 1."""
        return 2.0**-self._grids.error.frac_bits

    @property
    def _grids(self) -> Grids:
        given = (self.output, self.error, self.scaled_error)
        output, error, scaled_error = (None if word is None else Word.of("word", word) for word in given)
        return Grids(
            taps=self.taps,
            data=self.data.span,
            desired=self.desired.span,
            weights=self.weight_word,
            step_code=self.step_code * self.factor,
            step_shift=self.step_shift,
            output=output,
            given_error=error,
            scaled_error=scaled_error,
            accumulator=self.accumulator,
        )

    def run(
        self,
        x_codes: ArrayLike,
        d_codes: ArrayLike,
        *,
        initial_weights: ArrayLike | None = None,
        weights_every: int | None = None,
        rng: np.random.Generator | None = None,
    ) -> Adaptation:
        """Return what becomes of filters, one for each index of the leading axes (exact).

        Parameters
        ----------
        x_codes : array_like of int, shape (…, iterations, taps) or (…, iterations + taps − 1)
            Codes of the data: of each iteration, or, with as many axes as `d_codes`, a series that runs through a delay
            line. Iteration n then sees the codes n + taps − 1, …, n of the series, the latest first.
        d_codes : array_like of int, shape (…, iterations)
            Codes of the desired signal, of the same leading axes.
        initial_weights : array_like of int, shape (…, taps) or (taps,), optional
            Codes; zeros by default.
        weights_every : int, optional
            Keep the weights after every so many iterations.
        rng : numpy.random.Generator, optional
            Source of STOCHASTIC: of the draws ``rng.random((iterations, …, taps))``, time first, in C order, one
            belongs to each update of a tap; it rounds up where the draw is less than the fraction.

        Returns
        -------
        Adaptation
            Errors, weights, and counts of what went wrong.

        Raises
        ------
        TypeError
            Codes are not integers.
        ValueError
            Shapes do not match, a code is outside of its format, or STOCHASTIC has no `rng`.
        OverflowError
            The overflow mode of a word is ERROR and a value is outside.

        Examples
        --------
        >>> lms = FixedPointLms(2, Format(8, 6), Format(8, 6), Word(Format(10, 8), rounding="STOCHASTIC"), step_shift=6)
        >>> series = np.resize([64, 0, -64, 0], (3, 101))
        >>> run = lms.run(series[:, :-1], series[:, 2:], weights_every=50, rng=np.random.default_rng(1))
        >>> run.errors.shape, run.kept_weights.shape
        ((3, 99), (3, 1, 2))
        """
        every = 0 if weights_every is None else _whole("weights_every", weights_every, 1, None)
        start = 0 if initial_weights is None else initial_weights
        batch = Batch.of(
            codes_of("x_codes", x_codes, "data", self.data),
            codes_of("d_codes", d_codes, "desired", self.desired),
            codes_of("initial_weights", start, "weights", self.weight_word.format),
            taps=self.taps,
            every=every,
        )
        for first, last, draws in self._draws(len(batch.d), batch.d.shape[1], rng):
            self._adapt(batch, first, last, draws)
        self._require_within(batch.counts)
        return batch.adaptation()

    def predict(
        self,
        codes: ArrayLike,
        *,
        initial_weights: ArrayLike | None = None,
        weights_every: int | None = None,
        rng: np.random.Generator | None = None,
    ) -> Adaptation:
        """Return what becomes of predictors of a series: x_n = (s_(n−1), …, s_(n−N)) and d_n = s_n (exact).

        Parameters
        ----------
        codes : array_like of int, shape (…, iterations + taps)
            Codes of the series s in the formats of data and desired, which must be one.
        initial_weights, weights_every, rng
            As in :meth:`FixedPointLms.run`.

        Returns
        -------
        Adaptation
            Iteration i predicts s of index i + taps.

        Raises
        ------
        TypeError, OverflowError
            As :meth:`FixedPointLms.run`.
        ValueError
            As :meth:`FixedPointLms.run`; or the formats of data and desired differ.

        Examples
        --------
        >>> lms = FixedPointLms(1, Format(8, 6), Format(8, 6), Format(10, 8), step_shift=2)
        >>> lms.predict([64, -64, 64, -64]).weights.tolist()
        [-148]
        """
        if self.data != self.desired:
            raise ValueError(f"data={self.data}, desired={self.desired} are not one format: predict needs one of both")
        series = codes_of("codes", codes, "data", self.data)
        if not series.ndim or series.shape[-1] <= self.taps:
            raise ValueError(
                f"codes of shape {series.shape} are not more than {self.taps} samples: give a longer series"
            )
        options: Any = {"initial_weights": initial_weights, "weights_every": weights_every, "rng": rng}
        return self.run(series[..., :-1], series[..., self.taps :], **options)

    def _adapt(self, batch: Batch, first: int, last: int, draws: NDArray[np.float64]) -> None:
        """Take all runs through the iterations from `first` to before `last`, in threads."""
        grids = self._grids
        every_step = self.accumulator is not None and self.accumulator.every_step
        words = (grids.register, every_step, grids.words, grids.alignments)
        step = (self.step_code * self.factor, self.sign, self.delay)
        rest: tuple[Any, ...] = (batch.x, batch.layout, batch.d, draws, *words, *step, *batch.results)
        runs = len(batch.d)

        def adapt_runs(first_run: int, last_run: int) -> None:
            adapt(first_run, last_run, first, last, *rest)

        shared(runs, adapt_runs, None if runs * (last - first) * self.taps >= WORTH_THREADS else 1)

    def _draws(
        self, runs: int, iterations: int, rng: np.random.Generator | None
    ) -> Iterator[tuple[int, int, NDArray[np.float64]]]:
        """Yield the first and the last iteration of each part, and its draws."""
        if self.weight_word.rounding is not Rounding.STOCHASTIC:
            yield 0, iterations, np.empty((0, 0, 0))
            return
        if not isinstance(rng, np.random.Generator):
            raise ValueError(
                f"rng={rng!r} is not a numpy.random.Generator: STOCHASTIC rounding draws from one; "
                "pass rng=numpy.random.default_rng(seed)"
            )
        part = max(1, DRAWS_AT_ONCE // max(1, runs * self.taps))
        for first in range(0, iterations, part):
            last = min(first + part, iterations)
            yield first, last, rng.random((last - first, runs, self.taps))

    def _require_within(self, counts: NDArray[np.int64]) -> None:
        """Raise OverflowError where a value left a word of mode ERROR."""
        for column, name in enumerate(COUNTS[:-1]):
            word = getattr(self, name)
            if word is not None and word.overflow is Overflow.ERROR and counts[:, column].any():
                raise OverflowError(
                    f"{name}={word} was left {counts[:, column].sum()} times: widen it, or choose another overflow mode"
                )


def _word(name: str, given: Word | Format) -> Word:
    word = Word.of(name, given)
    if name != "weights" and word.rounding is Rounding.STOCHASTIC:
        raise ValueError(f"{name}={word} rounds STOCHASTIC: only the word of the weights may; choose another mode")
    return word


def _require_register(accumulator: object) -> None:
    if accumulator is None:
        return
    if not isinstance(accumulator, Accumulator):
        raise TypeError(f"accumulator={accumulator!r} is not an Accumulator: pass fxp.Accumulator(word_bits), or None")
    if accumulator.tile is not None:
        raise ValueError(f"accumulator of tile={accumulator.tile} has two registers: LMS sums in one; give no tile")


def _integer(name: str, value: object) -> int:
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise TypeError(f"{name}={value!r} is not an integer: pass a whole number")
    return int(value)


def _whole(name: str, value: object, least: int, most: int | None) -> int:
    number = _integer(name, value)
    if number < least or (most is not None and number > most):
        rule = f"at least {least}" if most is None else f"between {least} and {most}"
        raise ValueError(f"{name}={number} is not {rule}: see fxp.FixedPointLms")
    return number
