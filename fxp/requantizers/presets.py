"""Requantisers of published inference libraries, by name and bit for bit: accumulators of int32 in, few bits out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp import operands
from fxp.formats import Format, Rounding
from fxp.inputs import array_of, code_of, element, is_integer, require_format
from fxp.kernels.requantization import LARGEST, SMALLEST
from fxp.requantizers.multipliers import FixedPointMultiplier, quantize_multiplier
from fxp.requantizers.reference import reduced
from fxp.requantizers.scalings import (
    INT32,
    FixedScaling,
    FloatScaling,
    MultiplierRounding,
    Scaling,
    ShiftScaling,
    Window,
)

__all__ = ["Requantizer"]

Codes = NDArray[Any]
Factor = float | FixedPointMultiplier
Clamp = tuple[int, int]
INT8 = Format(8, 0)
UINT8 = Format(8, 0, signed=False)
MOST_BITS = 16
MOST_REDUCED_SHIFT = 7  # what MultiplyByQuantizedMultiplier of 64-bit sums asserts
HALVED = (1 - 2**30, 2**30 - 1)  # CMSIS-NN halves the sum of twice the scaled code and a one, in int32
GEMMLOWP = (MultiplierRounding.DOUBLE, MultiplierRounding.DOUBLE_UPWARD)
CMSIS_NN = (MultiplierRounding.DOUBLE, MultiplierRounding.SINGLE)


@dataclass(frozen=True)
class Requantizer:
    """Scales accumulators of int32 to the codes of the next layer, exactly as a named library does.

    Code = saturate(round(factor · accumulator) + zero point) to `clamp`; the presets differ in how they represent the
    factor, where they round, and where ties go. Make one with a preset: `shift`, `gemmlowp`, `tflite`, `cmsis_nn`,
    `onnx` or `onnx_qdq`.

    Parameters
    ----------
    preset : str
        Its name, for messages.
    scaling : ShiftScaling, FixedScaling or FloatScaling
        The factor, for all or one a channel, and its rounding.
    zero_point : int
        The code of the real number 0, a code of `output`.
    output : Format
        Word of the codes, of up to 16 bits: its number of bits and its sign count, its binary point does not.
    clamp : pair of int, optional
        Least and most code, as an activation makes them; codes of `output`, all of them unless told.

    Raises
    ------
    TypeError
        `output` is not a Format, or a code is not an integer.
    ValueError
        `output` has more than 16 bits, or a code is outside of it.

    Examples
    --------
    >>> relu = Requantizer.tflite(0.02, zero_point=-128, clamp=(-128, 127))
    >>> relu.apply([-300, 24, 25, 5000, 20000])
    array([-128, -128, -127,  -28,  127], dtype=int8)
    """

    preset: str
    scaling: Scaling
    zero_point: int = 0
    output: Format = INT8
    clamp: Clamp | None = None

    def __post_init__(self) -> None:
        require_format("output", self.output)
        if self.output.word_bits > MOST_BITS:
            raise ValueError(f"output={self.output} is not of up to {MOST_BITS} bits: use fxp.cast for wider words")
        if not isinstance(self.scaling, Scaling):
            raise TypeError(f"scaling={self.scaling!r} is none of fxp's: use a preset such as fxp.Requantizer.tflite")
        if self.scaling.channels < 1:
            raise ValueError("scale=() holds no factor: give one, or one a channel")
        if not isinstance(self._ends, Sequence) or len(self._ends) != 2:
            raise TypeError(f"clamp={self.clamp!r} is not a pair of codes: give the least and the greatest, or None")
        least, most = (code_of("clamp", code, self.output) for code in self._ends)
        if least > most:
            raise ValueError(f"clamp=({least}, {most}) holds no code: give the least first")
        code_of("zero_point", self.zero_point, self.output)

    @property
    def _ends(self) -> Clamp:
        return (self.output.min_code, self.output.max_code) if self.clamp is None else self.clamp

    @classmethod
    def shift(
        cls,
        bits: int | Sequence[int],
        *,
        rounding: Rounding | str = Rounding.HALF_EVEN,
        zero_point: int = 0,
        output: Format = INT8,
        clamp: Clamp | None = None,
    ) -> "Requantizer":
        """Return the requantiser of :class:`fxp.IntegerNetwork`: an arithmetic shift, rounded, then saturation.

        Parameters
        ----------
        bits : int or sequence of int
            Bits to drop, -31 to 63; for all, or one a channel. Negative shifts to the left.
        rounding : Rounding or str
            Deterministic mode.
        zero_point, output, clamp
            As in the class.

        Returns
        -------
        Requantizer
            Equal to :func:`fxp.cast` where the zero point is 0.

        Raises
        ------
        TypeError
            A shift is not an integer.
        ValueError
            A shift is outside its range, or the mode is STOCHASTIC or none.

        Examples
        --------
        >>> Requantizer.shift(4, rounding="HALF_UP").apply([-24, 24, 4096])
        array([ -1,   2, 127], dtype=int8)
        """
        shifts = tuple(array_of("bits", bits).ravel().tolist())
        return cls("shift", ShiftScaling(shifts, Rounding.of(rounding)), zero_point, output, clamp)

    @classmethod
    def gemmlowp(
        cls,
        scale: Factor | Sequence[Factor],
        *,
        rounding: MultiplierRounding | str = MultiplierRounding.DOUBLE,
        zero_point: int = 0,
        output: Format = UINT8,
        clamp: Clamp | None = None,
    ) -> "Requantizer":
        """Return gemmlowp's output stage QuantizeDownInt32ByFixedPoint with a saturating cast.

        SaturatingRoundingDoublingHighMul, RoundingDivideByPOT, offset. The output stage once rounded its shift with
        ties upwards (DOUBLE_UPWARD), which differs at ties of negative numbers.

        Parameters
        ----------
        scale : float, FixedPointMultiplier, or sequence of these
            Input scale · weight scale / output scale, positive; for all, or one a channel.
        rounding : MultiplierRounding or str
            DOUBLE or DOUBLE_UPWARD.
        zero_point, output, clamp
            As in the class; 8 bits unsigned unless told.

        Returns
        -------
        Requantizer
            With multipliers as :func:`quantize_multiplier` makes them.

        Raises
        ------
        TypeError, ValueError
            As :func:`quantize_multiplier`; a shift beyond 30, or another rounding.

        Examples
        --------
        >>> for rounding in ("DOUBLE", "DOUBLE_UPWARD"):
        ...     print(Requantizer.gemmlowp(0.25, rounding=rounding, zero_point=100).apply([-6, 6]))
        [ 98 102]
        [ 99 102]
        """
        scaling = _fixed(scale, _allowed(rounding, GEMMLOWP))
        return cls("gemmlowp", scaling, zero_point, output, clamp)

    @classmethod
    def tflite(
        cls,
        scale: Factor | Sequence[Factor],
        *,
        rounding: MultiplierRounding | str = MultiplierRounding.DOUBLE,
        multiplier_bits: int = 32,
        zero_point: int = 0,
        output: Format = INT8,
        clamp: Clamp | None = None,
    ) -> "Requantizer":
        """Return TFLite's MultiplyByQuantizedMultiplier with offset and activation clamp.

        Parameters
        ----------
        scale : float, FixedPointMultiplier, or sequence of these
            Input scale · weight scale / output scale, positive; for all, or one a channel. TFLite takes the float32
            scales as float64 and multiplies in this order.
        rounding : MultiplierRounding or str
            DOUBLE is the published default, SINGLE that of builds with TFLITE_SINGLE_ROUNDING; DOUBLE_UPWARD and
            SINGLE_AWAY are what some kernels of LiteRT compute.
        multiplier_bits : int
            32, or 16 for layers with 16-bit activations, whose multiplier is rounded to 16 bits; with SINGLE.
        zero_point, output, clamp
            As in the class; :func:`activation_clamp` gives the clamp of an activation.

        Returns
        -------
        Requantizer
            With multipliers as :func:`quantize_multiplier` makes them.

        Raises
        ------
        TypeError, ValueError
            As :func:`quantize_multiplier`; a shift beyond 30, another rounding or another number of bits.

        Examples
        --------
        >>> for rounding in ("DOUBLE", "SINGLE"):
        ...     print(Requantizer.tflite(0.375, rounding=rounding).apply([-1, 1, 3, 5]))
        [-1  1  1  2]
        [0 0 1 2]
        """
        scaling = _fixed(scale, _allowed(rounding, tuple(MultiplierRounding)))
        if multiplier_bits not in (16, 32):
            raise ValueError(f"multiplier_bits={multiplier_bits!r} is not 16 or 32: TFLite has these two")
        if multiplier_bits == 16:
            scaling = _reduced(scaling)
        return cls("tflite", scaling, zero_point, output, clamp)

    @classmethod
    def cmsis_nn(
        cls,
        scale: Factor | Sequence[Factor],
        *,
        rounding: MultiplierRounding | str = MultiplierRounding.DOUBLE,
        zero_point: int = 0,
        output: Format = INT8,
        clamp: Clamp | None = None,
    ) -> "Requantizer":
        """Return arm_nn_requantize of CMSIS-NN with offset and activation clamp.

        Parameters
        ----------
        scale : float, FixedPointMultiplier, or sequence of these
            Input scale · weight scale / output scale, positive; for all, or one a channel.
        rounding : MultiplierRounding or str
            DOUBLE, or SINGLE for builds with CMSIS_NN_USE_SINGLE_ROUNDING, which holds twice the scaled code in int32.
        zero_point, output, clamp
            As in the class.

        Returns
        -------
        Requantizer
            With multipliers as :func:`quantize_multiplier` makes them.

        Raises
        ------
        TypeError, ValueError
            As :func:`quantize_multiplier`; a shift beyond 30, a multiplier below 0, or another rounding.

        Examples
        --------
        >>> Requantizer.cmsis_nn(0.375, zero_point=3).apply([-1, 1, 3, 5])
        array([2, 4, 4, 5], dtype=int8)
        """
        mode = _allowed(rounding, CMSIS_NN)
        scaling = _fixed(scale, mode, within=INT32 if mode.double else HALVED)
        for each in scaling.multipliers:
            if each.multiplier < 0:  # no saturation of the product of two smallest numbers
                raise ValueError(f"multiplier={each.multiplier} is negative: arm_nn_requantize takes at least 0")
        return cls("cmsis_nn", scaling, zero_point, output, clamp)

    @classmethod
    def onnx(
        cls,
        input_scale: float,
        weight_scale: float | Sequence[float],
        output_scale: float,
        *,
        zero_point: int = 0,
        output: Format = INT8,
        clamp: Clamp | None = None,
    ) -> "Requantizer":
        """Return the requantiser of ONNX QLinearConv and QLinearMatMul, in the float32 arithmetic of onnxruntime.

        The factor is (input scale · weight scale) / output scale; factor and product with the accumulator, which is
        rounded to float32 first, are rounded to float32; then half to even, zero point, saturation. The standard fixes
        the last three only. Its reference evaluator multiplies in float64 and adds the zero point before it rounds, so
        that ties go the other way where the zero point is odd.

        Parameters
        ----------
        input_scale, output_scale : float
            Positive, taken as float32.
        weight_scale : float or sequence of float
            Positive, taken as float32; for all, or one a channel.
        zero_point, output, clamp
            As in the class.

        Returns
        -------
        Requantizer
            With one float32 factor, or one a channel.

        Raises
        ------
        ValueError
            A scale is not positive and finite, or the factor is not in float32.

        Examples
        --------
        >>> Requantizer.onnx(0.5, 1.0, 1.0).apply([-3, -1, 1, 3])
        array([-2,  0,  0,  2], dtype=int8)
        """
        incoming, outgoing = _one_float32("input_scale", input_scale), _one_float32("output_scale", output_scale)
        with np.errstate(over="ignore", under="ignore"):
            factors = incoming * _float32("weight_scale", weight_scale) / outgoing
        return cls("onnx", FloatScaling(tuple(factors.ravel().tolist())), zero_point, output, clamp)

    @classmethod
    def onnx_qdq(
        cls,
        accumulator_scale: float | Sequence[float],
        output_scale: float,
        *,
        zero_point: int = 0,
        output: Format = INT8,
        clamp: Clamp | None = None,
    ) -> "Requantizer":
        """Return ONNX DequantizeLinear of an int32 accumulator followed by QuantizeLinear, in float32.

        Unlike `onnx` it divides by the output scale, so that the product is rounded twice.

        Parameters
        ----------
        accumulator_scale : float or sequence of float
            Positive, taken as float32; for all, or one a channel.
        output_scale : float
            Positive, taken as float32.
        zero_point, output, clamp
            As in the class.

        Returns
        -------
        Requantizer
            With one float32 factor, or one a channel, and a divisor.

        Raises
        ------
        ValueError
            A scale is not positive and finite, or not in float32.

        Examples
        --------
        >>> Requantizer.onnx_qdq(0.25, 0.5, zero_point=10).apply([-3, -1, 1, 3])
        array([ 8, 10, 10, 12], dtype=int8)
        """
        factors = tuple(_float32("accumulator_scale", accumulator_scale).ravel().tolist())
        divisor = float(_one_float32("output_scale", output_scale))
        return cls("onnx_qdq", FloatScaling(factors, divisor), zero_point, output, clamp)

    def apply(self, accumulators: ArrayLike, *, axis: int = -1) -> Codes:
        """Return the codes of accumulators (exact: equal to the named library's).

        Parameters
        ----------
        accumulators : array_like of int
            Sums with bias, of any shape, each in the range of int32.
        axis : int
            Axis of the channels, where each has a factor of its own: the last one for layouts such as NHWC, 1 for NCHW.

        Returns
        -------
        ndarray of the narrowest integer type for `output`
            In the shape of `accumulators`.

        Raises
        ------
        TypeError
            `accumulators` does not hold integers.
        ValueError
            An accumulator is outside int32; the axis does not exist or has not as many channels; or int32 cannot hold
            an intermediate result, which the library leaves undefined.

        Examples
        --------
        >>> Requantizer.tflite([0.5, 0.25]).apply([[100, 100], [-100, -100]])
        array([[ 50,  25],
               [-50, -25]], dtype=int8)
        """
        codes = _accumulators(accumulators)
        blocks = np.ascontiguousarray(codes.reshape(self._blocks(codes.shape, axis)))
        out, outside = np.empty_like(blocks), np.empty(blocks.shape, np.bool_)
        least, most = self._ends
        self.scaling.fill(blocks, Window(self.zero_point, least, most), out, outside)
        if outside.any():
            raise ValueError(
                f"{element('accumulators', codes, outside.reshape(codes.shape))} leaves int32 when it is scaled: the"
                f" result of {self.preset} is undefined; use a smaller scale, or check the accumulator"
            )
        return out.reshape(codes.shape).astype(_narrowest(self.output))

    def _blocks(self, shape: tuple[int, ...], axis: int) -> tuple[int, int, int]:
        """Return the shape as (outer, channels, inner)."""
        channels = self.scaling.channels
        if channels == 1 and is_integer(axis):
            return 1, 1, int(np.prod(shape))
        if not is_integer(axis) or not -len(shape) <= axis < len(shape):
            raise ValueError(f"axis={axis!r} is no axis of accumulators of shape {shape}: name that of the channels")
        place = axis % len(shape)
        if shape[place] != channels:
            raise ValueError(
                f"accumulators of shape {shape} have {shape[place]} channels on axis {axis}, not {channels}: give one"
                " scale a channel, or the axis of the channels"
            )
        return int(np.prod(shape[:place])), channels, int(np.prod(shape[place + 1 :]))


def _accumulators(accumulators: ArrayLike) -> Codes:
    codes = operands.integers("accumulators", accumulators)
    outside = np.asarray((codes < SMALLEST) | (codes > LARGEST), dtype=bool)
    if outside.any():
        raise ValueError(
            f"{element('accumulators', codes, outside)} is not in int32: wider sums have no preset; use fxp.cast"
        )
    return codes.astype(np.int64)


def _allowed(rounding: MultiplierRounding | str, allowed: tuple[MultiplierRounding, ...]) -> MultiplierRounding:
    name = rounding.upper() if isinstance(rounding, str) else rounding
    if name not in allowed:
        raise ValueError(f"rounding={rounding!r} is not a rounding of this preset: one of {', '.join(allowed)}")
    return MultiplierRounding(name)


def _fixed(
    scale: Factor | Sequence[Factor], rounding: MultiplierRounding, within: tuple[int, int] = INT32
) -> FixedScaling:
    scales = np.ravel(scale) if isinstance(scale, np.ndarray) else scale if isinstance(scale, Sequence) else (scale,)
    multipliers = tuple(
        each if isinstance(each, FixedPointMultiplier) else quantize_multiplier(each, saturate=not rounding.double)
        for each in scales
    )
    return FixedScaling(multipliers, rounding, within)


def _reduced(scaling: FixedScaling) -> FixedScaling:
    if scaling.rounding is not MultiplierRounding.SINGLE:
        raise ValueError(
            f"rounding={scaling.rounding} is not SINGLE: with multiplier_bits=16 the product is rounded once"
        )
    for each in scaling.multipliers:
        if each.shift > MOST_REDUCED_SHIFT:
            raise ValueError(
                f"shift={each.shift} is over {MOST_REDUCED_SHIFT}: multiplier_bits=16 is for factors below 128"
            )
    multipliers = tuple(FixedPointMultiplier(reduced(each.multiplier), each.shift) for each in scaling.multipliers)
    return FixedScaling(multipliers, scaling.rounding)


def _float32(name: str, scale: float | Sequence[float]) -> NDArray[np.float32]:
    numbers = array_of(name, scale)
    if numbers.dtype.kind not in "iuf":
        raise ValueError(f"{name}={scale!r} is not a real number: give a scale, or one a channel")
    with np.errstate(over="ignore", under="ignore"):
        scales = numbers.astype(np.float32)
    wrong = ~((scales > 0) & np.isfinite(scales))
    if wrong.any():
        raise ValueError(f"{element(name, numbers, wrong)} is not a positive, finite float32: give the width of a step")
    return scales


def _one_float32(name: str, scale: float) -> np.float32:
    scales = _float32(name, scale)
    if scales.ndim:
        raise ValueError(f"{name}={scale!r} is not one number: only weights have a scale a channel")
    return np.float32(scales)


def _narrowest(output: Format) -> type[np.integer[Any]]:
    narrow = output.word_bits <= 8
    if output.signed:
        return np.int8 if narrow else np.int16
    return np.uint8 if narrow else np.uint16
