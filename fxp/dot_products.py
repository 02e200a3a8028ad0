"""SQNR of a dot product of quantised operands from the laws of the operands, for every rounding and overflow mode."""

from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import whole_numbers
from fxp.formats import Format, Overflow, Rounding
from fxp.quantization import decode, encode
from fxp.quantizers import quantized_moments
from fxp.roundoff import rounding_error
from fxp.signals import Signal
from fxp.sum_moments import DotMoments, dot_moments, fixed_dot_moments

__all__ = ["sqnr_dot_fixed", "sqnr_dot_quantized"]

Floats = NDArray[np.float64]


def sqnr_dot_quantized(
    length: ArrayLike,
    x_format: Format,
    x_signal: Signal,
    w_format: Format,
    w_signal: Signal,
    *,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
    w_rounding: Rounding | str | None = None,
    output_format: Format | None = None,
    output_rounding: Rounding | str = Rounding.HALF_EVEN,
    centred: bool = False,
) -> Floats:
    r"""Return the SQNR in dB of a dot product of quantised random operands (exact; asymptotic with an `output_format`).

    .. math:: 10\log_{10} \frac{N\,E[w^2]E[x^2] + N(N-1)(E[w]E[x])^2}{N\,E[d^2] + N(N-1)(E[d])^2},
              \quad d = \hat w \hat x - w x

    with the moments of d from `quantized_moments`: bias, overload and errors that follow their operand included, so
    that it holds for FLOOR, for one bit and for wrapping operands.

    Assumptions: all 2N operands are independent, the N of each kind of one law; products and sum are exact. With an
    `output_format` the finished sum is rounded once, and the bits that drop are taken as equally likely and
    independent of the error before. That needs sums of many values and a small step: with operands of 5 bits and more,
    four products and an output step below a quarter of the sum's rms it holds to about 0.1 dB.

    Parameters
    ----------
    length : array_like of int
        Number of products N, at least 1.
    x_format, w_format : Format
        Formats of inputs and weights.
    x_signal, w_signal : Signal
        Their laws.
    rounding, overflow : mode or str
        Modes of both operands.
    w_rounding : mode or str, optional
        Rounding of the weights, where it is another one.
    output_format : Format, optional
        Format of the output, wide enough for every sum; the exact sum where left out.
    output_rounding : mode or str
        How the sum is rounded to it; not TOWARD_ZERO, whose error follows the sum's sign.
    centred : bool
        Take var(y) for the power of the signal, not E[y²]: for a receiver to which a constant tells nothing.

    Returns
    -------
    ndarray of float64
        SQNR, dB, of the shape of `length`; infinite without any error.

    Raises
    ------
    ValueError
        An argument is outside its range, a signal has no law, or the output format is too narrow for the sums.

    References
    ----------
    Derivation: :ref:`derivation-sqnr_dot_quantized`.

    Examples
    --------
    A Gaussian after ReLU and Gaussian weights, both clipped at 4, in 6 bits; rounded to nearest, then by FLOOR:

    >>> x, w = Signal.relu_gaussian(), Signal.gaussian()
    >>> operands = Format(6, 4, signed=False), x, Format(6, 3), w
    >>> print(sqnr_dot_quantized(64, *operands).round(2))
    27.84
    >>> print(sqnr_dot_quantized(64, *operands, rounding="FLOOR").round(2))
    11.04
    """
    x = quantized_moments(x_format, x_signal, rounding=rounding, overflow=overflow)
    w = quantized_moments(w_format, w_signal, rounding=w_rounding or rounding, overflow=overflow)
    moments = dot_moments(length, x, w)
    if output_format is not None:
        longest = int(np.max(whole_numbers("length", length, minimum=1, remedy="give the number of products")))
        products = [a * b for a in _end_codes(x_format) for b in _end_codes(w_format)]
        sums = longest * min(products), longest * max(products)
        moments = _rounded(moments, sums, x_format.frac_bits + w_format.frac_bits, output_format, output_rounding)
    return moments.centred_sqnr_db if centred else moments.sqnr_db


def sqnr_dot_fixed(
    weights: ArrayLike,
    w_format: Format,
    x_format: Format,
    x_signal: Signal,
    *,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
    w_rounding: Rounding | str = Rounding.HALF_EVEN,
    output_format: Format | None = None,
    output_rounding: Rounding | str = Rounding.HALF_EVEN,
    centred: bool = False,
) -> Floats:
    r"""Return the SQNR in dB of a dot product of given weights with random inputs, all quantised (exact).

    With an `output_format` it is asymptotic, as `sqnr_dot_quantized`. The weights, and so their rounding errors, are
    those given; the inputs are random. For a nonzero mean of the inputs E[y²] and var(y) differ: `centred` says which
    one is meant.

    Assumptions: the inputs are independent and of one law; products and sum are exact.

    Parameters
    ----------
    weights : array_like of float, (..., N)
        Weights of one dot product along the last axis, before they are quantised.
    w_format, x_format : Format
        Formats of weights and inputs.
    x_signal : Signal
        Law of the inputs.
    rounding, overflow : mode or str
        Modes of the inputs; `overflow` also of the weights.
    w_rounding : mode or str
        Rounding of the weights; not STOCHASTIC.
    output_format, output_rounding, centred
        As in `sqnr_dot_quantized`.

    Returns
    -------
    ndarray of float64
        SQNR, dB, of the shape of `weights` without its last axis; infinite without any error.

    Raises
    ------
    ValueError
        An argument is outside its range, the signal has no law, or the output format is too narrow for the sums.

    References
    ----------
    Derivation: :ref:`derivation-sqnr_dot_fixed`.

    Examples
    --------
    An average and a difference of four inputs; FLOOR costs the average far more:

    >>> taps = [[0.25, 0.25, 0.25, 0.25], [0.25, -0.25, 0.25, -0.25]]
    >>> sqnr_dot_fixed(taps, Format(8, 7), Format(8, 7), Signal.uniform(), rounding="FLOOR").round(2)
    array([37.03, 48.16])
    """
    if Rounding.of(w_rounding) is Rounding.STOCHASTIC:
        raise ValueError("w_rounding=STOCHASTIC has no rounded weights to predict for: give them rounded, or a law")
    codes = np.atleast_1d(encode(weights, w_format, rounding=w_rounding, overflow=overflow))
    x = quantized_moments(x_format, x_signal, rounding=rounding, overflow=overflow)
    moments = fixed_dot_moments(weights, decode(codes, w_format).reshape(np.shape(weights)), x)
    if output_format is not None:
        grid = x_format.frac_bits + w_format.frac_bits
        moments = _rounded(moments, _extreme_sums(codes, x_format), grid, output_format, output_rounding)
    return moments.centred_sqnr_db if centred else moments.sqnr_db


def _end_codes(fmt: Format) -> tuple[int, int]:
    return fmt.min_code, fmt.max_code


def _extreme_sums(w_codes: NDArray[np.int64], x_format: Format) -> tuple[int, int]:
    """Return the least and the greatest sum of products of codes, over all inputs and all outputs."""
    ends = [w_codes.astype(object) * code for code in _end_codes(x_format)]
    return int(np.min(np.minimum(*ends).sum(axis=-1))), int(np.max(np.maximum(*ends).sum(axis=-1)))


def _rounded(
    moments: DotMoments, sums: tuple[int, int], grid_bits: int, output: Format, rounding: Rounding | str
) -> DotMoments:
    """Return the moments with the sum, a multiple of ``2**-grid_bits``, rounded to the output's format."""
    low, high = (Fraction(end) / Fraction(2) ** grid_bits for end in sums)
    if low < output.min or high > output.max + Fraction(output.step):
        raise ValueError(
            f"output_format={output} is not wide enough for sums from {float(low):g} to {float(high):g}: "
            "give more bits before the point, or clip and measure"
        )
    dropped_bits = max(grid_bits - output.frac_bits, 0)
    if dropped_bits and Rounding.of(rounding) is Rounding.TOWARD_ZERO:
        raise ValueError("output_rounding=TOWARD_ZERO has an error that follows the sum's sign: choose another mode")
    return moments.with_rounded_output(rounding_error(rounding, dropped_bits=dropped_bits), float(output.step))
