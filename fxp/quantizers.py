"""What rounding and overflow of a format do to a signal of known law: exact moments, noise powers, SQNR."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fxp.arguments import require_signal
from fxp.cells import Cut, Points, integration_points
from fxp.formats import Format, Overflow, Rounding
from fxp.inputs import require_format
from fxp.laws import Law, Samples
from fxp.quantization import cast, encode
from fxp.signals import Signal

__all__ = [
    "QuantizedMoments",
    "QuantizerNoise",
    "quantized_moments",
    "quantizer_noise",
    "require_resolved",
    "sqnr_quantizer",
]

Floats = NDArray[np.float64]
RESOLVED_WORD_BITS = 32
_MAX_FRAC_BITS = 400
_WIDE = Format(53, 0)
_INTEGER_THRESHOLDS = (Rounding.FLOOR, Rounding.CEIL, Rounding.TOWARD_ZERO, Rounding.STOCHASTIC)
_WRAPPING = (Overflow.WRAP, Overflow.WRAP_SIGN_MAGNITUDE)


@dataclass(frozen=True)
class QuantizedMoments:
    """First and second moments of a value x, of the value x̂ of its code, and of the error x̂ − x.

    Attributes
    ----------
    mean, power : float
        E[x] and E[x²].
    mean_error, error_power, error_cross : float
        E[x̂ − x], E[(x̂ − x)²] and E[x (x̂ − x)], computed as such and not as differences.
    """

    mean: float
    power: float
    mean_error: float
    error_power: float
    error_cross: float

    @property
    def quantized_mean(self) -> float:
        """E[x̂]."""
        return self.mean + self.mean_error

    @property
    def quantized_power(self) -> float:
        """E[x̂²]."""
        return self.power + 2 * self.error_cross + self.error_power

    @property
    def cross_power(self) -> float:
        """E[x x̂]."""
        return self.power + self.error_cross


@dataclass(frozen=True)
class QuantizerNoise:
    """Noise powers of a quantiser, granular and overload apart.

    Attributes
    ----------
    granular : float
        E[(x̂ − x)²; the rounded value is a code of the format].
    overload : float
        E[(x̂ − x)²; it is not]: what inputs that the grid cannot hold contribute.
    overload_probability : float
        Probability of the latter.
    mean_error : float
        E[x̂ − x].
    signal_power : float
        E[x²].
    """

    granular: float
    overload: float
    overload_probability: float
    mean_error: float
    signal_power: float

    @property
    def noise_power(self) -> float:
        """E[(x̂ − x)²]: granular plus overload."""
        return self.granular + self.overload

    @property
    def sqnr_db(self) -> float:
        """Signal to noise power, dB; infinite when no value has an error."""
        return math.inf if self.noise_power == 0 else 10 * math.log10(self.signal_power / self.noise_power)


def sqnr_quantizer(
    fmt: Format,
    signal: Signal,
    *,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
) -> float:
    r"""Return the SQNR in dB of a signal in a format (exact: an integral over the law, below 0.001 dB of error).

    .. math:: 10 \log_{10} \frac{E[x^2]}{E[(\hat x - x)^2]}

    The noise is integrated cell by cell on the two's-complement (or unsigned) grid of the format, overload included.
    Where a smooth panel of the law holds more than 2,048 cells, the place in the cell is taken as uniform.

    Assumptions: the law of the signal is known. STOCHASTIC is averaged over its draws.

    Parameters
    ----------
    fmt : Format
        Format of 1 to 32 bits, with -400 to 400 fractional bits.
    signal : Signal
        Operand with a law.
    rounding, overflow : mode or str
        Modes, as members or by either name.

    Returns
    -------
    float
        SQNR, dB; infinite when no value has an error.

    Raises
    ------
    TypeError
        `fmt` is not a Format, or `signal` not a Signal.
    ValueError
        The signal has no law; the format is out of these ranges; the overflow mode is ERROR and values overflow.

    References
    ----------
    Derivation: :ref:`derivation-sqnr_quantizer`.

    Examples
    --------
    >>> round(sqnr_quantizer(Format(8, 7), Signal.uniform()), 2)
    48.11
    >>> round(sqnr_quantizer(Format(8, 5), Signal.gaussian()), 2)
    40.55
    """
    return quantizer_noise(fmt, signal, rounding=rounding, overflow=overflow).sqnr_db


def quantizer_noise(
    fmt: Format,
    signal: Signal,
    *,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
) -> QuantizerNoise:
    """Return the granular and the overload noise of a signal in a format (exact, as :func:`sqnr_quantizer`).

    A value overloads when it does so in :func:`fxp.encode`: when its rounded code is outside the format.

    Parameters
    ----------
    fmt, signal, rounding, overflow
        As in :func:`sqnr_quantizer`.

    Returns
    -------
    QuantizerNoise
        Powers in the square of the signal's unit.

    Raises
    ------
    TypeError, ValueError
        As in :func:`sqnr_quantizer`.

    References
    ----------
    Derivation: :ref:`derivation-quantizer_overload`.

    Examples
    --------
    >>> noise = quantizer_noise(Format(4, 2), Signal.gaussian())
    >>> noise.granular < noise.overload, round(noise.overload_probability, 4)
    (True, 0.0472)
    """
    sums = _format_sums(fmt, signal, rounding, overflow)
    return QuantizerNoise(
        sums.granular, sums.overload, sums.overload_probability, sums.mean_error, signal.rms * signal.rms
    )


def quantized_moments(
    fmt: Format,
    signal: Signal,
    *,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
) -> QuantizedMoments:
    """Return the first and second joint moments of a signal and its rounding error (exact, as :func:`sqnr_quantizer`).

    Parameters
    ----------
    fmt, signal, rounding, overflow
        As in :func:`sqnr_quantizer`.

    Returns
    -------
    QuantizedMoments
        Moments in the signal's unit and its square.

    Raises
    ------
    TypeError, ValueError
        As in :func:`sqnr_quantizer`.

    Examples
    --------
    >>> moments = quantized_moments(Format(8, 7), Signal.uniform(), rounding="FLOOR")
    >>> round(moments.mean_error * 2**7, 12), moments.quantized_mean == moments.mean_error
    (-0.5, True)
    """
    sums = _format_sums(fmt, signal, rounding, overflow)
    return QuantizedMoments(
        mean=signal.mean,
        power=signal.rms * signal.rms,
        mean_error=sums.mean_error,
        error_power=sums.granular + sums.overload,
        error_cross=sums.error_cross,
    )


@dataclass(frozen=True)
class ErrorSums:
    """Moments of the error on a grid, as in the results above."""

    granular: float
    overload: float
    overload_probability: float
    mean_error: float
    error_cross: float

    def scaled(self, step: float) -> "ErrorSums":
        """Return the sums in a unit in which the grid has this step."""
        return ErrorSums(
            self.granular * step * step,
            self.overload * step * step,
            self.overload_probability,
            self.mean_error * step,
            self.error_cross * step * step,
        )


@dataclass(frozen=True)
class ErrorPoints:
    """Weighted values of a law with what rounding and overflow on the grid of unit step add to each.

    Attributes
    ----------
    value, weight, error : ndarray of float64
        A value stands twice where it is rounded either way by chance.
    overloaded : ndarray of bool
        Whether the rounded value is no code of the format.
    """

    value: Floats
    weight: Floats
    error: Floats
    overloaded: NDArray[np.bool_]


def error_points(
    word_bits: int, law: Law | Samples, rounding: Rounding, overflow: Overflow, *, signed: bool
) -> ErrorPoints:
    """Return points that integrate any function of a value and its error on the grid of unit step."""
    codes = Format(word_bits, 0, signed=signed)
    offset = 0.0 if rounding in _INTEGER_THRESHOLDS else 0.5
    points = integration_points(law, Cut(codes, offset, overflow in _WRAPPING))
    parts = [_rounded(points, rounded, share, codes, overflow) for rounded, share in _roundings(points, rounding)]
    return ErrorPoints(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def error_sums(word_bits: int, signal: Signal, rounding: Rounding, overflow: Overflow, *, signed: bool) -> ErrorSums:
    """Return the moments of the error of a signal on the grid of unit step: the scale is the signal's."""
    points = error_points(word_bits, signal.known_law, rounding, overflow, signed=signed)
    weight, error, outside = points.weight, points.error, points.overloaded
    powers = weight * error * error
    sums = (
        np.sum(powers[~outside]),
        np.sum(powers[outside]),
        np.sum(weight[outside]),
        np.sum(weight * error),
        np.sum(weight * error * points.value),
    )
    return ErrorSums(*((1 - signal.zero_atom) * float(total) for total in sums))


def _format_sums(fmt: Format, signal: Signal, rounding: Rounding | str, overflow: Overflow | str) -> ErrorSums:
    require_resolved("fmt", fmt)
    require_signal("signal", signal)
    rounding, overflow = Rounding.of(rounding), Overflow.of(overflow)
    sums = _cached_sums(fmt, signal, rounding, Overflow.SATURATE if overflow is Overflow.ERROR else overflow)
    if overflow is Overflow.ERROR and sums.overload_probability > 0:
        raise ValueError(
            f"overflow=ERROR has no SQNR: values are outside {fmt} with probability {sums.overload_probability:.3g}; "
            "widen the format, or choose another overflow mode"
        )
    return sums


@lru_cache(maxsize=256)
def _cached_sums(fmt: Format, signal: Signal, rounding: Rounding, overflow: Overflow) -> ErrorSums:
    unit = signal.scaled(2.0**fmt.frac_bits)
    return error_sums(fmt.word_bits, unit, rounding, overflow, signed=fmt.signed).scaled(2.0**-fmt.frac_bits)


def _roundings(points: Points, rounding: Rounding) -> list[tuple[NDArray[np.int64], Floats | float]]:
    """Return the codes to which each point is rounded, unlimited, with the probability of each."""
    if rounding is not Rounding.STOCHASTIC:
        return [(encode(points.position, _WIDE, rounding=rounding), 1.0)]
    lower = encode(points.position, _WIDE, rounding=Rounding.FLOOR)
    fraction = points.position - lower
    return [(lower, 1 - fraction), (np.minimum(lower + 1, _WIDE.max_code), fraction)]


def _rounded(
    points: Points, rounded: NDArray[np.int64], share: Floats | float, codes: Format, overflow: Overflow
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """Return the columns of :class:`ErrorPoints` for one way of rounding."""
    outside = (rounded < codes.min_code) | (rounded > codes.max_code)
    error = cast(rounded, _WIDE, codes, overflow=overflow) - points.position
    return points.value, points.weight * share, error, outside


def require_resolved(name: str, fmt: Format) -> None:
    """Raise unless `fmt` is a format whose errors float64 resolves.

    Raises
    ------
    TypeError
        It is not a Format.
    ValueError
        It has more than 32 bits, or more than 400 fractional bits either way.

    Examples
    --------
    >>> require_resolved("fmt", Format(8, 7))
    """
    require_format(name, fmt)
    if fmt.word_bits > RESOLVED_WORD_BITS or abs(fmt.frac_bits) > _MAX_FRAC_BITS:
        raise ValueError(
            f"{name}={fmt} is not of at most {RESOLVED_WORD_BITS} bits and {_MAX_FRAC_BITS} fractional bits either way"
            ": beyond, float64 does not resolve the error; use the 6-dB rule"
        )
