"""Noise gains in, bits of every layer out."""

import math
import sys
from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass, field
from operator import index

__all__ = ["NoiseGains", "PrecisionAssignment", "equalize", "predict_mismatch", "require_assignment", "uniform"]

MAX_BITS = 63


@dataclass(frozen=True)
class NoiseGains:
    """What a unit of rounding noise in each layer does to a network's decision: noise = gain · 4**(−bits).

    Sequences may be given for the tuples; all hold one entry a layer, in call order.

    Parameters
    ----------
    layers : tuple of str
        Names of the layers.
    weight_ranges, activation_ranges : tuple of float
        Range R of the weights and of the input tensor, positive: signed codes cover [−R, R), unsigned [0, R).
    activation_signed : tuple of bool
        Whether the input tensor takes negative values.
    weight_gains, activation_gains : tuple of float
        Gains, not negative, with the range in them. Layers that read one tensor carry the same activation gain.
    kind : str
        What the noise measures: "bound" for the published upper bound of the mismatch probability.
    tensors : tuple of int, optional
        For each layer the index of the first layer that reads the same input tensor; None where all tensors differ.

    Raises
    ------
    ValueError
        The lengths differ, a gain or range is out of its domain, or `tensors` does not point at first readers.

    Examples
    --------
    >>> gains = NoiseGains(("fc",), (1.0,), (2.0,), (False,), (0.5,), (0.25,), kind="bound")
    >>> gains.tensors
    (0,)
    """

    layers: tuple[str, ...]
    weight_ranges: tuple[float, ...]
    activation_ranges: tuple[float, ...]
    activation_signed: tuple[bool, ...]
    weight_gains: tuple[float, ...]
    activation_gains: tuple[float, ...]
    kind: str
    tensors: tuple[int, ...] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "activation_signed", tuple(map(bool, self.activation_signed)))
        for name in ("weight_ranges", "activation_ranges"):
            object.__setattr__(self, name, _floats(name, getattr(self, name), positive=True))
        for name in ("weight_gains", "activation_gains"):
            object.__setattr__(self, name, _floats(name, getattr(self, name), positive=False))
        tensors = range(len(self.layers)) if self.tensors is None else map(int, self.tensors)
        object.__setattr__(self, "tensors", tuple(tensors))
        _check_lengths(self)
        _check_first_readers(self.first_readers)

    @property
    def first_readers(self) -> tuple[int, ...]:
        """For each layer the index of the first layer that reads the same input tensor."""
        assert self.tensors is not None
        return self.tensors


@dataclass(frozen=True)
class PrecisionAssignment:
    """Word lengths of a network's weights and activations, one a layer; sequences may be given for the tuples.

    Parameters
    ----------
    weight_bits : tuple of int
        Bits of each layer's weights, 1 to 63.
    activation_bits : tuple of int
        Bits of each layer's input tensor, 1 to 63; the first is the image.

    Raises
    ------
    ValueError
        A word length is not an integer from 1 to 63, or the lengths differ.

    Examples
    --------
    >>> print(PrecisionAssignment([6, 5], [8, 5]))
    weights 6 5, activations 8 5 bits
    """

    weight_bits: tuple[int, ...]
    activation_bits: tuple[int, ...]

    def __post_init__(self) -> None:
        for name in ("weight_bits", "activation_bits"):
            object.__setattr__(self, name, tuple(_bits(name, bits) for bits in getattr(self, name)))
        if len(self.weight_bits) != len(self.activation_bits):
            raise ValueError(
                f"activation_bits={self.activation_bits} is not as long as weight_bits={self.weight_bits}: "
                "give one of each a layer"
            )

    def __str__(self) -> str:
        weights, activations = (" ".join(map(str, bits)) for bits in (self.weight_bits, self.activation_bits))
        return f"weights {weights}, activations {activations} bits"


def uniform(layers: Sized, bits: int) -> PrecisionAssignment:
    """Return the assignment of the same word length to all weights and activations.

    Parameters
    ----------
    layers : sized
        One entry a layer: a layer table or names.
    bits : int
        Word length, 1 to 63.

    Returns
    -------
    PrecisionAssignment
        `bits` everywhere.

    Raises
    ------
    ValueError
        `bits` is not an integer from 1 to 63.

    Examples
    --------
    >>> print(uniform(["conv", "fc"], 7))
    weights 7 7, activations 7 7 bits
    """
    everywhere = (_bits("bits", bits),) * len(layers)
    return PrecisionAssignment(everywhere, everywhere)


def equalize(gains: NoiseGains, b_min: int) -> PrecisionAssignment:
    r"""Return the assignment whose noise contributions are equal, as far as whole bits allow.

    .. math:: B = \operatorname{round}(\log_2 \sqrt{G / G_{min}}) + B_{min}

    G_min is the least of all weight and activation gains that are not zero; ties round to even. A gain of zero gets
    B_min: its bits do not matter to the decision.

    Parameters
    ----------
    gains : NoiseGains
        Gains of any kind.
    b_min : int
        Word length B_min of the least sensitive tensor, 1 to 63.

    Returns
    -------
    PrecisionAssignment
        Every word length is at least `b_min`.

    Raises
    ------
    TypeError
        `gains` is not NoiseGains.
    ValueError
        `b_min` or a word length that follows from it is not an integer from 1 to 63, or all gains are zero.

    References
    ----------
    Sakr, Kim and Shanbhag, Analytical guarantees on numerical precision of deep neural networks, ICML 2017.

    Examples
    --------
    >>> gains = NoiseGains(("a", "b"), (1, 1), (1, 1), (False, False), (64, 4), (16, 1), kind="bound")
    >>> print(equalize(gains, 5))
    weights 8 6, activations 7 5 bits
    """
    _require_gains(gains)
    least = min((gain for gain in (*gains.weight_gains, *gains.activation_gains) if gain > 0), default=None)
    if least is None:
        raise ValueError("gains=all zero give no ratio to equalise: measure them on images that reach every layer")
    start = _bits("b_min", b_min)
    return PrecisionAssignment(
        tuple(start + _steps(gain, least) for gain in gains.weight_gains),
        tuple(start + _steps(gain, least) for gain in gains.activation_gains),
    )


def predict_mismatch(gains: NoiseGains, assignment: PrecisionAssignment) -> float:
    r"""Return an upper bound on the probability that the fixed-point network decides otherwise than the float one.

    .. math:: p_m \le \sum_l G_{W,l} 4^{-B_{W,l}} + G_{A,l} 4^{-B_{A,l}}

    A tensor that several layers read counts once. The bound is loose, often by orders of magnitude, and may exceed 1.

    Assumptions: rounding errors are independent, uniform and small; nothing saturates. The gains are estimates from a
    sample, so the value bounds the mismatch as well as that sample stands for the images (`analysis.noise_gains`).

    Parameters
    ----------
    gains : NoiseGains
        Gains of kind "bound".
    assignment : PrecisionAssignment
        Word lengths of the same layers; layers that read one tensor have the same activation bits.

    Returns
    -------
    float
        Bound of the mismatch probability, not negative, not capped at 1.

    Raises
    ------
    TypeError
        `gains` is not NoiseGains, or `assignment` not a PrecisionAssignment.
    ValueError
        The gains are of another kind, or the assignment is not one for their layers and shared tensors.

    References
    ----------
    Sakr, Kim and Shanbhag, Analytical guarantees on numerical precision of deep neural networks, ICML 2017, theorem 1.

    Examples
    --------
    >>> gains = NoiseGains(("fc",), (1,), (1,), (False,), (48,), (16,), kind="bound")
    >>> predict_mismatch(gains, PrecisionAssignment([4], [3]))
    0.4375
    """
    _require_gains(gains)
    require_assignment(assignment)
    if gains.kind != "bound":
        raise ValueError(f"kind={gains.kind!r} is not 'bound': take the gains with kind='bound'")
    _check_assignment(gains, assignment)
    weights = zip(gains.weight_gains, assignment.weight_bits, strict=True)
    activations = [
        (gain, bits)
        for layer, (gain, bits) in enumerate(zip(gains.activation_gains, assignment.activation_bits, strict=True))
        if gains.first_readers[layer] == layer
    ]
    return math.fsum(gain * 4.0**-bits for gain, bits in (*weights, *activations))


def require_assignment(assignment: PrecisionAssignment) -> None:
    """Raise TypeError unless `assignment` is a PrecisionAssignment.

    Examples
    --------
    >>> require_assignment(uniform(["fc"], 5))
    """
    if not isinstance(assignment, PrecisionAssignment):
        raise TypeError(f"assignment={assignment!r} is not a PrecisionAssignment: pass fxp.uniform(layers, bits)")


def _require_gains(gains: NoiseGains) -> None:
    if not isinstance(gains, NoiseGains):
        raise TypeError(f"gains={gains!r} is not NoiseGains: pass analysis.noise_gains(module, images)")


def _steps(gain: float, least: float) -> int:
    if gain == 0:
        return 0
    # a ratio beyond the floats is beyond every word length too: let the assignment refuse it
    return round(0.5 * math.log2(min(gain / least, sys.float_info.max)))


def _bits(name: str, value: int) -> int:
    try:
        bits = 0 if isinstance(value, bool) else index(value)
    except TypeError:
        bits = 0
    if not 1 <= bits <= MAX_BITS:
        raise ValueError(f"{name}={value!r} is not an integer from 1 to {MAX_BITS}: choose a word length")
    return bits


def _floats(name: str, values: Iterable[float], *, positive: bool) -> tuple[float, ...]:
    numbers = tuple(map(float, values))
    for number in numbers:
        if not math.isfinite(number) or number < 0 or (positive and number == 0):
            rule = "positive" if positive else "not negative"
            raise ValueError(f"{name}={numbers} has an entry {number}: every one must be finite and {rule}")
    return numbers


def _check_lengths(gains: NoiseGains) -> None:
    one_a_layer = ("weight_ranges", "activation_ranges", "activation_signed", "weight_gains", "activation_gains")
    for name in (*one_a_layer, "tensors"):
        entries = len(getattr(gains, name))
        if entries != len(gains.layers):
            raise ValueError(f"{name} has {entries} entries for {len(gains.layers)} layers: give one a layer")


def _check_first_readers(tensors: Sequence[int]) -> None:
    for layer, first in enumerate(tensors):
        if not 0 <= first <= layer or tensors[first] != first:
            raise ValueError(
                f"tensors={tensors} has {first} for layer {layer}, which is not a first reader: give indices"
            )


def _check_assignment(gains: NoiseGains, assignment: PrecisionAssignment) -> None:
    if len(assignment.weight_bits) != len(gains.layers):
        raise ValueError(
            f"assignment={assignment} has {len(assignment.weight_bits)} layers, the gains have {len(gains.layers)}: "
            "take both from one network"
        )
    bits = assignment.activation_bits
    for layer, first in enumerate(gains.first_readers):
        if bits[layer] != bits[first]:
            raise ValueError(
                f"activation_bits={bits} gives {bits[first]} and {bits[layer]} bits to one tensor, which layers "
                f"{first} and {layer} read: give both the same"
            )
