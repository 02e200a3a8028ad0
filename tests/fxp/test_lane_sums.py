"""Sums in fast lanes against the specification: every kernel on data that overflows, and which kernel is taken."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import conv2d, lane_sums, limited_sums, matmul, packing, reference
from fxp.carriers import Geometry
from fxp.kernels import tiles as kernels
from fxp.limited_convolutions import LimitedConvolution
from fxp.registers import Accumulator

MODES = ["SATURATE", "SATURATE_SYMMETRIC"]
OPERANDS = {"unsigned": (0, 255), "signed": (-128, 127), "halves": (-(2**15) + 1, 2**15 - 1), "u16": (0, 2**16 - 1)}
KERNELS = ("saturate_in_blocks", "saturate_in_halves")


@pytest.fixture
def taken(monkeypatch):
    """Return the list to which every call of a kernel adds its name."""
    names = []

    def spied(name, kernel):
        def spy(*arguments):
            names.append(name)
            return kernel(*arguments)

        return spy

    for name in KERNELS:
        monkeypatch.setattr(lane_sums, name, spied(name, getattr(lane_sums, name)))
    monkeypatch.setattr(limited_sums, "_codes", spied("plain", limited_sums._codes))
    return names


@pytest.fixture(params=[True, False], ids=["byte instruction", "any processor"])
def instruction(request, monkeypatch):
    """Take the instruction for bytes where there is one, and do without it."""
    if request.param and not packing.has_byte_products():
        pytest.skip("this processor has no instruction for products of bytes")
    monkeypatch.setattr(packing, "has_byte_products", lambda: request.param)


def check(x, w, accumulator, bias):
    """Compare a matrix product with the specification; return it."""
    result = matmul(x, w, accumulator=accumulator, bias=bias)
    products, biases = reference.matmul_products(x, w), np.broadcast_to(bias, w.shape[1])
    expected = [
        reference.accumulate(products[m, n], accumulator, initial=int(biases[n]))
        for m, n in np.ndindex(len(x), w.shape[1])
    ]
    assert result.codes.reshape(-1).tolist() == [item.code for item in expected]
    assert result.overflowed == sum(item.overflowed for item in expected)
    assert result.persistent == sum(item.persistent for item in expected)
    assert result.transient == result.overflowed - result.persistent
    return result


def adversary(kind, limits, shape, rng):
    """Return codes: anything; all at one end; blocks of alternating sign; a jump inside a block and back."""
    low, high = limits
    along = np.arange(shape[0])[:, None] + np.zeros(shape, int)
    match kind:
        case "any":
            return rng.integers(low, high, shape, endpoint=True)
        case "ends":
            return rng.choice(np.array([low, high]), shape)
        case "top":
            return np.full(shape, high)
        case "blocks":
            return np.where(along // rng.integers(1, 40) % 2, low, high)
    jump = np.isin(along % 32, (7, 8, 9)), np.isin(along % 32, (11, 12, 13))
    return np.where(jump[0], high, np.where(jump[1], low, rng.integers(-1, 1, shape, endpoint=True)))


def operands(draw_kinds, limits, shape, rng):
    rows, length, columns = shape
    x = adversary(draw_kinds[0], limits[0], (length, rows), rng).T.clip(*limits[0])
    return x, adversary(draw_kinds[1], limits[1], (length, columns), rng)


kinds = st.sampled_from(["any", "ends", "top", "blocks", "jumps"])
shapes = st.tuples(st.integers(1, 9), st.integers(1, 75), st.sampled_from([4, 16, 17, 33]))


@settings(max_examples=60, deadline=None)
@given(
    bits=st.integers(8, 20) | st.integers(2, 24) | st.sampled_from([31, 32, 33, 63]),
    mode=st.sampled_from(MODES),
    limits=st.tuples(st.sampled_from(sorted(OPERANDS)), st.sampled_from(["signed", "signed", "halves"])),
    draw_kinds=st.tuples(kinds, kinds),
    shape=shapes,
    biased=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_sums_equal_the_specification(bits, mode, limits, draw_kinds, shape, biased, seed):
    rng = np.random.default_rng(seed)
    x, w = operands(draw_kinds, [OPERANDS[name] for name in limits], shape, rng)
    bias = rng.integers(-2, 3, shape[2]) * (1 << bits - 2) if biased else 0
    check(x, w, Accumulator(bits, overflow=mode), bias)


@pytest.mark.parametrize("bits", range(8, 21))
@pytest.mark.parametrize("signed", [False, True], ids=["unsigned", "signed"])
def test_every_width_with_and_without_the_instruction(instruction, taken, bits, signed):
    """Columns whose sums go far up and come back, and columns that leave the limits within a block; both modes."""
    rng = np.random.default_rng(bits)
    x = rng.integers(-128 if signed else 0, 127, (15, 70), endpoint=True).astype(np.int8 if signed else np.uint8)
    w = np.sort(rng.integers(-128, 127, (70, 20), endpoint=True), axis=0)[::-1].astype(np.int8)
    w[:, 14:] = adversary("jumps", (-128, 127), (70, 6), rng)
    results = [check(x, w, Accumulator(bits, overflow=mode), rng.integers(-99, 99, 20)) for mode in MODES]
    assert all(result.overflowed > 0 for result in results) or bits > (15 if signed else 17)
    assert KERNELS[bits <= 16] in taken
    assert "plain" not in taken


def test_narrow_registers_that_seldom_overflow_are_summed_in_blocks(taken, monkeypatch):
    monkeypatch.setattr(lane_sums, "WORTH_SAMPLE", 0)
    rng = np.random.default_rng(1)
    x, w = rng.integers(0, 4, (640, 64)), rng.integers(-9, 10, (64, 16))
    x[77] = 255
    check(x, w, Accumulator(13), 0)
    assert set(taken) == {"saturate_in_blocks"}


@pytest.mark.parametrize(
    ("x", "w", "accumulator", "kernel"),
    [
        ((0, 255), (-128, 127), Accumulator(16), "saturate_in_halves"),
        ((0, 255), (-128, 127), Accumulator(17), "saturate_in_blocks"),
        ((0, 300), (-300, 300), Accumulator(16), "saturate_in_blocks"),
        ((0, 2**15 - 1), (-99, 99), Accumulator(20), "saturate_in_blocks"),
        ((-(2**15), 99), (-99, 99), Accumulator(20), "plain"),
        ((0, 2**16 - 1), (-99, 99), Accumulator(20), "plain"),
        ((0, 255), (-128, 127), Accumulator(12, overflow="ZERO"), "plain"),
        ((0, 255), (-128, 127), Accumulator(12, drop_bits=1), "plain"),
        ((0, 255), (-128, 127), Accumulator(12, tile=9, outer_bits=14), "plain"),
    ],
)
def test_which_kernel_is_taken(taken, x, w, accumulator, kernel):
    left, right = (np.full(shape, limits[1]) for shape, limits in (((9, 40), x), ((40, 8), w)))
    left[0, 0], right[0] = x[0], w[0]
    check(left, right, accumulator, 0)
    assert kernel in taken
    assert kernel != "plain" or set(taken) == {"plain"}


def test_few_columns_stay_on_the_plain_kernel(taken):
    check(np.full((9, 40), 255), np.full((40, 3), 127), Accumulator(18), 0)
    assert set(taken) == {"plain"}


@pytest.mark.parametrize("bits", [12, 18])
def test_products_beyond_the_exact_range_of_float32_are_counted_exactly(taken, bits):
    x, w = np.full((7, 800), 255, np.uint8), np.full((800, 16), 127, np.int8)
    w[:, ::2] = np.where(np.arange(800) % 2, 127, -128)[:, None]
    check(x, w, Accumulator(bits), -5)
    assert "plain" not in taken


def test_error_names_the_first_output():
    x, w = np.ones((9, 40), np.uint8), np.ones((40, 16), np.int8)
    x[3, :2] = 255
    for bits in (9, 17):
        limit = Accumulator(bits, overflow="ERROR")
        large = w * (1 if bits == 9 else 127)
        x[3, 2:] = 1 if bits == 9 else 255
        with pytest.raises(OverflowError, match=r"^codes\[3, 0\] is out of range"):
            matmul(x, large, accumulator=limit)
        result = matmul(x[:3], large, accumulator=limit)
        assert (result.overflowed, result.persistent, result.transient) == (0, 0, 0)


def convolved(x, w, accumulator, bias, **options):
    """Return what the specification makes of a convolution, and its two counts."""
    products = reference.conv2d_products(x, w, order=accumulator.order, **options)
    out = np.empty(products.shape[:-1], object)
    for index in np.ndindex(*out.shape):
        out[index] = reference.accumulate(products[index], accumulator, initial=int(bias[index[1]]))
    codes = np.array([item.code for item in out.flat]).reshape(out.shape)
    return codes, sum(item.overflowed for item in out.flat), sum(item.persistent for item in out.flat)


@pytest.mark.parametrize("order", ["row_column_channel", "channel_row_column"])
@pytest.mark.parametrize(
    "options",
    [
        {"padding": 1},
        {"stride": (2, 1), "padding": ((0, 1), (2, 0)), "dilation": (1, 2)},
        {"groups": 2, "padding": 1},
    ],
    ids=["padded", "strided", "grouped"],
)
@pytest.mark.parametrize("low", [0, -128])
def test_convolutions_of_both_orders(taken, order, options, low):
    rng = np.random.default_rng(3)
    x = rng.integers(low, low + 255, (2, 6, 7, 6), endpoint=True)
    w = rng.integers(-128, 128, (10, 6 // options.get("groups", 1), 3, 2))
    bias = rng.integers(-3000, 3000, 10)
    for bits in (13, 17):
        accumulator = Accumulator(bits, order=order)
        result = conv2d(x, w, accumulator=accumulator, bias=bias, **options)
        codes, overflowed, persistent = convolved(x, w, accumulator, bias, **options)
        np.testing.assert_array_equal(result.codes, codes)
        assert (result.overflowed, result.persistent) == (overflowed, persistent)
    assert set(taken) == set(KERNELS)


@pytest.fixture
def units(monkeypatch):
    """Return the list to which every listing of operands for all rows adds the length of its units."""
    lengths = []

    def spy(first, last, x, unit, *rest):
        lengths.append(unit)
        kernels.list_units(first, last, x, unit, *rest)

    monkeypatch.setattr(lane_sums, "list_units", spy)
    return lengths


@pytest.mark.parametrize("zeros", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    ("channels", "options", "unit"),
    [
        (16, {"padding": 1}, 16),
        (17, {"padding": 1, "dilation": (1, 2), "stride": 2}, 17),
        (32, {"groups": 2, "padding": 1}, 16),
        (15, {"padding": 1}, None),
    ],
    ids=["neighbouring pixels", "dilated", "grouped", "too few channels"],
)
def test_products_of_zero_are_left_out(taken, units, zeros, channels, options, unit):
    rng = np.random.default_rng(7)
    x = np.where(rng.random((1, channels, 5, 5)) < zeros, 0, rng.integers(-128, 128, (1, channels, 5, 5)))
    w = rng.integers(-128, 128, (8, channels // options.get("groups", 1), 2, 3))
    bias = rng.integers(-3000, 3000, 8)
    for bits in (10, 16):
        accumulator = Accumulator(bits)
        result = conv2d(x, w, accumulator=accumulator, bias=bias, **options)
        codes, overflowed, persistent = convolved(x, w, accumulator, bias, **options)
        np.testing.assert_array_equal(result.codes, codes)
        assert (result.overflowed, result.persistent) == (overflowed, persistent)
    assert set(units) == ({unit} if unit else set())
    assert set(taken) == {"saturate_in_halves"}


def test_places_that_lists_do_not_tell_apart_stay_in_blocks(taken, monkeypatch):
    monkeypatch.setattr(lane_sums, "LONG", 40)
    for length in (40, 41):
        check(np.full((9, length), 255), np.full((length, 8), 127), Accumulator(12), 0)
    assert taken == ["saturate_in_halves", "saturate_in_blocks"]


@pytest.mark.parametrize("groups", [1, 4])
def test_channels_that_are_certified_are_not_simulated(monkeypatch, groups):
    """Of each group one channel may overflow; where groups are certified as a whole, they are left out."""
    rng, simulated = np.random.default_rng(4), []
    x, w = rng.integers(0, 256, (1, 4 * groups, 6, 6)), rng.integers(-9, 9, (8 * groups, 4, 3, 3))
    w[3] = 127
    w[5] = rng.integers(-128, 128, (4, 3, 3))

    def spied(products, accumulator):
        simulated.append(products.shape)
        return lane_sums.in_lanes(products, accumulator)

    monkeypatch.setattr(limited_sums, "in_lanes", spied)
    monkeypatch.setattr(limited_sums, "fits_lanes", lambda *_: True)
    accumulator = Accumulator(18)
    result = conv2d(x, w, accumulator=accumulator, groups=groups)
    codes, overflowed, persistent = convolved(x, w, accumulator, np.zeros(len(w), int), groups=groups)
    np.testing.assert_array_equal(result.codes, codes)
    assert (result.overflowed, result.persistent) == (overflowed, persistent)
    assert simulated == [(1, 16, 2)]


def test_depthwise_convolutions_leave_certified_channels_out(taken):
    rng = np.random.default_rng(5)
    x, w = rng.integers(0, 256, (1, 8, 6, 6)), rng.integers(-9, 9, (8, 1, 3, 3))
    w[6] = 127
    accumulator = Accumulator(16)
    result = conv2d(x, w, accumulator=accumulator, groups=8)
    codes, overflowed, persistent = convolved(x, w, accumulator, np.zeros(8, int), groups=8)
    np.testing.assert_array_equal(result.codes, codes)
    assert (result.overflowed, result.persistent) == (overflowed, persistent)
    assert overflowed > 0


@pytest.mark.parametrize("bits", [12, 18, 30])
@pytest.mark.parametrize("overflow", ["SATURATE", "WRAP"])
def test_a_prepared_convolution_serves_many_threads_and_batches(bits, overflow):
    rng = np.random.default_rng(6)
    w, bias = rng.integers(-128, 128, (9, 5, 3, 3)), rng.integers(-50, 50, 9)
    geometry, accumulator = Geometry(padding=((1, 1), (1, 1))), Accumulator(bits, overflow=overflow)
    layer = LimitedConvolution(w, bias, geometry, accumulator, x_low=0, x_high=255)
    batches = [rng.integers(0, 256, (count, 5, 6, 6), np.uint8) for count in (1, 3, 2, 3)]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda x: layer(x, threads=1), batches))
    for x, result in zip(batches, found, strict=True):
        expected = conv2d(x, w, accumulator=accumulator, bias=bias, padding=1)
        np.testing.assert_array_equal(result.codes, expected.codes)
        assert (result.overflowed, result.persistent) == (expected.overflowed, expected.persistent)
    assert layer.certified.all() == (bits == 30)
