"""SQNR of a dot product of quantised operands from the laws of the operands, for every rounding and overflow mode."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import require_bool, require_signal, whole_numbers
from fxp.formats import Format, Overflow, Rounding
from fxp.inputs import require_format
from fxp.quantization import decode, encode
from fxp.quantizers import QuantizedMoments, quantized_moments, require_resolved
from fxp.roundoff import rounding_error
from fxp.signals import Signal
from fxp.sum_moments import DotMoments, dot_moments, fixed_dot_moments, taps_of

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
        Rounding of the weights, where it is not that of the inputs.
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
    TypeError
        An argument is not of its type.
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
    require_bool("centred", centred)
    x = _operand("x", x_format, x_signal, rounding, overflow)
    w = _operand("w", w_format, w_signal, rounding if w_rounding is None else w_rounding, overflow)
    moments = dot_moments(length, x, w)
    if output_format is not None:
        longest = int(np.max(whole_numbers("length", length, minimum=1, remedy="give the number of products")))
        products = [a * b for a in _end_codes(x_format) for b in _end_codes(w_format)]
        sums = longest * min(products), longest * max(products)
        moments = _rounded(moments, sums, x_format.frac_bits + w_format.frac_bits, output_format, output_rounding)
    return moments.centred_sqnr_db if centred else moments.sqnr_db


def sqnr_dot_fixed(
    weights: ArrayLike,
    x_format: Format,
    x_signal: Signal,
    w_format: Format,
    *,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
    w_rounding: Rounding | str | None = None,
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
        Weights of one dot product along the last axis, before they are quantised; not all of them zero.
    x_format, w_format : Format
        Formats of inputs and weights.
    x_signal : Signal
        Law of the inputs.
    rounding, overflow : mode or str
        Modes of both operands, as in `sqnr_dot_quantized`.
    w_rounding : mode or str, optional
        Rounding of the weights, where it is not that of the inputs; not STOCHASTIC.
    output_format, output_rounding, centred
        As in `sqnr_dot_quantized`.

    Returns
    -------
    ndarray of float64
        SQNR, dB, of the shape of `weights` without its last axis; infinite without any error.

    Raises
    ------
    TypeError
        An argument is not of its type.
    ValueError
        An argument is outside its range, no weight is other than zero, the signal has no law, or the output format is
        too narrow for the sums.
    OverflowError
        A weight is outside its format and the overflow mode is ERROR.

    References
    ----------
    Derivation: :ref:`derivation-sqnr_dot_fixed`.

    Examples
    --------
    An average and a difference of four inputs; FLOOR costs the average far more:

    >>> taps = [[0.25, 0.25, 0.25, 0.25], [0.25, -0.25, 0.25, -0.25]]
    >>> sqnr_dot_fixed(taps, Format(8, 7), Signal.uniform(), Format(8, 7), rounding="FLOOR").round(2)
    array([37.03, 48.16])
    """
    require_bool("centred", centred)
    x = _operand("x", x_format, x_signal, rounding, overflow)
    taps = _nonzero_taps(weights)
    codes = _weight_codes(taps, w_format, rounding if w_rounding is None else w_rounding, Overflow.of(overflow))
    moments = fixed_dot_moments(taps, decode(codes, w_format), x)
    if output_format is not None:
        grid = x_format.frac_bits + w_format.frac_bits
        moments = _rounded(moments, _extreme_sums(codes, x_format), grid, output_format, output_rounding)
    return moments.centred_sqnr_db if centred else moments.sqnr_db


def _operand(
    name: str, fmt: Format, signal: Signal, rounding: Rounding | str, overflow: Overflow | str
) -> QuantizedMoments:
    """Return the moments of an operand; what is wrong with it has the operand's name."""
    require_resolved(f"{name}_format", fmt)
    require_signal(f"{name}_signal", signal)
    return quantized_moments(fmt, signal, rounding=rounding, overflow=overflow)


def _nonzero_taps(weights: ArrayLike) -> Floats:
    taps = taps_of("weights", weights)
    if not taps.size or not taps.any(axis=-1).all():
        raise ValueError(f"weights={taps} sum to no signal: give each dot product a weight that is not zero")
    return taps


def _weight_codes(taps: Floats, fmt: Format, rounding: Rounding | str, overflow: Overflow) -> NDArray[np.int64]:
    require_format("w_format", fmt)
    if Rounding.of(rounding) is Rounding.STOCHASTIC:
        raise ValueError(
            "w_rounding=STOCHASTIC, or rounding=STOCHASTIC without w_rounding, has no rounded weights to predict for: "
            "pass another w_rounding, or a law of the weights to sqnr_dot_quantized"
        )
    try:
        return encode(taps, fmt, rounding=rounding, overflow=overflow)
    except OverflowError as error:
        raise OverflowError(f"weights{str(error).removeprefix('x')}") from error


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
