"""Rules of thumb against what they stand for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp import (
    mean_square_step_limit,
    mean_step_limit,
    misadjustment,
    small_step_limit,
    small_step_misadjustment,
    textbook_step_limit,
)
from tests.fxp.lms.strategies import matrices

DELAY = st.integers(0, 12)


@given(R=matrices(), delay=DELAY)
def test_they_bound_the_limits_from_below(R, delay):
    assert textbook_step_limit(R) <= mean_step_limit(R) * (1 + 1e-12)
    assert small_step_limit(R, delay=delay) <= mean_square_step_limit(R, delay=delay) * (1 + 1e-12)


@given(R=matrices(), factor=st.sampled_from([1, 2]))
def test_without_a_delay_they_need_the_trace_alone(R, factor):
    trace = factor * np.trace(R)
    np.testing.assert_allclose(small_step_limit(R, factor=factor), 2 / (3 * trace), rtol=1e-12)
    np.testing.assert_allclose(textbook_step_limit(R, factor=factor), 2 / trace, rtol=1e-15)


@given(delay=DELAY, power=st.floats(0.1, 10))
def test_of_one_mode_it_is_the_limit(delay, power):
    R = power * np.ones((3, 3))
    np.testing.assert_allclose(small_step_limit(R, delay=delay), mean_square_step_limit(R, delay=delay), rtol=1e-11)


def test_the_textbooks_limit_is_none_of_the_mean_square():
    R = np.eye(8)
    assert textbook_step_limit(R) > 1.2 * mean_square_step_limit(R)
    assert textbook_step_limit([[1.0]]) == 3 * mean_square_step_limit([[1.0]])


@given(R=matrices(), delay=DELAY, small=st.floats(1e-6, 1e-4))
def test_small_steps_leave_half_of_step_and_power(R, delay, small):
    step = small / np.trace(R)
    rule = small_step_misadjustment(R, step)
    # the next order: half of each of the N gains again, and as much for each iteration of delay
    np.testing.assert_allclose(misadjustment(R, step, delay=delay), rule, rtol=(2 + delay) * small)
    assert misadjustment(R, step, delay=delay) > rule
    np.testing.assert_allclose(small_step_misadjustment(R, step, factor=2), 2 * rule, rtol=1e-14)


def test_batches_are_taken():
    R = np.array([np.eye(2), 2 * np.eye(2)])
    assert small_step_limit(R[:, None], delay=[0, 1, 2]).shape == (2, 3)
    np.testing.assert_allclose(small_step_misadjustment(R, [0.1, 0.1]), [0.1, 0.2])
    with pytest.raises(ValueError, match=r"shapes do not broadcast"):
        small_step_misadjustment(R, [0.1, 0.2, 0.3])
