"""The exact quantiser against sums of closed partial moments over cells whose codes the specification finds."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.special import ndtr

import fxp
from fxp import reference
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
