"""Losses of predictors and filters in fixed point: brute force, runs of codes, invariances and refusals."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp import (
    Accumulator,
    Format,
    Process,
    Signal,
    cast,
    encode,
    fir_error,
    fir_noise,
    matmul,
    optimal_predictor,
    predictor_loss,
    quantize,
    weight_error_power,
)
from fxp.filters.outputs import output_error
from tests.statistical import assert_mean_equal

THREE_TAPS = Process([0.1, 0.5, -0.5, 0.1])
SIGNS = Process([0.25, 0.75, 1.0], drive=Signal.from_samples([-1, 1]))


def test_the_three_tap_example():
    predictor = optimal_predictor(THREE_TAPS, 3)
    narrow, wide = (predictor_loss(THREE_TAPS, predictor, fmt, Format(4, 3)) for fmt in (Format(4, 3), Format(4, 2)))
    assert (round(narrow.loss_db, 3), round(wide.loss_db, 3)) == (0.266, 0.065)
    assert narrow.noise.overload > 0.8 * narrow.noise.total
    weights = quantize(predictor.weights, Format(4, 3))
    expected = weight_error_power(predictor.weights, weights, THREE_TAPS.correlation_matrix(3))
    assert narrow.noise.weights == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("bits", [16, 24, 32])
def test_the_error_of_fine_weights_is_no_difference_of_large_numbers(bits):
    predictor, w_format = optimal_predictor(THREE_TAPS, 3), Format(bits, bits - 1)
    loss = predictor_loss(THREE_TAPS, predictor, Format(32, 28), w_format)
    weights = quantize(predictor.weights, w_format)
    expected = weight_error_power(predictor.weights, weights, THREE_TAPS.correlation_matrix(3))
    assert loss.noise.weights == pytest.approx(expected, rel=1e-4)
    assert loss.loss_db == pytest.approx(10 / np.log(10) * loss.noise.total / loss.minimum, rel=1e-6, abs=0)


@pytest.mark.parametrize("x_format", [Format(3, 1), Format(4, 3), Format(2, 0)], ids=str)
@pytest.mark.parametrize("horizon", [1, 2])
def test_signs_are_all_combinations(x_format, horizon):
    predictor = optimal_predictor(SIGNS, 3, horizon=horizon)
    w_format = Format(4, 3)
    draws = np.array(list(product((-1.0, 1.0), repeat=horizon + 5)))
    x = np.stack([draws[:, lag : lag + 3] @ [0.25, 0.75, 1.0] for lag in range(horizon + 3)], axis=1)
    predicted = quantize(x[:, horizon:], x_format) @ quantize(predictor.weights, w_format)
    loss = predictor_loss(SIGNS, predictor, x_format, w_format)
    assert loss.total == pytest.approx(np.mean((x[:, 0] - predicted) ** 2), rel=1e-12)
    noise = fir_error(SIGNS, predictor.weights, x_format, w_format)
    if horizon == 1:
        exact = x[:, 1:] @ predictor.weights
        assert noise.total == pytest.approx(np.mean((predicted - exact) ** 2), rel=1e-12)


@pytest.mark.parametrize(
    ("process", "x_format", "modes"),
    [
        (THREE_TAPS, Format(4, 3), {}),
        (THREE_TAPS, Format(3, 2), {"rounding": "FLOOR", "overflow": "WRAP"}),
        (Process([1.0], [0.6]), Format(5, 3), {"rounding": "STOCHASTIC"}),
    ],
    ids=["overload", "wrapping", "stochastic"],
)
def test_runs_of_codes_have_the_predicted_error(process, x_format, modes):
    """Sums of codes of 100,000 independent runs; the difference to detect is some percent of the noise."""
    rng = np.random.default_rng()
    predictor, w_format = optimal_predictor(process, 3), Format(4, 3)
    x = process.sample(rng, (100_000, 4))
    codes = encode(x[:, -2::-1], x_format, rng=rng, **modes)
    sums = matmul(codes, encode(predictor.weights, w_format)[:, None]).codes[:, 0] * x_format.step * w_format.step
    added = (x[:, -1] - sums) ** 2 - (x[:, -1] - x[:, -2::-1] @ np.array(predictor.weights)) ** 2
    loss = predictor_loss(process, predictor, x_format, w_format, **modes)
    assert_mean_equal(added, loss.noise.total)


def test_dropped_bits_and_a_rounded_output_add_what_codes_show():
    """A filter in a register that drops 3 bits of the products, then rounded to 5 fractional bits."""
    rng = np.random.default_rng()
    x_format, w_format, output = Format(8, 5), Format(5, 4), Format(9, 5)
    weights = np.array([0.6875, -0.4375, 0.25])
    x = THREE_TAPS.sample(rng, (200_000, 3))[:, ::-1]
    kept = matmul(
        encode(x, x_format), encode(weights, w_format)[:, None], accumulator=Accumulator(20, drop_bits=3)
    ).codes[:, 0]
    codes = cast(kept, Format(20, 6), output, rounding="HALF_UP")
    options = {"drop_bits": 3, "output_format": output, "output_rounding": "HALF_UP"}
    noise = fir_error(THREE_TAPS, weights, x_format, w_format, **options)
    assert_mean_equal((codes * output.step - x @ weights) ** 2, noise.total)
    assert noise.output > 3 * noise.granular


@given(scale=st.integers(-6, 6), bits=st.integers(2, 8), span=st.integers(-1, 2))
def test_scaling_process_and_format_together_leaves_the_loss(scale, bits, span):
    coefficients = np.array([0.1, 0.5, -0.5, 0.1])
    losses = []
    for factor in (1.0, 2.0**scale):
        process = Process(coefficients * factor)
        fmt = Format(bits, bits - 1 - span - (scale if factor != 1 else 0))
        losses.append(predictor_loss(process, optimal_predictor(process, 2), fmt, Format(6, 5)).loss_db)
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)


@given(frac_bits=st.integers(5, 12), taps=st.integers(1, 5))
def test_fine_words_without_overload_make_the_noise_of_the_model(frac_bits, taps):
    weights = np.array([0.5, -0.25, 0.75, 0.125, -0.5])[:taps]
    noise = fir_error(THREE_TAPS, weights, Format(frac_bits + 5, frac_bits), Format(6, 4))
    assert noise.weights == 0
    assert noise.total == pytest.approx(float(fir_noise(weights, 0.52, 2.0**-frac_bits, 0.0)), rel=1e-6)


@given(x_steps=st.lists(st.floats(1e-6, 1), min_size=2, max_size=2), w_step=st.floats(0, 1))
def test_finer_steps_are_never_worse_in_the_model(x_steps, w_step):
    fine, coarse = (float(fir_noise([0.5, -2.0], 1.5, step, w_step)) for step in sorted(x_steps))
    assert fine <= coarse


@given(
    codes=st.lists(st.integers(-16, 16), min_size=2, max_size=2),
    drop_bits=st.integers(0, 4),
)
def test_dropped_bits_are_all_patterns_of_the_inputs(codes, drop_bits):
    inputs = np.array(list(product(range(16), repeat=2)))
    kept = matmul(inputs, np.array(codes)[:, None], accumulator=Accumulator(30, drop_bits=drop_bits)).codes[:, 0]
    errors = kept * 2.0**drop_bits - inputs @ codes
    found = output_error(codes, 0, drop_bits=drop_bits)
    assert found.mean == pytest.approx(errors.mean(), abs=1e-12)
    assert found.variance == pytest.approx(errors.var(), abs=1e-12)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: predictor_loss([1.0], None, None, None), TypeError, "is not a Process"),
        (lambda: predictor_loss(THREE_TAPS, (0.5,), Format(4, 3), Format(4, 3)), TypeError, "is not a Predictor"),
        (
            lambda: predictor_loss(THREE_TAPS, optimal_predictor(SIGNS, 3), Format(4, 3), Format(4, 3)),
            ValueError,
            "predictor of mean square error .* is not of this process, for which its weights have",
        ),
        (lambda: fir_error(THREE_TAPS, [[0.5]], Format(4, 3), Format(4, 3)), ValueError, r"weights of shape \(1, 1\)"),
        (lambda: fir_error(THREE_TAPS, [], Format(4, 3), Format(4, 3)), ValueError, r"weights of shape \(0,\)"),
        (lambda: fir_error(THREE_TAPS, [0.5], "sfix4", Format(4, 3)), TypeError, "x_format='sfix4' is not a Format"),
        (
            lambda: fir_error(THREE_TAPS, [0.5, 0.5], Format(4, 1), Format(4, 3), output_format=Format(4, 3)),
            ValueError,
            "output_format=sfix4_En3 does not hold the sums from -4 to 3.5",
        ),
        (lambda: fir_error(THREE_TAPS, [0.5], Format(4, 1), Format(4, 3), drop_bits=-1), ValueError, "drop_bits=-1"),
        (
            lambda: fir_error(THREE_TAPS, [0.5, 0.25], Format(4, 1), Format(4, 3), drop_bits=6),
            ValueError,
            "drop_bits=6 is not at most 5, beyond which inputs of 4 bits do not have all patterns",
        ),
        (lambda: fir_noise([0.5], -1.0, 1, 1), ValueError, "input_power=-1.0 is not finite and at least 0"),
        (lambda: weight_error_power([1.0], [1.0], [1.0]), ValueError, r"shapes \(1,\), \(1,\) and \(1,\)"),
    ],
)
def test_bad_arguments_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
