import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from fxp import (
    Format,
    Signal,
    distance_to_limits,
    entropy_coded_quantizer,
    entropy_coded_sqnr,
    lloyd_max,
    rate_distortion_sqnr,
    sqnr_quantizer,
)

A_BIT_DB = 20 * math.log10(2)
SIGNALS = [Signal.gaussian(), Signal.laplace(), Signal.uniform(), Signal.sinusoid(), Signal.relu_gaussian()]
# Bound at rate 0: what the entropy power of the law is below its power
EXCESS_DB = {
    "gaussian": (Signal.gaussian(), 1.0),
    "laplace": (Signal.laplace(0.3), math.pi / math.e),
    "uniform": (Signal.uniform(-3.0, 3.0), math.pi * math.e / 6),
    "sinusoid": (Signal.sinusoid(2.0), 4 * math.e / math.pi),
}


@pytest.mark.parametrize(("signal", "ratio"), EXCESS_DB.values(), ids=EXCESS_DB)
def test_bounds_have_closed_forms(signal, ratio):
    rates = np.array([0.0, 0.5, 8.0])
    assert_allclose(rate_distortion_sqnr(rates, signal), A_BIT_DB * rates + 10 * math.log10(ratio), atol=1e-6)
    gap = rate_distortion_sqnr(rates[2], signal) - entropy_coded_sqnr(rates[2], signal)
    assert_allclose(gap, 10 * math.log10(math.pi * math.e / 6), rtol=1e-12)


def test_an_atom_lends_its_bits_to_the_rest():
    law = stats.norm(6, 1)
    whole, half = Signal.from_law(law), Signal.from_law(law, zero_atom=0.5)
    # E[x²] and error are both halved; 9 bits are one to tell the zeros and 16 for each other value
    assert_allclose(entropy_coded_sqnr(9, half), entropy_coded_sqnr(16, whole), rtol=1e-12)
    assert_allclose(rate_distortion_sqnr(8, half), rate_distortion_sqnr(16, whole), rtol=1e-12)


@pytest.mark.parametrize("word_bits", [1, 3, 7])
def test_entropy_of_a_uniform_law_by_hand(word_bits):
    # 2**B - 1 whole cells and, at both ends, half a cell: B·(1 − 2⁻ᴮ) + (B + 1)·2⁻ᴮ
    coded = entropy_coded_quantizer(Signal.uniform(), 2.0 ** (1 - word_bits))
    assert_allclose(coded.rate_bits_exact, word_bits + 2.0**-word_bits, rtol=1e-12)
    assert_allclose(coded.sqnr_db, A_BIT_DB * word_bits, rtol=1e-9)


@given(st.floats(0.05, 3), st.floats(0.2, 5))
def test_entropy_and_noise_of_a_gaussian_by_its_distribution(step, rms):
    coded = entropy_coded_quantizer(Signal.gaussian(rms), step * rms)
    codes = np.arange(-600, 601)
    shares = np.diff(stats.norm.cdf((np.r_[codes, 601] - 0.5) * step))
    assert_allclose(coded.rate_bits_exact, stats.entropy(shares, base=2), atol=1e-9)


@pytest.mark.parametrize("step", [0.5, 0.125])
def test_a_fine_grid_is_a_wide_format(step):
    coded = entropy_coded_quantizer(Signal.laplace(), step)
    assert_allclose(coded.sqnr_db, sqnr_quantizer(Format(16, -round(math.log2(step))), Signal.laplace()), atol=1e-6)


@given(st.sampled_from(SIGNALS), st.floats(-6, 1))
def test_centroids_are_better_than_midpoints(signal, log_step):
    middle, centroid = (entropy_coded_quantizer(signal, 2.0**log_step, centroids=each) for each in (False, True))
    assert centroid.rate_bits_exact == middle.rate_bits_exact
    assert middle.sqnr_db <= centroid.sqnr_db + 1e-9
    assert centroid.sqnr_db <= rate_distortion_sqnr(centroid.rate_bits_exact, signal)


@pytest.mark.parametrize("step", [1.0, 0.25, 0.0625])
def test_the_asymptote_of_the_gaussian_is_reached_from_two_bits_on(step):
    signal = Signal.gaussian()
    coded = entropy_coded_quantizer(signal, step, centroids=True)
    assert_allclose(coded.sqnr_db, entropy_coded_sqnr(coded.rate_bits_exact, signal), atol=1e-3)


def test_scale_of_the_gaussian_at_eight_bits():
    # 40.57 dB is the optimum over any step; the steps of formats are powers of two
    best = max(
        sqnr_quantizer(Format(8, frac), Signal.gaussian(rms)) for frac in (5, 6) for rms in np.arange(0.8, 1.3, 0.02)
    )
    assert abs(best - 40.57) < 0.01
    limits = [lloyd_max(Signal.gaussian(), 8).sqnr_db, entropy_coded_sqnr(8, Signal.gaussian())]
    assert_allclose([*limits, rate_distortion_sqnr(8, Signal.gaussian())], [43.85, 46.63, 48.16], atol=0.0051)


@settings(max_examples=30)
@given(st.sampled_from(SIGNALS), st.integers(1, 8), st.integers(-1, 2))
def test_limits_come_in_their_order(signal, word_bits, headroom):
    fmt = Format(word_bits, word_bits - 1 - headroom, signed=signal.signed)
    found = distance_to_limits(fmt, signal)
    assert found.sqnr_db == sqnr_quantizer(fmt, signal)
    assert found.lloyd_max_db >= -1e-9
    assert found.lloyd_max_db <= found.entropy_coded_db <= found.rate_distortion_db


def test_distance_of_many_bits_uses_the_asymptote():
    signal = Signal.relu_gaussian()
    found = distance_to_limits(Format(10, 8, signed=False), signal)
    assert_allclose(found.sqnr_db + found.entropy_coded_db, entropy_coded_sqnr(10, signal), rtol=1e-12)


def test_modes_of_the_format_count():
    nearest, floor = (
        distance_to_limits(Format(8, 5), Signal.gaussian(), rounding=mode) for mode in ("RND_CONV", "TRN")
    )
    assert 5.5 < nearest.sqnr_db - floor.sqnr_db < 6.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: entropy_coded_sqnr(0.5, Signal.gaussian()), "rate_bits_exact=0.5 .* at least 1: the asymptote needs"),
        (lambda: entropy_coded_sqnr(8, Signal.from_samples([1.0])), "is not a law with a density: fit a law"),
        (lambda: rate_distortion_sqnr(-1, Signal.gaussian()), "rate_bits_exact=-1.0 .* at least 0: give bits a value"),
        (lambda: rate_distortion_sqnr(8, Signal(1.0, 0.5)), "signal has no law"),
        (
            lambda: entropy_coded_quantizer(Signal.gaussian(), 0),
            "step=0.0 is not finite and positive: give the width of a cell",
        ),
        (
            lambda: entropy_coded_quantizer(Signal.gaussian(), -1.0),
            "step=-1.0 is not finite and positive: give the width",
        ),
        (
            lambda: entropy_coded_quantizer(Signal.gaussian(), [1.0]),
            r"step of shape \(1,\) is not one number: call once",
        ),
        (
            lambda: entropy_coded_sqnr("8", Signal.gaussian()),
            "rate_bits_exact='8' is not a real number: give bits a value",
        ),
        (lambda: entropy_coded_quantizer(Signal.gaussian(), 1e-7), "step=1e-07 divides the law into .* cells: use"),
        (lambda: distance_to_limits(Format(15, 12), Signal.gaussian()), "word_bits=15 is not an integer between 1 and"),
    ],
)
def test_arguments_outside_the_hypotheses_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
