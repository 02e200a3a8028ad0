"""Block-scaled integers: codes of a few bits that share a power-of-two scale, chosen by the largest of the block."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from fxp.arguments import one, require_signal, whole_numbers
from fxp.densities import nodes_between
from fxp.formats import Format, Rounding
from fxp.quantization import quantize
from fxp.signals import Signal

__all__ = ["BlockExponents", "BlockRule", "block_exponents", "block_storage_bits_exact", "sqnr_block"]

Floats = NDArray[np.float64]
MAX_BLOCK_WORD_BITS = 16
MAX_BLOCK_SIZE = 2**20
_NEGLIGIBLE = 1e-15
_SMALL = 1e-9
_OCTAVES = 48
_HALF = 0.5
_TINY = 1e-300
_NO_EXPONENT = -(2**31)
_OFFSETS = {mode: 0.5 for mode in Rounding if mode.name.startswith("HALF")}


class BlockRule(StrEnum):
    r"""How the largest magnitude m of a block sets its exponent e; the codes then have the step :math:`2^{e-B+1}`.

    LEADING_BIT: the smallest e with :math:`m < 2^e`, the position of the leading bit of m, as in the OCP microscaling
    (MX) formats: what exceeds the largest code :math:`2^e - 2^{e-B+1}` saturates, by at most one step.

    NO_SATURATION: the smallest e with :math:`m < c\,2^e`, which no value of magnitude up to m leaves when rounded:
    :math:`c = 1 - 2^{-B}` for rounding to nearest, :math:`1 - 2^{1-B}` for CEIL and STOCHASTIC, 1 for FLOOR and
    TOWARD_ZERO. A larger exponent doubles the step of the whole block.

    Both are strict: m = 2^k has the exponent k + 1.
    """

    LEADING_BIT = "leading_bit"
    NO_SATURATION = "no_saturation"


@dataclass(frozen=True, eq=False)
class BlockExponents:
    """The law of the exponent of a block.

    Parameters
    ----------
    exponents : ndarray of int64
        Increasing, without gaps.
    probabilities : ndarray of float64
        Of each; what is left out has less than 1e-15 in all, blocks of zeros only aside.
    """

    exponents: NDArray[np.int64]
    probabilities: Floats


def sqnr_block(
    word_bits: int,
    block_size: int,
    signal: Signal,
    *,
    rule: BlockRule | str = BlockRule.LEADING_BIT,
    rounding: Rounding | str = Rounding.HALF_EVEN,
) -> float:
    r"""Return the SQNR in dB of integers that share a power-of-two scale in blocks (exact: integrals over the law).

    A block with exponent e has a largest magnitude m in :math:`[c 2^{e-1}, c 2^e)`, c = 1 or :math:`1 - 2^{-B}` by the
    rule. With :math:`F(t) = P(|x| < t)` and :math:`D_e(t) = E[(Q_e(x) - x)^2; |x| < t]`, where Q_e rounds to the step
    :math:`2^{e-B+1}` and saturates to B bits of two's complement,

    .. math:: E[\text{error}^2] = \sum_e D_e(c 2^e)\,F(c 2^e)^{n-1} - D_e(c 2^{e-1})\,F(c 2^{e-1})^{n-1}

    Assumptions: independent values of one law; exponents without limits (see :func:`block_exponents` for those that
    occur).

    Parameters
    ----------
    word_bits : int
        Bits B of a code, sign included, 2 to 16.
    block_size : int
        Values n that share an exponent, 1 to 2**20.
    signal : Signal
        With a law.
    rule : BlockRule or str
        How the largest magnitude sets the exponent, as a member or by name.
    rounding : Rounding or str
        Rounding of the codes.

    Returns
    -------
    float
        SQNR, dB; infinite when no value has an error. Exponents cost :func:`block_storage_bits_exact`.

    Raises
    ------
    TypeError
        `signal` is not a Signal.
    ValueError
        An argument is out of its range; the signal has no law.

    References
    ----------
    Derivation: :ref:`derivation-block_scaled`.

    Examples
    --------
    >>> round(sqnr_block(8, 32, Signal.gaussian()), 2), round(sqnr_block(4, 16, Signal.gaussian()), 2)
    (41.67, 18.67)
    """
    require_signal("signal", signal)
    bits, size = _bits(word_bits), _size(block_size)
    rule, rounding = _rule(rule), Rounding.of(rounding)
    limit = _limit(bits, rule, rounding)
    exponents, log_below = _law(signal, limit)
    weight = _probabilities(log_below, size) * 4.0 ** (exponents - exponents[-1])
    others = np.exp((size - 1) * log_below)
    noise = sum(
        _noise(Format(bits, bits - 1 - int(exponents[k])), signal, limit, rounding, (others[k + 1], others[k]))
        for k in np.flatnonzero(weight > _SMALL * weight.sum())
    )
    return 10 * math.log10(signal.rms**2 / noise) if noise > 0 else math.inf


def block_exponents(
    block_size: int,
    signal: Signal,
    *,
    word_bits: int | None = None,
    rule: BlockRule | str = BlockRule.LEADING_BIT,
) -> BlockExponents:
    r"""Return the law of a block's exponent, from that of the block's largest magnitude (exact).

    .. math:: P(e) = F(c 2^e)^n - F(c 2^{e-1})^n, \qquad F(t) = P(|x| < t)

    Assumptions: independent values of one law; rounding to nearest where the rule depends on it.

    Parameters
    ----------
    block_size : int
        Values n that share an exponent, 1 to 2**20.
    signal : Signal
        With a law.
    word_bits : int, optional
        Bits of a code, 2 to 16; the rule NO_SATURATION needs it.
    rule : BlockRule or str
        How the largest magnitude sets the exponent, as a member or by name.

    Returns
    -------
    BlockExponents
        Exponents and probabilities.

    Raises
    ------
    TypeError
        `signal` is not a Signal.
    ValueError
        An argument is out of its range; the signal has no law; NO_SATURATION without `word_bits`.

    References
    ----------
    Derivation: :ref:`derivation-block_maximum`.

    Examples
    --------
    >>> law = block_exponents(32, Signal.gaussian())
    >>> law.exponents[2:5], law.probabilities[2:5].round(3)
    (array([1, 2, 3]), array([0.225, 0.773, 0.002]))
    """
    require_signal("signal", signal)
    rule = _rule(rule)
    if word_bits is None and rule is BlockRule.NO_SATURATION:
        raise ValueError("word_bits=None with rule=NO_SATURATION: the limit depends on the word; give word_bits")
    limit = 1.0 if word_bits is None else _limit(_bits(word_bits), rule, Rounding.HALF_EVEN)
    exponents, log_below = _law(signal, limit)
    probabilities = _probabilities(log_below, _size(block_size))
    seen = np.flatnonzero(probabilities > _NEGLIGIBLE)
    kept = slice(seen[0], seen[-1] + 1)
    return BlockExponents(exponents[kept], probabilities[kept])


def block_storage_bits_exact(word_bits: int, block_size: int, *, exponent_bits: int = 8) -> float:
    """Return the bits a value takes, its share of the block's exponent included (exact).

    .. math:: B + B_e / n

    Parameters
    ----------
    word_bits : int
        Bits B of a code, 2 to 16.
    block_size : int
        Values n that share an exponent, 1 to 2**20.
    exponent_bits : int
        Bits B_e of the exponent, at least 1.

    Returns
    -------
    float
        Bits a value.

    Raises
    ------
    ValueError
        An argument is out of its range.

    Examples
    --------
    >>> block_storage_bits_exact(8, 32)
    8.25
    """
    remedy = "give the bits of the exponent"
    overhead: int = one("exponent_bits", whole_numbers("exponent_bits", exponent_bits, minimum=1, remedy=remedy))
    return _bits(word_bits) + overhead / _size(block_size)


def _limit(bits: int, rule: BlockRule, rounding: Rounding) -> float:
    """Return c: a block whose largest magnitude is below c·2**e has at most the exponent e."""
    if rule is BlockRule.LEADING_BIT or rounding in (Rounding.FLOOR, Rounding.TOWARD_ZERO):
        return 1.0
    return 1 - 2.0 ** ((rounding in (Rounding.CEIL, Rounding.STOCHASTIC)) - bits)


def _law(signal: Signal, limit: float) -> tuple[NDArray[np.int64], Floats]:
    """Return exponents e, and ln P(|x| < limit·2**e) before the first of them and at each."""
    top = int(_own_exponents(signal.nodes()[0], limit).max()) + 1
    exponents = np.arange(math.frexp(signal.rms)[1] - _OCTAVES, top + 1)
    edges = np.ldexp(limit, exponents)
    points, weights = signal.nodes(np.r_[-edges, edges])
    own = np.maximum(_own_exponents(points, limit), exponents[0]) - exponents[0]
    masses = np.bincount(own[1:], weights[1:], exponents.size)
    below = np.cumsum(np.r_[signal.zero_atom, masses])
    above = np.r_[np.cumsum(masses[::-1])[::-1], 0.0]
    # The shorter of both tails keeps its relative precision
    return exponents, np.where(above < _HALF, np.log1p(-np.minimum(above, _HALF)), np.log(np.maximum(below, _TINY)))


def _probabilities(log_below: Floats, size: int) -> Floats:
    """Return the probability of each exponent for the largest of `size` values."""
    return np.asarray(np.exp(size * log_below[1:]) * -np.expm1(-size * np.diff(log_below)))


def _noise(word: Format, signal: Signal, limit: float, rounding: Rounding, others: tuple[float, float]) -> float:
    """Return E[error²; the block's exponent is that of the word].

    `others` are the probabilities that the other values of the block have exponents up to this one, and less: the
    former meets values of this exponent, the difference meets smaller values.
    """
    top = limit * -word.min
    middles = (np.arange(word.min_code, word.max_code + 1) + _OFFSETS.get(rounding, 0.0)) * word.step
    points, weights = nodes_between(signal, np.r_[-top, -top / 2, middles, top / 2, top])
    magnitudes = np.abs(points)
    inside = magnitudes < top
    points, magnitudes, weights = points[inside], magnitudes[inside], weights[inside]
    share = np.where(magnitudes < top / 2, others[0] - others[1], others[0])
    return float(np.sum(weights * share * _mean_square(points, word, rounding)))


def _mean_square(x: Floats, word: Format, rounding: Rounding) -> Floats:
    """Return the square of the rounding error of each value, in the mean over the draws where they are random."""
    if rounding is not Rounding.STOCHASTIC:
        return np.asarray((quantize(x, word, rounding=rounding) - x) ** 2)
    low, high = (quantize(x, word, rounding=mode) for mode in (Rounding.FLOOR, Rounding.CEIL))
    up = np.mod(x / word.step, 1.0)
    return np.asarray((1 - up) * (low - x) ** 2 + up * (high - x) ** 2)


def _own_exponents(x: Floats, limit: float) -> NDArray[np.int64]:
    """Return the smallest e with |x| < limit·2**e of each value; of zero, one below all others."""
    return np.where(x == 0, _NO_EXPONENT, np.frexp(np.abs(x) / limit)[1].astype(np.int64))


def _rule(rule: BlockRule | str) -> BlockRule:
    name = str(rule).lower()
    if name not in list(BlockRule):
        raise ValueError(f"rule={rule!r} is not a rule of block exponents: choose one of {', '.join(BlockRule)}")
    return BlockRule(name)


def _bits(word_bits: int) -> int:
    bits: int = one("word_bits", whole_numbers("word_bits", word_bits, minimum=2, remedy="give the bits of a code"))
    if bits > MAX_BLOCK_WORD_BITS:
        raise ValueError(f"word_bits={bits} is not at most {MAX_BLOCK_WORD_BITS}: longer words gain 6.02 dB a bit")
    return bits


def _size(block_size: int) -> int:
    remedy = "give the values that share an exponent"
    size: int = one("block_size", whole_numbers("block_size", block_size, minimum=1, remedy=remedy))
    if size > MAX_BLOCK_SIZE:
        raise ValueError(f"block_size={size} is not at most {MAX_BLOCK_SIZE}: use a Format, whose scale is fixed")
    return size
