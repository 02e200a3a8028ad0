"""encode, decode, quantize and cast: exact for every kind of input, and one clear error for each refusal."""

import math
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import quantization, reference, rescaling
from fxp.formats import Format, Overflow, Rounding
from fxp.kernels.encode import PARALLEL_SIZE
from fxp.quantization import cast, decode, encode, quantize

S8 = Format(8, 7)
U8 = Format(8, 8, signed=False)

# Half of the words are those of the kernels.
words = st.integers(1, 63) | st.integers(1, 128)
formats = st.builds(Format, words, st.integers(-1100, 1100), signed=st.booleans())
usual_formats = st.builds(Format, words, st.integers(-70, 70), signed=st.booleans())
roundings = st.sampled_from(Rounding)
overflows = st.sampled_from(Overflow)
silent = st.sampled_from([mode for mode in Overflow if mode is not Overflow.ERROR])
saturating = st.sampled_from([Overflow.SATURATE, Overflow.SATURATE_SYMMETRIC])
numbers = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def formats_and_floats(draw):
    """A format and numbers: of any size, or in the neighbourhood of its codes and their halves."""
    fmt = draw(formats | usual_formats)
    halves = st.integers(2 * fmt.min_code - 6, 2 * fmt.max_code + 6) | st.integers(-6, 6)
    near = halves.map(lambda n: to_float(Fraction(n, 2) / Fraction(2) ** fmt.frac_bits))
    moved = st.tuples(near, st.sampled_from([-math.inf, 0.0, math.inf])).map(lambda pair: math.nextafter(*pair))
    return fmt, draw(st.lists(numbers | near | moved.filter(math.isfinite), min_size=1, max_size=6))


def to_float(exact):
    try:
        return float(exact)
    except OverflowError:
        return sys.float_info.max if exact > 0 else -sys.float_info.max


def has_the_type_of(fmt, codes):
    if fmt.word_bits <= 63:
        return codes.dtype == np.int64
    return codes.dtype == object and all(type(code) is int for code in codes.flat)


def check(fmt, call, one, size, seed):
    """`call` with a fresh generator gives what `one`, the reference, gives element by element, or both raise."""
    draws = np.random.default_rng(seed).random(size)
    try:
        expected = [one(i, u) for i, u in enumerate(draws)]
    except OverflowError:
        with pytest.raises(OverflowError, match="is outside"):
            call(np.random.default_rng(seed))
        return
    codes = call(np.random.default_rng(seed))
    assert has_the_type_of(fmt, codes)
    assert codes.tolist() == expected


@settings(deadline=None, max_examples=1000)
@given(formats_and_floats(), roundings, overflows, st.integers(0, 2**32))
def test_encode_floats_equals_the_reference(case, rounding, overflow, seed):
    fmt, x = case
    check(
        fmt,
        lambda rng: encode(np.array(x), fmt, rounding=rounding, overflow=overflow, rng=rng),
        lambda i, u: reference.encode(x[i], fmt, rounding=rounding, overflow=overflow, u=u),
        len(x),
        seed,
    )


@settings(deadline=None, max_examples=500)
@given(
    usual_formats,
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5)
    | st.lists(st.integers(0, 2**64 - 1), max_size=5)
    | st.lists(st.integers(-(2**140), 2**140), min_size=1, max_size=5),
    roundings,
    overflows,
    st.integers(0, 2**32),
)
def test_encode_integers_equals_the_reference(fmt, x, rounding, overflow, seed):
    fits = max(x, default=0) < 2**63 and min(x, default=0) >= -(2**63)
    array = np.array(x, dtype=np.int64 if fits else object if max(map(abs, x)) >= 2**64 or min(x) < 0 else np.uint64)
    check(
        fmt,
        lambda rng: encode(array, fmt, rounding=rounding, overflow=overflow, rng=rng),
        lambda i, u: reference.encode(x[i], fmt, rounding=rounding, overflow=overflow, u=u),
        len(x),
        seed,
    )


@settings(deadline=None, max_examples=500)
@given(formats | usual_formats, formats | usual_formats, st.data(), roundings, overflows, st.integers(0, 2**32))
def test_cast_equals_the_reference(source, target, data, rounding, overflow, seed):
    codes = data.draw(st.lists(st.integers(source.min_code, source.max_code), max_size=5))
    kind = object if source.word_bits > 63 else np.int64
    check(
        target,
        lambda rng: cast(np.array(codes, kind), source, target, rounding=rounding, overflow=overflow, rng=rng),
        lambda i, u: reference.cast(codes[i], source, target, rounding=rounding, overflow=overflow, u=u),
        len(codes),
        seed,
    )


@settings(deadline=None, max_examples=300)
@given(formats | usual_formats, st.data())
def test_decode_is_exact_or_raises(fmt, data):
    code = data.draw(st.integers(fmt.min_code, fmt.max_code) | st.sampled_from([fmt.min_code, fmt.max_code]))
    exact = reference.decode(code, fmt)
    assert decode(code, fmt, exact=True).item() == exact
    if to_float(exact) == exact:
        assert Fraction(decode(code, fmt).item()) == exact
        if fmt.word_bits < 54:
            assert encode(decode(code, fmt), fmt) == code
    else:
        with pytest.raises(ValueError, match=f"codes={code} has no float64 value in {fmt}: .*exact=True"):
            decode(code, fmt)


@pytest.mark.parametrize("fmt", [Format(bits, 3, signed=signed) for bits in range(1, 9) for signed in (True, False)])
def test_every_code_survives_decode_and_encode(fmt):
    codes = np.arange(fmt.min_code, fmt.max_code + 1)
    values = decode(codes, fmt)
    assert [Fraction(value) for value in values] == [Fraction(int(code), 8) for code in codes]
    for rounding in Rounding:
        np.testing.assert_array_equal(encode(values, fmt, rounding=rounding, rng=np.random.default_rng(0)), codes)


@settings(deadline=None)
@given(st.lists(numbers, min_size=1), st.builds(Format, st.integers(1, 53), st.integers(-99, 99)), saturating)
def test_quantize_is_decode_after_encode_and_idempotent(x, fmt, overflow):
    once = quantize(x, fmt, overflow=overflow)
    np.testing.assert_array_equal(once, decode(encode(x, fmt, overflow=overflow), fmt))
    np.testing.assert_array_equal(quantize(once, fmt, overflow=overflow), once)


@settings(deadline=None)
@given(st.lists(numbers, min_size=2), usual_formats, saturating, st.sampled_from(list(Rounding)[:-1]))
def test_saturating_encode_is_monotone(x, fmt, overflow, rounding):
    codes = encode(np.sort(x), fmt, overflow=overflow, rounding=rounding)
    assert np.all(codes[1:] >= codes[:-1])


def test_names_and_aliases_of_modes_are_accepted():
    x = [0.5 / 128, 1.5 / 128, 2.0]
    assert encode(x, S8, rounding="RND_CONV", overflow="SAT_SYM").tolist() == [0, 2, 127]
    assert encode(x, S8, rounding="HALF_UP", overflow=Overflow.WRAP).tolist() == [1, 2, 0]
    assert cast([1, 3], S8, Format(7, 6), rounding="TRN", overflow="WRAP").tolist() == [0, 1]
    with pytest.raises(ValueError, match="rounding='NEAREST' is not a mode of rounding: choose one of FLOOR=TRN"):
        encode(x, S8, rounding="NEAREST")
    with pytest.raises(ValueError, match="overflow='CLIP' is not a mode of overflow: choose one of SATURATE=SAT"):
        cast([1], S8, S8, overflow="CLIP")


def test_one_bit_words():
    x = [-3.0, -1.0, 0.0, 0.4, 1.0]
    assert encode(x, Format(1, 0)).tolist() == [-1, -1, 0, 0, 0]
    assert encode(x, Format(1, 0), overflow="SATURATE_SYMMETRIC").tolist() == [0] * 5
    assert encode(x, Format(1, 0, signed=False)).tolist() == [0, 0, 0, 0, 1]


def test_ties_at_the_ends_of_the_word():
    assert encode([127.5 / 128, 126.5 / 128, -128.5 / 128], S8).tolist() == [127, 126, -128]
    assert encode(127.5 / 128, S8, overflow="WRAP") == -128
    assert encode(-128.5 / 128, S8, overflow="ERROR") == -128


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4", ">f8", "<f2"])
def test_float_types(dtype):
    x = np.array([0.1, -0.7, 3.0, -0.00390625], dtype=dtype)
    expected = [reference.encode(float(value), S8) for value in x]
    assert encode(x, S8).tolist() == expected
    assert encode(x, S8, overflow="WRAP").tolist() == [reference.encode(float(v), S8, overflow="WRAP") for v in x]
    np.testing.assert_array_equal(quantize(x, S8), np.array(expected) / 128)


@pytest.mark.parametrize(
    "dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, ">i4"]
)
def test_integer_types(dtype):
    info = np.iinfo(dtype)
    x = np.array([info.min, 3, info.max], dtype=dtype)
    for fmt in (Format(63, -2), Format(20, 5), Format(9, -40, signed=False)):
        for overflow in ("SATURATE", "WRAP", "WRAP_SM"):
            expected = [reference.encode(int(value), fmt, overflow=overflow) for value in x]
            assert encode(x, fmt, overflow=overflow).tolist() == expected


@pytest.mark.parametrize("word_bits", [63, 64, 65, 127, 128])
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("rounding", Rounding)
def test_ends_of_wide_words(word_bits, signed, overflow, rounding):
    fmt = Format(word_bits, -3, signed=signed)
    quarters = [8 * code + rest for code in (fmt.min_code, 0, fmt.max_code) for rest in (-12, -4, 0, 3, 4, 5, 12)]
    for seed, x in enumerate(quarters):
        check(
            fmt,
            lambda rng, x=x: encode([x], fmt, rounding=rounding, overflow=overflow, rng=rng),
            lambda _, u, x=x: reference.encode(x, fmt, rounding=rounding, overflow=overflow, u=u),
            1,
            seed,
        )


def test_wide_codes_keep_every_bit():
    fmt = Format(128, 100)
    codes = np.array([[2**127 - 1, -(2**127)], [3, 2**90 + 1]], dtype=object)
    back = cast(codes, fmt, fmt)
    assert back.dtype == object
    assert back.tolist() == codes.tolist()
    np.testing.assert_array_equal(cast(codes.T, fmt, fmt), codes.T)
    assert encode(0.1, fmt) == Fraction(0.1) * 2**100
    assert cast(codes, fmt, Format(30, 2), rounding="FLOOR").tolist() == [[2**29 - 1, -(2**29)], [0, 0]]
    assert cast(1, S8, fmt).tolist() == 2**93
    assert cast(np.array([200], np.uint8), U8, fmt).tolist() == [200 << 92]
    assert encode([], fmt).dtype == object
    assert quantize(0.75, fmt) == 0.75


@pytest.mark.parametrize(
    "x", [[2**63, -1], [2**64, 1], [-(2**63) - 1, 0], [2**63 + 1, -5], 2**63, [1, np.uint64(2**63)]]
)
def test_python_integers_of_any_size_are_taken_exactly(x):
    expected = [reference.encode(int(number), Format(128, 0)) for number in np.atleast_1d(np.array(x, dtype=object))]
    assert encode(x, Format(128, 0)).reshape(-1).tolist() == expected
    assert decode(x, Format(128, 0), exact=True).reshape(-1).tolist() == expected
    assert encode(x, Format(63, 0), overflow="ZERO").dtype == np.int64


def test_integers_of_numpy_in_arrays_of_objects_do_not_wrap():
    x = np.array([np.int64(2**62), 2**70], dtype=object)
    assert encode(x, Format(128, 10)).tolist() == [2**72, 2**80]


def test_integers_beyond_two_to_the_53_stay_exact():
    assert encode(2**53 + 1, Format(63, 0)) == 2**53 + 1
    assert encode([-(2**61) - 1], Format(63, 0)).tolist() == [-(2**61) - 1]
    assert encode(2**64 - 1, Format(62, 0, signed=False), overflow="WRAP") == 2**62 - 1
    assert encode(np.array([2**64 - 1]), Format(63, -1, signed=False), rounding="FLOOR") == 2**63 - 1
    with pytest.raises(TypeError, match="x holds 9007199254740993, an integer that is no float64, beside floats"):
        encode([0.5, 2**53 + 1], Format(63, 0))


def test_huge_and_tiny_floats():
    assert encode(1e300, S8) == 127
    assert encode(1e300, Format(63, 0), overflow="WRAP") == 0
    assert encode(2.0**53 + 2, Format(50, 0), overflow="WRAP") == 2
    assert encode(5e-324, Format(8, 1074)) == 1
    assert encode([5e-324, -5e-324], Format(8, -3), rounding="CEIL").tolist() == [1, 0]
    assert encode([5e-324, -5e-324], Format(8, -3), rounding="FLOOR").tolist() == [0, -1]
    assert encode([5e-324, -5e-324], Format(8, -3)).tolist() == [0, 0]
    assert encode(1.7e308, Format(8, 1100)) == 127
    assert encode(1.7e308, Format(8, -1100), rounding="CEIL") == 1


def test_shapes_and_layouts():
    x = np.linspace(-1, 0.99, 24).reshape(2, 3, 4)
    expected = [reference.encode(value, S8) for value in x.ravel()]
    codes = encode(x, S8)
    assert codes.shape == x.shape
    assert codes.ravel().tolist() == expected
    np.testing.assert_array_equal(encode(x.T, S8), codes.T)
    np.testing.assert_array_equal(encode(np.asfortranarray(x), S8), codes)
    np.testing.assert_array_equal(encode(x[:, ::-2, 1::2], S8), codes[:, ::-2, 1::2])
    np.testing.assert_array_equal(encode(np.broadcast_to(x[0, 0], (5, 4)), S8), np.broadcast_to(codes[0, 0], (5, 4)))
    np.testing.assert_array_equal(decode(codes.T, S8), decode(codes, S8).T)
    np.testing.assert_array_equal(cast(codes[:, ::2], S8, Format(4, 3)), cast(codes, S8, Format(4, 3))[:, ::2])


def test_read_only_arrays():
    x, codes = np.array([0.1, -0.7]), np.array([13, -90])
    for array in (x, codes):
        array.flags.writeable = False
    assert encode(x, S8).tolist() == [13, -90]
    assert cast(codes, S8, S8).tolist() == [13, -90]
    assert decode(codes, S8).tolist() == [13 / 128, -90 / 128]


@pytest.mark.parametrize("x", [0.5, np.float64(0.5), np.array(0.5), np.float32(0.5)])
def test_scalars_give_zero_dimensional_arrays(x):
    for result in (encode(x, S8), quantize(x, S8), decode(64, S8), cast(64, S8, S8)):
        assert isinstance(result, np.ndarray)
        assert result.shape == ()
    assert encode(x, S8) == 64
    assert encode(x, S8, rounding="STOCHASTIC", rng=np.random.default_rng(0)).shape == ()


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 2, 5)])
@pytest.mark.parametrize("overflow", ["SATURATE", "ERROR"])
def test_empty_arrays(shape, overflow):
    for dtype in (np.float64, np.int64):
        codes = encode(np.empty(shape, dtype), S8, overflow=overflow)
        assert codes.shape == shape
        assert codes.dtype == np.int64
    assert decode(np.empty(shape, np.int64), S8).shape == shape
    assert encode([], S8).shape == decode([], S8).shape == cast([], S8, U8).shape == (0,)


def test_large_arrays_take_the_parallel_way_to_the_same_codes():
    x = np.random.default_rng(5).normal(size=PARALLEL_SIZE)
    codes = encode(x, S8)
    np.testing.assert_array_equal(codes, np.clip(np.rint(x * 128), -128, 127))
    np.testing.assert_array_equal(codes[:1000], encode(x[:1000], S8))


@pytest.mark.parametrize(
    ("fmt", "rounding"),
    [
        (Format(53, 0), "FLOOR"),
        (Format(53, 1023), "STOCHASTIC"),
        (Format(53, 1023), "HALF_EVEN"),
        (Format(53, -1022), "HALF_EVEN"),
    ],
)
def test_floats_take_the_fused_kernel_wherever_it_is_exact(monkeypatch, rng, fmt, rounding):
    monkeypatch.setattr(quantization, "encode_bits", None)
    assert encode(0.0, fmt, rounding=rounding, rng=rng) == 0
    for wider in (Format(54, fmt.frac_bits), Format(53, -1023), Format(53, 1024)):
        with pytest.raises(TypeError, match="not callable"):
            encode(0.0, wider, rounding=rounding, rng=rng)


def test_values_take_one_product_where_it_is_exact(monkeypatch):
    monkeypatch.setattr(quantization, "_nearest_values", None)
    assert decode([1, -1], Format(53, -900)).tolist() == [2.0**900, -(2.0**900)]
    assert decode([1, -1], Format(53, 1022)).tolist() == [2.0**-1022, -(2.0**-1022)]
    for fmt in (Format(54, 0), Format(53, -901), Format(53, 1023)):
        with pytest.raises(TypeError, match="not callable"):
            decode(0, fmt)


def test_words_of_63_bits_need_no_python_integers(monkeypatch):
    fmt = Format(63, 0)
    monkeypatch.setattr(quantization, "rescale_each", None)
    monkeypatch.setattr(rescaling, "rescale_each", None)
    monkeypatch.setattr(quantization, "_fractions", None)
    assert encode(2.5, fmt) == encode(2, fmt) == 2
    assert decode(2**60, fmt) == 2.0**60


def test_stochastic_draws_in_c_order_whatever_the_layout():
    x = np.random.default_rng(6).normal(size=(3, 5))
    u = np.random.default_rng(7).random(x.shape)
    expected = [reference.encode(v, S8, rounding="STOCHASTIC", u=d) for v, d in zip(x.ravel(), u.ravel(), strict=True)]
    for layout in (x, np.asfortranarray(x)):
        codes = encode(layout, S8, rounding="STOCHASTIC", rng=np.random.default_rng(7))
        assert codes.ravel().tolist() == expected


@pytest.mark.parametrize("rng", [None, 0])
def test_stochastic_needs_a_generator(rng):
    with pytest.raises(ValueError, match=f"rng={rng} is not a numpy.random.Generator: .*default_rng"):
        encode(0.1, S8, rounding="STOCHASTIC", rng=rng)
    with pytest.raises(ValueError, match="is not a numpy.random.Generator"):
        cast(1, S8, Format(4, 3), rounding="STOCHASTIC", rng=rng)


def test_nan_always_raises():
    for overflow in Overflow:
        for fmt in (S8, Format(60, 0), Format(8, 1100)):
            with pytest.raises(ValueError, match=r"x\[1, 0\]=nan is not a number: no code stands for it; remove"):
                encode([[0.0, 1.0], [np.nan, 2.0]], fmt, overflow=overflow)
    with pytest.raises(ValueError, match="x=nan is not a number"):
        quantize(np.float32("nan"), S8)


def test_infinities_saturate_or_raise():
    x = [np.inf, 0.0, -np.inf]
    for fmt in (S8, Format(60, 0), Format(8, -1100), Format(8, 1100)):
        assert encode(x, fmt).tolist() == [fmt.max_code, 0, fmt.min_code]
        assert encode(x, fmt, overflow="SAT_SYM").tolist() == [fmt.max_code, 0, -fmt.max_code]
        for mode in (Overflow.ZERO, Overflow.WRAP, Overflow.WRAP_SIGN_MAGNITUDE, Overflow.ERROR):
            with pytest.raises(ValueError, match=rf"x\[0\]=inf is not finite: {mode.name} has no code for it; use SAT"):
                encode(x, fmt, overflow=mode)


def test_error_mode_names_the_first_value_and_the_format():
    with pytest.raises(
        OverflowError, match=r"x\[1, 0\]=1.5 is outside sfix8_En7, .*-128 to 127 of step 2\*\*-7: widen"
    ):
        encode([[0.0, 0.25], [1.5, -3.0]], S8, overflow="ERROR")
    with pytest.raises(OverflowError, match=r"x=300 is outside ufix8, "):
        encode(300, Format(8, 0, signed=False), overflow="ERROR")
    with pytest.raises(OverflowError, match=r"codes\[2\]=-100 is outside sfix4_En3, .*-8 to 7"):
        cast([1, 2, -100], Format(8, 3), Format(4, 3), overflow="ERROR")
    with pytest.raises(OverflowError, match=r"^x\[0\]=1\.152921504606847e\+18 is outside sfix60"):
        encode([2.0**60, 0.0], Format(60, 0), overflow="ERROR")
    assert encode([127.4 / 128, -1.0], S8, overflow="ERROR").tolist() == [127, -128]


@pytest.mark.parametrize(
    "x",
    [
        True,
        [True, False],
        1j,
        np.array([1 + 1j]),
        "0.5",
        ["a"],
        None,
        object(),
        Fraction(1, 3),
        [Decimal("0.1")],
        np.array([1.0], dtype=object),
        np.array([True, 1], dtype=object),
        np.array([1, None]),
        np.datetime64("2020-01-01"),
        np.longdouble(0.1),
    ],
)
def test_other_kinds_get_one_clear_error(x):
    with pytest.raises(
        TypeError, match="x of dtype .* is not an array of float16, float32, float64 or integers: convert"
    ):
        encode(x, S8)
    with pytest.raises(TypeError, match="codes of dtype .* are not integers: encode numbers first"):
        decode(x, S8)
    with pytest.raises(TypeError, match="codes of dtype .* are not integers: encode numbers first"):
        cast(x, S8, S8)


def test_codes_are_integers_of_their_format():
    with pytest.raises(TypeError, match="codes of dtype float64 are not integers"):
        decode([1.0], S8)
    with pytest.raises(ValueError, match=r"codes\[1\]=128 is not between -128 and 127: fmt=sfix8_En7 has no such code"):
        decode([0, 128], S8)
    with pytest.raises(ValueError, match=r"codes=-1 is not between 0 and 255: source=ufix8_En8 has no such code"):
        cast(-1, U8, S8)
    with pytest.raises(ValueError, match="codes=18446744073709551615 is not between"):
        decode(np.uint64(2**64 - 1), Format(63, 0))
    assert decode(np.uint8(255), U8) == 255 / 256


def test_formats_are_formats():
    for call in (
        lambda: encode(0.5, "sfix8_En7"),
        lambda: decode(1, "sfix8_En7"),
        lambda: quantize(0.5, "sfix8_En7"),
    ):
        with pytest.raises(TypeError, match="fmt='sfix8_En7' is not a Format: pass fxp.Format"):
            call()
    with pytest.raises(TypeError, match="source=8 is not a Format: pass"):
        cast(1, 8, S8)
    with pytest.raises(TypeError, match="target=None is not a Format: pass"):
        cast(1, S8, None)


def test_decode_refuses_what_float64_cannot_hold():
    assert decode(2**61, Format(63, 0)) == 2.0**61
    with pytest.raises(
        ValueError, match=r"codes\[1\]=9007199254740993 has no float64 value in sfix63: decode is exact"
    ):
        decode([1, 2**53 + 1], Format(63, 0))
    with pytest.raises(ValueError, match=r"codes=1 has no float64 value in sfix8_En1100"):
        decode(1, Format(8, 1100))
    with pytest.raises(ValueError, match=r"codes=-1 has no float64 value in sfix8_E1100"):
        decode(-1, Format(8, -1100))
    assert decode(0, Format(8, 1100)) == 0
    assert decode(64, Format(8, 1080)) == 2.0**-1074


def test_decode_refuses_wide_codes_that_float64_cannot_hold():
    wide = Format(128, 0)
    assert decode([2**127 - 2**74, -(2**127)], wide).tolist() == [2.0**127 - 2.0**74, -(2.0**127)]
    with pytest.raises(
        ValueError,
        match=r"codes\[1\]=9007199254740993 has no float64 value in sfix128: decode is exact; "
        r"decode\(codes, fmt, exact=True\) returns Fractions",
    ):
        decode([1, 2**53 + 1], wide)
    with pytest.raises(ValueError, match="codes=1 has no float64 value in sfix64_E1100"):
        decode(1, Format(64, -1100))
    with pytest.raises(ValueError, match="codes=-1 has no float64 value in sfix64_E1100"):
        decode(-1, Format(64, -1100))
    with pytest.raises(
        ValueError, match=f"codes={2**127} is not between {-(2**127)} and {2**127 - 1}: fmt=sfix128 has"
    ):
        decode(2**127, wide)
    with pytest.raises(ValueError, match="codes=170141183460469231731687303715884105727 has no float64 value"):
        quantize(np.inf, wide)


def test_exact_values_are_fractions():
    values = decode([[1, -3], [0, 127]], S8, exact=True)
    assert values.shape == (2, 2)
    assert values.tolist() == [[Fraction(1, 128), Fraction(-3, 128)], [0, Fraction(127, 128)]]
    assert all(type(value) is Fraction for value in values.flat)
    assert decode(1, Format(8, 1100), exact=True).item() == Fraction(1, 2**1100)
    assert decode([], S8, exact=True).shape == (0,)
    assert decode(64, S8, exact=False) == 0.5


@pytest.mark.parametrize(
    ("x", "remedy"),
    [
        (torch.tensor([1]), r"torch.Tensor is not a plain array: convert it, tensor.numpy\(force=True\)"),
        (torch.tensor([0.5]), "torch.Tensor is not a plain array"),
        (scipy.sparse.csr_array([[1]]), r"scipy.csr_array is not a plain array: convert it, matrix.toarray\(\)"),
        (scipy.sparse.coo_matrix([[1]]), "scipy.coo_matrix is not a plain array"),
        (
            np.ma.array([1, 2], mask=[0, 1]),
            r"numpy.MaskedArray is not a plain array: fill what is masked, array.filled",
        ),
    ],
)
def test_arrays_of_other_libraries_are_refused(x, remedy):
    with pytest.raises(TypeError, match=f"x of type {remedy}"):
        encode(x, S8)
    with pytest.raises(TypeError, match=f"x of type {remedy}"):
        quantize(x, S8)
    with pytest.raises(TypeError, match=f"codes of type {remedy}"):
        decode(x, S8)
    with pytest.raises(TypeError, match=f"codes of type {remedy}"):
        cast(x, S8, S8)


def test_rows_of_different_length_are_refused():
    ragged = [[1, 2], [3]]
    with pytest.raises(ValueError, match="x is not an array: its rows differ in length; pass rows of one length"):
        encode(ragged, S8)
    for call in (lambda: decode(ragged, S8), lambda: cast(ragged, S8, S8)):
        with pytest.raises(ValueError, match="codes is not an array: its rows differ in length"):
            call()


def test_wide_words_have_the_refusals_of_narrow_ones():
    wide = Format(128, 3)
    with pytest.raises(ValueError, match=r"x\[1\]=nan is not a number: no code stands for it"):
        encode([0.0, np.nan], wide)
    with pytest.raises(ValueError, match=r"x\[0\]=-inf is not finite: WRAP has no code for it; use SATURATE"):
        encode([-np.inf], wide, overflow="WRAP")
    assert encode([np.inf, -np.inf], wide).tolist() == [wide.max_code, wide.min_code]
    assert encode(np.float32("-inf"), wide, overflow="SAT_SYM") == -wide.max_code
    with pytest.raises(OverflowError, match=r"x\[1, 0\]=1e\+300 is outside sfix128_En3, which spans codes -17014"):
        encode([[0.0], [1e300]], wide, overflow="ERROR")
    with pytest.raises(OverflowError, match=rf"codes\[2\]={2**127 - 1} is outside sfix4_En3, .*-8 to 7"):
        cast([1, 2, 2**127 - 1], wide, Format(4, 3), overflow="ERROR")
    with pytest.raises(ValueError, match="rng=None is not a numpy.random.Generator"):
        encode(0.1, wide, rounding="STOCHASTIC")


def test_modes_are_keywords():
    with pytest.raises(TypeError):
        encode(0.5, S8, "FLOOR")
    with pytest.raises(TypeError):
        cast(1, S8, S8, "FLOOR")
