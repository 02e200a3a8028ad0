"""Processes: autocorrelations by another route, factors that give them back, samples that have them, refusals."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.signal import lfilter

from fxp import Process, Signal

COEFFICIENTS = st.lists(st.floats(-2, 2), min_size=1, max_size=5).filter(lambda b: max(map(abs, b)) > 0.1)


@st.composite
def stationary(draw):
    """Draw a process with poles within 0.9."""
    poles = draw(st.lists(st.floats(-0.9, 0.9), max_size=3))
    return Process(tuple(draw(COEFFICIENTS)), tuple(-np.poly(poles)[1:]) if poles else ())


@given(process=stationary())
def test_the_autocorrelation_is_that_of_the_impulse_response(process):
    impulse = np.r_[1.0, np.zeros(999)]
    response = lfilter(process.moving_average, np.r_[1.0, -np.array(process.autoregressive)], impulse)
    expected = [response[lag:] @ response[: len(response) - lag] for lag in range(8)]
    np.testing.assert_allclose(process.autocorrelation(7), expected, rtol=1e-9, atol=1e-9 * expected[0])
    np.testing.assert_allclose(process.rms**2, expected[0], rtol=1e-9)


@given(process=stationary(), rms=st.floats(0.1, 10))
def test_the_drive_scales_the_power(process, rms):
    scaled = Process(process.moving_average, process.autoregressive, Signal.gaussian(rms))
    np.testing.assert_allclose(scaled.autocorrelation(5), process.autocorrelation(5) * rms**2, rtol=1e-12, atol=1e-300)


@given(coefficients=COEFFICIENTS)
@example(coefficients=[2.0**-1022, 1.0, 1.0])
def test_a_moving_average_is_found_from_its_autocorrelation(coefficients):
    """The factor has the values, and the first coefficient that minimum phase has: Szegő's mean of the log spectrum."""
    values = Process(tuple(coefficients)).autocorrelation(len(coefficients) - 1)
    values[0] *= 1 + 1e-2  # no root on the unit circle, so the mean over 4096 angles is exact
    factor = Process.from_autocorrelation(values, kind="moving_average").moving_average
    np.testing.assert_allclose(Process(factor).autocorrelation(len(values)), [*values, 0.0], atol=1e-13 * values[0])
    spectrum = np.fft.fft(np.r_[values, np.zeros(4097 - 2 * len(values)), values[:0:-1]]).real
    np.testing.assert_allclose(factor[0], np.exp(np.mean(np.log(spectrum)) / 2), rtol=1e-9)


@pytest.mark.parametrize("factor", [[1.0, 1.0], [1.0, 0.0, -1.0], [0.5, 0.3, -0.8], [1.0, 0.0, 0.0, 1.0]])
def test_roots_on_the_unit_circle_cost_no_accuracy(factor):
    values = Process(factor).autocorrelation(len(factor) - 1)
    again = Process.from_autocorrelation(values, kind="moving_average", drive=Signal.uniform(-1, 1))
    np.testing.assert_allclose(again.autocorrelation(len(factor) - 1), values, atol=1e-14)


@given(process=stationary(), order=st.integers(0, 4))
def test_an_autoregressive_process_is_found_from_its_autocorrelation(process, order):
    values = process.autocorrelation(order)
    values[0] *= 1 + 1e-6
    again = Process.from_autocorrelation(values, kind="autoregressive", drive=Signal.uniform(-3, 3))
    np.testing.assert_allclose(again.autocorrelation(order), values, rtol=1e-6, atol=1e-6 * values[0])


@pytest.mark.parametrize(
    "process",
    [
        Process([0.1, 0.5, -0.5, 0.1]),
        Process([1.0, 0.3], autoregressive=[1.2, -0.6], drive=Signal.uniform(-2, 2)),
        Process([1.0, -1.0], drive=Signal.from_samples([-1, 1])),
    ],
    ids=["moving average", "with poles", "signs"],
)
def test_samples_are_stationary_with_this_autocorrelation(process):
    """Mean products of independent runs, of both ends: beyond 6.1 standard errors with probability 1e-9 each."""
    runs = process.sample(np.random.default_rng(), (40_000, 6))
    products = np.stack([runs[:, :1] * runs[:, :3], runs[:, -1:] * runs[:, :-4:-1]])
    error = products.mean(axis=1) - process.autocorrelation(2)
    assert np.all(np.abs(error) <= 6.5 * products.std(axis=1) / np.sqrt(len(runs)))


def test_the_correlation_matrix_is_toeplitz():
    matrix = Process([0.1, 0.5, -0.5, 0.1]).correlation_matrix(3)
    np.testing.assert_allclose(np.linalg.eigvalsh(matrix), [0.166447, 0.52, 0.873553], atol=5e-7)
    np.testing.assert_array_equal(matrix, matrix.T)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Process([]), r"moving_average=\(\) is all zero"),
        (lambda: Process([0.0]), r"moving_average=\(0.0,\) is all zero"),
        (lambda: Process([[1.0]]), r"moving_average of shape \(1, 1\) is not one row"),
        (lambda: Process([np.nan]), r"moving_average\[0\]=nan is not finite"),
        (lambda: Process([1.0], autoregressive=[1.0]), "pole at radius 1, not within .*not stationary"),
        (lambda: Process([1.0], -np.poly([0.999] * 3)[1:]), "condition 5e.15, not within 1e.10; move them inwards"),
        (lambda: Process([1.0], drive=Signal.uniform(0, 1)), "drive of mean 0.5 has not zero mean: subtract it"),
        (lambda: Process([1.0], drive=Signal(1.0, 0.5)), "law=None is not a law"),
        (lambda: Process([1.0]).autocorrelation(-1), "lags=-1 is not an integer of at least 0"),
        (lambda: Process([1e200]), "process of power inf is beyond what float64 holds: scale"),
        (lambda: Process([1e-200]), "process of power 0 is beyond what float64 holds: scale"),
        (lambda: Process([1.0]).sample(np.random.default_rng(), -3), "shape=-3 is not an integer of at least 0"),
        (lambda: Process([1.0]).sample(np.random.default_rng(), 2.5), "shape=2.5 is not an integer of at least 0"),
        (lambda: Process([1.0]).sample(np.random.default_rng(), ()), r"shape=\(\) is no size or row of sizes"),
        (lambda: Process([1.0]).correlation_matrix(0), "taps=0 is not an integer of at least 1"),
        (lambda: Process.from_autocorrelation([1.0], kind="arma"), "kind='arma' is not one of moving_average"),
        (lambda: Process.from_autocorrelation([1.0, 2.0], kind="autoregressive"), "no positive definite Toeplitz"),
        (lambda: Process.from_autocorrelation([1.0, 0.9], kind="moving_average"), "spectrum that is negative"),
    ],
)
def test_what_is_no_process_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_drive_that_is_no_signal_is_refused():
    with pytest.raises(TypeError, match="drive='gaussian' is not a Signal"):
        Process([1.0], drive="gaussian")
