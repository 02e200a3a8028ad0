"""Predicted overflow against laws whose tails are known, with images that differ from each other."""

import numpy as np
import pytest
from scipy import stats

from fxp.overflow.peaks import Peaks, overflow_values
from fxp.overflow.tails import OverflowTail, design_effect, overflow_tail

IMAGES, CHANNELS, POSITIONS = 100, 2, 400


def draw(law, seed, *, images=IMAGES, scales=1.0):
    return law.rvs((images, CHANNELS, POSITIONS), random_state=np.random.default_rng(seed)) * scales


def values(drawn):
    sums = np.rint(drawn).astype(np.int64)
    return np.maximum(sums, -sums - 1)


LAWS = {
    "Laplace": stats.laplace(scale=300),
    "Gauss": stats.norm(scale=500),
    "triangle": stats.triang(0.5, loc=-3000, scale=6000),
    "heavy": stats.t(5, scale=300),
}


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("probability", [1e-2, 1e-3, 1e-4])
def test_known_tails_are_within_a_factor_of_two(name, probability):
    law = LAWS[name]
    tail = overflow_tail(values(draw(law, 3)))
    least = np.rint(law.isf(probability / 2))
    exact = law.sf(least - 0.5) + law.cdf(-least - 0.5)
    assert 0.5 < tail.exceedance(least).value / exact < 2


def test_width_and_probability_are_inverse():
    tail = overflow_tail(values(draw(LAWS["Laplace"], 0)))
    for bits in (10, 11, 12):
        there = tail.probability(bits)
        found = tail.bits_for_exact(there.value)
        assert found.value == pytest.approx(bits, abs=5e-3)  # a count is the same down to the next value
        assert found.low <= found.value <= found.high
        assert there.low <= there.value <= there.high
        assert tail.bits_for(there.value * 1.01) == bits
        assert tail.bits_for(there.value * 0.99) == bits + 1


def test_wider_registers_overflow_less():
    tail = overflow_tail(values(draw(LAWS["heavy"], 0)))
    ends = [tail.exceedance(least) for least in 2.0 ** np.arange(5, 16, 0.25)]
    for name in ("value", "low", "high"):
        assert (np.diff([getattr(end, name) for end in ends]) <= 0).all()


def test_what_was_counted_is_counted():
    seen = values(draw(LAWS["Gauss"], 1))
    tail = overflow_tail(seen)
    for bits in (9, 10, 11, 12, 20):
        found = tail.counted(bits)
        assert found.value == (seen >= 2 ** (bits - 1)).mean()
        assert found.low <= found.value <= found.high
        assert found.high > 0


def test_below_the_thresholds_prediction_is_counting():
    seen = values(draw(LAWS["Gauss"], 1))
    tail = overflow_tail(seen)
    assert tail.probability(9).value == pytest.approx(tail.counted(9).value, rel=1e-12)


def test_a_share_is_where_extrapolation_begins():
    seen = values(draw(LAWS["Gauss"], 1))
    assert (overflow_tail(seen, share=0.1).thresholds < overflow_tail(seen).thresholds).all()


def test_fewer_images_say_less_and_more_images_more():
    few, many = (overflow_tail(values(draw(LAWS["Laplace"], 2, images=images))) for images in (40, 400))
    assert many.least_probability < few.least_probability
    with pytest.raises(ValueError, match="bits=20 overflows in less than .* of the outputs, the least that 40 images"):
        few.probability(20)
    with pytest.raises(ValueError, match="probability=1e-09 is not between .* what 400 images can tell"):
        many.bits_for_exact(1e-9)
    assert many.bits_for(1e-5) == few.bits_for(1e-5)


def test_outputs_of_their_own_law_are_not_extrapolated_beyond_ten_events():
    seen = values(draw(LAWS["Laplace"], 4)).reshape(IMAGES, -1)
    assert overflow_tail(seen).least_probability == 10 / seen.size
    assert overflow_tail(seen[:, None]).least_probability < 1 / seen.size


def test_few_excesses_a_channel_are_fitted_together():
    seen = values(draw(LAWS["Laplace"], 4))
    assert len(overflow_tail(seen).thresholds) == CHANNELS
    assert len(overflow_tail(seen[:, :, :40]).thresholds) == 1


def test_kept_peaks_say_the_same_as_all_values():
    seen = values(draw(LAWS["Laplace"], 5))
    whole, kept = overflow_tail(seen), overflow_tail(Peaks.of(seen, keep=4000))
    assert kept.probability(12).value == pytest.approx(whole.probability(12).value, rel=1e-9)
    with pytest.raises(ValueError, match="least=.* is below .* keep more"):
        kept.exceedance(2.0)


def clustered(seed: int) -> np.ndarray:
    """Images that differ in scale, as those of networks do."""
    scales = np.random.default_rng(seed + 10_000).uniform(0.4, 1, (IMAGES, 1, 1))
    return values(draw(stats.laplace(scale=300), seed, scales=scales))


def exact_clustered(least: float) -> float:
    scales = np.linspace(0.4, 1, 4001)
    return float(np.mean(np.exp(-(least - 0.5) / (300 * scales)) / 2 + np.exp(-(least + 0.5) / (300 * scales)) / 2))


@pytest.mark.parametrize("bits", [11, 12])
def test_intervals_hold_the_truth_where_images_differ(bits, monkeypatch):
    monkeypatch.setattr("fxp.overflow.tails.RESAMPLINGS", 60)
    truth, runs = exact_clustered(2.0 ** (bits - 1)), 24
    tails = [overflow_tail(clustered(seed)) for seed in range(runs)]
    predicted, counted = (
        [found(tail) for tail in tails] for found in (lambda t: t.exceedance(2 ** (bits - 1)), counts(bits))
    )
    for intervals, least in ((predicted, 0.75), (counted, 0.85)):
        held = sum(each.low <= truth <= each.high for each in intervals)
        assert stats.binom.cdf(held, runs, 0.95) > 1e-9, f"{held} of {runs}"
        assert held >= least * runs


def counts(bits):
    return lambda tail: tail.counted(bits)


def test_an_interval_that_takes_outputs_for_independent_misses(monkeypatch):
    monkeypatch.setattr("fxp.overflow.tails.RESAMPLINGS", 2)
    monkeypatch.setattr("fxp.overflow.tails.design_effect", lambda events, outputs: 1.0)
    truth, runs = exact_clustered(2.0**8), 24
    intervals = [overflow_tail(clustered(seed)).counted(9) for seed in range(runs)]
    assert sum(each.low <= truth <= each.high for each in intervals) < 0.6 * runs


def test_same_seed_same_intervals():
    seen = values(draw(LAWS["Laplace"], 6))
    assert overflow_tail(seen).probability(12) == overflow_tail(seen).probability(12)
    assert overflow_tail(seen, seed=1).probability(12).low != overflow_tail(seen).probability(12).low
    narrow, wide = (overflow_tail(seen, confidence=level).probability(12) for level in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_constant_layers_are_counted():
    tail = overflow_tail(np.full((50, 2, 300), 100))
    assert tail.probability(7).value == 1
    assert tail.exceedance(2.0**12).value == 0
    at = overflow_tail(np.full((100, 1, 400), 128))
    assert (at.probability(8).value, at.counted(8).value, at.bits_for(0.5)) == (1, 1, 9)


def test_values_that_equal_the_threshold_all_count():
    noise = np.abs(np.rint(draw(LAWS["Gauss"], 0).reshape(100, 1, -1) / 50)).astype(int) % 100
    seen = np.where(np.random.default_rng(1).random(noise.shape) < 0.1, 128, noise)
    tail = overflow_tail(seen)
    assert tail.probability(8).value == tail.counted(8).value == np.mean(seen >= 128)
    assert tail.bits_for(0.05) == 9


def test_a_grid_of_few_levels_is_counted_not_extrapolated():
    sums = np.random.default_rng(0).normal(0, 2**12.3, (200, 2, 800))
    seen = np.abs(np.rint(sums / 8192)).astype(int) * 8192
    tail = overflow_tail(seen)
    assert tail.probability(14).value == tail.counted(14).value == np.mean(seen >= 8192)
    with pytest.raises(ValueError, match="bits=18 overflows in less than"):
        tail.probability(18)
    assert tail.least_probability >= 10 / seen.size


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32, np.uint64, np.int16, np.int32, object])
def test_types_of_values_do_not_matter(kind):
    seen = np.random.default_rng(3).laplace(scale=10, size=(60, 2, 200)).clip(-120, 120).astype(int)
    plain = overflow_values(seen, seen)
    assert overflow_values(np.abs(seen).astype(kind), np.abs(seen).astype(kind)).tolist() == np.abs(seen).tolist()
    assert overflow_tail(plain.astype(kind)).probability(7) == overflow_tail(plain).probability(7)


def test_events_that_come_together_count_as_one():
    assert design_effect(np.array([0, 0, 0, 12]), 10**9) == pytest.approx(12)
    assert design_effect(np.array([3, 3, 3, 3]), 10) == 1
    assert design_effect(np.array([3, 3, 3, 3]), 3) == 3
    assert design_effect(np.repeat([10, 0], 500), 10) == pytest.approx(10, rel=0.01)


def test_what_is_no_level_is_refused():
    for least in (float("nan"), "a", [1, 2]):
        with pytest.raises(ValueError, match="^least"):
            tail().exceedance(least)


def tail() -> OverflowTail:
    return overflow_tail(values(draw(LAWS["Laplace"], 0)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: overflow_tail(np.ones((19, 2, 3), int)),
            "images=19 is not at least 20: images are what is independent",
        ),
        (lambda: overflow_tail(np.ones((20, 2, 3), int), share=0.2), "share=0.2 is not above 0 and up to 0.1"),
        (lambda: overflow_tail(np.ones((20, 2, 3), int), confidence=1), "confidence=1.0 is not between 0 and 1"),
        (lambda: overflow_tail(np.ones((20, 2, 3), int), seed=-1), "seed=-1 is not an integer of at least 0"),
        (lambda: overflow_tail(Peaks.of(np.ones((20, 2, 900), int), keep=3)), "values kept of a channel=3 are fewer"),
        (lambda: tail().probability(1), "bits=1 is not an integer of at least 2: give a width of 2 to 63"),
        (lambda: tail().probability(64), "bits=64 is over 63: give a width of 2 to 63"),
        (lambda: tail().counted(1), "bits=1 is not an integer of at least 2"),
        (lambda: tail().bits_for(0), "probability=0.0 is not finite and positive: give a share"),
        (lambda: tail().bits_for(2), "probability=2 is not between .* and 1, what 100 images can tell"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
