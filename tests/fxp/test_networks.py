import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fxp.networks as networks_module
from fxp.carriers import Geometry
from fxp.formats import Format, Rounding
from fxp.networks import (
    BATCH,
    Addition,
    AveragePooling,
    Flattening,
    IntegerNetwork,
    MaxPooling,
    Product,
    Rectification,
    Requantization,
)
from tests import strategies
from tests.network_reference import evaluate

BYTE = Format(8, 8, signed=False)
COUNTS = st.sampled_from([0, 1, 3])


def linear(name: str, source: str, weights, *, bias=None, bits: int = 8) -> Product:
    codes = np.asarray(weights)
    return Product(
        name, source, codes, np.zeros(len(codes), int) if bias is None else np.asarray(bias), Format(bits, 0)
    )


def prefixes(network: IntegerNetwork):
    """The network that ends at each of its operations: what is fused differs from one to the next."""
    for end in range(1, len(network.operations) + 1):
        yield IntegerNetwork(network.input_format, network.input_shape, network.operations[:end])


def assert_equals_the_reference(network: IntegerNetwork, images) -> None:
    expected = evaluate(network, images)
    for part in prefixes(network):
        name = part.operations[-1].name
        codes, value = part.run(images, threads=1), network.values[name]
        assert codes.shape == expected[name].codes.shape == (len(images), *network.shapes[name])
        assert (codes == expected[name].codes).all(), name
        assert value.frac_bits == expected[name].frac_bits == part.output_format.frac_bits
        assert all(value.low <= code <= value.high for code in expected[name].codes.flat), name


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_every_operation_equals_the_reference(data) -> None:
    network = data.draw(strategies.networks())
    assert_equals_the_reference(network, data.draw(strategies.images_for(network, COUNTS)))


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_fused_blocks_equal_the_reference(data) -> None:
    network = data.draw(strategies.residual_networks())
    assert_equals_the_reference(network, data.draw(strategies.images_for(network, COUNTS)))


def convolution(name: str, source: str, rng: np.random.Generator, channels: int, *, bias_reach: int = 300) -> Product:
    weights = rng.integers(-31, 31, (channels, channels, 3, 3), endpoint=True)
    bias = rng.integers(-bias_reach, bias_reach, channels)
    return Product(name, source, weights, bias, Format(6, 5), Geometry(padding=((1, 1), (1, 1))))


def residual(rounding: Rounding) -> IntegerNetwork:
    rng = np.random.default_rng(7)
    codes = Format(6, 5, signed=False)
    return IntegerNetwork(
        BYTE,
        (3, 6, 5),
        (
            convolution("conv1", "input", rng, 3),
            Requantization("codes1", "conv1", codes, rounding),
            convolution("conv2", "codes1", rng, 3),
            Addition("add", "input", "conv2"),
            Requantization("codes2", "add", codes, rounding),
            convolution("projection", "codes2", rng, 3),
            convolution("conv3", "codes2", rng, 3),
            Addition("both", "projection", "conv3"),
            Requantization("codes3", "both", Format(7, 3), rounding),
            AveragePooling("mean", "codes3", (3, 3), (1, 1)),
            Flattening("flat", "mean"),
            Requantization("codes4", "flat", Format(8, 4), rounding),
            linear("fc", "codes4", rng.integers(-128, 127, (4, 36), endpoint=True)),
        ),
    )


@pytest.mark.parametrize("rounding", strategies.DETERMINISTIC)
def test_every_rounding_mode_end_to_end(rounding) -> None:
    images = np.random.default_rng(1).integers(0, 255, (2, 3, 6, 5), endpoint=True)
    assert_equals_the_reference(residual(rounding), images)


def test_the_rounding_modes_give_different_codes() -> None:
    images = np.arange(-128, 128)[:, None]
    codes = {
        IntegerNetwork(Format(8, 2), (1,), (Requantization("codes", "input", Format(7, 0), mode),))
        .run(images)
        .tobytes()
        for mode in strategies.DETERMINISTIC
    }
    assert len(codes) == len(strategies.DETERMINISTIC)


@pytest.mark.parametrize("threads", [None, 1, 2])
def test_batches_and_threads_do_not_matter(threads) -> None:
    network = residual(Rounding.HALF_EVEN)
    images = np.random.default_rng(2).integers(0, 255, (2 * BATCH + 3, 3, 6, 5), dtype=np.uint8, endpoint=True)
    seen = []
    logits = network.run(images, threads=threads, progress=lambda done, total: seen.append((done, total)))
    singly = np.concatenate([network.run(image[None]) for image in images[:: BATCH - 1]])
    assert (logits[:: BATCH - 1] == singly).all()
    assert (logits[-2:] == evaluate(network, images[-2:])["fc"].codes).all()
    assert seen == [(BATCH, len(images)), (2 * BATCH, len(images)), (len(images), len(images))]


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint64, np.int64])
def test_the_type_and_the_layout_of_images_do_not_matter(kind) -> None:
    network = residual(Rounding.HALF_EVEN)
    images = np.random.default_rng(3).integers(0, 255, (3, 3, 6, 5), endpoint=True)
    plain = network.run(images)
    odd = np.asfortranarray(images.astype(kind))[:, :, ::-1].copy()[:, :, ::-1]
    odd.setflags(write=False)
    assert (network.run(odd) == plain).all()
    assert (network.run(images.tolist()) == plain).all()
    assert (odd == images).all()


def test_sums_of_sixty_bits_are_exact() -> None:
    rng = np.random.default_rng(4)
    weights = rng.integers(-(2**19), 2**19, (3, 4))
    wide = Product("fc", "input", weights, np.array([2**58, -(2**58), 0]), Format(20, 30))
    network = IntegerNetwork(Format(37, 10), (4,), (wide, Requantization("codes", "fc", Format(50, 30))))
    assert 58 <= network.values["fc"].word_bits <= 60
    for images in (rng.integers(-(2**36), 2**36, (4, 4)), np.full((1, 4), -(2**36)), np.full((1, 4), 2**36 - 1)):
        assert_equals_the_reference(network, images)


def test_the_largest_shifts_are_exact() -> None:
    finer = Requantization("finer", "input", Format(16, 54))
    coarser = Requantization("coarser", "input", Format(3, -54), Rounding.CEIL)
    network = IntegerNetwork(BYTE, (2,), (finer, coarser))
    assert_equals_the_reference(network, np.array([[255, 0], [1, 128]]))


@pytest.mark.parametrize("low", [0, -128])
def test_bounds_of_sums_are_attained(low: int) -> None:
    rng = np.random.default_rng(5)
    weights = rng.integers(-7, 7, (3, 6), endpoint=True)
    network = IntegerNetwork(Format(8, 0, signed=low < 0), (6,), (linear("fc", "input", weights, bias=[5, -5, 0]),))
    high = network.input_format.max_code
    worst = np.array([np.where(row * sign > 0, high, low) for row in weights for sign in (1, -1)])
    sums, value = network.run(worst), network.values["fc"]
    assert value.low <= sums.min() <= value.low + 5
    assert value.high - 5 <= sums.max() <= value.high


def test_what_others_read_too_is_not_fused_away() -> None:
    rng = np.random.default_rng(6)
    operations = (
        convolution("conv", "input", rng, 2),
        Requantization("codes", "conv", Format(8, 8, signed=False)),
        Addition("twice", "conv", "conv"),
        Requantization("coarse", "twice", Format(4, 4, signed=False)),
        Addition("end", "coarse", "codes"),
        Addition("all", "end", "conv"),
    )
    assert_equals_the_reference(IntegerNetwork(BYTE, (2, 4, 4), operations), rng.integers(0, 256, (2, 2, 4, 4)))


def test_an_operand_that_is_read_again_survives_a_fused_addition() -> None:
    rng = np.random.default_rng(8)
    codes = Format(8, 8, signed=False)
    operations = (
        Requantization("x", "input", codes),
        convolution("conv", "x", rng, 2),
        Addition("add", "conv", "x"),
        Requantization("y", "add", codes),
        Addition("both", "x", "y"),
    )
    images = rng.integers(0, 256, (3, 2, 4, 4), dtype=np.uint8)
    before = images.copy()
    assert_equals_the_reference(IntegerNetwork(BYTE, (2, 4, 4), operations), images)
    assert (images == before).all()


def test_average_pooling_divides_by_shift_or_multiplier() -> None:
    assert AveragePooling("mean", "input", (2, 4), (1, 1)).multiplier == (1, 3)
    assert AveragePooling("mean", "input", (1, 3), (1, 1), multiplier_bits=8).multiplier == (171, 9)
    assert AveragePooling("mean", "input", (3, 3), (1, 1)).multiplier == (58254, 19)


def test_the_table_prints_ranges_and_formats() -> None:
    weights = Product("fc", "input", np.array([[1, -2]], dtype=np.int8), np.array([3]), Format(3, 1))
    network = IntegerNetwork(BYTE, (2,), (weights, Requantization("codes", "fc", Format(4, 0))))
    rows = [re.split("  +", line) for line in str(network).splitlines()]
    assert rows == [
        ["name", "kind", "weights", "result", "range"],
        ["input", "ufix8_En8", "[0, 0.996094]"],
        ["fc", "Product", "sfix3_En1", "sfix10_En9", "[-0.996094, 0.503906]"],
        ["codes", "Requantization", "sfix4", "[-8, 7]"],
    ]


# Files


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_save_and_load_give_the_same_codes(tmp_path_factory, data) -> None:
    network = data.draw(strategies.networks())
    images = data.draw(strategies.images_for(network, st.just(2)))
    path = tmp_path_factory.mktemp("saved") / "network.npz"
    network.save(path)
    loaded = IntegerNetwork.load(path)
    assert str(loaded) == str(network)
    assert loaded.values == network.values
    assert (loaded.run(images) == network.run(images)).all()


def test_a_file_has_the_name_that_was_asked_for(tmp_path) -> None:
    residual(Rounding.FLOOR).save(tmp_path / "new" / "net.bin")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["net.bin"]
    assert str(IntegerNetwork.load(str(tmp_path / "new" / "net.bin"))) == str(residual(Rounding.FLOOR))


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch) -> None:
    path = tmp_path / "net.npz"
    residual(Rounding.FLOOR).save(path)
    old = path.read_bytes()

    def fail(file, **_) -> None:
        file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(networks_module.np, "savez_compressed", fail)
    with pytest.raises(OSError, match="no space left"):
        residual(Rounding.CEIL).save(path)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


class Malicious:
    def __reduce__(self):
        return Path.touch, (Path("unpickled"),)


def saved_bytes(tmp_path) -> bytes:
    residual(Rounding.FLOOR).save(tmp_path / "good.npz")
    return (tmp_path / "good.npz").read_bytes()


def corrupt(tmp_path, kind: str) -> bytes | None:
    path, good = tmp_path / "bad.npz", saved_bytes(tmp_path)
    match kind:
        case "garbage":
            path.write_bytes(b"garbage\n\n" * 100)
        case "empty":
            path.write_bytes(b"")
        case "truncated":
            path.write_bytes(good[: len(good) // 2])
        case "flipped":
            middle = len(good) // 2
            path.write_bytes(
                good[:middle] + bytes(byte ^ 255 for byte in good[middle : middle + 40]) + good[middle + 40 :]
            )
        case "pickle":
            path.write_bytes(pickle.dumps(Malicious()))
        case "pickled array":
            with path.open("wb") as file:
                np.savez(file, network=np.array([Malicious()], dtype=object))
        case "other arrays":
            np.savez(path, weights=np.ones(3))
        case "one array":
            with path.open("wb") as file:
                np.save(file, np.ones(3))
        case "unknown kind":
            rewrite(tmp_path, path, lambda header: header["operations"][0].update(kind="Softmax"))
        case "unknown source":
            rewrite(tmp_path, path, lambda header: header["operations"][0].update(source="nowhere"))
        case "wrong shape":
            rewrite(tmp_path, path, lambda header: header.update(input_shape=[2, 6, 5]))


def rewrite(tmp_path, path, change) -> None:
    with np.load(tmp_path / "good.npz") as stored:
        arrays = dict(stored)
    header = json.loads(str(arrays.pop("network")))
    change(header)
    np.savez(path, network=np.array(json.dumps(header)), **arrays)


@pytest.mark.parametrize(
    "kind",
    [
        "garbage",
        "empty",
        "truncated",
        "flipped",
        "pickle",
        "pickled array",
        "other arrays",
        "one array",
        "unknown kind",
        "unknown source",
        "wrong shape",
    ],
)
def test_a_bad_file_is_refused_in_one_line(tmp_path, monkeypatch, kind) -> None:
    monkeypatch.chdir(tmp_path)
    corrupt(tmp_path, kind)
    with pytest.raises(
        ValueError, match=r"^path='.*bad\.npz' is not a saved integer network: .*; save it again$"
    ) as error:
        IntegerNetwork.load(tmp_path / "bad.npz")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "unpickled").exists()


def test_a_missing_file_is_not_found(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        IntegerNetwork.load(tmp_path / "none.npz")


# Errors

BAD_IMAGES = [
    (np.zeros((1, 2)), r"^image_codes\.dtype=float64 is not an integer type: encode the images first$"),
    (np.zeros((1, 2), bool), r"^image_codes\.dtype=bool is not an integer type"),
    (np.zeros((1, 2), object), r"^image_codes\.dtype=object is not an integer type"),
    (np.zeros(2, int), r"^image_codes\.shape=\(2,\) is not \(N, \*\(2,\)\): reshape the images$"),
    (np.zeros((1, 3), int), r"^image_codes\.shape=\(1, 3\) is not \(N, \*\(2,\)\)"),
    (np.array(3), r"^image_codes\.shape=\(\) is not \(N, \*\(2,\)\)"),
    (np.array([[0, 32]]), r"^image_codes span 0 to 32, not within ufix5_En5: encode the images in it$"),
    (np.array([[0, 32]], np.uint8), r"^image_codes span 0 to 32, not within ufix5_En5"),
    (np.array([[-1, 3]]), r"^image_codes span -1 to 3, not within ufix5_En5"),
    (np.array([[0, 2**64 - 1]], np.uint64), r"^image_codes span 0 to 18446744073709551615, not within"),
]


@pytest.mark.parametrize(("images", "message"), BAD_IMAGES)
def test_bad_images_are_refused(images, message) -> None:
    network = IntegerNetwork(Format(5, 5, signed=False), (2,), (linear("fc", "input", [[1, 2]]),))
    with pytest.raises(ValueError, match=message):
        network.run(images)


def test_a_number_of_threads_below_one_is_refused() -> None:
    network = IntegerNetwork(BYTE, (2,), (linear("fc", "input", [[1, 2]]),))
    with pytest.raises(ValueError, match=r"^threads=0 is not at least 1: give a number of threads, or None"):
        network.run([[1, 2]], threads=0)


CONV = Product("conv", "input", np.ones((2, 1, 3, 3), int), np.zeros(2, int), Format(8, 0))
BAD_NETWORKS = [
    ((2,), (), r"^operations=\(\) compute nothing: give at least one$"),
    ((2,), (Rectification("a", "b"),), r"^source='b' of 'a' is not computed before it: reorder$"),
    ((2,), (Rectification("a", "a"),), r"^source='a' of 'a' is not computed before it"),
    ((2,), (Addition("a", "input", "b"),), r"^source='b' of 'a' is not computed before it"),
    (
        (2,),
        (Rectification("a", "input"), Flattening("a", "input")),
        r"^name='a' is used twice: give each operation its own$",
    ),
    ((2,), (Rectification("input", "input"),), r"^name='input' is used twice"),
    ((2, 2), (Flattening("a", "input"),), r"^input_shape=\(2, 2\) is not \(C, H, W\) or \(K,\): give the shape"),
    ((0, 2, 2), (Flattening("a", "input"),), r"^input_shape=\(0, 2, 2\) is not \(C, H, W\) or \(K,\)"),
    (
        (3,),
        (linear("fc", "input", [[1, 2]]),),
        r"^operation='fc' with weights\.shape=\(1, 2\) and groups=1 does not fit",
    ),
    ((1, 2, 1), (linear("fc", "input", [[1, 2]]),), r"^operation='fc' .* does not fit shape=\(1, 2, 1\): give weights"),
    ((2, 5, 5), (CONV,), r"^operation='conv' .* does not fit shape=\(2, 5, 5\): give weights"),
    ((9,), (CONV,), r"^operation='conv' .* does not fit shape=\(9,\)"),
    ((1, 2, 5), (CONV,), r"^operation='conv' makes shape=\(2, 0, 3\), without elements: use a smaller window$"),
    (
        (1, 5, 5),
        (CONV, Addition("add", "conv", "input")),
        r"^operation='add' adds shape=\(2, 3, 3\) and shape=\(1, 5, 5\): give both one shape$",
    ),
    (
        (4,),
        (MaxPooling("pool", "input", (2, 2), (2, 2)),),
        r"^operation='pool' does not fit shape=\(4,\): pool \(C, H, W\)",
    ),
    ((1, 5, 5), (MaxPooling("pool", "input", (2, 2), (2, 2), (2, 0)),), r"with padding up to half the kernel$"),
    ((1, 5, 5), (AveragePooling("pool", "input", (2, 2), (0, 2)),), r"^operation='pool' does not fit shape"),
    ((1, 2, 2), (AveragePooling("pool", "input", (3, 3), (1, 1)),), r"^operation='pool' makes shape=\(1, 0, 0\)"),
    (
        (2,),
        (linear("fc", "input", [[2**54, 2**54]], bits=56),),
        r"^operation='fc' may need 63 bits, over 62: use fewer bits before it$",
    ),
    ((2,), (Requantization("fine", "input", Format(8, 63)),), r"^operation='fine' may need 63 bits, over 62"),
    ((2,), (Requantization("coarse", "input", Format(8, -55)),), r"^operation='coarse' may need 63 bits, over 62"),
    (
        (2,),
        (
            Requantization("far", "input", Format(8, -50)),
            Addition("add", "far", "far"),
            Addition("end", "add", "input"),
        ),
        r"^operation='end' may need 67 bits, over 62",
    ),
    ((2,), (Requantization("wide", "input", Format(63, 8)),), r"^operation='wide' may need 63 bits, over 62"),
]


@pytest.mark.parametrize(("shape", "operations", "message"), BAD_NETWORKS)
def test_bad_networks_are_refused(shape, operations, message) -> None:
    with pytest.raises(ValueError, match=message):
        IntegerNetwork(BYTE, shape, operations)


def test_an_input_of_too_many_bits_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^operation='input' may need 63 bits, over 62"):
        IntegerNetwork(Format(63, 0), (2,), (Rectification("a", "input"),))


def test_sums_that_no_format_could_hold_are_refused() -> None:
    far = (Requantization("a", "input", Format(8, -40)), Requantization("b", "a", Format(8, -80)))
    with pytest.raises(ValueError, match=r"^operation='end' may need 96 bits, over 62"):
        IntegerNetwork(BYTE, (2,), (*far, Addition("end", "b", "input")))


BAD_PRODUCTS = [
    (np.ones((1, 2)), [0], r"^weights\.dtype=float64 of 'fc' is not an integer type: encode them first$"),
    (np.ones((1, 2), object), [0], r"^weights\.dtype=object of 'fc' is not an integer type"),
    (np.ones((1, 2), int), [0.5], r"^bias\.dtype=float64 of 'fc' is not an integer type"),
    (np.ones((1, 2, 3), int), [0], r"^weights\.shape=\(1, 2, 3\) and bias\.shape=\(1,\) of 'fc' are not \(O, C/groups"),
    (np.ones((1, 2), int), [0, 0], r"^weights\.shape=\(1, 2\) and bias\.shape=\(2,\) of 'fc' are not"),
    (np.array([[128, 0]]), [0], r"^weights of 'fc' span 0 to 128, not within sfix8: encode them$"),
    (np.array([[-129, 0]]), [0], r"^weights of 'fc' span -129 to 0, not within sfix8"),
]


@pytest.mark.parametrize(("weights", "bias", "message"), BAD_PRODUCTS)
def test_bad_products_are_refused(weights, bias, message) -> None:
    with pytest.raises(ValueError, match=message):
        Product("fc", "input", weights, np.array(bias), Format(8, 0))


def test_bad_settings_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^rounding=STOCHASTIC of 'codes' draws random numbers: choose a deterministic"
    ):
        Requantization("codes", "input", BYTE, "STOCHASTIC")
    with pytest.raises(ValueError, match=r"^multiplier_bits=1 of 'mean' is not at least 2: give more$"):
        AveragePooling("mean", "input", (3, 3), (1, 1), multiplier_bits=1)


def test_a_rounding_mode_may_be_named() -> None:
    assert Requantization("codes", "input", BYTE, "RND_CONV").rounding is Rounding.HALF_EVEN


ONEDNN_PITFALLS = [
    ((3, 4, 2), (6, 1, 1, 2), Geometry((1, 2), ((0, 0), (0, 0)), (2, 1), 3)),  # strides over one column
    ((1, 7, 3), (3, 1, 3, 3), Geometry((1, 3), ((1, 1), (0, 0)))),
    ((4, 1, 1), (12, 1, 1, 1), Geometry((1, 2), ((0, 0), (1, 1)), groups=4)),  # windows beside the image
    ((6, 6, 1), (3, 2, 2, 1), Geometry((1, 2), ((1, 1), (1, 1)), (2, 2), 3)),
]


@pytest.mark.parametrize(("image", "kernel", "geometry"), ONEDNN_PITFALLS)
@pytest.mark.parametrize("bits", [8, 12])
def test_shapes_that_onednn_gets_wrong_are_exact(image, kernel, geometry, bits) -> None:
    rng = np.random.default_rng(9)
    weights = rng.integers(-127, 127, kernel, endpoint=True)
    product = Product("conv", "input", weights, np.arange(kernel[0]), Format(8, 7), geometry)
    network = IntegerNetwork(Format(bits, bits, signed=False), image, (product,))
    assert_equals_the_reference(network, rng.integers(0, 2**bits, (3, *image)))
