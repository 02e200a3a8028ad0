import re
from itertools import product
from math import log10

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp import floor_bias_power, input_bits_for_sqnr, input_bits_for_sqnr_exact, sqnr_dot_inputs, sqnr_rule

W_PAR = 20 * log10(4)  # Gaussian clipped at 4
X_PAR = 20 * log10(4 * 2**0.5)  # after ReLU, clipped at 4

bits = st.integers(1, 24)
pars = st.floats(0, 30)
atoms = st.floats(0, 0.99)


def test_zeros_of_a_relu_round_without_error():
    assert round(sqnr_dot_inputs(6, 6, X_PAR, W_PAR), 2) == 27.09
    assert round(sqnr_dot_inputs(6, 6, X_PAR, W_PAR, zero_atom=0.5), 2) == 27.88


@given(bits, bits, pars, pars)
def test_exact_operands_leave_the_rule_of_the_other(x_bits, w_bits, x_par, w_par):
    # 400 bits leave an error that no float sees
    assert sqnr_dot_inputs(x_bits, 400, x_par, w_par) == pytest.approx(
        sqnr_rule(x_bits, x_par, signed=False), abs=1e-10
    )
    assert sqnr_dot_inputs(400, w_bits, x_par, w_par) == pytest.approx(sqnr_rule(w_bits, w_par), abs=1e-10)


@given(bits, bits, pars, pars, atoms)
def test_cross_term_costs_what_the_product_of_the_noises_is(x_bits, w_bits, x_par, w_par, atom):
    with_term, without = (
        10 ** (-sqnr_dot_inputs(x_bits, w_bits, x_par, w_par, zero_atom=atom, cross_term=cross) / 10)
        for cross in (True, False)
    )
    alone = 10 ** (-sqnr_dot_inputs(x_bits, 400, x_par, w_par, zero_atom=atom) / 10)
    other = 10 ** (-sqnr_dot_inputs(400, w_bits, x_par, w_par, zero_atom=atom) / 10)
    assert with_term - without == pytest.approx(alone * other, rel=1e-9, abs=1e-14 * without)


@given(bits, bits, pars, pars, atoms)
def test_more_bits_and_more_zeros_never_hurt(x_bits, w_bits, x_par, w_par, atom):
    found = sqnr_dot_inputs(x_bits, w_bits, x_par, w_par, zero_atom=atom)
    assert sqnr_dot_inputs(x_bits + 1, w_bits, x_par, w_par, zero_atom=atom) >= found
    assert sqnr_dot_inputs(x_bits, w_bits + 1, x_par, w_par, zero_atom=atom) >= found
    assert sqnr_dot_inputs(x_bits, w_bits, x_par, w_par, zero_atom=atom / 2) <= found


@given(bits, bits, pars, pars)
def test_signed_inputs_lose_a_bit(x_bits, w_bits, x_par, w_par):
    signed = sqnr_dot_inputs(x_bits + 1, w_bits, x_par, w_par, x_signed=True)
    assert signed == pytest.approx(sqnr_dot_inputs(x_bits, w_bits, x_par, w_par), abs=1e-11)


@given(bits, pars, pars, atoms, st.booleans())
def test_bits_invert_sqnr(word, x_par, w_par, atom, signed):
    how = {"x_signed": signed, "zero_atom": atom}
    reached = sqnr_dot_inputs(word, word, x_par, w_par, **how)
    assert input_bits_for_sqnr_exact(reached, x_par, w_par, **how) == pytest.approx(word, abs=1e-9)
    assert input_bits_for_sqnr(reached, x_par, w_par, **how) == word


@given(st.floats(-20, 150), pars, pars, atoms)
def test_integer_bits_suffice_and_one_less_does_not(wanted, x_par, w_par, atom):
    word = input_bits_for_sqnr(wanted, x_par, w_par, zero_atom=atom)
    assert sqnr_dot_inputs(word, word, x_par, w_par, zero_atom=atom) >= wanted
    if word > 1:
        assert sqnr_dot_inputs(word - 1, word - 1, x_par, w_par, zero_atom=atom) < wanted


@pytest.mark.parametrize("inexact", [1.0, 0.75, 0.5])
def test_floor_bias_is_the_mean_over_all_patterns_of_zeros(inexact):
    weights, step = np.array([1.0, -0.5, 0.25, 2.0]), 0.25
    powers = [
        np.prod([inexact if on else 1 - inexact for on in pattern]) * (step / 2 * (weights @ pattern)) ** 2
        for pattern in product([0, 1], repeat=len(weights))
    ]
    assert floor_bias_power(weights, step, zero_atom=1 - inexact) == pytest.approx(sum(powers), rel=1e-14)


def test_floor_bias_of_several_outputs():
    weights = np.arange(24.0).reshape(2, 3, 4) - 11
    found = floor_bias_power(weights, 0.5)
    assert found.shape == (2, 3)
    assert found[1, 2] == floor_bias_power(weights[1, 2], 0.5)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: sqnr_dot_inputs(0, 4, 3, 3), "x_bits=0 is not an integer of at least 1: give a word length"),
        (lambda: sqnr_dot_inputs(4, 0, 3, 3), "w_bits=0 is not an integer of at least 1: give a word length"),
        (lambda: sqnr_dot_inputs(4, 4, -3, 3), "x_par_db=-3.0 is not finite and at least 0: "),
        (lambda: sqnr_dot_inputs(4, 4, 3, np.nan), "w_par_db=nan is not finite: "),
        (
            lambda: sqnr_dot_inputs(4, 4, 3, 3, zero_atom=1),
            "zero_atom=1.0 is not between 0 and 1: give the probability that x is exactly zero, below 1",
        ),
        (lambda: floor_bias_power([np.inf], 1), "weights[0]=inf is not finite: give the weights along the last axis"),
        (lambda: floor_bias_power([1.0], 0), "x_step=0.0 is not finite and positive: give the step"),
        (lambda: input_bits_for_sqnr(np.nan, 3, 3), "sqnr_db=nan is not finite: give a ratio in dB"),
        (
            lambda: input_bits_for_sqnr([20, 1000], 4, 4),
            "sqnr_db asks for words of 167 bits, not for at most the 128 of a Format: give a lower ratio, in dB",
        ),
        (lambda: floor_bias_power(1.0, 0.5), "weights=1.0 is not an array: give the weights along the last axis"),
        (
            lambda: floor_bias_power(np.ones((2, 4)), [1, 1, 1]),
            "shapes do not broadcast: dot_products of (2,), x_step of (3,); give one shape, or axes of length 1",
        ),
        (
            lambda: sqnr_dot_inputs([4, 5], 4, [1, 2, 3], 3),
            "shapes do not broadcast: x_bits of (2,), x_par_db of (3,);",
        ),
        (lambda: input_bits_for_sqnr([4, 5], [1, 2, 3], 3), "shapes do not broadcast: sqnr_db of (2,), x_par_db of"),
    ],
)
def test_refusals(call, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        call()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: sqnr_dot_inputs(4, 4, 3, 3, x_signed="yes"), "x_signed='yes' is not a bool: pass x_signed=True or"),
        (lambda: sqnr_dot_inputs(4, 4, 3, 3, cross_term=2), "cross_term=2 is not a bool: pass cross_term=True or"),
        (lambda: input_bits_for_sqnr(40, 3, 3, x_signed=None), "x_signed=None is not a bool: pass x_signed=True or"),
    ],
)
def test_what_is_no_bool_is_refused(call, text):
    with pytest.raises(TypeError, match=f"^{re.escape(text)}"):
        call()
