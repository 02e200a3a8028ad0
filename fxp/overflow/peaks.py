"""The largest values of each channel, with the images that they are from: all that a tail needs of a long run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.arguments import whole_numbers
from fxp.operands import integers

__all__ = ["Peaks", "overflow_values"]

Codes = NDArray[Any]


def overflow_values(lowest: ArrayLike, highest: ArrayLike) -> Codes:
    r"""Return the value v of each output whose register overflows at B bits just where v ≥ 2^(B−1): exact.

    .. math:: v = \max(highest,\; -lowest - 1)

    of the least and the greatest value that a two's complement register takes: both the sum for a register that is
    looked at in the end, else the limits of the prefixes. The negative side has one code more, hence the −1.

    Parameters
    ----------
    lowest, highest : array_like of int
        As in :class:`fxp.Prefixes`, or the finished sums twice.

    Returns
    -------
    ndarray of int64
        Of the shape of the arguments; not negative where `lowest` is below 0 or `highest` is not.

    Raises
    ------
    TypeError
        The arguments do not hold integers.
    ValueError
        The shapes do not match, an integer does not fit 64 bits, or a least value is above the greatest.

    References
    ----------
    Derivation: :ref:`derivation-register_overflow`.

    Examples
    --------
    >>> overflow_values([-128, -129, 100], [5, 5, 128])
    array([127, 128, 128])
    """
    low, high = _signed("lowest", lowest), _signed("highest", highest)
    if low.shape != high.shape:
        raise ValueError(
            f"lowest.shape={low.shape}, highest.shape={high.shape} differ: give both limits of each output"
        )
    if np.any(low > high):
        raise ValueError("lowest is above highest for some outputs: swap the arguments")
    return np.maximum(high, ~low)


@dataclass(frozen=True, eq=False)
class Peaks:
    """The largest values of each channel and whose image they are.

    Parameters
    ----------
    values : ndarray of int, shape (channels, kept)
        Of each channel the largest, falling.
    owners : ndarray of int, shape (channels, kept)
        Number of the image that each is from, counted from 0.
    images, positions : int
        How many images were seen, and how many values of a channel each has.

    Examples
    --------
    >>> first = Peaks.of(np.array([[[1, 5], [2, 2]], [[7, 0], [3, 1]]]), keep=2)
    >>> print(first.values.tolist(), first.owners.tolist())
    [[7, 5], [3, 2]] [[1, 0], [1, 0]]
    >>> first.join(Peaks.of(np.array([[[6, 6], [0, 0]]]))).values.tolist()
    [[7, 6], [3, 2]]
    """

    values: Codes
    owners: Codes
    images: int
    positions: int

    @classmethod
    def of(cls, values: ArrayLike, *, keep: int | None = None) -> Peaks:
        """Return the largest values of some images.

        Parameters
        ----------
        values : array_like of int, shape (images, channels, …)
            What :func:`fxp.overflow_values` returns, with the channels second, as sums of a layer have them.
        keep : int, optional
            How many of each channel to keep, at least 1; all where left out.

        Returns
        -------
        Peaks
            The images are numbered as they come.

        Raises
        ------
        TypeError
            The values are no integers.
        ValueError
            There is no value, a value is negative or does not fit 64 bits, or an argument is out of its range.
        """
        codes = _signed("values", values)
        if codes.ndim < 2 or codes.size == 0:
            raise ValueError(f"values.shape={codes.shape} is not (images, channels, …) with a value: give some images")
        if codes.min() < 0:
            raise ValueError(f"values={codes.min()} is negative: give fxp.overflow_values of lowest and highest sums")
        images, channels = codes.shape[:2]
        flat = np.moveaxis(codes.reshape(images, channels, -1), 1, 0).reshape(channels, -1)
        positions = flat.shape[1] // images
        owners = np.broadcast_to(np.repeat(np.arange(images, dtype=np.int32), positions), flat.shape)
        return cls(*_largest(flat, owners, keep), images, positions)

    def join(self, other: Peaks, *, keep: int | None = None) -> Peaks:
        """Return the largest values of these images and, numbered after them, of others of the same layer.

        Parameters
        ----------
        other : Peaks
            With as many channels and positions.
        keep : int, optional
            As in :meth:`of`.

        Returns
        -------
        Peaks
            Of all images, no more of each channel than are known for certain.

        Raises
        ------
        ValueError
            The layers differ.
        """
        mine, others = ((len(each.values), each.positions) for each in (self, other))
        if mine != others:
            raise ValueError(f"(channels, positions)={others} are not {mine}: join images of one layer")
        values = np.concatenate([self.values, other.values], axis=1)
        owners = np.concatenate([self.owners, other.owners + np.int32(self.images)], axis=1)
        known = [each.values.shape[1] for each in (self, other) if not each.is_complete]
        fewest = min([values.shape[1] if keep is None else keep, *known])
        return Peaks(*_largest(values, owners, fewest), self.images + other.images, self.positions)

    def merged(self) -> Peaks:
        """Return all channels as one, as far down as every channel is known."""
        values, owners = self.values.reshape(1, -1), self.owners.reshape(1, -1)
        known = max(1, int(np.count_nonzero(values >= self.floor)))
        return Peaks(*_largest(values, owners, known), self.images, self.positions * len(self.values))

    @property
    def count(self) -> int:
        """How many values there were, kept or not."""
        return self.images * self.positions * len(self.values)

    @property
    def floor(self) -> int:
        """The least value from which on every value is kept: 0 where all are."""
        return 0 if self.is_complete else int(self.values[:, -1].max()) + 1

    @property
    def is_complete(self) -> bool:
        """Whether every value was kept."""
        return bool(self.values.shape[1] == self.images * self.positions)

    def events(self, least: float) -> Codes:
        """Return how many values of each image are at least `least`, shape (images,).

        Raises
        ------
        ValueError
            Not all of them were kept.
        """
        return np.asarray(self.events_by_channel(least).sum(axis=0))

    def events_by_channel(self, least: float) -> Codes:
        """Return the same for each channel, shape (channels, images)."""
        if least < self.floor:
            raise ValueError(f"least={least} is below {self.floor}, from which on all values were kept: keep more")
        channels = np.arange(len(self.values))[:, None] * self.images
        places = (channels + self.owners)[self.values >= least]
        counts = np.bincount(places, minlength=len(self.values) * self.images)
        return counts.reshape(len(self.values), self.images)


def _largest(values: Codes, owners: Codes, keep: int | None) -> tuple[Codes, Codes]:
    """Return the largest of each row, falling, and their owners."""
    kept = values.shape[1] if keep is None else int(whole_numbers("keep", keep, minimum=1, remedy="keep some values"))
    if kept < values.shape[1]:
        largest = np.argpartition(values, values.shape[1] - kept, axis=1)[:, -kept:]
        values, owners = (np.take_along_axis(each, largest, axis=1) for each in (values, owners))
    falling = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(values, falling, axis=1), np.take_along_axis(owners, falling, axis=1)


def _signed(name: str, given: ArrayLike) -> NDArray[np.int64]:
    """Return integers as int64: types without a sign would wrap where values are negated."""
    codes = integers(name, given)
    widest = int(codes.max()) if codes.size and codes.dtype != np.int64 else 0
    if widest >= 2**63:
        raise ValueError(f"{name}={widest} does not fit 64 bits: sums of accumulators of up to 63 bits do")
    return codes.astype(np.int64, copy=False)
