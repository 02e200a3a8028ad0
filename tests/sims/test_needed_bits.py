import numpy as np
import pytest

import fxp
from fxp.carriers import Geometry
from fxp.formats import Format
from fxp.networks import Flattening, IntegerNetwork, Product, Requantization
from fxp.registers import Accumulator
from sims.needed_bits import count_needed_bits

RNG = np.random.default_rng(0)
CONV = Product(
    "conv",
    "input",
    RNG.integers(-8, 8, (3, 2, 3, 3)),
    np.array([100, -100, 0]),
    Format(4, 0),
    Geometry(padding=((1, 1), (1, 1))),
)
FC = Product("fc", "codes", RNG.integers(-8, 8, (4, 75)), np.zeros(4, int), Format(4, 0))
NETWORK = IntegerNetwork(
    Format(8, 8, signed=False),
    (2, 5, 5),
    (CONV, Flattening("flat", "conv"), Requantization("codes", "flat", Format(6, 4)), FC),
)
IMAGES = RNG.integers(0, 256, (130, 2, 5, 5), dtype=np.uint8)


@pytest.mark.parametrize("order", ["row_column_channel", "channel_row_column"])
def test_counts_are_those_of_accumulators_of_every_width(order) -> None:
    conv, fc = count_needed_bits(NETWORK, IMAGES, order=order)
    assert (conv.name, conv.outputs, fc.name, fc.outputs) == ("conv", 130 * 75, "fc", 130 * 4)
    codes = IntegerNetwork(NETWORK.input_format, NETWORK.input_shape, NETWORK.operations[:3]).run(IMAGES)
    for bits in range(2, 20):
        accumulator = Accumulator(bits, order=order)
        sums = fxp.conv2d(IMAGES, CONV.weights, bias=CONV.bias, padding=1, accumulator=accumulator)
        assert (conv.overflowed(bits), conv.persistent(bits)) == (sums.overflowed, sums.persistent)
        sums = fxp.matmul(codes, FC.weights.T, accumulator=accumulator)
        assert (fc.overflowed(bits), fc.persistent(bits)) == (sums.overflowed, sums.persistent)


def test_codes_at_the_ends_of_every_word() -> None:
    ends = [(-(2**bits), 2**bits - 1) for bits in range(1, 20)]
    images = np.array([code for pair in ends for code in pair])[:, None]
    identity = Product("fc", "input", np.array([[1]]), np.array([0]), Format(2, 0))
    (found,) = count_needed_bits(IntegerNetwork(Format(20, 0), (1,), (identity,)), images)
    assert found.at_end[:21] == (0, 0, *[2] * 19)
    assert found.anywhere == found.at_end


def test_progress_ends_complete() -> None:
    seen = []
    count_needed_bits(NETWORK, IMAGES, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (130, 130)


def test_sums_that_float64_may_not_hold_are_refused() -> None:
    wide = Product("fc", "input", np.array([[2**30]]), np.array([0]), Format(32, 0))
    network = IntegerNetwork(Format(30, 0), (1,), (wide,))
    with pytest.raises(ValueError, match=r"^'fc' may need 60 bits, not below 54: use fewer bits before it$"):
        count_needed_bits(network, np.array([[1]]))
