"""Signals: moments against scipy.stats, quadrature against closed masses, samples against laws, refusals."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import fxp
from fxp.signals import Signal
from tests.statistical import assert_distribution, assert_proportion_equal

LAWS = {
    "uniform": (Signal.uniform(-1.0, 3.0), stats.uniform(-1, 4), 0.0),
    "gaussian": (Signal.gaussian(5.0, mean=3.0), stats.norm(3, 4), 0.0),
    "laplace": (Signal.laplace(2.0), stats.laplace(0, math.sqrt(2)), 0.0),
    "sinusoid": (Signal.sinusoid(2.0), stats.arcsine(-2, 4), 0.0),
    "relu": (Signal.relu_gaussian(2.0), stats.halfnorm(0, 2), 0.5),
    "expon": (Signal.from_law(stats.expon(0, 3), zero_atom=0.25), stats.expon(0, 3), 0.25),
    "student": (Signal.from_law(stats.t(5)), stats.t(5), 0.0),
    "gamma with a pole": (Signal.from_law(stats.gamma(0.3)), stats.gamma(0.3), 0.0),
}


EVEN = stats.uniform(-1, 2)


@pytest.mark.parametrize(
    ("law", "atom"), [(EVEN, 0.0), (stats.expon(0, 3), 0.25), (stats.norm(0.5, 2), 0.0), (stats.beta(2, 5, -1, 4), 0.1)]
)
def test_a_law_of_scipy_is_taken_as_from_law_takes_it(law, atom):
    by_law = Signal.from_law(law, zero_atom=atom)
    numbers = by_law.peak, by_law.rms * (1 + 9e-7), by_law.mean
    given = Signal(*numbers, law=law, zero_atom=atom, signed=by_law.signed)
    assert given.law == by_law.law
    assert np.array_equal(given.nodes([0.3]), by_law.nodes([0.3]))
    assert fxp.sqnr_quantizer(fxp.Format(6, 3), given) == pytest.approx(
        fxp.sqnr_quantizer(fxp.Format(6, 3), by_law), abs=1e-5
    )


@pytest.mark.parametrize("name", LAWS)
def test_moments_are_those_of_the_law(name):
    signal, law, atom = LAWS[name]
    mean, variance = law.stats(moments="mv")
    assert signal.mean == pytest.approx((1 - atom) * mean, abs=1e-14)
    assert signal.rms**2 == pytest.approx((1 - atom) * (mean**2 + variance), rel=1e-13)
    assert signal.zero_atom == atom
    assert signal.peak == max(np.abs(law.support()))
    assert signal.signed == (law.support()[0] < 0)


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("edge", [-0.7, 0.3, 1.1])
def test_nodes_integrate_the_law_up_to_an_edge(name, edge):
    signal, law, atom = LAWS[name]
    points, weights = signal.nodes([edge])
    below = weights[points < edge].sum()
    assert weights.sum() == pytest.approx(1, abs=1e-9)
    assert below == pytest.approx((1 - atom) * law.cdf(edge) + atom * (edge > 0), abs=1e-9)
    assert weights @ points == pytest.approx(signal.mean, abs=1e-9)
    assert weights @ points**2 == pytest.approx(signal.rms**2, rel=1e-9)


def test_nodes_reach_far_into_the_tail():
    points, weights = Signal.gaussian().nodes([20.0])
    assert weights[points > 20].sum() == pytest.approx(stats.norm.sf(20), rel=1e-10)


@pytest.mark.parametrize("name", LAWS)
def test_draws_follow_the_law(name, rng):
    signal, law, atom = LAWS[name]
    draws = signal.sample(rng, (100, 200)).reshape(-1)
    nonzero = draws[draws != 0]
    assert_proportion_equal(draws.size - nonzero.size, draws.size, atom, must_detect=0.04)
    assert_distribution(nonzero, law.cdf, must_detect=0.05)


def test_relu_of_a_gaussian_with_mean_is_what_maximum_gives():
    signal = Signal.relu_gaussian(1.25, mean=-0.75)
    assert signal.zero_atom == pytest.approx(stats.norm.cdf(0.75))
    assert signal.mean == pytest.approx(stats.norm(-0.75, 1).expect(lambda x: x, lb=0), rel=1e-9)
    assert signal.rms**2 == pytest.approx(stats.norm(-0.75, 1).expect(lambda x: x * x, lb=0), rel=1e-9)


@pytest.mark.parametrize(
    ("signal", "par_db"),
    [
        (Signal.uniform(), 10 * math.log10(3)),
        (Signal.uniform(0.0, 8.0), 10 * math.log10(3)),
        (Signal.sinusoid(0.3), 10 * math.log10(2)),
        (Signal.gaussian(), math.inf),
        (Signal(peak=1.0, rms=0.5), 20 * math.log10(2)),
        (Signal.from_samples([3.0, -4.0]), 10 * math.log10(16 / 12.5)),
    ],
)
def test_peak_to_rms(signal, par_db):
    assert signal.par_db == pytest.approx(par_db, rel=1e-14)


@given(factor=st.floats(1e-9, 1e9), name=st.sampled_from(sorted(LAWS)))
def test_scaling_keeps_the_peak_to_rms_ratio(factor, name):
    signal = LAWS[name][0]
    scaled = signal.scaled(factor)
    assert scaled.par_db == pytest.approx(signal.par_db, abs=1e-12)
    assert (scaled.rms, scaled.mean) == (signal.rms * factor, signal.mean * factor)
    points, weights = scaled.nodes()
    assert weights @ points**2 == pytest.approx(scaled.rms**2, rel=1e-9)


def test_equal_laws_are_equal_values():
    assert Signal.gaussian(2.0) == Signal.gaussian().scaled(2.0)
    assert len({Signal.uniform(), Signal.uniform(-1.0, 1.0), Signal.uniform(-1.0, 2.0)}) == 2
    samples = Signal.from_samples([1.0])
    assert samples == samples
    assert samples != Signal.from_samples([1.0])


def test_samples_are_described_exactly():
    signal = Signal.from_samples([[0.0, 3.0], [0.0, -4.0]])
    points, weights = signal.nodes()
    assert sorted(zip(points.tolist(), weights.tolist(), strict=True)) == [(-4.0, 0.25), (0.0, 0.5), (3.0, 0.25)]
    assert (signal.peak, signal.rms, signal.mean, signal.signed) == (4.0, 2.5, -0.25, True)


def test_samples_are_copied():
    values = np.array([1.0, 2.0])
    signal = Signal.from_samples(values)
    values[:] = 7.0
    assert signal.nodes()[0].tolist() == [0.0, 1.0, 2.0]


def test_draws_of_samples_are_samples(rng):
    assert set(Signal.from_samples([0.0, 1.0, 5.0]).sample(rng, 1000).tolist()) == {0.0, 1.0, 5.0}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Signal(0.0, 0.0), "peak=0.0 is not positive: give the largest magnitude"),
        (lambda: Signal(1.0, 0.0), "rms=0.0 is not positive and finite"),
        (lambda: Signal(math.inf, math.inf), "rms=inf is not positive and finite"),
        (lambda: Signal(1.0, 1.1), "rms=1.1 is not at most peak=1.0: check their units"),
        (lambda: Signal(1.0, 0.5, mean=-0.6), "mean=-0.6 is not within rms=0.5"),
        (lambda: Signal(1.0, 0.5, zero_atom=1.0), r"zero_atom=1.0 is not in \[0, 1\)"),
        (lambda: Signal(1.0, 0.5, mean=-0.1, signed=False), "mean=-0.1 is not that of an unsigned signal"),
        (lambda: Signal(math.nan, 0.5), "peak=nan is not a number: NaN has no place"),
        (lambda: Signal.uniform(1.0, 1.0), "low=1.0, high=1.0 are not the ends of a finite interval: give low < high"),
        (lambda: Signal.gaussian(1.0, mean=1.0), "rms=1.0 is not finite and above the magnitude of mean=1.0"),
        (lambda: Signal.gaussian(math.inf), "rms=inf is not finite"),
        (lambda: Signal.relu_gaussian(1.0, mean=-0.999), "mean=-0.999 is not above -8 standard deviations"),
        (lambda: Signal.sinusoid(-1.0), "peak=-1.0 is not positive"),
        (lambda: Signal.laplace(0.0), "rms=0.0 is not positive"),
        (lambda: Signal.from_samples([]), r"samples=\[\] holds no sample"),
        (lambda: Signal.from_samples([1.0, math.nan]), r"samples=\[ 1. nan\] are not all finite"),
        (lambda: Signal.from_samples([0.0]), r"samples=\[0.\] are all zero"),
        (lambda: Signal.from_law(stats.cauchy()), "law of variance (inf|nan) has no finite power"),
        (lambda: Signal.from_law(stats.pareto(2.01)), "law of mass .* by quadrature is not of mass 1 and power"),
        (lambda: Signal.uniform().scaled(0.0), "factor=0.0 is not positive and finite"),
        (
            lambda: Signal(1.0, 0.5).nodes(),
            "^law=None is not a law, which this needs: the signal has no law, only peak and rms: use Signal.gaussian,",
        ),
        (
            lambda: Signal(2.0, 1 / math.sqrt(3), law=EVEN),
            r"^peak=2.0 is not the 1 of law=uniform\(-1, 2\) with zero_atom=0.0",
        ),
        (lambda: Signal(1.0, 0.5773, law=EVEN), "^rms=0.5773 is not the 0.5773503 of law=.*: Signal.from_law sets it$"),
        (lambda: Signal(1.0, 1 / math.sqrt(3), law=EVEN, zero_atom=0.5), "^rms=0.577.* is not the 0.4082483 of law"),
        (lambda: Signal(1.0, 1 / math.sqrt(3), 0.1, law=EVEN), "^mean=0.1 is not the 0 of law"),
        (lambda: Signal(1.0, 1 / math.sqrt(3), law=EVEN, signed=False), "^signed=False is not the sign of law"),
        (lambda: Signal(5.0, 1.0, law=stats.norm()), "^peak=5.0 is not the inf of law=norm"),
        (lambda: Signal(math.inf, 1.0, law=stats.cauchy()), "law of variance (inf|nan) has no finite power"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Signal("1", 0.5), "peak='1' is not a real number: pass an int or float"),
        (lambda: Signal(True, 0.5), "peak=True is not a real number"),
        (lambda: Signal.from_law(stats.poisson(2)), "is not a frozen continuous law of scipy.stats"),
        (lambda: Signal(1.0, 0.5, law=stats.poisson(2)), "is not a frozen continuous law of scipy.stats: pass e.g."),
        (lambda: Signal(1.0, 0.5, law="norm"), "law='norm' is not a frozen continuous law of scipy.stats"),
        (lambda: Signal.from_law("norm"), "law='norm' is not a frozen continuous law of scipy.stats"),
    ],
)
def test_other_kinds_are_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_signal_is_exported():
    assert fxp.Signal is Signal


def test_a_family_of_laws_is_no_law():
    with pytest.raises(TypeError, match="is not a frozen continuous law of scipy.stats"):
        Signal.from_law(stats.norm)
