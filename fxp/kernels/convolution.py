"""Integer convolution on any width up to 63 bits."""

from typing import Any

from numba import njit
from numpy.typing import NDArray

__all__ = ["convolve"]


@njit(cache=True, nogil=True)
def convolve(
    x: NDArray[Any],
    w: NDArray[Any],
    out: NDArray[Any],
    stride: tuple[int, int],
    before: tuple[int, int],
    dilation: tuple[int, int],
    groups: int,
) -> None:
    """Add to `out` (N, OH, OW, O), which holds the biases, the products of x (N, H, W, C) and w (KH, KW, C/groups, O).

    `before` is the zero padding above and to the left; what lies outside of `x` on the other sides counts as zero too.
    """
    kernel_height, kernel_width, depth, channels = w.shape
    width = channels // groups
    for row in range(out.shape[0] * out.shape[1]):
        n, i = divmod(row, out.shape[1])
        for j in range(out.shape[2]):
            for kh in range(kernel_height):
                h = i * stride[0] + kh * dilation[0] - before[0]
                if h < 0 or h >= x.shape[1]:
                    continue
                for kw in range(kernel_width):
                    v = j * stride[1] + kw * dilation[1] - before[1]
                    if v < 0 or v >= x.shape[2]:
                        continue
                    for group in range(groups):
                        for c in range(depth):
                            factor = x[n, h, v, group * depth + c]
                            for o in range(group * width, (group + 1) * width):
                                out[n, i, j, o] += factor * w[kh, kw, c, o]
