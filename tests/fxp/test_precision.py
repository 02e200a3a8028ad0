from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp.costs import LayerShape
from fxp.precision import NoiseGains, PrecisionAssignment, equalize, predict_mismatch, uniform

positive = st.floats(1e-12, 1e12)


def gains_of(weights, activations, *, kind="bound", tensors=None) -> NoiseGains:
    count = len(weights)
    return NoiseGains(
        tuple(f"layer{number}" for number in range(count)),
        (1.0,) * count,
        (1.0,) * count,
        (False,) * count,
        weights,
        activations,
        kind,
        tensors=tensors,
    )


several_gains = st.integers(1, 6).flatmap(
    lambda count: st.builds(
        gains_of,
        st.lists(positive, min_size=count, max_size=count),
        st.lists(positive, min_size=count, max_size=count),
    )
)


def test_equalize_by_hand() -> None:
    gains = gains_of([4.0**7, 1.0], [4.0**2, 4.0**3])
    assert equalize(gains, 5) == PrecisionAssignment((12, 5), (7, 8))


# gain ratios of 2^(2n+1) are n + ½ bits: half to even
@pytest.mark.parametrize(("exponent", "steps"), [(1, 0), (3, 2), (5, 2), (7, 4), (9, 4)])
def test_equalize_rounds_ties_to_even(exponent: int, steps: int) -> None:
    assert equalize(gains_of([0.3 * 2.0**exponent], [0.3]), 4).weight_bits == (4 + steps,)


def test_equalize_takes_the_minimum_over_weights_and_activations() -> None:
    assert equalize(gains_of([1.0], [4.0]), 3) == PrecisionAssignment((3,), (4,))
    assert equalize(gains_of([4.0], [1.0]), 3) == PrecisionAssignment((4,), (3,))


def test_gains_of_zero_get_the_least_bits() -> None:
    assert equalize(gains_of([0.0, 64.0], [16.0, 0.0]), 6) == PrecisionAssignment((6, 7), (6, 6))


@given(gains=several_gains, b_min=st.integers(1, 20))
def test_equalized_contributions_differ_by_at_most_one_bit(gains: NoiseGains, b_min: int) -> None:
    assignment = equalize(gains, b_min)
    bits = assignment.weight_bits + assignment.activation_bits
    noise = [gain * 4.0**-b for gain, b in zip(gains.weight_gains + gains.activation_gains, bits, strict=True)]
    assert max(noise) / min(noise) <= 4 * (1 + 1e-12)
    assert min(bits) == b_min


@given(gains=several_gains, factor=st.integers(-100, 100), b_min=st.integers(1, 20))
def test_equalize_depends_on_ratios_only(gains: NoiseGains, factor: int, b_min: int) -> None:
    scaled = replace(
        gains,
        weight_gains=[gain * 2.0**factor for gain in gains.weight_gains],
        activation_gains=[gain * 2.0**factor for gain in gains.activation_gains],
    )
    assert equalize(scaled, b_min) == equalize(gains, b_min)


def test_equalize_refuses_gains_without_ratio() -> None:
    with pytest.raises(ValueError, match="gains=all zero give no ratio to equalise"):
        equalize(gains_of([0.0], [0.0]), 5)


def test_equalize_refuses_word_lengths_beyond_63() -> None:
    with pytest.raises(ValueError, match="weight_bits=105 is not an integer from 1 to 63"):
        equalize(gains_of([4.0**100], [1.0]), 5)
    with pytest.raises(ValueError, match="weight_bits=.* is not an integer from 1 to 63"):
        equalize(gains_of([1e300], [1e-300]), 5)


@pytest.mark.parametrize("b_min", [0, -2, 64, 5.0, True, None])
def test_b_min_is_a_word_length(b_min) -> None:
    with pytest.raises(ValueError, match="b_min=.* is not an integer from 1 to 63: choose a word length"):
        equalize(gains_of([1.0], [1.0]), b_min)


def test_uniform() -> None:
    layers = [LayerShape("a", 1, 1, 1, 1), LayerShape("b", 1, 1, 1, 1)]
    assert uniform(layers, 7) == uniform(("a", "b"), np.int64(7)) == PrecisionAssignment((7, 7), (7, 7))
    with pytest.raises(ValueError, match="bits=64 is not an integer from 1 to 63"):
        uniform(layers, 64)


def test_bound_by_hand() -> None:
    gains = gains_of([3.0, 5.0], [7.0, 11.0])
    expected = Fraction(3, 4**2) + Fraction(5, 4**3) + Fraction(7, 4**4) + Fraction(11, 4**5)
    assert predict_mismatch(gains, PrecisionAssignment((2, 3), (4, 5))) == expected


def test_a_shared_tensor_counts_once() -> None:
    apart, shared = gains_of([0.0] * 3, [8.0, 8.0, 4.0]), gains_of([0.0] * 3, [8.0, 8.0, 4.0], tensors=[0, 0, 2])
    assert predict_mismatch(apart, uniform("abc", 1)) == 5.0
    assert predict_mismatch(shared, uniform("abc", 1)) == 3.0


@given(gains=several_gains, bits=st.integers(1, 30))
def test_a_bit_more_everywhere_divides_the_bound_by_four(gains: NoiseGains, bits: int) -> None:
    coarse, fine = (predict_mismatch(gains, uniform(gains.layers, each)) for each in (bits, bits + 1))
    assert coarse == pytest.approx(4 * fine, rel=1e-14)


def test_the_bound_is_not_capped() -> None:
    assert predict_mismatch(gains_of([1e6], [0.0]), uniform("a", 1)) == 250_000


def test_bound_refuses_other_kinds() -> None:
    with pytest.raises(ValueError, match="kind='boundary' is not 'bound': take the gains with kind='bound'"):
        predict_mismatch(gains_of([1.0], [1.0], kind="boundary"), uniform("a", 8))


def test_bound_refuses_assignments_of_other_networks() -> None:
    with pytest.raises(ValueError, match=r"assignment=weights 8 8, .* has 2 layers, the gains have 1"):
        predict_mismatch(gains_of([1.0], [1.0]), uniform("ab", 8))


def test_bound_refuses_different_bits_for_one_tensor() -> None:
    gains = gains_of([1.0] * 2, [1.0] * 2, tensors=(0, 0))
    with pytest.raises(
        ValueError, match=r"activation_bits=\(8, 7\) gives 8 and 7 bits to one tensor, which layers 0 and"
    ):
        predict_mismatch(gains, PrecisionAssignment((8, 8), (8, 7)))


def test_gains_become_plain_tuples() -> None:
    gains = gains_of(np.array([1, 2]), [np.float32(0.5), 1])
    assert (gains.weight_gains, gains.activation_gains, gains.tensors) == ((1.0, 2.0), (0.5, 1.0), (0, 1))
    assert gains == gains_of((1.0, 2.0), (0.5, 1.0), tensors=(0, 1))


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["weight_gains", "activation_gains", "weight_ranges", "activation_ranges"])
def test_gains_and_ranges_are_checked(name: str, bad: float) -> None:
    with pytest.raises(ValueError, match=f"{name}=.* has an entry {bad}: every one must be finite and"):
        replace(gains_of([1.0, 1.0], [1.0, 1.0]), **{name: (1.0, bad)})


@pytest.mark.parametrize("name", ["weight_ranges", "activation_ranges"])
def test_ranges_are_positive(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}=.* must be finite and positive"):
        replace(gains_of([1.0], [1.0]), **{name: (0.0,)})


@pytest.mark.parametrize("name", ["weight_gains", "activation_ranges", "activation_signed", "tensors"])
def test_gains_have_one_entry_a_layer(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} has 3 entries for 2 layers: give one a layer"):
        replace(gains_of([1.0, 1.0], [1.0, 1.0]), **{name: (1, 1, 1)})


@pytest.mark.parametrize("tensors", [(1, 1), (0, -1), (0, 5)])
def test_tensors_are_first_readers(tensors) -> None:
    with pytest.raises(ValueError, match="which is not a first reader"):
        gains_of([1.0, 1.0], [1.0, 1.0], tensors=tensors)


def test_tensors_point_at_first_readers_only() -> None:
    with pytest.raises(ValueError, match=r"tensors=\(0, 0, 1\) has 1 for layer 2, which is not a first reader"):
        gains_of([1.0] * 3, [1.0] * 3, tensors=(0, 0, 1))


def test_assignment_is_checked() -> None:
    with pytest.raises(ValueError, match="weight_bits=0 is not an integer from 1 to 63"):
        PrecisionAssignment((8, 0), (8, 8))
    with pytest.raises(ValueError, match=r"activation_bits=8\.0 is not an integer from 1 to 63"):
        PrecisionAssignment((8, 8), (8, 8.0))
    with pytest.raises(ValueError, match=r"activation_bits=\(8,\) is not as long as weight_bits=\(8, 8\)"):
        PrecisionAssignment((8, 8), (8,))


def test_assignment_reads_well() -> None:
    assert str(PrecisionAssignment([9, 7, 8], [8, 6, 6])) == "weights 9 7 8, activations 8 6 6 bits"
    assert PrecisionAssignment([np.int8(9)], [8]) == PrecisionAssignment((9,), (8,))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda gains: equalize(None, 5),
            r"gains=None is not NoiseGains: pass analysis\.noise_gains\(module, images\)",
        ),
        (lambda gains: predict_mismatch(0.5, uniform("a", 5)), r"gains=0\.5 is not NoiseGains: pass analysis\.noise_"),
        (lambda gains: predict_mismatch(gains, 5), r"assignment=5 is not a PrecisionAssignment: pass fxp\.uniform\("),
    ],
)
def test_arguments_of_another_type_are_refused(call, text):
    with pytest.raises(TypeError, match=f"^{text}"):
        call(gains_of([1.0], [1.0]))
