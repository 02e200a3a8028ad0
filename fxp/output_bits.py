"""How many bits the output of a dot product needs: to never overflow, for an SQNR, for an allowed loss of SNR."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import POSITIVE, reals, require_bool, require_shapes, whole_numbers
from fxp.operand_noise import require_words
from fxp.sqnr import DB_OF_RATIO_3, DB_PER_BIT, sqnr_dot

__all__ = [
    "bit_growth",
    "minimum_precision_bits",
    "minimum_precision_bits_exact",
    "output_bits_for_sqnr",
    "output_bits_for_sqnr_exact",
]

CLIP_TO_RMS_DB = 20 * math.log10(4)
TEXTBOOK_DB_PER_BIT, TEXTBOOK_LESS_DB = 6.0, 7.2
MOST_PRECISION_BITS = 8


def bit_growth(x_bits: ArrayLike, w_bits: ArrayLike, length: ArrayLike) -> NDArray[np.int64]:
    r"""Return the bits that hold every sum of N products of B_x by B_w bits, whatever the codes (upper bound).

    .. math:: B_y = B_x + B_w + \lceil \log_2 N \rceil

    with the logarithm in integers. In two's complement, unless both operands are unsigned: then the output is an
    unsigned word, and a two's-complement one takes a bit more. When both operands are signed, the bound is met for
    every power of two N and is one bit too many for any other. It is at most one bit too many else, and at most two
    where both operands are unsigned and one has a single bit. It knows the operands' words only: known weights mostly
    need fewer bits.

    Parameters
    ----------
    x_bits, w_bits : array_like of int
        Word lengths of the operands, bits, at least 1.
    length : array_like of int
        Number of products N, at least 1.

    Returns
    -------
    ndarray of int64
        Word length of the output, bits; the inputs broadcast.

    Raises
    ------
    ValueError
        An argument is outside its range.

    References
    ----------
    Derivation: :ref:`derivation-bit_growth`.

    Examples
    --------
    >>> bit_growth(8, 8, [1, 64, 65])
    array([16, 22, 23])
    """
    require_shapes(x_bits=x_bits, w_bits=w_bits, length=length)
    x_word = whole_numbers("x_bits", x_bits, minimum=1, remedy="give a word length")
    w_word = whole_numbers("w_bits", w_bits, minimum=1, remedy="give a word length")
    count = whole_numbers("length", length, minimum=1, remedy="give the number of products")
    bits: NDArray[np.int64] = x_word + w_word + _CEIL_LOG2(count)
    return bits


def output_bits_for_sqnr_exact(
    sqnr_db: ArrayLike, length: ArrayLike, x_par_db: ArrayLike, w_par_db: ArrayLike
) -> NDArray[np.float64]:
    r"""Return the real word length of a full-range output at which `sqnr_dot` is `sqnr_db`.

    .. math:: B_y = (\mathrm{SQNR} - 4.77 + \zeta_x + \zeta_w + 10\log_{10} N) / 6.02

    Exact inverse of an asymptotic formula, whose assumptions it shares.

    Parameters
    ----------
    sqnr_db : array_like of float
        SQNR that is wanted, dB.
    length, x_par_db, w_par_db : array_like
        As in `sqnr_dot`.

    Returns
    -------
    ndarray of float64
        Word length, bits; the inputs broadcast; below 2 where the shortest signed word is more than enough.

    Raises
    ------
    ValueError
        An argument is outside its range.

    Examples
    --------
    >>> print(output_bits_for_sqnr_exact(50, 64, 4.77, 4.77).round(3))
    12.097
    """
    require_shapes(sqnr_db=sqnr_db, length=length, x_par_db=x_par_db, w_par_db=w_par_db)
    wanted = reals("sqnr_db", sqnr_db, remedy="give a ratio in dB")
    bits: NDArray[np.float64] = 2 + (wanted - sqnr_dot(2, length, x_par_db, w_par_db)) / DB_PER_BIT
    return bits


def output_bits_for_sqnr(
    sqnr_db: ArrayLike, length: ArrayLike, x_par_db: ArrayLike, w_par_db: ArrayLike
) -> NDArray[np.int64]:
    """Return the least word length of a full-range output with `sqnr_dot` at least `sqnr_db`.

    Exact inverse of an asymptotic formula, whose assumptions it shares.

    Parameters
    ----------
    sqnr_db : array_like of float
        SQNR that is wanted, dB.
    length, x_par_db, w_par_db : array_like
        As in `sqnr_dot`.

    Returns
    -------
    ndarray of int64
        Word length, bits, 2 to 128; the inputs broadcast.

    Raises
    ------
    ValueError
        An argument is outside its range, or no Format is as long as the words.

    Examples
    --------
    >>> output_bits_for_sqnr([40, 50], 64, 4.77, 4.77)
    array([11, 13])
    """
    real = output_bits_for_sqnr_exact(sqnr_db, length, x_par_db, w_par_db)
    bits = np.maximum(np.ceil(real), 2).astype(np.int64)
    fewer = np.maximum(bits - 1, 2)  # what rounding of the quotient may have hidden
    reached = sqnr_dot(fewer, length, x_par_db, w_par_db)
    return require_words(np.where(reached >= np.asarray(sqnr_db), fewer, bits))[()]


def minimum_precision_bits_exact(
    snr_db: ArrayLike, loss_db: ArrayLike, *, textbook: bool = False
) -> NDArray[np.float64]:
    r"""Return the real word length of an output, clipped at 4σ, that costs `loss_db` of the SNR it has (asymptotic).

    .. math:: B_y = [\mathrm{SNR}_A + 7.27 - \gamma - 10\log_{10}(1 - 10^{-\gamma/10})] / 6.02

    The minimum precision criterion: a signed word of [−4σ, 4σ) has
    :math:`\mathrm{SQNR}_{qy} = 6.02\,B_y + 4.77 - 20\log_{10}4`, and its noise, added to what the output has before
    (data noise, quantised operands), takes γ dB.

    Assumptions: rounding to nearest, its error uncorrelated with the output's own; the output is about Gaussian. The
    overload beyond 4σ is ignored. It alone limits a Gaussian to 52.1 dB, and takes 0.3 dB of the 40.9 dB at 8 bits,
    1.2 at 9 and 3.5 at 10: more than 8 bits are refused.

    Parameters
    ----------
    snr_db : array_like of float
        SNR_A of the output before it is rounded, dB.
    loss_db : array_like of float
        Loss γ of SNR that rounding may cause, dB, positive.
    textbook : bool
        Use the rounded constants 6 and 7.2.

    Returns
    -------
    ndarray of float64
        Word length, bits; the inputs broadcast; it may be below 1.

    Raises
    ------
    ValueError
        An argument is outside its range, or more than 8 bits are needed.

    References
    ----------
    Derivation: :ref:`derivation-minimum_precision`.

    Examples
    --------
    >>> print(minimum_precision_bits_exact(30, 0.5).round(3))
    7.708
    """
    require_bool("textbook", textbook)
    require_shapes(snr_db=snr_db, loss_db=loss_db)
    snr = reals("snr_db", snr_db, remedy="give a ratio in dB")
    loss = reals("loss_db", loss_db, minimum=POSITIVE, remedy="give the loss of SNR that is allowed, in dB")
    noise_db = snr - loss - 10 * np.log10(-np.expm1(-loss * np.log(10) / 10))
    bits = _clipped_bits(noise_db, textbook)
    if (bits > MOST_PRECISION_BITS).any():
        raise ValueError(
            f"snr_db={snr_db!r} with loss_db={loss_db!r} asks for {bits.max():.2f} bits, not for at most "
            f"{MOST_PRECISION_BITS}: beyond, the overload at 4 sigma is no longer small; use fxp.optimal_clip"
        )
    return bits


def minimum_precision_bits(snr_db: ArrayLike, loss_db: ArrayLike, *, textbook: bool = False) -> NDArray[np.int64]:
    """Return the least word length of an output, clipped at 4σ, that costs at most `loss_db` of SNR (asymptotic).

    `minimum_precision_bits_exact` rounded up, with its assumptions.

    Parameters
    ----------
    snr_db : array_like of float
        SNR_A of the output before it is rounded, dB.
    loss_db : array_like of float
        Loss γ of SNR that rounding may cause, dB, positive.
    textbook : bool
        Use the rounded constants 6 and 7.2.

    Returns
    -------
    ndarray of int64
        Word length, bits, at least 1; the inputs broadcast.

    Raises
    ------
    ValueError
        An argument is outside its range, or more than 8 bits are needed.

    Examples
    --------
    >>> minimum_precision_bits([15, 25], 0.5)
    array([6, 7])
    """
    real = minimum_precision_bits_exact(snr_db, loss_db, textbook=textbook)
    return np.maximum(np.ceil(real), 1).astype(np.int64)


def _clipped_bits(sqnr_db: NDArray[np.float64], textbook: bool) -> NDArray[np.float64]:
    """Return the word length at which a word clipped at 4σ has the ratio."""
    if textbook:
        return (sqnr_db + TEXTBOOK_LESS_DB) / TEXTBOOK_DB_PER_BIT
    bits: NDArray[np.float64] = (sqnr_db + CLIP_TO_RMS_DB - DB_OF_RATIO_3) / DB_PER_BIT
    return bits


_CEIL_LOG2 = np.vectorize(lambda count: (int(count) - 1).bit_length(), otypes=[np.int64])
