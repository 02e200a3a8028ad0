import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from analysis.blocks import block_scaled_uniform
from fxp import BlockRule, Rounding, Signal, block_exponents, block_storage_bits_exact, reference, sqnr_block

# No value is a tie at the edge of a word, where the rules are stricter than they need be for some of the modes
VALUES = (0.0, 0.3, -1.1, 1.7, -3.9, 0.45, 2.1, 2.1)
LAWS = {
    "gaussian": (Signal.gaussian(0.7), stats.norm(0, 0.7)),
    "laplace": (Signal.laplace(3.0), stats.laplace(0, 3 / math.sqrt(2))),
    "uniform": (Signal.uniform(-0.3, 2.0), stats.uniform(-0.3, 2.3)),
}
signals = st.sampled_from([Signal.gaussian(), Signal.laplace(), Signal.uniform(), Signal.relu_gaussian()])
rules = st.sampled_from(list(BlockRule))


def exponent_by_definition(largest, word_bits, rule, rounding):
    """Return the smallest exponent that the rule allows, counting up in exact arithmetic."""
    exponent = -20
    while largest >= Fraction(2) ** exponent or (
        rule == "no_saturation" and saturates(largest, exponent, word_bits, rounding)
    ):
        exponent += 1
    return exponent


def saturates(largest, exponent, word_bits, rounding):
    return max(roundings(largest / step(exponent, word_bits), rounding)) >= 2 ** (word_bits - 1)


def step(exponent, word_bits):
    return Fraction(2) ** (exponent - word_bits + 1)


def roundings(scaled, rounding):
    """Return the integers to which a number may round, with their probabilities."""
    if rounding is not Rounding.STOCHASTIC:
        return {reference.round_fraction(scaled, rounding): 1}
    fraction = scaled - math.floor(scaled)
    return {math.floor(scaled): 1 - fraction, math.ceil(scaled): fraction} if fraction else {math.floor(scaled): 1}


def squared_error(value, exponent, word_bits, rounding):
    top, unit = 2 ** (word_bits - 1), step(exponent, word_bits)
    return sum(
        share * (min(max(code, -top), top - 1) * unit - value) ** 2
        for code, share in roundings(value / unit, rounding).items()
    )


def enumerated_db(word_bits, block_size, rule, rounding):
    """Return the SQNR over all blocks of VALUES, in Fractions."""
    values = [Fraction(value) for value in VALUES]
    noise = power = Fraction(0)
    for block in product(values, repeat=block_size):
        largest = max(map(abs, block))
        exponent = exponent_by_definition(largest, word_bits, rule, rounding) if largest else 0
        noise += sum(squared_error(value, exponent, word_bits, rounding) for value in block)
        power += sum(value**2 for value in block)
    return 10 * math.log10(power / noise)


@pytest.mark.parametrize("rule", list(BlockRule))
@pytest.mark.parametrize("rounding", list(Rounding), ids=str)
@pytest.mark.parametrize(("word_bits", "block_size"), [(2, 3), (3, 2), (6, 1)])
def test_all_blocks_of_some_values(word_bits, block_size, rule, rounding):
    found = sqnr_block(word_bits, block_size, Signal.from_samples(VALUES), rule=rule, rounding=rounding)
    assert_allclose(found, enumerated_db(word_bits, block_size, rule, rounding), rtol=1e-9)


@pytest.mark.parametrize(("largest", "exponent"), [(2.0, 2), (1.875, 2), (1.874, 1), (1.0, 1)])
def test_rules_are_strict(largest, exponent):
    # 4 bits, nearest: the word that ends at 2 has the step 1/4 and holds magnitudes below 1.875
    law = block_exponents(1, Signal.from_samples([largest]), word_bits=4, rule="no_saturation")
    assert law.exponents.tolist() == [exponent]
    leading = block_exponents(1, Signal.from_samples([largest]))
    assert leading.exponents.tolist() == [math.floor(math.log2(largest)) + 1]


@given(st.integers(2, 16), st.integers(1, 2**20))
def test_the_closed_form_of_uniform_values(word_bits, block_size):
    closed = block_scaled_uniform().value(B=word_bits, n=min(block_size, 500))
    assert_allclose(sqnr_block(word_bits, block_size, Signal.uniform()), 10 * math.log10(closed), atol=1e-6)


@pytest.mark.parametrize("block_size", [1, 5, 1000])
@pytest.mark.parametrize(("signal", "law"), LAWS.values(), ids=LAWS)
def test_exponents_by_the_distribution(signal, law, block_size):
    found = block_exponents(block_size, signal)
    ends = 2.0 ** np.r_[found.exponents[0] - 1, found.exponents]
    below = (law.cdf(ends) - law.cdf(-ends)) ** block_size
    assert_allclose(found.probabilities, np.diff(below), atol=1e-12)
    assert_allclose(found.probabilities.sum(), 1, atol=1e-12)


def test_blocks_of_zeros_have_no_exponent():
    law = block_exponents(3, Signal.relu_gaussian())
    assert_allclose(law.probabilities.sum(), 1 - 0.5**3, rtol=1e-12)


@given(signals, st.integers(2, 10), st.integers(1, 100), rules)
def test_a_bit_more_gains_about_six_decibels(signal, word_bits, block_size, rule):
    fewer, more = (sqnr_block(bits, block_size, signal, rule=rule) for bits in (word_bits, word_bits + 1))
    assert 4 < more - fewer < 8.5


@given(signals, st.integers(4, 10), st.integers(1, 100), rules)
def test_larger_blocks_have_more_noise(signal, word_bits, block_size, rule):
    smaller, larger = (sqnr_block(word_bits, size, signal, rule=rule) for size in (block_size, 2 * block_size))
    assert larger <= smaller + 1e-6


@given(signals, st.integers(2, 8), st.integers(1, 64), rules, st.integers(-300, 300))
def test_powers_of_two_change_nothing(signal, word_bits, block_size, rule, shift):
    found = sqnr_block(word_bits, block_size, signal.scaled(2.0**shift), rule=rule)
    assert_allclose(found, sqnr_block(word_bits, block_size, signal, rule=rule), rtol=1e-9)


def test_rules_that_agree():
    # Values toward zero never reach beyond the word, whatever the rule
    for rounding in ("FLOOR", "TOWARD_ZERO"):
        first, second = (sqnr_block(4, 8, Signal.gaussian(), rule=rule, rounding=rounding) for rule in BlockRule)
        assert first == second


def test_exact_values_have_no_noise():
    assert sqnr_block(8, 2, Signal.from_samples([0.5, -0.25, 0.0])) == math.inf


def test_exponents_are_paid_for():
    assert block_storage_bits_exact(4, 16) == 4.5
    assert block_storage_bits_exact(4, 16, exponent_bits=5) == 4.3125


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: sqnr_block(1, 4, s), "word_bits=1 is not an integer of at least 2: give the bits of a code"),
        (lambda s: sqnr_block(17, 4, s), "word_bits=17 is not at most 16: longer words gain 6.02 dB a bit"),
        (lambda s: sqnr_block(8, 0, s), "block_size=0 is not an integer of at least 1: give the values that share"),
        (lambda s: sqnr_block(8, 2**21, s), "block_size=2097152 is not at most 1048576: use a Format"),
        (lambda s: sqnr_block(8, 4, s, rule="floor"), "rule='floor' is not a rule .* leading_bit, no_saturation"),
        (lambda s: sqnr_block(8, 4, s, rounding="up"), "rounding='up' is not a mode of rounding"),
        (lambda s: sqnr_block(8, 4, Signal(1.0, 0.5)), "signal has no law"),
        (lambda s: block_exponents(4, s, rule="no_saturation"), "word_bits=None with rule=NO_SATURATION: .* give"),
        (lambda s: sqnr_block([4, 8], 4, s), r"^word_bits of shape \(2,\) is not one number: call once for each$"),
        (lambda s: sqnr_block(8, [4, 8], s), r"^block_size of shape \(2,\) is not one number: call once for each$"),
        (lambda s: block_storage_bits_exact(8, 4, exponent_bits=[8]), r"^exponent_bits of shape \(1,\) is not one"),
        (lambda s: block_storage_bits_exact(8, 4, exponent_bits=0), "exponent_bits=0 is not an integer of at least 1"),
    ],
)
def test_arguments_outside_their_range_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(Signal.gaussian())
