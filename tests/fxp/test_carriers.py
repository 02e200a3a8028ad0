"""Exact carriers against the specification in Python integers; their proofs, self-tests and fallbacks."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import carriers, reference
from fxp.carriers import Epilogue, ExactConvolution, Geometry
from fxp.formats import Rounding
from tests.strategies import DETERMINISTIC

X_RANGES = ((0, 255), (-128, 127), (0, 15), (-5, 200), (-(2**15), 2**15 - 1), (0, 2**30), (-(2**70), 2**70))
W_LIMITS = (1, 127, 128, 2**10, 2**20, 2**66)
LAYOUTS = {
    "NCHW": lambda x: x,
    "channels last": lambda x: x.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2),
    "read-only": lambda x: np.broadcast_to(x, x.shape),
    "negative strides": lambda x: x[::-1, :, ::-1, ::-1].copy()[::-1, :, ::-1, ::-1],
    "every second column": lambda x: np.repeat(x, 2, axis=3)[..., ::2],
}
needs_int8 = pytest.mark.skipif(not carriers.int8_works(), reason="no exact int8 convolution on this machine")


@dataclass(frozen=True)
class Case:
    """Operands of a convolution, with the range of x."""

    x: np.ndarray
    w: np.ndarray
    bias: np.ndarray
    geometry: Geometry
    x_low: int
    x_high: int

    @property
    def unit(self):
        return ExactConvolution(self.w, self.bias, self.geometry, x_low=self.x_low, x_high=self.x_high)

    @property
    def expected(self):
        geometry = self.geometry
        sums = reference.conv2d(
            self.x,
            self.w,
            stride=geometry.stride,
            padding=geometry.padding,
            dilation=geometry.dilation,
            groups=geometry.groups,
        )
        return sums + self.bias.astype(object)[:, None, None]


def integers(seed, low, high, shape):
    """Return random integers with both ends among them, of a type that holds them."""
    draw = random.Random(seed)
    flat = [draw.choice((low, high, draw.randint(low, high))) for _ in range(int(np.prod(shape)))]
    fits = low >= -(2**63) and high < 2**63
    return np.array(flat, dtype=np.int64 if fits else object).reshape(shape)


@st.composite
def geometries(draw):
    pair = st.tuples
    ends = pair(st.integers(0, 3), st.integers(0, 3))
    return Geometry(
        stride=draw(pair(st.integers(1, 3), st.integers(1, 3))),
        padding=draw(pair(ends, ends)),
        dilation=draw(pair(st.integers(1, 3), st.integers(1, 2))),
        groups=draw(st.integers(1, 3)),
    )


@st.composite
def cases(draw, x_ranges=X_RANGES, w_limits=W_LIMITS):
    geometry = draw(geometries())
    depth, width, seed = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(0, 2**32))
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    least = [
        max(1, geometry.dilation[axis] * (kernel[axis] - 1) + 1 - sum(geometry.padding[axis])) for axis in range(2)
    ]
    size = [smallest + draw(st.integers(0, 3)) for smallest in least]
    x_low, x_high = draw(st.sampled_from(x_ranges))
    w_limit = draw(st.sampled_from(w_limits))
    x = integers(seed, x_low, x_high, (draw(st.integers(1, 2)), depth * geometry.groups, *size))
    w = integers(seed + 1, -w_limit, w_limit - (w_limit == 128), (width * geometry.groups, depth, *kernel))
    layout = draw(st.sampled_from(sorted(LAYOUTS)))
    bias = integers(seed + 2, -draw(st.sampled_from((0, 9, 2**12, 2**40))), 5, len(w))
    return Case(LAYOUTS[layout](x), w, bias, geometry, x_low, x_high)


def image_case(x=255, w=127, bias=0, *, padding=0, shape=(2, 4, 5, 5)):
    """Return a 3×3 convolution of constant operands."""
    geometry = Geometry(padding=((padding, padding), (padding, padding)))
    return Case(np.full(shape, x), np.full((4, shape[1], 3, 3), w), np.full(4, bias), geometry, min(x, 0), max(x, 0))


def names(unit):
    return [carrier.name for carrier in unit.carriers]


@pytest.fixture
def without_torch(monkeypatch):
    monkeypatch.setattr(carriers, "has_torch", lambda: False)
    monkeypatch.setattr(carriers, "int8_works", lambda: False)


@pytest.fixture(autouse=True)
def _nothing_found_wrong(monkeypatch):
    monkeypatch.setattr(carriers, "_found_wrong", set())


@settings(max_examples=100)
@given(case=cases())
def test_every_carrier_equals_the_reference(case):
    unit, expected = case.unit, case.expected
    np.testing.assert_array_equal(unit(case.x), expected)
    assert unit(case.x).dtype == unit.dtype
    for carrier in unit.carriers:
        sums = carrier.sums(case.x, unit.dtype)
        np.testing.assert_array_equal(sums, expected, err_msg=carrier.name)
        assert sums.dtype == unit.dtype


@settings(max_examples=60)
@given(case=cases())
def test_every_carrier_without_torch_equals_the_reference(case):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(carriers, "has_torch", lambda: False)
        patch.setattr(carriers, "int8_works", lambda: False)
        unit = case.unit
    for carrier in unit.carriers:
        np.testing.assert_array_equal(carrier.sums(case.x, unit.dtype), case.expected, err_msg=carrier.name)


@settings(max_examples=20)
@given(data=st.data())
def test_carriers_agree_on_many_channels(data):
    # oneDNN has other kernels for 16 channels and more; the int64 carrier equals the reference by the tests above
    geometry = data.draw(geometries().map(lambda drawn: replace(drawn, groups=1)))
    channels = data.draw(st.sampled_from((16, 24, 33, 64)))
    groups = data.draw(st.sampled_from([count for count in (1, 2, 3, 8, channels) if channels % count == 0]))
    x_low, x_high = data.draw(st.sampled_from(X_RANGES[:4]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    x = rng.integers(x_low, x_high + 1, (2, channels, 9, 8))
    w = rng.integers(-128, 128, (channels, channels // groups, *data.draw(st.sampled_from(((1, 1), (3, 3), (2, 3))))))
    bias = rng.integers(-999, 999, channels)
    unit = Case(x, w, bias, replace(geometry, groups=groups), x_low, x_high).unit
    *others, slowest = unit.carriers
    expected = slowest.sums(x, unit.dtype)
    for carrier in others:
        np.testing.assert_array_equal(carrier.sums(x, unit.dtype), expected, err_msg=carrier.name)
    epilogue = Epilogue(9, Rounding.HALF_EVEN, 0, 255)
    np.testing.assert_array_equal(unit.finished(x, epilogue), epilogue.finish(expected))


@settings(max_examples=60)
@given(case=cases(x_ranges=X_RANGES[:4], w_limits=W_LIMITS[:3]))
def test_sums_stay_within_the_proven_limits(case):
    sums, unit = case.expected, case.unit
    assert unit.low <= sums.min()
    assert sums.max() <= unit.high


@settings(max_examples=100)
@given(
    w=st.lists(st.integers(-9, 9), min_size=0, max_size=4),
    bias=st.integers(-20, 20),
    ends=st.tuples(st.integers(-7, 7), st.integers(-7, 7)).map(sorted),
)
def test_limits_are_the_extremes_of_all_subsets_of_products(w, bias, ends):
    chosen = ({0, weight * ends[0], weight * ends[1]} for weight in w)
    totals = [sum(subset) for subset in product({0, bias}, *chosen)]
    limits = carriers.product_limits(np.array(w, int).reshape(1, -1), *ends, np.array([bias]))
    assert limits == (min(totals), max(totals))


def test_extreme_inputs_reach_the_limits():
    case = image_case(shape=(1, 4, 3, 3))
    w = integers(3, -128, 127, case.w.shape)
    for x_low, x_high in ((0, 255), (-128, 127)):
        unit = ExactConvolution(w, case.bias, case.geometry, x_low=x_low, x_high=x_high)
        highest = [unit(np.where(kernel > 0, x_high, x_low)[None])[0, o, 0, 0] for o, kernel in enumerate(w)]
        lowest = [unit(np.where(kernel > 0, x_low, x_high)[None])[0, o, 0, 0] for o, kernel in enumerate(w)]
        assert (min(lowest), max(highest)) == (unit.low, unit.high)


@pytest.mark.parametrize("code", [-(2**63), 2**63 - 1])
def test_limits_of_weights_whose_sum_leaves_int64(code):
    limits = carriers.product_limits(np.full((1, 3), code, np.int64), 0, 5)
    assert limits == tuple(sorted((0, 15 * code)))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 2, 0, 1)])
def test_limits_of_no_products_are_zero(shape):
    assert carriers.product_limits(np.zeros(shape, np.int8), -3, 9) == (0, 0)


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [
        (-(2**31), 2**31 - 1, np.int32),
        (0, 2**31, np.int64),
        (-(2**31) - 1, 0, np.int64),
        (-(2**63), 2**63 - 1, np.int64),
        (0, 2**63, object),
        (-(2**63) - 1, 0, object),
    ],
)
def test_output_type_is_the_narrowest_that_holds_the_limits(low, high, kind):
    assert carriers.output_dtype(low, high) is kind


@needs_int8
@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (image_case(255, -128), ["int8", "float32", "float64", "int64"]),
        (image_case(-128, 127), ["int8", "float32", "float64", "int64"]),
        (image_case(256, 127), ["float32", "float64", "int64"]),
        (image_case(255, 128), ["float32", "float64", "int64"]),
        (image_case(-129, 127), ["float32", "float64", "int64"]),
        (image_case(1, 1, 2**24 - 36), ["int8", "float32", "float64", "int64"]),
        (image_case(1, 1, 2**24 - 35), ["int8", "float64", "int64"]),
        (image_case(1, 1, 2**27 - 8 * 36), ["int8", "float64", "int64"]),
        (image_case(1, 1, 2**27), ["float64", "int64"]),
        (image_case(1, 0, 2**24), ["int8", "float32", "float64", "int64"]),
        (image_case(2**24 + 1, 0), ["float64", "int64"]),
        (image_case(1, 1, 2**53 - 36), ["float64", "int64"]),
        (image_case(1, 1, 2**53 - 35), ["int64"]),
        (image_case(2**53 + 1, 0), ["int64"]),
        (image_case(1, 1, 2**63 - 37), ["int64"]),
        (image_case(2**63 - 1, 1), []),
        (image_case(-(2**63), 0), []),
    ],
)
def test_carriers_are_those_whose_bound_holds(case, expected):
    unit = case.unit
    assert names(unit) == expected
    np.testing.assert_array_equal(unit(case.x), case.expected)


def test_float32_is_refused_where_only_the_final_values_are_small():
    # 4,096 products whose sums end below 325,120 but pass 2**24 on the way
    rng = np.random.default_rng(5)
    half = rng.integers(0, 256, (64, 2048, 1, 1))
    x = np.concatenate([half, half[:, ::-1]], axis=1)
    w = rng.integers(100, 128, (8, 2048, 1, 1))
    w = np.concatenate([w, -w[:, ::-1]], axis=1)
    w[:, 0] += 1
    case = Case(x, w, np.zeros(8, int), Geometry(), 0, 255)
    expected = (x[:, :, 0, 0] @ w[:, :, 0, 0].T)[:, :, None, None]
    assert np.abs(expected).max() < 325_120
    naive = np.cumsum((x[:, None, :, 0, 0] * w[:, :, 0, 0]).astype(np.float32), axis=2)[..., -1, None, None]
    assert (naive != expected).mean() > 0.5
    assert names(case.unit) == ["int8", "float64", "int64"]
    for carrier in case.unit.carriers:
        np.testing.assert_array_equal(carrier.sums(x, np.int32), expected)


@needs_int8
@pytest.mark.parametrize(("channels", "shares"), [(57, 1), (58, 2), (114, 2), (115, 3), (456, 8), (457, 0)])
@pytest.mark.parametrize(("x", "w"), [(255, -128), (255, 127), (-128, -128)])
def test_wide_sums_of_bytes_are_taken_in_shares_of_the_weights(x, w, channels, shares):
    """With 255 × -128, 2**24 are 57 channels of 9 products."""
    case = image_case(x, w, -5, shape=(1, channels, 3, 3))
    unit = case.unit.carriers[0]
    if (x, w) == (255, -128):
        assert (len(getattr(unit, "units", [unit])) if unit.name == "int8" else 0) == shares
    np.testing.assert_array_equal(case.unit(case.x), np.full((1, 4, 1, 1), 9 * channels * x * w - 5))


@needs_int8
@settings(deadline=None, max_examples=50)
@given(st.data())
def test_shares_equal_the_specification(data):
    """With a limit that small sums exceed, every geometry goes through shares."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(carriers, "FLOAT32_LIMIT", data.draw(st.integers(3000, 30000)))
        case = data.draw(cases(x_ranges=((0, 255), (-128, 127)), w_limits=(128,)))
        for carrier in case.unit.carriers:
            np.testing.assert_array_equal(carrier.sums(case.x, np.int64), case.expected)


def test_without_torch_matrix_products_take_over(without_torch):
    assert names(image_case().unit) == ["float32 BLAS", "float64 BLAS", "int64"]
    assert names(image_case(2**20).unit) == ["float64 BLAS", "int64"]


def test_matrix_products_work_in_parts(without_torch, monkeypatch):
    monkeypatch.setattr(carriers, "PART", 200)
    rng = np.random.default_rng(8)
    case = replace(image_case(shape=(5, 4, 5, 5)), x=rng.integers(0, 256, (5, 4, 5, 5)))
    np.testing.assert_array_equal(case.unit(case.x), case.expected)


def test_reduced_precision_of_torch_is_not_used():
    try:
        torch.set_float32_matmul_precision("medium")
        assert "float32 BLAS" in names(image_case().unit)
    finally:
        torch.set_float32_matmul_precision("highest")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert "float32 BLAS" in names(image_case().unit)
    assert "float32" in names(image_case().unit)


def test_defaults_of_torch_do_not_matter():
    torch.set_default_dtype(torch.float64)
    try:
        case = image_case()
        np.testing.assert_array_equal(case.unit(case.x), case.expected)
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(
    "wrong", [{"int8"}, {"int8", "float32"}, {"int8", "float32", "float64"}, {"int8", "float32", "float64", "int64"}]
)
def test_carriers_found_wrong_are_passed_over(wrong, monkeypatch):
    case = image_case()
    unit = case.unit
    for carrier in unit.carriers:
        if carrier.name in wrong:
            monkeypatch.setattr(carrier, "sums", lambda x, dtype: pytest.fail("was found wrong"))
    monkeypatch.setattr(carriers, "_found_wrong", wrong)
    np.testing.assert_array_equal(unit(case.x), case.expected)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_wrong_carrier_is_found_reported_and_replaced(count, monkeypatch):
    case = image_case(padding=1)
    unit = case.unit
    sabotaged = unit.carriers[:count]
    for carrier in sabotaged:
        sums = carrier.sums
        monkeypatch.setattr(carrier, "sums", lambda x, dtype, sums=sums: sums(x, dtype) + 1)
    with pytest.warns(RuntimeWarning) as caught:
        found = unit(case.x)
    np.testing.assert_array_equal(found, case.expected)
    assert [str(warning.message) for warning in caught] == [
        f"carrier {carrier.name} gave a wrong sum on this machine and is not used again: slower ones take over"
        for carrier in sabotaged
    ]
    np.testing.assert_array_equal(unit(case.x), case.expected)


def test_a_wrong_output_in_a_quarter_of_the_places_is_found_soon(monkeypatch):
    case = image_case()
    unit = case.unit
    sums = unit.carriers[0].sums

    def one_channel_wrong(x, dtype):
        out = sums(x, dtype)
        out[:, 2] += 1
        return out

    monkeypatch.setattr(unit.carriers[0], "sums", one_channel_wrong)
    with pytest.warns(RuntimeWarning, match="not used again"):
        _ = [unit(case.x) for _ in range(200)]  # missed with probability 0.75**800
    np.testing.assert_array_equal(unit(case.x), case.expected)


@needs_int8
def test_a_wrong_fused_result_is_found_and_replaced(monkeypatch):
    case = image_case()
    unit, epilogue = case.unit, Epilogue(14, Rounding.HALF_EVEN, 0, 255)
    finished = unit.carriers[0].finished
    monkeypatch.setattr(unit.carriers[0], "finished", lambda *operands: finished(*operands) ^ 1)
    with pytest.warns(RuntimeWarning, match="carrier int8 gave a wrong sum"):
        codes = unit.finished(case.x, epilogue)
    assert set(codes.ravel()) == {epilogue.apply(36 * 255 * 127)}
    assert "int8" in carriers._found_wrong


def test_spot_checks_leave_the_users_random_numbers_alone():
    random.seed(4)
    expected = random.random()
    random.seed(4)
    case = image_case()
    case.unit(case.x)
    assert random.random() == expected


def test_without_a_working_int8_unit_float32_is_first(monkeypatch):
    monkeypatch.setattr(carriers, "int8_works", lambda: False)
    assert names(image_case().unit)[0] == "float32"


@pytest.mark.parametrize("error", [AttributeError, RuntimeError, TypeError])
def test_an_int8_unit_that_cannot_be_called_does_not_work(error, monkeypatch):
    def missing(*_):
        raise error("no such operator")

    monkeypatch.setattr(carriers, "_int8_passes", missing)
    assert carriers.int8_works.__wrapped__() is False


class PairSummer(carriers._Int8):
    """An int8 unit that adds the products of two neighbouring channels first, as old instructions do."""

    limit = 2**31 - 1

    def __init__(self, w, bias, geometry, *, signed):
        super().__init__(w, bias, geometry, signed=signed)
        self.weights = w

    def sums(self, x, dtype):
        raw = np.lib.stride_tricks.sliding_window_view(x + self.zero, (3, 3), axis=(2, 3))
        products = np.einsum("ncijhv,ochv->noijchv", raw, self.weights)
        pairs = products[:, :, :, :, ::2] + products[:, :, :, :, 1::2]
        sums = np.clip(pairs, -self.limit - 1, self.limit).sum(axis=(4, 5, 6))
        return sums - (self.zero * self.weights.sum(axis=(1, 2, 3)) - self.bias.astype(int))[:, None, None]


@needs_int8
@pytest.mark.parametrize(("limit", "works"), [(2**31 - 1, True), (2**15 - 1, False)])
def test_self_test_finds_pairs_that_saturate(limit, works, monkeypatch):
    monkeypatch.setattr(PairSummer, "limit", limit)
    monkeypatch.setattr(carriers, "_Int8", PairSummer)
    assert carriers.int8_works.__wrapped__() is works


@needs_int8
def test_self_test_finds_a_dropped_half_unit(monkeypatch):
    monkeypatch.setattr(Epilogue, "tie_break", 0.0)
    assert carriers.int8_works.__wrapped__() is False


def test_threads_of_torch_are_one_inside_workers_and_unchanged_after():
    before = torch.get_num_threads()
    with carriers.single_threaded() as prepare, ThreadPoolExecutor(1, initializer=prepare) as pool:
        assert pool.submit(torch.get_num_threads).result() == 1
    assert torch.get_num_threads() == before


def test_threads_without_torch(without_torch):
    with carriers.single_threaded() as prepare:
        assert prepare() is None


# Sums −635 to 635 one by one, others in steps up to ±32,385; addends of every size.
SPREAD = replace(
    image_case(),
    x=np.arange(256).reshape(1, 1, 16, 16),
    w=np.array([1, -1, 1, -1, 7, -7, 127, -127]).reshape(8, 1, 1, 1),
    bias=np.array([0, 0, 255, -255, 3, -3, 0, 1]),
)
ADDEND = (np.arange(8 * 256) * 37 % 256).astype(np.uint8).reshape(1, 8, 16, 16)


@pytest.mark.parametrize("lefts", [None, (0, 0), (3, 0), (0, 5), (2, 1)])
@pytest.mark.parametrize("rounding", DETERMINISTIC)
def test_fused_and_plain_epilogues_equal_the_specification(rounding, lefts):
    unit = SPREAD.unit
    addend, (left, addend_left) = (None, (0, 0)) if lefts is None else (ADDEND, lefts)
    sums = unit(SPREAD.x)
    for shift, high in product(range(13), (255, 15, 3)):
        epilogue = Epilogue(shift, rounding, 0, high, sum_left=left, addend_left=addend_left)
        finished = epilogue.finish(sums, addend)
        np.testing.assert_array_equal(unit.finished(SPREAD.x, epilogue, addend), finished)
        assert finished.dtype == np.uint8
        for index in ((0, o, i, 5) for o in range(8) for i in range(0, 16, 5)):
            assert finished[index] == epilogue.apply(int(sums[index]), 0 if addend is None else int(addend[index]))


@needs_int8
def test_most_of_these_epilogues_are_fused():
    unit = SPREAD.unit
    fused = [mode for mode in DETERMINISTIC if unit._fuses(Epilogue(4, mode, 0, 255), ADDEND)]
    assert [mode for mode in DETERMINISTIC if mode not in fused] == [Rounding.HALF_ODD]


@pytest.mark.parametrize("mode", carriers._TIES)
def test_offsets_make_half_even_into_the_other_modes_on_every_total(mode):
    for shift in range(7):
        epilogue = Epilogue(shift, mode, 0, 255)
        for total in range(-(4 << shift), 6 << shift):
            moved = reference.round_fraction((total + epilogue.tie_break) / 2**shift, "HALF_EVEN")
            assert min(max(moved, 0), 255) == epilogue.apply(total)


@pytest.mark.parametrize(
    ("epilogue", "addend"),
    [
        (Epilogue(4, Rounding.HALF_ODD, 0, 255), None),
        (Epilogue(4, Rounding.HALF_EVEN, -128, 127), None),
        (Epilogue(4, Rounding.HALF_EVEN, 0, 4095), None),
        (Epilogue(4, Rounding.HALF_EVEN, 0, 255), ADDEND.astype(np.int16)),
        (Epilogue(4, Rounding.HALF_EVEN, 0, 255, sum_left=9), None),
        (Epilogue(4, Rounding.HALF_EVEN, 0, 255, addend_left=16), ADDEND),
        (Epilogue(23, Rounding.HALF_EVEN, 0, 255), None),
    ],
)
def test_epilogues_that_float32_does_not_hold_are_not_fused(epilogue, addend):
    unit = SPREAD.unit
    assert not unit._fuses(epilogue, addend)
    sums = unit(SPREAD.x)
    finished = unit.finished(SPREAD.x, epilogue, addend)
    for index in ((0, o, i, 5) for o in range(8) for i in range(16)):
        assert finished[index] == epilogue.apply(int(sums[index]), 0 if addend is None else int(addend[index]))


@settings(max_examples=60)
@given(
    case=cases(x_ranges=X_RANGES[:4], w_limits=W_LIMITS[:3]),
    shift=st.integers(0, 15),
    mode=st.sampled_from(DETERMINISTIC),
    added=st.booleans(),
)
def test_finished_equals_finish_of_the_sums(case, shift, mode, added):
    unit, epilogue = case.unit, Epilogue(shift, mode, 0, 255)
    sums = unit(case.x)
    addend = integers(shift, 0, 255, sums.shape).astype(np.uint8) if added else None
    kept = None if addend is None else addend.copy()
    np.testing.assert_array_equal(unit.finished(case.x, epilogue, addend), epilogue.finish(sums, addend))
    if addend is not None:
        np.testing.assert_array_equal(addend, kept)


@pytest.mark.parametrize("shape", [(0, 4, 5, 5), (2, 4, 0, 3)])
def test_no_images_and_images_without_pixels(shape):
    geometry = Geometry(padding=((2, 2), (2, 2)))
    case = Case(np.zeros(shape, np.uint8), np.ones((3, 4, 3, 3), np.int8), np.arange(3), geometry, 0, 255)
    np.testing.assert_array_equal(case.unit(case.x), case.expected)
    epilogue = Epilogue(1, Rounding.FLOOR, 0, 255)
    assert case.unit.finished(case.x, epilogue).shape == case.expected.shape


@pytest.mark.parametrize("shape", [(0, 4, 3, 3), (3, 0, 3, 3)])
def test_no_outputs_and_no_channels(shape):
    x = np.zeros((2, shape[1], 5, 5), np.uint8)
    case = Case(x, np.zeros(shape, np.int8), np.full(shape[0], 7), Geometry(), 0, 255)
    np.testing.assert_array_equal(case.unit(x), case.expected)


def operands_of_matmul(limit_x, limit_w):
    return integers(1, -limit_x, limit_x, (5, 4)), integers(2, -limit_w, limit_w, (4, 3))


@pytest.mark.parametrize("wrong", [set(), {"float32 matmul"}, {"float32 matmul", "float64 matmul"}])
@pytest.mark.parametrize("limits", [(7, 7), (2**11, 2**12), (2**24 + 1, 1), (2**25, 2**25), (2**40, 2**21), (2**70, 9)])
def test_every_carrier_of_matmul_equals_the_reference(limits, wrong, monkeypatch):
    monkeypatch.setattr(carriers, "_found_wrong", wrong)
    x, w = operands_of_matmul(*limits)
    np.testing.assert_array_equal(carriers.matmul(x, w), reference.matmul(x, w))


def test_a_wrong_product_of_matrices_is_found():
    x, w = operands_of_matmul(7, 7)
    with pytest.warns(RuntimeWarning, match="carrier float32 matmul gave a wrong sum"):
        assert not carriers._matmul_holds("float32 matmul", x, w, x @ w + 1)
    assert carriers._found_wrong == {"float32 matmul"}
