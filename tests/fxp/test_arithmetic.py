"""Element-wise arithmetic on codes against Fractions; the growth of formats; every refusal."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import reference
from fxp.arithmetic import add, multiply, shift, subtract
from fxp.formats import Format, Overflow, Rounding
from fxp.quantization import decode

S8 = Format(8, 7)
OPERATIONS = {add: lambda x, y: x + y, subtract: lambda x, y: x - y, multiply: lambda x, y: x * y}
SMALL = [Format(bits, frac, signed=signed) for bits in (1, 2, 3) for frac in (-1, 0, 2) for signed in (True, False)]
words = st.integers(1, 63) | st.integers(1, 128)
formats = st.builds(Format, words, st.integers(-40, 40), signed=st.booleans())
narrow = st.builds(Format, st.integers(1, 30), st.integers(-3, 3), signed=st.booleans())
operations = st.sampled_from(list(OPERATIONS))
roundings, overflows = st.sampled_from(Rounding), st.sampled_from(Overflow)


def all_codes(fmt):
    return list(range(fmt.min_code, fmt.max_code + 1))


def codes_of(fmt):
    ends = st.sampled_from([fmt.min_code, fmt.max_code])
    return st.lists(st.integers(fmt.min_code, fmt.max_code) | ends, min_size=3, max_size=3)


def exact_values(result):
    return decode(result.codes, result.format, exact=True).tolist()


def has_the_type_of_its_format(result):
    if result.format.word_bits <= 63:
        return result.codes.dtype == np.int64
    return result.codes.dtype == object and all(type(code) is int for code in result.codes.flat)


def equals_the_reference(call, exact, target, rounding, overflow, seed):
    """`call` with a generator gives the codes of the `exact` values in `target`, or both raise OverflowError."""
    draws = np.random.default_rng(seed).random(len(exact))
    try:
        expected = [
            reference.encode(value, target, rounding=rounding, overflow=overflow, u=u)
            for value, u in zip(exact, draws, strict=True)
        ]
    except OverflowError:
        with pytest.raises(OverflowError, match="is outside"):
            call(np.random.default_rng(seed))
        return
    result = call(np.random.default_rng(seed))
    assert result.format == target
    assert has_the_type_of_its_format(result)
    assert result.codes.tolist() == expected


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("a", SMALL, ids=str)
@pytest.mark.parametrize("b", SMALL, ids=str)
def test_every_pair_of_codes_is_exact_in_the_shortest_format(operation, a, b):
    pairs = list(product(all_codes(a), all_codes(b)))
    x, y = zip(*pairs, strict=True)
    result = operation(x, a, y, b)
    exact = [OPERATIONS[operation](reference.decode(i, a), reference.decode(j, b)) for i, j in pairs]
    assert exact_values(result) == exact
    assert result.codes.dtype == np.int64
    ends = (int(result.codes.min()), int(result.codes.max()))
    assert result.format.signed == (a.signed or b.signed or operation is subtract)
    shorter = Format(max(result.format.word_bits - 1, 1), 0, signed=result.format.signed)
    assert result.format.word_bits == 1 or ends[0] < shorter.min_code or ends[1] > shorter.max_code


@settings(deadline=None, max_examples=300)
@given(operations, narrow | formats, narrow | formats, st.data())
def test_results_are_exact_or_their_format_is_too_long(operation, a, b, data):
    x, y = data.draw(codes_of(a)), data.draw(codes_of(b))
    exact = [OPERATIONS[operation](reference.decode(i, a), reference.decode(j, b)) for i, j in zip(x, y, strict=True)]
    try:
        result = operation(x, a, y, b)
    except ValueError as error:
        assert "is not at most 128" in str(error)  # noqa: PT017
        assert a.word_bits + b.word_bits > 40
    else:
        assert exact_values(result) == exact
        assert has_the_type_of_its_format(result)


@settings(deadline=None, max_examples=500)
@given(
    operations,
    formats | narrow,
    formats | narrow,
    formats | narrow,
    st.data(),
    roundings,
    overflows,
    st.integers(0, 99),
)
def test_a_target_rounds_the_exact_result_once(operation, a, b, target, data, rounding, overflow, seed):
    x, y = data.draw(codes_of(a)), data.draw(codes_of(b))
    equals_the_reference(
        lambda rng: operation(x, a, y, b, target=target, rounding=rounding, overflow=overflow, rng=rng),
        [OPERATIONS[operation](reference.decode(i, a), reference.decode(j, b)) for i, j in zip(x, y, strict=True)],
        target,
        rounding,
        overflow,
        seed,
    )


@settings(deadline=None, max_examples=300)
@given(
    formats | narrow,
    st.lists(st.integers(-128, 128), min_size=3, max_size=3) | st.integers(-128, 128),
    formats | narrow,
    st.data(),
    roundings,
    overflows,
)
def test_a_shift_to_a_target_rounds_once(fmt, bits, target, data, rounding, overflow):
    codes = data.draw(codes_of(fmt))
    equals_the_reference(
        lambda rng: shift(codes, fmt, bits, target=target, rounding=rounding, overflow=overflow, rng=rng),
        shifted(codes, fmt, bits),
        target,
        rounding,
        overflow,
        0,
    )


def shifted(codes, fmt, bits):
    places = np.broadcast_to(bits, len(codes)).tolist()
    return [reference.decode(code, fmt) * Fraction(2) ** place for code, place in zip(codes, places, strict=True)]


@settings(deadline=None)
@given(formats | narrow, st.lists(st.integers(-20, 20), min_size=3, max_size=3) | st.integers(-60, 60), st.data())
def test_shifts_lose_no_bit(fmt, bits, data):
    codes = data.draw(codes_of(fmt))
    left, right = np.max(bits), -np.min(bits)
    grown = fmt.word_bits + max(left + max(right, 0), 0)
    if grown > 128:
        with pytest.raises(ValueError, match=f"word_bits={grown} of the result is not at most 128"):
            shift(codes, fmt, bits)
        return
    result = shift(codes, fmt, bits)
    assert exact_values(result) == shifted(codes, fmt, bits)
    assert result.format == Format(grown, fmt.frac_bits + max(right, 0), signed=fmt.signed)
    assert has_the_type_of_its_format(result)


def test_one_shift_left_keeps_the_grid_and_one_right_the_codes():
    left, right = shift([5, -5], S8, 3), shift([5, -5], S8, -3)
    assert (left.codes.tolist(), left.format) == ([40, -40], Format(11, 7))
    assert (right.codes.tolist(), right.format) == ([5, -5], Format(8, 10))
    assert shift([5, -5], S8, 0).format == S8


def test_shifts_in_a_register():
    right = shift([5, -5], S8, -1, target=S8, rounding="FLOOR")
    left = shift([100, -100], S8, 1, target=S8, overflow="WRAP")
    assert (right.codes.tolist(), left.codes.tolist()) == ([2, -3], [-56, 56])


@settings(deadline=None)
@given(formats, st.data())
def test_laws_of_arithmetic(fmt, data):
    x, y = data.draw(codes_of(fmt)), data.draw(codes_of(fmt))
    target = Format(128, fmt.frac_bits)
    zero, one = [0] * 3, [1] * 3
    assert add(x, fmt, y, fmt, target=target).codes.tolist() == add(y, fmt, x, fmt, target=target).codes.tolist()
    assert add(x, fmt, zero, fmt, target=fmt).codes.tolist() == x
    assert subtract(x, fmt, x, fmt, target=fmt).codes.tolist() == zero
    assert multiply(x, fmt, one, Format(1, 0, signed=False), target=fmt).codes.tolist() == x
    assert add(x, fmt, x, fmt, target=target).codes.tolist() == shift(x, fmt, 1, target=target).codes.tolist()


def test_word_length_decides_between_int64_and_python_integers():
    unsigned = Format(62, 0, signed=False)
    assert add([2**62 - 1], unsigned, [2**62 - 1], unsigned).codes.tolist() == [2**63 - 2]
    assert add([2**62 - 1], unsigned, [2**62 - 1], unsigned).codes.dtype == np.int64
    signed = add([-(2**62)], Format(63, 0), [-(2**62)], Format(63, 0))
    assert (signed.codes.tolist(), signed.codes.dtype, signed.format) == ([-(2**63)], object, Format(64, 0))
    square = multiply(2**63 - 1, Format(64, 0), 2**63 - 1, Format(64, 0))
    assert (square.codes.item(), square.format) == ((2**63 - 1) ** 2, Format(128, 0))
    total = add(-(2**127), Format(128, 0), -(2**127), Format(128, 0), target=Format(128, -1))
    assert total.codes.item() == -(2**127)


def test_shapes_broadcast():
    column, row = np.array([[1], [2]]), np.array([10, 20, 30])
    assert add(column, S8, row, S8).codes.tolist() == [[11, 21, 31], [12, 22, 32]]
    assert multiply(column, S8, 3, S8).codes.shape == (2, 1)
    assert shift(column, S8, [0, 1]).codes.tolist() == [[1, 2], [2, 4]]
    for bits in (8, 100):
        fmt = Format(bits, 0)
        for result in (add(1, fmt, 2, fmt, target=fmt), subtract(5, fmt, 2, fmt), shift(3, fmt, 0)):
            assert isinstance(result.codes, np.ndarray)
            assert (result.codes.shape, result.codes.item()) == ((), 3)
        assert add([], fmt, [], fmt).codes.shape == shift(np.zeros((0, 2), int), fmt, 5).codes.shape[:1] == (0,)
    assert shift([], S8, []).format == S8


def test_stochastic_draws_have_the_shape_of_the_result():
    column, row = np.array([[1], [2]]), np.array([10, 20, 30])
    u = np.random.default_rng(3).random((2, 3))
    result = multiply(column, S8, row, S8, target=S8, rounding="STOCHASTIC", rng=np.random.default_rng(3))
    exact = [[Fraction(int(x) * int(y), 2**14) for y in row] for x in column[:, 0]]
    assert result.codes.tolist() == [
        [reference.encode(value, S8, rounding="STOCHASTIC", u=draw) for value, draw in zip(*both, strict=True)]
        for both in zip(exact, u, strict=True)
    ]


def test_results_are_frozen():
    with pytest.raises(AttributeError, match="cannot assign"):
        add(1, S8, 2, S8).format = S8


BAD = [
    (np.array([1.0]), TypeError, "of dtype float64 are not integers: encode numbers first, or convert with astype"),
    ([0.5], TypeError, "of dtype float64 are not integers"),
    (np.nan, TypeError, "of dtype float64 are not integers"),
    ([np.inf], TypeError, "of dtype float64 are not integers"),
    (1j, TypeError, "of dtype complex128 are not integers"),
    ("1", TypeError, "of dtype <U1 are not integers"),
    (True, TypeError, "of dtype bool are not integers"),
    ([True, False], TypeError, "of dtype bool are not integers"),
    (None, TypeError, "of dtype object are not integers"),
    ([Fraction(1, 2)], TypeError, "of dtype object are not integers"),
    (np.array([1, "1"], dtype=object), TypeError, "of dtype object are not integers"),
    (
        scipy.sparse.csr_array([[1]]),
        TypeError,
        "of type scipy.csr_array is not a plain array: convert it, matrix.toarray",
    ),
    (torch.tensor([1]), TypeError, "of type torch.Tensor is not a plain array: convert it, tensor.numpy"),
    (
        np.ma.array([1, 2], mask=[0, 1]),
        TypeError,
        "of type numpy.MaskedArray is not a plain array: fill what is masked",
    ),
    ([[1, 2], [3]], ValueError, "is not an array: its rows differ in length; pass rows of one length"),
]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("operand", "error", "text"), BAD)
def test_operands_are_codes(operation, operand, error, text):
    with pytest.raises(error, match=f"^a {text}"):
        operation(operand, S8, 1, S8)
    with pytest.raises(error, match=f"^b {text}"):
        operation(1, S8, operand, S8)


@pytest.mark.parametrize(("operand", "error", "text"), BAD)
def test_operands_of_shift_are_integers(operand, error, text):
    with pytest.raises(error, match=f"^codes {text}"):
        shift(operand, S8, 1)
    text = text.replace("encode numbers first, or convert with astype", "pass whole numbers of places")
    with pytest.raises(error, match=f"^bits {text}"):
        shift(1, S8, operand)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_codes_belong_to_their_formats(operation):
    with pytest.raises(
        ValueError, match=r"a\[1\]=128 is not between -128 and 127: a_format=sfix8_En7 has no such code"
    ):
        operation([0, 128], S8, [0, 0], S8)
    with pytest.raises(ValueError, match="b=-1 is not between 0 and 1: b_format=ufix1 has no such code"):
        operation(1, S8, -1, Format(1, 0, signed=False))
    with pytest.raises(TypeError, match="a_format='s8' is not a Format: pass fxp.Format"):
        operation(1, "s8", 1, S8)
    with pytest.raises(TypeError, match="b_format=None is not a Format"):
        operation(1, S8, 1, None)
    with pytest.raises(TypeError, match="target=8 is not a Format"):
        operation(1, S8, 1, S8, target=8)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_shapes_that_do_not_match(operation):
    with pytest.raises(ValueError, match=r"a.shape=\(2,\), b.shape=\(3,\) do not match: pass shapes that broadcast"):
        operation([1, 2], S8, [1, 2, 3], S8)


def test_refusals_of_shift():
    with pytest.raises(
        ValueError, match=r"codes.shape=\(2,\), bits.shape=\(3,\) do not match: pass shapes that broadca"
    ):
        shift([1, 2], S8, [1, 2, 3])
    for bits in (129, -129, 10**9, 2**70):
        with pytest.raises(ValueError, match=f"bits={bits} is not between -128 and 128: no word is longer; move the"):
            shift(1, S8, bits)
    with pytest.raises(ValueError, match="codes=300 is not between -128 and 127: fmt=sfix8_En7 has no such code"):
        shift(300, S8, 1)
    with pytest.raises(TypeError, match="target=8 is not a Format"):
        shift(1, S8, 1, target=8)
    with pytest.raises(ValueError, match="frac_bits=1101 of the result is not between -1100 and 1100: move the binary"):
        shift(1, Format(8, 1100), -1)


def test_formats_that_grow_too_long_are_refused():
    wide = Format(128, 0)
    for operation, name, bits in ((add, "sum", 129), (subtract, "difference", 129), (multiply, "product", 256)):
        with pytest.raises(ValueError, match=f"word_bits={bits} of the {name} is not at most 128: .*a target format"):
            operation(1, wide, 1, wide)
    with pytest.raises(ValueError, match="word_bits=136 of the result is not at most 128"):
        shift(1, S8, 128)
    far_apart = add(1, Format(8, 1100), 1, Format(8, -1100), target=Format(8, -1100))
    assert far_apart.codes.item() == 1


@pytest.mark.parametrize("call", [lambda **how: add(100, S8, 100, S8, **how), lambda **how: shift(100, S8, 1, **how)])
def test_modes_of_the_target(call):
    assert call(target=S8).codes == 127
    assert call(target=S8, overflow="WRAP").codes == -56
    with pytest.raises(OverflowError, match="=200 is outside sfix8_En7, which spans codes -128 to 127"):
        call(target=S8, overflow="ERROR")
    with pytest.raises(ValueError, match="rng=None is not a numpy.random.Generator"):
        call(target=S8, rounding="STOCHASTIC")
    for target in (S8, None):
        with pytest.raises(ValueError, match="rounding='NEAREST' is not a mode of rounding"):
            call(target=target, rounding="NEAREST")
        with pytest.raises(ValueError, match="overflow='CLIP' is not a mode of overflow"):
            call(target=target, overflow="CLIP")
