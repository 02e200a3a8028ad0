"""Levels that Lloyd's iteration finds, and coders whose rate is the entropy of their codes."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fxp.formats import Format
from fxp.quantization import decode, encode
from fxp.signals import Signal
from sims.intervals import DECIBELS
from sims.measure import Measurement, Trial, measures

__all__ = ["entropy_coded", "entropy_of_codes", "lloyd_max", "rate_distortion", "shannon_lower_bound"]

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
DB_PER_BIT = 20 * np.log10(2)
VALUES = 600_000
ROUNDS = 20_000
SETTLED = 1e-9
PARTS = 40_000
RANGE = 20
CODE_BITS = 40


@measures("lloyd_max")
def lloyd_max(word_bits: int, signal: Signal, *, trial: Trial) -> Measurement:
    """Return the SQNR, dB, of the levels that Lloyd's iteration finds for a law divided into small parts."""
    edges = np.linspace(-RANGE, RANGE, trial.samples(PARTS)) * signal.rms
    masses, sums, powers = _moments_below(edges, signal)
    levels = np.interp((np.arange(2**word_bits) + 0.5) / 2**word_bits, masses, edges)
    for _ in range(ROUNDS):
        cells = np.r_[edges[0], (levels[1:] + levels[:-1]) / 2, edges[-1]]
        mass, total = (np.diff(np.interp(cells, edges, each)) for each in (masses, sums))
        before, levels = levels, np.divide(total, mass, out=levels.copy(), where=mass > 0)
        if np.max(np.abs(levels - before)) < SETTLED:
            break
    noise = powers[-1] - np.sum(2 * levels * total - levels**2 * mass)
    return Measurement.enumerated(10 * np.log10(powers[-1] / noise))


@measures("entropy_of_codes")
def entropy_of_codes(rms: float, *, trial: Trial) -> Measurement:
    """Return the entropy, bits, of Laplace draws that are rounded to integers."""
    codes = encode(_draws(Signal.laplace(rms), trial), Format(CODE_BITS, 0))
    return Measurement.mean(_contents(codes), false_alarm=trial.false_alarm)


@measures("entropy_coded")
def entropy_coded(frac_bits: int, signal: Signal, *, trial: Trial) -> Measurement:
    """Return the SQNR, dB, of codes without limits, moved to a rate of 8 bits by 6.02 dB a bit of a value not zero."""
    word = Format(CODE_BITS, frac_bits)
    x = _draws(signal, trial)
    codes = encode(x, word)
    return _at_rate(8, signal, x, decode(codes, word), codes, trial)


@measures("rate_distortion")
def rate_distortion(word_bits: int, coder: str, *, trial: Trial) -> Measurement:
    """Return the SQNR, dB, of a coder of Gaussian draws at `word_bits` bits a value."""
    return shannon_lower_bound(word_bits, Signal.gaussian(), coder, trial=trial)


@measures("shannon_lower_bound")
def shannon_lower_bound(word_bits: int, signal: Signal, coder: str, *, trial: Trial) -> Measurement:
    """Return the SQNR, dB, of a coder of draws of the signal at `word_bits` bits a value."""
    return CODERS[coder](word_bits, signal, trial)


def _format(word_bits: int, signal: Signal, trial: Trial) -> Measurement:
    """Measure a format that spans four times the rms; eight in long words, whose rare overload has a heavy tail."""
    reach = (4 if word_bits < 5 else 8) * signal.rms
    word = Format.for_range(-reach if signal.signed else 0, reach, word_bits)
    x = _draws(signal, trial)
    return Measurement.power_ratio_db(x, decode(encode(x, word), word) - x, false_alarm=trial.false_alarm)


def _centroids(word_bits: int, signal: Signal, trial: Trial) -> Measurement:
    """Measure codes of a step that leads to about `word_bits` bits, decoded to centroids, moved to that rate."""
    word = Format(CODE_BITS, word_bits - 2)
    first, x = _draws(signal, trial), _draws(signal, trial)
    codes = encode(np.r_[first, x], word)
    codes -= codes.min()
    known, seen = codes[: first.size], np.bincount(codes[: first.size], minlength=codes.max() + 1)
    sums = np.bincount(known, first, seen.size)
    used = codes[first.size :]
    # A code that only the second half has counts as decoded without error, in favour of the coder
    decoded = np.where(seen[used] > 0, (sums / np.maximum(seen, 1))[used], x)
    return _at_rate(word_bits, signal, x, decoded, used, trial)


CODERS: dict[str, Callable[[int, Signal, Trial], Measurement]] = {
    "format": _format,
    "lloyd_max": lambda word_bits, signal, trial: lloyd_max(word_bits, signal, trial=trial),
    "entropy_coded": _centroids,
}


def _at_rate(rate: int, signal: Signal, x: Floats, decoded: Floats, codes: Codes, trial: Trial) -> Measurement:
    """Return the SQNR, dB, plus what the bits between the codes' entropy and the rate buy at high rate."""
    a_bit_db = DB_PER_BIT / (1 - signal.zero_atom)
    power, noise = x**2, (decoded - x) ** 2
    sqnr_db = 10 * np.log10(power.mean() / noise.mean())
    # To first order the logarithm of a mean varies as the relative deviation of the mean
    deviations = DECIBELS * (power / power.mean() - noise / noise.mean())
    values = sqnr_db + deviations + a_bit_db * (rate - _contents(codes))
    return Measurement.mean(values, false_alarm=trial.false_alarm)


def _contents(codes: Codes) -> Floats:
    """Return the information of each code, bits; their mean lacks the bias of a finite sample (Miller and Madow)."""
    _, cells, counts = np.unique(codes, return_inverse=True, return_counts=True)
    bias = (counts.size - 1) / (2 * np.log(2) * codes.size)
    return np.asarray(bias - np.log2(counts / codes.size)[cells])


def _moments_below(edges: Floats, signal: Signal) -> list[Floats]:
    """Return the probability, the mean and the power of what is below each edge; the law is even between edges."""
    points, weights = signal.nodes(edges)
    parts = np.clip(np.searchsorted(edges, points), 1, edges.size - 1)
    return [np.cumsum(np.bincount(parts, weights * points**power, edges.size)) for power in range(3)]


def _draws(signal: Signal, trial: Trial) -> Floats:
    return signal.sample(trial.rng, trial.samples(VALUES))
