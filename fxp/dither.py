"""What dither, noise that is added to a number before it is rounded, makes of the error."""

from fxp.arguments import one, reals, require_bool
from fxp.roundoff import RoundingError

__all__ = ["dithered_error"]

DITHERS = ("rectangular", "triangular")


def dithered_error(dither: str, *, fraction: float | None = None, subtractive: bool = False) -> RoundingError:
    r"""Return mean and variance of the total error, output − input, of rounding to nearest with dither (exact).

    For an input whose fraction above the lower code is f, and on average over inputs of uniform fraction:

    =========================  =====  ==================  ==================
    dither                     mean   variance at f       average variance
    =========================  =====  ==================  ==================
    rectangular                0      f(1 − f)            1/6
    triangular                 0      1/4                 1/4
    either, subtracted again   0      1/12                1/12
    =========================  =====  ==================  ==================

    ``rectangular`` is uniform over one step, ``triangular`` the sum of two such and two steps wide. Rectangular dither
    rounds up with probability f: it is STOCHASTIC rounding. It makes the mean of the error independent of the input;
    triangular dither does so with the variance too, at 1.76 dB more noise. Since the mean is zero at every f, the total
    errors of any input are white and uncorrelated with it, those of a constant or a slow ramp included.

    Assumptions: the dither is continuous, of exactly that width and centred at zero, independent of the input and from
    sample to sample; no overflow.

    Parameters
    ----------
    dither : {"rectangular", "triangular"}
        Law of the dither.
    fraction : float, optional
        Fraction f of the input, in steps, 0 ≤ f < 1; None (default) takes the average.
    subtractive : bool
        Whether the same dither is subtracted from the rounded number.

    Returns
    -------
    RoundingError
        `mean` in steps and `variance` in steps²; and `power`.

    Raises
    ------
    TypeError
        `subtractive` is not a bool.
    ValueError
        The dither is unknown, or `fraction` is not in [0, 1).

    References
    ----------
    R. A. Wannamaker, S. P. Lipshitz, J. Vanderkooy and J. N. Wright, IEEE Trans. SP 48 (2000) 499. Derivations:
    :ref:`derivation-dither_rectangular`, :ref:`derivation-dither_triangular`, :ref:`derivation-dither_subtractive`.

    Examples
    --------
    >>> dithered_error("rectangular", fraction=0.25).variance, dithered_error("triangular", fraction=0.25).variance
    (0.1875, 0.25)
    """
    if dither not in DITHERS:
        raise ValueError(f"dither={dither!r} is not known: choose one of {', '.join(DITHERS)}")
    require_bool("subtractive", subtractive)
    rounded_up = None if fraction is None else _fraction(fraction)
    if subtractive:
        return RoundingError(0.0, 1 / 12)
    if dither == "triangular":
        return RoundingError(0.0, 1 / 4)
    return RoundingError(0.0, 1 / 6 if rounded_up is None else rounded_up * (1 - rounded_up))


def _fraction(fraction: float) -> float:
    remedy = "give the part of the input above the lower code, in steps"
    part: float = one("fraction", reals("fraction", fraction, minimum=0, maximum=1, remedy=remedy))
    if part == 1:
        raise ValueError(f"fraction=1.0 is not below 1: {remedy}")
    return part
