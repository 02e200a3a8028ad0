"""The fewest bits of a fixed-point predictor for a loss: by the noise model, or exactly, with overload counted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from fxp.arguments import POSITIVE, one, reals, require_word, whole_numbers
from fxp.filters.designs import PredictorDesign, Search
from fxp.filters.noise import fir_noise
from fxp.filters.predictors import Predictor, optimal_predictor
from fxp.formats import Overflow, Rounding
from fxp.processes import Process, require_process
from fxp.quantizers import RESOLVED_WORD_BITS

__all__ = ["PredictorBits", "predictor_bits", "predictor_bits_exact"]

METHODS = ("exact", "noise_model")
SPANS = range(-1, 6)  # binary orders from the rms of the inputs to the ends of the ranges that are tried
W_SPANS = (0, 1)


@dataclass(frozen=True)
class PredictorBits:
    """The fewest bits of a predictor within a loss; as an integer, the equal word length.

    Parameters
    ----------
    predictor : Predictor
        The optimal one, without rounding.
    budget_db : float
        The loss that is allowed.
    method : {"exact", "noise_model"}
        What decided.
    equal : PredictorDesign
        The shortest words of equal length.
    cheapest : PredictorDesign
        The words with the fewest full adders, of any two lengths.
    """

    predictor: Predictor
    budget_db: float
    method: str
    equal: PredictorDesign
    cheapest: PredictorDesign

    @property
    def bits(self) -> int:
        """Equal word length of inputs and weights."""
        return self.equal.x_format.word_bits

    def __index__(self) -> int:
        return self.bits


def predictor_bits(
    process: Process,
    taps: int,
    loss_db: float,
    *,
    method: Literal["exact", "noise_model"] = "exact",
    horizon: int = 1,
    x_range: float | None = None,
    w_range: float | None = None,
    max_bits: int = 24,
    convention: str = "printed_ceil",
    rounding: Rounding | str = Rounding.HALF_EVEN,
    overflow: Overflow | str = Overflow.SATURATE,
) -> PredictorBits:
    r"""Return the fewest bits with which a predictor loses at most so much (exact, or by the noise model).

    ``method="exact"`` takes :func:`predictor_loss`: the weights as they are rounded, granular noise and overload. Where
    no range is given, that with the least loss is chosen for each word length. ``method="noise_model"`` takes
    :func:`fir_noise`, which knows no overload: a range that is too narrow looks best to it, and the loss that it
    promises may not be kept; the designs tell both.

    Neither loss falls with every bit: rounded weights may by chance be better with fewer. The result is the least word
    length that keeps within the loss, and the pair of the lowest cost.

    Assumptions: as of `predictor_loss` or `fir_noise`; products and sum are exact.

    Parameters
    ----------
    process : Process
        For ``method="exact"`` of the kinds of `predictor_loss`.
    taps : int
        Number of weights N, at least 1.
    loss_db : float
        Mean square error over that without rounding, dB, positive.
    method : {"exact", "noise_model"}
        What decides.
    horizon : int
        As of `optimal_predictor`.
    x_range, w_range : float, optional
        Ends of the ranges [−r, r), powers of two. Left out: for the inputs the best of 7 from half the rms to 32 times
        the rms (noise model: the least that the rms does not exceed), for the weights the least that holds all or the
        next one.
    max_bits : int
        Longest words that are tried, 1 to 32.
    convention : str
        Full adders are counted as by `computational_cost`.
    rounding, overflow : mode or str
        Modes of the inputs; the noise model is for rounding to nearest.

    Returns
    -------
    PredictorBits
        Designs of equal words and of the fewest full adders; ``int(…)`` is the equal word length.

    Raises
    ------
    TypeError
        `process` is not a Process.
    ValueError
        An argument is outside its range, the process has no exact loss or is predicted without error, or no words of
        up to `max_bits` keep within the loss.

    References
    ----------
    Derivations: :ref:`derivation-predictor_bits`, :ref:`derivation-predictor_loss`, :ref:`derivation-predictor_cost`.

    Examples
    --------
    >>> process = Process([0.1, 0.5, -0.5, 0.1])
    >>> best = predictor_bits(process, 3, 0.1)
    >>> best.bits, str(best.equal.x_format), round(best.equal.loss.loss_db, 3), best.equal.full_adders
    (4, 'sfix4_En2', 0.065, 66)
    >>> model = predictor_bits(process, 3, 0.1, method="noise_model")
    >>> model.bits, str(model.equal.x_format), round(model.equal.model_loss_db, 3), round(model.equal.loss.loss_db, 3)
    (4, 'sfix4_En3', 0.036, 0.266)
    """
    require_process(process)
    require_word("method", method, METHODS)
    budget = one("loss_db", reals("loss_db", loss_db, minimum=POSITIVE, remedy="give the loss that is allowed, in dB"))
    longest = one("max_bits", whole_numbers("max_bits", max_bits, minimum=1, remedy="give a word length"))
    if longest > RESOLVED_WORD_BITS:
        raise ValueError(f"max_bits={longest} is not between 1 and {RESOLVED_WORD_BITS}: give a shorter word")
    predictor = _predictor(process, taps, horizon)
    search = Search(
        process,
        predictor,
        method == "exact",
        _spans("x_range", x_range, predictor.power**0.5, SPANS if method == "exact" else (0,)),
        _spans("w_range", w_range, max(map(abs, predictor.weights)) or 1.0, W_SPANS if method == "exact" else (0,)),
        convention,
        (Rounding.of(rounding), Overflow.of(overflow)),
    )
    equal = search.shortest(budget, longest)
    return PredictorBits(predictor, budget, method, equal, search.cheapest(budget, longest, equal))


def predictor_bits_exact(
    process: Process, taps: int, loss_db: float, *, x_range: float, w_range: float, horizon: int = 1
) -> float:
    r"""Return the real, equal word length of inputs and weights at which the noise model loses `loss_db` (asymptotic).

    .. math:: B = 1 + \tfrac12 \log_2 \frac{\|w\|^2 x_m^2 + N r_0 w_m^2}{12\,(10^{L/10} - 1)\,\mathrm{MSE}_{min}}

    Assumptions: those of :func:`fir_noise`, no overload among them; words on [−x_m, x_m) and [−w_m, w_m).

    Parameters
    ----------
    process : Process
        Any.
    taps : int
        Number of weights N, at least 1.
    loss_db : float
        Loss L that is allowed, dB, positive.
    x_range, w_range : float
        Ends x_m and w_m of the ranges, positive.
    horizon : int
        As of `optimal_predictor`.

    Returns
    -------
    float
        Bits; below 1 where one bit is more than enough.

    Raises
    ------
    TypeError, ValueError
        As of `predictor_bits`.

    References
    ----------
    Derivation: :ref:`derivation-predictor_bits`.

    Examples
    --------
    >>> round(predictor_bits_exact(Process([0.1, 0.5, -0.5, 0.1]), 3, 0.1, x_range=1, w_range=1), 4)
    3.2491
    """
    require_process(process)
    budget = one("loss_db", reals("loss_db", loss_db, minimum=POSITIVE, remedy="give the loss that is allowed, in dB"))
    ends = [
        one(name, reals(name, end, minimum=POSITIVE, remedy="give the end of the range"))
        for name, end in (("x_range", x_range), ("w_range", w_range))
    ]
    predictor = _predictor(process, taps, horizon)
    at_one_bit = float(fir_noise(predictor.weights, predictor.power, *ends))  # whose step is the end of the range
    ratio = budget * math.log(10) / 10
    allowed = math.log2(-math.expm1(-ratio)) + ratio / math.log(2)  # log2 of 10^(L/10) − 1, which may overflow itself
    return float(1 + (math.log2(at_one_bit / predictor.mse) - allowed) / 2)


def _predictor(process: Process, taps: int, horizon: int) -> Predictor:
    predictor = optimal_predictor(process, taps, horizon=horizon)
    if predictor.mse == 0:
        raise ValueError(f"process={process} is predicted without error by {taps} taps: no loss in dB is left of it")
    return predictor


def _spans(name: str, end: float | None, magnitude: float, offsets: range | tuple[int, ...]) -> tuple[int, ...]:
    """Return the binary orders of the ends to try: that given, or those around a magnitude."""
    if end is None:
        least = math.ceil(math.log2(magnitude))
        return tuple(least + offset for offset in offsets)
    value = one(name, reals(name, end, minimum=POSITIVE, remedy="give the end of the range, a power of two"))
    mantissa, exponent = math.frexp(value)
    if mantissa != 0.5:
        raise ValueError(f"{name}={end} is not a power of two: formats have no other ends")
    return (exponent - 1,)
