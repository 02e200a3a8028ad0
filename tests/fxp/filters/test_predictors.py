"""Optimal predictors: the published example, other routes to the same weights, and what cannot be better."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fxp import Process, optimal_predictor
from tests.fxp.test_processes import stationary


def test_the_three_tap_example():
    predictor = optimal_predictor(Process([0.1, 0.5, -0.5, 0.1]), 3)
    np.testing.assert_allclose(predictor.weights, [-0.679161, -0.412655, -0.179161], atol=5e-7)
    assert predictor.mse == pytest.approx(0.3520014, abs=5e-8)
    assert predictor.lags.tolist() == [1, 2, 3]


@given(coefficients=st.lists(st.floats(-0.4, 0.4), min_size=1, max_size=3), more=st.integers(0, 3))
def test_an_autoregressive_process_is_predicted_by_its_own_coefficients(coefficients, more):
    assume(np.abs(coefficients).sum() < 0.95)
    predictor = optimal_predictor(Process([1.0], autoregressive=coefficients), len(coefficients) + more)
    np.testing.assert_allclose(predictor.weights, [*coefficients, *[0.0] * more], atol=1e-9)
    assert predictor.mse == pytest.approx(1.0, rel=1e-9)


@given(process=stationary(), taps=st.integers(1, 6), horizon=st.integers(1, 3))
def test_more_taps_are_never_worse_and_none_beats_the_innovation(process, taps, horizon):
    scale = process.power
    shorter, longer = (optimal_predictor(process, count, horizon=horizon) for count in (taps, taps + 1))
    assert longer.mse <= shorter.mse + 1e-9 * scale
    assert shorter.mse <= scale * (1 + 1e-12)
    assert longer.mse >= np.exp(np.mean(np.log(_spectrum(process)))) * (1 - 1e-6) - 1e-9 * scale
    assert optimal_predictor(process, taps, horizon=horizon + 1).power == shorter.power


def _spectrum(process: Process) -> np.ndarray:
    angles = np.exp(1j * np.linspace(0, 2 * np.pi, 4096, endpoint=False))
    top = np.abs(np.polyval(process.moving_average[::-1], angles)) ** 2
    bottom = np.abs(1 - angles * np.polyval([*process.autoregressive[::-1]] or [0.0], angles)) ** 2
    return np.maximum(top / bottom, 1e-300)


@given(process=stationary(), taps=st.integers(1, 5), direction=st.lists(st.floats(-1, 1), min_size=5, max_size=5))
def test_other_weights_are_worse(process, taps, direction):
    predictor = optimal_predictor(process, taps)
    other = np.array(predictor.weights) + direction[:taps]
    lags = process.autocorrelation(taps)
    error = lags[0] - 2 * other @ lags[1:] + other @ process.correlation_matrix(taps) @ other
    assert error >= predictor.mse - 1e-9 * process.power


def test_an_autocorrelation_serves_as_a_process():
    process = Process([0.1, 0.5, -0.5, 0.1])
    assert optimal_predictor(process.autocorrelation(9), 3, horizon=2) == optimal_predictor(process, 3, horizon=2)
    assert optimal_predictor([1.0, 0.0], 1).prediction_gain_db == 0


@pytest.mark.parametrize(
    ("process", "taps", "horizon", "message"),
    [
        ([1.0, 0.5], 2, 1, r"process of shape \(2,\) is not an autocorrelation r_0 … r_2"),
        ([[1.0]], 1, 1, r"process of shape \(1, 1\)"),
        ([1.0, 1.0, 1.0], 2, 1, "no positive definite autocorrelation matrix of 2"),
        ([1.0, np.nan], 1, 1, r"process\[1\]=nan is not finite"),
        (Process([1.0]), 0, 1, "taps=0 is not an integer of at least 1"),
        (Process([1.0]), 1, 0, "horizon=0 is not an integer of at least 1"),
    ],
)
def test_what_cannot_be_predicted_is_refused(process, taps, horizon, message):
    with pytest.raises(ValueError, match=message):
        optimal_predictor(process, taps, horizon=horizon)
