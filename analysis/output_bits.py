"""Why the output of a dot product needs the bits it needs: to hold every sum, and for an allowed loss of SNR."""

import sympy as sp

from analysis.derivation import Assumption, Definition, Derivation, Lemma, Relation, Step
from analysis.domain import Choice, Integers, Reals
from analysis.sqnr import B, decibels, par_db, sqnr_db, sqnr_rule, unsigned

__all__ = ["bit_growth", "minimum_precision"]

B_x, B_w = sp.symbols("B_x B_w", integer=True, positive=True)
c = sp.Symbol("c", integer=True, nonnegative=True)
x_signed, w_signed = sp.symbols("s_x s_w", integer=True, nonnegative=True)
fill, codes, x_largest, w_largest, y_largest = sp.symbols("theta K x_max w_max y_max", positive=True)
power, error, noise = sp.symbols("P_y P_e P_A", positive=True)
bits, ratio, snr, loss = sp.symbols("B_y R_dB SNR_A_dB gamma_dB", real=True)


def bit_growth() -> Derivation:
    """Codes that hold every sum of N products, operands signed (s = 1) or not (s = 0), c the ceiling of log2 N."""
    sign = sp.Max(x_signed, w_signed)
    x_top, w_top = (2**B_x - 1 + x_signed) / 2**x_signed, (2**B_w - 1 + w_signed) / 2**w_signed
    return Derivation(
        "bit_growth",
        codes,
        (
            Step(2**sign * (1 + y_largest), "zero and all magnitudes, of both signs where an operand has one"),
            Step(
                2**sign * (1 + fill * 2**c * x_top * w_top),
                "N = θ·2^c products of the largest magnitudes",
                (
                    Definition(sp.Eq(y_largest, fill * 2**c * x_largest * w_largest), "the largest sum, ½ < θ ≤ 1"),
                    Definition(sp.Eq(x_largest, x_top), "2^B − 1 unsigned, 2^(B−1) signed"),
                    Definition(sp.Eq(w_largest, w_top), "likewise"),
                ),
            ),
            Step(2**sign * (1 + 2**c * x_top * w_top), "θ is at most 1", relation=Relation.AT_MOST),
            Step(
                2 ** (B_x + B_w + c),
                "both signed: the second sign bit pays for the 1; else an unsigned operand stays below 2^B",
                relation=Relation.AT_MOST,
            ),
        ),
        {
            B_x: Integers(1, 16),
            B_w: Integers(1, 16),
            c: Integers(0, 12),
            fill: Reals(0.5, 1),
            x_signed: Choice(0, 1),
            w_signed: Choice(0, 1),
        },
    )


def minimum_precision() -> Derivation:
    """Word length of an output, clipped at 4σ, that costs γ dB of the SNR it has."""
    bit_db = 20 * sp.log(2) / sp.log(10)
    clip_db = decibels(16)
    rule = Lemma(sqnr_rule(), {B: bits, unsigned: 0, par_db: clip_db})
    return Derivation(
        "minimum_precision",
        bits,
        (
            Step(bits + (ratio - sqnr_db) / bit_db, "where the SQNR of B_y bits is the ratio R that is wanted"),
            Step(
                (ratio + clip_db - 10 * sp.log(3) / sp.log(10)) / bit_db,
                "a word of [−4σ, 4σ), solved for its bits",
                (rule, Assumption("the output is within 4σ but for an overload without weight: at most 8 bits")),
            ),
            Step(
                (decibels(power / error) + clip_db - 10 * sp.log(3) / sp.log(10)) / bit_db,
                "a ratio of powers",
                (Definition(sp.Eq(ratio, decibels(power / error)), "signal to rounding noise"),),
            ),
            Step(
                (snr + clip_db - 10 * sp.log(3) / sp.log(10) - loss - decibels(1 - 10 ** (-loss / 10))) / bit_db,
                "the noise grows by γ dB",
                (
                    Assumption(
                        "the rounding error is uncorrelated with the noise that the output has",
                        sp.Eq(error, noise * (10 ** (loss / 10) - 1)),
                    ),
                    Definition(sp.Eq(power, noise * 10 ** (snr / 10)), "SNR before rounding"),
                ),
            ),
        ),
        {snr: Reals(-10, 25), loss: Reals(0.1, 6)},
    )
