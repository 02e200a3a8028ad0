"""How many bits a signal inside of a small system needs, by its noise gain and by trying words."""

import math
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from analysis.input_laws import Law
from analysis.node_systems import NodeSystem
from fxp.arguments import POSITIVE, one, reals
from fxp.formats import Format

__all__ = ["SignalBits", "signal_bits"]

Floats = NDArray[np.float64]

LONGEST = 24  # bits that are tried


@dataclass(frozen=True)
class SignalBits:
    """The shortest words of a node within a budget, by its noise gain and by trying words.

    Parameters
    ----------
    range_exponent : int
        The words span [−2^r, 2^r), the least power of two that holds the node at the law's points.
    predicted : int or None
        Of uniform noise; None where the gain is not positive or no word of up to 24 bits meets the budget.
    bit_true : int or None
        The word from which on all up to 24 bits meet the budget; None where there is none.
    """

    range_exponent: int
    predicted: int | None
    bit_true: int | None


def signal_bits(system: NodeSystem, weights: ArrayLike, law: Law, node: sp.Symbol, *, budget: float) -> SignalBits:
    r"""Return how many bits a node needs, so that rounding it adds at most a share of the cost.

    .. math:: \tfrac{1}{2} E\!\left[\frac{\partial^2 L}{\partial y^2}\right] \frac{\Delta^2}{12} \le \delta C

    Assumptions: for the predicted one, rounding adds uniform noise that does not depend on the node's value. That
    holds on average over where the grid lies. On one grid the bit-true answer may be off by bits, either way:
    where a node is flat over the input, long stretches of it share one error, which adds a term of order Δ^1.5.

    Parameters
    ----------
    system : NodeSystem
    weights : array_like of float, shape (weights,)
        Not rounded.
    law : Law
        Many points, so that the rounding errors average.
    node : sympy.Symbol
        Of an equation of the system.
    budget : float
        Share δ of the cost, positive.

    Raises
    ------
    ValueError
        There is no such node, or the budget is not positive.

    Examples
    --------
    >>> from analysis.node_systems import angle_system
    >>> system = angle_system()
    >>> law = Law.samples(2 * np.pi * (np.arange(2000) + 0.5) / 2000 - np.pi)
    >>> weights = [0.9547247, -0.8316406, 0.7071791]
    >>> signal_bits(system, weights, law, sp.Symbol("y_1", real=True), budget=1e-4)
    SignalBits(range_exponent=1, predicted=6, bit_true=6)
    """
    share = one("budget", reals("budget", budget, minimum=POSITIVE, remedy="give a share of the cost"))
    gains = system.noise_gains(weights, law).nodes
    if str(node) not in gains:
        raise ValueError(f"node={node} is not one of {', '.join(gains)}: give a symbol of an equation")
    cost = float(system.cost(weights, law))
    exponent = _range_exponent(system.evaluate(weights, law)[node])
    added = {
        bits: system.rounded_cost(weights, law, {node: Format(bits, bits - 1 - exponent)}) - cost
        for bits in range(1, LONGEST + 1)
    }
    failing = max((bits for bits, increase in added.items() if increase > share * cost), default=0)
    return SignalBits(exponent, _noise_bits(gains[str(node)], share * cost, exponent), _up_to_longest(failing + 1))


def _noise_bits(gain: float, allowed: float, exponent: int) -> int | None:
    """Return the shortest word whose uniform noise is within what is allowed."""
    if gain <= 0:
        return None
    steps = (2.0 ** (exponent + 1 - bits) for bits in range(1, LONGEST + 1))
    return next((bits for bits, step in enumerate(steps, start=1) if gain * step**2 / 12 <= allowed), None)


def _up_to_longest(bits: int) -> int | None:
    return bits if bits <= LONGEST else None


def _range_exponent(values: Floats) -> int:
    """Return r of the least range [−2^r, 2^r] that holds the values."""
    peak = float(np.max(np.abs(values)))
    return math.ceil(math.log2(peak)) if peak else 0
