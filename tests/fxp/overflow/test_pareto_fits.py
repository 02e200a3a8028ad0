"""Fitted tails against another likelihood maximiser and against laws whose excesses are exactly generalised Pareto."""

import numpy as np
import pytest
from scipy import optimize, stats

from fxp.overflow import pareto_fits
from fxp.overflow.pareto_fits import Excesses, exceedance

IMAGES = 50
CENTER = np.zeros(1)


def excesses(shape: float, *, count: int = 1500, seed: int = 0) -> Excesses:
    rng = np.random.default_rng(seed)
    drawn = stats.genpareto(shape, scale=30).rvs((2, count), random_state=rng)
    return Excesses(drawn, rng.integers(0, IMAGES, (2, count)), IMAGES, 1000)


@pytest.mark.parametrize("shape", [-0.4, -0.1, -1e-12, 0.0, 1e-300, 0.15, 0.6])
@pytest.mark.parametrize("excess", [0.0, 1.0, 25.0, 60.0])
def test_exceedance_is_the_survival_of_the_law(shape, excess):
    found = exceedance(np.array(excess), np.array(shape), np.array(30.0))
    assert found == pytest.approx(stats.genpareto(shape, scale=30).sf(excess), rel=1e-12)


@pytest.mark.parametrize("shape", [-0.4, -0.1, 0.02, 0.3])
def test_without_the_pull_the_likelihood_is_greatest_as_another_maximiser_finds(shape, monkeypatch):
    monkeypatch.setattr(pareto_fits, "SHAPE_SPREAD", 1e6)
    sample = excesses(shape)
    fit = sample.fit(np.ones((1, IMAGES)), CENTER)
    for channel, drawn in enumerate(sample.excess):

        def loss(parameters, drawn=drawn):
            return -stats.genpareto(parameters[0], scale=np.exp(parameters[1])).logpdf(drawn).sum()

        best = optimize.minimize(loss, [0.05, np.log(30)], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9})
        found = [fit.shape[0, channel], np.log(fit.scale[0, channel])]
        assert 0 <= loss(found) - best.fun + 1e-6 < 0.02  # of a log-likelihood: far below its own uncertainty of 1


@pytest.mark.parametrize("shape", [-0.4, 0.6])
def test_few_images_pull_the_shape_to_zero(shape):
    sample = excesses(shape)
    fewer = Excesses(sample.excess, sample.owners % 10, 10, 1000)
    much, little = (abs(each.fit(np.ones((1, each.images)), CENTER).shape) for each in (fewer, sample))
    assert (much < little).all()


@pytest.mark.parametrize("center", [-0.3, 0.3])
def test_a_center_pulls_the_shape_to_itself(center):
    sample = excesses(0.0, count=100)
    pulled, held = (sample.fit(np.ones((1, IMAGES)), np.array([each])).shape for each in (center, 0.0))
    assert (np.sign(pulled - held) == np.sign(center)).all()


def test_laws_that_end_are_never_exceeded_beyond_it():
    assert exceedance([59.9, 60.0, 1e300], -0.5, 30.0).tolist() == [pytest.approx((0.1 / 60) ** 2), 0, 0]


def test_weights_repeat_images():
    sample = excesses(0.1, count=600)
    weights = np.random.default_rng(2).integers(0, 3, IMAGES)
    repeated = [
        (np.repeat(y, weights[owner]), np.repeat(owner, weights[owner]))
        for y, owner in zip(sample.excess, sample.owners, strict=True)
    ]
    for channel, (y, owner) in enumerate(repeated):
        alone = Excesses(y[None], owner[None], IMAGES, 1000)
        weighted = sample.fit(weights[None].astype(float), CENTER)
        plain = alone.fit(np.ones((1, IMAGES)), CENTER)
        assert weighted.shape[0, channel] == pytest.approx(plain.shape[0, 0], abs=5e-3)
        assert weighted.share[0, channel] * weights.sum() == pytest.approx(plain.share[0, 0] * IMAGES)


def test_equal_excesses_have_a_fit():
    fit = Excesses(np.full((1, 60), 0.5), np.arange(60)[None] % IMAGES, IMAGES, 1000).fit(np.ones((1, IMAGES)), CENTER)
    assert fit.above(np.array([0.0]))[0, 0] == pytest.approx(60 / (IMAGES * 1000))
    assert fit.above(np.array([1000.0]))[0, 0] < 1e-9
