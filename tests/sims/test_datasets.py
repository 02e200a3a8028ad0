import gzip
import hashlib
import os
import struct
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from sims.datasets import DataError, Dataset, ImageSet, cifar10_or_embedded, embedded, load_cifar10, load_mnist
from sims.datasets.figures import FIGURES

CIFAR_FILES = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
RECORD = 3073
IDX = {
    "train-images-idx3-ubyte": (60_000, 28, 28),
    "train-labels-idx1-ubyte": (60_000,),
    "t10k-images-idx3-ubyte": (10_000, 28, 28),
    "t10k-labels-idx1-ubyte": (10_000,),
}
REAL = Path(os.environ.get("FXP_DATA") or "none")


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """The user's own data stays out of these tests."""
    monkeypatch.delenv("FXP_DATA", raising=False)
    monkeypatch.setattr("sims.datasets.folders.cache", lambda: tmp_path / "cache")


def put(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


@pytest.fixture
def cifar(tmp_path) -> Path:
    """A folder of files of the right sizes, all zeros (sparse, so they cost nothing)."""
    folder = tmp_path / "data" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    for name in CIFAR_FILES:
        (folder / name).touch()
        os.truncate(folder / name, 10_000 * RECORD)
    return folder


def idx_bytes(name: str) -> bytes:
    shape = IDX[name]
    return struct.pack(f">4B{len(shape)}I", 0, 0, 8, len(shape), *shape) + bytes(int(np.prod(shape)))


@cache
def compressed(name: str) -> bytes:
    return gzip.compress(idx_bytes(name), 1)


@pytest.fixture
def mnist(tmp_path) -> Path:
    """A folder of well-formed idx files, compressed, all zeros."""
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    for name in IDX:
        (folder / f"{name}.gz").write_bytes(compressed(name))
    return folder


def test_the_splits_of_cifar10_are_the_official_records_in_order(cifar):
    put(cifar / "data_batch_1.bin", 1 * RECORD, bytes([4]))
    put(cifar / "data_batch_5.bin", 4_999 * RECORD, bytes([3]))
    put(cifar / "data_batch_5.bin", 5_000 * RECORD, bytes([7]))
    put(cifar / "test_batch.bin", 9_999 * RECORD, bytes([9]))
    data = load_cifar10(cifar.parent)
    assert [len(split) for split in (data.train, data.held_out, data.test)] == [45_000, 5_000, 10_000]
    assert data.train.images.shape == (45_000, 3, 32, 32)
    assert np.flatnonzero(data.train.labels).tolist() == [1, 44_999]
    assert data.train.labels[[1, 44_999]].tolist() == [4, 3]
    assert np.flatnonzero(data.held_out.labels).tolist() == [0]
    assert data.held_out.labels[0] == 7
    assert np.flatnonzero(data.test.labels).tolist() == [9_999]


def test_pixels_of_cifar10_are_planes_of_rows(cifar):
    put(cifar / "test_batch.bin", 5 * RECORD + 1 + 2 * 1024 + 10 * 32 + 20, bytes([200]))
    images = load_cifar10(cifar.parent).test.images
    assert np.argwhere(images).tolist() == [[5, 2, 10, 20]]
    assert images[5, 2, 10, 20] == 200
    assert images.flags.c_contiguous


def test_a_split_is_read_when_asked_for_and_once(cifar):
    data = load_cifar10(cifar)
    (cifar / "data_batch_1.bin").unlink()
    assert data.test is data.test
    assert len(data.held_out) == 5_000
    with pytest.raises(DataError, match=r"data_batch_1\.bin is missing: get it with: python -m sims\.datasets cifar10"):
        _ = data.train


def test_the_folder_is_given_or_its_parent_or_the_variable_or_the_cache(cifar, tmp_path, monkeypatch):
    assert load_cifar10(cifar).title == load_cifar10(str(cifar.parent)).title == "CIFAR-10 (unverified copy)"
    monkeypatch.setenv("FXP_DATA", str(cifar.parent))
    assert load_cifar10().name == "cifar10"
    monkeypatch.setenv("FXP_DATA", str(tmp_path / "nowhere"))
    cifar.parent.rename(tmp_path / "cache")
    assert load_cifar10().provenance == "unverified copy"


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda path: path.unlink(), r"data_batch_3\.bin is missing: get it with: python -m sims\.datasets cifar10"),
        (lambda path: (path.unlink(), path.mkdir()), r"data_batch_3\.bin is not a file: remove it"),
        (lambda path: os.truncate(path, 100), r"is truncated \(100 bytes, not 30730000\): remove it"),
        (lambda path: os.truncate(path, 30_730_001), r"has trailing bytes \(30730001 bytes, not 30730000\)"),
        (
            lambda path: put(path, 17 * RECORD, bytes([10])),
            r"has label 10 in record 17, which is not 0 to 9: remove it",
        ),
    ],
)
def test_damaged_cifar10_is_one_line_that_names_the_file(cifar, damage, text):
    damage(cifar / "data_batch_3.bin")
    with pytest.raises(DataError, match=text) as caught:
        _ = load_cifar10(cifar.parent).train
    assert "\n" not in str(caught.value)
    assert str(cifar / "data_batch_3.bin") in str(caught.value)


def test_no_cifar10_is_one_line_that_names_the_places(tmp_path, monkeypatch):
    monkeypatch.setenv("FXP_DATA", str(tmp_path))
    with pytest.raises(
        DataError, match=rf"is not in {tmp_path} or {tmp_path}/cache: name its folder with --data or FXP"
    ):
        load_cifar10()
    with pytest.raises(DataError, match=rf"cifar-10-batches-bin is not in {tmp_path}/none: "):
        load_cifar10(tmp_path / "none")


@pytest.mark.parametrize("content", ["{}", "[1]", "no json", '{"test_batch.bin": "00"}'])
def test_a_marker_that_lists_no_checksums_is_refused(cifar, content):
    (cifar / "fxp-official.json").write_text(content)
    with pytest.raises(DataError, match="fxp-official.json is not a list of checksums: remove it"):
        load_cifar10(cifar)


def test_mnist_reads_compressed_and_plain_files(mnist):
    labels = bytearray(idx_bytes("train-labels-idx1-ubyte"))
    labels[8 + 54_999], labels[8 + 55_000] = 4, 6
    (mnist / "train-labels-idx1-ubyte").write_bytes(labels)
    (mnist / "train-labels-idx1-ubyte.gz").unlink()
    pixels = bytearray(idx_bytes("t10k-images-idx3-ubyte"))
    pixels[16 + 7 * 784 + 2 * 28 + 3] = 99
    (mnist / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(pixels, 1))
    data = load_mnist(mnist.parent)
    assert data.title == "MNIST (unverified copy)"
    assert data.train.images.shape == (55_000, 1, 28, 28)
    assert (data.train.labels[-1], data.held_out.labels[0], len(data.held_out)) == (4, 6, 5_000)
    assert np.argwhere(data.test.images).tolist() == [[7, 0, 2, 3]]


def idx_damage(name, change):
    def damage(folder):
        (folder / f"{name}.gz").write_bytes(gzip.compress(change(idx_bytes(name)), 1))

    return damage


def gz_damage(change):
    def damage(folder):
        path = folder / "t10k-images-idx3-ubyte.gz"
        path.write_bytes(change(bytearray(path.read_bytes())))

    return damage


def flipped(content, position):
    content[position] ^= 1
    return content


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (idx_damage("t10k-labels-idx1-ubyte", lambda c: b"\1" + c[1:]), r"starts with 01000801.*, not with 00000801"),
        (idx_damage("t10k-labels-idx1-ubyte", lambda c: c[:2] + b"\x0d" + c[3:]), r"starts with 00000d01"),
        (
            idx_damage("t10k-images-idx3-ubyte", lambda c: c[:3] + b"\1" + c[4:]),
            r"starts with 00000801.* 10000 x 28 x 28\)",
        ),
        (
            idx_damage("t10k-images-idx3-ubyte", lambda c: c[:11] + b"\x20" + c[12:]),
            r"not with 00000803000027100000001c",
        ),
        (idx_damage("t10k-images-idx3-ubyte", lambda c: c[:5]), r"is truncated \(5 bytes, not 7840016\)"),
        (idx_damage("t10k-images-idx3-ubyte", lambda c: c[:-1]), r"is truncated \(7840015 bytes, not 7840016\)"),
        (idx_damage("t10k-images-idx3-ubyte", lambda c: c + b"\0"), r"has trailing bytes \(7840017 bytes"),
        (idx_damage("t10k-labels-idx1-ubyte", lambda c: c[:9] + b"\x0b" + c[10:]), r"has label 11 in record 1, which"),
        (gz_damage(lambda c: c[:-100]), r"t10k-images-idx3-ubyte\.gz does not unpack \(Compressed file ended"),
        (gz_damage(lambda c: flipped(c, -8)), r"does not unpack \(CRC check failed"),
        (gz_damage(lambda c: flipped(c, 0)), r"does not unpack \(Not a gzipped file"),
        (gz_damage(lambda c: c[:10] + b"\xff" * 40 + c[50:]), r"does not unpack \(Error -3"),
        (
            lambda folder: (folder / "t10k-images-idx3-ubyte.gz").unlink(),
            r"t10k-images-idx3-ubyte is missing: get it with",
        ),
    ],
)
def test_damaged_mnist_is_one_line_that_names_the_file(mnist, damage, text):
    damage(mnist)
    with pytest.raises(DataError, match=text) as caught:
        load_mnist(mnist)
    assert "\n" not in str(caught.value)
    assert "python -m sims.datasets mnist --data" in str(caught.value)


@pytest.mark.skipif(not (REAL / "cifar-10-batches-bin").is_dir(), reason="FXP_DATA names no folder with CIFAR-10")
def test_the_real_cifar10():
    data = load_cifar10(REAL)
    assert data.test.labels[:4].tolist() == [3, 8, 8, 0]
    assert np.bincount(data.test.labels).tolist() == [1_000] * 10
    assert (np.bincount(data.train.labels) + np.bincount(data.held_out.labels)).tolist() == [5_000] * 10


@pytest.mark.skipif(not (REAL / "mnist").is_dir(), reason="FXP_DATA names no folder with MNIST")
def test_the_real_mnist_is_official():
    data = load_mnist(REAL)
    assert data.title == "MNIST (official)"
    assert data.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert data.test.labels[:5].tolist() == [7, 2, 1, 0, 4]


def test_the_embedded_set_has_the_same_bytes_everywhere():
    data = embedded(train=300, held_out=0, test=40)
    digest = hashlib.sha256()
    for split in (data.train, data.test):
        digest.update(split.images.tobytes() + split.labels.tobytes())
    assert digest.hexdigest() == "37f87354c00d4dcf75ae4b95bf3d84ca6d48ae1026f04f2f351377cc9753e8f9"


def test_the_embedded_set_fulfils_the_contract():
    data = embedded(train=200, held_out=150, test=100)
    assert (data.name, data.provenance, data.title) == ("embedded", "embedded", "embedded synthetic set")
    for split, count in ((data.train, 200), (data.held_out, 150), (data.test, 100)):
        assert split.images.shape == (count, 3, 32, 32)
        assert split.images.dtype == split.labels.dtype == np.uint8
        assert set(split.labels.tolist()) == set(range(10))


def test_fewer_embedded_images_are_the_first_ones_of_more():
    few, many = embedded(train=130).train, embedded(train=300).train
    assert np.array_equal(few.images, many.images[:130])
    assert np.array_equal(few.labels, many.labels[:130])


def test_embedded_splits_and_seeds_share_no_image():
    first, second = embedded(train=100, held_out=100, test=100), embedded(seed=1, train=100)
    images = [split.images for split in (first.train, first.held_out, first.test, second.train)]
    assert len({image.tobytes() for image in np.concatenate(images)}) == 400


@pytest.mark.parametrize("argument", ["seed", "train", "held_out", "test"])
def test_the_embedded_set_refuses_negative_numbers(argument):
    with pytest.raises(ValueError, match=rf"{argument}=-1 is negative: give 0 or more"):
        embedded(**{argument: -1})


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
def test_a_figure_is_its_own_mirror_image_and_fits_its_square(figure):
    axis = np.linspace(-1.5, 1.5, 61, dtype=np.float32)
    u, v = np.meshgrid(axis, axis)
    outside = figure(u, v)
    assert any(np.array_equal(outside, figure(*mirrored)) for mirrored in ((-u, v), (u, -v), (v, u)))
    assert outside.dtype == np.float32
    assert (outside < 0).any()
    assert (outside[np.maximum(abs(u), abs(v)) > 1.1] > 0).all()


def test_falling_back_is_announced_in_one_line():
    lines: list[str] = []
    data = cifar10_or_embedded(announce=lines.append)
    assert data.name == "embedded"
    (line,) = lines
    for part in ("embedded synthetic set", "python -m sims.datasets cifar10", "--data DIR", "FXP_DATA"):
        assert part in line
    assert "\n" not in line


def test_what_is_there_is_taken_or_refused_and_never_replaced(cifar, tmp_path, monkeypatch):
    def announce(line):
        pytest.fail(f"announced {line}")

    with pytest.raises(DataError, match="is not in"):
        cifar10_or_embedded(tmp_path / "empty", announce=announce)
    monkeypatch.setenv("FXP_DATA", str(cifar.parent))
    assert cifar10_or_embedded(announce=announce).name == "cifar10"
    os.truncate(cifar / "test_batch.bin", 1)
    with pytest.raises(DataError, match="is truncated"):
        cifar10_or_embedded(announce=announce)


def test_an_image_set_refuses_labels_that_do_not_match():
    images = np.zeros((2, 3, 4, 4), np.uint8)
    with pytest.raises(
        ValueError, match=r"images.shape=\(2, 3, 4, 4\), labels.shape=\(3,\) are not .* one label an image"
    ):
        ImageSet(images, np.zeros(3, np.uint8))
    with pytest.raises(ValueError, match=r"are not \(N, C, H, W\) and \(N,\)"):
        ImageSet(images[0], np.zeros(3, np.uint8))


def test_a_dataset_says_whose_it_is():
    one = ImageSet(np.zeros((1, 1, 2, 2), np.uint8), np.zeros(1, np.uint8))
    assert repr(Dataset("mnist", "official", one, one, one)) == "<Dataset MNIST (official)>"
    assert Dataset("toy", "embedded", one, one, one).title == "toy"
