"""Claims on overflow below the guaranteed width: what it is, how its tail goes on, and what an image is worth."""

from functools import reduce
from math import log2
from operator import add
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analysis import overflow as derivations
from analysis.claims.claim import Claim
from analysis.domain import Choice, Integers, Reals
from fxp.overflow.pareto_fits import exceedance
from fxp.overflow.peaks import overflow_values
from fxp.overflow.saddlepoint import Cumulants, gaussian_overflow, saddlepoint_overflow
from fxp.overflow.tails import design_effect, overflow_tail

__all__ = ["CLAIMS"]

SCALE = 2**14  # of the Pareto codes
TERM_VARIANCE = 64**2 + 1 / 12  # of a Gaussian code, rounding included
CALIBRATION = (100, 1, 200)  # images, channels, outputs

Values = NDArray[np.float64]


def _overflowed(word_bits: int, largest: int) -> int:
    sums = np.arange(-largest, largest + 1)
    return int(np.count_nonzero(overflow_values(sums, sums) >= 2 ** (word_bits - 1)))


def _overflowed_derived(word_bits: int, largest: int) -> float:
    return derivations.register_overflow().value(B=word_bits, n=largest)


def _magnitudes(word_bits: int, largest: int) -> int:
    """Takes |S| for max(S, −S − 1): one code of the register counts as overflow."""
    return 2 * (largest - int(2 ** (word_bits - 1)) + 1)


def _highest_only(word_bits: int, largest: int) -> int:
    """Looks at the positive end of the register only."""
    return largest - int(2 ** (word_bits - 1)) + 1


def _above(shape: float, threshold: int, excess: int) -> Values:
    return exceedance(excess, shape, SCALE + shape * threshold)


def _above_derived(shape: float, threshold: int, excess: int) -> float:
    return derivations.threshold_stability().value(xi=shape, beta=SCALE, u=threshold, y=excess)


def _same_scale(shape: float, threshold: int, excess: int) -> Values:
    """Keeps the scale of the lower threshold."""
    del threshold
    return exceedance(excess, shape, SCALE)


def _exponential(shape: float, threshold: int, excess: int) -> Values:
    """Takes the tail for exponential, with the right mean excess."""
    return exceedance(excess, 0, (SCALE + shape * threshold) / (1 - shape))


def _level(deviation: int, depth: float) -> int:
    return int(np.ceil(depth * deviation**2))


def _extrapolated(deviation: int, depth: float) -> float:
    """Return what 100 images predict whose sums are the quantiles of a Laplace law."""
    count = int(np.prod(CALIBRATION))
    ranks = (np.arange(count).reshape(-1, CALIBRATION[0]).T.reshape(CALIBRATION) + 0.5) / count
    values = np.floor(-(deviation**2) * np.log(ranks)).astype(np.int64)
    return log2(overflow_tail(values).exceedance(_level(deviation, depth)).value)


def _gaussian_tail(deviation: int, depth: float) -> float:
    """Takes the sum for Gaussian, with the right variance."""
    law = _cumulants(0.0, 2.0 * deviation**4)
    return log2(gaussian_overflow(1 + log2(_level(deviation, depth)), law))


def _one_end(deviation: int, depth: float) -> float:
    """Leaves out the negative end."""
    return _extrapolated(deviation, depth) - 1


def _threshold_for_all(deviation: int, depth: float) -> float:
    """Forgets that only a share of 0.01 of the sums reaches the threshold."""
    return _extrapolated(deviation, depth) - log2(0.01)


def _kurtosis(length: int) -> Values:
    law = reduce(add, [_cumulants(0.0, 1.0, fourth=6.0)] * length)
    return np.asarray(law.fourth[0] / law.variance[0] ** 2)


def _kurtosis_derived(length: int) -> float:
    return derivations.product_cumulants().value(N=length)


def _gaussian_sum(length: int) -> float:
    """Takes every sum for Gaussian."""
    del length
    return 0.0


def _fourth_moments_add(length: int) -> float:
    """Adds fourth moments as if they were cumulants."""
    return 9 / length


def _cumulants(mean: float, variance: float, fourth: float = 0.0) -> Cumulants:
    return Cumulants(*np.array([mean, variance, 0.0, fourth]))


def _finished(length: int, mean: int, level: int) -> Values:
    return saddlepoint_overflow(1 + log2(level), _cumulants(mean, length * TERM_VARIANCE))


def _finished_derived(length: int, mean: int, level: int) -> float:
    deviation = (length * TERM_VARIANCE) ** 0.5
    depths = ((level - 0.5 - mean) / deviation, (level + 0.5 + mean) / deviation)
    return sum(derivations.saddlepoint_overflow().value(z=depth) for depth in depths)


def _without_mean(length: int, mean: int, level: int) -> Values:
    """Leaves out the mean of the sum."""
    del mean
    return _finished(length, 0, level)


def _deviations_add(length: int, mean: int, level: int) -> Values:
    """Adds the deviations of the terms, as if they were all the same."""
    return _finished(length**2, mean, level)


def _effect(outputs: int, common: float) -> float:
    """Return the design effect of rare events, `common` of whose images have them in all outputs."""
    together, apart = round(4 * common), outputs * round(4 * (1 - common))
    return design_effect(np.repeat([outputs, 1, 0], [together, apart, 1_000_000]), outputs)


def _independent_outputs(outputs: int, common: float) -> float:
    """Takes the outputs of an image for independent."""
    del outputs, common
    return 1.0


def _alike_outputs(outputs: int, common: float) -> float:
    """Takes all outputs of every image for one."""
    del common
    return float(outputs)


CLAIMS: Final = (
    Claim.of(
        derivations.register_overflow,
        "A sum S overflows B bits just where max(S, −S − 1) is at least 2^(B−1).",
        _overflowed,
        derived=_overflowed_derived,
        unit="sums",
        domain={"word_bits": Integers(2, 8), "largest": Integers(130, 1000)},
        wrong_variants=(_magnitudes, _highest_only),
    ),
    Claim.of(
        derivations.threshold_stability,
        "Above any threshold u a generalised Pareto law goes on with the same shape ξ and the scale β + ξu.",
        _above,
        derived=_above_derived,
        domain={
            "shape": Choice(-0.5, -0.25, 0.25, 0.5),
            "threshold": Integers(2000, 13000),
            "excess": Integers(4000, 8000),
        },
        wrong_variants=(_same_scale, _exponential),
    ),
    Claim.of(
        derivations.overflow_tail,
        "From 100 images, a generalised Pareto law above their largest hundredth extrapolates sums of two Gaussian "
        "products, whose tail is exponential.",
        _extrapolated,
        kind="asymptotic",
        tolerance=0.3,
        unit="log₂ of the probability",
        domain={"deviation": Integers(60, 120), "depth": Reals(6, 9)},
        cases=4,
        wrong_variants=(_gaussian_tail, _one_end, _threshold_for_all),
    ),
    Claim.of(
        derivations.product_cumulants,
        "A sum of N products of Gaussian operands has the excess kurtosis 6/N: long before it is Gaussian, its tail is "
        "not.",
        _kurtosis,
        derived=_kurtosis_derived,
        domain={"length": Choice(16, 20)},
        cases=2,
        wrong_variants=(_gaussian_sum, _fourth_moments_add),
    ),
    Claim.of(
        derivations.saddlepoint_overflow,
        "The saddlepoint formula gives the overflow of Gaussian sums exactly.",
        _finished,
        derived=_finished_derived,
        domain={"length": Integers(4, 16), "mean": Integers(-100, 100), "level": Integers(300, 700)},
        cases=4,
        wrong_variants=(_without_mean, _deviations_add),
    ),
    Claim.of(
        derivations.design_effect,
        "Where all outputs of a part ρ of the images are alike, the number of overflows has 1 + (m − 1)ρ times the "
        "variance of independent outputs, m being the outputs of an image.",
        _effect,
        kind="asymptotic",
        tolerance=1e-3,
        domain={"outputs": Integers(2, 32), "common": Choice(0, 0.25, 0.5, 1)},
        wrong_variants=(_independent_outputs, _alike_outputs),
    ),
)
