"""What a data set is: three splits of 8-bit images, and the line that says whose they are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

TITLES = {"cifar10": "CIFAR-10", "mnist": "MNIST", "embedded": "embedded synthetic set"}


class DataError(ValueError):
    """Data that is absent or damaged: one line with the file, what is wrong and the remedy."""


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet:
    """Images with their labels.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, C, H, W)
        Codes 0 to 255; the networks read them as code / 256.
    labels : ndarray of uint8 or int64, shape (N,)
        Classes, counted from 0.

    Raises
    ------
    ValueError
        The shapes do not match.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.integer]

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.labels.shape != self.images.shape[:1]:
            raise ValueError(
                f"images.shape={self.images.shape}, labels.shape={self.labels.shape} are not (N, C, H, W) and (N,): "
                "give one label an image"
            )

    def __len__(self) -> int:
        return len(self.labels)


class _Split:
    """A field given as an image set, or as the function that reads it when it is first asked for."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> "_Split": ...
    @overload
    def __get__(self, instance: object, owner: type) -> ImageSet: ...
    def __get__(self, instance: object | None, owner: type) -> "ImageSet | _Split":
        if instance is None:
            raise AttributeError(self.name)  # what tells a dataclass that the field has no default
        split: ImageSet | Callable[[], ImageSet] = instance.__dict__[self.name]
        if not isinstance(split, ImageSet):
            split = instance.__dict__[self.name] = split()
        return split

    def __set__(self, instance: object, split: ImageSet | Callable[[], ImageSet]) -> None:
        instance.__dict__[self.name] = split


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A named set of labelled images in three splits, each read when it is first asked for.

    Parameters
    ----------
    name : str
        "cifar10", "mnist" or "embedded".
    provenance : str
        "official" (checksums match the official files), "unverified copy" or "embedded".
    train, held_out, test : ImageSet or callable returning one
        To fit on, to choose and calibrate on, and to report on; no image is in two of them.

    Examples
    --------
    >>> import numpy as np
    >>> one = ImageSet(np.zeros((1, 3, 32, 32), np.uint8), np.zeros(1, np.uint8))
    >>> data = Dataset("cifar10", "unverified copy", train=one, held_out=one, test=lambda: one)
    >>> data.title, len(data.test)
    ('CIFAR-10 (unverified copy)', 1)
    """

    name: str
    provenance: str
    train: _Split = _Split()
    held_out: _Split = _Split()
    test: _Split = _Split()

    @property
    def title(self) -> str:
        """Name and provenance, as every table and figure prints them."""
        title = TITLES.get(self.name, self.name)
        return title if self.provenance == "embedded" else f"{title} ({self.provenance})"

    def __repr__(self) -> str:
        return f"<Dataset {self.title}>"
