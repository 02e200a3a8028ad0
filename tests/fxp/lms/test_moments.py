"""The moment operator equals enumeration of all draws, point states, and closed forms where these are exact."""

import tracemalloc
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fxp
from fxp import Process, Signal, moment_operator
from fxp.lms.moment_layouts import layout
from fxp.lms.moment_matrices import full_system, moment_system
from sims.measure.moments import gauss_hermite, point_radius
from tests import statistical

SIGNS = Signal.from_samples([-1, 1])
SKEWED = Signal.from_samples([-1, -1, 2])
PUBLISHED = (0.1, 0.5, -0.5, 0.1)
LAWS = {
    "signs": (SIGNS, (np.array([-1.0, 1.0]), np.array([0.5, 0.5]))),
    "skewed": (SKEWED, (np.array([-1.0, 2.0]), np.array([2 / 3, 1 / 3]))),
    "gaussian": (Signal.gaussian(), gauss_hermite(7)),
    "uniform": (
        Signal.uniform(),
        tuple(x / s for x, s in zip(np.polynomial.legendre.leggauss(7), (1, 2), strict=True)),
    ),
}


def enumerated(process, law, taps, delay, step, start, iterations):
    """Return E[v], E[v vᵀ] and E[e²] over all sequences of draws of a law of few points."""
    points, weights = law
    average = np.array(process.moving_average)
    count = iterations + taps + len(average) - 1
    draws = np.array(list(product(points, repeat=count)))
    chances = np.array(list(product(weights, repeat=count))).prod(axis=1)
    x = np.lib.stride_tricks.sliding_window_view(draws, len(average), axis=1) @ average[::-1]
    optimum = np.linalg.solve(process.correlation_matrix(taps), process.autocorrelation(taps)[1:])
    errors = [np.tile(start, (len(draws), 1))] * (delay + 1)
    means, seconds, powers = [], [], []
    for n in range(iterations):
        regressor = x[:, n : n + taps][:, ::-1]
        error = x[:, n + taps] - np.sum((optimum + errors[n]) * regressor, axis=1)
        means.append(chances @ errors[n])
        seconds.append(np.einsum("r,ri,rj->ij", chances, errors[n], errors[n]))
        powers.append(chances @ error**2)
        errors.append(errors[-1] + step * error[:, None] * regressor)
    return map(np.array, (means, seconds, powers))


@pytest.mark.parametrize("delay", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("law", "average", "taps", "iterations"),
    [
        ("signs", (1.0, 0.2, 0.3, 0.1), 2, 8),
        ("signs", (1.0, -0.7), 3, 9),
        ("signs", (0.4,), 2, 9),
        ("skewed", (0.3, 1.0, 0.5), 2, 7),
        ("gaussian", (1.0, 0.5), 1, 4),
        ("uniform", (1.0, 0.5), 2, 3),
    ],
)
def test_trajectory_is_that_of_all_sequences(law, average, taps, iterations, delay):
    drive, points = LAWS[law]
    process, start = Process(average, drive=drive), 0.3 * np.arange(1, taps + 1) - 0.2
    means, seconds, powers = enumerated(process, points, taps, delay, 0.2, start, iterations)
    found = moment_operator(process, taps, delay=delay).trajectory(0.2, iterations, initial_error=start)
    np.testing.assert_allclose(found.mean_error, means, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(found.error_moments, seconds, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(found.mse, powers, rtol=1e-12)


@pytest.mark.parametrize(
    ("law", "average", "taps", "delay"),
    [
        ("signs", (1.0, 0.4, -0.3), 2, 0),
        ("signs", (1.0, 0.4, -0.3), 2, 2),
        ("skewed", (1.0, 0.5), 2, 0),
        ("skewed", (1.0, 0.5), 2, 1),
        ("gaussian", (1.0, -0.6), 1, 0),
        ("gaussian", (1.0, -0.6), 1, 3),
        ("gaussian", (0.8, 0.4, 0.5), 1, 0),
        ("gaussian", (0.8, 0.4, 0.5), 1, 1),
        ("gaussian", (1.0,), 2, 0),
        ("gaussian", (1.0,), 2, 1),
        ("uniform", (1.0, 0.7, 0.2), 1, 0),
    ],
)
@pytest.mark.parametrize("step", [0.05, 0.4])
def test_radius_is_that_of_point_states(law, average, taps, delay, step):
    drive, points = LAWS[law]
    operator = moment_operator(Process(average, drive=drive), taps, delay=delay)
    assert operator.spectral_radius(step) == pytest.approx(
        point_radius(points, list(average), taps, delay, step), rel=1e-10
    )


@pytest.mark.parametrize(("delay", "limit"), [(0, 0.30529), (1, 0.35639), (5, 0.17994)])
def test_limits_of_the_published_process(delay, limit):
    # 13 Gauss-Hermite points for each of five draws, 371,293 states, gave a radius of 1.0000 at 0.35639 as well
    operator = moment_operator(Process(PUBLISHED), 3, delay=delay)
    assert operator.spectral_radius(limit - 1e-5) < 1 < operator.spectral_radius(limit + 1e-5)


@pytest.mark.parametrize("delay", [0, 1, 5, 12])
def test_independent_gaussian_regressors_have_the_closed_forms(delay):
    process = Process(PUBLISHED)
    operator, matrix = moment_operator(process, 3, delay=delay, independent=True), process.correlation_matrix(3)
    limit = float(fxp.mean_square_step_limit(matrix, delay=delay))
    assert operator.step_limit() == pytest.approx(limit, rel=1e-10)
    step = 0.6 * limit
    assert operator.misadjustment(step) == pytest.approx(float(fxp.misadjustment(matrix, step, delay=delay)), rel=1e-8)
    assert operator.minimum_mse == pytest.approx(0.3520014, abs=5e-8)


def test_independent_curve_is_the_closed_form():
    process, start = Process(PUBLISHED), np.array([0.5, -0.2, 0.1])
    operator = moment_operator(process, 3, delay=2, independent=True)
    curve = fxp.learning_curve(
        process.correlation_matrix(3), 0.1, 60, minimum_mse=operator.minimum_mse, initial_error=start, delay=2
    )
    found = operator.trajectory(0.1, 60, initial_error=start)
    np.testing.assert_allclose(found.mse, curve.mse, rtol=1e-12)
    np.testing.assert_allclose(found.mean_error, curve.mean_error, atol=1e-13)


@pytest.mark.parametrize("delay", [0, 4])
def test_misadjustment_is_where_the_trajectory_settles(delay):
    operator = moment_operator(Process(PUBLISHED, drive=SIGNS), 3, delay=delay)
    mse = operator.trajectory(0.1, 1500, initial_error=[0.5, 0.5, 0.5]).mse[-1]
    assert operator.misadjustment(0.1) == pytest.approx(mse / operator.minimum_mse - 1, rel=1e-9)
    assert operator.misadjustment(0.05, factor=2) == pytest.approx(operator.misadjustment(0.1), rel=1e-12)


@pytest.mark.parametrize(("delay", "share"), [(12, 0.96), (12, 0.999), (5, 0.999), (1, 0.999)])
def test_misadjustment_next_to_the_limit_is_that_of_the_slowest_mode(delay, share):
    operator = moment_operator(Process(PUBLISHED), 3, delay=delay)
    steps = [each * operator.step_limit() for each in (share, (1 + share) / 2)]
    residues = [operator.misadjustment(step) * (1 - operator.spectral_radius(step)) for step in steps]
    assert residues[0] == pytest.approx(residues[1], rel=2.5 * (1 - share))


@pytest.mark.parametrize("drive", [Signal.gaussian(), SIGNS, SKEWED], ids=["gaussian", "signs", "skewed"])
@pytest.mark.parametrize("delay", [0, 2])
@pytest.mark.parametrize("driven", [False, True])
def test_moments_that_are_left_out_change_nothing(drive, delay, driven):
    process, rng = Process((1.0, 0.5, 0.2), drive=drive), np.random.default_rng()
    form = layout(process, 2, delay, driven=driven, independent=False)
    full, less = full_system(process, form), moment_system(process, form)
    assert less.unknowns <= full.unknowns == form.size.unknowns
    factor, mean = rng.standard_normal((2, 2)), rng.standard_normal(2)
    runs = [each.trajectory(each.start(factor @ factor.T, mean), 0.1, 12) for each in (full, less)]
    for first, second in zip(*runs, strict=True):
        np.testing.assert_allclose(second, first, rtol=1e-13, atol=1e-14)
    step = less.matrix(0.1)
    z = rng.standard_normal(less.unknowns)
    np.testing.assert_allclose(less.step(z, 0.1), step @ z, rtol=1e-11, atol=1e-12)


def test_free_moments_grow_as_the_radius_says():
    operator = moment_operator(Process(PUBLISHED), 3, delay=1)
    trace = np.trace(operator.free_moments(0.4, 400, initial_error=[1.0, 0.0, 0.0]), axis1=1, axis2=2)
    assert trace[-1] / trace[-2] == pytest.approx(operator.spectral_radius(0.4), rel=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.floats(0.1, 10), st.floats(-1, 1), st.sampled_from(["signs", "gaussian", "uniform"]), st.integers(0, 3))
def test_limit_scales_with_power_and_ignores_signs_and_idle_coefficients(scale, coefficient, law, delay):
    def limit(*average, factor=1):
        return moment_operator(Process(average, drive=LAWS[law][0]), 1, delay=delay).step_limit(factor=factor)

    plain = limit(1.0, coefficient)
    assert limit(scale, scale * coefficient) * scale**2 == pytest.approx(plain, rel=1e-9)
    assert limit(1.0, -coefficient) == pytest.approx(plain, rel=1e-9)
    assert limit(0.0, 1.0, coefficient, 0.0) == pytest.approx(plain, rel=1e-9)
    assert 2 * limit(1.0, coefficient, factor=2) == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("drive", [Signal.gaussian(), SIGNS, SKEWED], ids=["gaussian", "signs", "skewed"])
@pytest.mark.parametrize("delay", [0, 3])
def test_memory_is_bounded_by_what_is_stated(drive, delay):
    operator = moment_operator(Process((1.0, 0.5, 0.2), drive=drive), 2, delay=delay)
    tracemalloc.start()
    operator.trajectory(0.1, 2, initial_error=[1.0, 0.0])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < operator.driven_size.memory_bytes + 2**20  # and a megabyte for Python's own
    assert operator.driven_size.unknowns >= operator._driven_system.unknowns


def test_simulation_follows_below_and_above_the_limit():
    process, delay = Process(PUBLISHED, drive=SIGNS), 5
    operator, rng = moment_operator(process, 3, delay=delay), np.random.default_rng()
    independent = moment_operator(process, 3, delay=delay, independent=True)
    horizon, runs = 24, 200_000
    for share in (0.9, 1.3):
        step = share * operator.step_limit()
        norms = simulated_norms(process, 3, delay, step, horizon, rng, runs)
        for n in (12, horizon):
            expected = np.trace(operator.free_moments(step, n + 1, initial_error=np.ones(3))[-1])
            statistical.assert_mean_equal(norms[n], expected, must_detect=0.1 * expected)
        wrong = np.trace(independent.free_moments(step, horizon + 1, initial_error=np.ones(3))[-1])
        with pytest.raises(AssertionError, match="excludes"):
            statistical.assert_mean_equal(norms[horizon], wrong)


def simulated_norms(process, taps, delay, step, horizon, rng, runs):
    x = process.sample(rng, (runs, horizon + taps))
    errors = [np.ones((runs, taps))] * (delay + 1)
    for n in range(horizon - delay):
        regressor = x[:, n : n + taps][:, ::-1]
        late = errors[n]
        errors.append(errors[-1] - step * np.sum(regressor * late, axis=1, keepdims=True) * regressor)
    return np.sum(np.square(errors), axis=2)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"process": Process([1.0], autoregressive=[0.5])}, r"autoregressive=\(0.5,\) is not empty: .*cut"),
        ({"taps": 0}, "taps=0 is not an integer of at least 1"),
        ({"delay": -1}, "delay=-1 is not an integer of at least 0"),
        ({"memory_limit": 1000}, r"memory_limit=1000 is less than the \d+ bytes of \d+ unknowns"),
        ({"taps": 40}, r"memory_limit=\d+ is less than"),
    ],
)
def test_operators_that_cannot_be_are_refused(changed, message):
    arguments = {"process": Process(PUBLISHED), "taps": 3} | changed
    with pytest.raises(ValueError, match=message):
        moment_operator(arguments.pop("process"), arguments.pop("taps"), **arguments)


def test_other_arguments_are_refused():
    operator = moment_operator(Process([1.0, 0.5]), 1)
    with pytest.raises(TypeError, match="process=3 is not a Process"):
        moment_operator(3, 1)
    with pytest.raises(ValueError, match="step_size=nan is not finite and positive"):
        operator.spectral_radius(float("nan"))
    with pytest.raises(ValueError, match=r"initial_error of shape \(2,\) is not of shape \(1,\)"):
        operator.trajectory(0.1, 3, initial_error=[1.0, 2.0])
    with pytest.raises(ValueError, match="iterations=0"):
        operator.trajectory(0.1, 0, initial_error=[1.0])
    with pytest.raises(ValueError, match="factor=3 is not 1 or 2"):
        operator.step_limit(factor=3)


def test_a_step_beyond_the_limit_has_no_misadjustment():
    operator = moment_operator(Process([1.0, 0.5]), 1)
    limit = operator.step_limit()
    with pytest.raises(ValueError, match="step_size=1.0 is not below .*, the mean-square limit of this process"):
        operator.misadjustment(1.0)
    with pytest.warns(RuntimeWarning, match="is not below"):
        assert operator.misadjustment(0.5 * 1.01 * limit, factor=2, outside="warn") == np.inf


def test_moments_that_grow_beyond_all_floats_are_refused():
    operator = moment_operator(Process([1.0, 0.5]), 1)
    with pytest.raises(
        ValueError, match=r"iterations=300 let the moments grow beyond all floats at \d+: ask for fewer"
    ):
        operator.trajectory(100.0, 300, initial_error=[1.0])
    with pytest.raises(
        ValueError, match=r"iterations=300 let the moments grow beyond all floats at \d+: ask for fewer"
    ):
        operator.free_moments(100.0, 300, initial_error=[1.0])
