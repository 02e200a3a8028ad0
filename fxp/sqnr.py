"""Signal-to-quantisation-noise ratios by the 6-dB rule: a word, a dot product, and how ratios compose."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import real_numbers, reals, require_shapes, whole_numbers

__all__ = ["DB_OF_RATIO_3", "DB_PER_BIT", "peak_to_rms", "sqnr_dot", "sqnr_rule", "total_snr_db"]

DB_PER_BIT = 20 * math.log10(2)
DB_OF_RATIO_3 = 10 * math.log10(3)
DB_OF_RATIO_E = 10 * math.log10(math.e)
TEXTBOOK_DB_PER_BIT, TEXTBOOK_DB_OF_RATIO_3 = 6.0, 4.8
PAR_SLACK_DB = 1e-9  # a constant magnitude has 0 dB, of which rounding may take a little


def sqnr_rule(
    word_bits: ArrayLike, par_db: ArrayLike, *, signed: bool = True, textbook: bool = False
) -> NDArray[np.float64]:
    r"""Return the SQNR in dB of a word whose range ends at the signal's peak (asymptotic in `word_bits`).

    .. math:: 6.02\,B + 4.77 - \mathrm{par}_{dB} \;(+\, 6.02 \text{ when unsigned})

    with the exact constants :math:`20\log_{10}2` and :math:`10\log_{10}3`. A signed word spans
    :math:`[-x_m, x_m)` in steps of :math:`x_m 2^{1-B}`, an unsigned one :math:`[0, x_m)` in steps of half that.

    Assumptions: rounding to nearest; the error is uniform over one step, which needs a step small against the
    structure of the law; no overload.

    Parameters
    ----------
    word_bits : array_like of int
        Word length B, bits, at least 1.
    par_db : array_like of float
        Peak-to-rms ratio of the signal, dB, not negative; rms about zero, also for a nonzero mean (`Signal.par_db`).
    signed : bool
        Whether the word spans both signs; a property of the word, so that it is no part of `par_db`.
    textbook : bool
        Use the rounded constants 6 and 4.8.

    Returns
    -------
    ndarray of float64
        SQNR, dB; the inputs broadcast.

    Raises
    ------
    ValueError
        An argument is outside its range.

    References
    ----------
    Derivation: :ref:`derivation-sqnr_rule`.

    Examples
    --------
    >>> sqnr_rule([8, 9], 4.77).round(2), sqnr_rule([8, 9], 4.77, signed=False).round(2)
    (array([48.17, 54.19]), array([54.19, 60.21]))
    """
    bits = whole_numbers("word_bits", word_bits, minimum=1, remedy="give a word length")
    require_shapes(word_bits=word_bits, par_db=par_db)
    return _rule(bits + (not signed), textbook) - _par("par_db", par_db)


def sqnr_dot(
    output_bits: ArrayLike, length: ArrayLike, x_par_db: ArrayLike, w_par_db: ArrayLike, *, textbook: bool = False
) -> NDArray[np.float64]:
    r"""Return the SQNR in dB of a dot product whose output is rounded to its full range (asymptotic in `output_bits`).

    .. math:: 6.02\,B_y + 4.77 - \zeta_x - \zeta_w - 10 \log_{10} N

    with ζ the peak-to-rms ratios in dB and the exact constants :math:`20\log_{10}2` and :math:`10\log_{10}3`.

    Assumptions: operands uncorrelated, weights of zero mean, operands themselves not rounded; the output is a signed
    word that spans :math:`[-N x_m w_m, N x_m w_m)`, so that it never overflows; rounding to nearest.

    Parameters
    ----------
    output_bits : array_like of int
        Word length B_y of the output, bits, at least 1; below 6 bits the value is rough.
    length : array_like of int
        Number of products N, at least 1.
    x_par_db, w_par_db : array_like of float
        Peak-to-rms ratios of the operands, dB, not negative (`Signal.par_db`).
    textbook : bool
        Use the rounded constants 6 and 4.8.

    Returns
    -------
    ndarray of float64
        SQNR, dB; the inputs broadcast.

    Raises
    ------
    ValueError
        An argument is outside its range.

    References
    ----------
    Derivation: :ref:`derivation-sqnr_dot`.

    Examples
    --------
    16 and 64 products of operands that are uniform on their whole range:

    >>> sqnr_dot(12, [16, 64], 4.77, 4.77).round(2)
    array([55.44, 49.42])
    """
    bits = whole_numbers("output_bits", output_bits, minimum=1, remedy="give the word length of a signed output")
    count = whole_numbers("length", length, minimum=1, remedy="give the number of products")
    require_shapes(output_bits=output_bits, length=length, x_par_db=x_par_db, w_par_db=w_par_db)
    pars = _par("x_par_db", x_par_db) + _par("w_par_db", w_par_db)
    sqnr: NDArray[np.float64] = _rule(bits, textbook) - pars - 10 * np.log10(count)
    return sqnr


def total_snr_db(*snrs_db: ArrayLike) -> NDArray[np.float64]:
    r"""Return the SNR in dB of a signal with several errors (exact where the errors are mutually uncorrelated).

    .. math:: 1/\mathrm{SNR}_T = \sum_i 1/\mathrm{SNR}_i

    For an output :math:`1/\mathrm{SNR}_a + 1/\mathrm{SQNR}_{qiy} + 1/\mathrm{SQNR}_{qy}`: the noise that comes with
    the data, of quantised operands and of the rounded output.

    Assumptions: :math:`E[e_i e_j] = 0` for i ≠ j, all ratios to the power of one signal. Errors of rounding to
    nearest fulfil it; those of FLOOR do not (their means add as amplitudes), nor does overload (it follows the signal).

    Parameters
    ----------
    *snrs_db : array_like of float
        Ratios, dB, at least one; +inf for an error that is not there.

    Returns
    -------
    ndarray of float64
        SNR, dB; the inputs broadcast.

    Raises
    ------
    ValueError
        No ratio is given, or one is NaN or −inf.

    References
    ----------
    Derivation: :ref:`derivation-total_snr`.

    Examples
    --------
    >>> total_snr_db(40, [40, 60, float("inf")]).round(2)
    array([36.99, 39.96, 40.  ])
    """
    if not snrs_db:
        raise ValueError("snrs_db=() holds no ratio: give at least one")
    require_shapes(**{f"snrs_db[{place}]": each for place, each in enumerate(snrs_db)})
    # by logarithms, so that no ratio is too large or too small
    noises = (-_snr(values) / DB_OF_RATIO_E for values in snrs_db)
    total: NDArray[np.float64] = -DB_OF_RATIO_E * reduce(np.logaddexp, noises)
    return total


def peak_to_rms(name: str, par_db: ArrayLike) -> NDArray[np.float64]:
    """Return the linear peak-to-rms ratio of one in dB, which must not be negative."""
    return np.power(10.0, _par(name, par_db) / 20)


def _rule(bits: NDArray[np.int64], textbook: bool) -> NDArray[np.float64]:
    per_bit, offset = (TEXTBOOK_DB_PER_BIT, TEXTBOOK_DB_OF_RATIO_3) if textbook else (DB_PER_BIT, DB_OF_RATIO_3)
    return per_bit * bits.astype(np.float64) + offset


def _par(name: str, par_db: ArrayLike) -> NDArray[np.float64]:
    remedy = "give peak over rms in dB; a signal without a peak has no full range, clip it"
    ratios = reals(name, par_db, remedy=remedy)
    return reals(name, np.where(ratios < -PAR_SLACK_DB, ratios, np.maximum(ratios, 0)), minimum=0, remedy=remedy)


def _snr(values: ArrayLike) -> NDArray[np.float64]:
    ratios = real_numbers("snrs_db", values, remedy="give a ratio in dB")
    wrong = ~(ratios > -np.inf)
    if wrong.any():
        raise ValueError(f"snrs_db={ratios[wrong][0]} is not a ratio in dB: give a number, or inf where no error is")
    return ratios
