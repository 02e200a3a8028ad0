import re
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp import (
    Format,
    Overflow,
    Rounding,
    Signal,
    dot_moments,
    fixed_dot_moments,
    floor_bias_power,
    quantized_moments,
    reference,
    sqnr_dot,
    sqnr_dot_fixed,
    sqnr_dot_inputs,
    sqnr_dot_quantized,
    sqnr_quantizer,
)
from tests.strategies import DETERMINISTIC

CLIPPED = Format(6, 4, signed=False), Signal.relu_gaussian(), Format(6, 3), Signal.gaussian()
OVERFLOWS = [mode for mode in Overflow if mode is not Overflow.ERROR]
EIGHTHS = st.integers(-40, 40).map(lambda eighths: Fraction(eighths, 8))

formats = st.builds(Format, st.integers(1, 5), st.integers(-1, 3), signed=st.booleans())
supports = st.lists(EIGHTHS, min_size=1, max_size=4).filter(any)


def signal(support):
    return Signal.from_samples([float(value) for value in support])


def by_enumeration(length, x_format, x_values, w_format, weights, **modes):
    """Return E[y²] and E[(ŷ − y)²] over all operand vectors, in fractions."""
    w_modes = modes | {"rounding": modes["w_rounding"]} if "w_rounding" in modes else modes
    errors, powers = [], []
    for inputs in product(x_values, repeat=length):
        for taps in weights:
            exact = sum(x * w for x, w in zip(inputs, taps, strict=True))
            coded = sum(
                rounded(x, x_format, modes) * rounded(w, w_format, w_modes) for x, w in zip(inputs, taps, strict=True)
            )
            powers.append(exact**2)
            errors.append((coded - exact) ** 2)
    return Fraction(sum(powers), len(powers)), Fraction(sum(errors), len(errors))


def rounded(value, fmt, modes):
    code = reference.encode(value, fmt, rounding=modes["rounding"], overflow=modes["overflow"])
    return reference.decode(code, fmt)


def decibels(power, error):
    return np.inf if error == 0 else 10 * float(np.log10(float(power / error)))


@given(
    st.integers(1, 2),
    st.tuples(formats, supports),
    st.tuples(formats, supports),
    st.sampled_from(DETERMINISTIC),
    st.sampled_from(DETERMINISTIC),
    st.sampled_from(OVERFLOWS),
)
def test_random_operands_against_every_vector_of_small_supports(length, x, w, rounding, w_rounding, overflow):
    weights = [*product(w[1], repeat=length)]
    modes = {"rounding": rounding, "overflow": overflow}
    found = sqnr_dot_quantized(length, x[0], signal(x[1]), w[0], signal(w[1]), w_rounding=w_rounding, **modes)
    power, error = by_enumeration(length, *x, w[0], weights, w_rounding=w_rounding, **modes)
    assert found == pytest.approx(decibels(power, error), abs=1e-9)


@given(
    st.tuples(formats, supports),
    formats,
    st.lists(EIGHTHS, min_size=1, max_size=4),
    st.sampled_from(DETERMINISTIC),
    st.sampled_from(DETERMINISTIC),
    st.sampled_from(OVERFLOWS),
)
def test_fixed_weights_against_every_input_vector(x, w_format, taps, rounding, w_rounding, overflow):
    modes = {"rounding": rounding, "overflow": overflow, "w_rounding": w_rounding}
    power, error = by_enumeration(len(taps), *x, w_format, [taps], **modes)
    codes = [reference.encode(w, w_format, rounding=w_rounding, overflow=overflow) for w in taps]
    quantized = [float(reference.decode(code, w_format)) for code in codes]
    moments = fixed_dot_moments(
        [float(w) for w in taps],
        quantized,
        quantized_moments(x[0], signal(x[1]), rounding=rounding, overflow=overflow),
    )
    scale = float(max(power, error, 1))
    assert moments.power == pytest.approx(float(power), abs=1e-12 * scale)
    assert moments.error_power == pytest.approx(float(error), abs=1e-12 * scale)
    if power and error > 1e-9 * power:
        found = sqnr_dot_fixed([float(w) for w in taps], x[0], signal(x[1]), w_format, **modes)
        assert found == pytest.approx(decibels(power, error), abs=1e-6)


def test_stochastic_rounding_adds_its_draws():
    # x = 1/4 on a grid of 1 becomes 1 with probability 1/4: E[e²] = 3/16
    x, w = quantized_moments(Format(4, 0), Signal.from_samples([0.25]), rounding="STOCHASTIC"), exact(1.0)
    assert dot_moments(8, x, w).error_power == pytest.approx(8 * 3 / 16, rel=1e-12)


def exact(value):
    return quantized_moments(Format(20, 10), Signal.from_samples([value]))


def test_one_product_with_an_exact_weight_is_the_quantizer():
    fmt, law = Format(5, 2), Signal.gaussian()
    found = sqnr_dot_quantized(1, fmt, law, Format(4, 2), Signal.from_samples([1.0, -1.0]), rounding="FLOOR")
    assert found == pytest.approx(sqnr_quantizer(fmt, law, rounding="FLOOR"), abs=1e-11)


def test_published_case_of_relu_data():
    # the closed form says 27.88 dB; 27.82 was measured
    assert round(float(sqnr_dot_quantized(64, *CLIPPED)), 2) == 27.84


def test_closed_form_is_approached_as_bits_grow():
    x, w = Signal.uniform(0, 1), Signal.uniform(-1, 1)
    gaps = [
        float(sqnr_dot_quantized(4, Format(b, b, signed=False), x, Format(b, b - 1), w))
        - float(sqnr_dot_inputs(b, b, x.par_db, w.par_db))
        for b in (6, 9, 12)
    ]
    assert abs(gaps[0]) > abs(gaps[1]) > abs(gaps[2])
    assert abs(gaps[2]) < 0.01


def test_length_does_not_enter_where_the_products_have_no_mean():
    # a symmetric quantiser: two's complement clips one side of a Gaussian earlier
    assert np.ptp(sqnr_dot_quantized([1, 7, 500], *CLIPPED, overflow="SATURATE_SYMMETRIC")) < 1e-9


def test_rounded_output_joins_the_operands_noise():
    one_sided = Signal.uniform(0, 1), Signal.uniform(-1, 1)
    wide = Format(24, 24, signed=False), one_sided[0], Format(24, 23), one_sided[1]
    output = Format(12, 5)  # [-64, 64): 64 products of [0, 1) and [-1, 1)
    found = sqnr_dot_quantized(64, *wide, output_format=output)
    assert found == pytest.approx(sqnr_dot(12, 64, one_sided[0].par_db, one_sided[1].par_db), abs=1e-3)


def test_floor_of_the_output_adds_amplitudes_with_the_floor_of_the_operands():
    moments = fixed_dot_moments([1.0], [1.0], quantized_moments(Format(8, 7), Signal.uniform(), rounding="FLOOR"))
    both = sqnr_dot_fixed(
        [1.0],
        Format(12, 11),
        Signal.uniform(),
        Format(2, 0),
        rounding="FLOOR",
        output_format=Format(9, 7),
        output_rounding="FLOOR",
    )
    # flooring 11 bits and then to 7 is flooring to 7
    assert both == pytest.approx(float(moments.sqnr_db), abs=2e-3)


def test_output_on_the_grid_of_the_products_adds_nothing():
    assert sqnr_dot_quantized(4, *CLIPPED, output_format=Format(20, 7)) == sqnr_dot_quantized(4, *CLIPPED)


def test_floor_bias_power_is_what_floor_adds():
    weights = np.array([0.75, 0.5, -0.25, 0.5])
    floor, nearest = (
        fixed_dot_moments(weights, weights, quantized_moments(Format(12, 8), Signal.relu_gaussian(), rounding=mode))
        for mode in ("FLOOR", "HALF_EVEN")
    )
    added = floor.error_power - nearest.error_power
    assert added == pytest.approx(float(floor_bias_power(weights, 2**-8, zero_atom=0.5)), rel=2e-3)


def test_power_and_variance_differ_with_the_mean():
    x = Signal.uniform(0, 1)
    taps = np.ones(16)
    args = Format(8, 8, signed=False), x, Format(4, 2)
    # E[y²] = 16/12 + 64, var(y) = 16/12
    gap = sqnr_dot_fixed(taps, *args) - sqnr_dot_fixed(taps, *args, centred=True)
    assert gap == pytest.approx(10 * np.log10(1 + 64 / (16 / 12)), abs=1e-9)
    both = sqnr_dot_quantized([2, 3], *args[:2], *args[:2], centred=True)
    assert np.all(both < sqnr_dot_quantized([2, 3], *args[:2], *args[:2]))


def test_several_outputs_at_once():
    rng = np.random.default_rng(5)
    weights = rng.normal(size=(2, 3, 8))
    found = sqnr_dot_fixed(weights, Format(8, 5), Signal.gaussian(), Format(8, 5), output_format=Format(20, 9))
    assert found.shape == (2, 3)
    one = sqnr_dot_fixed(weights[1, 2], Format(8, 5), Signal.gaussian(), Format(8, 5), output_format=Format(20, 9))
    assert found[1, 2] == pytest.approx(float(one), abs=1e-12)


@given(st.sampled_from(DETERMINISTIC), st.integers(2, 10), st.integers(1, 100))
def test_floor_is_never_better_than_half_even(rounding, word, length):
    operands = Format(word, word - 3), Signal.gaussian(), Format(word, word - 3), Signal.gaussian()
    best = sqnr_dot_quantized(length, *operands)
    if rounding in (Rounding.FLOOR, Rounding.CEIL, Rounding.TOWARD_ZERO):
        assert sqnr_dot_quantized(length, *operands, rounding=rounding) < best
    else:
        assert sqnr_dot_quantized(length, *operands, rounding=rounding) == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("rounding", DETERMINISTIC)
def test_both_functions_round_both_operands_by_one_mode(rounding):
    fmt, taps = Format(5, 3), [0.35, 0.35]
    either = {"rounding": rounding, "w_rounding": rounding}
    given = sqnr_dot_fixed(taps, fmt, Signal.uniform(), fmt, rounding=rounding)
    drawn = sqnr_dot_quantized(2, fmt, Signal.uniform(), fmt, Signal.from_samples(taps), rounding=rounding)
    assert given == sqnr_dot_fixed(taps, fmt, Signal.uniform(), fmt, **either)
    assert given == pytest.approx(float(drawn), abs=1e-9)


def test_the_weights_have_their_own_mode_where_one_is_given():
    fmt, taps = Format(5, 3), [0.35, 0.35]
    apart = sqnr_dot_fixed(taps, fmt, Signal.uniform(), fmt, rounding="FLOOR", w_rounding="HALF_EVEN")
    law = Signal.from_samples(taps)
    drawn = sqnr_dot_quantized(2, fmt, Signal.uniform(), fmt, law, rounding="FLOOR", w_rounding="HALF_EVEN")
    assert apart == pytest.approx(float(drawn), abs=1e-9)
    assert apart != sqnr_dot_fixed(taps, fmt, Signal.uniform(), fmt, rounding="FLOOR")


FMT, NORMAL = Format(4, 2), Signal.gaussian()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: sqnr_dot_fixed([], FMT, NORMAL, FMT), "weights=[] sum to no signal: give each dot product a weight"),
        (lambda: sqnr_dot_fixed([0.0, 0], FMT, NORMAL, FMT), "weights=[0. 0.] sum to no signal: "),
        (lambda: sqnr_dot_fixed([[1.0, 0], [0, 0]], FMT, NORMAL, FMT), "weights=[[1. 0.]\n [0. 0.]] sum to no signal"),
        (
            lambda: sqnr_dot_fixed(0.5, FMT, NORMAL, FMT),
            "weights=0.5 is not an array: give the weights along the last axis, one as [0.5]",
        ),
        (lambda: sqnr_dot_fixed([1, np.nan], FMT, NORMAL, FMT), "weights[1]=nan is not finite: give the weights along"),
        (
            lambda: sqnr_dot_fixed([1.0], FMT, NORMAL, FMT, rounding="STOCHASTIC"),
            "w_rounding=STOCHASTIC, or rounding=STOCHASTIC without w_rounding, has no rounded weights",
        ),
        (
            lambda: sqnr_dot_quantized(1, FMT, NORMAL, Format(40, 2), NORMAL),
            "w_format=sfix40_En2 is not of at most 32 bits",
        ),
    ],
)
def test_weights_that_make_no_sense_are_refused(call, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        call()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: sqnr_dot_quantized(1, FMT, NORMAL, 8, NORMAL), "w_format=8 is not a Format: pass"),
        (lambda: sqnr_dot_quantized(1, FMT, NORMAL, FMT, 8), "w_signal=8 is not a Signal: pass fxp.Signal.gaussian()"),
        (lambda: sqnr_dot_quantized(1, 8, NORMAL, FMT, NORMAL), "x_format=8 is not a Format: pass"),
        (lambda: sqnr_dot_quantized(1, FMT, NORMAL, FMT, NORMAL, centred=1), "centred=1 is not a bool: pass"),
        (lambda: sqnr_dot_fixed([1.0], FMT, FMT, NORMAL), "x_signal=Format(4, 2) is not a Signal: pass"),
        (lambda: sqnr_dot_fixed([1.0], FMT, NORMAL, "8"), "w_format='8' is not a Format: pass"),
        (lambda: sqnr_dot_fixed([1.0], FMT, NORMAL, FMT, centred="no"), "centred='no' is not a bool: pass"),
        (lambda: dot_moments(2, NORMAL, exact(1.0)), f"x={NORMAL!r} is not QuantizedMoments: pass fxp.quantized"),
        (lambda: dot_moments(2, exact(1.0), 1.0), "w=1.0 is not QuantizedMoments: pass fxp.quantized_moments("),
        (lambda: fixed_dot_moments([1.0], [1.0], None), "x=None is not QuantizedMoments: pass fxp.quantized"),
    ],
)
def test_operands_of_another_type_are_refused(call, text):
    with pytest.raises(TypeError, match=f"^{re.escape(text)}"):
        call()


def test_the_weight_that_overflows_is_named():
    with pytest.raises(OverflowError, match=r"^weights\[1\]=9\.0 is outside sfix4_En2"):
        sqnr_dot_fixed([1.0, 9.0], FMT, Signal.uniform(), FMT, overflow="ERROR")


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: sqnr_dot_quantized(0, *CLIPPED), "length=0 is not an integer of at least 1: give the number of"),
        (
            lambda: sqnr_dot_quantized(1, *CLIPPED, output_format=Format(7, 3)),
            "output_format=sfix7_En3 is not wide enough for sums from -15.75 to 15.2578: give more bits before the "
            "point, or clip and measure",
        ),
        (
            lambda: sqnr_dot_quantized(1, *CLIPPED, output_format=Format(12, 6), output_rounding="TOWARD_ZERO"),
            "output_rounding=TOWARD_ZERO has an error that follows the sum's sign: choose another mode",
        ),
        (
            lambda: sqnr_dot_fixed([1.0], Format(4, 2), Signal.gaussian(), Format(4, 2), w_rounding="STOCHASTIC"),
            "w_rounding=STOCHASTIC, or rounding=STOCHASTIC without w_rounding, has no rounded weights to predict for: ",
        ),
        (
            lambda: fixed_dot_moments([1.0, 2.0], [1.0], exact(1.0)),
            "rounded_weights of shape (1,) are not those of shape (2,): pair them",
        ),
        (
            lambda: fixed_dot_moments([np.nan], [1.0], exact(1.0)),
            "weights[0]=nan is not finite: give the weights along",
        ),
        (
            lambda: sqnr_dot_quantized(2, Format(4, 2), Signal(2, 1), Format(4, 2), Signal.gaussian()),
            "law=None is not a law, which this needs: the signal has no law, only peak and rms: ",
        ),
        (
            lambda: sqnr_dot_quantized(2, *CLIPPED, overflow="ERROR"),
            "overflow=ERROR has no SQNR: values are outside ufix6_En4 with probability",
        ),
    ],
)
def test_refusals(call, text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        call()
