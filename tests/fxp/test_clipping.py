"""Optimal clip levels: the published table of N(0, 1), brute force over the step, stationarity, scale, refusals."""

import copy
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

import fxp
from fxp.clipping import additive_noise
from fxp.signals import Signal

SIGNALS = {
    "gaussian": Signal.gaussian(),
    "laplace": Signal.laplace(),
    "relu": Signal.relu_gaussian(),
    "uniform": Signal.uniform(),
    "sinusoid": Signal.sinusoid(),
}
TABLE = {1: 2.25, 2: 8.26, 3: 13.91, 4: 19.26, 5: 24.53, 6: 29.82, 7: 35.16, 8: 40.57}


@pytest.mark.parametrize("word_bits", TABLE)
def test_optimum_of_a_gaussian_is_that_of_the_literature(word_bits):
    assert fxp.optimal_clip(SIGNALS["gaussian"], word_bits).sqnr_db == pytest.approx(TABLE[word_bits], abs=0.005)


@pytest.mark.parametrize(("word_bits", "overstated_db"), [(2, 2.34), (3, 1.12), (4, 0.53)])
def test_additive_model_overstates_few_bits(word_bits, overstated_db):
    additive = fxp.optimal_clip(SIGNALS["gaussian"], word_bits, model="additive").sqnr_db
    exact = fxp.optimal_clip(SIGNALS["gaussian"], word_bits).sqnr_db
    assert additive - exact == pytest.approx(overstated_db, abs=0.01)


@pytest.mark.parametrize("law", SIGNALS)
@pytest.mark.parametrize("word_bits", [1, 2, 4, 7])
def test_no_clip_level_of_a_fine_scan_is_better(law, word_bits):
    signal = SIGNALS[law]
    best = fxp.optimal_clip(signal, word_bits)
    steps = best.clip / best.step
    fmt = fxp.Format(word_bits, 0, signed=signal.signed)
    for clip in best.clip * 2.0 ** np.linspace(-1.5, 1.5, 301):
        assert fxp.sqnr_quantizer(fmt, signal.scaled(steps / clip)) <= best.sqnr_db + 1e-9


@pytest.mark.parametrize("law", SIGNALS)
def test_level_achieves_what_it_promises_on_the_grid_of_a_format(law):
    signal = SIGNALS[law]
    best = fxp.optimal_clip(signal, 5)
    fmt = fxp.Format(5, 0, signed=signal.signed)
    assert fxp.sqnr_quantizer(fmt, signal.scaled(1 / best.step)) == pytest.approx(best.sqnr_db, abs=1e-9)
    assert best.clip == pytest.approx(best.step * 2 ** (5 - signal.signed), rel=1e-14)


@pytest.mark.parametrize("law", SIGNALS)
@pytest.mark.parametrize("word_bits", [1, 3, 8, 20])
def test_additive_level_is_the_minimum(law, word_bits):
    signal = SIGNALS[law]
    clip = float(fxp.optimal_clip(signal, word_bits, model="additive"))
    least = additive_noise(signal, word_bits, clip)
    for factor in (0.9, 0.999, 1.001, 1.1):
        assert additive_noise(signal, word_bits, clip * factor) > least


def test_additive_noise_equals_quadrature_of_its_definition():
    tail = integrate.quad(lambda x: 2 * (x - 2.5) ** 2 * stats.norm.pdf(x), 2.5, np.inf, epsabs=1e-15)[0]
    granular = integrate.quad(lambda e: e * e, -(2.5 / 16), 2.5 / 16)[0] / (2.5 / 8)
    assert additive_noise(SIGNALS["gaussian"], 4, 2.5) == pytest.approx(granular + tail, rel=1e-11)


def test_zeros_carry_no_granular_noise():
    law = stats.norm(0, 1)
    half = Signal.from_law(law, zero_atom=0.5)
    full = Signal.from_law(law)
    assert additive_noise(half, 6, 3.0) == pytest.approx(additive_noise(full, 6, 3.0) / 2, rel=1e-12)
    assert float(fxp.optimal_clip(half, 6)) == pytest.approx(float(fxp.optimal_clip(full, 6)), rel=1e-6)


@given(scale=st.floats(1e-6, 1e6), law=st.sampled_from(sorted(SIGNALS)), model=st.sampled_from(["exact", "additive"]))
@settings(max_examples=25, deadline=None)
def test_level_scales_with_the_signal(scale, law, model):
    signal = SIGNALS[law]
    base, scaled = (fxp.optimal_clip(each, 4, model=model) for each in (signal, signal.scaled(scale)))
    assert scaled.sqnr_db == pytest.approx(base.sqnr_db, abs=1e-9)
    assert float(scaled) == pytest.approx(float(base) * scale, rel=1e-6)


@pytest.mark.parametrize("law", SIGNALS)
@pytest.mark.parametrize("model", ["exact", "additive"])
def test_each_bit_helps(law, model):
    levels = [fxp.optimal_clip(SIGNALS[law], bits, model=model).sqnr_db for bits in range(1, 13)]
    assert np.all(np.diff(levels) > 3)


@pytest.mark.parametrize("law", SIGNALS)
@pytest.mark.parametrize("word_bits", [1, 4, 9])
def test_best_format_is_the_best_of_all_formats(law, word_bits):
    signal = SIGNALS[law]
    found = fxp.optimal_clip(signal, word_bits, power_of_two=True)
    formats = [fxp.Format(word_bits, frac, signed=signal.signed) for frac in range(-6, 14)]
    assert found.format == max(formats, key=lambda fmt: fxp.sqnr_quantizer(fmt, signal))
    assert found.sqnr_db == pytest.approx(fxp.sqnr_quantizer(found.format, signal), abs=1e-9)
    assert found.step == found.format.step
    assert found.clip == (-found.format.min if signal.signed else found.format.max + found.format.step)


def test_samples_that_a_grid_holds_lose_nothing():
    samples = Signal.from_samples([-2.0, -1.0, 0.0, 1.0])
    found = fxp.optimal_clip(samples, 2, power_of_two=True)
    assert found.sqnr_db == math.inf
    assert found.format == fxp.Format(2, 0)


@pytest.fixture
def best():
    return fxp.optimal_clip(Signal.gaussian(), 8, power_of_two=True)


def test_a_clip_level_is_a_number(best):
    assert isinstance(best, float)
    assert (best, best * 2, 1 / best, abs(best - 3.0), -best) == (4.0, 8.0, 0.25, 1.0, -4.0)
    assert pytest.approx(4.0) == best
    assert best > 3
    assert sorted([5, best, 3]) == [3, 4.0, 5]
    assert (round(best, 1), f"{best:.3f}", f"{best}", str(best)) == (4.0, "4.000", "4.0", "4.0")
    assert np.isclose(best, 4.0)
    assert np.array([best, 1.0]).dtype == np.float64
    assert type(best.clip) is type(float(best)) is float
    assert hash(best) == hash(4.0)


def test_a_clip_level_tells_what_it_achieves(best):
    assert repr(best) == (
        f"OptimalClip(clip=4.0, step=0.03125, sqnr_db={best.sqnr_db}, model='exact', format=Format(8, 5))"
    )
    assert best.format.step == best.step == best.clip / 128
    assert fxp.OptimalClip(1.0, 0.5, 3.0, "additive").format is None


@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy])
def test_a_clip_level_is_copied_whole(twin, best):
    assert type(twin(best)) is fxp.OptimalClip
    assert repr(twin(best)) == repr(best)


@pytest.mark.parametrize("name", ["clip", "step", "sqnr_db", "model", "format", "other"])
def test_a_clip_level_does_not_change(name, best):
    with pytest.raises(AttributeError, match=f"{name} of an OptimalClip cannot be set: call optimal_clip for another"):
        setattr(best, name, 1.0)
    with pytest.raises(AttributeError, match=f"{name} of an OptimalClip cannot be deleted"):
        delattr(best, name)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: fxp.optimal_clip(Signal.gaussian(), 0),
            "word_bits=0 is not an integer of 1 to 32: give a word length",
        ),
        (lambda: fxp.optimal_clip(Signal.gaussian(), 33), "word_bits=33 is not"),
        (lambda: fxp.optimal_clip(Signal.gaussian(), 8.0), "word_bits=8.0 is not"),
        (lambda: fxp.optimal_clip(Signal.gaussian(), True), "word_bits=True is not"),
        (lambda: fxp.optimal_clip(Signal.gaussian(), 8, model="rule"), "model='rule' is not known: choose exact or"),
        (lambda: fxp.optimal_clip(Signal(4.0, 1.0), 8), "signal has no law, only peak and rms"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
