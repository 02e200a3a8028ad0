"""Matrix products of wide integers against the specification."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxp import carriers, reference
from fxp.limbs import limb_product

WIDTHS = (1, 20, 21, 22, 25, 26, 27, 42, 52, 53, 62, 63, 64, 65, 126, 127, 128, 300)


def codes(draw, bits, shape):
    ends = st.sampled_from([-(2**bits), 2**bits - 1, 0, 1, -1])
    size = int(np.prod(shape))
    items = draw(st.lists(ends | st.integers(-(2**bits), 2**bits - 1), min_size=size, max_size=size))
    return np.array([*items, 0], dtype=object)[:-1].reshape(shape)


@given(st.data(), st.tuples(*[st.integers(1, 5)] * 3), st.sampled_from(WIDTHS), st.sampled_from(WIDTHS), st.booleans())
def test_products_of_any_integers_equal_the_specification(data, shape, x_bits, w_bits, leading):
    rows, length, columns = shape
    x, w = codes(data.draw, x_bits, (rows, length)), codes(data.draw, w_bits, (length, columns))
    expected = reference.matmul(x, w)
    if leading:
        x, expected = x[None], expected[None]
    found = limb_product(x, w, object)
    assert found.dtype == object
    assert found.shape == expected.shape
    assert found.tolist() == expected.tolist()
    np.testing.assert_array_equal(carriers.matmul(x, w), expected)


@pytest.mark.parametrize(("x_bits", "w_bits"), [(62, 0), (0, 62), (31, 31), (53, 9), (40, 22)])
def test_sums_at_the_ends_of_int64_lose_nothing_on_the_way(x_bits, w_bits):
    x = np.array([[2**x_bits, 2**x_bits - 1], [-(2**x_bits), 1 - 2**x_bits]])
    w = np.array([[2**w_bits, -(2**w_bits)], [2**w_bits - 1, 1]])
    found = limb_product(x, w, np.int64)
    assert found.dtype == np.int64
    assert found.tolist() == reference.matmul(x, w).tolist()


@pytest.mark.parametrize("length", [1, 2, 1023, 1024, 4095, 4096])
@pytest.mark.parametrize("sign", [1, -1])
def test_longest_sums_of_the_largest_limbs_are_exact(length, sign):
    """All limbs are at their limits, so that a limb one bit longer would be rounded."""
    x, w = np.full((1, length), 2**62 - 1), np.full((length, 1), sign * (2**62 - 1))
    w[0] -= 1
    expected = sign * (2**62 - 1) ** 2 * length - (2**62 - 1)
    assert limb_product(x, w, object).tolist() == [[expected]]


@pytest.mark.parametrize("limit", [2**30, 2**40, 2**70])
def test_a_wrong_float64_unit_is_not_used(limit, monkeypatch):
    monkeypatch.setattr(carriers, "_found_wrong", set())
    monkeypatch.setattr(carriers, "limb_product", lambda x, w, kind: limb_product(x, w, kind) + 1)
    x, w = np.full((3, 2), limit), np.full((2, 4), 2**30)
    with pytest.warns(RuntimeWarning, match="carrier float64 matmul gave a wrong sum"):
        found = carriers.matmul(x, w)
    assert found.tolist() == [[2 * limit * 2**30] * 4] * 3
    assert carriers._found_wrong == {"float64 matmul"}
    assert carriers.matmul(x, w).tolist() == found.tolist()
