from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sims.intervals import Interval, clopper_pearson


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

    @pytest.mark.parametrize(("events", "trials"), [(-1, 10), (11, 10), (0, 0)])
    def test_refuses_counts_that_cannot_be(self, events, trials):
        with pytest.raises(ValueError, match=rf"events={events} is not between 0 and trials={trials}"):
            clopper_pearson(events, trials)

    @pytest.mark.parametrize("false_alarm", [0, 1, 95])
    def test_refuses_a_false_alarm_that_is_no_probability(self, false_alarm):
        with pytest.raises(ValueError, match=f"false_alarm={false_alarm} is not between 0 and 1"):
            clopper_pearson(1, 2, false_alarm=false_alarm)
