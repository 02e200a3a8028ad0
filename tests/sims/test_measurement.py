import numpy as np
import pytest

from sims import intervals
from sims.measure.measurement import Measurement


def test_an_enumeration_is_exact():
    measured = Measurement.enumerated([1, 2])
    assert measured.value.dtype == np.float64
    assert measured.low.tolist() == measured.value.tolist() == measured.high.tolist() == [1, 2]
    assert measured.samples == 0


def test_mean_has_the_interval_of_its_samples(rng):
    samples = rng.uniform(size=(1000, 2))
    measured = Measurement.mean(samples, false_alarm=1e-9)
    interval = intervals.mean_interval(samples, false_alarm=1e-9)
    assert measured.value.tolist() == samples.mean(axis=0).tolist()
    assert (measured.low.tolist(), measured.high.tolist()) == (interval.low.tolist(), interval.high.tolist())
    assert measured.samples == 1000


def test_bounds_widen_the_mean(rng):
    samples = rng.uniform(size=1000)
    plain, bounded = (Measurement.mean(samples, false_alarm=1e-9, bounds=bounds) for bounds in (None, (0, 1)))
    assert bounded.low < plain.low < plain.high < bounded.high


def test_variance_is_unbiased(rng):
    samples = rng.uniform(size=1000)
    assert Measurement.variance(samples, false_alarm=1e-9).value == pytest.approx(samples.var(ddof=1), rel=1e-12)


def test_power_ratio_is_the_difference_of_powers_in_db(rng):
    signal, error = rng.standard_normal((2, 5000))
    ratio = Measurement.power_ratio_db(signal, error, false_alarm=1e-9)
    above, below = (Measurement.power_db(samples, false_alarm=1e-9) for samples in (signal, error))
    assert ratio.value == pytest.approx(above.value - below.value, abs=1e-12)
    assert above.high - above.low < ratio.high - ratio.low < above.high - above.low + below.high - below.low
    assert above.value == pytest.approx(10 * np.log10(np.mean(signal**2)), abs=1e-12)


def test_ends_of_a_ratio_in_db_are_those_of_its_logarithm(rng):
    error = rng.uniform(1, 2, 1000)
    measured = Measurement.power_db(error, false_alarm=1e-6)
    interval = intervals.log_ratio_interval(error**2, np.ones(1000), false_alarm=1e-6)
    assert 10 ** (measured.low / 10) == pytest.approx(np.exp(interval.low), rel=1e-12)
    assert 10 ** (measured.high / 10) == pytest.approx(np.exp(interval.high), rel=1e-12)


def test_proportions():
    measured = Measurement.proportion([0, 5, 10], 10, false_alarm=1e-9)
    assert measured.value.tolist() == [0, 0.5, 1]
    assert measured.low[0] == 0
    assert measured.high[2] == 1
    assert measured.high[0] == pytest.approx(1 - 5e-10**0.1, rel=1e-12)


def test_a_largest_sample_bounds_from_below_only():
    measured = Measurement.largest([[1.0, 4.0], [3.0, 2.0]])
    assert measured.value.tolist() == measured.low.tolist() == [3, 4]
    assert measured.high.tolist() == [np.inf, np.inf]
    assert measured.samples == 2


def test_an_increasing_function_maps_the_ends():
    measured = Measurement([4.0, 9.0], [1.0, 4.0], [9.0, 16.0], samples=10).map(np.sqrt)
    assert [end.tolist() for end in (measured.low, measured.value, measured.high)] == [[1, 2], [2, 3], [3, 4]]
    with pytest.raises(ValueError, match="is not between low="):
        measured.map(np.negative)


def test_arrays_are_copies_that_nobody_changes():
    value = np.zeros(2)
    measured = Measurement(value, value, value, samples=0)
    value[0] = 1
    assert measured.value.tolist() == [0, 0]
    with pytest.raises(ValueError, match="read-only"):
        measured.value[0] = 1


@pytest.mark.parametrize(
    ("value", "low", "high", "samples", "message"),
    [
        ([1, 2], 1, 2, 10, r"shapes \(\), \(2,\), \(\) of low, value and high differ"),
        (0, 1, 2, 10, "value=0.0 is not between low=1.0 and high=2.0: order them, and measure no NaN"),
        (np.nan, 0, 1, 10, "value=nan is not between"),
        (1, 1, 1, -1, "samples=-1 is negative: 0 for an enumeration"),
        (1, 0, 2, 0, r"low=0.0 is not high=2.0: an enumeration \(samples=0\) is exact"),
    ],
)
def test_refuses_what_is_no_measurement(value, low, high, samples, message):
    with pytest.raises(ValueError, match=message):
        Measurement(value, low, high, samples)
