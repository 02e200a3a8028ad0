"""One mode of delayed LMS: energies and gains against sums, Lyapunov equations and the published form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import solve_discrete_lyapunov

from fxp.lms.modes import gain_and_slope, mean_square_mode_limit, mode_energy, mode_gain, mode_limit

SHARE = st.floats(0.01, 0.97)
DELAY = st.integers(0, 12)


def companion(a, delay):
    """Return the matrix that takes (v_n, …, v_(n−D)) to the next one."""
    matrix = np.eye(delay + 1, k=-1)
    matrix[0, 0] = 1
    matrix[0, delay] -= a
    return matrix


@given(share=SHARE, delay=DELAY)
def test_the_energy_solves_a_lyapunov_equation(share, delay):
    a = share * mode_limit(delay)
    source = np.zeros((delay + 1, delay + 1))
    source[0, 0] = 1
    exact = solve_discrete_lyapunov(companion(a, delay), source)[0, 0]
    np.testing.assert_allclose(mode_energy(a, delay), exact, rtol=1e-8)


@pytest.mark.parametrize("delay", range(13))
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_the_energy_is_the_sum_of_the_squares_of_the_impulse_response(share, delay):
    a = share * mode_limit(delay)
    response = [*[0.0] * delay, 1.0]
    for _ in range(40_000 if share > 0.9 else 4_000):
        response.append(response[-1] - a * response[-1 - delay])
    np.testing.assert_allclose(mode_energy(a, delay), np.sum(np.square(response)), rtol=1e-9)


@given(share=SHARE, delay=DELAY)
def test_energy_and_gain_are_those_of_the_published_form(share, delay):
    a = share * mean_square_mode_limit(delay)
    omega = 2 * np.arcsin(a / 2)
    c_0 = np.cos(omega * (2 * delay + 1) / 4 - np.pi / 4)
    c_d = np.cos(omega * (2 * delay - 1) / 4 + np.pi / 4)
    energy = c_0 / (2 * a * c_d - a**2 * c_0)
    np.testing.assert_allclose(mode_energy(a, delay), energy, rtol=1e-11)
    np.testing.assert_allclose(mode_gain(a, delay), a**2 * energy / (1 - a**2 * energy), rtol=1e-9)


@pytest.mark.parametrize("delay", range(13))
def test_a_mode_decays_up_to_its_limit_and_no_further(delay):
    limit = float(mode_limit(delay))
    inside, outside = (max(abs(np.linalg.eigvals(companion(limit * scale, delay)))) for scale in (1 - 1e-6, 1 + 1e-6))
    assert inside < 1 < outside


@given(share=SHARE, delay=DELAY)
def test_the_slope_is_the_derivative_of_the_gain(share, delay):
    a = share * mean_square_mode_limit(delay)
    ends = gain_and_slope(a * (1 + np.array([-1e-5, 1e-5])), np.array(delay))[0]
    np.testing.assert_allclose(gain_and_slope(a, np.array(delay))[1], (ends[1] - ends[0]) / (2e-5 * a), rtol=1e-4)


@given(delay=DELAY, share=SHARE, more=st.floats(1.001, 1.02))
def test_the_gain_over_its_step_rises(delay, share, more):
    a = share * mean_square_mode_limit(delay)
    assert mode_gain(a * more, delay) / (a * more) > mode_gain(a, delay) / a


def test_a_mode_without_power_adds_nothing():
    assert mode_gain(0.0, 3) == 0


def test_arguments_broadcast():
    assert mode_gain([0.01, 0.02], [[0], [1], [2]]).shape == (3, 2)
    assert mode_limit([0, 1]).shape == (2,)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (mode_energy, (0.0, 1), r"a=0\.0 is not finite and positive"),
        (mode_energy, (2.0, 0), r"a=2\.0 is not below 2: the mode is unstable"),
        (mode_gain, ([0.2, 0.7], [0, 1]), r"a=0\.7 is not below 0\.618034"),
        (mode_gain, (-0.1, 0), r"a=-0\.1 is not finite and at least 0"),
        (mode_gain, (0.1, -1), r"delay=-1 is not an integer of at least 0"),
        (mode_gain, (float("nan"), 0), r"a=nan is not finite"),
        (mode_gain, ([0.1, 0.2], [0, 1, 2]), r"shapes do not broadcast"),
    ],
)
def test_what_is_out_of_range_is_named(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)
