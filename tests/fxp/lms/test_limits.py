"""Limits of the step size, against exact moments by enumeration, and what they must not depend on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import Process, mean_square_step_limit, mean_step_limit, misadjustment
from tests.fxp.lms.moment_maps import radius, updates
from tests.fxp.lms.strategies import matrices, rotations, spectra

PROCESS = Process([0.1, 0.5, -0.5, 0.1]).correlation_matrix(3)
DELAY = st.integers(0, 12)
EXACT = 1e-9  # relative: how near the limit the second moments still decay, and already grow


@pytest.mark.parametrize("delay", range(13))
@pytest.mark.parametrize("R", [PROCESS, np.eye(2), [[1.0]]], ids=["process", "white", "one tap"])
def test_the_second_moments_grow_from_the_limit_on(R, delay):
    R = np.asarray(R)
    limit = float(mean_square_step_limit(R, delay=delay))
    assert radius(R, limit * (1 - EXACT), delay) < 1 < radius(R, limit * (1 + EXACT), delay)


@settings(max_examples=20)
@given(R=matrices(most=3), delay=st.integers(0, 4))
def test_the_second_moments_of_any_regressor_grow_from_the_limit_on(R, delay):
    limit = float(mean_square_step_limit(R, delay=delay))
    # modes without power neither grow nor decay: only what grows can be seen
    assert radius(R, limit * (1 - 1e-6), delay) < 1 + 1e-12
    assert radius(R, limit * (1 + 1e-6), delay) > 1 + 1e-12


@given(R=matrices(), delay=DELAY)
def test_the_mean_grows_from_its_limit_on(R, delay):
    limit = float(mean_step_limit(R, delay=delay))
    for scale, grows in ((1 - 1e-6, False), (1 + 1e-6, True)):
        map_, chances = updates(R, limit * scale, delay)
        assert (max(abs(np.linalg.eigvals(np.tensordot(chances, map_, 1)))) > 1 + 1e-9) == grows


def test_the_figures_of_the_three_tap_process():
    found = mean_square_step_limit(PROCESS, delay=[0, 1, 5])
    np.testing.assert_allclose(found, [0.6588, 0.4785, 0.2339], atol=5e-5)


@pytest.mark.parametrize("limit", [mean_step_limit, mean_square_step_limit, lambda R: misadjustment(R, 0.1)])
def test_one_matrix_has_a_number(limit):
    found = limit(PROCESS.tolist())
    assert f"{found:.3f}" == str(round(found, 3))
    assert {found: 1} == {float(found): 1}


def test_the_limits_of_the_longest_delays_fall_on():
    delays = 2 ** np.arange(20, 62)
    for limit in (mean_step_limit, mean_square_step_limit):
        np.testing.assert_allclose(limit([[1.0]], delay=delays) * delays, np.pi / 2, rtol=1e-5)


@pytest.mark.parametrize("factor", [True, 3, [1], np.array([1, 2]), "1", None])
def test_other_factors_are_refused(factor):
    with pytest.raises(ValueError, match="is not 1 or 2"):
        mean_step_limit(PROCESS, factor=factor)


def test_without_a_delay_white_regressors_have_two_over_taps_plus_two():
    for taps in (1, 2, 5, 64):
        assert mean_square_step_limit(2.5 * np.eye(taps)) == pytest.approx(2 / (taps + 2) / 2.5, rel=1e-13)


@given(values=spectra(), delay=DELAY, data=st.data())
def test_limits_depend_on_the_eigenvalues_alone(values, delay, data):
    turn = data.draw(rotations(len(values)))
    turned = (turn * values) @ turn.T
    for limit in (mean_step_limit, mean_square_step_limit):
        np.testing.assert_allclose(
            limit((turned + turned.T) / 2, delay=delay), limit(np.diag(values), delay=delay), rtol=1e-12
        )


@given(R=matrices(), delay=DELAY, power=st.floats(0.01, 100))
def test_limits_fall_as_one_over_the_power(R, delay, power):
    for limit in (mean_step_limit, mean_square_step_limit):
        np.testing.assert_allclose(limit(power * R, delay=delay), limit(R, delay=delay) / power, rtol=1e-12)
        np.testing.assert_allclose(limit(R, delay=delay, factor=2), limit(R, delay=delay) / 2, rtol=1e-15)


@given(R=matrices(), delay=DELAY)
def test_delay_and_mean_square_cost_step_size(R, delay):
    delays = delay + np.arange(2)
    mean, square = mean_step_limit(R, delay=delays), mean_square_step_limit(R, delay=delays)
    assert np.all(np.diff(mean) < 0)
    assert np.all(np.diff(square) < 0)
    assert square[0] < mean[1], "the mean at one more iteration of delay bounds the mean square"
    assert square[0] >= mean_step_limit(R, delay=delay + len(R) + 1) * (1 - 1e-12)


@given(values=spectra(), delay=DELAY, share=st.floats(0, 1))
def test_one_more_mode_never_helps(values, delay, share):
    more = np.append(values, share * values[-1])
    assert mean_square_step_limit(np.diag(more), delay=delay) <= mean_square_step_limit(
        np.diag(values), delay=delay
    ) * (1 + 1e-12)


def test_batches_equal_loops(rng):
    factors = rng.standard_normal((5, 1, 3, 4))
    R, delay = factors @ factors.swapaxes(-1, -2), np.array([0, 1, 7, 12])
    for limit in (mean_step_limit, mean_square_step_limit):
        found = limit(R, delay=delay)
        assert found.shape == (5, 4)
        for row in range(5):
            for column in range(4):
                one = limit(R[row, 0], delay=delay[column])
                np.testing.assert_allclose(found[row, column], one, rtol=1e-12)


def test_a_singular_matrix_is_allowed():
    assert mean_square_step_limit(np.ones((2, 2))) == pytest.approx(1 / 3, rel=1e-12)
    assert mean_square_step_limit(np.diag([0.0, 2.0])) == pytest.approx(1 / 3, rel=1e-12)


def test_long_delays_and_many_modes_have_limits():
    found = mean_square_step_limit(np.eye(256), delay=[0, 10**3, 10**5])
    lower, upper = (mean_step_limit(np.eye(1), delay=np.array([0, 10**3, 10**5]) + more) for more in (257, 1))
    assert np.all((lower * (1 - 1e-9) <= found) & (found < upper))


@pytest.mark.parametrize("limit", [mean_step_limit, mean_square_step_limit])
@pytest.mark.parametrize(
    ("R", "options", "message"),
    [
        ([[1.0, 0.5], [0.4, 1.0]], {}, r"R is not symmetric: give E\[x xᵀ\]"),
        ([[1.0, 2.0], [2.0, 1.0]], {}, r"R has the eigenvalue -1, not at least 0"),
        (np.zeros((2, 2)), {}, r"R has no positive eigenvalue"),
        (-np.eye(2), {}, r"R has no positive eigenvalue"),
        ([1.0, 0.5], {}, r"R of shape \(2,\) is not a square matrix"),
        (1.0, {}, r"R of shape \(\) is not a square matrix"),
        (np.ones((2, 3)), {}, r"R of shape \(2, 3\) is not a square matrix"),
        (np.zeros((0, 0)), {}, r"R of shape \(0, 0\) is not a square matrix"),
        ([[np.nan]], {}, r"R=nan is not finite|R\[0, 0\]=nan is not finite"),
        ([[1j]], {}, r"R=.* is not a real number"),
        (np.eye(2), {"delay": -1}, r"delay=-1 is not an integer of at least 0"),
        (np.eye(2), {"delay": 0.5}, r"delay=0\.5 is not an integer of at least 0"),
        (np.eye(2), {"factor": 3}, r"factor=3 is not 1 or 2: the update is w \+ μ·e·x"),
        (np.ones((2, 1, 1)), {"delay": [0, 1, 2]}, r"shapes do not broadcast: R of \(2,\), delay of \(3,\)"),
    ],
)
def test_what_is_out_of_range_is_named(limit, R, options, message):
    with pytest.raises(ValueError, match=message):
        limit(R, **options)
