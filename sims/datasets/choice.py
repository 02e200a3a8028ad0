"""Which set an experiment uses when the user names none."""

from collections.abc import Callable
from pathlib import Path

from sims.datasets.cifar import CIFAR10, load_cifar10
from sims.datasets.folders import find, places
from sims.datasets.procedural import embedded
from sims.datasets.sets import Dataset


def cifar10_or_embedded(directory: Path | str | None = None, *, announce: Callable[[str], object] = print) -> Dataset:
    """Return CIFAR-10 where there is any, else the embedded set, which is announced in one line.

    Parameters
    ----------
    directory : path, optional
        Must hold CIFAR-10; without it $FXP_DATA and the user's cache are looked at.
    announce : callable
        Takes the line that says what was not found, what is used instead and how to get CIFAR-10.

    Raises
    ------
    DataError
        `directory` has no CIFAR-10, or what was found is damaged.
    """
    if directory is not None or find(CIFAR10, None):
        return load_cifar10(directory)
    looked = " or ".join(str(place) for place in places(None))
    announce(
        f"CIFAR-10 is not in {looked}: using the embedded synthetic set "
        f"(name the folder of CIFAR-10 with --data DIR or FXP_DATA, or {CIFAR10.remedy()})"
    )
    return embedded()
