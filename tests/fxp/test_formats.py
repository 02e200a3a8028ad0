from dataclasses import FrozenInstanceError
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp.formats import Format, Overflow, Rounding

formats = st.builds(Format, st.integers(1, 128), st.integers(-1100, 1100), signed=st.booleans())


def test_facts_of_common_formats():
    fmt = Format(8, 7)
    assert (fmt.min_code, fmt.max_code, fmt.int_bits) == (-128, 127, 1)
    assert (fmt.min, fmt.max, fmt.step) == (-1.0, 0.9921875, 0.0078125)
    assert all(isinstance(value, float) for value in (fmt.min, fmt.max, fmt.step))
    unsigned = Format(8, 8, signed=False)
    assert (unsigned.min_code, unsigned.max_code, unsigned.int_bits) == (0, 255, 0)
    assert (unsigned.min, unsigned.max, unsigned.step) == (0.0, 0.99609375, 0.00390625)


def test_one_bit_words():
    assert (Format(1, 0).min_code, Format(1, 0).max_code) == (-1, 0)
    assert (Format(1, 0, signed=False).min_code, Format(1, 0, signed=False).max_code) == (0, 1)


def test_point_outside_the_word():
    assert (Format(4, -3).min, Format(4, -3).max) == (-64.0, 56.0)
    assert (Format(4, 6).min, Format(4, 6).max, Format(4, 6).int_bits) == (-0.125, 0.109375, -2)


@given(formats)
def test_min_max_and_step_are_exact_even_where_float64_is_not(fmt):
    step = Fraction(2) ** -fmt.frac_bits
    assert Fraction(fmt.step) == step
    assert Fraction(fmt.min) == fmt.min_code * step
    assert Fraction(fmt.max) == fmt.max_code * step
    assert fmt.max_code - fmt.min_code + 1 == 2**fmt.word_bits


def test_values_beyond_float64_are_fractions():
    assert Format(64, 0).max == Fraction(2**63 - 1)
    assert Format(8, 1100).step == Fraction(1, 2**1100)
    assert Format(8, -1100).step == 2**1100


@given(formats)
def test_names_are_read_back(fmt):
    assert Format.parse(str(fmt)) == fmt
    assert eval(repr(fmt), {"Format": Format}) == fmt


@pytest.mark.parametrize(
    ("text", "fmt"),
    [
        ("sfix8_En7", Format(8, 7)),
        ("ufix8_En8", Format(8, 8, signed=False)),
        ("ufix8_E3", Format(8, -3, signed=False)),
        ("sfix16", Format(16, 0)),
        (" sfix16_En0 ", Format(16, 0)),
        ("ap_fixed<8,1>", Format(8, 7)),
        ("ap_ufixed<8, 0>", Format(8, 8, signed=False)),
        ("ap_fixed< 8 , -2 >", Format(8, 10)),
        ("ap_fixed<8,12>", Format(8, -4)),
    ],
)
def test_parse(text, fmt):
    assert Format.parse(text) == fmt


@pytest.mark.parametrize("text", ["ap_fixed<8,1,AP_RND,AP_SAT>", "ap_ufixed<8,0,AP_TRN>"])
def test_parse_refuses_modes_with_a_hint(text):
    with pytest.raises(ValueError, match="modes are no part of a Format.*rounding= and overflow="):
        Format.parse(text)


@pytest.mark.parametrize(
    "text", ["", "fix8", "sfix8_n7", "sfix8_En", "sfix8_En7.5", "ap_fixed<8>", "int8", "sfix-8", "sfix٨"]
)
def test_parse_refuses_other_text(text):
    with pytest.raises(ValueError, match=r"is not the name of a format: write sfix8_En7"):
        Format.parse(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Q1.7", r"sfix8_En7 where it does \(ARM\), sfix9_En7 where not \(TI\)"),
        (" q0.15", r"sfix15_En15 where it does \(ARM\), sfix16_En15 where not \(TI\)"),
        ("UQ0.8", "ufix8_En8"),
    ],
)
def test_parse_refuses_q_notation_and_says_what_it_may_mean(text, meant):
    with pytest.raises(
        ValueError, match=f"text={text!r} is in Q notation, .* its integer bits include the sign; write {meant}$"
    ):
        Format.parse(text)


def test_parse_checks_kind_and_range():
    with pytest.raises(TypeError, match="text=8 is not a string"):
        Format.parse(8)
    with pytest.raises(ValueError, match="word_bits=129 is not between 1 and 128"):
        Format.parse("sfix129")


@pytest.mark.parametrize("bits", [True, 8.0, "8", None, np.float64(8), Fraction(8), np.True_])
def test_bits_are_integers(bits):
    with pytest.raises(TypeError, match=r"word_bits=.* is not an integer: pass a whole number of bits"):
        Format(bits, 0)
    with pytest.raises(TypeError, match=r"frac_bits=.* is not an integer"):
        Format(8, bits)


@pytest.mark.parametrize("bits", [0, -1, 129])
def test_word_bits_range(bits):
    with pytest.raises(ValueError, match=f"word_bits={bits} is not between 1 and 128: choose"):
        Format(bits, 0)


@pytest.mark.parametrize("bits", [-1101, 1101])
def test_frac_bits_range(bits):
    with pytest.raises(ValueError, match=f"frac_bits={bits} is not between -1100 and 1100"):
        Format(8, bits)


def test_signed_is_a_keyword_and_a_bool():
    with pytest.raises(TypeError):
        Format(8, 7, False)
    with pytest.raises(TypeError, match="signed=1 is not a bool: pass signed=True or signed=False"):
        Format(8, 7, signed=1)


def test_formats_are_frozen_values():
    fmt = Format(np.int32(8), np.int64(7), signed=np.True_)
    assert fmt == Format(8, 7)
    assert hash(fmt) == hash(Format(8, 7))
    assert type(fmt.word_bits) is int
    assert type(fmt.signed) is bool
    assert {fmt: 1}[Format(8, 7)] == 1
    assert fmt != Format(8, 7, signed=False)
    with pytest.raises(FrozenInstanceError):
        fmt.word_bits = 9


@pytest.mark.parametrize(
    ("low", "high", "word_bits", "name"),
    [
        (-1, 1, 8, "sfix8_En7"),
        (-1.0, 0.5, 8, "sfix8_En7"),
        (-0.5, 1.0000001, 8, "sfix8_En6"),
        (-2.0, 0, 8, "sfix8_En6"),
        (0, 1, 8, "ufix8_En8"),
        (0.0, 6.0, 8, "ufix8_En5"),
        (0, 256, 8, "ufix8"),
        (0, 257, 8, "ufix8_E1"),
        (-1e-3, 1e-3, 4, "sfix4_En12"),
        (-1, 1, 1, "sfix1"),
        (-(2**100), 0, 8, "sfix8_E93"),
        (0, 5e-324, 128, "ufix128_En1100"),
        (np.float32(-0.3), np.int8(1), 8, "sfix8_En7"),
        (Fraction(-1, 3), Fraction(1, 3), 8, "sfix8_En8"),
    ],
)
def test_for_range(low, high, word_bits, name):
    assert str(Format.for_range(low, high, word_bits)) == name


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, finite, st.integers(1, 128))
def test_for_range_is_the_finest_that_spans(a, b, word_bits):
    low, high = min(a, b), max(a, b)
    if low == high == 0:
        return

    def spans(fmt):
        return low >= fmt.min and high <= Fraction(fmt.max) + Fraction(fmt.step)

    fmt = Format.for_range(low, high, word_bits)
    assert fmt.signed == (low < 0)
    assert spans(fmt)
    assert fmt.frac_bits == 1100 or not spans(Format(word_bits, fmt.frac_bits + 1, signed=fmt.signed))


def test_for_range_refusals():
    with pytest.raises(ValueError, match=r"low=1 is not at most high=-1: swap"):
        Format.for_range(1, -1, 8)
    with pytest.raises(ValueError, match=r"low=high=0 is not a range"):
        Format.for_range(0, 0.0, 8)
    with pytest.raises(ValueError, match=r"high=inf is not finite"):
        Format.for_range(0, float("inf"), 8)
    with pytest.raises(ValueError, match=r"low=nan is not finite"):
        Format.for_range(float("nan"), 1, 8)
    with pytest.raises(TypeError, match=r"low='0' is not a real number"):
        Format.for_range("0", 1, 8)
    with pytest.raises(TypeError, match=r"high=True is not a real number"):
        Format.for_range(0, True, 8)
    with pytest.raises(ValueError, match=r"word_bits=0 is not between 1 and 128"):
        Format.for_range(0, 1, 0)


SHORT = [Format(bits, frac, signed=signed) for bits in (1, 2, 3, 4) for frac in (-1, 2) for signed in (True, False)]


def is_shortest(fmt, codes, *, signed):
    """Whether `codes` fit the format and no shorter one."""

    def fits(other):
        return other.min_code <= min(codes) and max(codes) <= other.max_code

    shorter = Format(max(fmt.word_bits - 1, 1), 0, signed=fmt.signed)
    return fmt.signed == signed and fits(fmt) and (fmt.word_bits == 1 or not fits(shorter))


@pytest.mark.parametrize("a", SHORT, ids=str)
@pytest.mark.parametrize("b", SHORT, ids=str)
def test_product_is_the_shortest_format_of_every_product(a, b):
    products = {x * y for x in range(a.min_code, a.max_code + 1) for y in range(b.min_code, b.max_code + 1)}
    fmt = a.product(b)
    assert fmt == b.product(a)
    assert fmt.frac_bits == a.frac_bits + b.frac_bits
    assert is_shortest(fmt, products, signed=a.signed or b.signed)


@pytest.mark.parametrize("fmt", SHORT, ids=str)
def test_sum_is_the_shortest_format_of_every_sum(fmt):
    codes = range(fmt.min_code, fmt.max_code + 1)
    sums = {0}
    for count in range(1, 18):
        sums = {total + code for total in sums for code in codes}
        assert fmt.sum_of(count).frac_bits == fmt.frac_bits
        assert is_shortest(fmt.sum_of(count), sums, signed=fmt.signed)


def test_growth_of_common_formats():
    s8, u8 = Format(8, 7), Format(8, 8, signed=False)
    assert [str(a.product(b)) for a in (s8, u8) for b in (s8, u8)] == [
        "sfix16_En14",
        "sfix16_En15",
        "sfix16_En15",
        "ufix16_En16",
    ]
    assert s8.product(s8).sum_of(64) == Format(22, 14)
    assert s8.sum_of(1) == s8
    assert u8.sum_of(np.int64(256)) == Format(16, 8, signed=False)
    assert Format(64, 1100).product(Format(64, -1100)) == Format(128, 0)


def test_growth_beyond_128_bits_is_refused():
    with pytest.raises(
        ValueError,
        match="word_bits=129 of a product of sfix64 and sfix65 is not at most 128: use shorter words, or bring the",
    ):
        Format(64, 0).product(Format(65, 0))
    with pytest.raises(
        ValueError, match="frac_bits=-1200 of a product of sfix8_E600 and .* is not between -1100 and 1100"
    ):
        Format(8, -600).product(Format(8, -600))
    with pytest.raises(ValueError, match="word_bits=129 of a sum of 2 numbers of ufix128 is not at most 128"):
        Format(128, 0, signed=False).sum_of(2)


def test_growth_checks_its_arguments():
    with pytest.raises(TypeError, match="other=8 is not a Format: pass the format of the other factor"):
        Format(8, 7).product(8)
    for count in (2.0, True, "2", None):
        with pytest.raises(TypeError, match=f"count={count!r} is not an integer: pass the number of terms"):
            Format(8, 7).sum_of(count)
    for count in (0, -1):
        with pytest.raises(ValueError, match=f"count={count} is not at least 1: pass the number of terms"):
            Format(8, 7).sum_of(count)


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("TRN", Rounding.FLOOR),
        ("TRN_ZERO", Rounding.TOWARD_ZERO),
        ("RND", Rounding.HALF_UP),
        ("RND_MIN_INF", Rounding.HALF_DOWN),
        ("RND_ZERO", Rounding.HALF_TOWARD_ZERO),
        ("RND_INF", Rounding.HALF_AWAY),
        ("RND_CONV", Rounding.HALF_EVEN),
        ("RND_CONV_ODD", Rounding.HALF_ODD),
        ("SAT", Overflow.SATURATE),
        ("SAT_SYM", Overflow.SATURATE_SYMMETRIC),
        ("SAT_ZERO", Overflow.ZERO),
        ("WRAP_SM", Overflow.WRAP_SIGN_MAGNITUDE),
    ],
)
def test_aliases_are_the_members(name, member):
    modes = type(member)
    assert modes[name] is member
    assert modes.of(name) is modes.of(member.name) is modes.of(member) is modes.of(name.lower()) is member


def test_members():
    assert " ".join(mode.name for mode in Rounding) == (
        "FLOOR CEIL TOWARD_ZERO HALF_UP HALF_DOWN HALF_TOWARD_ZERO HALF_AWAY HALF_EVEN HALF_ODD STOCHASTIC"
    )
    assert " ".join(mode.name for mode in Overflow) == (
        "SATURATE SATURATE_SYMMETRIC ZERO WRAP WRAP_SIGN_MAGNITUDE ERROR"
    )


@pytest.mark.parametrize("value", ["NEAREST", "", None, 3, Overflow.WRAP])
def test_unknown_rounding_lists_the_choices(value):
    with pytest.raises(
        ValueError, match=r"rounding=.* is not a mode of rounding: choose one of FLOOR=TRN, CEIL, .*STOCHASTIC"
    ):
        Rounding.of(value)


def test_unknown_overflow_lists_the_choices():
    with pytest.raises(
        ValueError, match=r"overflow='CLIP' is not a mode of overflow: choose one of SATURATE=SAT, .*ERROR"
    ):
        Overflow.of("CLIP")
