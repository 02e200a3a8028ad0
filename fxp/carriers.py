"""Exact integer products on float and int8 hardware, by bounds that are proven for every call.

The sum of any subset of an output's products lies between P−, the sum of the lowest value of each product or zero, and
P+, the sum of the highest. Where both are within ±2^24, a float32 unit computes the sum exactly in any order; within
±2^53 a float64 unit, within ±2^63 an int64 unit; wider matrix products are taken apart for the float64 unit. The int8
unit sums in int32 and rounds only the finished sum to float32; beyond ±2^24 it gets shares of the weights one by one.
Without torch, NumPy's matrix products take the place of its convolutions. Every call compares a random sample of its
outputs with Python integers; a carrier that is found wrong is not used again.
"""

from __future__ import annotations

import functools
import math
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fxp import reference
from fxp.formats import Rounding
from fxp.inputs import magnitude, require_memory
from fxp.kernels.convolution import convolve
from fxp.kernels.layers import finish
from fxp.limbs import limb_product

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "Epilogue",
    "ExactConvolution",
    "Geometry",
    "code_range",
    "matmul",
    "output_dtype",
    "product_limits",
    "single_threaded",
    "subset_limits",
]

Codes = NDArray[Any]

FLOAT32_LIMIT = 2**24
FLOAT64_LIMIT = 2**53
INT64_LIMIT = 2**63 - 1
MOST_SHARES = 8  # of the weights; with more the int8 unit loses its lead over float64
SAMPLES = 4
PART = 2**18  # sums that NumPy computes at a time, so that they stay in the cache
_found_wrong: set[str] = set()
_spot = random.Random()  # noqa: S311 - spot checks, not secrets; their own generator leaves the user's seed alone


@dataclass(frozen=True)
class Geometry:
    """Where a convolution's kernel reads: stride, zero padding ((top, bottom), (left, right)), dilation, groups."""

    stride: tuple[int, int] = (1, 1)
    padding: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    def output_size(self, size: tuple[int, int], kernel: tuple[int, int]) -> tuple[int, int]:
        """Return height and width of the output for an input and a kernel of these heights and widths."""
        height, width = (
            (size[axis] + sum(self.padding[axis]) - self.dilation[axis] * (kernel[axis] - 1) - 1) // self.stride[axis]
            + 1
            for axis in (0, 1)
        )
        return height, width


@dataclass(frozen=True)
class Epilogue:
    """What follows a sum: code = clip(round((sum·2^sum_left + addend·2^addend_left)·2^−shift), low, high)."""

    shift: int
    rounding: Rounding
    low: int
    high: int
    sum_left: int = 0
    addend_left: int = 0

    def apply(self, total: int, addend: int = 0) -> int:
        """Return the code of one sum and addend, in Python integers."""
        shifted = (total << self.sum_left) + (addend << self.addend_left)
        return min(max(reference.shift_round(shifted, self.shift, self.rounding), self.low), self.high)

    def finish(self, sums: Codes, addend: Codes | None = None) -> Codes:
        """Return the codes of arrays of sums and addends, of the smallest type that holds [low, high]."""
        return finish(
            sums,
            addend,
            sum_left=self.sum_left,
            addend_left=self.addend_left,
            shift=self.shift,
            rounding=self.rounding,
            low=self.low,
            high=self.high,
        )

    @property
    def tie_break(self) -> float:
        """What to add to a total so that rounding half to even gives this mode's codes, where low is zero."""
        return 0.0 if self.shift == 0 else _TIES[self.rounding](2.0 ** (self.shift - 1))


# Totals are integers: half a unit decides a tie and moves nothing else; `half` is half a step of the result. The lowest
# code is zero, so what negative totals round to does not matter.
_TIES: dict[Rounding, Callable[[float], float]] = {
    Rounding.HALF_EVEN: lambda half: 0.0,  # noqa: ARG005
    Rounding.HALF_UP: lambda half: 0.5,  # noqa: ARG005
    Rounding.HALF_AWAY: lambda half: 0.5,  # noqa: ARG005
    Rounding.HALF_DOWN: lambda half: -0.5,  # noqa: ARG005
    Rounding.HALF_TOWARD_ZERO: lambda half: -0.5,  # noqa: ARG005
    Rounding.FLOOR: lambda half: 0.5 - half,
    Rounding.TOWARD_ZERO: lambda half: 0.5 - half,
    Rounding.CEIL: lambda half: half - 0.5,
}


def product_limits(w: Codes, x_low: int, x_high: int, bias: Codes | None = None) -> tuple[int, int]:
    """Return P− and P+, over all outputs, of the sums of any subset of products (exact).

    Parameters
    ----------
    w : ndarray of int, shape (O, …)
        Weight codes of each output.
    x_low, x_high : int
        Lowest and highest code of the other operand.
    bias : ndarray of int, shape (O,), optional
        Initial values, which a subset may leave out as well.

    Returns
    -------
    tuple of int
        Lowest and highest sum, P− ≤ 0 ≤ P+.

    Examples
    --------
    >>> product_limits(np.array([[3, -2], [1, 1]]), 0, 10)
    (-20, 30)
    """
    minus, plus = subset_limits(w, x_low, x_high)
    if bias is not None:
        wide = bias.astype(object)
        plus, minus = plus + np.maximum(wide, 0), minus + np.minimum(wide, 0)
    return int(min(minus, default=0)), int(max(plus, default=0))


def subset_limits(w: Codes, x_low: int, x_high: int) -> tuple[Codes, Codes]:
    """Return P− and P+ of each output, in Python integers: the lowest and highest sum of any subset of its products.

    Parameters
    ----------
    w : ndarray of int, shape (O, …)
        Weight codes of each output.
    x_low, x_high : int
        Lowest and highest code of the other operand.

    Returns
    -------
    tuple of ndarray of object, shape (O,)
        P− ≤ 0 ≤ P+: x_high·Σw− + x_low·Σw+ and x_high·Σw+ + x_low·Σw−, where x_low ≤ 0 ≤ x_high.

    Examples
    --------
    >>> subset_limits(np.array([[3, -2], [1, 1]]), 0, 10)
    (array([-20, 0], dtype=object), array([30, 20], dtype=object))
    """
    rows = w.reshape(len(w), math.prod(w.shape[1:]))
    if rows.dtype != object and magnitude(rows) * rows.shape[1] > INT64_LIMIT:
        rows = rows.astype(object)
    kind = object if rows.dtype == object else np.int64
    positive = np.maximum(rows, 0).sum(axis=1, dtype=kind).astype(object)
    negative = rows.sum(axis=1, dtype=kind).astype(object) - positive
    plus = positive * max(x_high, 0) + negative * min(x_low, 0)
    minus = positive * min(x_low, 0) + negative * max(x_high, 0)
    return minus, plus


def output_dtype(low: int, high: int) -> type:
    """Return the integer type of codes in [low, high]: int32 where they fit, else int64, else Python integers."""
    for kind in (np.int32, np.int64):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return kind
    return object


class ExactConvolution:
    """Convolution with fixed weights, exact for all input codes in a given range; the weights are prepared once.

    Parameters
    ----------
    w : ndarray of int, shape (O, C/groups, KH, KW)
        Weight codes.
    bias : ndarray of int, shape (O,)
        Initial values of the sums.
    geometry : Geometry
        Stride, padding, dilation and groups.
    x_low, x_high : int
        Range of the input codes.
    """

    def __init__(self, w: Codes, bias: Codes, geometry: Geometry, *, x_low: int, x_high: int) -> None:
        self.w, self.bias, self.geometry = w, bias, geometry
        self.low, self.high = product_limits(w, x_low, x_high, bias)
        self.dtype = output_dtype(self.low, self.high)
        reach = max(-self.low, self.high)
        self.carriers = _carriers(w, bias, geometry, x_low, x_high, reach) if w.size else []

    def __call__(self, x: Codes) -> Codes:
        """Return the sums, logical shape (N, O, OH, OW), of input codes (N, C, H, W) in any memory layout."""
        shape = (len(x), len(self.w), *self.geometry.output_size(x.shape[2:], self.w.shape[2:]))
        require_memory("codes", shape)
        if 0 in shape or not x.size or not self.w.size:
            return np.broadcast_to(self.bias.astype(self.dtype)[:, None, None], shape).copy()
        for carrier in self.carriers:
            if carrier.name not in _found_wrong:
                sums = carrier.sums(x, self.dtype)
                if self._holds(carrier.name, x, None, sums, None):
                    return sums
        return _reference(x, self.w, self.bias, self.geometry).astype(self.dtype)

    def finished(self, x: Codes, epilogue: Epilogue, addend: Codes | None = None) -> Codes:
        """Return the codes after the epilogue; on the int8 unit in the same pass, where that is exact."""
        unit = self.carriers[0] if self.carriers else None
        if isinstance(unit, _Int8) and "int8" not in _found_wrong and x.size and self._fuses(epilogue, addend):
            codes = unit.finished(x, epilogue, addend)
            if self._holds("int8", x, addend, codes, epilogue):
                return codes
        return epilogue.finish(self(x), addend)

    def _fuses(self, epilogue: Epilogue, addend: Codes | None) -> bool:
        """Return whether float32 holds every intermediate of the epilogue, down to half a unit of its finest grid."""
        if epilogue.low != 0 or epilogue.high > 255 or epilogue.rounding not in _TIES:
            return False
        if addend is not None and addend.dtype != np.uint8:
            return False
        reach = (max(-self.low, self.high) << epilogue.sum_left) + (
            0 if addend is None else 255 << epilogue.addend_left
        )
        return 2 * (reach + (1 << epilogue.shift)) <= FLOAT32_LIMIT

    def _holds(self, name: str, x: Codes, addend: Codes | None, out: Codes, epilogue: Epilogue | None) -> bool:
        """Compare a random sample of outputs with Python integers; a carrier found wrong is not used again."""
        _, channels, height, width = out.shape
        for _ in range(SAMPLES):
            rest, j = divmod(_spot.randrange(out.size), width)
            rest, i = divmod(rest, height)
            n, o = divmod(rest, channels)
            expected = self._sum_at(x, n, o, i, j)
            if epilogue is not None:
                expected = epilogue.apply(expected, 0 if addend is None else int(addend[n, o, i, j]))
            if int(out[n, o, i, j]) != expected:
                _reject(name)
                return False
        return True

    def _sum_at(self, x: Codes, n: int, o: int, i: int, j: int) -> int:
        geometry, (_, depth, *kernel) = self.geometry, self.w.shape
        first = o // (len(self.w) // geometry.groups) * depth
        rows, kernel_rows = _window(i, kernel[0], x.shape[2], 0, geometry)
        columns, kernel_columns = _window(j, kernel[1], x.shape[3], 1, geometry)
        window = x[n, first : first + depth, rows, columns].astype(object if self.dtype is object else np.int64)
        return int((window * self.w[o, :, kernel_rows, kernel_columns]).sum()) + int(self.bias[o])


def _window(index: int, kernel: int, size: int, axis: int, geometry: Geometry) -> tuple[slice, slice]:
    """Return which places of the input an output reads along one axis, and with which places of the kernel."""
    step = geometry.dilation[axis]
    start = index * geometry.stride[axis] - geometry.padding[axis][0]
    first = max(0, -(start // step))
    last = min(kernel, -((start - size) // step))
    if last <= first:
        return slice(0, 0), slice(0, 0)
    return slice(start + first * step, start + (last - 1) * step + 1, step), slice(first, last)


def _reference(x: Codes, w: Codes, bias: Codes, geometry: Geometry) -> Codes:
    sums = reference.conv2d(
        x,
        w,
        stride=geometry.stride,
        padding=geometry.padding,
        dilation=geometry.dilation,
        groups=geometry.groups,
    )
    return np.asarray(sums + bias.astype(object)[:, None, None])


def _carriers(w: Codes, bias: Codes, geometry: Geometry, x_low: int, x_high: int, reach: int) -> list[_Carrier]:
    """Return the carriers whose proof holds, fastest first."""
    found: list[_Carrier] = []
    bytes_suffice = (x_low >= 0 and x_high <= 255) or (x_low >= -128 and x_high <= 127)
    # oneDNN is wrong for strides over groups of one channel where the output is one column wide.
    sound = w.shape[1] > 1 or geometry.stride == (1, 1)
    bytes_suffice = bytes_suffice and w.min() >= -128 and w.max() <= 127
    if bytes_suffice and sound and reach <= MOST_SHARES * FLOAT32_LIMIT and int8_works():
        shares = [(w, bias)] if reach <= FLOAT32_LIMIT else _shares(w, bias, x_low, x_high, reach)
        units = [_Int8(part, initial, geometry, signed=x_low < 0) for part, initial in shares]
        found += units if len(units) == 1 else [_Shares(units)] if units else []
    widest = max(reach, -x_low, x_high, magnitude(w))
    if widest <= FLOAT32_LIMIT:
        unit = _Float if sound and _float32_is_plain() else _Blas
        found.append(unit(w, bias, geometry, np.float32))
    if widest <= FLOAT64_LIMIT:
        unit = _Float if has_torch() else _Blas
        found.append(unit(w, bias, geometry, np.float64))
    if widest <= INT64_LIMIT:
        found.append(_Int64(w, bias, geometry))
    return found


def _shares(w: Codes, bias: Codes, x_low: int, x_high: int, reach: int) -> list[tuple[Codes, Codes]]:
    """Return weights and biases that sum to these, each with sums that float32 holds; nothing where that takes many."""
    for count in range(-(-reach // FLOAT32_LIMIT), MOST_SHARES + 1):
        shares = [(_share(w, part, count), _share(bias, part, count)) for part in range(count)]
        limits = (product_limits(weights, x_low, x_high, initial) for weights, initial in shares)
        if all(max(-low, high) <= FLOAT32_LIMIT for low, high in limits):
            return shares
    return []


def _share(codes: Codes, part: int, count: int) -> Codes:
    wide = codes.astype(np.int64)
    return wide * (part + 1) // count - wide * part // count


class _Int8:
    """oneDNN's int8 convolution through torch: unsigned by signed 8-bit codes, sums in int32, result in float32."""

    name = "int8"

    def __init__(self, w: Codes, bias: Codes, geometry: Geometry, *, signed: bool) -> None:
        import torch

        self.geometry, self.zero = geometry, 128 if signed else 0
        # oneDNN adds zero points for places of a dilated kernel that lie in the padding: pad before.
        self.pads = signed or _pads_before(geometry, w.shape[2:])
        self.bias = bias.astype(np.float32)
        self.scales, self.zeros = _tensor(np.ones(len(w), np.float32)), _tensor(np.zeros(len(w), np.int64))
        stride, dilation = list(geometry.stride), list(geometry.dilation)
        packed = _tensor(w.astype(np.int8))
        prepack = torch.ops.onednn.qconv_prepack
        self.w = prepack(packed, self.scales, 1.0, self.zero, stride, self._padding, dilation, geometry.groups, None)

    def sums(self, x: Codes, dtype: type) -> Codes:
        import torch

        operator = torch.ops.onednn.qconv2d_pointwise
        y = operator(*self._operands(x), _tensor(self.bias), *self._places, 1.0, 0, torch.float32, "none", [], "")
        return _integers(y, dtype)

    def finished(self, x: Codes, epilogue: Epilogue, addend: Codes | None) -> Codes:
        import torch

        operands = self._operands(x)
        bias = _tensor(self.bias + np.float32(epilogue.tie_break / 2**epilogue.sum_left))
        step = 2.0 ** (epilogue.shift - epilogue.sum_left)
        if addend is None:
            convolution = torch.ops.onednn.qconv2d_pointwise
            y = convolution(*operands, bias, *self._places, step, 0, torch.uint8, "none", [], "")
        else:
            # The operator writes its result over the addend, which others may still read.
            total = _tensor(addend).clone(memory_format=torch.channels_last)
            weight = 2.0 ** (epilogue.addend_left - epilogue.sum_left)
            onto = torch.ops.onednn.qconv2d_pointwise.binary
            rescale = (step, 0, torch.uint8, weight, 0)
            y = onto(*operands, total, bias, *self._places, *rescale, "sum", None, "none", [], "")
        codes: Codes = y.numpy()
        return codes if epilogue.high == 255 else np.minimum(codes, np.uint8(epilogue.high), out=codes)

    @property
    def _padding(self) -> list[int]:
        return [0, 0] if self.pads else [both[0] for both in self.geometry.padding]

    @property
    def _places(self) -> tuple[list[int], list[int], list[int], int]:
        return list(self.geometry.stride), self._padding, list(self.geometry.dilation), self.geometry.groups

    def _operands(self, x: Codes) -> tuple[Any, ...]:
        x = _padded(x, self.geometry) if self.pads else x
        codes = x.astype(np.int8).view(np.uint8) ^ np.uint8(128) if self.zero else x.astype(np.uint8, copy=False)
        return _tensor(codes), 1.0, self.zero, self.w, self.scales, self.zeros


class _Shares:
    """The int8 unit on shares of the weights, whose sums are added as integers."""

    name = "int8"

    def __init__(self, units: Sequence[_Int8]) -> None:
        self.units = units

    def sums(self, x: Codes, dtype: type) -> Codes:
        total = self.units[0].sums(x, dtype)
        for unit in self.units[1:]:
            total += unit.sums(x, dtype)
        return total


class _Float:
    """Convolution of torch in float32 or float64, channels last."""

    def __init__(self, w: Codes, bias: Codes, geometry: Geometry, kind: type[np.floating[Any]]) -> None:
        import torch

        self.name, self.kind, self.geometry = kind.__name__, kind, geometry
        self.w = _tensor(w.astype(kind)).contiguous(memory_format=torch.channels_last)
        self.bias = _tensor(bias.astype(kind))

    def sums(self, x: Codes, dtype: type) -> Codes:
        import torch

        geometry, pads = self.geometry, _pads_before(self.geometry, self.w.shape[2:])
        padding = (0, 0) if pads else tuple(both[0] for both in geometry.padding)
        padded = _padded(x, geometry) if pads else x
        values = _tensor(_channels_last(padded, self.kind).transpose(0, 3, 1, 2))
        convolution = torch.nn.functional.conv2d
        y = convolution(values, self.w, self.bias, geometry.stride, padding, geometry.dilation, geometry.groups)
        return _integers(y, dtype)


class _Blas:
    """Matrix products of NumPy in float32 or float64, one for each place of the kernel, some images at a time."""

    def __init__(self, w: Codes, bias: Codes, geometry: Geometry, kind: type[np.floating[Any]]) -> None:
        self.name, self.kind, self.geometry = f"{kind.__name__} BLAS", kind, geometry
        groups, (outputs, depth, *kernel) = geometry.groups, w.shape
        grouped = w.reshape(groups, outputs // groups, depth, *kernel)
        self.w = np.ascontiguousarray(grouped.transpose(3, 4, 0, 2, 1), dtype=kind)
        self.bias = bias.reshape(groups, 1, outputs // groups).astype(kind)

    def sums(self, x: Codes, dtype: type) -> Codes:
        size = self.geometry.output_size(x.shape[2:], self.w.shape[:2])
        out: Codes = np.empty((len(x), *size, self.bias.size), dtype)
        images = max(1, PART // math.prod(out.shape[1:]))
        for start in range(0, len(x), images):
            part = out[start : start + images]
            rows = self._rows(x[start : start + images], size)
            part[...] = rows.swapaxes(0, 1).reshape(part.shape)
        return out.transpose(0, 3, 1, 2)

    def _rows(self, x: Codes, size: tuple[int, int]) -> Codes:
        """Return sums of shape (groups, outputs of all images by place, O/groups)."""
        values = _channels_last(_padded(x, self.geometry), self.kind)
        total = np.tile(self.bias, (1, len(x) * math.prod(size), 1))
        for place in np.ndindex(*self.w.shape[:2]):
            rows, columns = (_reads(place[axis], size[axis], axis, self.geometry) for axis in (0, 1))
            read = values[:, rows, columns].reshape(total.shape[1], *self.w.shape[2:4])
            total += read.swapaxes(0, 1) @ self.w[place]
        return total


def _reads(place: int, outputs: int, axis: int, geometry: Geometry) -> slice:
    """Return where along one axis the padded input meets one place of the kernel, for all outputs."""
    start = place * geometry.dilation[axis]
    return slice(start, start + (outputs - 1) * geometry.stride[axis] + 1, geometry.stride[axis])


class _Int64:
    """The Numba kernel, channels last."""

    name = "int64"

    def __init__(self, w: Codes, bias: Codes, geometry: Geometry) -> None:
        self.geometry = geometry
        self.w = np.ascontiguousarray(w.transpose(2, 3, 1, 0), dtype=np.int64)
        self.bias = bias.astype(np.int64)

    def sums(self, x: Codes, dtype: type) -> Codes:
        values = _channels_last(x, np.int64)
        height, width = self.geometry.output_size(x.shape[2:], self.w.shape[:2])
        out = np.empty((len(x), height, width, len(self.bias)), np.int64)
        out[:] = self.bias
        geometry = self.geometry
        before = (geometry.padding[0][0], geometry.padding[1][0])
        convolve(values, self.w, out, geometry.stride, before, geometry.dilation, geometry.groups)
        return out.transpose(0, 3, 1, 2).astype(dtype, copy=False)


_Carrier = _Int8 | _Shares | _Float | _Blas | _Int64


def _channels_last(x: Codes, kind: type) -> Codes:
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1), dtype=kind)


def _pads_before(geometry: Geometry, kernel: Sequence[int]) -> bool:
    """Return whether zeros go around the image before torch's operators see it.

    They know one padding for both sides of an axis, and where it is as wide as the kernel, so that a window may lie
    outside of the image, they read memory that is not theirs.
    """
    lopsided = any(before != after for before, after in geometry.padding)
    extents = (step * (size - 1) + 1 for step, size in zip(geometry.dilation, kernel, strict=True))
    return lopsided or any(max(both) >= extent for both, extent in zip(geometry.padding, extents, strict=True))


def _padded(x: Codes, geometry: Geometry) -> Codes:
    """Return x with its zero padding, channels last in memory."""
    return np.pad(x.transpose(0, 2, 3, 1), ((0, 0), *geometry.padding, (0, 0))).transpose(0, 3, 1, 2)


def _tensor(array: Codes) -> Tensor:
    import torch

    plain = array.flags.writeable and all(stride >= 0 for stride in array.strides)
    return torch.from_numpy(array if plain else array.copy())


def _integers(y: Tensor, dtype: type) -> Codes:
    """Return the integers that `y` holds, in its own memory where they have its width: fresh pages cost more."""
    import torch

    kind = torch.int32 if dtype is np.int32 else torch.int64
    return (y.view(kind).copy_(y) if y.itemsize == kind.itemsize else y.to(kind)).numpy()


@functools.cache
def has_torch() -> bool:
    """Return whether torch can be imported; NumPy and Numba carry every convolution without it."""
    try:
        import torch  # noqa: F401
    except ImportError:
        return False
    return True


def _float32_is_plain() -> bool:
    """Return whether torch multiplies float32 in full, not with the reduced precision that a user may have allowed."""
    if not has_torch():
        return False
    import torch

    return torch.get_float32_matmul_precision() == "highest" and not torch.is_autocast_enabled("cpu")


@functools.cache
def int8_works() -> bool:
    """Return whether oneDNN's int8 convolution is here and exact on extreme operands (some CPUs saturate pairs)."""
    if not has_torch():
        return False
    extremes = ((False, 255), (True, 127), (True, -128))
    try:
        return all(_int8_passes(signed, x, w) for signed, x in extremes for w in (127, -128))
    except (AttributeError, RuntimeError, TypeError):
        return False


def _int8_passes(signed: bool, x: int, w: int) -> bool:
    """Compare sums of 216 extreme products with integers: plain, and finished at a tie above an even code."""
    epilogue = Epilogue(shift=17, rounding=Rounding.HALF_UP, low=0, high=255, addend_left=12)
    products, addend = 216 * x * w, 131
    bias = (2**16 - products - (addend << 12)) % 2**18
    unit = _Int8(np.full((16, 24, 3, 3), w), np.full(16, bias), Geometry(), signed=signed)
    codes = np.full((1, 24, 4, 4), x)
    plain = unit.sums(codes, np.int32) == products + bias
    finished = unit.finished(codes, epilogue, np.full((1, 16, 2, 2), addend, np.uint8))
    return bool(plain.all() and (finished == epilogue.apply(products + bias, addend)).all())


@contextmanager
def single_threaded() -> Iterator[Callable[[], None]]:
    """Yield what each worker thread calls first, so that torch's operators stay on that thread; undone at the end."""
    if not has_torch():
        yield lambda: None
        return
    import torch

    threads = torch.get_num_threads()
    try:
        yield lambda: torch.set_num_threads(1)
    finally:
        torch.set_num_threads(threads)


def matmul(x: Codes, w: Codes, bias: Codes | None = None) -> Codes:
    """Return the exact x (…, M, K) @ w (K, N) + bias (N,) of integers: int32, int64 or object, by the proven bound."""
    require_memory("codes", (*x.shape[:-1], w.shape[1]))
    x_low, x_high = code_range(x)
    minus, plus = _matmul_limits(w, x_low, x_high)
    reach = max(-minus, plus, -x_low, x_high, *(abs(limit) for limit in code_range(w)))
    product: Codes = _product(x, w, reach).astype(output_dtype(minus, plus), copy=False)
    if bias is None:
        return product
    least, most = code_range(bias)
    dtype = output_dtype(minus + min(least, 0), plus + max(most, 0))
    return product.astype(dtype, copy=False) + bias.astype(dtype)


def _product(x: Codes, w: Codes, reach: int) -> Codes:
    """Return x @ w in the fastest type that is exact where no operand and no sum of products exceeds `reach`."""
    kind = np.int64 if reach <= INT64_LIMIT else object
    for name, limit in (("float32", FLOAT32_LIMIT), ("float64", FLOAT64_LIMIT), ("float64", math.inf)):
        if reach <= limit and f"{name} matmul" not in _found_wrong:
            whole = reach <= FLOAT64_LIMIT
            product: Codes = x.astype(name) @ w.astype(name) if whole else limb_product(x, w, kind)
            if _matmul_holds(f"{name} matmul", x, w, product):
                return product
    return np.asarray(x.astype(kind) @ w.astype(kind))


def code_range(codes: Codes) -> tuple[int, int]:
    """Return limits of integer codes: those of a narrow type, without a look at the data, else the data's own."""
    if codes.dtype.itemsize <= 1:
        info = np.iinfo(codes.dtype)
        return int(info.min), int(info.max)
    return (int(codes.min()), int(codes.max())) if codes.size else (0, 0)


def _matmul_limits(w: Codes, x_low: int, x_high: int) -> tuple[int, int]:
    """Return P− and P+ of w (K, N): from its length and type where that proves float32 exact, else from its columns."""
    w_low, w_high = code_range(w)
    ends = [x * v for x in (x_low, x_high) for v in (w_low, w_high)]
    minus, plus = len(w) * min(*ends, 0), len(w) * max(*ends, 0)
    return (minus, plus) if max(-minus, plus) <= FLOAT32_LIMIT else product_limits(w.T, x_low, x_high)


def _matmul_holds(name: str, x: Codes, w: Codes, product: Codes) -> bool:
    rows = x.reshape(-1, x.shape[-1]) if x.size else x
    products = product.reshape(-1, product.shape[-1]) if product.size else product
    kind = object if product.dtype == object else np.int64
    for _ in range(SAMPLES if product.size and x.size else 0):
        i, j = divmod(_spot.randrange(product.size), w.shape[1])
        if int(products[i, j]) != int(np.dot(rows[i].astype(kind), w[:, j].astype(kind))):
            _reject(name)
            return False
    return True


def _reject(name: str) -> None:
    _found_wrong.add(name)
    message = f"carrier {name} gave a wrong sum on this machine and is not used again: slower ones take over"
    warnings.warn(message, RuntimeWarning, stacklevel=4)
