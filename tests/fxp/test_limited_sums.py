"""Sums in limited accumulators against the specification, output by output, with data that really overflows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import conv2d, dot, guaranteed_bits, limited_sums, matmul, reference
from fxp import products as products_of_kernels
from fxp.formats import Format, Overflow, Rounding
from fxp.products import LANES, Products
from fxp.registers import Accumulator

DETERMINISTIC = [mode for mode in Rounding if mode is not Rounding.STOCHASTIC]
SILENT = [mode for mode in Overflow if mode is not Overflow.ERROR]
ORDERS = ["row_column_channel", "channel_row_column"]


widths = st.integers(2, 24) | st.integers(8, 20)


@st.composite
def accumulators(draw):
    tile = draw(st.none() | st.integers(1, 12))
    return Accumulator(
        draw(widths),
        overflow=draw(st.sampled_from(SILENT)),
        every_step=draw(st.booleans()),
        order=draw(st.sampled_from(ORDERS)),
        drop_bits=draw(st.just(0) | st.integers(0, 9)),
        rounding=draw(st.sampled_from(DETERMINISTIC)),
        tile=tile,
        outer_bits=None if tile is None else draw(widths),
    )


def specified(products, accumulator, initial):
    """Return what the specification makes of each output; `initial` broadcasts to the outputs."""
    out = np.empty(products.shape[:-1], object)
    biases = np.broadcast_to(initial, out.shape)
    for index in np.ndindex(*out.shape):
        out[index] = reference.accumulate(products[index], accumulator, initial=int(biases[index]))
    return out


def each(expected, of):
    return np.array([of(item) for item in expected.flat], object).reshape(expected.shape)


def check(run, products, accumulator, initial=0):
    """Compare codes, counts, masks and limits of all outputs, with prefixes and without."""
    expected = specified(products, accumulator, initial)
    plain, asked = run(prefixes=False), run(prefixes=True)
    overflowed, persistent = (
        each(expected, of).astype(bool) for of in (lambda e: e.overflowed, lambda e: e.persistent)
    )
    for result in (plain, asked):
        np.testing.assert_array_equal(result.codes, each(expected, lambda item: item.code))
        assert result.persistent == np.count_nonzero(persistent)
    known = accumulator.every_step and accumulator.overflow is not Overflow.WRAP
    counts = np.count_nonzero(overflowed), np.count_nonzero(overflowed & ~persistent)
    assert (plain.overflowed, plain.transient) == (counts if known else (None, None))
    assert (asked.overflowed, asked.transient) == counts
    assert plain.prefixes is None
    details = asked.prefixes
    np.testing.assert_array_equal(details.sums, each(expected, lambda item: item.prefixes[-1]))
    np.testing.assert_array_equal(details.lowest, each(expected, lambda item: min(item.prefixes)))
    np.testing.assert_array_equal(details.highest, each(expected, lambda item: max(item.prefixes)))
    np.testing.assert_array_equal(details.overflowed, overflowed)
    np.testing.assert_array_equal(details.persistent, persistent)
    np.testing.assert_array_equal(details.transient, overflowed & ~persistent)
    if accumulator.tile is None:
        assert details.tile_lowest is None
        assert details.tile_highest is None
    else:
        np.testing.assert_array_equal(details.tile_lowest, each(expected, lambda item: min((0, *item.tile_prefixes))))
        np.testing.assert_array_equal(details.tile_highest, each(expected, lambda item: max((0, *item.tile_prefixes))))
    return plain


def drawn(rng, limits, shape):
    """Return codes of which many are at the ends of their range, so that sums drift far before they return."""
    codes = rng.integers(*limits, shape, endpoint=True)
    ends = rng.choice(np.array([limits[0], 0, limits[1]]), shape)
    return np.where(rng.random(shape) < rng.random(), ends, codes)


signs = st.sampled_from([(0, 255), (-128, 127), (-128, 0), (0, 1), (-7, 9)])


@settings(max_examples=100)
@given(
    accumulator=accumulators(),
    shape=st.tuples(st.integers(1, 5), st.integers(0, 40), st.sampled_from([1, 3, LANES + 1])),
    limits=st.tuples(signs, signs),
    biased=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_matrix_products_equal_the_specification(accumulator, shape, limits, biased, seed):
    rng, (rows, length, columns) = np.random.default_rng(seed), shape
    x, w = drawn(rng, limits[0], (rows, length)), drawn(rng, limits[1], (length, columns))
    bias = drawn(rng, (-3 << accumulator.word_bits - 2, 3 << accumulator.word_bits - 2), columns) if biased else None
    products, initial = reference.matmul_products(x, w), 0 if bias is None else bias
    check(
        lambda prefixes: matmul(x, w, accumulator=accumulator, bias=bias, prefixes=prefixes),
        products,
        accumulator,
        initial,
    )


axis = st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 2), st.integers(0, 2), st.integers(0, 2))


@settings(max_examples=80)
@given(
    accumulator=accumulators(),
    axes=st.tuples(axis, axis),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 4), st.sampled_from([1, 2, LANES])),
    limits=st.tuples(signs, signs),
    biased=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_convolutions_equal_the_specification(accumulator, axes, channels, limits, biased, seed):
    (kernel, stride, dilation, before, after), rng = zip(*axes, strict=True), np.random.default_rng(seed)
    groups, depth, columns = channels
    size = [max(1, dilation[k] * (kernel[k] - 1) + 1 - before[k] - after[k]) + 1 for k in (0, 1)]
    x = drawn(rng, limits[0], (2, depth * groups, *size))
    w = drawn(rng, limits[1], (columns * groups, depth, *kernel))
    bias = drawn(rng, (-1 << accumulator.word_bits, 1 << accumulator.word_bits), len(w)) if biased else None
    options = {"stride": stride, "padding": tuple(zip(before, after, strict=True)), "dilation": dilation}
    products = reference.conv2d_products(x, w, order=accumulator.order, groups=groups, **options)
    check(
        lambda prefixes: conv2d(x, w, accumulator=accumulator, bias=bias, groups=groups, prefixes=prefixes, **options),
        products,
        accumulator,
        0 if bias is None else bias[:, None, None],
    )


@pytest.fixture(scope="module")
def wild():
    """Return codes of a convolution of 18 channels, and its products in both orders."""
    rng = np.random.default_rng(5)
    x, w = rng.integers(100, 256, (1, 16, 4, 3)), rng.integers(-128, 128, (18, 16, 3, 3))
    ascending = np.sort(rng.integers(-128, 128, (2, 6, 144)), axis=2)  # sums go far in one order, and come back
    w[:6], w[6:12] = ascending[0].reshape(6, 16, 3, 3), np.moveaxis(ascending[1].reshape(6, 3, 3, 16), 3, 1)
    w[12:15] //= 40
    return x, w, {order: reference.conv2d_products(x, w, order=order) for order in ORDERS}


@pytest.mark.parametrize("bits", range(8, 21))
@pytest.mark.parametrize("mode", SILENT)
@pytest.mark.parametrize("every_step", [True, False])
def test_every_width_and_mode_on_data_that_overflows(wild, bits, mode, every_step):
    x, w, products = wild
    for order in ORDERS:
        accumulator = Accumulator(bits, overflow=mode, every_step=every_step, order=order)
        check(
            lambda prefixes, limit=accumulator: conv2d(x, w, accumulator=limit, prefixes=prefixes),
            products[order],
            accumulator,
        )
        asked = conv2d(x, w, accumulator=accumulator, prefixes=True)
        assert asked.transient > 0 or bits < 14
        assert asked.persistent > 0 or bits > 17


def test_the_order_changes_results(wild):
    x, w, _ = wild
    first, second = (conv2d(x, w, accumulator=Accumulator(14, order=order)).codes for order in ORDERS)
    assert np.any(first != second)


@pytest.mark.parametrize("mode", SILENT)
@pytest.mark.parametrize("every_step", [True, False])
@pytest.mark.parametrize("drop_bits", [0, 3])
@pytest.mark.parametrize("tile", [1, 16, 9, 144, 150])
def test_tiles(wild, mode, every_step, drop_bits, tile):
    x, w, products = wild
    accumulator = Accumulator(
        13, overflow=mode, every_step=every_step, drop_bits=drop_bits, rounding="HALF_EVEN", tile=tile, outer_bits=15
    )
    check(
        lambda prefixes: conv2d(x, w, accumulator=accumulator, bias=900, prefixes=prefixes),
        products["row_column_channel"],
        accumulator,
        900,
    )


def test_a_tile_of_all_products_differs_from_no_tile_by_the_place_of_the_bias():
    x, w = [100, 100], [1, 1]
    alone = dot(x, w, accumulator=Accumulator(8), bias=-100)
    tiled = dot(x, w, accumulator=Accumulator(8, tile=2, outer_bits=8), bias=-100)
    assert (int(alone.codes), int(tiled.codes)) == (100, 27)


@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3)])
def test_dot_keeps_the_leading_axes(shape):
    rng, accumulator = np.random.default_rng(1), Accumulator(9)
    x, w = rng.integers(-99, 99, (*shape, 6)), rng.integers(-9, 9, 6)
    products = reference.matmul_products(x.reshape(-1, 6), w[:, None]).reshape(*shape, 6)
    result = check(lambda prefixes: dot(x, w, accumulator=accumulator, prefixes=prefixes), products, accumulator)
    assert result.codes.shape == shape


def test_nothing_to_add():
    limit = Accumulator(8)
    result = matmul(np.zeros((2, 0), int), np.zeros((0, 3), int), bias=[1, 200, -200], accumulator=limit)
    assert result.codes.tolist() == [[1, 127, -128]] * 2
    assert (result.overflowed, result.persistent, result.transient) == (4, 4, 0)
    assert matmul(np.zeros((2, 3), int), np.zeros((3, 0), int), accumulator=limit).codes.shape == (2, 0)
    empty = conv2d(np.zeros((0, 1, 4, 4), int), np.ones((2, 1, 3, 3), int), accumulator=limit, prefixes=True)
    assert empty.codes.shape == empty.prefixes.sums.shape == (0, 2, 2, 2)
    assert conv2d(np.zeros((1, 2, 4, 4), int), np.ones((0, 2, 3, 3), int), accumulator=limit).codes.shape == (
        1,
        0,
        2,
        2,
    )
    assert (conv2d(np.zeros((1, 0, 4, 4), int), np.ones((2, 0, 3, 3), int), bias=5, accumulator=limit).codes == 5).all()
    tiled = Accumulator(8, tile=4, outer_bits=9)
    assert dot([], [], bias=300, accumulator=tiled).codes == 255


@pytest.mark.parametrize("mode", SILENT)
@pytest.mark.parametrize("tile", [None, 2])
@pytest.mark.parametrize(
    ("bits", "x", "w"),
    [
        (31, 2**15, 2**15 - 1),
        (32, 2**15, 2**15 - 1),
        (32, 2**31 - 1, 1),
        (31, 2**31, 1),
        (40, 2**31, 2**8),
        (63, 2**31, 2**29),
        (63, 2**31, 2**31),
        (63, 2**62, 2),
        (20, 2**63 - 1, 2**63 - 1),
        (12, 2**70, -(2**3)),
        (8, 2**70, 0),
    ],
)
def test_operands_of_any_width(mode, tile, bits, x, w):
    """Where one type of lanes ends and the next begins, up to Python integers."""
    rng = np.random.default_rng(bits)
    left, right = (
        rng.choice(np.array([-1, 0, 1, 1]), shape).astype(object) * code for shape, code in (((3, 9), x), ((9, 4), w))
    )
    for every_step, drop_bits, bias in ((True, 0, 0), (False, 0, 1), (True, 5, -1), (False, 5, 0)):
        accumulator = Accumulator(
            bits,
            overflow=mode,
            every_step=every_step,
            drop_bits=drop_bits,
            tile=tile,
            outer_bits=None if tile is None else max(2, bits - 1),
        )
        check(
            lambda prefixes, limit=accumulator, initial=bias: matmul(
                left, right, accumulator=limit, bias=initial, prefixes=prefixes
            ),
            reference.matmul_products(left, right),
            accumulator,
            bias,
        )


def test_a_bias_of_any_width():
    for bias in (2**40, -(2**62), 2**63, 2**80):
        for accumulator in (Accumulator(20), Accumulator(20, overflow="WRAP"), Accumulator(20, tile=1, outer_bits=63)):
            check(
                lambda prefixes, limit=accumulator, initial=bias: dot(
                    [3, -4], [5, 6], accumulator=limit, bias=initial, prefixes=prefixes
                ),
                np.array([15, -24], object),
                accumulator,
                bias,
            )


@pytest.mark.parametrize(("bits", "kind"), [(8, np.int32), (32, np.int32), (33, np.int64), (63, np.int64)], ids=str)
def test_type_of_the_codes(bits, kind):
    """A sum that may leave the register has the register's type, one that cannot has that of its own limits."""
    x = np.array([2**62, 2**62, -(2**62)])
    for accumulator in (Accumulator(bits), Accumulator(bits, every_step=False), Accumulator(bits, overflow="ZERO")):
        assert dot(x, [1, 1, 1], accumulator=accumulator).codes.dtype == kind
        assert dot([1, 2], [3, 4], accumulator=accumulator).codes.dtype == np.int32
        assert dot([BIG, -BIG], [1, 1], accumulator=accumulator).codes.dtype == kind


BIG = 2**70


@pytest.mark.parametrize("tile", [None, 2])
@pytest.mark.parametrize("x", [100, BIG])
def test_error_mode_names_the_first_output(x, tile):
    outer = None if tile is None else 9
    limit, last = (
        Accumulator(8, overflow="ERROR", every_step=every_step, tile=tile, outer_bits=outer)
        for every_step in (True, False)
    )
    widths = "8 bits" if tile is None else "8 bits and 9 bits"
    message = (
        rf"^codes\[1, 0\] is out of range: its sum leaves the accumulator of {widths} on the way or at the end; "
        r"widen it, or choose another overflow mode$"
    )
    rows = np.array([[1, 1, 1], [x, x, -x], [-x, -x, -x]], object)
    with pytest.raises(OverflowError, match=message):
        matmul(rows, [[1], [1], [1]], accumulator=limit)
    result = matmul(rows[:1], [[1], [1], [1]], accumulator=limit)
    assert (result.codes.tolist(), result.overflowed, result.persistent, result.transient) == ([[3]], 0, 0, 0)
    message = message.replace("1, 0", "2, 0") if (x, tile) == (100, None) else message
    with pytest.raises(OverflowError, match=message):
        matmul(rows, [[1], [1], [1]], accumulator=last)
    with pytest.raises(OverflowError, match=r"^codes is out of range"):
        dot([-x, -x, -x], [1, 1, 1], accumulator=last)


@pytest.mark.parametrize(("tile", "expected"), [(1, [[75], [15]]), (None, [[75], [15]])])
def test_error_mode_at_the_end_looks_at_finished_tiles(tile, expected):
    outer, x, w = None if tile is None else 10, [[15], [3]], [[5]]
    wide = Accumulator(8, overflow="ERROR", every_step=False, tile=tile, outer_bits=outer)
    assert matmul(x, w, accumulator=wide).codes.tolist() == expected
    with pytest.raises(OverflowError, match=r"^codes\[0, 0\] is out of range"):
        matmul(x, w, accumulator=Accumulator(4, overflow="ERROR", every_step=False, tile=tile, outer_bits=outer))


@pytest.mark.parametrize("accumulator", [None, Accumulator(17), Accumulator(17, every_step=False)])
@pytest.mark.parametrize(("shape", "columns"), [((0, 3), 2), ((2, 3), 0), ((2, 0), 2)])
@pytest.mark.parametrize("code", [3, 2**60, BIG])
def test_empty_products_of_every_width(shape, columns, code, accumulator):
    x, w = np.full(shape, code, object), np.full((shape[1], columns), code, object)
    assert matmul(x, w, accumulator=accumulator).codes.shape == (shape[0], columns)


def test_outputs_that_memory_does_not_hold_are_refused_first():
    with pytest.raises(MemoryError, match=r"^codes\.shape=\(1, 1000000, 1000000\) is not at most what this machine"):
        matmul(np.ones((10**6, 1), int), np.ones((1, 10**6), int), accumulator=Accumulator(2))


def test_operands_are_left_as_they_were():
    x, w, bias = np.arange(32).reshape(1, 2, 4, 4), np.arange(-9, 9).reshape(1, 2, 3, 3), np.array([3])
    copies = x.copy(), w.copy(), bias.copy()
    conv2d(x, w, bias=bias, accumulator=Accumulator(8), prefixes=True)
    matmul(x, w[0, 0, :, :1].repeat(4)[:4, None], bias=bias, accumulator=Accumulator(8))
    for operand, copy in zip((x, w, bias), copies, strict=True):
        np.testing.assert_array_equal(operand, copy)


@pytest.mark.parametrize(
    "kind", [np.dtype(f"{order}{kind}{size}") for kind in "iu" for size in (1, 2, 4, 8) for order in "<>"]
)
def test_all_integer_types_and_strides(kind):
    limits, rng, accumulator = np.iinfo(kind), np.random.default_rng(2), Accumulator(12)
    x = rng.integers(limits.min, limits.max, (6, 10), kind.newbyteorder("="), endpoint=True).astype(kind)[::-2, ::-1]
    w = np.broadcast_to(np.int8(-3), (10, 2))
    check(
        lambda prefixes: matmul(x, w, accumulator=accumulator, prefixes=prefixes),
        reference.matmul_products(x, w),
        accumulator,
    )


def test_few_columns_are_summed_some_rows_at_a_time(monkeypatch):
    monkeypatch.setattr(products_of_kernels, "PART", 16)
    rng, accumulator = np.random.default_rng(3), Accumulator(10)
    x, w = rng.integers(-128, 128, (23, 5)), rng.integers(-128, 128, (5, 2))
    products = reference.matmul_products(x, w)
    check(lambda prefixes: matmul(x, w, accumulator=accumulator, prefixes=prefixes), products, accumulator)


@pytest.mark.parametrize("overflow", ["SAT", "SAT_SYM", "ZERO", "WRAP", "WRAP_SM", "ERROR"])
def test_sums_that_are_proven_to_fit_are_not_simulated(wild, monkeypatch, overflow):
    """A width that is guaranteed for all bytes certifies; wrapping, or looking at the end only, needs no steps."""
    x, w, _ = wild
    monkeypatch.setattr(Products, "run", None)
    monkeypatch.setattr(limited_sums, "in_lanes", None)
    bits = int(guaranteed_bits(w, Format(8, 0, signed=False)).max())
    wide = Accumulator(bits, overflow=overflow)
    tiled = Accumulator(bits, overflow=overflow, tile=5, outer_bits=bits)
    for accumulator in (wide, tiled):
        result = conv2d(x, w, accumulator=accumulator)
        np.testing.assert_array_equal(result.codes, conv2d(x, w).codes)
        assert result.persistent == 0
        assert result.overflowed == result.transient == (None if overflow == "WRAP" else 0)
    if overflow != "ERROR":
        assert conv2d(x, w, accumulator=Accumulator(12, overflow=overflow, every_step=False)).persistent > 0
    with pytest.raises(TypeError, match="not callable"):
        conv2d(x, w, accumulator=Accumulator(12, drop_bits=1))


@pytest.mark.parametrize("word_bits", [8, 62, 63])
@pytest.mark.parametrize(
    "x", [[2**61, 2**61 - 1, 2**60, 1, 0], [-(2**61), 1 - 2**61, -1, 0], [2**62, -(2**62), 2**62 - 1, 1, -1]]
)
def test_dropped_bits_of_the_widest_products(word_bits, x):
    """Products of up to 62 bits, of which up to 63 are dropped: rounding may not leave int64 on the way."""
    x = np.array(x)
    for rounding in DETERMINISTIC:
        for drop_bits in (1, 60, 61, 62, 63):
            accumulator = Accumulator(word_bits, drop_bits=drop_bits, rounding=rounding)
            check(
                lambda prefixes, limit=accumulator: matmul(x[:, None], [[1]], accumulator=limit, prefixes=prefixes),
                x.astype(object).reshape(-1, 1, 1),
                accumulator,
            )
