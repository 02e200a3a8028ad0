"""How many bits a trained weight needs: five rules, from the gradient alone to the rounded weight itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import POSITIVE, one, reals, whole_numbers
from fxp.formats import Format
from fxp.inputs import require_format
from fxp.quantization import quantize

__all__ = ["BitRule", "LocalCost", "RoundingLoss", "WeightBits", "rounding_loss", "weight_bits"]

Floats = NDArray[np.float64]

LONGEST = 24  # bits that a rule tries
LARGEST_EXPONENT = 500  # of a range
SPARE = 24  # bits in front of a word without a limit


class BitRule(StrEnum):
    """What a rule holds against the budget; e is the rounding error of one weight, Δ the step of its word."""

    FIRST_ORDER = "first order"
    HESSIAN_WORST_CASE = "Hessian, worst case"
    HESSIAN_UNIFORM_NOISE = "Hessian, uniform noise"
    EXACT_GRANULAR = "exact, granular"
    BIT_TRUE = "bit-true, with overload"


@dataclass(frozen=True, eq=False)
class LocalCost:
    """A cost around trained weights.

    Parameters
    ----------
    cost : callable
        Takes weights of shape (n,), returns the cost; positive.
    weights : ndarray of float64, shape (n,)
        The trained ones.
    gradient : ndarray of float64, shape (n,)
        Of the cost, there.
    hessian : ndarray of float64, shape (n, n)
        Of the cost, there.

    Raises
    ------
    ValueError
        A number is not finite, the shapes do not agree, or the cost is not positive.

    Examples
    --------
    >>> bowl = LocalCost(lambda w: 1 + float(w @ w), np.zeros(2), np.zeros(2), 2 * np.eye(2))
    >>> bowl.value
    1.0
    """

    cost: Callable[[Floats], float]
    weights: Floats
    gradient: Floats
    hessian: Floats

    def __post_init__(self) -> None:
        for name in ("weights", "gradient", "hessian"):
            object.__setattr__(self, name, reals(name, getattr(self, name), remedy="give finite numbers"))
        count = len(self.weights) if self.weights.ndim == 1 else -1
        if self.gradient.shape != (count,) or self.hessian.shape != (count, count):
            raise ValueError(
                f"weights of shape {self.weights.shape}, gradient of {self.gradient.shape} and hessian of "
                f"{self.hessian.shape} do not agree: give (n,), (n,) and (n, n)"
            )
        if not (self.value > 0 and math.isfinite(self.value)):
            raise ValueError(f"cost={self.value} at the weights is not positive: a budget is a share of it")

    @property
    def value(self) -> float:
        """The cost at the trained weights."""
        return float(self.cost(self.weights))

    def with_weight(self, index: int, value: float) -> float:
        """Return the cost with one weight replaced."""
        changed = self.weights.copy()
        changed[index] = value
        return float(self.cost(changed))


@dataclass(frozen=True)
class RoundingLoss:
    """What rounding one weight to a word adds to the cost.

    Parameters
    ----------
    value : float
        The weight in its word, after saturation.
    granular : float
        Cost with the weight rounded on an unlimited grid, less the cost before.
    overload : float
        Cost after saturation, less that before it; 0 within the range. Either may be negative.
    """

    value: float
    granular: float
    overload: float

    @property
    def total(self) -> float:
        """Granular and overload loss."""
        return self.granular + self.overload


@dataclass(frozen=True)
class WeightBits:
    """The answer of a rule.

    Parameters
    ----------
    rule : BitRule
        Which one.
    bits : int or None
        Shortest word, sign included; None where the rule is void.
    increase : float or None
        What the rule expects that word to add to the cost, as a share of it.
    why_void : str
        Why there is no answer, else empty.
    """

    rule: BitRule
    bits: int | None
    increase: float | None
    why_void: str = ""


def rounding_loss(local: LocalCost, index: int, word: Format) -> RoundingLoss:
    r"""Return what rounding one weight, half to even, then saturating, adds to the cost (exact: it is evaluated).

    .. math:: C(\hat w) - C(w) = [C(\mathrm{round}\, w) - C(w)] + [C(\hat w) - C(\mathrm{round}\, w)]

    Assumptions: the other weights stay as they are.

    Parameters
    ----------
    local : LocalCost
        The cost and the weights.
    index : int
        Which weight.
    word : Format
        Its word.

    Returns
    -------
    RoundingLoss
        Granular and overload part, in the unit of the cost.

    Raises
    ------
    TypeError
        `word` is not a Format.
    ValueError
        There is no such weight.

    References
    ----------
    Derivation: :ref:`derivation-saturated_weight_cost`.

    Examples
    --------
    >>> bowl = LocalCost(lambda w: 1 + float((w[0] - 0.95) ** 2), np.array([0.95]), np.zeros(1), 2 * np.eye(1))
    >>> loss = rounding_loss(bowl, 0, Format(4, 3))
    >>> loss.value, round(loss.granular, 6), round(loss.overload, 6)
    (0.875, 0.0025, 0.003125)
    """
    place = _place(local, index)
    require_format("word", word)
    weight = local.weights[place]
    unlimited = Format(word.word_bits + SPARE, word.frac_bits, signed=word.signed)
    on_grid, inside = float(quantize(weight, unlimited)), float(quantize(weight, word))
    before, rounded = local.value, local.with_weight(place, on_grid)
    return RoundingLoss(inside, rounded - before, local.with_weight(place, inside) - rounded)


def weight_bits(local: LocalCost, index: int, *, budget: float, rule: BitRule, range_exponent: int = 0) -> WeightBits:
    r"""Return the shortest word of one weight that keeps the cost within a budget, by one of five rules.

    With δ = `budget`, the slope g and the curvature h of the cost C over that weight, a signed word of B bits on
    [−R, R), R = 2^`range_exponent`, and its step Δ = 2R·2^−B:

    =======================  ==============================================  ========================================
    rule                     demands                                         is
    =======================  ==============================================  ========================================
    `FIRST_ORDER`            \|g\|Δ/2 ≤ δC                                   void where the next order is larger
    `HESSIAN_WORST_CASE`     \|g\|Δ/2 + max(h, 0)Δ²/8 ≤ δC                   an upper bound to second order
    `HESSIAN_UNIFORM_NOISE`  hΔ²/24 ≤ δC                                     the mean over where the grid lies
    `EXACT_GRANULAR`         C(w rounded, no limit) − C ≤ δC                 exact for this weight and grid
    `BIT_TRUE`               C(w rounded and saturated) − C ≤ δC             exact, overload included
    =======================  ==============================================  ========================================

    The last two are not monotone in B, as a coarse grid may hit the weight by luck: the answer is the shortest word
    from which on every word up to 24 bits meets the budget. A first-order rule is void at a minimum, where the slope
    is what training left of it: it is void if at its own step the second-order term hΔ²/8 exceeds \|g\|Δ/2. The noise
    rule is void where h is not positive.

    Assumptions: one weight is rounded, half to even, and the others stay; for the rules before the last, nothing
    saturates.

    Parameters
    ----------
    local : LocalCost
        Cost, weights, gradient and Hessian.
    index : int
        Which weight.
    budget : float
        Share of the cost that rounding may add, positive.
    rule : BitRule
        Member or its text.
    range_exponent : int
        log2 R, within ±500.

    Returns
    -------
    WeightBits

    Raises
    ------
    ValueError
        There is no such weight or rule, the budget is not positive, or the range is out of its own.

    References
    ----------
    Derivation: :ref:`derivation-rounded_weight_noise`.

    Examples
    --------
    >>> bowl = LocalCost(lambda w: 1 + float((w[0] - 0.95) ** 2), np.array([0.95]), np.zeros(1), 2 * np.eye(1))
    >>> for rule in BitRule:
    ...     print(rule, weight_bits(bowl, 0, budget=0.01, rule=rule).bits)
    first order None
    Hessian, worst case 4
    Hessian, uniform noise 3
    exact, granular 1
    bit-true, with overload 4
    """
    place = _place(local, index)
    share = one("budget", reals("budget", budget, minimum=POSITIVE, remedy="give a share of the cost"))
    exponent = one("range_exponent", _exponent(range_exponent))
    if rule not in tuple(BitRule):
        raise ValueError(f"rule={rule!r} is not one of {'; '.join(map(repr, map(str, BitRule)))}: choose one")
    chosen, allowed = BitRule(rule), share * local.value
    if chosen in (BitRule.EXACT_GRANULAR, BitRule.BIT_TRUE):
        return _evaluated(local, place, chosen, allowed, exponent)
    return _expanded(local, place, chosen, allowed, exponent)


def _expanded(local: LocalCost, place: int, rule: BitRule, allowed: float, exponent: int) -> WeightBits:
    """Return the answer of a rule on slope and curvature."""
    slope, curvature = abs(float(local.gradient[place])), float(local.hessian[place, place])
    if rule is BitRule.HESSIAN_UNIFORM_NOISE and curvature <= 0:
        return WeightBits(rule, None, None, f"the curvature {curvature:.3g} is not positive")
    increases = {
        bits: _increase(rule, slope, curvature, 2.0 ** (exponent + 1 - bits)) for bits in range(1, LONGEST + 1)
    }
    bits = next((bits for bits, increase in increases.items() if increase <= allowed), None)
    if bits is None:
        return _too_long(rule)
    if rule is BitRule.FIRST_ORDER:
        half = 2.0 ** (exponent - bits)
        first, second = slope * half, abs(curvature) * half**2 / 2
        if second > first:
            why = f"at its own answer of {bits} bits or less, the second order is {_times(second, first)} the first"
            return WeightBits(rule, None, None, why)
    return WeightBits(rule, bits, increases[bits] / local.value)


def _increase(rule: BitRule, slope: float, curvature: float, step: float) -> float:
    match rule:
        case BitRule.FIRST_ORDER:
            return slope * step / 2
        case BitRule.HESSIAN_WORST_CASE:
            return slope * step / 2 + max(curvature, 0.0) * step**2 / 8
        case _:
            return curvature * step**2 / 24


def _evaluated(local: LocalCost, place: int, rule: BitRule, allowed: float, exponent: int) -> WeightBits:
    """Return the answer of a rule on the rounded weight itself."""
    found, increase = None, None
    for bits in range(LONGEST, 0, -1):
        loss = rounding_loss(local, place, Format(bits, bits - 1 - exponent))
        added = loss.granular if rule is BitRule.EXACT_GRANULAR else loss.total
        if not added <= allowed:  # no number does not meet it
            break
        found, increase = bits, added / local.value
    if found is not None:
        return WeightBits(rule, found, increase)
    weight = float(local.weights[place])
    if rule is BitRule.BIT_TRUE and abs(weight) > 2.0**exponent:
        least = math.ceil(math.log2(abs(weight)))
        return WeightBits(rule, None, None, f"{weight:.6g} is out of the range ±2^{exponent}: range_exponent={least}")
    return _too_long(rule)


def _too_long(rule: BitRule) -> WeightBits:
    return WeightBits(rule, None, None, f"no word of up to {LONGEST} bits meets the budget")


def _times(second: float, first: float) -> str:
    return f"{second / first:.3g} times" if first else "infinitely many times"


def _place(local: LocalCost, index: ArrayLike) -> int:
    if not isinstance(local, LocalCost):
        raise TypeError(f"local={local!r} is not a LocalCost: pass one, as analysis.NodeSystem.local_cost returns it")
    place = int(one("index", whole_numbers("index", index, minimum=0, remedy="give the place of a weight")))
    if place >= len(local.weights):
        raise ValueError(f"index={place} is not below {len(local.weights)}: give the place of a weight")
    return place


def _exponent(value: ArrayLike) -> NDArray[np.int64]:
    exponent = whole_numbers("range_exponent", value, minimum=-LARGEST_EXPONENT, remedy="give log2 of the range")
    if np.any(exponent > LARGEST_EXPONENT):
        raise ValueError(f"range_exponent={np.max(exponent)} is not at most {LARGEST_EXPONENT}: give log2 of the range")
    return exponent
