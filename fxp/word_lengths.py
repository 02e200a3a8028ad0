"""The word length that a signal needs for a wanted SQNR."""

import math
from functools import partial

from fxp.clipping import optimal_clip
from fxp.signals import Signal
from fxp.sqnr import DB_PER_BIT, sqnr_rule

__all__ = ["bits_for_sqnr", "bits_for_sqnr_exact"]

MAX_WORD_BITS = 24


def bits_for_sqnr(sqnr_db: float, signal: Signal, *, model: str = "exact") -> int:
    """Return the smallest word length that reaches an SQNR at its optimal clip level (exact, or by a model).

    Assumptions: those of :func:`fxp.optimal_clip`: rounding to nearest, saturation, the range at its optimum. With
    ``model="rule"`` the range ends at the peak instead, and the 6-dB rule is inverted and rounded up.

    Parameters
    ----------
    sqnr_db : float
        Wanted SQNR, dB, finite.
    signal : Signal
        Operand with a law; for "rule" with a finite peak.
    model : {"exact", "additive", "rule"}
        What predicts the SQNR of a word length.

    Returns
    -------
    int
        Bits, 1 to 24.

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
    """
    wanted = _finite(sqnr_db)
    if model not in ("exact", "additive", "rule"):
        raise ValueError(f"model={model!r} is not known: choose exact, additive or rule")
    if model == "rule":
        return _limited(max(1, math.ceil(bits_for_sqnr_exact(wanted, signal))), wanted)
    reaches = partial(_reaches, wanted, signal, model)
    bits = 1
    while bits <= MAX_WORD_BITS and not reaches(bits):
        bits += 1
    return _limited(bits, wanted)


def bits_for_sqnr_exact(sqnr_db: float, signal: Signal) -> float:
    r"""Return the real word length at which the 6-dB rule gives an SQNR (exact inverse of an asymptotic formula).

    .. math:: B = \frac{\mathrm{SQNR} - 10 \log_{10} 3 + \mathrm{par}}{20 \log_{10} 2}, \text{ one less when unsigned}

    Assumptions: the range ends at the peak of the signal, and those of :func:`fxp.sqnr_rule`.

    Parameters
    ----------
    sqnr_db : float
        Wanted SQNR, dB, finite.
    signal : Signal
        Operand with a finite peak; its law is not used.

    Returns
    -------
    float
        Bits, not rounded; below 1 the rule itself does not hold.

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
    if not math.isfinite(signal.peak):
        raise ValueError(f"peak={signal.peak} is not finite: the rule needs a range; use bits_for_sqnr, which clips")
    one_bit_db = float(sqnr_rule(1, signal.par_db, signed=signal.signed))
    return 1 + (_finite(sqnr_db) - one_bit_db) / DB_PER_BIT


def _reaches(wanted_db: float, signal: Signal, model: str, bits: int) -> bool:
    return optimal_clip(signal, bits, model=model).sqnr_db >= wanted_db


def _limited(bits: int, wanted_db: float) -> int:
    if bits > MAX_WORD_BITS:
        raise ValueError(f"sqnr_db={wanted_db} is not reached by {MAX_WORD_BITS} bits: ask for less")
    return bits


def _finite(sqnr_db: float) -> float:
    if isinstance(sqnr_db, bool) or not math.isfinite(sqnr_db):
        raise ValueError(f"sqnr_db={sqnr_db!r} is not a finite number: give the wanted SQNR in dB")
    return float(sqnr_db)
