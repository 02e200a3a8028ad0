"""The statistical assertions: what they accept and say, how often they err, and what they detect."""

from fractions import Fraction
from itertools import product
from math import comb, factorial, prod

import numpy as np
import pytest

from sims.intervals import Interval
from tests import calibration
from tests.calibration import CASES, COUNTED, POWER_REPEATS, REPEATS
from tests.statistical import (
    DECIBELS,
    UNIFORM_POWER_DB,
    assert_distribution,
    assert_frequencies,
    assert_mean_at_most,
    assert_mean_equal,
    assert_mean_within,
    assert_means_equal,
    assert_noise_power_db,
    assert_proportion_equal,
    assert_proportion_within,
    assert_snr_db,
    assert_uncorrelated,
    assert_variance_equal,
    assert_white,
    detectable,
    detectable_distance,
    detectable_proportions,
    disjoint_pairs,
    distance,
    resolution,
)

COUNT = 10_000
RARE_LAWS = calibration.laws()


def uniform_cdf(x):
    return np.clip(x + 0.5, 0, 1)


class TestFalseAlarm:
    """A rate above 2.3 times a false alarm of 1e-2, or 5.7 times one of 1e-3, is detected in 10,000 repeats."""

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_true_claims_are_rejected_as_often_as_stated(self, case, rng):
        for rate, count in zip(COUNTED, calibration.false_alarms(case, rng), strict=True):
            assert_proportion_within(count, REPEATS, 0 if case.guaranteed else rate / 2, 1.2 * rate)

    def test_distributions(self, rng):
        for rate in COUNTED:
            count = calibration.distribution_rejections(rng, samples=500, shift=0, false_alarm=rate, repeats=REPEATS)
            assert_proportion_within(count, REPEATS, 0.6 * rate, rate)

    @pytest.mark.parametrize("law", RARE_LAWS, ids=lambda law: f"{law.name}, {law.samples}")
    def test_one_in_a_thousand_million_is_kept(self, law, rng):
        rate = calibration.rare_rate(law, rng, repeats=300)
        assert rate.ratio - 5 * rate.deviation < 1.5

    def test_the_interval_of_textbooks_does_not_keep_it(self, rng):
        skewed = next(law for law in RARE_LAWS if law.name == "mean power of Gaussian samples")
        rate = calibration.rare_rate(calibration.student_of(skewed), rng, repeats=300)
        assert rate.ratio - 5 * rate.deviation > 5

    def test_frequencies_exactly_over_all_outcomes(self):
        odds, trials, alarm = (Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)), 14, 0.2
        total = Fraction(0)
        for counts in product(range(trials + 1), repeat=3):
            if sum(counts) == trials and rejects(assert_frequencies, counts, [float(p) for p in odds], alarm):
                ways = factorial(trials) // prod(map(factorial, counts))
                total += ways * prod(p**k for p, k in zip(odds, counts, strict=True))
        assert 0.2 * alarm < total <= alarm


class TestPower:
    """A power below 0.95 is detected in 1,000 repeats."""

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_claims_wrong_by_the_stated_discrepancy_are_rejected(self, case, rng):
        _, found = calibration.detections(case, rng, samples=4 * case.samples)
        for count in found:
            assert_proportion_within(count, POWER_REPEATS, 0.99, 1)

    def test_distributions(self, rng):
        shift = detectable_distance(4000)
        count = calibration.distribution_rejections(
            rng, samples=4000, shift=shift, false_alarm=1e-9, repeats=POWER_REPEATS
        )
        assert_proportion_within(count, POWER_REPEATS, 0.99, 1)

    @pytest.mark.parametrize(
        ("law", "deviation", "skewness"), [("uniform", 12**-0.5, 0.0), ("gaussian", 2**0.5, 8**0.5)]
    )
    def test_planned_shifts_are_detected(self, rng, law, deviation, skewness):
        case = next(
            case for case in CASES if case.name.startswith({"uniform": "mean of uni", "gaussian": "variance"}[law])
        )
        shift = detectable(deviation, 4000, skewness=skewness)
        low, high = calibration.ends(case, rng, repeats=POWER_REPEATS, samples=4000, false_alarms=[1e-9])
        for claim in (case.truth - shift, case.truth + shift):
            count = np.count_nonzero((low > claim) | (high < claim))
            assert_proportion_within(count, POWER_REPEATS, 0.99, 1)


class TestAssertions:
    def test_true_claims_pass(self, rng):
        error, signal = rng.uniform(-0.5, 0.5, COUNT), rng.standard_normal(COUNT)
        assert_mean_equal(error, 0, must_detect=0.03)
        assert_mean_within(error, -0.1, 0.1)
        assert_mean_within(error, 0, 0, bounds=(-0.5, 0.5))
        assert_mean_at_most(error, 0)
        assert_means_equal(signal, rng.standard_normal(COUNT))
        assert_variance_equal(error, 1 / 12)
        assert_noise_power_db(error, -10 * np.log10(12), must_detect=0.4)
        assert_snr_db(signal, error, 10 * np.log10(12))
        assert_proportion_equal(np.count_nonzero(error > 0.2), COUNT, 0.3)
        assert_frequencies(np.bincount(rng.integers(4, size=COUNT)), [0.25] * 4)
        assert_distribution(error, uniform_cdf)
        assert_uncorrelated(error, signal)
        assert_white(error)

    @pytest.mark.parametrize(
        ("check", "message"),
        [
            (
                lambda u, g: assert_mean_equal(u, 0.05),
                r"mean=\S+ with the interval \[\S+, \S+\] excludes the expected 0.05",
            ),
            (lambda u, g: assert_mean_within(u, 0.05, 1), r"excludes the expected \[0.05, 1\] in 1 of 1 cases"),
            (lambda u, g: assert_mean_within(u, 0.1, 1, bounds=(-0.5, 0.5)), "excludes the expected"),
            (lambda u, g: assert_mean_at_most(u, -0.05), r"excludes the expected \[-inf, -0.05\]"),
            (lambda u, g: assert_means_equal(u, g + 0.2), "mean=-0.* excludes the expected 0 "),
            (lambda u, g: assert_variance_equal(u, 1 / 10), "variance=0.08.* excludes the expected 0.1 "),
            (lambda u, g: assert_noise_power_db(u, -10), "power_db=-10.* excludes the expected -10 "),
            (lambda u, g: assert_snr_db(g, u, 12), "power_db=1.* excludes the expected 12 "),
            (
                lambda u, g: assert_proportion_equal(sum(u > 0), COUNT, 0.57),
                "proportion=0.* excludes the expected 0.57",
            ),
            (lambda u, g: assert_proportion_within(sum(u > 0), COUNT, 0, 0.43), r"excludes the expected \[0, 0.43\]"),
            (lambda u, g: assert_frequencies([3000, 7000], [0.35, 0.65]), "in 2 of 2 cases"),
            (
                lambda u, g: assert_distribution(g, uniform_cdf),
                r"distance \S+ of the distribution functions is above 0.03",
            ),
            (lambda u, g: assert_uncorrelated(u, g + 0.5 * u), "correlation=0.1.* excludes the expected 0 "),
            (lambda u, g: assert_white(u[1:] + u[:-1]), "correlation=0.* excludes the expected 0 "),
        ],
    )
    def test_wrong_claims_raise_and_state_their_credentials(self, rng, check, message):
        error, signal = rng.uniform(-0.5, 0.5, COUNT), rng.standard_normal(COUNT)
        credentials = r".*\(false alarm \S+, \d+ samples, detects \S+ with power 0.99\)"
        with pytest.raises(AssertionError, match=message + credentials):
            check(error, signal)

    def test_outcome_states_what_was_found(self, rng):
        error = rng.uniform(-0.5, 0.5, COUNT)
        outcome = assert_mean_equal(error, 0, false_alarm=1e-6)
        assert outcome.value == error.mean()
        assert (outcome.samples, outcome.false_alarm) == (COUNT, 1e-6)
        assert outcome.interval.low < 0 < outcome.interval.high
        assert outcome.detects == pytest.approx(1.1 * detectable(error.std(), COUNT, false_alarm=1e-6), rel=0.01)

    def test_arrays_share_the_false_alarm_and_name_the_first_wrong_case(self, rng):
        errors = rng.uniform(-0.5, 0.5, (COUNT, 3))
        shared = assert_mean_equal(errors, [0, 0, 0], false_alarm=3e-9).interval
        single = assert_mean_equal(errors[:, 1], 0, false_alarm=1e-9).interval
        assert shared.high[1] == pytest.approx(single.high, rel=1e-12)
        with pytest.raises(AssertionError, match="excludes the expected 0.5 in 2 of 3 cases"):
            assert_mean_equal(errors, [0, 0.5, -0.5])

    def test_too_weak_a_test_fails_and_says_how_many_samples_would_do(self, rng):
        with pytest.raises(AssertionError, match=r"mean: must_detect=0.001 is out of reach \(.*\): draw about \d+"):
            assert_mean_equal(rng.uniform(-0.5, 0.5, COUNT), 0, must_detect=0.001)
        with pytest.raises(AssertionError, match="distance: must_detect=0.01 is out of reach"):
            assert_distribution(rng.uniform(-0.5, 0.5, COUNT), uniform_cdf, must_detect=0.01)


class TestPlanning:
    def test_noise_power_of_uniform_errors_is_known_to_the_published_figure(self, rng):
        """A share of 1e-2 lies beyond it; below 0.26e-2 or above 2.3e-2 would be detected."""
        powers = (rng.uniform(-0.5, 0.5, (1000, REPEATS)) ** 2).mean(axis=0)
        beyond = np.abs(DECIBELS * np.log(12 * powers)) > resolution(UNIFORM_POWER_DB, 1000, false_alarm=1e-2)
        assert_proportion_within(np.count_nonzero(beyond), REPEATS, 0.009, 0.012)

    def test_deviation_of_the_power_of_one_uniform_error(self):
        moments = [Fraction(2 * Fraction(1, 2) ** (k + 1), k + 1) for k in (2, 4)]
        assert moments[1] / moments[0] ** 2 - 1 == Fraction(4, 5)
        assert pytest.approx(4.343 * 0.8**0.5, rel=1e-4) == UNIFORM_POWER_DB

    def test_resolution_is_half_the_interval(self, rng):
        error = rng.uniform(-0.5, 0.5, 100_000)
        interval = assert_noise_power_db(error, -10 * np.log10(12)).interval
        expected = 2 * resolution(UNIFORM_POWER_DB, 100_000)
        assert interval.high - interval.low == pytest.approx(expected, rel=0.02)

    def test_more_samples_detect_less_and_skewness_costs(self):
        assert detectable(1, 4000) == pytest.approx(detectable(1, 1000) / 2, rel=0.01)
        assert detectable(1, 1000, skewness=2) > detectable(1, 1000)
        assert detectable_distance(400) == pytest.approx(2 * detectable_distance(1600), rel=1e-12)

    @pytest.mark.parametrize(("expected", "trials"), [(0.3, 60), (0.02, 60), (0.97, 60), (0.5, 7)])
    def test_detectable_proportions_by_summing_binomials(self, expected, trials):
        alarm = 1e-3
        kept = [k for k in range(trials + 1) if not rejects_share(k, trials, expected, alarm)]
        found = detectable_proportions(expected, trials, false_alarm=alarm)
        for end, beyond in ((found.low, range(kept[0])), (found.high, range(kept[-1] + 1, trials + 1))):
            power = sum(comb(trials, k) * end**k * (1 - end) ** (trials - k) for k in beyond)
            assert power == pytest.approx(0.99 if beyond else 0, abs=1e-9)

    def test_ends_where_nothing_is_detected(self):
        assert detectable_proportions(0.5, 7) == Interval(0.0, 1.0)


def test_distance_of_few_samples():
    assert distance(np.array([-0.25, 0.25]), uniform_cdf) == 0.25
    assert distance(np.array([[0.5, 0.0]]), uniform_cdf).tolist() == [1.0, 0.5]


def test_pairs_share_no_sample():
    first, second = disjoint_pairs(np.arange(13), 3)
    assert first.tolist() == [0, 1, 2, 6, 7, 8]
    assert second.tolist() == [3, 4, 5, 9, 10, 11]


def test_page_holds_the_figures_of_every_case():
    page = calibration.PAGE.read_text(encoding="utf-8")
    missing = [name for name in (*CASES, *RARE_LAWS) if f"\n| {name.name} | {name.samples} |" not in page]
    assert missing == []


def rejects(check, *arguments):
    *rest, alarm = arguments
    try:
        check(*rest, false_alarm=alarm)
    except AssertionError:
        return True
    return False


def rejects_share(events, trials, expected, alarm):
    return rejects(assert_proportion_equal, events, trials, expected, alarm)
