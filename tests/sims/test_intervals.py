"""Intervals by second routes; how often they miss is measured in tests/test_statistical.py."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sims.intervals import (
    Interval,
    batch_means,
    bounded_mean_interval,
    clopper_pearson,
    covariance_interval,
    log_ratio_interval,
    mean_interval,
)


def tail_from(events: int, trials: int, probability: float) -> float:
    """P(X ≥ events) of a binomial X, summed term by term."""
    return sum(comb(trials, k) * probability**k * (1 - probability) ** (trials - k) for k in range(events, trials + 1))


class TestClopperPearson:
    @pytest.mark.parametrize("trials", [1, 2, 10, 10_000])
    @pytest.mark.parametrize("false_alarm", [0.5, 0.05, 1e-9])
    def test_no_and_all_events_have_closed_forms(self, trials, false_alarm):
        root = (false_alarm / 2) ** (1 / trials)
        none, every = (clopper_pearson(events, trials, false_alarm=false_alarm) for events in (0, trials))
        assert none.low == 0.0
        assert none.high == pytest.approx(1 - root, rel=1e-11)
        assert every.high == 1.0
        assert every.low == pytest.approx(root, rel=1e-11)

    @pytest.mark.parametrize(
        ("events", "trials", "low", "high"),
        [(1, 10, 0.0025285785, 0.4450161), (5, 10, 0.187086, 0.812914), (3, 10, 0.0667395, 0.6524529)],
    )
    def test_published_values(self, events, trials, low, high):
        assert clopper_pearson(events, trials) == Interval(pytest.approx(low, rel=2e-6), pytest.approx(high, rel=2e-6))

    @given(st.integers(2, 60).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n))), st.floats(1e-9, 0.5))
    def test_ends_leave_half_of_the_false_alarm_in_each_binomial_tail(self, counts, false_alarm):
        events, trials = counts
        interval = clopper_pearson(events, trials, false_alarm=false_alarm)
        assert tail_from(events, trials, interval.low) == pytest.approx(false_alarm / 2, rel=1e-8)
        mirrored = tail_from(trials - events, trials, 1 - interval.high)
        assert mirrored == pytest.approx(false_alarm / 2, rel=1e-6)

    @given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
    def test_holds_the_estimate_and_mirrors(self, counts):
        events, trials = counts
        interval, mirrored = clopper_pearson(events, trials), clopper_pearson(trials - events, trials)
        assert interval.low <= events / trials <= interval.high
        assert 1 - mirrored.high == pytest.approx(interval.low, abs=1e-12)

    def test_of_arrays_is_that_of_each(self):
        together = clopper_pearson([0, 3, 10], 10, false_alarm=1e-3)
        alone = [clopper_pearson(events, 10, false_alarm=1e-3) for events in (0, 3, 10)]
        assert together.low.tolist() == [interval.low for interval in alone]
        assert together.high.tolist() == [interval.high for interval in alone]

    @pytest.mark.parametrize(("events", "trials"), [(-1, 10), (11, 10), (0, 0)])
    def test_refuses_counts_that_cannot_be(self, events, trials):
        with pytest.raises(ValueError, match=rf"events={events} is not between 0 and trials={trials}"):
            clopper_pearson(events, trials)

    @pytest.mark.parametrize("false_alarm", [0, 1, 95])
    def test_refuses_a_false_alarm_that_is_no_probability(self, false_alarm):
        with pytest.raises(ValueError, match=f"false_alarm={false_alarm} is not between 0 and 1"):
            clopper_pearson(1, 2, false_alarm=false_alarm)


def normal(count, *shape):
    """Samples with the spread of a normal law, none of them random."""
    odds = (np.arange(count) + 0.5) / count
    return stats.norm.ppf(odds).reshape(count, *[1] * len(shape)) * np.ones(shape)


SKEWED = stats.rayleigh.ppf((np.arange(4000) + 0.5) / 4000)
INTERVALS = {
    "mean": mean_interval,
    "bounded": lambda samples, false_alarm: bounded_mean_interval(samples, -50, 50, false_alarm=false_alarm),
    "covariance": lambda samples, false_alarm: covariance_interval(samples, samples, false_alarm=false_alarm),
    "log ratio": lambda samples, false_alarm: log_ratio_interval(
        np.square(samples), np.ones_like(samples), false_alarm=false_alarm
    ),
}


class TestMeanInterval:
    @pytest.mark.parametrize("false_alarm", [1e-9, 1e-3, 0.5])
    def test_of_symmetric_samples_is_students(self, false_alarm):
        samples = normal(200) + 3
        expected = stats.ttest_1samp(samples, 0).confidence_interval(1 - false_alarm)
        found = mean_interval(samples, false_alarm=false_alarm)
        assert found.low == pytest.approx(expected.low, rel=1e-7)
        assert found.high == pytest.approx(expected.high, rel=1e-7)

    def test_long_end_satisfies_halls_equation(self):
        """The cubic of the studentised distance to the long end is the quantile; the short end is Student's."""
        count, mean = len(SKEWED), SKEWED.mean()
        skewness, quantile = stats.skew(SKEWED), -stats.t.ppf(5e-10, count - 1) / np.sqrt(count)
        found = mean_interval(SKEWED, false_alarm=1e-9)
        scale = SKEWED.std(ddof=1)
        far = (mean - found.high) / scale
        cubic = far + skewness * far**2 / 3 + skewness**2 * far**3 / 27 + skewness / (6 * count)
        assert cubic == pytest.approx(-quantile, rel=1e-12)
        assert (mean - found.low) / scale == pytest.approx(quantile, rel=1e-12)

    @given(st.floats(-5, 5).filter(lambda factor: abs(factor) > 0.01), st.floats(-100, 100))
    def test_moves_and_scales_with_the_samples(self, factor, shift):
        plain = mean_interval(SKEWED, false_alarm=1e-6)
        moved = mean_interval(factor * SKEWED + shift, false_alarm=1e-6)
        ends = sorted([factor * plain.low + shift, factor * plain.high + shift])
        assert [moved.low, moved.high] == pytest.approx(ends, rel=1e-9, abs=1e-9)


class TestCovarianceInterval:
    def test_mirrors_with_the_sign_of_one_side(self):
        first, second = SKEWED, np.roll(SKEWED, 1234) + SKEWED / 4
        found = covariance_interval(first, second, false_alarm=1e-6)
        mirrored = covariance_interval(-first, second, false_alarm=1e-6)
        assert (-mirrored.high, -mirrored.low) == pytest.approx((found.low, found.high), rel=1e-9)

    def test_of_a_known_mean_is_that_of_the_mean_power(self):
        """Symmetric samples: the estimated mean changes the variance by the factor n/(n − 1) only."""
        samples = normal(2000)
        power, found = (
            mean_interval(samples**2, false_alarm=1e-6),
            covariance_interval(samples, samples, false_alarm=1e-6),
        )
        assert found.high - found.low == pytest.approx(power.high - power.low, rel=1e-6)
        assert found.low - power.low == pytest.approx((samples**2).mean() / 1999, rel=1e-6)


class TestLogRatioInterval:
    def test_of_a_swapped_ratio_is_the_negative(self):
        first, second = SKEWED + 1, np.roll(SKEWED, 777) + 0.5
        found = log_ratio_interval(first, second, false_alarm=1e-6)
        swapped = log_ratio_interval(second, first, false_alarm=1e-6)
        assert (-swapped.high, -swapped.low) == pytest.approx((found.low, found.high), rel=1e-9)

    def test_does_not_see_the_units(self):
        first, second = SKEWED + 1, np.roll(SKEWED, 777) + 0.5
        found = log_ratio_interval(first, second, false_alarm=1e-6)
        scaled = log_ratio_interval(8 * first, second / 2, false_alarm=1e-6)
        assert scaled.high - found.high == pytest.approx(np.log(16), rel=1e-12)

    def test_refuses_powers_of_zero(self):
        with pytest.raises(ValueError, match=r"means=\(.*\) are not positive: a ratio in dB compares powers"):
            log_ratio_interval(np.ones(100), np.zeros(100), false_alarm=1e-9)

    def test_refuses_a_constant_ratio(self):
        with pytest.raises(ValueError, match="samples are all equal"):
            log_ratio_interval(SKEWED, 3 * SKEWED, false_alarm=1e-9)


class TestBoundedMeanInterval:
    def test_holds_for_equal_samples_and_narrows_with_their_number(self):
        short, long = (bounded_mean_interval(np.zeros(n), 0, 1, false_alarm=1e-9) for n in (1001, 2001))
        assert short.low < 0 < short.high
        assert short.high == pytest.approx(7 * np.log(4e9) / 3000, rel=1e-12)
        assert long.high == pytest.approx(short.high / 2, rel=1e-12)

    def test_is_a_little_wider_than_students(self):
        samples = np.tile([-1.0, 1.0], 50_000)
        bounded, plain = (
            bounded_mean_interval(samples, -1, 1, false_alarm=1e-9),
            mean_interval(samples, false_alarm=1e-9),
        )
        assert 1.0 < bounded.high / plain.high < 1.3

    def test_refuses_samples_outside(self):
        with pytest.raises(ValueError, match="low=0, high=1 do not bound the samples: give the bounds of their law"):
            bounded_mean_interval(np.linspace(0, 2), 0, 1, false_alarm=1e-9)


class TestEveryInterval:
    @pytest.mark.parametrize("find", INTERVALS.values(), ids=INTERVALS)
    def test_treats_columns_apart(self, find):
        samples = np.stack([SKEWED, SKEWED[::-1] + 2, np.sqrt(SKEWED)], axis=1)
        together = find(samples, false_alarm=1e-6)
        for column in range(3):
            alone = find(samples[:, column], false_alarm=1e-6)
            assert (together.low[column], together.high[column]) == pytest.approx((alone.low, alone.high), rel=1e-9)

    @pytest.mark.parametrize("find", INTERVALS.values(), ids=INTERVALS)
    def test_rarer_false_alarms_are_wider(self, find):
        wide, narrow = find(SKEWED, false_alarm=1e-6), find(SKEWED, false_alarm=1e-3)
        assert wide.low < narrow.low < narrow.high < wide.high

    @pytest.mark.parametrize("find", INTERVALS.values(), ids=INTERVALS)
    def test_refuses_what_is_no_sample(self, find):
        with pytest.raises(ValueError, match=r"of shape \(49,\) are fewer than 50 along the first axis: draw more"):
            find(np.arange(49.0), false_alarm=1e-9)
        with pytest.raises(ValueError, match="hold 1 values that are not finite"):
            find(np.r_[np.arange(60.0), np.nan], false_alarm=1e-9)
        with pytest.raises(ValueError, match="false_alarm=0 is not between 0 and 1: give a probability such as 1e-9"):
            find(SKEWED, false_alarm=0)

    @pytest.mark.parametrize("find", [mean_interval, INTERVALS["covariance"]])
    @pytest.mark.parametrize("value", [0.0, 0.1, 1e9 / 3])
    def test_refuses_equal_samples_rounding_errors_or_not(self, find, value):
        samples = np.full(1001, value)
        with pytest.raises(ValueError, match="samples are all equal: their spread says nothing; enumerate"):
            find(samples, false_alarm=1e-9)

    def test_refuses_skewed_samples_and_says_how_many_would_do(self):
        with pytest.raises(ValueError, match=r"skewness=1\.\d+ of 400 samples is too large .* draw about \d+, or"):
            mean_interval(SKEWED[::10] ** 2, false_alarm=1e-9)
        mean_interval(SKEWED**2, false_alarm=1e-9)

    @pytest.mark.parametrize("find", [covariance_interval, log_ratio_interval])
    def test_refuses_samples_that_do_not_pair(self, find):
        with pytest.raises(ValueError, match=r"of shape \(60,\) do not pair with \w+ of shape \(70,\)"):
            find(np.arange(1.0, 71), np.arange(1.0, 61), false_alarm=1e-9)


class TestBatchMeans:
    def test_drops_what_is_left_over_and_keeps_columns(self):
        run = np.stack([np.arange(205), -np.arange(205)], axis=1)
        batches = batch_means(run, 50)
        assert batches.shape == (50, 2)
        assert batches[:2].tolist() == [[1.5, -1.5], [5.5, -5.5]]

    @pytest.mark.parametrize("batches", [49, 101])
    def test_refuses_too_few_and_too_many(self, batches):
        with pytest.raises(
            ValueError, match=f"batches={batches} is not between 50 and the 100 samples: draw a longer run"
        ):
            batch_means(np.arange(100), batches)
