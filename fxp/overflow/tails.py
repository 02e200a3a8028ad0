"""How often an accumulator below its guaranteed width overflows, from the sums of a few hundred images."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil, log2

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainccinv, betaincinv

from fxp.arguments import POSITIVE, one, reals, whole_numbers
from fxp.overflow.pareto_fits import SHAPE_SPREAD, Excesses, ParetoFit
from fxp.overflow.peaks import Peaks

__all__ = ["Estimate", "OverflowTail", "overflow_tail"]

MIN_BITS, MAX_BITS = 2, 63
LARGEST_SHARE, LEAST_SHARE = 0.01, 0.001
FEWEST_EXCEEDANCES = 50
FEWEST_LEVELS = 10  # distinct excesses: fewer are a grid, whose next step no smooth law knows
FEWEST_IMAGES = 20
RESAMPLINGS = 400
LEAST_EVENTS = 0.3
LEAST_EVENTS_ALONE, IMAGES_AT_COMMON_LEVEL = 10, 10
BISECTIONS = 60

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number and the ends of its interval.

    Parameters
    ----------
    value, low, high : float
        `low` ≤ `value` ≤ `high` but for resampling noise.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class OverflowTail:
    """The law of the largest sums of a layer, as a few images show it: see :func:`fxp.overflow_tail`.

    Parameters
    ----------
    peaks : Peaks
        The largest values, all channels as one where they share a law.
    thresholds : ndarray of float64, shape (channels,)
        Value that is extrapolated from; infinite where values are counted only, as they are on a coarse grid.
    fit : ParetoFit
        Its first row from all images, the others from resampled ones.
    weights : ndarray of float64, shape (resamplings, images)
        How often each image counts in each row.
    confidence : float
        Of the intervals.
    alone : bool
        Whether every output is a channel of its own, as in a fully connected layer, or some are counted only.
    """

    peaks: Peaks
    thresholds: Floats
    fit: ParetoFit = field(repr=False)
    weights: Floats = field(repr=False)
    confidence: float
    alone: bool

    def probability(self, bits: int) -> Estimate:
        """Return the probability that an output overflows a register of `bits` bits (asymptotic).

        Above the thresholds by the fitted law, below them by counting, channel by channel.

        Parameters
        ----------
        bits : int
            Word length of the accumulator, 2 to 63.

        Returns
        -------
        Estimate
            With the interval of the bootstrap over images.

        Raises
        ------
        ValueError
            The probability is below `least_probability`: these images cannot tell it. Or more outputs overflow than
            values were kept, or `bits` is outside its range.
        """
        found = self.exceedance(2.0 ** (_width(bits) - 1))
        if found.value < self.least_probability:
            raise ValueError(
                f"bits={bits} overflows in less than {self.least_probability:.2g} of the outputs, the least that "
                f"{self.peaks.images} images can tell: give more images"
            )
        return found

    def counted(self, bits: int) -> Estimate:
        """Return the share of the outputs that overflowed in the given images, and the interval of its probability.

        The interval is Clopper and Pearson's for as many independent outputs as the images are worth: Korn and
        Graubard's, with the design effect of overflows as frequent, or of those that ten images have.

        Parameters
        ----------
        bits : int
            Word length of the accumulator, 2 to 63.

        Returns
        -------
        Estimate
            Also where nothing was counted.

        Raises
        ------
        ValueError
            More outputs overflow than values were kept, or `bits` is outside its range.
        """
        least = 2.0 ** (_width(bits) - 1)
        events = float(self.peaks.events(least).sum())
        effect = design_effect(self.peaks.events(min(least, self._common)), self._outputs)
        happened, trials, tail = events / effect, self.peaks.count / effect, (1 - self.confidence) / 2
        low = betaincinv(happened, trials - happened + 1, tail) if events else 0.0
        high = betainccinv(happened + 1, trials - happened, tail) if events < self.peaks.count else 1.0
        return Estimate(events / self.peaks.count, float(low), float(high))

    def bits_for_exact(self, probability: float) -> Estimate:
        """Return the real width B at which 2^(B−1) is exceeded with this probability (asymptotic).

        Parameters
        ----------
        probability : float
            Between `least_probability` and the share of the values that were kept.

        Returns
        -------
        Estimate
            Bits, at least 1: "P bits overflow in 1e-5, P + 0.4 would give 1e-6".

        Raises
        ------
        ValueError
            These images cannot tell a probability so small, or values were not kept for one so large.
        """
        wanted = float(one("probability", reals("probability", probability, remedy="give a share", minimum=POSITIVE)))
        if not self.least_probability <= wanted <= self._most_probability:
            raise ValueError(
                f"probability={wanted:.3g} is not between {self.least_probability:.2g} and "
                f"{self._most_probability:.2g}, what {self.peaks.images} images can tell: give more images, or a share "
                "within"
            )
        ends = [self._width_at(wanted, which) for which in ("value", "low", "high")]
        return Estimate(*ends)

    def bits_for(self, probability: float) -> int:
        """Return the least width that overflows with at most this probability (asymptotic).

        Parameters
        ----------
        probability : float
            As in :meth:`bits_for_exact`.

        Returns
        -------
        int
            Bits, at least 2.

        Raises
        ------
        ValueError
            As there.
        """
        bits = max(MIN_BITS, ceil(self.bits_for_exact(probability).value))
        # Where many values equal a power of two, the real width ends at that word, and the word itself is too short.
        return bits + int(self.exceedance(2.0 ** (bits - 1)).value > probability)

    @cached_property
    def least_probability(self) -> float:
        """The least probability that the images can tell.

        At less, under 0.3 independent events would be expected in them: of events that come together, as many count as
        one as at the level that ten images come to. Outputs of a fully connected layer, each of which has a law of its
        own, and values on a coarse grid are not followed beyond ten events.
        """
        events = LEAST_EVENTS * design_effect(self.peaks.events(self._common), self._outputs)
        return min(max(events, LEAST_EVENTS_ALONE if self.alone else 0.0) / self.peaks.count, 1.0)

    @property
    def _outputs(self) -> int:
        return self.peaks.count // self.peaks.images

    @cached_property
    def _common(self) -> int:
        """The greatest level that ten images come to."""
        largest = np.zeros(self.peaks.images, np.int64)
        np.maximum.at(largest, self.peaks.owners, self.peaks.values)
        tenth = np.sort(largest)[-IMAGES_AT_COMMON_LEVEL]
        return max(int(tenth), self.peaks.floor)

    @cached_property
    def _most_probability(self) -> float:
        return float(self._rows(float(self.peaks.floor))[0])

    def _width_at(self, probability: float, which: str) -> float:
        """Return where the estimate, or an end of its interval, comes down to a probability."""
        low, high = log2(max(self.peaks.floor, 1)), float(MAX_BITS)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            above = getattr(self.exceedance(2.0**middle), which) > probability
            low, high = (middle, high) if above else (low, middle)
        return 1 + high

    def exceedance(self, least: float) -> Estimate:
        """Return the probability of values of at least `least`, however far that is beyond what the images can tell.

        Parameters
        ----------
        least : float
            2^(B−1) for a register of B bits; values between words show how close the next word is.

        Returns
        -------
        Estimate
            To be believed down to `least_probability`.

        Raises
        ------
        ValueError
            More values reach it than were kept.
        """
        rows = self._rows(float(one("least", reals("least", least, remedy="give 2^(B−1) for a register of B bits"))))
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(rows[1:], (tail, 1 - tail))
        return Estimate(float(rows[0]), float(low), float(high))

    def _rows(self, least: float) -> Floats:
        """Return the probability of values of at least `least`, for each row of weights."""
        beyond = least > self.thresholds
        excess = np.where(beyond, least - self.thresholds, 0.0)
        above = self.fit.above(excess)
        if not beyond.all():
            events = self.peaks.events_by_channel(least)[~beyond]
            trials = self.weights.sum(axis=1, keepdims=True) * self.peaks.positions
            above[:, ~beyond] = self.weights @ events.T / trials
        return np.asarray(above.mean(axis=1))


def overflow_tail(
    values: ArrayLike | Peaks, *, share: float | None = None, confidence: float = 0.95, seed: int = 0
) -> OverflowTail:
    r"""Return how often sums overflow registers of any width, extrapolated from some images (asymptotic).

    The values v of :func:`fxp.overflow_values` overflow B bits where v ≥ T = 2^(B−1). Above a threshold u that a share
    ζ of a channel's values reaches, excesses are taken to follow a generalised Pareto law (peaks over threshold):

    .. math:: P(v \ge T) = \zeta\,\bigl(1 + \xi\,(T - u)/\beta\bigr)^{-1/\xi}

    with shape ξ and scale β of greatest likelihood, ξ between −1/2 and 1 and held near 0 by what one observation an
    image would weigh. Channels are fitted one by one and averaged, for their scales differ; where that leaves fewer
    than 50 excesses a channel, all are fitted as one. Where fewer than ten of the excesses are distinct, as those of
    requantised values may be, there is no law to fit: such values are counted, and nothing below ten events is told.

    Intervals are those of a bootstrap whose unit is the image, for the outputs of one image are no independent
    observations; what holds the shape near 0 is drawn anew each time, too. At a nominal 95 %, from 100 images, they
    held the measured probabilities of the layers of three networks in 94 % of the cases at 1e-3, 89 % at 1e-4, 92 % at
    1e-5 and 95 % at 1e-6; of a LeNet, whose tails have steps, in 52 % at 1e-4. Where the images differ in scale by more
    than those of a trained network, the images at hand lack the worst, and what is missed lies above the interval.

    Assumptions: the images are drawn independently from what the accumulator will see; the tail of each channel is
    regular beyond ζ. `python -m sims.overflow` measures how far that holds in networks; tails that end, as those
    of a LeNet, are overpredicted below 1e-4, where counting does better.

    Parameters
    ----------
    values : array_like of int, shape (images, channels, …), or Peaks
        Values of one layer, or the largest of them; at least 20 images.
    share : float, optional
        ζ, up to 0.1. By default 1/images, 0.01 at most and 0.001 at least: what 100 and 1,000 images are best at.
    confidence : float
        Of the intervals, between 0 and 1.
    seed : int
        Not negative; draws the images of the bootstrap.

    Returns
    -------
    OverflowTail
        Answers `probability(bits)` and `bits_for(probability)`, with `counted(bits)` beside it.

    Raises
    ------
    TypeError
        The values are no integers.
    ValueError
        There are fewer than 20 images, an argument is outside its range, or too few values were kept.

    References
    ----------
    Pickands, Statistical inference using extreme order statistics, 1975; Grimshaw, Computing maximum likelihood
    estimates for the generalized Pareto distribution, 1993; Korn and Graubard, Confidence intervals for proportions
    with small expected number of positive counts estimated from survey data, 1998. Derivation:
    :ref:`derivation-overflow_tail`.

    Examples
    --------
    >>> sums = np.random.default_rng(0).laplace(scale=100, size=(100, 4, 500)).astype(int)
    >>> tail = overflow_tail(np.maximum(sums, -sums - 1))
    >>> tail.bits_for(1e-5)
    12
    >>> exact = np.exp(-1024 / 100)
    >>> bool(0.5 < tail.probability(11).value / exact < 2)
    True
    """
    peaks = values if isinstance(values, Peaks) else Peaks.of(values)
    if peaks.images < FEWEST_IMAGES:
        raise ValueError(f"images={peaks.images} is not at least {FEWEST_IMAGES}: images are what is independent")
    level = float(one("confidence", reals("confidence", confidence, remedy="give a share such as 0.95")))
    if not 0 < level < 1:
        raise ValueError(f"confidence={level} is not between 0 and 1: give a share such as 0.95")
    drawn = np.random.default_rng(int(one("seed", whole_numbers("seed", seed, minimum=0, remedy="give 0 or more"))))
    chosen = _share(share, peaks.images)
    alone = peaks.positions == 1
    if chosen * peaks.images * peaks.positions < FEWEST_EXCEEDANCES:
        peaks = peaks.merged()
    thresholds, excesses = _excesses(peaks, max(chosen, FEWEST_EXCEEDANCES / (peaks.images * peaks.positions)))
    weights = _resampled(peaks.images, drawn)
    fit = _with_ties(excesses.fit(weights, _centers(drawn)), peaks, thresholds)
    coarse = np.array([len(np.unique(row)) < FEWEST_LEVELS for row in excesses.excess])
    alone = alone or bool(coarse.any())
    return OverflowTail(peaks, np.where(coarse, np.inf, thresholds), fit, weights, level, alone)


def design_effect(events: NDArray[np.int64], outputs: int) -> float:
    """Return how many outputs count as one: the variance of the events of an image over that of independent ones.

    Parameters
    ----------
    events : ndarray of int, shape (images,)
        Events of each image, not all zero.
    outputs : int
        Outputs of an image, at least as many as there are events; where all have events, all count as one.

    References
    ----------
    Derivation: :ref:`derivation-design_effect`.

    Examples
    --------
    >>> round(design_effect(np.array([0, 8, 0, 0]), outputs=1000), 2)
    8.02
    """
    mean = float(events.mean())
    spread = mean * (1 - mean / outputs)
    return max(1.0, float(events.var(ddof=1)) / spread) if spread > 0 else float(outputs)


def _share(share: float | None, images: int) -> float:
    if share is None:
        return min(max(1 / images, LEAST_SHARE), LARGEST_SHARE)
    chosen = float(one("share", reals("share", share, remedy="give the part that is extrapolated from")))
    if not 0 < chosen <= 0.1:
        raise ValueError(f"share={chosen} is not above 0 and up to 0.1: give the part that is extrapolated from")
    return chosen


def _excesses(peaks: Peaks, share: float) -> tuple[Floats, Excesses]:
    """Return the threshold of each channel, and the excesses; integers stand for the middle of their cells."""
    wanted = min(ceil(share * peaks.images * peaks.positions), peaks.images * peaks.positions)
    kept = peaks.values.shape[1]
    if wanted > kept:
        raise ValueError(f"values kept of a channel={kept} are fewer than the {wanted} above the threshold: keep more")
    top = peaks.values[:, :wanted].astype(np.float64)
    thresholds = top[:, -1]
    return thresholds, Excesses(
        top - thresholds[:, None] + 0.5, peaks.owners[:, :wanted], peaks.images, peaks.positions
    )


def _with_ties(fit: ParetoFit, peaks: Peaks, thresholds: Floats) -> ParetoFit:
    """Return the laws with the share of all values from the threshold on: more than were fitted may equal it."""
    reached = (peaks.values >= thresholds[:, None]).sum(axis=1)
    fitted = fit.share[0] * peaks.images * peaks.positions
    return replace(fit, share=fit.share * (reached / fitted))


def _width(bits: int) -> int:
    width = int(one("bits", whole_numbers("bits", bits, minimum=MIN_BITS, remedy="give a width of 2 to 63")))
    if width > MAX_BITS:
        raise ValueError(f"bits={width} is over {MAX_BITS}: give a width of 2 to 63")
    return width


def _resampled(images: int, rng: np.random.Generator) -> Floats:
    """Return how often each image counts: once in the first row, as drawn with replacement in the others."""
    drawn = rng.multinomial(images, np.full(images, 1 / images), size=RESAMPLINGS)
    return np.concatenate([np.ones((1, images)), drawn]).astype(np.float64)


def _centers(rng: np.random.Generator) -> Floats:
    """Return where the law of the shape lies: at 0 in the first row, moved by as much as it spreads in the others.

    A resampled estimate that is held near 0 spreads less than the shape is uncertain; one that is held near a draw does
    not, and the common draw of all channels is what a model that is wrong has in common.
    """
    return np.concatenate([[0.0], rng.normal(0, SHAPE_SPREAD, RESAMPLINGS)])
