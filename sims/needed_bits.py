"""How many bits the sums of a network's products need, at their end and on the way: counted while it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp.accumulators import Accumulation, Accumulator
from fxp.networks import IntegerNetwork

__all__ = ["NeededBits", "count_needed_bits"]

WIDEST = 54  # sums of fewer bits are counted through float64, which holds them exactly

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class NeededBits:
    """How many outputs of a product need how many bits in two's complement.

    Parameters
    ----------
    name : str
        Of the product.
    anywhere, at_end : tuple of int
        Entry b counts the outputs whose widest prefix, or whose finished sum, needs b bits; 54 entries each.
    """

    name: str
    anywhere: tuple[int, ...]
    at_end: tuple[int, ...]

    @property
    def outputs(self) -> int:
        """How many outputs there are."""
        return sum(self.at_end)

    def overflowed(self, word_bits: int) -> int:
        """Return the outputs of which some prefix is out of an accumulator's range."""
        return sum(self.anywhere[word_bits + 1 :])

    def persistent(self, word_bits: int) -> int:
        """Return the outputs whose finished sum is out of range."""
        return sum(self.at_end[word_bits + 1 :])


def count_needed_bits(
    network: IntegerNetwork,
    images: NDArray[np.uint8],
    *,
    order: Any = "row_column_channel",
    progress: Callable[[int, int], object] | None = None,
) -> tuple[NeededBits, ...]:
    """Return the bits that the exact sums of each product need, in the order of the network.

    Parameters
    ----------
    network : IntegerNetwork
        Whose sums are below 54 bits.
    images : ndarray of uint8, shape (N, C, H, W)
        Image codes.
    order : {"row_column_channel", "channel_row_column"}
        Order of the products of a convolution.
    progress : callable, optional
        Called with the number of images done and their total.

    Returns
    -------
    tuple of NeededBits
        One a product.

    Raises
    ------
    ValueError
        A sum could need 54 bits or more.
    """
    for name, value in network.values.items():
        if value.word_bits >= WIDEST:
            raise ValueError(f"{name!r} may need {value.word_bits} bits, not below {WIDEST}: use fewer bits before it")
    counts: dict[str, tuple[Counts, Counts]] = {}

    def count(name: str, _: int, sums: Accumulation) -> None:
        seen = sums.prefixes
        assert seen is not None
        anywhere, at_end = counts.setdefault(name, (np.zeros(WIDEST, np.int64), np.zeros(WIDEST, np.int64)))
        anywhere += _histogram(np.maximum(seen.highest, ~seen.lowest))
        at_end += _histogram(np.maximum(seen.sums, ~seen.sums))

    wide = Accumulator(WIDEST, order=order)
    network.run(images, accumulator=wide, prefixes=True, observe=count, progress=progress)
    return tuple(NeededBits(name, tuple(any_.tolist()), tuple(end.tolist())) for name, (any_, end) in counts.items())


def _histogram(magnitudes: NDArray[Any]) -> Counts:
    """Return how many codes need 0, 1, … bits, of max(code, −1 − code)."""
    lengths = np.frexp(magnitudes.astype(np.float64))[1]
    return np.bincount(lengths.reshape(-1) + 1, minlength=WIDEST)
