"""Each tier gives its own limit and misadjustment, and names itself."""

import numpy as np
import pytest

import fxp
from fxp import Process, Signal, Tier, lms_misadjustment, step_limit

PROCESS = Process((0.1, 0.5, -0.5, 0.1))
MATRIX = PROCESS.correlation_matrix(3)


@pytest.mark.parametrize("factor", [1, 2])
def test_limits_are_those_of_the_tier(factor):
    options = {"delay": 5, "factor": factor}
    expected = {
        "small_step": float(fxp.small_step_limit(MATRIX, **options)),
        "gaussian": float(fxp.mean_square_step_limit(MATRIX, **options)),
        "operator": fxp.moment_operator(PROCESS, 3, delay=5).step_limit(factor=factor),
    }
    for tier, limit in expected.items():
        found = step_limit(PROCESS, 3, tier=tier, **options)
        assert found.step_size == limit
        assert found.tier is Tier(tier)
    assert len({tier.assumption for tier in Tier}) == len(expected)


def test_misadjustments_of_small_steps():
    small, gaussian, exact = (lms_misadjustment(PROCESS, 3, 1e-4, delay=5, tier=tier).ratio for tier in Tier)
    assert gaussian == pytest.approx(small, rel=1e-3)
    # the error of the optimal predictor is not white: that alone takes 3.4 % off, however small the step
    assert exact == pytest.approx(0.966 * small, rel=1e-3)


def test_steps_outside_of_a_tier_are_refused_or_warned_of():
    for tier in Tier:
        limit = step_limit(PROCESS, 3, delay=5, tier=tier).step_size
        with pytest.raises(ValueError, match="step_size=.* is not below"):
            lms_misadjustment(PROCESS, 3, 1.01 * limit, delay=5, tier=tier)
        with pytest.warns(RuntimeWarning, match="is not below"):
            found = lms_misadjustment(PROCESS, 3, 1.01 * limit, delay=5, tier=tier, outside="warn")
        assert found.ratio == np.inf


def test_autoregressive_input_has_the_tiers_of_independent_regressors_alone():
    process = Process([1.0], autoregressive=[0.5])
    assert step_limit(process, 2, tier="gaussian").step_size > 0
    with pytest.raises(ValueError, match="autoregressive"):
        step_limit(process, 2)


def test_other_tiers_are_refused():
    with pytest.raises(ValueError, match="tier='exact' is not one of small_step, gaussian, operator"):
        step_limit(PROCESS, 3, tier="exact")
    with pytest.raises(ValueError, match="tier='exact'"):
        lms_misadjustment(PROCESS, 3, 0.1, tier="exact")
    with pytest.raises(ValueError, match="delay"):
        step_limit(PROCESS, 3, delay=1.5, tier="gaussian")


@pytest.mark.parametrize("tier", Tier)
def test_arguments_of_another_kind_are_named_by_every_tier(tier):
    with pytest.raises(TypeError, match=r"process=\[1.0\] is not a Process"):
        step_limit([1.0], 3, tier=tier)
    with pytest.raises(TypeError, match=r"process=\[1.0\] is not a Process"):
        lms_misadjustment([1.0], 3, 0.1, tier=tier)
    with pytest.raises(ValueError, match=r"delay of shape \(2,\) is not one number"):
        lms_misadjustment(PROCESS, 3, 0.01, delay=[1, 2], tier=tier)
    with pytest.raises(ValueError, match="outside='ignore' is not one of raise, warn"):
        lms_misadjustment(PROCESS, 3, 0.01, delay=5, tier=tier, outside="ignore")


def test_signs_have_a_wider_limit_than_gaussian_draws():
    signs = Process(PROCESS.moving_average, drive=Signal.from_samples([-1, 1]))
    assert fxp.moment_operator(PROCESS, 3).spectral_radius(step_limit(signs, 3).step_size / 2) > 1
