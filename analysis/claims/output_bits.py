"""Claims on the bits of the output of a dot product."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analysis import output_bits as derivations
from analysis.claims.claim import Claim
from analysis.domain import Choice, Integers, Reals
from fxp.output_bits import bit_growth, minimum_precision_bits_exact
from fxp.sqnr import DB_OF_RATIO_3, DB_PER_BIT

__all__ = ["CLAIMS"]

Counts = NDArray[np.float64]

SIGNS: Final = np.ones(4)  # the same for unsigned operands, either one signed, and both
BOTH_SIGNED: Final = np.array([0.0, 0.0, 0.0, 1.0])


def _growth(x_bits: int, w_bits: int, length: int) -> Counts:
    return SIGNS * bit_growth(x_bits, w_bits, length)


def _growth_derived(x_bits: int, w_bits: int, length: int) -> Counts:
    return SIGNS * math.log2(derivations.bit_growth().value(B_x=x_bits, B_w=w_bits, c=(length - 1).bit_length()))


def _growth_rounded_down(x_bits: int, w_bits: int, length: int) -> Counts:
    """Rounds log2 N down."""
    return (x_bits + w_bits + length.bit_length() - 1) * SIGNS


def _one_sign_dropped(x_bits: int, w_bits: int, length: int) -> Counts:
    """Drops one of two sign bits, which (−2^(B−1))² needs."""
    return np.asarray(bit_growth(x_bits, w_bits, length) - BOTH_SIGNED)


def _bits(snr_db: float, loss_db: float) -> Any:
    return minimum_precision_bits_exact(snr_db, loss_db)


def _bits_derived(snr_db: float, loss_db: float) -> float:
    return derivations.minimum_precision().value(SNR_A_dB=snr_db, gamma_dB=loss_db)


def _noise_as_large(snr_db: float, loss_db: float) -> float:
    """Takes an SQNR that equals the SNR for enough, whatever the loss."""
    del loss_db
    return float((snr_db + 20 * math.log10(4) - DB_OF_RATIO_3) / DB_PER_BIT)


def _no_gamma(snr_db: float, loss_db: float) -> float:
    """Drops −γ: the noise that is added is γ dB below the total, not below the noise before."""
    return float(_bits(snr_db, loss_db)) + loss_db / DB_PER_BIT


def _full_range(snr_db: float, loss_db: float) -> float:
    """Takes the range of a uniform output for the one that is clipped at 4σ."""
    return float(_bits(snr_db, loss_db)) - 20 * math.log10(4 / 3**0.5) / DB_PER_BIT


CLAIMS = (
    Claim(
        "bit_growth",
        "A word of B_x + B_w + ⌈log2 N⌉ bits holds every sum of N products, unsigned where both operands are.",
        "bound",
        derivations.bit_growth().assumptions,
        derivations.bit_growth,
        _growth,
        {
            "x_bits": Integers(1, 12),
            "w_bits": Integers(1, 12),
            "length": Choice(1, 2, 3, 4, 5, 16, 17, 63, 64, 100, 512, 700, 4096),
        },
        (_growth_rounded_down, _one_sign_dropped),
        "derivation-bit_growth",
        derived=_growth_derived,
        unit="bits",
        cases=26,
    ),
    Claim(
        "minimum_precision",
        "An output that is clipped at 4σ loses γ dB of its SNR at the word length of the minimum precision criterion.",
        "asymptotic",
        derivations.minimum_precision().assumptions,
        derivations.minimum_precision,
        _bits,
        {"snr_db": Reals(8, 28), "loss_db": Reals(0.4, 3)},
        (_noise_as_large, _no_gamma, _full_range),
        "derivation-minimum_precision",
        derived=_bits_derived,
        tolerance=0.06,
        unit="bits",
    ),
)
