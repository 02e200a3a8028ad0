"""Time constants against the spectral radius of exact moments, and for small steps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import mean_square_step_limit, time_constants
from tests.fxp.lms.moment_maps import radius
from tests.fxp.lms.strategies import matrices
from tests.fxp.lms.test_modes import companion


@settings(max_examples=30)
@given(R=matrices(most=3), delay=st.integers(0, 4), share=st.floats(0.02, 0.98))
def test_the_mean_square_falls_as_the_slowest_exact_moment(R, delay, share):
    R = R + 0.01 * np.trace(R) * np.eye(len(R))
    step = share * float(mean_square_step_limit(R, delay=delay))
    found = time_constants(R, step, delay=delay).mean_square
    np.testing.assert_allclose(np.exp(-1 / found), radius(R, step, delay), rtol=1e-9)


@given(values=st.lists(st.floats(0.1, 1), min_size=1, max_size=3), delay=st.integers(0, 8), share=st.floats(0.02, 0.98))
def test_the_mean_falls_as_its_slowest_root(values, delay, share):
    step = share * float(mean_square_step_limit(np.diag(values), delay=delay))
    found = time_constants(np.diag(values), step, delay=delay).mean
    radii = [max(abs(np.linalg.eigvals(companion(step * each, delay)))) for each in sorted(values)]
    # a double root is known to the square root of a rounding error
    np.testing.assert_allclose(np.exp(-1 / found), radii, rtol=1e-6)


def test_small_steps_take_one_over_the_step_and_half_of_it():
    found = time_constants(np.diag([0.5, 1.0]), 1e-6, delay=3)
    np.testing.assert_allclose(found.mean, [2e6, 1e6], rtol=1e-5)
    np.testing.assert_allclose(found.mean_square, 1e6, rtol=1e-5)


def test_the_mean_square_time_has_no_end_at_the_limit():
    limit = float(mean_square_step_limit(np.eye(2), delay=1))
    assert time_constants(np.eye(2), limit * (1 - 1e-7), delay=1).mean_square > 1e6


def test_what_has_no_power_is_never_learnt():
    found = time_constants(np.diag([0.0, 1.0]), 0.1)
    assert found.mean[0] == np.inf
    np.testing.assert_allclose(found.mean_square, -1 / np.log(1 - 0.2 + 0.03), rtol=1e-9)
    with pytest.raises(ValueError, match="read-only"):
        found.mean[0] = 0


def test_one_step_is_enough_at_one():
    assert time_constants([[0.5]], 1.0, factor=1).mean[0] == pytest.approx(-1 / np.log(0.5))


@pytest.mark.parametrize(
    ("R", "step_size", "message"),
    [
        (np.eye(2), 0.5, r"step_size=0\.5 is not below 0\.5, the mean-square limit"),
        (np.ones((2, 1, 1)), 0.1, r"R of \(2,\) matrices is not one"),
        (np.eye(2), [0.1, 0.2], r"step_size of shape \(2,\) is not one number"),
    ],
)
def test_what_is_out_of_range_is_named(R, step_size, message):
    with pytest.raises(ValueError, match=message):
        time_constants(R, step_size)
