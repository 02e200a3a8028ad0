import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import integrate, stats

from fxp import Signal, lloyd_max, optimal_levels

# J. Max, 1960; the exact optimum of 2**B levels for N(0, 1), dB
GAUSSIAN_DB = {1: 4.40, 2: 9.30, 3: 14.62, 4: 20.22, 5: 26.01, 6: 31.91, 7: 37.87, 8: 43.85}
LOG_CONCAVE = {
    "gaussian": stats.norm(0.5, 1.25),
    "laplace": stats.laplace(0, 0.7),
    "logistic": stats.logistic(),
    "gamma": stats.gamma(3),
    "uniform": stats.uniform(-1, 3),
}
signals = st.sampled_from(
    [Signal.gaussian(), Signal.laplace(), Signal.uniform(-1.0, 2.0), Signal.gaussian(2.0, mean=1.5)]
)


@pytest.mark.parametrize("word_bits", GAUSSIAN_DB)
def test_published_optima_of_the_gaussian(word_bits):
    assert abs(lloyd_max(Signal.gaussian(), word_bits).sqnr_db - GAUSSIAN_DB[word_bits]) < 0.0051


def test_one_bit_has_closed_forms():
    gaussian = lloyd_max(Signal.gaussian(), 1)
    assert_allclose(gaussian.levels, np.array([-1, 1]) * math.sqrt(2 / math.pi), rtol=1e-14)
    assert_allclose(gaussian.sqnr_db, -10 * math.log10(1 - 2 / math.pi), rtol=1e-14)
    assert_allclose(lloyd_max(Signal.laplace(), 1).sqnr_db, 10 * math.log10(2), rtol=1e-13)


@pytest.mark.parametrize("word_bits", [1, 3, 8, 12])
def test_the_uniform_law_has_even_levels(word_bits):
    best = lloyd_max(Signal.uniform(), word_bits)
    count = 2**word_bits
    assert_allclose(best.levels, (2 * np.arange(count) + 1 - count) / count, atol=1e-12)
    assert_allclose(best.sqnr_db, 20 * math.log10(2) * word_bits, rtol=1e-12)


def test_a_two_sided_exponential_is_two_one_sided_ones():
    for word_bits in (2, 5):
        both = lloyd_max(Signal.laplace(), word_bits)
        one = lloyd_max(Signal.from_law(stats.expon(scale=math.sqrt(0.5))), word_bits - 1)
        assert_allclose(both.levels[one.levels.size :], one.levels, atol=1e-6)
        assert_allclose(both.sqnr_db, one.sqnr_db, rtol=1e-12)


@pytest.mark.parametrize("law", LOG_CONCAVE.values(), ids=LOG_CONCAVE)
def test_both_conditions_hold_by_quadrature(law):
    best = lloyd_max(Signal.from_law(law), 3)
    low, high = law.support()
    ends = [low, *best.thresholds, high]
    moments = [
        [integrate.quad(lambda x, i=i: x**i * law.pdf(x), a, b, epsabs=1e-13)[0] for i in range(2)]
        for a, b in pairwise(ends)
    ]
    assert_allclose(best.levels, [first / mass for mass, first in moments], atol=1e-9)
    assert_allclose(best.thresholds, (best.levels[1:] + best.levels[:-1]) / 2, atol=1e-15)


@given(signals, st.integers(1, 6), st.integers(0, 63), st.floats(0.01, 0.2), st.sampled_from([-1, 1]))
def test_moving_a_level_adds_noise(signal, word_bits, place, share, sign):
    best = lloyd_max(signal, word_bits)
    gap = np.diff(best.levels).min()
    levels = best.levels.copy()
    levels[place % levels.size] += sign * share * gap
    thresholds = (levels[1:] + levels[:-1]) / 2
    points, weights = signal.nodes(thresholds)
    noise = np.sum(weights * (levels[np.searchsorted(thresholds, points)] - points) ** 2)
    assert 10 * np.log10(signal.rms**2 / noise) < best.sqnr_db


@given(signals, st.integers(1, 7), st.floats(0.01, 100))
def test_levels_scale_with_the_signal(signal, word_bits, factor):
    best, scaled = (lloyd_max(each, word_bits) for each in (signal, signal.scaled(factor)))
    assert_allclose(scaled.levels, best.levels * factor, rtol=1e-6, atol=1e-6 * factor)
    assert_allclose(scaled.sqnr_db, best.sqnr_db, rtol=1e-10)


@given(signals, st.integers(1, 9))
def test_a_bit_more_gains_at_most_its_asymptote(signal, word_bits):
    fewer, more = (lloyd_max(signal, bits).sqnr_db for bits in (word_bits, word_bits + 1))
    assert 0 < more - fewer < 20 * math.log10(2) + 0.03


def test_many_levels_follow_panter_and_dite():
    gap_db = 20 * math.log10(2) * 14 - lloyd_max(Signal.gaussian(), 14).sqnr_db
    assert_allclose(gap_db, 10 * math.log10(math.sqrt(3) * math.pi / 2), atol=1e-3)


@pytest.mark.parametrize("signal", [Signal.sinusoid(), Signal.relu_gaussian(), Signal.from_law(stats.t(5))])
def test_other_laws_need_to_be_told(signal):
    with pytest.raises(ValueError, match="signal has a law that is not log-concave: .* pass local=True"):
        lloyd_max(signal, 2)
    best = lloyd_max(signal, 4, local=True)
    points, weights = signal.nodes(best.thresholds)
    cells = np.searchsorted(best.thresholds, points)
    centroids = np.bincount(cells, weights * points) / np.bincount(cells, weights)
    assert_allclose(best.levels, centroids, atol=1e-10)


def test_one_bit_of_a_relu_is_the_best_threshold():
    signal = Signal.relu_gaussian()
    thresholds = np.linspace(0.01, 3, 3000)
    points, weights = signal.nodes(thresholds)
    order = np.argsort(points)
    masses, sums = (
        np.interp(thresholds, points[order], np.cumsum(each[order])) for each in (weights, weights * points)
    )
    powers = sums**2 / masses + (signal.mean - sums) ** 2 / (1 - masses)
    best_db = 10 * np.log10(signal.rms**2 / (signal.rms**2 - powers.max()))
    assert_allclose(lloyd_max(signal, 1, local=True).sqnr_db, best_db, atol=1e-3)


@pytest.mark.parametrize("word_bits", [0, 15, 2.0, True])
def test_word_bits_are_checked(word_bits):
    with pytest.raises(ValueError, match=f"word_bits={word_bits!r} is not an integer between 1 and 14: give a word"):
        lloyd_max(Signal.gaussian(), word_bits)


def test_a_law_with_a_density_is_needed():
    with pytest.raises(
        ValueError, match=r"^law=Samples\(\) of \d+ values is not a law with a density: fit a law to the samples and"
    ):
        lloyd_max(Signal.from_samples([1.0, 2.0, 3.0]), 2)
    with pytest.raises(ValueError, match="signal has no law"):
        lloyd_max(Signal(1.0, 0.5), 2)


def test_an_iteration_that_does_not_settle_is_refused(monkeypatch):
    monkeypatch.setattr(optimal_levels, "_ROUNDS", 1)
    with pytest.raises(ValueError, match="signal does not settle in 1 rounds at 16 levels: take a smoother law"):
        lloyd_max(Signal.gaussian(), 4)
