"""Words that hold every sum of products, and word lengths that cost an output a given part of its SNR."""

from itertools import count, product

import numpy as np
from numpy.typing import NDArray

from fxp.accumulators import dot
from fxp.formats import Format
from fxp.quantization import quantize
from sims.measure import Measurement, Trial, measures

__all__ = ["bit_growth", "minimum_precision"]

WORDS = range(2, 9)
SPACING = 2.0**-9


@measures("bit_growth")
def bit_growth(x_bits: int, w_bits: int, length: int, *, trial: Trial) -> Measurement:
    """Return the bits of the shortest word that holds the dot products of all extreme operands, for each sign mode."""
    del trial
    modes = product((False, True), repeat=2)
    return Measurement.enumerated([_longest_sum_bits(x_bits, w_bits, length, *signs) for signs in modes])


def _longest_sum_bits(x_bits: int, w_bits: int, length: int, x_signed: bool, w_signed: bool) -> int:
    x, w = Format(x_bits, 0, signed=x_signed), Format(w_bits, 0, signed=w_signed)
    extremes = product((x.min_code, x.max_code), (w.min_code, w.max_code))
    sums = [int(dot([a] * length, [b] * length).codes) for a, b in extremes]
    return _shortest_word(min(sums), max(sums), signed=x_signed or w_signed)


def _shortest_word(low: int, high: int, *, signed: bool) -> int:
    words = (Format(bits, 0, signed=signed) for bits in count(1))
    return next(word.word_bits for word in words if word.min_code <= low and high <= word.max_code)


@measures("minimum_precision")
def minimum_precision(snr_db: float, loss_db: float, *, trial: Trial) -> Measurement:
    """Return the word length at which the loss of a Gaussian is the one that is allowed, between the lengths of words.

    The output and the noise that it has are taken over a fine lattice each. The noise that rounding adds, over the
    noise before, is interpolated in dB.
    """
    del trial
    y, share = _gaussian(np.arange(-8, 8, SPACING) + SPACING / 2)
    noise, noise_share = _gaussian(np.arange(-5, 5.5, 0.5))
    noise = np.rint(noise * 10 ** (-snr_db / 20) / SPACING) * SPACING  # which keeps y + noise on the lattice of y
    before = noise_share @ noise**2
    noisy = y + noise[:, np.newaxis]
    after = [noise_share @ (quantize(noisy, Format(bits, bits - 3)) - y) ** 2 @ share for bits in WORDS]
    added_db = 10 * np.log10(np.array(after) / before - 1)
    allowed_db = 10 * np.log10(10 ** (loss_db / 10) - 1)
    return Measurement.enumerated(np.interp(-allowed_db, -added_db, WORDS))


def _gaussian(lattice: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points and the probabilities of a Gaussian on them."""
    density = np.exp(-(lattice**2) / 2)
    return lattice, density / density.sum()
