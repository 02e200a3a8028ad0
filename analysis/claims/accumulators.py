"""Claims on the width of accumulators, and on overflows that do harm or none."""

from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analysis import accumulators as derivations
from analysis.claims.claim import Claim
from analysis.domain import Choice, Domain, Integers
from fxp import reference
from fxp.accumulator_widths import guaranteed_bits, reachable_sums
from fxp.accumulators import Accumulator, dot
from fxp.carriers import FLOAT32_LIMIT, FLOAT64_LIMIT, subset_limits
from fxp.formats import Format
from fxp.lossless_widths import lossless_bits
from fxp.width_bounds import data_type_bits, l1_bits

__all__ = ["CLAIMS"]

Row = tuple[int, ...]
Codes = NDArray[np.int64]

WEIGHT: Final = Format(5, 0)
INPUT_BITS: Final = 3
SHORT_INPUT_BITS: Final = 2  # where all orders are tried
WEIGHTS: Final = Choice(
    (3, -4, 1), (7, 7, 2), (-1, -1, -2), (-8, 5, -3), (4, 4, 4), (-8, -8, -8), (1, 0, 0), (7, -7, 5), (1, -9, 9)
)
INPUTS: Final[dict[str, Domain]] = {"x_bits": Integers(1, 2), "x_signed": Choice(False, True)}
CLIPPING: Final = Choice(*map(Format.parse, ("sfix3_E1", "ufix4", "ufix2_E2", "sfix4", "ufix3_E1")))
REQUANTIZED: Final[dict[str, Domain]] = {
    "x_signed": Choice(False, True),
    "weights": WEIGHTS,
    "bias": Integers(-30, 30),
    "target": Choice(*map(Format.parse, ("sfix3_E2", "ufix4_E2", "ufix2_E4", "sfix8", "sfix4_E3", "ufix3_E1"))),
    "rounding": Choice("FLOOR", "CEIL", "TOWARD_ZERO", "HALF_UP", "HALF_DOWN", "HALF_EVEN"),
}
PRODUCTS: Final = Choice(
    (9, -7, 30, -25), (100, 100, -100, 5), (-1, -1, -1, -1), (63, 63, -64, -64), (3, 5, -9, 1), (-40, 12, 12, 12)
)
MIXED: Final = Choice((3, -4, 1), (-8, 5, -3), (7, -7, 5), (1, -9, 9), (9, 9, -14), (-14, 6, 6))
BLOCKS: Final = Choice((3, -4, 2, -1), (5, 5, -5), (1, 1, 1, 1), (-2, -3, -4), (7, -7), (6, -1, -6), (-5, 4, 4))


def _column(weights: Row) -> Codes:
    return np.array(weights)[:, np.newaxis]


def _signs(weights: Row) -> dict[str, int]:
    """Return the sums of the positive terms and of the negative ones, as magnitudes."""
    return {"p": sum(max(term, 0) for term in weights), "n": sum(max(-term, 0) for term in weights)}


def _bits_to_reach(*reaches: float) -> int:
    """Return the least P, at least 2, whose 2^(P−1) is at least each of these whole numbers."""
    return 1 + (max(2, *map(round, reaches)) - 1).bit_length()


def _guaranteed(x_bits: int, x_signed: bool, weights: Row, bias: int) -> Any:
    return guaranteed_bits(_column(weights), Format(x_bits, 0, signed=x_signed), bias=bias)[0]


def _guaranteed_derived(x_bits: int, x_signed: bool, weights: Row, bias: int) -> int:
    x_format = Format(x_bits, 0, signed=x_signed)
    ends = {"x_max": x_format.max_code, "x_min": x_format.min_code}
    return _bits_to_reach(derivations.guaranteed_bits().value(b=bias, **_signs(weights), **ends))


def _no_sign_bit(x_bits: int, x_signed: bool, weights: Row, bias: int) -> Any:
    """Counts the bits of the largest magnitude, without the sign bit."""
    return _guaranteed(x_bits, x_signed, weights, bias) - 1


def _bias_left_out(x_bits: int, x_signed: bool, weights: Row, bias: int) -> Any:
    """Sizes the register for the products alone."""
    del bias
    return _guaranteed(x_bits, x_signed, weights, 0)


def _finished_sums_of_unit_inputs(x_bits: int, x_signed: bool, weights: Row, bias: int) -> int:
    """Sizes the register for inputs that are all the largest code: their negative products hide the positive ones."""
    largest = Format(x_bits, 0, signed=x_signed).max_code
    total = bias + largest * sum(weights)
    return _bits_to_reach(total + 1, -total)


def _l1(x_bits: int, x_signed: bool, weights: Row) -> Any:
    return l1_bits(_column(weights), Format(x_bits, 0, signed=x_signed))[0]


def _l1_derived(x_bits: int, x_signed: bool, weights: Row) -> int:
    return _bits_to_reach(derivations.l1_bits().value(N=x_bits, sigma=int(x_signed), **_signs(weights)))


def _sum_for_l1(x_bits: int, x_signed: bool, weights: Row) -> Any:
    """Takes |Σw| for Σ|w|."""
    return _l1(x_bits, x_signed, (sum(weights),))


def _largest_weight(x_bits: int, x_signed: bool, weights: Row) -> Any:
    """Takes the largest weight for the sum of all."""
    return _l1(x_bits, x_signed, (max(map(abs, weights)),))


def _types(length: int, x_bits: int, x_signed: bool, w_bits: int) -> int:
    return data_type_bits(length, Format(x_bits, 0, signed=x_signed), Format(w_bits, 0))


def _types_derived(length: int, x_bits: int, x_signed: bool, w_bits: int) -> int:
    return _bits_to_reach(derivations.data_type_bits().value(K=length, N=x_bits, M=w_bits, sigma=int(x_signed)))


def _both_signs_dropped(length: int, x_bits: int, x_signed: bool, w_bits: int) -> int:
    """Takes the sign bit off unsigned inputs too."""
    return _types(length, x_bits, x_signed, w_bits) - (not x_signed)


def _length_rounded_down(length: int, x_bits: int, x_signed: bool, w_bits: int) -> int:
    """Lets the sum grow by log2 K rounded down, without the +1 of φ."""
    return _types(length, x_bits, x_signed, w_bits) - 1


def _hidden(x_signed: bool, weights: Row, bias: int, target: Format, rounding: str) -> Any:
    return _certified(INPUT_BITS, x_signed, weights, bias, target, rounding)


def _certified(x_bits: int, x_signed: bool, weights: Row, bias: int, target: Format, rounding: str) -> Any:
    x_format = Format(x_bits, 0, signed=x_signed)
    return lossless_bits(_column(weights), x_format, w_format=WEIGHT, target=target, rounding=rounding, bias=bias)[0]


def _hidden_derived(x_signed: bool, weights: Row, bias: int, target: Format, rounding: str) -> int:
    ends = reachable_sums(_column(weights), Format(INPUT_BITS, 0, signed=x_signed), bias=bias)
    shift, wide = -target.frac_bits, Format(40, 0)
    low, high = (reference.cast(int(end[0]), wide, target, rounding=rounding) for end in ends)
    return _bits_to_reach(
        derivations.lossless_bits().value(
            c_max=high,
            c_min=low,
            s=shift,
            o_max=_offset(rounding, shift, high),
            o_min=_offset(rounding, shift, low + 1),
        )
    )


def _offset(rounding: str, shift: int, code: int) -> int:
    """Return what rounding adds to a sum, before bits are dropped, at the least sum with this code."""
    if shift == 0:
        return 0
    half = 1 << (shift - 1)
    return {
        "FLOOR": 0,
        "CEIL": 2 * half - 1,
        "TOWARD_ZERO": 0 if code > 0 else 2 * half - 1,
        "HALF_UP": half,
        "HALF_DOWN": half - 1,
        "HALF_EVEN": half - code % 2,
    }[rounding]


def _one_bit_less(x_signed: bool, weights: Row, bias: int, target: Format, rounding: str) -> Any:
    """Gives the register one bit less."""
    return _hidden(x_signed, weights, bias, target, rounding) - 1


def _saturated_before_the_bias(x_signed: bool, weights: Row, bias: int, target: Format, rounding: str) -> Any:
    """Certifies the sum of the products without the bias that the register holds as well."""
    del bias
    return _hidden(x_signed, weights, 0, target, rounding)


def _clipped_sums_held(x_signed: bool, weights: Row, bias: int, target: Format, rounding: str) -> Any:
    """Holds sums too that the requantiser clips anyway."""
    del target, rounding
    return _guaranteed(INPUT_BITS, x_signed, weights, bias)


def _at_every_step(x_signed: bool, weights: Row, bias: int, target: Format, rounding: str) -> Any:
    del target, rounding
    return _guaranteed(SHORT_INPUT_BITS, x_signed, weights, bias)


def _at_every_step_derived(x_signed: bool, weights: Row, bias: int, target: Format, rounding: str) -> int:
    del target, rounding
    x_format = Format(SHORT_INPUT_BITS, 0, signed=x_signed)
    ends, signs = {"x_max": x_format.max_code, "x_min": x_format.min_code}, _signs(weights)
    derivation = derivations.lossless_every_step()
    highest = derivation.value(b=bias, **signs, **ends)
    lowest = derivation.value(b=-bias, p=signs["n"], n=signs["p"], **ends) - 1
    return _bits_to_reach(highest, lowest)


def _certificate_of_the_end(x_signed: bool, weights: Row, bias: int, target: Format, rounding: str) -> Any:
    """Applies the certificate of finished sums to a register that is clamped at every step."""
    return _certified(SHORT_INPUT_BITS, x_signed, weights, bias, target, rounding)


def _starts(word_bits: int, products: Row) -> list[int]:
    word, (minus, plus) = Format(word_bits, 0), subset_limits(np.array([products]), 0, 1)
    return [word.min_code - int(minus[0]), word.max_code - int(plus[0])]


def _starts_derived(word_bits: int, products: Row) -> list[float]:
    signs = _signs(products)
    least = derivations.block_certificate_below().value(B=word_bits, p=signs["p"], S=sum(products))
    return [least, derivations.block_certificate().value(B=word_bits, p=signs["p"])]


def _starts_by(word_bits: int, fall: int, rise: int) -> list[int]:
    word = Format(word_bits, 0)
    return [word.min_code + fall, word.max_code - rise]


def _finished_sum_only(word_bits: int, products: Row) -> list[int]:
    """Looks at the start and at start + S alone, and not at the prefixes between them."""
    total = sum(products)
    return _starts_by(word_bits, max(-total, 0), max(total, 0))


def _magnitude_of_sum(word_bits: int, products: Row) -> list[int]:
    """Takes |S| for the reach of the block, up and down."""
    return _starts_by(word_bits, abs(sum(products)), abs(sum(products)))


def _sum_of_magnitudes(word_bits: int, products: Row) -> list[int]:
    """Takes Σ|p| for the reach up and down: safe, but it sends more blocks to the slow path than must go."""
    reach = sum(map(abs, products))
    return _starts_by(word_bits, reach, reach)


def _ends(products: Row, accumulator: Accumulator, bias: int) -> int:
    return int(dot([1] * len(products), products, accumulator=accumulator, bias=bias).codes)


def _wrapped(word_bits: int, drop_bits: int, products: Row, bias: int) -> list[int]:
    once = Accumulator(word_bits, overflow="WRAP", every_step=False, drop_bits=drop_bits)
    return [_ends(products, once, bias)] * 2


def _wrapped_derived(word_bits: int, drop_bits: int, products: Row, bias: int) -> list[float]:
    *before, last = (product >> drop_bits for product in products)
    return [derivations.wrap_commutes().value(B=word_bits, S=bias + sum(before), q=last)] * 2


def _dropped_at_the_end(word_bits: int, drop_bits: int, products: Row, bias: int) -> list[int]:
    """Drops bits from the finished sum, where each product has lost its own."""
    return _wrapped(word_bits, 0, (sum(products) >> drop_bits,), bias)


def _carries_kept(word_bits: int, drop_bits: int, products: Row, bias: int) -> list[int]:
    """Takes the exact sum, carries above the word included."""
    del word_bits
    return _wrapped(63, drop_bits, products, bias)


def _extreme_orders(word_bits: int, products: Row, bias: int) -> list[int]:
    falling = sorted(products, reverse=True)
    return [_ends(tuple(order), Accumulator(word_bits), bias) for order in (falling, falling[::-1])]


def _extreme_orders_derived(word_bits: int, products: Row, bias: int) -> list[float]:
    word, signs = Format(word_bits, 0), _signs(products)
    start = reference.overflow(bias, word, "SATURATE")
    known = {"A_min": word.min_code, "A_max": word.max_code, "a": start, "S": sum(products)}
    return [
        derivations.saturation_order_below().value(**known, n=signs["n"]),
        derivations.saturation_order().value(**known, p=signs["p"]),
    ]


def _saturation_commutes(word_bits: int, products: Row, bias: int) -> list[int]:
    """Saturates the finished sum, as if that were the same."""
    return [_ends(products, Accumulator(word_bits, every_step=False), bias)] * 2


def _one_order_for_all(word_bits: int, products: Row, bias: int) -> list[int]:
    """Takes the order that the products are in for all orders."""
    return [_ends(products, Accumulator(word_bits), bias)] * 2


def _float_limits(unit: str, length: int) -> list[int]:
    del length
    limit = {"float32": FLOAT32_LIMIT, "float64": FLOAT64_LIMIT}[unit]
    return [limit, limit, -1]


def _float_limits_derived(unit: str, length: int) -> list[float]:
    del length
    limit = derivations.float_carrier_guard().value(m={"float32": 24, "float64": 53}[unit])
    return [limit, limit, -1]


def _final_value_guard(unit: str, length: int) -> list[int]:
    """Guards the final value, which says nothing of the prefixes."""
    limit, _, _ = _float_limits(unit, length)
    return [limit, limit, limit]


def _fraction_bits_only(unit: str, length: int) -> list[int]:
    """Leaves out the leading bit that floats do not store."""
    limit, _, _ = _float_limits(unit, length)
    return [limit // 2, limit // 2, -1]


def _even_sums(unit: str, length: int) -> list[int]:
    """Counts on sums above the limit that happen to be even."""
    limit, _, _ = _float_limits(unit, length)
    return [2 * limit, 2 * limit, -1]


_claim = partial(Claim.of, unit="bits", cases=12)


CLAIMS: Final = (
    _claim(
        derivations.guaranteed_bits,
        "The guaranteed width is the least that no input overflows, in any order of the products.",
        _guaranteed,
        derived=_guaranteed_derived,
        domain=INPUTS | {"weights": WEIGHTS, "bias": Integers(-40, 40)},
        wrong_variants=(_no_sign_bit, _bias_left_out, _finished_sums_of_unit_inputs),
        cases=18,
    ),
    _claim(
        derivations.l1_bits,
        "No input overflows a register of the width that follows from the l1 norm of the weights, in any order.",
        _l1,
        derived=_l1_derived,
        kind="bound",
        domain=INPUTS | {"weights": WEIGHTS},
        wrong_variants=(_sum_for_l1, _largest_weight),
        cases=18,
    ),
    _claim(
        derivations.data_type_bits,
        "No operands of two data types overflow a register of the width that follows from the types and the length.",
        _types,
        derived=_types_derived,
        kind="bound",
        domain={
            "length": Choice(1, 3, 5, 7, 23, 63, 64, 100, 700, 1000),
            "x_bits": Integers(1, 10),
            "x_signed": Choice(False, True),
            "w_bits": Integers(1, 10),
        },
        wrong_variants=(_both_signs_dropped, _length_rounded_down),
        cases=24,
    ),
    _claim(
        derivations.lossless_bits,
        "Saturating the finished sum changes no code after requantisation from the certified width on, and some below.",
        _hidden,
        derived=_hidden_derived,
        domain=REQUANTIZED,
        wrong_variants=(_one_bit_less, _saturated_before_the_bias, _clipped_sums_held),
        cases=24,
    ),
    _claim(
        derivations.lossless_every_step,
        "Clamping at every step, in any order, changes no code from the guaranteed width on.",
        _at_every_step,
        derived=_at_every_step_derived,
        kind="bound",
        domain=REQUANTIZED | {"weights": MIXED, "bias": Integers(-9, 9), "target": CLIPPING},
        wrong_variants=(_certificate_of_the_end,),
    ),
    _claim(
        derivations.block_certificate,
        "No order of a block overflows if and only if the start plus P+ and the start plus P− are in the register.",
        _starts,
        derived=_starts_derived,
        unit="",
        domain={"word_bits": Integers(4, 7), "products": BLOCKS},
        wrong_variants=(_finished_sum_only, _magnitude_of_sum, _sum_of_magnitudes),
    ),
    _claim(
        derivations.wrap_commutes,
        "A register that wraps at every step ends, in any order, at the exact sum of its products wrapped once.",
        _wrapped,
        derived=_wrapped_derived,
        unit="",
        domain={
            "word_bits": Integers(2, 8),
            "drop_bits": Integers(0, 3),
            "products": PRODUCTS,
            "bias": Integers(-300, 300),
        },
        wrong_variants=(_dropped_at_the_end, _carries_kept),
    ),
    _claim(
        derivations.saturation_order,
        "A register that saturates at every step ends lowest with the positive products first, highest with them last.",
        _extreme_orders,
        derived=_extreme_orders_derived,
        unit="",
        domain={"word_bits": Integers(2, 8), "products": PRODUCTS, "bias": Integers(-300, 300)},
        wrong_variants=(_saturation_commutes, _one_order_for_all),
    ),
    _claim(
        derivations.float_carrier_guard,
        "Floats add integer products exactly in any order while neither the positive nor the negative ones exceed 2^24 "
        "(float64: 2^53); no guard on the final value does.",
        _float_limits,
        derived=_float_limits_derived,
        unit="",
        domain={"unit": Choice("float32", "float64"), "length": Choice(4, 16, 256, 4096)},
        wrong_variants=(_final_value_guard, _fraction_bits_only, _even_sums),
        cases=8,
    ),
)
