"""Kernels against the reference, code for code."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import reference
from fxp.formats import Format, Overflow, Rounding
from fxp.kernels import encode as loops
from fxp.kernels.overflow import is_outside, overflow, shift_left
from fxp.kernels.rounding import round_float, round_shift

CODES = range(-256, 512)  # every code of every format up to 8 bits, and as many beyond
SHIFTS = range(-2, 11)
SMALL_FORMATS = [Format(bits, 0, signed=signed) for bits in range(1, 9) for signed in (True, False)]
DETERMINISTIC = [mode for mode in Rounding if mode is not Rounding.STOCHASTIC]
SILENT = [mode for mode in Overflow if mode is not Overflow.ERROR]
INT64 = st.integers(-(2**63), 2**63 - 1)
UINT64 = st.integers(0, 2**64 - 1)
DRAWS = st.integers(0, 2**53 - 1).map(lambda k: k * 2.0**-53)


def limits(fmt, mode):
    symmetric = mode is Overflow.SATURATE_SYMMETRIC and fmt.signed
    return -fmt.max_code if symmetric else fmt.min_code, fmt.max_code


def powers_of_two(kind):
    """Return the powers of two of both signs in an integer type, and their neighbours."""
    limits = np.iinfo(kind)
    powers = {sign * 2**k + beside for sign in (-1, 1) for k in range(65) for beside in (-1, 0, 1)}
    return sorted(code for code in powers if limits.min <= code <= limits.max)


@pytest.mark.parametrize("mode", DETERMINISTIC)
def test_round_shift_of_every_code(mode):
    for shift in (*range(11), 62, 63, 64, 65, 2000):
        for code in CODES:
            assert round_shift(code, shift, mode.value, 0.0) == reference.shift_round(code, shift, mode), (code, shift)


@pytest.mark.parametrize("mode", DETERMINISTIC)
@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_round_shift_of_every_power_of_two_and_its_neighbours(kind, mode):
    for code in powers_of_two(kind):
        for shift in (1, 2, 31, 53, 61, 62, 63, 64, 65, 128):
            exact = reference.shift_round(code, shift, mode)
            assert round_shift(kind(code), shift, mode.value, 0.0) == (exact + 2**63) % 2**64 - 2**63, (code, shift)


@pytest.mark.parametrize("shift", [0, 1, 3, 8])
def test_stochastic_round_shift_of_every_code_and_every_draw_that_differs(shift):
    draws = {min(max(k * 2.0**-shift + e, 0.0), 1 - 2.0**-53) for k in range(2**shift) for e in (-(2.0**-53), 0.0)}
    for u in draws if shift < 8 else sorted(draws)[::16]:
        for code in CODES:
            assert round_shift(code, shift, Rounding.STOCHASTIC.value, u) == reference.shift_round(
                code, shift, Rounding.STOCHASTIC, u
            ), (code, u)


@settings(deadline=None, max_examples=500)
@given(INT64, st.integers(0, 130), st.sampled_from(Rounding), DRAWS)
def test_round_shift_of_wide_codes(code, shift, mode, u):
    assert round_shift(code, shift, mode.value, u) == reference.shift_round(code, shift, mode, u)


def require_threshold(code, shift):
    """Compare stochastic rounding at the draws next to the least that rounds down."""
    threshold = math.ceil((Fraction(code, 2**shift) - (code >> shift)) * 2**53)
    for offset in (-1, 0, 1):
        u = min(max(threshold + offset, 0), 2**53 - 1) * 2.0**-53
        assert round_shift(code, shift, Rounding.STOCHASTIC.value, u) == reference.shift_round(
            code, shift, Rounding.STOCHASTIC, u
        ), (code, shift, offset)


@pytest.mark.parametrize("shift", [1, 52, 53, 54, 63, 64, 65, 66, 90, 115, 116, 117, 118, 130])
def test_stochastic_round_shift_of_every_power_of_two_at_its_threshold(shift):
    for code in powers_of_two(np.int64):
        require_threshold(code, shift)


@settings(deadline=None, max_examples=300)
@given(INT64, st.integers(1, 130))
def test_stochastic_round_shift_at_its_threshold(code, shift):
    require_threshold(code, shift)


@settings(deadline=None, max_examples=300)
@given(UINT64, st.integers(0, 130), st.sampled_from(Rounding), DRAWS)
def test_round_shift_of_uint64_is_right_modulo_its_word(code, shift, mode, u):
    exact = reference.shift_round(code, shift, mode, u)
    assert round_shift(np.uint64(code), shift, mode.value, u) == (exact + 2**63) % 2**64 - 2**63


@pytest.mark.parametrize("fmt", SMALL_FORMATS, ids=str)
@pytest.mark.parametrize("mode", SILENT)
def test_overflow_of_every_code(fmt, mode):
    for code in CODES:
        assert overflow(code, 0, *limits(fmt, mode), mode.value) == reference.overflow(code, fmt, mode), code
        assert is_outside(code, 0, fmt.min_code, fmt.max_code) == (not fmt.min_code <= code <= fmt.max_code)


@settings(deadline=None, max_examples=500)
@given(st.integers(1, 63), st.booleans(), INT64 | UINT64.map(np.uint64), st.integers(0, 130), st.sampled_from(SILENT))
def test_overflow_of_wide_codes_after_a_left_shift(word_bits, signed, code, shift, mode):
    fmt, exact = Format(word_bits, 0, signed=signed), int(code) << shift
    low, side = shift_left(code, shift)
    assert low == (exact + 2**63) % 2**64 - 2**63
    assert side == (exact > 2**63 - 1) - (exact < -(2**63))
    assert overflow(low, side, *limits(fmt, mode), mode.value) == reference.overflow(exact, fmt, mode)
    assert is_outside(low, side, fmt.min_code, fmt.max_code) == (not fmt.min_code <= exact <= fmt.max_code)


@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_overflow_of_left_shifts_of_every_power_of_two_and_its_neighbours(kind):
    for code in powers_of_two(kind):
        for shift in (0, 1, 2, 30, 61, 62, 63, 64, 65, 127, 128, 2000):
            exact = code << shift
            low, side = shift_left(kind(code), shift)
            assert low == (exact + 2**63) % 2**64 - 2**63, (code, shift)
            assert side == (exact > 2**63 - 1) - (exact < -(2**63)), (code, shift)


def neighbours(value):
    return math.nextafter(value, -math.inf), value, math.nextafter(value, math.inf)


@pytest.mark.parametrize("mode", DETERMINISTIC)
def test_round_float_of_every_quarter_and_its_neighbours(mode):
    large = [s * v for s in (-1.0, 1.0) for v in (2.0**51 + 0.5, 2.0**52 + 1, 2.0**53, 1e300, 5e-324, 1.7e308)]
    for value in (*(v for q in range(-64, 65) for v in neighbours(q / 4)), *large):
        assert round_float(value, mode.value, 0.0) == reference.round_fraction(value, mode), value


@settings(deadline=None, max_examples=300)
@given(st.floats(-100, 100) | st.floats(allow_nan=False, allow_infinity=False), DRAWS)
def test_round_float_stochastic(value, u):
    assert round_float(value, Rounding.STOCHASTIC.value, u) == reference.round_fraction(value, Rounding.STOCHASTIC, u)


def test_stochastic_round_float_of_every_eighth_and_every_draw_that_differs():
    draws = {min(max(k / 8 + e, 0.0), 1 - 2.0**-53) for k in range(9) for e in (-(2.0**-53), 0.0)}
    for value in (v for eighth in range(-24, 25) for v in neighbours(eighth / 8)):
        for u in draws:
            assert round_float(value, Rounding.STOCHASTIC.value, u) == reference.round_fraction(
                value, Rounding.STOCHASTIC, u
            ), (value, u)


@pytest.mark.parametrize("mode", Rounding)
def test_round_float_passes_infinities_and_nan(mode):
    assert round_float(math.inf, mode.value, 0.5) == math.inf
    assert round_float(-math.inf, mode.value, 0.5) == -math.inf
    assert math.isnan(round_float(math.nan, mode.value, 0.5))


@pytest.fixture(scope="module")
def draws():
    return np.random.default_rng(3).integers(0, 16, len(CODES)) / 16


@pytest.fixture(scope="module")
def rounded(draws):
    """Reference roundings of every code, by shift and mode."""
    return {
        (shift, mode): np.array(
            [reference.shift_round(code, shift, mode, u) for code, u in zip(CODES, draws, strict=True)]
        )
        for shift in SHIFTS
        for mode in Rounding
    }


@pytest.fixture(scope="module")
def mapped():
    """Reference overflow of every rounded code, by format and mode; ERROR does not change a code inside the format."""
    reach = range(4 * CODES.start, 4 * CODES.stop)
    return {
        (fmt, mode): np.array([reference.overflow(code, fmt, mode) for code in reach])
        for fmt in SMALL_FORMATS
        for mode in SILENT
    }


@pytest.mark.parametrize("fmt", SMALL_FORMATS, ids=str)
def test_loops_compose_rounding_and_overflow(fmt, rounded, mapped, draws):
    codes, out, from_floats = np.array(CODES), np.empty(len(CODES), np.int64), np.empty(len(CODES), np.int64)
    bits = codes.astype(np.float64).view(np.int64)
    for (shift, rounding), whole in rounded.items():
        outside = np.flatnonzero((whole < fmt.min_code) | (whole > fmt.max_code))
        for mode in SILENT:
            expected = mapped[fmt, mode][whole - 4 * CODES.start]
            arguments = *limits(fmt, mode), rounding.value, mode.value
            loops.encode_codes(codes, draws, shift, *arguments, out)
            loops.encode_bits(bits, draws, -shift, *arguments, from_floats)
            np.testing.assert_array_equal(out, expected)
            np.testing.assert_array_equal(from_floats, expected)
        arguments = fmt.min_code, fmt.max_code, rounding.value, Overflow.ERROR.value
        first = outside[0] if outside.size else -1
        assert loops.encode_codes(codes, draws, shift, *arguments, out) == first
        assert loops.encode_bits(bits, draws, -shift, *arguments, out) == first


@pytest.mark.parametrize("rounding", Rounding)
def test_saturating_encoder_composes_rounding_and_saturation(rounding, rounded, mapped, draws):
    x, out = np.array(CODES, dtype=np.float64), np.empty(len(CODES), np.int64)
    kernel = loops.saturating_encoder(rounding, parallel=False)
    for shift in SHIFTS:
        whole = rounded[shift, rounding]
        for fmt in SMALL_FORMATS:
            for mode in (Overflow.SATURATE, Overflow.SATURATE_SYMMETRIC):
                least, most = limits(fmt, mode)
                nans, outside = kernel(x, draws, 2.0**-shift, float(least), float(most), out)
                np.testing.assert_array_equal(out, mapped[fmt, mode][whole - 4 * CODES.start])
                assert (nans, outside) == (0, np.count_nonzero((whole < least) | (whole > most)))


@pytest.mark.parametrize("rounding", [Rounding.HALF_EVEN, Rounding.STOCHASTIC])
@pytest.mark.parametrize("size", [0, 1, loops.BLOCK_SIZE, 2 * loops.BLOCK_SIZE + 1])
def test_parallel_encoder_equals_the_serial_one(rounding, size):
    rng = np.random.default_rng(4)
    x, u = rng.normal(size=size), rng.random(size)
    x[size // 2 : size // 2 + 1] = np.nan
    outs = np.zeros((2, size), np.int64)
    counts = [
        loops.saturating_encoder(rounding, parallel=parallel)(x, u, 128.0, -128.0, 127.0, out)
        for parallel, out in zip((False, True), outs, strict=True)
    ]
    np.testing.assert_array_equal(*outs)
    assert counts[0] == counts[1]
    assert counts[0][0] == min(size, 1)
