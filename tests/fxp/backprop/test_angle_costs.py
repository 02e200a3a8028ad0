"""The system that learns an angle: closed forms against quadrature and differences, symmetries, minima, refusals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

import fxp

PUBLISHED = np.array([0.9547247, -0.8316406, 0.7071791])
weight = st.floats(-3, 3)
weights = st.tuples(weight, weight, weight)


def by_quadrature(w):
    def squared_error(theta):
        output = math.log1p((w[2] * (w[0] * math.cos(theta) + w[1] * math.sin(theta)) ** 2) ** 2)
        return (theta - output) ** 2 / (2 * math.pi)

    return quad(squared_error, -math.pi, math.pi, epsabs=1e-11, epsrel=1e-11, limit=400)[0]


def differences(function, w, step=1e-5):
    moved = step * np.eye(3)
    return np.stack([(function(w + by) - function(w - by)) / (2 * step) for by in moved], axis=-1)


def test_the_published_point():
    assert fxp.angle_cost(PUBLISHED) == pytest.approx(3.0629215, abs=5e-8)
    assert fxp.angle_gradient(PUBLISHED)[0] == pytest.approx(0.0081538, abs=5e-8)
    hessian = fxp.angle_hessian(PUBLISHED)
    assert hessian[0, 0] == pytest.approx(2.11537, abs=5e-6)
    assert np.linalg.eigvalsh(hessian) == pytest.approx([-0.0078, 1.265, 4.434], abs=5e-4)


@given(weights)
def test_the_cost_is_the_integral(w):
    assert fxp.angle_cost(w) == pytest.approx(by_quadrature(w), rel=1e-9)


def test_the_cost_at_large_and_small_scales():
    for scale in (1e-9, 1e-6, 1e-3, 1e2, 1e4):
        w = np.array([0.6, -0.8, scale])
        assert fxp.angle_cost(w) == pytest.approx(by_quadrature(w), rel=1e-8)


@given(weights)
def test_slopes_are_differences(w):
    w = np.array(w)
    hessian = fxp.angle_hessian(w)
    size = 1 + np.max(np.abs(hessian))
    assert differences(fxp.angle_cost, w) == pytest.approx(fxp.angle_gradient(w), abs=1e-7 * size)
    # third derivatives grow where the first weights are small and the third is large
    if np.hypot(w[0], w[1]) > 0.1:
        assert differences(fxp.angle_gradient, w) == pytest.approx(hessian, abs=1e-5 * size)


def test_both_branches_agree_where_they_meet():
    for third in (0.99e-5, 1.01e-5):
        w = np.array([0.6, -0.8, third])
        form = fxp.angle_hessian(w)[2, 2]
        assert form == pytest.approx(-2 * 0.48 * (5 * 0.36 + 3 * 0.64) / 4, rel=1e-8)
        assert fxp.angle_gradient(w)[2] == pytest.approx(third * form, rel=1e-8)


@given(weights, st.floats(0.25, 4))
def test_symmetries(w, factor):
    w1, w2, w3 = w
    same = [(w1, w2, -w3), (-w1, -w2, w3), (factor * w1, factor * w2, w3 / factor**2)]
    assert fxp.angle_cost(same) == pytest.approx(fxp.angle_cost(w), rel=1e-12)


@given(weights)
def test_no_weights_are_better_than_the_minimum(w):
    assert fxp.angle_cost(w) >= fxp.angle_minimum().cost - 1e-12


@pytest.mark.parametrize("signs", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("radius", [0.3, 1.0, 4.0])
def test_the_minimum_is_one(signs, radius):
    best = fxp.angle_minimum()
    w = best.weights(radius, flipped=signs[0], negative=signs[1])
    assert fxp.angle_cost(w) == pytest.approx(best.cost, rel=1e-14)
    assert best.cost == pytest.approx(3.0629057, abs=5e-8)
    curvatures = np.linalg.eigvalsh(fxp.angle_hessian(w))
    assert np.abs(fxp.angle_gradient(w)).max() < 1e-13 * curvatures[-1] + 1e-13
    assert abs(curvatures[0]) < 1e-12 * curvatures[-1]
    assert curvatures[1] > 0


def test_the_valley_has_one_minimum_on_a_scan():
    scales = np.geomspace(1e-3, 1e3, 2000)
    angles = np.array([fxp.best_angle(scale) for scale in scales])
    costs = fxp.angle_cost(np.stack([np.cos(angles), np.sin(angles), scales], axis=-1))
    assert np.count_nonzero(np.diff(np.sign(np.diff(costs)))) == 1
    assert costs.min() >= fxp.angle_minimum().cost


@given(st.floats(0.2, 1.5), st.floats(0.2, 1.5))
def test_a_continuum_of_local_minima(w1, w2):
    here = fxp.angle_cost([w1, w2, 0.0])
    assert here == pytest.approx(math.pi**2 / 3, rel=1e-15)
    assert fxp.angle_gradient([w1, w2, 0.0]) == pytest.approx(np.zeros(3), abs=0)
    around = np.random.default_rng(0).normal(size=(200, 3)) * 0.01 + [w1, w2, 0.0]
    assert (fxp.angle_cost(around) >= here).all()
    assert fxp.angle_cost([w1, -w2, 0.01]) < here


def test_the_expansion_is_of_fourth_order():
    steps = np.array([0.04, 0.02, 0.01])
    w = np.stack([np.full(3, 0.8), np.full(3, 0.5), steps], axis=-1)
    errors = np.abs(fxp.angle_cost(w) - fxp.collapsed_angle_cost(w))
    assert np.log2(errors[:-1] / errors[1:]) == pytest.approx([4, 4], abs=0.1)


@pytest.mark.parametrize("function", [fxp.angle_cost, fxp.angle_gradient, fxp.angle_hessian, fxp.collapsed_angle_cost])
def test_shapes_and_refusals(function):
    many = np.random.default_rng(0).uniform(-1, 1, (2, 4, 3))
    assert np.allclose(function(many)[1, 2], function(many[1, 2]), rtol=1e-14, atol=1e-15)
    assert np.isfinite(function([0.0, 0.0, 0.0])).all()
    for wrong, message in (
        ([1.0, 2.0], "not w1, w2, w3 along the last axis"),
        (1.0, "not w1, w2, w3 along the last axis"),
        ([1.0, 2.0, np.nan], "weights"),
        ([1e6, 0.0, 2.0], r"= 2e\+12 are beyond 1e\+12"),
        ([1e300, 0.0, 2.0], "are beyond"),
    ):
        with pytest.raises(ValueError, match=message):
            function(wrong)


def test_minima_refuse():
    with pytest.raises(ValueError, match="radius=0.0 is not finite and positive"):
        fxp.angle_minimum().weights(0)
    with pytest.raises(ValueError, match="scale=0.0 is not between"):
        fxp.best_angle(0)
