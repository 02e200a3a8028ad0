import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp.costs import (
    LayerShape,
    computational_cost,
    energy_weighting,
    gate_area,
    representational_cost,
)

CONVENTIONS = ("printed", "printed_ceil", "published", "biased", "tree", "compressor")
EXACT = ("printed_ceil", "published", "biased", "compressor")

LENET5 = (
    LayerShape("C1", 25, 6 * 28 * 28, 150, 32 * 32, biases=6),
    LayerShape("C3", 150, 16 * 10 * 10, 2400, 6 * 14 * 14, biases=16),
    LayerShape("C5", 400, 120, 48000, 400, biases=120),
    LayerShape("F6", 120, 84, 10080, 120, biases=84),
    LayerShape("output", 84, 10, 840, 84, biases=10),
)

lengths = st.integers(1, 5000)
bits = st.integers(1, 32)


def dot(length: int, *, dots: int = 1, biases: int = 0) -> LayerShape:
    return LayerShape("dot", length, dots, weights=length * dots, activations=length, biases=biases)


def cost(length: int, ba: int, bw: int, convention: str) -> int | float:
    return computational_cost([dot(length)], bw, ba, convention=convention)


def test_three_tap_filter_takes_66_full_adders() -> None:
    assert cost(3, 4, 4, "printed_ceil") == 66


# one dot product of 16 products of 8 × 6 bits: 16·48 = 768 product bits, S = 14, log2 D = 4
HAND = {
    "printed": 768 + 15 * 17,
    "printed_ceil": 768 + 15 * 17,
    "published": 768 + 15 * 18,
    "biased": 17 * 48 + 16 * (14 + 5 - 1),
    "tree": 768 + 15 * 14 + 11,
    "compressor": 768 - 18,
}


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_conventions_by_hand(convention: str) -> None:
    assert cost(16, 8, 6, convention) == HAND[convention]


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_only_the_logarithm_makes_a_float(convention: str) -> None:
    assert type(cost(7, 8, 8, convention)) is (int if convention in EXACT else float)


def test_published_is_the_default() -> None:
    assert computational_cost([dot(16)], 6, 8) == HAND["published"]


def adder_tree(length: int, width: int) -> int:
    """Full adders of a balanced tree over `length` products, level by level; every sum is one bit wider."""
    total = 0
    while length > 1:
        length //= 2
        total += length * width
        width += 1
    return total


@given(power=st.integers(0, 12), ba=bits, bw=bits)
def test_tree_counts_the_adders_of_a_balanced_tree(power: int, ba: int, bw: int) -> None:
    products = 2**power * ba * bw
    assert cost(2**power, ba, bw, "tree") - products == adder_tree(2**power, ba + bw)


def full_adders_of_a_column_compressor(length: int, ba: int, bw: int) -> int:
    """Reduce the columns of the AND array with full adders, and half adders on what is left, to one bit each."""
    heights = np.zeros(ba + bw + 32, dtype=np.int64)
    for shift in range(bw):
        heights[shift : shift + ba] += length
    used = 0
    for column in range(len(heights) - 1):
        full = max(0, (heights[column] - 1) // 2)
        half = (heights[column] - 1) % 2 if heights[column] else 0
        heights[column + 1] += full + half
        used += int(full)
    return used


@given(length=st.integers(1, 300), ba=st.integers(2, 16), bw=st.integers(2, 16))
def test_compressor_counts_the_full_adders_of_a_column_reduction(length: int, ba: int, bw: int) -> None:
    assert abs(cost(length, ba, bw, "compressor") - full_adders_of_a_column_compressor(length, ba, bw)) <= 1


@given(length=lengths, ba=bits, bw=bits, convention=st.sampled_from(CONVENTIONS))
def test_costs_are_symmetric_in_the_operands(length: int, ba: int, bw: int, convention: str) -> None:
    assert cost(length, ba, bw, convention) == cost(length, bw, ba, convention)


@given(length=lengths, ba=bits, bw=bits, convention=st.sampled_from(CONVENTIONS))
def test_more_bits_never_cost_less(length: int, ba: int, bw: int, convention: str) -> None:
    assert cost(length, ba + 1, bw, convention) >= cost(length, ba, bw, convention)


@given(power=st.integers(0, 12), ba=bits, bw=bits)
def test_printed_conventions_agree_at_powers_of_two(power: int, ba: int, bw: int) -> None:
    assert cost(2**power, ba, bw, "printed") == cost(2**power, ba, bw, "printed_ceil")


@given(length=lengths, ba=bits, bw=bits)
def test_biased_is_one_more_product(length: int, ba: int, bw: int) -> None:
    assert cost(length, ba, bw, "biased") == cost(length + 1, ba, bw, "printed_ceil")


@given(length=lengths, dots=st.integers(1, 10**6), convention=st.sampled_from(CONVENTIONS))
def test_costs_are_proportional_to_the_dot_products(length: int, dots: int, convention: str) -> None:
    assert computational_cost([dot(length, dots=dots)], 7, 9, convention=convention) == dots * cost(
        length, 9, 7, convention
    )


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_layers_add_up_with_their_own_bits(convention: str) -> None:
    pair = computational_cost([dot(9), dot(32)], [3, 5], np.array([8, 6]), convention=convention)
    assert pair == cost(9, 8, 3, convention) + cost(32, 6, 5, convention)


@pytest.mark.parametrize(("length", "ba", "bw"), [(1, 1, 1), (1, 7, 1), (2, 1, 1), (3, 1, 1)])
def test_fewer_bits_than_the_sum_has_take_no_full_adders(length: int, ba: int, bw: int) -> None:
    assert length * ba * bw < ba + bw + (length - 1).bit_length()
    assert cost(length, ba, bw, "compressor") == 0
    assert gate_area([dot(length)], bw, ba) > 0


@given(length=lengths, ba=bits, bw=bits, convention=st.sampled_from(CONVENTIONS))
def test_costs_are_never_negative(length: int, ba: int, bw: int, convention: str) -> None:
    assert cost(length, ba, bw, convention) >= 0


def test_gate_area_by_hand() -> None:
    # 2 products of 3 × 2 bits: 15 AND and adder cells, 0.625·(4 + 1), less an output of 6 bits
    assert gate_area([dot(2, dots=4)], 2, 3) == 4 * (15 + 3.125 - 6)


@given(length=st.integers(2, 300), ba=st.integers(2, 16), bw=st.integers(2, 16))
def test_gate_area_exceeds_the_full_adders_alone(length: int, ba: int, bw: int) -> None:
    assert gate_area([dot(length)], bw, ba) > cost(length, ba, bw, "compressor")


def test_representational_cost_counts_weights_biases_and_input_activations() -> None:
    layers = [LayerShape("a", 3, 1, weights=100, activations=10, biases=1), LayerShape("b", 3, 1, 200, 20)]
    assert representational_cost(layers, [2, 3], [5, 7]) == 101 * 2 + 10 * 5 + 200 * 3 + 20 * 7


def test_lenet5_multiplications() -> None:
    assert sum(layer.dot_length * layer.dots for layer in LENET5) == 416_520


def test_lenet5_energy_weighting() -> None:
    assert energy_weighting(LENET5, 8, 18) == 34_154_640


def test_energy_weighting_without_biases_has_one_addition_less() -> None:
    with_bias, without = dot(5, dots=7, biases=7), dot(5, dots=7)
    assert energy_weighting([with_bias], 4, 9) - energy_weighting([without], 4, 9) == 7 * 9


def test_energy_weighting_takes_widths_of_each_layer() -> None:
    total = energy_weighting([dot(5), dot(6)], [4, 8], [9, 18])
    assert total == energy_weighting([dot(5)], 4, 9) + energy_weighting([dot(6)], 8, 18)


@pytest.mark.parametrize("price", [representational_cost, computational_cost, gate_area, energy_weighting])
def test_no_layers_cost_nothing(price) -> None:
    assert price([], 8, 8) == 0


@pytest.mark.parametrize("price", [representational_cost, computational_cost, gate_area])
@pytest.mark.parametrize("bad", [0, -1, 7.5, True, None, float("nan")])
def test_word_lengths_are_positive_integers(price, bad) -> None:
    with pytest.raises(ValueError, match=r"weight_bits=.* is not an integer of at least 1"):
        price([dot(3)], bad, 8)
    with pytest.raises(ValueError, match=r"activation_bits=.* is not an integer of at least 1"):
        price([dot(3)], 8, [bad])


def test_one_word_length_a_layer() -> None:
    with pytest.raises(ValueError, match=r"weight_bits=\[8\] has 1 entries for 2 layers: give an int or one a layer"):
        computational_cost([dot(3), dot(4)], [8], 8)
    with pytest.raises(ValueError, match="add_bits=.* has 3 entries for 2 layers"):
        energy_weighting([dot(3), dot(4)], 8, (1, 2, 3))


@pytest.mark.parametrize("price", [representational_cost, computational_cost, gate_area, energy_weighting])
def test_one_layer_is_no_sequence_of_layers(price) -> None:
    with pytest.raises(
        TypeError, match=r"^layers=LayerShape\(.*\) is one layer, not a sequence of layers: pass \[layer\]$"
    ):
        price(dot(3), 8, 8)


def test_unknown_convention_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="convention='exact' is not known: choose one of printed, printed_ceil, publ"):
        computational_cost([dot(3)], 8, 8, convention="exact")


@pytest.mark.parametrize("field", ["dot_length", "dots", "weights", "activations", "biases"])
def test_counts_of_a_layer_are_checked(field: str) -> None:
    counts = {"dot_length": 1, "dots": 1, "weights": 1, "activations": 1, "biases": 0}
    with pytest.raises(ValueError, match=f"{field}=-1 is not an integer of at least"):
        LayerShape("layer", **counts | {field: -1})
    with pytest.raises(ValueError, match=rf"{field}=1\.5 is not an integer"):
        LayerShape("layer", **counts | {field: 1.5})


def test_layer_shape_is_a_value() -> None:
    layer = LayerShape("fc", np.int64(3), 2, 6, 3)
    assert layer == LayerShape("fc", 3, 2, 6, 3, biases=0)
    assert type(layer.dot_length) is int
    with pytest.raises(AttributeError):
        layer.dots = 3
