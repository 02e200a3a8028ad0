"""Exact sums of products: the public functions against the specification, their types, and every refusal."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import conv2d, dot, matmul, reference

INTEGERS = [np.dtype(f"{order}{kind}{size}") for kind in "iu" for size in (1, 2, 4, 8) for order in ("<", ">")]
BIG = 2**70


def full_range(dtype, shape, seed=0):
    """Return codes over the whole range of their type, with both ends among them."""
    limits = np.iinfo(dtype)
    codes = np.random.default_rng(seed).integers(limits.min, limits.max, shape, dtype.newbyteorder("="), endpoint=True)
    codes.flat[0], codes.flat[-1] = limits.min, limits.max
    return codes.astype(dtype)


def objects(shape, seed=0):
    """Return Python integers of up to 72 bits."""
    draws = np.random.default_rng(seed).integers(-9, 9, shape)
    return draws.astype(object) * (BIG + 1)


axis = st.tuples(
    st.integers(1, 3), st.integers(1, 3), st.integers(1, 2), st.integers(0, 2), st.integers(0, 2), st.integers(0, 3)
)


@given(
    axes=st.tuples(axis, axis),
    groups=st.integers(1, 3),
    depth=st.integers(1, 2),
    types=st.tuples(st.sampled_from(INTEGERS), st.sampled_from(INTEGERS)),
    nested=st.booleans(),
)
def test_convolution_equals_the_reference(axes, groups, depth, types, nested):
    kernel, stride, dilation, before, after, more = zip(*axes, strict=True)
    size = [max(1, dilation[k] * (kernel[k] - 1) + 1 - before[k] - after[k]) + more[k] for k in (0, 1)]
    x = full_range(types[0], (2, depth * groups, *size))
    w = full_range(types[1], (2 * groups, depth, *kernel), seed=1)
    padding = tuple(zip(before, after, strict=True)) if nested else before
    if not nested:
        x = np.pad(x, ((0, 0), (0, 0), (0, 3), (0, 3)))
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    result = conv2d(x, w, **options)
    np.testing.assert_array_equal(result.codes, reference.conv2d(x, w, **options))


def test_one_number_stands_for_both_axes():
    x, w = full_range(np.dtype("u1"), (1, 2, 9, 8)), full_range(np.dtype("i1"), (3, 2, 2, 2))
    found = conv2d(x, w, stride=2, padding=1, dilation=2).codes
    np.testing.assert_array_equal(found, reference.conv2d(x, w, stride=(2, 2), padding=(1, 1), dilation=(2, 2)))


@pytest.mark.parametrize("make", [tuple, list, np.array])
def test_pairs_may_be_tuples_lists_or_arrays(make):
    x, w = full_range(np.dtype("u1"), (1, 2, 9, 8)), full_range(np.dtype("i1"), (3, 2, 2, 2))
    for padding, sides in (((1, 2), make([1, 2])), (((1, 0), (2, 1)), make([make([1, 0]), make([2, 1])]))):
        found = conv2d(x, w, stride=make([2, 1]), padding=sides, dilation=make([1, 2])).codes
        expected = reference.conv2d(x, w, stride=(2, 1), padding=padding, dilation=(1, 2))
        np.testing.assert_array_equal(found, expected)


def test_a_kernel_larger_than_the_image_fits_with_padding():
    x, w = full_range(np.dtype("u1"), (1, 2, 2, 3)), full_range(np.dtype("i1"), (3, 2, 5, 5))
    np.testing.assert_array_equal(conv2d(x, w, padding=2).codes, reference.conv2d(x, w, padding=2))


@pytest.mark.parametrize("kind_w", INTEGERS, ids=str)
@pytest.mark.parametrize("kind_x", INTEGERS, ids=str)
def test_all_integer_types_are_exact(kind_x, kind_w):
    x, w = full_range(kind_x, (3, 5)), full_range(kind_w, (5, 2), seed=1)
    np.testing.assert_array_equal(matmul(x, w).codes, reference.matmul(x, w))
    np.testing.assert_array_equal(dot(x, w[:, 0]).codes, reference.matmul(x, w[:, :1])[:, 0])


@pytest.mark.parametrize(
    ("x", "w"),
    [
        (objects((2, 3)), objects((3, 2), 1)),
        (objects((2, 3)), np.zeros((3, 2), np.int8)),
        (objects((2, 3)), full_range(np.dtype("i8"), (3, 2))),
        (np.array([[1, 2, 3]], dtype=object), np.array([[1], [2], [3]], dtype=np.uint64)),
        (np.array([[np.int64(2**62), 2**62, np.uint64(2**63)]], dtype=object), np.full((3, 1), 4)),
        ([[2**63, -1, 0]], [[1], [2], [3]]),
        ([[BIG, -BIG, 1]], [[1], [2], [3]]),
        ([[2**64 - 1] * 3], [[-(2**63)]] * 3),
    ],
)
def test_integers_of_any_size_are_exact(x, w):
    np.testing.assert_array_equal(matmul(x, w).codes, reference.matmul(x, w))
    wide_x, wide_w = np.asarray(x, object)[:, None, None, :], np.asarray(w, object).T[:, None, None, :]
    np.testing.assert_array_equal(conv2d(wide_x, wide_w).codes, reference.conv2d(wide_x, wide_w))


@pytest.mark.parametrize("shape", [(5,), (4, 5), (3, 4, 5), (2, 3, 4, 5), (0, 5), (2, 0, 5)])
def test_leading_axes_are_kept(shape):
    x, w = full_range(np.dtype("i1"), shape) if np.prod(shape) else np.zeros(shape, np.int8), np.arange(10)
    assert dot(x, w[:5]).codes.shape == shape[:-1]
    np.testing.assert_array_equal(dot(x, w[:5]).codes, x.astype(int) @ w[:5])
    if len(shape) > 1:
        np.testing.assert_array_equal(matmul(x, w.reshape(5, 2)).codes, x.astype(int) @ w.reshape(5, 2))


def test_strided_and_read_only_operands():
    x, w = full_range(np.dtype("i2"), (6, 8))[::-2, ::-1], np.broadcast_to(np.arange(8)[:, None], (8, 3))
    np.testing.assert_array_equal(matmul(x, w).codes, reference.matmul(x, w))
    image = np.broadcast_to(x[None, None], (2, 2, 3, 8))[..., ::-1]
    kernel = np.broadcast_to(np.int8(-3), (2, 2, 2, 2))
    np.testing.assert_array_equal(conv2d(image, kernel).codes, reference.conv2d(image, kernel))


def test_operands_are_left_as_they_were():
    x, w, bias = full_range(np.dtype("u1"), (2, 2, 5, 5)), full_range(np.dtype("i1"), (2, 2, 3, 3)), np.array([1, 2])
    copies = x.copy(), w.copy(), bias.copy()
    conv2d(x, w, bias=bias, padding=1)
    matmul(x, w.reshape(2, 18)[:, :5].T, bias=bias)
    for operand, copy in zip((x, w, bias), copies, strict=True):
        np.testing.assert_array_equal(operand, copy)


@pytest.mark.parametrize(
    ("bias", "added"),
    [
        (None, (0, 0)),
        (7, (7, 7)),
        (np.int8(-7), (-7, -7)),
        ([7], (7, 7)),
        ([7, -3], (7, -3)),
        (np.array([200, 3], np.uint8), (200, 3)),
        (np.array([2**64 - 1, 3], np.uint64), (2**64 - 1, 3)),
        ([BIG, -1], (BIG, -1)),
        ([2**63, -1], (2**63, -1)),
    ],
)
def test_bias_is_the_initial_value(bias, added):
    x, w = np.arange(6).reshape(2, 3), np.arange(6).reshape(3, 2)
    expected = reference.matmul(x, w) + np.array(added, object)
    np.testing.assert_array_equal(matmul(x, w, bias=bias).codes, expected)
    images, kernels = x[:, :, None, None], w.T[:, :, None, None]
    np.testing.assert_array_equal(conv2d(images, kernels, bias=bias).codes[:, :, 0, 0], expected)
    if added[0] == added[1]:
        np.testing.assert_array_equal(dot(x, w[:, 0], bias=bias).codes, expected[:, 0])


@pytest.mark.parametrize(
    ("x", "w", "bias", "kind"),
    [
        (2**31 - 1, 1, 0, np.int32),
        (-(2**31), 1, 0, np.int32),
        (2**31, 1, 0, np.int64),
        (2**31 - 1, 1, 1, np.int64),
        (-(2**31), 1, -1, np.int64),
        (2**30, 2, 0, np.int64),
        (2**62, 1, 2**62 - 1, np.int64),
        (-(2**63), 1, 0, np.int64),
        (2**62, 2, 0, object),
        (2**63 - 1, 1, 1, object),
        (BIG, 1, 0, object),
        (BIG, 0, 0, np.int32),
    ],
)
def test_type_of_the_codes_follows_the_proven_bound(x, w, bias, kind):
    products = [matmul([[x]], [[w]], bias=bias), conv2d([[[[x]]]], [[[[w]]]], bias=bias), dot([x], [w], bias=bias)]
    for result in products:
        assert result.codes.dtype == kind
        assert int(result.codes.item()) == x * w + bias


def test_bytes_are_bounded_by_their_type_not_by_their_data():
    # 66,052 products of 255·127 can leave int32; the data, all zero, does not matter
    x, w = np.zeros((1, 66_500), np.uint8), np.full((66_500, 1), 127, np.int8)
    assert matmul(x, w).codes.dtype == np.int64


def test_sums_without_a_limit_count_no_overflow():
    result = dot([1, 2], [3, 4])
    assert (result.overflowed, result.persistent, result.transient) == (0, 0, 0)
    assert result.codes.shape == ()


def test_nothing_to_add():
    assert dot([], []).codes == 0
    assert matmul(np.zeros((2, 0), int), np.zeros((0, 3), int), bias=[1, 2, 3]).codes.tolist() == [[1, 2, 3]] * 2
    assert matmul(np.zeros((2, 3), np.int8), np.zeros((3, 0), np.int8)).codes.shape == (2, 0)
    assert conv2d(np.zeros((0, 1, 4, 4), int), np.ones((2, 1, 3, 3), int)).codes.shape == (0, 2, 2, 2)
    assert (conv2d(np.zeros((1, 0, 4, 4), int), np.ones((2, 0, 3, 3), int), bias=5).codes == 5).all()
    assert conv2d(np.zeros((1, 1, 4, 4), np.uint8), np.ones((0, 1, 3, 3), np.int8)).codes.shape == (1, 0, 2, 2)
    assert conv2d(np.zeros((1, 1, 0, 0), np.uint8), [[[[3]]]], padding=1).codes.tolist() == [[[[0, 0], [0, 0]]]]


@settings(max_examples=40)
@given(
    rows=st.integers(1, 4),
    length=st.integers(1, 6),
    columns=st.integers(1, 4),
    limits=st.tuples(st.integers(0, 2**72), st.integers(0, 2**72)),
    data=st.data(),
)
def test_matrix_product_equals_the_reference(rows, length, columns, limits, data):
    x, w = (
        data.draw(st.lists(st.integers(-limit, limit), min_size=size, max_size=size))
        for limit, size in zip(limits, (rows * length, length * columns), strict=True)
    )
    x, w = np.array(x, object).reshape(rows, length), np.array(w, object).reshape(length, columns)
    np.testing.assert_array_equal(matmul(x, w).codes, reference.matmul(x, w))


BAD_OPERANDS = [
    (1.5, "float64"),
    (True, "bool"),
    (1j, "complex128"),
    ("1", "<U1"),
    (None, "object"),
]


@pytest.mark.parametrize(("bad", "kind"), BAD_OPERANDS)
def test_operands_that_are_no_integers_are_refused(bad, kind):
    message = rf"dtype={kind} is not an integer type: encode values first, fxp\.encode\(x, fmt\)"
    image, kernel = np.ones((1, 1, 3, 3), int), np.ones((1, 1, 2, 2), int)
    for call in (
        lambda: dot([bad], [1]),
        lambda: matmul([[bad]], [[1]]),
        lambda: conv2d([[[[bad]]]], kernel),
    ):
        with pytest.raises(TypeError, match=rf"^x\.{message}$"):
            call()
    for call in (lambda: dot([1], [bad]), lambda: matmul([[1]], [[bad]]), lambda: conv2d(image, [[[[bad]]]])):
        with pytest.raises(TypeError, match=rf"^w\.{message}$"):
            call()


@pytest.mark.parametrize(
    "bad",
    [np.array([1, 2.0], object), np.array([1, True], object), np.array(["1", 2], object), [1, None], [1, BIG, 2.5]],
)
def test_objects_that_are_no_integers_are_refused(bad):
    with pytest.raises(TypeError, match=r"^x\.dtype=object is not an integer type"):
        dot(bad, [1] * len(bad))


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (
            torch.ones(1, 1, 1, 1, dtype=torch.int32),
            TypeError,
            r"x of type torch.Tensor is not a plain array: convert it",
        ),
        (np.ma.ones((1, 1, 1, 1), int), TypeError, r"x of type numpy.MaskedArray is not a plain array: fill what"),
        ([[[[1, 2], [3]]]], ValueError, r"x is not an array: its rows differ in length; pass rows of one length"),
    ],
)
def test_operands_that_numpy_would_misread_are_refused(bad, error, message):
    with pytest.raises(error, match=f"^{message}"):
        conv2d(bad, [[[[1]]]])


@pytest.mark.parametrize("bad", [1.5, [1, 2.0], [True, False]])
def test_bias_that_is_no_integer_is_refused(bad):
    with pytest.raises(TypeError, match=r"^bias\.dtype=\w+ is not an integer type"):
        matmul([[1, 2]], [[1, 2], [3, 4]], bias=bad)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dot([1, 2], [1, 2, 3]), r"x.shape=\(2,\), w.shape=\(3,\) do not match: pass x \(…, K\) and w \(K,\)"),
        (lambda: dot(1, [1]), r"x.shape=\(\), w.shape=\(1,\) do not match"),
        (lambda: dot([1], [[1]]), r"x.shape=\(1,\), w.shape=\(1, 1\) do not match"),
        (
            lambda: dot([1], [1], bias=[1, 2]),
            r"bias.shape=\(2,\) does not match: pass one integer, or one for each",
        ),
        (
            lambda: matmul([[1, 2]], [[1, 2]]),
            r"x.shape=\(1, 2\), w.shape=\(1, 2\) do not match: pass x \(…, M, K\) and w \(K, N\)",
        ),
        (lambda: matmul([1, 2], [[1], [2]]), r"x.shape=\(2,\), w.shape=\(2, 1\) do not match"),
        (lambda: matmul([[1]], [[[1]]]), r"x.shape=\(1, 1\), w.shape=\(1, 1, 1\) do not match"),
        (lambda: matmul([[1]], [[1, 2, 3]], bias=[1, 2]), r"bias.shape=\(2,\) does not match: .* one for each of 3"),
        (lambda: matmul([[1]], [[1, 2]], bias=[[1, 2]]), r"bias.shape=\(1, 2\) does not match"),
        (
            lambda: dot([1], [1], prefixes=True),
            r"prefixes=True is not for exact sums: pass an accumulator, which declares the order of products",
        ),
    ],
)
def test_products_that_do_not_fit_are_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"accumulator": 16}, r"accumulator=16 is not an Accumulator: pass fxp\.Accumulator\(word_bits\), or None"),
        ({"prefixes": 1}, r"prefixes=1 is not a bool: pass prefixes=True or prefixes=False"),
    ],
)
def test_options_of_another_kind_are_refused(options, message):
    for call in (
        lambda: dot([1], [1], **options),
        lambda: matmul([[1]], [[1]], **options),
        lambda: conv2d([[[[1]]]], [[[[1]]]], **options),
    ):
        with pytest.raises(TypeError, match=f"^{message}$"):
            call()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stride": 0}, r"stride=0 is not an integer of at least 1, or a pair: see fxp.conv2d"),
        ({"stride": 1.0}, r"stride=1.0 is not an integer of at least 1"),
        ({"stride": True}, r"stride=True is not an integer of at least 1"),
        ({"stride": (1, 2, 3)}, r"stride=\(1, 2, 3\) is not an integer of at least 1, or a pair"),
        ({"stride": (1, -1)}, r"stride=\(1, -1\) is not an integer of at least 1"),
        ({"dilation": 0}, r"dilation=0 is not an integer of at least 1"),
        ({"dilation": "12"}, r"dilation='12' is not an integer of at least 1"),
        ({"padding": -1}, r"padding=-1 is not an integer of at least 0"),
        ({"padding": "same"}, r"padding='same' is not an integer of at least 0"),
        ({"padding": (1, 2, 3)}, r"padding=\(1, 2, 3\) is not an integer of at least 0"),
        ({"padding": ((0, 0), (0, -1))}, r"padding=\(0, -1\) is not an integer of at least 0"),
        ({"padding": ((0, 0, 0), 0)}, r"padding=\(0, 0, 0\) is not an integer of at least 0"),
        ({"groups": 0}, r"groups=0 is not an integer of at least 1: see fxp.conv2d"),
        ({"groups": (1, 1)}, r"groups=\(1, 1\) is not an integer of at least 1"),
        ({"groups": 1.0}, r"groups=1.0 is not an integer of at least 1"),
        (
            {"groups": 2},
            r"x.shape=\(1, 4, 5, 5\), w.shape=\(3, 4, 3, 3\), groups=2 do not match: "
            r"x has C channels, w has C/groups, and O is a multiple of groups",
        ),
        (
            {"dilation": 3},
            r"w.shape=\(3, 4, 3, 3\) does not fit x.shape=\(1, 4, 5, 5\): pad the image or use",
        ),
        ({"bias": [1, 2]}, r"bias.shape=\(2,\) does not match: pass one integer, or one for each of 3"),
        ({"prefixes": True}, r"prefixes=True is not for exact sums"),
    ],
)
def test_convolution_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        conv2d(np.zeros((1, 4, 5, 5), int), np.zeros((3, 4, 3, 3), int), **options)


@pytest.mark.parametrize(
    ("x_shape", "w_shape", "groups", "message"),
    [
        ((4, 5, 5), (3, 4, 3, 3), 1, r"x.shape=\(4, 5, 5\), w.shape=\(3, 4, 3, 3\) are not \(N, C, H, W\) and"),
        ((1, 4, 5, 5), (3, 4, 3), 1, r"x.shape=\(1, 4, 5, 5\), w.shape=\(3, 4, 3\) are not"),
        ((1, 4, 5, 5), (3, 5, 3, 3), 1, r"x.shape=.* groups=1 do not match"),
        ((1, 4, 5, 5), (3, 2, 3, 3), 2, r"x.shape=.* groups=2 do not match"),
        ((1, 4, 5, 5), (3, 4, 6, 1), 1, r"w.shape=\(3, 4, 6, 1\) does not fit x.shape=\(1, 4, 5, 5\)"),
        ((1, 4, 5, 5), (3, 4, 0, 3), 1, r"w.shape=\(3, 4, 0, 3\) does not fit"),
        ((1, 4, 0, 5), (3, 4, 1, 1), 1, r"w.shape=\(3, 4, 1, 1\) does not fit x.shape=\(1, 4, 0, 5\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(x_shape, w_shape, groups, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        conv2d(np.zeros(x_shape, int), np.zeros(w_shape, int), groups=groups)
