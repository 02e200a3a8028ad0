"""Tails from cumulants against exact laws: the Gaussian, sums of many terms counted out, constants."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fxp.overflow.saddlepoint import Cumulants, cumulants, gaussian_overflow, saddlepoint_overflow

bits = st.floats(2, 20)


@given(bits, st.floats(-500, 500), st.floats(1, 1e5))
def test_a_gaussian_is_exact(width, mean, variance):
    law, top = stats.norm(mean, variance**0.5), 2 ** (width - 1)
    expected = law.sf(top - 0.5) + law.cdf(-top - 0.5)
    found = saddlepoint_overflow(width, Cumulants(mean, variance, 0.0, 0.0))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-300)


def binomial_sums(count: int, p: float) -> tuple[Cumulants, stats.rv_discrete]:
    """Cumulants of the sum of `count` codes that are 8 with probability p, else 0, by enumeration of one."""
    code = np.array([0.0, 8.0])
    chance = np.array([1 - p, p])
    mean = chance @ code
    second, third, fourth = (chance @ (code - mean) ** power for power in (2, 3, 4))
    return Cumulants(count * mean, count * second, count * third, count * (fourth - 3 * second**2)), stats.binom(
        count, p
    )


@pytest.mark.parametrize(("count", "p"), [(200, 0.3), (400, 0.1), (100, 0.5)])
def test_sums_of_many_terms_are_close(count, p):
    one, law = binomial_sums(count, p)
    lattice = Cumulants(one.mean / 8, one.variance / 8**2, one.third / 8**3, one.fourth / 8**4)
    for top in law.isf([1e-1, 1e-2, 1e-3, 1e-4]):
        found = saddlepoint_overflow(1 + np.log2(top), lattice)
        assert found == pytest.approx(law.sf(top - 1), rel=0.06)


def test_cumulants_of_a_sum_add_up():
    one, _ = binomial_sums(1, 0.2)
    five, _ = binomial_sums(5, 0.2)
    total = one + one + one + one + one
    for name in ("mean", "variance", "third", "fourth"):
        assert getattr(total, name) == pytest.approx(getattr(five, name))


def test_cumulants_from_power_sums_are_those_of_the_codes():
    codes = np.random.default_rng(0).integers(-50, 80, (3, 500))
    found = cumulants(np.stack([(codes**power).sum(axis=1) for power in (1, 2, 3, 4)], axis=1), 500)
    assert found.third == pytest.approx([stats.skew(row) * row.std() ** 3 for row in codes], rel=1e-9)
    assert found.fourth == pytest.approx([stats.kurtosis(row) * row.var() ** 2 for row in codes], rel=1e-9)


@given(bits, st.floats(-100, 100), st.floats(1, 100), st.floats(-3, 3), st.floats(-2, 8))
def test_a_probability_whatever_the_cumulants(width, mean, deviation, skewness, excess):
    law = Cumulants(mean, deviation**2, skewness * deviation**3, excess * deviation**4)
    assert 0 <= saddlepoint_overflow(width, law) <= 2
    assert saddlepoint_overflow(width, law) == pytest.approx(
        saddlepoint_overflow(width, Cumulants(-mean - 1, deviation**2, -skewness * deviation**3, excess * deviation**4))
    )


def test_channels_are_averaged_and_constants_overflow_or_not():
    law = Cumulants([127.0, 128.0, -129.0, -128.0], 0.0, 0.0, 0.0)
    assert saddlepoint_overflow(8, law) == 0.5


def test_a_bounded_tail_ends():
    law = Cumulants(0.0, 100.0**2, 0.0, -1.2 * 100.0**4)  # of a uniform law, which ends at 173
    assert saddlepoint_overflow(10, law) == 0
    assert gaussian_overflow(10, law) > 1e-7


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: saddlepoint_overflow(1, Cumulants(0, 1, 0, 0)), ValueError, "bits=1.* is not between 2 and 63"),
        (lambda: saddlepoint_overflow([8, 64], Cumulants(0, 1, 0, 0)), ValueError, r"bits\[1\]=64.* is not between"),
        (lambda: saddlepoint_overflow(8, (0, 1, 0, 0)), TypeError, "holds no cumulants: pass fxp.Cumulants"),
        (lambda: gaussian_overflow(8, None), TypeError, "law=None holds no cumulants"),
        (lambda: Cumulants(0, -1, 0, 0), ValueError, "variance=-1.0 is not finite and at least 0"),
        (lambda: Cumulants(0, 1, np.nan, 0), ValueError, "third=nan is not finite: give cumulants that some law has"),
        (lambda: Cumulants([0, 1], [1, 1, 1], 0, 0), ValueError, "shapes do not broadcast"),
        (lambda: cumulants([1, 2, 3, 4], 5), ValueError, r"power_sums.shape=\(4,\) is not \(channels, 4\)"),
        (lambda: cumulants([[1, 2, 3, 4]], 0), ValueError, "count=0 is not an integer of at least 1"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
