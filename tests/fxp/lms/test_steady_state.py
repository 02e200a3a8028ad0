"""Misadjustment against the steady state of exact moments, its ends, and step sizes that have none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import learning_curve, mean_square_step_limit, misadjustment, time_constants
from tests.fxp.lms.moment_maps import steady_excess
from tests.fxp.lms.strategies import matrices, spectra


@settings(max_examples=30)
@given(R=matrices(most=2), delay=st.integers(0, 3), share=st.floats(0.01, 0.95))
def test_it_is_the_steady_state_of_the_moments(R, delay, share):
    R = R + 1e-3 * np.eye(len(R))
    step = share * float(mean_square_step_limit(R, delay=delay))
    np.testing.assert_allclose(misadjustment(R, step, delay=delay), steady_excess(R, step, delay), rtol=1e-7)


@given(values=spectra(), share=st.floats(0.01, 0.99))
def test_without_a_delay_it_is_the_published_sum(values, share):
    step = share * float(mean_square_step_limit(np.diag(values)))
    total = np.sum(step * values / (2 - 2 * step * values))
    np.testing.assert_allclose(misadjustment(np.diag(values), step), total / (1 - total), rtol=1e-9)


@given(R=matrices(), delay=st.integers(0, 12), share=st.floats(0.01, 0.9), more=st.floats(1.01, 1.05))
def test_it_rises_with_step_and_delay(R, delay, share, more):
    step = share * float(mean_square_step_limit(R, delay=delay + 1))
    found = misadjustment(R, [step, step * more], delay=[[delay], [delay + 1]])
    assert np.all(np.diff(found, axis=0) > 0)
    assert np.all(np.diff(found, axis=1) > 0)
    np.testing.assert_allclose(misadjustment(R, step / 2, delay=delay, factor=2), found[0, 0], rtol=1e-12)


def test_it_has_no_end_at_the_limit():
    limit = float(mean_square_step_limit(np.eye(3), delay=2))
    assert misadjustment(np.eye(3), limit * (1 - 1e-9), delay=2) > 1e7
    with pytest.raises(ValueError, match=r"step_size=0\.\d+ is not below 0\.\d+, the mean-square limit"):
        misadjustment(np.eye(3), limit, delay=2)


@settings(max_examples=30)
@given(R=matrices(), delay=st.integers(0, 12))
def test_one_rounding_error_below_the_limit_nothing_is_negative(R, delay):
    step = np.nextafter(mean_square_step_limit(R, delay=delay), 0)
    assert misadjustment(R, step, delay=delay) > 1e6
    assert time_constants(R, float(step), delay=delay).mean_square > 1e6
    curve = learning_curve(R, float(step), 2, minimum_mse=1.0, initial_error=np.ones(len(R)), delay=delay)
    assert curve.steady_mse > 1e6


def test_beyond_the_limit_it_is_infinite_where_a_warning_is_asked_for():
    with pytest.warns(RuntimeWarning, match=r"step_size\[1\]=0\.7 is not below 0\.6666667, the mean-square limit"):
        found = misadjustment([[1.0]], [0.2, 0.7], outside="warn")
    np.testing.assert_allclose(found, [1 / 7, np.inf])


def test_the_message_has_the_convention_of_the_caller():
    with pytest.raises(ValueError, match=r"step_size=0\.5 is not below 0\.3333333"):
        misadjustment([[1.0]], 0.5, factor=2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step_size": 0.0}, r"step_size=0\.0 is not finite and positive"),
        ({"step_size": float("nan")}, r"step_size=nan is not finite"),
        ({"step_size": 0.1, "outside": "ignore"}, r"outside='ignore' is not one of raise, warn"),
        ({"step_size": [0.1, 0.2], "delay": [0, 1, 2]}, r"shapes do not broadcast"),
    ],
)
def test_what_is_out_of_range_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        misadjustment([[1.0]], **options)
