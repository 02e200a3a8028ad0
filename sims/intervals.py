"""Intervals that miss what they estimate with a stated probability, however small: the false alarm.

At a false alarm of 1e-9 the textbook's normal interval of a mean is wrong for skewed samples: the tails are off by the
factor exp(γz³/(3√n)), with skewness γ and z ≈ 6. The intervals here are Hall's, which undo the skewness, or Student's
where those are wider, and refuse samples that are too few or too skewed for either.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainccinv, betaincinv, stdtrit

__all__ = [
    "DECIBELS",
    "Interval",
    "batch_means",
    "bounded_mean_interval",
    "check_false_alarm",
    "clopper_pearson",
    "covariance_interval",
    "log_ratio_interval",
    "mean_interval",
]

DECIBELS = 10 / np.log(10)  # of a ratio whose natural logarithm is one
FEWEST_SAMPLES = 50
ROUNDING = 1e-14  # relative: smaller deviations are rounding errors of equal samples
LARGEST_SKEW = 0.4  # of γz/√n: Hall's transform was measured up to here, see docs/statistics.md

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """Both ends of a confidence interval, or of an array of them."""

    low: float | FloatArray
    high: float | FloatArray


def mean_interval(samples: ArrayLike, *, false_alarm: float) -> Interval:
    r"""Return the interval of the mean of independent samples (asymptotic; Hall's or Student's, whichever is wider).

    .. math::
        \bar x - s\,\tfrac{3}{\hat\gamma}\Bigl[\bigl(1 + \hat\gamma(\pm\tfrac{z}{\sqrt n} - \tfrac{\hat\gamma}{6n})
        \bigr)^{1/3} - 1\Bigr] \quad\text{and}\quad \bar x \mp s\,\tfrac{z}{\sqrt n}

    with s the standard deviation and γ̂ the skewness of the samples and z the quantile of Student's t.

    Assumptions: the samples along the first axis are independent and have one law with a finite fourth moment. For
    correlated samples take `batch_means` first.

    Parameters
    ----------
    samples : array_like of float, shape (n, ...)
        At least 50 along the first axis.
    false_alarm : float
        Probability that the interval misses the mean, between 0 and 1, both excluded.

    Returns
    -------
    Interval
        Ends of shape ``samples.shape[1:]``.

    Raises
    ------
    ValueError
        Samples are too few, not finite, all equal or too skewed; `false_alarm` is outside its range.

    References
    ----------
    Hall, On the removal of skewness by transformation, 1992. Jing, Shao and Wang, Self-normalized Cramér-type large
    deviations for independent random variables, 2003.

    Examples
    --------
    >>> interval = mean_interval([0.0, 1.0] * 500, false_alarm=1e-9)
    >>> float(round(interval.low, 3)), float(round(interval.high, 3))
    (0.402, 0.598)
    """
    values = _check_samples("samples", samples)
    mean = values.mean(axis=0)
    influences = values - mean
    return _smooth_interval(mean, influences, _spread(influences, mean), 0.0, false_alarm)


def covariance_interval(first: ArrayLike, second: ArrayLike, *, false_alarm: float) -> Interval:
    """Return the interval of the covariance of independent pairs of samples (asymptotic).

    That of a mean, for the influences ψ = (x − x̄)(y − ȳ) on the unbiased covariance, with the skewness that the
    estimated means take away: γ − 3·E[(x − x̄)ψ]·E[(y − ȳ)ψ]/σ³, γ and σ those of ψ.

    Assumptions: as those of `mean_interval`, for the pairs; the eighth moments are finite.

    Parameters
    ----------
    first, second : array_like of float, shape (n, ...)
        Samples of x and y, at least 50 along the first axis; the same twice for the variance.
    false_alarm : float
        Probability that the interval misses the covariance, between 0 and 1, both excluded.

    Returns
    -------
    Interval
        Ends of shape ``first.shape[1:]``.

    Raises
    ------
    ValueError
        Samples are too few, not finite, all equal or too skewed; the shapes differ; `false_alarm` is outside its range.

    Examples
    --------
    >>> samples = [-1.0, 0.0, 1.0] * 500
    >>> interval = covariance_interval(samples, samples, false_alarm=1e-9)
    >>> float(round(interval.low, 3)), float(round(interval.high, 3))
    (0.589, 0.742)
    """
    left, right = _check_pairs(first=first, second=second)
    left, right = left - left.mean(axis=0), right - right.mean(axis=0)
    products = left * right
    covariance = products.sum(axis=0) / (len(products) - 1)
    influences = products - products.mean(axis=0)
    spread = _spread(influences, products.max(axis=0))
    curvature = (left * influences).mean(axis=0) * (right * influences).mean(axis=0) / spread**3
    return _smooth_interval(covariance, influences, spread, curvature, false_alarm)


def log_ratio_interval(numerators: ArrayLike, denominators: ArrayLike, *, false_alarm: float) -> Interval:
    r"""Return the interval of ln(E[a]/E[b]) of pairs of samples (asymptotic).

    That of a mean, for the influences ψ = a/ā − b/b̄, with the skewness that the curvature of the logarithms takes
    away: γ − 3(E[ψa/ā]² − E[ψb/b̄]²)/(2σ³), means over the centred samples.

    Assumptions: as those of `mean_interval`, for the pairs; a and b of one pair may depend on each other.

    Parameters
    ----------
    numerators, denominators : array_like of float, shape (n, ...)
        Samples of a and b with positive means, such as powers; at least 50 along the first axis.
    false_alarm : float
        Probability that the interval misses the logarithm, between 0 and 1, both excluded.

    Returns
    -------
    Interval
        Ends of shape ``numerators.shape[1:]``.

    Raises
    ------
    ValueError
        Samples are too few, not finite, in constant ratio or too skewed; a mean is not positive; the shapes differ;
        `false_alarm` is outside its range.

    Examples
    --------
    >>> interval = log_ratio_interval([1.0, 3.0] * 500, [2.0, 2.0] * 500, false_alarm=1e-9)
    >>> float(round(interval.low, 3)), float(round(interval.high, 3))
    (-0.103, 0.098)
    """
    top, bottom = _check_pairs(numerators=numerators, denominators=denominators)
    means = top.mean(axis=0), bottom.mean(axis=0)
    if np.any(means[0] <= 0) or np.any(means[1] <= 0):
        raise ValueError(f"means={means} are not positive: a ratio in dB compares powers")
    above, below = top / means[0] - 1, bottom / means[1] - 1
    influences = above - below
    leverage = (influences * above).mean(axis=0) ** 2 - (influences * below).mean(axis=0) ** 2
    spread = _spread(influences, 1.0)
    curvature = leverage / (2 * spread**3)
    return _smooth_interval(np.log(means[0] / means[1]), influences, spread, curvature, false_alarm)


def bounded_mean_interval(samples: ArrayLike, low: float, high: float, *, false_alarm: float) -> Interval:
    r"""Return the empirical Bernstein interval of a mean of bounded samples (an upper bound, at any n and any law).

    .. math:: \bar x \pm \Bigl(s\sqrt{\tfrac{2\ln(4/α)}{n}} + \tfrac{7 (b-a)\ln(4/α)}{3(n-1)}\Bigr)

    with α the false alarm; about 1.1 times as wide as Student's for large n. Samples may all be equal.

    Assumptions: the samples along the first axis are independent and lie in [low, high].

    Parameters
    ----------
    samples : array_like of float, shape (n, ...)
        At least 50 along the first axis.
    low, high : float
        Bounds a and b of the law, not of the samples.
    false_alarm : float
        Probability that the interval misses the mean, between 0 and 1, both excluded.

    Returns
    -------
    Interval
        Ends of shape ``samples.shape[1:]``.

    Raises
    ------
    ValueError
        Samples are too few or outside the bounds; `false_alarm` is outside its range.

    References
    ----------
    Maurer and Pontil, Empirical Bernstein bounds and sample variance penalization, 2009, theorem 4.

    Examples
    --------
    >>> interval = bounded_mean_interval([0.0, 1.0] * 5000, 0, 1, false_alarm=1e-9)
    >>> float(round(interval.low, 3)), float(round(interval.high, 3))
    (0.462, 0.538)
    """
    values = _check_samples("samples", samples)
    if values.min() < low or values.max() > high:
        raise ValueError(f"low={low}, high={high} do not bound the samples: give the bounds of their law")
    count, mean = len(values), values.mean(axis=0)
    logarithm = np.log(4 / check_false_alarm(false_alarm))
    reach = values.std(axis=0, ddof=1) * np.sqrt(2 * logarithm / count)
    reach = reach + 7 * (high - low) * logarithm / (3 * (count - 1))
    return Interval(mean - reach, mean + reach)


def clopper_pearson(events: ArrayLike, trials: ArrayLike, *, false_alarm: float = 0.05) -> Interval:
    r"""Return the Clopper–Pearson interval of a probability (exact: it misses with at most the false alarm).

    .. math:: I^{-1}_{\alpha/2}(k, n-k+1) \le p \le I^{-1}_{1-\alpha/2}(k+1, n-k)

    with I the regularised incomplete beta function and α the false alarm; the ends are 0 for k = 0 and 1 for k = n.

    Assumptions: the trials are independent and have one probability.

    Parameters
    ----------
    events : int or array_like of int
        Number k of events, 0 to `trials`.
    trials : int or array_like of int
        Number n of trials, at least 1.
    false_alarm : float
        Probability that the interval misses, between 0 and 1, both excluded: 0.05 for a confidence of 95 %.

    Returns
    -------
    Interval
        Ends between 0 and 1; numbers for numbers.

    Raises
    ------
    ValueError
        An argument is outside its range.

    References
    ----------
    Clopper and Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial, 1934.

    Examples
    --------
    >>> clopper_pearson(0, 1)
    Interval(low=0.0, high=0.975)
    """
    happened, tried = np.broadcast_arrays(np.asarray(events), np.asarray(trials))
    if np.any((happened < 0) | (happened > tried) | (tried < 1)):
        raise ValueError(f"events={happened} is not between 0 and trials={tried}, or there is no trial: give counts")
    tail = check_false_alarm(false_alarm) / 2
    low = np.where(happened == 0, 0.0, betaincinv(np.maximum(happened, 1), tried - happened + 1.0, tail))
    high = np.where(happened == tried, 1.0, betainccinv(happened + 1.0, np.maximum(tried - happened, 1), tail))
    return Interval(_plain(low), _plain(high))


def batch_means(samples: ArrayLike, batches: int) -> FloatArray:
    """Return the means of consecutive batches of equal length, which are all but independent (asymptotic).

    The samples left over at the end are dropped.

    Assumptions: the samples along the first axis are stationary, and a batch is many times as long as they are
    correlated: the correlation of neighbouring batches falls with the inverse of their length.

    Parameters
    ----------
    samples : array_like of float, shape (n, ...)
        One run, in the order of time.
    batches : int
        How many, at least 50 and at most n.

    Returns
    -------
    ndarray of float64, shape (batches, ...)
        Means along the first axis.

    Raises
    ------
    ValueError
        `batches` is outside its range.

    Examples
    --------
    >>> batch_means(range(150), 50)[:3]
    array([1., 4., 7.])
    """
    values = np.asarray(samples, dtype=np.float64)
    if not FEWEST_SAMPLES <= batches <= len(values):
        raise ValueError(
            f"batches={batches} is not between {FEWEST_SAMPLES} and the {len(values)} samples: draw a longer run"
        )
    length = len(values) // batches
    shape = (batches, length, *values.shape[1:])
    return np.asarray(values[: batches * length].reshape(shape).mean(axis=1))


def check_false_alarm(false_alarm: float) -> float:
    """Return the probability of a false alarm where it is one.

    Raises
    ------
    ValueError
        It is not between 0 and 1.
    """
    if not 0 < false_alarm < 1:
        raise ValueError(f"false_alarm={false_alarm} is not between 0 and 1: give a probability such as 1e-9")
    return false_alarm


def _smooth_interval(
    value: FloatArray, influences: FloatArray, spread: FloatArray, curvature: float | FloatArray, false_alarm: float
) -> Interval:
    """Return the interval of a smooth function of means, from the influence of each sample on it.

    The curvature is −E[φ(X, Y)ψ(X)ψ(Y)]/(2σ³), with ψ the influence function, σ its standard deviation and φ the
    second-order influence function: the second-order term of the studentised statistic is −γ/2 + curvature, as it is
    for a mean of skewness γ − 3·curvature.
    """
    count = len(influences)
    raw = (influences * influences**2).mean(axis=0) / spread**3
    skewness = raw - 3 * curvature
    reach = -stdtrit(count - 1, check_false_alarm(false_alarm) / 2) / np.sqrt(count)
    worst = float(np.max(np.maximum(np.abs(raw), np.abs(skewness))))
    if worst * reach > LARGEST_SKEW:
        needed = int(np.ceil(count * (worst * reach / LARGEST_SKEW) ** 2))
        raise ValueError(
            f"skewness={worst:.3g} of {count} samples is too large for a false alarm of {false_alarm}: draw about "
            f"{needed}, or use an interval for bounded samples or for proportions"
        )
    scale = spread * np.sqrt(count / (count - 1))
    below = np.maximum(reach, _unskewed(reach, skewness, count))
    above = np.maximum(reach, -_unskewed(-reach, skewness, count))
    return Interval(value - scale * below, value + scale * above)


def _unskewed(reach: float, skewness: FloatArray, count: int) -> FloatArray:
    """Return the inverse of Hall's cubic transform, in standard deviations of one sample."""
    straight = reach - skewness / (6 * count)
    argument = skewness * straight
    safe = np.where(argument == 0, 1.0, argument)
    bend = np.where(argument == 0, 1.0, 3 * np.expm1(np.log1p(safe) / 3) / safe)
    return np.asarray(straight * bend)


def _spread(influences: FloatArray, scale: float | FloatArray) -> FloatArray:
    """Return the root mean square of centred influences, which rounding errors of a scale do not make up."""
    spread = np.sqrt((influences**2).mean(axis=0))
    if np.any(spread <= ROUNDING * np.abs(scale)):
        raise ValueError("samples are all equal: their spread says nothing; enumerate, or bound the samples")
    return np.asarray(spread)


def _check_samples(name: str, samples: ArrayLike) -> FloatArray:
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim == 0 or len(values) < FEWEST_SAMPLES:
        raise ValueError(
            f"{name} of shape {values.shape} are fewer than {FEWEST_SAMPLES} along the first axis: draw more"
        )
    if not np.all(np.isfinite(values)):
        raise ValueError(f"{name} hold {np.count_nonzero(~np.isfinite(values))} values that are not finite")
    return values


def _check_pairs(**samples: ArrayLike) -> tuple[FloatArray, FloatArray]:
    (name, first), (other, second) = ((name, _check_samples(name, values)) for name, values in samples.items())
    if first.shape != second.shape:
        raise ValueError(f"{other} of shape {second.shape} do not pair with {name} of shape {first.shape}")
    return first, second


def _plain(ends: FloatArray) -> float | FloatArray:
    return float(ends) if ends.ndim == 0 else ends
