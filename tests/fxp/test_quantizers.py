"""The exact quantiser against sums of closed partial moments over cells whose codes the specification finds."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

import fxp
from fxp import cells, quantizers, reference
from fxp.formats import Format, Overflow, Rounding
from fxp.signals import Signal

FLOORING = (Rounding.FLOOR, Rounding.CEIL, Rounding.TOWARD_ZERO, Rounding.STOCHASTIC)
MODES = [mode for mode in Overflow if mode is not Overflow.ERROR]


def gaussian_moments(edges):
    """E[x^k; low <= x < high] of N(0, 1) for k = 0 to 3, by parts."""
    with np.errstate(invalid="ignore"):
        density = np.exp(-edges * edges / 2) / math.sqrt(2 * math.pi)
        powers = [np.where(np.isfinite(edges), edges**k * density, 0.0) for k in range(3)]
    zeroth = np.where(edges[1:] <= 0, np.diff(ndtr(edges)), -np.diff(ndtr(-edges)))
    first = -np.diff(powers[0])
    second = zeroth - np.diff(powers[1])
    return np.array([zeroth, first, second, 2 * first - np.diff(powers[2])])


def rectified_moments(edges):
    """The same of max(0, g) without its atom, which has no error."""
    return gaussian_moments(np.maximum(edges, 0.0))


def uniform_moments(edges):
    ends = np.clip(edges, -1.0, 1.0)
    return np.array([np.diff(ends ** (k + 1)) / (2 * (k + 1)) for k in range(4)])


def sinusoid_moments(edges):
    ends = np.clip(edges, -1.0, 1.0)
    cosine, phase = np.sqrt(1 - ends * ends), np.arcsin(ends)
    integrals = [phase, -cosine, (phase - ends * cosine) / 2, -cosine + cosine**3 / 3]
    return np.array([np.diff(each) for each in integrals]) / np.pi


LAWS = {
    "gaussian": (Signal.gaussian(), gaussian_moments, 9.0),
    "relu": (Signal.relu_gaussian(), rectified_moments, 9.0),
    "uniform": (Signal.uniform(), uniform_moments, 1.0),
    "sinusoid": (Signal.sinusoid(), sinusoid_moments, 1.0),
}


def exhaustive(fmt, law, rounding, overflow):
    """Return granular, overload, probability, mean error and E[x e] by a sum over all cells out to the law's reach."""
    _, moments, reach = LAWS[law]
    offset = 0 if rounding in FLOORING else Fraction(1, 2)
    count = math.ceil(reach / fmt.step)
    cells = np.arange(-count - 2, count + 2)
    low = (cells + float(offset)) * fmt.step
    edges = np.r_[-np.inf, low, low[-1] + fmt.step, np.inf]
    inside = moments(edges)
    totals = np.zeros(5)
    middles = [Fraction(int(k)) + offset + Fraction(1, 2) for k in np.r_[cells[0] - 1, cells, cells[-1] + 1]]
    for probability, rounded in ways(middles, edges, fmt, rounding):
        mapped = np.array([reference.overflow(code, fmt, overflow) for code in rounded]) * fmt.step
        held = np.array([fmt.min_code <= code <= fmt.max_code for code in rounded])
        mass, first, second = (probability[0] * inside[k] + probability[1] * inside[k + 1] for k in range(3))
        power = mapped**2 * mass - 2 * mapped * first + second
        each = power * held, power * ~held, mass * ~held, mapped * mass - first, mapped * first - second
        totals += [np.sum(values) for values in each]
    return totals


def ways(middles, edges, fmt, rounding):
    """Yield (c0, c1), codes: each cell is rounded to its code with probability c0 + c1 * x."""
    if rounding is not Rounding.STOCHASTIC:
        yield (1.0, 0.0), [reference.round_fraction(middle, rounding) for middle in middles]
        return
    lower = [math.floor(middle) for middle in middles]
    codes = np.array(lower, dtype=float)
    yield (codes + 1, -1 / fmt.step), lower
    yield (-codes, 1 / fmt.step), [code + 1 for code in lower]


def assert_exact(fmt, law, rounding, overflow, *, db):
    signal = LAWS[law][0]
    granular, overload, probability, mean, cross = exhaustive(fmt, law, rounding, overflow)
    noise = fxp.quantizer_noise(fmt, signal, rounding=rounding, overflow=overflow)
    moments = fxp.quantized_moments(fmt, signal, rounding=rounding, overflow=overflow)
    relative = 10 ** (db / 10) - 1
    power = granular + overload
    assert noise.noise_power == pytest.approx(power, rel=relative)
    assert [noise.granular, noise.overload] == pytest.approx([granular, overload], abs=power * relative)
    assert noise.overload_probability == pytest.approx(probability, rel=1e-6, abs=1e-12)
    assert moments.mean_error == pytest.approx(mean, abs=math.sqrt(power) * relative)
    assert moments.error_cross == pytest.approx(cross, abs=math.sqrt(power) * signal.rms * relative)


@pytest.mark.parametrize("overflow", MODES)
@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("word_bits", [1, 2, 3, 5, 8])
def test_every_mode_equals_the_sum_over_all_cells(word_bits, law, rounding, overflow):
    signed = law != "relu"
    frac_bits = word_bits - 3 if law in ("gaussian", "relu") else word_bits - 1
    assert_exact(Format(word_bits, frac_bits, signed=signed), law, rounding, overflow, db=1e-6)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("rounding", [Rounding.HALF_EVEN, Rounding.FLOOR])
@pytest.mark.parametrize("overflow", [Overflow.SATURATE, Overflow.WRAP])
@pytest.mark.parametrize("word_bits", range(1, 17))
def test_every_word_length_equals_the_sum_over_all_cells(word_bits, overflow, rounding, law):
    frac_bits = word_bits - (4 if law in ("gaussian", "relu") else 1)
    # The reference subtracts moments of the order of one: above 8 bits it has no 1e-6 dB itself
    db = 1e-6 if word_bits <= 8 else 1e-3
    assert_exact(Format(word_bits, frac_bits, signed=law != "relu"), law, rounding, overflow, db=db)


@pytest.mark.parametrize("law", ["gaussian", "uniform", "sinusoid"])
@pytest.mark.parametrize(
    ("rounding", "factor", "mean"), [("HALF_EVEN", 1 / 12, 0), ("FLOOR", 1 / 3, -0.5), ("STOCHASTIC", 1 / 6, 0)]
)
def test_many_bits_approach_the_moments_of_a_uniform_error(law, rounding, factor, mean):
    fmt = Format(28, 23)
    moments = fxp.quantized_moments(fmt, LAWS[law][0], rounding=rounding)
    assert moments.error_power / fmt.step**2 == pytest.approx(factor, rel=1e-4)
    assert moments.mean_error / fmt.step == pytest.approx(mean, abs=1e-4)


@pytest.mark.parametrize("law", ["gaussian", "relu", "sinusoid"])
@pytest.mark.parametrize("rounding", ["HALF_EVEN", "FLOOR", "STOCHASTIC"])
@pytest.mark.parametrize("overflow", ["SATURATE", "WRAP"])
def test_cells_taken_as_uniform_agree_with_cells_integrated_one_by_one(law, rounding, overflow, monkeypatch):
    signal = LAWS[law][0]
    fmt = Format(13, 10 if law != "sinusoid" else 12, signed=law != "relu")
    one_by_one = fxp.quantizer_noise(fmt, signal, rounding=rounding, overflow=overflow)
    monkeypatch.setattr(cells, "_CELLS", 256)
    quantizers._cached_sums.cache_clear()
    uniform = fxp.quantizer_noise(fmt, signal, rounding=rounding, overflow=overflow)
    quantizers._cached_sums.cache_clear()
    assert uniform.granular != one_by_one.granular
    assert uniform.granular == pytest.approx(one_by_one.granular, rel=1e-3)
    assert uniform.sqnr_db == pytest.approx(one_by_one.sqnr_db, abs=0.005)


def test_wrap_of_a_law_far_wider_than_the_format():
    """Codes are then independent of the value: E[e²] = E[x²] + the mean square of all codes."""
    fmt, signal = Format(6, 20), Signal.gaussian()
    codes = np.arange(fmt.min_code, fmt.max_code + 1) * fmt.step
    moments = fxp.quantized_moments(fmt, signal, overflow="WRAP")
    assert moments.error_power == pytest.approx(1 + np.mean(codes**2), rel=1e-6)
    assert moments.quantized_power < 1e-4


@pytest.mark.parametrize("rounding", [mode for mode in Rounding if mode is not Rounding.STOCHASTIC])
@pytest.mark.parametrize("overflow", MODES)
def test_samples_are_encoded_one_by_one(rounding, overflow):
    values = np.r_[np.arange(-40, 41) / 16, 0.3, -7.7]
    fmt = Format(4, 2)
    error = fxp.quantize(values, fmt, rounding=rounding, overflow=overflow) - values
    moments = fxp.quantized_moments(fmt, Signal.from_samples(values), rounding=rounding, overflow=overflow)
    expected = np.mean(error), np.mean(error**2), np.mean(values * error)
    assert (moments.mean_error, moments.error_power, moments.error_cross) == pytest.approx(expected, abs=1e-12)
    assert moments.quantized_power == pytest.approx(np.mean((values + error) ** 2), rel=1e-12)
    assert moments.quantized_mean == pytest.approx(np.mean(values + error), abs=1e-12)
    assert moments.cross_power == pytest.approx(np.mean(values * (values + error)), rel=1e-12)


def test_stochastic_rounding_of_samples_is_averaged_over_its_draws():
    noise = fxp.quantizer_noise(Format(4, 2), Signal.from_samples([0.3125, 1.75 + 0.0625]), rounding="STOCHASTIC")
    assert noise.granular == pytest.approx((0.25 * 0.75 * 0.0625 + 0.75 * 0.0625**2) / 2, rel=1e-12)
    assert noise.overload == pytest.approx(0.25 * 0.0625**2 / 2, rel=1e-12)
    assert noise.overload_probability == pytest.approx(0.125)


def test_errors_of_overflow_are_refused_where_they_can_occur():
    with pytest.raises(
        ValueError, match=r"overflow=ERROR has no SQNR: values are outside sfix8_En7 with probability 0.0019"
    ):
        fxp.sqnr_quantizer(Format(8, 7), Signal.uniform(), overflow="ERROR")
    saturated = fxp.sqnr_quantizer(Format(8, 7), Signal.uniform(), rounding="FLOOR")
    assert fxp.sqnr_quantizer(Format(8, 7), Signal.uniform(), rounding="FLOOR", overflow="ERROR") == saturated


def test_values_on_the_grid_have_no_noise():
    assert fxp.sqnr_quantizer(Format(4, 2), Signal.from_samples([0.25, -1.0])) == math.inf


@given(shift=st.integers(-300, 300), word_bits=st.integers(1, 12), law=st.sampled_from(sorted(LAWS)))
@settings(deadline=None)
def test_noise_scales_with_format_and_signal_by_powers_of_two(shift, word_bits, law):
    signal = LAWS[law][0]
    base = fxp.sqnr_quantizer(Format(word_bits, word_bits - 2), signal)
    scaled = fxp.sqnr_quantizer(Format(word_bits, word_bits - 2 - shift), signal.scaled(2.0**shift))
    assert scaled == pytest.approx(base, abs=1e-9)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: fxp.sqnr_quantizer(Format(33, 30), Signal.uniform()),
            ValueError,
            "fmt=sfix33_En30 is not of at most 32",
        ),
        (lambda: fxp.sqnr_quantizer(Format(8, 401), Signal.uniform()), ValueError, "fmt=sfix8_En401 is not of at most"),
        (
            lambda: fxp.quantizer_noise(Format(8, 7), Signal(1.0, 0.5)),
            ValueError,
            "signal has no law, only peak and rms",
        ),
        (lambda: fxp.quantized_moments("sfix8", Signal.uniform()), TypeError, "fmt='sfix8' is not a Format: pass fxp"),
        (lambda: fxp.sqnr_quantizer(Format(8, 7), Signal.uniform(), rounding="UP"), ValueError, "rounding='UP' is not"),
        (lambda: fxp.sqnr_quantizer(Format(8, 7), Signal.uniform(), overflow="UP"), ValueError, "overflow='UP' is not"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()
