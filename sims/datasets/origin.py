"""Whether files are the official ones: the sums that a verified download left beside them."""

import hashlib
import json
from pathlib import Path
from typing import Any

from sims.datasets.checks import fault
from sims.datasets.folders import Layout
from sims.datasets.sets import DataError

MARKER = "fxp-official.json"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def record_official(folder: Path, layout: Layout) -> None:
    """Write the marker: the sums of files just unpacked from an archive whose own checksum matched."""
    sums = {name: sha256(folder / name) for name in layout.sizes}
    (folder / MARKER).write_text(json.dumps(sums, indent=1) + "\n", encoding="utf-8")


def recorded_sums(folder: Path, layout: Layout) -> dict[str, str]:
    """Return the sums in the folder's marker; empty where it has none.

    Raises
    ------
    DataError
        The marker does not hold a sum for each file of the set.
    """
    marker = folder / MARKER
    if not marker.exists():
        return {}
    sums = _parsed(marker)
    if not isinstance(sums, dict) or not layout.sizes.keys() <= sums.keys():
        raise DataError(f"{marker} is not a list of checksums: remove it, and the files count as an unverified copy")
    return sums


def _parsed(marker: Path) -> Any:
    try:
        return json.loads(marker.read_text(encoding="utf-8"))
    except ValueError:
        return None


def verify(path: Path, sums: dict[str, str], layout: Layout) -> None:
    """Accept a file that equals its recorded sum, and any file where no sums are recorded.

    Raises
    ------
    DataError
        The file has changed since it was downloaded.
    """
    if sums and sha256(path) != sums[path.name]:
        raise fault(path, "has changed since it was downloaded", layout)
