"""What a predictor or filter in fixed point loses, exactly: granular noise, overload, weights and output apart."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.filters.input_errors import ErrorMoments, input_errors
from fxp.filters.outputs import output_error
from fxp.filters.predictors import Predictor, require_process
from fxp.formats import Format, Overflow, Rounding
from fxp.inputs import require_format
from fxp.processes import Process
from fxp.quantization import decode, encode
from fxp.sum_moments import taps_of

__all__ = ["FilterNoise", "PredictorLoss", "fir_error", "predictor_loss"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FilterNoise:
    """What fixed point adds to the mean square of an error, part by part, in the square of the output's unit.

    Parameters
    ----------
    weights : float
        By rounding the weights, with exact inputs.
    granular : float
        By rounding the inputs that the format holds.
    overload : float
        By the inputs that it does not hold, in addition.
    output : float
        By dropping bits of the products and rounding the sum; a bias that meets a bias of the inputs is counted here.
    overload_probability : float
        That one input is out of range.
    """

    weights: float
    granular: float
    overload: float
    output: float
    overload_probability: float

    @property
    def total(self) -> float:
        """Sum of all parts."""
        return self.weights + self.granular + self.overload + self.output


@dataclass(frozen=True)
class PredictorLoss:
    """Mean square error of a predictor in fixed point.

    Parameters
    ----------
    minimum : float
        That of the optimal predictor without rounding.
    noise : FilterNoise
        What fixed point adds.
    """

    minimum: float
    noise: FilterNoise

    @property
    def total(self) -> float:
        """Mean square error with everything counted."""
        return self.minimum + self.noise.total

    @property
    def loss_db(self) -> float:
        """Total over minimum, dB; infinite where the minimum is zero."""
        return math.inf if self.minimum == 0 else 10 / math.log(10) * math.log1p(self.noise.total / self.minimum)


def predictor_loss(
    process: Process,
    predictor: Predictor,
    x_format: Format,
    w_format: Format,
    *,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
    drop_bits: int = 0,
    drop_rounding: Rounding | str = Rounding.FLOOR,
    output_format: Format | None = None,
    output_rounding: Rounding | str = Rounding.HALF_EVEN,
) -> PredictorLoss:
    r"""Return the mean square error of an optimal predictor in fixed point (exact; asymptotic with an output rounding).

    With :math:`e` the errors of the inputs and :math:`\delta = \hat w - w`, for a Gaussian process

    .. math:: E[(x_n - \hat w^T(x + e))^2] = \mathrm{MSE}_{min} + \delta^T R\,\delta
              + \frac{2 E[x e]}{r_0}\,\delta^T R\,\hat w + \hat w^T E[e e^T]\,\hat w

    The errors of two inputs are correlated where inputs overload: their covariances are Mehler's series over the
    Hermite coefficients of the error. A moving average of draws of few values, such as signs, is enumerated.

    Assumptions: x_n itself is not rounded. Products and sum are exact, unless bits are dropped: those are taken as
    equally likely in all patterns, and their errors as independent of each other and of the rest.

    Parameters
    ----------
    process : Process
        Gaussian with samples of correlation within ±0.994, or a moving average of draws of few values.
    predictor : Predictor
        Its optimal predictor, `optimal_predictor`.
    x_format, w_format : Format
        Formats of inputs and weights; at most 32 bits for the inputs.
    rounding, overflow : mode or str
        Modes of the inputs. The weights are rounded to nearest and saturate, as one does at design time.
    drop_bits : int
        Bits dropped from each product, as by :class:`fxp.Accumulator`; of an odd weight at most the inputs' bits. Near
        that the patterns are far from equally likely: 4 of 4 bits of Gaussian inputs are told 13 % too large.
    drop_rounding : mode or str
        How they are dropped.
    output_format : Format, optional
        Format that the sum is rounded to, wide enough for every sum; the exact sum where left out.
    output_rounding : mode or str
        How.

    Returns
    -------
    PredictorLoss
        The minimum, and what each part of the fixed-point arithmetic adds.

    Raises
    ------
    TypeError
        An argument is not of its type.
    ValueError
        The process is of another kind, the predictor is that of another process, or an argument is outside its range.

    References
    ----------
    Derivations: :ref:`derivation-predictor_loss`, :ref:`derivation-error_covariance`,
    :ref:`derivation-filter_output_error`.

    Examples
    --------
    Four bits: inputs on [-1, 1) overload, inputs on [-2, 2) do not, or hardly.

    >>> from fxp import optimal_predictor
    >>> process = Process([0.1, 0.5, -0.5, 0.1])
    >>> predictor = optimal_predictor(process, 3)
    >>> for x_format in (Format(4, 3), Format(4, 2)):
    ...     print(round(predictor_loss(process, predictor, x_format, Format(4, 3)).loss_db, 3))
    0.266
    0.065
    """
    require_process(process)
    if not isinstance(predictor, Predictor):
        raise TypeError(f"predictor={predictor!r} is not a Predictor: pass fxp.optimal_predictor(process, taps)")
    noise = _noise(
        process,
        np.array(predictor.weights),
        (x_format, w_format, Rounding.of(rounding), Overflow.of(overflow)),
        lags=tuple(predictor.lags.tolist()),
        reference=np.r_[1.0, np.zeros(predictor.taps)],
        least=predictor.mse,
        output=(drop_bits, drop_rounding, output_format, output_rounding),
    )
    return PredictorLoss(predictor.mse, noise)


def fir_error(
    process: Process,
    weights: ArrayLike,
    x_format: Format,
    w_format: Format,
    *,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
    drop_bits: int = 0,
    drop_rounding: Rounding | str = Rounding.FLOOR,
    output_format: Format | None = None,
    output_rounding: Rounding | str = Rounding.HALF_EVEN,
) -> FilterNoise:
    r"""Return the mean square error E[(ŷ − y)²] of a filter in fixed point (exact; asymptotic with an output rounding).

    Of :math:`\hat y_n = \hat w^T Q(x)` against :math:`y_n = w^T x`, both over :math:`x = (x_{n-1}, …, x_{n-N})`.

    Assumptions: as of :func:`predictor_loss`; the weights may be any.

    Parameters
    ----------
    process : Process
        As of `predictor_loss`.
    weights : array_like of float, shape (N,)
        Weights w.
    x_format, w_format, rounding, overflow, drop_bits, drop_rounding, output_format, output_rounding
        As of `predictor_loss`.

    Returns
    -------
    FilterNoise
        The parts and their sum.

    Raises
    ------
    TypeError, ValueError
        As of `predictor_loss`.

    References
    ----------
    Derivation: :ref:`derivation-predictor_loss`.

    Examples
    --------
    >>> noise = fir_error(Process([1.0]), [0.5, -0.25], Format(8, 5), Format(8, 7))
    >>> noise.weights, round(noise.total / fir_error(Process([1.0]), [1.0], Format(8, 5), Format(2, 0)).total, 6)
    (0.0, 0.3125)
    """
    require_process(process)
    taps = taps_of("weights", weights)
    if taps.ndim != 1 or not len(taps):
        raise ValueError(f"weights of shape {taps.shape} are not (N,): give those of one filter")
    return _noise(
        process,
        taps,
        (x_format, w_format, Rounding.of(rounding), Overflow.of(overflow)),
        lags=tuple(range(1, len(taps) + 1)),
        reference=np.r_[0.0, taps],
        least=0.0,
        output=(drop_bits, drop_rounding, output_format, output_rounding),
    )


def _noise(
    process: Process,
    weights: Floats,
    formats: tuple[Format, Format, Rounding, Overflow],
    *,
    lags: tuple[int, ...],
    reference: Floats,
    least: float,
    output: tuple[int, Rounding | str, Format | None, Rounding | str],
) -> FilterNoise:
    """Return what fixed point adds to the power of `reference`·(x_n, x) − wᵀx, which is `least`."""
    x_format, w_format, rounding, overflow = formats
    require_format("x_format", x_format)
    require_format("w_format", w_format)
    codes = encode(weights, w_format)
    rounded = decode(codes, w_format)
    errors = input_errors(process, lags, x_format, rounding, overflow)
    exact, coded = (reference - np.r_[0.0, each] for each in (weights, rounded))
    seen = errors.correlation @ exact
    _require_least(least, float(exact @ seen), errors.correlation[0, 0])
    change = coded - exact
    granular, both = (_added(coded, rounded, part) for part in (errors.granular, errors.total))
    return FilterNoise(
        weights=float(change @ errors.correlation @ change + 2 * change @ seen),
        granular=granular,
        overload=both - granular,
        output=_output(codes, x_format, w_format, float(rounded.sum()) * errors.total.mean, output),
        overload_probability=errors.overload_probability,
    )


def _require_least(least: float, found: float, power: float) -> None:
    """Refuse a predictor whose mean square error is not that which its weights have for the process."""
    if not math.isclose(least, found, rel_tol=1e-6, abs_tol=1e-9 * power):
        raise ValueError(
            f"predictor of mean square error {least:.7g} is not of this process, for which its weights have "
            f"{found:.7g}: pass fxp.optimal_predictor(process, taps)"
        )


def _added(coded: Floats, rounded: Floats, errors: ErrorMoments) -> float:
    """Return what the input errors add to E[(aᵀx)²]: −2·E[aᵀx·ŵᵀe] + E[(ŵᵀe)²]."""
    return float(rounded @ errors.power @ rounded - 2 * coded @ errors.cross @ rounded)


def _output(
    codes: NDArray[np.int64],
    x_format: Format,
    w_format: Format,
    bias: float,
    output: tuple[int, Rounding | str, Format | None, Rounding | str],
) -> float:
    drop_bits, drop_rounding, output_format, output_rounding = output
    if output_format is not None:
        require_format("output_format", output_format)
        _require_wide(codes, x_format, w_format, output_format)
    error = output_error(
        codes,
        x_format.frac_bits + w_format.frac_bits,
        drop_bits=drop_bits,
        drop_rounding=drop_rounding,
        output_frac_bits=None if output_format is None else output_format.frac_bits,
        output_rounding=output_rounding,
    )
    _require_patterns(codes, drop_bits, x_format)
    return error.power + 2 * bias * error.mean


def _require_patterns(codes: NDArray[np.int64], drop_bits: int, x_format: Format) -> None:
    """Refuse to drop more bits than inputs have: they cannot have all patterns."""
    tail = min(((int(code) & -int(code)).bit_length() - 1 for code in codes if code), default=drop_bits)
    if drop_bits - tail > x_format.word_bits:
        raise ValueError(
            f"drop_bits={drop_bits} is not at most {x_format.word_bits + tail}, beyond which inputs of "
            f"{x_format.word_bits} bits do not have all patterns: drop fewer"
        )


def _require_wide(codes: NDArray[np.int64], x_format: Format, w_format: Format, output_format: Format) -> None:
    """Refuse an output that a sum can overflow."""
    up, down = (sum(int(code) for code in codes if sign * int(code) > 0) for sign in (1, -1))
    step = x_format.step * w_format.step
    low = (up * x_format.min_code + down * x_format.max_code) * step
    high = (up * x_format.max_code + down * x_format.min_code) * step
    if low < output_format.min or high > output_format.max + output_format.step / 2:
        raise ValueError(
            f"output_format={output_format} does not hold the sums from {low:g} to {high:g}: give it more integer bits"
        )
