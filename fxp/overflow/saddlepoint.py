"""Tail probabilities from four cumulants: of sums whose moments are known, where no tail was observed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from fxp.arguments import reals, require_shapes, whole_numbers

__all__ = ["Cumulants", "cumulants", "gaussian_overflow", "saddlepoint_overflow"]

MOST_BITS = 63
BISECTIONS = 80  # halve any bracket to float64
NEAR_MEAN = 1e-5  # of the saddlepoint; below it the expansion at zero is the more exact one

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cumulants:
    """The first four cumulants of each channel: mean, variance, third and fourth cumulant.

    Those of a sum of independent terms are the sums of theirs: ``a + b``.

    Parameters
    ----------
    mean, variance, third, fourth : ndarray of float64, shape (channels,)
        In units of the code, its square, cube and fourth power.

    Raises
    ------
    ValueError
        A number is not finite, a variance is negative, or the shapes do not broadcast.

    Examples
    --------
    >>> coin = Cumulants(0.5, 0.25, 0.0, -0.125)
    >>> print((coin + coin).fourth)
    [-0.25]
    """

    mean: Floats
    variance: Floats
    third: Floats
    fourth: Floats

    def __post_init__(self) -> None:
        given = {name: getattr(self, name) for name in ("mean", "variance", "third", "fourth")}
        require_shapes(**given)
        remedy = "give cumulants that some law has"
        numbers = [
            reals(name, value, remedy=remedy, minimum=0 if name == "variance" else -np.inf)
            for name, value in given.items()
        ]
        for name, array in zip(given, np.broadcast_arrays(*map(np.atleast_1d, numbers)), strict=True):
            object.__setattr__(self, name, array)

    def __add__(self, other: Cumulants) -> Cumulants:
        """Return the cumulants of the sum of independent terms."""
        return Cumulants(
            self.mean + other.mean,
            self.variance + other.variance,
            self.third + other.third,
            self.fourth + other.fourth,
        )

    @property
    def reflected(self) -> Cumulants:
        """The cumulants of the negative."""
        return Cumulants(-self.mean, self.variance, -self.third, self.fourth)


def cumulants(power_sums: ArrayLike, count: int) -> Cumulants:
    """Return the cumulants of observed codes from the sums of their powers, in float64.

    Means far from zero cancel: the fourth cumulant is right to about (mean / deviation)⁴ · 1e-15 of the variance
    squared, so take a mean of more than 1,000 deviations away before the powers, and add it to the result.

    Parameters
    ----------
    power_sums : array_like of float, shape (channels, 4)
        Sums of S, S², S³ and S⁴ over all observations of a channel.
    count : int
        How many observations of each channel, at least 1.

    Returns
    -------
    Cumulants
        A channel that is constant has zero variance.

    Raises
    ------
    ValueError
        An argument is outside its range, or is not of that shape.

    Examples
    --------
    >>> codes = np.array([-1, 0, 0, 1])
    >>> print(cumulants([[(codes**power).sum() for power in (1, 2, 3, 4)]], 4).variance)
    [0.5]
    """
    sums = reals("power_sums", power_sums, remedy="give the sums of finite codes")
    if sums.ndim != 2 or sums.shape[1] != 4:
        raise ValueError(f"power_sums.shape={sums.shape} is not (channels, 4): give sums of S, S², S³ and S⁴")
    size = int(whole_numbers("count", count, minimum=1, remedy="give the number of observations"))
    first, second, third, fourth = (sums / size).T
    variance = np.maximum(second - first**2, 0.0)
    return Cumulants(
        first,
        variance,
        third - 3 * first * second + 2 * first**3,
        fourth - 4 * first * third - 3 * second**2 + 12 * first**2 * second - 6 * first**4,
    )


def saddlepoint_overflow(bits: ArrayLike, law: Cumulants) -> Floats:
    r"""Return the probability that a finished sum overflows an accumulator, from four cumulants (asymptotic).

    The mean over channels of :math:`P(S \ge 2^{B-1}) + P(S \le -2^{B-1} - 1)`. Each tail is that of the cumulant
    generating function :math:`K(t) = \kappa_1 t + \kappa_2 t^2/2 + \kappa_3 t^3/6 + \kappa_4 t^4/24` at the point
    :math:`x` half a code before the limit, with the saddlepoint :math:`K'(t) = x`:

    .. math:: P \approx \Phi\bigl(-w - \tfrac{1}{w}\ln\tfrac{r}{w}\bigr), \qquad
              w = \sqrt{2\,(t x - K(t))}, \quad r = t\sqrt{K''(t)}

    It is exact for a Gaussian, whose higher cumulants vanish. Of sums in trained networks, with cumulants from 100
    images, it was within a factor of 2 down to about 1e-3: deeper tails are decided by more than four moments. A
    channel whose K is no longer convex before :math:`x` has a bounded tail as far as four cumulants tell, and counts as
    0 there; networks with bounded tails, such as a LeNet, are overpredicted all the same.

    Assumptions: the tail follows from four cumulants; sums take all integers. It is about finished sums: prefixes have
    no cumulants of their own.

    Parameters
    ----------
    bits : array_like of float
        Word lengths B of the accumulator, 2 to 63; between integers, as 2^(B−1) is.
    law : Cumulants
        Of each channel, all of which have as many outputs.

    Returns
    -------
    ndarray of float64
        Probability, of the shape of `bits`.

    Raises
    ------
    ValueError
        A word length is outside its range.
    TypeError
        `law` holds no cumulants.

    References
    ----------
    Lugannani and Rice, Saddle point approximation for the distribution of the sum of independent random variables,
    1980; Barndorff-Nielsen, Inference on full or partial parameters based on the standardized signed log likelihood
    ratio, 1986. Derivation: :ref:`derivation-saddlepoint_overflow`.

    Examples
    --------
    >>> print(saddlepoint_overflow([8, 9], Cumulants(0.0, 50.0**2, 0.0, 3 * 50.0**4)).round(6))
    [0.029714 0.000288]
    """
    _require_cumulants(law)
    words = reals("bits", bits, minimum=2, maximum=MOST_BITS, remedy="give the width of an accumulator")
    least = 2.0 ** (words - 1)[..., np.newaxis]
    both = _tail(least - 0.5, law) + _tail(least + 0.5, law.reflected)
    return np.asarray(both.mean(axis=-1))


def gaussian_overflow(bits: ArrayLike, law: Cumulants) -> Floats:
    """Return the same from mean and variance alone: exact for a Gaussian, else a baseline that fails below 0.1.

    Parameters
    ----------
    bits, law
        As in :func:`saddlepoint_overflow`; the variance of a sum holds all covariances of its terms.

    Returns
    -------
    ndarray of float64
        Probability, of the shape of `bits`.

    Raises
    ------
    ValueError, TypeError
        As there.

    Examples
    --------
    >>> print(gaussian_overflow(8, Cumulants(0.0, 50.0**2, 0.0, 3 * 50.0**4)).round(6))
    0.010471
    """
    _require_cumulants(law)
    nothing = np.zeros_like(law.mean)
    return saddlepoint_overflow(bits, Cumulants(law.mean, law.variance, nothing, nothing))


def _require_cumulants(law: object) -> None:
    if not isinstance(law, Cumulants):
        raise TypeError(f"law={law!r} holds no cumulants: pass fxp.Cumulants or fxp.cumulants(power_sums, count)")


def _tail(x: Floats, law: Cumulants) -> Floats:
    """Return P(S ≥ x) for each channel; of a constant channel 0 or 1."""
    constant = law.variance == 0
    deviation = np.sqrt(np.where(constant, 1.0, law.variance))
    z = (x - law.mean) / deviation
    side = np.where(z < 0, -1.0, 1.0)
    beyond = _upper_tail(np.abs(z), side * law.third / deviation**3, law.fourth / deviation**4)
    return np.where(constant, z <= 0, np.where(side < 0, 1 - beyond, beyond))


def _upper_tail(z: Floats, skewness: Floats, excess: Floats) -> Floats:
    """Return the tail above z ≥ 0 of a standardised law; 0 where K' never comes to z while K is convex."""
    # On the convex branch K'(t) is at least t/4, so that the saddlepoint, if there is one, is at most 4z.
    high = np.minimum(_end_of_convexity(skewness, excess), 4 * z)
    exists = _slope(high, skewness, excess) >= z
    t = _saddlepoint(z, skewness, excess, high)
    w = np.sqrt(np.maximum(2 * (t * z - t**2 * (1 / 2 + skewness * t / 6 + excess * t**2 / 24)), 0.0))
    curvature = 1 + skewness * t + excess * t**2 / 2
    away = (t > NEAR_MEAN) & exists & (curvature > 0)
    ratio = np.divide(t * np.sqrt(np.maximum(curvature, 0.0)), w, out=np.ones_like(w), where=away)
    shift = np.divide(np.log(ratio), w, out=skewness / 6 + np.zeros_like(w), where=away)
    return np.where(exists, ndtr(-w - shift), 0.0)


def _slope(t: Floats, skewness: Floats, excess: Floats) -> Floats:
    return t * (1 + skewness * t / 2 + excess * t**2 / 6)


def _end_of_convexity(skewness: Floats, excess: Floats) -> Floats:
    """Return the least positive t where K'' = 1 + skewness·t + excess·t²/2 vanishes; infinity where there is none."""
    inside = skewness**2 - 2 * excess
    denominator = np.sqrt(np.maximum(inside, 0.0)) - skewness
    return np.divide(2.0, denominator, out=np.full_like(denominator, np.inf), where=(inside >= 0) & (denominator > 0))


def _saddlepoint(z: Floats, skewness: Floats, excess: Floats, high: Floats) -> Floats:
    low = np.zeros_like(high)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        before = _slope(middle, skewness, excess) < z
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    return high
