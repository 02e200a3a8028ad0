"""Integer networks whose products are summed in accumulators of limited width."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import fxp
from fxp import reference
from fxp.carriers import Geometry
from fxp.formats import Format, Overflow
from fxp.networks import BATCH, Addition, Flattening, IntegerNetwork, MaxPooling, Product, Requantization
from fxp.registers import Accumulation, Accumulator
from tests import strategies
from tests.network_reference import Tensor, evaluate

BYTE = Format(8, 8, signed=False)
MODES = [mode for mode in Overflow if mode is not Overflow.ERROR]


@st.composite
def accumulators(draw: st.DrawFn) -> Accumulator:
    tile = draw(st.none() | st.integers(1, 5))
    return Accumulator(
        draw(st.integers(2, 24)),
        overflow=draw(st.sampled_from(MODES)),
        every_step=draw(st.booleans()),
        order=draw(st.sampled_from(["row_column_channel", "channel_row_column"])),
        drop_bits=draw(st.just(0) | st.integers(0, 5)),
        rounding=draw(strategies.roundings),
        tile=tile,
        outer_bits=None if tile is None else draw(st.integers(2, 24)),
    )


def composed(network: IntegerNetwork, images: Any, registers: Mapping[str, Accumulator]) -> dict[str, Tensor]:
    """Results by name, from fxp.conv2d and fxp.matmul in these registers; the rest in Python integers."""

    def product(operation: Product, x: Tensor) -> Tensor:
        accumulator = registers.get(operation.name)
        sums = summed(operation, x.codes.astype(np.int64), accumulator)
        dropped = accumulator.drop_bits if accumulator else 0
        return Tensor(sums.codes.astype(object) * 2**dropped, x.frac_bits + operation.weight_format.frac_bits)

    return evaluate(network, images, product=product)


def summed(operation: Product, x: Any, accumulator: Accumulator | None, *, prefixes: bool = False) -> Accumulation:
    bias = operation.bias
    if accumulator and accumulator.drop_bits:
        bias = np.array([reference.shift_round(int(b), accumulator.drop_bits, accumulator.rounding) for b in bias])
    asked = {"accumulator": accumulator, "bias": bias, "prefixes": prefixes}
    if operation.weights.ndim == 2:
        return fxp.matmul(x, operation.weights.T, **asked)
    place = operation.geometry
    return fxp.conv2d(
        x,
        operation.weights,
        **asked,
        stride=place.stride,
        padding=place.padding,
        dilation=place.dilation,
        groups=place.groups,
    )


def products_of(network: IntegerNetwork) -> list[Product]:
    return [operation for operation in network.operations if isinstance(operation, Product)]


def limited(network: IntegerNetwork, images: Any, registers: Mapping[str, Accumulator], **options: Any) -> Any:
    try:
        return network.run(images, accumulator=registers, **options)
    except ValueError as error:
        assume("over 62" not in str(error))  # a register may hold more than the sums that it wraps
        raise


@settings(max_examples=80)
@given(st.data())
def test_any_network_equals_its_composition(data) -> None:
    network = data.draw(strategies.networks() | strategies.residual_networks())
    assume(products_of(network))
    images = data.draw(strategies.images_for(network, st.sampled_from([0, 1, 3])))
    names = st.sampled_from([product.name for product in products_of(network)])
    registers = data.draw(st.dictionaries(names, accumulators()))
    expected = composed(network, images, registers)[network.operations[-1].name]
    assert (limited(network, images, registers) == expected.codes).all()
    seen: dict[str, Any] = {}
    watched = limited(network, images, registers, observe=lambda name, _, sums: seen.update({name: sums.codes}))
    assert (watched == expected.codes).all()
    assert seen.keys() == {product.name for product in products_of(network)}


def residual() -> IntegerNetwork:
    """Signed and unsigned operands, what is fused and what is not, and a linear layer at the end."""
    rng = np.random.default_rng(7)
    codes = Format(6, 5, signed=False)

    def convolution(name: str, source: str) -> Product:
        weights, bias = rng.integers(-31, 31, (3, 3, 3, 3), endpoint=True), rng.integers(-300, 300, 3)
        return Product(name, source, weights, bias, Format(6, 5), Geometry(padding=((1, 1), (1, 1))))

    return IntegerNetwork(
        BYTE,
        (3, 6, 5),
        (
            convolution("conv1", "input"),
            Requantization("codes1", "conv1", codes),
            convolution("conv2", "codes1"),
            Addition("add", "input", "conv2"),
            Requantization("codes2", "add", Format(8, 6)),
            MaxPooling("pool", "codes2", (2, 2), (2, 2)),
            convolution("conv3", "pool"),
            Flattening("flat", "conv3"),
            Product("fc", "flat", rng.integers(-128, 127, (4, 18), endpoint=True), np.arange(4), Format(8, 0)),
        ),
    )


NETWORK = residual()
IMAGES = np.random.default_rng(1).integers(0, 256, (BATCH + 7, 3, 6, 5), dtype=np.uint8)
EXACT = NETWORK.run(IMAGES)


@pytest.mark.parametrize("every_step", [True, False])
@pytest.mark.parametrize("order", ["row_column_channel", "channel_row_column"])
@pytest.mark.parametrize("mode", MODES)
def test_every_mode_in_data_that_overflow(mode, order, every_step) -> None:
    accumulator = Accumulator(13, overflow=mode, every_step=every_step, order=order)
    registers = dict.fromkeys(("conv1", "conv2", "conv3", "fc"), accumulator)
    logits = NETWORK.run(IMAGES, accumulator=accumulator)
    assert (logits[-9:] == composed(NETWORK, IMAGES[-9:], registers)["fc"].codes).all()
    assert (logits != EXACT).any(axis=1).mean() > 0.9
    assert (logits == NETWORK.run(IMAGES, accumulator=registers, observe=lambda *_: None)).all()


@pytest.mark.parametrize("rounding", strategies.DETERMINISTIC)
def test_dropped_bits_come_back_as_zeros(rounding) -> None:
    accumulator = Accumulator(32, drop_bits=3, rounding=rounding)
    registers = {"conv1": accumulator, "conv2": accumulator, "fc": accumulator}
    logits = NETWORK.run(IMAGES[:3], accumulator=registers)
    assert (logits == composed(NETWORK, IMAGES[:3], registers)["fc"].codes).all()
    assert (logits % 8 == 0).all()
    assert abs(logits - EXACT[:3]).max() < 0.1 * abs(EXACT[:3]).max()


def test_a_wide_register_and_products_without_one_are_exact() -> None:
    assert (NETWORK.run(IMAGES, accumulator=Accumulator(40)) == EXACT).all()
    assert (NETWORK.run(IMAGES, accumulator={}) == EXACT).all()
    assert (NETWORK.run(IMAGES, accumulator={"fc": Accumulator(8)}) != EXACT).any()
    assert (NETWORK.run(IMAGES, accumulator={"conv1": Accumulator(40), "fc": Accumulator(40)}) == EXACT).all()


def test_clamping_that_no_requantiser_sees_takes_the_exact_path() -> None:
    least = fxp.guaranteed_bits(NETWORK.operations[0].weights, BYTE, bias=NETWORK.operations[0].bias).max()
    clamped = Accumulator(int(least) - 1, every_step=False)
    network = IntegerNetwork(BYTE, (3, 6, 5), NETWORK.operations[:2])
    white = np.full((1, 3, 6, 5), 255, np.uint8)
    assert network.run(white, accumulator=clamped, observe=lambda *_: None).tolist() == network.run(white).tolist()
    assert network.run(white, accumulator=clamped).tolist() == network.run(white).tolist()


@given(st.data())
def test_no_requantiser_hides_what_it_should_show(data) -> None:
    weights = np.array(data.draw(st.lists(st.integers(-3, 3), min_size=1, max_size=3)))[None]
    bias = np.array([data.draw(st.integers(-20, 20))])
    target = Format(data.draw(st.integers(1, 4)), data.draw(st.integers(-3, 0)), signed=data.draw(st.booleans()))
    last = Requantization("codes", "fc", target, data.draw(strategies.roundings))
    network = IntegerNetwork(
        Format(3, 0, signed=False), (weights.size,), (Product("fc", "input", weights, bias, Format(3, 0)), last)
    )
    mode = data.draw(st.sampled_from([Overflow.SATURATE, Overflow.SATURATE_SYMMETRIC]))
    accumulator = Accumulator(data.draw(st.integers(2, 7)), overflow=mode, every_step=False)
    images = np.array(np.meshgrid(*[np.arange(8)] * weights.size)).reshape(weights.size, -1).T
    watched = network.run(images, accumulator=accumulator, observe=lambda *_: None)
    assert (network.run(images, accumulator=accumulator) == watched).all()


def test_observers_see_every_product_in_the_order_of_the_images() -> None:
    accumulator, seen = Accumulator(13), []
    NETWORK.run(IMAGES, accumulator=accumulator, prefixes=True, observe=lambda *given: seen.append(given))
    assert [first for _, first, _ in seen] == [0] * 4 + [BATCH] * 4
    assert [name for name, _, _ in seen] == ["conv1", "conv2", "conv3", "fc"] * 2
    whole = summed(NETWORK.operations[0], IMAGES, accumulator, prefixes=True)
    parts = [sums for name, _, sums in seen if name == "conv1"]
    assert sum(sums.overflowed for sums in parts) == whole.overflowed > 0
    for entry in ("sums", "lowest", "highest", "overflowed", "persistent", "transient"):
        joined = np.concatenate([getattr(sums.prefixes, entry) for sums in parts])
        assert (joined == getattr(whole.prefixes, entry)).all()
    assert (np.concatenate([sums.codes for sums in parts]) == whole.codes).all()
    assert seen[-1][2].codes.shape == (7, 4)


def test_without_an_accumulator_observers_see_exact_sums_without_prefixes() -> None:
    seen = {}
    logits = NETWORK.run(IMAGES[:2], observe=lambda name, _, sums: seen.update({name: sums}))
    assert (logits == EXACT[:2]).all()
    assert (seen["fc"].codes == logits).all()
    mixed = {}
    NETWORK.run(
        IMAGES[:2],
        accumulator={"fc": Accumulator(40)},
        prefixes=True,
        observe=lambda name, _, sums: mixed.update({name: sums}),
    )
    assert mixed["conv1"].prefixes is None
    assert (mixed["fc"].prefixes.sums == logits).all()


def test_progress_and_threads_are_as_without_an_accumulator() -> None:
    steps = []
    logits = NETWORK.run(
        IMAGES, accumulator=Accumulator(13), threads=2, progress=lambda done, total: steps.append((done, total))
    )
    assert steps == [(BATCH, BATCH + 7), (BATCH + 7, BATCH + 7)]
    assert (logits == NETWORK.run(IMAGES, accumulator=Accumulator(13), threads=1)).all()


def test_an_accumulator_that_raises_says_of_which_product() -> None:
    with pytest.raises(
        OverflowError, match=r"^product='conv1': codes\[0, .*\] is out of range: its sum leaves the acc"
    ):
        NETWORK.run(IMAGES, accumulator=Accumulator(13, overflow="ERROR"))
    assert (NETWORK.run(IMAGES, accumulator=Accumulator(30, overflow="ERROR")) == EXACT).all()


BAD = [
    (
        {"accumulator": 16},
        TypeError,
        r"^accumulator=16 is not an Accumulator: pass fxp\.Accumulator\(word_bits\), a map",
    ),
    ({"accumulator": {"fc": 16}}, TypeError, r"^accumulator\['fc'\]=16 is not an Accumulator: pass fxp\.Accumulator"),
    (
        {"accumulator": {"codes1": Accumulator(16)}},
        ValueError,
        r"^accumulator\['codes1'\] is of no product: name some of conv1, conv2, conv3, fc$",
    ),
    ({"prefixes": 1}, TypeError, r"^prefixes=1 is not a bool: pass prefixes=True or prefixes=False$"),
    ({"observe": "fc"}, TypeError, r"^observe='fc' is not callable: pass a function of name, first image and accum"),
    ({"prefixes": True, "accumulator": Accumulator(16)}, ValueError, r"^prefixes=True is for observed sums in accumul"),
    (
        {"prefixes": True, "observe": print},
        ValueError,
        r"^prefixes=True is for observed sums in accumulators: pass obs",
    ),
    ({"threads": 0, "accumulator": Accumulator(16)}, ValueError, r"^threads=0 is not at least 1"),
]


@pytest.mark.parametrize(("options", "kind", "message"), BAD)
def test_bad_options_are_refused(options, kind, message) -> None:
    with pytest.raises(kind, match=message):
        NETWORK.run(IMAGES[:1], **options)


def test_a_register_too_wide_for_what_follows_is_refused() -> None:
    tiles = Accumulator(2, overflow="WRAP", tile=1, outer_bits=63)
    network = IntegerNetwork(BYTE, (2,), (Product("fc", "input", np.array([[9, 9]]), np.array([1]), Format(8, 0)),))
    with pytest.raises(ValueError, match=r"^operation='fc' may need 63 bits, over 62"):
        network.run([[1, 2]], accumulator=tiles)


def test_what_observers_raise_ends_the_run() -> None:
    def refuse(*_: Any) -> None:
        raise RuntimeError("seen enough")

    with pytest.raises(RuntimeError, match="seen enough"):
        NETWORK.run(IMAGES, observe=refuse)
