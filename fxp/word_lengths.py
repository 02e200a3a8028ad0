"""The word length that a signal needs for a wanted SQNR."""

from __future__ import annotations

import math
from functools import partial
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import reals, require_signal
from fxp.clipping import optimal_clip
from fxp.signals import Signal
from fxp.sqnr import DB_PER_BIT, sqnr_rule

__all__ = ["bits_for_sqnr", "bits_for_sqnr_exact"]

SEARCHED_WORD_BITS = 24


@overload
def bits_for_sqnr(sqnr_db: float, signal: Signal, *, model: str = ...) -> int: ...
@overload
def bits_for_sqnr(sqnr_db: ArrayLike, signal: Signal, *, model: str = ...) -> int | NDArray[np.int64]: ...
def bits_for_sqnr(sqnr_db: ArrayLike, signal: Signal, *, model: str = "exact") -> int | NDArray[np.int64]:
    """Return the smallest word length that reaches an SQNR at its optimal clip level (exact, or by a model).

    Assumptions: those of :func:`fxp.optimal_clip`: rounding to nearest, saturation, the range at its optimum. With
    ``model="rule"`` the range ends at the peak instead, and the 6-dB rule is inverted and rounded up.

    Parameters
    ----------
    sqnr_db : array_like of float
        Wanted SQNR, dB, finite.
    signal : Signal
        Operand with a law; for "rule" with a finite peak.
    model : {"exact", "additive", "rule"}
        What predicts the SQNR of a word length.

    Returns
    -------
    int or ndarray of int64
        Bits, 1 to 24; an array, of the shape of `sqnr_db`, where that is one.

    Raises
    ------
    ValueError
        The SQNR is not finite or needs more than 24 bits; the model is unknown; the signal has no law, or for "rule"
        no finite peak.

    References
    ----------
    Derivation: :ref:`derivation-bits_for_sqnr`.

    Examples
    --------
    >>> bits_for_sqnr(40, Signal.uniform()), bits_for_sqnr(40, Signal.gaussian())
    (7, 8)
    >>> bits_for_sqnr([20, 40], Signal.gaussian())
    array([5, 8])
    """
    if model not in ("exact", "additive", "rule"):
        raise ValueError(f"model={model!r} is not known: choose exact, additive or rule")
    require_signal("signal", signal)
    wanted = _finite(sqnr_db)
    length = partial(_bits_by_rule, signal) if model == "rule" else partial(_bits_by_clip, signal, model)
    bits = np.array([_limited(length(each), each) for each in wanted.flat], np.int64).reshape(wanted.shape)
    return bits if wanted.ndim else int(bits)


@overload
def bits_for_sqnr_exact(sqnr_db: float, signal: Signal) -> float: ...
@overload
def bits_for_sqnr_exact(sqnr_db: ArrayLike, signal: Signal) -> float | NDArray[np.float64]: ...
def bits_for_sqnr_exact(sqnr_db: ArrayLike, signal: Signal) -> float | NDArray[np.float64]:
    r"""Return the real word length at which the 6-dB rule gives an SQNR (exact inverse of an asymptotic formula).

    .. math:: B = \frac{\mathrm{SQNR} - 10 \log_{10} 3 + \mathrm{par}}{20 \log_{10} 2}, \text{ one less when unsigned}

    Assumptions: the range ends at the peak of the signal, and those of :func:`fxp.sqnr_rule`.

    Parameters
    ----------
    sqnr_db : array_like of float
        Wanted SQNR, dB, finite.
    signal : Signal
        Operand with a finite peak; its law is not used.

    Returns
    -------
    float or ndarray of float64
        Bits, not rounded; below 1 the rule itself does not hold. An array where `sqnr_db` is one.

    Raises
    ------
    ValueError
        The SQNR or the peak is not finite.

    References
    ----------
    Derivation: :ref:`derivation-bits_for_sqnr`.

    Examples
    --------
    >>> round(bits_for_sqnr_exact(40, Signal.uniform()), 3)
    6.644
    """
    require_signal("signal", signal)
    if not math.isfinite(signal.peak):
        raise ValueError(f"peak={signal.peak} is not finite: the rule needs a range; use bits_for_sqnr, which clips")
    one_bit_db = float(sqnr_rule(1, signal.par_db, signed=signal.signed))
    bits = 1 + (_finite(sqnr_db) - one_bit_db) / DB_PER_BIT
    return bits if np.ndim(bits) else float(bits)


def _bits_by_rule(signal: Signal, wanted_db: float) -> int:
    return max(1, math.ceil(bits_for_sqnr_exact(wanted_db, signal)))


def _bits_by_clip(signal: Signal, model: str, wanted_db: float) -> int:
    bits = 1
    while bits <= SEARCHED_WORD_BITS and optimal_clip(signal, bits, model=model).sqnr_db < wanted_db:
        bits += 1
    return bits


def _limited(bits: int, wanted_db: float) -> int:
    if bits > SEARCHED_WORD_BITS:
        raise ValueError(f"sqnr_db={wanted_db} is not reached by {SEARCHED_WORD_BITS} bits: ask for less")
    return bits


def _finite(sqnr_db: ArrayLike) -> NDArray[np.float64]:
    return reals("sqnr_db", sqnr_db, remedy="give the wanted SQNR in dB")
