"""Ensembles of adaptive filters: equal to a loop in plain Python, the same on any number of threads, always finite."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp.processes import Process
from fxp.signals import Signal
from sims.ensembles import Ensemble, Regressors, simulate
from tests.statistical import assert_mean_equal

PROCESS = Process([0.1, 0.5, -0.5, 0.1])
SIGNS = replace(PROCESS, drive=Signal.from_samples([-1, 1]))


def loop(ensemble: Ensemble, run: int) -> tuple[list[list[float]], list[float], int]:
    """Return weights and errors of a run, with Python's numbers in the order of the definition; weights beyond stay."""
    x, d = (values.tolist() for values in ensemble.draw(run))
    w, weights, errors = [0.0] * ensemble.taps, [], []
    stopped = -1
    for n, (row, desired) in enumerate(zip(x, d, strict=True)):
        y = 0.0
        for weight, datum in zip(w, row, strict=True):
            y += weight * datum
        errors.append(ensemble.sign * (desired - y))
        weights.append(w)
        if n >= ensemble.delay and stopped < 0:
            late = n - ensemble.delay
            step = ensemble.sign * (ensemble.factor * ensemble.step_size * errors[late])
            new = [weight + step * datum for weight, datum in zip(w, x[late], strict=True)]
            if max(map(abs, new)) <= 1e9:
                w = new
            else:
                stopped = n
    return weights, errors, stopped


@given(
    st.sampled_from([PROCESS, SIGNS, Process([1.0], autoregressive=[0.5])]),
    st.sampled_from(Regressors),
    st.sampled_from([0.01, 0.3, 20.0]),
    st.integers(1, 4),
    st.integers(0, 4),
    st.sampled_from([1, 2]),
    st.sampled_from([1, -1]),
    st.integers(0, 2**32),
)
def test_means_are_those_of_plain_loops(process, regressors, step_size, taps, delay, factor, sign, seed):
    ensemble = Ensemble(process, step_size, taps, delay, regressors, factor, sign, runs=3, iterations=40, seed=seed)
    found = simulate(ensemble, threads=1)
    runs = [loop(ensemble, run) for run in range(3)]
    assert found.frozen_at.tolist() == [stopped for _, _, stopped in runs]
    weights, errors = (np.array([run[part] for run in runs]) for part in (0, 1))
    total = np.zeros((40, taps))
    for each in weights:
        total += each
    assert (found.weights.mean == total / 3).all()
    power = np.zeros(40)
    for each in errors:
        power += each * each
    assert (found.squared.mean == power / 3).all()
    assert np.allclose(found.tails[:, 0], (errors**2)[:, 20:].mean(1), rtol=1e-12)
    least = ensemble.optimum
    v = weights - least.weights
    conditional = least.mse + np.einsum("rni,ij,rnj->rn", v, ensemble.correlation, v)
    assert np.allclose(found.conditional.mean, conditional.mean(0), rtol=1e-12)
    assert np.allclose(found.typical, np.exp(np.log(conditional).mean(0)), rtol=1e-9)
    deviation = conditional.std(0, ddof=1) / 3**0.5
    assert np.allclose(found.conditional.error, deviation, rtol=1e-6, atol=1e-6 * conditional.mean(0).max())


def test_results_do_not_depend_on_threads_and_runs_not_on_their_number():
    ensemble = Ensemble(PROCESS, 0.1, delay=2, runs=70, iterations=50, seed=3)
    one, three = simulate(ensemble, threads=1), simulate(ensemble, threads=3)
    for curve in ("squared", "controlled", "conditional", "weights"):
        for part in ("mean", "error"):
            assert (getattr(getattr(one, curve), part) == getattr(getattr(three, curve), part)).all()
    assert (one.typical == three.typical).all()
    assert (replace(ensemble, runs=2).draw(1)[0] == ensemble.draw(1)[0]).all()
    assert not (ensemble.draw(0)[1] == ensemble.draw(1)[1]).any()


def test_regressors_of_the_delay_line_are_the_last_samples():
    ensemble = Ensemble(PROCESS, 0.1, taps=4, runs=2, iterations=30)
    x, d = ensemble.draw(0)
    assert (x[1:, 0] == d[:-1]).all()
    assert (x[1:, 1:] == x[:-1, :-1]).all()


@pytest.mark.parametrize("regressors", Regressors)
def test_moments_of_the_regressors(regressors):
    ensemble = Ensemble(PROCESS, 0.1, regressors=regressors, runs=2, iterations=4)
    draws = [ensemble.draw(run) for run in range(15_000)]
    x, d = (np.array([draw[part][-1] for draw in draws]) for part in (0, 1))
    products = x[:, :, None] * x[:, None, :] - ensemble.correlation
    assert_mean_equal(products.reshape(len(x), -1), np.zeros(9), must_detect=0.1)
    error = d - x @ np.array(ensemble.optimum.weights)
    assert_mean_equal(error**2, ensemble.optimum.mse, must_detect=0.06)
    assert_mean_equal(error[:, None] * x, np.zeros(3), must_detect=0.06)


@pytest.mark.parametrize("regressors", Regressors)
def test_the_control_changes_the_noise_of_the_power_and_not_its_mean(regressors):
    found = simulate(Ensemble(PROCESS, 0.02, delay=1, regressors=regressors, runs=500, iterations=200))
    difference = found.squared.mean - found.controlled.mean
    noise = np.hypot(found.squared.error, found.controlled.error)
    assert (np.abs(difference) < 8 * noise).all()
    assert (found.controlled.error[100:] < 0.4 * found.squared.error[100:]).all()


def test_large_steps_freeze_all_runs_and_nothing_is_infinite():
    found = simulate(Ensemble(PROCESS, 64.0, delay=3, runs=40, iterations=200))
    assert found.frozen == 40
    assert (found.frozen_at < 100).all()
    for values in (found.squared, found.controlled, found.conditional, found.weights):
        assert np.isfinite(values.mean).all()
        assert np.isfinite(values.error).all()
    assert np.abs(found.weights.mean).max() <= 1e9


def test_both_signs_adapt_alike():
    ensemble = Ensemble(PROCESS, 0.2, runs=8, iterations=60)
    one, other = simulate(ensemble), simulate(replace(ensemble, sign=-1))
    assert (one.weights.mean == other.weights.mean).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step_size": 0.0}, "step_size=0.0 is not finite and positive"),
        ({"step_size": float("nan")}, "step_size=nan is not"),
        ({"taps": 0}, "taps=0 is not an integer of at least 1"),
        ({"delay": -1}, "delay=-1 is not an integer of at least 0"),
        ({"runs": 1}, "runs=1 is not an integer of at least 2"),
        ({"seed": -1}, "seed=-1 is not an integer of at least 0"),
        ({"iterations": 5, "delay": 5}, "iterations=5 is not an integer of at least 6: give more than the delay"),
        ({"factor": 3}, "factor=3 is not 1 or 2"),
        ({"sign": 0}, "sign=0 is not 1 or -1"),
        ({"regressors": "white"}, "'white' is not a valid Regressors"),
    ],
)
def test_numbers_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Ensemble(**{"process": PROCESS, "step_size": 0.1, **options})
