"""Claims on the 6-dB rules."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis import sqnr as derivations
from analysis.claims.claim import Claim
from analysis.domain import Choice, Integers, Reals
from fxp.operand_noise import sqnr_dot_inputs
from fxp.signals import Signal
from fxp.sqnr import sqnr_dot, sqnr_rule, total_snr_db

__all__ = ["CLAIMS"]

Decibels = NDArray[np.float64]

UNIFORM: Final = Signal.uniform()
TRIANGLE: Final = Signal.from_law(stats.triang(0.5, -1, 2))
BELL: Final = Signal.from_law(stats.beta(8, 8, -1, 2))
UNSIGNED: Final = (Signal.uniform(0, 1), Signal.from_law(stats.beta(1, 6)))


def _rule(word_bits: int, signal: Signal) -> Decibels:
    return sqnr_rule(word_bits, signal.par_db, signed=signal.signed)


def _rule_derived(word_bits: int, signal: Signal) -> float:
    return derivations.sqnr_rule().value(B=word_bits, u=int(not signal.signed), zeta_dB=signal.par_db)


def _unsigned_as_signed(word_bits: int, signal: Signal) -> Decibels:
    """Gives an unsigned word no more than a signed one: 6 dB too little."""
    return sqnr_rule(word_bits, signal.par_db)


def _every_signal_a_sine(word_bits: int, signal: Signal) -> Decibels:
    """Takes 6.02·B + 1.76, the rule of a full-range sine, for any signal."""
    return sqnr_rule(word_bits, Signal.sinusoid().par_db, signed=signal.signed)


def _half_the_par(word_bits: int, signal: Signal) -> Decibels:
    """Takes 10 log10 of the ratio of amplitudes for its dB."""
    return sqnr_rule(word_bits, signal.par_db / 2, signed=signal.signed)


def _dot(output_bits: int, length: int, x: Signal, w: Signal) -> Decibels:
    return sqnr_dot(output_bits, length, x.par_db, w.par_db)


def _dot_derived(output_bits: int, length: int, x: Signal, w: Signal) -> float:
    return derivations.sqnr_dot().value(B=output_bits, N=length, zeta_x_dB=x.par_db, zeta_w_dB=w.par_db)


def _no_length(output_bits: int, length: int, x: Signal, w: Signal) -> Decibels:
    """Forgets that the range of the sum grows with N and its rms with √N."""
    del length
    return _dot(output_bits, 1, x, w)


def _amplitudes_of_length(output_bits: int, length: int, x: Signal, w: Signal) -> Decibels:
    """Lets the rms of the sum not grow at all: 20 log10 N."""
    return _dot(output_bits, length**2, x, w)


def _half_the_step(output_bits: int, length: int, x: Signal, w: Signal) -> Decibels:
    """Spans the sum by one sign only: half the step, 6 dB too much."""
    return _dot(output_bits + 1, length, x, w)


def _parts_db(snr_a_db: float, operand_bits: int, output_bits: int, length: int, signal: Signal) -> list[float]:
    pars = signal.par_db, signal.par_db
    operands = sqnr_dot_inputs(operand_bits, operand_bits, *pars, x_signed=True)
    return [snr_a_db, float(operands), float(sqnr_dot(output_bits, length, *pars))]


def _total(snr_a_db: float, operand_bits: int, output_bits: int, length: int, signal: Signal) -> Decibels:
    return total_snr_db(*_parts_db(snr_a_db, operand_bits, output_bits, length, signal))


def _total_derived(snr_a_db: float, operand_bits: int, output_bits: int, length: int, signal: Signal) -> float:
    data, operands, output = _parts_db(snr_a_db, operand_bits, output_bits, length, signal)
    return derivations.total_snr().value(SNR_a_dB=data, SQNR_i_dB=operands, SQNR_q_dB=output)


def _weakest_alone(snr_a_db: float, operand_bits: int, output_bits: int, length: int, signal: Signal) -> float:
    """Takes the worst of the three ratios for the total."""
    return min(_parts_db(snr_a_db, operand_bits, output_bits, length, signal))


def _amplitudes(snr_a_db: float, operand_bits: int, output_bits: int, length: int, signal: Signal) -> Decibels:
    """Adds the errors as amplitudes, as if they were one error."""
    parts = np.array(_parts_db(snr_a_db, operand_bits, output_bits, length, signal))
    return np.asarray(-20 * np.log10(np.sum(10 ** (-parts / 20))))


def _exact_operands(snr_a_db: float, operand_bits: int, output_bits: int, length: int, signal: Signal) -> Decibels:
    """Forgets the noise of the quantised operands."""
    data, _, output = _parts_db(snr_a_db, operand_bits, output_bits, length, signal)
    return total_snr_db(data, output)


CLAIMS = (
    Claim(
        "sqnr_rule",
        "A word whose range ends at the peak of a signal has an SQNR of 6.02 B + 4.77 dB less the peak-to-rms ratio, "
        "unsigned 6.02 dB more.",
        "asymptotic",
        derivations.sqnr_rule().assumptions,
        derivations.sqnr_rule,
        _rule,
        {"word_bits": Integers(8, 16), "signal": Choice(UNIFORM, TRIANGLE, BELL, *UNSIGNED)},
        (_unsigned_as_signed, _every_signal_a_sine, _half_the_par),
        "derivation-sqnr_rule",
        derived=_rule_derived,
        tolerance=0.06,
        unit="dB",
        cases=10,
    ),
    Claim(
        "sqnr_dot",
        "Rounding a sum of N products to B_y bits over its full range leaves an SQNR of 6.02 B_y + 4.77 dB less both "
        "peak-to-rms ratios and 10 log10 N.",
        "asymptotic",
        derivations.sqnr_dot().assumptions,
        derivations.sqnr_dot,
        _dot,
        {
            "output_bits": Integers(9, 20),
            "length": Choice(1, 4, 16, 64, 256),
            "x": Choice(UNIFORM, TRIANGLE, BELL, *UNSIGNED),
            "w": Choice(UNIFORM, TRIANGLE, BELL),
        },
        (_no_length, _amplitudes_of_length, _half_the_step),
        "derivation-sqnr_dot",
        derived=_dot_derived,
        tolerance=0.05,
        unit="dB",
        cases=10,
    ),
    Claim(
        "total_snr",
        "The noise of the data, of quantised operands and of a rounded output add as powers.",
        "asymptotic",
        derivations.total_snr().assumptions,
        derivations.total_snr,
        _total,
        {
            "snr_a_db": Reals(15, 40),
            "operand_bits": Integers(5, 8),
            "output_bits": Integers(9, 14),
            "length": Choice(16, 64),
            "signal": Choice(BELL),
        },
        (_weakest_alone, _amplitudes, _exact_operands),
        "derivation-total_snr",
        derived=_total_derived,
        tolerance=0.05,
        unit="dB",
        cases=8,
    ),
)
