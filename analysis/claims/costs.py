"""Claims on what dot products and layers cost, in cells, bits and operations."""

from collections.abc import Callable
from functools import partial
from math import log2
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analysis import costs
from analysis.claims.claim import Claim, Prediction
from analysis.derivation import Derivation
from analysis.domain import Choice, Domain, Integers
from fxp.costs import LayerShape, computational_cost, energy_weighting, gate_area, representational_cost

__all__ = ["CLAIMS"]

Counts = NDArray[np.float64]

SIGNS: Final = np.ones(3)  # unsigned operands, unsigned by signed ones, signed ones
CARRY_SAVE: Final = np.ones((2, 3))  # column by column and in Dadda's levels, by sign
STRUCTURES: Final = np.ones((4, 3))  # ripple, tree and these two, by sign

WORDS: Final[dict[str, Domain]] = {"activation_bits": Integers(1, 10), "weight_bits": Integers(1, 10)}
WIDER: Final[dict[str, Domain]] = {"activation_bits": Integers(2, 10), "weight_bits": Integers(2, 10)}
LENGTH: Final[dict[str, Domain]] = {"length": Integers(1, 20)}
POWER: Final[dict[str, Domain]] = {"length": Choice(1, 2, 4, 8, 16)}
LAYER: Final[dict[str, Domain]] = {
    "channels": Integers(1, 3),
    "filters": Integers(1, 3),
    "side": Integers(3, 5),
    "biased": Choice(False, True),
}


def _dot(length: int) -> list[LayerShape]:
    return [LayerShape("dot", dot_length=length, dots=1, weights=length, activations=length)]


def _layer(channels: int, filters: int, side: int, biased: bool) -> LayerShape:
    """Return the shape of a convolution with kernels of 2×2."""
    dots, weights = filters * (side - 1) ** 2, 4 * channels * filters
    return LayerShape("conv", 4 * channels, dots, weights, channels * side**2, filters * biased)


def _products(length: int, activation_bits: int, weight_bits: int) -> int:
    return length * activation_bits * weight_bits


def _width(length: int, activation_bits: int, weight_bits: int) -> int:
    return activation_bits + weight_bits + (length - 1).bit_length()


def _multiplier(activation_bits: int, weight_bits: int) -> Counts:
    return SIGNS * computational_cost(_dot(1), weight_bits, activation_bits)


def _published(length: int, activation_bits: int, weight_bits: int) -> Counts:
    return SIGNS * computational_cost(_dot(length), weight_bits, activation_bits, convention="published")


def _printed_ceil(length: int, activation_bits: int, weight_bits: int) -> Counts:
    return SIGNS * computational_cost(_dot(length), weight_bits, activation_bits, convention="printed_ceil")


def _printed(length: int, activation_bits: int, weight_bits: int) -> Counts:
    return SIGNS * computational_cost(_dot(length), weight_bits, activation_bits, convention="printed")


def _biased(length: int, activation_bits: int, weight_bits: int) -> Counts:
    return SIGNS * computational_cost(_dot(length), weight_bits, activation_bits, convention="biased")


def _tree(length: int, activation_bits: int, weight_bits: int) -> Counts:
    return SIGNS * computational_cost(_dot(length), weight_bits, activation_bits, convention="tree")


def _compressor(length: int, activation_bits: int, weight_bits: int) -> Counts:
    return CARRY_SAVE * computational_cost(_dot(length), weight_bits, activation_bits, convention="compressor")


def _gate_area(length: int, activation_bits: int, weight_bits: int) -> float:
    return gate_area(_dot(length), weight_bits, activation_bits)


def _gate_area_db(length: int, activation_bits: int, weight_bits: int) -> Counts:
    return 10 * np.log10(STRUCTURES * gate_area(_dot(length), weight_bits, activation_bits))


def _energy(channels: int, filters: int, side: int, biased: bool, mul_bits: int, add_bits: int) -> int:
    return energy_weighting([_layer(channels, filters, side, biased)], mul_bits, add_bits)


def _storage(channels: int, filters: int, side: int, biased: bool, weight_bits: int, activation_bits: int) -> int:
    return representational_cost([_layer(channels, filters, side, biased)], weight_bits, activation_bits)


def _derived(derive: Callable[[], Derivation], modes: Counts) -> Prediction:
    """Return the closed form of a derivation in length and word lengths, the same in all modes."""

    def value(length: int, activation_bits: int, weight_bits: int) -> Counts:
        return modes * derive().value(D=length, B_A=activation_bits, B_W=weight_bits)

    return value


def _multiplier_derived(activation_bits: int, weight_bits: int) -> Counts:
    return SIGNS * costs.cost_multiplier().value(B_A=activation_bits, B_W=weight_bits)


def _gate_area_derived(length: int, activation_bits: int, weight_bits: int) -> float:
    return costs.gate_area().value(D=length, B_A=activation_bits, B_W=weight_bits)


def _energy_derived(channels: int, filters: int, side: int, biased: bool, mul_bits: int, add_bits: int) -> float:
    layer = _layer(channels, filters, side, biased)
    return costs.energy_weighting().value(
        N=layer.dots, D=layer.dot_length, b=int(biased), B_mul=mul_bits, B_add=add_bits
    )


def _storage_derived(
    channels: int, filters: int, side: int, biased: bool, weight_bits: int, activation_bits: int
) -> float:
    layer = _layer(channels, filters, side, biased)
    return costs.representational_cost().value(
        R_W=layer.weights, R_b=layer.biases, R_A=layer.activations, B_W=weight_bits, B_A=activation_bits
    )


def _without_first_row(activation_bits: int, weight_bits: int) -> Counts:
    """Leaves out the row whose adders only get zeros."""
    return SIGNS * activation_bits * (weight_bits - 1)


def _product_bits(activation_bits: int, weight_bits: int) -> Counts:
    """Takes one full adder a bit of the product."""
    return SIGNS * (activation_bits + weight_bits)


def _float_logarithm(length: int, activation_bits: int, weight_bits: int) -> Counts:
    """Takes log2 D where the width needs the integer above."""
    width = activation_bits + weight_bits + log2(length)
    return SIGNS * (_products(length, activation_bits, weight_bits) + (length - 1) * width)


def _half_adder_lowest(length: int, activation_bits: int, weight_bits: int) -> Counts:
    """Has a half adder at the lowest place: the −1 of the printed formula."""
    return _printed_ceil(length, activation_bits, weight_bits)


def _full_adder_lowest(length: int, activation_bits: int, weight_bits: int) -> Counts:
    """Leaves out the −1: a full adder at the lowest place."""
    return _published(length, activation_bits, weight_bits)


def _first_product_added(length: int, activation_bits: int, weight_bits: int) -> Counts:
    """Counts D adders: the first product needs none."""
    return _published(length, activation_bits, weight_bits) + _width(length, activation_bits, weight_bits)


def _first_product_added_with_half_adder(length: int, activation_bits: int, weight_bits: int) -> Counts:
    """Counts D adders: the first product needs none."""
    return _printed_ceil(length, activation_bits, weight_bits) + _width(length, activation_bits, weight_bits) - 1


def _bias_for_nothing(length: int, activation_bits: int, weight_bits: int) -> Counts:
    """Leaves out the product with the bias."""
    return _printed_ceil(length, activation_bits, weight_bits)


def _bias_added_only(length: int, activation_bits: int, weight_bits: int) -> Counts:
    """Has an adder for the bias but no multiplier."""
    return _biased(length, activation_bits, weight_bits) - activation_bits * weight_bits


def _final_width_at_every_level(length: int, activation_bits: int, weight_bits: int) -> Counts:
    """Takes all adders of the tree at the final width."""
    return _published(length, activation_bits, weight_bits)


def _product_width_at_every_level(length: int, activation_bits: int, weight_bits: int) -> Counts:
    """Takes all adders of the tree at the width of a product."""
    adders = (length - 1) * (activation_bits + weight_bits)
    return SIGNS * (_products(length, activation_bits, weight_bits) + adders)


def _a_bit_an_adder(length: int, activation_bits: int, weight_bits: int) -> Counts:
    """Leaves out the − log2 D: one bit more for each adder."""
    return _tree(length, activation_bits, weight_bits) + log2(length)


def _products_and_sum(length: int, activation_bits: int, weight_bits: int) -> Counts:
    """Counts the adders inside the products and again those of their sum."""
    return CARRY_SAVE * _published(length, activation_bits, weight_bits)


def _sum_without_growth(length: int, activation_bits: int, weight_bits: int) -> Counts:
    """Leaves out the ⌈log2 D⌉ bits by which the sum grows."""
    return CARRY_SAVE * (_products(length, activation_bits, weight_bits) - activation_bits - weight_bits)


def _separate_products(length: int, activation_bits: int, weight_bits: int) -> Counts:
    """Compresses each product for itself and adds none."""
    return CARRY_SAVE * length * (activation_bits * weight_bits - activation_bits - weight_bits)


def _free_and_gates(length: int, activation_bits: int, weight_bits: int) -> float:
    """Leaves out the AND gates."""
    return _gate_area(length, activation_bits, weight_bits) - _products(length, activation_bits, weight_bits) / 4


def _no_half_adders(length: int, activation_bits: int, weight_bits: int) -> float:
    """Leaves out the half adders."""
    return 1.25 * _products(length, activation_bits, weight_bits) - _width(length, activation_bits, weight_bits)


def _full_adders_for_and_gates_db(length: int, activation_bits: int, weight_bits: int) -> Counts:
    """Takes an AND gate for as large as a full adder."""
    excess = 0.75 * _products(length, activation_bits, weight_bits)
    return 10 * np.log10(STRUCTURES * (_gate_area(length, activation_bits, weight_bits) + excess))


def _full_adders_db(length: int, activation_bits: int, weight_bits: int) -> Counts:
    """Takes full adders alone for the area."""
    full_adders = _products(length, activation_bits, weight_bits) - _width(length, activation_bits, weight_bits)
    return 10 * np.log10(STRUCTURES * full_adders)


def _bias_for_free(channels: int, filters: int, side: int, biased: bool, mul_bits: int, add_bits: int) -> int:
    """Does not count the additions of biases."""
    added = _layer(channels, filters, side, biased).dots * biased
    return _energy(channels, filters, side, biased, mul_bits, add_bits) - added * add_bits


def _an_addition_a_product(channels: int, filters: int, side: int, biased: bool, mul_bits: int, add_bits: int) -> int:
    """Counts as many additions as products, and the bias on top."""
    dots = _layer(channels, filters, side, biased).dots
    return _energy(channels, filters, side, biased, mul_bits, add_bits) + dots * add_bits


def _linear_multiplications(channels: int, filters: int, side: int, biased: bool, mul_bits: int, add_bits: int) -> int:
    """Takes 64·B/8 for a multiplication: linear in the word length."""
    layer = _layer(channels, filters, side, biased)
    excess = layer.dots * layer.dot_length * (8 * mul_bits - mul_bits**2)
    return _energy(channels, filters, side, biased, mul_bits, add_bits) + excess


def _output_stored(channels: int, filters: int, side: int, biased: bool, weight_bits: int, activation_bits: int) -> int:
    """Counts the output of the layer for its input."""
    layer = _layer(channels, filters, side, biased)
    stored = _storage(channels, filters, side, biased, weight_bits, activation_bits)
    return stored + (layer.dots - layer.activations) * activation_bits


def _biases_not_stored(
    channels: int, filters: int, side: int, biased: bool, weight_bits: int, activation_bits: int
) -> int:
    """Leaves out the biases."""
    stored = _storage(channels, filters, side, biased, weight_bits, activation_bits)
    return stored - filters * biased * weight_bits


_claim = partial(Claim.of, unit="full adders", cases=8)


CLAIMS: Final = (
    _claim(
        costs.cost_multiplier,
        "An array multiplier takes a full adder for each pair of bits of its operands, signed or not.",
        _multiplier,
        derived=_multiplier_derived,
        domain=WORDS,
        wrong_variants=(_without_first_row, _product_bits),
    ),
    _claim(
        costs.cost_published,
        "Array multipliers and a ripple accumulator, D − 1 adders of the final width, take this many full adders.",
        _published,
        derived=_derived(costs.cost_published, SIGNS),
        domain=LENGTH | WORDS,
        wrong_variants=(_half_adder_lowest, _first_product_added, _float_logarithm),
    ),
    _claim(
        costs.cost_printed_ceil,
        "A half adder at the lowest place of each of the D − 1 adders saves D − 1 full adders.",
        _printed_ceil,
        derived=_derived(costs.cost_printed_ceil, SIGNS),
        domain=LENGTH | WORDS,
        wrong_variants=(_full_adder_lowest, _first_product_added_with_half_adder),
    ),
    _claim(
        costs.cost_printed,
        "The printed formula counts that accumulator where the length is a power of two.",
        _printed,
        derived=_derived(costs.cost_printed, SIGNS),
        domain=POWER | WORDS,
        wrong_variants=(_full_adder_lowest, _first_product_added_with_half_adder),
    ),
    _claim(
        costs.cost_biased,
        "The same accumulator takes this many full adders where the bias is one more product.",
        _biased,
        derived=_derived(costs.cost_biased, SIGNS),
        domain=LENGTH | WORDS,
        wrong_variants=(_bias_for_nothing, _bias_added_only),
    ),
    _claim(
        costs.cost_tree,
        "Array multipliers and a balanced tree of adders take this many full adders where D is a power of two.",
        _tree,
        derived=_derived(costs.cost_tree, SIGNS),
        domain=POWER | WORDS,
        wrong_variants=(_final_width_at_every_level, _product_width_at_every_level, _a_bit_an_adder),
    ),
    _claim(
        costs.cost_compressor,
        "A carry-save circuit takes as many full adders as bits have to go, within one, signed or not.",
        _compressor,
        derived=_derived(costs.cost_compressor, CARRY_SAVE),
        kind="asymptotic",
        tolerance=1.0,
        domain=LENGTH | WIDER,
        wrong_variants=(_products_and_sum, _sum_without_growth, _separate_products),
    ),
    _claim(
        costs.gate_area,
        "Unsigned array multipliers and a balanced tree, without constant inputs, have exactly this area at D = 2ⁿ.",
        _gate_area,
        derived=_gate_area_derived,
        domain=POWER | WIDER,
        wrong_variants=(_free_and_gates, _no_half_adders),
    ),
    _claim(
        costs.gate_area_of_structures,
        "Ripple, tree and carry-save circuits, signed or not, have that area within 0.9 dB, which is 23 %.",
        _gate_area_db,
        derived=_derived(costs.gate_area_of_structures, STRUCTURES),
        kind="asymptotic",
        tolerance=0.9,
        unit="dB",
        domain={"length": Integers(2, 18), "activation_bits": Integers(4, 10), "weight_bits": Integers(4, 10)},
        wrong_variants=(_full_adders_for_and_gates_db, _full_adders_db),
        cases=5,
    ),
    _claim(
        costs.energy_weighting,
        "E_W counts the cells of all multiplications by arrays and of all additions by ripple, done one by one.",
        _energy,
        derived=_energy_derived,
        unit="cells",
        domain=LAYER | {"mul_bits": Integers(1, 12), "add_bits": Integers(1, 24)},
        wrong_variants=(_bias_for_free, _an_addition_a_product, _linear_multiplications),
    ),
    _claim(
        costs.representational_cost,
        "So many bits hold a layer's weights, biases and input.",
        _storage,
        derived=_storage_derived,
        unit="bits",
        domain=LAYER | {"weight_bits": Integers(1, 12), "activation_bits": Integers(1, 12)},
        wrong_variants=(_output_stored, _biases_not_stored),
    ),
)
