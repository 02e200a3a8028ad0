"""Rounded updates by their harmonics equal sums over the steps of the rounding, by Bessel functions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import k0, k1

from fxp import rounded_update, stall_indicator, stall_threshold

HALF_MODES = ("HALF_EVEN", "HALF_ODD", "HALF_UP", "HALF_DOWN", "HALF_AWAY", "HALF_TOWARD_ZERO")
STEPS = 400


def beyond(stall, thresholds):
    """Return P(|z| > t) and E[|z|; |z| > t] of z = e·x/(2ρ), steps; the density of e·x is K0(|y|)/π."""
    ends = 2 * stall * np.asarray(thresholds, float)
    chances = [2 / np.pi * quad(k0, end, np.inf, epsabs=1e-13, epsrel=1e-12)[0] for end in ends]
    means = 2 / np.pi * ends * k1(ends) / (2 * stall)
    return np.array(chances), means


def thresholds(stall, offset):
    """Return thresholds in steps as far as they count: at 40 deviations of the product nothing is left."""
    count = min(STEPS, int(40 / (2 * stall)) + 2)
    return np.arange(1, count) - offset


def by_steps(stall, mode):
    """Return gain and variance by counting: rounding climbs a step at each threshold."""
    power = 1 / (4 * stall**2)
    if mode == "STOCHASTIC":  # E[Q²] follows chords of the parabola, whose slope rises by 2 at each whole number
        k = thresholds(stall, 0)
        chances, means = beyond(stall, k)
        return 1.0, 1 / (np.pi * stall) + 2 * (means - k * chances).sum() - power
    if mode in ("FLOOR", "CEIL"):
        k = thresholds(stall, 0)
        chances, means = beyond(stall, k)
        gain = (means.sum() + 1 / (2 * np.pi * stall)) / power
        square = ((2 * k - 1) * chances).sum() / 2 + (1 + ((2 * k + 1) * chances).sum()) / 2
        return gain, square - 1 / 4 - gain**2 * power
    k = thresholds(stall, 0)
    chances, means = beyond(stall, k - 0.5)
    gain = means.sum() / power
    return gain, ((2 * k - 1) * chances).sum() - gain**2 * power


@pytest.mark.parametrize("mode", ["HALF_EVEN", "FLOOR", "CEIL", "STOCHASTIC"])
@pytest.mark.parametrize("stall", [0.3, 0.6, 1.0, 2.0, 6.0])
def test_harmonics_equal_steps(mode, stall):
    found = rounded_update(stall, rounding=mode)
    gain, variance = by_steps(stall, mode)
    assert found.gain == pytest.approx(gain, rel=1e-9)
    assert found.variance == pytest.approx(variance, rel=1e-8)
    assert found.mean == {"FLOOR": -0.5, "CEIL": 0.5}.get(mode, 0.0)


@pytest.mark.parametrize("stall", [1.5, 5.0, 20.0, 50.0, 100.0])
def test_of_updates_that_are_nearly_all_lost_what_is_left_has_no_rounding_errors(stall):
    found, threshold = rounded_update(stall), np.arange(1, 40, 2) * stall
    chances = [quad(k0, each, each + 700, epsabs=0)[0] for each in threshold[threshold < 600]]
    gain = 4 * stall / np.pi * float(threshold @ k1(threshold))
    variance = 2 / np.pi * float(np.arange(1, 40, 2)[: len(chances)] @ chances) - (gain / (2 * stall)) ** 2
    assert (float(found.gain), float(found.variance)) == pytest.approx((gain, variance), rel=1e-7, abs=0)


@given(st.floats(0, 100))
def test_nothing_is_negative(stall):
    found = rounded_update(stall)
    assert min(found.gain, found.variance) > 0


def test_updates_of_many_steps_are_those_of_the_textbook():
    for mode, variance in {"HALF_EVEN": 1 / 12, "FLOOR": 1 / 12, "STOCHASTIC": 1 / 6}.items():
        found = rounded_update([0.0, 1e-12, 1e-4], rounding=mode)
        assert found.gain == pytest.approx(1, abs=1e-11)
        assert found.variance == pytest.approx(variance, rel=2e-4)


def test_stochastic_noise_of_tiny_updates_is_a_step_times_their_mean():
    assert rounded_update(100.0, rounding="STOCHASTIC").variance == pytest.approx(1 / (100 * np.pi), rel=0.01)


@given(st.floats(0.01, 99), st.floats(1.0, 1.5), st.sampled_from([*HALF_MODES, "STOCHASTIC"]))
def test_a_larger_stall_leaves_less(stall, factor, mode):
    near, far = rounded_update([stall, min(stall * factor, 100.0)], rounding=mode).gain
    assert far <= near + 1e-10
    noises = rounded_update([stall, min(stall * factor, 100.0)], rounding="STOCHASTIC").variance
    assert 0 < noises[1] <= noises[0] <= 1 / 6


def test_all_half_modes_are_alike_where_ties_do_not_count():
    gains = {mode: float(rounded_update(1.3, rounding=mode).gain) for mode in HALF_MODES}
    assert len(set(gains.values())) == 1


def test_indicator_and_threshold_are_one():
    """A stall of one: an update of the rms of both is half a step."""
    threshold = stall_threshold([2**-4, 2**-6], 2**-9)
    assert threshold.tolist() == [2**-6, 2**-4]
    assert stall_indicator([2**-4, 2**-6], 2**-9, threshold, 1.0).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stall_indicator(0.0, 1.0, 1.0, 1.0), r"step_size=0.0 is not finite and positive"),
        (lambda: stall_indicator(0.1, 1.0, np.nan, 1.0), r"error_rms=nan is not finite and positive"),
        (lambda: stall_indicator([0.1, 0.2], [1.0, 2.0, 3.0], 1.0, 1.0), r"shapes do not broadcast"),
        (lambda: stall_threshold(0.1, -1.0), r"weight_step=-1.0 is not finite and positive"),
        (lambda: rounded_update(101), r"stall=101.0 is not between 0 and 100"),
        (lambda: rounded_update(-1), r"stall=-1.0 is not between 0 and 100"),
        (lambda: rounded_update(1, rounding="TOWARD_ZERO"), r"rounding=TOWARD_ZERO is not a mode with a closed form"),
    ],
)
def test_what_is_out_of_range_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
