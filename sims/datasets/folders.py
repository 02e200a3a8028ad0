"""Where data may lie: the folder that was asked for, else $FXP_DATA, else the user's cache."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sims.datasets.sets import DataError


@dataclass(frozen=True)
class Layout:
    """The files of a set: its name, the folder they come in, and their sizes in bytes, uncompressed."""

    name: str
    folder: str
    sizes: Mapping[str, int]

    def remedy(self, folder: Path | None = None) -> str:
        """Return how to get the set, into `folder` where one is given."""
        where = "" if folder is None else f" --data {folder}"
        return f"get it with: python -m sims.datasets {self.name}{where}"


def places(directory: Path | str | None) -> Iterator[Path]:
    """Yield the folders to look in, best first: only `directory` where one is given."""
    if directory is not None:
        yield Path(directory)
        return
    if named := os.environ.get("FXP_DATA"):
        yield Path(named)
    yield cache()


def cache() -> Path:
    """Return the user's own folder for downloads."""
    import pooch  # slow to import, and not needed where the folder is named

    return Path(pooch.os_cache("fxp"))


def stored(path: Path) -> Path | None:
    """Return the file as it lies there, plain or else compressed; None where it is missing."""
    return next((form for form in (path, path.with_name(f"{path.name}.gz")) if os.path.lexists(form)), None)


def find(layout: Layout, directory: Path | str | None) -> Path | None:
    """Return the first folder that holds files of the set, whole or not; None where there is none."""
    for root in places(directory):
        if os.path.lexists(root / layout.folder):
            return root / layout.folder
        if any(stored(root / name) for name in layout.sizes):
            return root
    return None


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
            f"{layout.folder} is not in {looked}: name its folder with --data or FXP_DATA, or {layout.remedy()}"
        )
    return folder
