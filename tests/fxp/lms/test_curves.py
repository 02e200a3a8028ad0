"""Learning curves against exact moments, their ends, and an ensemble of runs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import Process, learning_curve, mean_square_step_limit, misadjustment, time_constants
from tests import statistical
from tests.fxp.lms.moment_maps import one_iteration
from tests.fxp.lms.strategies import matrices

PROCESS = Process([0.1, 0.5, -0.5, 0.1]).correlation_matrix(3)
OPTIMUM = np.array([-0.679161, -0.412655, -0.179161])
RUNS, ITERATIONS = 4_000, 200


def enumerated(R, step, iterations, delay, minimum_mse, start):
    """Return the mean square error at each iteration, from exact moments of the stack."""
    following = one_iteration(R, step, delay, minimum_mse)
    stack = np.tile(start, delay + 1)
    moments, found = np.outer(stack, stack), []
    for n in range(iterations):
        found.append(minimum_mse + np.trace(R @ moments[: len(R), : len(R)]))
        if n >= delay:
            moments = following(moments)
    return np.array(found)


def ensemble(rng, R, step, iterations, delay, minimum_mse, start):
    """Return E[e²] given the weights, of each run at each iteration."""
    root = np.linalg.cholesky(R)
    weights, waiting, found = np.tile(start, (RUNS, 1)), [], []
    for _ in range(iterations):
        found.append(minimum_mse + np.einsum("ri,ij,rj->r", weights, R, weights, optimize=True))
        x = rng.standard_normal(weights.shape) @ root.T
        error = np.sqrt(minimum_mse) * rng.standard_normal(RUNS) - np.sum(x * weights, axis=1)
        waiting.append(step * error[:, None] * x)
        if len(waiting) > delay:
            weights = weights + waiting.pop(0)
    return np.stack(found, axis=1)


@settings(max_examples=30)
@given(
    R=matrices(most=3),
    delay=st.integers(0, 3),
    share=st.floats(0.01, 0.9),
    minimum_mse=st.floats(0, 10),
    start=st.lists(st.floats(-3, 3), min_size=3, max_size=3),
)
def test_it_is_that_of_the_exact_moments(R, delay, share, minimum_mse, start):
    step, start = share * float(mean_square_step_limit(R, delay=delay)), np.array(start[: len(R)])
    curve = learning_curve(R, step, 40, minimum_mse=minimum_mse, initial_error=start, delay=delay)
    exact = enumerated(R, step, 40, delay, minimum_mse, start)
    np.testing.assert_allclose(curve.mse, exact, rtol=1e-9, atol=1e-12)
    assert curve.tier == "gaussian"
    with pytest.raises(ValueError, match="read-only"):
        curve.mse[0] = 0


def test_above_the_limit_it_grows_as_the_exact_moments_do():
    with pytest.warns(RuntimeWarning, match=r"step_size=0\.5 is not below 0\.4784847"):
        curve = learning_curve(PROCESS, 0.5, 400, minimum_mse=0.352, initial_error=OPTIMUM, delay=1, outside="warn")
    np.testing.assert_allclose(curve.mse, enumerated(PROCESS, 0.5, 400, 1, 0.352, OPTIMUM), rtol=1e-9)
    assert curve.steady_mse == np.inf
    assert curve.mse[-1] > 100 * curve.mse[200] > 1000 * curve.mse[50]


@settings(max_examples=20)
@given(R=matrices(), delay=st.integers(0, 6), share=st.floats(0.2, 0.8))
def test_it_ends_in_the_steady_state(R, delay, share):
    R = R + 0.05 * np.trace(R) * np.eye(len(R))
    step = share * float(mean_square_step_limit(R, delay=delay))
    count = int(25 * time_constants(R, step, delay=delay).mean_square) + 50
    curve = learning_curve(R, step, count, minimum_mse=2.0, initial_error=np.ones(len(R)), delay=delay)
    steady = 2 * (1 + misadjustment(R, step, delay=delay))
    np.testing.assert_allclose(curve.steady_mse, steady, rtol=1e-12)
    np.testing.assert_allclose(curve.mse[-1], steady, rtol=1e-6)


@given(R=matrices(), delay=st.integers(0, 6), share=st.floats(0.05, 0.95))
def test_the_mean_is_the_recursion_of_the_means(R, delay, share):
    step = share * float(mean_square_step_limit(R, delay=delay))
    start = np.arange(1.0, len(R) + 1)
    curve = learning_curve(R, step, 60, minimum_mse=1.0, initial_error=start, delay=delay)
    expected = [start] * (delay + 1)
    while len(expected) < 60:
        expected.append(expected[-1] - step * R @ expected[-1 - delay])
    np.testing.assert_allclose(curve.mean_error, expected, rtol=1e-9, atol=1e-9)
    assert curve.mse.shape == (60,)
    np.testing.assert_allclose(curve.mse[: delay + 1], 1 + start @ R @ start, rtol=1e-12)


@given(R=matrices(), delay=st.integers(0, 6))
def test_both_tiers_agree_for_small_steps(R, delay):
    step = 1e-5 / np.trace(R)
    one, other = (
        learning_curve(R, step, 200, minimum_mse=1.0, initial_error=np.ones(len(R)), delay=delay, tier=tier)
        for tier in ("gaussian", "small_step")
    )
    assert other.tier == "small_step"
    np.testing.assert_allclose(one.mse, other.mse, rtol=1e-4)
    np.testing.assert_allclose(one.steady_mse, other.steady_mse, rtol=1e-4)
    np.testing.assert_allclose(one.mean_error, other.mean_error, rtol=1e-12)


@pytest.mark.parametrize("delay", [0, 5])
def test_an_ensemble_follows_it(rng, delay):
    """Compare each iteration with 4,000 runs, by E[e²] given the weights: within 0.2 dB, and inside its interval."""
    step = 0.05
    runs = ensemble(rng, PROCESS, step, ITERATIONS, delay, 0.352, -OPTIMUM)
    curve = learning_curve(PROCESS, step, ITERATIONS, minimum_mse=0.352, initial_error=-OPTIMUM, delay=delay)
    assert np.max(np.abs(10 * np.log10(runs.mean(axis=0)) - curve.mse_db)) < 0.2
    statistical.assert_mean_equal(runs[:, delay + 1 :], curve.mse[delay + 1 :], must_detect=0.05)
    late = learning_curve(PROCESS, step, ITERATIONS, minimum_mse=0.352, initial_error=-OPTIMUM, delay=delay + 1)
    with pytest.raises(AssertionError):
        statistical.assert_mean_equal(runs[:, delay + 1 :], late.mse[delay + 1 :])


def test_the_factor_doubles_the_step():
    options = {"minimum_mse": 1.0, "initial_error": [1.0, 2.0], "delay": 1}
    one = learning_curve(np.eye(2), 0.1, 30, **options)
    other = learning_curve(np.eye(2), 0.05, 30, factor=2, **options)
    np.testing.assert_array_equal(one.mse, other.mse)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tier": "operator"}, r"tier='operator' is not one of small_step, gaussian"),
        ({"iterations": 0}, r"iterations=0 is not an integer of at least 1"),
        ({"minimum_mse": -1.0}, r"minimum_mse=-1\.0 is not finite and at least 0"),
        ({"initial_error": [1.0, 2.0, 3.0]}, r"R of shape \(2, 2\) and initial_error of \(3,\) are not one matrix"),
        ({"initial_error": [1.0, float("nan")]}, r"initial_error\[1\]=nan is not finite"),
        ({"R": np.ones((3, 2, 2))}, r"R of shape \(3, 2, 2\) and initial_error of \(2,\)"),
        ({"step_size": 0.6}, r"step_size=0\.6 is not below 0\.5, the mean-square limit"),
        ({"step_size": 0.4, "tier": "small_step"}, r"step_size=0\.4 is not below 0\.3333333, the limit of small steps"),
        ({"step_size": [0.1, 0.2]}, r"step_size of shape \(2,\) is not one number"),
        ({"delay": [0, 1]}, r"delay of shape \(2,\) is not one number"),
    ],
)
def test_what_is_out_of_range_is_named(changed, message):
    usual = {"R": np.eye(2), "step_size": 0.1, "iterations": 10, "minimum_mse": 1.0, "initial_error": [1.0, 1.0]}
    arguments = usual | changed
    with pytest.raises(ValueError, match=message):
        learning_curve(arguments.pop("R"), arguments.pop("step_size"), arguments.pop("iterations"), **arguments)


def test_a_curve_that_leaves_the_floats_is_refused():
    with (
        pytest.warns(RuntimeWarning, match="is not below"),
        pytest.raises(ValueError, match=r"iterations=5000 let the error grow beyond all floats at \d+: ask for fewer"),
    ):
        learning_curve(np.eye(2), 5.0, 5000, minimum_mse=1.0, initial_error=[1.0, 0.0], outside="warn")


def test_an_error_of_zero_has_no_decibels():
    curve = learning_curve(np.eye(2), 0.1, 3, minimum_mse=0.0, initial_error=[0.0, 0.0])
    assert curve.mse_db.tolist() == [-np.inf] * 3
