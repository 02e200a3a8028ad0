"""MNIST in its idx files, plain or compressed."""

import gzip
import hashlib
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sims.datasets.checks import check_file, check_labels, check_size, fault
from sims.datasets.folders import Layout, locate
from sims.datasets.sets import Dataset, ImageSet

HELD_OUT = 5_000
UNSIGNED_BYTES = 0x08
SHAPES: dict[str, tuple[int, ...]] = {
    "train-images-idx3-ubyte": (60_000, 28, 28),
    "train-labels-idx1-ubyte": (60_000,),
    "t10k-images-idx3-ubyte": (10_000, 28, 28),
    "t10k-labels-idx1-ubyte": (10_000,),
}
OFFICIAL_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
MNIST = Layout("mnist", "mnist", {name: 4 + 4 * len(shape) + math.prod(shape) for name, shape in SHAPES.items()})


def load_mnist(directory: Path | str | None = None) -> Dataset:
    """Return MNIST from a folder, read and checked at once.

    Parameters
    ----------
    directory : path, optional
        Holds `mnist` or its four idx files, plain or with .gz; without it $FXP_DATA, then the user's cache.

    Returns
    -------
    Dataset
        Images of 1 × 28 × 28 codes: 55,000 for training, 5,000 held out (the last training ones), 10,000 for testing.

    Raises
    ------
    DataError
        The files are absent or damaged.
    """
    folder = locate(MNIST, directory)
    contents = {name: _content(folder / name) for name in SHAPES}
    images, labels, test_images, test_labels = (_array(folder / name, content) for name, content in contents.items())
    for name, values in zip(("train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"), (labels, test_labels), strict=True):
        check_labels(folder / name, values, MNIST)
    return Dataset(
        MNIST.name,
        "official" if all(_is_official(name, content) for name, content in contents.items()) else "unverified copy",
        train=ImageSet(images[:-HELD_OUT, None], labels[:-HELD_OUT]),
        held_out=ImageSet(images[-HELD_OUT:, None], labels[-HELD_OUT:]),
        test=ImageSet(test_images[:, None], test_labels),
    )


def _content(path: Path) -> bytearray:
    found = check_file(path, MNIST)
    expected = MNIST.sizes[path.name]
    try:
        with gzip.open(found) if found.suffix == ".gz" else found.open("rb") as file:
            content = bytearray(file.read(expected + 1))  # one more byte tells what is too long, and ends in the CRC
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise fault(found, f"does not unpack ({error})", MNIST) from None
    _check_header(found, content, SHAPES[path.name])
    check_size(found, len(content), expected, MNIST)
    return content


def _check_header(path: Path, content: bytearray, shape: tuple[int, ...]) -> None:
    header = struct.pack(f">HBB{len(shape)}I", 0, UNSIGNED_BYTES, len(shape), *shape)
    start = bytes(content[: len(header)])
    if not header.startswith(start):
        form = " x ".join(str(size) for size in shape)
        raise fault(path, f"starts with {start.hex()}, not with {header.hex()} (idx, unsigned bytes, {form})", MNIST)


def _array(path: Path, content: bytearray) -> NDArray[np.uint8]:
    shape = SHAPES[path.name]
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def _is_official(name: str, content: bytearray) -> bool:
    return hashlib.md5(content, usedforsecurity=False).hexdigest() == OFFICIAL_MD5[name]
