import re
from math import inf, log10, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp import Signal, sqnr_dot, sqnr_rule, total_snr_db

BIT_DB = 20 * log10(2)
EPS_DB = 1e-11  # a few roundings of numbers of about 1000

bits = st.integers(2, 64)
pars = st.floats(0, 40)
lengths = st.integers(1, 10**6)
ratios = st.floats(-200, 200)


def test_word_lengths_may_be_whole_floats_and_one_bit():
    from_floats = sqnr_dot(np.linspace(1, 12, 12), 16.0, 3, 3)
    assert np.array_equal(from_floats, sqnr_dot(range(1, 13), 16, 3, 3))
    assert np.diff(from_floats) == pytest.approx(BIT_DB, abs=EPS_DB)


def test_rule_of_a_full_range_uniform_signal_is_6_db_a_bit():
    assert sqnr_rule(8, Signal.uniform().par_db) == pytest.approx(8 * BIT_DB, abs=EPS_DB)


def test_dot_product_of_relu_and_gaussian_clipped_at_4():
    # 12 bits, 64 products, x after ReLU and w Gaussian, both on a range of 4: 31.86 dB, measured 31.85
    x_par, w_par = 20 * log10(4 * 2**0.5), 20 * log10(4)
    assert round(sqnr_dot(12, 64, x_par, w_par), 2) == 31.86


def test_textbook_constants():
    assert sqnr_rule(10, 3, textbook=True) == pytest.approx(6 * 10 + 4.8 - 3, abs=EPS_DB)
    assert sqnr_rule(10, 3, signed=False, textbook=True) == pytest.approx(6 * 11 + 4.8 - 3, abs=EPS_DB)
    assert sqnr_dot(12, 100, 3, 4, textbook=True) == pytest.approx(6 * 12 + 4.8 - 7 - 20, abs=EPS_DB)


@given(bits, lengths, pars, pars)
def test_one_product_of_a_constant_weight_is_the_rule(word, length, x_par, w_par):
    assert sqnr_dot(word, 1, x_par, 0) == pytest.approx(sqnr_rule(word, x_par), abs=EPS_DB)
    assert sqnr_dot(word, length, x_par, w_par) == sqnr_dot(word, length, w_par, x_par)


@given(bits, lengths, pars, pars)
def test_a_bit_more_is_worth_four_times_the_length(word, length, x_par, w_par):
    longer = sqnr_dot(word + 1, 4 * length, x_par, w_par)
    assert longer == pytest.approx(sqnr_dot(word, length, x_par, w_par), abs=EPS_DB)


@given(bits, pars)
def test_an_unsigned_word_has_a_bit_more(word, par):
    assert sqnr_rule(word, par, signed=False) == sqnr_rule(word + 1, par)


def test_arguments_broadcast():
    table = sqnr_dot(np.arange(6, 13)[:, np.newaxis], [1, 16, 64], 4.0, np.float32(5))
    assert table.shape == (7, 3)
    assert table[3, 2] == sqnr_dot(9, 64, 4.0, 5.0)


def test_par_of_a_constant_magnitude_may_be_below_zero_by_a_rounding():
    assert sqnr_rule(8, -1e-15) == sqnr_rule(8, 0)


@given(st.lists(ratios, min_size=1, max_size=5))
def test_total_is_below_its_parts_and_free_of_order(snrs):
    total = total_snr_db(*snrs)
    assert min(snrs) - 10 * log10(len(snrs)) - EPS_DB <= total <= min(snrs) + EPS_DB
    assert total == pytest.approx(total_snr_db(*reversed(snrs)), abs=EPS_DB)
    assert total == pytest.approx(total_snr_db(*snrs, inf), abs=EPS_DB)


def test_equal_errors_add_as_powers():
    assert total_snr_db(*[50.0] * 10) == pytest.approx(40, abs=EPS_DB)
    assert total_snr_db([30, 50], 40.0)[1] == pytest.approx(-10 * log10(1e-5 + 1e-4), abs=EPS_DB)


def test_ratios_beyond_the_floats_do_not_overflow():
    assert total_snr_db(5000, 5000) == pytest.approx(5000 - 10 * log10(2), abs=1e-9)
    assert total_snr_db(-5000, inf) == pytest.approx(-5000, abs=1e-9)
    assert total_snr_db(inf, inf) == inf


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: sqnr_rule(0, 3), "word_bits=0 is not an integer of at least 1: give a word length"),
        (lambda: sqnr_rule(8.5, 3), "word_bits=8.5 is not an integer of at least 1: give a word length"),
        (
            lambda: sqnr_rule(8, -1),
            "par_db=-1.0 is not finite and at least 0: give peak over rms in dB; a signal without a peak has no full "
            "range, clip it",
        ),
        (
            lambda: sqnr_rule(8, Signal.gaussian().par_db),
            "par_db=inf is not finite: give peak over rms in dB; a signal without a peak has no full range, clip it",
        ),
        (
            lambda: sqnr_dot(0, 4, 3, 3),
            "output_bits=0 is not an integer of at least 1: give the word length of a signed output",
        ),
        (lambda: sqnr_dot(8, 0, 3, 3), "length=0 is not an integer of at least 1: give the number of products"),
        (lambda: total_snr_db(), "snrs_db=() holds no ratio: give at least one"),
        (
            lambda: total_snr_db(40, nan),
            "snrs_db=nan is not a ratio in dB: give a number, or inf where no error is",
        ),
        (lambda: total_snr_db(-inf), "snrs_db=-inf is not a ratio in dB: give a number, or inf where no error is"),
    ],
)
def test_refusals(call, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        call()


@pytest.mark.parametrize("which", ["x_par_db", "w_par_db"])
@pytest.mark.parametrize("par", [nan, inf, -0.5])
def test_dot_names_the_par_it_refuses(which, par):
    with pytest.raises(ValueError, match=f"^{which}={par} is not finite"):
        sqnr_dot(8, 4, **({"x_par_db": 3.0, "w_par_db": 3.0} | {which: par}))
