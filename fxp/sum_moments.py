"""First and second moments of a dot product and of its error, from the moments of its operands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import reals, whole_numbers
from fxp.quantizers import QuantizedMoments
from fxp.roundoff import RoundingError

__all__ = ["DotMoments", "dot_moments", "fixed_dot_moments", "taps_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DotMoments:
    """Moments of an exact sum y = Σ w·x and of the error of the sum of quantised products, ŷ − y.

    Parameters
    ----------
    mean, power, variance : ndarray of float64
        E[y], E[y²] and var(y); they differ where the mean of a product is not zero.
    error_mean, error_power : ndarray of float64
        E[ŷ − y] and E[(ŷ − y)²].
    """

    mean: Floats
    power: Floats
    variance: Floats
    error_mean: Floats
    error_power: Floats

    @property
    def sqnr_db(self) -> Floats:
        """E[y²] to E[(ŷ − y)²], dB; infinite without any error."""
        return _ratio_db(self.power, self.error_power)

    @property
    def centred_sqnr_db(self) -> Floats:
        """var(y) to E[(ŷ − y)²], dB: for a receiver to which a constant in y tells nothing."""
        return _ratio_db(self.variance, self.error_power)

    def with_rounded_output(self, rounding_error: RoundingError, step: float) -> DotMoments:
        """Return the moments after one more rounding, to a grid of `step`, whose error is uncorrelated with ŷ − y."""
        mean, power = rounding_error.mean * step, rounding_error.power * step**2
        return DotMoments(
            self.mean,
            self.power,
            self.variance,
            self.error_mean + mean,
            self.error_power + 2 * mean * self.error_mean + power,
        )


def dot_moments(length: ArrayLike, x: QuantizedMoments, w: QuantizedMoments) -> DotMoments:
    r"""Return the moments of a dot product of N products of random operands, and of its error (exact).

    With :math:`e_x = \hat x - x`, :math:`e_w = \hat w - w` and :math:`d = \hat w \hat x - w x
    = w e_x + x e_w + e_w e_x` the error of one product,

    .. math::
        E[y^2] &= N\,E[w^2]E[x^2] + N(N-1)(E[w]E[x])^2 \\
        E[(\hat y - y)^2] &= N\,E[d^2] + N(N-1)(E[d])^2 \\
        E[d^2] &= E[w^2]E[e_x^2] + E[x^2]E[e_w^2] + E[e_x^2]E[e_w^2] \\
               &+ 2\,(E[w e_w]E[x e_x] + E[w e_w]E[e_x^2] + E[x e_x]E[e_w^2])

    It needs no model of the rounding errors: they may have a mean (FLOOR) and follow their operand (few bits,
    overload).

    Assumptions: all 2N operands are independent, the N of each kind of one law; products and sum are exact.

    Parameters
    ----------
    length : array_like of int
        Number of products N, at least 1.
    x, w : QuantizedMoments
        Moments of one operand of each kind (`quantized_moments`).

    Returns
    -------
    DotMoments
        Arrays of the shape of `length`.

    Raises
    ------
    TypeError
        `x` or `w` is not QuantizedMoments.
    ValueError
        `length` is not an integer of at least 1.

    References
    ----------
    Derivation: :ref:`derivation-sqnr_dot_quantized`.

    Examples
    --------
    Inputs of zero mean through FLOOR, weights that are all positive: the bias grows with N², the rest with N:

    >>> from fxp import Format, Signal, quantized_moments
    >>> x = quantized_moments(Format(8, 7), Signal.uniform(), rounding="FLOOR")
    >>> w = quantized_moments(Format(16, 15), Signal.uniform(0, 0.5))
    >>> dot_moments([1, 64], x, w).sqnr_db.round(2)
    array([42.14, 26.53])
    """
    for name, moments in (("x", x), ("w", w)):
        _require_moments(name, moments)
    count = whole_numbers("length", length, minimum=1, remedy="give the number of products").astype(np.float64)
    mean, error_mean = w.mean * x.mean, _product_error_mean(x, w)
    pairs = count * (count - 1)
    return DotMoments(
        mean=count * mean,
        power=count * w.power * x.power + pairs * mean**2,
        variance=count * (w.power * x.power - mean**2),
        error_mean=count * error_mean,
        error_power=count * _product_error_power(x, w) + pairs * error_mean**2,
    )


def fixed_dot_moments(weights: ArrayLike, rounded_weights: ArrayLike, x: QuantizedMoments) -> DotMoments:
    r"""Return the moments of a dot product of given weights with random inputs, and of its error (exact).

    With :math:`\delta_i = \hat w_i - w_i` and :math:`d_i = \hat w_i e + \delta_i x` the error of one product,

    .. math::
        E[y] &= E[x] \textstyle\sum w_i, \quad \mathrm{var}(y) = \mathrm{var}(x) \sum w_i^2 \\
        E[(\hat y - y)^2] &= \textstyle\sum E[d_i^2] + (\sum E[d_i])^2 - \sum E[d_i]^2 \\
        E[d_i^2] &= \hat w_i^2 E[e^2] + 2 \hat w_i \delta_i E[x e] + \delta_i^2 E[x^2]

    Assumptions: the inputs are independent and of one law; products and sum are exact.

    Parameters
    ----------
    weights, rounded_weights : array_like of float, (..., N)
        Weights w and ŵ of one dot product along the last axis, of one shape.
    x : QuantizedMoments
        Moments of one input (`quantized_moments`).

    Returns
    -------
    DotMoments
        Arrays of the shape of `weights` without its last axis.

    Raises
    ------
    TypeError
        `x` is not QuantizedMoments.
    ValueError
        The shapes differ, or a weight is not finite.

    References
    ----------
    Derivation: :ref:`derivation-sqnr_dot_fixed`.

    Examples
    --------
    >>> from fxp import Format, Signal, quantized_moments
    >>> x = quantized_moments(Format(8, 7), Signal.uniform(), rounding="FLOOR")
    >>> fixed_dot_moments([[0.5, 0.5], [0.5, -0.5]], [[0.5, 0.5], [0.5, -0.5]], x).sqnr_db.round(2)
    array([39.71, 48.16])
    """
    exact, rounded = taps_of("weights", weights), taps_of("rounded_weights", rounded_weights)
    _require_moments("x", x)
    if exact.shape != rounded.shape:
        raise ValueError(f"rounded_weights of shape {rounded.shape} are not those of shape {exact.shape}: pair them")
    change = rounded - exact
    bias = rounded * x.mean_error + change * x.mean
    noise = rounded**2 * x.error_power + 2 * rounded * change * x.error_cross + change**2 * x.power
    mean, variance = x.mean * _total(exact), max(x.power - x.mean**2, 0.0) * _total(exact**2)
    return DotMoments(
        mean=mean,
        power=variance + mean**2,
        variance=variance,
        error_mean=_total(bias),
        error_power=np.maximum(_total(noise - bias**2), 0) + _total(bias) ** 2,
    )


def taps_of(name: str, weights: ArrayLike) -> Floats:
    """Return weights as float64, (..., N), all finite.

    Raises
    ------
    ValueError
        A weight is not finite, or they have no axis.

    Examples
    --------
    >>> taps_of("weights", [1, -1])
    array([ 1., -1.])
    """
    taps = reals(name, weights, remedy="give the weights along the last axis")
    if not taps.ndim:
        raise ValueError(f"{name}={weights!r} is not an array: give the weights along the last axis, one as [{taps}]")
    return taps


def _require_moments(name: str, moments: QuantizedMoments) -> None:
    if not isinstance(moments, QuantizedMoments):
        raise TypeError(f"{name}={moments!r} is not QuantizedMoments: pass fxp.quantized_moments(fmt, signal)")


def _product_error_mean(x: QuantizedMoments, w: QuantizedMoments) -> float:
    return w.mean * x.mean_error + x.mean * w.mean_error + x.mean_error * w.mean_error


def _product_error_power(x: QuantizedMoments, w: QuantizedMoments) -> float:
    direct = w.power * x.error_power + x.power * w.error_power + x.error_power * w.error_power
    crossed = w.error_cross * x.error_cross + w.error_cross * x.error_power + x.error_cross * w.error_power
    return direct + 2 * crossed


def _total(values: Floats) -> Any:
    """Return the sums along the last axis, by pairs."""
    return values.sum(axis=-1)


def _ratio_db(signal: Floats, error: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        ratio: Floats = 10 * (np.log10(signal) - np.log10(np.where(error == 0, 1, error)))
    return np.where(error == 0, np.inf, ratio)[()]
