"""The specification against tables, Python's decimal module, NumPy's integer types and torch."""

import decimal
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp import reference
from fxp.formats import Format, Overflow, Rounding
from fxp.registers import Accumulator

VALUES = (-2.5, -1.75, -1.5, -1.25, -0.5, -0.25, 0.0, 0.25, 0.5, 1.25, 1.5, 1.75, 2.5)
ROUNDED = {
    Rounding.FLOOR: (-3, -2, -2, -2, -1, -1, 0, 0, 0, 1, 1, 1, 2),
    Rounding.CEIL: (-2, -1, -1, -1, 0, 0, 0, 1, 1, 2, 2, 2, 3),
    Rounding.TOWARD_ZERO: (-2, -1, -1, -1, 0, 0, 0, 0, 0, 1, 1, 1, 2),
    Rounding.HALF_UP: (-2, -2, -1, -1, 0, 0, 0, 0, 1, 1, 2, 2, 3),
    Rounding.HALF_DOWN: (-3, -2, -2, -1, -1, 0, 0, 0, 0, 1, 1, 2, 2),
    Rounding.HALF_TOWARD_ZERO: (-2, -2, -1, -1, 0, 0, 0, 0, 0, 1, 1, 2, 2),
    Rounding.HALF_AWAY: (-3, -2, -2, -1, -1, 0, 0, 0, 1, 1, 2, 2, 3),
    Rounding.HALF_EVEN: (-2, -2, -2, -1, 0, 0, 0, 0, 0, 1, 2, 2, 2),
    Rounding.HALF_ODD: (-3, -2, -1, -1, -1, 0, 0, 0, 1, 1, 1, 2, 3),
}
DECIMAL_MODES = {
    Rounding.FLOOR: decimal.ROUND_FLOOR,
    Rounding.CEIL: decimal.ROUND_CEILING,
    Rounding.TOWARD_ZERO: decimal.ROUND_DOWN,
    Rounding.HALF_AWAY: decimal.ROUND_HALF_UP,
    Rounding.HALF_TOWARD_ZERO: decimal.ROUND_HALF_DOWN,
    Rounding.HALF_EVEN: decimal.ROUND_HALF_EVEN,
}


@pytest.mark.parametrize("mode", ROUNDED)
def test_rounding_table(mode):
    assert tuple(reference.round_fraction(value, mode) for value in VALUES) == ROUNDED[mode]


@pytest.mark.parametrize("mode", DECIMAL_MODES)
@given(quarters=st.integers(-(10**6), 10**6))
def test_rounding_equals_decimal(mode, quarters):
    exact = (Decimal(quarters) / 4).to_integral_value(DECIMAL_MODES[mode])
    assert reference.round_fraction(Fraction(quarters, 4), mode) == exact


@given(value=st.fractions(-100, 100), mode=st.sampled_from(list(ROUNDED)))
def test_rounding_gives_a_neighbour_and_half_modes_the_nearest(value, mode):
    rounded = reference.round_fraction(value, mode)
    assert rounded in (math.floor(value), math.ceil(value))
    if mode.name.startswith("HALF"):
        assert abs(rounded - value) <= Fraction(1, 2)


def test_stochastic_rounds_up_where_the_draw_is_below_the_fraction():
    third, above_third = Fraction(1, 3) - Fraction(1, 2**60), Fraction(1, 3) + Fraction(1, 2**60)
    for whole in (-2, 0, 5):
        value = whole + Fraction(1, 3)
        assert reference.round_fraction(value, "STOCHASTIC", third) == whole + 1
        assert reference.round_fraction(value, "STOCHASTIC", Fraction(1, 3)) == whole
        assert reference.round_fraction(value, "STOCHASTIC", above_third) == whole
    assert reference.round_fraction(7, Rounding.STOCHASTIC) == 7
    with pytest.raises(ValueError, match=r"u=None is not a draw: STOCHASTIC rounding needs a number of \[0, 1\)"):
        reference.round_fraction(0.5, "STOCHASTIC")


@given(st.integers(-(2**80), 2**80), st.integers(0, 100))
def test_shift_round_floor_is_the_arithmetic_shift(code, shift):
    assert reference.shift_round(code, shift, "FLOOR") == code >> shift
    assert reference.shift_round(code, -shift, "FLOOR") == code << shift


@given(st.integers(-(2**40), 2**40))
def test_wrap_equals_a_cast_of_numpy(code):
    for word_bits in (8, 16, 32):
        signed, unsigned = Format(word_bits, 0), Format(word_bits, 0, signed=False)
        assert reference.overflow(code, signed, "WRAP") == np.int64(code).astype(f"i{word_bits // 8}")
        assert reference.overflow(code, unsigned, "WRAP") == np.int64(code).astype(f"u{word_bits // 8}")
        assert reference.overflow(code, unsigned, "WRAP_SM") == np.int64(code).astype(f"u{word_bits // 8}")


def test_overflow_table_of_three_bits():
    codes, fmt = range(-9, 10), Format(3, 0)

    def row(mode):
        return [reference.overflow(code, fmt, mode) for code in codes]

    assert row("SATURATE") == [-4, -4, -4, -4, -4, -4, -3, -2, -1, 0, 1, 2, 3, 3, 3, 3, 3, 3, 3]
    assert row("SATURATE_SYMMETRIC") == [-3, -3, -3, -3, -3, -3, -3, -2, -1, 0, 1, 2, 3, 3, 3, 3, 3, 3, 3]
    assert row("ZERO") == [0, 0, 0, 0, 0, -4, -3, -2, -1, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0]
    assert row("WRAP") == [-1, 0, 1, 2, 3, -4, -3, -2, -1, 0, 1, 2, 3, -4, -3, -2, -1, 0, 1]
    # the triangle wave that the SystemC language reference manual draws for n_bits = 0
    assert row("WRAP_SM") == [0, -1, -2, -3, -4, -4, -3, -2, -1, 0, 1, 2, 3, 3, 2, 1, 0, -1, -2]


def test_one_bit_words():
    fmt = Format(1, 0)
    assert [reference.overflow(code, fmt, "SATURATE") for code in (-2, -1, 0, 1)] == [-1, -1, 0, 0]
    assert [reference.overflow(code, fmt, "SATURATE_SYMMETRIC") for code in (-2, -1, 0, 1)] == [0, 0, 0, 0]
    assert [reference.overflow(code, fmt, "WRAP") for code in (-2, -1, 0, 1)] == [0, -1, 0, -1]


def test_error_mode_names_code_and_format():
    assert reference.overflow(127, Format(8, 7), "ERROR") == 127
    with pytest.raises(OverflowError, match="code=128 is not between -128 and 127: sfix8_En7 cannot hold it"):
        reference.overflow(128, Format(8, 7), "ERROR")


def test_encode_and_decode():
    fmt = Format(8, 7)
    assert reference.encode(Fraction(1, 3), fmt) == 43
    assert reference.encode(1, fmt, overflow="WRAP") == -128
    assert reference.encode(0.75, Format(100, 99)) == 3 * 2**97
    assert reference.decode(43, fmt) == Fraction(43, 128)
    assert reference.decode(5, Format(8, -1100)) == 5 * 2**1100
    with pytest.raises(ValueError, match="code=128 is not between -128 and 127: sfix8_En7 has no such code"):
        reference.decode(128, fmt)


def test_nan_and_infinity():
    fmt = Format(8, 7)
    assert reference.encode(math.inf, fmt) == 127
    assert reference.encode(-math.inf, fmt, overflow="SAT_SYM") == -127
    assert reference.encode(-math.inf, Format(8, 7, signed=False)) == 0
    for mode in (Overflow.ZERO, Overflow.WRAP, Overflow.WRAP_SIGN_MAGNITUDE, Overflow.ERROR):
        with pytest.raises(ValueError, match=f"x=-inf is not finite: {mode.name} has no code for it; use SATURATE"):
            reference.encode(-math.inf, fmt, overflow=mode)
    with pytest.raises(ValueError, match="x=nan is not a number"):
        reference.encode(math.nan, fmt)


def test_cast():
    assert reference.cast(-100, Format(8, 7), Format(4, 3), rounding="FLOOR") == -7
    assert reference.cast(3, Format(8, 0), Format(8, 4), overflow="WRAP") == 48
    with pytest.raises(ValueError, match="code=200 is not between"):
        reference.cast(200, Format(8, 0), Format(8, 4))


def test_products_are_exact_beyond_int64():
    big = 2**62
    assert reference.dot([big, big], [big, big]) == 2**125
    assert reference.matmul(np.full((1, 2), big), np.full((2, 1), big)).item() == 2**125
    assert reference.conv2d(np.full((1, 2, 1, 1), big), np.full((1, 2, 1, 1), big)).item() == 2**125
    assert reference.dot([], []) == 0
    with pytest.raises(ValueError, match="shorter"):
        reference.dot([1, 2], [3])


def test_matmul_equals_numpy():
    rng = np.random.default_rng(1)
    x, w = rng.integers(-9, 9, (2, 3, 4, 5)), rng.integers(-9, 9, (5, 6))
    product = reference.matmul(x, w)
    assert product.shape == (2, 3, 4, 6)
    assert all(type(item) is int for item in product.flat)
    np.testing.assert_array_equal(product.astype(np.int64), x @ w)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("dilation", [1, (2, 1)])
@pytest.mark.parametrize("padding", [0, 1, (2, 0), ((0, 1), (2, 1))])
@pytest.mark.parametrize("stride", [1, (1, 2)])
def test_conv2d_equals_torch(stride, padding, dilation, groups):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    x, w = rng.integers(-9, 9, (2, 4, 6, 7)), rng.integers(-9, 9, (6, 4 // groups, 3, 2))
    rows, columns = (padding, padding) if isinstance(padding, int) else padding
    (top, bottom), (left, right) = ((e, e) if isinstance(e, int) else e for e in (rows, columns))
    padded = torch.nn.functional.pad(torch.from_numpy(x), (left, right, top, bottom))
    expected = torch.nn.functional.conv2d(
        padded.double(), torch.from_numpy(w).double(), stride=stride, dilation=dilation, groups=groups
    )
    out = reference.conv2d(x, w, stride=stride, padding=padding, dilation=dilation, groups=groups)
    assert all(type(item) is int for item in out.flat)
    np.testing.assert_array_equal(out.astype(np.float64), expected.numpy())


PRODUCTS = [100, 100, -100, -100, -100]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, -128),
        ({"overflow": "SAT_SYM"}, -127),
        ({"overflow": "ZERO"}, -100),
        ({"overflow": "WRAP"}, -90),
        ({"overflow": "WRAP_SM"}, -55),
        ({"every_step": False}, -90),
        ({"every_step": False, "overflow": "ZERO"}, -90),
        ({"drop_bits": 3}, -5),
        ({"drop_bits": 3, "rounding": "CEIL"}, 0),
        ({"tile": 2, "outer_bits": 8}, -101),
        ({"tile": 2, "outer_bits": 9}, -91),
        ({"tile": 3, "outer_bits": 8}, -91),
        ({"tile": 9, "outer_bits": 8}, -118),
        ({"tile": 2, "outer_bits": 8, "overflow": "WRAP"}, -90),
        ({"tile": 2, "outer_bits": 9, "every_step": False}, -91),
    ],
)
def test_accumulators_by_hand(options, code):
    """Worked out with pencil and paper, with the bias 10."""
    assert reference.accumulate(PRODUCTS, Accumulator(8, **options), initial=10).code == code


def test_exact_prefixes_are_those_of_wide_registers():
    alone = reference.accumulate(PRODUCTS, Accumulator(8), initial=10)
    assert (alone.prefixes, alone.tile_prefixes) == ((10, 110, 210, 110, 10, -90), ())
    assert (alone.overflowed, alone.persistent) == (True, False)
    tiled = reference.accumulate(PRODUCTS, Accumulator(8, tile=2, outer_bits=9), initial=10)
    assert (tiled.prefixes, tiled.tile_prefixes) == ((10, 210, 10, -90), (100, 200, -100, -200, -100))
    assert (tiled.overflowed, tiled.persistent) == (True, False)
    assert reference.accumulate([], Accumulator(4), initial=9) == reference.Accumulated(7, (9,), (), True, True)
    assert reference.accumulate([-8], Accumulator(4, overflow="SAT_SYM")).persistent


def test_error_mode_looks_at_what_the_register_looks_at():
    with pytest.raises(OverflowError, match="code=210 is not between -128 and 127"):
        reference.accumulate(PRODUCTS, Accumulator(8, overflow="ERROR"), initial=10)
    last = Accumulator(8, overflow="ERROR", every_step=False)
    assert reference.accumulate(PRODUCTS, last, initial=10).code == -90
    with pytest.raises(OverflowError, match="code=-190 is not between"):
        reference.accumulate([*PRODUCTS, -100], last, initial=10)


def test_orders_of_a_convolution():
    x = np.array([[[[1, 2]], [[3, 4]], [[5, 6]]]])
    w = np.array([[[[1, 1]], [[1, 1]], [[1, 1]]]])
    for order, expected in (("row_column_channel", [1, 3, 5, 2, 4, 6]), ("channel_row_column", [1, 2, 3, 4, 5, 6])):
        assert reference.conv2d_products(x, w, order=order).tolist() == [[[[expected]]]]
