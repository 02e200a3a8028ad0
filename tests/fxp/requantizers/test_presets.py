"""Requantisers against their specification, exhaustively around every edge, and what they refuse."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fxp
from fxp.formats import Format, Rounding
from fxp.requantizers import reference
from fxp.requantizers.multipliers import FixedPointMultiplier, quantize_multiplier
from fxp.requantizers.presets import Requantizer
from fxp.requantizers.scalings import FixedScaling, FloatScaling, MultiplierRounding, ShiftScaling

INT32 = st.integers(-(2**31), 2**31 - 1)
SCALES = st.floats(2.0**-31, 4.0)
OUTPUTS = [Format(8, 0), Format(8, 0, signed=False), Format(16, 0), Format(4, 0)]
SMALLEST, LARGEST = -(2**31), 2**31 - 1
EDGES = sorted({SMALLEST, SMALLEST + 1, LARGEST, LARGEST - 1, 2**24 + 1, -(2**24) - 1, *range(-40, 41)})


def expected(requantizer, code, channel=0):
    """Return the code by the specification; None where the library's result is undefined."""
    least, most = requantizer.clamp or (requantizer.output.min_code, requantizer.output.max_code)
    zero_point = requantizer.zero_point
    match requantizer.scaling:
        case ShiftScaling(bits, rounding):
            scaled = fxp.reference.shift_round(code, bits[channel], rounding)
        case FloatScaling(factors, divisor):
            return reference.clamp(reference.scale_float(code, factors[channel], divisor), zero_point, least, most)
        case FixedScaling(multipliers, rounding, within):
            each = multipliers[channel]
            scaled = reference.scale_fixed(
                code, each.multiplier, each.shift, double=rounding.double, ties=rounding.ties, within=within
            )
            if scaled is None or not SMALLEST <= scaled + zero_point <= LARGEST:
                return None
    return max(least, min(scaled + zero_point, most))


def check(requantizer, codes):
    """All codes that are defined are those of the specification; each of the others is refused."""
    wanted = {code: expected(requantizer, code) for code in codes}
    defined = [code for code in codes if wanted[code] is not None]
    assert requantizer.apply(defined).tolist() == [wanted[code] for code in defined]
    for code in set(codes) - set(defined):
        with pytest.raises(ValueError, match=rf"accumulators\[0\]={code} leaves int32 when it is scaled"):
            requantizer.apply([code])


def fixed_presets(scale, **options):
    for rounding in MultiplierRounding:
        yield Requantizer.tflite(scale, rounding=rounding, **options)
    if scale < 64:
        yield Requantizer.tflite(scale, rounding="SINGLE", multiplier_bits=16, **options)
    for rounding in ("DOUBLE", "DOUBLE_UPWARD"):
        yield Requantizer.gemmlowp(scale, rounding=rounding, **options)
    for rounding in ("DOUBLE", "SINGLE"):
        yield Requantizer.cmsis_nn(scale, rounding=rounding, **options)


@pytest.mark.parametrize("scale", [0.375, 0.5, 0.25, 0.7, 1 - 2.0**-40, 1.0, 2.5, 2.0**-20, 2.0**-32, 2.0**29])
def test_fixed_presets_around_ties_and_ends(scale):
    near = [
        round((output + half) / scale) + off
        for output in (-129, -3, 0, 3, 127)
        for half in (0, 0.5)
        for off in (-1, 0, 1)
    ]
    codes = sorted({code for code in [*EDGES, *near] if SMALLEST <= code <= LARGEST})
    for requantizer in fixed_presets(scale, zero_point=3, output=Format(8, 0)):
        check(requantizer, codes)


@pytest.mark.parametrize("scale", [0.375, 0.1])
def test_every_code_of_a_small_accumulator(scale):
    codes = range(-(2**10), 2**10)
    for requantizer in (*fixed_presets(scale, output=Format(8, 0)), Requantizer.onnx(scale, 1.0, 1.0)):
        check(requantizer, codes)


@given(INT32, SCALES, st.sampled_from(OUTPUTS), st.integers(-8, 7))
def test_fixed_presets_equal_the_specification(code, scale, output, zero_point):
    for requantizer in fixed_presets(scale, zero_point=zero_point * output.signed, output=output):
        check(requantizer, [code])


@given(INT32, *[st.floats(2.0**-20, 2.0**8, width=32)] * 3, st.sampled_from(OUTPUTS), st.integers(0, 7))
def test_onnx_presets_equal_the_specification(code, first, second, third, output, zero_point):
    options = {"zero_point": zero_point, "output": output}
    check(Requantizer.onnx(first, second, third, **options), [code])
    check(Requantizer.onnx_qdq(first, second, **options), [code])


def test_onnx_scales_from_end_to_end():
    for scales in ((2.0**127, 1.0, 1.0), (2.0**-126, 1.0, 1.0), (1e-30, 1e30, 0.3)):
        check(Requantizer.onnx(*scales), EDGES)
    check(Requantizer.onnx_qdq(2.0**120, 2.0**127), EDGES)
    check(Requantizer.onnx_qdq(2.0**-140, 2.0**-149), EDGES)


@given(INT32, st.integers(-31, 63), st.sampled_from([mode for mode in Rounding if mode is not Rounding.STOCHASTIC]))
def test_shift_is_a_cast(code, bits, rounding):
    requantizer = Requantizer.shift(bits, rounding=rounding)
    assert requantizer.apply(code) == fxp.cast(code, Format(32, bits), Format(8, 0), rounding=rounding)
    assert requantizer.apply(code) == expected(requantizer, code)


@given(INT32, st.floats(2.0**-60, 2.0**35))
def test_multipliers_equal_the_specification(code, scale):
    for saturate in (False, True):
        made = quantize_multiplier(scale, saturate=saturate)
        assert (made.multiplier, made.shift) == reference.quantize_multiplier(scale, saturate=saturate)


def test_given_multipliers_reach_the_product_of_the_two_smallest():
    smallest = Requantizer.gemmlowp(FixedPointMultiplier(SMALLEST, -24), output=Format(8, 0))
    check(smallest, EDGES)
    assert smallest.apply([SMALLEST, SMALLEST + 1, 1, LARGEST]).tolist() == [127, 127, 0, -128]


def test_the_variants_differ_where_they_should():
    """3/8 · n: the first rounding lifts 3/8 to 1/2 of the next; ties of negative numbers tell the rest."""
    codes = np.arange(-12, 13)
    results = {mode: Requantizer.tflite(0.375, rounding=mode).apply(codes).tolist() for mode in MultiplierRounding}
    for first, second in itertools.combinations(MultiplierRounding, 2):
        assert results[first] != results[second]
    assert results["SINGLE"] == np.floor(0.375 * codes + 0.5).tolist()


@pytest.mark.parametrize(("axis", "shape"), [(-1, (2, 5, 3)), (1, (2, 3, 5)), (0, (3, 4)), (-2, (3, 7))])
def test_channels(axis, shape):
    scales, codes = [0.1, 0.5, 0.03], np.arange(np.prod(shape)).reshape(shape) * 37 - 300
    presets = [
        (Requantizer.tflite(scales), [Requantizer.tflite(scale) for scale in scales]),
        (Requantizer.onnx(0.5, scales, 0.7), [Requantizer.onnx(0.5, scale, 0.7) for scale in scales]),
        (Requantizer.onnx_qdq(scales, 0.7), [Requantizer.onnx_qdq(scale, 0.7) for scale in scales]),
        (Requantizer.shift([3, 1, 5]), [Requantizer.shift(bits) for bits in (3, 1, 5)]),
    ]
    for together, apart in presets:
        result = together.apply(codes, axis=axis)
        for channel, one in enumerate(apart):
            part = np.take(codes, channel, axis)
            assert np.array_equal(np.take(result, channel, axis), one.apply(part))


@settings(max_examples=30)
@given(st.lists(st.integers(-(2**28), 2**28), min_size=2, max_size=20), st.floats(2.0**-20, 1.0))
def test_requantisers_are_monotone(codes, scale):
    for requantizer in (*fixed_presets(scale, output=Format(8, 0)), Requantizer.onnx(scale, 1.0, 1.0)):
        assert (np.diff(requantizer.apply(sorted(codes)).astype(int)) >= 0).all()


@pytest.mark.parametrize(
    ("output", "dtype"),
    [
        (Format(8, 0), np.int8),
        (Format(3, 0, signed=False), np.uint8),
        (Format(9, 5), np.int16),
        (Format(16, 0, signed=False), np.uint16),
    ],
)
def test_codes_come_in_the_narrowest_type(output, dtype):
    result = Requantizer.shift(2, output=output).apply([[SMALLEST, LARGEST]])
    assert result.dtype == dtype
    assert result.tolist() == [[output.min_code, output.max_code]]


def test_empty_and_scalar_accumulators():
    assert Requantizer.tflite(0.5).apply([]).shape == (0,)
    assert Requantizer.tflite([0.5, 0.25]).apply(np.zeros((0, 2), int)).shape == (0, 2)
    assert Requantizer.tflite(0.5).apply(7).shape == ()


def test_clamps():
    relu6 = Requantizer.tflite(0.5, zero_point=-10, clamp=fxp.activation_clamp("relu6", 0.25, zero_point=-10))
    assert relu6.apply([-50, 0, 20, 50]).tolist() == [-10, -10, 0, 14]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: Requantizer.tflite(-0.5), ValueError, "scale=-0.5 is not a finite number of at least 0"),
        (lambda: Requantizer.tflite(float("nan")), ValueError, "scale=nan is not a finite number"),
        (lambda: Requantizer.tflite("1"), TypeError, "scale='1' is not a real number"),
        (lambda: Requantizer.tflite(True), TypeError, "scale=True is not a real number"),
        (lambda: Requantizer.tflite(2.0**30), ValueError, "shift=31 is not between -31 and 30"),
        (lambda: Requantizer.tflite(0.5, rounding="TWICE"), ValueError, "rounding='TWICE' is not a rounding of this"),
        (lambda: Requantizer.gemmlowp(0.5, rounding="SINGLE"), ValueError, "one of DOUBLE, DOUBLE_UPWARD"),
        (lambda: Requantizer.cmsis_nn(0.5, rounding="SINGLE_AWAY"), ValueError, "one of DOUBLE, SINGLE"),
        (lambda: Requantizer.tflite(0.5, multiplier_bits=8), ValueError, "multiplier_bits=8 is not 16 or 32"),
        (lambda: Requantizer.tflite(0.5, multiplier_bits=16), ValueError, "rounding=DOUBLE is not SINGLE"),
        (lambda: FixedPointMultiplier(2**31, 0), ValueError, "multiplier=2147483648 is not between"),
        (lambda: FixedPointMultiplier(0.5, 0), TypeError, "multiplier=0.5 is not an integer"),
        (lambda: Requantizer.tflite(FixedPointMultiplier(-1, 0), rounding="SINGLE"), ValueError, "is negative"),
        (lambda: Requantizer.cmsis_nn(FixedPointMultiplier(-1, 0)), ValueError, "multiplier=-1 is negative"),
        (lambda: Requantizer.shift(64), ValueError, "bits=64 is not between -31 and 63"),
        (lambda: Requantizer.shift(0.5), TypeError, "bits=0.5 is not an integer"),
        (lambda: Requantizer.shift(1, rounding="STOCHASTIC"), ValueError, "rounding=STOCHASTIC is not deterministic"),
        (lambda: Requantizer.shift(1, rounding="NEAR"), ValueError, "rounding='NEAR' is not a mode"),
        (lambda: Requantizer.onnx(0, 1, 1), ValueError, "input_scale=0 is not a positive, finite float32"),
        (lambda: Requantizer.onnx(1, [1, -1], 1), ValueError, "weight_scale[1]=-1 is not a positive"),
        (lambda: Requantizer.onnx(1, 1, 1e60), ValueError, "output_scale=1e+60 is not a positive, finite float32"),
        (lambda: Requantizer.onnx(1e-30, 1e-30, 1), ValueError, "factor=0.0 is not a positive, finite float32"),
        (lambda: Requantizer.onnx("1", 1, 1), ValueError, "input_scale='1' is not a real number"),
        (lambda: Requantizer.onnx(1, 1, 1, zero_point=300), ValueError, "zero_point=300 is not between -128 and 127"),
        (lambda: Requantizer.onnx(1, 1, 1, zero_point=0.5), TypeError, "zero_point=0.5 is not an integer"),
        (lambda: Requantizer.shift(1, clamp=(5, 4)), ValueError, "clamp=(5, 4) holds no code"),
        (lambda: Requantizer.shift(1, clamp=(0, 128)), ValueError, "clamp=128 is not between -128 and 127"),
        (lambda: Requantizer.shift(1, output=Format(17, 0)), ValueError, "output=sfix17 is not of up to 16 bits"),
        (lambda: Requantizer.shift(1, output=8), TypeError, "output=8 is not a Format"),
        (lambda: Requantizer.shift(1).apply([2**31]), ValueError, "accumulators[0]=2147483648 is not in int32"),
        (lambda: Requantizer.shift(1).apply([0.5]), TypeError, "accumulators.dtype=float64 is not an integer type"),
        (lambda: Requantizer.shift([1, 2]).apply(5), ValueError, "axis=-1 is no axis of accumulators of shape ()"),
        (lambda: Requantizer.shift([1, 2]).apply([[1, 2, 3]]), ValueError, "have 3 channels on axis -1, not 2"),
        (lambda: Requantizer.tflite(4.0).apply([[0, 2**30]]), ValueError, "accumulators[0, 1]=1073741824 leaves int32"),
    ],
)
def test_refusals(call, error, text):
    with pytest.raises(error, match=re.escape(text)):
        call()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Requantizer.tflite(0.5, clamp=5), TypeError, r"^clamp=5 is not a pair of codes"),
        (lambda: Requantizer.tflite(0.5, clamp=(1, 2, 3)), TypeError, r"^clamp=\(1, 2, 3\) is not a pair of codes"),
        (lambda: Requantizer.tflite([]), ValueError, r"^scale=\(\) holds no factor"),
        (lambda: Requantizer.shift([]), ValueError, r"^scale=\(\) holds no factor"),
        (lambda: Requantizer("x", None), TypeError, r"^scaling=None is none of fxp's"),
        (lambda: Requantizer.onnx([1, 2], 1, 1), ValueError, r"^input_scale=\[1, 2\] is not one number"),
        (lambda: Requantizer.onnx_qdq(1, [1, 2]), ValueError, r"^output_scale=\[1, 2\] is not one number"),
        (lambda: Requantizer.tflite([0.5, 0.2]).apply([[1, 2]], axis="a"), ValueError, r"^axis='a' is no axis of"),
        (
            lambda: Requantizer.tflite(2.0**20, rounding="SINGLE", multiplier_bits=16, output=Format(16, 0)),
            ValueError,
            r"^shift=21 is over 7: multiplier_bits=16 is for",
        ),
    ],
)
def test_what_is_no_requantiser_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_an_array_of_no_axes_is_one_scale():
    assert Requantizer.tflite(np.array(0.25)) == Requantizer.tflite(0.25)


@pytest.mark.parametrize("zero_point", [-7, 0, 5])
def test_shifts_add_their_zero_point(zero_point):
    check(Requantizer.shift(4, zero_point=zero_point), range(-3000, 3000, 7))
