"""Finite words of LMS in theory, against enumerated moments of the regressors and between the formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import toeplitz

from fxp import (
    best_step_size,
    finite_precision_excess,
    misadjustment,
    rounded_update,
    small_step_excess,
    weight_bits_for_excess,
    weight_drift,
)
from tests.fxp.lms.moment_maps import updates

R = toeplitz([1.0, 0.4])
LEAST = 0.3


def enumerated(R, step, delay, minimum_mse, variance, mean=0.0):
    """Return tr(R E[v vᵀ]) of v_(n+1) = v_n − μ x xᵀ v_(n−D) + μ e_o x + rounding, by linear equations."""
    matrices, chances = updates(R, step, delay)
    taps, size = len(R), matrices.shape[1]
    noise, push = np.zeros((size, size)), np.zeros(size)
    noise[:taps, :taps] = step**2 * minimum_mse * R + variance * np.eye(taps)
    push[:taps] = mean
    average = np.einsum("r,rij->ij", chances, matrices)
    middle = np.linalg.solve(np.eye(size) - average, push)
    cross = np.outer(average @ middle, push)
    square = sum(chance * np.kron(matrix, matrix) for chance, matrix in zip(chances, matrices, strict=True))
    right = noise + np.outer(push, push) + cross + cross.T
    moments = np.linalg.solve(np.eye(size**2) - square, right.ravel()).reshape(size, size)
    return float(np.trace(R @ moments[:taps, :taps])), middle[:taps]


@pytest.mark.parametrize("rounding", ["STOCHASTIC", "HALF_EVEN", "FLOOR", "CEIL"])
@pytest.mark.parametrize("delay", [0, 1, 3])
def test_the_sum_over_modes_equals_enumerated_moments(rounding, delay):
    """The same gain, noise and mean of the rounded update, carried through moments instead of modes."""
    weight, step = 2.0**-7, 2.0**-4
    found = finite_precision_excess(
        R, step, minimum_mse=LEAST, weight_step=weight, rounding=rounding, delay=delay, output_noise=0.01
    )
    update = rounded_update(found.stall, rounding=rounding)
    gained = step * float(update.gain)
    excess, _ = enumerated(
        R, gained, delay, LEAST + 0.01, weight**2 * float(update.variance), weight * float(update.mean)
    )
    assert found.total == pytest.approx(excess + 0.01, rel=1e-9)
    assert found.stall == pytest.approx(weight / (2 * step * np.sqrt(found.mse)), rel=1e-9)
    assert found.gain == pytest.approx(float(update.gain))


@pytest.mark.parametrize(("rounding", "share"), [("HALF_EVEN", 12), ("STOCHASTIC", 6)])
def test_the_textbook_takes_the_noise_of_many_steps(rounding, share):
    found = finite_precision_excess(
        R, 2.0**-4, minimum_mse=LEAST, weight_step=2.0**-6, rounding=rounding, delay=2, textbook=True
    )
    assert found.total == pytest.approx(enumerated(R, 2.0**-4, 2, LEAST, 2.0**-12 / share)[0], rel=1e-9)
    assert found.gain == 1


def test_the_textbook_gives_the_error_to_a_thousandth_up_to_a_stall_of_six_tenths():
    for shift in (5, 6):
        for weight in 2.0 ** -np.arange(shift, 12):
            full, textbook = (
                finite_precision_excess(R, 2.0**-shift, minimum_mse=1.0, weight_step=weight, textbook=textbook)
                for textbook in (False, True)
            )
            assert full.stall < 0.6
            assert textbook.mse == pytest.approx(full.mse, rel=1e-3)


def test_bias_is_that_of_the_mean_recursion_at_any_delay():
    for delay in (0, 2):
        bias = enumerated(R, 2.0**-4, delay, LEAST, 0.0, -(2.0**-11))[1]
        assert weight_drift(R, 2.0**-4, weight_step=2.0**-10) == pytest.approx(bias, rel=1e-9)
        assert weight_drift(R, 2.0**-4, weight_step=2.0**-10, rounding="CEIL") == pytest.approx(-bias, rel=1e-9)
    assert weight_drift(R, 2.0**-4, weight_step=2.0**-10, rounding="STOCHASTIC").tolist() == [0, 0]


def test_fine_words_cost_nothing():
    fine = finite_precision_excess(R, 0.1, minimum_mse=LEAST, weight_step=2.0**-40, delay=2)
    assert fine.misadjustment == pytest.approx(float(misadjustment(R, 0.1, delay=2)), rel=1e-9)
    assert fine.drift == fine.data == fine.output == 0


def test_terms_add_up_and_a_factor_of_two_is_twice_the_step():
    options = {"minimum_mse": LEAST, "weight_step": 2.0**-9, "rounding": "FLOOR", "delay": 1, "output_noise": 0.01}
    noisy = {"data_noise": 0.02, "optimal_weights": [0.5, -1.0]}
    found = finite_precision_excess(R, 2.0**-4, **options, **noisy)
    twice = finite_precision_excess(R, 2.0**-5, factor=2, **options, **noisy)
    terms = (found.gradient, found.weights, found.drift, found.data, found.output)
    assert min(terms) > 0
    assert sum(terms) == found.total
    assert twice == found


def test_data_noise_is_that_of_the_normal_equations():
    """Against the least squares of the noisy regressor, solved as they stand."""
    noise, optimum = 0.05, np.array([0.7, -1.2])
    noisy = R + noise * np.eye(2)
    best = np.linalg.solve(noisy, R @ optimum)
    worse = optimum @ R @ optimum - best @ R @ optimum
    found = finite_precision_excess(
        R, 2.0**-5, minimum_mse=LEAST, weight_step=2.0**-30, data_noise=noise, optimal_weights=optimum
    )
    assert found.data + found.gradient == pytest.approx(worse + (LEAST + worse) * float(misadjustment(noisy, 2.0**-5)))


@given(st.integers(3, 12), st.sampled_from(["STOCHASTIC", "HALF_EVEN"]), st.integers(0, 4))
def test_finer_weights_never_cost_more(bits, rounding, delay):
    coarse, fine = (
        finite_precision_excess(R, 2.0**-4, minimum_mse=LEAST, weight_step=step, rounding=rounding, delay=delay).total
        for step in (2.0**-bits, 2.0 ** -(bits + 1))
    )
    assert fine <= coarse


@pytest.mark.parametrize("rounding", ["STOCHASTIC", "HALF_EVEN"])
def test_small_steps_are_the_limit_at_one_stall(rounding):
    ratios = []
    for shift in (6, 9, 12):
        options = {"minimum_mse": LEAST, "weight_step": 2.0**-shift, "rounding": rounding}
        full = finite_precision_excess(R, 2.0**-shift, delay=3, **options).total
        ratios.append(full / small_step_excess(R, 2.0**-shift, **options))
    assert np.abs(np.array(ratios) - 1).tolist() == sorted(np.abs(np.array(ratios) - 1), reverse=True)
    assert ratios[-1] == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("rounding", ["STOCHASTIC", "HALF_EVEN"])
def test_the_best_step_is_the_least_of_the_textbooks_sum(rounding):
    options = {"minimum_mse": LEAST, "weight_step": 2.0**-10, "rounding": rounding}
    best = best_step_size(R, **options)
    steps = best * np.exp(np.linspace(-1, 1, 201))
    sums = [small_step_excess(R, step, textbook=True, **options) for step in steps]
    assert int(np.argmin(sums)) == 100
    assert small_step_excess(R, best, **options) < sums[100]


def too_coarse(step, weight, allowed, **options):
    """Say whether weights of this step stall, or leave more excess than is allowed."""
    try:
        return finite_precision_excess(R, step, weight_step=weight, **options).total > allowed
    except ValueError:
        return True


@given(st.floats(0.05, 0.44), st.floats(1.01, 3), st.sampled_from(["HALF_EVEN", "FLOOR"]))
def test_no_bit_can_go_where_the_gradient_makes_most_of_the_error(step, more, rounding):
    options = {"minimum_mse": LEAST, "rounding": rounding}
    allowed = more * LEAST * float(misadjustment(R, step))
    bits = weight_bits_for_excess(R, step, excess=allowed, largest_weight=0.9, **options)
    assert not too_coarse(step, 2.0 ** (1 - bits), allowed, **options)
    assert bits == 2 or too_coarse(step, 2.0 ** (2 - bits), allowed, **options)


@pytest.mark.parametrize(("largest", "weight_bits"), [(0.99, 7), (1.0, 8), (1.5, 8), (2.0, 9)])
def test_the_range_holds_the_largest_weight(largest, weight_bits):
    options = {"minimum_mse": LEAST, "excess": 0.011}
    assert weight_bits_for_excess(R, 2.0**-5, largest_weight=largest, **options) == weight_bits


@given(st.floats(1, 1e6), st.sampled_from(["HALF_EVEN", "FLOOR"]))
def test_weights_that_are_far_too_coarse_are_named(weight_step, rounding):
    with pytest.raises(ValueError, match="the weights' step is so coarse"):
        finite_precision_excess(R, 2.0**-5, minimum_mse=LEAST, weight_step=weight_step, rounding=rounding)


@given(st.integers(3, 7), st.floats(0.02, 0.5), st.sampled_from(["STOCHASTIC", "HALF_EVEN", "FLOOR"]))
def test_the_bits_are_enough_and_no_bit_can_go(shift, share, rounding):
    options = {"minimum_mse": LEAST, "rounding": rounding}
    if share <= float(misadjustment(R, 2.0**-shift)) * 1.001:
        with pytest.raises(ValueError, match="is not enough for the noise of the gradient"):
            weight_bits_for_excess(R, 2.0**-shift, excess=share * LEAST * 0.9, largest_weight=0.9, **options)
        return
    bits = weight_bits_for_excess(R, 2.0**-shift, excess=share * LEAST, largest_weight=0.9, **options)
    within = finite_precision_excess(R, 2.0**-shift, weight_step=2.0 ** (1 - bits), **options)
    assert within.total <= share * LEAST
    assert bits == 2 or too_coarse(2.0**-shift, 2.0 ** (2 - bits), share * LEAST, **options)


def refused(**changed):
    usual = {"R": R, "step_size": 2.0**-4, "minimum_mse": LEAST, "weight_step": 2.0**-8}
    return lambda: finite_precision_excess(**(usual | changed))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (refused(R=np.diag([1.0, 2.0])), r"R has the powers .* which are not one"),
        (refused(R=np.ones((2, 2))), r"R is singular"),
        (refused(R=np.stack([R, R])), r"R of shape \(2, 2, 2\) is not one matrix"),
        (refused(step_size=1.0), r"step_size of 1, with its factor .* is not below 0.443"),
        (refused(step_size=0.0), r"step_size=0.0 is not finite and positive"),
        (refused(minimum_mse=0.0), r"minimum_mse=0.0 is not finite and positive"),
        (refused(weight_step=np.inf), r"weight_step=inf is not finite and positive"),
        (refused(output_noise=-1.0), r"output_noise=-1.0 is not finite and at least 0"),
        (refused(optimal_weights=[1.0]), r"optimal_weights of shape \(1,\) are not of shape \(2,\)"),
        (refused(data_noise=0.1), r"optimal_weights=None are not given"),
        (refused(data_noise=0.1, optimal_weights=[1.0]), r"optimal_weights of shape \(1,\) are not of shape \(2,\)"),
        (refused(rounding="TOWARD_ZERO"), r"rounding=TOWARD_ZERO is not a mode"),
        (refused(rounding="TOWARD_ZERO", textbook=True), r"rounding=TOWARD_ZERO is not a mode"),
        (lambda: small_step_excess(R, 0.01, minimum_mse=1, weight_step=0.1), r"stall=5 is not at most 2"),
        (refused(weight_step=2.0**-1), r"stall=.* is not at most 2: the weights' step is so coarse"),
        (refused(weight_step=2.0**-3, textbook=True), r"stall=.* is not at most 0.6"),
        (refused(weight_step=2.0**-4, rounding="FLOOR"), r"stall=.* is not at most 0.4"),
        (lambda: small_step_excess(R, 0.01, minimum_mse=1, weight_step=0.01, rounding="FLOOR"), r"has a mean"),
        (lambda: best_step_size(R, minimum_mse=1, weight_step=0.01, rounding="FLOOR"), r"moves the weights"),
        (lambda: best_step_size(R, minimum_mse=1, weight_step=0.01, rounding="TRN_ZERO"), r"is not a mode"),
        (lambda: best_step_size(np.stack([R]), minimum_mse=1, weight_step=0.01), r"is not one matrix"),
        (lambda: weight_drift(R, 1.5, weight_step=0.01), r"step_size=1.5 is not below 1.428571, the limit of the mean"),
        (
            lambda: small_step_excess(R, 0.5, minimum_mse=1, weight_step=0.01, textbook=True),
            r"step_size=0.5 is not below 0.4434622, the mean-square limit",
        ),
        (
            lambda: best_step_size(R, minimum_mse=1e-6, weight_step=1.0),
            r"weight_step=1 is so coarse that the best step size, 408.2, is not below 0.4435",
        ),
        (lambda: weight_drift(R, 0.1, weight_step=0.0), r"weight_step=0.0 is not finite and positive"),
        (
            lambda: weight_bits_for_excess(R, 0.1, minimum_mse=1, excess=0.0, largest_weight=1),
            r"excess=0.0 is not finite and positive",
        ),
    ],
)
def test_what_the_theory_does_not_cover_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
