"""Claims on what quantisers and coders can reach at best."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis import limits as derivations
from analysis.claims.claim import Claim
from analysis.domain import Choice, Integers, Reals
from fxp.densities import differential_entropy
from fxp.limits import entropy_coded_quantizer, entropy_coded_sqnr, rate_distortion_sqnr
from fxp.optimal_levels import lloyd_max
from fxp.signals import Signal
from fxp.sqnr import DB_PER_BIT

__all__ = ["CLAIMS"]

Decibels = NDArray[np.float64]

GAUSSIAN: Final = Signal.gaussian()
LAPLACE: Final = Signal.laplace()
SPARSE: Final = Signal.from_law(stats.norm(6, 1), zero_atom=0.5)
SINE: Final = Signal.sinusoid()
RATE: Final = 8
PANTER_DITE_DB: Final = {GAUSSIAN: math.sqrt(3) * math.pi / 2, LAPLACE: 9 / 2}


def _lloyd_max(word_bits: int, signal: Signal) -> float:
    return lloyd_max(signal, word_bits).sqnr_db


def _panter_dite(word_bits: int, signal: Signal) -> float:
    """Takes the formula for many levels, (∫p^⅓)³/12·4^(−B), for few."""
    return DB_PER_BIT * word_bits - 10 * math.log10(PANTER_DITE_DB[signal])


def _equal_cells(word_bits: int, signal: Signal) -> float:
    """Takes equally likely cells for the best: levels too dense in the middle."""
    ends = np.arange(1, 2**word_bits) / 2**word_bits
    points, weights = signal.nodes()
    order = np.argsort(points)
    cells = np.searchsorted(ends, np.cumsum(weights[order]))
    masses, sums = (np.bincount(cells, each) for each in (weights[order], (weights * points)[order]))
    levels = sums / masses
    return 10 * math.log10(signal.rms**2 / (signal.rms**2 - float(np.sum(levels**2 * masses))))


def _entropy_of_codes(rms: float) -> float:
    return entropy_coded_quantizer(Signal.laplace(rms), 1.0).rate_bits_exact


def _entropy_of_codes_derived(rms: float) -> float:
    return derivations.entropy_of_codes().value(rho=math.exp(-1 / (math.sqrt(2) * rms)))


def _fine_step(rms: float) -> float:
    """Takes h − log₂Δ for a coarse step."""
    return differential_entropy(Signal.laplace(rms))


def _without_signs(rms: float) -> float:
    """Counts magnitudes only: a bit too few for each code that is not zero."""
    return _entropy_of_codes(rms) - math.exp(-1 / (math.sqrt(2) * rms))


def _entropy_coded(frac_bits: int, signal: Signal) -> Decibels:  # noqa: ARG001 - at a fine step the rate alone counts
    return entropy_coded_sqnr(RATE, signal)


def _entropy_coded_derived(frac_bits: int, signal: Signal) -> float:  # noqa: ARG001
    atom = signal.zero_atom
    location = -sum(p * math.log2(p) for p in (atom, 1 - atom) if p > 0)
    point = {"P_x": signal.rms**2, "alpha": 1 - atom, "H_0": location, "h": differential_entropy(signal)}
    return 10 * math.log10(derivations.entropy_coded().value(R=RATE, **point))


def _no_loss(frac_bits: int, signal: Signal) -> Decibels:  # noqa: ARG001
    """Takes the Shannon bound as reached: 1.53 dB too much at least."""
    return rate_distortion_sqnr(RATE, signal)


def _gaussian_loss(frac_bits: int, signal: Signal) -> Decibels:  # noqa: ARG001
    """Takes 6.02·R − 1.53, that of a Gaussian, for any law."""
    return entropy_coded_sqnr(RATE, GAUSSIAN)


def _bound(word_bits: int, signal: Signal, coder: str) -> Decibels:  # noqa: ARG001 - it binds every coder
    return rate_distortion_sqnr(word_bits, signal)


def _gaussian_for_every_law(word_bits: int, signal: Signal, coder: str) -> float:  # noqa: ARG001
    """Takes 6.02·R, the bound of a Gaussian and the least of all, for any law."""
    return DB_PER_BIT * word_bits


def _gaussian_bound(word_bits: int, coder: str) -> Decibels:  # noqa: ARG001
    return rate_distortion_sqnr(word_bits, GAUSSIAN)


def _gaussian_bound_derived(word_bits: int, coder: str) -> float:  # noqa: ARG001
    return 10 * math.log10(derivations.rate_distortion().value(R=word_bits))


def _panter_dite_as_bound(word_bits: int, coder: str) -> float:  # noqa: ARG001
    """Takes what levels without entropy coding reach at high rate for the bound on every coder."""
    return _panter_dite(word_bits, GAUSSIAN)


def _power_for_amplitude(word_bits: int, coder: str) -> float:  # noqa: ARG001
    """Lets a bit halve the power of the error instead of its amplitude: 3.01 dB a bit."""
    return DB_PER_BIT / 2 * word_bits


CLAIMS = (
    Claim(
        "lloyd_max",
        "No quantiser with 2^B levels exceeds this SQNR, and levels trained by Lloyd's iteration reach it.",
        "exact",
        derivations.lloyd_max().assumptions,
        derivations.lloyd_max,
        _lloyd_max,
        {"word_bits": Integers(1, 5), "signal": Choice(GAUSSIAN, LAPLACE)},
        (_panter_dite, _equal_cells),
        "derivation-lloyd_max",
        tolerance=0.001,  # the measured law is divided into parts of 0.01
        unit="dB",
    ),
    Claim(
        "entropy_of_codes",
        "Laplace values rounded to a step have codes of this entropy.",
        "exact",
        derivations.entropy_of_codes().assumptions,
        derivations.entropy_of_codes,
        _entropy_of_codes,
        {"rms": Reals(0.3, 3)},
        (_fine_step, _without_signs),
        "derivation-entropy_of_codes",
        tolerance=1e-4,  # what is left of the bias of an entropy from a sample
        unit="bit",
        derived=_entropy_of_codes_derived,
    ),
    Claim(
        "entropy_coded",
        "Rounding to a fine step with entropy-coded codes has this SQNR at 8 bits: 1.53 dB below the Shannon bound.",
        "asymptotic",
        derivations.entropy_coded().assumptions,
        derivations.entropy_coded,
        _entropy_coded,
        {"frac_bits": Integers(3, 6), "signal": Choice(GAUSSIAN, LAPLACE, SPARSE)},
        (_no_loss, _gaussian_loss),
        "derivation-entropy_coded",
        tolerance=0.05,
        unit="dB",
        derived=_entropy_coded_derived,
    ),
    Claim(
        "rate_distortion",
        "No coder of Gaussian values exceeds 6.02 dB a bit: neither a format, nor Lloyd-Max, nor entropy coding.",
        "bound",
        derivations.rate_distortion().assumptions,
        derivations.rate_distortion,
        _gaussian_bound,
        {"word_bits": Integers(1, 5), "coder": Choice("lloyd_max", "entropy_coded", "format")},
        (_panter_dite_as_bound, _power_for_amplitude),
        "derivation-rate_distortion",
        unit="dB",
        derived=_gaussian_bound_derived,
    ),
    Claim(
        "shannon_lower_bound",
        "No coder exceeds this SQNR, which the power and the differential entropy of the law decide.",
        "bound",
        derivations.shannon_lower_bound().assumptions,
        derivations.shannon_lower_bound,
        _bound,
        {
            "word_bits": Integers(2, 5),
            "signal": Choice(SINE, LAPLACE, SPARSE),
            "coder": Choice("lloyd_max", "entropy_coded"),
        },
        (_gaussian_for_every_law,),
        "derivation-shannon_lower_bound",
        unit="dB",
    ),
)
