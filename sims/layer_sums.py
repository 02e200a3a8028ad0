"""What the sums of each layer of an integer network reach: the largest values, kept while images stream by."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp.networks import IntegerNetwork
from fxp.operations import INPUT, Addition, Product, Requantization, common_grid, sources_of
from fxp.overflow.losses import lossy_values
from fxp.overflow.peaks import Peaks, overflow_values
from fxp.registers import Accumulation, Accumulator

__all__ = ["KINDS", "LayerSums", "layer_sums"]

KINDS = ("end", "prefix", "lossy")
BATCH = 100
WIDE = Accumulator(62)  # holds every sum of an integer network
FULL_SHARE = 2000  # values of a channel, up to which all are kept

Codes = NDArray[Any]
Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class LayerSums:
    """What is kept of the sums of a layer.

    Parameters
    ----------
    peaks : mapping from str to Peaks
        Largest values at the "end" of the sum, at any "prefix", and of "lossy" overflow at the end.
    power_sums : ndarray of float64, shape (channels, 4)
        Sums of S, S², S³ and S⁴ of the finished sums.
    """

    peaks: Mapping[str, Peaks]
    power_sums: NDArray[np.float64] = field(repr=False)


@dataclass(frozen=True)
class _Reader:
    """The requantisation that a product ends in, after an addition perhaps."""

    requantization: Requantization
    frac_bits: int
    left: int = 0
    addend: str | None = None
    addend_left: int = 0


def layer_sums(
    network: IntegerNetwork,
    images: NDArray[np.uint8],
    *,
    share: float,
    by_channel: bool,
    progress: Progress = lambda *_: None,
) -> dict[str, LayerSums]:
    """Return what the sums of each layer reach on some images, by name of the layer (bit-true).

    Parameters
    ----------
    network : IntegerNetwork
        Its products are the layers. Sums that no requantisation reads, or one after pooling, are all lossy.
    images : ndarray of uint8, shape (N, C, H, W)
        Codes.
    share : float
        Which part of the values to keep, the largest ones; all where a layer has few.
    by_channel : bool
        Whether each channel has its own peaks, or all together.
    progress : callable
        Called with the number of images done and their total.
    """
    readers = {product.name: _reader(network, product) for product in _products(network)}
    found: dict[str, LayerSums] = {}
    for first in range(0, len(images), BATCH):
        part = images[first : first + BATCH]
        for name, values, powers in _values(network, readers, part):
            mine = {kind: _peaks(each, share, len(images), by_channel=by_channel) for kind, each in values.items()}
            found[name] = _joined(found.get(name), LayerSums(mine, powers), share, len(images))
        progress(first + len(part), len(images))
    return found


def _products(network: IntegerNetwork) -> Iterator[Product]:
    return (operation for operation in network.operations if isinstance(operation, Product))


def _reader(network: IntegerNetwork, product: Product) -> _Reader | None:
    first = _only_reader(network, product.name)
    if isinstance(first, Requantization):
        return _Reader(first, network.values[product.name].frac_bits)
    last = _only_reader(network, first.name) if isinstance(first, Addition) else None
    if not isinstance(first, Addition) or not isinstance(last, Requantization) or first.source == first.other:
        return None
    addend = first.other if first.source == product.name else first.source
    left, addend_left, grid = common_grid(network.values[product.name], network.values[addend])
    return _Reader(last, grid, left, addend, addend_left)


def _only_reader(network: IntegerNetwork, name: str) -> Any:
    readers = [operation for operation in network.operations if name in sources_of(operation)]
    return readers[0] if len(readers) == 1 else None


def _values(
    network: IntegerNetwork, readers: Mapping[str, _Reader | None], images: Codes
) -> Iterator[tuple[str, dict[str, Codes], NDArray[np.float64]]]:
    """Yield of each product its values of each kind, shape (N, O, …), and the sums of powers."""
    seen: dict[str, Accumulation] = {}
    network.run(images, accumulator=WIDE, prefixes=True, observe=partial(_keep, seen))
    for name, sums in seen.items():
        exact = sums.prefixes
        assert exact is not None
        end, reader = overflow_values(exact.sums, exact.sums), readers[name]
        lossy = end if reader is None else _lossy(network, reader, exact.sums, images)
        values = {"end": end, "prefix": overflow_values(exact.lowest, exact.highest), "lossy": lossy}
        yield name, {kind: each.astype(np.int64) for kind, each in values.items()}, _power_sums(exact.sums)


def _keep(seen: dict[str, Accumulation], name: str, first_image: int, sums: Accumulation) -> None:
    assert first_image == 0, "one batch at a time"
    seen[name] = sums


def _lossy(network: IntegerNetwork, reader: _Reader, sums: Codes, images: Codes) -> Codes:
    addend = np.int64(0) if reader.addend is None else _codes_of(network, reader.addend, images).astype(np.int64)
    return lossy_values(
        sums,
        reader.requantization,
        frac_bits=reader.frac_bits,
        addend=addend << reader.addend_left,
        left=reader.left,
    )


def _codes_of(network: IntegerNetwork, name: str, images: Codes) -> Codes:
    """Return the codes of one result of the network, which is run up to it."""
    if name == INPUT:
        return images
    names = [operation.name for operation in network.operations]
    return replace(network, operations=network.operations[: names.index(name) + 1]).run(images)


def _power_sums(sums: Codes) -> NDArray[np.float64]:
    apart = np.moveaxis(sums, 1, 0).reshape(sums.shape[1], -1).astype(np.float64)
    squares = apart * apart
    return np.stack([each.sum(axis=1) for each in (apart, squares, squares * apart, squares * squares)], axis=1)


def _peaks(values: Codes, share: float, images: int, *, by_channel: bool) -> Peaks:
    shaped = values if by_channel else values.reshape(len(values), 1, -1)
    return Peaks.of(shaped, keep=_kept(share, images * shaped[0, 0].size))


def _kept(share: float, count: int) -> int:
    return count if count <= FULL_SHARE else max(ceil(share * count), FULL_SHARE)


def _joined(before: LayerSums | None, more: LayerSums, share: float, images: int) -> LayerSums:
    if before is None:
        return more
    joined = {
        kind: mine.join(more.peaks[kind], keep=_kept(share, images * mine.positions))
        for kind, mine in before.peaks.items()
    }
    return LayerSums(joined, before.power_sums + more.power_sums)
