"""Bits of predictors: the published example, minimality by brute force, and budgets that cannot be met."""

import operator
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import (
    Format,
    Predictor,
    Process,
    Signal,
    optimal_predictor,
    predictor_bits,
    predictor_bits_exact,
    predictor_loss,
)
from fxp.filters import bits

THREE_TAPS = Process([0.1, 0.5, -0.5, 0.1])


def test_the_three_tap_example():
    best = predictor_bits(THREE_TAPS, 3, 0.1)
    assert (best.bits, operator.index(best)) == (4, 4)
    assert (best.equal.x_format, best.equal.w_format, best.equal.full_adders) == (Format(4, 2), Format(4, 3), 66)
    assert best.cheapest.full_adders <= 66
    model = predictor_bits(THREE_TAPS, 3, 0.1, method="noise_model", x_range=1)
    assert (model.bits, model.equal.x_format) == (4, Format(4, 3))
    assert model.equal.model_loss_db < 0.1 < model.equal.loss.loss_db
    with pytest.raises(ValueError, match=r"loss_db=0.1 is not reached with up to 24 bits.*overload makes 100 %"):
        predictor_bits(THREE_TAPS, 3, 0.1, x_range=1)


def test_the_cheapest_pair_is_that_of_all_pairs():
    best = predictor_bits(THREE_TAPS, 3, 0.1, x_range=2, w_range=1, max_bits=6)
    predictor = optimal_predictor(THREE_TAPS, 3)
    within = [
        3 * x_bits * w_bits + 2 * (x_bits + w_bits + 1)
        for x_bits, w_bits in product(range(1, 7), repeat=2)
        if predictor_loss(THREE_TAPS, predictor, Format(x_bits, x_bits - 2), Format(w_bits, w_bits - 1)).loss_db <= 0.1
    ]
    assert best.cheapest.full_adders == min(within)
    assert best.cheapest.loss.loss_db <= 0.1


@settings(max_examples=8)
@given(loss_db=st.floats(0.02, 2), taps=st.integers(1, 3))
def test_a_looser_budget_takes_no_more_bits(loss_db, taps):
    for method in ("exact", "noise_model"):
        tight, loose = (predictor_bits(THREE_TAPS, taps, budget, method=method) for budget in (loss_db, 2 * loss_db))
        assert tight.bits >= loose.bits
        assert tight.equal.full_adders >= tight.cheapest.full_adders >= loose.cheapest.full_adders


@given(loss_db=st.floats(0.01, 2), taps=st.integers(1, 4), ends=st.tuples(st.integers(-1, 3), st.integers(-1, 2)))
def test_the_model_keeps_its_own_promise(loss_db, taps, ends):
    x_range, w_range = (2.0**end for end in ends)
    real = predictor_bits_exact(THREE_TAPS, taps, loss_db, x_range=x_range, w_range=w_range)
    found = predictor_bits(
        THREE_TAPS, taps, loss_db, method="noise_model", x_range=x_range, w_range=w_range, max_bits=32
    )
    assert found.bits == max(1, -int(-real // 1))
    assert found.equal.model_loss_db <= loss_db


def test_a_process_without_an_exact_loss_has_the_model_alone():
    uniform = Process([1.0, 0.5], drive=Signal.uniform())
    assert predictor_bits(uniform, 2, 0.1, method="noise_model").equal.loss is None
    with pytest.raises(ValueError, match="neither Gaussian nor a moving average"):
        predictor_bits(uniform, 2, 0.1)


def test_white_noise_needs_no_bits_to_speak_of():
    assert predictor_bits(Process([1.0]), 2, 0.1).bits <= 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss_db": 0}, "loss_db=0.0 is not finite and positive"),
        ({"loss_db": -1}, "loss_db=-1.0 is not finite and positive"),
        ({"loss_db": float("nan")}, "loss_db=nan is not finite and positive"),
        ({"taps": 0}, "taps=0 is not an integer of at least 1"),
        ({"method": "guess"}, "method='guess' is not one of exact, noise_model"),
        ({"x_range": 3}, "x_range=3 is not a power of two"),
        ({"w_range": 0}, "w_range=0.0 is not finite and positive"),
        ({"max_bits": 33}, "max_bits=33 is not between 1 and 32"),
        ({"max_bits": 2}, "is not reached with up to 2 bits"),
        ({"max_bits": 2, "method": "noise_model"}, "the noise model still loses"),
        ({"convention": "none"}, "convention='none' is not known"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        predictor_bits(THREE_TAPS, **({"taps": 3, "loss_db": 0.1} | options))


def test_a_process_is_asked_for():
    with pytest.raises(TypeError, match="is not a Process"):
        predictor_bits([1.0, 0.5], 1, 0.1)


def test_a_loss_that_no_float_holds_as_a_ratio_has_bits_still():
    at = [predictor_bits_exact(THREE_TAPS, 3, loss_db, x_range=1, w_range=1) for loss_db in (2000, 4000)]
    assert at[0] - at[1] == pytest.approx(2000 / 10 * np.log2(10) / 2, rel=1e-9)


def test_overload_that_takes_from_the_error_has_no_share():
    with pytest.raises(ValueError, match="the least loss is 1.695 dB with inputs in sfix1_En60; allow more"):
        predictor_bits(THREE_TAPS, 3, 0.1, x_range=2**-60)


def test_what_is_predicted_without_error_is_refused(monkeypatch):
    monkeypatch.setattr(bits, "optimal_predictor", lambda *_, **__: Predictor((1.0,), mse=0.0, power=1.0))
    with pytest.raises(ValueError, match="is predicted without error by 1 taps"):
        predictor_bits(THREE_TAPS, 1, 0.1)
