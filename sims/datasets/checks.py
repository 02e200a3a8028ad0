"""What a file of a set must be, whatever its format; each fault is one line that names the file and the remedy."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sims.datasets.folders import Layout, stored
from sims.datasets.sets import DataError

CLASSES = 10


def check_file(path: Path, layout: Layout) -> Path:
    """Return the plain file that lies at the path, or at the path with .gz added.

    Raises
    ------
    DataError
        It is missing, or no file.
    """
    found = stored(path)
    if found is None:
        raise DataError(f"{path} is missing: {layout.remedy(path.parent)}")
    if not found.is_file():
        raise fault(found, "is not a file", layout)
    return found


def check_size(path: Path, size: int, expected: int, layout: Layout) -> None:
    """Accept a file, or what it unpacks to, of the expected size in bytes.

    Raises
    ------
    DataError
        The size is another one.
    """
    if size != expected:
        what = "is truncated" if size < expected else "has trailing bytes"
        raise fault(path, f"{what} ({size} bytes, not {expected})", layout)


def check_labels(path: Path, labels: NDArray[np.uint8], layout: Layout) -> None:
    """Accept labels 0 to 9.

    Raises
    ------
    DataError
        A label is above 9.
    """
    wrong = np.flatnonzero(labels >= CLASSES)
    if wrong.size:
        raise fault(path, f"has label {labels[wrong[0]]} in record {wrong[0]}, which is not 0 to 9", layout)


def fault(path: Path, what: str, layout: Layout) -> DataError:
    """Return the error that says what is wrong with a file."""
    return DataError(f"{path} {what}: remove it, then {layout.remedy(path.parent)}")
