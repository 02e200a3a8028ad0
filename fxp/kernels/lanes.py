"""Saturating sums on vectors: tiles of outputs whose registers stay in the processor's, written in LLVM's language.

A loop of Numba over arrays writes every lane back to memory after each product. Here a tile of some rows by one or two
vectors of columns stays in registers over a block of products. The vectors are LLVM's own, which any processor can run;
one instruction alone, four products of bytes added to each lane (VNNI), is asked for by name, where it is there.

The functions that emit code take the builder of Numba's compiler; all offsets are in bytes.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llvmlite import binding, ir
from numba import config as numba_config
from numba import types
from numba.core import cgutils as numba_cgutils
from numba.extending import intrinsic

__all__ = ["CHECKS", "LANES", "NARROW_LANES", "ROWS", "has_byte_products", "saturate_blocks", "saturate_listed"]

LANES, NARROW_LANES = 16, 32  # of 32 and of 16 bits in a vector
ROWS = {1: 8, 2: 6}  # rows of a tile by its vectors: with two sums of each, and weights, they fill 32 registers
CHECKS = (2, 1)  # products after which registers of 16 bits may be compared with their shadows
BUNDLE = 4  # registers that are stepped together, so that one uses the time for which another waits
LONGEST_BLOCK = 256
BYTES = 64  # of a vector

BYTE, HALF, WORD, SIZE = (ir.IntType(bits) for bits in (8, 16, 32, 64))
WORDS, HALVES = ir.VectorType(WORD, LANES), ir.VectorType(HALF, NARROW_LANES)
HALF_PAIRS = ir.VectorType(WORD, 2 * LANES)

Value = Any
Builder = Any
emitted: Any = intrinsic(prefer_literal=True)
config: Any = numba_config
cgutils: Any = numba_cgutils


def has_byte_products() -> bool:
    """Return whether the processor adds four products of bytes to each of 16 lanes in one instruction."""
    another = config.CPU_NAME or config.CPU_FEATURES  # what Numba was told to compile for
    return not another and _host_has("avx512vnni")


@functools.cache
def _host_has(feature: str) -> bool:
    return bool(binding.get_host_cpu_features().get(feature, False))


def _at(builder: Builder, base: Value, offset: Value, kind: Any) -> Value:
    return builder.bitcast(builder.gep(base, [offset]), kind.as_pointer())


def _load(builder: Builder, base: Value, offset: Value, kind: Any) -> Value:
    return builder.load(_at(builder, base, offset, kind), align=1)


def _store(builder: Builder, value: Value, base: Value, offset: Value) -> None:
    builder.store(value, _at(builder, base, offset, value.type), align=1)


def _splat(builder: Builder, value: Value, vector: Any = WORDS) -> Value:
    """Return a vector of which every lane is `value`."""
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), value, WORD(0))
    return builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(WORD, vector.count), None))


def _call(builder: Builder, name: str, *operands: Value) -> Value:
    """Return the result of an LLVM function whose operands all have the type of its result."""
    kind = operands[0].type
    signature = ir.FunctionType(kind, [operand.type for operand in operands])
    return builder.call(cgutils.get_or_insert_function(builder.module, signature, name), operands)


def _lanewise(builder: Builder, name: str, *operands: Value) -> Value:
    kind = operands[0].type
    return _call(builder, f"llvm.{name}.v{kind.count}i{kind.element.width}", *operands)


def _byte_products(builder: Builder, total: Value, x: Value, w: Value) -> Value:
    """Return `total` and, in each lane, the products of four unsigned bytes of x with four signed bytes of w."""
    return _call(builder, "llvm.x86.avx512.vpdpbusd.512", total, x, w)


def _half_products(builder: Builder, total: Value, x: Value, w: Value) -> Value:
    """Return `total` and, in each lane, the products of two signed 16-bit halves of x and of w."""
    left, right = (builder.sext(builder.bitcast(operand, HALVES), HALF_PAIRS) for operand in (x, w))
    products = builder.mul(left, right)
    even, odd = (
        builder.shuffle_vector(products, products, ir.Constant(WORDS, list(range(first, 2 * LANES, 2))))
        for first in (0, 1)
    )
    return builder.add(total, builder.add(even, odd))


def _any_above(builder: Builder, values: Sequence[Value], limit: Value) -> Value:
    worst = functools.reduce(functools.partial(_lanewise, builder, "smax"), values)
    above = builder.icmp_signed(">", worst, limit)
    return builder.icmp_unsigned("!=", builder.bitcast(above, HALF), HALF(0))


def _all_nonzero(builder: Builder, values: Sequence[Value]) -> Value:
    zeros = (builder.icmp_unsigned("==", value, ir.Constant(WORDS, None)) for value in values)
    return builder.icmp_unsigned("==", builder.bitcast(functools.reduce(builder.or_, zeros), HALF), HALF(0))


def _variables(builder: Builder, values: Sequence[Value]) -> list[Value]:
    """Return variables that hold the values; the compiler makes registers of them."""
    return [cgutils.alloca_once_value(builder, value) for value in values]


def _loads(builder: Builder, variables: Sequence[Value]) -> list[Value]:
    return [builder.load(variable) for variable in variables]


def _data(context: Any, builder: Builder, kinds: Sequence[Any], arguments: Sequence[Value]) -> list[Value]:
    """Return pointers to the bytes of arrays."""
    arrays = (context.make_array(kind)(context, builder, value) for kind, value in zip(kinds, arguments, strict=True))
    return [builder.bitcast(array.data, BYTE.as_pointer()) for array in arrays]


def _length(context: Any, builder: Builder, kind: Any, argument: Value, axis: int) -> Value:
    return cgutils.unpack_tuple(builder, context.make_array(kind)(context, builder, argument).shape)[axis]


@emitted
def saturate_blocks(
    typing: Any,
    codes: Any,
    changed: Any,
    drift: Any,
    x: Any,
    sizes: Any,
    dots: Any,
    steps: Any,
    shifts: Any,
    ends: Any,
    limits: Any,
    panel: Any,
    zero: Any,
    vectors: Any,
) -> Any:
    """Sum the products of a tile, each sum clamped; a block at once where it is certain that no clamp acts.

    With S = Σxw and A = Σ|x||w| over a block, all sums on the way, in any order, lie between acc + (S − A)/2 and
    acc + (S + A)/2. Where both are within the limits the block ends at acc + S. Bundles of registers with a lane where
    they are not go through the block product by product.

    Parameters
    ----------
    codes, changed, drift : int32 arrays, shape (rows, lanes)
        Registers within the limits; nonzero where one was clamped; exact sum minus register.
    x, sizes : uint8 or int16 arrays, shape (rows, K)
        Operands plus `zero`, and their absolute values; K is a multiple of the 4 or 2 of them that fill 32 bits.
    dots : int8 or int16 array, shape (…, K/4 or K/2, 2, lanes, 4 or 2)
        Weights, and their negative absolute values.
    steps : int32 array, shape (…, K, lanes)
        Weights modulo 2^16.
    shifts : int32 array, shape (…, blocks, lanes)
        Minus `zero` times the sum of a block's weights.
    ends : int64 array, shape (blocks + 1,)
        Where blocks begin and end, in units of 4 or 2 products.
    limits : int64 array
        Least and most.
    panel : int
        Which of the panels of weights (views would be counted by all threads in one place).
    zero : int
        What was added to operands to make bytes unsigned.
    vectors : literal int
        Vectors in a row of the tile, 1 or 2.

    Returns
    -------
    int64
        Bundles that went through a block product by product.
    """
    kinds = (codes, changed, drift, x, sizes, dots, steps, shifts, ends, limits)

    def codegen(context: Any, builder: Builder, signature: Any, arguments: Sequence[Value]) -> Value:
        pointers = _data(context, builder, kinds, arguments[: len(kinds)])
        bits, count = x.dtype.bitwidth, vectors.literal_value
        panel_, subtracted = arguments[len(kinds)], builder.trunc(arguments[len(kinds) + 1], WORD)
        length = _length(context, builder, x, arguments[3], 1)
        blocks = builder.sub(_length(context, builder, ends, arguments[8], 0), SIZE(1))
        # a panel takes a row of registers for each block, for each product, and two for each 32 bits of products
        for position, parts, size in ((5, length, 2 * bits // 8 * BYTES // 4), (6, length, BYTES), (7, blocks, BYTES)):
            offset = builder.mul(builder.mul(panel_, parts), SIZE(size * count))
            pointers[position] = builder.gep(pointers[position], [offset])
        bounds = [builder.trunc(_load(builder, pointers[-1], SIZE(8 * k), SIZE), WORD) for k in (0, 1)]
        stride = builder.mul(length, SIZE(bits // 8))
        tile = _Tile(builder, *[*pointers[:-1], stride, subtracted, *bounds, bits, count])
        slow = cgutils.alloca_once_value(builder, SIZE(0))
        with cgutils.for_range(builder, blocks) as loop:
            tile.block(loop.index, slow)
        return builder.load(slow)

    return types.int64(*kinds, types.int64, types.int64, vectors), codegen


@dataclass(frozen=True)
class _Tile:
    """The operands of `saturate_blocks`, and the code of its parts."""

    builder: Builder
    codes: Value
    changed: Value
    drift: Value
    x: Value
    sizes: Value
    dots: Value
    steps: Value
    shifts: Value
    ends: Value
    stride: Value
    zero: Value
    least: Value
    most: Value
    bits: int
    vectors: int

    @property
    def row(self) -> int:
        """Bytes of a row of registers."""
        return BYTES * self.vectors

    @property
    def registers(self) -> int:
        return ROWS[self.vectors] * self.vectors

    def places(self, base: Value, count: int) -> list[Value]:
        """Return the offsets of so many registers from the one at `base`."""
        return [self.builder.add(base, SIZE(BYTES * v)) for v in range(count)]

    def times(self, value: Value, factor: int) -> Value:
        return self.builder.mul(value, SIZE(factor))

    def block(self, index: Value, slow: Value) -> None:
        """Emit one block of the tile."""
        builder = self.builder
        ends = [_load(builder, self.ends, self.times(builder.add(index, SIZE(k)), 8), SIZE) for k in (0, 1)]
        places = self.places(SIZE(0), self.registers)
        held = [_load(builder, self.codes, place, WORDS) for place in places]
        sums, sizes = self.sums(index, ends, held)
        centre = _splat(builder, builder.add(self.least, self.most))
        span = _splat(builder, builder.sub(self.most, self.least))
        tests = []
        for start, total, size in zip(held, sums, sizes, strict=True):
            twice = builder.sub(builder.add(start, total), centre)
            distance = _lanewise(builder, "smax", twice, builder.neg(twice))
            tests.append(builder.sub(distance, size))
        with builder.if_else(_any_above(builder, tests, span)) as (doubtful, certain):
            with certain:
                for place, total in zip(places, sums, strict=True):
                    _store(builder, total, self.codes, place)
            with doubtful:
                self.doubtful_block(ends, sums, tests, span, slow)

    def sums(self, index: Value, ends: Sequence[Value], held: Sequence[Value]) -> tuple[list[Value], list[Value]]:
        """Emit the sums of the registers with the block's products, and minus the sums of absolute values."""
        builder, multiply = self.builder, _byte_products if self.bits == 8 else _half_products
        shifts = [
            _load(builder, self.shifts, place, WORDS)
            for place in self.places(self.times(index, self.row), self.vectors)
        ]
        totals = _variables(builder, [builder.add(start, shifts[i % self.vectors]) for i, start in enumerate(held)])
        extents = _variables(builder, [ir.Constant(WORDS, None)] * len(held))
        with cgutils.for_range(builder, ends[1], start=ends[0]) as loop:
            at = self.places(self.times(loop.index, 2 * self.row), 2 * self.vectors)
            weights = [_load(builder, self.dots, place, WORDS) for place in at]
            place = self.times(loop.index, 4)
            for r in range(ROWS[self.vectors]):
                for operand, variables, factors in (
                    (self.x, totals, weights[: self.vectors]),
                    (self.sizes, extents, weights[self.vectors :]),
                ):
                    x = _splat(builder, _load(builder, operand, place, WORD))
                    for v, factor in enumerate(factors):
                        variable = variables[r * self.vectors + v]
                        builder.store(multiply(builder, builder.load(variable), x, factor), variable)
                place = builder.add(place, self.stride)
        return _loads(builder, totals), _loads(builder, extents)

    def doubtful_block(
        self, ends: Sequence[Value], sums: Sequence[Value], tests: Sequence[Value], span: Value, slow: Value
    ) -> None:
        """Emit a block of which some registers may leave the limits, bundle by bundle in a loop, to keep code small."""
        builder = self.builder
        scratch = cgutils.alloca_once(builder, WORDS, size=2 * self.registers)
        scratch = builder.bitcast(scratch, BYTE.as_pointer())
        for i, value in enumerate((*sums, *tests)):
            _store(builder, value, scratch, SIZE(i * BYTES))
        low, high = (self.times(end, 32 // self.bits) for end in ends)
        with cgutils.for_range(builder, SIZE(self.registers // BUNDLE)) as loop:
            places = self.places(self.times(loop.index, BUNDLE * BYTES), BUNDLE)
            totals = [_load(builder, scratch, place, WORDS) for place in places]
            further = [builder.add(place, SIZE(self.registers * BYTES)) for place in places]
            reaches = [_load(builder, scratch, place, WORDS) for place in further]
            with builder.if_else(_any_above(builder, reaches, span)) as (failed, passed):
                with passed:
                    for place, total in zip(places, totals, strict=True):
                        _store(builder, total, self.codes, place)
                with failed:
                    builder.store(builder.add(builder.load(slow), SIZE(1)), slow)
                    self.bundle(loop.index, low, high, places, totals)

    def bundle(self, index: Value, low: Value, high: Value, places: Sequence[Value], totals: Sequence[Value]) -> None:
        """Emit the products from `low` to `high` of one bundle, one by one, and how far they leave the exact sums."""
        builder = self.builder
        factors = self.factors(index, low, high)
        held, marks = (
            _variables(builder, [_load(builder, source, place, WORDS) for place in places])
            for source in (self.codes, self.changed)
        )
        with builder.if_else(_all_nonzero(builder, _loads(builder, marks))) as (known, tracked):
            with known:  # nothing is left to be marked
                self.stepped(low, high, factors, held, None)
            with tracked:
                self.stepped(low, high, factors, held, marks)
        for place, total, code, mark in zip(places, totals, _loads(builder, held), _loads(builder, marks), strict=True):
            lost = builder.add(_load(builder, self.drift, place, WORDS), builder.sub(total, code))
            for value, target in ((code, self.codes), (mark, self.changed), (lost, self.drift)):
                _store(builder, value, target, place)

    def factors(self, index: Value, low: Value, high: Value) -> Value:
        """Emit the operands of a bundle's rows as 32-bit integers, all rows of a product together."""
        builder, rows = self.builder, BUNDLE // self.vectors
        wide = cgutils.alloca_once(builder, WORD, size=LONGEST_BLOCK * rows)
        wide = builder.bitcast(wide, BYTE.as_pointer())
        kind, extend = (BYTE, builder.zext) if self.bits == 8 else (HALF, builder.sext)
        with cgutils.for_range(builder, high, start=low) as loop:
            into = self.times(builder.sub(loop.index, low), 4 * rows)
            for r in range(rows):
                row = builder.mul(builder.add(self.times(index, rows), SIZE(r)), self.stride)
                code = _load(builder, self.x, builder.add(row, self.times(loop.index, self.bits // 8)), kind)
                _store(builder, builder.sub(extend(code, WORD), self.zero), wide, builder.add(into, SIZE(4 * r)))
        return wide

    def stepped(
        self, low: Value, high: Value, factors: Value, held: Sequence[Value], marks: Sequence[Value] | None
    ) -> None:
        builder, least, most = self.builder, _splat(self.builder, self.least), _splat(self.builder, self.most)
        rows = BUNDLE // self.vectors
        with cgutils.for_range(builder, high, start=low) as loop:
            at = self.places(self.times(loop.index, self.row), self.vectors)
            weights = [_load(builder, self.steps, place, WORDS) for place in at]
            place = self.times(builder.sub(loop.index, low), 4 * rows)
            for i, variable in enumerate(held):
                r, v = divmod(i, self.vectors)
                x = _splat(builder, _load(builder, factors, builder.add(place, SIZE(4 * r)), WORD))
                total = _half_products(builder, builder.load(variable), x, weights[v])
                code = _lanewise(builder, "smin", _lanewise(builder, "smax", total, least), most)
                builder.store(code, variable)
                if marks is not None:
                    builder.store(builder.or_(builder.load(marks[i]), builder.xor(total, code)), marks[i])


@emitted
def saturate_listed(
    typing: Any,
    codes: Any,
    shadows: Any,
    changed: Any,
    row: Any,
    lists: Any,
    begin: Any,
    count: Any,
    origin: Any,
    w: Any,
    first: Any,
    least: Any,
    check: Any,
    vectors: Any,
) -> Any:
    """Sum listed products of a row in lanes of 16 bits, of which every sum is brought into [least, 2^15 − 1].

    The instruction that adds with saturation clamps at the upper limit, so that codes lie above their true value by
    2^15 − 1 minus the true limit. Their shadows, added without, show by being different that a register was clamped.

    Parameters
    ----------
    codes, shadows, changed : int16 arrays, shape (rows, lanes)
        Registers in range; exact sums modulo 2^16; nonzero where a register was clamped.
    row : int
        Which of the rows.
    lists : int32 array, one axis
        Operands in the lower half, and places modulo 2^16 in the upper.
    begin, count : int
        Which of them to sum.
    origin : int
        The place to which the first weights belong.
    w : int16 array, shape (…, K, lanes)
        Weights; no product leaves 16 bits.
    first : int
        The first weights, all panels being counted through.
    least : int
        Lower limit.
    check : int
        Products after which shadows are compared, 1 or 2: so few that no register can leave both limits in between, or
        one by 2^16.
    vectors : literal int
        Vectors in a row, 1 or 2.
    """
    kinds = (codes, shadows, changed, lists, w)

    def codegen(context: Any, builder: Builder, signature: Any, arguments: Sequence[Value]) -> Value:
        *registers, entries, weights = _data(context, builder, kinds, [arguments[k] for k in (0, 1, 2, 4, 8)])
        row_, begin_, count_, origin_, first_, least_, check_ = (arguments[k] for k in (3, 5, 6, 7, 9, 10, 11))
        row_size = BYTES * vectors.literal_value
        line = _Line(
            builder,
            [builder.gep(base, [builder.mul(row_, SIZE(row_size))]) for base in registers],
            builder.gep(entries, [builder.mul(begin_, SIZE(4))]),
            builder.trunc(origin_, HALF),
            builder.gep(weights, [builder.mul(first_, SIZE(row_size))]),
            _splat(builder, builder.trunc(least_, HALF), HALVES),
            vectors.literal_value,
        )
        line.products(count_, check_, builder.icmp_signed(">", least_, SIZE(-(2**15))))
        return context.get_dummy_value()

    integer = types.int64
    places = integer, integer, integer
    listed = types.void(codes, shadows, changed, integer, lists, *places, w, *places, vectors)
    return listed, codegen


@dataclass(frozen=True)
class _Line:
    """The operands of `saturate_listed`, and the code of its parts."""

    builder: Builder
    registers: Sequence[Value]
    lists: Value
    origin: Value
    w: Value
    least: Value
    vectors: int

    @property
    def places(self) -> list[Value]:
        return [SIZE(BYTES * v) for v in range(self.vectors)]

    def products(self, count: Value, check: Value, floored: Value) -> None:
        """Emit all products: in twos, where so many may go before a test, and those that are left one by one."""
        builder = self.builder
        held, shadows, marks = (
            _variables(builder, [_load(builder, base, place, HALVES) for place in self.places])
            for base in self.registers
        )
        paired = builder.and_(count, builder.sub(SIZE(0), check))
        paired = builder.select(builder.icmp_signed("==", check, SIZE(2)), paired, SIZE(0))
        for least, chosen in ((self.least, floored), (None, builder.not_(floored))):
            with builder.if_then(chosen):
                for each, low, high in ((2, SIZE(0), paired), (1, paired, count)):
                    with cgutils.for_range(builder, builder.sdiv(builder.sub(high, low), SIZE(each))) as loop:
                        for k in range(each):
                            index = builder.add(builder.add(low, builder.mul(loop.index, SIZE(each))), SIZE(k))
                            self.step(builder.mul(index, SIZE(4)), held, shadows, least)
                        for code, shadow, mark in zip(held, shadows, marks, strict=True):
                            parted = builder.xor(builder.load(code), builder.load(shadow))
                            builder.store(builder.or_(builder.load(mark), parted), mark)
        for variables, base in zip((held, shadows, marks), self.registers, strict=True):
            for place, value in zip(self.places, _loads(builder, variables), strict=True):
                _store(builder, value, base, place)

    def step(self, entry: Value, held: Sequence[Value], shadows: Sequence[Value], least: Value | None) -> None:
        builder = self.builder
        x = _splat(builder, _load(builder, self.lists, entry, HALF), HALVES)
        place = builder.sub(_load(builder, self.lists, builder.add(entry, SIZE(2)), HALF), self.origin)
        base = builder.mul(builder.zext(place, SIZE), SIZE(BYTES * self.vectors))
        for v, (code, shadow) in enumerate(zip(held, shadows, strict=True)):
            product = builder.mul(x, _load(builder, self.w, builder.add(base, SIZE(BYTES * v)), HALVES))
            total = _lanewise(builder, "sadd.sat", builder.load(code), product)
            builder.store(_lanewise(builder, "smax", total, least) if least else total, code)
            builder.store(builder.add(builder.load(shadow), product), shadow)
