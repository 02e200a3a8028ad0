"""Claims on the best clip level and the word length that an SQNR needs."""

import math
from typing import Final

from scipy.optimize import brentq
from scipy.special import ndtr

from analysis.claims.claim import Claim
from analysis.clipping import bits_for_sqnr, optimal_clip, optimal_clip_additive
from analysis.domain import Choice, Integers, Reals
from fxp.clipping import optimal_clip as predicted_clip
from fxp.formats import Format
from fxp.quantizers import quantized_moments
from fxp.signals import Signal
from fxp.sqnr import DB_PER_BIT
from fxp.word_lengths import bits_for_sqnr_exact

__all__ = ["CLAIMS"]

BOUNDED: Final = Choice(Signal.uniform(), Signal.sinusoid(), Signal.uniform(-1.0, 0.5))


def _gaussian(rectified: bool, rms: float) -> Signal:
    return Signal.relu_gaussian(rms) if rectified else Signal.gaussian(rms)


def _additive(word_bits: int, rectified: bool, rms: float) -> float:
    return predicted_clip(_gaussian(rectified, rms), word_bits, model="additive").clip


def _additive_derived(word_bits: int, rectified: bool, rms: float) -> float:
    level = _additive(word_bits, rectified, rms)
    return optimal_clip_additive().value(B=word_bits, u=12 if rectified else 3, sigma=rms, zeta=level)


def _granular_inside_only(word_bits: int, rectified: bool, rms: float) -> float:
    """Iterates with a factor P(|x| ≤ ζ) on the granular term, whose fixed point minimises nothing."""
    factor = 4.0**-word_bits / (12 if rectified else 3)

    def residue(z: float) -> float:
        beyond = 2 * float(ndtr(-z))
        return z * (factor * (1 - beyond) + beyond) - 2 * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    return rms * float(brentq(residue, 1e-3, 12.0))


def _constant_of_the_other_sign(word_bits: int, rectified: bool, rms: float) -> float:
    """Takes the 12 of unsigned words for signed ones and the 3 of signed words for unsigned ones."""
    bits = word_bits - 1 if rectified else word_bits + 1
    return _additive(max(bits, 1), rectified, rms)


def _signal(laplace: bool, rms: float) -> Signal:
    return Signal.laplace(rms) if laplace else Signal.gaussian(rms)


def _optimum(word_bits: int, rms: float, laplace: bool) -> float:
    return predicted_clip(_signal(laplace, rms), word_bits).sqnr_db


def _optimum_derived(word_bits: int, rms: float, laplace: bool) -> float:
    signal = _signal(laplace, rms)
    on_grid = signal.scaled(1 / predicted_clip(signal, word_bits).step)
    moments = quantized_moments(Format(word_bits, 0), on_grid)
    noise = optimal_clip().value(P_x=moments.power, E_cx=moments.cross_power, E_cc=moments.quantized_power)
    return 10 * math.log10(moments.power / noise)


def _additive_promise(word_bits: int, rms: float, laplace: bool) -> float:
    """Takes what the additive model promises at its own optimum."""
    return predicted_clip(_signal(laplace, rms), word_bits, model="additive").sqnr_db


def _four_sigma(word_bits: int, rms: float, laplace: bool) -> float:  # noqa: ARG001 - a rule of thumb for any signal
    """Clips at 4σ whatever the word length, and counts granular noise only."""
    return DB_PER_BIT * word_bits + 10 * math.log10(3) - 20 * math.log10(4)


def _bits_derived(sqnr_db: float, signal: Signal) -> float:
    return bits_for_sqnr().value(R=10 ** (sqnr_db / 10), x_m=signal.peak, P_x=signal.rms**2)


def _without_peak_to_rms(sqnr_db: float, signal: Signal) -> float:
    """Leaves the peak-to-rms ratio out: right for a square wave only."""
    return bits_for_sqnr_exact(sqnr_db, signal) - signal.par_db / DB_PER_BIT


def _step_over_one_peak(sqnr_db: float, signal: Signal) -> float:
    """Takes 2**B steps for one peak instead of two: a signed word one bit shorter."""
    return bits_for_sqnr_exact(sqnr_db, signal) - 1


CLAIMS = (
    Claim(
        "optimal_clip_additive",
        "At this level the additive model's sum of granular and overload noise is least.",
        "exact",
        optimal_clip_additive().assumptions,
        optimal_clip_additive,
        _additive,
        {"word_bits": Integers(1, 8), "rectified": Choice(False, True), "rms": Reals(0.5, 2)},
        (_granular_inside_only, _constant_of_the_other_sign),
        "derivation-optimal_clip_additive",
        tolerance=2e-4,
        derived=_additive_derived,
    ),
    Claim(
        "optimal_clip",
        "No clip level gives a signed word a better SQNR on a Gaussian or a Laplace signal than this.",
        "exact",
        optimal_clip().assumptions,
        optimal_clip,
        _optimum,
        {"word_bits": Integers(1, 7), "rms": Reals(0.1, 10), "laplace": Choice(False, True)},
        (_additive_promise, _four_sigma),
        "derivation-optimal_clip",
        tolerance=0.005,
        unit="dB",
        derived=_optimum_derived,
    ),
    Claim(
        "bits_for_sqnr",
        "A signed word whose range ends at the peak needs this length, as a real number, for an SQNR.",
        "asymptotic",
        bits_for_sqnr().assumptions,
        bits_for_sqnr,
        bits_for_sqnr_exact,
        {"sqnr_db": Reals(60, 90), "signal": BOUNDED},
        (_without_peak_to_rms, _step_over_one_peak),
        "derivation-bits_for_sqnr",
        tolerance=0.1,
        unit="bits",
        derived=_bits_derived,
    ),
)
