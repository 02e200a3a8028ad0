"""Arithmetic on every code of every two formats of up to 8 bits; sums of products of every word length to 128 bits."""

from functools import cache
from itertools import product

import numpy as np
import pytest

from fxp import (
    Accumulator,
    Format,
    Overflow,
    Rounding,
    add,
    cast,
    conv2d,
    decode,
    dot,
    matmul,
    multiply,
    reference,
    shift,
    subtract,
)

WORDS = [(word_bits, signed) for word_bits in range(1, 9) for signed in (True, False)]
OPERATIONS = {add: np.add, subtract: np.subtract, multiply: np.multiply}


def every_code(fmt):
    return np.arange(fmt.min_code, fmt.max_code + 1)


def is_shortest(fmt, codes):
    """No code is outside the format, and one bit less would not hold them all."""
    shorter = (fmt.min_code // 2, fmt.max_code // 2) if fmt.word_bits > 1 else (0, -1)
    return (
        fmt.min_code <= codes.min()
        and codes.max() <= fmt.max_code
        and not (shorter[0] <= codes.min() and codes.max() <= shorter[1])
    )


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
@pytest.mark.parametrize("frac_bits", [-3, 0, 5])
def test_every_two_formats_up_to_8_bits(operation, frac_bits):
    """float64 holds every number, sum and product here: its arithmetic is the second route."""
    for (a_bits, a_signed), (b_bits, b_signed) in product(WORDS, WORDS):
        a, b = Format(a_bits, 0, signed=a_signed), Format(b_bits, frac_bits, signed=b_signed)
        x, y = every_code(a)[:, None], every_code(b)[None, :]
        result = operation(x, a, y, b)
        expected = OPERATIONS[operation](decode(x, a), decode(y, b))
        assert (decode(result.codes, result.format) == expected).all(), (a, b)
        assert is_shortest(result.format, result.codes), (a, b)
        assert result.format.signed == (a_signed or b_signed or operation is subtract)


@pytest.mark.parametrize("frac_bits", [-3, 0, 5])
def test_every_shift_of_every_format_up_to_8_bits(frac_bits):
    places = np.arange(-9, 10)
    for word_bits, signed in WORDS:
        fmt = Format(word_bits, frac_bits, signed=signed)
        codes = every_code(fmt)
        for bits in places.tolist():
            result = shift(codes, fmt, bits)
            assert (decode(result.codes, result.format) == decode(codes, fmt) * 2.0**bits).all()
            assert result.format.word_bits == word_bits + max(bits, 0)
        result = shift(codes[:, None], fmt, places)
        assert (decode(result.codes, result.format) == decode(codes, fmt)[:, None] * 2.0**places).all()


@pytest.mark.parametrize("overflow", [mode for mode in Overflow if mode is not Overflow.ERROR])
@pytest.mark.parametrize("rounding", Rounding)
def test_a_target_is_a_cast_of_the_exact_result(rounding, overflow):
    """On all pairs of codes; cast itself is tested on every code against the specification."""
    a, b = Format(7, 3), Format(6, 5, signed=False)
    x, y = every_code(a)[:, None], every_code(b)[None, :]
    modes = {"rounding": rounding, "overflow": overflow}
    for operation, target in product(OPERATIONS, (Format(8, 3), Format(5, 0, signed=False), Format(6, -2))):
        exact = operation(x, a, y, b)
        found = operation(x, a, y, b, target=target, rng=np.random.default_rng(1), **modes)
        expected = cast(exact.codes, exact.format, target, rng=np.random.default_rng(1), **modes)
        assert (found.codes == expected).all()
        assert found.format == target


@pytest.mark.parametrize("word", WORDS, ids=str)
def test_every_product_of_every_two_words_up_to_8_bits(word):
    x = every_code(Format(word[0], 0, signed=word[1]))
    for bits, signed in WORDS:
        w = every_code(Format(bits, 0, signed=signed))
        expected = np.multiply.outer(x, w)
        assert (matmul(x[:, None], w[None]).codes == expected).all()
        assert (conv2d(x[:, None, None, None], w[:, None, None, None]).codes[..., 0, 0] == expected).all()
        clamped = matmul(x[:, None], w[None], accumulator=Accumulator(8))
        assert (clamped.codes == np.clip(expected, -128, 127)).all()
        assert clamped.overflowed == clamped.persistent == np.count_nonzero(clamped.codes != expected)


@cache
def held(terms, accumulator):
    """What the specification makes of some products: code, overflowed, persistent; None where it raises."""
    try:
        result = reference.accumulate(terms, accumulator)
    except OverflowError:
        return None
    return result.code, result.overflowed, result.persistent


@pytest.mark.parametrize("every_step", [True, False])
@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("signed", [(True, True), (False, True), (False, False)])
def test_every_sum_of_two_products_of_three_bits(signed, overflow, every_step):
    x, w = (np.array(list(product(every_code(Format(3, 0, signed=sign)), repeat=2))) for sign in signed)
    terms = np.stack([np.multiply.outer(x[:, k], w[:, k]) for k in (0, 1)], axis=-1).reshape(-1, 2)
    for word_bits in (2, 4, 6):
        accumulator = Accumulator(word_bits, overflow=overflow, every_step=every_step)
        expected = [held(tuple(pair), accumulator) for pair in terms.tolist()]
        if None in expected:
            with pytest.raises(OverflowError, match=f"its sum leaves the accumulator of {word_bits} bits"):
                matmul(x, w.T, accumulator=accumulator)
            continue
        found = matmul(x, w.T, accumulator=accumulator, prefixes=True)
        codes, overflowed, persistent = zip(*expected, strict=True)
        assert found.codes.reshape(-1).tolist() == list(codes)
        assert found.prefixes.overflowed.reshape(-1).tolist() == list(overflowed)
        assert found.prefixes.persistent.reshape(-1).tolist() == list(persistent)
        assert (found.overflowed, found.persistent) == (sum(overflowed), sum(persistent))


def is_whole(codes, expected):
    """The codes are the expected integers, in a type of integers that holds them."""
    assert codes.tolist() == expected
    assert codes.dtype in (np.int32, np.int64) or all(type(code) is int for code in codes.flat)
    return True


@pytest.mark.parametrize("word_bits", range(1, 129))
def test_sums_of_products_of_every_word_length(word_bits):
    """Extremes and odd codes of signed and unsigned words, as Python integers beside those that NumPy makes of them."""
    for signed in (True, False):
        fmt = Format(word_bits, 0, signed=signed)
        low, high = fmt.min_code, fmt.max_code
        x = [low, high, high, low // 3, high - high // 3]
        for w in ([low, high, low, 1, -1], [1, -1, 1, -1, 1], x):
            terms = [a * b for a, b in zip(x, w, strict=True)]
            total = sum(terms)
            assert is_whole(dot(x, w).codes, total)
            assert is_whole(dot(x, w, bias=high).codes, total + high)
            assert is_whole(matmul([x, x[::-1]], [[b] for b in w]).codes[0], [total])
            assert is_whole(conv2d([[[x]]], [[[w]]], bias=[low]).codes, [[[[total + low]]]])
            for bits, mode in ((63, "SATURATE"), (33, "WRAP"), (20, "SATURATE_SYMMETRIC")):
                register = Accumulator(bits, overflow=mode)
                expected = reference.accumulate(terms, register)
                found = dot(x, w, accumulator=register, prefixes=True)
                assert is_whole(found.codes, expected.code)
                assert (found.prefixes.sums, found.prefixes.lowest) == (total, min(0, *expected.prefixes))


@pytest.mark.parametrize("word_bits", [1, 2, 8, 16, 24, 31, 32, 33, 53, 54, 62, 63, 64, 65, 127, 128])
def test_shapes_and_options_of_convolutions_of_wide_words(word_bits):
    low, high = Format(word_bits, 0).min_code, Format(word_bits, 0).max_code
    x = np.array([low, high, 0, high // 3] * 8, dtype=object).reshape(2, 2, 4, 2)
    w = np.array([high, low, 1, low // 3] * 3, dtype=object).reshape(2, 1, 3, 2)
    how = {"stride": (2, 1), "padding": ((1, 0), (0, 1)), "dilation": 1, "groups": 2}
    assert is_whole(conv2d(x, w, **how).codes, reference.conv2d(x, w, **how).tolist())
