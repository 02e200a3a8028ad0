import inspect
import re
from itertools import product
from math import log10

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp import (
    Format,
    Signal,
    bit_growth,
    dot_moments,
    minimum_precision_bits,
    minimum_precision_bits_exact,
    output_bits_for_sqnr,
    output_bits_for_sqnr_exact,
    rate_distortion_sqnr,
    sqnr_dot,
    sqnr_dot_fixed,
    sqnr_dot_inputs,
    sqnr_quantizer,
    sqnr_rule,
    total_snr_db,
)

bits = st.integers(2, 64)
pars = st.floats(0, 40)
lengths = st.integers(1, 10**6)
snrs = st.floats(-20, 25)
losses = st.floats(0.2, 10)


def minimal_bits(x: Format, w: Format, length: int) -> int:
    """Return the shortest word of all sums: unsigned where no sum is negative by the operands' kind."""
    ends = [length * a * b for a in (x.min_code, x.max_code) for b in (w.min_code, w.max_code)]
    signed = x.signed or w.signed
    words = (Format(word, 0, signed=signed) for word in range(1, 100))
    return next(word.word_bits for word in words if word.min_code <= min(ends) and max(ends) <= word.max_code)


@pytest.mark.parametrize(("x_signed", "w_signed"), [*product([False, True], repeat=2)])
def test_bit_growth_is_a_bound_with_the_slack_that_it_states(x_signed, w_signed):
    for x_bits, w_bits, length in product(range(1, 6), range(1, 6), range(1, 70)):
        formats = Format(x_bits, 0, signed=x_signed), Format(w_bits, 0, signed=w_signed)
        slack = bit_growth(x_bits, w_bits, length) - minimal_bits(*formats, length)
        power_of_two = length & (length - 1) == 0
        if x_signed and w_signed:
            assert slack == (0 if power_of_two else 1)
        else:
            single_bit = not x_signed and not w_signed and 1 in (x_bits, w_bits)
            assert 0 <= slack <= (2 if single_bit else 1)


def test_bit_growth_counts_in_integers():
    # a logarithm in float64 rounds 2**53 + 1 to 2**53
    assert list(bit_growth(1, 1, [2**53, 2**53 + 1, 2**62, 2**62 + 1])) == [55, 56, 64, 65]


@given(bits, lengths, pars, pars)
def test_output_bits_invert_sqnr(word, length, x_par, w_par):
    reached = sqnr_dot(word, length, x_par, w_par)
    assert output_bits_for_sqnr_exact(reached, length, x_par, w_par) == pytest.approx(word, abs=1e-11)
    assert output_bits_for_sqnr(reached, length, x_par, w_par) == word


@given(st.floats(-50, 200), lengths, pars, pars)
def test_output_bits_suffice_and_one_less_does_not(wanted, length, x_par, w_par):
    word = output_bits_for_sqnr(wanted, length, x_par, w_par)
    assert sqnr_dot(word, length, x_par, w_par) >= wanted
    if word > 2:
        assert sqnr_dot(word - 1, length, x_par, w_par) < wanted


@given(snrs, losses)
def test_noise_of_the_minimum_precision_costs_the_loss(snr, loss):
    real = minimum_precision_bits_exact(snr, loss)
    rounding_noise = sqnr_rule(1, 20 * log10(4)) + 20 * log10(2) * (real - 1)
    assert snr - total_snr_db(snr, rounding_noise) == pytest.approx(loss, abs=1e-9)
    assert minimum_precision_bits(snr, loss) == max(1, np.ceil(real))


@given(snrs, losses)
def test_textbook_constants_of_the_minimum_precision(snr, loss):
    textbook = minimum_precision_bits_exact(snr, loss, textbook=True)
    needed = 20 * log10(2) * minimum_precision_bits_exact(snr, loss) - 20 * log10(4) + 10 * log10(3)
    assert 6 * textbook - 7.2 == pytest.approx(needed, abs=1e-9)


@pytest.mark.parametrize(("word", "exact"), [(8, 40.55), (9, 45.73), (10, 49.44)])
def test_overload_at_4_sigma_decides_beyond_8_bits(word, exact):
    # the rule says 40.9, 46.9 and 52.9 dB
    assert round(sqnr_quantizer(Format(word, word - 3), Signal.gaussian()), 2) == exact
    rule = float(sqnr_rule(word, 20 * log10(4)))
    if word == 8:
        assert abs(rule - exact) < 0.4
        assert minimum_precision_bits_exact(rule, 3.0103) == pytest.approx(8, abs=1e-5)
    else:
        assert rule - exact > 1
        with pytest.raises(ValueError, match=r"overload at 4 sigma is no longer small; use fxp.optimal_clip$"):
            minimum_precision_bits_exact(rule, 3.0103)


def test_inverses_broadcast():
    assert output_bits_for_sqnr([[30], [60]], [1, 64, 4096], 3.0, 3.0).shape == (2, 3)
    assert minimum_precision_bits([10, 20], [[0.5], [1.0], [3.0]]).shape == (3, 2)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: bit_growth(0, 4, 1), "x_bits=0 is not an integer of at least 1: give a word length"),
        (lambda: bit_growth(4, 0, 1), "w_bits=0 is not an integer of at least 1: give a word length"),
        (lambda: bit_growth(4, 4, 0), "length=0 is not an integer of at least 1: give the number of products"),
        (lambda: output_bits_for_sqnr(np.inf, 4, 3, 3), "sqnr_db=inf is not finite: give a ratio in dB"),
        (lambda: output_bits_for_sqnr_exact(40, 0, 3, 3), "length=0 is not an integer of at least 1: give the number"),
        (
            lambda: output_bits_for_sqnr([20, 1000], 4, 4, 4),
            "sqnr_db asks for words of 168 bits, not for at most the 128 of a Format: give a lower ratio, in dB",
        ),
        (lambda: bit_growth([4, 5], 4, [1, 2, 3]), "shapes do not broadcast: x_bits of (2,), length of (3,); give one"),
        (lambda: output_bits_for_sqnr([4, 5], [1, 2, 3], 3, 3), "shapes do not broadcast: sqnr_db of (2,), length of"),
        (lambda: minimum_precision_bits([4, 5], [1, 2, 3]), "shapes do not broadcast: snr_db of (2,), loss_db of (3,)"),
        (lambda: minimum_precision_bits(np.nan, 1), "snr_db=nan is not finite: give a ratio in dB"),
        (lambda: minimum_precision_bits(20, 0), "loss_db=0.0 is not finite and positive: give the loss"),
        (
            lambda: minimum_precision_bits(40, 0.5),
            "snr_db=40 with loss_db=0.5 asks for 9.37 bits, not for at most 8: beyond, ",
        ),
    ],
)
def test_refusals(call, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        call()


def test_what_is_no_bool_is_refused():
    with pytest.raises(TypeError, match=r"^textbook='yes' is not a bool: pass textbook=True or textbook=False$"):
        minimum_precision_bits(20, 1, textbook="yes")


@pytest.mark.parametrize(
    "function", [bit_growth, output_bits_for_sqnr, sqnr_dot_inputs, sqnr_dot_fixed, dot_moments, rate_distortion_sqnr]
)
def test_help_shows_array_like_by_its_name(function):
    signature = str(inspect.signature(function))
    assert "ArrayLike" in signature
    assert "Union" not in signature
