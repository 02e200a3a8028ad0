"""SQNR of a dot product whose operands are quantised, by closed forms, and what FLOOR adds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import POSITIVE, reals, require_bool, require_shapes, whole_numbers
from fxp.formats import MAX_WORD_BITS
from fxp.sqnr import peak_to_rms
from fxp.sum_moments import taps_of

__all__ = ["floor_bias_power", "input_bits_for_sqnr", "input_bits_for_sqnr_exact", "require_words", "sqnr_dot_inputs"]


def sqnr_dot_inputs(
    x_bits: ArrayLike,
    w_bits: ArrayLike,
    x_par_db: ArrayLike,
    w_par_db: ArrayLike,
    *,
    x_signed: bool = False,
    zero_atom: ArrayLike = 0.0,
    cross_term: bool = True,
) -> NDArray[np.float64]:
    r"""Return the SQNR in dB of a dot product of quantised inputs and weights (asymptotic in both word lengths).

    .. math::
        1/\mathrm{SQNR}_{qiy} = a_x + a_w + a_x a_w, \quad
        a_x = (1 - p_0)\,\frac{\zeta_x^2 4^{-B_x}}{12}, \quad a_w = \frac{\zeta_w^2 4^{-B_w}}{3}

    with ζ the linear peak-to-rms ratios, and 3 for 12 when x is signed. The length does not enter: signal and noise
    both grow with it. The product :math:`a_x a_w` is the cross term :math:`\Delta_x^2\Delta_w^2/144` over the power
    of one product; it matters at 2 bits and below.

    Assumptions: x on an unsigned word of [0, x_m) (or a signed one of [−x_m, x_m)), weights on a signed word of
    [−w_m, w_m); rounding to nearest, errors uniform over a step and uncorrelated with their operands, but none for
    x = 0; no overload; operands independent, weights of zero mean; the sum itself is exact. Not for FLOOR: see
    `floor_bias_power`; not for few bits: see `sqnr_dot_quantized`.

    Parameters
    ----------
    x_bits, w_bits : array_like of int
        Word lengths B_x and B_w of inputs and weights, bits, at least 1.
    x_par_db, w_par_db : array_like of float
        Peak-to-rms ratios of the operands, dB, not negative (`Signal.par_db`).
    x_signed : bool
        Whether the word of x spans both signs.
    zero_atom : array_like of float
        Probability p_0 that x is exactly zero, which rounds without error: ½ for a Gaussian after ReLU; at least 0 and
        below 1.
    cross_term : bool
        Whether :math:`a_x a_w` is added; without it the textbook formula.

    Returns
    -------
    ndarray of float64
        SQNR, dB; the inputs broadcast.

    Raises
    ------
    TypeError
        A switch is not a bool.
    ValueError
        An argument is outside its range, or the shapes do not broadcast.

    References
    ----------
    Derivation: :ref:`derivation-sqnr_dot_inputs`.

    Examples
    --------
    The zeros of a ReLU add 1 dB:

    >>> sqnr_dot_inputs(4, 4, 9, 4.77, zero_atom=[0, 0.5]).round(2)
    array([21.87, 22.84])
    """
    require_bool("cross_term", cross_term)
    require_shapes(x_bits=x_bits, w_bits=w_bits, x_par_db=x_par_db, w_par_db=w_par_db, zero_atom=zero_atom)
    exact_share = _zero_atom(zero_atom)
    noise_x = (1 - exact_share) * _relative_noise("x", x_bits, x_par_db, signed=x_signed)
    noise_w = _relative_noise("w", w_bits, w_par_db, signed=True)
    return -10 * np.log10(noise_x + noise_w + cross_term * noise_x * noise_w)


def floor_bias_power(weights: ArrayLike, x_step: ArrayLike, *, zero_atom: ArrayLike = 0.0) -> NDArray[np.float64]:
    r"""Return what the mean error of FLOOR on the inputs adds to the noise of a dot product (asymptotic in `x_step`).

    .. math:: \frac{\Delta^2}{4}\,E\Bigl[\bigl(\textstyle\sum_{x_i > 0} w_i\bigr)^2\Bigr]
              = \frac{\Delta^2}{4}\Bigl[q^2 \bigl(\textstyle\sum w_i\bigr)^2 + q (1-q) \sum w_i^2\Bigr],
              \quad q = 1 - p_0

    A value that is not on the grid loses Δ/2 on average, in the same direction each time: the losses add as
    amplitudes, weighted by the weights, while the rest, :math:`q\,\Delta^2/12 \sum w_i^2` as for rounding to nearest,
    adds as powers.

    Assumptions: errors uniform over a step; the inputs independent, each exactly zero with probability p_0.

    Parameters
    ----------
    weights : array_like of float, (..., N)
        Weights of one dot product along the last axis.
    x_step : array_like of float
        Step Δ of the inputs' format, positive.
    zero_atom : array_like of float
        Probability p_0 that an input is exactly zero; at least 0 and below 1.

    Returns
    -------
    ndarray of float64
        Power, in the square of the output's unit; the shape of `weights` without its last axis, broadcast with the
        other arguments.

    Raises
    ------
    ValueError
        An argument is outside its range.

    References
    ----------
    Derivation: :ref:`derivation-floor_bias_power`.

    Examples
    --------
    >>> print(floor_bias_power([1.0, 1.0, -0.5, 0.5], 0.25))
    0.0625
    """
    taps = taps_of("weights", weights)
    step = reals("x_step", x_step, minimum=POSITIVE, remedy="give the step of the inputs' format")
    inexact = 1 - _zero_atom(zero_atom)
    bias, spread = taps.sum(axis=-1) ** 2, (taps**2).sum(axis=-1)
    require_shapes(dot_products=bias, x_step=step, zero_atom=inexact)
    power: NDArray[np.float64] = step**2 / 4 * (inexact**2 * bias + inexact * (1 - inexact) * spread)
    return power


def input_bits_for_sqnr_exact(
    sqnr_db: ArrayLike,
    x_par_db: ArrayLike,
    w_par_db: ArrayLike,
    *,
    x_signed: bool = False,
    zero_atom: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    r"""Return the real word length of inputs and weights, equal for both, at which `sqnr_dot_inputs` is `sqnr_db`.

    The positive root of :math:`a c\,t^2 + (a + c)\,t = 1/\mathrm{SQNR}` in :math:`t = 4^{-B}`, with
    :math:`a = (1-p_0)\zeta_x^2/12` (3 for 12 when x is signed) and :math:`c = \zeta_w^2/3`. Exact inverse of an
    asymptotic formula, whose assumptions it shares.

    Parameters
    ----------
    sqnr_db : array_like of float
        SQNR that is wanted, dB.
    x_par_db, w_par_db, x_signed, zero_atom
        As in `sqnr_dot_inputs`.

    Returns
    -------
    ndarray of float64
        Word length, bits; the inputs broadcast; below 1 where one bit is more than enough.

    Raises
    ------
    ValueError
        An argument is outside its range.

    Examples
    --------
    >>> print(input_bits_for_sqnr_exact(40, 9, 4.77).round(3))
    7.01
    """
    require_bool("x_signed", x_signed)
    require_shapes(sqnr_db=sqnr_db, x_par_db=x_par_db, w_par_db=w_par_db, zero_atom=zero_atom)
    wanted = 10 ** (-reals("sqnr_db", sqnr_db, remedy="give a ratio in dB") / 10)
    a = (1 - _zero_atom(zero_atom)) * peak_to_rms("x_par_db", x_par_db) ** 2 / (3 if x_signed else 12)
    c = peak_to_rms("w_par_db", w_par_db) ** 2 / 3
    # the root in the form that keeps its digits where the cross term is small
    t = 2 * wanted / (a + c + np.sqrt((a + c) ** 2 + 4 * a * c * wanted))
    return -np.log2(t) / 2


def input_bits_for_sqnr(
    sqnr_db: ArrayLike,
    x_par_db: ArrayLike,
    w_par_db: ArrayLike,
    *,
    x_signed: bool = False,
    zero_atom: ArrayLike = 0.0,
) -> NDArray[np.int64]:
    """Return the least word length of inputs and weights, equal for both, with `sqnr_dot_inputs` at least `sqnr_db`.

    Exact inverse of an asymptotic formula, whose assumptions it shares.

    Parameters
    ----------
    sqnr_db : array_like of float
        SQNR that is wanted, dB.
    x_par_db, w_par_db, x_signed, zero_atom
        As in `sqnr_dot_inputs`.

    Returns
    -------
    ndarray of int64
        Word length, bits, 1 to 128; the inputs broadcast.

    Raises
    ------
    ValueError
        An argument is outside its range, or no Format is as long as the words.

    Examples
    --------
    >>> input_bits_for_sqnr([20, 40], 9, 4.77, zero_atom=0.5)
    array([4, 7])
    """
    real = input_bits_for_sqnr_exact(sqnr_db, x_par_db, w_par_db, x_signed=x_signed, zero_atom=zero_atom)
    bits = np.maximum(np.ceil(real), 1).astype(np.int64)
    fewer = np.maximum(bits - 1, 1)  # what rounding of the logarithm may have hidden
    sqnr = sqnr_dot_inputs(fewer, fewer, x_par_db, w_par_db, x_signed=x_signed, zero_atom=zero_atom)
    return require_words(np.where(sqnr >= np.asarray(sqnr_db), fewer, bits))[()]


def require_words(bits: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return word lengths that answer how many bits reach `sqnr_db`, none longer than a Format can be."""
    if bits.size and bits.max() > MAX_WORD_BITS:
        raise ValueError(
            f"sqnr_db asks for words of {bits.max()} bits, not for at most the {MAX_WORD_BITS} of a Format: "
            "give a lower ratio, in dB"
        )
    return bits


def _zero_atom(zero_atom: ArrayLike) -> NDArray[np.float64]:
    below_one = np.nextafter(1.0, 0.0)
    remedy = "give the probability that x is exactly zero, below 1"
    return reals("zero_atom", zero_atom, minimum=0, maximum=below_one, remedy=remedy)


def _relative_noise(operand: str, bits: ArrayLike, par_db: ArrayLike, *, signed: bool) -> NDArray[np.float64]:
    """Return the power of the rounding error over that of the operand, both of full range."""
    require_bool(f"{operand}_signed", signed)
    word = whole_numbers(f"{operand}_bits", bits, minimum=1, remedy="give a word length")
    return peak_to_rms(f"{operand}_par_db", par_db) ** 2 * 4.0**-word / (3 if signed else 12)
