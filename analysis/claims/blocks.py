"""Claims on integers that share a power-of-two scale."""

import math
from typing import Final

import numpy as np

from analysis import blocks as derivations
from analysis.claims.claim import Claim
from analysis.domain import Choice, Integers, Reals
from fxp.blocks import BlockRule, block_exponents, sqnr_block
from fxp.signals import Signal

__all__ = ["CLAIMS"]

UNIFORM: Final = Signal.uniform()
SIGNALS: Final = Choice(Signal.gaussian(), Signal.laplace(), Signal.relu_gaussian())


def _maximum(block_size: int, exponent: int, rms: float) -> float:
    law = block_exponents(block_size, Signal.gaussian(rms))
    return float(np.sum(law.probabilities[law.exponents == exponent]))


def _maximum_derived(block_size: int, exponent: int, rms: float) -> float:
    return derivations.block_maximum().value(n=block_size, e=exponent, sigma=rms)


def _law_of_one(block_size: int, exponent: int, rms: float) -> float:  # noqa: ARG001 - what it overlooks
    """Takes the exponent of any value for that of the largest."""
    return _maximum(1, exponent, rms)


def _largest_of_one_sign(block_size: int, exponent: int, rms: float) -> float:
    """Takes the largest value for the largest magnitude: values below T may be below −T."""
    top = 2.0**exponent / (math.sqrt(2) * rms)
    below, half = ((1 + math.erf(end)) / 2 for end in (top, top / 2))
    return below**block_size - half**block_size


def _scaled(word_bits: int, block_size: int, signal: Signal, rule: BlockRule) -> float:
    return sqnr_block(word_bits, block_size, signal, rule=rule)


def _uniform_error(word_bits: int, block_size: int, signal: Signal, rule: BlockRule) -> float:
    """Takes Δ²/12 for the error of every value: no saturation, no exact zeros, no value below half a step."""
    law = block_exponents(block_size, signal, word_bits=word_bits, rule=rule)
    noise = float(np.sum(law.probabilities * 4.0**law.exponents)) * 4.0 ** (1 - word_bits) / 12
    return 10 * math.log10(signal.rms**2 / noise)


def _scale_of_each_value(word_bits: int, block_size: int, signal: Signal, rule: BlockRule) -> float:  # noqa: ARG001
    """Lets each value have a scale of its own: a floating-point number."""
    return _scaled(word_bits, 1, signal, rule)


def _uniform(word_bits: int, block_size: int) -> float:
    return sqnr_block(word_bits, block_size, UNIFORM)


def _uniform_derived(word_bits: int, block_size: int) -> float:
    return 10 * math.log10(derivations.block_scaled_uniform().value(B=word_bits, n=block_size))


def _without_saturation(word_bits: int, block_size: int) -> float:
    """Forgets the values above the largest code, which saturate."""
    return 10 * math.log10(4.0**word_bits * (1 - 2.0 ** (-block_size - 2)) / (1 - 2.0**-block_size))


def _fixed_scale(word_bits: int, block_size: int) -> float:  # noqa: ARG001 - what it overlooks
    """Gives all blocks the scale of the largest possible value."""
    return _uniform(word_bits, 64)


CLAIMS = (
    Claim(
        "block_maximum",
        "The largest magnitude of n Gaussian values has this probability of a leading bit at a given place.",
        "exact",
        derivations.block_maximum().assumptions,
        derivations.block_maximum,
        _maximum,
        {"block_size": Integers(1, 24), "exponent": Integers(0, 2), "rms": Reals(0.5, 1)},
        (_law_of_one, _largest_of_one_sign),
        "derivation-block_maximum",
        tolerance=1e-9,
        derived=_maximum_derived,
        cases=8,
    ),
    Claim(
        "block_scaled",
        "Values that share a power-of-two scale, set by the largest of their block, have this SQNR.",
        "exact",
        derivations.block_scaled().assumptions,
        derivations.block_scaled,
        _scaled,
        {"word_bits": Integers(2, 10), "block_size": Integers(1, 64), "signal": SIGNALS, "rule": Choice(*BlockRule)},
        (_uniform_error, _scale_of_each_value),
        "derivation-block_scaled",
        tolerance=1e-6,
        unit="dB",
        cases=10,
    ),
    Claim(
        "block_scaled_uniform",
        "For uniform values on [−1, 1] the SQNR of block-scaled integers has a closed form.",
        "exact",
        derivations.block_scaled_uniform().assumptions,
        derivations.block_scaled_uniform,
        _uniform,
        {"word_bits": Integers(2, 10), "block_size": Integers(1, 6)},
        (_without_saturation, _fixed_scale),
        "derivation-block_scaled_uniform",
        tolerance=1e-6,
        unit="dB",
        derived=_uniform_derived,
        cases=6,
    ),
)
