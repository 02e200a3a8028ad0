"""What no format can exceed: entropy-coded and rate-distortion limits, and how far a format is from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import entr

from fxp.arguments import POSITIVE, one, reals, require_bool, require_signal
from fxp.densities import central_range, differential_entropy, nodes_between, smooth_law
from fxp.formats import Format, Overflow, Rounding
from fxp.optimal_levels import lloyd_max
from fxp.quantizers import sqnr_quantizer
from fxp.signals import Signal
from fxp.sqnr import DB_PER_BIT

__all__ = [
    "EntropyCoded",
    "LimitDistances",
    "distance_to_limits",
    "entropy_coded_quantizer",
    "entropy_coded_sqnr",
    "rate_distortion_sqnr",
]

Floats = NDArray[np.float64]
_MAX_CELLS = 2**21
_TAIL = 1e-20
_SOLVED_BITS = 14  # with more bits for each value that is not zero the asymptote is exact to 1e-3 dB


@dataclass(frozen=True)
class EntropyCoded:
    """A quantiser whose codes are stored by an ideal entropy coder.

    Parameters
    ----------
    rate_bits_exact : float
        Entropy of the codes, bits a value.
    sqnr_db : float
        E[x²] over the mean square of the error, dB.
    """

    rate_bits_exact: float
    sqnr_db: float


@dataclass(frozen=True)
class LimitDistances:
    """The SQNR of a format, and how many dB better each limit is at as many bits a value.

    Parameters
    ----------
    sqnr_db : float
        Of the format, dB.
    lloyd_max_db : float
        To the best quantiser with as many levels, dB.
    entropy_coded_db : float
        To the better of that and of uniform cells with centroids for levels at an entropy of as many bits, dB.
    rate_distortion_db : float
        To the Shannon bound on every coder, of blocks of any length too, dB.
    """

    sqnr_db: float
    lloyd_max_db: float
    entropy_coded_db: float
    rate_distortion_db: float


def entropy_coded_sqnr(rate_bits_exact: ArrayLike, signal: Signal) -> Floats:
    r"""Return the SQNR in dB of entropy-coded uniform quantisation at a rate (asymptotic in the rate).

    .. math:: 10 \log_{10} \frac{12\,E[x^2]}{\alpha} + 6.02 \left(\frac{R - H(\alpha)}{\alpha} - h\right)

    with the share α of values that are not zero, its binary entropy H(α), and the differential entropy h of the values
    that are not zero. Without an atom at zero, α = 1 and H = 0: a Gaussian of zero mean has 6.02·R − 1.53, where
    :math:`1.53 = 10\log_{10}(\pi e/6)` is what any scalar quantiser loses at high rate.

    Assumptions: a density that is smooth over a step; cells of one width. The error is below 0.001 dB for N(0, 1) at
    2 bits and more with centroids for levels; with midpoints for levels it needs 6 bits for 0.002 dB. It falls slowly
    where the density has a pole or begins at an atom: 0.1 dB for a sine at 12 bits, for a ReLU-Gaussian at 5.5 bits.

    Parameters
    ----------
    rate_bits_exact : array_like of float
        Entropy R of the codes, bits a value; at least 1 bit for each value that is not zero, beside H(α).
    signal : Signal
        With a law that has a density.

    Returns
    -------
    ndarray of float64
        SQNR, dB, in the shape of the rate.

    Raises
    ------
    TypeError
        `signal` is not a Signal.
    ValueError
        The rate is too low for the asymptote; the signal has no density.

    References
    ----------
    H. Gish, J. N. Pierce, Asymptotically efficient quantizing, IEEE Trans. Inf. Theory 14 (1968) 676-683.
    Derivation: :ref:`derivation-entropy_coded`.

    Examples
    --------
    >>> round(float(entropy_coded_sqnr(8, Signal.gaussian())), 2)
    46.63
    """
    require_signal("signal", signal)
    share, location = 1 - signal.zero_atom, _location_bits(signal.zero_atom)
    remedy = "the asymptote needs a bit for each value that is not zero; use entropy_coded_quantizer"
    reals("rate_bits_exact", rate_bits_exact, remedy="give bits a value")
    rate = reals("rate_bits_exact", rate_bits_exact, minimum=location + share, remedy=remedy)
    level = 10 * math.log10(12 * signal.rms**2 / share)
    return np.asarray(level + DB_PER_BIT * ((rate - location) / share - differential_entropy(signal)))


def rate_distortion_sqnr(rate_bits_exact: ArrayLike, signal: Signal) -> Floats:
    r"""Return the SQNR in dB that no coder exceeds at a rate, the Shannon bound (upper bound; attained for a Gaussian).

    .. math:: 10 \log_{10} \frac{2 \pi e\,E[x^2]}{\alpha} + 6.02 \left(\frac{R}{\alpha} - h\right)

    with α and h as in :func:`entropy_coded_sqnr`. A Gaussian of zero mean has 6.02·R, the least of all laws: its bound
    is the rate-distortion function. With an atom at zero the bound leaves out the bits that say which values are zero.

    Assumptions: independent values; any coder, also of long blocks of values.

    Parameters
    ----------
    rate_bits_exact : array_like of float
        Rate R, bits a value, not negative.
    signal : Signal
        With a law that has a density.

    Returns
    -------
    ndarray of float64
        SQNR, dB, in the shape of the rate.

    Raises
    ------
    TypeError
        `signal` is not a Signal.
    ValueError
        The rate is negative; the signal has no density.

    References
    ----------
    C. E. Shannon, Coding theorems for a discrete source with a fidelity criterion, 1959.
    Derivation: :ref:`derivation-shannon_lower_bound` and :ref:`derivation-rate_distortion`.

    Examples
    --------
    >>> round(float(rate_distortion_sqnr(8, Signal.gaussian())), 2)
    48.16
    """
    require_signal("signal", signal)
    rate = reals("rate_bits_exact", rate_bits_exact, minimum=0, remedy="give bits a value")
    share = 1 - signal.zero_atom
    level = 10 * math.log10(2 * math.pi * math.e * signal.rms**2 / share)
    return np.asarray(level + DB_PER_BIT * (rate / share - differential_entropy(signal)))


def entropy_coded_quantizer(signal: Signal, step: float, *, centroids: bool = False) -> EntropyCoded:
    r"""Return rate and SQNR of rounding to multiples of a step without limits, entropy-coded (exact).

    .. math:: R = -\sum_k P_k \log_2 P_k, \qquad P_k = P(k - \tfrac12 \le x / \Delta < k + \tfrac12)

    Assumptions: independent values, an ideal entropy coder (arithmetic coding comes within 0.01 bit), unlimited codes.

    Parameters
    ----------
    signal : Signal
        With a law that has a density.
    step : float
        Width Δ of the cells, in the signal's unit, positive.
    centroids : bool
        Decode a code to the mean of its cell instead of its middle.

    Returns
    -------
    EntropyCoded
        Rate in bits a value, and SQNR in dB; infinite where no value has an error.

    Raises
    ------
    TypeError
        `signal` is not a Signal.
    ValueError
        The step is not positive, or so small that the law covers more than two million cells; the signal has no
        density.

    References
    ----------
    Derivation: :ref:`derivation-entropy_coded`.

    Examples
    --------
    >>> coded = entropy_coded_quantizer(Signal.gaussian(), 0.25)
    >>> round(coded.rate_bits_exact, 3), round(coded.sqnr_db, 2)
    (4.051, 22.83)
    """
    require_signal("signal", signal)
    require_bool("centroids", centroids)
    step = one("step", reals("step", step, minimum=POSITIVE, remedy="give the width of a cell"))
    codes, cells, points, weights = _rounded(signal, step)
    masses = np.bincount(cells, weights, codes.size)
    levels = codes * step
    if centroids:
        seen = masses > 0
        levels[seen] = np.bincount(cells, weights * points, codes.size)[seen] / masses[seen]
    noise = float(np.sum(weights * (points - levels[cells]) ** 2))
    return EntropyCoded(float(np.sum(entr(masses)) / math.log(2)), _ratio_db(signal.rms**2, noise))


def distance_to_limits(
    fmt: Format,
    signal: Signal,
    *,
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
) -> LimitDistances:
    """Return how many dB a format is from the limits of coding at as many bits a value (exact to 0.001 dB).

    N(0, 1) in the best format of 8 bits has 40.57 dB: 3.28 less than Lloyd-Max, 6.06 less than entropy coding, and 7.6
    less than the rate-distortion bound. The distances grow with the word: a uniform grid wastes codes on the tails.

    Assumptions: independent values. Of a law that is not log-concave (ReLU, sinusoid) the Lloyd-Max quantiser is the
    one that the iteration finds, and a better one may exist.

    Parameters
    ----------
    fmt : Format
        Of 1 to 14 bits.
    signal : Signal
        With a law that has a density.
    rounding, overflow : mode or str
        Modes of the format.

    Returns
    -------
    LimitDistances
        dB.

    Raises
    ------
    TypeError
        `fmt` is not a Format, or `signal` not a Signal.
    ValueError
        The format is too wide; the signal has no density.

    References
    ----------
    Derivation: :ref:`derivation-lloyd_max`, :ref:`derivation-entropy_coded`, :ref:`derivation-shannon_lower_bound`.

    Examples
    --------
    >>> round(distance_to_limits(Format(8, 5), Signal.gaussian()).lloyd_max_db, 2)
    3.3
    """
    sqnr_db = sqnr_quantizer(fmt, signal, rounding=rounding, overflow=overflow)
    lloyd_max_db = lloyd_max(signal, fmt.word_bits, local=True).sqnr_db
    return LimitDistances(
        sqnr_db,
        lloyd_max_db - sqnr_db,
        max(lloyd_max_db, _entropy_coded_at(signal, fmt.word_bits)) - sqnr_db,
        float(rate_distortion_sqnr(fmt.word_bits, signal)) - sqnr_db,
    )


def _entropy_coded_at(signal: Signal, rate: int) -> float:
    """Return the SQNR in dB of uniform cells with centroids for levels, at the step whose codes have this entropy."""
    rate_of_nonzeros = (rate - _location_bits(signal.zero_atom)) / (1 - signal.zero_atom)
    if rate_of_nonzeros > _SOLVED_BITS:
        return float(entropy_coded_sqnr(rate, signal))

    def excess(log_step: float) -> float:
        return entropy_coded_quantizer(signal, 2.0**log_step).rate_bits_exact - rate

    low = high = differential_entropy(signal) - rate_of_nonzeros
    while excess(low) < 0:
        low -= 0.5
    while excess(high) > 0:
        high += 0.5
    return entropy_coded_quantizer(signal, 2.0 ** brentq(excess, low, high, xtol=1e-9), centroids=True).sqnr_db


def _rounded(signal: Signal, step: float) -> tuple[Floats, NDArray[np.int64], Floats, Floats]:
    """Return the codes, and points and weights of the law with the index of each point's code.

    The outermost codes take what is beyond, at most 1e-20 of the law on either side.
    """
    law = smooth_law(signal)
    low, high = (end / step for end in central_range(law, _TAIL))
    if high - low > _MAX_CELLS:
        raise ValueError(f"step={step} divides the law into {high - low:.3g} cells: use entropy_coded_sqnr")
    codes = np.arange(math.floor(min(low, 0.0)), math.ceil(max(high, 0.0)) + 1, dtype=np.float64)
    points, weights = nodes_between(signal, step * (codes[:-1] + 0.5))
    cells = np.clip(np.rint(points / step) - codes[0], 0, codes.size - 1).astype(np.int64)
    return codes, cells, points, weights


def _location_bits(zero_atom: float) -> float:
    """Return the entropy of whether a value is zero, bits."""
    return float(entr(zero_atom) + entr(1 - zero_atom)) / math.log(2)


def _ratio_db(signal_power: float, noise_power: float) -> float:
    return 10 * math.log10(signal_power / noise_power) if noise_power > 0 else math.inf
