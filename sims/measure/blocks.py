"""Integers that share a power-of-two scale, block by block, and the largest magnitudes that set it."""

import numpy as np
from numpy.typing import NDArray

from fxp.formats import Format
from fxp.quantization import decode, encode
from fxp.signals import Signal
from sims.measure import Measurement, Trial, measures

__all__ = ["block_maximum", "block_scaled", "block_scaled_uniform"]

Floats = NDArray[np.float64]
VALUES = 1_000_000
FEWEST_BLOCKS = 20_000


@measures("block_maximum")
def block_maximum(block_size: int, exponent: int, rms: float, *, trial: Trial) -> Measurement:
    """Return the share of Gaussian blocks whose largest magnitude is in [2**(exponent - 1), 2**exponent)."""
    largest = np.abs(_blocks(Signal.gaussian(rms), block_size, trial)).max(axis=1)
    hits = (largest < 2.0**exponent) & (largest >= 2.0 ** (exponent - 1))
    return Measurement.proportion(int(hits.sum()), hits.size, false_alarm=trial.false_alarm)


@measures("block_scaled")
def block_scaled(word_bits: int, block_size: int, signal: Signal, rule: str, *, trial: Trial) -> Measurement:
    """Return the SQNR, dB, of blocks that are encoded with the exponent of the rule."""
    x = _blocks(signal, block_size, trial)
    error = _decoded(x, word_bits, rule) - x
    powers = (np.sqrt(np.mean(each**2, axis=1)) for each in (x, error))
    return Measurement.power_ratio_db(*powers, false_alarm=trial.false_alarm)


@measures("block_scaled_uniform")
def block_scaled_uniform(word_bits: int, block_size: int, *, trial: Trial) -> Measurement:
    """Return the SQNR, dB, of blocks of uniform values whose leading bits set the exponent."""
    return block_scaled(word_bits, block_size, Signal.uniform(), "leading_bit", trial=trial)


def _blocks(signal: Signal, size: int, trial: Trial) -> Floats:
    return signal.sample(trial.rng, (max(trial.samples(VALUES) // size, FEWEST_BLOCKS), size))


def _decoded(x: Floats, word_bits: int, rule: str) -> Floats:
    decoded = np.zeros_like(x)
    exponents = _exponents(np.abs(x).max(axis=1), word_bits, rule)
    for exponent in np.unique(exponents):
        block, word = exponents == exponent, _word(word_bits, exponent)
        decoded[block] = decode(encode(x[block], word), word)
    return decoded


def _exponents(largest: Floats, word_bits: int, rule: str) -> NDArray[np.int64]:
    """Return the place of the leading bit, or one more where the rule is that nothing saturates and something would."""
    exponents = np.frexp(largest)[1].astype(np.int64)
    if rule == "leading_bit":
        return exponents
    for exponent in np.unique(exponents):
        word, wide = _word(word_bits, exponent), _word(word_bits, exponent, spare_bits=2)
        block = np.flatnonzero(exponents == exponent)
        exponents[block[encode(largest[block], wide) > word.max_code]] += 1
    return exponents


def _word(word_bits: int, exponent: int, *, spare_bits: int = 0) -> Format:
    """Return the two's-complement word whose range ends at 2**exponent, with more bits above it on demand."""
    return Format(word_bits + spare_bits, word_bits - 1 - int(exponent))
