"""Networks in integers alone: run, described, saved and loaded."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fxp.carriers import single_threaded
from fxp.formats import Format
from fxp.inputs import is_integer
from fxp.kernels.layers import code_dtype
from fxp.network_files import read_network, write_network
from fxp.operations import (
    INPUT,
    Addition,
    AveragePooling,
    Flattening,
    MaxPooling,
    Operation,
    Product,
    Rectification,
    Requantization,
    Value,
    ends,
    needed_bits,
    require_names,
    shape_of,
    sources_of,
    value_of,
)
from fxp.plans import Plan, Registers, plan
from fxp.registered_products import is_exact, limited_value
from fxp.registers import Accumulation, Accumulator

__all__ = [
    "Addition",
    "AveragePooling",
    "Flattening",
    "IntegerNetwork",
    "MaxPooling",
    "Operation",
    "Product",
    "Rectification",
    "Requantization",
    "Value",
]

Codes = NDArray[Any]
Shape = tuple[int, ...]
Observer = Callable[[str, int, Accumulation], object]
_Part = tuple[Codes, list[tuple[str, Accumulation]]]

MAX_SUM_BITS = 62
BATCH = (
    100  # images that one thread takes through all layers at a time: few enough for its cache, many for little overhead
)


@dataclass(frozen=True, eq=False)
class IntegerNetwork:
    """A network of integer operations; images enter as codes, the codes of its last operation are the logits.

    Parameters
    ----------
    input_format : Format
        Format of the image codes.
    input_shape : tuple of int
        Shape of one image, (C, H, W) or (K,).
    operations : tuple of Operation
        In the order of computation; each reads "input" or the names of earlier ones.

    Raises
    ------
    ValueError
        A name is missing or used twice, an operation does not fit the shape it reads, or a sum could need more than
        62 bits.

    Examples
    --------
    >>> weights = np.array([[1, -2]], dtype=np.int8)
    >>> layer = Product("fc", "input", weights, np.array([3]), Format(3, 1))
    >>> network = IntegerNetwork(Format(8, 8, signed=False), (2,), (layer,))
    >>> network.run([[10, 4]]).tolist(), str(network.output_format)
    ([[5]], 'sfix10_En9')
    """

    input_format: Format
    input_shape: tuple[int, ...]
    operations: tuple[Operation, ...]

    def __post_init__(self) -> None:
        for name in ("input_shape", "operations"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.operations:
            raise ValueError("operations=() compute nothing: give at least one")
        if len(self.input_shape) not in (1, 3) or min(self.input_shape) < 1:
            raise ValueError(f"input_shape={self.input_shape} is not (C, H, W) or (K,): give the shape of one image")
        require_names(self.operations)
        for name, shape in self.shapes.items():
            if min(shape) < 1:
                raise ValueError(f"operation={name!r} makes shape={shape}, without elements: use a smaller window")
        _check_bits(self.operations, self.values)

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """Shape of one image's input and of the result of each operation, by name."""
        known = {INPUT: self.input_shape}
        for operation in self.operations:
            known[operation.name] = shape_of(operation, *(known[source] for source in sources_of(operation)))
        return known

    @cached_property
    def values(self) -> dict[str, Value]:
        """Range and grid of the input and of the result of each operation, by name (proven bounds)."""
        return self._values({})

    def _values(self, accumulators: Mapping[str, Accumulator]) -> dict[str, Value]:
        entering = Value(self.input_format.min_code, self.input_format.max_code, self.input_format.frac_bits)
        known = {INPUT: entering}
        for operation in self.operations:
            operands = [known[source] for source in sources_of(operation)]
            known[operation.name] = _value_in(operation, accumulators.get(operation.name), *operands)
        return known

    @property
    def output_format(self) -> Format:
        """Smallest format that holds every logit."""
        return self.values[self.operations[-1].name].format

    def run(
        self,
        image_codes: ArrayLike,
        *,
        accumulator: Accumulator | Mapping[str, Accumulator] | None = None,
        prefixes: bool = False,
        observe: Observer | None = None,
        threads: int | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Codes:
        """Return the codes of the logits (exact; no float takes part in their definition).

        With an accumulator every product is what :func:`fxp.conv2d` or :func:`fxp.matmul` makes of its operands in that
        register, with the bias as initial value, in the declared order; all else stays exact. Bits that are dropped
        from products are dropped from their bias too, by the same rounding, and come back as zeros, so that the grids
        of all results stay as they are. Products that provably cannot leave their register, or whose clamping at the
        end no later requantisation can see, are computed exactly.

        Parameters
        ----------
        image_codes : array_like of int, shape (N, ``*input_shape``)
            Codes within the input format.
        accumulator : Accumulator, or mapping from str to Accumulator, optional
            Of all products, or by name of the product; products that are not named are exact.
        prefixes : bool
            Whether observed sums come with the limits of all their prefixes; for `observe`, in accumulators only.
        observe : callable, optional
            Called as observe(name, first_image, accumulation) for each product and each part of the images, in this
            thread and in the order of the images, with what :func:`fxp.conv2d` or :func:`fxp.matmul` returns: codes of
            shape (n, O, H, W) or (n, O) for n images from `first_image` on, and counts.
        threads : int, optional
            Threads that share the images; as many as there are cores by default.
        progress : callable, optional
            Called with the number of images done and their total.

        Returns
        -------
        ndarray of int, shape (N, classes)
            Codes on the grid of `output_format`.

        Raises
        ------
        TypeError
            `accumulator`, `prefixes`, `observe` or `progress` is of another kind.
        ValueError
            Shape, type or range of the codes do not fit the input format, `threads` is below 1, an accumulator is named
            after no product or is too wide for 62-bit sums, or prefixes are asked for that nobody observes or that no
            accumulator declares the order of.
        OverflowError
            The mode of an accumulator is ERROR, and a value that it looks at is out of range.

        Examples
        --------
        >>> layer = Product("fc", "input", np.array([[50, 50, -50]]), np.array([20]), Format(7, 0))
        >>> network = IntegerNetwork(Format(8, 8, signed=False), (3,), (layer,))
        >>> network.run([[2, 2, 2]]), network.run([[2, 2, 2]], accumulator=Accumulator(8))
        (array([[120]], dtype=int32), array([[27]], dtype=int32))
        >>> def watch(name, first, sums):
        ...     print(name, sums.overflowed, sums.prefixes.highest)
        >>> network.run([[2, 2, 2]], accumulator=Accumulator(8), prefixes=True, observe=watch)
        fc 1 [[220]]
        array([[27]], dtype=int32)
        """
        if threads is not None and not (is_integer(threads) and threads >= 1):
            raise ValueError(f"threads={threads!r} is not at least 1: give a number of threads, or None for all cores")
        if progress is not None and not callable(progress):
            raise TypeError(f"progress={progress!r} is not callable: pass a function of images done and their total")
        _check_watch(accumulator, prefixes, observe)
        images = self._checked(image_codes)
        parts = [images[start : start + BATCH] for start in range(0, len(images), BATCH)] or [images]
        logits: list[Codes] = []
        plan = self._plan_for(accumulator, watched=observe is not None, prefixes=prefixes)
        for codes, seen in _in_order(plan.run, parts, threads or _cores()):
            first = len(logits) * BATCH
            logits.append(codes)
            if observe is not None:
                for name, sums in seen:
                    observe(name, first, sums)
            if progress is not None:
                progress(min(first + BATCH, len(images)), len(images))
        return np.concatenate(logits)

    def _plan_for(
        self, accumulator: Accumulator | Mapping[str, Accumulator] | None, *, watched: bool, prefixes: bool
    ) -> Plan:
        if accumulator is None and not watched:
            return self._exact_plan
        products = [operation.name for operation in self.operations if isinstance(operation, Product)]
        registers = Registers(_by_product(accumulator, products), watched=watched, prefixes=prefixes)
        values = self._values(registers.accumulators)
        _check_bits(self.operations, values)
        return plan(self.operations, values, registers)

    @cached_property
    def _exact_plan(self) -> Plan:
        return plan(self.operations, self.values, Registers({}))

    def _checked(self, image_codes: ArrayLike) -> Codes:
        images = np.asarray(image_codes)
        if images.dtype.kind not in "iu":
            raise ValueError(f"image_codes.dtype={images.dtype} is not an integer type: encode the images first")
        if images.shape[1:] != self.input_shape or not images.ndim:
            raise ValueError(f"image_codes.shape={images.shape} is not (N, *{self.input_shape}): reshape the images")
        low, high = self.input_format.min_code, self.input_format.max_code
        narrow = code_dtype(low, high)
        if images.dtype != narrow or (np.iinfo(narrow).min, np.iinfo(narrow).max) != (low, high):
            first, last = ends(images)
            if first < low or last > high:
                raise ValueError(
                    f"image_codes span {first} to {last}, not within {self.input_format}: encode the images in it"
                )
        return images.astype(narrow, copy=False)

    def __str__(self) -> str:
        """Return a table of the operations: name, kind, weights, result and its range."""
        rows = [("name", "kind", "weights", "result", "range")]
        rows.append((INPUT, "", "", str(self.input_format), _span(self.values[INPUT])))
        for operation in self.operations:
            value = self.values[operation.name]
            weights = str(operation.weight_format) if isinstance(operation, Product) else ""
            rows.append((operation.name, type(operation).__name__, weights, str(value.format), _span(value)))
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
        return "\n".join(lines)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to an .npz file, whole or not at all; it holds arrays and JSON text, no pickle.

        Parameters
        ----------
        path : path-like
            File to write or to replace; its folder is made where it is missing.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        write_network(path, self.input_format, self.input_shape, self.operations)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "IntegerNetwork":
        """Return the network that `save` wrote: it gives the same codes.

        Parameters
        ----------
        path : path-like
            File to read.

        Returns
        -------
        IntegerNetwork
            Operations, formats and codes as saved.

        Raises
        ------
        OSError
            The file cannot be opened: FileNotFoundError where there is none.
        ValueError
            The file is not one that `save` wrote.
        """
        with open(path, "rb") as file:
            try:
                return cls(**read_network(file))
            except Exception as error:
                reason = " ".join(str(error).split())
                raise ValueError(
                    f"path={str(path)!r} is not a saved integer network: {reason}; save it again"
                ) from error


def _value_in(operation: Operation, accumulator: Accumulator | None, x: Value, other: Value | None = None) -> Value:
    if accumulator is None or not isinstance(operation, Product) or is_exact(operation, x, accumulator):
        return value_of(operation, x, other)
    return limited_value(operation, x, accumulator)


def _check_bits(operations: Sequence[Operation], values: dict[str, Value]) -> None:
    for name, bits in needed_bits(operations, values):
        if bits > MAX_SUM_BITS:
            raise ValueError(f"operation={name!r} may need {bits} bits, over {MAX_SUM_BITS}: use fewer bits before it")


def _check_watch(accumulator: object, prefixes: object, observe: object) -> None:
    if not isinstance(prefixes, bool | np.bool_):
        raise TypeError(f"prefixes={prefixes!r} is not a bool: pass prefixes=True or prefixes=False")
    if observe is not None and not callable(observe):
        raise TypeError(f"observe={observe!r} is not callable: pass a function of name, first image and accumulation")
    if prefixes and (observe is None or not accumulator):
        raise ValueError(
            "prefixes=True is for observed sums in accumulators: pass observe, which sees them, and accumulator, which "
            "declares the order of products"
        )


def _by_product(
    accumulator: Accumulator | Mapping[str, Accumulator] | None, products: Sequence[str]
) -> Mapping[str, Accumulator]:
    """Return the accumulators by name of the product."""
    if accumulator is None or isinstance(accumulator, Accumulator):
        return {} if accumulator is None else dict.fromkeys(products, accumulator)
    if not isinstance(accumulator, Mapping):
        raise TypeError(
            f"accumulator={accumulator!r} is not an Accumulator: pass fxp.Accumulator(word_bits), a mapping from names "
            "of products to accumulators, or None"
        )
    for name, each in accumulator.items():
        if name not in products:
            raise ValueError(f"accumulator[{name!r}] is of no product: name some of {', '.join(products)}")
        if not isinstance(each, Accumulator):
            raise TypeError(f"accumulator[{name!r}]={each!r} is not an Accumulator: pass fxp.Accumulator(word_bits)")
    return accumulator


def _in_order(run: Callable[[Codes], _Part], parts: Iterable[Codes], threads: int) -> Iterator[_Part]:
    """Yield the results of parts in their order, computed by threads that run ahead a little: memory stays bounded."""
    waiting: deque[Future[_Part]] = deque()
    with single_threaded() as prepare, ThreadPoolExecutor(threads, initializer=prepare) as pool:
        for part in parts:
            waiting.append(pool.submit(run, part))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _span(value: Value) -> str:
    step = 2.0**-value.frac_bits
    return f"[{value.low * step:g}, {value.high * step:g}]"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
