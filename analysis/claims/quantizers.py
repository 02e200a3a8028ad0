"""Claims on the noise of a format for a signal of known law."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from analysis.claims.claim import Claim
from analysis.domain import Choice, Integers, Reals
from analysis.quantizers import quantizer_overload, sqnr_quantizer, sqnr_quantizer_modes
from fxp.formats import Format, Overflow, Rounding
from fxp.quantizers import quantized_moments, quantizer_noise
from fxp.quantizers import sqnr_quantizer as predicted_sqnr
from fxp.signals import Signal
from fxp.sqnr import sqnr_rule

__all__ = ["CLAIMS"]

OFFSETS: Final = {Rounding.HALF_EVEN: 0.5, Rounding.FLOOR: 0.0, Rounding.CEIL: 1.0}
ROUNDINGS: Final = Choice(*OFFSETS)
EACH: Final = (Rounding.HALF_EVEN, Rounding.FLOOR, Rounding.STOCHASTIC)

Decibels = NDArray[np.float64]


def _full_range(word_bits: int) -> Format:
    return Format(word_bits, word_bits - 1)


def _point(word_bits: int, rms: float, rounding: Rounding) -> dict[str, float]:
    """Return the symbols of the derivations: the rms is in steps there."""
    return {"B": word_bits, "s": rms * 2.0 ** (word_bits - 1), "h": OFFSETS[rounding]}


def _sqnr(word_bits: int, rms: float, rounding: Rounding) -> float:
    return predicted_sqnr(_full_range(word_bits), Signal.gaussian(rms), rounding=rounding)


def _sqnr_derived(word_bits: int, rms: float, rounding: Rounding) -> float:
    return 10 * math.log10(sqnr_quantizer().value(**_point(word_bits, rms, rounding)))


def _without_overload(word_bits: int, rms: float, rounding: Rounding) -> float:  # noqa: ARG001 - what it overlooks
    """Takes the 6-dB rule with the end of the range for the peak: no overload, no bias."""
    return float(sqnr_rule(word_bits, -20 * math.log10(rms)))


def _to_nearest(word_bits: int, rms: float, rounding: Rounding) -> float:  # noqa: ARG001 - what it overlooks
    """Takes every mode for rounding to nearest: the bias of the directed modes is left out."""
    return _sqnr(word_bits, rms, Rounding.HALF_EVEN)


def _symmetric(word_bits: int, rms: float, rounding: Rounding) -> float:
    """Takes a symmetric range, without the least code of two's complement."""
    signal = Signal.gaussian(rms)
    symmetric = Overflow.SATURATE_SYMMETRIC
    return predicted_sqnr(_full_range(word_bits), signal, rounding=rounding, overflow=symmetric)


def _overload(word_bits: int, rms: float, rounding: Rounding) -> float:
    noise = quantizer_noise(_full_range(word_bits), Signal.gaussian(rms), rounding=rounding)
    return 10 * math.log10(noise.overload)


def _overload_derived(word_bits: int, rms: float, rounding: Rounding) -> float:
    steps = quantizer_overload().value(**_point(word_bits, rms, rounding))
    return 10 * math.log10(steps * 4.0 ** (1 - word_bits))


def _both_ends_at_one(word_bits: int, rms: float, rounding: Rounding) -> float:  # noqa: ARG001 - what it overlooks
    """Takes the textbook's integral beyond ±1: the greatest value is one step less, and thresholds lie elsewhere."""
    z = 1 / rms
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return 10 * math.log10(2 * rms**2 * ((1 + z * z) * float(ndtr(-z)) - z * density))


def _in_modes(word_bits: int, rms: float, rectified: bool, overflow: Overflow) -> Decibels:
    word, signal = _word_and_signal(word_bits, rms, rectified)
    return np.array([predicted_sqnr(word, signal, rounding=each, overflow=overflow) for each in EACH])


def _word_and_signal(word_bits: int, rms: float, rectified: bool) -> tuple[Format, Signal]:
    """Return the word that ends at 1, and a Gaussian or what a ReLU leaves of it."""
    signal = Signal.relu_gaussian(rms) if rectified else Signal.gaussian(rms)
    return Format(word_bits, word_bits - signal.signed, signed=signal.signed), signal


def _in_modes_derived(word_bits: int, rms: float, rectified: bool, overflow: Overflow) -> Decibels:
    word, signal = _word_and_signal(word_bits, rms, rectified)
    each = [quantized_moments(word, signal, rounding=rounding, overflow=overflow) for rounding in EACH]
    closed_form = sqnr_quantizer_modes()
    points = [{"P_x": one.power, "E_qx": one.cross_power, "E_qq": one.quantized_power} for one in each]
    return np.array([10 * math.log10(closed_form.value(**point)) for point in points])


def _saturating(word_bits: int, rms: float, rectified: bool, overflow: Overflow) -> Decibels:  # noqa: ARG001
    """Takes every format for one that saturates."""
    return _in_modes(word_bits, rms, rectified, Overflow.SATURATE)


def _nearest_in_each_mode(word_bits: int, rms: float, rectified: bool, overflow: Overflow) -> Decibels:
    """Takes every mode for rounding to nearest."""
    return np.full(len(EACH), _in_modes(word_bits, rms, rectified, overflow)[0])


def _sign_bit_unused(word_bits: int, rms: float, rectified: bool, overflow: Overflow) -> Decibels:
    """Gives what a ReLU leaves a signed word: a step twice as wide."""
    return _in_modes(max(1, word_bits - rectified), rms, rectified, overflow)


CLAIMS = (
    Claim(
        "sqnr_quantizer",
        "A Gaussian signal in a saturating format has this SQNR, overload and bias of the mode included.",
        "exact",
        sqnr_quantizer().assumptions,
        sqnr_quantizer,
        _sqnr,
        {"word_bits": Integers(1, 6), "rms": Reals(0.15, 0.8), "rounding": ROUNDINGS},
        (_without_overload, _to_nearest, _symmetric),
        "derivation-sqnr_quantizer",
        tolerance=1e-3,
        unit="dB",
        derived=_sqnr_derived,
        cases=8,
    ),
    Claim(
        "quantizer_overload",
        "Values that round to a code outside a saturating format contribute this noise power.",
        "exact",
        quantizer_overload().assumptions,
        quantizer_overload,
        _overload,
        {"word_bits": Integers(1, 6), "rms": Reals(0.3, 0.8), "rounding": ROUNDINGS},
        (_both_ends_at_one,),
        "derivation-quantizer_overload",
        tolerance=1e-3,
        unit="dB",
        derived=_overload_derived,
        cases=8,
    ),
    Claim(
        "sqnr_quantizer_modes",
        "A Gaussian, also after a ReLU, has this SQNR in formats that saturate, wrap or take zero for what overflows.",
        "exact",
        sqnr_quantizer_modes().assumptions,
        sqnr_quantizer_modes,
        _in_modes,
        {
            "word_bits": Integers(2, 4),
            "rms": Reals(0.45, 0.8),
            "rectified": Choice(False, True),
            "overflow": Choice(Overflow.SATURATE, Overflow.WRAP, Overflow.ZERO),
        },
        (_saturating, _nearest_in_each_mode, _sign_bit_unused),
        "derivation-sqnr_quantizer_modes",
        tolerance=1e-3,
        unit="dB",
        derived=_in_modes_derived,
        cases=9,
    ),
)
