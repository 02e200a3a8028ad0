"""Assertions on random samples; each states its false alarm, its samples and the smallest discrepancy it detects.

A false alarm is an error although the claim is true; its probability is `false_alarm` an assertion, shared evenly
where an array of quantities is asserted. The detected discrepancy is the smallest that raises with probability 0.99;
a test that gives `must_detect` fails where the samples detect less than that. `detectable` plans sample sizes.
Calibration: ``python -m tests.calibration``, docs/statistics.md.

Samples are independent along the first axis; of correlated ones give `sims.intervals.batch_means`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr, bdtrc, betainccinv, betaincinv, stdtrit

from sims.intervals import (
    DECIBELS,
    Interval,
    bounded_mean_interval,
    clopper_pearson,
    covariance_interval,
    log_ratio_interval,
    mean_interval,
)

FALSE_ALARM = 1e-9
POWER = 0.99
MARGIN = 1.1  # of the stated discrepancy: the ends of an interval are random themselves
UNIFORM_POWER_DB = DECIBELS * np.sqrt(0.8)  # deviation of the power of one uniform error: Var[e²] = 0.8·E[e²]²


@dataclass(frozen=True)
class Outcome:
    """What an assertion that held says about itself."""

    value: np.ndarray
    interval: Interval
    samples: int
    false_alarm: float
    detects: float


def resolution(deviation, samples, *, false_alarm=FALSE_ALARM):
    """Return half the width of the interval of a mean, z·deviation/√samples (asymptotic; z is Student's quantile).

    With the deviation UNIFORM_POWER_DB it is that of the noise power of uniform errors, 4.343·z·√(0.8/n) dB.
    """
    return -stdtrit(samples - 1, false_alarm / 2) * deviation / np.sqrt(samples)


def detectable(deviation, samples, *, skewness=0.0, false_alarm=FALSE_ALARM, power=POWER):
    """Return a shift of a mean that is detected with a power, from the deviation and skewness of a sample (asymptotic).

    (z + z_power·√(1 + r²/2))·(1 + |γ|r/2)·deviation/√samples with r = z/√samples: the first root is the noise of the
    estimated deviation, the other factor what a skewed law costs.
    """
    reach = resolution(1.0, samples, false_alarm=false_alarm)
    chance = resolution(1.0, samples, false_alarm=2 * (1 - power))
    return (reach + chance * np.sqrt(1 + reach**2 / 2)) * (1 + np.abs(skewness) * reach / 2) * deviation


def detectable_proportions(expected, trials, *, false_alarm=FALSE_ALARM, power=POWER):
    """Return the nearest proportions below and above `expected` that are detected with a power (exact).

    An end is 0 or 1 where no proportion on that side is detected.
    """
    counts = np.arange(trials + 1)
    few = bdtr(counts, trials, expected) < false_alarm / 2  # P(X <= k), rejected when rarer
    many = np.r_[True, bdtrc(counts[:-1], trials, expected) < false_alarm / 2]  # P(X >= k)
    many[0] = False
    below = betainccinv(few.sum(), trials - few.sum() + 1, power) if few.any() else 0.0
    above = betaincinv(trials - many.sum() + 1, many.sum(), power) if many.any() else 1.0
    return Interval(float(below), float(above))


def largest_distance(samples, *, false_alarm=FALSE_ALARM):
    """Return the distance that an empirical distribution function keeps (upper bound, for any law and number)."""
    return np.sqrt(np.log(2 / false_alarm) / (2 * samples))


def detectable_distance(samples, *, false_alarm=FALSE_ALARM, power=POWER):
    """Return a distance of two distribution functions that is detected with a power (upper bound)."""
    return largest_distance(samples, false_alarm=false_alarm) + np.sqrt(-np.log(1 - power) / (2 * samples))


def assert_mean_equal(samples, expected, *, false_alarm=FALSE_ALARM, must_detect=None):
    """Assert that the mean is `expected`."""
    return assert_mean_within(samples, expected, expected, false_alarm=false_alarm, must_detect=must_detect)


def assert_mean_within(samples, low, high, *, bounds=None, false_alarm=FALSE_ALARM, must_detect=None):
    """Assert that the mean is between `low` and `high`; with `bounds` of the samples, for any law of theirs."""
    values = np.asarray(samples, dtype=np.float64)
    find = partial(mean_interval, values) if bounds is None else partial(bounded_mean_interval, values, *bounds)
    return _assert_between("mean", values.mean(axis=0), find, low, high, len(values), false_alarm, must_detect)


def assert_mean_at_most(samples, bound, *, bounds=None, false_alarm=FALSE_ALARM, must_detect=None):
    """Assert that the mean is at most `bound`."""
    return assert_mean_within(samples, -np.inf, bound, bounds=bounds, false_alarm=false_alarm, must_detect=must_detect)


def assert_means_equal(first, second, *, false_alarm=FALSE_ALARM, must_detect=None):
    """Assert that two means are equal, from independent pairs; the samples of one pair may depend on each other."""
    difference = np.subtract(first, second, dtype=np.float64)
    return assert_mean_equal(difference, 0, false_alarm=false_alarm, must_detect=must_detect)


def assert_variance_equal(samples, expected, *, false_alarm=FALSE_ALARM, must_detect=None):
    """Assert that the variance is `expected`."""
    values = np.asarray(samples, dtype=np.float64)
    find = partial(covariance_interval, values, values)
    return _assert_between(
        "variance", values.var(axis=0, ddof=1), find, expected, expected, len(values), false_alarm, must_detect
    )


def assert_noise_power_db(error, expected_db, *, false_alarm=FALSE_ALARM, must_detect=None):
    """Assert that the power 10 log10 E[e²] of an error is `expected_db`."""
    values = np.asarray(error, dtype=np.float64)
    return assert_snr_db(values, np.ones_like(values), expected_db, false_alarm=false_alarm, must_detect=must_detect)


def assert_snr_db(signal, error, expected_db, *, false_alarm=FALSE_ALARM, must_detect=None):
    """Assert that the ratio 10 log10(E[s²]/E[e²]) of two powers is `expected_db`."""
    powers = np.square(signal, dtype=np.float64), np.square(error, dtype=np.float64)
    ratio_db = DECIBELS * np.log(powers[0].mean(axis=0) / powers[1].mean(axis=0))

    def find(*, false_alarm):
        interval = log_ratio_interval(*powers, false_alarm=false_alarm)
        return Interval(DECIBELS * interval.low, DECIBELS * interval.high)

    count = len(powers[0])
    return _assert_between("power_db", ratio_db, find, expected_db, expected_db, count, false_alarm, must_detect)


def assert_proportion_equal(events, trials, expected, *, false_alarm=FALSE_ALARM, must_detect=None):
    """Assert that the probability of an event is `expected` (exact binomial test)."""
    return assert_proportion_within(
        events, trials, expected, expected, false_alarm=false_alarm, must_detect=must_detect
    )


def assert_proportion_within(events, trials, low, high, *, false_alarm=FALSE_ALARM, must_detect=None):
    """Assert that the probability of an event is between `low` and `high` (exact binomial test)."""
    find = partial(clopper_pearson, events, trials)
    value = np.asarray(events) / trials
    return _assert_between("proportion", value, find, low, high, trials, false_alarm, must_detect)


def assert_frequencies(counts, probabilities, *, false_alarm=FALSE_ALARM, must_detect=None):
    """Assert that counts of categories have the probabilities (an exact binomial test of each category)."""
    return assert_proportion_equal(
        counts, int(np.sum(counts)), probabilities, false_alarm=false_alarm, must_detect=must_detect
    )


def assert_distribution(samples, cdf, *, false_alarm=FALSE_ALARM, must_detect=None):
    """Assert that samples have the distribution function `cdf` (Dvoretzky, Kiefer, Wolfowitz and Massart's bound)."""
    count = len(samples)
    outcome = Outcome(
        value=distance(samples, cdf),
        interval=Interval(0.0, float(largest_distance(count, false_alarm=false_alarm))),
        samples=count,
        false_alarm=false_alarm,
        detects=float(detectable_distance(count, false_alarm=false_alarm)),
    )
    if outcome.value > outcome.interval.high:
        raise AssertionError(
            f"distance {outcome.value:.4g} of the distribution functions is above {outcome.interval.high:.4g} "
            f"({_credentials(outcome)})"
        )
    return _strong_enough("distance", outcome, must_detect)


def assert_uncorrelated(first, second, *, false_alarm=FALSE_ALARM, must_detect=None):
    """Assert that the correlation coefficient of independent pairs is 0."""
    left, right = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    scale = left.std(axis=0) * right.std(axis=0)

    def find(*, false_alarm):
        interval = covariance_interval(left, right, false_alarm=false_alarm)
        return Interval(interval.low / scale, interval.high / scale)

    covariance = ((left - left.mean(axis=0)) * (right - right.mean(axis=0))).mean(axis=0)
    return _assert_between("correlation", covariance / scale, find, 0, 0, len(left), false_alarm, must_detect)


def assert_white(samples, *, lags=8, false_alarm=FALSE_ALARM, must_detect=None):
    """Assert that neighbours 1 to `lags` apart in one run of independent samples are uncorrelated.

    The pairs of one lag have no sample in common, so that they are independent: half of the samples serve each lag.
    """
    return [
        assert_uncorrelated(*disjoint_pairs(samples, lag), false_alarm=false_alarm / lags, must_detect=must_detect)
        for lag in range(1, lags + 1)
    ]


def distance(samples, cdf: Callable[[ArrayLike], ArrayLike]):
    """Return the largest distance of the empirical distribution function from `cdf`, along the first axis."""
    ordered = np.sort(samples, axis=0)
    count = len(ordered)
    ranks = np.arange(1, count + 1).reshape(-1, *[1] * (ordered.ndim - 1)) / count
    probabilities = cdf(ordered)
    return np.maximum(ranks - probabilities, probabilities - ranks + 1 / count).max(axis=0)


def disjoint_pairs(samples, lag):
    """Return pairs of samples `lag` apart, none of which is in two pairs."""
    values = np.asarray(samples, dtype=np.float64)
    blocks = len(values) // (2 * lag)
    pairs = values[: 2 * lag * blocks].reshape(blocks, 2, lag, *values.shape[1:])
    return tuple(pairs[:, side].reshape(blocks * lag, *values.shape[1:]) for side in (0, 1))


def excludes(interval, low, high):
    """Return where an interval holds nothing between `low` and `high`: where an assertion raises."""
    return (np.asarray(interval.low) > high) | (np.asarray(interval.high) < low)


def discrepancy(interval, middle, value):
    """Return what an assertion with an interval detects, from the middle interval that a side misses with 1 - POWER."""
    return MARGIN * (half_width(interval, value) + half_width(middle, value))


def half_width(interval, value):
    """Return how far the farther end of an interval is from a value."""
    return np.maximum(interval.high - value, value - interval.low)


def _assert_between(name, value, find, low, high, count, false_alarm, must_detect):
    share = false_alarm / max(1, np.size(value))
    interval, middle = find(false_alarm=share), find(false_alarm=2 * (1 - POWER))
    outcome = Outcome(value, interval, count, false_alarm, float(np.max(discrepancy(interval, middle, value))))
    wrong = excludes(interval, low, high)
    if np.any(wrong):
        ends = np.broadcast_arrays(value, interval.low, interval.high, low, high, wrong)
        found, bottom, top, *claimed = (float(end[ends[-1]][0]) for end in ends[:-1])
        expected = f"{claimed[0]:.6g}" if claimed[0] == claimed[1] else f"[{claimed[0]:.6g}, {claimed[1]:.6g}]"
        raise AssertionError(
            f"{name}={found:.6g} with the interval [{bottom:.6g}, {top:.6g}] excludes the expected {expected} in "
            f"{np.count_nonzero(wrong)} of {np.size(wrong)} cases ({_credentials(outcome)})"
        )
    return _strong_enough(name, outcome, must_detect)


def _strong_enough(name, outcome, must_detect):
    if must_detect is not None and outcome.detects > must_detect:
        needed = int(np.ceil(outcome.samples * (outcome.detects / must_detect) ** 2))
        raise AssertionError(
            f"{name}: must_detect={must_detect:.3g} is out of reach ({_credentials(outcome)}): draw about {needed}"
        )
    return outcome


def _credentials(outcome):
    return (
        f"false alarm {outcome.false_alarm:g}, {outcome.samples} samples, "
        f"detects {outcome.detects:.3g} with power {POWER}"
    )
