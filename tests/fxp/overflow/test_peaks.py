"""Values that decide overflow, and the largest of them, against plain sorting of everything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp import reference
from fxp.accumulators import dot
from fxp.overflow.peaks import Peaks, overflow_values
from fxp.registers import Accumulator

arrays = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 9, (7, 3, 4))  # few values: many ties
)


@pytest.mark.parametrize("bits", range(2, 6))
def test_a_register_overflows_where_the_value_says(bits):
    sums = np.arange(-40, 41)
    persistent = [dot([int(s)], [1], accumulator=Accumulator(bits, every_step=False)).persistent for s in sums]
    assert (overflow_values(sums, sums) >= 2 ** (bits - 1)).tolist() == [count == 1 for count in persistent]


def test_a_prefix_overflows_where_the_value_of_its_limits_says():
    rng = np.random.default_rng(1)
    for terms in rng.integers(-20, 20, (200, 5)).tolist():
        prefixes = reference.accumulate(terms, Accumulator(5), initial=0).prefixes
        overflowed = any(not -16 <= prefix <= 15 for prefix in prefixes)
        assert (overflow_values(min(prefixes), max(prefixes)) >= 16) == overflowed


@given(arrays, st.integers(1, 28))
def test_the_largest_of_each_channel_are_kept(values, keep):
    peaks = Peaks.of(values, keep=keep)
    everything = np.moveaxis(values, 1, 0).reshape(3, -1)
    assert peaks.values.tolist() == (-np.sort(-everything, axis=1))[:, :keep].tolist()
    for channel, (row, owners) in enumerate(zip(peaks.values, peaks.owners, strict=True)):
        assert all(value in values[owner, channel] for value, owner in zip(row, owners, strict=True))


@given(arrays, arrays, st.integers(1, 56))
def test_images_may_come_in_parts(first, second, keep):
    joined = Peaks.of(first).join(Peaks.of(second), keep=keep)
    whole = Peaks.of(np.concatenate([first, second]), keep=keep)
    assert joined.values.tolist() == whole.values.tolist()
    assert (joined.images, joined.count, joined.floor) == (14, 168, whole.floor)
    assert joined.events(whole.floor).tolist() == whole.events(whole.floor).tolist()


@given(arrays, st.integers(1, 28))
def test_events_from_the_floor_on_are_those_of_all_values(values, keep):
    peaks = Peaks.of(values, keep=keep)
    for least in range(peaks.floor, 10):
        assert peaks.events_by_channel(least).tolist() == (values >= least).sum(axis=2).T.tolist()
        assert peaks.merged().events(max(least, peaks.merged().floor)).sum() <= peaks.events(least).sum()


@given(arrays, arrays, st.integers(1, 28))
def test_what_was_dropped_is_not_claimed_to_be_known(first, second, keep):
    joined = Peaks.of(first, keep=keep).join(Peaks.of(second, keep=keep))
    both = np.concatenate([first, second])
    assert joined.events(joined.floor).tolist() == (both >= joined.floor).sum(axis=(1, 2)).tolist()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Peaks.of([1, 2]), ValueError, r"values.shape=\(2,\) is not \(images, channels, …\) with a value"),
        (lambda: Peaks.of(np.zeros((0, 2), int)), ValueError, "with a value: give some images"),
        (lambda: Peaks.of([[-1]]), ValueError, "values=-1 is negative: give fxp.overflow_values"),
        (lambda: Peaks.of([[0.5]]), TypeError, "values.dtype=float64 is not an integer type"),
        (lambda: Peaks.of([[5]], keep=0), ValueError, "keep=0 is not an integer of at least 1: keep some values"),
        (lambda: Peaks.of([[5]]).join(Peaks.of([[5, 6]])), ValueError, r"\(channels, positions\)=\(2, 1\) are not"),
        (lambda: Peaks.of([[5], [6]], keep=1).events(5), ValueError, "least=5 is below 7, from which on all values"),
        (lambda: overflow_values([1, 2], [1]), ValueError, r"lowest.shape=\(2,\), highest.shape=\(1,\) differ"),
        (lambda: overflow_values([0.5], [1]), TypeError, "lowest.dtype=float64 is not an integer type"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
