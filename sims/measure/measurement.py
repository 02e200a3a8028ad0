"""What a measurement returns: a value between two ends that miss the truth with a stated probability."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sims import intervals
from sims.intervals import DECIBELS, Interval

__all__ = ["Measurement"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Measurement:
    """A measured quantity, or an array of them, with its interval.

    Parameters
    ----------
    value : array_like of float
        The estimate.
    low, high : array_like of float
        Ends of the interval, of the shape of `value`; infinite where nothing is known.
    samples : int
        How many independent samples it rests on; 0 for an exact enumeration, whose ends are the value.

    Raises
    ------
    ValueError
        The shapes differ, a number is NaN, the value is outside the ends, `samples` is negative, or an enumeration has
        ends apart.

    Examples
    --------
    >>> print(Measurement(1.0, 0.5, 2.0, samples=100))
    1 [0.5, 2] from 100 samples
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    samples: int

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            array = np.array(getattr(self, name), dtype=np.float64)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        _check(self)

    @classmethod
    def enumerated(cls, value: ArrayLike) -> "Measurement":
        """Return a measurement of all cases there are, or a count (exact: both ends are the value).

        Parameters
        ----------
        value : array_like of float
            What was computed over every case.

        Returns
        -------
        Measurement
            With 0 samples.

        Examples
        --------
        >>> print(Measurement.enumerated(66))
        66 enumerated
        """
        return cls(np.asarray(value), np.asarray(value), np.asarray(value), samples=0)

    @classmethod
    def mean(
        cls, samples: ArrayLike, *, false_alarm: float, bounds: tuple[float, float] | None = None
    ) -> "Measurement":
        """Return the mean of independent samples (asymptotic interval, or a guaranteed one where bounds are given).

        Parameters
        ----------
        samples : array_like of float, shape (n, ...)
            At least 50 along the first axis; of correlated samples give `sims.intervals.batch_means`.
        false_alarm : float
            Probability that an interval misses, between 0 and 1, both excluded.
        bounds : pair of float, optional
            Bounds of the law of the samples: the interval then holds for any law and number of samples.

        Returns
        -------
        Measurement
            Of shape ``samples.shape[1:]``.

        Raises
        ------
        ValueError
            As `sims.intervals.mean_interval` and `sims.intervals.bounded_mean_interval`.

        Examples
        --------
        >>> print(Measurement.mean([0.0, 1.0] * 5000, false_alarm=1e-9))
        0.5 [0.4694, 0.5306] from 10000 samples
        """
        values = np.asarray(samples, dtype=np.float64)
        if bounds is None:
            interval = intervals.mean_interval(values, false_alarm=false_alarm)
        else:
            interval = intervals.bounded_mean_interval(values, *bounds, false_alarm=false_alarm)
        return cls._around(values.mean(axis=0), interval, len(values))

    @classmethod
    def variance(cls, samples: ArrayLike, *, false_alarm: float) -> "Measurement":
        """Return the unbiased variance of independent samples (asymptotic interval).

        Parameters
        ----------
        samples : array_like of float, shape (n, ...)
            At least 50 along the first axis.
        false_alarm : float
            Probability that an interval misses, between 0 and 1, both excluded.

        Returns
        -------
        Measurement
            Of shape ``samples.shape[1:]``.

        Raises
        ------
        ValueError
            As `sims.intervals.covariance_interval`.

        Examples
        --------
        >>> print(Measurement.variance([-1.0, 0.0, 1.0] * 5000, false_alarm=1e-9))
        0.6667 [0.6429, 0.6902] from 15000 samples
        """
        values = np.asarray(samples, dtype=np.float64)
        interval = intervals.covariance_interval(values, values, false_alarm=false_alarm)
        return cls._around(values.var(axis=0, ddof=1), interval, len(values))

    @classmethod
    def power_db(cls, samples: ArrayLike, *, false_alarm: float) -> "Measurement":
        """Return the power 10 log10 E[x²] of independent samples, dB (asymptotic interval).

        Parameters
        ----------
        samples : array_like of float, shape (n, ...)
            At least 50 along the first axis.
        false_alarm : float
            Probability that an interval misses, between 0 and 1, both excluded.

        Returns
        -------
        Measurement
            dB, of shape ``samples.shape[1:]``.

        Raises
        ------
        ValueError
            As `sims.intervals.log_ratio_interval`.

        Examples
        --------
        >>> print(Measurement.power_db([-1.0, 0.0, 1.0] * 5000, false_alarm=1e-9))
        -1.761 [-1.919, -1.608] from 15000 samples
        """
        values = np.asarray(samples, dtype=np.float64)
        return cls.power_ratio_db(values, np.ones_like(values), false_alarm=false_alarm)

    @classmethod
    def power_ratio_db(cls, signal: ArrayLike, error: ArrayLike, *, false_alarm: float) -> "Measurement":
        """Return the ratio 10 log10(E[s²]/E[e²]) of the powers of a signal and its error, dB (asymptotic interval).

        Parameters
        ----------
        signal, error : array_like of float, shape (n, ...)
            Pairs that are independent along the first axis, at least 50; the error may depend on the signal.
        false_alarm : float
            Probability that an interval misses, between 0 and 1, both excluded.

        Returns
        -------
        Measurement
            dB, of shape ``signal.shape[1:]``.

        Raises
        ------
        ValueError
            As `sims.intervals.log_ratio_interval`; an error that is 0 everywhere has no ratio.

        Examples
        --------
        >>> print(Measurement.power_ratio_db([1.0, -1.0] * 5000, [0.1, -0.2] * 5000, false_alarm=1e-9))
        16.02 [15.86, 16.18] from 10000 samples
        """
        powers = np.asarray(signal, dtype=np.float64) ** 2, np.asarray(error, dtype=np.float64) ** 2
        ends = intervals.log_ratio_interval(*powers, false_alarm=false_alarm)
        ratio = np.log(powers[0].mean(axis=0) / powers[1].mean(axis=0))
        return cls._around(ratio, ends, len(powers[0])).map(lambda logarithm: DECIBELS * logarithm)

    @classmethod
    def proportion(cls, successes: ArrayLike, trials: int, *, false_alarm: float) -> "Measurement":
        """Return a share of independent trials (exact interval, Clopper–Pearson).

        Parameters
        ----------
        successes : array_like of int
            How often it happened, 0 to `trials`.
        trials : int
            At least 1.
        false_alarm : float
            Probability that an interval misses, between 0 and 1, both excluded.

        Returns
        -------
        Measurement
            Of the shape of `successes`.

        Raises
        ------
        ValueError
            As `sims.intervals.clopper_pearson`.

        Examples
        --------
        >>> print(Measurement.proportion(0, 10_000, false_alarm=1e-9))
        0 [0, 0.002139] from 10000 samples
        """
        interval = intervals.clopper_pearson(successes, trials, false_alarm=false_alarm)
        return cls._around(np.asarray(successes) / trials, interval, trials)

    @classmethod
    def largest(cls, samples: ArrayLike) -> "Measurement":
        """Return the largest of samples that do not exhaust the cases: the true maximum is at least that (exact).

        Parameters
        ----------
        samples : array_like of float, shape (n, ...)
            At least 1 along the first axis.

        Returns
        -------
        Measurement
            Of shape ``samples.shape[1:]``; nothing is known above.

        Examples
        --------
        >>> print(Measurement.largest([0.25, 0.5]))
        0.5 [0.5, inf] from 2 samples
        """
        values = np.asarray(samples, dtype=np.float64)
        top = values.max(axis=0)
        return cls(top, top, np.full_like(top, np.inf), len(values))

    def map(self, increasing: Callable[[FloatArray], FloatArray]) -> "Measurement":
        """Return the measurement of an increasing function of the quantity (exact: ends map to ends).

        Parameters
        ----------
        increasing : callable
            Takes and returns an array.

        Returns
        -------
        Measurement
            With as many samples.

        Raises
        ------
        ValueError
            The function turns the ends around.

        Examples
        --------
        >>> print(Measurement(4.0, 1.0, 9.0, samples=100).map(np.sqrt))
        2 [1, 3] from 100 samples
        """
        return Measurement(increasing(self.value), increasing(self.low), increasing(self.high), self.samples)

    @classmethod
    def _around(cls, value: ArrayLike, interval: Interval, samples: int) -> "Measurement":
        return cls(np.asarray(value), np.asarray(interval.low), np.asarray(interval.high), samples)

    def __str__(self) -> str:
        value, low, high = (
            np.array2string(end, precision=4, formatter={"float": "{:.4g}".format}) for end in self._all
        )
        return f"{value} enumerated" if self.samples == 0 else f"{value} [{low}, {high}] from {self.samples} samples"

    @property
    def _all(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        return self.value, self.low, self.high


def _check(measured: Measurement) -> None:
    value, low, high = measured.value, measured.low, measured.high
    if not value.shape == low.shape == high.shape:
        raise ValueError(f"shapes {low.shape}, {value.shape}, {high.shape} of low, value and high differ: give one")
    if not np.all((low <= value) & (value <= high)):
        raise ValueError(f"value={value} is not between low={low} and high={high}: order them, and measure no NaN")
    if measured.samples < 0:
        raise ValueError(f"samples={measured.samples} is negative: 0 for an enumeration")
    if measured.samples == 0 and not np.all(low == high):
        raise ValueError(f"low={low} is not high={high}: an enumeration (samples=0) is exact")
