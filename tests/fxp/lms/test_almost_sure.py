"""Growth of single runs against closed forms, and against the growth of the mean square."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

import fxp
from fxp import Process, Signal, almost_sure_step_limit, gaussian_tap_exponent, lyapunov_exponent, moment_operator

SIGNS = Signal.from_samples([-1, 1])
MISS = 1e-9


@pytest.mark.parametrize("a", [1e-3, 0.05, 0.5, 1.0, 3.0, 40.0])
def test_exponent_of_one_tap_is_the_mean_of_the_logarithm(a):
    def part(low, high):
        return quad(lambda g: np.log(abs(1 - a * g * g)) * np.exp(-g * g / 2), low, high, limit=200)[0]

    pole = 1 / a**0.5
    cuts = sorted({0.0, min(pole, 38.0), 38.0})
    expected = 2 * sum(map(part, cuts[:-1], cuts[1:])) / np.sqrt(2 * np.pi)
    assert gaussian_tap_exponent(a) == pytest.approx(expected, abs=2e-9)


def test_exponent_of_tiny_and_huge_steps():
    assert gaussian_tap_exponent(1e-9) == pytest.approx(-1e-9, abs=1e-13)
    assert gaussian_tap_exponent(1e12) == pytest.approx(np.log(5e11) - np.euler_gamma, rel=1e-5)


def signs_exponent(step, c):
    return (np.log(abs(1 - step * (1 + c) ** 2)) + np.log(abs(1 - step * (1 - c) ** 2))) / 2


@pytest.mark.parametrize("step", [0.2, 0.7, 1.3])
def test_exponent_of_signs_is_the_mean_of_two_logarithms(step):
    process = Process((1.0, 0.5), drive=SIGNS)
    found = lyapunov_exponent(process, 1, step, rng=np.random.default_rng(), iterations=4000, false_alarm=MISS)
    assert found.low < signs_exponent(step, 0.5) < found.high
    assert found.high - found.low < 0.06
    assert not found.low < moment_operator(process, 1).spectral_radius(step) / 2 < found.high  # a wrong one is refused


def test_limit_of_signs_and_of_one_gaussian_tap():
    rng = np.random.default_rng()
    signs = almost_sure_step_limit(Process((1.0, 0.5), drive=SIGNS), 1, rng=rng, iterations=4000, false_alarm=MISS)
    assert signs.low < brentq(signs_exponent, 0.5, 1.5, args=(0.5,)) < signs.high
    tap = almost_sure_step_limit(Process([2.0]), 1, rng=rng, factor=2, iterations=4000, false_alarm=MISS)
    assert tap.low < brentq(gaussian_tap_exponent, 1, 4) / 8 < tap.high
    assert tap.low < tap.step_size < tap.high < 1.2 * tap.low


@pytest.mark.parametrize("delay", [1, 5])
def test_almost_every_run_converges_beyond_the_limit_of_the_mean_square(delay):
    process = Process((0.1, 0.5, -0.5, 0.1))
    limit = almost_sure_step_limit(process, 3, rng=np.random.default_rng(), delay=delay, iterations=4000)
    step = 1.2 * moment_operator(process, 3, delay=delay).step_limit()
    assert step < limit.low
    found = lyapunov_exponent(process, 3, step, rng=np.random.default_rng(), delay=delay, iterations=4000)
    assert found.high < 0 < np.log(moment_operator(process, 3, delay=delay).spectral_radius(step)) / 2


def test_a_weight_error_that_vanishes_has_grown_by_minus_infinity():
    found = lyapunov_exponent(Process([1.0], drive=SIGNS), 1, 1.0, rng=np.random.default_rng(), iterations=20)
    assert found.value == found.high == -np.inf


def test_autoregressive_input_is_allowed():
    process = Process([1.0], autoregressive=[0.9])
    found = lyapunov_exponent(process, 2, 0.01, rng=np.random.default_rng(), iterations=1000)
    assert found.high < 0


def test_arguments_out_of_range_are_refused():
    rng, process = np.random.default_rng(), Process([1.0])
    for changed, message in (
        ({"runs": 1}, "runs=1 is not an integer of at least 2"),
        ({"iterations": 3}, "iterations=3 is not an integer of at least 10"),
        ({"delay": -1}, "delay=-1"),
        ({"false_alarm": 0.0}, "false_alarm=0.0 is not between 0 and 1"),
        ({"factor": 3}, "factor=3 is not 1 or 2"),
    ):
        with pytest.raises(ValueError, match=message):
            lyapunov_exponent(process, 1, 0.1, rng=rng, **changed)
    with pytest.raises(ValueError, match="a=0.0 is not finite and positive"):
        gaussian_tap_exponent(0.0)
    assert fxp.LyapunovExponent(0.0, -1.0, 1.0).value == 0.0


def test_arguments_of_another_kind_are_named():
    process, rng = Process([1.0]), np.random.default_rng()
    with pytest.raises(TypeError, match=r"process=\[1.0\] is not a Process"):
        lyapunov_exponent([1.0], 1, 0.1, rng=rng)
    with pytest.raises(TypeError, match="rng=7 is not a numpy.random.Generator"):
        almost_sure_step_limit(process, 1, rng=7)
    with pytest.raises(ValueError, match="false_alarm='small' is not a real number"):
        lyapunov_exponent(process, 1, 0.1, rng=rng, runs=2, iterations=20, false_alarm="small")
