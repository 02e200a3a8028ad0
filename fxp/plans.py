"""How a network of integers is computed: passes over the codes, each as few operations as it can be proven to take."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fxp.carriers import Epilogue, ExactConvolution
from fxp.kernels.layers import max_pool, sum_pool
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
    common_grid,
    sources_of,
)
from fxp.registered_products import accumulating, is_exact, is_unseen
from fxp.registers import Accumulation, Accumulator

__all__ = ["Plan", "Registers", "plan"]

Codes = NDArray[Any]


@dataclass(frozen=True)
class Registers:
    """Accumulators of products by name, exact where there is none, and what of them is watched.

    Parameters
    ----------
    accumulators : mapping from str to Accumulator
        By name of the product.
    watched : bool
        Whether the sums of every product are handed out.
    prefixes : bool
        Whether with the limits of all prefixes, where there is an accumulator.
    """

    accumulators: Mapping[str, Accumulator]
    watched: bool = False
    prefixes: bool = False


@dataclass(frozen=True)
class _Step:
    """One pass over the codes: an operation, or a product with the addition and the requantisation that follow.

    Where the sums of its product are limited or watched, `accumulate` computes them of the first operand, and `compute`
    goes on from their codes.
    """

    name: str
    sources: tuple[str, ...]
    compute: Callable[..., Codes]
    product: str = ""
    accumulate: Callable[[Codes], Accumulation] | None = None
    done: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The steps of a network in order, ready to run on any number of images."""

    steps: tuple[_Step, ...]
    watched: bool

    def run(self, images: Codes) -> tuple[Codes, list[tuple[str, Accumulation]]]:
        """Return the codes of the last step, and the sums of every product by name where they are watched.

        Raises
        ------
        OverflowError
            The mode of an accumulator is ERROR, and a value that it looks at is out of range.
        """
        known, seen = {INPUT: images}, []
        for step in self.steps:
            operands = [known[source] for source in step.sources]
            if step.accumulate is not None:
                sums = _named(step.product, step.accumulate, operands[0])
                operands[0] = sums.codes
                if self.watched:
                    seen.append((step.product, sums))
            known[step.name] = step.compute(*operands)
            for name in step.done:
                del known[name]
        return known[self.steps[-1].name], seen


def plan(operations: Sequence[Operation], values: Mapping[str, Value], registers: Registers) -> Plan:
    """Return the plan of a network; what only one requantisation reads is computed in the same step.

    Parameters
    ----------
    operations : sequence of Operation
        In the order of computation.
    values : mapping from str to Value
        Limits and grids of all results, in these accumulators.
    registers : Registers
        Accumulators of the products.
    """
    steps = list(_steps(operations, _Products(values, registers)))
    return Plan(tuple(_with_last_reads(steps, operations[-1].name)), registers.watched)


def _named(product: str, accumulate: Callable[[Codes], Accumulation], x: Codes) -> Accumulation:
    try:
        return accumulate(x)
    except OverflowError as error:
        raise OverflowError(f"product={product!r}: {error}") from error


@dataclass(frozen=True)
class _Products:
    """Makes the steps of products."""

    values: Mapping[str, Value]
    registers: Registers

    def plain(self, product: Product) -> _Step:
        """Return the step that leaves the sums."""
        if self._is_exact(product):
            unit = self._unit(product)
            return _Step(product.name, (product.source,), lambda x: _on_unit(unit, product, x))
        drop = self._dropped(product)
        compute: Callable[[Codes], Codes] = lambda sums: sums if drop == 0 else sums.astype(np.int64) << drop  # noqa: E731
        return self._accumulated(product, product.name, compute)

    def finished(self, product: Product, last: Requantization, before: Addition | None) -> _Step:
        """Return the step that adds and requantises too."""
        left, other_left, grid = 0, 0, self.values[product.name].frac_bits
        addends = () if before is None else (before.other,)
        if before is not None:
            left, other_left, grid = common_grid(self.values[product.name], self.values[before.other])
        epilogue = _epilogue(last, grid, sum_left=left, addend_left=other_left)
        if self._is_exact(product, epilogue if before is None else None):
            unit = self._unit(product)
            compute = lambda x, addend=None: _on_unit(unit, product, x, epilogue, addend)  # noqa: E731
            return _Step(last.name, (product.source, *addends), compute)
        coarse = replace(epilogue, sum_left=epilogue.sum_left + self._dropped(product))
        return self._accumulated(product, last.name, coarse.finish, *addends)

    def _accumulated(self, product: Product, name: str, compute: Callable[..., Codes], *addends: str) -> _Step:
        accumulator = self.registers.accumulators.get(product.name)
        if accumulator is None:
            unit = self._unit(product)
            accumulate: Callable[[Codes], Accumulation] = lambda x: Accumulation(_on_unit(unit, product, x))  # noqa: E731
        else:
            x, prefixes = self.values[product.source], self.registers.prefixes
            accumulate = accumulating(product, x, accumulator, prefixes=prefixes)
        return _Step(name, (product.source, *addends), compute, product.name, accumulate)

    def _is_exact(self, product: Product, requantizer: Epilogue | None = None) -> bool:
        """Return whether nobody looks at the sums, and an accumulator changes none, or none that the requantiser tells.

        The requantiser is the only one that reads them.
        """
        accumulator, x = self.registers.accumulators.get(product.name), self.values[product.source]
        if self.registers.watched or accumulator is None:
            return not self.registers.watched
        unseen = requantizer is not None and is_unseen(product, x, accumulator, requantizer)
        return unseen or is_exact(product, x, accumulator)

    def _dropped(self, product: Product) -> int:
        accumulator = self.registers.accumulators.get(product.name)
        return 0 if accumulator is None else accumulator.drop_bits

    def _unit(self, product: Product) -> ExactConvolution:
        x = self.values[product.source]
        weights = product.weights if product.weights.ndim == 4 else product.weights[:, :, None, None]
        return ExactConvolution(weights, product.bias, product.geometry, x_low=x.low, x_high=x.high)


def _steps(operations: Sequence[Operation], products: _Products) -> Iterator[_Step]:
    by_name = {operation.name: operation for operation in operations}
    readers = Counter(source for operation in operations for source in sources_of(operation))

    def alone(name: str, kind: Any) -> bool:
        return readers[name] == 1 and isinstance(by_name.get(name), kind)

    absorbed: set[str] = set()
    fused: dict[str, _Step] = {}
    for operation in operations:
        if isinstance(operation, Requantization) and alone(operation.source, Product | Addition):
            before = by_name[operation.source]
            if isinstance(before, Addition) and alone(before.other, Product) and not alone(before.source, Product):
                before = Addition(before.name, before.other, before.source)
            product = before if isinstance(before, Product) else by_name.get(sources_of(before)[0])
            if isinstance(product, Product) and (product is before or alone(product.name, Product)):
                added = before if isinstance(before, Addition) else None
                fused[operation.name] = products.finished(product, operation, added)
                absorbed |= {before.name, product.name}
    for operation in operations:
        if operation.name in fused:
            yield fused[operation.name]
        elif operation.name not in absorbed:
            yield products.plain(operation) if isinstance(operation, Product) else _single(operation, products.values)


def _single(operation: Operation, values: Mapping[str, Value]) -> _Step:
    compute: Callable[..., Codes]
    match operation:
        case Addition():
            left, other_left, _ = common_grid(*(values[source] for source in sources_of(operation)))
            compute = lambda x, other: (x.astype(np.int64) << left) + (other.astype(np.int64) << other_left)  # noqa: E731
        case Rectification():
            compute = lambda x: np.maximum(x, 0)  # noqa: E731
        case Requantization():
            compute = _epilogue(operation, values[operation.source].frac_bits).finish
        case MaxPooling():
            compute = lambda x: max_pool(x, operation.kernel, operation.stride, operation.padding)  # noqa: E731
        case AveragePooling():
            compute = lambda x: (  # noqa: E731
                sum_pool(x, operation.kernel, operation.stride, operation.padding) * operation.multiplier[0]
            )
        case Flattening():
            compute = lambda x: x.reshape(len(x), prod(x.shape[1:]))  # noqa: E731
    return _Step(operation.name, sources_of(operation), compute)


def _epilogue(last: Requantization, grid: int, *, sum_left: int = 0, addend_left: int = 0) -> Epilogue:
    shift = grid - last.format.frac_bits
    more = max(-shift, 0)
    codes = last.format
    return Epilogue(max(shift, 0), last.rounding, codes.min_code, codes.max_code, sum_left + more, addend_left + more)


def _on_unit(
    unit: ExactConvolution, product: Product, x: Codes, epilogue: Epilogue | None = None, addend: Codes | None = None
) -> Codes:
    """Run a product; a linear layer is a convolution of 1×1 images."""
    flat = product.weights.ndim == 2
    operand = x[:, :, None, None] if flat else x
    other = addend[:, :, None, None] if flat and addend is not None else addend
    codes = unit(operand) if epilogue is None else unit.finished(operand, epilogue, other)
    return codes[:, :, 0, 0] if flat else codes


def _with_last_reads(steps: Sequence[_Step], result: str) -> Iterator[_Step]:
    """Yield the steps, each with the names that nothing reads after it, so that their memory is freed."""
    for index, step in enumerate(steps):
        later = {source for other in steps[index + 1 :] for source in other.sources} | {result}
        yield replace(step, done=tuple(name for name in dict.fromkeys(step.sources) if name not in later))
