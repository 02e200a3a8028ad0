"""Interval arithmetic on grids against the enumeration of its codes."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp.formats import Format, format_of
from fxp.spans import Span

ends = st.lists(st.integers(-9, 9), min_size=2, max_size=2).map(sorted)
spans = st.builds(lambda ends, frac: Span(*ends, frac, ends[0] < 0), ends, st.integers(-3, 3))


def values(span):
    return [code / Fraction(2) ** span.frac_bits for code in range(span.low, span.high + 1)]


def spans_exactly(span, results):
    step = Fraction(2) ** -span.frac_bits
    return (span.low * step, span.high * step) == (min(results), max(results)) and all(
        (result / step).denominator == 1 for result in results
    )


@given(spans, spans)
def test_operators_span_every_result_and_no_more(a, b):
    pairs = list(product(values(a), values(b)))
    assert spans_exactly(a + b, [x + y for x, y in pairs])
    assert spans_exactly(a - b, [x - y for x, y in pairs])
    assert spans_exactly(a * b, [x * y for x, y in pairs])
    assert spans_exactly(-a, [-x for x in values(a)])
    assert (a + b).signed == (a * b).signed == (a.signed or b.signed)
    assert (a - b).signed
    assert (-a).signed


@given(spans, st.integers(1, 4))
def test_repeated_spans_the_sums(span, count):
    assert spans_exactly(
        span.repeated(count),
        [sum(terms) for terms in product(values(span)[:: span.high - span.low or 1], repeat=count)],
    )


@given(spans, st.integers(-6, 6), st.integers(0, 6))
def test_shifted_spans_the_largest_and_keeps_the_bits_of_the_smallest(span, least, more):
    shifted = span.shifted(least, least + more)
    finest = [value * Fraction(2) ** least for value in values(span)]
    largest = [value * Fraction(2) ** (least + more) for value in values(span)]
    assert spans_exactly(shifted, largest)
    assert all((value * Fraction(2) ** shifted.frac_bits).denominator == 1 for value in finest)
    assert shifted.frac_bits == max(span.frac_bits, span.frac_bits - least)


@pytest.mark.parametrize("word_bits", range(1, 129))
@pytest.mark.parametrize("signed", [True, False])
def test_word_bits_of_the_ends_of_a_word(word_bits, signed):
    fmt = Format(word_bits, 0, signed=signed)
    assert fmt.span.word_bits == word_bits
    assert format_of("a code", fmt.span) == fmt
    assert Span(fmt.min_code, fmt.max_code + 1, 0, signed).word_bits == word_bits + 1
    if signed:
        assert Span(fmt.min_code - 1, fmt.max_code, 0, signed).word_bits == word_bits + 1


@pytest.mark.parametrize("signed", [True, False])
def test_the_shortest_word_has_one_bit(signed):
    """Zero alone takes one bit, which is the sign of a signed word."""
    assert Span(0, 0, 0, signed).word_bits == 1
