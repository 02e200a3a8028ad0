"""Word lengths for an SQNR: the smallest that reaches it, against the SQNR of its neighbours."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fxp
from fxp.signals import Signal


@pytest.mark.parametrize(("signal", "bits"), [(Signal.uniform(), 7), (Signal.gaussian(), 8)])
def test_forty_decibels(signal, bits):
    assert fxp.bits_for_sqnr(40, signal) == bits


@given(sqnr_db=st.floats(-10, 60), law=st.sampled_from(["uniform", "gaussian", "laplace", "relu_gaussian", "sinusoid"]))
@settings(max_examples=30, deadline=None)
def test_one_bit_less_does_not_reach_it(sqnr_db, law):
    signal = getattr(Signal, law)()
    bits = fxp.bits_for_sqnr(sqnr_db, signal)
    assert fxp.optimal_clip(signal, bits).sqnr_db >= sqnr_db
    assert bits == 1 or fxp.optimal_clip(signal, bits - 1).sqnr_db < sqnr_db


@pytest.mark.parametrize("model", ["exact", "additive", "rule"])
def test_an_array_of_ratios_has_an_array_of_lengths(model):
    signal, wanted = Signal.uniform(), np.array([[20.0, 40.0, -5.0]])
    bits = fxp.bits_for_sqnr(wanted, signal, model=model)
    assert bits.dtype == np.int64
    assert bits.tolist() == [[fxp.bits_for_sqnr(each, signal, model=model) for each in (20, 40, -5)]]
    assert type(fxp.bits_for_sqnr(np.float64(40), signal, model=model)) is int
    assert fxp.bits_for_sqnr([], signal, model=model).shape == (0,)


def test_an_array_of_ratios_has_an_array_of_real_lengths():
    signal = Signal.uniform()
    assert fxp.bits_for_sqnr_exact([20, 40], signal).tolist() == [
        fxp.bits_for_sqnr_exact(20, signal),
        fxp.bits_for_sqnr_exact(40, signal),
    ]
    assert type(fxp.bits_for_sqnr_exact(40, signal)) is float


def test_models_differ_where_the_additive_one_overstates():
    assert fxp.bits_for_sqnr(10.0, Signal.gaussian()) == 3
    assert fxp.bits_for_sqnr(10.0, Signal.gaussian(), model="additive") == 2


@given(bits=st.integers(1, 24), par_db=st.floats(0, 40), signed=st.booleans())
def test_real_length_is_the_inverse_of_the_rule(bits, par_db, signed):
    signal = Signal(1.0, 10 ** (-par_db / 20), signed=signed)
    wanted = float(fxp.sqnr_rule(bits, signal.par_db, signed=signed))
    assert fxp.bits_for_sqnr_exact(wanted, signal) == pytest.approx(bits, abs=1e-9)
    assert fxp.bits_for_sqnr(wanted - 1e-6, signal, model="rule") == bits


def test_rule_needs_at_least_one_bit():
    assert fxp.bits_for_sqnr(-100.0, Signal.uniform(), model="rule") == 1
    assert fxp.bits_for_sqnr_exact(-100.0, Signal.uniform()) < 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fxp.bits_for_sqnr(math.inf, Signal.uniform()), "sqnr_db=inf is not finite: give the wanted SQNR"),
        (
            lambda: fxp.bits_for_sqnr([40, 200], Signal.uniform()),
            "sqnr_db=200.0 is not reached by 24 bits: ask for less",
        ),
        (lambda: fxp.bits_for_sqnr("40", Signal.uniform()), "sqnr_db='40' is not a real number"),
        (lambda: fxp.bits_for_sqnr(200, Signal.uniform()), "sqnr_db=200.0 is not reached by 24 bits: ask for less"),
        (lambda: fxp.bits_for_sqnr(200, Signal.uniform(), model="rule"), "sqnr_db=200.0 is not reached by 24 bits"),
        (
            lambda: fxp.bits_for_sqnr(40, Signal.uniform(), model="rules"),
            "model='rules' is not known: choose exact, additive or rule",
        ),
        (lambda: fxp.bits_for_sqnr(40, Signal(1.0, 0.5)), "signal has no law"),
        (lambda: fxp.bits_for_sqnr(40, Signal.gaussian(), model="rule"), "peak=inf is not finite: the rule needs"),
        (lambda: fxp.bits_for_sqnr_exact(40, Signal.gaussian()), "peak=inf is not finite"),
        (
            lambda: fxp.bits_for_sqnr_exact(math.nan, Signal.uniform()),
            "sqnr_db=nan is not finite: give the wanted SQNR",
        ),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
