import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from fxp import Signal
from fxp.densities import central_range, companded, density, differential_entropy, is_log_concave, nodes_between

LAWS = {
    "norm": stats.norm(0.3, 2),
    "laplace": stats.laplace(0, 0.5),
    "gamma": stats.gamma(3),
    "uniform": stats.uniform(2, 3),
    "beta": stats.beta(2, 5),
    "t": stats.t(5),
}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_entropies_are_those_of_scipy(law):
    assert_allclose(differential_entropy(Signal.from_law(law)), float(law.entropy()) / math.log(2), atol=1e-6)


def test_entropies_with_closed_forms():
    assert_allclose(differential_entropy(Signal.gaussian(3.0)), math.log2(18 * math.pi * math.e) / 2, rtol=1e-9)
    assert_allclose(differential_entropy(Signal.laplace(3.0)), math.log2(3 * math.sqrt(2) * math.e), rtol=1e-9)
    assert_allclose(differential_entropy(Signal.sinusoid(3.0)), math.log2(1.5 * math.pi), atol=1e-6)
    half = Signal.relu_gaussian()
    assert_allclose(differential_entropy(half), math.log2(2 * math.pi * math.e) / 2 - 1, rtol=1e-9)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_densities_are_those_of_scipy(law):
    x = law.ppf(np.linspace(0.001, 0.999, 101))
    assert_allclose(density(Signal.from_law(law).law, x), law.pdf(x), rtol=1e-9)


def test_the_density_of_a_sine_has_its_closed_form():
    x = np.linspace(-0.999, 0.999, 101)
    assert_allclose(density(Signal.sinusoid().law, x), 1 / (math.pi * np.sqrt(1 - x**2)), rtol=1e-8)


def test_log_concave_laws_are_told_from_others():
    concave = {name: is_log_concave(Signal.from_law(law).law) for name, law in LAWS.items()}
    assert concave == {"norm": True, "laplace": True, "gamma": True, "uniform": True, "beta": True, "t": False}
    assert not is_log_concave(Signal.from_law(stats.gamma(0.5)).law)


@pytest.mark.parametrize("tail", [1e-3, 1e-9])
def test_the_central_range_leaves_out_the_tails(tail):
    low, high = central_range(Signal.gaussian().law, tail)
    assert stats.norm.cdf(low) <= tail < stats.norm.cdf(low + 0.1)
    assert stats.norm.sf(high) <= tail < stats.norm.sf(high - 0.1)


def test_companded_values_have_the_cube_root_density():
    count = 64
    expected = math.sqrt(3) * stats.norm.ppf((np.arange(count) + 0.5) / count)
    assert_allclose(companded(Signal.gaussian().law, count), expected, atol=0.01)


def test_few_points_a_cell_integrate_like_many():
    signal = Signal.relu_gaussian()
    edges = np.linspace(-0.5, 4, 9000)
    points, weights = nodes_between(signal, edges)
    assert points.size < signal.nodes(edges)[0].size / 3
    assert_allclose(weights @ points**2, signal.rms**2, rtol=1e-9)
    samples = Signal.from_samples([1.0, 2.0])
    assert_allclose(nodes_between(samples, edges)[0], samples.nodes()[0])
