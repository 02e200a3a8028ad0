"""What a layer table costs in storage, full adders, gate area and operation energy weights."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import index

__all__ = ["LayerShape", "computational_cost", "energy_weighting", "gate_area", "representational_cost"]

Bits = int | Sequence[int]
Number = int | float


@dataclass(frozen=True)
class LayerShape:
    """What one convolution or linear layer computes for one input, in counts.

    Parameters
    ----------
    name : str
        Name of the layer.
    dot_length : int
        Products D of one dot product: the fan-in of one group, at least 1.
    dots : int
        Dot products of one input (output elements), at least 1.
    weights : int
        Weights that are stored, without biases, at least 1.
    activations : int
        Elements of the layer's input tensor, at least 1.
    biases : int
        Biases that are stored; 0 for a layer without bias.

    Raises
    ------
    ValueError
        A count is not an integer or is below its minimum.

    Examples
    --------
    >>> LayerShape("fc", dot_length=84, dots=10, weights=840, activations=84, biases=10).dot_length
    84
    """

    name: str
    dot_length: int
    dots: int
    weights: int
    activations: int
    biases: int = 0

    def __post_init__(self) -> None:
        for field in ("dot_length", "dots", "weights", "activations"):
            object.__setattr__(self, field, _count(field, getattr(self, field), minimum=1))
        object.__setattr__(self, "biases", _count("biases", self.biases, minimum=0))


def representational_cost(layers: Sequence[LayerShape], weight_bits: Bits, activation_bits: Bits) -> int:
    r"""Return the bits that hold all weights, biases and input activations of the layers (exact).

    .. math:: \sum_l (R_{W,l} B_{W,l} + R_{A,l} B_{A,l})

    R_W counts the weights and the biases of a layer, R_A the elements of its input tensor: a tensor that two layers
    read counts twice, as do the weights of a layer that is listed twice. Batch norm parameters are not counted.

    Parameters
    ----------
    layers : sequence of LayerShape
        The layer table.
    weight_bits, activation_bits : int or sequence of int
        Word lengths, at least 1, for all layers or one a layer.

    Returns
    -------
    int
        Bits.

    Raises
    ------
    TypeError
        `layers` is a single layer.
    ValueError
        A word length is not a positive integer, or their number is not that of the layers.

    References
    ----------
    Derivation: :ref:`derivation-representational_cost`.

    Examples
    --------
    >>> representational_cost([LayerShape("fc", 84, 10, 840, 84, biases=10)], 8, [6])
    7304
    """
    return sum(
        (layer.weights + layer.biases) * bw + layer.activations * ba
        for layer, bw, ba in _with_bits(layers, weight_bits=weight_bits, activation_bits=activation_bits)
    )


def computational_cost(
    layers: Sequence[LayerShape], weight_bits: Bits, activation_bits: Bits, *, convention: str = "published"
) -> Number:
    r"""Return the full adders that compute every dot product of the layers at once (exact for the named architecture).

    Each of the N dot products of a layer, of D products of B_A × B_W bits, with S = B_A + B_W, counts:

    ================  ====================================================================================
    ``published``     D·B_A·B_W + (D−1)(S + ⌈log2 D⌉): what the published figures of ResNet-18 and VGG-11 follow
    ``printed``       D·B_A·B_W + (D−1)(S + log2 D − 1): the formula as those publications print it
    ``printed_ceil``  D·B_A·B_W + (D−1)(S + ⌈log2 D⌉ − 1)
    ``biased``        ``printed_ceil`` with D + 1 for D: the bias as one more product, in every layer
    ``tree``          D·B_A·B_W + (D−1)·S + D − 1 − log2 D: interpolated where D is not a power of two
    ``compressor``    D·B_A·B_W − (S + ⌈log2 D⌉), 0 where that is negative
    ================  ====================================================================================

    The architectures that they count:

    - ``published``: D array multipliers of B_A·B_W full adders each, and a ripple accumulator: D − 1 adders, all of the
      final width S + ⌈log2 D⌉, a full adder at every place.
    - ``printed_ceil``: the same with a half adder, not counted, at the lowest place of each of the D − 1 adders.
      ``printed`` equals it where D is a power of two and is smaller elsewhere.
    - ``biased``: ``printed_ceil`` with one more multiplier and adder, for bias × 1.
    - ``tree``: the same multipliers, and a balanced tree of adders, each as wide as its terms: S at the first level,
      one more at each that follows. Exact where D is a power of two.
    - ``compressor``: no multipliers and no accumulator but the D·B_A·B_W partial products in columns; a full adder
      removes exactly one bit, and S + ⌈log2 D⌉ are left. Any carry-save array (Wallace, Dadda) of operands of 2 bits
      and more takes that many or one more, signed or not; a one-bit operand up to 3 more. Half adders are not counted.

    All but the last count the adders inside the products twice, 1.3 times too many for D = 16 at 8×8 bits and 3 times
    at 2×2. As an area, ``compressor`` follows the smallest of synthesised circuits, `gate_area` those with
    multipliers. None of them is an energy.

    Parameters
    ----------
    layers : sequence of LayerShape
        The layer table; its `biases` are not used.
    weight_bits, activation_bits : int or sequence of int
        Word lengths, at least 1, for all layers or one a layer.
    convention : str
        One of the names above.

    Returns
    -------
    int or float
        Full adders; an exact int, except for ``printed`` and ``tree``, whose logarithm makes it a float.

    Raises
    ------
    TypeError
        `layers` is a single layer.
    ValueError
        The convention is unknown, a word length is not a positive integer, or their number is not that of the layers.

    References
    ----------
    Derivations: :ref:`derivation-cost_published`, :ref:`derivation-cost_printed`, :ref:`derivation-cost_printed_ceil`,
    :ref:`derivation-cost_biased`, :ref:`derivation-cost_tree`, :ref:`derivation-cost_compressor`; of the products alone
    :ref:`derivation-cost_multiplier`.

    Examples
    --------
    >>> three_taps = [LayerShape("filter", dot_length=3, dots=1, weights=3, activations=3)]
    >>> computational_cost(three_taps, 4, 4, convention="printed_ceil")
    66
    """
    if convention not in _FULL_ADDERS:
        raise ValueError(f"convention={convention!r} is not known: choose one of {', '.join(_FULL_ADDERS)}")
    full_adders = _FULL_ADDERS[convention]
    return sum(
        layer.dots * full_adders(layer.dot_length, ba, bw)
        for layer, bw, ba in _with_bits(layers, weight_bits=weight_bits, activation_bits=activation_bits)
    )


def gate_area(layers: Sequence[LayerShape], weight_bits: Bits, activation_bits: Bits) -> float:
    r"""Return the gate area of every dot product of the layers at once, in full-adder equivalents (an estimate).

    .. math::
        \sum_l N_l [1.25\,D B_A B_W + 0.625\,(D \min(B_A, B_W) + D - 1) - (B_A + B_W + \lceil \log_2 D \rceil)]

    It counts AND gates as ¼ and half adders as ⅝ of a full adder, in trimmed array multipliers and a balanced tree of
    adders: exact for unsigned operands of 2 bits and more where D is a power of two. Against 41 synthesised dot
    products (D = 1 to 32, 2 to 12 bits, five structures, both sign modes) its error is 2 to 4 % in the median and 8
    to 14 % at the 90th percentile for arrays and for carry-save circuits, 12 % and 23 % for what a synthesiser makes
    of the plain expression, worst at D = 1 (75 %). One unit is 5.9 to 7.3 NAND2 gates, or two look-up tables of four
    inputs. A one-bit operand has no rows to trim: the estimate is then too large, by up to 3.5 times at D = 1. Both
    operands are variables: weights that are fixed in the circuit take less, how much depends on their digits.

    Parameters
    ----------
    layers : sequence of LayerShape
        The layer table; its `biases` are not used.
    weight_bits, activation_bits : int or sequence of int
        Word lengths, at least 1, for all layers or one a layer.

    Returns
    -------
    float
        Full-adder equivalents.

    Raises
    ------
    TypeError
        `layers` is a single layer.
    ValueError
        A word length is not a positive integer, or their number is not that of the layers.

    References
    ----------
    Derivations: :ref:`derivation-gate_area`, :ref:`derivation-gate_area_of_structures`.

    Examples
    --------
    >>> gate_area([LayerShape("dot", dot_length=16, dots=1, weights=16, activations=16)], 8, 8)
    1349.375
    """
    return float(
        sum(
            layer.dots * _gate_area(layer.dot_length, ba, bw)
            for layer, bw, ba in _with_bits(layers, weight_bits=weight_bits, activation_bits=activation_bits)
        )
    )


def energy_weighting(layers: Sequence[LayerShape], mul_bits: Bits, add_bits: Bits) -> int:
    r"""Return the operation count of the layers weighted by word length, a proxy for energy (exact by definition).

    .. math:: E_W = \sum_l B_{mul,l}^2 N_{mul,l} + B_{add,l} N_{add,l}

    N_mul = D·dots and N_add = (D−1)·dots, and one addition more for each dot product of a layer with biases. The
    weight of a multiplication is 64·(B_mul/8)² = B_mul².

    Parameters
    ----------
    layers : sequence of LayerShape
        The layer table.
    mul_bits, add_bits : int or sequence of int
        Word lengths of the multipliers' operands and of the adders, at least 1, for all layers or one a layer.

    Returns
    -------
    int
        Weighted operations of one input.

    Raises
    ------
    TypeError
        `layers` is a single layer.
    ValueError
        A word length is not a positive integer, or their number is not that of the layers.

    References
    ----------
    Derivation: :ref:`derivation-energy_weighting`.

    Examples
    --------
    >>> energy_weighting([LayerShape("fc", 84, 10, 840, 84, biases=10)], 8, 18)
    68880
    """
    return sum(
        layer.dot_length * layer.dots * mul**2 + (layer.dot_length - 1 + (layer.biases > 0)) * layer.dots * add
        for layer, mul, add in _with_bits(layers, mul_bits=mul_bits, add_bits=add_bits)
    )


def _ceil_log2(number: int) -> int:
    return (number - 1).bit_length()


def _published(D: int, ba: int, bw: int) -> int:
    return D * ba * bw + (D - 1) * (ba + bw + _ceil_log2(D))


def _printed(D: int, ba: int, bw: int) -> float:
    return D * ba * bw + (D - 1) * (ba + bw + math.log2(D) - 1)


def _printed_ceil(D: int, ba: int, bw: int) -> int:
    return D * ba * bw + (D - 1) * (ba + bw + _ceil_log2(D) - 1)


def _biased(D: int, ba: int, bw: int) -> int:
    return _printed_ceil(D + 1, ba, bw)


def _tree(D: int, ba: int, bw: int) -> float:
    return D * ba * bw + (D - 1) * (ba + bw) + D - 1 - math.log2(D)


def _compressor(D: int, ba: int, bw: int) -> int:
    return max(0, D * ba * bw - (ba + bw + _ceil_log2(D)))


_FULL_ADDERS: dict[str, Callable[[int, int, int], Number]] = {
    "printed": _printed,
    "printed_ceil": _printed_ceil,
    "published": _published,
    "biased": _biased,
    "tree": _tree,
    "compressor": _compressor,
}


def _gate_area(D: int, ba: int, bw: int) -> float:
    return 0.25 * D * ba * bw + 0.625 * (D * min(ba, bw) + D - 1) + _compressor(D, ba, bw)


def _with_bits(layers: Sequence[LayerShape], **named_bits: Bits) -> list[tuple[LayerShape, int, int]]:
    if isinstance(layers, LayerShape):
        raise TypeError(f"layers={layers!r} is one layer, not a sequence of layers: pass [layer]")
    first, second = (_one_a_layer(name, bits, len(layers)) for name, bits in named_bits.items())
    return list(zip(layers, first, second, strict=True))


def _one_a_layer(name: str, bits: Bits, count: int) -> list[int]:
    if isinstance(bits, int) or not hasattr(bits, "__len__"):
        return [_count(name, bits, minimum=1)] * count
    if len(bits) != count:
        raise ValueError(f"{name}={bits!r} has {len(bits)} entries for {count} layers: give an int or one a layer")
    return [_count(name, each, minimum=1) for each in bits]


def _count(name: str, value: object, *, minimum: int) -> int:
    rule = f"{name}={value!r} is not an integer of at least {minimum}: give a count"
    if isinstance(value, bool):
        raise ValueError(rule)
    try:
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ValueError(rule) from None
    if number < minimum:
        raise ValueError(rule)
    return number
