"""Where data may lie: the folder that was asked for, else $FXP_DATA, else the user's cache."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sims.datasets.sets import DataError


@dataclass(frozen=True)
class Layout:
    """The files of a set: its name, the folder they come in, and their sizes in bytes."""

    name: str
    folder: str
    sizes: Mapping[str, int]

    @property
    def remedy(self) -> str:
        """How to get the set."""
        return f"get it with: python -m sims.datasets {self.name}"


def places(directory: Path | str | None) -> list[Path]:
    """Folders to look in, best first: only `directory` where one is given."""
    if directory is not None:
        return [Path(directory)]
    named = os.environ.get("FXP_DATA")
    return [Path(named), cache()] if named else [cache()]


def cache() -> Path:
    """Return the user's own folder for downloads."""
    import pooch  # type: ignore[import-untyped]  # slow to import, and not needed where the folder is given

    return Path(pooch.os_cache("fxp"))


def find(layout: Layout, directory: Path | str | None) -> Path | None:
    """Return the first folder that holds files of the set, whole or not; None where there is none."""
    for root in places(directory):
        if os.path.lexists(root / layout.folder):
            return root / layout.folder
        if any(stored(root / name) for name in layout.sizes):
            return root
    return None


def stored(path: Path) -> Path | None:
    """Return the file as it lies there, plain or else compressed; None where it is missing."""
    return next((form for form in (path, path.with_name(f"{path.name}.gz")) if os.path.lexists(form)), None)


def locate(layout: Layout, directory: Path | str | None) -> Path:
    """Return the folder that holds the set.

    Raises
    ------
    DataError
        None of the places has it.
    """
    folder = find(layout, directory)
    if folder is None:
        looked = " or ".join(str(place) for place in places(directory))
        raise DataError(
            f"{layout.folder} is not in {looked}: name its folder with --data or FXP_DATA, or {layout.remedy}"
        )
    return folder


def check_file(path: Path, layout: Layout) -> None:
    """Accept a plain file of the size that the layout gives.

    Raises
    ------
    DataError
        The file is missing, is no plain file or has another size.
    """
    if not path.exists():
        raise DataError(f"{path} is missing: {layout.remedy}")
    if not path.is_file():
        raise DataError(f"{path} is not a file: remove it, then {layout.remedy}")
    check_size(path, path.stat().st_size, layout)


def check_size(path: Path, found: int, layout: Layout) -> None:
    """Accept the size that the layout gives, in bytes of the uncompressed file.

    Raises
    ------
    DataError
        The size is another one.
    """
    size = layout.sizes[path.name.removesuffix(".gz")]
    if found != size:
        fault = "is truncated" if found < size else "has trailing bytes"
        raise DataError(f"{path} {fault} ({found} bytes, not {size}): remove it, then {layout.remedy}")
