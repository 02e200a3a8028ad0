"""Bit-true LMS equals its specification code for code, and refuses what int64 might not hold."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxp import Accumulator, FixedPointLms, Format, Overflow, Rounding, Word, decode, dot, encode
from fxp.fixed_lms.reference import iterate

ROUNDINGS = [mode for mode in Rounding if mode is not Rounding.STOCHASTIC]
OVERFLOWS = [mode for mode in Overflow if mode is not Overflow.ERROR]
SMALL = Format(3, 1)


def words(*, stochastic=False, widest=9):
    fracs, signed = st.integers(-2, 9), st.booleans()
    formats = st.builds(lambda bits, frac, sign: Format(bits, frac, signed=sign), st.integers(1, widest), fracs, signed)
    roundings = st.sampled_from(list(Rounding) if stochastic else ROUNDINGS)
    return st.builds(
        lambda fmt, rounding, overflow: Word(fmt, rounding=rounding, overflow=overflow),
        formats,
        roundings,
        st.sampled_from(OVERFLOWS),
    )


def accumulators():
    return st.builds(
        lambda bits, overflow, every_step, drop, rounding: Accumulator(
            bits, overflow=overflow, every_step=every_step, drop_bits=drop, rounding=rounding
        ),
        st.integers(2, 16),
        st.sampled_from(OVERFLOWS),
        st.booleans(),
        st.integers(0, 6),
        st.sampled_from(ROUNDINGS),
    )


@st.composite
def filters(draw):
    return FixedPointLms(
        draw(st.integers(1, 4)),
        draw(words()).format,
        draw(words()).format,
        draw(words(stochastic=True)),
        draw(st.integers(-2, 9)),
        step_code=draw(st.integers(1, 9)),
        factor=draw(st.sampled_from((1, 2))),
        sign=draw(st.sampled_from((1, -1))),
        delay=draw(st.integers(0, 4)),
        output=draw(st.none() | words()),
        error=draw(st.none() | words()),
        scaled_error=draw(st.none() | words()),
        accumulator=draw(st.none() | accumulators()),
    )


def of_format(rng, fmt, shape):
    return rng.integers(fmt.min_code, fmt.max_code + 1, shape)


def assert_as_specified(lms, x, d, start, result, draws=None):
    """Compare with the specification one run at a time."""
    names = ("accumulator", "output", "error", "scaled_error")
    for run in range(len(d)):
        done = iterate(
            lms, x[run].tolist(), d[run].tolist(), start[run].tolist(), None if draws is None else draws[:, run]
        )
        errors = [int(code) * Fraction(lms.error_step) for code in result.errors[run]]
        assert errors == [iteration.error for iteration in done]
        assert result.kept_weights[run].tolist() == [list(iteration.weights) for iteration in done]
        assert result.weights[run].tolist() == list(done[-1].weights)
        for column, name in enumerate(names):
            assert result.overflows[name][run] == sum(iteration.outside[column] for iteration in done)
        assert result.overflows["weights"][run] == sum(iteration.weights_outside for iteration in done)
        assert result.stalled[run] == sum(iteration.stalled for iteration in done)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_every_code_of_small_words(rounding):
    codes = np.array(list(product(range(-4, 4), repeat=3)))
    for overflow in OVERFLOWS:
        word = Word(SMALL, rounding=rounding, overflow=overflow)
        lms = FixedPointLms(1, SMALL, SMALL, word, 1, step_code=3, output=word, error=word, scaled_error=word)
        x, d, start = codes[:, :1, None], codes[:, 1:2], codes[:, 2:]
        assert_as_specified(lms, x, d, start, lms.run(x, d, initial_weights=start, weights_every=1))


@settings(max_examples=300)
@given(filters(), st.integers(0, 2**32))
def test_any_words_equal_the_specification(lms, seed):
    rng = np.random.default_rng(seed)
    runs, iterations = 2, 7
    x = of_format(rng, lms.data, (runs, iterations, lms.taps))
    d = of_format(rng, lms.desired, (runs, iterations))
    start = of_format(rng, lms.weight_word.format, (runs, lms.taps))
    result = lms.run(x, d, initial_weights=start, weights_every=1, rng=np.random.default_rng(seed))
    draws = np.random.default_rng(seed).random((iterations, runs, lms.taps))
    assert_as_specified(lms, x, d, start, result, draws)


@given(filters(), st.integers(0, 2**32))
def test_a_series_is_a_delay_line(lms, seed):
    rng = np.random.default_rng(seed)
    series = of_format(rng, lms.data, (3, 9 + lms.taps - 1))
    d = of_format(rng, lms.desired, (3, 9))
    lines = np.lib.stride_tricks.sliding_window_view(series, lms.taps, axis=1)[..., ::-1]
    by_series, by_lines = (lms.run(x, d, rng=np.random.default_rng(seed)) for x in (series, lines))
    assert np.array_equal(by_series.errors, by_lines.errors)
    assert np.array_equal(by_series.weights, by_lines.weights)


def test_a_predictor_sees_the_samples_before():
    word = Format(8, 6)
    series = of_format(np.random.default_rng(1), word, (2, 40))
    lms = FixedPointLms(3, word, word, Format(12, 10), 4, delay=2)
    lines = np.lib.stride_tricks.sliding_window_view(series[:, :-1], 3, axis=1)[..., ::-1]
    assert lines[0, 0].tolist() == series[0, 2::-1].tolist()
    assert np.array_equal(lms.predict(series).errors, lms.run(lines, series[:, 3:]).errors)


@given(st.integers(0, 2**32), accumulators())
def test_the_output_is_that_of_dot(seed, accumulator):
    rng, fmt = np.random.default_rng(seed), Format(6, 3)
    lms = FixedPointLms(5, fmt, fmt, fmt, 3, accumulator=accumulator)
    x, w = of_format(rng, fmt, (20, 5)), of_format(rng, fmt, 5)
    sums = dot(x, w, accumulator=accumulator, prefixes=True)
    result = lms.run(x[:, None], np.zeros((20, 1), int), initial_weights=w)
    assert np.array_equal(result.errors[:, 0] * lms.error_step, sums.codes * -(2.0 ** (accumulator.drop_bits - 6)))
    assert result.overflows["accumulator"].sum() == (sums.overflowed if accumulator.every_step else sums.persistent)


def test_wide_words_equal_float64():
    rng, fine = np.random.default_rng(2), Format(20, 18)
    x, d = rng.uniform(-1, 1, (4, 50, 3)), rng.uniform(-1, 1, (4, 50))
    lms = FixedPointLms(3, fine, fine, Format(40, 37), 3, error=Format(22, 19), delay=1)
    codes, desired = encode(x, fine), encode(d, fine)
    result = lms.run(codes, desired)
    w = np.zeros((4, 3))
    errors, data = np.zeros((4, 51)), np.concatenate([np.zeros((4, 1, 3)), decode(codes, fine)], axis=1)
    for n, (row, wanted) in enumerate(zip(decode(codes, fine).swapaxes(0, 1), decode(desired, fine).T, strict=True)):
        errors[:, n + 1] = wanted - (w * row).sum(axis=1)
        w += errors[:, n, None] * data[:, n] / 8
    assert np.allclose(result.errors * lms.error_step, errors[:, 1:], atol=2.0**-17)


def test_many_runs_are_the_runs_one_by_one():
    rng, fmt = np.random.default_rng(3), Format(8, 6)
    series = of_format(rng, fmt, (2, 30, 300))
    lms = FixedPointLms(4, fmt, fmt, Format(12, 10), 4, delay=3, output=fmt, error=fmt)
    together = lms.predict(series, weights_every=100)
    assert together.errors.shape == (2, 30, 296)
    assert together.kept_weights.shape == (2, 30, 2, 4)
    for place in np.ndindex(2, 30):
        alone = lms.predict(series[place], weights_every=100)
        assert np.array_equal(together.errors[place], alone.errors)
        assert np.array_equal(together.kept_weights[place], alone.kept_weights)
        assert together.stalled[place] == alone.stalled


def test_draws_do_not_depend_on_the_parts_that_they_are_made_in(monkeypatch):
    fmt = Format(8, 6)
    lms = FixedPointLms(2, fmt, fmt, Word(Format(12, 10), rounding="STOCHASTIC"), 4, delay=3)
    series = of_format(np.random.default_rng(4), fmt, (5, 40))
    whole = lms.predict(series, rng=np.random.default_rng(5))
    monkeypatch.setattr("fxp.fixed_lms.filters.DRAWS_AT_ONCE", 70)
    parts = lms.predict(series, rng=np.random.default_rng(5))
    assert np.array_equal(whole.errors, parts.errors)


def test_a_diverging_filter_ends_at_the_limits_or_wraps():
    fmt = Format(8, 6)
    series = np.resize([100, -90, 127], 400)
    for overflow in OVERFLOWS:
        lms = FixedPointLms(2, fmt, fmt, Word(Format(8, 4), overflow=overflow), -4)
        result = lms.predict(series, weights_every=1)
        assert result.overflows["weights"] > 0
        assert np.abs(result.kept_weights).max() <= 128


@pytest.mark.parametrize("name", ["output", "error", "scaled_error", "weights"])
def test_a_word_that_must_not_overflow_is_named(name):
    fmt, narrow = Format(8, 6), Word(Format(3, 6), overflow="ERROR")
    lms = FixedPointLms(1, fmt, fmt, **{"weights": Format(16, 8), "step_shift": 0, name: narrow})
    with pytest.raises(OverflowError, match=rf"{name}=sfix3_En6, HALF_EVEN, ERROR was left \d+ times"):
        lms.predict([100, 100, 100, -100, 100])


def test_an_accumulator_that_must_not_overflow_is_named():
    lms = FixedPointLms(1, Format(8, 6), Format(8, 6), Format(16, 8), 0, accumulator=Accumulator(4, overflow="ERROR"))
    with pytest.raises(OverflowError, match=r"accumulator=Accumulator\(word_bits=4.* was left \d+ times"):
        lms.predict([100, 100, 100, -100, 100])


def refused(**changed):
    usual = {"taps": 3, "data": Format(8, 6), "desired": Format(8, 6), "weights": Format(12, 10), "step_shift": 4}
    return lambda: FixedPointLms(**(usual | changed))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (refused(taps=0), r"taps=0 is not at least 1"),
        (refused(delay=-1), r"delay=-1 is not at least 0"),
        (refused(step_code=0), r"step_code=0 is not at least 1"),
        (refused(step_shift=1101), r"step_shift=1101 is not between -1100 and 1100"),
        (refused(factor=3), r"factor=3 is not one of \(1, 2\)"),
        (refused(sign=0), r"sign=0 is not one of \(1, -1\)"),
        (refused(error=Word(Format(8, 6), rounding="STOCHASTIC")), r"error=.* rounds STOCHASTIC: only"),
        (refused(accumulator=Accumulator(8, tile=2, outer_bits=9)), r"tile=2 has two registers"),
        (refused(data=Format(64, 60)), r"product may need 75 bits and a sign"),
        (refused(weights=Format(50, 48), data=Format(14, 12)), r"sum of products may need 64 bits"),
        (refused(output=Format(8, 60)), r"output may need 64 bits"),
        (refused(desired=Format(30, -20)), r"desired less output may need 66 bits"),
        (refused(error=Format(20, 62)), r"error may need 66 bits"),
        (refused(step_code=2**50), r"error times step may need 70 bits"),
        (refused(scaled_error=Format(30, 70)), r"error times step may need"),
        (refused(step_shift=40), r"updated weight may need 64 bits"),
    ],
)
def test_what_int64_may_not_hold_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (refused(taps=2.0), r"taps=2.0 is not an integer"),
        (refused(factor=2.0), r"factor=2.0 is not an integer"),
        (refused(sign=-1.0), r"sign=-1.0 is not an integer"),
        (refused(sign=True), r"sign=True is not an integer"),
        (refused(weights=12), r"weights=12 is not a Word"),
        (refused(data=12), r"data=12 is not a Format"),
        (refused(accumulator=12), r"accumulator=12 is not an Accumulator"),
    ],
)
def test_arguments_of_another_kind_are_refused(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_codes_that_do_not_match_are_refused():
    lms = refused()()
    with pytest.raises(ValueError, match=r"x_codes.shape=\(4, 2\), d_codes.shape=\(4,\) do not match: with 3 taps"):
        lms.run(np.zeros((4, 2), int), np.zeros(4, int))
    with pytest.raises(ValueError, match=r"d_codes.shape=\(\) do not match"):
        lms.run(0, 0)
    with pytest.raises(ValueError, match=r"initial_weights of shape \(2,\) are not of shape \(3,\) or \(3,\)"):
        lms.run(np.zeros((4, 3), int), np.zeros(4, int), initial_weights=[0, 0])
    with pytest.raises(ValueError, match=r"x_codes\[0, 1\]=200 is not between -128 and 127"):
        lms.run([[0, 200, 0]], [0])
    with pytest.raises(ValueError, match=r"codes of shape \(3,\) are not more than 3 samples"):
        lms.predict([1, 2, 3])
    with pytest.raises(ValueError, match=r"are not one format"):
        refused(desired=Format(9, 7))().predict([1, 2, 3, 4])
    with pytest.raises(ValueError, match=r"weights_every=0 is not at least 1"):
        lms.predict([1, 2, 3, 4], weights_every=0)
    with pytest.raises(ValueError, match=r"rng=None is not a numpy.random.Generator"):
        refused(weights=Word(Format(12, 10), rounding="STOCHASTIC"))().predict([1, 2, 3, 4])
    with pytest.raises(TypeError, match=r"x_codes of dtype float64 are not integers"):
        lms.run(np.zeros((4, 3)), np.zeros(4, int))


def test_the_widest_words_that_are_let_through_do_not_leave_int64():
    """All values at their ends: the exact sum, error, step and update are as long as they may be."""
    data, weights = Format(13, 0), Format(48, 0)
    lms = FixedPointLms(3, data, Format(62, 0), weights, 0, scaled_error=Format(49, 0, signed=True))
    x, d = np.full((1, 2, 3), data.min_code), np.full((1, 2), 2**61 - 1)
    start = np.full((1, 3), weights.max_code)
    assert_as_specified(lms, x, d, start, lms.run(x, d, initial_weights=start, weights_every=1))
