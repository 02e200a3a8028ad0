"""Mean and variance of the rounding error against every code there is, in exact fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp.formats import Format, Rounding
from fxp.quantization import cast
from fxp.reference import shift_round
from fxp.roundoff import RoundingError, rounding_error

WIDE = Format(40, 0)
DETERMINISTIC = [mode for mode in Rounding if mode is not Rounding.STOCHASTIC]
BALANCED = [mode for mode in Rounding if mode.name not in ("FLOOR", "CEIL", "HALF_UP", "HALF_DOWN")]
NEAREST = [mode for mode in Rounding if mode.name.startswith("HALF")]
bits = st.integers(0, 2000)
modes = st.sampled_from(Rounding)


def exact_moments(errors, dropped_bits):
    """Mean and variance of errors given in steps of the source."""
    mean = Fraction(int(errors.sum()), errors.size * 2**dropped_bits)
    square = Fraction(int((errors**2).sum()), errors.size * 4**dropped_bits)
    return RoundingError(float(mean), float(square - mean**2))


@pytest.mark.parametrize("dropped_bits", range(13))
@pytest.mark.parametrize("mode", DETERMINISTIC)
def test_all_codes_of_a_word_have_these_moments(mode, dropped_bits):
    source = Format(3 + dropped_bits, dropped_bits)
    codes = np.arange(source.min_code, source.max_code + 1)
    errors = cast(codes, source, WIDE, rounding=mode) * 2**dropped_bits - codes
    assert rounding_error(mode, dropped_bits=dropped_bits) == exact_moments(errors, dropped_bits)


@pytest.mark.parametrize("dropped_bits", range(7))
def test_all_codes_and_draws_of_stochastic_rounding_have_these_moments(dropped_bits):
    scale = 2**dropped_bits
    draws = [Fraction(draw, scale) for draw in range(scale)]
    rounded = [[shift_round(code, dropped_bits, "STOCHASTIC", u) for u in draws] for code in range(-scale, scale)]
    errors = np.array(rounded) * scale - np.arange(-scale, scale)[:, None]
    assert rounding_error("STOCHASTIC", dropped_bits=dropped_bits) == exact_moments(errors, dropped_bits)


@pytest.mark.parametrize(
    ("signed", "plain"), [("HALF_AWAY", "HALF_UP"), ("HALF_TOWARD_ZERO", "HALF_DOWN"), ("TOWARD_ZERO", "FLOOR")]
)
def test_data_of_one_sign_have_the_moments_of_the_plain_mode(signed, plain):
    """What the docstring says of data that are never negative."""
    source = Format(8, 4, signed=False)
    codes = np.arange(source.max_code + 1)
    errors = cast(codes, source, WIDE, rounding=signed) * 16 - codes
    assert exact_moments(errors, 4) == rounding_error(plain, dropped_bits=4)


@pytest.mark.parametrize("mode", DETERMINISTIC)
def test_continuous_input_is_the_limit_of_fine_codes(mode):
    source = Format(13, 11)
    codes = np.arange(source.min_code, source.max_code + 1)
    enumerated = exact_moments(cast(codes, source, WIDE, rounding=mode) * 2**11 - codes, 11)
    limit = rounding_error(mode)
    assert enumerated.mean == pytest.approx(limit.mean, abs=2.0**-12)
    assert enumerated.variance == pytest.approx(limit.variance, abs=2.0**-12)


def test_powers_of_continuous_input():
    twelfths = {mode.name: round(12 * rounding_error(mode).power, 12) for mode in Rounding}
    nearest = {mode.name: 1.0 for mode in NEAREST}
    assert twelfths == {**nearest, "FLOOR": 4.0, "CEIL": 4.0, "TOWARD_ZERO": 4.0, "STOCHASTIC": 2.0}


@given(modes)
def test_without_dropped_bits_there_is_no_error(mode):
    assert rounding_error(mode, dropped_bits=0) == RoundingError(0.0, 0.0)


@given(modes, st.integers(60, 10**6))
def test_many_bits_are_as_good_as_continuous_input(mode, dropped_bits):
    fine, limit = rounding_error(mode, dropped_bits=dropped_bits), rounding_error(mode)
    assert fine.variance == limit.variance
    assert fine.mean == pytest.approx(limit.mean, rel=0, abs=2.0 ** -min(dropped_bits, 1000))


@given(st.sampled_from(BALANCED), bits)
def test_balanced_modes_have_no_mean(mode, dropped_bits):
    assert rounding_error(mode, dropped_bits=dropped_bits).mean == 0


@pytest.mark.parametrize(("mode", "mirror"), [("FLOOR", "CEIL"), ("HALF_DOWN", "HALF_UP")])
@given(dropped_bits=bits)
def test_mirrored_modes_have_mirrored_errors(mode, mirror, dropped_bits):
    error, mirrored = (rounding_error(each, dropped_bits=dropped_bits) for each in (mode, mirror))
    assert (error.mean, error.variance) == (-mirrored.mean, mirrored.variance)
    assert error.mean <= 0


@given(st.integers(1, 1050))
def test_the_mean_of_half_up_is_exact_to_the_last_power_of_two(dropped_bits):
    assert rounding_error("HALF_UP", dropped_bits=dropped_bits).mean == math.ldexp(1, -dropped_bits - 1)


@given(modes, bits)
def test_no_mode_has_less_power_than_rounding_to_nearest(mode, dropped_bits):
    """However ties go, their error is half a step: all HALF modes have the same power."""
    power, least = (rounding_error(each, dropped_bits=dropped_bits).power for each in (mode, Rounding.HALF_EVEN))
    assert power == pytest.approx(least, rel=1e-15) if mode in NEAREST else power >= least


def test_power_is_mean_square():
    assert RoundingError(mean=-0.5, variance=0.25).power == 0.5


@pytest.mark.parametrize(("name", "alias"), [("FLOOR", "trn"), ("HALF_EVEN", "RND_CONV"), ("HALF_AWAY", "RND_INF")])
def test_modes_are_taken_by_either_name(name, alias):
    assert rounding_error(alias, dropped_bits=3) == rounding_error(Rounding[name], dropped_bits=3)


def test_numpy_integers_are_bits():
    assert rounding_error("FLOOR", dropped_bits=np.int8(2)) == rounding_error("FLOOR", dropped_bits=2)


@pytest.mark.parametrize("dropped_bits", [2.0, np.float32(2)])
def test_floats_that_are_whole_are_bits(dropped_bits):
    assert rounding_error("FLOOR", dropped_bits=dropped_bits) == rounding_error("FLOOR", dropped_bits=2)


@pytest.mark.parametrize("dropped_bits", [-1, 2.5, -1.0, float("nan"), float("inf"), True, np.True_, "2", [2]])
def test_what_is_no_number_of_bits_is_refused(dropped_bits):
    with pytest.raises(ValueError, match=r"dropped_bits=.* is not an integer of at least 0: count bits, or None"):
        rounding_error("FLOOR", dropped_bits=dropped_bits)


def test_unknown_modes_are_refused():
    with pytest.raises(ValueError, match=r"rounding='NEAREST' is not a mode of rounding: choose one of FLOOR=TRN"):
        rounding_error("NEAREST")
