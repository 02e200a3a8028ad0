"""cast of every code, between every two formats of up to 8 bits, in every mode, against Fractions."""

from functools import cache, lru_cache

import numpy as np
import pytest

from fxp import reference
from fxp.formats import Format, Overflow, Rounding
from fxp.quantization import cast

SHIFTS = range(-8, 10)  # beyond these nothing new happens to a word of 8 bits
FORMATS = [(word_bits, signed) for word_bits in range(1, 9) for signed in (True, False)]
LOWEST, HIGHEST = -128, 255
CODES = np.arange(LOWEST, HIGHEST + 1)
DRAW = 0.3


class Constant(np.random.Generator):
    """A generator that draws the same number always."""

    def random(self, shape):
        return np.full(shape, DRAW)


RNG = Constant(np.random.PCG64(0))


@lru_cache(maxsize=1 << 17)
def overflown(code, fmt, mode):
    """What the specification makes of a code; under ERROR whether it raises."""
    if mode is not Overflow.ERROR:
        return reference.overflow(code, fmt, mode)
    return reference.overflow(code, fmt, Overflow.WRAP) != code


@cache
def rounded(shift, rounding):
    """Every code of up to 8 bits, over ``2**shift``, rounded by the specification."""
    return [reference.shift_round(code, shift, rounding, DRAW) for code in range(LOWEST, HIGHEST + 1)]


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("overflow", Overflow)
def test_every_pair_of_formats_up_to_8_bits(rounding, overflow):
    compare = compare_errors if overflow is Overflow.ERROR else compare_codes
    for shift in SHIFTS:
        for word_bits, signed in FORMATS:
            target = Format(word_bits, 0, signed=signed)
            table = np.array([overflown(code, target, overflow) for code in rounded(shift, rounding)])
            for source_bits, source_signed in FORMATS:
                source = Format(source_bits, shift, signed=source_signed)
                codes = CODES[source.min_code - LOWEST : source.max_code - LOWEST + 1]
                expected = table[source.min_code - LOWEST : source.max_code - LOWEST + 1]
                compare(codes, source, target, rounding, overflow, expected)


def compare_codes(codes, source, target, rounding, overflow, expected):
    found = cast(codes, source, target, rounding=rounding, overflow=overflow, rng=RNG)
    assert not (found != expected).any(), (source, target)


def compare_errors(codes, source, target, rounding, overflow, expected):
    """ERROR raises for the first code outside, and for the codes inside it changes nothing."""
    inside = codes[~expected]
    found = cast(inside, source, target, rounding=rounding, overflow=overflow, rng=RNG)
    assert not (found != cast(inside, source, target, rounding=rounding, rng=RNG)).any(), (source, target)
    if expected.any():
        first = expected.argmax()
        with pytest.raises(OverflowError, match=rf"codes\[{first}\]={codes[first]} is outside {target},"):
            cast(codes, source, target, rounding=rounding, overflow=overflow, rng=RNG)
