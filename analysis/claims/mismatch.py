"""Claims on the mismatch of a quantised decision."""

import math
from typing import Final

from analysis.claims.claim import Claim
from analysis.domain import Integers, Reals
from analysis.mismatch import mismatch_bound
from fxp.precision import NoiseGains, predict_mismatch, uniform

__all__ = ["CLAIMS"]

LAYER: Final = ("margin",)
CLOSEST: Final = Reals(1 / 3, 0.6)  # one operand at a third of a step, the first corner, comes closest: 44 %


def _bound(word_bits: int, length: int, margin_steps: float) -> float:
    """Return the library's bound for a margin of `margin_steps`·√length steps, weights of one and the range 1."""
    return _with_range_gain(4.0, word_bits, length, margin_steps)


def _with_range_gain(range_gain: float, word_bits: int, length: int, margin_steps: float) -> float:
    margin = margin_steps * math.sqrt(length) * 2.0 ** (1 - word_bits)
    gain = range_gain * length / (24 * margin**2)
    gains = NoiseGains(LAYER, (1,), (1,), (True,), (0,), (gain,), kind="bound")
    return predict_mismatch(gains, uniform(LAYER, word_bits))


def _derived(word_bits: int, length: int, margin_steps: float) -> float:
    margin = margin_steps * math.sqrt(length) * 2.0 ** (1 - word_bits)
    return mismatch_bound().value(B=word_bits, n=length, R=1, g=1, d=margin)


def _three_deviations_in_half_a_step(word_bits: int, length: int, margin_steps: float) -> float:
    """Takes the largest error, half a step, for three standard deviations: the gain is 3 times too small."""
    return _with_range_gain(4 / 3, word_bits, length, margin_steps)


def _signed_range_as_unsigned(word_bits: int, length: int, margin_steps: float) -> float:
    """Takes R for the width of a signed range, which is 2R: the gain is 4 times too small."""
    return _with_range_gain(1.0, word_bits, length, margin_steps)


CLAIMS = (
    Claim(
        "mismatch_bound",
        "Rounding the operands of a margin d turns a decision around with at most the probability σ²/(2d²).",
        "bound",
        mismatch_bound().assumptions,
        mismatch_bound,
        _bound,
        {"word_bits": Integers(3, 8), "length": Integers(1, 48), "margin_steps": CLOSEST},
        (_signed_range_as_unsigned, _three_deviations_in_half_a_step),
        "derivation-mismatch_bound",
        derived=_derived,
        cases=10,
    ),
)
