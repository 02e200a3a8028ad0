"""CIFAR-10 in the layout of its official binary archive: records of one label byte and 3 × 32 × 32 pixel bytes."""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sims.datasets.checks import check_file, check_labels, check_size
from sims.datasets.folders import Layout, locate
from sims.datasets.origin import recorded_sums, verify
from sims.datasets.sets import Dataset, ImageSet

SHAPE = (3, 32, 32)
RECORD_BYTES = 1 + 3 * 32 * 32
RECORDS = 10_000
HELD_OUT = 5_000
TRAIN_FILES = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST_FILE = "test_batch.bin"
CIFAR10 = Layout("cifar10", "cifar-10-batches-bin", dict.fromkeys((*TRAIN_FILES, TEST_FILE), RECORDS * RECORD_BYTES))


def load_cifar10(directory: Path | str | None = None) -> Dataset:
    """Return CIFAR-10 from a folder; sizes are checked here, labels and checksums when a split is first read.

    Parameters
    ----------
    directory : path, optional
        Holds `cifar-10-batches-bin` or its files; without it $FXP_DATA, then the user's cache.

    Returns
    -------
    Dataset
        45,000 training images, 5,000 held out (the last ones of the fifth file), 10,000 test images.

    Raises
    ------
    DataError
        The files are absent or damaged, here or when a split is first read.
    """
    folder = locate(CIFAR10, directory)
    for name in CIFAR10.sizes:
        _checked(folder / name)
    sums = recorded_sums(folder, CIFAR10)
    return Dataset(
        CIFAR10.name,
        "official" if sums else "unverified copy",
        train=partial(_read, folder, TRAIN_FILES, sums, slice(None, -HELD_OUT)),
        held_out=partial(_read, folder, TRAIN_FILES[-1:], sums, slice(-HELD_OUT, None)),
        test=partial(_read, folder, (TEST_FILE,), sums, slice(None)),
    )


def _read(folder: Path, names: tuple[str, ...], sums: dict[str, str], kept: slice) -> ImageSet:
    batches = [_records(folder / name, sums) for name in names]
    images = np.concatenate([batch[:, 1:] for batch in batches]).reshape(-1, *SHAPE)
    labels = np.concatenate([batch[:, 0] for batch in batches])
    return ImageSet(images[kept], labels[kept])


def _records(path: Path, sums: dict[str, str]) -> NDArray[np.uint8]:
    verify(_checked(path), sums, CIFAR10)
    records = np.fromfile(path, np.uint8).reshape(RECORDS, RECORD_BYTES)
    check_labels(path, records[:, 0], CIFAR10)
    return records


def _checked(path: Path) -> Path:
    check_file(path, CIFAR10)
    check_size(path, path.stat().st_size, CIFAR10.sizes[path.name], CIFAR10)
    return path
